/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zba, Zbb and Zbs, unprivileged specification chapter "B".
 */
#include "translate.h"

/* --- Zba --- */

/* op: by how much rs1 is shifted; UW: of its low word */
enum { SHIFT = 3, UW = 4, UW1, UW2, UW3 };

static void tr_shadd(RvTr *t, const RvArgs *a)
{
    IrRef index = rv_x(t, a->rs1);
    unsigned shift = a->insn->op & SHIFT;

    if (a->rd == 0) {
        return;
    }
    if (a->insn->op & UW) {
        index = ir_t1(t->r, IR_zext32, IR_I64, index);
    }
    if (shift == 0) {
        ir_op2(t->r, IR_add, IR_I64, rv_x_out(t, a->rd), rv_x(t, a->rs2), index);
    } else if (t->xtype == IR_I64) {
        ir_addsh(t->r, rv_x_out(t, a->rd), rv_x(t, a->rs2), index, shift);
    } else {
        IrRef sum = ir_temp(t->r, IR_I64);
        ir_addsh(t->r, sum, rv_x(t, a->rs2), index, shift);
        ir_op1(t->r, IR_sext32, IR_I64, rv_x_out(t, a->rd), sum);
    }
}

static void tr_slli_uw(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        IrRef low = ir_t1(t->r, IR_zext32, IR_I64, rv_x(t, a->rs1));
        ir_op2(t->r, IR_shl, IR_I64, rv_x_out(t, a->rd), low, ir_const(t->r, a->imm));
    }
}

/* --- Zbb --- */

static IrRef invert(RvTr *t, IrRef value)
{
    return ir_t2(t->r, IR_xor, IR_I64, value, ir_const(t->r, -1));
}

/* op: IR_or, IR_xor: rs1 op ~rs2. (IR has andn.) */
static void tr_inverted(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        ir_op2(t->r, a->insn->op, IR_I64, rv_x_out(t, a->rd), rv_x(t, a->rs1),
               invert(t, rv_x(t, a->rs2)));
    }
}

/* op: the condition under which rs1 is the result */
static void tr_minmax(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        IrRef x = rv_x(t, a->rs1), y = rv_x(t, a->rs2);
        ir_sel(t->r, IR_I64, a->insn->op, rv_x_out(t, a->rd), x, y, x, y);
    }
}

/* op: IR_sext8 ... IR_zext16, which know no width */
static void tr_extend(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        ir_op1(t->r, a->insn->op, IR_I64, rv_x_out(t, a->rd), rv_x(t, a->rs1));
    }
}

/* A byte's top bit is set by adding 0x7f to its low bits, or was set, if the byte is not zero;
 * each such bit, moved down, times 255 fills its byte. */
static void tr_orc_b(RvTr *t, const RvArgs *a)
{
    IrRegion *r = t->r;
    IrRef x = rv_x(t, a->rs1), low7 = ir_const(r, 0x7f7f7f7f7f7f7f7f);

    if (a->rd == 0) {
        return;
    }
    IrRef sum = ir_t2(r, IR_add, IR_I64, ir_t2(r, IR_and, IR_I64, x, low7), low7);
    IrRef top = ir_t2(r, IR_or, IR_I64, sum, x);
    IrRef down = ir_t2(r, IR_shr, IR_I64, top, ir_const(r, 7));
    IrRef ones = ir_t2(r, IR_and, IR_I64, down, ir_const(r, 0x0101010101010101));
    ir_op2(r, IR_mul, IR_I64, rv_x_out(t, a->rd), ones, ir_const(r, 255));
}

/* --- Zbs --- */

/* op: IR_or, IR_andn, IR_xor of the bit that rs2 numbers */
static void tr_bit(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        IrRef bit = ir_t2(t->r, IR_shl, t->xtype, ir_const(t->r, 1), rv_x(t, a->rs2));
        rv_alu(t, a->insn->op, t->xtype, a->rd, rv_x(t, a->rs1), bit);
    }
}

static void tr_bit_imm(RvTr *t, const RvArgs *a)
{
    rv_alu(t, a->insn->op, t->xtype, a->rd, rv_x(t, a->rs1),
           ir_const(t->r, (int64_t)(UINT64_C(1) << a->imm)));
}

static void extract(RvTr *t, unsigned rd, IrRef value, IrRef bit)
{
    if (rd) {
        IrRef shifted = ir_t2(t->r, IR_shr, t->xtype, value, bit);
        ir_op2(t->r, IR_and, IR_I64, rv_x_out(t, rd), shifted, ir_const(t->r, 1));
    }
}

static void tr_bext(RvTr *t, const RvArgs *a)
{
    extract(t, a->rd, rv_x(t, a->rs1), rv_x(t, a->rs2));
}

static void tr_bexti(RvTr *t, const RvArgs *a)
{
    extract(t, a->rd, rv_x(t, a->rs1), ir_const(t->r, a->imm));
}

enum { BA = RV_EXT_zba, BB = RV_EXT_zbb, BS = RV_EXT_zbs };
enum { ANY = RV_XL_ANY, X32 = RV_XL32, X64 = RV_XL64 };

/* clang-format off */
static const RvInsn rows[] = {
    { "sh1add",    "0010000 ttttt sssss 010 ddddd 0110011", FMT_R,     tr_shadd,   BA, ANY, 1 },
    { "sh2add",    "0010000 ttttt sssss 100 ddddd 0110011", FMT_R,     tr_shadd,   BA, ANY, 2 },
    { "sh3add",    "0010000 ttttt sssss 110 ddddd 0110011", FMT_R,     tr_shadd,   BA, ANY, 3 },
    { "add.uw",    "0000100 ttttt sssss 000 ddddd 0111011", FMT_R,     tr_shadd,   BA, X64, UW },
    { "sh1add.uw", "0010000 ttttt sssss 010 ddddd 0111011", FMT_R,     tr_shadd,   BA, X64, UW1 },
    { "sh2add.uw", "0010000 ttttt sssss 100 ddddd 0111011", FMT_R,     tr_shadd,   BA, X64, UW2 },
    { "sh3add.uw", "0010000 ttttt sssss 110 ddddd 0111011", FMT_R,     tr_shadd,   BA, X64, UW3 },
    { "slli.uw",   "000010 iiiiii sssss 001 ddddd 0011011", FMT_SHIFT, tr_slli_uw, BA, X64 },
    /* Zbb */
    { "andn",  "0100000 ttttt sssss 111 ddddd 0110011", FMT_R,      rv_tr_alu,   BB, ANY, IR_andn },
    { "orn",   "0100000 ttttt sssss 110 ddddd 0110011", FMT_R,      tr_inverted, BB, ANY, IR_or },
    { "xnor",  "0100000 ttttt sssss 100 ddddd 0110011", FMT_R,      tr_inverted, BB, ANY, IR_xor },
    { "max",   "0000101 ttttt sssss 110 ddddd 0110011", FMT_R,      tr_minmax,   BB, ANY, IR_GT },
    { "maxu",  "0000101 ttttt sssss 111 ddddd 0110011", FMT_R,      tr_minmax,   BB, ANY, IR_GTU },
    { "min",   "0000101 ttttt sssss 100 ddddd 0110011", FMT_R,      tr_minmax,   BB, ANY, IR_LT },
    { "minu",  "0000101 ttttt sssss 101 ddddd 0110011", FMT_R,      tr_minmax,   BB, ANY, IR_LTU },
    { "rol",   "0110000 ttttt sssss 001 ddddd 0110011", FMT_R,      rv_tr_alu,   BB, ANY, IR_rotl },
    { "ror",   "0110000 ttttt sssss 101 ddddd 0110011", FMT_R,      rv_tr_alu,   BB, ANY, IR_rotr },
    { "rolw",  "0110000 ttttt sssss 001 ddddd 0111011", FMT_R,      rv_tr_aluw,  BB, X64, IR_rotl },
    { "rorw",  "0110000 ttttt sssss 101 ddddd 0111011", FMT_R,      rv_tr_aluw,  BB, X64, IR_rotr },
    { "rori",  "011000 iiiiii sssss 101 ddddd 0010011", FMT_SHIFT,  rv_tr_alui,  BB, X64, IR_rotr },
    { "rori",  "0110000 iiiii sssss 101 ddddd 0010011", FMT_SHIFT5, rv_tr_alui,  BB, X32, IR_rotr },
    { "roriw", "0110000 iiiii sssss 101 ddddd 0011011", FMT_SHIFT5, rv_tr_aluiw, BB, X64, IR_rotr },
    /* Zbb, one operand */
    { "clz",    "011000000000 sssss 001 ddddd 0010011", FMT_R1, rv_tr_unary,  BB, ANY, IR_clz },
    { "ctz",    "011000000001 sssss 001 ddddd 0010011", FMT_R1, rv_tr_unary,  BB, ANY, IR_ctz },
    { "cpop",   "011000000010 sssss 001 ddddd 0010011", FMT_R1, rv_tr_unary,  BB, ANY, IR_popcnt },
    { "clzw",   "011000000000 sssss 001 ddddd 0011011", FMT_R1, rv_tr_unaryw, BB, X64, IR_clz },
    { "ctzw",   "011000000001 sssss 001 ddddd 0011011", FMT_R1, rv_tr_unaryw, BB, X64, IR_ctz },
    { "cpopw",  "011000000010 sssss 001 ddddd 0011011", FMT_R1, rv_tr_unaryw, BB, X64, IR_popcnt },
    { "sext.b", "011000000100 sssss 001 ddddd 0010011", FMT_R1, tr_extend,    BB, ANY, IR_sext8 },
    { "sext.h", "011000000101 sssss 001 ddddd 0010011", FMT_R1, tr_extend,    BB, ANY, IR_sext16 },
    { "zext.h", "000010000000 sssss 100 ddddd 0110011", FMT_R1, tr_extend,    BB, X32, IR_zext16 },
    { "zext.h", "000010000000 sssss 100 ddddd 0111011", FMT_R1, tr_extend,    BB, X64, IR_zext16 },
    { "orc.b",  "001010000111 sssss 101 ddddd 0010011", FMT_R1, tr_orc_b,     BB, ANY },
    { "rev8",   "011010011000 sssss 101 ddddd 0010011", FMT_R1, rv_tr_unary,  BB, X32, IR_bswap },
    { "rev8",   "011010111000 sssss 101 ddddd 0010011", FMT_R1, rv_tr_unary,  BB, X64, IR_bswap },
    /* Zbs */
    { "bclr",  "0100100 ttttt sssss 001 ddddd 0110011", FMT_R,      tr_bit,     BS, ANY, IR_andn },
    { "bset",  "0010100 ttttt sssss 001 ddddd 0110011", FMT_R,      tr_bit,     BS, ANY, IR_or },
    { "binv",  "0110100 ttttt sssss 001 ddddd 0110011", FMT_R,      tr_bit,     BS, ANY, IR_xor },
    { "bext",  "0100100 ttttt sssss 101 ddddd 0110011", FMT_R,      tr_bext,    BS, ANY },
    { "bclri", "010010 iiiiii sssss 001 ddddd 0010011", FMT_SHIFT,  tr_bit_imm, BS, X64, IR_andn },
    { "bseti", "001010 iiiiii sssss 001 ddddd 0010011", FMT_SHIFT,  tr_bit_imm, BS, X64, IR_or },
    { "binvi", "011010 iiiiii sssss 001 ddddd 0010011", FMT_SHIFT,  tr_bit_imm, BS, X64, IR_xor },
    { "bexti", "010010 iiiiii sssss 101 ddddd 0010011", FMT_SHIFT,  tr_bexti,   BS, X64 },
    { "bclri", "0100100 iiiii sssss 001 ddddd 0010011", FMT_SHIFT5, tr_bit_imm, BS, X32, IR_andn },
    { "bseti", "0010100 iiiii sssss 001 ddddd 0010011", FMT_SHIFT5, tr_bit_imm, BS, X32, IR_or },
    { "binvi", "0110100 iiiii sssss 001 ddddd 0010011", FMT_SHIFT5, tr_bit_imm, BS, X32, IR_xor },
    { "bexti", "0100100 iiiii sssss 101 ddddd 0010011", FMT_SHIFT5, tr_bexti,   BS, X32 },
};
/* clang-format on */

const RvInsnTable rv_insns_zb = RV_INSN_TABLE(rows);
