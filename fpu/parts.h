/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unpacked representation and the one place that rounds.
 *
 * Everything here is inlined into each per-format function with a constant format, so that the
 * shifts and masks below are constants there.
 */
#ifndef FPU_PARTS_H
#define FPU_PARTS_H

#include "fpu/softfloat.h"

#define FP_INLINE static inline __attribute__((always_inline))

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

typedef unsigned __int128 Uint128;

/* Ordered: what is above PARTS_FINITE is special, what is above PARTS_INF is a NaN. */
typedef enum PartsClass {
    PARTS_ZERO,
    PARTS_FINITE,
    PARTS_INF,
    PARTS_QNAN,
    PARTS_SNAN,
} PartsClass;

/*
 * PARTS_FINITE: the magnitude is sig * 2^(exp - 63), with bit 63 of sig set.
 * NaN: sig holds the fraction field, left-justified below bit 63.
 */
typedef struct Parts {
    uint64_t sig;
    int32_t exp;
    PartsClass cls;
    bool sign;
} Parts;

FP_INLINE int fmt_bias(const FpFormat *fmt)
{
    return (1 << (fmt->exp_bits - 1)) - 1;
}

FP_INLINE int fmt_exp_max(const FpFormat *fmt)
{
    return (1 << fmt->exp_bits) - 1;
}

FP_INLINE uint64_t fmt_sign_bit(const FpFormat *fmt)
{
    return UINT64_C(1) << (fmt->exp_bits + fmt->frac_bits);
}

FP_INLINE uint64_t fmt_frac_mask(const FpFormat *fmt)
{
    return (UINT64_C(1) << fmt->frac_bits) - 1;
}

FP_INLINE uint64_t fmt_quiet_bit(const FpFormat *fmt)
{
    return UINT64_C(1) << (fmt->frac_bits - 1);
}

/* Distance between the significand in Parts and the one in the format. */
FP_INLINE int fmt_shift(const FpFormat *fmt)
{
    return 63 - fmt->frac_bits;
}

FP_INLINE uint64_t pack_fields(const FpFormat *fmt, bool sign, unsigned exp, uint64_t frac)
{
    return (sign ? fmt_sign_bit(fmt) : 0) | ((uint64_t)exp << fmt->frac_bits) | frac;
}

FP_INLINE uint64_t pack_zero(const FpFormat *fmt, bool sign)
{
    return pack_fields(fmt, sign, 0, 0);
}

FP_INLINE uint64_t pack_inf(const FpFormat *fmt, bool sign)
{
    return pack_fields(fmt, sign, fmt_exp_max(fmt), 0);
}

FP_INLINE uint64_t pack_default_nan(const FpFormat *fmt)
{
    return pack_fields(fmt, false, fmt_exp_max(fmt), fmt_quiet_bit(fmt));
}

FP_INLINE Parts unpack(const FpFormat *fmt, uint64_t bits)
{
    int exp = (bits >> fmt->frac_bits) & fmt_exp_max(fmt);
    uint64_t frac = bits & fmt_frac_mask(fmt);
    Parts p = { .sign = (bits & fmt_sign_bit(fmt)) != 0 };

    if (likely(exp != 0 && exp != fmt_exp_max(fmt))) {
        p.cls = PARTS_FINITE;
        p.exp = exp - fmt_bias(fmt);
        p.sig = (frac << fmt_shift(fmt)) | UINT64_C(1) << 63;
    } else if (exp == 0 && frac == 0) {
        p.cls = PARTS_ZERO;
    } else if (exp == 0) {
        int lead = __builtin_clzll(frac);
        p.cls = PARTS_FINITE;
        p.exp = 1 - fmt_bias(fmt) + fmt_shift(fmt) - lead;
        p.sig = frac << lead;
    } else if (frac == 0) {
        p.cls = PARTS_INF;
    } else {
        p.cls = (frac & fmt_quiet_bit(fmt)) ? PARTS_QNAN : PARTS_SNAN;
        p.sig = frac << fmt_shift(fmt);
    }
    return p;
}

FP_INLINE bool is_nan(const Parts *p)
{
    return p->cls > PARTS_INF;
}

FP_INLINE uint64_t invalid(const FpFormat *fmt, FpEnv *env)
{
    env->flags |= FP_FLAG_NV;
    return pack_default_nan(fmt);
}

/* The result when nan is the operand that the propagation rule chooses. */
FP_INLINE uint64_t pack_nan(const FpFormat *fmt, const Parts *nan, const FpEnv *env)
{
    if (env->nan_rule == FP_NAN_CANONICAL) {
        return pack_default_nan(fmt);
    }
    return pack_fields(fmt, nan->sign, fmt_exp_max(fmt),
                       nan->sig >> fmt_shift(fmt) | fmt_quiet_bit(fmt));
}

/* The result of a one-operand operation on a NaN. */
FP_INLINE uint64_t nan_result(const FpFormat *fmt, const Parts *a, FpEnv *env)
{
    if (a->cls == PARTS_SNAN) {
        env->flags |= FP_FLAG_NV;
    }
    return pack_nan(fmt, a, env);
}

/* The result of a two-operand operation of which at least one operand is a NaN. */
FP_INLINE uint64_t nan_result2(const FpFormat *fmt, const Parts *a, const Parts *b, FpEnv *env)
{
    if (a->cls == PARTS_SNAN || b->cls == PARTS_SNAN) {
        env->flags |= FP_FLAG_NV;
    }
    return pack_nan(fmt, is_nan(a) ? a : b, env);
}

/* Right shift that keeps "something was lost" in the lowest bit; n >= 0. */
FP_INLINE uint64_t shift_right_jam(uint64_t x, int n)
{
    if (n == 0) {
        return x;
    }
    return n < 64 ? x >> n | (x << (64 - n) != 0) : x != 0;
}

FP_INLINE Uint128 shift_right_jam128(Uint128 x, int n)
{
    if (n == 0) {
        return x;
    }
    return n < 128 ? x >> n | (x << (128 - n) != 0) : x != 0;
}

/*
 * Whether a magnitude with integer part parity odd and fraction frac * 2^-64 rounds up in
 * magnitude. Sticky bits count as part of frac.
 */
FP_INLINE bool rounds_up(unsigned rounding, bool sign, bool odd, uint64_t frac)
{
    const uint64_t half = UINT64_C(1) << 63;

    switch (rounding) {
    case FP_RTZ:
        return false;
    case FP_RDN:
        return sign && frac != 0;
    case FP_RUP:
        return !sign && frac != 0;
    case FP_RMM:
        return frac >= half;
    default:
        return frac > half || (frac == half && odd);
    }
}

FP_INLINE uint64_t overflow(const FpFormat *fmt, bool sign, FpEnv *env)
{
    env->flags |= FP_FLAG_OF | FP_FLAG_NX;
    /* Infinity where a fraction just below the next value would round up, else the maximum. */
    if (rounds_up(env->rounding, sign, true, UINT64_MAX)) {
        return pack_inf(fmt, sign);
    }
    return pack_inf(fmt, sign) - 1;
}

/* Below the normal range, or at its edge; biased <= 0. */
FP_INLINE uint64_t round_pack_subnormal(const FpFormat *fmt, bool sign, int biased, uint64_t sig,
                                        FpEnv *env)
{
    int shift = fmt_shift(fmt);
    uint64_t frac = sig << (64 - shift);
    uint64_t kept = sig >> shift;

    /* Tininess after rounding: only what an unbounded exponent rounds up to 2^emin is not tiny. */
    bool tiny = biased < 0 || kept != (UINT64_C(2) << fmt->frac_bits) - 1 ||
                !rounds_up(env->rounding, sign, kept & 1, frac);

    sig = shift_right_jam(sig, 1 - biased);
    frac = sig << (64 - shift);
    kept = sig >> shift;
    if (frac != 0) {
        env->flags |= tiny ? FP_FLAG_NX | FP_FLAG_UF : FP_FLAG_NX;
        kept += rounds_up(env->rounding, sign, kept & 1, frac);
    }
    /* A carry out of the fraction makes the exponent field 1, which is the right one. */
    return pack_fields(fmt, sign, 0, 0) + kept;
}

/*
 * Rounds sig * 2^(exp - 63) to the format. Bit 63 of sig is set; bit 0 may be sticky.
 */
FP_INLINE uint64_t round_pack(const FpFormat *fmt, bool sign, int exp, uint64_t sig, FpEnv *env)
{
    int shift = fmt_shift(fmt);
    int biased = exp + fmt_bias(fmt);
    uint64_t frac = sig << (64 - shift);
    uint64_t kept = sig >> shift;

    if (unlikely(biased <= 0)) {
        return round_pack_subnormal(fmt, sign, biased, sig, env);
    }
    if (frac != 0 && rounds_up(env->rounding, sign, kept & 1, frac)) {
        kept++;
        biased += kept >> (fmt->frac_bits + 1);
    }
    if (unlikely(biased >= fmt_exp_max(fmt))) {
        return overflow(fmt, sign, env);
    }
    if (frac != 0) {
        env->flags |= FP_FLAG_NX;
    }
    return pack_fields(fmt, sign, biased, kept & fmt_frac_mask(fmt));
}

/* As round_pack, for a nonzero magnitude sig * 2^(exp - 127) in any position. */
FP_INLINE uint64_t round_pack128(const FpFormat *fmt, bool sign, int exp, Uint128 sig, FpEnv *env)
{
    uint64_t high = sig >> 64;
    int lead = high ? __builtin_clzll(high) : 64 + __builtin_clzll((uint64_t)sig);

    sig <<= lead;
    return round_pack(fmt, sign, exp - lead, (uint64_t)(sig >> 64) | ((uint64_t)sig != 0), env);
}

/* Packs a PARTS_FINITE that came from the same format: exact. */
FP_INLINE uint64_t pack_exact(const FpFormat *fmt, bool sign, const Parts *p, FpEnv *env)
{
    return round_pack(fmt, sign, p->exp, p->sig, env);
}

/* The sign of an exact zero sum of operands with signs a and b (IEEE 754-2019 section 6.3). */
FP_INLINE bool zero_sum_sign(bool a, bool b, const FpEnv *env)
{
    return a == b ? a : env->rounding == FP_RDN;
}

/* Copies the compiler can fold; the public fp_f16, fp_f32 and fp_f64 have these values. */
static const FpFormat f16_fmt = { 5, 10 };
static const FpFormat f32_fmt = { 8, 23 };
static const FpFormat f64_fmt = { 11, 52 };

/*
 * FP_DEFINE makes f16_name, f32_name and f64_name out of the inline name_core(fmt, ...), and
 * fp_name, which picks one of them. params and args are the parenthesised rest of the arguments.
 */
#define FP_PICK(fmt, name, args)                                                                   \
    ((fmt)->frac_bits == 52   ? f64_##name args                                                    \
     : (fmt)->frac_bits == 23 ? f32_##name args                                                    \
                              : f16_##name args)

#define FP_ARGS(...) __VA_ARGS__

#define FP_DEFINE(type, name, params, args)                                                        \
    type f16_##name(FP_ARGS params)                                                                \
    {                                                                                              \
        return name##_core(&f16_fmt, FP_ARGS args);                                                \
    }                                                                                              \
    type f32_##name(FP_ARGS params)                                                                \
    {                                                                                              \
        return name##_core(&f32_fmt, FP_ARGS args);                                                \
    }                                                                                              \
    type f64_##name(FP_ARGS params)                                                                \
    {                                                                                              \
        return name##_core(&f64_fmt, FP_ARGS args);                                                \
    }                                                                                              \
    type fp_##name(const FpFormat *fmt, FP_ARGS params)                                            \
    {                                                                                              \
        return FP_PICK(fmt, name, args);                                                           \
    }

#define FP_DEFINE_UNARY(type, name) FP_DEFINE(type, name, (uint64_t a, FpEnv * env), (a, env))
#define FP_DEFINE_BINARY(type, name)                                                               \
    FP_DEFINE(type, name, (uint64_t a, uint64_t b, FpEnv * env), (a, b, env))

#endif
