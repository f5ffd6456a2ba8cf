/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables for the tests. An address space maps the RAM that the program and its data occupy to
 * itself for S-mode, and the .probe pages for U-mode at USER_ALIAS.
 */
#ifndef PAGING_H
#define PAGING_H

#include "rt.h"

enum {
    PTE_V = 1,
    PTE_R = 2,
    PTE_W = 4,
    PTE_X = 8,
    PTE_U = 16,
    PTE_G = 32,
    PTE_A = 64,
    PTE_D = 128,
    PTE_AD = PTE_A | PTE_D,
    PTE_RWX = PTE_R | PTE_W | PTE_X
};

/* Where U-mode finds the .probe pages: rt_run(MODE_U, probe_x, user_offset(), ...). */
#define USER_ALIAS 0x40000000ul

typedef struct Space {
    u64 *root;
    u64 levels; /* 3, 4, 5 for Sv39, Sv48, Sv57 */
    u64 asid;
} Space;

static inline u64 user_offset(void)
{
    return USER_ALIAS - (u64)probe_start;
}

/* Makes a space; tables come from a pool that pages_reset() empties. */
void pages_reset(void);
void *page_alloc(void);
void space_init(Space *s, u64 levels, u64 asid);

/* The PTE that maps va at a level (0: 4 KiB), making the tables above it. */
u64 *pte_of(Space *s, u64 va, u64 level);

/* Maps one page of the level's size; flags without PTE_V added. */
void map_page(Space *s, u64 va, u64 pa, u64 level, u64 flags);

static inline u64 pte_leaf(u64 pa, u64 flags)
{
    return pa >> 12 << 10 | flags;
}

static inline u64 satp_of(const Space *s)
{
    return (s->levels + 5) << 60 | s->asid << 44 | (u64)s->root >> 12;
}

/* Writes satp, without a fence. */
static inline void space_use(const Space *s)
{
    csr_write(satp, satp_of(s));
}

static inline void fence_all(void)
{
    asm volatile("sfence.vma" : : : "memory");
}
static inline void fence_va(u64 va)
{
    asm volatile("sfence.vma %0, x0" : : "r"(va) : "memory");
}
static inline void fence_asid(u64 asid)
{
    asm volatile("sfence.vma x0, %0" : : "r"(asid) : "memory");
}
static inline void fence_va_asid(u64 va, u64 asid)
{
    asm volatile("sfence.vma %0, %1" : : "r"(va), "r"(asid) : "memory");
}

#endif
