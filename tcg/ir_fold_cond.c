/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding rules for ops with a condition: setc, sel, brcond.
 */
#include "ir_fold.h"

typedef enum Truth { TRUTH_FALSE, TRUTH_TRUE, TRUTH_UNKNOWN } Truth;

/* The condition with its operands exchanged, and the opposite one. */
static const uint8_t swapped[IR_COND_COUNT] = {
    [IR_EQ] = IR_EQ,   [IR_NE] = IR_NE, [IR_LT] = IR_GT, [IR_GE] = IR_LE,   [IR_LTU] = IR_GTU,
    [IR_GEU] = IR_LEU, [IR_LE] = IR_GE, [IR_GT] = IR_LT, [IR_LEU] = IR_GEU, [IR_GTU] = IR_LTU,
};
static const uint8_t inverted[IR_COND_COUNT] = {
    [IR_EQ] = IR_NE,   [IR_NE] = IR_EQ, [IR_LT] = IR_GE, [IR_GE] = IR_LT,   [IR_LTU] = IR_GEU,
    [IR_GEU] = IR_LTU, [IR_LE] = IR_GT, [IR_GT] = IR_LE, [IR_LEU] = IR_GTU, [IR_GTU] = IR_LEU,
};

/* Comparisons with a constant that say the same with 0, which hosts compare with for free. */
static const struct {
    uint8_t cond;
    int8_t k;
    uint8_t with_zero;
} near_zero[] = {
    { IR_LTU, 1, IR_EQ }, { IR_GEU, 1, IR_NE }, { IR_GTU, 0, IR_NE }, { IR_LEU, 0, IR_EQ },
    { IR_GT, -1, IR_GE }, { IR_LE, -1, IR_LT }, { IR_LT, 1, IR_LE },  { IR_GE, 1, IR_GT },
};

static void order_operands(Fold *f, IrOp *op)
{
    IrRef a = op->in[0];
    int64_t k;

    if (fold_const(f, a, &k) && !fold_const(f, op->in[1], &k)) {
        op->in[0] = op->in[1];
        op->in[1] = a;
        op->c = swapped[op->c];
    }
}

static void compare_with_zero(Fold *f, IrOp *op, int64_t *k)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(near_zero); i++) {
        if (op->c == near_zero[i].cond && *k == near_zero[i].k) {
            op->c = near_zero[i].with_zero;
            op->in[1] = ir_const(f->r, 0);
            *k = 0;
            return;
        }
    }
}

/* (a <cond> b) != 0 is a <cond> b; == 0 is its opposite. */
static bool take_setc(Fold *f, IrOp *op)
{
    Position position;
    const IrOp *def = fold_definition(f, op->in[0], IR_setc, &position);

    if (!def || !fold_usable(f, def->in[0], position) || !fold_usable(f, def->in[1], position)) {
        return false;
    }
    op->c = op->c == IR_NE ? def->c : inverted[def->c];
    op->type = def->type;
    op->in[0] = def->in[0];
    op->in[1] = def->in[1];
    return true;
}

/* a - b or a ^ b compared with 0 is a compared with b. */
static bool take_difference(Fold *f, IrOp *op)
{
    Position position;
    const IrOp *def = fold_definition(f, op->in[0], IR_xor, &position);

    if (!def) {
        def = fold_definition(f, op->in[0], IR_sub, &position);
    }
    if (!def || def->type != op->type || !fold_usable(f, def->in[0], position) ||
        !fold_usable(f, def->in[1], position)) {
        return false;
    }
    op->in[0] = def->in[0];
    op->in[1] = def->in[1];
    return true;
}

static Truth compare_same(const IrOp *op)
{
    return ir_compare(IR_I64, (IrCond)op->c, 0, 0) ? TRUTH_TRUE : TRUTH_FALSE;
}

/* What the known upper bits of an operand say about its comparison with a constant. */
static Truth compare_range(Fold *f, const IrOp *op, int64_t k)
{
    unsigned bits = ir_is_const(op->in[0]) ? 64 : fold_value(f, op->in[0])->zbits;
    bool above = bits < 63 && k >= (int64_t)1 << bits, below = bits < 64 && k < 0;

    if (op->type != IR_I64 || (!above && !below)) {
        return TRUTH_UNKNOWN;
    }
    /* Whichever value the operand has: compare its smallest. */
    return ir_compare(IR_I64, (IrCond)op->c, 0, (uint64_t)k) ? TRUTH_TRUE : TRUTH_FALSE;
}

/* Brings the condition into its simplest form; says if it is known. */
static Truth fold_condition(Fold *f, IrOp *op)
{
    int64_t a, k;

    for (unsigned i = 0; i < 3; i++) {
        order_operands(f, op);
        if (op->in[0] == op->in[1]) {
            return compare_same(op);
        }
        if (!fold_const(f, op->in[1], &k)) {
            return TRUTH_UNKNOWN;
        }
        if (fold_const(f, op->in[0], &a)) {
            return ir_compare((IrType)op->type, (IrCond)op->c, (uint64_t)a, (uint64_t)k)
                       ? TRUTH_TRUE
                       : TRUTH_FALSE;
        }
        compare_with_zero(f, op, &k);
        Truth truth = compare_range(f, op, k);
        if (truth != TRUTH_UNKNOWN) {
            return truth;
        }
        if (k != 0 || (op->c != IR_EQ && op->c != IR_NE) ||
            !(take_setc(f, op) || take_difference(f, op))) {
            return TRUTH_UNKNOWN;
        }
    }
    return TRUTH_UNKNOWN;
}

bool fold_setc(Fold *f, IrOp *op)
{
    Truth truth = fold_condition(f, op);
    int64_t k;

    if (truth != TRUTH_UNKNOWN) {
        return fold_to_const(f, op, truth);
    }
    if (op->c == IR_NE && op->type == IR_I64 && fold_const(f, op->in[1], &k) && k == 0 &&
        fold_value(f, op->in[0])->zbits <= 1) {
        return fold_to_copy(op, op->in[0]);
    }
    return false;
}

bool fold_sel(Fold *f, IrOp *op)
{
    Truth truth = fold_condition(f, op);
    bool consts = ir_is_const(op->in[2]) && ir_is_const(op->in[3]);

    if (truth != TRUTH_UNKNOWN || op->in[2] == op->in[3]) {
        return fold_to_op1(op, IR_mov, IR_I64, op->in[truth == TRUTH_FALSE ? 3 : 2]);
    }
    if (consts) {
        int64_t yes = ir_const_value(f->r, op->in[2]), no = ir_const_value(f->r, op->in[3]);

        if (yes + no == 1 && (yes == 0 || yes == 1)) {
            op->c = yes ? op->c : inverted[op->c];
            op->opc = IR_setc;
            op->in[2] = op->in[3] = IR_NONE;
            return true;
        }
    }
    return false;
}

bool fold_brcond(Fold *f, IrOp *op)
{
    switch (fold_condition(f, op)) {
    case TRUTH_FALSE:
        op->opc = FOLD_HOLE;
        break;
    case TRUTH_TRUE:
        *op = (IrOp) { .opc = IR_jump, .type = IR_I64, .flags = op->flags, .imm = op->imm };
        break;
    case TRUTH_UNKNOWN:
        break;
    }
    return false;
}
