/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zicsr, Zifencei and the privileged instructions: helpers do the work, and the region ends where
 * the state word may have changed.
 */
#include "accel/target_ops.h"
#include "translate.h"

/* --- CSRs --- */

enum { CSR_FRM = 0x002 };

/* CSRs that only remember what is written to them: no helper, and translation goes on behind. */
typedef struct PlainCsr {
    uint16_t number;
    uint8_t slot;
    bool is_pc; /* holds instruction addresses: low bits are zero */
} PlainCsr;

static const PlainCsr plain_csrs[] = {
    { 0x140, RV_SLOT_SSCRATCH }, { 0x141, RV_SLOT_SEPC, true }, { 0x142, RV_SLOT_SCAUSE },
    { 0x143, RV_SLOT_STVAL },    { 0x340, RV_SLOT_MSCRATCH },   { 0x341, RV_SLOT_MEPC, true },
    { 0x342, RV_SLOT_MCAUSE },   { 0x343, RV_SLOT_MTVAL },
};

/* The row of a plain CSR that the privilege being translated for may access, or NULL. */
static const PlainCsr *find_plain(const RvTr *t, int64_t number)
{
    RvMode mode = tcg_flags_jc(t->flags);
    unsigned least = number >> 8 & 3;
    bool allowed = mode == RV_MODE_M || (mode != RV_MODE_U && least == RV_S);

    if (!allowed || t->xtype != IR_I64 || (least == RV_S && !rv_has(t->cfg, RV_EXT_s))) {
        return NULL;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(plain_csrs); i++) {
        if (plain_csrs[i].number == number) {
            return &plain_csrs[i];
        }
    }
    return NULL;
}

static IrRef combine(RvTr *t, RvCsrOp op, IrRef old, IrRef value)
{
    switch (op) {
    case RV_CSR_RS:
        return ir_t2(t->r, IR_or, IR_I64, old, value);
    case RV_CSR_RC:
        return ir_t2(t->r, IR_andn, IR_I64, old, value);
    default:
        return value;
    }
}

static void emit_plain(RvTr *t, const RvArgs *a, const PlainCsr *csr, IrRef value, bool write)
{
    IrRef slot = ir_slot(csr->slot), old = ir_temp(t->r, IR_I64);

    ir_mov(t->r, old, slot);
    if (write) {
        IrRef new = combine(t, a->insn->op, old, value);
        if (csr->is_pc) {
            int64_t mask = rv_has(t->cfg, RV_EXT_zca) ? -2 : -4;
            ir_op2(t->r, IR_and, IR_I64, slot, new, ir_const(t->r, mask));
        } else {
            ir_mov(t->r, slot, new);
        }
    }
    if (a->rd) {
        ir_mov(t->r, rv_x_out(t, a->rd), old);
    }
}

/* The rounding mode is part of the state word that the region is translated under. */
static bool inline_frm(RvTr *t, const RvArgs *a)
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

/* `how` is the helper's argument. */
static void call_csr(RvTr *t, const RvArgs *a, IrRef value, unsigned how)
{
    IrRef old = ir_temp(t->r, IR_I64);

    ir_call(t->r, RV_HELPER_csr, old, ir_const(t->r, a->imm), value, ir_const(t->r, how),
            ir_const(t->r, a->bits));
    if (a->rd) {
        ir_mov(t->r, rv_x_out(t, a->rd), old);
    }
    if (!(how & RV_CSR_NO_WRITE)) {
        rv_end_next(t);
    }
}

/* `value` is the operand; `is_zero`: it is x0 or the number 0, with which csrrs and csrrc write
 * nothing. */
static void emit_csr(RvTr *t, const RvArgs *a, IrRef value, bool is_zero)
{
    RvCsrOp op = a->insn->op;
    bool write = op == RV_CSR_RW || !is_zero;
    const PlainCsr *plain = find_plain(t, a->imm);

    if (plain) {
        emit_plain(t, a, plain, value, write);
    } else if (write || !inline_frm(t, a)) {
        call_csr(t, a, value,
                 op | (write ? 0 : RV_CSR_NO_WRITE) |
                     (op == RV_CSR_RW && a->rd == 0 ? RV_CSR_NO_READ : 0));
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
