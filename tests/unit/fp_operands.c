/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fp_operands.h"
#include "fp_case.h"

static int bias(const FpFormat *fmt)
{
    return (1 << (fmt->exp_bits - 1)) - 1;
}

static uint64_t frac_mask(const FpFormat *fmt)
{
    return (UINT64_C(1) << fmt->frac_bits) - 1;
}

static uint64_t sign_bit(const FpFormat *fmt)
{
    return UINT64_C(1) << (fmt->exp_bits + fmt->frac_bits);
}

static void append(GArray *values, uint64_t bits)
{
    g_array_append_val(values, bits);
}

static void append_signed(GArray *values, const FpFormat *fmt, int exp, uint64_t frac)
{
    if (exp >= 0 && exp <= (1 << fmt->exp_bits) - 1) {
        uint64_t bits = (uint64_t)exp << fmt->frac_bits | (frac & frac_mask(fmt));
        append(values, bits);
        append(values, bits | sign_bit(fmt));
    }
}

static void append_specials(GArray *values, const FpFormat *fmt)
{
    int top = (1 << fmt->exp_bits) - 1;
    uint64_t quiet = UINT64_C(1) << (fmt->frac_bits - 1);

    append_signed(values, fmt, top, 0);
    append_signed(values, fmt, top, quiet);
    append_signed(values, fmt, top, quiet | 0x15);
    append_signed(values, fmt, top, frac_mask(fmt));
    append_signed(values, fmt, top, 1);
    append_signed(values, fmt, top, quiet - 1);
}

static GArray *cross(const FpFormat *fmt, const int *exps, unsigned n_exps, const uint64_t *fracs,
                     unsigned n_fracs)
{
    GArray *values = g_array_new(false, false, sizeof(uint64_t));
    for (unsigned i = 0; i < n_exps * n_fracs; i++) {
        append_signed(values, fmt, exps[i / n_fracs], fracs[i % n_fracs]);
    }
    append_specials(values, fmt);
    return values;
}

GArray *fp_corners(const FpFormat *fmt)
{
    int top = (1 << fmt->exp_bits) - 2;
    int one = bias(fmt);
    int frac_bits = fmt->frac_bits;
    uint64_t half = UINT64_C(1) << (frac_bits - 1);
    const int exps[] = { 0,
                         1,
                         2,
                         frac_bits,
                         one - frac_bits - 1,
                         one - frac_bits,
                         one - 2,
                         one - 1,
                         one,
                         one + 1,
                         one + 2,
                         one + frac_bits - 1,
                         one + frac_bits,
                         one + frac_bits + 1,
                         one + 31,
                         one + 63,
                         top - 1,
                         top };
    const uint64_t fracs[] = { 0, 1, half - 1, half, half + 1, frac_mask(fmt) - 1, frac_mask(fmt) };
    return cross(fmt, exps, G_N_ELEMENTS(exps), fracs, G_N_ELEMENTS(fracs));
}

GArray *fp_corners_few(const FpFormat *fmt)
{
    int one = bias(fmt);
    const int exps[] = { 0,   1,       one - fmt->frac_bits - 1, one - 1,
                         one, one + 1, one + fmt->frac_bits,     (1 << fmt->exp_bits) - 2 };
    const uint64_t fracs[] = { 0, 1, UINT64_C(1) << (fmt->frac_bits - 1), frac_mask(fmt) };
    return cross(fmt, exps, G_N_ELEMENTS(exps), fracs, G_N_ELEMENTS(fracs));
}

/* Integers of every size, odd and even, with fractions just below, at and just above a half. */
static void append_halves(GArray *values, const FpFormat *fmt)
{
    for (int e = -2; e <= fmt->frac_bits; e++) {
        uint64_t unit = e >= 0 ? UINT64_C(1) << (fmt->frac_bits - e) : 0;
        uint64_t half = e >= 0 ? unit >> 1 : 0;
        for (unsigned odd = 0; odd < 2; odd++) {
            uint64_t base = odd ? unit : 0;
            append_signed(values, fmt, bias(fmt) + e, base + half - 1);
            append_signed(values, fmt, bias(fmt) + e, base + half);
            append_signed(values, fmt, bias(fmt) + e, base + half + 1);
        }
    }
}

/* Around integer limits: 2^n and one place below and above. */
static void append_limits(GArray *values, const FpFormat *fmt)
{
    static const int logs[] = { 7, 8, 15, 16, 31, 32, 62, 63, 64, 65 };
    for (unsigned i = 0; i < G_N_ELEMENTS(logs); i++) {
        uint64_t quarter =
            logs[i] < fmt->frac_bits - 1 ? UINT64_C(1) << (fmt->frac_bits - logs[i] - 2) : 0;
        for (int k = -4; k <= 4; k++) {
            int exp = bias(fmt) + logs[i] - (k < 0);
            uint64_t step = k < 0 ? 2 * quarter * -k : quarter * k;
            append_signed(values, fmt, exp, k < 0 ? frac_mask(fmt) + 1 - step : step);
            append_signed(values, fmt, exp, k < 0 ? frac_mask(fmt) + 1 + k : (uint64_t)k);
        }
    }
}

/* Corners of a narrower format, seen from this one, and the points between them. */
static void append_narrow(GArray *values, const FpFormat *fmt, const FpFormat *narrow)
{
    g_autoptr(GArray) corners = fp_corners(narrow);
    int dropped = fmt->frac_bits - narrow->frac_bits;
    uint64_t half = UINT64_C(1) << (dropped - 1);
    const uint64_t offsets[] = { 0, 1, half - 1, half, half + 1, -UINT64_C(1) };

    for (unsigned i = 0; i < corners->len * G_N_ELEMENTS(offsets); i++) {
        FpEnv scratch = { .nan_rule = FP_NAN_PROPAGATE };
        uint64_t corner = g_array_index(corners, uint64_t, i / G_N_ELEMENTS(offsets));
        uint64_t wide = fp_convert(narrow, fmt, corner, &scratch);
        append(values, (wide + offsets[i % G_N_ELEMENTS(offsets)]) & fp_bits_mask(fmt));
    }
    /* Subnormals of the narrow format have halfway points at every lower place. */
    for (int n = -narrow->frac_bits - 2; n <= 1; n++) {
        int exp = bias(fmt) + 1 - bias(narrow) + n;
        uint64_t ulp = UINT64_C(1) << (dropped - MIN(n, 0));
        for (int k = -3; k <= 3; k++) {
            append_signed(values, fmt, exp, ulp / 2 + k);
            append_signed(values, fmt, exp, ulp + ulp / 2 + k);
            append_signed(values, fmt, exp, -(ulp / 2) + k);
        }
    }
}

GArray *fp_corners_unary(const FpFormat *fmt)
{
    static const FpFormat *const formats[] = { &fp_f16, &fp_f32 };
    GArray *values = fp_corners(fmt);

    if (fmt == &fp_f16) {
        for (uint64_t bits = 0; bits <= fp_bits_mask(fmt); bits++) {
            append(values, bits);
        }
        return values;
    }
    append_halves(values, fmt);
    append_limits(values, fmt);
    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i]->frac_bits < fmt->frac_bits) {
            append_narrow(values, fmt, formats[i]);
        }
    }
    return values;
}

GArray *fp_corners_integer(void)
{
    GArray *values = g_array_new(false, false, sizeof(uint64_t));
    for (int shift = 0; shift < 64; shift++) {
        for (uint64_t low = 0; low < 4; low++) {
            uint64_t power = UINT64_C(1) << shift;
            append(values, power + low);
            append(values, power - low);
            append(values, -power + low);
            append(values, -power - low);
            /* Ties of the formats below the leading bit, odd and even. */
            append(values, power + (power >> (11 + low % 2)) + low / 2);
            append(values, power + (power >> (24 + low % 2)) - low / 2);
            append(values, power + (power >> (24 + low % 2)) + low / 2);
            append(values, power + (power >> (53 + low % 2)) - low / 2);
            append(values, power + (power >> (53 + low % 2)) + low / 2);
        }
    }
    return values;
}

/* SplitMix64 (Steele, Lea and Flood 2014). */
uint64_t fp_random(FpRandom *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t below(FpRandom *random, uint64_t n)
{
    return (fp_random(random) >> 32) * n >> 32;
}

/* A fraction made of a few runs of ones and zeros, or a uniform one. */
static uint64_t random_frac(FpRandom *random, const FpFormat *fmt)
{
    uint64_t r = fp_random(random);
    uint64_t frac = 0;

    if (r & 1) {
        return r >> 1 & frac_mask(fmt);
    }
    for (unsigned i = 0; i < 1 + (r >> 1) % 4; i++) {
        frac ^= UINT64_MAX << below(random, fmt->frac_bits + 1);
    }
    return frac & frac_mask(fmt);
}

static int random_exp(FpRandom *random, const FpFormat *fmt)
{
    int top = (1 << fmt->exp_bits) - 1;
    int exp;

    switch (below(random, 8)) {
    case 0:
        exp = below(random, 3);
        break;
    case 1:
        exp = below(random, fmt->frac_bits + 4);
        break;
    case 2:
        exp = top - below(random, 4);
        break;
    case 3:
        exp = bias(fmt) + below(random, 66);
        break;
    case 4:
        exp = bias(fmt) + (int)below(random, 7) - 3;
        break;
    case 5:
        exp = bias(fmt) + (int)below(random, 2 * fmt->frac_bits + 8) - fmt->frac_bits - 4;
        break;
    default:
        exp = below(random, top);
        break;
    }
    return CLAMP(exp, 0, top);
}

static uint64_t random_value(FpRandom *random, const FpFormat *fmt)
{
    uint64_t r = fp_random(random);

    if (r % 16 == 0) {
        return r >> 4 & fp_bits_mask(fmt);
    }
    uint64_t bits = (uint64_t)random_exp(random, fmt) << fmt->frac_bits;
    return bits | random_frac(random, fmt) | ((r >> 63) ? sign_bit(fmt) : 0);
}

/* A few places up or down, possibly negated. */
static uint64_t nudge(FpRandom *random, const FpFormat *fmt, uint64_t bits)
{
    uint64_t r = fp_random(random);
    return ((bits + (r >> 8) % 5 - 2) ^ ((r & 1) ? sign_bit(fmt) : 0)) & fp_bits_mask(fmt);
}

/* The same exponent or one nearby, so that the fractions meet. */
static uint64_t beside(FpRandom *random, const FpFormat *fmt, uint64_t bits)
{
    int top = (1 << fmt->exp_bits) - 1;
    int reach = 2 * (fmt->frac_bits + 3);
    int exp = (int)(bits >> fmt->frac_bits & top) + (int)below(random, reach + 1) - reach / 2;
    uint64_t frac = random_frac(random, fmt);
    uint64_t sign = below(random, 2) ? sign_bit(fmt) : 0;
    return sign | (uint64_t)CLAMP(exp, 0, top) << fmt->frac_bits | frac;
}

void fp_random_operands(FpRandom *random, const FpFormat *fmt, uint64_t v[3])
{
    FpEnv scratch = { .rounding = FP_RNE };

    for (unsigned i = 0; i < 3; i++) {
        v[i] = random_value(random, fmt);
    }
    switch (below(random, 8)) {
    case 0:
        v[1] = nudge(random, fmt, v[0]);
        break;
    case 1:
        v[1] = beside(random, fmt, v[0]);
        break;
    case 2: /* a quotient and a root that almost fit */
        v[0] = nudge(random, fmt, fp_mul(fmt, v[1], v[2], &scratch));
        break;
    case 3:
        v[0] = nudge(random, fmt, fp_mul(fmt, v[1], v[1], &scratch));
        break;
    default:
        break;
    }
    uint64_t how = below(random, 4);
    if (how < 2) {
        uint64_t product = fp_mul(fmt, v[0], v[1], &scratch);
        v[2] = how ? nudge(random, fmt, product) : beside(random, fmt, product);
    }
}
