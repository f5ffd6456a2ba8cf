/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Division and square root (IEEE 754-2019 section 5.4.1). */
#include "parts.h"

FP_INLINE uint64_t div_finite(const FpFormat *fmt, bool sign, const Parts *a, const Parts *b,
                              FpEnv *env)
{
    /* Scaled so that the quotient has its leading bit at 63. */
    bool less = a->sig < b->sig;
    Uint128 dividend = (Uint128)a->sig << (less ? 64 : 63);
    uint64_t quotient = dividend / b->sig;
    bool inexact = (Uint128)quotient * b->sig != dividend;

    return round_pack(fmt, sign, a->exp - b->exp - less, quotient | inexact, env);
}

FP_INLINE uint64_t div_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    Parts pa = unpack(fmt, a);
    Parts pb = unpack(fmt, b);
    bool sign = pa.sign ^ pb.sign;

    if (likely(pa.cls == PARTS_FINITE && pb.cls == PARTS_FINITE)) {
        return div_finite(fmt, sign, &pa, &pb, env);
    }
    if (is_nan(&pa) || is_nan(&pb)) {
        return nan_result2(fmt, &pa, &pb, env);
    }
    if (pa.cls == pb.cls) {
        return invalid(fmt, env);
    }
    if (pa.cls == PARTS_ZERO || pb.cls == PARTS_INF) {
        return pack_zero(fmt, sign);
    }
    if (pb.cls == PARTS_ZERO && pa.cls == PARTS_FINITE) {
        env->flags |= FP_FLAG_DZ;
    }
    return pack_inf(fmt, sign);
}

/* Floor of the square root of n >= 2^62, bit by bit; *rest is n minus the root's square. */
static uint32_t sqrt_u64(uint64_t n, uint64_t *rest)
{
    uint64_t root = 0;

    for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
        uint64_t trial = root + bit;
        bool fits = n >= trial;
        n -= fits ? trial : 0;
        root = (root >> 1) + (fits ? bit : 0);
    }
    *rest = n;
    return root;
}

/*
 * Floor of the square root of high * 2^64, high >= 2^62; *exact if nothing is left over. The
 * upper half of the root bit by bit, the lower half q by one division:
 * (upper * 2^32 + q)^2 = upper^2 * 2^64 + 2 * upper * q * 2^32 + q^2.
 */
static uint64_t sqrt_u128(uint64_t high, bool *exact)
{
    uint64_t rest;
    uint64_t upper = sqrt_u64(high, &rest);
    Uint128 dividend = (Uint128)rest << 32;
    uint64_t q = dividend / (2 * upper);
    uint64_t left = dividend % (2 * upper);
    Uint128 root = ((Uint128)upper << 32) + q;
    __int128 remainder = (__int128)((Uint128)left << 32) - (__int128)((Uint128)q * q);

    if (remainder < 0) {
        /* Leaving out q^2 made the root one too large, never more. */
        remainder += (__int128)(2 * root - 1);
        root--;
    }
    *exact = remainder == 0;
    return root;
}

FP_INLINE uint64_t sqrt_core(const FpFormat *fmt, uint64_t a, FpEnv *env)
{
    Parts p = unpack(fmt, a);

    if (unlikely(is_nan(&p))) {
        return nan_result(fmt, &p, env);
    }
    if (p.cls == PARTS_ZERO) {
        return pack_zero(fmt, p.sign);
    }
    if (unlikely(p.sign)) {
        return invalid(fmt, env);
    }
    if (p.cls == PARTS_INF) {
        return pack_inf(fmt, false);
    }
    /* sqrt(sig * 2^(exp - 63)) with an even power of two taken out: bit 0 of sig is free. */
    bool odd = p.exp & 1;
    bool exact;
    uint64_t root = sqrt_u128(odd ? p.sig : p.sig >> 1, &exact);
    return round_pack(fmt, false, (p.exp - odd) / 2, root | !exact, env);
}

FP_DEFINE_BINARY(uint64_t, div)
FP_DEFINE_UNARY(uint64_t, sqrt)
