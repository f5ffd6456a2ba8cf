/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines, devices and the register engine. */
#include <glib.h>
#include <string.h>

#include "hw/core/dev.h"
#include "hw/core/regs.h"
#include "util/log.h"

/* --- lines --- */

static GString *heard;

static void on_line(void *opaque, int n, int level)
{
    g_string_append_printf(heard, "%s%d=%d ", (const char *)opaque, n, level);
}

static void expect_heard(const char *text)
{
    g_assert_cmpstr(heard->str, ==, text);
    g_string_truncate(heard, 0);
}

static void test_lines(void)
{
    IrqLine l;
    irq_init(&l, on_line, "a", 3);
    irq_set(NULL, 1);
    g_assert_cmpint(irq_level(NULL), ==, 0);
    irq_lower(&l);
    irq_set(&l, 7);
    irq_raise(&l);
    g_assert_cmpint(irq_level(&l), ==, 1);
    irq_lower(&l);
    irq_pulse(&l);
    expect_heard("a3=1 a3=0 a3=1 a3=0 ");
}

static void test_or_gate(void)
{
    IrqLine out;
    irq_init(&out, on_line, "o", 0);
    IrqOr *gate = irq_or_new(3, &out);
    irq_raise(&gate->inputs[0]);
    irq_raise(&gate->inputs[2]);
    irq_lower(&gate->inputs[0]);
    expect_heard("o0=1 ");
    irq_lower(&gate->inputs[2]);
    expect_heard("o0=0 ");
    irq_or_free(gate);
    irq_or_free(NULL);
}

/* --- a device with every kind of register --- */

#define TYPE_GADGET "gadget"

typedef struct Gadget {
    Device dev;
    RegSpace regs;
    /* properties */
    uint32_t channels;
    /* saved */
    uint32_t ctrl;
    uint64_t wide;
    uint8_t lcr;
    uint32_t status, events, enable;
    uint16_t limited;
    uint32_t prio[8];
    uint32_t *dyn;
    uint32_t ctx_a[4], ctx_b[4];
    /* for the tests */
    IrqLine *irq;
    IrqLine *named[2];
    unsigned fifo_reads, hook_writes;
    uint64_t last;
    unsigned last_index;
    bool fail;
} Gadget;

static uint64_t fifo_read(void *dev, unsigned index)
{
    return 0x40 + ((Gadget *)dev)->fifo_reads++;
}

static void note_write(void *dev, unsigned index, uint64_t value)
{
    Gadget *g = dev;
    g->hook_writes++;
    g->last = value;
    g->last_index = index;
}

static uint64_t counter_read(void *dev, unsigned index)
{
    return 0x1122334455667788;
}

static uint64_t legal_limited(void *dev, unsigned index, uint64_t old, uint64_t value)
{
    return value > 100 ? old : value;
}

static unsigned channel_count(void *dev)
{
    return ((Gadget *)dev)->channels;
}

static const Reg gadget_regs[] = {
    { "CTRL", 0x00, .size = 4, REG_STORE(Gadget, ctrl), .mask = 0xff00ff, .reset = 0x10,
      .write = note_write },
    { "WIDE", 0x08, .size = 8, REG_STORE(Gadget, wide), .write = note_write },
    { "FIFO", 0x10, .size = 1, .read = fifo_read, .write = note_write },
    { "LCR", 0x11, .size = 1, REG_STORE(Gadget, lcr) },
    { "ID", 0x14, .size = 4, .access = REG_RO, .reset = 0xcafe },
    { "STATUS", 0x18, .size = 4, .access = REG_W1C, REG_STORE(Gadget, status), .mask = 0xf,
      .write = note_write },
    { "EVENTS", 0x1c, .size = 4, .access = REG_RC, REG_STORE(Gadget, events) },
    { "ENABLE", 0x20, .size = 4, .access = REG_W1S, REG_STORE(Gadget, enable) },
    { "KICK", 0x24, .size = 4, .access = REG_WO, .write = note_write },
    { "COUNT", 0x28, .size = 8, .access = REG_RO, .flags = REG_QUIET, .read = counter_read },
    { "LIMITED", 0x30, .size = 2, REG_STORE(Gadget, limited), .legal = legal_limited,
      .write = note_write },
    { "DOOR", 0x34, .size = 4, .flags = REG_WRITE_ALL | REG_WHOLE, .write = note_write },
    { "CMD", 0x38, .size = 4, .flags = REG_WRITE_ALL, .mask = 1, .write = note_write },
    { "APART", 0x3c, .size = 4, .flags = REG_BYTES_APART, .reset = 0xffffffff,
      .write = note_write },
    { "PRIO", 0x80, .size = 4, .count = 8, REG_STORE(Gadget, prio), .mask = 7,
      .write = note_write },
    { "DYN", 0xc0, .size = 4, .count = 16, REG_STORE_PTR(Gadget, dyn), .limit = channel_count },
    { "CTXA", 0x1000, .size = 4, .count = 4, .stride = 0x100, REG_STORE(Gadget, ctx_a) },
    { "CTXB", 0x1004, .size = 4, .count = 4, .stride = 0x100, REG_STORE(Gadget, ctx_b),
      .write = note_write },
    REG_END,
};

static const RegBlock gadget_block = { .name = "gadget", .regs = gadget_regs, .filler = 0xee };

static void gadget_in(void *opaque, int n, int level)
{
    g_string_append_printf(heard, "in%d=%d ", n, level);
}

static bool gadget_realize(Device *dev, Error *err)
{
    Gadget *g = (Gadget *)dev;
    if (g->fail) {
        error_set(err, "the gadget fails");
        return false;
    }
    g->dyn = g_new0(uint32_t, g->channels);
    regs_init(&g->regs, dev->machine, &gadget_block, g, "gadget.regs", 0x2000);
    dev_add_region(dev, &g->regs.mr);
    dev_add_in(dev, NULL, gadget_in, 3);
    dev_add_in(dev, "extra", gadget_in, 1);
    dev_add_out(dev, NULL, &g->irq, 1);
    dev_add_out(dev, "named", g->named, 2);
    return true;
}

static void gadget_unrealize(Device *dev)
{
    g_string_append(heard, "unrealize ");
}

static void gadget_reset(Device *dev)
{
    regs_reset(&((Gadget *)dev)->regs);
    g_string_append(heard, "reset ");
}

static void gadget_finalize(Object *obj)
{
    g_free(((Gadget *)obj)->dyn);
    g_string_append(heard, "finalize ");
}

static const Field gadget_fields[] = {
    FIELD_PROP_BOUNDED(Gadget, channels, "channels", "4", 1, 16, "number of channels"),
    FIELD_SAVED(Gadget, ctrl),
    FIELD_END,
};

static const VmState gadget_state = { .version = 1, .min_version = 1, .fields = gadget_fields };

static const DeviceClass gadget_class = {
    .realize = gadget_realize,
    .unrealize = gadget_unrealize,
    .reset = gadget_reset,
    .vmstate = &gadget_state,
    .user_creatable = true,
};

static const TypeInfo gadget_type = {
    .name = TYPE_GADGET,
    .parent = TYPE_DEVICE,
    .instance_size = sizeof(Gadget),
    .class = &gadget_class,
    .props = gadget_fields,
    .instance_finalize = gadget_finalize,
};
QOM_TYPE(gadget_type);

static const DeviceClass board_only_class = { .user_creatable = false };
static const TypeInfo board_only_type = { .name = "board-only",
                                          .parent = TYPE_DEVICE,
                                          .class = &board_only_class };
QOM_TYPE(board_only_type);

static Machine *m;

static Gadget *new_gadget(void)
{
    m = machine_new("none", NULL);
    Device *dev = dev_new(m, TYPE_GADGET);
    g_assert_true(dev_realize(dev, NULL, "gadget[*]", NULL));
    dev_map(dev, 0, 0x10000);
    dev_reset(dev);
    g_string_truncate(heard, 0);
    return (Gadget *)dev;
}

static void end(void)
{
    machine_free(m);
    g_string_truncate(heard, 0);
}

static uint64_t rd(uint64_t off, unsigned size)
{
    uint64_t v;
    g_assert_cmpint(mem_load(&m->memory, 0x10000 + off, size, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    return v;
}

static void wr(uint64_t off, unsigned size, uint64_t v)
{
    g_assert_cmpint(mem_store(&m->memory, 0x10000 + off, size, v, MEM_ATTRS_NONE), ==, MEM_OK);
}

/* --- devices --- */

static void test_dev_life(void)
{
    Error err = { 0 };
    m = machine_new("none", NULL);
    Device *dev = dev_new_user(m, TYPE_GADGET, NULL);
    g_assert_nonnull(dev);
    dev->id = g_strdup("g0");
    g_assert_true(dev_realize(dev, obj_lookup(m->root, "/machine/peripheral"), "g0", NULL));
    g_assert_true(dev_find(m, "g0") == dev);
    g_assert_null(dev_find(m, "g1"));
    g_assert_false(obj_set(OBJECT(dev), "channels", "2", NULL)); /* realized */
    machine_lock(m);
    machine_reset(m, CAUSE_NONE);
    expect_heard("reset ");
    dev_unrealize(dev);
    expect_heard("unrealize finalize ");
    machine_reset(m, CAUSE_NONE);
    machine_unlock(m);
    expect_heard("");

    dev = dev_new(m, TYPE_GADGET);
    ((Gadget *)dev)->fail = true;
    g_assert_false(dev_realize(dev, NULL, "bad", &err));
    g_assert_cmpstr(err.msg, ==, "the gadget fails");
    expect_heard("finalize ");
    g_assert_null(obj_lookup(m->root, "/machine/bad"));
    error_clear(&err);
    machine_free(m);
}

static void test_dev_user(void)
{
    Error err = { 0 };
    m = machine_new("none", NULL);
    static const char *const bad[] = { "gadgt", "board-only", TYPE_DEVICE, TYPE_CONTAINER };
    for (unsigned i = 0; i < 4; i++) {
        g_assert_null(dev_new_user(m, bad[i], &err));
        g_assert_nonnull(strstr(err.msg, "is not a valid device model name"));
        g_assert_cmpint(i == 0, ==, err.hint && strstr(err.hint, "'gadget'"));
        error_clear(&err);
    }
    machine_free(m);
}

static void test_dev_lines(void)
{
    Gadget *g = new_gadget();
    Device *dev = DEVICE(g);
    g_assert_cmpuint(dev_in_count(dev, NULL), ==, 3);
    g_assert_cmpuint(dev_in_count(dev, "extra"), ==, 1);
    g_assert_cmpuint(dev_in_count(dev, "none"), ==, 0);
    g_assert_cmpuint(dev_out_count(dev, "named"), ==, 2);
    g_assert_cmpuint(dev_out_count(dev, "none"), ==, 0);
    dev_connect(dev, NULL, 0, dev_in(dev, NULL, 2));
    dev_connect(dev, "named", 1, dev_in(dev, "extra", 0));
    irq_raise(g->irq);
    irq_raise(g->named[1]);
    irq_raise(g->named[0]); /* connected to nothing */
    expect_heard("in2=1 in0=1 ");
    end();
}

/* A part that is realized by its whole is reset before it. */
static void test_dev_parts(void)
{
    m = machine_new("none", NULL);
    Gadget *whole = (Gadget *)dev_new(m, TYPE_GADGET);
    Device *part = dev_new(m, TYPE_GADGET);
    g_assert_true(dev_realize_part(part, DEVICE(whole), "part", NULL));
    g_assert_true(dev_realize(DEVICE(whole), NULL, "whole", NULL));
    g_assert_nonnull(obj_lookup(m->root, "/machine/whole/part"));
    g_assert_cmpuint(m->vmstates->len, ==, 2);
    machine_free(m);
    g_string_truncate(heard, 0);
}

/* --- registers --- */

static void test_reg_basic(void)
{
    Gadget *g = new_gadget();
    g_assert_cmphex(rd(0, 4), ==, 0x10); /* reset value */
    wr(0, 4, 0x12345678);
    g_assert_cmphex(g->ctrl, ==, 0x340078); /* masked */
    g_assert_cmphex(g->last, ==, 0x340078);
    wr(0, 1, 0xaa);
    g_assert_cmphex(g->ctrl, ==, 0x3400aa);
    wr(2, 2, 0xffff);
    g_assert_cmphex(g->ctrl, ==, 0xff00aa);
    g_assert_cmphex(rd(2, 1), ==, 0xff);
    g_assert_cmpuint(g->hook_writes, ==, 3);
    dev_reset(DEVICE(g));
    g_assert_cmphex(g->ctrl, ==, 0x10);
    g_assert_cmpuint(g->hook_writes, ==, 3); /* reset runs no hooks */
    wr(0x30, 2, 99);
    wr(0x30, 2, 101);
    g_assert_cmphex(g->limited, ==, 99);
    g_assert_cmphex(g->last, ==, 99);
    end();
}

static void test_reg_halves_equal_whole(void)
{
    Gadget *g = new_gadget();
    static const uint64_t v = 0xfedcba9876543210;
    for (unsigned size = 1; size <= 8; size *= 2) {
        g->wide = 0;
        for (unsigned at = 0; at < 8; at += size) {
            wr(8 + at, size, v >> (8 * at));
        }
        g_assert_cmphex(g->wide, ==, v);
        uint64_t back = 0, count = 0;
        for (unsigned at = 0; at < 8; at += size) {
            back |= rd(8 + at, size) << (8 * at);
            count |= rd(0x28 + at, size) << (8 * at);
        }
        g_assert_cmphex(back, ==, v);
        g_assert_cmphex(count, ==, 0x1122334455667788);
    }
    end();
}

static void test_reg_side_effects(void)
{
    Gadget *g = new_gadget();
    wr(0x10, 1, 0x55);
    g_assert_cmpuint(g->fifo_reads, ==, 0); /* a write does not read */
    g_assert_cmphex(g->last, ==, 0x55);
    g_assert_cmphex(rd(0x10, 1), ==, 0x40);
    g_assert_cmphex(rd(0x10, 1), ==, 0x41);
    g->lcr = 9;
    g_assert_cmphex(rd(0x10, 2), ==, 0x0942); /* FIFO and LCR at once */
    g_assert_cmpuint(g->fifo_reads, ==, 3);
    end();
}

static void test_reg_kinds(void)
{
    Gadget *g = new_gadget();
    uint64_t before = log_guest_error_count();
    g->status = 0xff;
    wr(0x18, 4, 0x13);
    g_assert_cmphex(g->status, ==, 0xfc); /* only masked bits can be cleared */
    wr(0x18, 1, 0x4);
    g_assert_cmphex(g->status, ==, 0xf8);
    g->events = 0x77;
    g_assert_cmphex(rd(0x1c, 4), ==, 0x77);
    g_assert_cmphex(rd(0x1c, 4), ==, 0);
    wr(0x20, 4, 0x5);
    wr(0x20, 4, 0xa00);
    g_assert_cmphex(rd(0x20, 4), ==, 0xa05);
    wr(0x24, 4, 0x99);
    g_assert_cmphex(g->last, ==, 0x99);
    wr(0x28, 8, 1); /* quiet */
    wr(0x38, 1, 0x42);
    g_assert_cmphex(g->last, ==, 0x42); /* mask does not apply */
    wr(0x3d, 1, 0x42);
    g_assert_cmphex(g->last, ==, 0x4200);
    wr(0x34, 4, 0xabc);
    g_assert_cmphex(g->last, ==, 0xabc);
    g_assert_cmpuint(log_guest_error_count(), ==, before);

    unsigned writes = g->hook_writes;
    wr(0x14, 4, 1); /* read-only */
    g_assert_cmphex(rd(0x14, 4), ==, 0xcafe);
    wr(0x1c, 4, 1);                      /* clear-on-read */
    g_assert_cmphex(rd(0x24, 4), ==, 0); /* write-only */
    wr(0x34, 2, 1);                      /* whole accesses only */
    g_assert_cmphex(rd(0x34, 1), ==, 0);
    g_assert_cmpuint(log_guest_error_count(), ==, before + 5);
    g_assert_cmpuint(g->hook_writes, ==, writes);
    end();
}

static void test_reg_arrays(void)
{
    Gadget *g = new_gadget();
    wr(0x80 + 4 * 5, 4, 0xff);
    g_assert_cmphex(g->prio[5], ==, 7);
    g_assert_cmpuint(g->last_index, ==, 5);
    wr(0x80, 8, 0x0000000300000002); /* two elements in one access */
    g_assert_cmphex(g->prio[0], ==, 2);
    g_assert_cmphex(g->prio[1], ==, 3);
    g_assert_cmphex(rd(0x80, 8), ==, 0x0000000300000002);
    wr(0x1204, 4, 0x77);
    g_assert_cmphex(g->ctx_b[2], ==, 0x77);
    g_assert_cmpuint(g->last_index, ==, 2);
    g_assert_cmphex(g->ctx_a[2], ==, 0);
    wr(0x1300, 4, 0x66);
    g_assert_cmphex(g->ctx_a[3], ==, 0x66);
    uint64_t before = log_guest_error_count();
    wr(0xc0 + 4 * 3, 4, 0x33);
    g_assert_cmphex(g->dyn[3], ==, 0x33);
    g_assert_cmpuint(log_guest_error_count(), ==, before);
    wr(0xc0 + 4 * 4, 4, 0x33); /* past the channels there are */
    g_assert_cmphex(rd(0xc0 + 4 * 4, 4), ==, 0xeeeeeeee);
    g_assert_cmpuint(log_guest_error_count(), ==, before + 2);
    end();
}

static void test_reg_stray(void)
{
    new_gadget();
    uint64_t before = log_guest_error_count(), v;
    g_assert_cmphex(rd(0x40, 4), ==, 0xeeeeeeee);
    wr(0x40, 8, 1);
    g_assert_cmphex(rd(0x10, 4), ==, 0xeeee0040); /* two registers, two holes */
    g_assert_cmpuint(log_guest_error_count(), ==, before + 3);
    /* Everything everywhere survives. */
    for (unsigned size = 1; size <= 8; size *= 2) {
        for (uint64_t off = 0; off < 0x2010; off++) {
            mem_load(&m->memory, 0x10000 + off, size, &v, MEM_ATTRS_NONE);
            mem_store(&m->memory, 0x10000 + off, size, off * 0x0101010101010101, MEM_ATTRS_NONE);
        }
    }
    g_assert_cmpint(mem_load(&m->memory, 0x10002, 4, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    end();
}

static void test_reg_find(void)
{
    unsigned index, byte;
    g_assert_cmpstr(regs_find(&gadget_block, 0x1102, &index, &byte)->name, ==, "CTXA");
    g_assert_cmpuint(index, ==, 1);
    g_assert_cmpuint(byte, ==, 2);
    g_assert_null(regs_find(&gadget_block, 0x1404, &index, &byte));
    g_assert_null(regs_find(&gadget_block, 0x1108, &index, &byte));
}

typedef struct Plain {
    uint32_t a, b;
} Plain;

static const Reg plain_regs[] = {
    { "A", 0, .size = 4, REG_STORE(Plain, a) },
    { "B", 4, .size = 4, REG_STORE(Plain, b) },
    REG_END,
};

static void test_reg_block_rules(void)
{
    static const RegBlock big = {
        .name = "big", .regs = plain_regs, .big_endian = true, .unaligned = true
    };
    static const RegBlock strict = {
        .name = "strict", .regs = plain_regs, .min_access = 4, .max_access = 4, .strict = true
    };
    Plain p = { 0x11223344, 0x55667788 };
    RegSpace rs;
    uint64_t v;
    m = machine_new("none", NULL);
    regs_init(&rs, m, &big, &p, "big", 8);
    g_assert_cmpint(mem_io_read(&rs.mr, 0, 8, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x1122334455667788);
    g_assert_cmpint(mem_io_read(&rs.mr, 2, 4, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmphex(v, ==, 0x33445566);
    mem_io_write(&rs.mr, 3, 2, 0xaabb, MEM_ATTRS_NONE);
    g_assert_cmphex(p.a, ==, 0x112233aa);
    g_assert_cmphex(p.b, ==, 0xbb667788);
    regs_destroy(&rs);

    regs_init(&rs, m, &strict, &p, "strict", 16);
    g_assert_cmpint(mem_io_read(&rs.mr, 4, 4, &v, MEM_ATTRS_NONE), ==, MEM_OK);
    g_assert_cmpint(mem_io_read(&rs.mr, 8, 4, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_write(&rs.mr, 12, 4, 0, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_read(&rs.mr, 4, 2, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    g_assert_cmpint(mem_io_read(&rs.mr, 0, 8, &v, MEM_ATTRS_NONE), ==, MEM_ERROR);
    regs_destroy(&rs);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    heard = g_string_new(NULL);
    g_test_add_func("/irq/lines", test_lines);
    g_test_add_func("/irq/or", test_or_gate);
    g_test_add_func("/dev/life", test_dev_life);
    g_test_add_func("/dev/user", test_dev_user);
    g_test_add_func("/dev/lines", test_dev_lines);
    g_test_add_func("/dev/parts", test_dev_parts);
    g_test_add_func("/regs/basic", test_reg_basic);
    g_test_add_func("/regs/halves-equal-whole", test_reg_halves_equal_whole);
    g_test_add_func("/regs/side-effects", test_reg_side_effects);
    g_test_add_func("/regs/kinds", test_reg_kinds);
    g_test_add_func("/regs/arrays", test_reg_arrays);
    g_test_add_func("/regs/stray", test_reg_stray);
    g_test_add_func("/regs/find", test_reg_find);
    g_test_add_func("/regs/block-rules", test_reg_block_rules);
    int rc = g_test_run();
    g_string_free(heard, TRUE);
    return rc;
}
