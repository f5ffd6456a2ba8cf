/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One hart in a machine with RAM and a settable time source, for tests of the privileged
 * architecture. The accelerator is a double that counts what it is asked.
 */
#ifndef RV_HART_H
#define RV_HART_H

#include "../../target/riscv/csr.h"
#include "../../target/riscv/csr_bits.h"

#define HART_RAM      UINT64_C(0x80000000)
#define HART_RAM_SIZE (UINT64_C(16) << 20)
#define HART_ROM      UINT64_C(0x10000)

/* Calls of the accelerator since the counts were last cleared. */
typedef struct AccelCalls {
    unsigned flush, flush_space, flush_page, flush_page_space, bind, flush_modes, fence_i;
    unsigned mode_mask;
    uint64_t gva;
    uint32_t space;
} AccelCalls;

typedef struct TestTime {
    TimeSource source;
    uint64_t now;
} TestTime;

typedef struct Hart {
    Machine *machine;
    RvCpu *cpu;
    RvState *s;
    TestTime time;
    MemRegion ram, rom;
} Hart;

extern AccelCalls accel_calls;

/* A realized hart; the model must be good. */
Hart *hart_new(const char *model);
void hart_free(Hart *h);
/* To the state after power-on, in M. */
void hart_reset(Hart *h);
/* Sets privilege and the state word. */
void hart_enter(Hart *h, RvPriv priv);

/* CSR instructions by number: the value must be readable, the write legal. */
uint64_t hart_csr(Hart *h, unsigned number);
void hart_set_csr(Hart *h, unsigned number, uint64_t value);
/* csrrw as an instruction: did it trap? */
bool hart_csr_traps(Hart *h, unsigned number);

/* Guest memory. */
uint64_t hart_load(Hart *h, uint64_t gpa);
void hart_store(Hart *h, uint64_t gpa, uint64_t value);
/* One PMP entry that allows everything everywhere to S and U. */
void hart_open_pmp(Hart *h);

#endif
