/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/log.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/field.h"
#include "util/suggest.h"

const LogItem log_items[] = {
    { LOG_IN_ASM, "in_asm", "guest instructions of each block as it is translated" },
    { LOG_OP, "op", "intermediate code of each block before the optimising passes" },
    { LOG_OP_OPT, "op_opt", "intermediate code of each block after the optimising passes" },
    { LOG_OUT_ASM, "out_asm", "host code generated for each block" },
    { LOG_INT, "int", "each trap and interrupt that a CPU takes" },
    { LOG_EXEC, "exec", "each block that runs" },
    { LOG_CPU, "cpu", "registers before each block that runs" },
    { LOG_PAGE, "page", "RAM blocks and changes of the memory map" },
    { LOG_GUEST_ERROR, "guest_errors", "mistakes of the guest, such as accesses to no register" },
    { LOG_UNIMP, "unimp", "what the guest asks for and Peregrine does not model" },
    { LOG_NOCHAIN, "nochain", "jumps between blocks are not linked (exec and cpu imply it)" },
    { 0, NULL, NULL },
};

typedef struct Range {
    uint64_t first, last;
} Range;

/* The log's switches. The mask is read without the lock; the rest only with it. */
uint32_t log_mask_now;
static struct {
    GRecMutex lock;
    FILE *file;            /* NULL: stderr */
    GPtrArray *globs;      /* GPatternSpec * */
    GArray *filter;        /* Range; NULL: everything */
    uint64_t guest_errors; /* atomic */
    int64_t burst_start;   /* realtime second, in us */
    unsigned burst_lines;
    uint64_t burst_dropped;
} sw;

static FILE *out(void)
{
    return sw.file ? sw.file : stderr;
}

void log_set_mask(uint32_t mask)
{
    __atomic_store_n(&log_mask_now, mask, __ATOMIC_RELAXED);
}

static uint32_t all_items(void)
{
    uint32_t mask = 0;
    for (const LogItem *i = log_items; i->name; i++) {
        mask |= i->mask;
    }
    return mask & ~LOG_NOCHAIN;
}

static bool item_mask(const char *name, uint32_t *mask, Error *err)
{
    Suggest s;
    suggest_init(&s, name);
    if (!strcmp(name, "all")) {
        *mask = all_items();
        return true;
    }
    for (const LogItem *i = log_items; i->name; i++) {
        if (!strcmp(i->name, name)) {
            *mask = i->mask;
            return true;
        }
        suggest_offer(&s, i->name);
    }
    error_set(err, "there is no log item '%s'", name);
    suggest_hint(&s, err);
    error_hint(err, "Use -d help to list the log items");
    return false;
}

static bool apply_item(const char *item, uint32_t *mask, GPtrArray *globs, Error *err)
{
    uint32_t m;
    if (g_str_has_prefix(item, "trace:")) {
        g_ptr_array_add(globs, g_pattern_spec_new(item + strlen("trace:")));
        *mask |= LOG_TRACE;
        return true;
    }
    if (!strcmp(item, "none")) {
        *mask = 0;
        return true;
    }
    bool off = item[0] == '-';
    if (!item_mask(item + off, &m, err)) {
        return false;
    }
    *mask = off ? *mask & ~m : *mask | m;
    return true;
}

static void free_glob(gpointer glob)
{
    g_pattern_spec_free(glob);
}

bool log_set_items(const char *spec, Error *err)
{
    g_auto(GStrv) items = g_strsplit(spec, ",", -1);
    GPtrArray *globs = g_ptr_array_new_with_free_func(free_glob);
    uint32_t mask = 0;
    for (unsigned i = 0; items[i]; i++) {
        if (items[i][0] && !apply_item(items[i], &mask, globs, err)) {
            g_ptr_array_unref(globs);
            return false;
        }
    }
    g_rec_mutex_lock(&sw.lock);
    g_clear_pointer(&sw.globs, g_ptr_array_unref);
    sw.globs = globs;
    g_rec_mutex_unlock(&sw.lock);
    log_set_mask(mask);
    return true;
}

/* @path with its "%d" replaced by the process id. */
static char *expand_path(const char *path)
{
    const char *at = strstr(path, "%d");
    if (!at) {
        return g_strdup(path);
    }
    return g_strdup_printf("%.*s%d%s", (int)(at - path), path, (int)getpid(), at + 2);
}

bool log_set_file(const char *path, Error *err)
{
    FILE *file = NULL;
    if (path) {
        char *real = expand_path(path);
        file = fopen(real, "we");
        if (!file) {
            error_set_errno(err, errno, "Could not open log file '%s'", real);
        }
        g_free(real);
        if (!file) {
            return false;
        }
    }
    g_rec_mutex_lock(&sw.lock);
    if (sw.file) {
        fclose(sw.file);
    }
    sw.file = file;
    g_rec_mutex_unlock(&sw.lock);
    return true;
}

/* "START+SIZE", "START-SIZE" or "START..END". */
static bool parse_range(const char *text, Range *r)
{
    const char *sep = strpbrk(text, "+-.");
    if (!sep || sep == text) {
        return false;
    }
    bool is_dots = g_str_has_prefix(sep, "..");
    g_autofree char *left = g_strndup(text, (gsize)(sep - text));
    uint64_t a, b;
    if (!field_parse_u64(left, &a) || !field_parse_u64(sep + (is_dots ? 2 : 1), &b)) {
        return false;
    }
    switch (*sep) {
    case '+':
        *r = (Range) { a, a + (b - 1) };
        return b > 0 && r->last >= a;
    case '-':
        *r = (Range) { a - (b - 1), a };
        return b > 0 && r->first <= a;
    default:
        *r = (Range) { a, b };
        return is_dots && a <= b;
    }
}

bool log_set_filter(const char *spec, Error *err)
{
    g_auto(GStrv) parts = g_strsplit(spec, ",", -1);
    GArray *filter = g_array_new(FALSE, FALSE, sizeof(Range));
    for (unsigned i = 0; parts[i]; i++) {
        Range r;
        if (!parse_range(parts[i], &r)) {
            error_set(err, "'%s' is not an address range", parts[i]);
            error_hint(err, "A range is START+SIZE, END-SIZE or START..END.");
            g_array_free(filter, TRUE);
            return false;
        }
        g_array_append_val(filter, r);
    }
    g_rec_mutex_lock(&sw.lock);
    if (sw.filter) {
        g_array_free(sw.filter, TRUE);
    }
    sw.filter = filter;
    g_rec_mutex_unlock(&sw.lock);
    return true;
}

bool log_filter_has(uint64_t gva)
{
    g_rec_mutex_lock(&sw.lock);
    bool has = !sw.filter;
    for (unsigned i = 0; !has && i < sw.filter->len; i++) {
        const Range *r = &g_array_index(sw.filter, Range, i);
        has = gva >= r->first && gva <= r->last;
    }
    g_rec_mutex_unlock(&sw.lock);
    return has;
}

bool log_begin(uint32_t mask)
{
    if (!log_enabled(mask)) {
        return false;
    }
    g_rec_mutex_lock(&sw.lock);
    return true;
}

void log_end(void)
{
    g_rec_mutex_unlock(&sw.lock);
}

void log_vprintf(uint32_t mask, const char *fmt, va_list ap)
{
    if (log_begin(mask)) {
        vfprintf(out(), fmt, ap);
        log_end();
    }
}

void log_printf(uint32_t mask, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    log_vprintf(mask, fmt, ap);
    va_end(ap);
}

/* True when one more line may be printed this second; tells of those that were not. Lock held. */
static bool burst_allows(void)
{
    int64_t now = g_get_monotonic_time();
    if (now - sw.burst_start >= G_USEC_PER_SEC) {
        if (sw.burst_dropped) {
            fprintf(out(), "guest error: %" G_GUINT64_FORMAT " more were left out\n",
                    sw.burst_dropped);
        }
        sw.burst_start = now;
        sw.burst_lines = 0;
        sw.burst_dropped = 0;
    }
    if (sw.burst_lines >= LOG_GUEST_BURST) {
        sw.burst_dropped++;
        return false;
    }
    sw.burst_lines++;
    return true;
}

static void print_line(const char *front, const char *fmt, va_list ap)
{
    fputs(front, out());
    vfprintf(out(), fmt, ap);
    size_t len = strlen(fmt);
    if (!len || fmt[len - 1] != '\n') {
        fputc('\n', out());
    }
}

void log_guest_error(const char *fmt, ...)
{
    __atomic_add_fetch(&sw.guest_errors, 1, __ATOMIC_RELAXED);
    if (!log_begin(LOG_GUEST_ERROR)) {
        return;
    }
    if (burst_allows()) {
        va_list ap;
        va_start(ap, fmt);
        print_line("guest error: ", fmt, ap);
        va_end(ap);
    }
    log_end();
}

void log_unimp(const char *fmt, ...)
{
    if (log_begin(LOG_UNIMP)) {
        va_list ap;
        va_start(ap, fmt);
        print_line("not modelled: ", fmt, ap);
        va_end(ap);
        log_end();
    }
}

uint64_t log_guest_error_count(void)
{
    return __atomic_load_n(&sw.guest_errors, __ATOMIC_RELAXED);
}

bool log_trace_enabled(const char *event)
{
    if (!log_begin(LOG_TRACE)) {
        return false;
    }
    bool match = false;
    for (unsigned i = 0; sw.globs && !match && i < sw.globs->len; i++) {
        match = g_pattern_spec_match_string(g_ptr_array_index(sw.globs, i), event);
    }
    log_end();
    return match;
}

void log_trace_emit(const char *event, const char *fmt, ...)
{
    if (log_trace_enabled(event) && log_begin(LOG_TRACE)) {
        va_list ap;
        fprintf(out(), "%s ", event);
        va_start(ap, fmt);
        print_line("", fmt, ap);
        va_end(ap);
        log_end();
    }
}

void log_flush(void)
{
    g_rec_mutex_lock(&sw.lock);
    fflush(out());
    g_rec_mutex_unlock(&sw.lock);
}
