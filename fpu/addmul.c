/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Addition, subtraction, multiplication and fused multiply-add (IEEE 754-2019 section 5.4.1). */
#include "parts.h"

/*
 * Sum of two finite magnitudes of equal sign, or their difference. One bit of room at the top;
 * the bits below a format's fraction (at least ten) are room for exact shifts at the bottom, so
 * a shift that loses bits comes with an exponent distance that rules out cancellation.
 */
FP_INLINE uint64_t add_finite(const FpFormat *fmt, const Parts *a, const Parts *b, FpEnv *env)
{
    bool sign = a->sign;
    int distance = a->exp - b->exp;
    int exp = distance >= 0 ? a->exp : b->exp;
    uint64_t x = shift_right_jam(a->sig >> 1, distance < 0 ? -distance : 0);
    uint64_t y = shift_right_jam(b->sig >> 1, distance > 0 ? distance : 0);
    uint64_t sum;

    if (a->sign == b->sign) {
        sum = x + y;
    } else if (x == y) {
        return pack_zero(fmt, env->rounding == FP_RDN);
    } else if (x > y) {
        sum = x - y;
    } else {
        sum = y - x;
        sign = b->sign;
    }
    int lead = __builtin_clzll(sum);
    return round_pack(fmt, sign, exp + 1 - lead, sum << lead, env);
}

/* Sums with a zero or an infinity, no NaN. */
FP_INLINE uint64_t add_special(const FpFormat *fmt, const Parts *a, const Parts *b, FpEnv *env)
{
    if (a->cls == PARTS_INF && b->cls == PARTS_INF && a->sign != b->sign) {
        return invalid(fmt, env);
    }
    if (a->cls == PARTS_INF || b->cls == PARTS_INF) {
        return pack_inf(fmt, a->cls == PARTS_INF ? a->sign : b->sign);
    }
    if (a->cls == PARTS_ZERO && b->cls == PARTS_ZERO) {
        return pack_zero(fmt, zero_sum_sign(a->sign, b->sign, env));
    }
    const Parts *p = a->cls == PARTS_ZERO ? b : a;
    return pack_exact(fmt, p->sign, p, env);
}

FP_INLINE uint64_t add_signed(const FpFormat *fmt, uint64_t a, uint64_t b, bool negate, FpEnv *env)
{
    Parts pa = unpack(fmt, a);
    Parts pb = unpack(fmt, b);

    if (unlikely(is_nan(&pa) || is_nan(&pb))) {
        return nan_result2(fmt, &pa, &pb, env);
    }
    pb.sign ^= negate;
    if (likely(pa.cls == PARTS_FINITE && pb.cls == PARTS_FINITE)) {
        return add_finite(fmt, &pa, &pb, env);
    }
    return add_special(fmt, &pa, &pb, env);
}

FP_INLINE uint64_t add_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return add_signed(fmt, a, b, false, env);
}

FP_INLINE uint64_t sub_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    return add_signed(fmt, a, b, true, env);
}

FP_INLINE uint64_t mul_core(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env)
{
    Parts pa = unpack(fmt, a);
    Parts pb = unpack(fmt, b);
    bool sign = pa.sign ^ pb.sign;

    if (likely(pa.cls == PARTS_FINITE && pb.cls == PARTS_FINITE)) {
        return round_pack128(fmt, sign, pa.exp + pb.exp + 1, (Uint128)pa.sig * pb.sig, env);
    }
    if (is_nan(&pa) || is_nan(&pb)) {
        return nan_result2(fmt, &pa, &pb, env);
    }
    if (pa.cls != PARTS_INF && pb.cls != PARTS_INF) {
        return pack_zero(fmt, sign);
    }
    if (pa.cls == PARTS_ZERO || pb.cls == PARTS_ZERO) {
        return invalid(fmt, env);
    }
    return pack_inf(fmt, sign);
}

/*
 * The sum of an exact product prod * 2^(exp - 127) and a finite addend. A product has at most 106
 * significant bits in its upper 107, so what was said of add_finite holds here as well.
 */
FP_INLINE uint64_t fma_finite(const FpFormat *fmt, bool sign, int exp, Uint128 prod,
                              const Parts *addend, FpEnv *env)
{
    /* Normalise first: the exponent distance must be that of the leading bits. */
    int lead = __builtin_clzll((uint64_t)(prod >> 64));
    int distance = exp - lead - addend->exp;
    Uint128 x = shift_right_jam128(prod << lead >> 1, distance < 0 ? -distance : 0);
    Uint128 y = shift_right_jam128((Uint128)addend->sig << 63, distance > 0 ? distance : 0);
    int sum_exp = (distance >= 0 ? exp - lead : addend->exp) + 1;

    if (sign == addend->sign) {
        return round_pack128(fmt, sign, sum_exp, x + y, env);
    }
    if (x == y) {
        return pack_zero(fmt, env->rounding == FP_RDN);
    }
    if (x > y) {
        return round_pack128(fmt, sign, sum_exp, x - y, env);
    }
    return round_pack128(fmt, addend->sign, sum_exp, y - x, env);
}

FP_INLINE uint64_t fma_nan(const FpFormat *fmt, const Parts *a, const Parts *b, const Parts *c,
                           bool invalid_product, FpEnv *env)
{
    if (invalid_product || c->cls == PARTS_SNAN) {
        env->flags |= FP_FLAG_NV;
    }
    if (is_nan(a) || is_nan(b)) {
        return nan_result2(fmt, a, b, env);
    }
    return nan_result(fmt, c, env);
}

/* Sums whose product or addend is a zero or an infinity, no NaN; a and b are not 0 and inf. */
FP_INLINE uint64_t fma_special(const FpFormat *fmt, bool sign, const Parts *a, const Parts *b,
                               const Parts *c, FpEnv *env)
{
    bool inf_product = a->cls == PARTS_INF || b->cls == PARTS_INF;

    if (inf_product && c->cls == PARTS_INF && sign != c->sign) {
        return invalid(fmt, env);
    }
    if (inf_product || c->cls == PARTS_INF) {
        return pack_inf(fmt, inf_product ? sign : c->sign);
    }
    if (a->cls == PARTS_FINITE && b->cls == PARTS_FINITE) {
        return round_pack128(fmt, sign, a->exp + b->exp + 1, (Uint128)a->sig * b->sig, env);
    }
    if (c->cls == PARTS_ZERO) {
        return pack_zero(fmt, zero_sum_sign(sign, c->sign, env));
    }
    return pack_exact(fmt, c->sign, c, env);
}

FP_INLINE uint64_t fma_core(const FpFormat *fmt, uint64_t a, uint64_t b, uint64_t c,
                            unsigned negate, FpEnv *env)
{
    Parts pa = unpack(fmt, a);
    Parts pb = unpack(fmt, b);
    Parts pc = unpack(fmt, c);
    bool sign = pa.sign ^ pb.sign ^ ((negate & FP_NEGATE_PRODUCT) != 0);
    bool invalid_product = (pa.cls == PARTS_INF && pb.cls == PARTS_ZERO) ||
                           (pa.cls == PARTS_ZERO && pb.cls == PARTS_INF);

    if (unlikely(is_nan(&pa) || is_nan(&pb) || is_nan(&pc))) {
        return fma_nan(fmt, &pa, &pb, &pc, invalid_product, env);
    }
    if (unlikely(invalid_product)) {
        return invalid(fmt, env);
    }
    pc.sign ^= (negate & FP_NEGATE_ADDEND) != 0;
    if (likely(pa.cls == PARTS_FINITE && pb.cls == PARTS_FINITE && pc.cls == PARTS_FINITE)) {
        return fma_finite(fmt, sign, pa.exp + pb.exp + 1, (Uint128)pa.sig * pb.sig, &pc, env);
    }
    return fma_special(fmt, sign, &pa, &pb, &pc, env);
}

FP_DEFINE_BINARY(uint64_t, add)
FP_DEFINE_BINARY(uint64_t, sub)
FP_DEFINE_BINARY(uint64_t, mul)
FP_DEFINE(uint64_t, fma, (uint64_t a, uint64_t b, uint64_t c, unsigned negate, FpEnv *env),
          (a, b, c, negate, env))
