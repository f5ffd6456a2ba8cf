/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A RISC-V hart's state, private to target/riscv. CSR names and layouts: RISC-V privileged
 * architecture. XLEN is a run-time fact: fields are 64 bits wide, RV32 views are made on access.
 */
#ifndef TARGET_RISCV_STATE_H
#define TARGET_RISCV_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include "accel/target_ops.h"
#include "system/clock.h"
#include "isa.h"
#include "target/riscv/cpu.h"
#include "tcg/state.h"

typedef struct RvCpu RvCpu;

typedef struct RvState {
    TcgState tcg;
    RvCpu *cpu; /* back link for helpers */

    uint64_t mstatus; /* SD is computed on read */
    uint64_t priv;    /* RvPriv */
    uint64_t medeleg, mideleg, mie, mtvec, mscratch, mepc, mcause, mtval;
    uint64_t mcounteren, mcountinhibit, menvcfg, mseccfg;
    uint64_t stvec, sscratch, sepc, scause, stval, satp, scounteren, senvcfg, stimecmp;
    uint64_t frm;       /* fflags live in tcg.fp_status */
    uint64_t mip_soft;  /* bits software sets: SSIP, STIP, SEIP */
    uint64_t mip_lines; /* bits devices drive; written atomically by line handlers and timers */
    uint64_t res_addr;  /* LR/SC reservation: gva, or all ones for none */
    uint64_t res_value; /* what LR read, zero extended */
    uint64_t mcycle_offset, minstret_offset; /* added to the counters' source */
    uint64_t pmpaddr[RV_PMP_ENTRIES];
    uint8_t pmpcfg[RV_PMP_ENTRIES];
} RvState;

struct RvCpu {
    VCpu vcpu;
    /* properties */
    RvConfig cfg;
    uint64_t hartid;
    uint64_t reset_pc;
    /* wiring */
    IrqLine lines[16]; /* by RvLine */
    TimeSource *time;
    ClkTimer *stimer; /* stimecmp deadline (Sstc) */
    /* saved: *state */
    RvState *state;
    /* derived */
    void *pmp_cache;    /* sorted ranges for the walker */
    RvDecoder *decoder; /* instruction rows of cfg; made at realize */
};

static inline RvCpu *rv_cpu(VCpu *cpu)
{
    return (RvCpu *)cpu;
}

/* The hart whose state a helper was given. */
static inline RvCpu *rv_cpu_of(TcgState *state)
{
    return ((RvState *)state)->cpu;
}

/* Exception causes (mcause without the interrupt bit). */
typedef enum RvCause {
    RV_CAUSE_FETCH_MISALIGNED = 0,
    RV_CAUSE_FETCH_ACCESS = 1,
    RV_CAUSE_ILLEGAL = 2,
    RV_CAUSE_BREAKPOINT = 3,
    RV_CAUSE_LOAD_MISALIGNED = 4,
    RV_CAUSE_LOAD_ACCESS = 5,
    RV_CAUSE_STORE_MISALIGNED = 6,
    RV_CAUSE_STORE_ACCESS = 7,
    RV_CAUSE_ECALL_U = 8,
    RV_CAUSE_ECALL_S = 9,
    RV_CAUSE_ECALL_M = 11,
    RV_CAUSE_FETCH_PAGE = 12,
    RV_CAUSE_LOAD_PAGE = 13,
    RV_CAUSE_STORE_PAGE = 15,
} RvCause;

/* trap.c: enters the trap handler for an exception at tcg.pc; sets tcg.raised. */
void rv_raise(RvCpu *cpu, RvCause cause, uint64_t tval);
/* csr.c: recomputes tcg.flags after privilege, mstatus, frm or satp changed. */
void rv_update_flags(RvCpu *cpu);
/* trap.c: asks for a look at interrupts if one is pending and enabled now. */
void rv_check_interrupts(RvCpu *cpu);

/* Front-end (translate.c). */
unsigned rv_insn_length(uint16_t parcel);
void rv_translate(VCpu *cpu, IrRegion *r, const uint8_t *code, uint32_t size, unsigned max_insns);
unsigned rv_disassemble(VCpu *cpu, uint64_t pc, const uint8_t *code, size_t size, GString *out);

/* mmu.c */
bool rv_tlb_fill(VCpu *cpu, uint64_t gva, unsigned size, AccessKind kind, unsigned mmu_idx,
                 TlbFill *fill);

#endif
