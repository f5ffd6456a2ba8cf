/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zicsr, Zifencei and the privileged instructions: helpers do the work, and the region ends where
 * the state word may have changed.
 */
#include "translate.h"

/* --- CSRs --- */

enum { CSR_FRM = 0x002 };

/* The rounding mode is part of the state word that the region is translated under. */
static bool inline_read(RvTr *t, const RvArgs *a)
{
    if (a->imm != CSR_FRM || (t->flags & RV_FLAG_FS_OFF) || !rv_has(t->cfg, RV_EXT_f)) {
        return false;
    }
    if (a->rd) {
        unsigned frm = (t->flags & RV_FLAG_FRM_MASK) >> RV_FLAG_FRM_SHIFT;
        ir_mov(t->r, rv_x_out(t, a->rd), ir_const(t->r, frm));
    }
    return true;
}

/* CSRs that only remember what is written to them: translation goes on behind a write. */
static bool is_plain(int64_t csr)
{
    static const uint16_t plain[] = {
        0x140, 0x141, 0x142, 0x143, /* sscratch sepc scause stval */
        0x340, 0x341, 0x342, 0x343, /* mscratch mepc mcause mtval */
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(plain); i++) {
        if (plain[i] == csr) {
            return true;
        }
    }
    return false;
}

/* `value` is the operand; `no_write` that of csrrs and csrrc with x0 or 0. */
static void emit_csr(RvTr *t, const RvArgs *a, IrRef value, bool no_write)
{
    RvCsrOp op = a->insn->op;
    unsigned how = op;

    if (op != RV_CSR_RW && no_write) {
        if (inline_read(t, a)) {
            return;
        }
        how |= RV_CSR_NO_WRITE;
    }
    if (op == RV_CSR_RW && a->rd == 0) {
        how |= RV_CSR_NO_READ;
    }
    IrRef old = ir_temp(t->r, IR_I64);
    ir_call(t->r, RV_HELPER_csr, old, ir_const(t->r, a->imm), value, ir_const(t->r, how),
            ir_const(t->r, a->bits));
    if (a->rd) {
        ir_mov(t->r, rv_x_out(t, a->rd), old);
    }
    if (!(how & RV_CSR_NO_WRITE) && !is_plain(a->imm)) {
        rv_end_next(t);
    }
}

/* op: RvCsrOp */
static void tr_csr(RvTr *t, const RvArgs *a)
{
    emit_csr(t, a, rv_x(t, a->rs1), a->rs1 == 0);
}

static void tr_csr_imm(RvTr *t, const RvArgs *a)
{
    emit_csr(t, a, ir_const(t->r, a->rs1), a->rs1 == 0);
}

/* --- traps and fences --- */

/* op: a helper without arguments that redirects the guest */
static void tr_trap(RvTr *t, const RvArgs *a)
{
    ir_call(t->r, a->insn->op, IR_NONE, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    rv_end_dispatch(t);
}

/* op: a helper that is given the instruction's bits for mtval and sets the pc */
static void tr_return(RvTr *t, const RvArgs *a)
{
    ir_call(t->r, a->insn->op, IR_NONE, ir_const(t->r, a->bits), IR_NONE, IR_NONE, IR_NONE);
    rv_end_dispatch(t);
}

static void tr_wfi(RvTr *t, const RvArgs *a)
{
    ir_call(t->r, RV_HELPER_wfi, IR_NONE, ir_const(t->r, a->bits), IR_NONE, IR_NONE, IR_NONE);
    ir_leave(t->r);
    t->ended = true;
}

static void tr_sfence(RvTr *t, const RvArgs *a)
{
    unsigned given = (a->rs1 ? 1 : 0) | (a->rs2 ? 2 : 0);

    ir_call(t->r, RV_HELPER_sfence_vma, IR_NONE, rv_x(t, a->rs1), rv_x(t, a->rs2),
            ir_const(t->r, given), ir_const(t->r, a->bits));
    rv_end_next(t);
}

static void tr_fence_i(RvTr *t, const RvArgs *a)
{
    ir_call(t->r, RV_HELPER_fence_i, IR_NONE, IR_NONE, IR_NONE, IR_NONE, IR_NONE);
    rv_end_next(t);
}

enum { I = RV_EXT_i, S = RV_EXT_s, CSR = RV_EXT_zicsr, FENCEI = RV_EXT_zifencei, ANY = RV_XL_ANY };
enum { RW = RV_CSR_RW, RS = RV_CSR_RS, RC = RV_CSR_RC };
#define H(name) RV_HELPER_##name

/* clang-format off */
static const RvInsn rows[] = {
    { "csrrw",  "iiiiiiiiiiii sssss 001 ddddd 1110011", FMT_CSR,  tr_csr,     CSR, ANY, RW },
    { "csrrs",  "iiiiiiiiiiii sssss 010 ddddd 1110011", FMT_CSR,  tr_csr,     CSR, ANY, RS },
    { "csrrc",  "iiiiiiiiiiii sssss 011 ddddd 1110011", FMT_CSR,  tr_csr,     CSR, ANY, RC },
    { "csrrwi", "iiiiiiiiiiii sssss 101 ddddd 1110011", FMT_CSRI, tr_csr_imm, CSR, ANY, RW },
    { "csrrsi", "iiiiiiiiiiii sssss 110 ddddd 1110011", FMT_CSRI, tr_csr_imm, CSR, ANY, RS },
    { "csrrci", "iiiiiiiiiiii sssss 111 ddddd 1110011", FMT_CSRI, tr_csr_imm, CSR, ANY, RC },
    /* Zifencei: all other bits are reserved and ignored */
    { "fence.i", "------------ ----- 001 ----- 0001111", FMT_NONE, tr_fence_i, FENCEI, ANY },
    /* privileged architecture */
    { "sfence.vma", "0001001 ttttt sssss 000 00000 1110011", FMT_SFENCE, tr_sfence, S, ANY },
    /* traps */
    { "ecall",  "000000000000 00000 000 00000 1110011", FMT_NONE, tr_trap,   I, ANY, H(ecall) },
    { "ebreak", "000000000001 00000 000 00000 1110011", FMT_NONE, tr_trap,   I, ANY, H(ebreak) },
    { "mret",   "001100000010 00000 000 00000 1110011", FMT_NONE, tr_return, I, ANY, H(mret) },
    { "sret",   "000100000010 00000 000 00000 1110011", FMT_NONE, tr_return, S, ANY, H(sret) },
    { "wfi",    "000100000101 00000 000 00000 1110011", FMT_NONE, tr_wfi,    I, ANY },
};
/* clang-format on */
#undef H

const RvInsnTable rv_insns_system = RV_INSN_TABLE(rows);
