/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the register allocator. */
#ifndef TCG_REGALLOC_H
#define TCG_REGALLOC_H

#include "backend.h"

/*
 * A guest page that an access found and that a pair of host registers still knows: `place` holds
 * the offset in the page of base + offset, `page` the host address of the page. Later accesses off
 * the same base need only check that they stay inside.
 */
typedef struct KnownPage {
    IrRef base; /* IR_NONE: nothing is known */
    int64_t offset;
    uint32_t used; /* when: to replace the older one */
    uint8_t size;  /* bytes from there that are inside */
    bool write;    /* may be written, too */
    bool carried;  /* from the loop's previous iteration: `place` may be anything, and an access
                      lies at `offset` or above */
} KnownPage;

typedef struct Alloc {
    TcgGen *g;
    TcgContext *ctx;
    const TcgBackend *be;
    const IrRegion *r;
    TcgTempInfo *temps;
    uint32_t now;                /* index of the op being emitted + 1 */
    RegSet busy;                 /* temporaries' registers in use */
    RegSet locked;               /* registers the current op uses already */
    uint16_t owner[REG_COUNT];   /* temporary in each register; for a pinned one: the temporary that
                                    shares it with its slot */
    uint64_t spilled;            /* spill slots in use */
    KnownPage known[PAGE_PAIRS]; /* by pair of registers */
    KnownPage carried[PAGE_PAIRS]; /* what each holds at the loop's head */
} Alloc;

enum { NO_TEMP = 0xffff };

/* TcgContext.reuse */
enum { REUSED = 1, STORED_TO = 2 };

/* Registers of a pair, of all pairs that know something. */
RegSet pages_pair(const Alloc *a, unsigned pair);
RegSet pages_known_regs(const Alloc *a);
/* Forgets what is known in any of the registers. */
void pages_forget(Alloc *a, RegSet regs);
/* The slot has changed, by the op. */
void pages_slot_changed(Alloc *a, IrRef slot, const IrOp *op);
/* The pair that knows the page of an access (a check and the load or store after it), or -1. */
int pages_find(const Alloc *a, const IrOp *check);
/* The pair an access should use that finds its page itself. `taken`: registers of temporaries. */
unsigned pages_choose(const Alloc *a, RegSet taken);
/* If the region jumps back to its start: chooses what pairs carry around the loop, and emits what
 * comes before its head. */
void pages_start_loop(Alloc *a);
/* At a jump back: fills g->loop_fix. */
void pages_close_loop(Alloc *a);
/* What an access has just found. */
void pages_learn(Alloc *a, unsigned pair, const IrOp *check);

#endif
