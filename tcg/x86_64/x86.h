/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of the x86-64 back-end. */
#ifndef TCG_X86_64_X86_H
#define TCG_X86_64_X86_H

#include "encoder.h"

/* TcgContext.features */
enum {
    X86_BMI1 = 1,
    X86_BMI2 = 2,
    X86_LZCNT = 4,
    X86_POPCNT = 8,
    X86_AVX = 16,
    X86_FMA = 32,
};

/* TcgContext.tramp[]; how each is entered is told where it is written, in trampolines.c. */
enum {
    TRAMP_DISPATCH = TCG_TRAMP_HOST,
    TRAMP_RAISED,
    TRAMP_POLL,
    TRAMP_LINK,
    TRAMP_LOAD, /* + pair of registers * 2 + FP temporaries are alive */
    TRAMP_STORE = TRAMP_LOAD + 2 * PAGE_PAIRS,
    TRAMP_ATOMIC = TRAMP_STORE + 2 * PAGE_PAIRS,
    TRAMP_FP = TRAMP_ATOMIC + 2 * PAGE_PAIRS,
    TRAMP_POOL,  /* constants of FP ops, 16 bytes each: X86_POOL_* */
    TRAMP_HELPER /* + number of the helper */
};

enum {
    X86_POOL_SIGN64,
    X86_POOL_SIGN32,
    X86_POOL_ABS64,
    X86_POOL_ABS32,
    X86_POOL_BOX,
    X86_POOL_COUNT
};

enum {
    T_INT = 1 << IR_I32 | 1 << IR_I64,
    T_FLT = 1 << IR_F32 | 1 << IR_F64,
    T_ANY = T_INT | T_FLT,
};

/* Rows by topic; among rows of one op and type the first whose needs the host meets is taken. */
extern const TcgRow x86_rows_int[], x86_rows_shift[], x86_rows_control[], x86_rows_memory[],
    x86_rows_fp[];
extern const TcgRow x86_row_load, x86_row_store;

void x86_write_trampolines(TcgGen *g);

/* The place of a page that is not known: above every offset, also after any steps of a loop; below
 * every offset if signed. */
#define X86_NOWHERE INT64_MIN
void x86_forget_page(TcgGen *g, unsigned pair);
/* Before a jump back to the region's start: steps what the loop carries. */
void x86_step_pages(TcgGen *g);

_Static_assert(TRAMP_HELPER + TCG_MAX_HELPERS <= TCG_MAX_TRAMPOLINES, "all have a number");

/* cmp a, b at a width, for any operands a ROW_ONE_REG row admits; returns the condition code for
 * `cond` between a and b. */
unsigned x86_compare(TcgGen *g, uint32_t w, unsigned cond, const TcgOpnd *a, const TcgOpnd *b);

static inline bool x86_has(const TcgGen *g, uint32_t feature)
{
    return g->ctx->features & feature;
}

/* X_W for 64-bit ops. */
static inline uint32_t x86_width(const IrOp *op)
{
    return op->type == IR_I64 || op->type == IR_F64 ? X_W : 0;
}

/* FP op with a constant of the pool as its memory operand. */
void x86_pool_op(TcgGen *g, uint32_t opc, unsigned reg, unsigned index);

/* dst = operand, by a move, load or constant. Does not change the flags. */
static inline void x86_fill(TcgGen *g, unsigned dst, const TcgOpnd *o)
{
    if (o->kind == OPND_IMM) {
        x86_mov_imm(g, dst, o->imm);
    } else if (o->kind == OPND_MEM) {
        x86_mov_load(g, dst, x86_state(o->disp));
    } else if (o->reg != dst) {
        x86_mov_rr(g, dst, o->reg);
    }
}

static inline bool x86_is_reg(const TcgOpnd *o, unsigned reg)
{
    return o->kind == OPND_REG && o->reg == reg;
}

#endif
