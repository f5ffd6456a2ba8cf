/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RV32I and RV64I, unprivileged specification chapters "RV32I" and "RV64I", without SYSTEM
 * instructions.
 */
#include "translate.h"

static void tr_lui(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        ir_mov(t->r, rv_x_out(t, a->rd), ir_const(t->r, a->imm));
    }
}

static void tr_auipc(RvTr *t, const RvArgs *a)
{
    rv_address_of(t, a->rd, t->offset + a->imm);
}

/* Without compressed instructions targets are multiples of 4; then nothing else is written. */
static bool is_misaligned(const RvTr *t, int64_t page_offset)
{
    return (page_offset & 2) && !rv_has(t->cfg, RV_EXT_zca);
}

static void end_misaligned(RvTr *t, int64_t page_offset)
{
    IrRef target = ir_temp(t->r, IR_I64);

    ir_pcrel(t->r, target, page_offset);
    rv_check_target(t, target);
    rv_end_dispatch(t);
}

static void tr_jal(RvTr *t, const RvArgs *a)
{
    int64_t target = t->offset + a->imm;

    if (is_misaligned(t, target)) {
        end_misaligned(t, target);
        return;
    }
    rv_address_of(t, a->rd, t->next);
    rv_end_jump(t, target);
}

static void tr_jalr(RvTr *t, const RvArgs *a)
{
    IrRef target = rv_x(t, a->rs1);

    if (a->imm || t->xtype == IR_I32) {
        target = ir_t2(t->r, IR_add, t->xtype, target, ir_const(t->r, a->imm));
    }
    target = ir_t2(t->r, IR_and, IR_I64, target, ir_const(t->r, -2));
    if (!rv_has(t->cfg, RV_EXT_zca)) {
        rv_check_target(t, target);
    }
    rv_address_of(t, a->rd, t->next);
    ir_jumpind(t->r, target);
    t->ended = true;
}

/* op: IrCond. Values narrower than 64 bits are sign extended, which keeps both orders. */
static void tr_branch(RvTr *t, const RvArgs *a)
{
    int64_t target = t->offset + a->imm;
    IrCond cond = a->insn->op;

    if (is_misaligned(t, target)) {
        IrCond inverse = cond ^ 1;
        ir_brcond(t->r, IR_I64, inverse, rv_x(t, a->rs1), rv_x(t, a->rs2), t->next, false);
        end_misaligned(t, target);
        return;
    }
    ir_brcond(t->r, IR_I64, cond, rv_x(t, a->rs1), rv_x(t, a->rs2), target, target <= t->offset);
}

/* op: IR_MEM_* of the access. */
static void tr_load(RvTr *t, const RvArgs *a)
{
    int64_t offset;
    IrRef base = rv_base(t, a->rs1, a->imm, &offset);

    ir_load(t->r, rv_x_out(t, a->rd), base, offset, a->insn->op);
}

static void tr_store(RvTr *t, const RvArgs *a)
{
    int64_t offset;
    IrRef base = rv_base(t, a->rs1, a->imm, &offset);

    ir_store(t->r, rv_x(t, a->rs2), base, offset, a->insn->op);
}

static void tr_addi(RvTr *t, const RvArgs *a)
{
    if (a->rd == 0) {
        return;
    }
    if (a->rs1 == 0) {
        ir_mov(t->r, rv_x_out(t, a->rd), ir_const(t->r, a->imm));
    } else if (a->imm == 0) {
        ir_mov(t->r, rv_x_out(t, a->rd), rv_x(t, a->rs1));
    } else {
        rv_tr_alui(t, a);
    }
}

static void tr_addiw(RvTr *t, const RvArgs *a)
{
    if (a->imm) {
        rv_tr_aluiw(t, a);
    } else if (a->rd) {
        ir_op1(t->r, IR_sext32, IR_I64, rv_x_out(t, a->rd), rv_x(t, a->rs1));
    }
}

static void tr_add(RvTr *t, const RvArgs *a)
{
    if (a->rd && a->rs1 == 0) {
        ir_mov(t->r, rv_x_out(t, a->rd), rv_x(t, a->rs2));
    } else {
        rv_tr_alu(t, a);
    }
}

/* op: IrCond */
static void tr_set(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        ir_setc(t->r, IR_I64, a->insn->op, rv_x_out(t, a->rd), rv_x(t, a->rs1), rv_x(t, a->rs2));
    }
}

static void tr_set_imm(RvTr *t, const RvArgs *a)
{
    if (a->rd) {
        ir_setc(t->r, IR_I64, a->insn->op, rv_x_out(t, a->rd), rv_x(t, a->rs1),
                ir_const(t->r, a->imm));
    }
}

/* Predecessor bits 7:4 and successor bits 3:0 are I O R W. Device accesses are ordered by the
 * device lock; of RAM only a store before a load needs more than the host's order. */
static void tr_fence(RvTr *t, const RvArgs *a)
{
    enum { TSO = 8, PRED_W = 1 << 4, SUCC_R = 1 << 1 };
    bool tso = a->imm >> 8 == TSO;
    bool full = !tso && (a->imm & PRED_W) && (a->imm & SUCC_R);

    ir_fence(t->r, full ? IR_FENCE_FULL : IR_FENCE_ACQ_REL);
}

enum { I = RV_EXT_i, ANY = RV_XL_ANY, X32 = RV_XL32, X64 = RV_XL64 };
enum { U8 = IR_MEM_8, U16 = IR_MEM_16, U32 = IR_MEM_32, U64 = IR_MEM_64 };
enum { S8 = U8 | IR_MEM_SIGN, S16 = U16 | IR_MEM_SIGN, S32 = U32 | IR_MEM_SIGN };

/* clang-format off */
static const RvInsn rows[] = {
    { "lui",   "iiiii iiiii iiiii iiiii ddddd 0110111", FMT_U,      tr_lui,      I, ANY },
    { "auipc", "iiiii iiiii iiiii iiiii ddddd 0010111", FMT_U,      tr_auipc,    I, ANY },
    { "jal",   "iiiii iiiii iiiii iiiii ddddd 1101111", FMT_JAL,    tr_jal,      I, ANY },
    { "jalr",  "iiiiiiiiiiii sssss 000 ddddd 1100111",  FMT_LOAD,   tr_jalr,     I, ANY },
    { "beq",   "iiiiiii ttttt sssss 000 iiiii 1100011", FMT_BRANCH, tr_branch,   I, ANY, IR_EQ },
    { "bne",   "iiiiiii ttttt sssss 001 iiiii 1100011", FMT_BRANCH, tr_branch,   I, ANY, IR_NE },
    { "blt",   "iiiiiii ttttt sssss 100 iiiii 1100011", FMT_BRANCH, tr_branch,   I, ANY, IR_LT },
    { "bge",   "iiiiiii ttttt sssss 101 iiiii 1100011", FMT_BRANCH, tr_branch,   I, ANY, IR_GE },
    { "bltu",  "iiiiiii ttttt sssss 110 iiiii 1100011", FMT_BRANCH, tr_branch,   I, ANY, IR_LTU },
    { "bgeu",  "iiiiiii ttttt sssss 111 iiiii 1100011", FMT_BRANCH, tr_branch,   I, ANY, IR_GEU },
    { "lb",    "iiiiiiiiiiii sssss 000 ddddd 0000011",  FMT_LOAD,   tr_load,     I, ANY, S8 },
    { "lh",    "iiiiiiiiiiii sssss 001 ddddd 0000011",  FMT_LOAD,   tr_load,     I, ANY, S16 },
    { "lw",    "iiiiiiiiiiii sssss 010 ddddd 0000011",  FMT_LOAD,   tr_load,     I, ANY, S32 },
    { "ld",    "iiiiiiiiiiii sssss 011 ddddd 0000011",  FMT_LOAD,   tr_load,     I, X64, U64 },
    { "lbu",   "iiiiiiiiiiii sssss 100 ddddd 0000011",  FMT_LOAD,   tr_load,     I, ANY, U8 },
    { "lhu",   "iiiiiiiiiiii sssss 101 ddddd 0000011",  FMT_LOAD,   tr_load,     I, ANY, U16 },
    { "lwu",   "iiiiiiiiiiii sssss 110 ddddd 0000011",  FMT_LOAD,   tr_load,     I, X64, U32 },
    { "sb",    "iiiiiii ttttt sssss 000 iiiii 0100011", FMT_STORE,  tr_store,    I, ANY, U8 },
    { "sh",    "iiiiiii ttttt sssss 001 iiiii 0100011", FMT_STORE,  tr_store,    I, ANY, U16 },
    { "sw",    "iiiiiii ttttt sssss 010 iiiii 0100011", FMT_STORE,  tr_store,    I, ANY, U32 },
    { "sd",    "iiiiiii ttttt sssss 011 iiiii 0100011", FMT_STORE,  tr_store,    I, X64, U64 },
    { "addi",  "iiiiiiiiiiii sssss 000 ddddd 0010011",  FMT_I,      tr_addi,     I, ANY, IR_add },
    { "slti",  "iiiiiiiiiiii sssss 010 ddddd 0010011",  FMT_I,      tr_set_imm,  I, ANY, IR_LT },
    { "sltiu", "iiiiiiiiiiii sssss 011 ddddd 0010011",  FMT_I,      tr_set_imm,  I, ANY, IR_LTU },
    { "xori",  "iiiiiiiiiiii sssss 100 ddddd 0010011",  FMT_I,      rv_tr_alui,  I, ANY, IR_xor },
    { "ori",   "iiiiiiiiiiii sssss 110 ddddd 0010011",  FMT_I,      rv_tr_alui,  I, ANY, IR_or },
    { "andi",  "iiiiiiiiiiii sssss 111 ddddd 0010011",  FMT_I,      rv_tr_alui,  I, ANY, IR_and },
    { "slli",  "000000 iiiiii sssss 001 ddddd 0010011", FMT_SHIFT,  rv_tr_alui,  I, X64, IR_shl },
    { "srli",  "000000 iiiiii sssss 101 ddddd 0010011", FMT_SHIFT,  rv_tr_alui,  I, X64, IR_shr },
    { "srai",  "010000 iiiiii sssss 101 ddddd 0010011", FMT_SHIFT,  rv_tr_alui,  I, X64, IR_sar },
    { "slli",  "0000000 iiiii sssss 001 ddddd 0010011", FMT_SHIFT5, rv_tr_alui,  I, X32, IR_shl },
    { "srli",  "0000000 iiiii sssss 101 ddddd 0010011", FMT_SHIFT5, rv_tr_alui,  I, X32, IR_shr },
    { "srai",  "0100000 iiiii sssss 101 ddddd 0010011", FMT_SHIFT5, rv_tr_alui,  I, X32, IR_sar },
    { "add",   "0000000 ttttt sssss 000 ddddd 0110011", FMT_R,      tr_add,      I, ANY, IR_add },
    { "sub",   "0100000 ttttt sssss 000 ddddd 0110011", FMT_R,      rv_tr_alu,   I, ANY, IR_sub },
    { "sll",   "0000000 ttttt sssss 001 ddddd 0110011", FMT_R,      rv_tr_alu,   I, ANY, IR_shl },
    { "slt",   "0000000 ttttt sssss 010 ddddd 0110011", FMT_R,      tr_set,      I, ANY, IR_LT },
    { "sltu",  "0000000 ttttt sssss 011 ddddd 0110011", FMT_R,      tr_set,      I, ANY, IR_LTU },
    { "xor",   "0000000 ttttt sssss 100 ddddd 0110011", FMT_R,      rv_tr_alu,   I, ANY, IR_xor },
    { "srl",   "0000000 ttttt sssss 101 ddddd 0110011", FMT_R,      rv_tr_alu,   I, ANY, IR_shr },
    { "sra",   "0100000 ttttt sssss 101 ddddd 0110011", FMT_R,      rv_tr_alu,   I, ANY, IR_sar },
    { "or",    "0000000 ttttt sssss 110 ddddd 0110011", FMT_R,      rv_tr_alu,   I, ANY, IR_or },
    { "and",   "0000000 ttttt sssss 111 ddddd 0110011", FMT_R,      rv_tr_alu,   I, ANY, IR_and },
    { "addiw", "iiiiiiiiiiii sssss 000 ddddd 0011011",  FMT_I,      tr_addiw,    I, X64, IR_add },
    { "slliw", "0000000 iiiii sssss 001 ddddd 0011011", FMT_SHIFT5, rv_tr_aluiw, I, X64, IR_shl },
    { "srliw", "0000000 iiiii sssss 101 ddddd 0011011", FMT_SHIFT5, rv_tr_aluiw, I, X64, IR_shr },
    { "sraiw", "0100000 iiiii sssss 101 ddddd 0011011", FMT_SHIFT5, rv_tr_aluiw, I, X64, IR_sar },
    { "addw",  "0000000 ttttt sssss 000 ddddd 0111011", FMT_R,      rv_tr_aluw,  I, X64, IR_add },
    { "subw",  "0100000 ttttt sssss 000 ddddd 0111011", FMT_R,      rv_tr_aluw,  I, X64, IR_sub },
    { "sllw",  "0000000 ttttt sssss 001 ddddd 0111011", FMT_R,      rv_tr_aluw,  I, X64, IR_shl },
    { "srlw",  "0000000 ttttt sssss 101 ddddd 0111011", FMT_R,      rv_tr_aluw,  I, X64, IR_shr },
    { "sraw",  "0100000 ttttt sssss 101 ddddd 0111011", FMT_R,      rv_tr_aluw,  I, X64, IR_sar },
    { "fence", "iiiiiiiiiiii ----- 000 ----- 0001111",  FMT_FENCE,  tr_fence,    I, ANY },
};
/* clang-format on */

const RvInsnTable rv_insns_i = RV_INSN_TABLE(rows);
