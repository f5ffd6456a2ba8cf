/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IR tables, regions and builders.
 */
#include "tcg/ir.h"

#include <assert.h>
#include <string.h>

#include "ir_private.h"

const IrOpInfo ir_op_info[IR_OPCODE_COUNT] = {
#define COMM   IR_COMM
#define PURE   IR_PURE
#define LEAVE  IR_LEAVE
#define END    IR_END
#define EFFECT IR_EFFECT
#define FP     IR_FP
#define OP(name, outs, ins, shape, flags, meaning)                                                 \
    [IR_##name] = { #name, outs, ins, IR_SHAPE_##shape, flags, meaning },
#include "op.def"
#undef OP
#undef COMM
#undef PURE
#undef LEAVE
#undef END
#undef EFFECT
#undef FP
};

enum {
    I32 = 1 << IR_I32,
    I64 = 1 << IR_I64,
    F32 = 1 << IR_F32,
    F64 = 1 << IR_F64,
};

#define INT IR_OPERAND_INT
#define OWN IR_OPERAND_OWN
const IrShapeInfo ir_shapes[IR_SHAPE_COUNT] = {
    /* types; out, in, host first; c, its maximum; imm */
    [IR_SHAPE_MOVE] = { I64 | F32 | F64, OWN, OWN },
    [IR_SHAPE_BITCAST] = { I64 | F32 | F64, OWN, IR_OPERAND_BITS },
    [IR_SHAPE_ADDRESS] = { I64, INT, INT, .large = IR_LARGE_OFFSET },
    [IR_SHAPE_INT] = { I32 | I64, INT, INT },
    [IR_SHAPE_SHADD] = { I32 | I64, INT, INT, .small = IR_SMALL_NUMBER, .small_max = 3 },
    [IR_SHAPE_EXTEND] = { I64, INT, INT },
    [IR_SHAPE_COMPARE] = { I32 | I64, INT, INT, .small = IR_SMALL_COND },
    [IR_SHAPE_CHECK] = { I64, INT, INT, .small = IR_SMALL_MEM, .large = IR_LARGE_OFFSET },
    [IR_SHAPE_LOAD] = { I64 | F32 | F64, OWN, INT, true, IR_SMALL_MEM, .large = IR_LARGE_OFFSET },
    [IR_SHAPE_STORE] = { I64 | F32 | F64, INT, OWN, true, IR_SMALL_MEM, .large = IR_LARGE_OFFSET },
    [IR_SHAPE_AMO] = { I32 | I64, INT, INT, .small = IR_SMALL_AMO },
    [IR_SHAPE_FENCE] = { I64, INT, INT, .small = IR_SMALL_FENCE },
    [IR_SHAPE_UNBOX] = { F32, IR_OPERAND_F32, IR_OPERAND_F64, .small = IR_SMALL_NUMBER,
                         .small_max = 1 },
    [IR_SHAPE_BOX] = { F64, IR_OPERAND_F64, IR_OPERAND_F32 },
    [IR_SHAPE_FLOAT] = { F32 | F64, OWN, OWN },
    [IR_SHAPE_FMA] = { F32 | F64, OWN, OWN, .small = IR_SMALL_FMA },
    [IR_SHAPE_FCMP] = { F32 | F64, INT, OWN, .small = IR_SMALL_FCMP },
    [IR_SHAPE_FCVT] = { F32 | F64, OWN, IR_OPERAND_OTHER_FLOAT },
    [IR_SHAPE_FTOI] = { F32 | F64, INT, OWN, .small = IR_SMALL_CVT_ROUND },
    [IR_SHAPE_ITOF] = { F32 | F64, OWN, INT, .small = IR_SMALL_CVT },
    [IR_SHAPE_CALL] = { I64, INT, INT, .large = IR_LARGE_HELPER },
    [IR_SHAPE_INSN] = { I64, INT, INT, .small = IR_SMALL_NUMBER, .small_max = 15,
                        .large = IR_LARGE_OFFSET },
    [IR_SHAPE_BRANCH] = { I32 | I64, INT, INT, .small = IR_SMALL_COND, .large = IR_LARGE_OFFSET },
    [IR_SHAPE_JUMP] = { I64, INT, INT, .large = IR_LARGE_OFFSET },
    [IR_SHAPE_JUMPIND] = { I64, INT, INT },
    [IR_SHAPE_BARE] = { I64, INT, INT },
};
#undef INT
#undef OWN

IrType ir_operand_type(IrOperand operand, IrType type)
{
    switch (operand) {
    case IR_OPERAND_INT:
        return IR_I64;
    case IR_OPERAND_OWN:
        return type == IR_I32 ? IR_I64 : type;
    case IR_OPERAND_OTHER_FLOAT:
        return type == IR_F64 ? IR_F32 : IR_F64;
    case IR_OPERAND_BITS:
        return type == IR_I64 ? IR_TYPE_COUNT : IR_I64;
    case IR_OPERAND_F32:
        return IR_F32;
    case IR_OPERAND_F64:
        return IR_F64;
    }
    assert(!"unknown operand kind");
    return IR_I64;
}

IrType ir_input_type(const IrOp *op, unsigned n)
{
    const IrShapeInfo *shape = &ir_shapes[ir_op_info[op->opc].shape];

    return shape->host_first && n == 0 ? IR_I64 : ir_operand_type(shape->in, op->type);
}

unsigned ir_input_count(const IrRegion *r, const IrOp *op)
{
    if (op->opc == IR_call && (uint64_t)op->imm < r->isa->helper_count) {
        return r->isa->helpers[op->imm].args;
    }
    return ir_op_info[op->opc].ins;
}

bool ir_exposes_slots(const IrRegion *r, const IrOp *op)
{
    if (op->opc == IR_call) {
        return r->isa->helpers[op->imm].flags & (TCG_H_READS | TCG_H_WRITES | TCG_H_RAISES);
    }
    return ir_op_info[op->opc].flags & IR_LEAVE;
}

/* --- regions --- */

IrRegion *ir_region_new(const TcgIsa *isa)
{
    IrRegion *r = g_new0(IrRegion, 1);

    assert(isa->slot_count <= IR_MAX_SLOTS);
    r->isa = isa;
    r->scratch = g_new0(IrScratch, 1);
    return r;
}

void ir_region_reset(IrRegion *r)
{
    r->pc_page = 0;
    r->start = 0;
    r->flags = 0;
    r->mmu_idx = 0;
    r->jc_idx = 0;
    r->split = false;
    r->serial = false;
    r->guest_size = 0;
    r->insn_count = 0;
    r->op_count = 0;
    r->temp_count = 0;
    r->const_count = 0;
}

void ir_region_free(IrRegion *r)
{
    if (!r) {
        return;
    }
    g_free(r->ops);
    g_free(r->temp_types);
    g_free(r->consts);
    if (r->scratch) {
        g_free(r->scratch->memory);
        g_free(r->scratch);
    }
    g_free(r);
}

IrRegion *ir_region_copy(const IrRegion *r)
{
    IrRegion *copy = g_memdup2(r, sizeof(*r));

    copy->ops = g_memdup2(r->ops, r->op_count * sizeof(*r->ops));
    copy->temp_types = g_memdup2(r->temp_types, r->temp_count);
    copy->consts = g_memdup2(r->consts, r->const_count * sizeof(*r->consts));
    copy->op_cap = r->op_count;
    copy->temp_cap = r->temp_count;
    copy->const_cap = r->const_count;
    copy->scratch = g_new0(IrScratch, 1);
    return copy;
}

void *ir_scratch(IrRegion *r, size_t size)
{
    IrScratch *scratch = r->scratch;

    if (scratch->size < size) {
        g_free(scratch->memory);
        scratch->size = size * 2;
        scratch->memory = g_malloc(scratch->size);
    }
    return scratch->memory;
}

/* --- building blocks --- */

static uint32_t grown(uint32_t capacity)
{
    return capacity ? capacity * 2 : 64;
}

IrRef ir_temp(IrRegion *r, IrType type)
{
    assert(r->temp_count < IR_MAX_TEMPS);
    if (r->temp_count == r->temp_cap) {
        r->temp_cap = grown(r->temp_cap);
        r->temp_types = g_renew(uint8_t, r->temp_types, r->temp_cap);
    }
    r->temp_types[r->temp_count] = type == IR_I32 ? IR_I64 : type;
    return (IrRef)(IR_TEMP0 + r->temp_count++);
}

IrRef ir_const(IrRegion *r, int64_t value)
{
    uint32_t count = r->const_count;

    for (uint32_t i = count; i-- > 0 && i + 8 >= count;) {
        if (r->consts[i] == value) {
            return (IrRef)(IR_CONST0 + i);
        }
    }
    assert(count < IR_MAX_CONSTS);
    if (count == r->const_cap) {
        r->const_cap = grown(r->const_cap);
        r->consts = g_renew(int64_t, r->consts, r->const_cap);
    }
    r->consts[count] = value;
    r->const_count++;
    return (IrRef)(IR_CONST0 + count);
}

IrOp *ir_append(IrRegion *r, IrOpcode opc, IrType type, IrRef out, IrRef a, IrRef b)
{
    if (r->op_count == r->op_cap) {
        r->op_cap = grown(r->op_cap);
        r->ops = g_renew(IrOp, r->ops, r->op_cap);
    }
    IrOp *op = &r->ops[r->op_count++];
    *op = (IrOp) { .opc = opc, .type = type, .out = out, .in = { a, b } };
    return op;
}

IrType ir_ref_type(const IrRegion *r, IrRef ref)
{
    if (ir_is_slot(ref)) {
        return r->isa->slots[ref - IR_SLOT0].type;
    }
    return ir_is_temp(ref) ? r->temp_types[ref - IR_TEMP0] : IR_I64;
}

/* --- builders --- */

void ir_op1(IrRegion *r, IrOpcode opc, IrType type, IrRef out, IrRef a)
{
    ir_append(r, opc, type, out, a, IR_NONE);
}

void ir_op2(IrRegion *r, IrOpcode opc, IrType type, IrRef out, IrRef a, IrRef b)
{
    ir_append(r, opc, type, out, a, b);
}

static IrRef temp_for(IrRegion *r, IrOpcode opc, IrType type)
{
    return ir_temp(r, ir_operand_type(ir_shapes[ir_op_info[opc].shape].out, type));
}

IrRef ir_t1(IrRegion *r, IrOpcode opc, IrType type, IrRef a)
{
    IrRef out = temp_for(r, opc, type);

    ir_append(r, opc, type, out, a, IR_NONE);
    return out;
}

IrRef ir_t2(IrRegion *r, IrOpcode opc, IrType type, IrRef a, IrRef b)
{
    IrRef out = temp_for(r, opc, type);

    ir_append(r, opc, type, out, a, b);
    return out;
}

void ir_mov(IrRegion *r, IrRef out, IrRef a)
{
    ir_append(r, IR_mov, ir_ref_type(r, out), out, a, IR_NONE);
}

void ir_addsh(IrRegion *r, IrRef out, IrRef a, IrRef b, unsigned shift)
{
    ir_append(r, IR_addsh, IR_I64, out, a, b)->c = (uint8_t)shift;
}

void ir_setc(IrRegion *r, IrType type, IrCond cond, IrRef out, IrRef a, IrRef b)
{
    ir_append(r, IR_setc, type, out, a, b)->c = (uint8_t)cond;
}

void ir_sel(IrRegion *r, IrType type, IrCond cond, IrRef out, IrRef a, IrRef b, IrRef yes, IrRef no)
{
    IrOp *op = ir_append(r, IR_sel, type, out, a, b);

    op->c = (uint8_t)cond;
    op->in[2] = yes;
    op->in[3] = no;
}

void ir_pcrel(IrRegion *r, IrRef out, int64_t page_offset)
{
    ir_append(r, IR_pcrel, IR_I64, out, IR_NONE, IR_NONE)->imm = page_offset;
}

static IrRef emit_check(IrRegion *r, IrRef base, int64_t offset, unsigned mem)
{
    IrRef host = ir_temp(r, IR_I64);
    IrOp *op = ir_append(r, IR_tlbchk, IR_I64, host, base, IR_NONE);

    op->c = (uint8_t)mem;
    op->imm = offset;
    return host;
}

void ir_load(IrRegion *r, IrRef out, IrRef base, int64_t offset, unsigned mem)
{
    IrRef host = emit_check(r, base, offset, mem);

    ir_append(r, IR_ld, ir_ref_type(r, out), out, host, IR_NONE)->c = (uint8_t)mem;
}

void ir_store(IrRegion *r, IrRef value, IrRef base, int64_t offset, unsigned mem)
{
    IrRef host = emit_check(r, base, offset, mem | IR_MEM_WRITE);

    ir_append(r, IR_st, ir_ref_type(r, value), IR_NONE, host, value)->c = (uint8_t)mem;
}

IrRef ir_atomic_ptr(IrRegion *r, IrRef base, unsigned size_log2)
{
    return emit_check(r, base, 0, size_log2 | IR_MEM_WRITE | IR_MEM_ATOMIC);
}

void ir_amo(IrRegion *r, IrType type, IrAmo kind, IrRef out, IrRef host, IrRef value)
{
    ir_append(r, IR_amo, type, out, host, value)->c = (uint8_t)kind;
}

void ir_cas(IrRegion *r, IrType type, IrRef out, IrRef host, IrRef expected, IrRef desired)
{
    ir_append(r, IR_cas, type, out, host, expected)->in[2] = desired;
}

void ir_fence(IrRegion *r, IrFence kind)
{
    ir_append(r, IR_fence, IR_I64, IR_NONE, IR_NONE, IR_NONE)->c = (uint8_t)kind;
}

void ir_call(IrRegion *r, unsigned helper, IrRef out, IrRef a, IrRef b, IrRef c, IrRef d)
{
    IrOp *op = ir_append(r, IR_call, IR_I64, out, a, b);

    op->in[2] = c;
    op->in[3] = d;
    op->imm = helper;
}

void ir_insn(IrRegion *r, uint32_t page_offset, unsigned length)
{
    IrOp *op = ir_append(r, IR_insn, IR_I64, IR_NONE, IR_NONE, IR_NONE);

    op->imm = page_offset;
    op->c = (uint8_t)length;
}

void ir_brcond(IrRegion *r, IrType type, IrCond cond, IrRef a, IrRef b, int64_t page_offset,
               bool poll)
{
    IrOp *op = ir_append(r, IR_brcond, type, IR_NONE, a, b);

    op->c = (uint8_t)cond;
    op->imm = page_offset;
    op->flags = poll ? IR_F_POLL : 0;
}

void ir_jump(IrRegion *r, int64_t page_offset, bool poll)
{
    IrOp *op = ir_append(r, IR_jump, IR_I64, IR_NONE, IR_NONE, IR_NONE);

    op->imm = page_offset;
    op->flags = poll ? IR_F_POLL : 0;
}

void ir_jumpind(IrRegion *r, IrRef target)
{
    ir_append(r, IR_jumpind, IR_I64, IR_NONE, target, IR_NONE);
}

void ir_dispatch(IrRegion *r)
{
    ir_append(r, IR_dispatch, IR_I64, IR_NONE, IR_NONE, IR_NONE);
}

void ir_leave(IrRegion *r)
{
    ir_append(r, IR_leave, IR_I64, IR_NONE, IR_NONE, IR_NONE);
}
