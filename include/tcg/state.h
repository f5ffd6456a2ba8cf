/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of a hart's state that generated code addresses at constant displacements from one host
 * register. An ISA embeds it as the first member of its own state; slots are offsets from its
 * start.
 *
 * Owned by the hart's thread; other threads only store to exit_request (atomically).
 */
#ifndef TCG_STATE_H
#define TCG_STATE_H

#include <stdint.h>
#include <stddef.h>

#ifdef PG_STRESS
enum { TCG_TLB_BITS = 3, TCG_JC_BITS = 4 };
#else
enum { TCG_TLB_BITS = 8, TCG_JC_BITS = 12 };
#endif
enum {
    TCG_PAGE_BITS = 12,
    TCG_PAGE_SIZE = 1 << TCG_PAGE_BITS,
    TCG_TLB_SIZE = 1 << TCG_TLB_BITS,
    TCG_JC_SIZE = 1 << TCG_JC_BITS,
    TCG_MMU_MODES = 4,    /* data TLBs: what a region's mmu_idx indexes */
    TCG_JUMP_CACHES = 16, /* what its jc_idx indexes */
    TCG_MAX_HELPERS = 128,
    TCG_MAX_SPILLS = 64,
    TCG_STATE_BIAS = 128, /* the base register points this far into the state, so that ireg[0..31]
                             are reached by 8-bit displacements */
};

/*
 * First-level soft TLB, direct mapped by (gva >> 12) mod TCG_TLB_SIZE. A tag is the page's virtual
 * address, or a value that matches no address of that index: (address ^ tag) is the page offset on
 * a hit and at least TCG_PAGE_SIZE otherwise. Loads and stores have entries of their own: a copy
 * between two pages of one index, as page-aligned buffers often have, does not thrash. A
 * page with a store entry may be read, too: generated code reads through it after a store.
 */
typedef struct TcgTlbEntry {
    uint64_t tag;
    uint64_t host; /* host address of the page's first byte */
} TcgTlbEntry;

typedef struct TcgTlb {
    TcgTlbEntry load[TCG_TLB_SIZE];
    TcgTlbEntry store[TCG_TLB_SIZE];
} TcgTlb;

/* The tag of an empty entry: a page whose index is another one. */
static inline uint64_t tcg_tlb_empty_tag(unsigned index)
{
    return (uint64_t)(index ^ 1) << TCG_PAGE_BITS;
}

/* Jump cache entry: guest virtual pc -> host code. Empty: pc = 1 (no instruction is at an odd
 * address). Indexed by (pc >> 1) mod TCG_JC_SIZE. */
typedef struct TcgJump {
    uint64_t pc;
    uint64_t code;
} TcgJump;

/*
 * Functions of the accelerator that generated code calls (numbers of state->rt[]). Each may be
 * called only with pinned registers written back; each says what it needs.
 */
typedef enum TcgRuntime {
    TCG_RT_LOOKUP, /* const void *(TcgState *): host code for state->pc under the current state
                      word, translating if needed, and state->pc_page set to its page; or the
                      back-end's exit trampoline. Clears raised
                    */
    TCG_RT_LINK,   /* const void *(TcgState *, TcgJumpSite *site): as LOOKUP for state->pc, and
                      patches the jump if it may be linked */
    TCG_RT_LOAD,   /* uint64_t (TcgState *, gva, mem): the value (extended as `mem` says) of a guest
                      load that missed; state->pc must be the instruction's. Faults set raised */
    TCG_RT_STORE,  /* void (TcgState *, gva, mem, value): likewise for a store */
    TCG_RT_ATOMIC, /* void *(TcgState *, gva, mem): host pointer for an atomic, or raised; without
                      IR_MEM_WRITE it is a load-reserved: only read, faults as a load */
    TCG_RT_FP,     /* uint64_t (TcgState *, IrOpcode | IrType << 8 | c << 16, a, b, c): the op in
                      soft-float; accrues flags in state->fp_status */
    TCG_RT_COUNT
} TcgRuntime;

typedef struct TcgState {
    uint64_t ireg[32]; /* the guest's integer registers */
    uint64_t freg[32]; /* its floating-point registers */

    uint64_t pc;      /* where the guest is; exact outside generated code and at helper calls that
                         may raise */
    uint64_t pc_page; /* virtual page of the code that runs: every jump to another page sets it */
    uint32_t exit_request; /* nonzero: leave at the next poll; set by any thread */
    uint32_t raised;       /* a helper has redirected the guest: state->pc is where it goes on */
    uint32_t flags;        /* state word: what translations depend on besides their bytes */
    uint32_t fp_status;    /* guest FP status in the host's MXCSR layout (flags, rounding); live in
                              MXCSR    while generated code runs */
    uint32_t host_fp;      /* the MXCSR that C code wants */

    uint64_t args[6]; /* helper arguments on their way through a trampoline */
    uint64_t spill[TCG_MAX_SPILLS];
    uint64_t saved[24]; /* temporaries and back-end registers saved by trampolines */
    uint64_t scratch;   /* where an atomic that must not happen points */

    void *rt[TCG_RT_COUNT];
    void *helpers[TCG_MAX_HELPERS]; /* TcgHelper.fn by number */
    void *tramp[8];                 /* the back-end's trampolines */
    void *opaque;                   /* the accelerator's per-hart object */

    TcgJump jc[TCG_JUMP_CACHES][TCG_JC_SIZE];
    TcgTlb tlb[TCG_MMU_MODES];
} TcgState;

#endif
