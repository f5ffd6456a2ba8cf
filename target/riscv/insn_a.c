/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Zaamo and Zalrsc, unprivileged specification chapter "A". The host's atomics are sequentially
 * consistent, so the aq and rl bits ask for nothing more.
 */
#include <stddef.h>
#include "tcg/state.h"
#include "translate.h"

/* `op` of a row: the operation, and the access's IR_MEM_32 or IR_MEM_64. */
#define OP(kind, size) ((kind) << 4 | (size))

static unsigned size_of(const RvArgs *a)
{
    return a->insn->op & IR_MEM_SIZE_MASK;
}

/* Host pointer for an aligned access at rs1; `write` is IR_MEM_WRITE or 0. */
static IrRef pointer(RvTr *t, const RvArgs *a, IrRef base, unsigned write)
{
    IrRef host = ir_temp(t->r, IR_I64);

    ir_append(t->r, IR_tlbchk, IR_I64, host, base, IR_NONE)->c =
        (uint8_t)(size_of(a) | IR_MEM_ATOMIC | write);
    return host;
}

static IrRef address(RvTr *t, const RvArgs *a)
{
    int64_t offset;

    return rv_base(t, a->rs1, 0, &offset);
}

/* rd = a value that an op of the access's width has zero extended */
static void set_result(RvTr *t, const RvArgs *a, IrRef value)
{
    if (a->rd == 0) {
        return;
    }
    if (size_of(a) == IR_MEM_32) {
        ir_op1(t->r, IR_sext32, IR_I64, rv_x_out(t, a->rd), value);
    } else {
        ir_mov(t->r, rv_x_out(t, a->rd), value);
    }
}

static void tr_amo(RvTr *t, const RvArgs *a)
{
    IrType type = size_of(a) == IR_MEM_32 ? IR_I32 : IR_I64;
    IrRef host = pointer(t, a, address(t, a), IR_MEM_WRITE);
    IrRef old = ir_temp(t->r, IR_I64);

    ir_amo(t->r, type, a->insn->op >> 4, old, host, rv_x(t, a->rs2));
    set_result(t, a, old);
}

static void tr_lr(RvTr *t, const RvArgs *a)
{
    IrRef base = address(t, a);
    IrRef host = pointer(t, a, base, 0);

    ir_append(t->r, IR_ld, IR_I64, ir_slot(RV_SLOT_RES_VALUE), host, IR_NONE)->c =
        (uint8_t)size_of(a);
    ir_mov(t->r, ir_slot(RV_SLOT_RES_ADDR), base);
    set_result(t, a, ir_slot(RV_SLOT_RES_VALUE));
}

/*
 * The store happens if memory still holds what the load-reserved read: a compare-and-swap, which an
 * SC to another address does on a dummy. Both outcomes take one path, and both clear the
 * reservation.
 */
static void tr_sc(RvTr *t, const RvArgs *a)
{
    IrRegion *r = t->r;
    IrType type = size_of(a) == IR_MEM_32 ? IR_I32 : IR_I64;
    IrRef base = address(t, a), res_addr = ir_slot(RV_SLOT_RES_ADDR);
    IrRef res_value = ir_slot(RV_SLOT_RES_VALUE);
    IrRef host = pointer(t, a, base, IR_MEM_WRITE);
    IrRef dummy = ir_temp(r, IR_I64), target = ir_temp(r, IR_I64), old = ir_temp(r, IR_I64);
    IrRef changed = ir_temp(r, IR_I64), failed = ir_temp(r, IR_I64);

    ir_append(r, IR_slotaddr, IR_I64, dummy, IR_NONE, IR_NONE)->imm = offsetof(TcgState, scratch);
    ir_sel(r, IR_I64, IR_EQ, target, res_addr, base, host, dummy);
    ir_cas(r, type, old, target, res_value, rv_x(t, a->rs2));
    ir_setc(r, IR_I64, IR_NE, changed, old, res_value);
    ir_sel(r, IR_I64, IR_EQ, failed, res_addr, base, changed, ir_const(r, 1));
    ir_mov(r, res_addr, ir_const(r, -1));
    if (a->rd) {
        ir_mov(r, rv_x_out(t, a->rd), failed);
    }
}

enum { LRSC = RV_EXT_zalrsc, AMO = RV_EXT_zaamo, ANY = RV_XL_ANY, X64 = RV_XL64 };
#define W(kind) OP(IR_AMO_##kind, IR_MEM_32)
#define D(kind) OP(IR_AMO_##kind, IR_MEM_64)

/* clang-format off */
static const RvInsn rows[] = {
    { "lr.w", "00010 -- 00000 sssss 010 ddddd 0101111", FMT_LR,  tr_lr, LRSC, ANY, IR_MEM_32 },
    { "sc.w", "00011 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_sc, LRSC, ANY, IR_MEM_32 },
    { "lr.d", "00010 -- 00000 sssss 011 ddddd 0101111", FMT_LR,  tr_lr, LRSC, X64, IR_MEM_64 },
    { "sc.d", "00011 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_sc, LRSC, X64, IR_MEM_64 },
    /* Zaamo */
    { "amoswap.w", "00001 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(SWAP) },
    { "amoadd.w",  "00000 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(ADD) },
    { "amoxor.w",  "00100 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(XOR) },
    { "amoand.w",  "01100 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(AND) },
    { "amoor.w",   "01000 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(OR) },
    { "amomin.w",  "10000 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(MIN) },
    { "amomax.w",  "10100 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(MAX) },
    { "amominu.w", "11000 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(MINU) },
    { "amomaxu.w", "11100 -- ttttt sssss 010 ddddd 0101111", FMT_AMO, tr_amo, AMO, ANY, W(MAXU) },
    { "amoswap.d", "00001 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(SWAP) },
    { "amoadd.d",  "00000 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(ADD) },
    { "amoxor.d",  "00100 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(XOR) },
    { "amoand.d",  "01100 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(AND) },
    { "amoor.d",   "01000 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(OR) },
    { "amomin.d",  "10000 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(MIN) },
    { "amomax.d",  "10100 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(MAX) },
    { "amominu.d", "11000 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(MINU) },
    { "amomaxu.d", "11100 -- ttttt sssss 011 ddddd 0101111", FMT_AMO, tr_amo, AMO, X64, D(MAXU) },
};
/* clang-format on */

const RvInsnTable rv_insns_a = RV_INSN_TABLE(rows);
