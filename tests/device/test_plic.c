/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The PLIC: single rules, and random operations against a model that works everything out anew. */
#include <string.h>

#include "device_fixture.h"

enum {
    BASE = 0xc000000,
    PENDING = 0x1000,
    ENABLE = 0x2000,
    CONTEXT = 0x200000,
    SOURCES = 41, /* not a multiple of a word */
    CONTEXTS = 4,
};

typedef struct Fixture {
    Machine *m;
    Device *dev;
    PinLog pins[CONTEXTS];
} Fixture;

static void begin(Fixture *f)
{
    f->m = fixture_machine("none", "");
    f->dev = fixture_device(f->m, "riscv.sifive.plic", BASE, "num-sources=41,num-contexts=4");
    for (unsigned i = 0; i < CONTEXTS; i++) {
        pin_log_connect(&f->pins[i], f->dev, NULL, i);
    }
}

static void store(Fixture *f, uint64_t offset, uint32_t value)
{
    fixture_store(f->m, BASE + offset, 4, value);
}

static uint32_t load(Fixture *f, uint64_t offset)
{
    return (uint32_t)fixture_load(f->m, BASE + offset, 4);
}

static void set_line(Fixture *f, unsigned source, int level)
{
    irq_set(dev_in(f->dev, NULL, source), level);
}

static uint64_t claim_reg(unsigned context)
{
    return CONTEXT + 0x1000 * context + 4;
}

static void test_claim_complete(void)
{
    Fixture f;
    begin(&f);
    store(&f, 4 * 10, 1);
    store(&f, ENABLE + 0x80, 1 << 10);
    set_line(&f, 10, 1);
    g_assert_cmpint(f.pins[1].level, ==, 1);
    g_assert_cmpint(f.pins[0].level, ==, 0);
    g_assert_cmphex(load(&f, PENDING), ==, 1 << 10);
    g_assert_cmpuint(load(&f, claim_reg(1)), ==, 10);
    g_assert_cmpuint(load(&f, claim_reg(1)), ==, 0);
    g_assert_cmpint(f.pins[1].level, ==, 0);
    store(&f, claim_reg(0), 10); /* not enabled there: ignored */
    g_assert_cmphex(load(&f, PENDING), ==, 0);
    store(&f, claim_reg(1), 10); /* still high: asks again */
    g_assert_cmpint(f.pins[1].level, ==, 1);
    set_line(&f, 10, 0); /* the gateway has passed it on already */
    g_assert_cmpuint(load(&f, claim_reg(1)), ==, 10);
    store(&f, claim_reg(1), 10);
    g_assert_cmpint(f.pins[1].level, ==, 0);
    fixture_free(f.m);
}

static void test_what_is_not_there(void)
{
    Fixture f;
    begin(&f);
    store(&f, 0, 7);
    g_assert_cmpuint(load(&f, 0), ==, 0);
    store(&f, 4 * 5, 0xff);
    g_assert_cmpuint(load(&f, 4 * 5), ==, 7);
    store(&f, 4 * SOURCES, 7);
    g_assert_cmpuint(load(&f, 4 * SOURCES), ==, 0);
    store(&f, ENABLE, 0xffffffff);
    store(&f, ENABLE + 4, 0xffffffff);
    store(&f, ENABLE + 8, 0xffffffff);
    g_assert_cmphex(load(&f, ENABLE), ==, 0xfffffffe);
    g_assert_cmphex(load(&f, ENABLE + 4), ==, 0x1ff);
    g_assert_cmphex(load(&f, ENABLE + 8), ==, 0);
    store(&f, CONTEXT, 0xffffffff);
    g_assert_cmphex(load(&f, CONTEXT), ==, 7);
    g_assert_cmphex(load(&f, CONTEXT + 0x1000 * CONTEXTS), ==, 0);
    fixture_free(f.m);
}

/* --- the model --- */

typedef struct Model {
    bool level[SOURCES], pending[SOURCES], claimed[SOURCES];
    bool enable[CONTEXTS][SOURCES];
    unsigned priority[SOURCES], threshold[CONTEXTS];
} Model;

static void model_settle(Model *k)
{
    for (unsigned i = 1; i < SOURCES; i++) {
        k->pending[i] |= k->level[i] && !k->claimed[i];
    }
}

/* Highest priority above @floor, lowest number. */
static unsigned model_best(const Model *k, unsigned context, unsigned floor)
{
    for (unsigned p = 7; p > floor; p--) {
        for (unsigned i = 1; i < SOURCES; i++) {
            if (k->pending[i] && k->enable[context][i] && k->priority[i] == p) {
                return i;
            }
        }
    }
    return 0;
}

static void model_complete(Model *k, unsigned context, unsigned source)
{
    if (source < SOURCES && k->enable[context][source]) {
        k->claimed[source] = false;
    }
}

static void random_enable(Fixture *f, Model *k, unsigned context, GRand *r)
{
    unsigned word = (unsigned)g_rand_int_range(r, 0, 2);
    uint32_t value = g_rand_int(r) | g_rand_int(r);
    store(f, ENABLE + 0x80 * context + 4 * word, value);
    for (unsigned i = 0; i < 32; i++) {
        if (word * 32 + i < SOURCES && word * 32 + i) {
            k->enable[context][word * 32 + i] = value >> i & 1;
        }
    }
}

static void random_step(Fixture *f, Model *k, GRand *r)
{
    unsigned context = (unsigned)g_rand_int_range(r, 0, CONTEXTS);
    unsigned source = (unsigned)g_rand_int_range(r, 1, SOURCES);
    unsigned value = (unsigned)g_rand_int_range(r, 0, 8), best;
    switch (g_rand_int_range(r, 0, 9)) {
    case 0:
        random_enable(f, k, context, r);
        break;
    case 1:
        store(f, 4 * source, value);
        k->priority[source] = value;
        break;
    case 2:
        store(f, CONTEXT + 0x1000 * context, value / 2);
        k->threshold[context] = value / 2;
        break;
    case 3:
    case 4:
        best = model_best(k, context, 0);
        g_assert_cmpuint(load(f, claim_reg(context)), ==, best);
        k->pending[best] = false;
        k->claimed[best] = best != 0;
        break;
    case 5:
        store(f, claim_reg(context), source);
        model_complete(k, context, source);
        break;
    default:
        k->level[source] = g_rand_boolean(r);
        set_line(f, source, k->level[source]);
    }
    model_settle(k);
}

static void compare(Fixture *f, const Model *k)
{
    for (unsigned c = 0; c < CONTEXTS; c++) {
        g_assert_cmpint(f->pins[c].level, ==, model_best(k, c, k->threshold[c]) != 0);
    }
    for (unsigned i = 0; i < SOURCES; i++) {
        bool pending = load(f, PENDING + i / 32 * 4) >> i % 32 & 1;
        g_assert_cmpint(pending, ==, k->pending[i]);
    }
}

/* Saves, resets and loads; the lines come back as their sources drive them. */
static void round_trip(Fixture *f)
{
    const VmState *vms = dev_class(f->dev)->vmstate;
    ByteWriter w = { 0 };
    vms_write_obj(vms, f->dev, &w);
    dev_reset(f->dev);
    for (unsigned c = 0; c < CONTEXTS; c++) {
        g_assert_cmpint(f->pins[c].level, ==, 0);
    }
    g_assert_true(vms_read_obj(vms, f->dev, w.data, w.len, NULL));
    bw_free(&w);
}

static void test_model(void)
{
    for (guint32 seed = 0; seed < 20; seed++) {
        GRand *r = g_rand_new_with_seed(seed);
        Fixture f;
        Model k = { 0 };
        begin(&f);
        for (unsigned i = 0; i < 2000; i++) {
            random_step(&f, &k, r);
            compare(&f, &k);
            if (i % 500 == 499) {
                round_trip(&f);
                compare(&f, &k);
            }
        }
        fixture_free(f.m);
        g_rand_free(r);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/plic/claim-complete", test_claim_complete);
    g_test_add_func("/plic/what-is-not-there", test_what_is_not_there);
    g_test_add_func("/plic/model", test_model);
    return g_test_run();
}
