/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * MPFR as a reference, for every format and all five rounding modes.
 *
 * MPFR computes to 128 bits towards zero and says whether that was exact; the remainder becomes
 * one more bit. The rounding to a format is then done on an integer multiple of the last place by
 * MPFR's own round-to-integer functions, one per mode.
 */
#include "fp_case.h"

#ifdef HAVE_MPFR
#include <mpfr.h>

enum {
    PREC = 128,
    PREC_STICKY = PREC + 2,
};

typedef struct Operands {
    mpfr_t a, b, c;
} Operands;

static int bias(const FpFormat *fmt)
{
    return (1 << (fmt->exp_bits - 1)) - 1;
}

static void load(mpfr_t x, const FpFormat *fmt, uint64_t bits)
{
    uint64_t frac = bits & ((UINT64_C(1) << fmt->frac_bits) - 1);
    int exp = bits >> fmt->frac_bits & ((1 << fmt->exp_bits) - 1);
    bool sign = bits >> (fmt->exp_bits + fmt->frac_bits) & 1;

    if (fp_bits_nan(fmt, bits)) {
        mpfr_set_nan(x);
        return;
    }
    if (exp == (1 << fmt->exp_bits) - 1) {
        mpfr_set_inf(x, 1);
    } else if (exp == 0) {
        mpfr_set_ui_2exp(x, frac, 1 - bias(fmt) - fmt->frac_bits, MPFR_RNDN);
    } else {
        mpfr_set_ui_2exp(x, frac | UINT64_C(1) << fmt->frac_bits, exp - bias(fmt) - fmt->frac_bits,
                         MPFR_RNDN);
    }
    mpfr_setsign(x, x, sign, MPFR_RNDN);
}

/* Rounds to an integer in place; true if that changed the value. */
static bool round_integer(mpfr_t x, FpRound rounding)
{
    static int (*const by_mode[])(mpfr_t, mpfr_srcptr) = {
        [FP_RNE] = mpfr_roundeven, [FP_RTZ] = mpfr_trunc, [FP_RDN] = mpfr_floor,
        [FP_RUP] = mpfr_ceil,      [FP_RMM] = mpfr_round,
    };
    return by_mode[rounding](x, x) != 0;
}

/* value = x / 2^quantum, rounded; true if inexact. */
static bool round_at(mpfr_t value, const mpfr_t x, int quantum, FpRound rounding)
{
    mpfr_mul_2si(value, x, -quantum, MPFR_RNDN);
    return round_integer(value, rounding);
}

static FpResult overflowed(const FpFormat *fmt, bool sign, FpRound rounding)
{
    bool to_inf = rounding == FP_RNE || rounding == FP_RMM || (rounding == FP_RDN && sign) ||
                  (rounding == FP_RUP && !sign);
    return (FpResult) { fp_bits_inf(fmt, sign) - !to_inf, FP_FLAG_OF | FP_FLAG_NX };
}

static FpResult to_format(const FpFormat *fmt, const mpfr_t x, FpRound rounding)
{
    bool sign = mpfr_signbit(x);
    uint64_t sign_bit = (uint64_t)sign << (fmt->exp_bits + fmt->frac_bits);

    if (mpfr_inf_p(x)) {
        return (FpResult) { fp_bits_inf(fmt, sign), 0 };
    }
    if (mpfr_zero_p(x)) {
        return (FpResult) { sign_bit, 0 };
    }
    mpfr_t value;
    mpfr_init2(value, PREC_STICKY);
    int quantum = mpfr_get_exp(x) - 1 - fmt->frac_bits;
    bool inexact = round_at(value, x, quantum, rounding);
    int emin = 1 - bias(fmt);
    bool tiny = mpfr_get_exp(value) - 1 + quantum < emin;
    if (tiny) {
        quantum = emin - fmt->frac_bits;
        inexact = round_at(value, x, quantum, rounding);
    }
    mpfr_abs(value, value, MPFR_RNDN);
    uint64_t significand = mpfr_get_ui(value, MPFR_RNDN);
    mpfr_clear(value);

    unsigned flags = inexact ? FP_FLAG_NX | (tiny ? FP_FLAG_UF : 0) : 0;
    if (tiny) {
        return (FpResult) { sign_bit | significand, flags };
    }
    if (significand >> (fmt->frac_bits + 1)) {
        significand >>= 1;
        quantum++;
    }
    int exp = quantum + fmt->frac_bits + bias(fmt);
    if (exp >= (1 << fmt->exp_bits) - 1) {
        return overflowed(fmt, sign, rounding);
    }
    significand &= (UINT64_C(1) << fmt->frac_bits) - 1;
    return (FpResult) { sign_bit | (uint64_t)exp << fmt->frac_bits | significand, flags };
}

static int arithmetic(mpfr_t x, const Operands *o, FpOp op, mpfr_rnd_t rnd)
{
    switch (op) {
    case FP_OP_ADD:
        return mpfr_add(x, o->a, o->b, rnd);
    case FP_OP_SUB:
        return mpfr_sub(x, o->a, o->b, rnd);
    case FP_OP_MUL:
        return mpfr_mul(x, o->a, o->b, rnd);
    case FP_OP_DIV:
        return mpfr_div(x, o->a, o->b, rnd);
    case FP_OP_FMA:
        return mpfr_fma(x, o->a, o->b, o->c, rnd);
    case FP_OP_SQRT:
        return mpfr_sqrt(x, o->a, rnd);
    default:
        return mpfr_set(x, o->a, rnd);
    }
}

static unsigned arithmetic_flags(const FpCase *c, const Operands *o)
{
    bool zero_by_inf =
        (mpfr_zero_p(o->a) && mpfr_inf_p(o->b)) || (mpfr_inf_p(o->a) && mpfr_zero_p(o->b));

    if (c->op == FP_OP_FMA && zero_by_inf) {
        return FP_FLAG_NV;
    }
    if (c->op == FP_OP_DIV && mpfr_zero_p(o->b) && mpfr_regular_p(o->a)) {
        return FP_FLAG_DZ;
    }
    return 0;
}

static FpResult compute(const FpCase *c, const Operands *o, bool any_nan, unsigned nan_flags)
{
    mpfr_t x;
    mpfr_init2(x, PREC);
    bool inexact = arithmetic(x, o, c->op, MPFR_RNDZ) != 0;
    if (mpfr_zero_p(x)) {
        arithmetic(x, o, c->op, c->rounding == FP_RDN ? MPFR_RNDD : MPFR_RNDN);
    }
    unsigned flags = arithmetic_flags(c, o) | nan_flags;
    FpResult result;

    if (mpfr_nan_p(x)) {
        flags |= any_nan ? 0 : FP_FLAG_NV;
        result = (FpResult) { fp_bits_default_nan(fp_case_result_format(c)), 0 };
    } else {
        mpfr_prec_round(x, PREC_STICKY, MPFR_RNDN);
        if (inexact && !mpfr_signbit(x)) {
            mpfr_nextabove(x);
        } else if (inexact) {
            mpfr_nextbelow(x);
        }
        result = to_format(fp_case_result_format(c), x, c->rounding);
    }
    mpfr_clear(x);
    result.flags |= flags;
    return result;
}

static FpResult round_to_int(const FpCase *c, mpfr_t x, unsigned nan_flags)
{
    if (mpfr_nan_p(x)) {
        return (FpResult) { fp_bits_default_nan(c->fmt), nan_flags };
    }
    bool inexact = round_integer(x, c->rounding);
    FpResult result = to_format(c->fmt, x, c->rounding);
    result.flags |= inexact && c->op == FP_OP_RINT_EXACT ? FP_FLAG_NX : 0;
    return result;
}

static FpResult to_int(const FpCase *c, mpfr_t x)
{
    bool is_signed = c->op == FP_OP_TO_I32 || c->op == FP_OP_TO_I64;
    bool narrow = c->op == FP_OP_TO_I32 || c->op == FP_OP_TO_U32;
    int64_t min = !is_signed ? 0 : narrow ? INT32_MIN : INT64_MIN;
    uint64_t max = is_signed ? (narrow ? INT32_MAX : INT64_MAX) : narrow ? UINT32_MAX : UINT64_MAX;

    if (mpfr_nan_p(x)) {
        return (FpResult) { max, FP_FLAG_NV };
    }
    bool inexact = round_integer(x, c->rounding);
    if (mpfr_cmp_si(x, min) < 0) {
        return (FpResult) { min, FP_FLAG_NV };
    }
    if (mpfr_cmp_ui(x, max) > 0) {
        return (FpResult) { max, FP_FLAG_NV };
    }
    uint64_t bits =
        mpfr_sgn(x) < 0 ? (uint64_t)mpfr_get_si(x, MPFR_RNDN) : mpfr_get_ui(x, MPFR_RNDN);
    return (FpResult) { bits, inexact ? FP_FLAG_NX : 0 };
}

static FpResult from_int(const FpCase *c)
{
    mpfr_t x;
    mpfr_init2(x, PREC_STICKY);
    if (c->op == FP_OP_FROM_I64) {
        mpfr_set_si(x, (int64_t)c->a, MPFR_RNDN);
    } else {
        mpfr_set_ui(x, c->a, MPFR_RNDN);
    }
    FpResult result = to_format(c->fmt, x, c->rounding);
    mpfr_clear(x);
    return result;
}

static FpRelation relation(const Operands *o)
{
    if (mpfr_unordered_p(o->a, o->b)) {
        return FP_UNORDERED;
    }
    int cmp = mpfr_cmp(o->a, o->b);
    return cmp < 0 ? FP_LESS : cmp > 0 ? FP_GREATER : FP_EQUAL;
}

static FpResult compare(const FpCase *c, const Operands *o, unsigned nan_flags)
{
    FpRelation r = relation(o);
    bool quiet = c->op == FP_OP_EQ || c->op == FP_OP_COMPARE_QUIET;
    unsigned flags = r == FP_UNORDERED && !quiet ? FP_FLAG_NV : nan_flags;

    switch (c->op) {
    case FP_OP_EQ:
        return (FpResult) { r == FP_EQUAL, flags };
    case FP_OP_LT:
        return (FpResult) { r == FP_LESS, flags };
    case FP_OP_LE:
        return (FpResult) { r == FP_LESS || r == FP_EQUAL, flags };
    default:
        return (FpResult) { (int64_t)r, flags };
    }
}

static FpResult min_max(const FpCase *c, const Operands *o, unsigned nan_flags)
{
    uint64_t mask = fp_bits_mask(c->fmt);

    if (mpfr_nan_p(o->a) && mpfr_nan_p(o->b)) {
        return (FpResult) { fp_bits_default_nan(c->fmt), nan_flags };
    }
    if (mpfr_nan_p(o->a) || mpfr_nan_p(o->b)) {
        return (FpResult) { (mpfr_nan_p(o->a) ? c->b : c->a) & mask, nan_flags };
    }
    FpRelation r = relation(o);
    bool a_less = r == FP_LESS || (r == FP_EQUAL && mpfr_signbit(o->a));
    return (FpResult) { ((c->op == FP_OP_MIN) == a_less ? c->a : c->b) & mask, 0 };
}

static FpResult classify(const FpCase *c, const mpfr_t x)
{
    bool sign = mpfr_signbit(x);
    FpClass cls;

    if (mpfr_nan_p(x)) {
        cls = fp_bits_snan(c->fmt, c->a) ? FP_CLASS_SNAN : FP_CLASS_QNAN;
    } else if (mpfr_inf_p(x)) {
        cls = sign ? FP_CLASS_NEG_INF : FP_CLASS_POS_INF;
    } else if (mpfr_zero_p(x)) {
        cls = sign ? FP_CLASS_NEG_ZERO : FP_CLASS_POS_ZERO;
    } else if (mpfr_get_exp(x) - 1 < 1 - bias(c->fmt)) {
        cls = sign ? FP_CLASS_NEG_SUBNORMAL : FP_CLASS_POS_SUBNORMAL;
    } else {
        cls = sign ? FP_CLASS_NEG_NORMAL : FP_CLASS_POS_NORMAL;
    }
    return (FpResult) { cls, 0 };
}

static FpResult dispatch(const FpCase *c, Operands *o)
{
    FpShape shape = fp_op_info[c->op].shape;
    bool two = shape == FP_SHAPE_BINARY || shape == FP_SHAPE_TERNARY;
    bool three = shape == FP_SHAPE_TERNARY;
    bool snan = fp_bits_snan(c->fmt, c->a) || (two && fp_bits_snan(c->fmt, c->b)) ||
                (three && fp_bits_snan(c->fmt, c->c));
    bool any_nan = mpfr_nan_p(o->a) || (two && mpfr_nan_p(o->b)) || (three && mpfr_nan_p(o->c));
    unsigned nan_flags = snan ? FP_FLAG_NV : 0;

    switch (c->op) {
    case FP_OP_MIN:
    case FP_OP_MAX:
        return min_max(c, o, nan_flags);
    case FP_OP_COMPARE:
    case FP_OP_COMPARE_QUIET:
    case FP_OP_EQ:
    case FP_OP_LT:
    case FP_OP_LE:
        return compare(c, o, nan_flags);
    case FP_OP_CLASSIFY:
        return classify(c, o->a);
    case FP_OP_RINT:
    case FP_OP_RINT_EXACT:
        return round_to_int(c, o->a, nan_flags);
    case FP_OP_TO_I32:
    case FP_OP_TO_U32:
    case FP_OP_TO_I64:
    case FP_OP_TO_U64:
        return to_int(c, o->a);
    default:
        return compute(c, o, any_nan, nan_flags);
    }
}

bool fp_case_mpfr(const FpCase *c, FpResult *result)
{
    if (fp_op_info[c->op].shape == FP_SHAPE_FROM_INT) {
        *result = from_int(c);
        return true;
    }
    Operands o;
    mpfr_inits2(PREC_STICKY, o.a, o.b, o.c, (mpfr_ptr)0);
    load(o.a, c->fmt, c->a);
    load(o.b, c->fmt, c->b);
    load(o.c, c->fmt, c->c);
    if (c->negate & FP_NEGATE_PRODUCT) {
        mpfr_neg(o.a, o.a, MPFR_RNDN);
    }
    if (c->negate & FP_NEGATE_ADDEND) {
        mpfr_neg(o.c, o.c, MPFR_RNDN);
    }
    *result = dispatch(c, &o);
    mpfr_clears(o.a, o.b, o.c, (mpfr_ptr)0);
    return c->nan_rule == FP_NAN_CANONICAL ||
           result->bits != fp_bits_default_nan(fp_case_result_format(c));
}

#else

bool fp_case_mpfr(const FpCase *c, FpResult *result)
{
    return false;
}
#endif
