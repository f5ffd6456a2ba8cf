/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The register engine: takes each access apart into whole or partial registers.
 *
 * An access may cover several registers, part of one, or bytes where there is none. Each register
 * it touches is read or written once.
 */
#include "hw/core/regs.h"

#include <assert.h>

#include "util/bitops.h"
#include "util/log.h"

/* The bytes of one register that an access covers. */
typedef struct Part {
    const Reg *reg; /* NULL: no register */
    unsigned index; /* element */
    unsigned byte;  /* first byte within the register, by address */
    unsigned n;     /* bytes */
} Part;

static uint32_t reg_count(const Reg *r)
{
    return r->count ? r->count : 1;
}

static uint32_t reg_stride(const Reg *r)
{
    return r->stride ? r->stride : r->size;
}

static bool covers(const Reg *r, uint64_t offset, unsigned *index, unsigned *byte)
{
    if (offset < r->offset) {
        return false;
    }
    uint64_t d = offset - r->offset, stride = reg_stride(r);
    if (d / stride >= reg_count(r) || d % stride >= r->size) {
        return false;
    }
    *index = (unsigned)(d / stride);
    *byte = (unsigned)(d % stride);
    return true;
}

const Reg *regs_find(const RegBlock *block, uint64_t offset, unsigned *index, unsigned *byte)
{
    for (const Reg *r = block->regs; r->name; r++) {
        if (covers(r, offset, index, byte)) {
            return r;
        }
    }
    return NULL;
}

static Part part_at(const RegSpace *rs, uint64_t offset, unsigned left)
{
    Part p = { .n = 1 };
    p.reg = regs_find(rs->block, offset, &p.index, &p.byte);
    if (p.reg && p.reg->limit && p.index >= p.reg->limit(rs->dev)) {
        p.reg = NULL;
    }
    if (p.reg) {
        p.n = MIN(p.reg->size - p.byte, left);
    }
    return p;
}

/* --- stored values --- */

static uint8_t *slot(const RegSpace *rs, const Reg *r, unsigned index)
{
    uint8_t *base = (uint8_t *)rs->dev + (r->store - 1);
    if (r->store_ptr) {
        base = *(uint8_t **)base;
    }
    return base + (size_t)index * r->store_size;
}

static uint64_t stored(const RegSpace *rs, const Reg *r, unsigned index)
{
    return ld_host(slot(rs, r, index), r->store_size);
}

static void store(const RegSpace *rs, const Reg *r, unsigned index, uint64_t v)
{
    st_host(slot(rs, r, index), v, r->store_size);
}

/* What a read yields, without its side effects. */
static uint64_t value_of(const RegSpace *rs, const Reg *r, unsigned index)
{
    if (r->read) {
        return r->read(rs->dev, index) & bytes_mask(r->size);
    }
    return r->store ? stored(rs, r, index) : r->reset;
}

/* What a write changes: the stored value where there is one. */
static uint64_t old_value(const RegSpace *rs, const Reg *r, unsigned index)
{
    return r->store ? stored(rs, r, index) : value_of(rs, r, index);
}

/* --- places of bytes in values --- */

static unsigned shift_in_access(const RegSpace *rs, unsigned pos, unsigned n, unsigned size)
{
    return 8 * (rs->block->big_endian ? size - pos - n : pos);
}

static unsigned shift_in_reg(const RegSpace *rs, const Part *p)
{
    return 8 * (rs->block->big_endian ? p->reg->size - p->byte - p->n : p->byte);
}

/* --- guest errors and traces --- */

static void complain(const RegSpace *rs, const Part *p, const char *what)
{
    log_guest_error("%s: %s register %s[%u]", rs->block->name, what, p->reg->name, p->index);
}

static void trace_part(const RegSpace *rs, const Part *p, const char *verb, uint64_t value)
{
    log_trace(rs->block->name, "%s %s[%u] bytes %u..%u: 0x%" G_GINT64_MODIFIER "x", verb,
              p->reg->name, p->index, p->byte, p->byte + p->n - 1, value);
}

/* --- reading --- */

static uint64_t read_part(const RegSpace *rs, const Part *p)
{
    const Reg *r = p->reg;
    if (r->access == REG_WO) {
        if (!(r->flags & REG_QUIET)) {
            complain(rs, p, "read of write-only");
        }
        return 0;
    }
    if ((r->flags & REG_WHOLE) && p->n < r->size) {
        complain(rs, p, "partial read of");
        return 0;
    }
    uint64_t v = value_of(rs, r, p->index);
    if (r->access == REG_RC && r->store) {
        store(rs, r, p->index, 0);
    }
    v = v >> shift_in_reg(rs, p) & bytes_mask(p->n);
    trace_part(rs, p, "read", v);
    return v;
}

static MemResult no_register(const RegSpace *rs, const char *verb, uint64_t offset, unsigned size)
{
    log_guest_error("%s: %s of %u bytes at 0x%" G_GINT64_MODIFIER "x, where no register is",
                    rs->block->name, verb, size, offset);
    return rs->block->strict ? MEM_ERROR : MEM_OK;
}

MemResult regs_read(RegSpace *rs, uint64_t offset, unsigned size, uint64_t *value)
{
    bool stray = false;
    *value = 0;
    for (unsigned pos = 0; pos < size;) {
        Part p = part_at(rs, offset + pos, size - pos);
        uint64_t v = p.reg ? read_part(rs, &p) : rs->block->filler & 0xff;
        stray |= !p.reg;
        *value |= v << shift_in_access(rs, pos, p.n, size);
        pos += p.n;
    }
    return stray ? no_register(rs, "read", offset, size) : MEM_OK;
}

/* --- writing --- */

/* True when the access may write the register at all; else it was dealt with. */
static bool may_write(const RegSpace *rs, const Part *p)
{
    const Reg *r = p->reg;
    if (r->access == REG_RO || r->access == REG_RC) {
        if (!(r->flags & REG_QUIET)) {
            complain(rs, p, "write to read-only");
        }
        return false;
    }
    if ((r->flags & REG_WHOLE) && p->n < r->size) {
        complain(rs, p, "partial write to");
        return false;
    }
    return true;
}

/* The register's new value when the bytes of @p become @v. */
static uint64_t merged(const RegSpace *rs, const Part *p, uint64_t v)
{
    const Reg *r = p->reg;
    unsigned shift = shift_in_reg(rs, p);
    uint64_t all = bytes_mask(r->size);
    uint64_t mask = (r->mask ? r->mask : all) & all;
    uint64_t written = bytes_mask(p->n) << shift;
    v <<= shift;
    if (r->flags & REG_WRITE_ALL) {
        return v;
    }
    if (r->access == REG_W1C) {
        return old_value(rs, r, p->index) & ~(v & mask);
    }
    if (r->access == REG_W1S) {
        return old_value(rs, r, p->index) | (v & mask);
    }
    if (r->flags & REG_BYTES_APART) {
        written = all;
    }
    mask &= written;
    /* A read hook is only asked when its answer is needed: FIFOs share addresses with write ports.
     */
    if (mask == all || (r->access == REG_WO && !r->store)) {
        return v & mask;
    }
    return (old_value(rs, r, p->index) & ~mask) | (v & mask);
}

static void write_part(const RegSpace *rs, const Part *p, uint64_t v)
{
    const Reg *r = p->reg;
    trace_part(rs, p, "write", v);
    if (!may_write(rs, p)) {
        return;
    }
    v = merged(rs, p, v);
    if (r->store) {
        if (r->legal) {
            v = r->legal(rs->dev, p->index, stored(rs, r, p->index), v) & bytes_mask(r->size);
        }
        store(rs, r, p->index, v);
    }
    if (r->write) {
        r->write(rs->dev, p->index, v);
    }
}

MemResult regs_write(RegSpace *rs, uint64_t offset, unsigned size, uint64_t value)
{
    bool stray = false;
    for (unsigned pos = 0; pos < size;) {
        Part p = part_at(rs, offset + pos, size - pos);
        uint64_t v = value >> shift_in_access(rs, pos, p.n, size) & bytes_mask(p.n);
        if (p.reg) {
            write_part(rs, &p, v);
        }
        stray |= !p.reg;
        pos += p.n;
    }
    return stray ? no_register(rs, "write", offset, size) : MEM_OK;
}

/* --- setting up --- */

static MemResult region_read(void *opaque, uint64_t offset, unsigned size, uint64_t *value,
                             MemAttrs attrs)
{
    return regs_read(opaque, offset, size, value);
}

static MemResult region_write(void *opaque, uint64_t offset, unsigned size, uint64_t value,
                              MemAttrs attrs)
{
    return regs_write(opaque, offset, size, value);
}

/* True when a byte of both rows is the same; looks at each element of the row that has fewer. */
static bool rows_overlap(const Reg *a, const Reg *b)
{
    const Reg *few = reg_count(a) < reg_count(b) ? a : b, *many = few == a ? b : a;
    unsigned index, byte;
    for (uint64_t i = 0; i < reg_count(few); i++) {
        for (unsigned n = 0; n < few->size; n++) {
            if (covers(many, few->offset + i * reg_stride(few) + n, &index, &byte)) {
                return true;
            }
        }
    }
    return false;
}

static void check_table(const RegBlock *block, uint64_t size)
{
    for (const Reg *r = block->regs; r->name; r++) {
        assert(is_pow2(r->size) && r->size <= 8 && reg_stride(r) >= r->size);
        assert(r->offset + (uint64_t)(reg_count(r) - 1) * reg_stride(r) + r->size <= size);
        assert(!r->store || r->store_ptr || r->store_count >= reg_count(r));
        for (const Reg *other = block->regs; other < r; other++) {
            assert(!rows_overlap(other, r));
        }
    }
}

void regs_init(RegSpace *rs, Machine *m, const RegBlock *block, void *dev, const char *name,
               uint64_t size)
{
    check_table(block, size);
    *rs = (RegSpace){
        .block = block,
        .dev = dev,
        .ops = {
            .read = region_read,
            .write = region_write,
            .valid_min = block->min_access,
            .valid_max = block->max_access,
            .endian = block->big_endian ? MEM_BIG_ENDIAN : MEM_LITTLE_ENDIAN,
            .unaligned = block->unaligned,
        },
    };
    mem_region_init_io(&rs->mr, m, name, size, &rs->ops, rs);
}

void regs_destroy(RegSpace *rs)
{
    mem_region_destroy(&rs->mr);
}

void regs_reset(RegSpace *rs)
{
    for (const Reg *r = rs->block->regs; r->name; r++) {
        unsigned count = r->limit ? MIN(r->limit(rs->dev), reg_count(r)) : reg_count(r);
        for (unsigned i = 0; r->store && i < count; i++) {
            store(rs, r, i, r->reset);
        }
    }
}
