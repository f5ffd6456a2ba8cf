/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is a region well formed? Run after the front-end and after every pass in debug builds.
 */
#include <stdlib.h>
#include <string.h>

#include "tcg/ir.h"
#include "ir_private.h"

typedef struct Verifier {
    const IrRegion *r;
    uint32_t at;      /* op being looked at */
    uint8_t *defined; /* by temporary: what is known of it */
    char *error;
} Verifier;

enum { TEMP_UNKNOWN, TEMP_DEFINED, TEMP_CONSUMED /* a paired check's: its access has used it */ };

static bool G_GNUC_PRINTF(2, 3) fail(Verifier *v, const char *format, ...)
{
    va_list args;
    const IrOp *op = &v->r->ops[v->at];
    const char *name = op->opc < IR_OPCODE_COUNT ? ir_op_info[op->opc].name : "?";

    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    v->error = g_strdup_printf("op %u (%s): %s", v->at, name, text);
    g_free(text);
    return false;
}

static bool types_match(IrType wanted, IrType got)
{
    return wanted == got || (wanted == IR_TYPE_COUNT && (got == IR_F32 || got == IR_F64));
}

static bool check_input(Verifier *v, unsigned n, IrType wanted)
{
    const IrRegion *r = v->r;
    IrRef ref = r->ops[v->at].in[n];

    if (ref == IR_NONE) {
        return fail(v, "input %u is missing", n + 1);
    }
    if (ir_is_const(ref)  ? ref - IR_CONST0 >= (int)r->const_count
        : ir_is_temp(ref) ? ref - IR_TEMP0 >= (int)r->temp_count
                          : ref - IR_SLOT0 >= (int)r->isa->slot_count) {
        return fail(v, "input %u refers to nothing", n + 1);
    }
    if (ir_is_temp(ref) && v->defined[ref - IR_TEMP0] != TEMP_DEFINED) {
        return fail(v, "temporary %%%d is %s", ref - IR_TEMP0,
                    v->defined[ref - IR_TEMP0] == TEMP_UNKNOWN ? "not defined yet"
                                                               : "used beyond its access");
    }
    if (!types_match(wanted, ir_ref_type(r, ref))) {
        return fail(v, "input %u has the wrong type", n + 1);
    }
    return true;
}

static bool check_inputs(Verifier *v)
{
    const IrOp *op = &v->r->ops[v->at];
    unsigned count = ir_input_count(v->r, op);

    for (unsigned n = 0; n < count; n++) {
        if (!check_input(v, n, ir_input_type(op, n))) {
            return false;
        }
    }
    for (unsigned n = count; n < 4; n++) {
        if (op->in[n] != IR_NONE) {
            return fail(v, "it has more than %u inputs", count);
        }
    }
    return true;
}

static bool check_output(Verifier *v)
{
    const IrRegion *r = v->r;
    const IrOp *op = &r->ops[v->at];
    const IrOpInfo *info = &ir_op_info[op->opc];

    if (op->out == IR_NONE) {
        return info->outs == 0 || op->opc == IR_call || fail(v, "it has no output");
    }
    if (info->outs == 0) {
        return fail(v, "it cannot have an output");
    }
    if (ir_is_const(op->out)) {
        return fail(v, "its output is a constant");
    }
    if (ir_is_temp(op->out) ? op->out - IR_TEMP0 >= (int)r->temp_count
                            : op->out - IR_SLOT0 >= (int)r->isa->slot_count) {
        return fail(v, "its output does not exist");
    }
    if (!types_match(ir_operand_type(ir_shapes[info->shape].out, op->type),
                     ir_ref_type(r, op->out))) {
        return fail(v, "its output has the wrong type");
    }
    if (ir_is_temp(op->out)) {
        uint8_t *state = &v->defined[op->out - IR_TEMP0];

        if (*state != TEMP_UNKNOWN) {
            return fail(v, "temporary %%%d is assigned twice", op->out - IR_TEMP0);
        }
        *state = TEMP_DEFINED;
    }
    return true;
}

static bool check_mem(Verifier *v, const IrOp *op)
{
    unsigned size = op->c & IR_MEM_SIZE_MASK, allowed = IR_MEM_SIZE_MASK;

    switch (op->opc) {
    case IR_tlbchk:
        allowed |= IR_MEM_WRITE | IR_MEM_ATOMIC | IR_MEM_SIGN;
        break;
    case IR_ld:
        allowed |= op->type == IR_I64 ? IR_MEM_SIGN : 0;
        break;
    }
    if (op->c & ~allowed) {
        return fail(v, "its memory access has flags it cannot have");
    }
    if (op->opc == IR_ld &&
        ((op->type == IR_F32 && size != IR_MEM_32) || (op->type == IR_F64 && size != IR_MEM_64))) {
        return fail(v, "its size does not fit its type");
    }
    if (op->opc == IR_st &&
        ((op->type == IR_F32 && size != IR_MEM_32) || (op->type == IR_F64 && size < IR_MEM_32))) {
        return fail(v, "its size does not fit its type");
    }
    return true;
}

static bool check_small(Verifier *v, const IrOp *op)
{
    static const uint8_t limits[] = {
        [IR_SMALL_COND] = IR_COND_COUNT,
        [IR_SMALL_AMO] = IR_AMO_COUNT,
        [IR_SMALL_FENCE] = IR_FENCE_FULL + 1,
        [IR_SMALL_FMA] = 4,
        [IR_SMALL_FCMP] = IR_FCMP_LE + 1,
        [IR_SMALL_CVT] = IR_CVT_U64 + 1,
        [IR_SMALL_CVT_ROUND] = 0,
    };
    const IrShapeInfo *shape = &ir_shapes[ir_op_info[op->opc].shape];
    unsigned rounding = op->c >> 4;

    switch ((IrSmall)shape->small) {
    case IR_SMALL_NONE:
        return op->c == 0 || fail(v, "it takes no small constant");
    case IR_SMALL_NUMBER:
        return op->c <= shape->small_max || fail(v, "its small constant is too large");
    case IR_SMALL_MEM:
        return check_mem(v, op);
    case IR_SMALL_CVT_ROUND:
        return ((op->c & 15) <= IR_CVT_U64 && (rounding <= IR_RMM || rounding == IR_ROUND_DYN)) ||
               fail(v, "its conversion does not exist");
    default:
        return op->c < limits[shape->small] || fail(v, "its small constant is too large");
    }
}

/* A check that is not for atomics belongs to the access right after it, and to nothing else. */
static bool check_pair(Verifier *v)
{
    const IrOp *check = &v->r->ops[v->at], *access = check + 1;

    if (!ir_is_temp(check->out)) {
        return fail(v, "its output is not a temporary");
    }
    if (v->at + 1 == v->r->op_count || (access->opc != IR_ld && access->opc != IR_st) ||
        access->in[0] != check->out || (access->opc == IR_st && access->in[1] == check->out)) {
        return fail(v, "it is not followed by the load or store it is for");
    }
    if (check->c != (access->c | (access->opc == IR_st ? IR_MEM_WRITE : 0))) {
        return fail(v, "its access is not that of the op that follows");
    }
    if (access->imm != 0) {
        return fail(v, "the offset belongs to the check, not to the access");
    }
    return true;
}

static bool check_shape(Verifier *v, const IrOp *op)
{
    const IrOpInfo *info = &ir_op_info[op->opc];
    const IrShapeInfo *shape = &ir_shapes[info->shape];
    bool pollable = op->opc == IR_jump || op->opc == IR_brcond;

    if (op->type >= IR_TYPE_COUNT || !(shape->types & (1 << op->type))) {
        return fail(v, "it cannot have that type");
    }
    if (op->flags & ~(pollable ? IR_F_POLL : 0)) {
        return fail(v, "it has flags it cannot have");
    }
    if (shape->large == IR_LARGE_NONE && op->imm != 0) {
        return fail(v, "it takes no large constant");
    }
    if (op->opc == IR_call && (uint64_t)op->imm >= v->r->isa->helper_count) {
        return fail(v, "its helper does not exist");
    }
    if (op->opc == IR_slotaddr && (uint64_t)op->imm > INT32_MAX) {
        return fail(v, "its offset is outside of the guest state");
    }
    return check_small(v, op);
}

static bool check_op(Verifier *v)
{
    const IrOp *op = &v->r->ops[v->at];
    bool last = v->at + 1 == v->r->op_count;

    if (op->opc >= IR_OPCODE_COUNT) {
        return fail(v, "there is no such op");
    }
    if (!check_shape(v, op) || !check_inputs(v) || !check_output(v)) {
        return false;
    }
    if (!!(ir_op_info[op->opc].flags & IR_END) != last) {
        return fail(v, last ? "the last op does not end the region" : "ops follow the end");
    }
    if (ir_is_paired_check(op)) {
        return check_pair(v);
    }
    if (v->at > 0 && ir_is_paired_check(op - 1)) {
        v->defined[op->in[0] - IR_TEMP0] = TEMP_CONSUMED;
    }
    return true;
}

char *ir_verify(const IrRegion *r)
{
    Verifier v = { .r = r };

    if (r->op_count == 0) {
        return g_strdup("the region is empty");
    }
    v.defined = g_malloc0(r->temp_count + 1);
    while (v.at < r->op_count && check_op(&v)) {
        v.at++;
    }
    g_free(v.defined);
    return v.error;
}
