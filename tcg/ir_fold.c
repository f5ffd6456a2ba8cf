/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folding: one forward pass over a region.
 *
 * For each op: inputs are replaced by what is known to be equal and cheaper (constants, the source
 * of a copy), the op's rule simplifies it, an equal earlier op replaces it, and what is known of
 * its result is noted. What is known of a slot ends when the slot is written. Copies that have
 * become useless stay; ir_eliminate removes them.
 */
#include "ir_fold.h"

#include <string.h>

enum { MAX_REWRITES = 6 };

/* --- what rules use --- */

IrOp *fold_definition(Fold *f, IrRef ref, IrOpcode opc, Position *position)
{
    if (ir_is_const(ref)) {
        return NULL;
    }
    *position = fold_value(f, ref)->def;
    if (*position == 0) {
        return NULL;
    }
    IrOp *def = &f->r->ops[*position - 1];
    return def->opc == opc ? def : NULL;
}

bool fold_private(Fold *f, const IrOp *op, IrRef ref, Position position)
{
    if (!ir_is_slot(ref) || op->out != ref || fold_value(f, ref)->set != position ||
        f->exposed > position || f->read_at[ref - IR_SLOT0] > position) {
        return false;
    }
    const IrOp *def = &f->r->ops[position - 1];
    for (unsigned i = 0; i < 4 && def->in[i] != IR_NONE; i++) {
        if (def->in[i] != ref && !fold_usable(f, def->in[i], position)) {
            return false;
        }
    }
    return true;
}

void fold_remove(Fold *f, IrOp *op)
{
    op->opc = FOLD_HOLE;
    f->holes = true;
}

bool fold_to_op1(IrOp *op, IrOpcode opc, IrType type, IrRef a)
{
    *op = (IrOp) { .opc = opc, .type = type, .out = op->out, .in = { a } };
    return true;
}

bool fold_to_op2(IrOp *op, IrOpcode opc, IrRef a, IrRef b)
{
    *op = (IrOp) { .opc = opc, .type = op->type, .out = op->out, .in = { a, b } };
    return true;
}

bool fold_to_copy(IrOp *op, IrRef ref)
{
    return fold_to_op1(op, op->type == IR_I32 ? IR_zext32 : IR_mov, IR_I64, ref);
}

bool fold_to_const(Fold *f, IrOp *op, uint64_t k)
{
    return fold_to_op1(op, IR_mov, IR_I64, ir_const(f->r, (int64_t)k));
}

/* --- what is known of values --- */

static void set_const(Value *v, int64_t k)
{
    v->kind = VALUE_CONST;
    v->k = k;
    v->zbits = k ? (uint8_t)(64 - __builtin_clzll((uint64_t)k)) : 0;
    v->sbits = (uint8_t)(64 - __builtin_clrsbll(k));
}

static void set_unknown(Value *v, Position at)
{
    *v = (Value) { .set = at, .zbits = 64, .sbits = 64 };
}

static uint8_t bits_of(Fold *f, IrRef ref)
{
    Value v;

    if (!ir_is_const(ref)) {
        return fold_value(f, ref)->zbits;
    }
    set_const(&v, ir_const_value(f->r, ref));
    return v.zbits;
}

static uint8_t sign_bits_of(Fold *f, IrRef ref)
{
    Value v;

    if (!ir_is_const(ref)) {
        return fold_value(f, ref)->sbits;
    }
    set_const(&v, ir_const_value(f->r, ref));
    return v.sbits;
}

/* Bits that may be set in the result of an integer op. */
static unsigned result_bits(Fold *f, const IrOp *op)
{
    unsigned a, b;
    int64_t k;

    switch (op->opc) {
    case IR_setc:
    case IR_fcmp:
        return 1;
    case IR_clz:
    case IR_ctz:
    case IR_popcnt:
        return 7;
    case IR_zext8:
    case IR_zext16:
    case IR_zext32:
        a = bits_of(f, op->in[0]);
        b = 8u << (op->opc - IR_zext8);
        return MIN(a, b);
    case IR_ld:
        return op->c & IR_MEM_SIGN ? 64 : 8u << (op->c & IR_MEM_SIZE_MASK);
    case IR_and:
        a = bits_of(f, op->in[0]);
        b = bits_of(f, op->in[1]);
        return MIN(a, b);
    case IR_or:
    case IR_xor:
        a = bits_of(f, op->in[0]);
        b = bits_of(f, op->in[1]);
        return MAX(a, b);
    case IR_sel:
        a = bits_of(f, op->in[2]);
        b = bits_of(f, op->in[3]);
        return MAX(a, b);
    case IR_add:
        a = bits_of(f, op->in[0]);
        b = bits_of(f, op->in[1]);
        return MIN(64, MAX(a, b) + 1);
    case IR_shr:
        if (op->type == IR_I64 && fold_const(f, op->in[1], &k)) {
            a = bits_of(f, op->in[0]);
            return a > (k & 63) ? a - (k & 63) : 0;
        }
        return 64;
    case IR_shl:
        if (op->type == IR_I64 && fold_const(f, op->in[1], &k)) {
            return MIN(64, bits_of(f, op->in[0]) + (k & 63));
        }
        return 64;
    }
    return 64;
}

/* Bits from which the result is sign extended. */
static unsigned result_sign_bits(Fold *f, const IrOp *op)
{
    unsigned a, b;

    switch (op->opc) {
    case IR_sext8:
    case IR_sext16:
    case IR_sext32:
        a = sign_bits_of(f, op->in[0]);
        b = 8u << (op->opc - IR_sext8);
        return MIN(a, b);
    case IR_ld:
        return op->c & IR_MEM_SIGN ? 8u << (op->c & IR_MEM_SIZE_MASK) : 64;
    case IR_ftoi:
        return (op->c & 15) <= IR_CVT_U32 ? 32 : 64;
    case IR_and:
    case IR_or:
    case IR_xor:
        a = sign_bits_of(f, op->in[0]);
        b = sign_bits_of(f, op->in[1]);
        return op->type == IR_I64 ? MAX(a, b) : 64;
    case IR_sel:
        a = sign_bits_of(f, op->in[2]);
        b = sign_bits_of(f, op->in[3]);
        return MAX(a, b);
    }
    return 64;
}

static void note_result(Fold *f, const IrOp *op)
{
    Value *v = fold_value(f, op->out);
    Value result = { .set = f->at, .def = f->at };

    if (op->opc == IR_mov) {
        if (ir_is_const(op->in[0])) {
            set_const(&result, ir_const_value(f->r, op->in[0]));
        } else {
            result = *fold_value(f, op->in[0]);
            result.set = f->at;
            result.alias = op->in[0];
        }
        *v = result;
        return;
    }
    result.zbits = (uint8_t)result_bits(f, op);
    result.sbits = (uint8_t)result_sign_bits(f, op);
    /* Ops with a width of their own result: what i32 leaves is zero extended, but sel's is not. */
    if (op->type == IR_I32 && op->opc != IR_sel) {
        result.zbits = MIN(result.zbits, 32);
    }
    if (result.zbits < 64) {
        result.sbits = (uint8_t)MIN(result.sbits, result.zbits + 1);
    }
    if (op->opc == IR_pcrel) {
        result.kind = VALUE_PCREL;
        result.k = op->imm;
    }
    result.boxed = op->opc == IR_box;
    *v = result;
}

/* --- inputs --- */

static bool is_pinned(const Fold *f, IrRef ref)
{
    return ir_is_slot(ref) && f->r->isa->slots[ref - IR_SLOT0].pin > 0;
}

/* The best way to read what `ref` holds. */
static IrRef best_source(Fold *f, IrRef ref)
{
    const Value *v = fold_value(f, ref);
    bool pinned = is_pinned(f, ref);

    if (v->kind == VALUE_CONST && (!pinned || v->k == (int32_t)v->k)) {
        return ir_const(f->r, v->k);
    }
    if (v->alias == IR_NONE || !fold_usable(f, v->alias, v->set)) {
        return ref;
    }
    if (ir_is_temp(ref) || is_pinned(f, v->alias) || !pinned) {
        return v->alias;
    }
    return ref;
}

static void resolve_inputs(Fold *f, IrOp *op)
{
    for (unsigned i = 0; i < 4; i++) {
        if (op->in[i] != IR_NONE && !ir_is_const(op->in[i])) {
            op->in[i] = best_source(f, op->in[i]);
        }
    }
    if ((ir_op_info[op->opc].flags & IR_COMM) && ir_is_const(op->in[0])) {
        IrRef a = op->in[0];

        op->in[0] = op->in[1];
        op->in[1] = a;
    }
}

/* The value under an extension, if only the low `bits` of the temporary are looked at. */
static IrRef strip_extension(Fold *f, IrRef ref, unsigned bits)
{
    if (!ir_is_temp(ref)) {
        return ref;
    }
    Position position = fold_value(f, ref)->def;
    const IrOp *def = position ? &f->r->ops[position - 1] : NULL;
    if (!def || def->opc < IR_sext8 || def->opc > IR_zext32) {
        return ref;
    }
    unsigned kept = 8u << (def->opc - (def->opc < IR_zext8 ? IR_sext8 : IR_zext8));
    return kept >= bits && fold_usable(f, def->in[0], position) ? def->in[0] : ref;
}

/* --- rules for ops that are not integer arithmetic --- */

/* An address computed by adding a constant: the check adds it. */
static bool fold_tlbchk(Fold *f, IrOp *op)
{
    Position position;
    const IrOp *add = fold_definition(f, op->in[0], IR_add, &position);
    int64_t k;

    if (add && add->type == IR_I64 && fold_const_at(f, add->in[1], position, &k) &&
        fold_usable(f, add->in[0], position) && op->imm + k == (int32_t)(op->imm + k) &&
        k == (int32_t)k) {
        op->in[0] = add->in[0];
        op->imm += k;
    }
    return false;
}

static bool fold_st(Fold *f, IrOp *op)
{
    if (op->type == IR_I64) {
        op->in[1] = strip_extension(f, op->in[1], 8u << (op->c & IR_MEM_SIZE_MASK));
    }
    return false;
}

static bool fold_unbox(Fold *f, IrOp *op)
{
    Position position;
    const IrOp *box = fold_definition(f, op->in[0], IR_box, &position);

    if (box && fold_usable(f, box->in[0], position)) {
        return fold_to_op1(op, IR_mov, IR_F32, box->in[0]);
    }
    op->c |= fold_value(f, op->in[0])->boxed;
    return false;
}

/* Boxing what was unboxed gives the same if that was known to be boxed. */
static bool fold_box(Fold *f, IrOp *op)
{
    Position position;
    const IrOp *unbox = fold_definition(f, op->in[0], IR_unbox, &position);

    if (unbox && fold_usable(f, unbox->in[0], position) && fold_value(f, unbox->in[0])->boxed) {
        return fold_to_op1(op, IR_mov, IR_F64, unbox->in[0]);
    }
    return false;
}

/* A target known relative to the page: a direct jump, which polls like an indirect one. */
static bool fold_jumpind(Fold *f, IrOp *op)
{
    const Value *v;

    if (ir_is_const(op->in[0])) {
        return false;
    }
    v = fold_value(f, op->in[0]);
    if (v->kind == VALUE_PCREL && !(v->k & 1)) {
        *op = (IrOp) { .opc = IR_jump, .type = IR_I64, .flags = IR_F_POLL, .imm = v->k };
    }
    return false;
}

static FoldRule *const other_rules[IR_OPCODE_COUNT] = {
    [IR_setc] = fold_setc,     [IR_sel] = fold_sel,         [IR_brcond] = fold_brcond,
    [IR_tlbchk] = fold_tlbchk, [IR_st] = fold_st,           [IR_unbox] = fold_unbox,
    [IR_box] = fold_box,       [IR_jumpind] = fold_jumpind,
};

/* --- the pass --- */

static bool is_integer_op(const IrOp *op)
{
    switch (ir_op_info[op->opc].shape) {
    case IR_SHAPE_INT:
    case IR_SHAPE_SHADD:
    case IR_SHAPE_EXTEND:
    case IR_SHAPE_COMPARE:
        return ir_op_info[op->opc].flags & IR_PURE;
    default:
        return false;
    }
}

static bool evaluate(Fold *f, IrOp *op)
{
    int64_t in[4] = { 0 };

    for (unsigned i = 0; i < ir_op_info[op->opc].ins; i++) {
        if (!fold_const(f, op->in[i], &in[i])) {
            return false;
        }
    }
    return fold_to_const(f, op,
                         ir_eval((IrOpcode)op->opc, (IrType)op->type, op->c, (const uint64_t *)in));
}

static void simplify(Fold *f, IrOp *op)
{
    for (unsigned i = 0; i < MAX_REWRITES; i++) {
        FoldRule *rule = fold_int_rules[op->opc];

        if (is_integer_op(op)) {
            if (evaluate(f, op)) {
                return;
            }
            if (op->type == IR_I32) {
                op->in[0] = strip_extension(f, op->in[0], 32);
                op->in[1] = op->in[1] ? strip_extension(f, op->in[1], 32) : IR_NONE;
            }
        }
        rule = rule ? rule : other_rules[op->opc];
        if (!rule || !rule(f, op)) {
            return;
        }
    }
}

/* Sharing pays if the result is a temporary, which goes, or if computing it again is slow. */
static bool is_worth_sharing(const IrOp *op)
{
    return (ir_op_info[op->opc].flags & IR_PURE) && op->opc != IR_mov && op->opc != IR_slotaddr &&
           (ir_is_temp(op->out) || (op->opc >= IR_mul && op->opc <= IR_rems));
}

static unsigned hash_of(const IrOp *op)
{
    uint64_t key = op->opc | (uint64_t)op->c << 8 | (uint64_t)op->in[0] << 16 |
                   (uint64_t)op->in[1] << 32 | (uint64_t)op->in[2] << 48;

    return (unsigned)((key ^ (uint64_t)op->imm) * 0x9e3779b97f4a7c15 >> 58);
}

static bool is_same_computation(const IrOp *a, const IrOp *b)
{
    return a->opc == b->opc && a->type == b->type && a->c == b->c && a->imm == b->imm &&
           memcmp(a->in, b->in, sizeof(a->in)) == 0;
}

/* Turns the op into a copy if an earlier one computed the same and its result is still there. */
static void share(Fold *f, IrOp *op)
{
    uint32_t *entry = &f->table[hash_of(op)];
    Position position = *entry;
    const IrOp *earlier;

    *entry = f->at;
    if (position == 0) {
        return;
    }
    earlier = &f->r->ops[position - 1];
    if (!is_same_computation(earlier, op)) {
        return;
    }
    for (unsigned i = 0; i < 4 && op->in[i] != IR_NONE; i++) {
        if (!ir_is_const(op->in[i]) && !fold_usable(f, op->in[i], position)) {
            return;
        }
    }
    if (fold_value(f, earlier->out)->set != position || f->at - position > FOLD_REACH) {
        return;
    }
    *entry = position;
    fold_to_op1(op, IR_mov, ir_ref_type(f->r, op->out), earlier->out);
}

static void forget_slots(Fold *f)
{
    for (unsigned i = 0; i < f->r->isa->slot_count; i++) {
        set_unknown(&f->values[i], f->at);
    }
}

/* A copy to a slot of what it already holds. */
static bool is_redundant(Fold *f, const IrOp *op)
{
    int64_t k;

    if (op->opc != IR_mov || !ir_is_slot(op->out)) {
        return false;
    }
    const Value *v = fold_value(f, op->out);
    return op->in[0] == op->out ||
           (v->kind == VALUE_CONST && fold_const(f, op->in[0], &k) && k == v->k);
}

static void note_op(Fold *f, const IrOp *op)
{
    for (unsigned i = 0; i < 4; i++) {
        if (ir_is_slot(op->in[i])) {
            f->read_at[op->in[i] - IR_SLOT0] = f->at;
        }
    }
    if (ir_exposes_slots(f->r, op)) {
        f->exposed = f->at;
        if (op->opc == IR_call &&
            (f->r->isa->helpers[op->imm].flags & (TCG_H_WRITES | TCG_H_RAISES))) {
            forget_slots(f);
        }
    }
    if (op->out != IR_NONE) {
        note_result(f, op);
    }
}

/* Folds the op read from the region and places it; false if it ends the region. */
static bool fold_op(Fold *f, IrOp op)
{
    resolve_inputs(f, &op);
    simplify(f, &op);
    if (op.opc == FOLD_HOLE || is_redundant(f, &op)) {
        return true;
    }
    if (is_worth_sharing(&op)) {
        share(f, &op);
    }
    note_op(f, &op);
    f->r->ops[f->at - 1] = op;
    f->at++;
    return !(ir_op_info[op.opc].flags & IR_END);
}

static void close_holes(IrRegion *r)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < r->op_count; i++) {
        if (r->ops[i].opc != FOLD_HOLE) {
            r->ops[kept++] = r->ops[i];
        }
    }
    r->op_count = kept;
}

void ir_fold(IrRegion *r)
{
    unsigned slots = r->isa->slot_count;
    size_t values = (slots + r->temp_count) * sizeof(Value);
    char *memory = ir_scratch(r, values + slots * sizeof(Position));
    Fold f = { .r = r, .values = (Value *)(void *)memory, .at = 1 };

    f.read_at = (Position *)(void *)(memory + values);
    memset(f.read_at, 0, slots * sizeof(Position));
    for (unsigned i = 0; i < slots; i++) {
        set_unknown(&f.values[i], 0);
    }
    for (uint32_t i = 0; i < r->op_count && fold_op(&f, r->ops[i]); i++) {
    }
    r->op_count = f.at - 1;
    if (f.holes) {
        close_holes(r);
    }
}
