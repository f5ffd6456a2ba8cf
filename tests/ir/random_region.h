/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random IR regions and a small machine to run them on, for comparing two ways of running the
 * same region: before and after a pass, interpreter and generated code.
 *
 *     RandomMachine *m = random_machine_new();
 *     IrRegion *r = ir_region_new(&random_isa);
 *     random_region(r, seed, &(RandomOptions){ .ops = 40, .fp = true, .memory = true });
 *     random_machine_reset(m, seed);
 *     bool more = tcg_interp_run(r, &m->state);
 *     random_machine_capture(m, more, &first);
 *     ... change or compile r, reset with the same seed, run, capture ...
 *     char *difference = random_outcome_diff(&first, &second); (NULL: none)
 *
 * Everything is a function of the seeds. A region runs once: it has no loop inside.
 */
#ifndef RANDOM_REGION_H
#define RANDOM_REGION_H

#include "tcg/ir.h"
#include "tcg/state.h"

enum {
    RANDOM_INT_SLOTS = 16, /* x0.. in ireg[]; ten of them pinned */
    RANDOM_FP_SLOTS = 8,   /* f0.. in freg[] */
    RANDOM_FAR_SLOTS = 2,  /* far0.. behind the TcgState */
    RANDOM_RAW = 8,        /* words that regions reach by slotaddr */
    RANDOM_PAGES = 4,      /* guest memory; the last page never enters the TLB */
    RANDOM_MEMORY = RANDOM_PAGES * TCG_PAGE_SIZE,
};
#define RANDOM_BASE 0xffffffc012340000ull /* guest address of the memory */
#define RANDOM_PC   0x0000003fdeadb000ull /* page that the region pretends to be in */

extern const TcgIsa random_isa;

typedef struct RandomMachine {
    TcgState state;
    uint64_t far[RANDOM_FAR_SLOTS];
    uint64_t raw[RANDOM_RAW];
    uint64_t trace; /* hash of what helpers and slow paths saw */
    uint8_t memory[RANDOM_MEMORY] __attribute__((aligned(TCG_PAGE_SIZE)));
} RandomMachine;

typedef struct RandomOutcome {
    bool more; /* what the run returned */
    uint64_t ireg[RANDOM_INT_SLOTS], freg[RANDOM_FP_SLOTS], far[RANDOM_FAR_SLOTS];
    uint64_t raw[RANDOM_RAW];
    uint64_t pc, trace;
    uint32_t raised, fp_status;
    uint8_t memory[RANDOM_MEMORY];
} RandomOutcome;

typedef struct RandomOptions {
    unsigned ops; /* about how many */
    bool fp, memory, helpers, branches;
} RandomOptions;

/* Empties r and fills it with a region that verifies. */
void random_region(IrRegion *r, uint64_t seed, const RandomOptions *options);

/* The machine's rt[] are set except LOOKUP and LINK; helpers[] are set. */
RandomMachine *random_machine_new(void);
void random_machine_free(RandomMachine *m);
/* Registers, memory, TLB, FP status, exit flag from a seed. */
void random_machine_reset(RandomMachine *m, uint64_t seed);
/* What can be compared after a run; `more`: the run may go on (false: left or polled). */
void random_machine_capture(const RandomMachine *m, bool more, RandomOutcome *outcome);
/* NULL if equal, else the first difference (caller frees). */
char *random_outcome_diff(const RandomOutcome *a, const RandomOutcome *b);

/* The generator of all this, for tests that need numbers of the same kind. */
uint64_t random_next(uint64_t *seed);
/* Integers and FP bit patterns with many corner cases. */
uint64_t random_int(uint64_t *seed);
uint64_t random_f64(uint64_t *seed);
uint64_t random_f32(uint64_t *seed);

#endif
