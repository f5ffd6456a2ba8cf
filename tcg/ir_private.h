/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the parts of the IR share among themselves.
 */
#ifndef IR_PRIVATE_H
#define IR_PRIVATE_H

#include "tcg/ir.h"

/* Memory of the passes: bytes that grow and are never shrunk. */
typedef struct IrScratch {
    void *memory;
    size_t size;
} IrScratch;

/* At least `size` bytes, 16-byte aligned, contents undefined, valid until the next call. */
void *ir_scratch(IrRegion *r, size_t size);

/* The type that input n of an op must have, see ir_operand_type. */
IrType ir_input_type(const IrOp *op, unsigned n);

/* Inputs an op really has: a call's are as many as its helper takes. */
unsigned ir_input_count(const IrRegion *r, const IrOp *op);

/* May anybody outside of the region see the slots as they are before this op? */
bool ir_exposes_slots(const IrRegion *r, const IrOp *op);

/* Is this op a check performed together with the load or store that follows it? */
static inline bool ir_is_paired_check(const IrOp *op)
{
    return op->opc == IR_tlbchk && !(op->c & IR_MEM_ATOMIC);
}

#endif
