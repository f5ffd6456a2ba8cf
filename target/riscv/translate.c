/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest code to IR: the loop over a region's instructions and what their translate functions share.
 * A region is an extended block: conditional branches leave it, and it goes on behind them.
 */
#include <assert.h>
#include <string.h>
#include "tcg/state.h"
#include "translate.h"

void rv_alu(RvTr *t, IrOpcode opc, IrType type, unsigned rd, IrRef a, IrRef b)
{
    if (rd == 0) {
        return;
    }
    if (type == IR_I64) {
        ir_op2(t->r, opc, IR_I64, rv_x_out(t, rd), a, b);
    } else {
        ir_op1(t->r, IR_sext32, IR_I64, rv_x_out(t, rd), ir_t2(t->r, opc, IR_I32, a, b));
    }
}

void rv_alu1(RvTr *t, IrOpcode opc, IrType type, unsigned rd, IrRef a)
{
    if (rd == 0) {
        return;
    }
    if (type == IR_I64) {
        ir_op1(t->r, opc, IR_I64, rv_x_out(t, rd), a);
    } else {
        ir_op1(t->r, IR_sext32, IR_I64, rv_x_out(t, rd), ir_t1(t->r, opc, IR_I32, a));
    }
}

void rv_address_of(RvTr *t, unsigned rd, int64_t page_offset)
{
    if (rd == 0) {
        return;
    }
    if (t->xtype == IR_I64) {
        ir_pcrel(t->r, rv_x_out(t, rd), page_offset);
    } else {
        IrRef address = ir_temp(t->r, IR_I64);
        ir_pcrel(t->r, address, page_offset);
        ir_op1(t->r, IR_sext32, IR_I64, rv_x_out(t, rd), address);
    }
}

IrRef rv_base(RvTr *t, unsigned rs1, int64_t imm, int64_t *offset)
{
    if (t->xtype == IR_I64) {
        *offset = imm;
        return rv_x(t, rs1);
    }
    *offset = 0;
    return ir_t2(t->r, IR_add, IR_I32, rv_x(t, rs1), ir_const(t->r, imm));
}

/* --- ends of a region --- */

void rv_end_dispatch(RvTr *t)
{
    ir_dispatch(t->r);
    t->ended = true;
}

void rv_end_illegal(RvTr *t, const RvArgs *a)
{
    ir_call(t->r, RV_HELPER_illegal, IR_NONE, ir_const(t->r, a->bits), IR_NONE, IR_NONE, IR_NONE);
    rv_end_dispatch(t);
}

void rv_end_next(RvTr *t)
{
    ir_pcrel(t->r, ir_slot(RV_SLOT_PC), t->next);
    rv_end_dispatch(t);
}

void rv_end_jump(RvTr *t, int64_t page_offset)
{
    ir_jump(t->r, page_offset, page_offset <= t->offset);
    t->ended = true;
}

void rv_check_target(RvTr *t, IrRef target)
{
    ir_call(t->r, RV_HELPER_check_target, IR_NONE, target, IR_NONE, IR_NONE, IR_NONE);
}

/* --- translate functions of many rows --- */

void rv_tr_alu(RvTr *t, const RvArgs *a)
{
    rv_alu(t, a->insn->op, t->xtype, a->rd, rv_x(t, a->rs1), rv_x(t, a->rs2));
}

void rv_tr_alui(RvTr *t, const RvArgs *a)
{
    rv_alu(t, a->insn->op, t->xtype, a->rd, rv_x(t, a->rs1), ir_const(t->r, a->imm));
}

void rv_tr_aluw(RvTr *t, const RvArgs *a)
{
    rv_alu(t, a->insn->op, IR_I32, a->rd, rv_x(t, a->rs1), rv_x(t, a->rs2));
}

void rv_tr_aluiw(RvTr *t, const RvArgs *a)
{
    rv_alu(t, a->insn->op, IR_I32, a->rd, rv_x(t, a->rs1), ir_const(t->r, a->imm));
}

void rv_tr_unary(RvTr *t, const RvArgs *a)
{
    rv_alu1(t, a->insn->op, t->xtype, a->rd, rv_x(t, a->rs1));
}

void rv_tr_unaryw(RvTr *t, const RvArgs *a)
{
    rv_alu1(t, a->insn->op, IR_I32, a->rd, rv_x(t, a->rs1));
}

/* --- the region --- */

static uint32_t fetch(const uint8_t *code, unsigned length)
{
    uint32_t low = code[0] | (uint32_t)code[1] << 8;

    return length == 2 ? low : low | (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;
}

static void translate_insn(const RvDecoder *d, RvTr *t, uint32_t bits, unsigned length)
{
    RvArgs a = { .bits = bits };

    t->next = t->offset + length;
    ir_insn(t->r, (uint32_t)t->offset, length);
    if (rv_decode(d, bits, &a)) {
        a.insn->translate(t, &a);
    } else {
        rv_end_illegal(t, &a);
    }
    t->r->insn_count++;
}

/* Ends a region at t->next without an instruction that does. */
static void end_before_next(RvTr *t, bool by_cache)
{
    if (by_cache) {
        IrRef target = ir_temp(t->r, IR_I64);
        ir_pcrel(t->r, target, t->next);
        ir_jumpind(t->r, target);
    } else {
        ir_jump(t->r, t->next, false);
    }
    t->ended = true;
}

void rv_translate_region(const RvDecoder *d, IrRegion *r, const uint8_t *code, uint32_t size,
                         unsigned max_insns)
{
    const RvConfig *cfg = rv_decoder_config(d);
    RvTr t = { .r = r,
               .cfg = cfg,
               .flags = r->flags,
               .xtype = cfg->xlen == 32 || (r->flags & RV_FLAG_XL32) ? IR_I32 : IR_I64,
               .next = r->start };
    uint32_t at = 0;

    assert(size >= 2);
    while (!t.ended) {
        if (at > 0 && (r->insn_count >= max_insns || at + 2 > size || t.next >= TCG_PAGE_SIZE)) {
            end_before_next(&t, false);
            break;
        }
        unsigned length = rv_insn_length((uint16_t)fetch(code + at, 2));
        /* What follows in the next page may be mapped anew at any time, which direct jumps to it
         * would not see. */
        if (at > 0 && (at + length > size || t.next + length > TCG_PAGE_SIZE)) {
            end_before_next(&t, true);
            break;
        }
        assert(at + length <= size);
        t.offset = t.next;
        r->split = t.offset + length > TCG_PAGE_SIZE;
        translate_insn(d, &t, fetch(code + at, length), length);
        at += length;
    }
    r->guest_size = at;
}
