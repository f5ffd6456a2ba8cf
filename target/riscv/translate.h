/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What translate functions use: the instruction being translated and its surroundings, registers as
 * IR values, and ways to leave. Integer registers hold 32-bit values sign extended where XLEN
 * is 32.
 */
#ifndef TARGET_RISCV_TRANSLATE_H
#define TARGET_RISCV_TRANSLATE_H

#include "decode.h"

struct RvTr {
    IrRegion *r;
    const RvConfig *cfg;
    uint32_t flags; /* state word */
    IrType xtype;   /* XLEN as an op width */
    int64_t offset; /* page offset of the instruction */
    int64_t next;   /* and of the one after it */
    bool ended;     /* the region has its last op */
};

/* An integer register as an input: x0 is the constant 0. */
static inline IrRef rv_x(const RvTr *t, unsigned reg)
{
    return reg ? ir_slot(RV_SLOT_X0 + reg) : ir_const(t->r, 0);
}

/* As an output; what goes to x0 goes nowhere. For ops that have to be done all the same: pure ones
 * are left out by the caller. */
static inline IrRef rv_x_out(const RvTr *t, unsigned reg)
{
    return reg ? ir_slot(RV_SLOT_X0 + reg) : ir_temp(t->r, IR_I64);
}

/* rd = a op b in width `type`; 32-bit results are sign extended. Nothing if rd is x0. */
void rv_alu(RvTr *t, IrOpcode opc, IrType type, unsigned rd, IrRef a, IrRef b);
/* Likewise with one operand. */
void rv_alu1(RvTr *t, IrOpcode opc, IrType type, unsigned rd, IrRef a);
/* rd = an instruction's address, given as a page offset. */
void rv_address_of(RvTr *t, unsigned rd, int64_t page_offset);
/* The address rs1 + imm as a base for ir_load and the like; *offset gets what is to be added. */
IrRef rv_base(RvTr *t, unsigned rs1, int64_t imm, int64_t *offset);

/* Ends of a region. */
void rv_end_illegal(RvTr *t, const RvArgs *a);  /* illegal-instruction exception */
void rv_end_dispatch(RvTr *t);                  /* where a helper has set the pc to */
void rv_end_next(RvTr *t);                      /* at the next instruction, with a new state word */
void rv_end_jump(RvTr *t, int64_t page_offset); /* direct; polls if it goes backwards */
/* Raises the exception for a jump to a multiple of 2 that the CPU does not take. */
void rv_check_target(RvTr *t, IrRef target);

/* Translate functions that several extensions' rows share. `op` is said for each. */
RvTranslateFn rv_tr_alu;  /* rd = rs1 IrOpcode rs2 */
RvTranslateFn rv_tr_alui; /* rd = rs1 IrOpcode imm */
RvTranslateFn rv_tr_aluw; /* as alu and alu_imm in 32 bits, sign extended */
RvTranslateFn rv_tr_aluiw;
RvTranslateFn rv_tr_unary;  /* rd = IrOpcode rs1 */
RvTranslateFn rv_tr_unaryw; /* in 32 bits, sign extended */

/* Translates `size` bytes at r->pc_page + r->start; see TargetOps.translate. */
void rv_translate_region(const RvDecoder *d, IrRegion *r, const uint8_t *code, uint32_t size,
                         unsigned max_insns);

#endif
