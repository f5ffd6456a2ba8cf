/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory accesses whose inline probe missed: translation, I/O, page crossings, faults.
 * state->pc is the instruction's.
 */
#include <string.h>
#include "host_fp.h"
#include "internal.h"
#include "util/bitops.h"
#include "util/log.h"

static unsigned mmu_idx_of(TcgState *state)
{
    return tcg_flags_mmu(state->flags);
}

static MemResult io_access(TcgCpu *t, uint64_t gpa, unsigned size, bool store, uint64_t *value)
{
    AddressSpace *as = &t->accel->machine->memory;
    unsigned fp = enter_host_fp(t->state);
    MemResult r = store ? mem_store(as, gpa, size, *value, MEM_ATTRS_NONE)
                        : mem_load(as, gpa, size, value, MEM_ATTRS_NONE);

    leave_host_fp(fp);
    return r;
}

/* Any alignment; aligned accesses are single ones. */
static uint64_t load_raw(const uint8_t *hva, unsigned size)
{
    uint64_t value = 0;
    switch (size) {
    case 1:
        return *hva;
    case 2:
        return ld16_le(hva);
    case 4:
        return ld32_le(hva);
    case 8:
        return ld64_le(hva);
    default:
        memcpy(&value, hva, size);
        return value;
    }
}

static void store_raw(uint8_t *hva, unsigned size, uint64_t value)
{
    switch (size) {
    case 1:
        *hva = (uint8_t)value;
        break;
    case 2:
        st16_le(hva, (uint16_t)value);
        break;
    case 4:
        st32_le(hva, (uint32_t)value);
        break;
    case 8:
        st64_le(hva, value);
        break;
    default:
        memcpy(hva, &value, size);
        break;
    }
}

/* Loads `size` bytes (any number up to 8) within a page. False: a fault was delivered. */
static bool load_part(TcgCpu *t, uint64_t gva, unsigned size, uint64_t *value)
{
    TcgTarget target;

    if (!tcpu_translate(t, gva, size, ACCESS_LOAD, mmu_idx_of(t->state), &target)) {
        return false;
    }
    if (target.hva) {
        *value = load_raw(target.hva, size);
        return true;
    }
    *value = 0;
    MemResult r = MEM_OK;
    if (size & (size - 1)) {
        r = mem_read(&t->accel->machine->memory, target.gpa, value, size, MEM_ATTRS_NONE);
    } else {
        r = io_access(t, target.gpa, size, false, value);
    }
    if (r != MEM_OK) {
        t->ops->fault(t->cpu, gva, ACCESS_LOAD, FAULT_BUS);
        return false;
    }
    return true;
}

static bool store_to(TcgCpu *t, const TcgTarget *target, uint64_t gva, unsigned size,
                     uint64_t value)
{
    if (target->hva) {
        store_raw(target->hva, size, value);
        return true;
    }
    MemResult r = MEM_OK;
    if (size & (size - 1)) {
        r = mem_write(&t->accel->machine->memory, target->gpa, &value, size, MEM_ATTRS_NONE);
    } else {
        r = io_access(t, target->gpa, size, true, &value);
    }
    if (r != MEM_OK) {
        t->ops->fault(t->cpu, gva, ACCESS_STORE, FAULT_BUS);
        return false;
    }
    return true;
}

static uint64_t extend(uint64_t value, uint32_t mem)
{
    unsigned bits = 8u << (mem & IR_MEM_SIZE_MASK);
    if (!(mem & IR_MEM_SIGN) || bits == 64) {
        return value;
    }
    return (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
}

/* Bytes of an access that lie in its first page. */
static unsigned first_part(uint64_t gva, unsigned size)
{
    unsigned room = TCG_PAGE_SIZE - (gva & (TCG_PAGE_SIZE - 1));
    return MIN(room, size);
}

uint64_t tcg_rt_load(TcgState *state, uint64_t gva, uint32_t mem)
{
    TcgCpu *t = tcpu_of(state);
    unsigned size = 1u << (mem & IR_MEM_SIZE_MASK);
    unsigned first = first_part(gva, size);
    uint64_t low = 0, high = 0;

    if (!load_part(t, gva, first, &low)) {
        return 0;
    }
    if (first < size) {
        if (!load_part(t, gva + first, size - first, &high)) {
            return 0;
        }
        low |= high << 8 * first;
    }
    return extend(low, mem);
}

void tcg_rt_store(TcgState *state, uint64_t gva, uint32_t mem, uint64_t value)
{
    TcgCpu *t = tcpu_of(state);
    unsigned size = 1u << (mem & IR_MEM_SIZE_MASK);
    unsigned first = first_part(gva, size);
    unsigned mode = mmu_idx_of(state);
    TcgTarget low, high;

    if (!tcpu_translate(t, gva, first, ACCESS_STORE, mode, &low)) {
        return;
    }
    if (first == size) {
        store_to(t, &low, gva, size, value);
        return;
    }
    /* Both pages must allow the store before a byte of it is done. */
    if (!tcpu_translate(t, gva + first, size - first, ACCESS_STORE, mode, &high)) {
        return;
    }
    uint64_t mask = (1ull << 8 * first) - 1;
    if (store_to(t, &low, gva, first, value & mask)) {
        store_to(t, &high, gva + first, size - first, value >> 8 * first);
    }
}

void *tcg_rt_atomic(TcgState *state, uint64_t gva, uint32_t mem)
{
    TcgCpu *t = tcpu_of(state);
    unsigned size = 1u << (mem & IR_MEM_SIZE_MASK);
    bool store = mem & IR_MEM_WRITE;
    AccessKind kind = store ? ACCESS_ATOMIC : ACCESS_LOAD;
    TcgTarget target;

    if (gva & (size - 1)) {
        t->ops->fault(t->cpu, gva, kind, FAULT_MISALIGNED);
        return NULL;
    }
    if (!tcpu_translate(t, gva, size, kind, mmu_idx_of(state), &target)) {
        return NULL;
    }
    if (!target.hva) {
        t->ops->fault(t->cpu, gva, kind, FAULT_BUS);
        return NULL;
    }
    return target.hva;
}
