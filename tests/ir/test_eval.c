/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ops compute, against definitions written another way, a bit or a digit at a time; and the
 * folding of every pure op with every mix of constant and variable operands, against the
 * interpreter.
 */
#include <stdlib.h>
#include <string.h>

#include "random_region.h"
#include "tcg/tcg.h"

enum { EVALUATIONS = 20000, FOLDINGS = 4000 };

/* --- other definitions --- */

static bool bit(uint64_t a, unsigned n)
{
    return a >> n & 1;
}

static uint64_t shifted(uint64_t a, unsigned n, unsigned width, bool left, bool in)
{
    uint64_t result = 0;

    for (unsigned i = 0; i < width; i++) {
        int from = left ? (int)i - (int)n : (int)i + (int)n;
        bool value = from < 0 || from >= (int)width ? in : bit(a, (unsigned)from);
        result |= (uint64_t)value << i;
    }
    return result;
}

static uint64_t rotated(uint64_t a, unsigned left, unsigned width)
{
    uint64_t result = 0;

    for (unsigned i = 0; i < width; i++) {
        result |= (uint64_t)bit(a, i) << (i + left) % width;
    }
    return result;
}

/* The product of two numbers of `width` bits, high and low half, by adding shifted copies. */
static void product(uint64_t a, uint64_t b, unsigned width, uint64_t *high, uint64_t *low)
{
    unsigned __int128 sum = 0;

    for (unsigned i = 0; i < width; i++) {
        if (bit(b, i)) {
            sum += (unsigned __int128)a << i;
        }
    }
    *low = (uint64_t)sum;
    *high = (uint64_t)(sum >> width);
}

/* Signed high halves from the unsigned one: each negative operand counts 2^width too much. */
static uint64_t high_product(uint64_t a, uint64_t b, unsigned width, bool a_signed, bool b_signed)
{
    uint64_t high, low;

    product(a, b, width, &high, &low);
    if (a_signed && bit(a, width - 1)) {
        high -= b;
    }
    if (b_signed && bit(b, width - 1)) {
        high -= a;
    }
    return high;
}

static void long_division(uint64_t a, uint64_t b, uint64_t *quotient, uint64_t *rest)
{
    unsigned __int128 r = 0;

    *quotient = 0;
    for (int i = 63; i >= 0; i--) {
        r = r << 1 | bit(a, (unsigned)i);
        if (r >= b) {
            r -= b;
            *quotient |= 1ull << i;
        }
    }
    *rest = (uint64_t)r;
}

static uint64_t divided(IrOpcode opc, uint64_t a, uint64_t b, unsigned width)
{
    bool is_signed = opc == IR_divs || opc == IR_rems, rest = opc == IR_remu || opc == IR_rems;
    uint64_t mask = width == 32 ? UINT32_MAX : UINT64_MAX, quotient, remainder;
    bool a_negative = is_signed && bit(a, width - 1), b_negative = is_signed && bit(b, width - 1);

    if (b == 0) {
        return rest ? a : mask;
    }
    long_division(a_negative ? -a & mask : a, b_negative ? -b & mask : b, &quotient, &remainder);
    if (rest) {
        return a_negative ? -remainder : remainder;
    }
    return a_negative != b_negative ? -quotient : quotient;
}

static bool holds(IrCond cond, uint64_t a, uint64_t b, unsigned width)
{
    uint64_t sign = 1ull << (width - 1);
    bool below = a < b, less = (a ^ sign) < (b ^ sign);

    switch (cond) {
    case IR_EQ:
        return !(a ^ b);
    case IR_NE:
        return a ^ b;
    case IR_LT:
        return less;
    case IR_GE:
        return !less;
    case IR_LTU:
        return below;
    case IR_GEU:
        return !below;
    case IR_LE:
        return less || a == b;
    case IR_GT:
        return !less && a != b;
    case IR_LEU:
        return below || a == b;
    default:
        return !below && a != b;
    }
}

static uint64_t extended(uint64_t a, unsigned bits, bool sign)
{
    uint64_t low = a & ((1ull << bits) - 1);

    return sign && bit(a, bits - 1) ? low - (1ull << bits) : low;
}

static uint64_t counted(IrOpcode opc, uint64_t a, unsigned width)
{
    unsigned n = 0, ones = 0;

    for (unsigned i = 0; i < width; i++) {
        ones += bit(a, i);
    }
    if (opc == IR_popcnt) {
        return ones;
    }
    while (n < width && !bit(a, opc == IR_ctz ? n : width - 1 - n)) {
        n++;
    }
    return n;
}

static uint64_t reversed(uint64_t a, unsigned width)
{
    uint64_t result = 0;

    for (unsigned i = 0; i < width; i += 8) {
        result = result << 8 | (a >> i & 0xff);
    }
    return result;
}

/* The result before it is cut to the width; `in` are already cut. */
static uint64_t reference(IrOpcode opc, unsigned width, uint8_t c, const uint64_t in[4])
{
    uint64_t a = in[0], b = in[1], high, low;
    unsigned n = (unsigned)(b % width);

    switch (opc) {
    case IR_add:
        return a - ~b - 1;
    case IR_sub:
        return a + ~b + 1;
    case IR_and:
        return ~(~a | ~b);
    case IR_or:
        return ~(~a & ~b);
    case IR_xor:
        return (a | b) - (a & b);
    case IR_andn:
        return a - (a & b);
    case IR_addsh:
        return a + b * (1u << c);
    case IR_shl:
        return shifted(a, n, width, true, false);
    case IR_shr:
        return shifted(a, n, width, false, false);
    case IR_sar:
        return shifted(a, n, width, false, bit(a, width - 1));
    case IR_rotl:
        return rotated(a, n, width);
    case IR_rotr:
        return rotated(a, width - n, width);
    case IR_mul:
        product(a, b, width, &high, &low);
        return low;
    case IR_mulhu:
        return high_product(a, b, width, false, false);
    case IR_mulhs:
        return high_product(a, b, width, true, true);
    case IR_mulhsu:
        return high_product(a, b, width, true, false);
    case IR_divu:
    case IR_divs:
    case IR_remu:
    case IR_rems:
        return divided(opc, a, b, width);
    case IR_clz:
    case IR_ctz:
    case IR_popcnt:
        return counted(opc, a, width);
    case IR_bswap:
        return reversed(a, width);
    case IR_sext8:
    case IR_sext16:
    case IR_sext32:
        return extended(a, 8u << (opc - IR_sext8), true);
    case IR_zext8:
    case IR_zext16:
    case IR_zext32:
        return extended(a, 8u << (opc - IR_zext8), false);
    case IR_setc:
        return holds((IrCond)c, a, b, width);
    case IR_sel:
        return holds((IrCond)c, a, b, width) ? in[2] : in[3];
    default:
        g_error("no definition of %s", ir_op_info[opc].name);
    }
}

static bool is_integer(IrOpcode opc)
{
    IrShape shape = (IrShape)ir_op_info[opc].shape;

    return (ir_op_info[opc].flags & IR_PURE) &&
           (shape == IR_SHAPE_INT || shape == IR_SHAPE_SHADD || shape == IR_SHAPE_EXTEND ||
            shape == IR_SHAPE_COMPARE);
}

static uint8_t random_small(const IrShapeInfo *shape, uint64_t *seed)
{
    unsigned limit = shape->small == IR_SMALL_COND ? IR_COND_COUNT : shape->small_max + 1u;

    return (uint8_t)(random_next(seed) % limit);
}

static void test_definition(gconstpointer data)
{
    IrOpcode opc = (IrOpcode)GPOINTER_TO_UINT(data);
    const IrShapeInfo *shape = &ir_shapes[ir_op_info[opc].shape];
    uint64_t seed = opc;

    for (unsigned i = 0; i < EVALUATIONS; i++) {
        bool narrow = (shape->types & 1 << IR_I32) && i % 2;
        uint64_t mask = narrow ? UINT32_MAX : UINT64_MAX, in[4], cut[4];
        uint8_t c = random_small(shape, &seed);

        for (unsigned n = 0; n < 4; n++) {
            in[n] = random_int(&seed);
            cut[n] = n < 2 ? in[n] & mask : in[n];
        }
        uint64_t wanted = reference(opc, narrow ? 32 : 64, c, cut);
        uint64_t got = ir_eval(opc, narrow ? IR_I32 : IR_I64, c, in);
        g_assert_cmphex(got, ==, opc == IR_sel ? wanted : wanted & mask);
    }
}

/* --- folding --- */

static IrRef random_operand(IrRegion *r, IrType type, uint64_t *seed)
{
    uint64_t choice = random_next(seed);

    if (type == IR_F32) {
        return ir_t1(r, IR_bitcast, IR_F32, ir_const(r, (int64_t)random_f32(seed)));
    }
    if (type == IR_F64) {
        return choice % 2 ? ir_slot(RANDOM_INT_SLOTS + choice / 2 % RANDOM_FP_SLOTS)
                          : ir_t1(r, IR_bitcast, IR_F64, ir_const(r, (int64_t)random_f64(seed)));
    }
    return choice % 2 ? ir_slot(choice / 2 % 3) : ir_const(r, (int64_t)random_int(seed));
}

static void build(IrRegion *r, IrOpcode opc, uint64_t *seed)
{
    const IrShapeInfo *shape = &ir_shapes[ir_op_info[opc].shape];
    IrOp op = { .opc = (uint8_t)opc };

    do {
        op.type = (uint8_t)(random_next(seed) % IR_TYPE_COUNT);
    } while (!(shape->types & 1 << op.type));
    for (unsigned i = 0; i < ir_op_info[opc].ins; i++) {
        IrType type = ir_operand_type((IrOperand)shape->in, (IrType)op.type);
        op.in[i] = random_operand(r, type == IR_TYPE_COUNT ? IR_F64 : type, seed);
    }
    if (shape->small) {
        op.c = random_small(shape, seed);
    }
    IrType out = ir_operand_type((IrOperand)shape->out, (IrType)op.type);
    op.out = out == IR_F32 ? ir_temp(r, IR_F32) : ir_slot(out == IR_F64 ? RANDOM_INT_SLOTS : 0);
    *ir_append(r, opc, (IrType)op.type, op.out, op.in[0], op.in[1]) = op;
    if (out == IR_F32) {
        ir_op1(r, IR_box, IR_F64, ir_slot(RANDOM_INT_SLOTS), op.out);
    }
    ir_leave(r);
}

static void test_folding(gconstpointer data)
{
    IrOpcode opc = (IrOpcode)GPOINTER_TO_UINT(data);
    IrRegion *r = ir_region_new(&random_isa);
    RandomMachine *m = random_machine_new();
    RandomOutcome plain, folded;
    uint64_t seed = opc;

    for (unsigned i = 0; i < FOLDINGS; i++) {
        ir_region_reset(r);
        build(r, opc, &seed);
        g_assert_null(ir_verify(r));
        random_machine_reset(m, seed);
        random_machine_capture(m, tcg_interp_run(r, &m->state), &plain);
        ir_fold(r);
        g_assert_null(ir_verify(r));
        random_machine_reset(m, seed);
        random_machine_capture(m, tcg_interp_run(r, &m->state), &folded);
        char *difference = random_outcome_diff(&plain, &folded);
        g_assert_cmpstr(difference, ==, NULL);
    }
    random_machine_free(m);
    ir_region_free(r);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned opc = 0; opc < IR_OPCODE_COUNT; opc++) {
        const IrOpInfo *info = &ir_op_info[opc];

        if (is_integer((IrOpcode)opc)) {
            char *name = g_strdup_printf("/ir/definition/%s", info->name);
            g_test_add_data_func(name, GUINT_TO_POINTER(opc), test_definition);
            g_free(name);
        }
        if ((info->flags & IR_PURE) && info->shape != IR_SHAPE_ADDRESS) {
            char *name = g_strdup_printf("/ir/folding/%s", info->name);
            g_test_add_data_func(name, GUINT_TO_POINTER(opc), test_folding);
            g_free(name);
        }
    }
    return g_test_run();
}
