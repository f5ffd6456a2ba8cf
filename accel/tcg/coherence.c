/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest code that changes. RISC-V needs instruction fetch to see stores only after fence.i, so
 * writes are noticed, and translations checked against memory at the fence:
 *
 * - Translating from a page guards it: write tags that lead to it go (this vCPU's at once, others'
 *   at their next poll), so that the next store to it takes the slow path.
 * - The first store to a guarded page makes it suspect and lifts the guard: further stores are
 * fast.
 * - fence.i compares the bytes of the translations of every suspect page with memory, drops those
 *   that differ, and guards the page again. A page is also suspect while some vCPU may still have
 *   write tags from before the guard.
 */
#include <string.h>
#include "internal.h"

TcgGuardSet *tcg_guard_new(unsigned bits)
{
    TcgGuardSet *g = g_new0(TcgGuardSet, 1);
    g->bits = bits;
    g->slots = g_new0(uint64_t, (size_t)1 << bits);
    return g;
}

void tcg_guard_free(TcgGuardSet *g)
{
    g_free(g->slots);
    g_free(g);
}

/* The slot that holds the page, or the free one where the search ends. */
static uint64_t *guard_slot(TcgGuardSet *g, uint64_t page)
{
    size_t mask = ((size_t)1 << g->bits) - 1;
    size_t i = (page >> TCG_PAGE_BITS) * 0x9e3779b97f4a7c15ull >> (64 - g->bits);

    while (true) {
        uint64_t held = __atomic_load_n(&g->slots[i], __ATOMIC_ACQUIRE);
        if (held == page || held == 0) {
            return &g->slots[i];
        }
        i = (i + 1) & mask;
    }
}

bool tcg_page_is_guarded(TcgAccel *a, uint64_t host_page)
{
    TcgGuardSet *g = __atomic_load_n(&a->guard, __ATOMIC_ACQUIRE);
    return *guard_slot(g, host_page) == host_page;
}

static void guard_insert(TcgAccel *a, uint64_t page)
{
    TcgGuardSet *g = a->guard;

    if ((size_t)g->used * 2 >= (size_t)1 << g->bits) {
        TcgGuardSet *grown = tcg_guard_new(g->bits + 1);
        for (size_t i = 0; i < (size_t)1 << g->bits; i++) {
            if (g->slots[i] > 1) {
                *guard_slot(grown, g->slots[i]) = g->slots[i];
                grown->used++;
            }
        }
        __atomic_store_n(&a->guard, grown, __ATOMIC_RELEASE);
        g_ptr_array_add(a->old_guards, g); /* a slow path may still read it */
        g = grown;
    }
    uint64_t *slot = guard_slot(g, page);
    g->used += *slot == 0;
    __atomic_store_n(slot, page, __ATOMIC_RELEASE);
}

static void guard_remove(TcgAccel *a, uint64_t page)
{
    uint64_t *slot = guard_slot(a->guard, page);
    if (*slot == page) {
        __atomic_store_n(slot, 1, __ATOMIC_RELEASE);
    }
}

static TcgCodePage *page_get(TcgAccel *a, uint64_t host_page)
{
    TcgCodePage *p = g_hash_table_lookup(a->pages, &host_page);
    if (!p) {
        p = g_new0(TcgCodePage, 1);
        p->page = host_page;
        g_hash_table_insert(a->pages, &p->page, p);
    }
    return p;
}

static void make_suspect(TcgAccel *a, TcgCodePage *p)
{
    if (!p->suspect) {
        p->suspect = true;
        g_ptr_array_add(a->suspects, p);
    }
}

static unsigned chain_of(const TcgBlock *b, uint64_t host_page)
{
    return page_of((uint64_t)(uintptr_t)b->hva) == host_page ? 0 : 1;
}

void tcg_page_add_block(TcgAccel *a, TcgBlock *b)
{
    TcgCodePage *p = page_get(a, page_of((uint64_t)(uintptr_t)b->hva));
    b->page_next[0] = p->blocks;
    p->blocks = b;
    if (b->hva2 && page_of((uint64_t)(uintptr_t)b->hva2) != p->page) {
        TcgCodePage *second = page_get(a, page_of((uint64_t)(uintptr_t)b->hva2));
        b->page_next[1] = second->blocks;
        second->blocks = b;
    }
}

static void set_guard(TcgCpu *t, TcgCodePage *p)
{
    TcgAccel *a = t->accel;

    p->guarded = true;
    guard_insert(a, p->page);
    tcpu_drop_write_tags_of(t, p->page);
    if (a->cpu_count == 1) {
        return;
    }
    bool obeyed = __atomic_load_n(&t->protect_seen, __ATOMIC_RELAXED) == a->protect_seq;
    p->guarded_at = __atomic_add_fetch(&a->protect_seq, 1, __ATOMIC_SEQ_CST);
    if (obeyed) {
        __atomic_store_n(&t->protect_seen, p->guarded_at, __ATOMIC_RELEASE);
    }
    make_suspect(a, p);
    tcg_kick_all(a);
}

void tcg_page_guard(TcgCpu *t, uint64_t host_page)
{
    TcgCodePage *p = page_get(t->accel, host_page);

    if (p->guarded || p->suspect) {
        return;
    }
    set_guard(t, p);
}

void tcg_page_written(TcgAccel *a, uint64_t host_page)
{
    g_mutex_lock(&a->lock);
    TcgCodePage *p = g_hash_table_lookup(a->pages, &host_page);
    if (p && p->guarded) {
        p->guarded = false;
        guard_remove(a, host_page);
        make_suspect(a, p);
    }
    g_mutex_unlock(&a->lock);
}

void tcg_pages_flush(TcgAccel *a)
{
    g_ptr_array_set_size(a->suspects, 0);
    g_hash_table_remove_all(a->pages);
    memset(a->guard->slots, 0, sizeof(uint64_t) << a->guard->bits);
    a->guard->used = 0;
    g_ptr_array_set_size(a->old_guards, 0);
}

void tcpu_obey_guards(TcgCpu *t)
{
    uint64_t seq = __atomic_load_n(&t->accel->protect_seq, __ATOMIC_SEQ_CST);
    if (t->protect_seen != seq) {
        tcpu_drop_write_tags(t);
        __atomic_store_n(&t->protect_seen, seq, __ATOMIC_SEQ_CST);
    }
}

static bool bytes_differ(const TcgBlock *b)
{
    return memcmp(b->bytes, b->hva, b->size1) != 0 ||
           (b->hva2 && memcmp(b->bytes + b->size1, b->hva2, b->size - b->size1) != 0);
}

/* Takes the block out of one page's chain. */
static void unchain(TcgCodePage *p, TcgBlock *b)
{
    TcgBlock **at = &p->blocks;
    while (*at && *at != b) {
        at = &(*at)->page_next[chain_of(*at, p->page)];
    }
    if (*at) {
        *at = b->page_next[chain_of(b, p->page)];
    }
}

static void check_blocks(TcgAccel *a, TcgCodePage *p)
{
    for (TcgBlock *b = p->blocks, *next; b; b = next) {
        next = b->page_next[chain_of(b, p->page)];
        if (!bytes_differ(b)) {
            continue;
        }
        unchain(p, b);
        uint64_t first = page_of((uint64_t)(uintptr_t)b->hva);
        uint64_t second = page_of((uint64_t)(uintptr_t)b->hva2);
        if (b->hva2 && first != second) {
            unchain(page_get(a, first == p->page ? second : first), b);
        }
        tcg_block_drop(a, b);
    }
}

/* The lowest guard that every vCPU obeys. */
static uint64_t obeyed_by_all(TcgAccel *a)
{
    uint64_t lowest = UINT64_MAX;
    for (unsigned i = 0; i < a->cpu_count; i++) {
        lowest = MIN(lowest, __atomic_load_n(&a->cpus[i]->protect_seen, __ATOMIC_SEQ_CST));
    }
    return lowest;
}

/* Whether the page needs no look at the next fence.i. */
static bool settle(TcgCpu *t, TcgCodePage *p, uint64_t obeyed)
{
    TcgAccel *a = t->accel;

    if (p->guarded) {
        return a->cpu_count == 1 || p->guarded_at <= obeyed;
    }
    if (!p->blocks) {
        return true;
    }
    set_guard(t, p);
    return a->cpu_count == 1;
}

void tcg_fence_i(VCpu *cpu)
{
    TcgCpu *t = cpu->accel;
    if (!t) {
        return;
    }
    TcgAccel *a = t->accel;

    g_mutex_lock(&a->lock);
    uint64_t obeyed = obeyed_by_all(a);
    for (unsigned i = 0; i < a->suspects->len;) {
        TcgCodePage *p = g_ptr_array_index(a->suspects, i);
        check_blocks(a, p);
        if (settle(t, p, obeyed)) {
            p->suspect = false;
            g_ptr_array_remove_index_fast(a->suspects, i);
        } else {
            i++;
        }
    }
    uint64_t drops = __atomic_load_n(&a->drop_seq, __ATOMIC_ACQUIRE);
    g_mutex_unlock(&a->lock);
    if (t->drop_seen != drops) {
        t->drop_seen = drops;
        tcpu_clear_all_jumps(t);
    }
}
