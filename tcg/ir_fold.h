/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding: what its rules know and may do. The pass itself is in ir_fold.c, the rules for integer
 * ops in ir_fold_int.c, those for conditions in ir_fold_cond.c.
 */
#ifndef IR_FOLD_H
#define IR_FOLD_H

#include "ir_private.h"

/* Positions number the ops of the result from 1; 0 is before the region. */
typedef uint32_t Position;

typedef enum ValueKind {
    VALUE_UNKNOWN,
    VALUE_CONST, /* k */
    VALUE_PCREL, /* the region's page + k */
} ValueKind;

/* What is known of a slot's or a temporary's present value. */
typedef struct Value {
    int64_t k;
    Position set;  /* where it was assigned */
    Position def;  /* the op that computed it (earlier than `set` for copies); 0: unknown */
    IrRef alias;   /* holds the same value if not assigned since `set`; or IR_NONE */
    uint8_t kind;  /* ValueKind */
    uint8_t zbits; /* bits from here up are zero */
    uint8_t sbits; /* it is sign extended from this many bits */
    bool boxed;    /* F64: the upper half is all ones */
} Value;

enum { FOLD_TABLE = 64, FOLD_HOLE = IR_OPCODE_COUNT };

typedef struct Fold {
    IrRegion *r;
    Value *values;              /* slots, then temporaries */
    Position *read_at;          /* by slot: the last op that reads it */
    Position at;                /* where the op at hand will be */
    Position exposed;           /* last op at which all slots could be seen from outside */
    int64_t insn;               /* page offset of the guest instruction at hand */
    bool holes;                 /* ops already placed were removed */
    uint32_t table[FOLD_TABLE]; /* positions of recent pure ops, by hash */
} Fold;

/* A rule changes the op at hand; true: it became something that other rules may know. */
typedef bool FoldRule(Fold *f, IrOp *op);

/* How far apart, in ops, a temporary may be used again: longer lives cost host registers. */
enum { FOLD_REACH = 24 };

static inline Value *fold_value(Fold *f, IrRef ref)
{
    unsigned slots = f->r->isa->slot_count;

    return &f->values[ir_is_temp(ref) ? ref - IR_TEMP0 + slots : (unsigned)ref - IR_SLOT0];
}

/* The value of an integer operand if it is constant. */
static inline bool fold_const(Fold *f, IrRef ref, int64_t *k)
{
    if (ir_is_const(ref)) {
        *k = ir_const_value(f->r, ref);
        return true;
    }
    const Value *v = fold_value(f, ref);
    *k = v->k;
    return v->kind == VALUE_CONST;
}

/* Does `ref` still hold what the op at `position` read from it, and is it near enough? */
static inline bool fold_usable(Fold *f, IrRef ref, Position position)
{
    if (ir_is_temp(ref)) {
        return f->at - position <= FOLD_REACH;
    }
    return ir_is_const(ref) || fold_value(f, ref)->set < position;
}

/* The value that the op at `position` saw in its operand `ref`, if it is a known constant. */
static inline bool fold_const_at(Fold *f, IrRef ref, Position position, int64_t *k)
{
    return (!ir_is_slot(ref) || fold_value(f, ref)->set < position) && fold_const(f, ref, k);
}

/* The op of kind `opc` that computed `ref`, else NULL; *position is where it is. */
IrOp *fold_definition(Fold *f, IrRef ref, IrOpcode opc, Position *position);
/* Could the op at `position`, which wrote slot `ref`, go if `op`, overwriting that slot, did its
 * work too? Nobody else has seen the slot, and the inputs are what they were. */
bool fold_private(Fold *f, const IrOp *op, IrRef ref, Position position);
void fold_remove(Fold *f, IrOp *op);

/* Turns an op into a copy of an operand (cut to 32 bits if its type is i32), or into a constant. */
bool fold_to_copy(IrOp *op, IrRef ref);
bool fold_to_const(Fold *f, IrOp *op, uint64_t k);
/* Turns an op into one with one input, or two. */
bool fold_to_op1(IrOp *op, IrOpcode opc, IrType type, IrRef a);
bool fold_to_op2(IrOp *op, IrOpcode opc, IrRef a, IrRef b);

/* The rule for each integer op, or NULL. */
extern FoldRule *const fold_int_rules[IR_OPCODE_COUNT];
FoldRule fold_setc, fold_sel, fold_brcond;

#endif
