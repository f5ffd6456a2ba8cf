/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shifts and rotates. */
#include "x86.h"

static unsigned shift_kind(unsigned opc)
{
    switch (opc) {
    case IR_shl:
        return SHIFT_SHL;
    case IR_shr:
        return SHIFT_SHR;
    case IR_sar:
        return SHIFT_SAR;
    case IR_rotl:
        return SHIFT_ROL;
    default:
        return SHIFT_ROR;
    }
}

static void shift_by_constant(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    unsigned d = g->out.reg, bits = w ? 64 : 32, count = (unsigned)g->in[1].imm & (bits - 1);
    const TcgOpnd *a = &g->in[0];
    bool separate = !x86_is_reg(a, d), rotates = op->opc == IR_rotl || op->opc == IR_rotr;
    if (separate && rotates && x86_has(g, X86_BMI2)) {
        x86_vro(g, 0xf0 | X_0F3A | X_F2 | w, d, 0, a);
        x86_8(g, op->opc == IR_rotr ? count : (bits - count) & (bits - 1));
    } else if (separate && a->kind == OPND_REG && op->opc == IR_shl && count == 1) {
        x86_lea(g, w, d, x86_mem_index(a->reg, a->reg, 0, 0));
    } else if (separate && a->kind == OPND_REG && op->opc == IR_shl && count - 2 < 2) {
        x86_lea(g, w, d, x86_mem_index(MEM_NONE, a->reg, count, 0));
    } else {
        if (separate || !w) {
            x86_ro(g, 0x8b | w, d, a);
        }
        if (count) {
            x86_shift_imm(g, shift_kind(op->opc), w, d, count);
        }
    }
}

/* The count is in cl. */
static void emit_shift(TcgGen *g, const IrOp *op)
{
    if (g->in[1].kind == OPND_IMM) {
        shift_by_constant(g, op);
        return;
    }
    if (!x86_width(op)) { /* extends, whatever a shift by 0 does */
        x86_ro(g, 0x8b, g->out.reg, &g->in[0]);
    } else {
        x86_fill(g, g->out.reg, &g->in[0]);
    }
    x86_rr(g, 0xd3 | x86_width(op), shift_kind(op->opc), g->out.reg);
}

static void emit_shift_bmi(TcgGen *g, const IrOp *op)
{
    if (g->in[1].kind == OPND_IMM) {
        shift_by_constant(g, op);
        return;
    }
    uint32_t prefix = op->opc == IR_shl ? X_66 : op->opc == IR_shr ? X_F2 : X_F3;
    x86_vro(g, 0xf7 | X_0F38 | prefix | x86_width(op), g->out.reg, g->in[1].reg, &g->in[0]);
}

#define ROW_BMI(name)                                                                              \
    {                                                                                              \
        .opc = IR_##name, .types = T_INT, .in = { OP_REG | OP_MEM, OP_REG | OP_IMM64 },            \
        .out = OP_REG, .needs = X86_BMI2, .emit = emit_shift_bmi                                   \
    }
#define ROW_CL(name)                                                                               \
    {                                                                                              \
        .opc = IR_##name, .types = T_INT, .in = { OP_REG | OP_MEM, OP_REG | OP_IMM64 },            \
        .fixed = { 0, RCX + 1 }, .out = OP_REG, .emit = emit_shift                                 \
    }

const TcgRow x86_rows_shift[] = {
    ROW_BMI(shl), ROW_BMI(shr), ROW_BMI(sar), ROW_CL(shl),      ROW_CL(shr),
    ROW_CL(sar),  ROW_CL(rotl), ROW_CL(rotr), { .emit = NULL },
};
