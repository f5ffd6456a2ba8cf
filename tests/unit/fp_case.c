/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of operations and the library under test. */
#include "fp_case.h"

const FpOpInfo fp_op_info[FP_OP_COUNT] = {
    [FP_OP_ADD] = { "add", FP_SHAPE_BINARY },
    [FP_OP_SUB] = { "sub", FP_SHAPE_BINARY },
    [FP_OP_MUL] = { "mul", FP_SHAPE_BINARY },
    [FP_OP_DIV] = { "div", FP_SHAPE_BINARY },
    [FP_OP_MIN] = { "min", FP_SHAPE_BINARY },
    [FP_OP_MAX] = { "max", FP_SHAPE_BINARY },
    [FP_OP_COMPARE] = { "compare", FP_SHAPE_BINARY },
    [FP_OP_COMPARE_QUIET] = { "compare_quiet", FP_SHAPE_BINARY },
    [FP_OP_EQ] = { "eq", FP_SHAPE_BINARY },
    [FP_OP_LT] = { "lt", FP_SHAPE_BINARY },
    [FP_OP_LE] = { "le", FP_SHAPE_BINARY },
    [FP_OP_FMA] = { "fma", FP_SHAPE_TERNARY },
    [FP_OP_SQRT] = { "sqrt", FP_SHAPE_UNARY },
    [FP_OP_CLASSIFY] = { "classify", FP_SHAPE_UNARY },
    [FP_OP_RINT] = { "round_to_int", FP_SHAPE_UNARY },
    [FP_OP_RINT_EXACT] = { "round_to_int inexact", FP_SHAPE_UNARY },
    [FP_OP_TO_I32] = { "to_i32", FP_SHAPE_UNARY },
    [FP_OP_TO_U32] = { "to_u32", FP_SHAPE_UNARY },
    [FP_OP_TO_I64] = { "to_i64", FP_SHAPE_UNARY },
    [FP_OP_TO_U64] = { "to_u64", FP_SHAPE_UNARY },
    [FP_OP_TO_F16] = { "convert to f16", FP_SHAPE_UNARY },
    [FP_OP_TO_F32] = { "convert to f32", FP_SHAPE_UNARY },
    [FP_OP_TO_F64] = { "convert to f64", FP_SHAPE_UNARY },
    [FP_OP_FROM_I64] = { "from_i64", FP_SHAPE_FROM_INT },
    [FP_OP_FROM_U64] = { "from_u64", FP_SHAPE_FROM_INT },
};

static uint64_t run(const FpCase *c, FpEnv *env)
{
    const FpFormat *fmt = c->fmt;

    switch (c->op) {
    case FP_OP_ADD:
        return fp_add(fmt, c->a, c->b, env);
    case FP_OP_SUB:
        return fp_sub(fmt, c->a, c->b, env);
    case FP_OP_MUL:
        return fp_mul(fmt, c->a, c->b, env);
    case FP_OP_DIV:
        return fp_div(fmt, c->a, c->b, env);
    case FP_OP_MIN:
        return fp_min(fmt, c->a, c->b, env);
    case FP_OP_MAX:
        return fp_max(fmt, c->a, c->b, env);
    case FP_OP_COMPARE:
        return (int64_t)fp_compare(fmt, c->a, c->b, env);
    case FP_OP_COMPARE_QUIET:
        return (int64_t)fp_compare_quiet(fmt, c->a, c->b, env);
    case FP_OP_EQ:
        return fp_eq(fmt, c->a, c->b, env);
    case FP_OP_LT:
        return fp_lt(fmt, c->a, c->b, env);
    case FP_OP_LE:
        return fp_le(fmt, c->a, c->b, env);
    case FP_OP_FMA:
        return fp_fma(fmt, c->a, c->b, c->c, c->negate, env);
    case FP_OP_SQRT:
        return fp_sqrt(fmt, c->a, env);
    case FP_OP_CLASSIFY:
        return fp_classify(fmt, c->a);
    case FP_OP_RINT:
        return fp_round_to_int(fmt, c->a, false, env);
    case FP_OP_RINT_EXACT:
        return fp_round_to_int(fmt, c->a, true, env);
    case FP_OP_TO_I32:
        return (int64_t)fp_to_i32(fmt, c->a, env);
    case FP_OP_TO_U32:
        return fp_to_u32(fmt, c->a, env);
    case FP_OP_TO_I64:
        return fp_to_i64(fmt, c->a, env);
    case FP_OP_TO_U64:
        return fp_to_u64(fmt, c->a, env);
    case FP_OP_FROM_I64:
        return fp_from_i64(fmt, c->a, env);
    case FP_OP_FROM_U64:
        return fp_from_u64(fmt, c->a, env);
    default:
        return fp_convert(fmt, fp_case_result_format(c), c->a, env);
    }
}

FpResult fp_case_soft(const FpCase *c)
{
    FpEnv env = { .rounding = c->rounding, .nan_rule = c->nan_rule };
    uint64_t bits = run(c, &env);
    return (FpResult) { bits, env.flags };
}

const FpFormat *fp_case_result_format(const FpCase *c)
{
    switch (c->op) {
    case FP_OP_TO_F16:
        return &fp_f16;
    case FP_OP_TO_F32:
        return &fp_f32;
    case FP_OP_TO_F64:
        return &fp_f64;
    default:
        return c->fmt;
    }
}

uint64_t fp_bits_mask(const FpFormat *fmt)
{
    return UINT64_MAX >> (63 - fmt->exp_bits - fmt->frac_bits);
}

uint64_t fp_bits_inf(const FpFormat *fmt, bool sign)
{
    uint64_t exp = ((UINT64_C(1) << fmt->exp_bits) - 1) << fmt->frac_bits;
    return exp | (uint64_t)sign << (fmt->exp_bits + fmt->frac_bits);
}

uint64_t fp_bits_default_nan(const FpFormat *fmt)
{
    return fp_bits_inf(fmt, false) | UINT64_C(1) << (fmt->frac_bits - 1);
}

bool fp_bits_nan(const FpFormat *fmt, uint64_t bits)
{
    uint64_t inf = fp_bits_inf(fmt, false);
    return (bits & inf) == inf && (bits & ((UINT64_C(1) << fmt->frac_bits) - 1)) != 0;
}

bool fp_bits_snan(const FpFormat *fmt, uint64_t bits)
{
    return fp_bits_nan(fmt, bits) && !(bits >> (fmt->frac_bits - 1) & 1);
}
