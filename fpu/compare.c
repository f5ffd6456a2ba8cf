/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Comparison, minimum and maximum, classification (IEEE 754-2019 sections 5.11, 9.6, 5.7.2). */
#include "parts.h"

FP_INLINE uint64_t magnitude(const FpFormat *fmt, uint64_t bits)
{
    return bits & (fmt_sign_bit(fmt) - 1);
}

FP_INLINE bool nan_bits(const FpFormat *fmt, uint64_t bits)
{
    return magnitude(fmt, bits) > pack_inf(fmt, false);
}

FP_INLINE bool snan_bits(const FpFormat *fmt, uint64_t bits)
{
    return nan_bits(fmt, bits) && !(bits & fmt_quiet_bit(fmt));
}

/* An integer that orders as the value does, with -0 below +0; not for NaNs. */
FP_INLINE int64_t order_key(const FpFormat *fmt, uint64_t bits)
{
    int64_t mag = magnitude(fmt, bits);
    return (bits & fmt_sign_bit(fmt)) ? ~mag : mag;
}

FP_INLINE FpRelation compare_any(const FpFormat *fmt, uint64_t a, uint64_t b, bool signalling,
                                 FpEnv *env)
{
    if (unlikely(nan_bits(fmt, a) || nan_bits(fmt, b))) {
        if (signalling || snan_bits(fmt, a) || snan_bits(fmt, b)) {
            env->flags |= FP_FLAG_NV;
        }
        return FP_UNORDERED;
    }
    if (magnitude(fmt, a | b) == 0) {
        return FP_EQUAL;
    }
    int64_t x = order_key(fmt, a);
    int64_t y = order_key(fmt, b);
    return (x > y) - (x < y);
}

FP_INLINE FpRelation compare_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return compare_any(fmt, a, b, true, env);
}

FP_INLINE FpRelation compare_quiet_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return compare_any(fmt, a, b, false, env);
}

FP_INLINE bool eq_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return compare_any(fmt, a, b, false, env) == FP_EQUAL;
}

FP_INLINE bool lt_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return compare_any(fmt, a, b, true, env) == FP_LESS;
}

FP_INLINE bool le_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return compare_any(fmt, a, b, true, env) <= FP_EQUAL;
}

FP_INLINE uint64_t min_max(const FpFormat *fmt, uint64_t a, uint64_t b, bool max, FpEnv *env)
{
    uint64_t mask = fmt_sign_bit(fmt) | (fmt_sign_bit(fmt) - 1);
    bool a_nan = nan_bits(fmt, a);
    bool b_nan = nan_bits(fmt, b);

    if (unlikely(a_nan && b_nan)) {
        Parts pa = unpack(fmt, a);
        Parts pb = unpack(fmt, b);
        return nan_result2(fmt, &pa, &pb, env);
    }
    if (unlikely(a_nan || b_nan)) {
        if (snan_bits(fmt, a) || snan_bits(fmt, b)) {
            env->flags |= FP_FLAG_NV;
        }
        return (a_nan ? b : a) & mask;
    }
    bool a_less = order_key(fmt, a) < order_key(fmt, b);
    return (a_less != max ? a : b) & mask;
}

FP_INLINE uint64_t min_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return min_max(fmt, a, b, false, env);
}

FP_INLINE uint64_t max_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return min_max(fmt, a, b, true, env);
}

FP_INLINE FpClass classify_core(const FpFormat *fmt, uint64_t a)
{
    uint64_t mag = magnitude(fmt, a);
    bool sign = a & fmt_sign_bit(fmt);

    if (nan_bits(fmt, a)) {
        return snan_bits(fmt, a) ? FP_CLASS_SNAN : FP_CLASS_QNAN;
    }
    if (mag == pack_inf(fmt, false)) {
        return sign ? FP_CLASS_NEG_INF : FP_CLASS_POS_INF;
    }
    if (mag > fmt_frac_mask(fmt)) {
        return sign ? FP_CLASS_NEG_NORMAL : FP_CLASS_POS_NORMAL;
    }
    if (mag != 0) {
        return sign ? FP_CLASS_NEG_SUBNORMAL : FP_CLASS_POS_SUBNORMAL;
    }
    return sign ? FP_CLASS_NEG_ZERO : FP_CLASS_POS_ZERO;
}

FP_DEFINE_BINARY(FpRelation, compare)
FP_DEFINE_BINARY(FpRelation, compare_quiet)
FP_DEFINE_BINARY(bool, eq)
FP_DEFINE_BINARY(bool, lt)
FP_DEFINE_BINARY(bool, le)
FP_DEFINE_BINARY(uint64_t, min)
FP_DEFINE_BINARY(uint64_t, max)
FP_DEFINE(FpClass, classify, (uint64_t a), (a))
