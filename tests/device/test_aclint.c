/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MTIMER, MSWI and SSWI. */
#include <string.h>

#include "device_fixture.h"
#include "hw/intc/riscv_aclint.h"
#include "util/units.h"

enum { BASE = 0x2000000, MTIME = 0x7ff8 };

typedef struct Timer {
    Machine *m;
    Device *dev;
    TimeSource *source;
    PinLog pins[4];
} Timer;

static void timer_begin(Timer *t, const char *props)
{
    t->m = fixture_machine("none", "");
    t->dev = fixture_device(t->m, TYPE_ACLINT_MTIMER, BASE, props);
    t->source = aclint_time_source(t->dev);
    for (unsigned i = 0; i < dev_out_count(t->dev, NULL); i++) {
        pin_log_connect(&t->pins[i], t->dev, NULL, i);
    }
    dev_reset(t->dev);
}

static uint64_t mtime(Timer *t)
{
    return fixture_load(t->m, BASE + MTIME, 8);
}

static void set_mtime(Timer *t, uint64_t value)
{
    fixture_store(t->m, BASE + MTIME, 8, value);
}

static void set_timecmp(Timer *t, unsigned hart, uint64_t value)
{
    fixture_store(t->m, BASE + 8 * hart, 8, value);
}

static void set_ns(Timer *t, int64_t ns)
{
    clk_virtual_set(&t->m->clk_virtual, ns);
}

static void test_counts(void)
{
    Timer t;
    timer_begin(&t, "num-harts=1,timebase-freq=10000000");
    g_assert_cmpuint(mtime(&t), ==, 0);
    set_ns(&t, 99);
    g_assert_cmpuint(mtime(&t), ==, 0);
    set_ns(&t, 100);
    g_assert_cmpuint(mtime(&t), ==, 1);
    set_ns(&t, 3600 * NS_PER_SEC);
    g_assert_cmpuint(mtime(&t), ==, 36000000000u);
    g_assert_cmpuint(t.source->now(t.source), ==, 36000000000u);
    fixture_free(t.m);
}

static void test_write_forwards_and_backwards(void)
{
    Timer t;
    timer_begin(&t, "num-harts=1,timebase-freq=10000000");
    set_ns(&t, NS_PER_SEC);
    set_timecmp(&t, 0, 20000000);
    g_assert_cmpint(t.pins[0].level, ==, 0);
    g_assert_cmpint(clk_next_deadline(&t.m->clk_virtual), ==, 2 * NS_PER_SEC);

    set_mtime(&t, 20000000); /* forwards, onto the deadline */
    g_assert_cmpuint(mtime(&t), ==, 20000000);
    g_assert_cmpint(t.pins[0].level, ==, 1);

    set_mtime(&t, 5); /* backwards: not due any more, and re-armed */
    g_assert_cmpuint(mtime(&t), ==, 5);
    g_assert_cmpint(t.pins[0].level, ==, 0);
    g_assert_cmpint(clk_next_deadline(&t.m->clk_virtual), ==,
                    NS_PER_SEC + (20000000 - 5) * INT64_C(100));
    set_ns(&t, NS_PER_SEC + 100);
    g_assert_cmpuint(mtime(&t), ==, 6);
    fixture_free(t.m);
}

static void test_halves(void)
{
    Timer t;
    timer_begin(&t, "num-harts=1,timebase-freq=10000000");
    fixture_store(t.m, BASE + MTIME + 4, 4, 0x12345678);
    fixture_store(t.m, BASE + MTIME, 4, 0x9abcdef0);
    g_assert_cmphex(mtime(&t), ==, 0x123456789abcdef0);
    g_assert_cmphex(fixture_load(t.m, BASE + MTIME + 4, 4), ==, 0x12345678);
    fixture_store(t.m, BASE, 4, 0x11111111);
    g_assert_cmphex(fixture_load(t.m, BASE, 8), ==, 0xffffffff11111111);
    fixture_free(t.m);
}

static void test_reset(void)
{
    Timer t;
    timer_begin(&t, "num-harts=2,timebase-freq=10000000");
    set_ns(&t, 5 * NS_PER_SEC);
    set_mtime(&t, UINT64_MAX / 2);
    set_timecmp(&t, 0, 0);
    set_timecmp(&t, 1, 0);
    g_assert_cmpint(t.pins[0].level + t.pins[1].level, ==, 2);
    dev_reset(t.dev);
    g_assert_cmpuint(mtime(&t), ==, 0);
    g_assert_cmpint(t.pins[0].level + t.pins[1].level, ==, 0);
    fixture_free(t.m);
}

/* Deadlines are the first ns at which mtime has the value, also where ticks and ns do not divide.
 */
static void test_uneven_deadlines(void)
{
    static const uint32_t hz[] = { 1, 3, 7, 32768, 999999937, 3686400, 4294967295u };
    GRand *r = g_rand_new_with_seed(1);
    for (unsigned f = 0; f < G_N_ELEMENTS(hz); f++) {
        g_autofree char *props = g_strdup_printf("timebase-freq=%u", hz[f]);
        Timer t;
        timer_begin(&t, props);
        for (unsigned i = 0; i < 300; i++) {
            set_ns(&t, g_rand_int(r));
            set_mtime(&t, g_rand_int(r));
            uint64_t tick = mtime(&t) + 1 + g_rand_int(r) % 100000;
            int64_t ns = t.source->deadline_ns(t.source, tick);
            set_timecmp(&t, 0, tick);
            g_assert_cmpint(clk_next_deadline(&t.m->clk_virtual), ==, ns);
            set_ns(&t, ns - 1);
            g_assert_cmpuint(mtime(&t), <, tick);
            set_ns(&t, ns);
            g_assert_cmpuint(mtime(&t), >=, tick);
        }
        fixture_free(t.m);
    }
    g_rand_free(r);
}

static void test_timer_fires(void)
{
    Timer t;
    timer_begin(&t, "num-harts=2,timebase-freq=10000000");
    set_timecmp(&t, 0, 10);
    set_timecmp(&t, 1, UINT64_MAX);
    set_ns(&t, 1000);
    g_assert_cmpint(t.pins[0].level, ==, 0); /* nobody looked yet */
    fixture_run_timers(t.m);
    g_assert_cmpint(t.pins[0].level, ==, 1);
    g_assert_cmpint(t.pins[1].level, ==, 0);
    set_timecmp(&t, 0, UINT64_MAX);
    g_assert_cmpint(t.pins[0].level, ==, 0);
    fixture_free(t.m);
}

/* A deadline that no clock reaches is never armed; mtime at its end starts again. */
static void test_extremes(void)
{
    Timer t;
    timer_begin(&t, "num-harts=1,timebase-freq=10000000");
    set_timecmp(&t, 0, UINT64_MAX);
    g_assert_cmpint(clk_next_deadline(&t.m->clk_virtual), ==, INT64_MAX);
    g_assert_cmpint(t.source->deadline_ns(t.source, UINT64_MAX), ==, INT64_MAX);
    set_mtime(&t, UINT64_MAX - 9);
    set_timecmp(&t, 0, UINT64_MAX - 9);
    g_assert_cmpint(t.pins[0].level, ==, 1);
    g_assert_cmpint(clk_next_deadline(&t.m->clk_virtual), ==, 1000);
    set_ns(&t, 1000);
    g_assert_cmpuint(mtime(&t), ==, 0);
    fixture_run_timers(t.m);
    g_assert_cmpint(t.pins[0].level, ==, 0);
    fixture_free(t.m);
}

static void count_change(void *opaque)
{
    ++*(unsigned *)opaque;
}

static void test_listeners(void)
{
    Timer t;
    unsigned changes = 0;
    TimeSourceListener listener = { count_change, &changes };
    timer_begin(&t, "num-harts=1,timebase-freq=10000000");
    g_array_append_val(t.source->listeners, listener);
    set_mtime(&t, 7);
    g_assert_cmpuint(changes, ==, 1);
    set_timecmp(&t, 0, 7);
    g_assert_cmpuint(changes, ==, 1);
    dev_reset(t.dev);
    g_assert_cmpuint(changes, ==, 2);
    fixture_free(t.m);
}

/* Saved with the clock and loaded into another machine, time goes on where it was. */
static void test_save_load(void)
{
    Timer a, b;
    timer_begin(&a, "num-harts=2,timebase-freq=10000000");
    timer_begin(&b, "num-harts=2,timebase-freq=10000000");
    set_ns(&a, 12345);
    set_mtime(&a, 1000000);
    set_timecmp(&a, 0, 1000000);
    set_timecmp(&a, 1, 2000000);
    set_ns(&b, 999 * NS_PER_SEC);
    ByteWriter w = { 0 };
    Error err = { 0 };
    vms_save(a.m, &w);
    bool ok = vms_load(b.m, w.data, w.len, &err);
    g_assert_cmpstr(error_msg(&err), ==, "");
    g_assert_true(ok);
    bw_free(&w);
    g_assert_cmpuint(mtime(&b), ==, 1000000);
    g_assert_cmpint(b.pins[0].level, ==, 1);
    g_assert_cmpint(b.pins[1].level, ==, 0);
    g_assert_cmpint(clk_next_deadline(&b.m->clk_virtual), ==, clk_next_deadline(&a.m->clk_virtual));
    fixture_free(a.m);
    fixture_free(b.m);
}

/* Two devices for two sockets: each has harts 0..n-1 of its own. */
static void test_sockets(void)
{
    Timer t;
    PinLog other[2];
    timer_begin(&t, "num-harts=2,timebase-freq=10000000");
    Device *second = fixture_device(t.m, TYPE_ACLINT_MTIMER, BASE + 0x10000, "num-harts=2");
    pin_log_connect(&other[0], second, NULL, 0);
    pin_log_connect(&other[1], second, NULL, 1);
    dev_reset(second);
    set_ns(&t, NS_PER_SEC);
    fixture_store(t.m, BASE + 0x10000 + 8, 8, 5);
    g_assert_cmpint(other[1].level, ==, 1);
    g_assert_cmpint(other[0].level + t.pins[0].level + t.pins[1].level, ==, 0);
    fixture_store(t.m, BASE + 0x10000 + MTIME, 8, 1);
    g_assert_cmpint(other[1].level, ==, 0);
    g_assert_cmpuint(mtime(&t), ==, 10000000);
    /* There is no third hart. */
    fixture_store(t.m, BASE + 16, 8, 1);
    g_assert_cmpuint(fixture_load(t.m, BASE + 16, 8), ==, 0);
    fixture_free(t.m);
}

static void test_mswi(void)
{
    Machine *m = fixture_machine("none", "");
    Device *dev = fixture_device(m, TYPE_ACLINT_SWI, BASE, "num-harts=3");
    PinLog pins[3];
    for (unsigned i = 0; i < 3; i++) {
        pin_log_connect(&pins[i], dev, NULL, i);
    }
    fixture_store(m, BASE + 4, 4, 0xffffffff);
    g_assert_cmphex(fixture_load(m, BASE + 4, 4), ==, 1);
    g_assert_cmpint(pins[1].level, ==, 1);
    g_assert_cmpint(pins[0].level + pins[2].level, ==, 0);
    fixture_store(m, BASE + 4, 4, 2);
    g_assert_cmpint(pins[1].level, ==, 0);
    fixture_store(m, BASE + 8, 4, 1);
    dev_reset(dev);
    g_assert_cmpint(pins[2].level, ==, 0);
    g_assert_cmphex(fixture_load(m, BASE + 8, 4), ==, 0);
    fixture_free(m);
}

static void test_sswi(void)
{
    Machine *m = fixture_machine("none", "");
    Device *dev = fixture_device(m, TYPE_ACLINT_SWI, BASE, "num-harts=2,sswi=on");
    PinLog pins[2];
    pin_log_connect(&pins[0], dev, NULL, 0);
    pin_log_connect(&pins[1], dev, NULL, 1);
    fixture_store(m, BASE + 4, 4, 1);
    fixture_store(m, BASE + 4, 4, 0);
    fixture_store(m, BASE + 4, 4, 3);
    g_assert_cmpuint(pins[1].rises, ==, 2);
    g_assert_cmpuint(pins[0].rises, ==, 0);
    g_assert_cmphex(fixture_load(m, BASE + 4, 4), ==, 0);
    fixture_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mtimer/counts", test_counts);
    g_test_add_func("/mtimer/write", test_write_forwards_and_backwards);
    g_test_add_func("/mtimer/halves", test_halves);
    g_test_add_func("/mtimer/reset", test_reset);
    g_test_add_func("/mtimer/uneven-deadlines", test_uneven_deadlines);
    g_test_add_func("/mtimer/fires", test_timer_fires);
    g_test_add_func("/mtimer/extremes", test_extremes);
    g_test_add_func("/mtimer/listeners", test_listeners);
    g_test_add_func("/mtimer/save-load", test_save_load);
    g_test_add_func("/mtimer/sockets", test_sockets);
    g_test_add_func("/mswi", test_mswi);
    g_test_add_func("/sswi", test_sswi);
    return g_test_run();
}
