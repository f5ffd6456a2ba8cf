/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * M and Zmmul, unprivileged specification chapter "M". IR division is total and gives what the
 * specification asks for division by zero and overflow.
 */
#include "translate.h"

/* op: the IR op for 64-bit products' upper halves; RV32's are taken from the 64-bit product. */
static void tr_mulh(RvTr *t, const RvArgs *a)
{
    if (t->xtype == IR_I64) {
        rv_tr_alu(t, a);
        return;
    }
    if (a->rd == 0) {
        return;
    }
    bool zero_a = a->insn->op == IR_mulhu, zero_b = a->insn->op != IR_mulhs;
    IrRef x = ir_t1(t->r, zero_a ? IR_zext32 : IR_sext32, IR_I64, rv_x(t, a->rs1));
    IrRef y = ir_t1(t->r, zero_b ? IR_zext32 : IR_sext32, IR_I64, rv_x(t, a->rs2));
    IrRef product = ir_t2(t->r, IR_mul, IR_I64, x, y);
    ir_op2(t->r, IR_sar, IR_I64, rv_x_out(t, a->rd), product, ir_const(t->r, 32));
}

enum { M = RV_EXT_m, MUL = RV_EXT_zmmul, ANY = RV_XL_ANY, X64 = RV_XL64 };

/* clang-format off */
static const RvInsn rows[] = {
    { "mul",    "0000001 ttttt sssss 000 ddddd 0110011", FMT_R, rv_tr_alu,  MUL, ANY, IR_mul },
    { "mulh",   "0000001 ttttt sssss 001 ddddd 0110011", FMT_R, tr_mulh,    MUL, ANY, IR_mulhs },
    { "mulhsu", "0000001 ttttt sssss 010 ddddd 0110011", FMT_R, tr_mulh,    MUL, ANY, IR_mulhsu },
    { "mulhu",  "0000001 ttttt sssss 011 ddddd 0110011", FMT_R, tr_mulh,    MUL, ANY, IR_mulhu },
    { "mulw",   "0000001 ttttt sssss 000 ddddd 0111011", FMT_R, rv_tr_aluw, MUL, X64, IR_mul },
    { "div",    "0000001 ttttt sssss 100 ddddd 0110011", FMT_R, rv_tr_alu,  M,   ANY, IR_divs },
    { "divu",   "0000001 ttttt sssss 101 ddddd 0110011", FMT_R, rv_tr_alu,  M,   ANY, IR_divu },
    { "rem",    "0000001 ttttt sssss 110 ddddd 0110011", FMT_R, rv_tr_alu,  M,   ANY, IR_rems },
    { "remu",   "0000001 ttttt sssss 111 ddddd 0110011", FMT_R, rv_tr_alu,  M,   ANY, IR_remu },
    { "divw",   "0000001 ttttt sssss 100 ddddd 0111011", FMT_R, rv_tr_aluw, M,   X64, IR_divs },
    { "divuw",  "0000001 ttttt sssss 101 ddddd 0111011", FMT_R, rv_tr_aluw, M,   X64, IR_divu },
    { "remw",   "0000001 ttttt sssss 110 ddddd 0111011", FMT_R, rv_tr_aluw, M,   X64, IR_rems },
    { "remuw",  "0000001 ttttt sssss 111 ddddd 0111011", FMT_R, rv_tr_aluw, M,   X64, IR_remu },
};
/* clang-format on */

const RvInsnTable rv_insns_m = RV_INSN_TABLE(rows);
