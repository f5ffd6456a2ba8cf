/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Generating random regions: see random_region.h.
 */
#include "random_region.h"

#include <assert.h>

enum { POOL = 256, INSN_LENGTH = 4, GRANULE = 3 /* ops to a guest instruction, about */ };

/* Temporaries that later ops may read, by type. */
typedef struct Pool {
    IrRef refs[POOL];
    unsigned count;
} Pool;

typedef struct Gen {
    IrRegion *r;
    const RandomOptions *options;
    uint64_t seed;
    Pool pools[IR_TYPE_COUNT];
    uint32_t pc; /* page offset of the instruction being made */
} Gen;

static unsigned below(Gen *g, unsigned limit)
{
    return (unsigned)(random_next(&g->seed) >> 11) % limit;
}

static bool one_in(Gen *g, unsigned n)
{
    return below(g, n) == 0;
}

static void remember(Gen *g, IrRef ref)
{
    Pool *pool = &g->pools[ir_ref_type(g->r, ref)];

    if (pool->count < POOL) {
        pool->refs[pool->count++] = ref;
    } else {
        pool->refs[below(g, POOL)] = ref;
    }
}

/* The newest temporary half of the time: chains are what passes look for. */
static IrRef pick_temp(Gen *g, IrType type)
{
    const Pool *pool = &g->pools[type];

    return pool->refs[one_in(g, 2) ? pool->count - 1 : below(g, pool->count)];
}

static IrRef pick_int_slot(Gen *g)
{
    unsigned n = below(g, RANDOM_INT_SLOTS + RANDOM_FAR_SLOTS);

    /* Few slots are used much, so that values meet. */
    if (one_in(g, 2)) {
        n = below(g, 2) ? below(g, 4) : 10 + below(g, 3);
    }
    return ir_slot(n < RANDOM_INT_SLOTS ? n : n + RANDOM_FP_SLOTS);
}

static IrRef pick_fp_slot(Gen *g)
{
    return ir_slot(RANDOM_INT_SLOTS + below(g, one_in(g, 2) ? 3 : RANDOM_FP_SLOTS));
}

static IrRef fresh_f32(Gen *g)
{
    IrRef out = ir_temp(g->r, IR_F32);

    if (one_in(g, 3)) {
        ir_append(g->r, IR_bitcast, IR_F32, out, ir_const(g->r, (int64_t)random_f32(&g->seed)),
                  IR_NONE);
    } else {
        ir_append(g->r, IR_unbox, IR_F32, out, pick_fp_slot(g), IR_NONE);
    }
    remember(g, out);
    return out;
}

static IrRef pick_input(Gen *g, IrType type)
{
    bool have_temp = g->pools[type].count > 0;

    switch (type) {
    case IR_F32:
        return have_temp && !one_in(g, 4) ? pick_temp(g, IR_F32) : fresh_f32(g);
    case IR_F64:
        return have_temp && one_in(g, 3) ? pick_temp(g, IR_F64) : pick_fp_slot(g);
    default:
        if (one_in(g, 4)) {
            return ir_const(g->r, (int64_t)random_int(&g->seed));
        }
        return have_temp && one_in(g, 2) ? pick_temp(g, IR_I64) : pick_int_slot(g);
    }
}

/* Where a result goes; a temporary is remembered by the caller once it is assigned. */
static IrRef pick_output(Gen *g, IrType type)
{
    if (type == IR_F32 || one_in(g, 2)) {
        return ir_temp(g->r, type);
    }
    return type == IR_F64 ? pick_fp_slot(g) : pick_int_slot(g);
}

static IrType pick_type(Gen *g, uint8_t types)
{
    IrType type;

    do {
        type = (IrType)below(g, g->options->fp ? IR_TYPE_COUNT : IR_F32);
    } while (!(types & 1 << type));
    return type;
}

static IrType operand_type(Gen *g, uint8_t operand, IrType type)
{
    IrType wanted = ir_operand_type((IrOperand)operand, type);

    return wanted != IR_TYPE_COUNT ? wanted : one_in(g, 2) ? IR_F32 : IR_F64;
}

static uint8_t pick_small(Gen *g, const IrShapeInfo *shape)
{
    static const uint8_t roundings[] = { IR_RNE, IR_RTZ, IR_RDN, IR_RUP, IR_RMM, IR_ROUND_DYN };

    switch ((IrSmall)shape->small) {
    case IR_SMALL_NUMBER:
        return (uint8_t)below(g, shape->small_max + 1u);
    case IR_SMALL_COND:
        return (uint8_t)below(g, IR_COND_COUNT);
    case IR_SMALL_AMO:
        return (uint8_t)below(g, IR_AMO_COUNT);
    case IR_SMALL_FENCE:
        return (uint8_t)below(g, IR_FENCE_FULL + 1);
    case IR_SMALL_FMA:
        return (uint8_t)below(g, 4);
    case IR_SMALL_FCMP:
        return (uint8_t)below(g, IR_FCMP_LE + 1);
    case IR_SMALL_CVT:
        return (uint8_t)below(g, 4);
    case IR_SMALL_CVT_ROUND:
        return (uint8_t)(below(g, 4) | roundings[below(g, 6)] << 4);
    case IR_SMALL_MEM:
    case IR_SMALL_NONE:
        break;
    }
    return 0;
}

/* Any op that only computes. */
static void gen_compute(Gen *g, IrOpcode opc)
{
    const IrOpInfo *info = &ir_op_info[opc];
    const IrShapeInfo *shape = &ir_shapes[info->shape];
    IrType type = pick_type(g, shape->types);
    IrRef in[4] = { 0 }, out;

    for (unsigned i = 0; i < info->ins; i++) {
        in[i] = pick_input(g, operand_type(g, shape->in, type));
    }
    out = pick_output(g, operand_type(g, shape->out, type));
    IrOp *op = ir_append(g->r, opc, type, out, in[0], in[1]);
    op->in[2] = in[2];
    op->in[3] = in[3];
    op->c = pick_small(g, shape);
    if (opc == IR_pcrel) {
        op->imm = (int32_t)random_next(&g->seed);
    }
    if (ir_is_temp(out)) {
        remember(g, out);
    }
}

static bool is_computing(const Gen *g, IrOpcode opc)
{
    const IrOpInfo *info = &ir_op_info[opc];
    bool fp = info->flags & IR_FP || info->shape == IR_SHAPE_UNBOX || info->shape == IR_SHAPE_BOX ||
              info->shape == IR_SHAPE_FLOAT || info->shape == IR_SHAPE_BITCAST;

    return (info->flags & (IR_PURE | IR_FP)) && opc != IR_slotaddr && (g->options->fp || !fp);
}

static void gen_any_compute(Gen *g)
{
    IrOpcode opc;

    if (one_in(g, 6)) {
        gen_compute(g, one_in(g, 2) ? IR_mov : IR_add);
        return;
    }
    do {
        opc = (IrOpcode)below(g, IR_OPCODE_COUNT);
    } while (!is_computing(g, opc));
    gen_compute(g, opc);
}

/* --- what front-ends emit, and rules look for --- */

static void define(Gen *g, IrOpcode opc, IrType type, IrRef out, IrRef a, IrRef b)
{
    ir_append(g->r, opc, type, out, a, b);
    if (ir_is_temp(out)) {
        remember(g, out);
    }
}

/* What may come between two ops that would otherwise become one. */
static void gen_between(Gen *g, IrRef source)
{
    switch (below(g, 8)) {
    case 0:
        gen_any_compute(g);
        break;
    case 1:
        if (ir_is_slot(source)) {
            define(g, IR_xor, IR_I64, source, pick_input(g, IR_I64), pick_input(g, IR_I64));
        }
        break;
    case 2:
        if (g->options->branches) {
            ir_brcond(g->r, IR_I64, IR_LT, pick_input(g, IR_I64), pick_input(g, IR_I64), 0x80,
                      false);
        }
        break;
    case 3:
        if (g->options->helpers) {
            ir_call(g->r, 1, IR_NONE, pick_input(g, IR_I64), IR_NONE, IR_NONE, IR_NONE);
        }
        break;
    }
}

/* The same computed twice. */
static void gen_again(Gen *g)
{
    IrRef a = pick_input(g, IR_I64), b = pick_input(g, IR_I64), first = pick_output(g, IR_I64);

    define(g, IR_mul, IR_I64, first, a, b);
    gen_between(g, one_in(g, 2) ? a : first);
    define(g, IR_mul, IR_I64, pick_output(g, IR_I64), a, b);
}

/* Extension by two shifts, or an index, in one slot or over another. */
static void gen_shift_pair(Gen *g)
{
    static const uint8_t amounts[] = { 32, 48, 56, 1, 2, 3, 24, 31 };
    IrRef slot = pick_int_slot(g), source = one_in(g, 2) ? slot : pick_input(g, IR_I64);
    unsigned left = amounts[below(g, G_N_ELEMENTS(amounts))];
    unsigned right = one_in(g, 2) ? left : left - below(g, 4) % left;

    define(g, IR_shl, IR_I64, slot, source, ir_const(g->r, left));
    gen_between(g, source);
    if (!one_in(g, 3)) {
        define(g, one_in(g, 2) ? IR_shr : IR_sar, IR_I64, slot, slot, ir_const(g->r, right));
    }
    if (one_in(g, 2)) {
        IrRef other = one_in(g, 8) ? slot : pick_input(g, IR_I64);
        bool first = one_in(g, 2);
        define(g, IR_add, IR_I64, one_in(g, 3) ? pick_output(g, IR_I64) : slot,
               first ? slot : other, first ? other : slot);
    }
}

/* A value compared with zero that is itself a comparison or a difference. */
static void gen_test(Gen *g)
{
    IrRef out = pick_output(g, IR_I64);
    IrType type = one_in(g, 3) ? IR_I32 : IR_I64;
    IrCond cond = one_in(g, 2) ? IR_EQ : IR_NE;

    switch (below(g, 3)) {
    case 0:
        define(g, IR_xor, type, out, pick_input(g, IR_I64), pick_input(g, IR_I64));
        break;
    case 1:
        define(g, IR_sub, type, out, pick_input(g, IR_I64), pick_input(g, IR_I64));
        break;
    default:
        ir_setc(g->r, type, (IrCond)below(g, IR_COND_COUNT), out, pick_input(g, IR_I64),
                pick_input(g, IR_I64));
    }
    gen_between(g, g->r->ops[g->r->op_count - 1].in[0]);
    if (g->options->branches && one_in(g, 2)) {
        ir_brcond(g->r, IR_I64, cond, out, ir_const(g->r, 0), 0x40, false);
    } else {
        ir_setc(g->r, one_in(g, 4) ? IR_I32 : IR_I64, cond, pick_int_slot(g), out,
                ir_const(g->r, 0));
    }
}

/* 32-bit arithmetic and the extensions around it. */
static void gen_narrow(Gen *g)
{
    static const IrOpcode extensions[] = { IR_sext8, IR_sext16, IR_sext32,
                                           IR_zext8, IR_zext16, IR_zext32 };
    IrRef slot = pick_int_slot(g);
    IrRef sum = ir_t2(g->r, IR_add, IR_I32, pick_input(g, IR_I64), pick_input(g, IR_I64));

    define(g, IR_sext32, IR_I64, slot, sum, IR_NONE);
    for (unsigned i = below(g, 4); i-- > 0;) {
        define(g, extensions[below(g, 6)], IR_I64, one_in(g, 2) ? slot : pick_output(g, IR_I64),
               one_in(g, 2) ? slot : pick_input(g, IR_I64), IR_NONE);
    }
}

/* A copy that outlives its source, or does not. */
static void gen_copy(Gen *g)
{
    IrRef source = pick_int_slot(g), copy = pick_output(g, IR_I64);

    define(g, IR_mov, IR_I64, copy, source, IR_NONE);
    if (one_in(g, 2)) {
        gen_any_compute(g);
    }
    if (one_in(g, 2)) {
        define(g, IR_add, IR_I64, source, pick_input(g, IR_I64), ir_const(g->r, 1));
    }
    define(g, IR_add, IR_I64, pick_int_slot(g), copy, pick_input(g, IR_I64));
}

static void gen_address_pair(Gen *g)
{
    IrRef slot = pick_int_slot(g), low = ir_const(g->r, (int64_t)below(g, 4096) - 2048);

    if (one_in(g, 2)) {
        ir_pcrel(g->r, slot, (int64_t)below(g, 100) << 12);
    } else {
        ir_mov(g->r, slot, ir_const(g->r, (int32_t)random_next(&g->seed)));
    }
    define(g, IR_add, IR_I64, one_in(g, 2) ? slot : pick_output(g, IR_I64), slot, low);
    if (one_in(g, 2)) {
        int64_t mask = -(int64_t)2 << (one_in(g, 2) ? 0 : below(g, 14));
        define(g, IR_and, IR_I64, pick_output(g, IR_I64), slot, ir_const(g->r, mask));
    }
}

static void gen_single_precision(Gen *g)
{
    IrRef slot = pick_fp_slot(g), other = pick_fp_slot(g);
    IrRef a = ir_t1(g->r, IR_unbox, IR_F32, slot), b = ir_t1(g->r, IR_unbox, IR_F32, other);

    ir_op1(g->r, IR_box, IR_F64, slot, one_in(g, 3) ? a : ir_t2(g->r, IR_fadd, IR_F32, a, b));
    if (one_in(g, 2)) {
        gen_any_compute(g);
    }
    if (one_in(g, 2)) {
        ir_mov(g->r, other, slot);
    }
    ir_op1(g->r, IR_box, IR_F64, pick_fp_slot(g),
           ir_t1(g->r, IR_unbox, IR_F32, one_in(g, 2) ? slot : other));
}

static void gen_idiom(Gen *g)
{
    switch (below(g, g->options->fp ? 7 : 6)) {
    case 0:
        gen_shift_pair(g);
        break;
    case 1:
        gen_test(g);
        break;
    case 2:
        gen_narrow(g);
        break;
    case 3:
        gen_copy(g);
        break;
    case 4:
        gen_address_pair(g);
        break;
    case 5:
        gen_again(g);
        break;
    default:
        gen_single_precision(g);
    }
}

/* --- memory --- */

/* A guest address: mostly inside the memory, sometimes a little outside. */
static IrRef gen_address(Gen *g, uint64_t align)
{
    uint64_t mask = (one_in(g, 8) ? 2 * RANDOM_MEMORY - 1 : RANDOM_MEMORY / 2 - 1) & ~align;
    IrRef offset =
        ir_t2(g->r, IR_and, IR_I64, pick_input(g, IR_I64), ir_const(g->r, (int64_t)mask));

    return ir_t2(g->r, IR_add, IR_I64, offset, ir_const(g->r, (int64_t)RANDOM_BASE));
}

static void gen_load_store(Gen *g)
{
    IrRef address = gen_address(g, 0);
    unsigned size = below(g, 4);
    int64_t offset = (int64_t)below(g, 4096) - 1024;

    if (one_in(g, 2)) {
        bool narrow_fp = g->options->fp && size == IR_MEM_32 && one_in(g, 3);
        bool fp = g->options->fp && size == IR_MEM_64 && one_in(g, 3);
        IrType type = narrow_fp ? (one_in(g, 2) ? IR_F32 : IR_F64) : fp ? IR_F64 : IR_I64;

        ir_store(g->r, pick_input(g, type), address, offset, size);
        return;
    }
    IrType type = IR_I64;
    unsigned mem = size | (one_in(g, 2) ? IR_MEM_SIGN : 0);
    if (g->options->fp && size >= IR_MEM_32 && one_in(g, 3)) {
        type = size == IR_MEM_32 ? IR_F32 : IR_F64;
        mem = size;
    }
    IrRef out = pick_output(g, type);
    ir_load(g->r, out, address, offset, mem);
    if (ir_is_temp(out)) {
        remember(g, out);
    }
}

static void gen_atomic(Gen *g)
{
    unsigned size = one_in(g, 2) ? IR_MEM_32 : IR_MEM_64;
    IrType type = size == IR_MEM_32 ? IR_I32 : IR_I64;
    IrRef address = gen_address(g, one_in(g, 8) ? 0 : (1u << size) - 1);
    IrRef value = pick_input(g, IR_I64), other = pick_input(g, IR_I64);
    IrRef host = ir_atomic_ptr(g->r, address, size);
    IrRef out = pick_output(g, IR_I64);

    switch (below(g, 3)) {
    case 0:
        ir_cas(g->r, type, out, host, value, other);
        break;
    case 1:
        ir_append(g->r, IR_ld, IR_I64, out, host, IR_NONE)->c =
            (uint8_t)(size | (one_in(g, 2) ? IR_MEM_SIGN : 0));
        break;
    default:
        ir_amo(g->r, type, (IrAmo)below(g, IR_AMO_COUNT), out, host, value);
    }
    if (ir_is_temp(out)) {
        remember(g, out);
    }
}

/* Raw accesses to words of the state that are no slots. */
static void gen_raw(Gen *g)
{
    IrRef host = ir_temp(g->r, IR_I64);
    IrRef value = pick_input(g, IR_I64);
    unsigned size = below(g, 4);
    int64_t offset = 8 * below(g, RANDOM_RAW);

    ir_append(g->r, IR_slotaddr, IR_I64, host, IR_NONE, IR_NONE)->imm =
        offsetof(RandomMachine, raw);
    if (one_in(g, 2)) {
        IrOp *op = ir_append(g->r, IR_st, IR_I64, IR_NONE, host, value);
        op->c = (uint8_t)size;
        op->imm = offset;
        return;
    }
    IrRef out = pick_output(g, IR_I64);
    IrOp *op = ir_append(g->r, IR_ld, IR_I64, out, host, IR_NONE);
    op->c = (uint8_t)(size | (one_in(g, 2) ? IR_MEM_SIGN : 0));
    op->imm = offset;
    if (ir_is_temp(out)) {
        remember(g, out);
    }
}

static void gen_memory(Gen *g)
{
    switch (below(g, 8)) {
    case 0:
        gen_raw(g);
        break;
    case 1:
        ir_fence(g->r, one_in(g, 2) ? IR_FENCE_FULL : IR_FENCE_ACQ_REL);
        break;
    case 2:
        gen_atomic(g);
        break;
    default:
        gen_load_store(g);
    }
}

/* --- calls and control flow --- */

static void gen_call(Gen *g)
{
    unsigned helper = below(g, random_isa.helper_count);
    IrRef in[4] = { 0 }, out;

    for (unsigned i = 0; i < random_isa.helpers[helper].args; i++) {
        in[i] = pick_input(g, IR_I64);
    }
    out = one_in(g, 3) ? IR_NONE : pick_output(g, IR_I64);
    ir_call(g->r, helper, out, in[0], in[1], in[2], in[3]);
    if (ir_is_temp(out)) {
        remember(g, out);
    }
}

static int64_t pick_target(Gen *g)
{
    return (int64_t)below(g, 3 * TCG_PAGE_SIZE / 2) * 2 - TCG_PAGE_SIZE;
}

static void gen_branch(Gen *g)
{
    IrRef a = pick_input(g, IR_I64), b = pick_input(g, IR_I64);

    ir_brcond(g->r, one_in(g, 2) ? IR_I32 : IR_I64, (IrCond)below(g, IR_COND_COUNT), a, b,
              pick_target(g), one_in(g, 2));
}

static void gen_insn(Gen *g)
{
    g->pc += INSN_LENGTH;
    ir_insn(g->r, g->pc, INSN_LENGTH);
    g->r->insn_count++;
}

static void gen_end(Gen *g)
{
    switch (below(g, 4)) {
    case 0: {
        IrRef target = ir_t2(g->r, IR_and, IR_I64, pick_input(g, IR_I64), ir_const(g->r, -2));
        ir_jumpind(g->r, target);
        break;
    }
    case 1:
        ir_leave(g->r);
        break;
    case 2:
        ir_dispatch(g->r);
        break;
    default:
        ir_jump(g->r, pick_target(g), one_in(g, 2));
    }
}

void random_region(IrRegion *r, uint64_t seed, const RandomOptions *options)
{
    Gen g = { .r = r, .options = options, .seed = seed };

    ir_region_reset(r);
    r->pc_page = RANDOM_PC;
    r->start = g.pc = below(&g, 512) * 2;
    r->mmu_idx = (uint8_t)below(&g, TCG_MMU_MODES);
    r->jc_idx = r->mmu_idx;
    r->serial = below(&g, 2);
    ir_insn(r, g.pc, INSN_LENGTH);
    while (r->op_count < options->ops) {
        unsigned kind = below(&g, 20);

        if (one_in(&g, GRANULE)) {
            gen_insn(&g);
        }
        if (kind < 3 && options->memory) {
            gen_memory(&g);
        } else if (kind == 3 && options->helpers) {
            gen_call(&g);
        } else if (kind == 4 && options->branches) {
            gen_branch(&g);
        } else if (kind < 10) {
            gen_idiom(&g);
        } else {
            gen_any_compute(&g);
        }
    }
    gen_end(&g);
    r->guest_size = g.pc + INSN_LENGTH - r->start;
    r->insn_count++;
}
