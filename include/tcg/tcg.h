/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code generation: from a region of IR to host code, and the interpreter that runs the same IR.
 *
 * A TcgContext is one machine's translator: it owns the code buffer (mapped twice, never writable
 * and executable at one address) and the back-end's trampolines. Generating and patching are done
 * with the accelerator's translation lock held; running code takes no lock.
 */
#ifndef TCG_TCG_H
#define TCG_TCG_H

#include "tcg/ir.h"
#include "tcg/state.h"

typedef struct TcgContext TcgContext;

typedef struct TcgConfig {
    size_t buffer_size; /* bytes of host code, rounded up to pages */
    bool split_wx; /* two mappings (default); false: one RWX mapping, for hosts without memfd */
    bool no_bmi2, no_fma, no_avx; /* pretend the host lacks them (tests) */
} TcgConfig;

/* A direct jump that can be patched; lives in the code buffer beside its stub (read-only to C). */
typedef struct TcgJumpSite {
    int32_t jump; /* from this record to the jump's 32-bit displacement, which is 4-byte aligned */
    int32_t stub; /* from this record to the stub the unlinked jump goes to */
} TcgJumpSite;

/* Is there a back-end for this host? */
bool tcg_have_backend(void);

/* NULL with *error set (caller frees) if memory is refused. Call once per machine. */
TcgContext *tcg_context_new(const TcgIsa *isa, const TcgConfig *config, char **error);
void tcg_context_free(TcgContext *ctx);
/* Fills state->tramp[], helpers[]; rt[] is the caller's. Once per hart, before it runs. */
void tcg_state_init(TcgContext *ctx, TcgState *state);

/* Generates host code for a verified region. Returns the entry, or NULL if the buffer is full
 * (then nothing has changed). *size gets the bytes used. */
const void *tcg_generate(TcgContext *ctx, const IrRegion *r, size_t *size);
size_t tcg_code_used(const TcgContext *ctx);
size_t tcg_code_capacity(const TcgContext *ctx);
/* Forgets all code but the trampolines. No hart may be inside generated code. */
void tcg_code_reset(TcgContext *ctx);

/* Runs generated code until a leave, or until a poll finds exit_request. Hart thread only. */
void tcg_enter(TcgContext *ctx, TcgState *state, const void *code);
/* What LOOKUP and LINK return to make generated code go back to tcg_enter's caller. */
const void *tcg_exit_code(const TcgContext *ctx);

/* Patches a jump to `code`, or back to its stub. Safe while other threads run it. */
void tcg_link(TcgContext *ctx, const TcgJumpSite *site, const void *code);
void tcg_unlink(TcgContext *ctx, const TcgJumpSite *site);

/* Disassembles host code to `out` for -d out_asm (bytes only where no disassembler is built in). */
void tcg_print_code(const void *code, size_t size, GString *out);

/* Runs one region in the interpreter: on return state->pc is where the guest goes on. False: a
 * `leave`, or a poll found exit_request. Memory ops use state->tlb and state->rt like the JIT. */
bool tcg_interp_run(const IrRegion *r, TcgState *state);

/* One FP op on bit patterns through soft-float under state->fp_status: what TCG_RT_FP and the
 * interpreter call. `what` = opcode | type << 8 | c << 16. */
uint64_t tcg_soft_fp(TcgState *state, uint64_t what, uint64_t a, uint64_t b, uint64_t c);
/* Likewise under a rounding mode of its own, which may be IR_RMM. */
uint64_t tcg_soft_fp_round(TcgState *state, uint64_t what, IrRound rounding, uint64_t a, uint64_t b,
                           uint64_t c);

#endif
