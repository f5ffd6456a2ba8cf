/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soft TLB. The first level (TcgState.tlb) is what generated code probes: only pages of RAM
 * that the bound address space may use right now. The second level keeps translations of many
 * spaces, tagged, so that a switch or a small flush costs little; the ISA's page walker fills it.
 */
#include <string.h>
#include "internal.h"

enum { L2_VALID = 8, L2_MODE_SHIFT = 4, L2_KEY_MASK = ~(uint64_t)7 };

static uint64_t l2_key(uint64_t gva, unsigned mode)
{
    return page_of(gva) | mode << L2_MODE_SHIFT | L2_VALID;
}

static TcgL2Entry *l2_set(TcgCpu *t, uint64_t gva)
{
    uint64_t vpn = gva >> TCG_PAGE_BITS;
    return t->l2[(vpn ^ vpn >> TCG_L2_BITS) & (TCG_L2_SETS - 1)];
}

static uint64_t space_stamp(TcgCpu *t, uint32_t space)
{
    uint32_t gen = space == TCG_SPACE_GLOBAL ? t->gen : t->space_gen[space % TCG_SPACE_GENS];
    return (uint64_t)gen << 32 | space;
}

static bool l2_current(TcgCpu *t, const TcgL2Entry *e, unsigned mode)
{
    return e->gen == space_stamp(t, t->space[mode]) || e->gen == space_stamp(t, TCG_SPACE_GLOBAL);
}

static TcgL2Entry *l2_find(TcgCpu *t, uint64_t gva, unsigned mode, unsigned perm)
{
    TcgL2Entry *set = l2_set(t, gva);
    uint64_t key = l2_key(gva, mode);

    for (unsigned way = 0; way < TCG_L2_WAYS; way++) {
        TcgL2Entry *e = &set[way];
        if ((e->tag & L2_KEY_MASK) == key && (e->tag & perm) && l2_current(t, e, mode)) {
            return e;
        }
    }
    return NULL;
}

/* The entry to overwrite: one for the same page, a stale one, or the next victim. */
static TcgL2Entry *l2_place(TcgCpu *t, uint64_t gva, unsigned mode)
{
    TcgL2Entry *set = l2_set(t, gva);
    uint64_t key = l2_key(gva, mode);
    TcgL2Entry *stale = NULL;

    for (unsigned way = 0; way < TCG_L2_WAYS; way++) {
        TcgL2Entry *e = &set[way];
        bool live = e->tag && e->gen == space_stamp(t, (uint32_t)e->gen);
        if ((e->tag & L2_KEY_MASK) == key && l2_current(t, e, mode)) {
            return e;
        }
        stale = live ? stale : e;
    }
    return stale ? stale : &set[t->victim++ % TCG_L2_WAYS];
}

static unsigned l1_index(uint64_t gva)
{
    return gva >> TCG_PAGE_BITS & (TCG_TLB_SIZE - 1);
}

static void l1_clear_entry(TcgTlb *tlb, unsigned index)
{
    tlb->tag_r[index] = tcg_tlb_empty_tag(index);
    tlb->tag_w[index] = tcg_tlb_empty_tag(index);
}

static void l1_clear_mode(TcgCpu *t, unsigned mode)
{
    for (unsigned i = 0; i < TCG_TLB_SIZE; i++) {
        l1_clear_entry(&t->state->tlb[mode], i);
    }
}

static void l1_fill(TcgCpu *t, const TcgL2Entry *e, uint64_t gva, unsigned mode, bool writable)
{
    TcgTlb *tlb = &t->state->tlb[mode];
    unsigned i = l1_index(gva);
    uint64_t page = page_of(gva);

    if (tlb->host[i] != (uint64_t)(uintptr_t)e->hva ||
        (tlb->tag_r[i] != page && tlb->tag_w[i] != page)) {
        l1_clear_entry(tlb, i);
    }
    tlb->host[i] = (uint64_t)(uintptr_t)e->hva;
    if (e->tag & TLB_READ) {
        tlb->tag_r[i] = page;
    }
    if (writable) {
        tlb->tag_w[i] = page;
    }
}

static unsigned perm_of(AccessKind kind)
{
    switch (kind) {
    case ACCESS_LOAD:
        return TLB_READ;
    case ACCESS_FETCH:
        return TLB_EXEC;
    default:
        return TLB_WRITE;
    }
}

static void note_large_page(TcgCpu *t, uint64_t gva)
{
    unsigned bit = (gva >> 30) % TCG_LARGE_BITS;
    t->large[bit / 64] |= 1ull << bit % 64;
}

static bool in_large_page(TcgCpu *t, uint64_t gva)
{
    unsigned bit = (gva >> 30) % TCG_LARGE_BITS;
    return t->large[bit / 64] >> bit % 64 & 1;
}

/* Walks, and enters the answer unless it may not be kept. `out` gets the page's entry. */
static bool walk(TcgCpu *t, uint64_t gva, unsigned size, AccessKind kind, unsigned mode,
                 TcgL2Entry *out, bool *kept)
{
    TlbFill fill = { 0 };

    if (!t->ops->tlb_fill(t->cpu, gva, size, kind, mode, &fill)) {
        return false;
    }
    MemSection s = mem_lookup(&t->accel->machine->memory, page_of(fill.gpa));
    bool whole = s.hva && s.left >= TCG_PAGE_SIZE;
    *out = (TcgL2Entry) {
        .tag = l2_key(gva, mode) | fill.perms,
        .gen = space_stamp(t, fill.global ? TCG_SPACE_GLOBAL : t->space[mode]),
        .hva = whole ? s.hva : NULL,
        .gpa = page_of(fill.gpa),
        .writable = whole && s.writable,
    };
    *kept = !fill.uncached;
    if (*kept) {
        *l2_place(t, gva, mode) = *out;
        if (fill.page_bits > TCG_PAGE_BITS) {
            note_large_page(t, gva);
        }
    }
    return true;
}

/* The page's entry: remembered, or walked into *walked. NULL: a fault was delivered. */
static const TcgL2Entry *find_or_walk(TcgCpu *t, uint64_t gva, unsigned size, AccessKind kind,
                                      unsigned mode, TcgL2Entry *walked, bool *kept)
{
    const TcgL2Entry *e = l2_find(t, gva, mode, perm_of(kind));

    *kept = true;
    if (e) {
        return e;
    }
    return walk(t, gva, size, kind, mode, walked, kept) ? walked : NULL;
}

bool tcpu_translate(TcgCpu *t, uint64_t gva, unsigned size, AccessKind kind, unsigned mode,
                    TcgTarget *target)
{
    TcgL2Entry walked;
    bool kept;
    const TcgL2Entry *e = find_or_walk(t, gva, size, kind, mode, &walked, &kept);

    if (!e) {
        return false;
    }
    uint64_t offset = gva & (TCG_PAGE_SIZE - 1);
    bool store = kind == ACCESS_STORE || kind == ACCESS_ATOMIC;
    target->gpa = e->gpa | offset;
    target->hva = e->hva && (!store || e->writable) ? e->hva + offset : NULL;
    if (!e->hva) {
        return true;
    }
    uint64_t host_page = (uint64_t)(uintptr_t)e->hva;
    if (store && target->hva && tcg_page_is_guarded(t->accel, host_page)) {
        tcg_page_written(t->accel, host_page);
    }
    if (kept) {
        /* A tag made now does not outlive a guard set meanwhile: guards are obeyed at polls. */
        l1_fill(t, e, gva, mode, store && target->hva);
    }
    return true;
}

static unsigned fetched_bit(uint64_t gva)
{
    uint64_t vpn = gva >> TCG_PAGE_BITS;
    return (vpn ^ vpn >> 9 ^ vpn >> 18) % TCG_FETCHED_BITS;
}

static bool was_fetched(const TcgCpu *t, uint64_t gva)
{
    unsigned bit = fetched_bit(gva);
    return t->fetched[bit / 64] >> bit % 64 & 1;
}

const uint8_t *tcpu_fetch(TcgCpu *t, uint64_t pc, bool *whole)
{
    unsigned jc = tcg_flags_jc(t->state->flags);
    TcgFetchEntry *f = &t->fetch[(pc >> TCG_PAGE_BITS ^ jc) & (TCG_FETCH_SIZE - 1)];
    uint64_t tag = page_of(pc) | jc;

    *whole = true;
    if (f->tag != tag) {
        TcgL2Entry walked;
        bool kept;
        const TcgL2Entry *e = find_or_walk(t, pc, 2, ACCESS_FETCH, jc, &walked, &kept);
        if (!e) {
            return NULL;
        }
        if (!e->hva) {
            t->ops->fault(t->cpu, pc, ACCESS_FETCH, FAULT_BUS);
            return NULL;
        }
        t->fetched[fetched_bit(pc) / 64] |= 1ull << fetched_bit(pc) % 64;
        *f = (TcgFetchEntry) { .tag = kept ? tag : TCG_FETCH_EMPTY, .hva = e->hva };
        *whole = kept;
    }
    return f->hva + (pc & (TCG_PAGE_SIZE - 1));
}

void tcpu_drop_write_tags(TcgCpu *t)
{
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        for (unsigned i = 0; i < TCG_TLB_SIZE; i++) {
            t->state->tlb[mode].tag_w[i] = tcg_tlb_empty_tag(i);
        }
    }
}

void tcpu_drop_write_tags_of(TcgCpu *t, uint64_t host_page)
{
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        TcgTlb *tlb = &t->state->tlb[mode];
        for (unsigned i = 0; i < TCG_TLB_SIZE; i++) {
            tlb->tag_w[i] = tlb->host[i] == host_page ? tcg_tlb_empty_tag(i) : tlb->tag_w[i];
        }
    }
}

void tcpu_clear_jumps(TcgCpu *t, unsigned jc_idx)
{
    for (unsigned i = 0; i < TCG_JC_SIZE; i++) {
        t->state->jc[jc_idx][i].pc = 1;
    }
}

static void clear_fetch(TcgCpu *t)
{
    for (unsigned i = 0; i < TCG_FETCH_SIZE; i++) {
        t->fetch[i].tag = TCG_FETCH_EMPTY;
    }
}

void tcpu_clear_all_jumps(TcgCpu *t)
{
    for (unsigned jc = 0; jc < TCG_MMU_MODES; jc++) {
        tcpu_clear_jumps(t, jc);
    }
}

enum { ALL_MODES = (1 << TCG_MMU_MODES) - 1 };

/* What every change of translations does to instruction fetch. */
static void forget_fetches(TcgCpu *t, unsigned mode_mask)
{
    clear_fetch(t);
    for (unsigned jc = 0; jc < TCG_MMU_MODES; jc++) {
        if (mode_mask >> jc & 1) {
            tcpu_clear_jumps(t, jc);
        }
    }
    if (mode_mask == ALL_MODES) {
        memset(t->fetched, 0, sizeof(t->fetched));
    }
}

static void forget_first_level(TcgCpu *t, unsigned mode_mask)
{
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        if (mode_mask >> mode & 1) {
            l1_clear_mode(t, mode);
        }
    }
    forget_fetches(t, mode_mask);
}

void tcpu_tlb_init(TcgCpu *t)
{
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        t->jc_flags[mode] = UINT32_MAX;
    }
    tcg_tlb_flush(t->cpu);
}

void tcg_tlb_flush(VCpu *cpu)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    memset(t->l2, 0, sizeof(t->l2));
    memset(t->large, 0, sizeof(t->large));
    forget_first_level(t, ALL_MODES);
}

void tcg_tlb_flush_space(VCpu *cpu, uint32_t space)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    uint32_t *gen = &t->space_gen[space % TCG_SPACE_GENS];
    if (++*gen == 0) {
        tcg_tlb_flush(cpu);
        return;
    }
    forget_first_level(t, ALL_MODES);
}

static void flush_page(TcgCpu *t, uint64_t gva, bool any_space, uint32_t space)
{
    TcgL2Entry *set = l2_set(t, gva);

    for (unsigned way = 0; way < TCG_L2_WAYS; way++) {
        bool ours = any_space || (uint32_t)set[way].gen == space;
        if (ours && page_of(set[way].tag) == page_of(gva)) {
            set[way].tag = 0;
        }
    }
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        l1_clear_entry(&t->state->tlb[mode], l1_index(gva));
    }
    if (was_fetched(t, gva)) {
        forget_fetches(t, ALL_MODES);
    }
}

void tcg_tlb_flush_page(VCpu *cpu, uint64_t gva)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    if (in_large_page(t, gva)) {
        tcg_tlb_flush(cpu);
        return;
    }
    flush_page(t, gva, true, 0);
}

void tcg_tlb_flush_page_space(VCpu *cpu, uint64_t gva, uint32_t space)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    if (in_large_page(t, gva)) {
        tcg_tlb_flush_space(cpu, space);
        return;
    }
    flush_page(t, gva, false, space);
}

void tcg_tlb_bind(VCpu *cpu, unsigned mode_mask, uint32_t space)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        if (mode_mask >> mode & 1) {
            t->space[mode] = space;
        }
    }
    forget_first_level(t, mode_mask);
}

void tcg_tlb_flush_modes(VCpu *cpu, unsigned mode_mask)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    for (unsigned set = 0; set < TCG_L2_SETS; set++) {
        for (unsigned way = 0; way < TCG_L2_WAYS; way++) {
            TcgL2Entry *e = &t->l2[set][way];
            unsigned mode = e->tag >> L2_MODE_SHIFT & TCG_FLAGS_IDX_MASK;
            e->tag = mode_mask >> mode & 1 ? 0 : e->tag;
        }
    }
    forget_first_level(t, mode_mask);
}
