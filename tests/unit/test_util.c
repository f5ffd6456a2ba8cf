/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Errors, suggestions, bit helpers, byte buffers, epochs and the log. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "util/bitops.h"
#include "util/bytebuf.h"
#include "util/epoch.h"
#include "util/error.h"
#include "util/log.h"
#include "util/muldiv.h"
#include "util/suggest.h"

static void test_error_texts(void)
{
    Error err = { 0 };
    g_assert_false(error_is_set(&err));
    g_assert_cmpstr(error_msg(&err), ==, "");
    error_prepend(&err, "nothing to prepend to: ");
    g_assert_false(error_is_set(&err));

    error_set_errno(&err, 2, "no '%s'", "x");
    g_assert_true(error_is_set(&err));
    g_assert_cmpstr(err.msg, ==, "no 'x': No such file or directory");
    error_prepend(&err, "while %s: ", "testing");
    g_assert_cmpstr(err.msg, ==, "while testing: no 'x': No such file or directory");
    error_hint(&err, "first %d", 1);
    error_hint(&err, "second");
    g_assert_cmpstr(err.hint, ==, "first 1\nsecond");
    error_clear(&err);
    g_assert_null(err.msg);
    g_assert_null(err.hint);
}

static void test_error_null_and_move(void)
{
    error_set(NULL, "dropped");
    error_hint(NULL, "dropped");
    error_prepend(NULL, "dropped");
    error_clear(NULL);
    g_assert_false(error_is_set(NULL));

    Error a = { 0 }, b = { 0 };
    error_set(&a, "first");
    error_move(&b, &a);
    g_assert_cmpstr(b.msg, ==, "first");
    g_assert_null(a.msg);
    error_set(&a, "second");
    error_move(&b, &a);
    g_assert_cmpstr(b.msg, ==, "first");
    g_assert_null(a.msg);
    error_set(&a, "third");
    error_move(NULL, &a);
    g_assert_null(a.msg);
    error_clear(&b);
}

static void test_suggest(void)
{
    static const char *const names[] = { "smp", "serial", "kernel", "machine", "nographic" };
    g_assert_cmpuint(suggest_distance("kernel", "kernel"), ==, 0);
    g_assert_cmpuint(suggest_distance("kernel", "KERNAL"), ==, 1);
    g_assert_cmpuint(suggest_distance("ab", "ba"), ==, 1);
    g_assert_cmpuint(suggest_distance("", "abc"), ==, 3);
    g_assert_cmpuint(suggest_distance("abc", ""), ==, 3);
    g_assert_cmpstr(suggest_nearest("kernle", names, 5), ==, "kernel");
    g_assert_cmpstr(suggest_nearest("seral", names, 5), ==, "serial");
    g_assert_cmpstr(suggest_nearest("nograph", names, 5), ==, "nographic");
    g_assert_null(suggest_nearest("zzzzzz", names, 5));
    g_assert_null(suggest_nearest("kernel", names, 0));
    char *big = g_strnfill(5000, 'x');
    g_assert_null(suggest_nearest(big, names, 5));
    g_free(big);

    Error err = { 0 };
    Suggest s;
    suggest_init(&s, "machin");
    suggest_offer(&s, NULL);
    suggest_hint(&s, &err);
    g_assert_null(err.hint);
    suggest_offer(&s, "machine");
    suggest_hint(&s, &err);
    g_assert_cmpstr(err.hint, ==, "Did you mean 'machine'?");
    error_clear(&err);
}

static void test_bits(void)
{
    g_assert_cmphex(BITS(63, 0), ==, UINT64_MAX);
    g_assert_cmphex(BITS(7, 4), ==, 0xf0);
    g_assert_cmphex(bits_get(0x1234, 4, 8), ==, 0x23);
    g_assert_cmphex(bits_get(UINT64_MAX, 0, 64), ==, UINT64_MAX);
    g_assert_cmphex(bits_put(0xffff, 4, 8, 0x1ab), ==, 0xfabf);
    g_assert_cmpint(bits_sext(0x80, 8), ==, -128);
    g_assert_cmpint(bits_sext(0x7f, 8), ==, 127);
    g_assert_cmphex(bytes_mask(8), ==, UINT64_MAX);
    g_assert_cmphex(bytes_mask(3), ==, 0xffffff);
    g_assert_cmphex(align_up(4097, 4096), ==, 8192);
    g_assert_cmphex(align_down(4097, 4096), ==, 4096);
    g_assert_true(is_pow2(BIT(63)));
    g_assert_false(is_pow2(0));
    g_assert_false(is_pow2(3));
    g_assert_cmpuint(clz64(0), ==, 64);
    g_assert_cmpuint(ctz64(8), ==, 3);
    uint8_t b[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    g_assert_cmphex(ld32_le(b), ==, 0x04030201);
    g_assert_cmphex(ld32_be(b), ==, 0x01020304);
    g_assert_cmphex(ld_le(b, 3), ==, 0x030201);
    st64_be(b, 0x1122334455667788);
    g_assert_cmphex(b[0], ==, 0x11);
    st_le(b, 0xaabbcc, 2);
    g_assert_cmphex(ld32_be(b), ==, 0xccbb3344);
}

static void test_muldiv(void)
{
    g_assert_cmpuint(muldiv_down(UINT64_MAX, 10, 20), ==, UINT64_MAX / 2);
    g_assert_cmpuint(muldiv_up(UINT64_MAX, 10, 20), ==, UINT64_MAX / 2 + 1);
    g_assert_cmpuint(muldiv_down(UINT64_MAX, 3, 2), ==, UINT64_MAX);
    g_assert_cmpuint(muldiv_up(UINT64_MAX, UINT64_MAX, 1), ==, UINT64_MAX);
    g_assert_cmpuint(muldiv_up(0, 5, 3), ==, 0);
    /* The first ns at which a tick has passed, and not the one before it. */
    static const uint64_t rates[] = { 1, 3, 32768, 10000000, 999999937, 1000000000, 3000000000 };
    for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++) {
        for (uint64_t ticks = 1; ticks < 2000; ticks += 37) {
            uint64_t ns = ticks_to_ns_up(ticks, rates[i]);
            g_assert_cmpuint(ns_to_ticks(ns, rates[i]), >=, ticks);
            g_assert_cmpuint(ns_to_ticks(ns - 1, rates[i]), <, ticks);
        }
    }
}

static void fill_writer(ByteWriter *w)
{
    bw_u8(w, 0x11);
    bw_u16(w, 0x2233);
    bw_u32(w, 0x44556677);
    bw_u64(w, 0x8899aabbccddeeff);
    bw_str8(w, "name");
    bw_bytes(w, "xyz", 3);
}

static void test_bytebuf_round_trip(void)
{
    ByteWriter w = { 0 };
    ByteReader r;
    char name[8], raw[3];
    fill_writer(&w);
    g_assert_cmpuint(w.len, ==, 1 + 2 + 4 + 8 + 5 + 3);
    bw_patch_u32(&w, 3, 0xdeadbeef);
    br_init(&r, w.data, w.len);
    g_assert_cmphex(br_u8(&r), ==, 0x11);
    g_assert_cmphex(br_u16(&r), ==, 0x2233);
    g_assert_cmphex(br_u32(&r), ==, 0xdeadbeef);
    g_assert_cmphex(br_u64(&r), ==, 0x8899aabbccddeeff);
    g_assert_true(br_str8(&r, name, sizeof(name)));
    g_assert_cmpstr(name, ==, "name");
    g_assert_true(br_bytes(&r, raw, 3));
    g_assert_cmpmem(raw, 3, "xyz", 3);
    g_assert_cmpuint(br_left(&r), ==, 0);
    g_assert_false(r.failed);
    bw_free(&w);
    g_assert_null(w.data);
}

static void test_bytebuf_bounds(void)
{
    ByteWriter w = { 0 };
    fill_writer(&w);
    for (size_t len = 0; len < w.len; len++) {
        /* A copy of exactly that length lets the sanitizer see any byte too far. */
        uint8_t *cut = g_memdup2(w.data, len);
        ByteReader r;
        char name[8], raw[3];
        br_init(&r, cut, len);
        br_u8(&r);
        br_u16(&r);
        br_u32(&r);
        br_u64(&r);
        br_str8(&r, name, sizeof(name));
        g_assert_false(br_bytes(&r, raw, 3));
        g_assert_true(r.failed);
        g_assert_cmpuint(br_left(&r), ==, 0);
        g_assert_cmpuint(br_u64(&r), ==, 0);
        g_assert_null(br_take(&r, 0));
        g_free(cut);
    }
    bw_free(&w);
}

static void test_bytebuf_parts(void)
{
    static const uint8_t data[] = { 3, 'a', 'b', 'c', 2, 'x', 0, 9, 9 };
    ByteReader r, sub;
    char small[3], fits[4];
    br_init(&r, data, sizeof(data));
    g_assert_false(br_str8(&r, small, sizeof(small))); /* too long for the buffer */
    g_assert_cmpstr(small, ==, "");
    br_init(&r, data, sizeof(data));
    g_assert_true(br_str8(&r, fits, sizeof(fits)));
    g_assert_false(br_str8(&r, fits, sizeof(fits))); /* holds a NUL */
    br_init(&r, data, sizeof(data));
    g_assert_true(br_sub(&r, &sub, 4));
    g_assert_cmpuint(br_left(&sub), ==, 4);
    g_assert_cmpuint(br_u8(&r), ==, 2);
    g_assert_false(br_sub(&r, &sub, SIZE_MAX));
    g_assert_true(sub.failed);
}

static void test_crc(void)
{
    g_assert_cmphex(crc32_ieee(0, "123456789", 9), ==, 0xcbf43926);
    g_assert_cmphex(crc32_ieee(crc32_ieee(0, "1234", 4), "56789", 5), ==, 0xcbf43926);
    g_assert_cmphex(crc32_ieee(0, "", 0), ==, 0);
}

static int freed;

static void count_free(void *ptr)
{
    freed++;
    g_free(ptr);
}

static void test_epoch_order(void)
{
    EpochDomain d;
    EpochReader a, b;
    freed = 0;
    epoch_domain_init(&d);
    epoch_add(&d, &a);
    epoch_add(&d, &b);
    epoch_online(&a);

    epoch_retire(&d, count_free, g_malloc(1));
    g_assert_cmpuint(epoch_reclaim(&d), ==, 1); /* a may still look */
    epoch_quiesce(&a);
    g_assert_cmpuint(epoch_reclaim(&d), ==, 0); /* b is offline */
    g_assert_cmpint(freed, ==, 1);

    epoch_online(&b);
    epoch_retire(&d, count_free, g_malloc(1));
    epoch_quiesce(&a);
    g_assert_cmpuint(epoch_reclaim(&d), ==, 1);
    epoch_retire(&d, count_free, g_malloc(1));
    epoch_quiesce(&b); /* b saw both; a only the first */
    g_assert_cmpuint(epoch_reclaim(&d), ==, 1);
    g_assert_cmpint(freed, ==, 2);
    epoch_offline(&a);
    g_assert_cmpuint(epoch_reclaim(&d), ==, 0);
    g_assert_cmpint(freed, ==, 3);

    epoch_retire(&d, count_free, g_malloc(1));
    epoch_remove(&a);
    epoch_remove(&b);
    epoch_domain_destroy(&d);
    g_assert_cmpint(freed, ==, 4);
}

typedef struct Shared {
    EpochDomain d;
    uint64_t *value; /* atomic */
    bool stop;       /* atomic */
    unsigned busy;   /* atomic; readers that have read */
} Shared;

static void poison(void *ptr)
{
    *(volatile uint64_t *)ptr = 0;
    g_free(ptr);
}

static gpointer epoch_thread(gpointer opaque)
{
    Shared *s = opaque;
    EpochReader r;
    uint64_t reads = 0;
    epoch_add(&s->d, &r);
    epoch_online(&r);
    while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
        uint64_t *p = __atomic_load_n(&s->value, __ATOMIC_ACQUIRE);
        for (int i = 0; i < 20; i++) {
            g_assert_cmphex(*(volatile uint64_t *)p, ==, 0xfeed);
        }
        if (!reads++) {
            __atomic_add_fetch(&s->busy, 1, __ATOMIC_RELAXED);
        }
        epoch_quiesce(&r);
    }
    epoch_remove(&r);
    return (gpointer)reads;
}

static void test_epoch_threads(void)
{
    Shared s = { 0 };
    epoch_domain_init(&s.d);
    s.value = g_new(uint64_t, 1);
    *s.value = 0xfeed;
    GThread *t[2];
    for (int i = 0; i < 2; i++) {
        t[i] = g_thread_new("reader", epoch_thread, &s);
    }
    for (int i = 0; i < 20000 || __atomic_load_n(&s.busy, __ATOMIC_RELAXED) < 2; i++) {
        uint64_t *fresh = g_new(uint64_t, 1), *old = s.value;
        *fresh = 0xfeed;
        __atomic_store_n(&s.value, fresh, __ATOMIC_RELEASE);
        epoch_retire(&s.d, poison, old);
        epoch_reclaim(&s.d);
    }
    __atomic_store_n(&s.stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++) {
        g_assert_cmpuint((uint64_t)g_thread_join(t[i]), >, 0);
    }
    g_free(s.value);
    epoch_domain_destroy(&s.d);
}

/* --- the log --- */

static char *log_path;

static char *log_text(void)
{
    char *text;
    log_flush();
    g_assert_true(g_file_get_contents(log_path, &text, NULL, NULL));
    return text;
}

static void log_start(const char *items)
{
    g_assert_true(log_set_items(items, NULL));
    g_assert_true(log_set_file(log_path, NULL));
}

static void test_log_items(void)
{
    Error err = { 0 };
    log_start("in_asm,int");
    g_assert_true(log_enabled(LOG_IN_ASM));
    g_assert_true(log_enabled(LOG_INT));
    g_assert_false(log_enabled(LOG_EXEC));
    log_printf(LOG_INT, "trap %d\n", 5);
    log_printf(LOG_EXEC, "not this\n");
    g_autofree char *text = log_text();
    g_assert_cmpstr(text, ==, "trap 5\n");

    g_assert_true(log_set_items("all,-cpu", NULL));
    g_assert_true(log_enabled(LOG_PAGE));
    g_assert_false(log_enabled(LOG_CPU));
    g_assert_false(log_enabled(LOG_NOCHAIN));
    g_assert_true(log_set_items("none", NULL));
    g_assert_false(log_enabled(UINT32_MAX));

    g_assert_false(log_set_items("in_asn", &err));
    g_assert_cmpstr(err.msg, ==, "there is no log item 'in_asn'");
    g_assert_nonnull(strstr(err.hint, "'in_asm'"));
    error_clear(&err);
    for (const LogItem *i = log_items; i->name; i++) {
        g_assert_true(log_set_items(i->name, NULL));
        g_assert_true(log_enabled(i->mask));
        g_assert_nonnull(i->help);
    }
}

static void test_log_guest_errors(void)
{
    log_start("guest_errors");
    uint64_t before = log_guest_error_count();
    int64_t start = g_get_monotonic_time();
    for (int i = 0; i < LOG_GUEST_BURST + 500; i++) {
        log_guest_error("wild write %d", i);
    }
    g_assert_cmpuint(log_guest_error_count() - before, ==, LOG_GUEST_BURST + 500);
    g_autofree char *text = log_text();
    g_assert_true(g_str_has_prefix(text, "guest error: wild write 0\nguest error: wild write 1\n"));
    unsigned lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++) {
        lines++;
    }
    /* A host that stalls for a second may start another burst. */
    if (g_get_monotonic_time() - start < G_USEC_PER_SEC) {
        g_assert_cmpuint(lines, ==, LOG_GUEST_BURST);
    }
    log_set_mask(0);
    log_guest_error("counted but not printed");
    g_assert_cmpuint(log_guest_error_count() - before, ==, LOG_GUEST_BURST + 501);
}

static void test_log_trace_and_unimp(void)
{
    log_start("trace:uart*,unimp");
    g_assert_true(log_trace_enabled("uart_read"));
    g_assert_false(log_trace_enabled("plic"));
    log_trace("uart_read", "offset %d", 3);
    log_trace("plic", "not this");
    log_unimp("colours");
    g_autofree char *text = log_text();
    g_assert_cmpstr(text, ==, "uart_read offset 3\nnot modelled: colours\n");
    g_assert_true(log_set_items("none", NULL));
}

static void test_log_filter(void)
{
    g_assert_true(log_filter_has(5));
    g_assert_true(log_set_filter("0x1000+0x100,0x3000-0x10,0x5000..0x5fff", NULL));
    g_assert_true(log_filter_has(0x1000));
    g_assert_true(log_filter_has(0x10ff));
    g_assert_false(log_filter_has(0x1100));
    g_assert_true(log_filter_has(0x2ff1));
    g_assert_false(log_filter_has(0x2ff0));
    g_assert_true(log_filter_has(0x5fff));
    g_assert_false(log_filter_has(0x6000));
    static const char *const bad[] = { "",     "5",         "5+",       "+5",      "5+0",
                                       "9..1", "1000-2000", "0xg..0x1", "1...2x3", "5-" };
    for (unsigned i = 0; i < G_N_ELEMENTS(bad); i++) {
        Error err = { 0 };
        if (bad[i][0]) {
            g_assert_false(log_set_filter(bad[i], &err));
            g_assert_true(error_is_set(&err));
        }
        error_clear(&err);
    }
    g_assert_true(log_set_filter("0..0xffffffffffffffff", NULL));
    g_assert_true(log_filter_has(UINT64_MAX));
}

static void test_log_file(void)
{
    Error err = { 0 };
    g_assert_false(log_set_file("/nonexistent-dir/log", &err));
    g_assert_cmpstr(err.msg, ==,
                    "Could not open log file '/nonexistent-dir/log': No such file or directory");
    error_clear(&err);
    g_autofree char *pattern = g_strconcat(log_path, ".%d", NULL);
    g_autofree char *real = g_strdup_printf("%s.%d", log_path, (int)getpid());
    g_assert_true(log_set_file(pattern, NULL));
    g_assert_true(g_file_test(real, G_FILE_TEST_EXISTS));
    g_unlink(real);
    g_assert_true(log_set_file(NULL, NULL));
}

static gpointer log_thread(gpointer opaque)
{
    for (int i = 0; i < 500; i++) {
        log_printf(LOG_INT, "line of thread %d ends here\n", GPOINTER_TO_INT(opaque));
        if (log_begin(LOG_INT)) {
            log_printf(LOG_INT, "two lines ");
            log_printf(LOG_INT, "stay together %d\n", GPOINTER_TO_INT(opaque));
            log_end();
        }
    }
    return NULL;
}

static void test_log_threads(void)
{
    GThread *t[3];
    log_start("int");
    for (int i = 0; i < 3; i++) {
        t[i] = g_thread_new("log", log_thread, GINT_TO_POINTER(i));
    }
    for (int i = 0; i < 3; i++) {
        g_thread_join(t[i]);
    }
    g_autofree char *text = log_text();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 3001);
    for (unsigned i = 0; i < 3000; i++) {
        g_assert_true(g_pattern_match_simple("line of thread ? ends here", lines[i]) ||
                      g_pattern_match_simple("two lines stay together ?", lines[i]));
    }
    g_assert_true(log_set_items("none", NULL));
    g_assert_true(log_set_file(NULL, NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    int fd = g_file_open_tmp("peregrine-log-XXXXXX", &log_path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_test_add_func("/error/texts", test_error_texts);
    g_test_add_func("/error/null-and-move", test_error_null_and_move);
    g_test_add_func("/suggest", test_suggest);
    g_test_add_func("/bits", test_bits);
    g_test_add_func("/muldiv", test_muldiv);
    g_test_add_func("/bytebuf/round-trip", test_bytebuf_round_trip);
    g_test_add_func("/bytebuf/bounds", test_bytebuf_bounds);
    g_test_add_func("/bytebuf/parts", test_bytebuf_parts);
    g_test_add_func("/bytebuf/crc", test_crc);
    g_test_add_func("/epoch/order", test_epoch_order);
    g_test_add_func("/epoch/threads", test_epoch_threads);
    g_test_add_func("/log/items", test_log_items);
    g_test_add_func("/log/guest-errors", test_log_guest_errors);
    g_test_add_func("/log/trace-and-unimp", test_log_trace_and_unimp);
    g_test_add_func("/log/filter", test_log_filter);
    g_test_add_func("/log/file", test_log_file);
    g_test_add_func("/log/threads", test_log_threads);
    int rc = g_test_run();
    g_unlink(log_path);
    return rc;
}
