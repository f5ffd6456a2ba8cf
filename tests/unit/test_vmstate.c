/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Saved state: round trips, versions, and streams that are cut, altered or of another machine. */
#include <glib.h>
#include <string.h>

#include "migration/vmstate.h"
#include "util/units.h"

typedef struct Inner {
    uint16_t x;
    int32_t y;
    char *label;
} Inner;

typedef struct State {
    bool flag;
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t big;
    int32_t small;
    int64_t wide;
    char *text;
    int mode;
    uint32_t index;
    uint8_t fifo[16];
    uint32_t fifo_len;
    uint16_t table[5];
    uint32_t *ports; /* as many as the configuration says */
    uint32_t n_ports;
    uint64_t *queue; /* any number */
    uint32_t n_queue;
    Inner inner;
    Inner inners[3];
    bool has_extra;
    uint32_t extra;
    uint32_t since2;
    /* derived */
    unsigned loaded_calls, saved_calls;
    unsigned loaded_version;
    bool refuse;
} State;

static const FieldEnum modes[] = { { "idle", 0 }, { "busy", 3 }, { NULL } };

static const Field inner_fields[] = {
    FIELD_SAVED(Inner, x),
    FIELD_SAVED_BOUNDED(Inner, y, -10, 10),
    FIELD_SAVED(Inner, label),
    FIELD_END,
};

static bool extra_present(const void *obj)
{
    return ((const State *)obj)->has_extra;
}

static const Field fields[] = {
    FIELD_PROP(State, n_ports, "ports", "4", "a property is not saved"),
    FIELD_SAVED(State, flag),
    FIELD_SAVED(State, byte),
    FIELD_SAVED(State, half),
    FIELD_SAVED(State, word),
    FIELD_SAVED(State, big),
    FIELD_SAVED(State, small),
    FIELD_SAVED(State, wide),
    FIELD_SAVED(State, text),
    { .name = "mode",
      .type = FIELD_ENUM,
      .flags = FIELD_IS_SAVED,
      .offset = offsetof(State, mode),
      .elem_size = sizeof(int),
      .enums = modes },
    FIELD_SAVED_BOUNDED(State, index, 0, 7),
    FIELD_SAVED_USED(State, fifo, fifo_len),
    FIELD_SAVED_ARRAY(State, table),
    FIELD_SAVED_FIXED_PTR(State, ports, n_ports, 64),
    FIELD_SAVED_ALLOC_PTR(State, queue, n_queue, 100),
    FIELD_SAVED_STRUCT(State, inner, inner_fields),
    FIELD_SAVED_STRUCTS(State, inners, inner_fields),
    FIELD_SAVED(State, has_extra),
    FIELD_SAVED(State, extra, .present = extra_present),
    FIELD_SAVED(State, since2, .since = 2),
    FIELD_END,
};

static void pre_save(void *obj)
{
    ((State *)obj)->saved_calls++;
}

static bool loaded(void *obj, unsigned version, Error *err)
{
    State *s = obj;
    s->loaded_calls++;
    s->loaded_version = version;
    if (s->refuse) {
        error_set(err, "these values make no sense");
    }
    return !s->refuse;
}

static const VmState vms = {
    .name = "thing",
    .version = 2,
    .min_version = 1,
    .fields = fields,
    .pre_save = pre_save,
    .loaded = loaded,
};

/* The same as its first version wrote it. */
static const Field old_fields[] = {
    FIELD_SAVED(State, word),
    FIELD_END,
};
static const VmState old_vms = { "old", 1, 1, old_fields, NULL, NULL };
static const Field new_fields[] = {
    FIELD_SAVED(State, word),
    FIELD_SAVED(State, since2, .since = 2),
    FIELD_END,
};
static const VmState new_vms = { "old", 2, 1, new_fields, NULL, loaded };
static const VmState newest_vms = { "old", 3, 2, new_fields, NULL, NULL };

static void state_init(State *s)
{
    *s = (State) { .n_ports = 4 };
    s->ports = g_new0(uint32_t, 4);
}

static void state_fill(State *s)
{
    s->flag = true;
    s->byte = 0x12;
    s->half = 0x3456;
    s->word = 0x789abcde;
    s->big = 0xf0e1d2c3b4a59687;
    s->small = -5;
    s->wide = INT64_MIN;
    s->text = g_strdup("some text");
    s->mode = 3;
    s->index = 7;
    memcpy(s->fifo, "hello", 5);
    s->fifo_len = 5;
    for (unsigned i = 0; i < 5; i++) {
        s->table[i] = (uint16_t)(i * 1000);
    }
    for (unsigned i = 0; i < 4; i++) {
        s->ports[i] = 100 + i;
    }
    s->n_queue = 3;
    s->queue = g_new(uint64_t, 3);
    for (unsigned i = 0; i < 3; i++) {
        s->queue[i] = ~(uint64_t)i;
    }
    s->inner = (Inner) { 9, -10, g_strdup("") };
    s->inners[2] = (Inner) { 99, 10, g_strdup("last") };
    s->has_extra = true;
    s->extra = 55;
    s->since2 = 66;
}

static void state_free(State *s)
{
    g_free(s->text);
    g_free(s->ports);
    g_free(s->queue);
    g_free(s->inner.label);
    for (unsigned i = 0; i < 3; i++) {
        g_free(s->inners[i].label);
    }
}

/* What is saved of @s, for comparing. */
static GBytes *image(State *s)
{
    ByteWriter w = { 0 };
    vms_write_obj(&vms, s, &w);
    GBytes *bytes = g_bytes_new(w.data, w.len);
    bw_free(&w);
    return bytes;
}

static void test_round_trip(void)
{
    State a, b;
    ByteWriter w = { 0 };
    state_init(&a);
    state_init(&b);
    state_fill(&a);
    b.queue = g_new0(uint64_t, 9);
    b.n_queue = 9;
    b.text = g_strdup("to be replaced");
    vms_write_obj(&vms, &a, &w);
    g_assert_true(vms_read_obj(&vms, &b, w.data, w.len, NULL));
    g_assert_cmpuint(a.saved_calls, ==, 1);
    g_assert_cmpuint(b.loaded_calls, ==, 1);
    g_assert_cmpuint(b.loaded_version, ==, 2);
    g_assert_cmpstr(b.text, ==, "some text");
    g_assert_cmpint(b.wide, ==, INT64_MIN);
    g_assert_cmpint(b.small, ==, -5);
    g_assert_cmpuint(b.n_queue, ==, 3);
    g_assert_cmphex(b.queue[2], ==, ~UINT64_C(2));
    g_assert_cmpuint(b.fifo_len, ==, 5);
    g_assert_cmpint(b.inner.y, ==, -10);
    g_assert_cmpstr(b.inners[2].label, ==, "last");
    g_assert_null(b.inners[1].label);
    g_assert_cmpuint(b.extra, ==, 55);
    g_autoptr(GBytes) ia = image(&a);
    g_autoptr(GBytes) ib = image(&b);
    g_assert_true(g_bytes_equal(ia, ib));

    /* An empty state, with its optional field left out. */
    State c, d;
    state_init(&c);
    state_init(&d);
    state_fill(&d);
    w.len = 0;
    vms_write_obj(&vms, &c, &w);
    g_assert_true(vms_read_obj(&vms, &d, w.data, w.len, NULL));
    g_assert_null(d.text);
    g_assert_cmpuint(d.n_queue, ==, 0);
    g_assert_cmpuint(d.fifo_len, ==, 0);
    g_assert_cmpuint(d.extra, ==, 55); /* absent: as it was */
    bw_free(&w);
    state_free(&a);
    state_free(&b);
    state_free(&c);
    state_free(&d);
}

/* Every prefix, and every changed byte, is either refused without effect or gives values in bounds.
 */
static void test_bad_object_streams(void)
{
    State a, b;
    ByteWriter w = { 0 };
    unsigned accepted = 0;
    state_init(&a);
    state_init(&b);
    state_fill(&a);
    vms_write_obj(&vms, &a, &w);
    g_autoptr(GBytes) clean = image(&b);
    for (size_t len = 0; len < w.len; len++) {
        Error err = { 0 };
        uint8_t *cut = g_memdup2(w.data, len);
        g_assert_false(vms_read_obj(&vms, &b, cut, len, &err));
        g_assert_true(error_is_set(&err));
        error_clear(&err);
        g_free(cut);
    }
    g_autoptr(GBytes) still = image(&b);
    g_assert_true(g_bytes_equal(clean, still));
    for (size_t at = 0; at < w.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            State c;
            state_init(&c);
            g_autoptr(GBytes) before = image(&c);
            w.data[at] ^= (uint8_t)(1 << bit);
            bool ok = vms_read_obj(&vms, &c, w.data, w.len, NULL);
            w.data[at] ^= (uint8_t)(1 << bit);
            g_autoptr(GBytes) after = image(&c);
            g_assert_true(ok || g_bytes_equal(before, after));
            g_assert_cmpuint(c.index, <=, 7);
            g_assert_cmpuint(c.fifo_len, <=, 16);
            g_assert_cmpuint(c.n_ports, ==, 4);
            accepted += ok;
            state_free(&c);
        }
    }
    g_assert_cmpuint(accepted, >, 0);
    g_assert_cmpuint(accepted, <, w.len * 8);
    bw_free(&w);
    state_free(&a);
    state_free(&b);
}

typedef struct Bad {
    const char *what; /* part of the error */
    void (*spoil)(State *s);
} Bad;

static void spoil_index(State *s)
{
    s->index = 8;
}
static void spoil_bool(State *s)
{
    *(uint8_t *)&s->flag = 2;
}
static void spoil_enum(State *s)
{
    s->mode = 1;
}
static void spoil_ports(State *s)
{
    s->n_ports = 3;
}
static void spoil_inner(State *s)
{
    s->inners[1].y = 11;
}

/* Values that the table does not allow are refused by the reader, with a text that says which. */
static void test_values_out_of_bounds(void)
{
    static const Bad cases[] = {
        { "'index' must be from 0 to 7, not 8", spoil_index },
        { "'flag' takes", spoil_bool },
        { "'mode' has no value number 1", spoil_enum },
        { "'ports' has 3 elements where only 4 are possible", spoil_ports },
        { "in element 1 of 'inners': 'y' must be from -10 to 10, not 11", spoil_inner },
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        State a, b;
        Error err = { 0 };
        ByteWriter w = { 0 };
        state_init(&a);
        state_init(&b);
        state_fill(&a);
        cases[i].spoil(&a);
        vms_write_obj(&vms, &a, &w);
        g_assert_false(vms_read_obj(&vms, &b, w.data, w.len, &err));
        g_test_message("%s", err.msg);
        g_assert_nonnull(strstr(err.msg, cases[i].what));
        g_assert_cmpuint(b.loaded_calls, ==, 0);
        error_clear(&err);
        bw_free(&w);
        state_free(&a);
        state_free(&b);
    }
}

static void test_versions(void)
{
    State a = { .word = 5 }, b = { .since2 = 77 };
    Error err = { 0 };
    ByteWriter w = { 0 };
    vms_write_obj(&old_vms, &a, &w);
    g_assert_true(vms_read_obj(&new_vms, &b, w.data, w.len, NULL));
    g_assert_cmpuint(b.word, ==, 5);
    g_assert_cmpuint(b.since2, ==, 77); /* older stream: as it was */
    g_assert_cmpuint(b.loaded_version, ==, 1);
    g_assert_false(vms_read_obj(&newest_vms, &b, w.data, w.len, &err));
    g_assert_cmpstr(err.msg, ==, "version 1 is not supported, only 2 to 3");
    error_clear(&err);
    w.len = 0;
    vms_write_obj(&newest_vms, &a, &w);
    g_assert_false(vms_read_obj(&new_vms, &b, w.data, w.len, &err)); /* from the future */
    error_clear(&err);

    /* The new version without its new field is not complete. */
    w.len = 0;
    vms_write_obj(&old_vms, &a, &w);
    w.data[0] = 2;
    g_assert_false(vms_read_obj(&new_vms, &b, w.data, w.len, &err));
    g_assert_cmpstr(err.msg, ==, "field 'since2' is missing");
    error_clear(&err);
    bw_free(&w);
}

static void test_odd_streams(void)
{
    State a = { .word = 5 }, b = { 0 };
    Error err = { 0 };
    ByteWriter w = { 0 };
    vms_write_obj(&new_vms, &a, &w);
    g_assert_false(vms_read_obj(&old_vms, &b, w.data, w.len, &err)); /* version 2 */
    error_clear(&err);
    w.data[0] = 1;
    g_assert_false(vms_read_obj(&old_vms, &b, w.data, w.len, &err));
    g_assert_cmpstr(err.msg, ==, "there is no field 'since2' here");
    error_clear(&err);
    g_assert_cmpuint(b.word, ==, 0);

    /* The same field twice. */
    w.len = 0;
    vms_write_obj(&old_vms, &a, &w);
    size_t field = w.len - 6;
    g_autofree uint8_t *copy = g_memdup2(w.data + 6, field);
    bw_bytes(&w, copy, field);
    bw_patch_u32(&w, 2, (uint32_t)(2 * field));
    g_assert_false(vms_read_obj(&old_vms, &b, w.data, w.len, &err));
    g_assert_cmpstr(err.msg, ==, "field 'word' is there twice");
    error_clear(&err);

    w.len = 6 + field;
    bw_patch_u32(&w, 2, (uint32_t)field);
    bw_u8(&w, 0);
    g_assert_false(vms_read_obj(&old_vms, &b, w.data, w.len, &err)); /* a byte too many */
    error_clear(&err);
    w.len--;
    w.data[6] = 5;
    g_assert_false(vms_read_obj(&old_vms, &b, w.data, w.len, &err));
    g_assert_cmpstr(err.msg, ==, "field 'word' is of another type (code 5)");
    error_clear(&err);
    bw_free(&w);
}

/* --- whole machines --- */

typedef struct Rig {
    Machine *m;
    State a, b;
    unsigned resets;
} Rig;

static void rig_reset(void *opaque)
{
    Rig *r = opaque;
    r->resets++;
    r->a.word = r->b.word = 0;
}

static void rig_init(Rig *r)
{
    *r = (Rig) { 0 };
    r->m = machine_new("none", NULL);
    g_assert_true(machine_init(r->m, NULL));
    state_init(&r->a);
    state_init(&r->b);
    machine_add_reset(r->m, rig_reset, r);
    vms_register(r->m, NULL, VMS_NEXT_INSTANCE, &vms, &r->a);
    vms_register(r->m, NULL, VMS_NEXT_INSTANCE, &vms, &r->b);
    machine_lock(r->m);
}

static void rig_free(Rig *r)
{
    vms_unregister(r->m, &r->a);
    vms_unregister(r->m, &r->b);
    g_assert_cmpuint(r->m->vmstates->len, ==, 0);
    machine_unlock(r->m);
    machine_free(r->m);
    state_free(&r->a);
    state_free(&r->b);
}

static ByteWriter rig_stream(void)
{
    Rig r;
    ByteWriter w = { 0 };
    rig_init(&r);
    state_fill(&r.a);
    r.b.word = 1234;
    clk_virtual_set(&r.m->clk_virtual, 5 * NS_PER_SEC);
    vms_save(r.m, &w);
    rig_free(&r);
    return w;
}

static void test_machine_round_trip(void)
{
    ByteWriter w = rig_stream(), again = { 0 };
    Rig r;
    rig_init(&r);
    g_assert_true(vms_load(r.m, w.data, w.len, NULL));
    g_assert_cmpuint(r.resets, ==, 1);
    g_assert_cmphex(r.a.word, ==, 0x789abcde);
    g_assert_cmpuint(r.b.word, ==, 1234);
    g_assert_cmpint(clk_ns(&r.m->clk_virtual), ==, 5 * NS_PER_SEC);
    g_assert_cmpuint(r.a.loaded_calls, ==, 1);
    g_assert_cmpuint(r.b.loaded_calls, ==, 1);
    vms_save(r.m, &again);
    g_assert_cmpmem(again.data, again.len, w.data, w.len);
    bw_free(&w);
    bw_free(&again);
    rig_free(&r);
}

static void test_machine_truncated_and_altered(void)
{
    ByteWriter w = rig_stream(), before = { 0 }, after = { 0 };
    Rig r;
    rig_init(&r);
    r.a.word = 42;
    vms_save(r.m, &before);
    for (size_t len = 0; len < w.len; len++) {
        Error err = { 0 };
        uint8_t *cut = g_memdup2(w.data, len);
        g_assert_false(vms_load(r.m, cut, len, &err));
        g_assert_true(error_is_set(&err));
        if (len > 8) {
            g_assert_nonnull(strstr(err.msg, "ends early"));
        }
        error_clear(&err);
        g_free(cut);
    }
    for (size_t at = 0; at < w.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            Error err = { 0 };
            w.data[at] ^= (uint8_t)(1 << bit);
            g_assert_false(vms_load(r.m, w.data, w.len, &err));
            g_assert_true(error_is_set(&err));
            w.data[at] ^= (uint8_t)(1 << bit);
            error_clear(&err);
        }
    }
    g_assert_cmpuint(r.resets, ==, 0); /* nothing ever got so far */
    vms_save(r.m, &after);
    g_assert_cmpmem(before.data, before.len, after.data, after.len);
    bw_u8(&w, 0);
    g_assert_false(vms_load(r.m, w.data, w.len, NULL));
    bw_free(&w);
    bw_free(&before);
    bw_free(&after);
    rig_free(&r);
}

/* Noise with a right checksum must not do harm either. */
static void test_machine_fuzz(void)
{
    ByteWriter w = rig_stream();
    GRand *rng = g_rand_new_with_seed(11);
    Rig r;
    rig_init(&r);
    for (unsigned round = 0; round < 20000; round++) {
        uint8_t *copy = g_memdup2(w.data, w.len);
        for (int n = g_rand_int_range(rng, 1, 4); n > 0; n--) {
            size_t at = (size_t)g_rand_int_range(rng, 0, (int)w.len - 4);
            copy[at] = (uint8_t)g_rand_int(rng);
        }
        uint32_t crc = crc32_ieee(0, copy, w.len - 4);
        for (unsigned i = 0; i < 4; i++) {
            copy[w.len - 4 + i] = (uint8_t)(crc >> (8 * i));
        }
        vms_load(r.m, copy, w.len, NULL);
        g_assert_cmpuint(r.a.index, <=, 7);
        g_assert_cmpuint(r.a.fifo_len, <=, 16);
        g_assert_cmpuint(r.a.n_queue, <=, 100);
        g_assert_cmpuint(r.a.n_ports, ==, 4);
        g_free(copy);
    }
    g_rand_free(rng);
    bw_free(&w);
    rig_free(&r);
}

static void expect_refusal(Machine *m, const ByteWriter *w, const char *text)
{
    Error err = { 0 };
    g_assert_false(vms_load(m, w->data, w->len, &err));
    g_assert_cmpstr(err.msg, ==, text);
    error_clear(&err);
}

static void test_machine_mismatch(void)
{
    ByteWriter w = rig_stream();
    State more;
    Rig r;
    rig_init(&r);
    state_init(&more);
    vms_register(r.m, "another", 3, &vms, &more);
    expect_refusal(r.m, &w, "the saved state has no device 'another' (3)");
    vms_unregister(r.m, &more);
    vms_unregister(r.m, &r.b);
    expect_refusal(r.m, &w,
                   "the saved state has a device 'thing' (1) that this machine does not have");
    vms_register(r.m, NULL, 1, &vms, &r.b);
    r.m->smp.cpus = 2;
    expect_refusal(r.m, &w, "the saved machine has 0 bytes of RAM and 1 CPUs, this one 0 and 2");
    r.m->smp.cpus = 1;
    w.data[0] = 'X';
    expect_refusal(r.m, &w, "this is not a saved state of Peregrine");
    state_free(&more);
    bw_free(&w);
    rig_free(&r);
}

static void test_loaded_refuses(void)
{
    ByteWriter w = rig_stream();
    Rig r;
    rig_init(&r);
    r.b.refuse = true;
    expect_refusal(r.m, &w, "while loading the state of 'thing' (1): these values make no sense");
    g_assert_cmpuint(r.resets, ==, 2); /* left in its reset state */
    g_assert_cmpuint(r.a.word, ==, 0);
    bw_free(&w);
    rig_free(&r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vmstate/round-trip", test_round_trip);
    g_test_add_func("/vmstate/bad-object-streams", test_bad_object_streams);
    g_test_add_func("/vmstate/values-out-of-bounds", test_values_out_of_bounds);
    g_test_add_func("/vmstate/versions", test_versions);
    g_test_add_func("/vmstate/odd-streams", test_odd_streams);
    g_test_add_func("/vmstate/machine/round-trip", test_machine_round_trip);
    g_test_add_func("/vmstate/machine/truncated-and-altered", test_machine_truncated_and_altered);
    g_test_add_func("/vmstate/machine/fuzz", test_machine_fuzz);
    g_test_add_func("/vmstate/machine/mismatch", test_machine_mismatch);
    g_test_add_func("/vmstate/machine/loaded-refuses", test_loaded_refuses);
    return g_test_run();
}
