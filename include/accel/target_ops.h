/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ISA gives the translating accelerator. All functions run on the hart's own thread unless
 * they say otherwise. A fault is delivered at once: the ISA does its trap entry (state->pc goes to
 * the handler, state->flags is updated) and sets state->raised; the caller unwinds.
 */
#ifndef ACCEL_TARGET_OPS_H
#define ACCEL_TARGET_OPS_H

#include <stdbool.h>
#include <stdint.h>
#include <glib.h>
#include "tcg/ir.h"
#include "tcg/state.h"

typedef struct VCpu VCpu;

typedef enum AccessKind { ACCESS_LOAD, ACCESS_STORE, ACCESS_FETCH, ACCESS_ATOMIC } AccessKind;

/* The state word (TcgState.flags): low bits mean the same for every ISA, the rest is the ISA's. */
enum {
    TCG_FLAGS_MMU_SHIFT = 0, /* which data TLB translations use: TcgState.tlb[] */
    TCG_FLAGS_JC_SHIFT = 2,  /* fetch privilege */
    TCG_FLAGS_IDX_MASK = 3,
    TCG_FLAGS_ISA_SHIFT = 4, /* first bit that the ISA may use: first two that change often */
};

static inline unsigned tcg_flags_mmu(uint32_t flags)
{
    return (flags >> TCG_FLAGS_MMU_SHIFT) & TCG_FLAGS_IDX_MASK;
}

static inline unsigned tcg_flags_jc(uint32_t flags)
{
    return (flags >> TCG_FLAGS_JC_SHIFT) & TCG_FLAGS_IDX_MASK;
}

/* Which jump cache: TcgState.jc[]. One per fetch privilege and value of the ISA's first two bits,
 * so that these may change without emptying it. */
static inline unsigned tcg_flags_jump_cache(uint32_t flags)
{
    return (flags >> TCG_FLAGS_JC_SHIFT) % TCG_JUMP_CACHES;
}

/* The answer of an address translation. */
enum { TLB_READ = 1, TLB_WRITE = 2, TLB_EXEC = 4 };
typedef struct TlbFill {
    uint64_t gpa;      /* physical address of the byte asked for */
    uint8_t perms;     /* what this mode may do without asking again: TLB_WRITE only once the page
                          is marked dirty */
    uint8_t page_bits; /* log2 of the mapping's size: 12 for 4 KiB; bounds targeted flushes */
    bool global;       /* maps alike in every address space */
    bool uncached;     /* permissions differ inside the 4 KiB page: good for this access only */
} TlbFill;

typedef enum FaultKind {
    FAULT_BUS,       /* nothing answers at the physical address, or it refused */
    FAULT_MISALIGNED /* an atomic that is not naturally aligned */
} FaultKind;

typedef struct TargetOps {
    const TcgIsa *isa;
    unsigned max_insns; /* guest instructions in a region */

    /* Length in bytes of the instruction that starts with these 16 bits. */
    unsigned (*insn_length)(uint16_t parcel);
    /*
     * Translates guest code at r->pc_page + r->start under r->flags into IR: `size` bytes at `code`
     * are readable; stops at max_insns, at the end of the bytes, or where the ISA must. Sets
     * guest_size and insn_count. At least one instruction is always complete. Several vCPUs call it
     * at the same time; must depend only on the bytes, the flags and the CPU's fixed configuration.
     */
    void (*translate)(VCpu *cpu, IrRegion *r, const uint8_t *code, uint32_t size,
                      unsigned max_insns);
    /* Translates gva for an access of `size` bytes that does not cross a page. Data accesses use
     * data mode mmu_idx, fetches the current privilege. False: a fault was delivered. */
    bool (*tlb_fill)(VCpu *cpu, uint64_t gva, unsigned size, AccessKind kind, unsigned mmu_idx,
                     TlbFill *fill);
    /* As tlb_fill but for debuggers: no faults, no A/D updates. False: not mapped. */
    bool (*debug_translate)(VCpu *cpu, uint64_t gva, uint64_t *gpa);
    /* Delivers the fault of an access whose translation succeeded. */
    void (*fault)(VCpu *cpu, uint64_t gva, AccessKind kind, FaultKind what);
    /* Takes the most urgent enabled interrupt if there is one. True if the guest was redirected. */
    bool (*interrupt)(VCpu *cpu);
    /* Any thread: is there a reason to end a wait-for-interrupt? */
    bool (*has_work)(VCpu *cpu);
    /* Registers for -d cpu and the monitor, in the layout users know. */
    void (*print_state)(VCpu *cpu, GString *out);
    /* One instruction as text; returns its length. */
    unsigned (*disassemble)(VCpu *cpu, uint64_t pc, const uint8_t *code, size_t size, GString *out);
} TargetOps;

#endif
