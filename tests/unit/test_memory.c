/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Regions, flat views, access and its rules. */
#include <glib.h>
#include <string.h>

#include "system/machine.h"
#include "util/log.h"
#include "util/units.h"

/* A device that remembers the last access and answers with the address of each byte. */
typedef struct Probe {
    MemRegion mr;
    MemOps ops;
    unsigned reads, writes;
    uint64_t offset, value;
    unsigned size;
    bool locked;
    MemResult answer;
    Machine *m;
} Probe;

static MemResult probe_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                            MemAttrs attrs)
{
    Probe *p = opaque;
    p->reads++;
    p->offset = offset;
    p->size = size;
    p->locked = machine_locked(p->m);
    *value = 0;
    for (unsigned i = 0; i < size; i++) {
        unsigned byte = p->ops.endian == MEM_BIG_ENDIAN ? size - 1 - i : i;
        *value |= ((offset + i) & 0xff) << (8 * byte);
    }
    return p->answer;
}

static MemResult probe_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                             MemAttrs attrs)
{
    Probe *p = opaque;
    p->writes++;
    p->offset = offset;
    p->size = size;
    p->value = value;
    p->locked = machine_locked(p->m);
    return p->answer;
}

static void probe_init(Probe *p, Machine *m, uint64_t size)
{
    *p = (Probe) { .m = m, .ops = { .read = probe_read, .write = probe_write } };
    mem_region_init_io(&p->mr, m, "probe", size, &p->ops, p);
}

static Machine *new_machine(void)
{
    Machine *m = machine_new("none", NULL);
    g_assert_nonnull(m);
    return m;
}

static void add_ram(Machine *m, MemRegion *mr, const char *name, uint64_t addr, uint64_t size,
                    int prio)
{
    g_assert_true(mem_region_init_ram(mr, m, name, size, NULL));
    mem_region_add_sub(&m->sysmem, addr, mr, prio);
}

static const char *name_at(Machine *m, uint64_t gpa)
{
    MemSection s = mem_lookup(&m->memory, gpa);
    return s.mr ? s.mr->name : NULL;
}

static void test_lookup(void)
{
    Machine *m = new_machine();
    MemRegion ram;
    g_assert_null(name_at(m, 0));
    add_ram(m, &ram, "ram", 0x80000000, 64 * KiB, 0);
    MemSection s = mem_lookup(&m->memory, 0x80000010);
    g_assert_true(s.mr == &ram);
    g_assert_cmphex(s.offset, ==, 0x10);
    g_assert_cmphex(s.left, ==, 64 * KiB - 0x10);
    g_assert_true(s.hva == ram.ram + 0x10);
    g_assert_cmphex(s.ram_addr, ==, ram.ram_addr + 0x10);
    g_assert_true(s.writable);
    s = mem_lookup(&m->memory, 0x1000);
    g_assert_null(s.mr);
    g_assert_cmphex(s.left, ==, 0x80000000 - 0x1000);
    s = mem_lookup(&m->memory, 0x80010000);
    g_assert_null(s.mr);
    g_assert_cmphex(s.left, ==, -UINT64_C(0x80010000));
    s = mem_lookup(&m->memory, UINT64_MAX);
    g_assert_null(s.mr);
    g_assert_cmphex(s.left, ==, 1);
    mem_region_destroy(&ram);
    s = mem_lookup(&m->memory, 0);
    g_assert_cmphex(s.left, ==, UINT64_MAX);
    machine_free(m);
}

static void test_priorities(void)
{
    Machine *m = new_machine();
    MemRegion low, high, same;
    add_ram(m, &low, "low", 0, 12 * KiB, 0);
    add_ram(m, &high, "high", 4 * KiB, 4 * KiB, 1);
    g_assert_cmpstr(name_at(m, 0), ==, "low");
    g_assert_cmpstr(name_at(m, 4 * KiB), ==, "high");
    g_assert_cmpstr(name_at(m, 8 * KiB), ==, "low");
    g_assert_cmphex(mem_lookup(&m->memory, 8 * KiB).offset, ==, 8 * KiB);
    g_assert_cmphex(mem_lookup(&m->memory, 0).left, ==, 4 * KiB);
    add_ram(m, &same, "same", 0, 4 * KiB, 0); /* later of equals */
    g_assert_cmpstr(name_at(m, 0), ==, "same");
    mem_region_set_enabled(&high, false);
    g_assert_cmpstr(name_at(m, 4 * KiB), ==, "low");
    mem_region_set_enabled(&high, true);
    mem_region_set_addr(&high, 0);
    g_assert_cmpstr(name_at(m, 0), ==, "high");
    g_assert_cmpstr(name_at(m, 4 * KiB), ==, "low");
    mem_region_destroy(&high);
    mem_region_destroy(&same);
    mem_region_destroy(&low);
    machine_free(m);
}

static void test_nesting_clips(void)
{
    Machine *m = new_machine();
    MemRegion box, inner, ram, wide;
    mem_region_init_container(&box, m, "box", 0x2000);
    mem_region_init_container(&inner, m, "inner", 0x10000);
    add_ram(m, &wide, "wide", 0, 1 * MiB, -5);
    g_assert_true(mem_region_init_ram(&ram, m, "ram", 0x8000, NULL));
    mem_region_add_sub(&inner, 0x1000, &ram, 0);
    mem_region_add_sub(&box, 0, &inner, 0);
    mem_region_add_sub(&m->sysmem, 0x10000, &box, 0);
    g_assert_cmpstr(name_at(m, 0x10fff), ==, "wide"); /* containers let things below through */
    g_assert_cmpstr(name_at(m, 0x11000), ==, "ram");
    g_assert_cmphex(mem_lookup(&m->memory, 0x11000).left, ==, 0x1000); /* clipped by the box */
    g_assert_cmpstr(name_at(m, 0x12000), ==, "wide");
    mem_region_set_size(&box, 0x3000);
    g_assert_cmphex(mem_lookup(&m->memory, 0x11000).left, ==, 0x2000);
    mem_region_destroy(&box);
    g_assert_cmpstr(name_at(m, 0x11000), ==, "wide");
    machine_free(m);
}

static void test_alias(void)
{
    Machine *m = new_machine();
    MemRegion ram, win;
    add_ram(m, &ram, "ram", 0x100000, 64 * KiB, 0);
    mem_region_init_alias(&win, m, "window", &ram, 0x4000, 0x2000);
    mem_region_add_sub(&m->sysmem, 0x1000, &win, 0);
    MemSection s = mem_lookup(&m->memory, 0x1010);
    g_assert_true(s.mr == &ram);
    g_assert_cmphex(s.offset, ==, 0x4010);
    g_assert_cmphex(s.left, ==, 0x1ff0);
    g_assert_null(name_at(m, 0xfff));
    g_assert_null(name_at(m, 0x3000));
    mem_region_set_alias_offset(&win, 0xf000); /* half of it lies past the end */
    g_assert_cmphex(mem_lookup(&m->memory, 0x1000).left, ==, 0x1000);
    g_assert_null(name_at(m, 0x2000));
    mem_region_set_readonly(&win, true);
    g_assert_false(mem_lookup(&m->memory, 0x1000).writable);
    g_assert_true(mem_lookup(&m->memory, 0x100000).writable);
    uint32_t v = 0x12345678;
    uint64_t before = log_guest_error_count();
    g_assert_cmpint(mem_write(&m->memory, 0x1000, &v, 4, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpuint(log_guest_error_count(), ==, before + 1);
    g_assert_cmphex(ram.ram[0xf000], ==, 0);
    mem_region_destroy(&win);
    mem_region_destroy(&ram);
    machine_free(m);
}

static void test_alias_of_container_at_top(void)
{
    Machine *m = new_machine();
    MemRegion pci, dev, win;
    mem_region_init_container(&pci, m, "pci", MEM_SIZE_ALL);
    Probe p;
    probe_init(&p, m, 0x1000);
    mem_region_add_sub(&pci, UINT64_MAX - 0xfff, &p.mr, 0);
    mem_region_init_alias(&win, m, "win", &pci, UINT64_MAX - 0x1fff, 0x2000);
    mem_region_add_sub(&m->sysmem, UINT64_MAX - 0x1fff, &win, 0);
    mem_region_init_alias(&dev, m, "low", &pci, UINT64_MAX - 0xfff, 0x1000);
    mem_region_add_sub(&m->sysmem, 0, &dev, 0);
    g_assert_cmpstr(name_at(m, UINT64_MAX), ==, "probe");
    g_assert_cmphex(mem_lookup(&m->memory, UINT64_MAX).offset, ==, 0xfff);
    g_assert_cmphex(mem_lookup(&m->memory, UINT64_MAX).left, ==, 1);
    g_assert_null(name_at(m, UINT64_MAX - 0x1000));
    g_assert_cmpstr(name_at(m, 0xfff), ==, "probe");
    uint8_t byte = 1;
    g_assert_cmpint(mem_read(&m->memory, UINT64_MAX, &byte, 1, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(byte, ==, 0xff);
    mem_region_destroy(&dev);
    mem_region_destroy(&win);
    mem_region_destroy(&p.mr);
    mem_region_destroy(&pci);
    machine_free(m);
}

static void test_alias_loop(void)
{
    Machine *m = new_machine();
    MemRegion box, self;
    mem_region_init_container(&box, m, "box", 0x10000);
    mem_region_init_alias(&self, m, "self", &box, 0, 0x10000);
    mem_region_add_sub(&box, 0, &self, 0);
    mem_region_add_sub(&m->sysmem, 0, &box, 0); /* ends, with nothing there */
    g_assert_null(name_at(m, 0));
    mem_region_destroy(&self);
    mem_region_destroy(&box);
    machine_free(m);
}

/* Any tree of overlapping regions must give at each address what a search from the top gives. */
static const MemRegion *search(const MemRegion *mr, uint64_t off, uint64_t *at)
{
    if (!mr->enabled || off >= mr->size) {
        return NULL;
    }
    for (unsigned i = 0; mr->subs && i < mr->subs->len; i++) {
        const MemRegion *sub = g_ptr_array_index(mr->subs, i);
        const MemRegion *hit = off >= sub->addr ? search(sub, off - sub->addr, at) : NULL;
        if (hit) {
            return hit;
        }
    }
    if (mr->kind == MEM_ALIAS) {
        return search(mr->alias, off + mr->alias_off, at);
    }
    *at = off;
    return mr->kind == MEM_CONTAINER ? NULL : mr;
}

enum { NODES = 24, SPAN = 512 };

typedef struct Forest {
    Machine *m;
    GRand *rng;
    Probe probes[NODES]; /* region i is probes[i].mr, whatever its kind */
    MemRegion *parents[NODES + 1];
    unsigned n_parents;
} Forest;

static uint64_t below(Forest *f, unsigned end)
{
    return (uint64_t)g_rand_int_range(f->rng, 0, (int)end);
}

static void plant(Forest *f, unsigned i)
{
    MemRegion *mr = &f->probes[i].mr;
    uint64_t size = 1 + below(f, 200);
    unsigned kind = (unsigned)below(f, 4);
    if (kind == 0) {
        mem_region_init_container(mr, f->m, "box", size);
    } else if (kind == 1 && i > 0) {
        mem_region_init_alias(mr, f->m, "alias", &f->probes[below(f, i)].mr, below(f, 99), size);
    } else {
        probe_init(&f->probes[i], f->m, size);
    }
    mem_region_add_sub(f->parents[below(f, f->n_parents)], below(f, SPAN / 2), mr,
                       (int)below(f, 5) - 2);
    mem_region_set_enabled(mr, below(f, 10) != 0);
    if (mr->kind != MEM_ALIAS) {
        f->parents[f->n_parents++] = mr;
    }
}

static void test_random_trees(void)
{
    Forest *f = g_new0(Forest, 1);
    f->rng = g_rand_new_with_seed(7);
    for (unsigned round = 0; round < 200; round++) {
        f->m = new_machine();
        f->parents[0] = &f->m->sysmem;
        f->n_parents = 1;
        mem_begin(f->m);
        for (unsigned i = 0; i < NODES; i++) {
            plant(f, i);
        }
        mem_commit(f->m);
        for (uint64_t gpa = 0; gpa < 2 * SPAN; gpa++) {
            uint64_t at = 0;
            const MemRegion *want = search(&f->m->sysmem, gpa, &at);
            MemSection s = mem_lookup(&f->m->memory, gpa);
            g_assert_true(s.mr == want);
            g_assert_true(!want || s.offset == at);
        }
        for (unsigned i = 0; i < NODES; i++) {
            mem_region_destroy(&f->probes[i].mr);
        }
        machine_free(f->m);
    }
    g_rand_free(f->rng);
    g_free(f);
}

static void test_ram_access(void)
{
    Machine *m = new_machine();
    MemRegion a, b;
    uint8_t out[64], in[64];
    add_ram(m, &a, "a", 0, 4 * KiB, 0);
    add_ram(m, &b, "b", 4 * KiB, 4 * KiB, 0);
    for (unsigned i = 0; i < sizeof(in); i++) {
        in[i] = (uint8_t)(i * 7 + 1);
    }
    g_assert_cmpint(mem_write(&m->memory, 4096 - 30, in, 64, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpint(mem_read(&m->memory, 4096 - 30, out, 64, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpmem(in, 64, out, 64);
    g_assert_cmpmem(a.ram + 4066, 30, in, 30);
    g_assert_cmpmem(b.ram, 34, in + 30, 34);

    uint64_t v;
    g_assert_cmpint(mem_store(&m->memory, 4093, 8, 0x1122334455667788, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpint(mem_load(&m->memory, 4093, 8, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x1122334455667788);
    static const unsigned sizes[] = { 1, 2, 4, 8 };
    for (unsigned i = 0; i < 4; i++) {
        g_assert_cmpint(mem_load(&m->memory, 0, sizes[i], &v, MEM_ATTRS_NONE), ==, MEM_OK);
        g_assert_cmphex(v, ==, 0);
        g_assert_cmpint(mem_store(&m->memory, 64, sizes[i], 0xf1f2f3f4f5f6f7f8, MEM_ATTRS_NONE), ==,
                        MEM_OK);
        g_assert_cmpint(mem_load(&m->memory, 64, sizes[i], &v, MEM_ATTRS_NONE), ==, MEM_OK);
        g_assert_cmphex(v, ==, 0xf1f2f3f4f5f6f7f8 & (UINT64_MAX >> (64 - 8 * sizes[i])));
    }
    /* Past the end: what came before is done, and the failure is told. */
    g_assert_cmpint(mem_write(&m->memory, 8190, "wxyz", 4, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmpmem(b.ram + 4094, 2, "wx", 2);
    g_assert_cmpint(mem_read(&m->memory, 8190, out, 4, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmpint(mem_load(&m->memory, 8190, 4, &v, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmpint(mem_store(&m->memory, 8192, 4, 0, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmpint(mem_fill(&m->memory, 0, 0xaa, 8192), ==, MEM_OK);
    g_assert_cmphex(a.ram[4095], ==, 0xaa);
    g_assert_cmpint(mem_fill(&m->memory, 8191, 0xbb, 2), ==, MEM_DECODE_ERROR);
    mem_region_destroy(&a);
    mem_region_destroy(&b);
    machine_free(m);
}

static void test_rom(void)
{
    Machine *m = new_machine();
    MemRegion rom;
    uint64_t v, before = log_guest_error_count();
    g_assert_true(mem_region_init_rom(&rom, m, "rom", 4 * KiB, NULL));
    mem_region_add_sub(&m->sysmem, 0x1000, &rom, 0);
    g_assert_cmpint(mem_write_rom(&m->memory, 0x1000, "abcd", 4), ==, MEM_OK);
    g_assert_cmpint(mem_load(&m->memory, 0x1000, 4, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x64636261);
    g_assert_cmpint(mem_store(&m->memory, 0x1000, 4, 0, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpint(mem_io_write(&rom, 0, 4, 0, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpuint(log_guest_error_count(), ==, before + 2);
    g_assert_cmpmem(rom.ram, 4, "abcd", 4);
    g_assert_cmpint(mem_io_read(&rom, 2, 2, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x6463);
    g_assert_cmpint(mem_io_read(&rom, 4095, 2, &v, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmpint(mem_io_read(&rom, UINT64_MAX, 2, &v, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmpint(mem_fill(&m->memory, 0x1000, 0, 1), ==, MEM_ERROR);
    g_assert_cmpint(mem_write_rom(&m->memory, 0x1ffe, "abcd", 4), ==, MEM_DECODE_ERROR);
    uint64_t len = 8;
    g_assert_null(mem_map(&m->memory, 0x1000, &len, true));
    g_assert_true(mem_map(&m->memory, 0x1000, &len, false) == rom.ram);
    mem_region_destroy(&rom);
    machine_free(m);
}

static void test_romd(void)
{
    Machine *m = new_machine();
    Probe p = { .m = m, .ops = { .read = probe_read, .write = probe_write } };
    uint64_t v;
    g_assert_true(mem_region_init_romd(&p.mr, m, "flash", 4 * KiB, &p.ops, &p, NULL));
    mem_region_add_sub(&m->sysmem, 0, &p.mr, 0);
    g_assert_cmpint(mem_write_rom(&m->memory, 0, "abcd", 4), ==, MEM_OK);
    MemSection s = mem_lookup(&m->memory, 0);
    g_assert_nonnull(s.hva);
    g_assert_false(s.writable);
    mem_load(&m->memory, 0, 4, &v, MEM_ATTRS_NONE);
    g_assert_cmphex(v, ==, 0x64636261);
    g_assert_cmpint(mem_io_read(&p.mr, 0, 4, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x64636261);
    g_assert_cmpuint(p.reads, ==, 0);
    mem_store(&m->memory, 4, 4, 0x90, MEM_ATTRS_NONE);
    g_assert_cmpuint(p.writes, ==, 1);
    mem_region_set_romd(&p.mr, false);
    g_assert_null(mem_lookup(&m->memory, 0).hva);
    mem_load(&m->memory, 8, 2, &v, MEM_ATTRS_NONE);
    g_assert_cmpuint(p.reads, ==, 1);
    g_assert_cmphex(v, ==, 0x0908);
    mem_region_destroy(&p.mr);
    machine_free(m);
}

static void test_io_rules(void)
{
    Machine *m = new_machine();
    Probe p;
    uint64_t v, before = log_guest_error_count();
    probe_init(&p, m, 0x102);
    p.ops.valid_min = 2;
    p.ops.valid_max = 4;
    g_assert_cmpint(mem_io_read(&p.mr, 4, 4, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x07060504);
    g_assert_true(p.locked);
    g_assert_cmpint(mem_io_read(&p.mr, 4, 1, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_read(&p.mr, 8, 8, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_write(&p.mr, 2, 4, 0, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_write(&p.mr, 0x100, 4, 0, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_read(&p.mr, UINT64_MAX - 1, 2, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpuint(log_guest_error_count(), ==, before + 5);
    g_assert_cmpuint(p.reads, ==, 1);
    g_assert_cmpuint(p.writes, ==, 0);
    g_assert_cmpint(mem_io_write(&p.mr, 0x100, 2, 0xabcdef, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(p.value, ==, 0xcdef);
    p.ops.unaligned = true;
    g_assert_cmpint(mem_io_read(&p.mr, 1, 4, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x04030201);
    p.ops.lockless = true;
    mem_io_read(&p.mr, 0, 4, &v, MEM_ATTRS_NONE);
    g_assert_false(p.locked);
    p.answer = MEM_ERROR;
    g_assert_cmpint(mem_io_read(&p.mr, 0, 4, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    p.ops.read = NULL;
    p.ops.write = NULL;
    g_assert_cmpint(mem_io_read(&p.mr, 0, 4, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_write(&p.mr, 0, 4, 0, MEM_ATTRS_NONE), ==, MEM_ERROR);
    mem_region_destroy(&p.mr);
    machine_free(m);
}

static void test_io_split_and_widen(void)
{
    Machine *m = new_machine();
    Probe p;
    uint64_t v;
    probe_init(&p, m, 0x100);
    for (unsigned big = 0; big < 2; big++) {
        p.ops = (MemOps) { .read = probe_read,
                           .write = probe_write,
                           .impl_min = 4,
                           .impl_max = 4,
                           .endian = big ? MEM_BIG_ENDIAN : MEM_LITTLE_ENDIAN };
        p.reads = p.writes = 0;
        mem_io_read(&p.mr, 8, 8, &v, MEM_ATTRS_NONE);
        g_assert_cmphex(v, ==, big ? 0x08090a0b0c0d0e0f : 0x0f0e0d0c0b0a0908);
        g_assert_cmpuint(p.reads, ==, 2);
        mem_io_read(&p.mr, 0x12, 2, &v, MEM_ATTRS_NONE);
        g_assert_cmphex(v, ==, big ? 0x1213 : 0x1312);
        g_assert_cmphex(p.offset, ==, 0x10);
        g_assert_cmpuint(p.size, ==, 4);
        mem_io_read(&p.mr, 0x13, 1, &v, MEM_ATTRS_NONE);
        g_assert_cmphex(v, ==, 0x13);
        mem_io_write(&p.mr, 0x20, 8, 0x1122334455667788, MEM_ATTRS_NONE);
        g_assert_cmpuint(p.writes, ==, 2);
        g_assert_cmphex(p.value, ==, big ? 0x55667788 : 0x11223344);
        mem_io_write(&p.mr, 0x21, 1, 0xab, MEM_ATTRS_NONE);
        g_assert_cmphex(p.value, ==, big ? 0xab0000 : 0xab00);
        g_assert_cmphex(p.offset, ==, 0x20);
    }
    mem_region_destroy(&p.mr);
    machine_free(m);
}

static void test_io_bytes(void)
{
    Machine *m = new_machine();
    Probe p;
    uint8_t buf[16];
    probe_init(&p, m, 0x100);
    mem_region_add_sub(&m->sysmem, 0, &p.mr, 0);
    for (unsigned big = 0; big < 2; big++) {
        p.ops.endian = big ? MEM_BIG_ENDIAN : MEM_LITTLE_ENDIAN;
        for (unsigned max = 1; max <= 8; max *= 2) {
            p.ops.valid_max = (uint8_t)max;
            g_assert_cmpint(mem_read(&m->memory, 3, buf, 13, MEM_ATTRS_NONE), ==, MEM_OK);
            for (unsigned i = 0; i < 13; i++) {
                g_assert_cmphex(buf[i], ==, 3 + i);
            }
        }
    }
    g_assert_cmpint(mem_write(&m->memory, 0xfe, "abc", 3, MEM_ATTRS_NONE), ==, MEM_DECODE_ERROR);
    g_assert_cmphex(p.value, ==, 0x6162); /* big-endian by now */
    mem_region_destroy(&p.mr);
    machine_free(m);
}

typedef struct Hook {
    unsigned calls;
    uint64_t addr, len;
    uint8_t *hva;
} Hook;

static void on_write(void *opaque, uint64_t ram_addr, uint8_t *hva, uint64_t len)
{
    Hook *h = opaque;
    h->calls++;
    h->addr = ram_addr;
    h->hva = hva;
    h->len = len;
}

static void test_write_hook(void)
{
    Machine *m = new_machine();
    MemRegion a, b;
    Hook h = { 0 };
    uint64_t len = 100, off;
    add_ram(m, &a, "a", 0, 4 * KiB, 0);
    add_ram(m, &b, "b", 4 * KiB, 4 * KiB, 0);
    mem_set_write_hook(m, on_write, &h);
    mem_write(&m->memory, 10, "abc", 3, MEM_ATTRS_NONE);
    g_assert_cmpuint(h.calls, ==, 1);
    g_assert_cmphex(h.addr, ==, a.ram_addr + 10);
    g_assert_cmpuint(h.len, ==, 3);
    mem_write(&m->memory, 4095, "abc", 3, MEM_ATTRS_NONE);
    g_assert_cmpuint(h.calls, ==, 3);
    g_assert_cmphex(h.addr, ==, b.ram_addr);
    mem_fill(&m->memory, 4096, 1, 16);
    mem_write_rom(&m->memory, 4096, "x", 1);
    mem_store(&m->memory, 8, 8, 1, MEM_ATTRS_NONE);
    g_assert_cmpuint(h.calls, ==, 6);
    uint8_t *p = mem_map(&m->memory, 4096 + 4000, &len, true);
    g_assert_cmpuint(len, ==, 96);
    g_assert_true(p == b.ram + 4000);
    mem_unmap(&m->memory, p, 96, false);
    g_assert_cmpuint(h.calls, ==, 6);
    mem_unmap(&m->memory, p, 50, true);
    g_assert_cmpuint(h.calls, ==, 7);
    g_assert_cmphex(h.addr, ==, b.ram_addr + 4000);
    g_assert_cmpuint(h.len, ==, 50);
    g_assert_true(mem_ram_by_addr(m, b.ram_addr + 5, &off) == &b && off == 5);
    g_assert_true(mem_ram_by_hva(m, a.ram + 7, &off) == &a && off == 7);
    g_assert_null(mem_ram_by_addr(m, mem_ram_limit(m), &off));
    g_assert_null(mem_ram_by_hva(m, &h, &off));
    mem_region_destroy(&a);
    mem_region_destroy(&b);
    machine_free(m);
}

static void count_change(void *opaque, AddressSpace *as)
{
    ++*(unsigned *)opaque;
}

static void test_listeners(void)
{
    Machine *m = new_machine();
    MemRegion a, b;
    unsigned changes = 0;
    mem_as_add_listener(&m->memory, count_change, &changes);
    add_ram(m, &a, "a", 0, 4 * KiB, 0);
    g_assert_cmpuint(changes, ==, 1);
    mem_begin(m);
    add_ram(m, &b, "b", 8 * KiB, 4 * KiB, 0);
    mem_region_set_addr(&a, 4 * KiB);
    mem_begin(m);
    mem_commit(m);
    g_assert_cmpuint(changes, ==, 1);
    g_assert_cmpstr(name_at(m, 0), ==, "a");
    mem_commit(m);
    g_assert_cmpuint(changes, ==, 2);
    g_assert_cmpstr(name_at(m, 4 * KiB), ==, "a");
    mem_region_set_addr(&a, 4 * KiB); /* no change */
    mem_region_set_enabled(&a, true);
    g_assert_cmpuint(changes, ==, 2);
    mem_as_remove_listener(&m->memory, count_change, &changes);
    mem_region_destroy(&a);
    mem_region_destroy(&b);
    g_assert_cmpuint(changes, ==, 2);
    machine_free(m);
}

static void test_views_live_long_enough(void)
{
    Machine *m = new_machine();
    MemRegion ram;
    EpochReader r;
    epoch_add(&m->epoch, &r);
    epoch_online(&r);
    add_ram(m, &ram, "ram", 0, 4 * KiB, 0);
    g_assert_cmpuint(epoch_reclaim(&m->epoch), ==, 1); /* the view without RAM */
    epoch_quiesce(&r);
    g_assert_cmpuint(epoch_reclaim(&m->epoch), ==, 0);
    uint8_t *hva = mem_lookup(&m->memory, 0).hva;
    mem_region_destroy(&ram);
    epoch_reclaim(&m->epoch);
    hva[0] = 1; /* still mapped: this reader may hold the address */
    epoch_quiesce(&r);
    g_assert_cmpuint(epoch_reclaim(&m->epoch), ==, 0);
    epoch_remove(&r);
    machine_free(m);
}

static void test_huge_ram(void)
{
    Machine *m = new_machine();
    MemRegion ram;
    Error err = { 0 };
    if (mem_region_init_ram(&ram, m, "ram", TiB, &err)) {
        mem_region_add_sub(&m->sysmem, 0x80000000, &ram, 0);
        g_assert_cmpint(mem_store(&m->memory, 0x80000000 + TiB - 8, 8, 42, MEM_ATTRS_NONE), ==,
                        MEM_OK);
        g_assert_cmphex(ram.ram[TiB - 8], ==, 42);
        mem_region_destroy(&ram);
    } else {
        g_assert_nonnull(err.hint); /* a host that does not overcommit says so */
        error_clear(&err);
    }
    g_assert_false(mem_region_init_ram(&ram, m, "ram", UINT64_C(1) << 60, &err));
    g_assert_nonnull(strstr(err.msg, "cannot set up 1099511627776 MiB of memory for 'ram'"));
    error_clear(&err);
    g_assert_false(mem_region_init_ram(&ram, m, "ram", UINT64_MAX, &err));
    error_clear(&err);
    g_assert_false(mem_region_init_ram(&ram, m, "ram", UINT64_MAX - 8191, &err));
    error_clear(&err);
    g_assert_false(mem_region_init_ram(&ram, m, "ram", 0, &err));
    error_clear(&err);
    machine_free(m);
}

static void test_print(void)
{
    Machine *m = new_machine();
    MemRegion ram, pci, win;
    GString *s = g_string_new(NULL);
    add_ram(m, &ram, "board.ram", 0x80000000, 64 * KiB, 0);
    mem_region_init_container(&pci, m, "pci", 0x10000);
    mem_region_init_alias(&win, m, "pci-win", &pci, 0x1000, 0x2000);
    mem_region_add_sub(&m->sysmem, 0x1000, &win, 1);
    mem_region_set_enabled(&win, false);
    mem_print_tree(m, s);
    g_assert_cmpstr(s->str, ==,
                    "address-space: memory\n"
                    "  0000000000000000-ffffffffffffffff (prio 0, container): system\n"
                    "    0000000000001000-0000000000002fff (prio 1, container): alias pci-win @pci "
                    "0000000000001000-0000000000002fff [disabled]\n"
                    "    0000000080000000-000000008000ffff (prio 0, ram): board.ram\n"
                    "\n"
                    "memory-region: pci\n"
                    "  0000000000000000-000000000000ffff (prio 0, container): pci\n"
                    "\n");
    g_string_truncate(s, 0);
    mem_print_flat(m, s);
    g_assert_nonnull(
        strstr(s->str, "  0000000080000000-000000008000ffff (prio 0, ram): board.ram\n"));
    g_string_free(s, TRUE);
    mem_region_destroy(&win);
    mem_region_destroy(&pci);
    mem_region_destroy(&ram);
    machine_free(m);
}

typedef struct Contender {
    Machine *m;
    Probe *p;
    bool *stop;
} Contender;

static gpointer contend(gpointer opaque)
{
    Contender *c = opaque;
    EpochReader r;
    uint64_t v;
    epoch_add(&c->m->epoch, &r);
    while (!__atomic_load_n(c->stop, __ATOMIC_RELAXED)) {
        epoch_online(&r);
        MemSection s = mem_lookup(&c->m->memory, 0x1000);
        if (s.mr) {
            mem_io_read(s.mr, s.offset, 4, &v, MEM_ATTRS_NONE);
        }
        epoch_offline(&r);
    }
    epoch_remove(&r);
    return NULL;
}

/* Readers look up and access while the main thread changes the map. */
static void test_concurrent_changes(void)
{
    Machine *m = new_machine();
    Probe p;
    bool stop = false;
    Contender c = { m, &p, &stop };
    GThread *t[3];
    probe_init(&p, m, 0x100);
    for (unsigned i = 0; i < 3; i++) {
        t[i] = g_thread_new("contender", contend, &c);
    }
    for (unsigned i = 0; i < 3000; i++) {
        machine_lock(m);
        mem_region_add_sub(&m->sysmem, 0x1000, &p.mr, 0);
        machine_unlock(m);
        machine_lock(m);
        mem_region_del_sub(&m->sysmem, &p.mr);
        epoch_reclaim(&m->epoch);
        machine_unlock(m);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 3; i++) {
        g_thread_join(t[i]);
    }
    g_assert_cmpuint(epoch_reclaim(&m->epoch), ==, 0);
    mem_region_destroy(&p.mr);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/memory/lookup", test_lookup);
    g_test_add_func("/memory/priorities", test_priorities);
    g_test_add_func("/memory/nesting-clips", test_nesting_clips);
    g_test_add_func("/memory/alias", test_alias);
    g_test_add_func("/memory/alias-at-top", test_alias_of_container_at_top);
    g_test_add_func("/memory/alias-loop", test_alias_loop);
    g_test_add_func("/memory/random-trees", test_random_trees);
    g_test_add_func("/memory/ram", test_ram_access);
    g_test_add_func("/memory/rom", test_rom);
    g_test_add_func("/memory/romd", test_romd);
    g_test_add_func("/memory/io-rules", test_io_rules);
    g_test_add_func("/memory/io-split-and-widen", test_io_split_and_widen);
    g_test_add_func("/memory/io-bytes", test_io_bytes);
    g_test_add_func("/memory/write-hook", test_write_hook);
    g_test_add_func("/memory/listeners", test_listeners);
    g_test_add_func("/memory/views-live-long-enough", test_views_live_long_enough);
    g_test_add_func("/memory/huge-ram", test_huge_ram);
    g_test_add_func("/memory/print", test_print);
    g_test_add_func("/memory/concurrent-changes", test_concurrent_changes);
    return g_test_run();
}
