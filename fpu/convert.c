/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions and rounding to integral values (IEEE 754-2019 sections 5.4.1, 5.8 and 5.9). */
#include "parts.h"

/* A finite magnitude below 2^64 as 64.64 fixed point, sticky at the bottom. */
FP_INLINE Uint128 to_fixed(const Parts *p)
{
    int shift = p->exp + 1;
    return shift >= 0 ? (Uint128)p->sig << shift : shift_right_jam128(p->sig, -shift);
}

/* The integer nearest to a 64.64 fixed-point magnitude; up to 2^64. */
FP_INLINE Uint128 round_fixed(Uint128 fixed, bool sign, const FpEnv *env)
{
    Uint128 integer = fixed >> 64;
    return integer + rounds_up(env->rounding, sign, integer & 1, fixed);
}

/* min is the magnitude of the lower bound. The result is in two's complement. */
FP_INLINE uint64_t to_int(const FpFormat *fmt, uint64_t a, uint64_t min, uint64_t max, FpEnv *env)
{
    Parts p = unpack(fmt, a);

    if (p.cls == PARTS_ZERO) {
        return 0;
    }
    if (likely(p.cls == PARTS_FINITE && p.exp < 64)) {
        Uint128 fixed = to_fixed(&p);
        Uint128 mag = round_fixed(fixed, p.sign, env);
        if (likely(mag <= (p.sign ? min : max))) {
            env->flags |= (uint64_t)fixed ? FP_FLAG_NX : 0;
            return p.sign ? -(uint64_t)mag : (uint64_t)mag;
        }
    }
    env->flags |= FP_FLAG_NV;
    return p.sign && !is_nan(&p) ? -min : max;
}

FP_INLINE int32_t to_i32_core(const FpFormat *fmt, uint64_t a, FpEnv *env)
{
    return to_int(fmt, a, UINT64_C(1) << 31, INT32_MAX, env);
}

FP_INLINE uint32_t to_u32_core(const FpFormat *fmt, uint64_t a, FpEnv *env)
{
    return to_int(fmt, a, 0, UINT32_MAX, env);
}

FP_INLINE int64_t to_i64_core(const FpFormat *fmt, uint64_t a, FpEnv *env)
{
    return to_int(fmt, a, UINT64_C(1) << 63, INT64_MAX, env);
}

FP_INLINE uint64_t to_u64_core(const FpFormat *fmt, uint64_t a, FpEnv *env)
{
    return to_int(fmt, a, 0, UINT64_MAX, env);
}

FP_INLINE uint64_t from_int(const FpFormat *fmt, bool sign, uint64_t mag, FpEnv *env)
{
    if (mag == 0) {
        return pack_zero(fmt, false);
    }
    int lead = __builtin_clzll(mag);
    return round_pack(fmt, sign, 63 - lead, mag << lead, env);
}

FP_INLINE uint64_t from_i64_core(const FpFormat *fmt, int64_t value, FpEnv *env)
{
    return from_int(fmt, value < 0, value < 0 ? -(uint64_t)value : (uint64_t)value, env);
}

FP_INLINE uint64_t from_u64_core(const FpFormat *fmt, uint64_t value, FpEnv *env)
{
    return from_int(fmt, false, value, env);
}

FP_INLINE uint64_t round_to_int_core(const FpFormat *fmt, uint64_t a, bool inexact, FpEnv *env)
{
    Parts p = unpack(fmt, a);

    if (is_nan(&p)) {
        return nan_result(fmt, &p, env);
    }
    if (p.cls == PARTS_INF) {
        return pack_inf(fmt, p.sign);
    }
    if (p.cls == PARTS_ZERO) {
        return pack_zero(fmt, p.sign);
    }
    if (p.exp >= fmt->frac_bits) {
        return pack_exact(fmt, p.sign, &p, env);
    }
    Uint128 fixed = to_fixed(&p);
    uint64_t mag = round_fixed(fixed, p.sign, env);
    if (inexact && (uint64_t)fixed) {
        env->flags |= FP_FLAG_NX;
    }
    return mag ? from_int(fmt, p.sign, mag, env) : pack_zero(fmt, p.sign);
}

FP_INLINE uint64_t convert_core(const FpFormat *from, const FpFormat *to, uint64_t a, FpEnv *env)
{
    Parts p = unpack(from, a);

    if (likely(p.cls == PARTS_FINITE)) {
        return round_pack(to, p.sign, p.exp, p.sig, env);
    }
    if (is_nan(&p)) {
        return nan_result(to, &p, env);
    }
    return p.cls == PARTS_INF ? pack_inf(to, p.sign) : pack_zero(to, p.sign);
}

FP_DEFINE_UNARY(int32_t, to_i32)
FP_DEFINE_UNARY(uint32_t, to_u32)
FP_DEFINE_UNARY(int64_t, to_i64)
FP_DEFINE_UNARY(uint64_t, to_u64)
FP_DEFINE(uint64_t, from_i64, (int64_t value, FpEnv *env), (value, env))
FP_DEFINE(uint64_t, from_u64, (uint64_t value, FpEnv *env), (value, env))
FP_DEFINE(uint64_t, round_to_int, (uint64_t a, bool inexact, FpEnv *env), (a, inexact, env))

uint64_t fp_convert(const FpFormat *from, const FpFormat *to, uint64_t a, FpEnv *env)
{
    return convert_core(from, to, a, env);
}

uint64_t f16_to_f32(uint64_t a, FpEnv *env)
{
    return convert_core(&f16_fmt, &f32_fmt, a, env);
}

uint64_t f16_to_f64(uint64_t a, FpEnv *env)
{
    return convert_core(&f16_fmt, &f64_fmt, a, env);
}

uint64_t f32_to_f16(uint64_t a, FpEnv *env)
{
    return convert_core(&f32_fmt, &f16_fmt, a, env);
}

uint64_t f32_to_f64(uint64_t a, FpEnv *env)
{
    return convert_core(&f32_fmt, &f64_fmt, a, env);
}

uint64_t f64_to_f16(uint64_t a, FpEnv *env)
{
    return convert_core(&f64_fmt, &f16_fmt, a, env);
}

uint64_t f64_to_f32(uint64_t a, FpEnv *env)
{
    return convert_core(&f64_fmt, &f32_fmt, a, env);
}
