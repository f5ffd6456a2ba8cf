/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking up addresses in the published flat view, and access to what is found there. */
#include <assert.h>
#include <string.h>

#include "mem_view.h"
#include "system/machine.h"
#include "system/memory.h"
#include "util/bitops.h"
#include "util/log.h"

MemSection mem_lookup(AddressSpace *as, uint64_t gpa)
{
    const FlatView *view = __atomic_load_n(&as->view, __ATOMIC_ACQUIRE);
    unsigned i = flat_view_find(view, gpa);
    if (i == view->n) {
        return (MemSection) { .left = gpa ? -gpa : UINT64_MAX };
    }
    const FlatRange *r = &view->ranges[i];
    if (r->first > gpa) {
        return (MemSection) { .left = r->first - gpa };
    }
    uint64_t last_left = r->last - gpa;
    MemSection s = {
        .mr = r->mr,
        .offset = r->offset + (gpa - r->first),
        .left = last_left == UINT64_MAX ? UINT64_MAX : last_left + 1,
    };
    if (r->mr->ram && (r->mr->kind != MEM_ROMD || r->romd)) {
        s.hva = r->mr->ram + s.offset;
        s.ram_addr = r->mr->ram_addr + s.offset;
        s.writable = r->mr->kind == MEM_RAM && !r->readonly;
    }
    return s;
}

/* --- one access to a device --- */

typedef struct Rules {
    unsigned valid_min, valid_max, impl_min, impl_max;
} Rules;

static Rules rules_of(const MemOps *ops)
{
    return (Rules) {
        .valid_min = ops->valid_min ? ops->valid_min : 1,
        .valid_max = ops->valid_max ? ops->valid_max : 8,
        .impl_min = ops->impl_min ? ops->impl_min : 1,
        .impl_max = ops->impl_max ? ops->impl_max : 8,
    };
}

static bool access_allowed(const MemRegion *mr, uint64_t offset, unsigned size, const char *what)
{
    Rules r = rules_of(mr->ops);
    const char *why = NULL;
    if (size - 1 > mem_region_last(mr) || offset > mem_region_last(mr) - (size - 1)) {
        why = "past the end";
    } else if (size < r.valid_min || size > r.valid_max) {
        why = "of this size";
    } else if (!mr->ops->unaligned && (offset & (size - 1))) {
        why = "misaligned";
    }
    if (why) {
        log_guest_error("%s: %s of %u bytes at 0x%" G_GINT64_MODIFIER "x: not possible %s",
                        mr->name, what, size, offset, why);
    }
    return !why;
}

/* Where byte group @index of @pieces of @piece bytes each sits in the value. */
static unsigned piece_shift(const MemOps *ops, unsigned index, unsigned pieces, unsigned piece)
{
    return 8 * piece * (ops->endian == MEM_BIG_ENDIAN ? pieces - 1 - index : index);
}

/* Shift of a narrow access within the wider one at @start that carries it out. */
static unsigned narrow_shift(const MemOps *ops, uint64_t offset, uint64_t start, unsigned size,
                             unsigned wide)
{
    unsigned byte = (unsigned)(offset - start);
    return 8 * (ops->endian == MEM_BIG_ENDIAN ? wide - size - byte : byte);
}

static MemResult read_impl(MemRegion *mr, uint64_t offset, unsigned size, uint64_t *value,
                           MemAttrs attrs)
{
    const MemOps *ops = mr->ops;
    Rules r = rules_of(ops);
    uint64_t part = 0;
    if (!ops->read) {
        return MEM_ERROR;
    }
    if (size < r.impl_min) {
        uint64_t start = align_down(offset, r.impl_min);
        MemResult res = ops->read(mr->opaque, start, r.impl_min, &part, attrs);
        *value = part >> narrow_shift(ops, offset, start, size, r.impl_min);
        return res;
    }
    unsigned piece = MIN(size, r.impl_max), pieces = size / piece;
    MemResult worst = MEM_OK;
    for (unsigned i = 0; i < pieces; i++) {
        part = 0;
        MemResult res = ops->read(mr->opaque, offset + i * piece, piece, &part, attrs);
        worst = MAX(worst, res);
        *value |= (part & bytes_mask(piece)) << piece_shift(ops, i, pieces, piece);
    }
    return worst;
}

static MemResult write_impl(MemRegion *mr, uint64_t offset, unsigned size, uint64_t value,
                            MemAttrs attrs)
{
    const MemOps *ops = mr->ops;
    Rules r = rules_of(ops);
    if (!ops->write) {
        return MEM_ERROR;
    }
    if (size < r.impl_min) {
        uint64_t start = align_down(offset, r.impl_min);
        value <<= narrow_shift(ops, offset, start, size, r.impl_min);
        return ops->write(mr->opaque, start, r.impl_min, value, attrs);
    }
    unsigned piece = MIN(size, r.impl_max), pieces = size / piece;
    MemResult worst = MEM_OK;
    for (unsigned i = 0; i < pieces; i++) {
        uint64_t part = value >> piece_shift(ops, i, pieces, piece) & bytes_mask(piece);
        MemResult res = ops->write(mr->opaque, offset + i * piece, piece, part, attrs);
        worst = MAX(worst, res);
    }
    return worst;
}

/* Takes the device lock if the region needs it. */
static bool enter(const MemRegion *mr)
{
    if (!mr->ops->lockless) {
        machine_lock(mr->machine);
    }
    return !mr->ops->lockless;
}

static void leave(const MemRegion *mr, bool locked)
{
    if (locked) {
        machine_unlock(mr->machine);
    }
}

/* A region's memory by offset; what lies past its end is not there. */
static uint8_t *memory_at(const MemRegion *mr, uint64_t offset, unsigned size)
{
    if (!mr->ram || offset > mr->size || mr->size - offset < size) {
        return NULL;
    }
    return mr->ram + offset;
}

MemResult mem_io_read(MemRegion *mr, uint64_t offset, unsigned size, uint64_t *value,
                      MemAttrs attrs)
{
    *value = 0;
    if (!mr->ops || mr->romd_mode) {
        const uint8_t *p = memory_at(mr, offset, size);
        *value = p ? ld_le(p, size) : 0;
        return p ? MEM_OK : MEM_DECODE_ERROR;
    }
    if (!access_allowed(mr, offset, size, "read")) {
        return MEM_ERROR;
    }
    bool locked = enter(mr);
    MemResult res = read_impl(mr, offset, size, value, attrs);
    leave(mr, locked);
    *value &= bytes_mask(size);
    return res;
}

static void drop_rom_write(const MemRegion *mr, uint64_t offset, uint64_t size)
{
    log_guest_error("%s: write of %" G_GUINT64_FORMAT " bytes at 0x%" G_GINT64_MODIFIER
                    "x of read-only memory",
                    mr->name, size, offset);
}

static void tell_write(AddressSpace *as, uint64_t ram_addr, uint8_t *hva, uint64_t len)
{
    const MemState *s = &as->machine->mem;
    if (s->hook) {
        s->hook(s->hook_opaque, ram_addr, hva, len);
    }
}

MemResult mem_io_write(MemRegion *mr, uint64_t offset, unsigned size, uint64_t value,
                       MemAttrs attrs)
{
    if (!mr->ops) {
        drop_rom_write(mr, offset, size);
        return MEM_OK;
    }
    if (!access_allowed(mr, offset, size, "write")) {
        return MEM_ERROR;
    }
    bool locked = enter(mr);
    MemResult res = write_impl(mr, offset, size, value & bytes_mask(size), attrs);
    leave(mr, locked);
    return res;
}

/* --- any number of bytes --- */

/* Bytes of the next access to a device: the largest power of two that is aligned, that the rest and
 * the device's rules allow. */
static unsigned io_step(const MemRegion *mr, uint64_t offset, uint64_t left)
{
    unsigned size = mr->ops ? rules_of(mr->ops).valid_max : 8;
    while (size > 1 && (size > left || (offset & (size - 1)))) {
        size /= 2;
    }
    return size;
}

/* A device's integer as the little-endian bus shows its bytes, and the other way round. */
static uint64_t bus_order(const MemRegion *mr, uint64_t value, unsigned size)
{
    bool swap = mr->ops && mr->ops->endian == MEM_BIG_ENDIAN;
    return swap ? __builtin_bswap64(value) >> (64 - 8 * size) : value;
}

static MemResult read_step(const MemSection *s, uint8_t *buf, uint64_t *len, MemAttrs attrs)
{
    if (s->hva) {
        memcpy(buf, s->hva, *len);
        return MEM_OK;
    }
    if (!s->mr) {
        return MEM_DECODE_ERROR;
    }
    uint64_t value;
    unsigned size = io_step(s->mr, s->offset, *len);
    MemResult res = mem_io_read(s->mr, s->offset, size, &value, attrs);
    st_le(buf, bus_order(s->mr, value, size), size);
    *len = size;
    return res;
}

MemResult mem_read(AddressSpace *as, uint64_t gpa, void *buf, uint64_t len, MemAttrs attrs)
{
    uint8_t *p = buf;
    while (len) {
        MemSection s = mem_lookup(as, gpa);
        uint64_t step = MIN(len, s.left);
        MemResult res = read_step(&s, p, &step, attrs);
        if (res != MEM_OK) {
            memset(p, 0, len);
            return res;
        }
        p += step;
        gpa += step;
        len -= step;
    }
    return MEM_OK;
}

static MemResult write_step(AddressSpace *as, const MemSection *s, const uint8_t *buf,
                            uint64_t *len, MemAttrs attrs)
{
    if (s->writable) {
        memcpy(s->hva, buf, *len);
        tell_write(as, s->ram_addr, s->hva, *len);
        return MEM_OK;
    }
    if (!s->mr) {
        return MEM_DECODE_ERROR;
    }
    if (!s->mr->ops) {
        drop_rom_write(s->mr, s->offset, *len);
        return MEM_OK;
    }
    unsigned size = io_step(s->mr, s->offset, *len);
    uint64_t value = bus_order(s->mr, ld_le(buf, size), size);
    *len = size;
    return mem_io_write(s->mr, s->offset, size, value, attrs);
}

MemResult mem_write(AddressSpace *as, uint64_t gpa, const void *buf, uint64_t len, MemAttrs attrs)
{
    const uint8_t *p = buf;
    while (len) {
        MemSection s = mem_lookup(as, gpa);
        uint64_t step = MIN(len, s.left);
        MemResult res = write_step(as, &s, p, &step, attrs);
        if (res != MEM_OK) {
            return res;
        }
        p += step;
        gpa += step;
        len -= step;
    }
    return MEM_OK;
}

MemResult mem_fill(AddressSpace *as, uint64_t gpa, uint8_t byte, uint64_t len)
{
    while (len) {
        MemSection s = mem_lookup(as, gpa);
        uint64_t step = MIN(len, s.left);
        if (!s.writable) {
            return s.mr ? MEM_ERROR : MEM_DECODE_ERROR;
        }
        memset(s.hva, byte, step);
        tell_write(as, s.ram_addr, s.hva, step);
        gpa += step;
        len -= step;
    }
    return MEM_OK;
}

MemResult mem_write_rom(AddressSpace *as, uint64_t gpa, const void *buf, uint64_t len)
{
    const uint8_t *p = buf;
    while (len) {
        MemSection s = mem_lookup(as, gpa);
        uint64_t step = MIN(len, s.left);
        if (!s.mr || !s.mr->ram) {
            return s.mr ? MEM_ERROR : MEM_DECODE_ERROR;
        }
        uint8_t *hva = s.mr->ram + s.offset;
        memcpy(hva, p, step);
        tell_write(as, s.mr->ram_addr + s.offset, hva, step);
        p += step;
        gpa += step;
        len -= step;
    }
    return MEM_OK;
}

/* --- one value --- */

static uint64_t load_aligned(const uint8_t *p, unsigned size)
{
    switch (size) {
    case 1:
        return *p;
    case 2:
        return __atomic_load_n((const uint16_t *)p, __ATOMIC_RELAXED);
    case 4:
        return __atomic_load_n((const uint32_t *)p, __ATOMIC_RELAXED);
    default:
        return __atomic_load_n((const uint64_t *)p, __ATOMIC_RELAXED);
    }
}

static void store_aligned(uint8_t *p, unsigned size, uint64_t v)
{
    switch (size) {
    case 1:
        *p = (uint8_t)v;
        break;
    case 2:
        __atomic_store_n((uint16_t *)p, (uint16_t)v, __ATOMIC_RELAXED);
        break;
    case 4:
        __atomic_store_n((uint32_t *)p, (uint32_t)v, __ATOMIC_RELAXED);
        break;
    default:
        __atomic_store_n((uint64_t *)p, v, __ATOMIC_RELAXED);
        break;
    }
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "mem_load and mem_store copy host words");

MemResult mem_load(AddressSpace *as, uint64_t gpa, unsigned size, uint64_t *value, MemAttrs attrs)
{
    MemSection s = mem_lookup(as, gpa);
    if (s.hva && !(gpa & (size - 1)) && s.left >= size) {
        *value = load_aligned(s.hva, size);
        return MEM_OK;
    }
    if (s.mr && !s.hva && s.left >= size) {
        MemResult res = mem_io_read(s.mr, s.offset, size, value, attrs);
        *value = bus_order(s.mr, *value, size);
        return res;
    }
    uint8_t bytes[8];
    MemResult res = mem_read(as, gpa, bytes, size, attrs);
    *value = ld_le(bytes, size);
    return res;
}

MemResult mem_store(AddressSpace *as, uint64_t gpa, unsigned size, uint64_t value, MemAttrs attrs)
{
    MemSection s = mem_lookup(as, gpa);
    if (s.writable && !(gpa & (size - 1)) && s.left >= size) {
        store_aligned(s.hva, size, value);
        tell_write(as, s.ram_addr, s.hva, size);
        return MEM_OK;
    }
    if (s.mr && s.mr->ops && s.left >= size) {
        value = bus_order(s.mr, value, size);
        return mem_io_write(s.mr, s.offset, size, value, attrs);
    }
    uint8_t bytes[8];
    st_le(bytes, value, size);
    return mem_write(as, gpa, bytes, size, attrs);
}

/* --- direct RAM --- */

void *mem_map(AddressSpace *as, uint64_t gpa, uint64_t *len, bool for_write)
{
    MemSection s = mem_lookup(as, gpa);
    if (!s.hva || (for_write && !s.writable)) {
        return NULL;
    }
    *len = MIN(*len, s.left);
    return s.hva;
}

void mem_unmap(AddressSpace *as, void *hva, uint64_t len, bool written)
{
    uint64_t offset;
    if (!written || !len) {
        return;
    }
    MemRegion *mr = mem_ram_by_hva(as->machine, hva, &offset);
    assert(mr);
    tell_write(as, mr->ram_addr + offset, hva, len);
}
