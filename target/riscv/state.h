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
#include "pmp.h"
#include "target/riscv/cpu.h"
#include "tcg/state.h"

typedef struct RvCpu RvCpu;

typedef struct RvState {
    TcgState tcg;
    RvCpu *cpu; /* back link for helpers */

    uint64_t mstatus; /* SD is computed on read */
    uint64_t priv;    /* RvPriv */
    uint64_t medeleg, mideleg, mie, mtvec, mscratch, mepc, mcause, mtval;
    uint64_t mcounteren, mcountinhibit, menvcfg;
    uint64_t stvec, sscratch, sepc, scause, stval, satp, scounteren, senvcfg, stimecmp;
    uint64_t frm; /* fflags live in tcg.fp_status */
    /* interrupt-pending bits, changed atomically: those that software sets (and SSIP's edges), and
     * those that lines and the stimecmp timer drive */
    uint64_t mip_soft, mip_lines;
    uint64_t res_addr;  /* LR/SC reservation: gva, or all ones for none */
    uint64_t res_value; /* what LR read, zero extended */
    /* added to the counters' source; the counter itself while mcountinhibit stops it */
    uint64_t mcycle_offset, minstret_offset;
    uint64_t pmpaddr[RV_PMP_ENTRIES];
    uint8_t pmpcfg[RV_PMP_ENTRIES];
} RvState;

/* Extensions that are known by name only. */
typedef enum RvAbsent {
#define ABSENT(name) RV_ABSENT_##name,
#include "ext_absent.def"
#undef ABSENT
    RV_ABSENT_COUNT
} RvAbsent;

/* The piece of memory, alike for PMP, where page-table walks read last. */
typedef struct RvWalkWindow {
    uint64_t first, size; /* gpa; size 0: none */
    uint8_t *hva;         /* of first; NULL: there is no memory */
    bool writable;
    uint8_t perms;       /* PMP_* of S */
    unsigned generation; /* the memory map it belongs to */
} RvWalkWindow;

enum { RV_LINES = 16, RV_CSR_COUNT = 4096 };

struct RvCpu {
    VCpu vcpu;
    /* properties */
    RvConfig cfg;
    bool absent[RV_ABSENT_COUNT]; /* set: the user asked for it */
    bool sv39, sv48, sv57;        /* what the user said of each; see cpu.c */
    char *priv_spec;
    uint64_t hartid;
    uint64_t reset_pc;
    /* wiring */
    IrqLine lines[RV_LINES]; /* by RvLine */
    TimeSource *time;
    /* saved, beside vcpu.halted */
    RvState *state;
    uint32_t state_count; /* 1: the number of states the pointer has */
    char *saved_config;   /* rv_cpu_describe of the hart that was saved */
    /* derived */
    RvPmp pmp;
    uint8_t csr_row[RV_CSR_COUNT]; /* 1 + index in rv_csrs, 0: there is no such CSR */
    GMutex stimer_lock;            /* stimer and the STIP line follow stimecmp under it; a leaf */
    ClkTimer stimer;               /* fires when time reaches stimecmp (Sstc) */
    unsigned map_generation;       /* atomic; counts changes of the memory map */
    RvWalkWindow window;
    RvDecoder *decoder; /* instruction rows of cfg; made at realize */
};

static inline bool rv_has_priv(const RvConfig *cfg, uint64_t priv)
{
    return priv == RV_M || (priv == RV_S && rv_has(cfg, RV_EXT_s)) ||
           (priv == RV_U && rv_has(cfg, RV_EXT_u));
}

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

/* --- trap.c --- */

/* Enters the trap handler for an exception at tcg.pc; sets tcg.raised. */
void rv_raise(RvCpu *cpu, RvCause cause, uint64_t tval);
/* Asks for a look at interrupts if one is pending and enabled now. */
void rv_check_interrupts(RvCpu *cpu);
/* Pending interrupts. Any thread. */
uint64_t rv_mip(const RvCpu *cpu);
/* IrqFn of the hart's lines; @n is an RvLine. */
void rv_line_changed(void *opaque, int n, int level);
/* For TargetOps. */
void rv_fault(VCpu *cpu, uint64_t gva, AccessKind kind, FaultKind what);
bool rv_interrupt(VCpu *cpu);
bool rv_has_work(VCpu *cpu);

/* --- csr.c: recomputes tcg.flags after privilege, mstatus or frm changed. --- */
void rv_update_flags(RvCpu *cpu);

/* --- timer.c; counters are named by their bit in mcountinhibit --- */

uint64_t rv_counter_read(RvCpu *cpu, unsigned counter);
void rv_counter_write(RvCpu *cpu, unsigned counter, uint64_t value);
void rv_counter_inhibit(RvCpu *cpu, uint64_t inhibit);
/* Does the hart have a supervisor timer now (menvcfg.STCE)? */
bool rv_stimer_on(const RvCpu *cpu);
/* Writes stimecmp. */
void rv_stimer_set(RvCpu *cpu, uint64_t due);
/* Makes STIP and the timer follow time, stimecmp and menvcfg. Any thread. */
void rv_stimer_update(RvCpu *cpu);
/* Raises STIP if it is due although the timer has not fired yet. Hart's thread. */
void rv_stimer_poll(RvCpu *cpu);
/* At realize, and when the hart ends; its time source may be gone by then. */
void rv_stimer_init(RvCpu *cpu);
void rv_stimer_end(RvCpu *cpu);

/* --- mmu.c --- */

/* For TargetOps. Of a fetch, fill->perms are those of the mode tcg_flags_jc names. */
bool rv_tlb_fill(VCpu *cpu, uint64_t gva, unsigned size, AccessKind kind, unsigned mmu_idx,
                 TlbFill *fill);
bool rv_debug_translate(VCpu *cpu, uint64_t gva, uint64_t *gpa);
/* After a change of pmpcfg or pmpaddr. */
void rv_pmp_changed(RvCpu *cpu);
/* Forgets all translations and binds the data modes to satp's address space. */
void rv_mmu_restart(RvCpu *cpu);

/* --- config.c --- */

/* Works out cfg from the properties: what extensions need is turned on, or off with what the user
 * turned off. False: the user's wishes contradict each other or ask for what is not there. */
bool rv_config_resolve(RvCpu *cpu, Error *err);
/* Turns on what `-cpu max` has beyond rv64. */
void rv_config_max(RvCpu *cpu);
/* Everything that must agree between a saved hart and the one it is loaded into; caller frees. */
char *rv_config_describe(const RvCpu *cpu);

/* --- cpu.c, ops.c, print.c --- */

extern const TargetOps rv_target_ops;
extern const VmState rv_cpu_vmstate;
void rv_print_state(VCpu *cpu, GString *out);

/* Front-end (isa.c). */
void rv_translate(VCpu *cpu, IrRegion *r, const uint8_t *code, uint32_t size, unsigned max_insns);
unsigned rv_disassemble(VCpu *cpu, uint64_t pc, const uint8_t *code, size_t size, GString *out);

#endif
