/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FP ops of the IR in soft-float: rounding from, and flags to, a status word in MXCSR's layout
 * (Intel SDM volume 1, 10.2.3). NaN results are canonical, as RISC-V wants them.
 */
#include <assert.h>

#include "fpu/softfloat.h"
#include "tcg/ir.h"
#include "tcg/tcg.h"

enum { RC_SHIFT = 13, RC_MASK = 3 };

/* Bits of MXCSR. */
enum { IE = 1 << 0, ZE = 1 << 2, OE = 1 << 3, UE = 1 << 4, PE = 1 << 5 };

static const uint8_t rounding_of_rc[] = { FP_RNE, FP_RDN, FP_RUP, FP_RTZ };

static uint32_t status_flags(unsigned flags)
{
    return (flags & FP_FLAG_NV ? IE : 0) | (flags & FP_FLAG_DZ ? ZE : 0) |
           (flags & FP_FLAG_OF ? OE : 0) | (flags & FP_FLAG_UF ? UE : 0) |
           (flags & FP_FLAG_NX ? PE : 0);
}

static uint64_t compare(const FpFormat *fmt, unsigned kind, uint64_t a, uint64_t b, FpEnv *env)
{
    switch ((IrFcmp)kind) {
    case IR_FCMP_EQ:
        return fp_eq(fmt, a, b, env);
    case IR_FCMP_LT:
        return fp_lt(fmt, a, b, env);
    case IR_FCMP_LE:
        return fp_le(fmt, a, b, env);
    }
    assert(!"unknown comparison");
    return 0;
}

static uint64_t to_integer(const FpFormat *fmt, unsigned c, uint64_t a, FpEnv *env)
{
    unsigned rounding = c >> 4;

    if (rounding != IR_ROUND_DYN) {
        env->rounding = (uint8_t)rounding;
    }
    switch (c & 15) {
    case IR_CVT_I32:
        return (uint64_t)fp_to_i32(fmt, a, env);
    case IR_CVT_U32:
        return (uint64_t)(int32_t)fp_to_u32(fmt, a, env);
    case IR_CVT_I64:
        return (uint64_t)fp_to_i64(fmt, a, env);
    default:
        return fp_to_u64(fmt, a, env);
    }
}

static uint64_t from_integer(const FpFormat *fmt, unsigned c, uint64_t a, FpEnv *env)
{
    switch (c) {
    case IR_CVT_I32:
        return fp_from_i64(fmt, (int32_t)a, env);
    case IR_CVT_U32:
        return fp_from_u64(fmt, (uint32_t)a, env);
    case IR_CVT_I64:
        return fp_from_i64(fmt, (int64_t)a, env);
    default:
        return fp_from_u64(fmt, a, env);
    }
}

static uint64_t compute(IrOpcode opc, bool is_f32, unsigned kind, const uint64_t in[3], FpEnv *env)
{
    const FpFormat *fmt = is_f32 ? &fp_f32 : &fp_f64;
    uint64_t a = in[0], b = in[1];

    switch (opc) {
    case IR_fadd:
        return fp_add(fmt, a, b, env);
    case IR_fsub:
        return fp_sub(fmt, a, b, env);
    case IR_fmul:
        return fp_mul(fmt, a, b, env);
    case IR_fdiv:
        return fp_div(fmt, a, b, env);
    case IR_fsqrt:
        return fp_sqrt(fmt, a, env);
    case IR_fma:
        return fp_fma(fmt, a, b, in[2], kind, env);
    case IR_fmin:
        return fp_min(fmt, a, b, env);
    case IR_fmax:
        return fp_max(fmt, a, b, env);
    case IR_fcmp:
        return compare(fmt, kind, a, b, env);
    case IR_fcvt:
        return fp_convert(is_f32 ? &fp_f64 : &fp_f32, fmt, a, env);
    case IR_ftoi:
        return to_integer(fmt, kind, a, env);
    case IR_itof:
        return from_integer(fmt, kind, a, env);
    default:
        assert(!"not an FP op");
        return 0;
    }
}

uint64_t tcg_soft_fp_round(TcgState *state, uint64_t what, IrRound rounding, uint64_t a, uint64_t b,
                           uint64_t c)
{
    IrOpcode opc = (IrOpcode)(what & 0xff);
    IrType type = (IrType)(what >> 8 & 0xff);
    unsigned kind = what >> 16 & 0xff;
    const uint64_t in[3] = { a, b, c };
    FpEnv env = { .rounding = (uint8_t)rounding, .nan_rule = FP_NAN_CANONICAL };

    uint64_t result = compute(opc, type == IR_F32, kind, in, &env);
    state->fp_status |= status_flags(env.flags);
    return result;
}

uint64_t tcg_soft_fp(TcgState *state, uint64_t what, uint64_t a, uint64_t b, uint64_t c)
{
    IrRound rounding = rounding_of_rc[state->fp_status >> RC_SHIFT & RC_MASK];

    return tcg_soft_fp_round(state, what, rounding, a, b, c);
}
