/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "saved.h"

enum { BYTES_IN_LINE = 32, MOST_VALUES = 64 };

/* A line is a name and numbers in hexadecimal. */
static const struct {
    const char *name;
    size_t offset;
    unsigned count;
} fields[] = {
#define FIELD(name, count)                                                                         \
    {                                                                                              \
#name, offsetof(FuzzSegment, name), count                                                  \
    }
    FIELD(landing, FUZZ_LANDINGS),
    FIELD(x, 32),
    FIELD(f, 32),
    FIELD(fcsr, 1),
    FIELD(mode, 1),
    FIELD(status, 1),
    FIELD(satp_mode, 1),
    FIELD(medeleg, 1),
    FIELD(mideleg, 1),
    FIELD(menvcfg, 1),
    FIELD(pmpcfg, 1),
    FIELD(pmpaddr, FUZZ_PMP),
    FIELD(seed, 1),
    FIELD(large_pte, 1),
    FIELD(code_is_large, 1),
    FIELD(end, 1),
    FIELD(code, 1),
#undef FIELD
};

static void write_values(FILE *out, const char *name, const uint64_t *values, unsigned count)
{
    fprintf(out, "%s", name);
    for (unsigned i = 0; i < count; i++) {
        fprintf(out, " %llx", (unsigned long long)values[i]);
    }
    fprintf(out, "\n");
}

bool saved_write(const Segment *s, const char *path)
{
    FILE *out = fopen(path, "w");

    if (!out) {
        perror(path);
        return false;
    }
    if (s->reference) {
        fprintf(out, "reference\n");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        write_values(out, fields[i].name,
                     (const uint64_t *)(const void *)((const char *)s->state + fields[i].offset),
                     fields[i].count);
    }
    for (unsigned alias = 0; alias < 2; alias++) {
        uint64_t entries[FUZZ_DATA_PAGES];
        for (unsigned i = 0; i < FUZZ_DATA_PAGES; i++) {
            entries[i] = s->state->pte[alias][i];
        }
        write_values(out, alias ? "pte1" : "pte0", entries, FUZZ_DATA_PAGES);
    }
    for (unsigned i = 0; i < s->units->len; i++) {
        const SegmentUnit *u = &g_array_index(s->units, SegmentUnit, i);
        write_values(out, "unit", (const uint64_t[]) { u->offset, u->length }, 2);
    }
    for (unsigned at = 0; at < s->size; at++) {
        fprintf(out, "%s%02x", at % BYTES_IN_LINE ? " " : at ? "\nbytes " : "bytes ", s->code[at]);
    }
    fprintf(out, "\n");
    bool ok = !ferror(out);
    return fclose(out) == 0 && ok;
}

static void store_values(Segment *s, const char *name, const uint64_t *values, unsigned count)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (strcmp(name, fields[i].name) == 0) {
            memcpy((char *)s->state + fields[i].offset, values,
                   MIN(count, fields[i].count) * sizeof(uint64_t));
        }
    }
    for (unsigned i = 0; i < count && g_str_has_prefix(name, "pte") && i < FUZZ_DATA_PAGES; i++) {
        s->state->pte[name[3] == '1'][i] = (uint16_t)values[i];
    }
    for (unsigned i = 0; i < count && !strcmp(name, "bytes") && s->size < sizeof(s->code); i++) {
        s->code[s->size++] = (uint8_t)values[i];
    }
    if (strcmp(name, "unit") == 0 && count == 2) {
        SegmentUnit u = { (unsigned)values[0], (unsigned)values[1] };
        g_array_append_val(s->units, u);
    }
}

static void read_line(Segment *s, char *line)
{
    uint64_t values[MOST_VALUES];
    unsigned count = 0;
    char *name = strtok(line, " ");

    for (char *word; name && count < MOST_VALUES && (word = strtok(NULL, " "));) {
        values[count++] = strtoull(word, NULL, 16);
    }
    if (name && *name != '#') {
        store_values(s, name, values, count);
    }
}

bool saved_read(Segment *s, const char *path, FuzzSegment *state)
{
    GError *error = NULL;
    char *text;

    *s = (Segment) { .state = state };
    s->units = g_array_new(FALSE, FALSE, sizeof(SegmentUnit));
    s->fixups = g_array_new(FALSE, FALSE, 1);
    if (!g_file_get_contents(path, &text, NULL, &error)) {
        fprintf(stderr, "gen_stream: %s\n", error->message);
        g_error_free(error);
        return false;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_free(text);
    for (char **line = lines; *line; line++) {
        read_line(s, *line);
    }
    s->base = state->code;
    if (!s->size || s->base < FUZZ_CODE || s->base - FUZZ_CODE > FUZZ_SEGMENTS * FUZZ_SLOT) {
        fprintf(stderr, "gen_stream: %s: not a segment\n", path);
        return false;
    }
    return true;
}
