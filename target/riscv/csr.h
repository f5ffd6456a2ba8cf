/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Control and status registers: one table (csr_table.c) and the rules of access (csr.c).
 *
 * To add a CSR, add a row in order of its number. A row without hooks is a plain register of
 * RvState of which `mask` can be written.
 */
#ifndef TARGET_RISCV_CSR_H
#define TARGET_RISCV_CSR_H

#include "state.h"

typedef struct RvCsr {
    const char *name;
    uint16_t number;  /* of the first; its bits 9:8 are the least privilege, 11:10 = 3: read-only */
    uint8_t count;    /* registers in the row: numbers number, number + step, ...; 0 means 1 */
    uint8_t step;     /* 0 means 1 */
    bool numbered;    /* names end in their distance from `zero` */
    uint16_t zero;    /* number of the (possibly absent) register whose name ends in 0 */
    uint32_t offset;  /* of the uint64_t in RvState; 0: none (reads as 0, writes go nowhere) */
    uint64_t mask;    /* bits that software can change */
    bool touches_irq; /* after a write another interrupt may be pending and enabled */

    /* Hooks, NULL where the plain rule does. Hooks get the register's number. */
    bool (*exists)(const RvConfig *cfg);           /* else: always */
    bool (*allowed)(RvCpu *cpu, unsigned number);  /* more rules for the current mode */
    uint64_t (*mask_of)(const RvConfig *cfg);      /* instead of mask */
    uint64_t (*read)(RvCpu *cpu, unsigned number); /* without side effects */
    /* What set and clear operations start from, if not the value read (mip). */
    uint64_t (*read_modify)(RvCpu *cpu, unsigned number);
    /* `value` has its unchangeable bits replaced by the current ones. */
    void (*write)(RvCpu *cpu, unsigned number, uint64_t value);
} RvCsr;

/* In order of numbers. */
extern const RvCsr rv_csrs[];
extern const unsigned rv_csr_rows;

/* Fills cpu->csr_row for its configuration. */
void rv_csr_index(RvCpu *cpu);
/* The row of a CSR that this hart has, or NULL. */
const RvCsr *rv_csr_find(const RvCpu *cpu, unsigned number);
/* Bits of the row's registers that software can change. */
uint64_t rv_csr_mask(const RvCpu *cpu, const RvCsr *csr);
/* The value, without access checks. */
uint64_t rv_csr_read(RvCpu *cpu, const RvCsr *csr, unsigned number);
/* A CSR instruction: `how` is RvCsrOp | RV_CSR_NO_*. *old gets the value before. False: the access
 * is illegal, and nothing happened. */
bool rv_csr_access(RvCpu *cpu, unsigned number, unsigned how, uint64_t operand, uint64_t *old);
/* "mhpmcounter3" */
void rv_csr_print_name(const RvCsr *csr, unsigned number, GString *out);

static inline unsigned rv_csr_count(const RvCsr *csr)
{
    return csr->count ? csr->count : 1;
}
static inline unsigned rv_csr_number(const RvCsr *csr, unsigned index)
{
    return csr->number + index * (csr->step ? csr->step : 1);
}

#endif
