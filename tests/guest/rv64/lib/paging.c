/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "paging.h"

#define POOL     (FREE_RAM + 0x3000000)
#define POOL_END (FREE_RAM + 0x5000000)

static u64 pool = POOL;

void pages_reset(void)
{
    pool = POOL;
}

void *page_alloc(void)
{
    u64 *p = (u64 *)pool;

    if (pool >= POOL_END) {
        rt_fail("page pool", "is empty");
        rt_finish();
    }
    pool += 4096;
    for (int i = 0; i < 512; i++) {
        p[i] = 0;
    }
    return p;
}

u64 *pte_of(Space *s, u64 va, u64 level)
{
    u64 *table = s->root;

    for (u64 l = s->levels - 1; l > level; l--) {
        u64 *pte = &table[va >> (12 + 9 * l) & 511];

        if (!(*pte & PTE_V)) {
            *pte = pte_leaf((u64)page_alloc(), PTE_V);
        }
        table = (u64 *)(*pte >> 10 << 12);
    }
    return &table[va >> (12 + 9 * level) & 511];
}

void map_page(Space *s, u64 va, u64 pa, u64 level, u64 flags)
{
    *pte_of(s, va, level) = pte_leaf(pa, flags | PTE_V);
}

void space_init(Space *s, u64 levels, u64 asid)
{
    s->root = page_alloc();
    s->levels = levels;
    s->asid = asid;
    map_page(s, 0x80000000, 0x80000000, 2, PTE_RWX | PTE_AD);
    map_page(s, 0x0, 0x0, 2, PTE_R | PTE_W | PTE_AD);
    for (u64 off = 0; off < (u64)(probe_end - probe_start); off += 4096) {
        map_page(s, USER_ALIAS + off, (u64)probe_start + off, 0, PTE_R | PTE_X | PTE_U | PTE_AD);
    }
}
