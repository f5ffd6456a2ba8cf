/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point: one host instruction under the guest's MXCSR. Results that are NaN, and whatever
 * the host does differently, go to soft-float, which works on the same inputs and accrues the
 * guest's flags; so inputs stay in place until then (ROW_KEEP).
 */
#include "x86.h"

static uint32_t scalar(const IrOp *op)
{
    return op->type == IR_F64 ? X_F2 : X_F3;
}

/* Operand size prefix of packed and comparing instructions. */
static uint32_t packed(const IrOp *op)
{
    return op->type == IR_F64 ? X_66 : 0;
}

static void move_fp(TcgGen *g, const IrOp *op, unsigned dst, const TcgOpnd *o)
{
    if (o->kind == OPND_MEM) {
        g->ctx->backend->load(g, op->type, dst, o->disp);
    } else if (o->reg != dst) {
        x86_rr(g, 0x28 | X_0F, dst, o->reg);
    }
}

/* The op in soft-float; `in` and `out` as the allocator placed them. */
static void call_soft(TcgGen *g, const IrOp *op, const TcgOpnd *in, unsigned out)
{
    int32_t args = tcg_disp(offsetof(TcgState, args));
    for (unsigned k = 0; k < 3 && in[k].kind != OPND_NONE; k++) {
        unsigned reg = in[k].reg;
        if (in[k].kind == OPND_MEM) {
            reg = out;
            g->ctx->backend->load(g, IR_F64, reg, in[k].disp);
        }
        g->ctx->backend->store(g, IR_F64, reg, args + 8 * (int)k);
    }
    x86_mov_state_imm(g, args + 24, op->opc | op->type << 8 | op->c << 16);
    x86_call(g, g->ctx->tramp[TRAMP_FP]);
    g->ctx->backend->load(g, IR_F64, out, args);
}

static void stub_soft(TcgGen *g, TcgStub *stub)
{
    call_soft(g, stub->op, stub->in, stub->out.reg);
    x86_jmp(g, stub->back);
}

static TcgStub *soft_stub(TcgGen *g, const IrOp *op)
{
    TcgStub *stub = tcg_add_stub(g, stub_soft);
    stub->op = op;
    memcpy(stub->in, g->in, sizeof(stub->in));
    stub->out = g->out;
    return stub;
}

static void emit_soft(TcgGen *g, const IrOp *op)
{
    call_soft(g, op, g->in, g->out.reg);
}

static void compare_nan(TcgGen *g, const IrOp *op, unsigned a, unsigned b)
{
    x86_rr(g, 0x2e | X_0F | packed(op), a, b);
}

static void check_nan(TcgGen *g, const IrOp *op)
{
    TcgStub *stub = soft_stub(g, op);
    compare_nan(g, op, g->out.reg, g->out.reg);
    x86_jcc_stub(g, CC_P, stub);
    stub->back = g->p;
}

static void emit_binary(TcgGen *g, const IrOp *op)
{
    static const uint8_t opcodes[] = {
        [IR_fadd] = 0x58, [IR_fsub] = 0x5c, [IR_fmul] = 0x59, [IR_fdiv] = 0x5e
    };
    uint32_t opc = opcodes[op->opc] | X_0F | scalar(op);
    unsigned d = g->out.reg;
    if (x86_has(g, X86_AVX)) {
        x86_vro(g, opc, d, g->in[0].reg, &g->in[1]);
    } else {
        if (g->out_holds != 0) {
            move_fp(g, op, d, &g->in[0]);
        }
        x86_ro(g, opc, d, &g->in[1]);
    }
    check_nan(g, op);
}

/* One operand; the rest of the register is not to be waited for. */
static void unary(TcgGen *g, uint32_t opc)
{
    unsigned d = g->out.reg;
    const TcgOpnd *a = &g->in[0];
    if (a->kind == OPND_REG && x86_has(g, X86_AVX)) {
        x86_vrr(g, opc, d, a->reg, a->reg);
        return;
    }
    x86_rr(g, 0x57 | X_0F, d, d);
    x86_ro(g, opc, d, a);
}

static void emit_sqrt(TcgGen *g, const IrOp *op)
{
    unary(g, 0x51 | X_0F | scalar(op));
    check_nan(g, op);
}

static void emit_fcvt(TcgGen *g, const IrOp *op)
{
    unary(g, 0x5a | X_0F | (op->type == IR_F64 ? X_F3 : X_F2));
    check_nan(g, op);
}

/* The 231 form adds a product to its destination, 213 multiplies the destination. */
static void emit_fma(TcgGen *g, const IrOp *op)
{
    static const uint8_t opcodes231[] = { 0xb9, 0xbd, 0xbb, 0xbf };
    uint32_t w = op->type == IR_F64 ? X_W : 0;
    uint32_t opc = opcodes231[op->c & 3] | X_0F38 | X_66 | w;
    unsigned d = g->out.reg;
    if (g->out_holds == 0 && g->in[1].kind == OPND_REG) {
        x86_vro(g, opc - 0x10, d, g->in[1].reg, &g->in[2]);
    } else if (g->out_holds == 1) {
        x86_vro(g, opc - 0x10, d, g->in[0].reg, &g->in[2]);
    } else {
        if (g->out_holds != 2) {
            move_fp(g, op, d, &g->in[2]);
        }
        x86_vro(g, opc, d, g->in[0].reg, &g->in[1]);
    }
    check_nan(g, op);
}

/* dst = a <op> b, for instructions with a two- and a three-operand form. */
static void three_operand(TcgGen *g, const IrOp *op, uint32_t opc, unsigned dst, const TcgOpnd *a,
                          unsigned b)
{
    if (x86_has(g, X86_AVX)) {
        x86_vrr(g, opc, dst, a->reg, b);
    } else {
        move_fp(g, op, dst, a);
        x86_rr(g, opc, dst, b);
    }
}

/* Of two zeros the host returns the second: taken both ways, the signs combine. */
static void emit_minmax(TcgGen *g, const IrOp *op)
{
    bool min = op->opc == IR_fmin;
    uint32_t opc = (min ? 0x5d : 0x5f) | X_0F | scalar(op);
    unsigned d = g->out.reg, t = g->temp[0], a = g->in[0].reg, b = g->in[1].reg;
    TcgStub *stub = soft_stub(g, op);
    compare_nan(g, op, a, b);
    x86_jcc_stub(g, CC_P, stub);
    three_operand(g, op, opc, t, &g->in[0], b);
    three_operand(g, op, opc, d, &g->in[1], a);
    x86_rr(g, (min ? 0x56 : 0x54) | X_0F, d, t);
    stub->back = g->p;
}

static void emit_fcmp(TcgGen *g, const IrOp *op)
{
    unsigned d = g->out.reg, t = g->temp[0];
    if (op->c == IR_FCMP_EQ) {
        uint32_t opc = 0xc2 | X_0F | scalar(op);
        three_operand(g, op, opc, t, &g->in[0], g->in[1].reg);
        x86_8(g, 0); /* equal, quiet */
        x86_rr(g, 0x7e | X_0F | X_66, t, d);
        x86_alu_ri(g, ALU_AND, 0, d, 1);
        return;
    }
    x86_rr(g, 0x33, d, d);
    x86_rr(g, 0x2f | X_0F | packed(op), g->in[1].reg, g->in[0].reg);
    x86_setcc(g, op->c == IR_FCMP_LT ? CC_A : CC_AE, d);
}

/* Is the value in [0, 2^limit)? Anything else to the stub, before a flag is raised. */
static void check_range(TcgGen *g, const IrOp *op, TcgStub *stub, unsigned limit)
{
    bool f64 = op->type == IR_F64;
    unsigned t = g->temp[0];
    x86_rr(g, 0x7e | X_0F | X_66 | (f64 ? X_W : 0), g->in[0].reg, t);
    x86_shift_imm(g, SHIFT_SHR, f64 ? X_W : 0, t, f64 ? 52 : 23);
    x86_alu_ri(g, ALU_CMP, 0, t, (int32_t)(f64 ? 1023 + limit : 127 + limit));
    x86_jcc_stub(g, CC_AE, stub);
}

static void emit_ftoi(TcgGen *g, const IrOp *op)
{
    unsigned kind = op->c & 3, rounding = op->c >> 4, d = g->out.reg;
    if (rounding != IR_RTZ && rounding != IR_ROUND_DYN) {
        emit_soft(g, op);
        return;
    }
    bool wide = kind != IR_CVT_I32;
    TcgStub *stub = soft_stub(g, op);
    if (kind == IR_CVT_U32 || kind == IR_CVT_U64) {
        /* rounding up must not reach the limit */
        check_range(g, op, stub, kind == IR_CVT_U64 ? 63 : rounding == IR_RTZ ? 32 : 31);
    }
    uint32_t opc = (rounding == IR_RTZ ? 0x2c : 0x2d) | X_0F | scalar(op) | (wide ? X_W : 0);
    x86_rr(g, opc, d, g->in[0].reg);
    if (kind == IR_CVT_I32 || kind == IR_CVT_I64) {
        x86_alu_ri(g, ALU_CMP, wide ? X_W : 0, d, 1); /* overflows for the host's "indefinite" */
        x86_jcc_stub(g, CC_O, stub);
    }
    if (kind == IR_CVT_I32 || kind == IR_CVT_U32) {
        x86_rr(g, 0x63 | X_W, d, d);
    }
    stub->back = g->p;
}

static void emit_itof(TcgGen *g, const IrOp *op)
{
    unsigned kind = op->c & 3, d = g->out.reg, a = g->in[0].reg;
    TcgStub *stub = NULL;
    if (kind == IR_CVT_U64) {
        stub = soft_stub(g, op);
        x86_rr(g, 0x85 | X_W, a, a);
        x86_jcc_stub(g, CC_S, stub);
    } else if (kind == IR_CVT_U32) {
        x86_rr(g, 0x8b, g->temp[0], a);
        a = g->temp[0];
    }
    x86_rr(g, 0x57 | X_0F, d, d);
    x86_rr(g, 0x2a | X_0F | scalar(op) | (kind != IR_CVT_I32 ? X_W : 0), d, a);
    if (stub) {
        stub->back = g->p;
    }
}

/* Not NaN boxed: the canonical NaN. */
static void stub_unbox(TcgGen *g, TcgStub *stub)
{
    x86_mov_imm(g, stub->temp, 0x7fc00000);
    x86_rr(g, 0x6e | X_0F | X_66, stub->out.reg, stub->temp);
    x86_jmp(g, stub->back);
}

static void emit_unbox(TcgGen *g, const IrOp *op)
{
    unsigned d = g->out.reg, t = g->temp[0];
    const TcgOpnd *a = &g->in[0];
    TcgStub *stub = NULL;
    if (!op->c) {
        stub = tcg_add_stub(g, stub_unbox);
        stub->out = g->out;
        stub->temp = (uint8_t)t;
        if (a->kind == OPND_MEM) {
            x86_alu_mi(g, ALU_CMP, 0, x86_state(a->disp + 4), -1);
        } else {
            x86_rr(g, 0x7e | X_0F | X_66 | X_W, a->reg, t);
            x86_shift_imm(g, SHIFT_SAR, X_W, t, 32);
            x86_alu_ri(g, ALU_CMP, 0, t, -1);
        }
        x86_jcc_stub(g, CC_NE, stub);
    }
    move_fp(g, op, d, a);
    if (stub) {
        stub->back = g->p;
    }
}

/* d = a <bitwise> constant */
static void with_pool(TcgGen *g, const IrOp *op, uint32_t opc, unsigned index)
{
    move_fp(g, op, g->out.reg, &g->in[0]);
    x86_pool_op(g, opc | X_0F, g->out.reg, index);
}

static void emit_box(TcgGen *g, const IrOp *op)
{
    with_pool(g, op, 0x56, X86_POOL_BOX);
}

static void emit_fneg(TcgGen *g, const IrOp *op)
{
    with_pool(g, op, 0x57, op->type == IR_F64 ? X86_POOL_SIGN64 : X86_POOL_SIGN32);
}

static void emit_fabs(TcgGen *g, const IrOp *op)
{
    with_pool(g, op, 0x54, op->type == IR_F64 ? X86_POOL_ABS64 : X86_POOL_ABS32);
}

static void emit_bits_of_fp(TcgGen *g, const IrOp *op)
{
    uint32_t w = ir_ref_type(g->r, op->in[0]) == IR_F32 ? 0 : X_W;
    const TcgOpnd *a = &g->in[0];
    if (a->kind == OPND_REG && a->reg >= REG_FP0) {
        x86_rr(g, 0x7e | X_0F | X_66 | w, a->reg, g->out.reg);
    } else if (a->kind == OPND_MEM) {
        x86_rm(g, 0x8b | w, g->out.reg, x86_state(a->disp));
    } else {
        x86_fill(g, g->out.reg, a);
    }
}

static void emit_fp_of_bits(TcgGen *g, const IrOp *op)
{
    unsigned d = g->out.reg, reg = g->in[0].reg;
    const TcgOpnd *a = &g->in[0];
    if (a->kind == OPND_MEM) {
        move_fp(g, op, d, a);
        return;
    }
    if (a->kind == OPND_IMM) {
        if (a->imm == 0) {
            x86_rr(g, 0x57 | X_0F, d, d);
            return;
        }
        reg = g->temp[0];
        x86_mov_imm(g, reg, a->imm);
    }
    if (reg >= REG_FP0) {
        move_fp(g, op, d, a);
    } else {
        x86_rr(g, 0x6e | X_0F | X_66 | (op->type == IR_F64 ? X_W : 0), d, reg);
    }
}

enum {
    RM = OP_REG | OP_MEM,
};

#define ROW_BINARY(name)                                                                           \
    {                                                                                              \
        .opc = IR_##name, .types = T_FLT, .in = { OP_REG, RM }, .out = OP_REG, .flags = ROW_KEEP,  \
        .emit = emit_binary                                                                        \
    }
#define ROW_UNARY(name, fn)                                                                        \
    {                                                                                              \
        .opc = IR_##name, .types = T_FLT, .in = { RM }, .out = OP_REG, .flags = ROW_KEEP,          \
        .emit = fn                                                                                 \
    }
#define ROW_BITS(name, fn)                                                                         \
    {                                                                                              \
        .opc = IR_##name, .types = T_FLT, .in = { OP_REG }, .out = OP_REG, .emit = fn              \
    }
#define ROW_MINMAX(name)                                                                           \
    {                                                                                              \
        .opc = IR_##name, .types = T_FLT, .in = { OP_REG, OP_REG }, .out = OP_REG,                 \
        .flags = ROW_KEEP, .temps_fp = 1, .emit = emit_minmax                                      \
    }

const TcgRow x86_rows_fp[] = {
    ROW_BINARY(fadd),
    ROW_BINARY(fsub),
    ROW_BINARY(fmul),
    ROW_BINARY(fdiv),
    ROW_UNARY(fsqrt, emit_sqrt),
    ROW_UNARY(fcvt, emit_fcvt),
    ROW_MINMAX(fmin),
    ROW_MINMAX(fmax),
    { .opc = IR_fma,
      .types = T_FLT,
      .in = { OP_REG, RM, RM },
      .out = OP_REG,
      .flags = ROW_KEEP,
      .needs = X86_FMA,
      .emit = emit_fma },
    { .opc = IR_fma,
      .types = T_FLT,
      .in = { RM, RM, RM },
      .out = OP_REG,
      .flags = ROW_KEEP,
      .emit = emit_soft },
    { .opc = IR_fcmp,
      .types = T_FLT,
      .in = { OP_REG, OP_REG },
      .out = OP_REG,
      .temps_fp = 1,
      .emit = emit_fcmp },
    { .opc = IR_ftoi,
      .types = T_FLT,
      .in = { OP_REG },
      .out = OP_REG,
      .flags = ROW_KEEP,
      .temps_int = 1,
      .emit = emit_ftoi },
    { .opc = IR_itof,
      .types = T_FLT,
      .in = { OP_REG },
      .out = OP_REG,
      .flags = ROW_KEEP,
      .temps_int = 1,
      .emit = emit_itof },
    { .opc = IR_unbox,
      .types = T_ANY,
      .in = { RM },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_unbox },
    ROW_BITS(box, emit_box),
    ROW_BITS(fneg, emit_fneg),
    ROW_BITS(fabs, emit_fabs),
    { .opc = IR_bitcast,
      .types = T_INT,
      .in = { RM | OP_IMM64 },
      .out = OP_REG,
      .emit = emit_bits_of_fp },
    { .opc = IR_bitcast,
      .types = T_FLT,
      .in = { RM | OP_IMM64 },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_fp_of_bits },
    { .emit = NULL },
};
