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
    uint32_t gen = space == TCG_SPACE_GLOBAL ? 0 : t->space_gen[space % TCG_SPACE_GENS];
    return (uint64_t)(t->gen + gen) << 32 | space;
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
    tlb->load[index].tag = tcg_tlb_empty_tag(index);
    tlb->store[index].tag = tcg_tlb_empty_tag(index);
}

/* Empties the entries named by a set of the mode's. */
static void l1_clear_set(TcgCpu *t, unsigned mode, const uint64_t *set)
{
    TcgFilled *filled = &t->filled[mode];

    for (unsigned word = 0; word < TCG_TLB_WORDS; word++) {
        uint64_t bits = set[word];

        filled->used[word] &= ~bits;
        filled->local[word] &= ~bits;
        for (; bits; bits &= bits - 1) {
            l1_clear_entry(&t->state->tlb[mode], word * 64 + (unsigned)__builtin_ctzll(bits));
        }
    }
}

static void l1_clear_mode(TcgCpu *t, unsigned mode)
{
    TcgFilled now = t->filled[mode];
    l1_clear_set(t, mode, now.used);
}

static void l1_note(TcgFilled *filled, unsigned index, bool global)
{
    uint64_t bit = 1ull << index % 64;

    filled->used[index / 64] |= bit;
    filled->local[index / 64] |= global ? 0 : bit;
}

static bool is_global(const TcgL2Entry *e)
{
    return (uint32_t)e->gen == TCG_SPACE_GLOBAL;
}

static void l1_fill(TcgCpu *t, const TcgL2Entry *e, uint64_t gva, unsigned mode, bool store)
{
    TcgTlb *tlb = &t->state->tlb[mode];
    unsigned i = l1_index(gva);
    TcgTlbEntry *entry = store ? &tlb->store[i] : &tlb->load[i];

    l1_note(&t->filled[mode], i, is_global(e));
    *entry = (TcgTlbEntry) { .tag = page_of(gva), .host = (uint64_t)(uintptr_t)e->hva };
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

static void move_window(TcgCpu *t, uint64_t gpa)
{
    MemSection s = mem_lookup(&t->accel->machine->memory, gpa);

    t->window =
        (TcgMemWindow) { .first = gpa, .size = s.left, .hva = s.hva, .writable = s.writable };
}

/* Where a physical page is. *hva NULL: not in memory as a whole. */
static void find_memory(TcgCpu *t, uint64_t gpa, uint8_t **hva, bool *writable)
{
    if (gpa - t->window.first >= t->window.size) {
        move_window(t, gpa);
    }
    uint64_t offset = gpa - t->window.first;
    bool whole = t->window.hva && t->window.size - offset >= TCG_PAGE_SIZE;
    *hva = whole ? t->window.hva + offset : NULL;
    *writable = whole && t->window.writable;
}

/* Walks, and enters the answer unless it may not be kept. `out` gets the page's entry. */
static bool walk(TcgCpu *t, uint64_t gva, unsigned size, AccessKind kind, unsigned mode,
                 TcgL2Entry *out, bool *kept)
{
    TlbFill fill = { 0 };

    if (!t->ops->tlb_fill(t->cpu, gva, size, kind, mode, &fill)) {
        return false;
    }
    *out = (TcgL2Entry) {
        .tag = l2_key(gva, mode) | fill.perms,
        .gen = space_stamp(t, fill.global ? TCG_SPACE_GLOBAL : t->space[mode]),
        .gpa = page_of(fill.gpa),
    };
    find_memory(t, out->gpa, &out->hva, &out->writable);
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
    if (kept && target->hva) {
        /* A tag made now does not outlive a guard set meanwhile: guards are obeyed at polls. */
        l1_fill(t, e, gva, mode, store);
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

/* False: a fault was delivered. */
static bool fill_fetch(TcgCpu *t, uint64_t pc, unsigned jc, TcgFetchEntry *f)
{
    TcgL2Entry walked;
    bool kept;
    const TcgL2Entry *e = find_or_walk(t, pc, 2, ACCESS_FETCH, jc, &walked, &kept);

    if (!e) {
        return false;
    }
    if (!e->hva) {
        t->ops->fault(t->cpu, pc, ACCESS_FETCH, FAULT_BUS);
        return false;
    }
    t->fetched[fetched_bit(pc) / 64] |= 1ull << fetched_bit(pc) % 64;
    *f = (TcgFetchEntry) { .tag = kept ? page_of(pc) | jc : TCG_FETCH_EMPTY,
                           .hva = e->hva,
                           .global = is_global(e) };
    return true;
}

const uint8_t *tcpu_fetch(TcgCpu *t, uint64_t pc, unsigned *how)
{
    unsigned jc = tcg_flags_jc(t->state->flags);
    TcgFetchEntry *f = &t->fetch[(pc >> TCG_PAGE_BITS ^ jc) & (TCG_FETCH_SIZE - 1)];
    uint64_t tag = page_of(pc) | jc;

    if (f->tag != tag && !fill_fetch(t, pc, jc, f)) {
        return NULL;
    }
    *how = (f->tag == tag ? TCG_FETCH_WHOLE : 0) | (f->global ? TCG_FETCH_GLOBAL : 0);
    return f->hva + (pc & (TCG_PAGE_SIZE - 1));
}

void tcpu_drop_write_tags(TcgCpu *t)
{
    for (unsigned mode = 0; mode < TCG_MMU_MODES; mode++) {
        for (unsigned i = 0; i < TCG_TLB_SIZE; i++) {
            t->state->tlb[mode].store[i].tag = tcg_tlb_empty_tag(i);
        }
    }
}

void tcpu_drop_write_tags_of(TcgCpu *t, uint64_t host_page)
{
    for (unsigned n = 0; n < TCG_MMU_MODES * TCG_TLB_WORDS; n++) {
        unsigned mode = n / TCG_TLB_WORDS, word = n % TCG_TLB_WORDS;

        for (uint64_t bits = t->filled[mode].used[word]; bits; bits &= bits - 1) {
            unsigned i = word * 64 + (unsigned)__builtin_ctzll(bits);
            TcgTlbEntry *e = &t->state->tlb[mode].store[i];
            e->tag = e->host == host_page ? tcg_tlb_empty_tag(i) : e->tag;
        }
    }
}

void tcpu_remember_jump(TcgCpu *t, unsigned jc_idx, const void *code, unsigned how)
{
    TcgJumpsFilled *jumps = &t->jumps[jc_idx];
    unsigned index = t->state->pc >> 1 & (TCG_JC_SIZE - 1);

    t->state->jc[jc_idx][index] = (TcgJump) { t->state->pc, (uint64_t)(uintptr_t)code };
    jumps->local |= !(how & TCG_FETCH_GLOBAL);
    if (jumps->count < TCG_JUMP_LIST) {
        jumps->index[jumps->count] = (uint16_t)index;
    }
    jumps->count += jumps->count <= TCG_JUMP_LIST;
}

void tcpu_clear_jumps(TcgCpu *t, unsigned jc_idx)
{
    TcgJumpsFilled *jumps = &t->jumps[jc_idx];
    bool listed = jumps->count <= TCG_JUMP_LIST;
    unsigned n = listed ? jumps->count : TCG_JC_SIZE;

    for (unsigned i = 0; i < n; i++) {
        t->state->jc[jc_idx][listed ? jumps->index[i] : i].pc = 1;
    }
    jumps->count = 0;
    jumps->local = false;
}

static void clear_fetch(TcgCpu *t, unsigned mode_mask, bool keep_global)
{
    for (unsigned i = 0; i < TCG_FETCH_SIZE; i++) {
        TcgFetchEntry *f = &t->fetch[i];
        bool named = mode_mask >> (f->tag & TCG_FLAGS_IDX_MASK) & 1;
        f->tag = named && !(keep_global && f->global) ? TCG_FETCH_EMPTY : f->tag;
    }
}

void tcpu_clear_all_jumps(TcgCpu *t)
{
    for (unsigned jc = 0; jc < TCG_JUMP_CACHES; jc++) {
        tcpu_clear_jumps(t, jc);
    }
}

enum { ALL_MODES = (1 << TCG_MMU_MODES) - 1 };

/* What every change of translations does to instruction fetch. */
static void forget_fetches(TcgCpu *t, unsigned mode_mask)
{
    clear_fetch(t, mode_mask, false);
    for (unsigned jc = 0; jc < TCG_JUMP_CACHES; jc++) {
        if (mode_mask >> jc % TCG_MMU_MODES & 1) {
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
        for (unsigned i = 0; i < TCG_TLB_SIZE; i++) {
            l1_clear_entry(&t->state->tlb[mode], i);
        }
    }
    for (unsigned jc = 0; jc < TCG_JUMP_CACHES; jc++) {
        t->jc_flags[jc] = UINT32_MAX;
        t->jumps[jc].count = TCG_JUMP_LIST + 1;
    }
    tcg_tlb_flush(t->cpu);
}

/* Counters that stamp entries start again, and so does the second level. */
static void restart_stamps(TcgCpu *t)
{
    memset(t->l2, 0, sizeof(t->l2));
    memset(t->space_gen, 0, sizeof(t->space_gen));
    t->gen = 0;
}

enum { GEN_LIMIT = 1 << 30 };

void tcg_tlb_flush(VCpu *cpu)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    if (++t->gen >= GEN_LIMIT) {
        restart_stamps(t);
    }
    t->window.size = 0;
    memset(t->large, 0, sizeof(t->large));
    forget_first_level(t, ALL_MODES);
}

void tcg_tlb_flush_space(VCpu *cpu, uint32_t space)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    if (++t->space_gen[space % TCG_SPACE_GENS] >= GEN_LIMIT) {
        restart_stamps(t);
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

/* What a switch of address spaces takes away; global entries stay. */
static void forget_local(TcgCpu *t, unsigned mode)
{
    TcgFilled now = t->filled[mode];

    l1_clear_set(t, mode, now.local);
    for (unsigned jc = mode; jc < TCG_JUMP_CACHES; jc += TCG_MMU_MODES) {
        if (t->jumps[jc].local) {
            tcpu_clear_jumps(t, jc);
        }
    }
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
            forget_local(t, mode);
        }
    }
    clear_fetch(t, mode_mask, true);
}

void tcg_tlb_flush_modes(VCpu *cpu, unsigned mode_mask)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    if (__builtin_popcount(mode_mask) > 2) {
        tcg_tlb_flush(cpu); /* the others' entries are cheaper to find again than to look for */
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
