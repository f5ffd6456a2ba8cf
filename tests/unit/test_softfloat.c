/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The soft-float library against two independent references: the host's floating-point unit and
 * MPFR.
 *
 * PG_FP_TUPLES: number of random operand tuples (default below). PG_FP_SEED: repeat a run.
 */
#include <glib.h>
#include <inttypes.h>

#include "fp_case.h"
#include "fp_operands.h"

enum {
    DEFAULT_TUPLES = 1600000,
    MPFR_SHARE = 16, /* one tuple in this many also goes to MPFR */
    ROUNDINGS = FP_RMM + 1,
};

static const FpFormat *const formats[] = { &fp_f16, &fp_f32, &fp_f64 };

typedef bool Reference(const FpCase *c, FpResult *result);

/* What the references judged, so that a run which compared nothing fails. */
typedef struct Tally {
    uint64_t judged[FP_OP_COUNT];
} Tally;

static void report(const FpCase *c, const char *reference, FpResult got, FpResult want,
                   uint64_t seed)
{
    g_test_message("f%d %s(%016" PRIx64 ", %016" PRIx64 ", %016" PRIx64 ") rounding %d negate %u "
                   "NaN rule %d: got %016" PRIx64 " flags %02x, %s says %016" PRIx64
                   " flags %02x (seed %" PRIu64 ")",
                   1 + c->fmt->exp_bits + c->fmt->frac_bits, fp_op_info[c->op].name, c->a, c->b,
                   c->c, c->rounding, c->negate, c->nan_rule, got.bits, got.flags, reference,
                   want.bits, want.flags, seed);
    g_test_fail();
}

static void check(const FpCase *c, Reference *reference, uint64_t seed, Tally *tally)
{
    FpResult want;

    if (!reference(c, &want)) {
        return;
    }
    FpResult got = fp_case_soft(c);
    tally->judged[c->op]++;
    if (G_UNLIKELY(got.bits != want.bits || got.flags != want.flags) && !g_test_failed()) {
        report(c, reference == fp_case_host ? "the host" : "MPFR", got, want, seed);
    }
}

static bool can_judge(Reference *reference, FpOp op)
{
    FpResult result;

    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        const FpCase probe = { .op = op, .fmt = formats[i] };
        if (reference(&probe, &result)) {
            return true;
        }
    }
    return false;
}

static bool skip_without(Reference *reference, FpOp op)
{
    if (can_judge(reference, op)) {
        return false;
    }
    g_test_skip(reference == fp_case_mpfr ? "built without MPFR (libmpfr-dev)"
                                          : "the host's unit lacks the operation");
    return true;
}

static void require_judged(const Tally *tally, Reference *reference, FpShape shape)
{
    for (FpOp op = 0; op < FP_OP_COUNT; op++) {
        if (fp_op_info[op].shape == shape && can_judge(reference, op)) {
            g_assert_cmpuint(tally->judged[op], >, 0);
        }
    }
}

/* One operation and operand tuple in all rounding modes. */
static void check_roundings(FpCase c, Reference *reference, Tally *tally)
{
    for (int rounding = 0; rounding < ROUNDINGS; rounding++) {
        c.rounding = rounding;
        check(&c, reference, 0, tally);
    }
}

static void check_unary_corners(FpOp op, const FpFormat *fmt, Reference *reference, Tally *tally)
{
    bool from_int = fp_op_info[op].shape == FP_SHAPE_FROM_INT;
    g_autoptr(GArray) values = from_int ? fp_corners_integer() : fp_corners_unary(fmt);

    for (unsigned i = 0; i < values->len; i++) {
        FpCase c = { .op = op, .fmt = fmt, .a = g_array_index(values, uint64_t, i) };
        check_roundings(c, reference, tally);
        c.nan_rule = FP_NAN_PROPAGATE;
        check_roundings(c, reference, tally);
    }
}

static void test_unary_corners(gconstpointer data)
{
    Reference *reference = *(Reference *const *)data;
    Tally tally = { 0 };

    if (skip_without(reference, FP_OP_ADD)) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(formats) * FP_OP_COUNT; i++) {
        FpOp op = i % FP_OP_COUNT;
        FpShape shape = fp_op_info[op].shape;
        if (shape == FP_SHAPE_UNARY || shape == FP_SHAPE_FROM_INT) {
            check_unary_corners(op, formats[i / FP_OP_COUNT], reference, &tally);
        }
    }
    require_judged(&tally, reference, FP_SHAPE_UNARY);
    require_judged(&tally, reference, FP_SHAPE_FROM_INT);
}

static void check_binary_corners(FpOp op, const FpFormat *fmt, Reference *reference, Tally *tally)
{
    g_autoptr(GArray) values = reference == fp_case_host ? fp_corners(fmt) : fp_corners_few(fmt);

    for (unsigned i = 0; i < values->len * values->len; i++) {
        FpCase c = { .op = op,
                     .fmt = fmt,
                     .a = g_array_index(values, uint64_t, i / values->len),
                     .b = g_array_index(values, uint64_t, i % values->len),
                     .nan_rule = i % 3 ? FP_NAN_CANONICAL : FP_NAN_PROPAGATE };
        check_roundings(c, reference, tally);
    }
}

static void test_binary_corners(gconstpointer data)
{
    Reference *reference = *(Reference *const *)data;
    Tally tally = { 0 };

    if (skip_without(reference, FP_OP_ADD)) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(formats) * FP_OP_COUNT; i++) {
        FpOp op = i % FP_OP_COUNT;
        if (fp_op_info[op].shape == FP_SHAPE_BINARY) {
            check_binary_corners(op, formats[i / FP_OP_COUNT], reference, &tally);
        }
    }
    require_judged(&tally, reference, FP_SHAPE_BINARY);
}

/*
 * MPFR is slow, so it gets one rounding mode for a triple: that which the host lacks, or each in
 * turn. The four negations are signs of operands but for NaNs, so they take turns too.
 */
static void check_ternary_corners(const FpFormat *fmt, Reference *reference, Tally *tally)
{
    g_autoptr(GArray) values = fp_corners_few(fmt);
    uint64_t n = values->len;

    for (uint64_t i = 0; i < n * n * n; i++) {
        FpCase c = { .op = FP_OP_FMA,
                     .fmt = fmt,
                     .a = g_array_index(values, uint64_t, i / (n * n)),
                     .b = g_array_index(values, uint64_t, i / n % n),
                     .c = g_array_index(values, uint64_t, i % n),
                     .negate = i * 7 / 5 % 4,
                     .nan_rule = i % 3 ? FP_NAN_CANONICAL : FP_NAN_PROPAGATE };
        if (reference == fp_case_host) {
            check_roundings(c, reference, tally);
        } else {
            c.rounding = fmt == &fp_f16 ? (FpRound)(i % ROUNDINGS) : FP_RMM;
            check(&c, reference, 0, tally);
        }
    }
}

static void test_ternary_corners(gconstpointer data)
{
    Reference *reference = *(Reference *const *)data;
    Tally tally = { 0 };

    if (skip_without(reference, FP_OP_FMA)) {
        return;
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(formats); i++) {
        check_ternary_corners(formats[i], reference, &tally);
    }
    require_judged(&tally, reference, FP_SHAPE_TERNARY);
}

/* Every operation on one tuple of random operands. */
static void check_random_tuple(FpRandom *random, const FpFormat *fmt, Reference *reference,
                               uint64_t seed, Tally *tally)
{
    uint64_t v[3];
    fp_random_operands(random, fmt, v);
    uint64_t r = fp_random(random);
    FpCase c = { .fmt = fmt,
                 .a = v[0],
                 .b = v[1],
                 .c = v[2],
                 .negate = r >> 8 & 3,
                 .nan_rule = (r >> 16 & 7) ? FP_NAN_CANONICAL : FP_NAN_PROPAGATE,
                 .rounding =
                     reference == fp_case_host ? (r >> 24) % FP_RMM : (r >> 24) % ROUNDINGS };

    for (c.op = 0; c.op < FP_OP_COUNT; c.op++) {
        FpCase one = c;
        if (c.op != FP_OP_FMA) {
            one.negate = 0;
        }
        if (fp_op_info[c.op].shape == FP_SHAPE_FROM_INT) {
            one.a = fp_random(random) >> (r >> 40 & 63);
        }
        check(&one, reference, seed, tally);
    }
}

static void random_run(uint64_t seed, uint64_t tuples, Tally *host, Tally *mpfr)
{
    FpRandom random = { seed };

    for (uint64_t i = 0; i < tuples && !g_test_failed(); i++) {
        check_random_tuple(&random, formats[1 + i % 2], fp_case_host, seed, host);
        if (i % MPFR_SHARE == 0) {
            check_random_tuple(&random, formats[i / MPFR_SHARE % 3], fp_case_mpfr, seed, mpfr);
        }
    }
}

static uint64_t env_number(const char *name, uint64_t fallback)
{
    const char *text = g_getenv(name);
    uint64_t value = fallback;

    if (text && !g_ascii_string_to_unsigned(text, 10, 0, UINT64_MAX, &value, NULL)) {
        g_error("%s=%s is not a number", name, text);
    }
    return value;
}

static void test_random(gconstpointer data)
{
    bool fixed = *(const bool *)data;
    uint64_t seed = fixed ? 754 : env_number("PG_FP_SEED", g_get_real_time());
    uint64_t tuples = env_number("PG_FP_TUPLES", DEFAULT_TUPLES) / 2;
    Tally host = { 0 };
    Tally mpfr = { 0 };

    if (!can_judge(fp_case_host, FP_OP_ADD) && skip_without(fp_case_mpfr, FP_OP_ADD)) {
        return;
    }
    random_run(seed, tuples, &host, &mpfr);
    for (FpShape shape = 0; shape <= FP_SHAPE_FROM_INT; shape++) {
        require_judged(&host, fp_case_host, shape);
        require_judged(&mpfr, fp_case_mpfr, shape);
    }
    uint64_t judged = 0;
    for (FpOp op = 0; op < FP_OP_COUNT; op++) {
        judged += host.judged[op] + mpfr.judged[op];
    }
    g_test_message("seed %" PRIu64 ": %" PRIu64 " tuples, %" PRIu64 " results compared", seed,
                   tuples, judged);
}

/* Facts of the RISC-V unprivileged specification that neither reference states by itself. */
typedef struct Fact {
    FpCase c;
    FpResult want;
} Fact;

static void test_riscv_facts(void)
{
    const uint64_t one = UINT64_C(0x3ff0000000000000);
    const uint64_t inf = UINT64_C(0x7ff0000000000000);
    const uint64_t qnan = UINT64_C(0x7ff8000000000000);
    const uint64_t snan = UINT64_C(0x7ff0000000000001);
    const uint64_t payload = UINT64_C(0xfff8000000000123);
    const uint64_t minus_zero = UINT64_C(1) << 63;
    const Fact facts[] = {
        { { FP_OP_FMA, &fp_f64, 0, inf, payload }, { qnan, FP_FLAG_NV } },
        { { FP_OP_ADD, &fp_f64, one, payload }, { qnan, 0 } },
        { { FP_OP_ADD, &fp_f64, one, snan }, { qnan, FP_FLAG_NV } },
        { { FP_OP_MIN, &fp_f64, snan, one }, { one, FP_FLAG_NV } },
        { { FP_OP_MAX, &fp_f64, one, payload }, { one, 0 } },
        { { FP_OP_MIN, &fp_f64, payload, payload }, { qnan, 0 } },
        { { FP_OP_MIN, &fp_f64, 0, minus_zero }, { minus_zero, 0 } },
        { { FP_OP_MAX, &fp_f64, minus_zero, 0 }, { 0, 0 } },
        { { FP_OP_EQ, &fp_f64, qnan, one }, { 0, 0 } },
        { { FP_OP_EQ, &fp_f64, snan, one }, { 0, FP_FLAG_NV } },
        { { FP_OP_LT, &fp_f64, qnan, one }, { 0, FP_FLAG_NV } },
        { { FP_OP_LE, &fp_f64, one, qnan }, { 0, FP_FLAG_NV } },
        { { FP_OP_TO_I32, &fp_f64, payload }, { INT32_MAX, FP_FLAG_NV } },
        { { FP_OP_TO_U32, &fp_f64, payload }, { UINT32_MAX, FP_FLAG_NV } },
        { { FP_OP_TO_I64, &fp_f64, inf | minus_zero }, { (uint64_t)INT64_MIN, FP_FLAG_NV } },
        { { FP_OP_TO_U64, &fp_f64, inf }, { UINT64_MAX, FP_FLAG_NV } },
        { { FP_OP_TO_U64, &fp_f64, one | minus_zero }, { 0, FP_FLAG_NV } },
        { { FP_OP_TO_U32, &fp_f32, 0xbf000000 }, { 0, FP_FLAG_NX } }, /* -0.5 */
        { { FP_OP_TO_F32, &fp_f64, payload }, { 0x7fc00000, 0 } },
        { { FP_OP_DIV, &fp_f64, one, minus_zero }, { inf | minus_zero, FP_FLAG_DZ } },
        { { FP_OP_SQRT, &fp_f64, minus_zero }, { minus_zero, 0 } },
        { { FP_OP_CLASSIFY, &fp_f32, 0xff800000 }, { 1 << 0, 0 } },
        { { FP_OP_CLASSIFY, &fp_f32, 0x7fc00000 }, { 1 << 9, 0 } },
    };

    for (unsigned i = 0; i < G_N_ELEMENTS(facts); i++) {
        FpResult got = fp_case_soft(&facts[i].c);
        if (got.bits != facts[i].want.bits || got.flags != facts[i].want.flags) {
            report(&facts[i].c, "the specification", got, facts[i].want, 0);
        }
    }
}

/* The functions named after two formats, and bits above a format, which must not matter. */
static void test_named_conversions(void)
{
    uint64_t (*const named[3][3])(uint64_t, FpEnv *) = {
        { NULL, f16_to_f32, f16_to_f64 },
        { f32_to_f16, NULL, f32_to_f64 },
        { f64_to_f16, f64_to_f32, NULL },
    };
    FpRandom random = { 1 };

    for (unsigned i = 0; i < 9000; i++) {
        unsigned from = i % 3;
        unsigned to = i / 3 % 3;
        if (from == to) {
            continue;
        }
        FpEnv x = { .rounding = i % ROUNDINGS };
        FpEnv y = x;
        uint64_t v[3];
        fp_random_operands(&random, formats[from], v);
        uint64_t dirty = v[0] | (fp_random(&random) & ~fp_bits_mask(formats[from]));
        g_assert_cmphex(named[from][to](dirty, &x), ==,
                        fp_convert(formats[from], formats[to], v[0], &y));
        g_assert_cmphex(x.flags, ==, y.flags);
    }
}

static void test_ignored_bits(void)
{
    FpRandom random = { 2 };

    for (unsigned i = 0; i < 20000; i++) {
        const FpFormat *fmt = formats[i % 2];
        uint64_t v[3];
        fp_random_operands(&random, fmt, v);
        FpCase c = { .op = i / 2 % FP_OP_FROM_I64, .fmt = fmt, .a = v[0], .b = v[1], .c = v[2] };
        FpResult clean = fp_case_soft(&c);
        c.a |= fp_random(&random) & ~fp_bits_mask(fmt);
        c.b |= fp_random(&random) & ~fp_bits_mask(fmt);
        c.c |= fp_random(&random) & ~fp_bits_mask(fmt);
        FpResult dirty = fp_case_soft(&c);
        g_assert_cmphex(dirty.bits, ==, clean.bits);
        g_assert_cmphex(dirty.flags, ==, clean.flags);
    }
}

/* Flags are or-ed in, never cleared. */
static void test_flags_accumulate(void)
{
    FpEnv env = { .flags = FP_FLAG_DZ };
    f32_add(0x3f800000, 0x3f800000, &env);
    g_assert_cmphex(env.flags, ==, FP_FLAG_DZ);
    f32_div(0x3f800000, 0x40400000, &env);
    g_assert_cmphex(env.flags, ==, FP_FLAG_DZ | FP_FLAG_NX);
}

int main(int argc, char **argv)
{
    static Reference *const host = fp_case_host;
    static Reference *const mpfr = fp_case_mpfr;
    static const bool fixed = true;
    static const bool timed = false;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/softfloat/riscv-facts", test_riscv_facts);
    g_test_add_func("/softfloat/flags-accumulate", test_flags_accumulate);
    g_test_add_func("/softfloat/named-conversions", test_named_conversions);
    g_test_add_func("/softfloat/ignored-bits", test_ignored_bits);
    g_test_add_data_func("/softfloat/host/unary-corners", &host, test_unary_corners);
    g_test_add_data_func("/softfloat/host/binary-corners", &host, test_binary_corners);
    g_test_add_data_func("/softfloat/host/ternary-corners", &host, test_ternary_corners);
    g_test_add_data_func("/softfloat/mpfr/unary-corners", &mpfr, test_unary_corners);
    g_test_add_data_func("/softfloat/mpfr/binary-corners", &mpfr, test_binary_corners);
    g_test_add_data_func("/softfloat/mpfr/ternary-corners", &mpfr, test_ternary_corners);
    g_test_add_data_func("/softfloat/random/fixed-seed", &fixed, test_random);
    g_test_add_data_func("/softfloat/random/new-seed", &timed, test_random);
    return g_test_run();
}
