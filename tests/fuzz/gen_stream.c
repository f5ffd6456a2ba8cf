/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes fuzzing programs: an ELF file with the runtime (guest/) and random segments, all determined
 * by the seed. The instructions come from the decoder's rows, so that a new row is fuzzed as soon
 * as it is there.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../target/riscv/disas.h"
#include "saved.h"

enum { BLOB_USED = FUZZ_CODE - FUZZ_BLOB + FUZZ_SEGMENTS * FUZZ_SLOT };
enum { BLOB_SIZE = 0x200000, ECALL = 0x73, MOST_PARTS = 8 };

typedef struct Arguments {
    uint64_t seed;
    int units, first, count;
    gboolean list, dump, trace, reference;
    char *runtime, *output, *model, *clear, *save, *load;
} Arguments;

/* --- ELF --- */

typedef struct Part {
    uint64_t address, size, room;
    const void *bytes;
} Part;

/* The runtime's loadable parts; false, message printed, if it is not what the build makes. */
static bool read_runtime(const char *path, char **file, Part *parts, unsigned *count)
{
    GError *error = NULL;
    gsize size;

    if (!g_file_get_contents(path, file, &size, &error)) {
        fprintf(stderr, "gen_stream: %s\n", error->message);
        g_error_free(error);
        return false;
    }
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)(const void *)*file;
    const Elf64_Phdr *ph = (const Elf64_Phdr *)(const void *)(*file + eh->e_phoff);
    for (unsigned i = 0; i < eh->e_phnum && *count < MOST_PARTS - 1; i++) {
        if (ph[i].p_type == PT_LOAD) {
            parts[(*count)++] =
                (Part) { ph[i].p_paddr, ph[i].p_filesz, ph[i].p_memsz, *file + ph[i].p_offset };
        }
    }
    return true;
}

static bool write_elf(const char *path, const Part *parts, unsigned count)
{
    Elf64_Ehdr eh = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
        .e_type = ET_EXEC,
        .e_machine = EM_RISCV,
        .e_version = EV_CURRENT,
        .e_entry = FUZZ_LOW,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)count,
    };
    FILE *out = fopen(path, "wb");
    uint64_t offset = sizeof(eh) + count * sizeof(Elf64_Phdr);

    if (!out) {
        perror(path);
        return false;
    }
    fwrite(&eh, sizeof(eh), 1, out);
    for (unsigned i = 0; i < count; i++) {
        Elf64_Phdr ph = { PT_LOAD,          PF_R | PF_W | PF_X, offset,        parts[i].address,
                          parts[i].address, parts[i].size,      parts[i].room, 1 };
        fwrite(&ph, sizeof(ph), 1, out);
        offset += parts[i].size;
    }
    for (unsigned i = 0; i < count; i++) {
        fwrite(parts[i].bytes, 1, parts[i].size, out);
    }
    bool ok = !ferror(out);
    return fclose(out) == 0 && ok;
}

/* --- text --- */

static void list_segment(const Segment *s)
{
    GString *text = g_string_new(NULL);
    const FuzzSegment *f = s->state;

    printf("mode %u satp %u status %llx medeleg %llx counter x%u bases x%u x%u x%u\n",
           (unsigned)f->mode, (unsigned)f->satp_mode, (unsigned long long)f->status,
           (unsigned long long)f->medeleg, s->counter, s->bases[0], s->bases[1], s->bases[2]);
    for (unsigned i = 0; i < s->units->len; i++) {
        const SegmentUnit *u = &g_array_index(s->units, SegmentUnit, i);
        unsigned end = u->offset + u->length;

        for (unsigned at = u->offset; at < end;) {
            uint32_t bits = 0;
            memcpy(&bits, s->code + at, 2);
            unsigned length = rv_insn_length((uint16_t)bits);
            memcpy(&bits, s->code + at, length);
            g_string_truncate(text, 0);
            rv_print_insn(encoder_decoder(s->enc), bits, s->base + at, NULL, NULL, text);
            printf("unit %u\t%llx: %0*x\t%s\n", i, (unsigned long long)(s->base + at),
                   (int)length * 2, bits, text->str);
            at += length;
        }
    }
    g_string_free(text, TRUE);
}

/* --- program --- */

/* "3-5,9": units to replace by nops */
static void clear_units(Segment *s, const char *list)
{
    while (*list) {
        char *end;
        unsigned first = (unsigned)strtoul(list, &end, 10), last = first;
        if (*end == '-') {
            last = (unsigned)strtoul(end + 1, &end, 10);
        }
        segment_clear_units(s, first, last);
        list = *end == ',' && end > list ? end + 1 : "";
    }
}

/* What to do with a segment that is made or read. */
static bool use_segment(const Arguments *a, Segment *s, uint8_t *blob)
{
    if (a->clear && a->count == 1) {
        clear_units(s, a->clear);
    }
    memcpy(blob + s->base - FUZZ_BLOB, s->code, s->size);
    if (a->list) {
        list_segment(s);
    }
    return !a->save || saved_write(s, a->save);
}

static bool make_segment(const Arguments *a, const Encoder *enc, int number, FuzzSegment *state,
                         Segment *s)
{
    uint64_t slot = FUZZ_CODE + (uint64_t)number * FUZZ_SLOT;
    Rng seeds = { a->seed * FUZZ_SEGMENTS + (uint64_t)number };

    if (a->load) {
        bool ok = saved_read(s, a->load, state);
        s->enc = enc;
        s->reference = a->reference;
        return ok;
    }
    segment_make(s, enc, rng_next(&seeds), (unsigned)a->units, a->reference, slot, state);
    return true;
}

static bool make_program(const Arguments *a, const Encoder *enc, uint8_t *blob)
{
    FuzzHeader *header = (FuzzHeader *)(void *)(blob + FUZZ_HEADER - FUZZ_BLOB);
    bool ok = true;

    memcpy(blob, &(uint32_t) { ECALL }, 4);
    header->magic = FUZZ_MAGIC;
    header->flags = (a->dump ? FUZZ_DUMP : 0) | (a->trace ? FUZZ_TRACE : 0) |
                    (a->reference ? FUZZ_REFERENCE : 0);
    header->first = (uint32_t)a->first;
    header->count = (uint32_t)a->count;
    for (int i = a->first; i < a->first + a->count && ok; i++) {
        Segment s;

        ok = make_segment(a, enc, i, &header->segment[i], &s) && use_segment(a, &s, blob);
        segment_free(&s);
    }
    return ok;
}

static bool write_program(const Arguments *a, const Encoder *enc)
{
    static const char *const nothing = "";
    Part parts[MOST_PARTS];
    unsigned count = 0;
    char *file = NULL;
    uint8_t *blob = g_malloc0(BLOB_SIZE);
    bool ok = make_program(a, enc, blob);

    if (ok && a->output) {
        ok = read_runtime(a->runtime ? a->runtime : nothing, &file, parts, &count);
        parts[count++] = (Part) { FUZZ_BLOB, BLOB_USED, BLOB_USED, blob };
        ok = ok && write_elf(a->output, parts, count);
    }
    g_free(file);
    g_free(blob);
    return ok;
}

static bool parse_arguments(int argc, char **argv, Arguments *a)
{
    gint64 seed = 0;
    const GOptionEntry entries[] = {
        { "seed", 's', 0, G_OPTION_ARG_INT64, &seed, "what determines everything", "N" },
        { "units", 'u', 0, G_OPTION_ARG_INT, &a->units, "length of a segment (60)", "N" },
        { "first", 'f', 0, G_OPTION_ARG_INT, &a->first, "first segment (0)", "N" },
        { "count", 'n', 0, G_OPTION_ARG_INT, &a->count, "number of segments (64)", "N" },
        { "clear", 'c', 0, G_OPTION_ARG_STRING, &a->clear, "replace units by nops, with --count 1",
          "A-B,C..." },
        { "cpu", 0, 0, G_OPTION_ARG_STRING, &a->model, "model whose rows to use (max)", "MODEL" },
        { "reference", 'q', 0, G_OPTION_ARG_NONE, &a->reference,
          "only what QEMU 7.2 does as the specification says", NULL },
        { "dump", 'd', 0, G_OPTION_ARG_NONE, &a->dump, "have all registers printed", NULL },
        { "trace", 't', 0, G_OPTION_ARG_NONE, &a->trace, "have each trap printed", NULL },
        { "list", 'l', 0, G_OPTION_ARG_NONE, &a->list, "print the instructions", NULL },
        { "save", 0, 0, G_OPTION_ARG_FILENAME, &a->save, "keep the segment, with --count 1",
          "FILE" },
        { "load", 0, 0, G_OPTION_ARG_FILENAME, &a->load, "a kept segment instead of a new one",
          "FILE" },
        { "runtime", 'r', 0, G_OPTION_ARG_FILENAME, &a->runtime, "the runtime's ELF file", "FILE" },
        { "output", 'o', 0, G_OPTION_ARG_FILENAME, &a->output, "the program to write", "FILE" },
        { NULL },
    };
    GOptionContext *context = g_option_context_new("- make a fuzzing program");
    GError *error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    bool ok = g_option_context_parse(context, &argc, &argv, &error);
    g_option_context_free(context);
    a->seed = (uint64_t)seed;
    if (!ok) {
        fprintf(stderr, "gen_stream: %s\n", error->message);
        g_error_free(error);
        return false;
    }
    if (a->first < 0 || a->count < 1 || a->first + a->count > FUZZ_SEGMENTS || a->units < 1) {
        fprintf(stderr, "gen_stream: there are segments 0 to %d, of 1 or more units\n",
                FUZZ_SEGMENTS - 1);
        return false;
    }
    if ((a->save || a->load) && a->count != 1) {
        fprintf(stderr, "gen_stream: only one segment can be kept or loaded\n");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    Arguments a = { .units = 60, .count = FUZZ_SEGMENTS };

    if (!parse_arguments(argc, argv, &a)) {
        return 2;
    }
    Encoder *enc = encoder_new(a.model ? a.model : "max");
    if (!enc) {
        return 2;
    }
    bool ok = write_program(&a, enc);
    encoder_free(enc);
    return ok ? 0 : 1;
}
