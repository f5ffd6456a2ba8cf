/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding rules for integer arithmetic. An op whose inputs are all constant never gets here.
 */
#include "ir_fold.h"

static uint64_t width_mask(const IrOp *op)
{
    return op->type == IR_I32 ? UINT32_MAX : UINT64_MAX;
}

static unsigned width(const IrOp *op)
{
    return op->type == IR_I32 ? 32 : 64;
}

/* The constant second input, cut to the op's width. */
static bool right_const(Fold *f, const IrOp *op, uint64_t *k)
{
    int64_t value;

    if (!fold_const(f, op->in[1], &value)) {
        return false;
    }
    *k = (uint64_t)value & width_mask(op);
    return true;
}

static bool left_is_zero(Fold *f, const IrOp *op)
{
    int64_t value;

    return fold_const(f, op->in[0], &value) && ((uint64_t)value & width_mask(op)) == 0;
}

static bool is_power_of_two(uint64_t k)
{
    return k && !(k & (k - 1));
}

static IrRef number(Fold *f, uint64_t k)
{
    return ir_const(f->r, (int64_t)k);
}

static bool fits_32(int64_t k)
{
    return k == (int32_t)k;
}

/* --- addition --- */

/* Takes the place of `shl x, k` feeding an addition: x + (y << k) is one op. */
static bool take_shift(Fold *f, IrOp *op, unsigned side)
{
    Position position;
    IrRef shifted = op->in[side], other = op->in[1 - side], source;
    IrOp *shl = fold_definition(f, shifted, IR_shl, &position);
    int64_t k;

    if (!shl || shl->type != op->type || !ir_is_const(shl->in[1]) || shifted == other) {
        return false;
    }
    source = shl->in[0];
    k = ir_const_value(f->r, shl->in[1]);
    if (k < 1 || k > 3) {
        return false;
    }
    if (!fold_usable(f, source, position)) {
        if (!fold_private(f, op, shifted, position)) {
            return false;
        }
        fold_remove(f, shl);
    }
    fold_to_op2(op, IR_addsh, other, source);
    op->c = (uint8_t)k;
    return true;
}

/* Adding two constants one after the other. */
static bool take_sum(Fold *f, IrOp *op, int64_t k)
{
    Position position;
    const IrOp *add = fold_definition(f, op->in[0], IR_add, &position);
    int64_t first;

    if (!add || add->type != IR_I64 || op->type != IR_I64 || !ir_is_const(add->in[1]) ||
        !fold_usable(f, add->in[0], position)) {
        return false;
    }
    first = ir_const_value(f->r, add->in[1]);
    if (!fits_32(first) || !fits_32(k) || !fits_32(first + k)) {
        return false;
    }
    return fold_to_op2(op, IR_add, add->in[0], number(f, (uint64_t)(first + k)));
}

/* The value relative to the page, if that is what the operand is. */
static const Value *page_relative(Fold *f, IrRef ref)
{
    const Value *v = ir_is_const(ref) ? NULL : fold_value(f, ref);

    return v && v->kind == VALUE_PCREL ? v : NULL;
}

static bool to_pcrel(IrOp *op, int64_t offset)
{
    *op = (IrOp) { .opc = IR_pcrel, .type = IR_I64, .out = op->out, .imm = offset };
    return true;
}

static bool fold_add(Fold *f, IrOp *op)
{
    uint64_t k;
    const Value *pcrel = page_relative(f, op->in[0]);

    if (!right_const(f, op, &k)) {
        return take_shift(f, op, 1) || take_shift(f, op, 0);
    }
    if (k == 0) {
        return fold_to_copy(op, op->in[0]);
    }
    if (op->type != IR_I64) {
        return false;
    }
    if (pcrel && fits_32(pcrel->k + (int64_t)k)) {
        return to_pcrel(op, pcrel->k + (int64_t)k);
    }
    return take_sum(f, op, (int64_t)k);
}

static bool fold_sub(Fold *f, IrOp *op)
{
    uint64_t k;

    if (op->in[0] == op->in[1]) {
        return fold_to_const(f, op, 0);
    }
    if (right_const(f, op, &k)) {
        return fold_to_op2(op, IR_add, op->in[0], number(f, -k & width_mask(op)));
    }
    return false;
}

static bool fold_addsh(Fold *f, IrOp *op)
{
    uint64_t k;
    unsigned shift = op->c;

    if (right_const(f, op, &k)) {
        return fold_to_op2(op, IR_add, op->in[0], number(f, k << shift & width_mask(op)));
    }
    if (shift == 0) {
        return fold_to_op2(op, IR_add, op->in[0], op->in[1]);
    }
    if (left_is_zero(f, op)) {
        return fold_to_op2(op, IR_shl, op->in[1], number(f, shift));
    }
    return false;
}

/* --- logic --- */

static bool fold_and(Fold *f, IrOp *op)
{
    uint64_t k;
    const Value *pcrel = page_relative(f, op->in[0]);

    if (op->in[0] == op->in[1]) {
        return fold_to_copy(op, op->in[0]);
    }
    if (!right_const(f, op, &k)) {
        return false;
    }
    switch (k) {
    case 0:
        return fold_to_const(f, op, 0);
    case UINT8_MAX:
        return fold_to_op1(op, IR_zext8, IR_I64, op->in[0]);
    case UINT16_MAX:
        return fold_to_op1(op, IR_zext16, IR_I64, op->in[0]);
    case UINT32_MAX:
        return fold_to_op1(op, IR_zext32, IR_I64, op->in[0]);
    case UINT64_MAX:
        return fold_to_copy(op, op->in[0]);
    }
    /* Only bits below the page are touched: the page's own are zero. */
    if (pcrel && op->type == IR_I64 && (k | 0xfff) == UINT64_MAX) {
        return to_pcrel(op, pcrel->k & (int64_t)k);
    }
    if (!ir_is_const(op->in[0]) && fold_value(f, op->in[0])->zbits <= __builtin_ctzll(~k)) {
        return fold_to_copy(op, op->in[0]);
    }
    return false;
}

static bool fold_or(Fold *f, IrOp *op)
{
    uint64_t k;

    if (op->in[0] == op->in[1]) {
        return fold_to_copy(op, op->in[0]);
    }
    if (right_const(f, op, &k) && (k == 0 || k == width_mask(op))) {
        return k ? fold_to_const(f, op, k) : fold_to_copy(op, op->in[0]);
    }
    return false;
}

static bool fold_xor(Fold *f, IrOp *op)
{
    uint64_t k;

    if (op->in[0] == op->in[1]) {
        return fold_to_const(f, op, 0);
    }
    return right_const(f, op, &k) && k == 0 && fold_to_copy(op, op->in[0]);
}

static bool fold_andn(Fold *f, IrOp *op)
{
    uint64_t k;

    if (op->in[0] == op->in[1] || left_is_zero(f, op)) {
        return fold_to_const(f, op, 0);
    }
    if (right_const(f, op, &k)) {
        return fold_to_op2(op, IR_and, op->in[0], number(f, ~k & width_mask(op)));
    }
    return false;
}

/* --- shifts --- */

/* A constant amount, reduced; true if the op has become something else. */
static bool fold_amount(Fold *f, IrOp *op, uint64_t *k)
{
    *k &= width(op) - 1;
    if (*k == 0) {
        return fold_to_copy(op, op->in[0]);
    }
    op->in[1] = number(f, *k);
    return false;
}

static bool fold_rotate_or_shl(Fold *f, IrOp *op)
{
    uint64_t k;

    if (left_is_zero(f, op)) {
        return fold_to_const(f, op, 0);
    }
    return right_const(f, op, &k) && fold_amount(f, op, &k);
}

/* Left by k and right by k again: an extension. */
static bool take_extension(Fold *f, IrOp *op, IrOp *shl, Position position, unsigned k)
{
    bool sign = op->opc == IR_sar;
    IrOpcode opc = k == 56 ? IR_sext8 : k == 48 ? IR_sext16 : IR_sext32;
    IrRef source = shl->in[0];

    if (k != 32 && k != 48 && k != 56) {
        return false;
    }
    if (!fold_usable(f, source, position)) {
        if (!fold_private(f, op, op->in[0], position)) {
            return false;
        }
        fold_remove(f, shl);
    }
    return fold_to_op1(op, sign ? opc : opc - IR_sext8 + IR_zext8, IR_I64, source);
}

/* Left by 32 and right by a little less, in one slot: an extension and a shift that an addition
 * can take in. */
static bool split_extension(Fold *f, IrOp *op, IrOp *shl, Position position, unsigned k)
{
    Value *v = fold_value(f, op->in[0]);

    if (op->opc != IR_shr || k < 29 || k > 31 || !fold_private(f, op, op->in[0], position)) {
        return false;
    }
    shl->opc = IR_zext32;
    shl->in[1] = IR_NONE;
    *v = (Value) { .set = position, .def = position, .zbits = 32, .sbits = 33 };
    return fold_to_op2(op, IR_shl, op->in[0], number(f, 32 - k));
}

static bool fold_right_shift(Fold *f, IrOp *op)
{
    Position position;
    uint64_t k;
    int64_t left;
    IrOp *shl;

    if (left_is_zero(f, op)) {
        return fold_to_const(f, op, 0);
    }
    if (!right_const(f, op, &k) || fold_amount(f, op, &k)) {
        return op->opc == IR_mov || op->opc == IR_zext32;
    }
    if (op->type != IR_I64 || ir_is_const(op->in[0])) {
        return false;
    }
    if (fold_value(f, op->in[0])->zbits <= k) {
        return fold_to_const(f, op, 0);
    }
    shl = fold_definition(f, op->in[0], IR_shl, &position);
    if (shl && shl->type == IR_I64 && ir_is_const(shl->in[1])) {
        left = ir_const_value(f->r, shl->in[1]);
        if (left == (int64_t)k) {
            return take_extension(f, op, shl, position, (unsigned)k);
        }
        return left == 32 && split_extension(f, op, shl, position, (unsigned)k);
    }
    return false;
}

/* --- multiplication and division --- */

static bool fold_mul(Fold *f, IrOp *op)
{
    uint64_t k;

    if (!right_const(f, op, &k)) {
        return false;
    }
    if (k == 0) {
        return fold_to_const(f, op, 0);
    }
    if (k == 1) {
        return fold_to_copy(op, op->in[0]);
    }
    if (is_power_of_two(k)) {
        return fold_to_op2(op, IR_shl, op->in[0], number(f, (uint64_t)__builtin_ctzll(k)));
    }
    if (k == 3 || k == 5 || k == 9) {
        fold_to_op2(op, IR_addsh, op->in[0], op->in[0]);
        op->c = (uint8_t)__builtin_ctzll(k - 1);
        return true;
    }
    return false;
}

static bool fold_mul_high(Fold *f, IrOp *op)
{
    uint64_t k;
    bool known = right_const(f, op, &k);

    if (left_is_zero(f, op) || (known && k == 0)) {
        return fold_to_const(f, op, 0);
    }
    return known && k == 1 && op->opc == IR_mulhu && fold_to_const(f, op, 0);
}

static bool fold_divide(Fold *f, IrOp *op)
{
    uint64_t k;

    if (!right_const(f, op, &k)) {
        return false;
    }
    if (k == 0) {
        return fold_to_const(f, op, width_mask(op));
    }
    if (k == 1) {
        return fold_to_copy(op, op->in[0]);
    }
    if (op->opc == IR_divu && is_power_of_two(k)) {
        return fold_to_op2(op, IR_shr, op->in[0], number(f, (uint64_t)__builtin_ctzll(k)));
    }
    return false;
}

static bool fold_remainder(Fold *f, IrOp *op)
{
    uint64_t k;

    if (!right_const(f, op, &k)) {
        return false;
    }
    if (k == 0) {
        return fold_to_copy(op, op->in[0]);
    }
    if (k == 1) {
        return fold_to_const(f, op, 0);
    }
    if (op->opc == IR_remu && is_power_of_two(k)) {
        return fold_to_op2(op, IR_and, op->in[0], number(f, k - 1));
    }
    return false;
}

/* --- extensions --- */

/* Bits that an extension keeps; 0: not one. */
static unsigned kept_bits(IrOpcode opc)
{
    switch (opc) {
    case IR_sext8:
    case IR_zext8:
        return 8;
    case IR_sext16:
    case IR_zext16:
        return 16;
    case IR_sext32:
    case IR_zext32:
        return 32;
    default:
        return 0;
    }
}

static bool fold_extension(Fold *f, IrOp *op)
{
    const Value *v = fold_value(f, op->in[0]);
    unsigned bits = kept_bits((IrOpcode)op->opc);
    bool sign = op->opc <= IR_sext32;

    if ((sign ? v->sbits : v->zbits) <= bits) {
        return fold_to_copy(op, op->in[0]);
    }
    if (v->def == 0) {
        return false;
    }
    const IrOp *def = &f->r->ops[v->def - 1];
    if (kept_bits((IrOpcode)def->opc) >= bits && fold_usable(f, def->in[0], v->def)) {
        op->in[0] = def->in[0];
        return true;
    }
    return false;
}

FoldRule *const fold_int_rules[IR_OPCODE_COUNT] = {
    [IR_add] = fold_add,
    [IR_sub] = fold_sub,
    [IR_and] = fold_and,
    [IR_or] = fold_or,
    [IR_xor] = fold_xor,
    [IR_andn] = fold_andn,
    [IR_addsh] = fold_addsh,
    [IR_shl] = fold_rotate_or_shl,
    [IR_shr] = fold_right_shift,
    [IR_sar] = fold_right_shift,
    [IR_rotl] = fold_rotate_or_shl,
    [IR_rotr] = fold_rotate_or_shl,
    [IR_mul] = fold_mul,
    [IR_mulhu] = fold_mul_high,
    [IR_mulhs] = fold_mul_high,
    [IR_mulhsu] = fold_mul_high,
    [IR_divu] = fold_divide,
    [IR_divs] = fold_divide,
    [IR_remu] = fold_remainder,
    [IR_rems] = fold_remainder,
    [IR_sext8] = fold_extension,
    [IR_sext16] = fold_extension,
    [IR_sext32] = fold_extension,
    [IR_zext8] = fold_extension,
    [IR_zext16] = fold_extension,
    [IR_zext32] = fold_extension,
};
