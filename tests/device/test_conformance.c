/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every device must do, whatever it is: each registered class is made on an empty machine,
 * shaken with random accesses, reset, saved and loaded.
 */
#include <string.h>

#include "device_fixture.h"
#include "hw/core/regs.h"
#include "util/log.h"
#include "util/units.h"

enum { BASE = 0x40000000, RAM_BASE = 0x10000, RAM_SIZE = 64 * 1024, ROUNDS = 3000 };

typedef struct Dut {
    Machine *m;
    Device *dev;
    const VmState *vms;
    MemRegion ram;
} Dut;

static void dut_begin(Dut *d, const char *type)
{
    d->m = fixture_machine("none", "");
    g_assert_true(mem_region_init_ram(&d->ram, d->m, "ram", RAM_SIZE, NULL));
    mem_region_add_sub(&d->m->sysmem, RAM_BASE, &d->ram, 0);
    clk_virtual_set(&d->m->clk_virtual, 123456789);
    d->dev = fixture_device(d->m, type, BASE, "");
    d->vms = dev_class(d->dev)->vmstate;
}

static void dut_end(Dut *d)
{
    mem_region_del_sub(&d->m->sysmem, &d->ram);
    mem_region_destroy(&d->ram);
    fixture_free(d->m);
}

static GBytes *dut_save(Dut *d)
{
    ByteWriter w = { 0 };
    if (d->vms) {
        vms_write_obj(d->vms, d->dev, &w);
    }
    GBytes *bytes = g_bytes_new(w.data, w.len);
    bw_free(&w);
    return bytes;
}

static void assert_state(Dut *d, GBytes *expected)
{
    g_autoptr(GBytes) now = dut_save(d);
    g_assert_true(g_bytes_equal(now, expected));
}

/* --- random accesses --- */

static MemRegion *random_region(Dut *d, GRand *r)
{
    GPtrArray *regions = d->dev->regions;
    return g_ptr_array_index(regions, g_rand_int_range(r, 0, (gint32)regions->len));
}

/* Mostly where registers are: near the start of the region, and near its ends. */
static uint64_t random_offset(const MemRegion *mr, GRand *r)
{
    uint64_t any = (uint64_t)g_rand_int(r) << 32 | g_rand_int(r);
    switch (g_rand_int_range(r, 0, 4)) {
    case 0:
        return any % mr->size;
    case 1:
        return (mr->size - 1 - any % 64) % mr->size;
    default:
        return any % MIN(mr->size, 0x100);
    }
}

static uint64_t region_gpa(const MemRegion *mr)
{
    return mr->addr;
}

static void poke(Dut *d, GRand *r)
{
    MemRegion *mr = random_region(d, r);
    uint64_t gpa = region_gpa(mr) + random_offset(mr, r), value = g_rand_int(r);
    unsigned size = 1u << g_rand_int_range(r, 0, 4);
    value |= (uint64_t)g_rand_int(r) << 32;
    if (g_rand_boolean(r)) {
        value &= 0xff;
    }
    MemResult rc = g_rand_boolean(r) ? mem_store(&d->m->memory, gpa, size, value, MEM_ATTRS_NONE)
                                     : mem_load(&d->m->memory, gpa, size, &value, MEM_ATTRS_NONE);
    g_assert_true(rc == MEM_OK || rc == MEM_ERROR || rc == MEM_DECODE_ERROR);
}

static void shake(Dut *d, guint32 seed)
{
    GRand *r = g_rand_new_with_seed(seed);
    for (unsigned i = 0; d->dev->regions->len && i < ROUNDS; i++) {
        poke(d, r);
    }
    g_rand_free(r);
}

/* --- the tests --- */

static void test_reset(gconstpointer type)
{
    Dut d;
    dut_begin(&d, type);
    for (guint32 seed = 0; seed < 4; seed++) {
        dev_reset(d.dev);
        g_autoptr(GBytes) once = dut_save(&d);
        dev_reset(d.dev);
        assert_state(&d, once);
        shake(&d, seed);
    }
    dut_end(&d);
}

static void test_save_load(gconstpointer type)
{
    Dut d;
    dut_begin(&d, type);
    for (guint32 seed = 10; d.vms && seed < 14; seed++) {
        Error err = { 0 };
        shake(&d, seed);
        g_autoptr(GBytes) saved = dut_save(&d);
        gsize len;
        const void *data = g_bytes_get_data(saved, &len);
        dev_reset(d.dev);
        bool ok = vms_read_obj(d.vms, d.dev, data, len, &err);
        g_assert_cmpstr(error_msg(&err), ==, "");
        g_assert_true(ok);
        assert_state(&d, saved);
    }
    dut_end(&d);
}

/* A stream that is cut anywhere is refused, and nothing changes. */
static void test_truncated(gconstpointer type)
{
    Dut d;
    dut_begin(&d, type);
    shake(&d, 20);
    g_autoptr(GBytes) saved = dut_save(&d);
    gsize len;
    const uint8_t *data = g_bytes_get_data(saved, &len);
    dev_reset(d.dev);
    g_autoptr(GBytes) before = dut_save(&d);
    gsize step = len / 2000 + 1;
    for (gsize cut = 0; d.vms && cut < len; cut += step) {
        g_autofree uint8_t *part = g_memdup2(data, cut);
        Error err = { 0 };
        g_assert_false(vms_read_obj(d.vms, d.dev, part, cut, &err));
        g_assert_true(error_is_set(&err));
        error_clear(&err);
    }
    assert_state(&d, before);
    dut_end(&d);
}

/* Damage is refused, or gives a state that can be shaken, saved and reset like any other. */
static void test_damaged(gconstpointer type)
{
    Dut d;
    dut_begin(&d, type);
    shake(&d, 30);
    g_autoptr(GBytes) saved = dut_save(&d);
    gsize len;
    const uint8_t *data = g_bytes_get_data(saved, &len);
    GRand *r = g_rand_new_with_seed(31);
    for (unsigned i = 0; d.vms && i < 300; i++) {
        g_autofree uint8_t *bad = g_memdup2(data, len);
        bad[g_rand_int_range(r, 0, (gint32)len)] ^= 1u << g_rand_int_range(r, 0, 8);
        vms_read_obj(d.vms, d.dev, bad, len, NULL);
        for (unsigned k = 0; k < 20 && d.dev->regions->len; k++) {
            poke(&d, r);
        }
        dev_reset(d.dev);
    }
    g_rand_free(r);
    dut_end(&d);
}

static RegSpace *space_of(MemRegion *mr)
{
    RegSpace *rs = container_of(mr, RegSpace, mr);
    return mr->kind == MEM_IO && mr->opaque == rs ? rs : NULL;
}

static uint64_t bank_load(RegSpace *rs, uint64_t offset, unsigned size)
{
    uint64_t value = 0;
    g_assert_cmpint(mem_io_read(&rs->mr, offset, size, &value, MEM_ATTRS_NONE), ==, MEM_OK);
    return value;
}

/* A register read whole is its two halves, unless reading changes it. */
static void check_halves(RegSpace *rs, const Reg *reg)
{
    unsigned half = reg->size / 2;
    unsigned least = rs->block->min_access ? rs->block->min_access : 1;
    if (half < least || (reg->flags & REG_WHOLE) || reg->access == REG_RC ||
        reg->access == REG_WO) {
        return;
    }
    uint64_t whole = bank_load(rs, reg->offset, reg->size);
    if (bank_load(rs, reg->offset, reg->size) != whole) {
        return;
    }
    uint64_t first = bank_load(rs, reg->offset, half);
    uint64_t second = bank_load(rs, reg->offset + half, half);
    uint64_t joined =
        rs->block->big_endian ? first << 8 * half | second : second << 8 * half | first;
    g_assert_cmphex(joined, ==, whole);
}

static void test_halves(gconstpointer type)
{
    Dut d;
    dut_begin(&d, type);
    shake(&d, 40);
    for (unsigned i = 0; i < d.dev->regions->len; i++) {
        RegSpace *rs = space_of(g_ptr_array_index(d.dev->regions, i));
        for (const Reg *reg = rs ? rs->block->regs : NULL; reg && reg->name; reg++) {
            check_halves(rs, reg);
        }
    }
    dut_end(&d);
}

/* An access where no register is is counted, and answered as the bank says. */
static void check_stray(RegSpace *rs)
{
    unsigned index, byte, size = MAX(rs->block->min_access, 1);
    for (uint64_t offset = 0; offset + size <= rs->mr.size; offset += size) {
        if (regs_find(rs->block, offset, &index, &byte)) {
            continue;
        }
        uint64_t value, count = log_guest_error_count();
        MemResult expected = rs->block->strict ? MEM_ERROR : MEM_OK;
        g_assert_cmpint(mem_io_read(&rs->mr, offset, size, &value, MEM_ATTRS_NONE), ==, expected);
        g_assert_cmpint(mem_io_write(&rs->mr, offset, size, 1, MEM_ATTRS_NONE), ==, expected);
        g_assert_cmpuint(log_guest_error_count(), ==, count + 2);
        return;
    }
}

static void test_stray(gconstpointer type)
{
    Dut d;
    dut_begin(&d, type);
    for (unsigned i = 0; i < d.dev->regions->len; i++) {
        RegSpace *rs = space_of(g_ptr_array_index(d.dev->regions, i));
        if (rs) {
            check_stray(rs);
        }
    }
    dut_end(&d);
}

static void add_tests(const TypeInfo *type, void *opaque)
{
    static const struct {
        const char *name;
        GTestDataFunc fn;
    } tests[] = {
        { "reset", test_reset },         { "save-load", test_save_load },
        { "truncated", test_truncated }, { "damaged", test_damaged },
        { "halves", test_halves },       { "stray", test_stray },
    };
    unsigned *count = opaque;
    if (g_str_has_suffix(type->name, "-riscv-cpu") || g_str_has_prefix(type->name, "riscv-cpu")) {
        return; /* harts have tests of their own */
    }
    ++*count;
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/conformance/%s/%s", type->name, tests[i].name);
        g_test_add_data_func(path, type->name, tests[i].fn);
    }
}

int main(int argc, char **argv)
{
    unsigned count = 0;
    g_test_init(&argc, &argv, NULL);
    type_foreach(TYPE_DEVICE, false, add_tests, &count);
    g_assert_cmpuint(count, >=, 10);
    return g_test_run();
}
