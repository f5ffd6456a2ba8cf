/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FP ops in soft-float against the host's unit: results, and rounding and flags as MXCSR has them.
 */
#include <string.h>

#include "random_region.h"
#include "tcg/tcg.h"

#ifdef __SSE2__
#include <immintrin.h>

enum { VALUES = 60000, FLAGS = 0x3d, MASKS = 0x1f80, RC_SHIFT = 13 };

static uint64_t bits_of_f64(double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint64_t bits_of_f32(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

static uint64_t canonical_f64(uint64_t bits)
{
    return bits << 1 > 0xffe0000000000000 ? 0x7ff8000000000000 : bits;
}

static uint64_t canonical_f32(uint64_t bits)
{
    return (uint32_t)(bits << 1) > 0xff000000 ? 0x7fc00000 : bits;
}

/* volatile: each operation happens here, between setting and reading MXCSR. */
static uint64_t host_f64(IrOpcode opc, uint64_t a, uint64_t b)
{
    volatile double x, y, result;

    memcpy((void *)&x, &a, sizeof(a));
    memcpy((void *)&y, &b, sizeof(b));
    switch (opc) {
    case IR_fadd:
        result = x + y;
        break;
    case IR_fsub:
        result = x - y;
        break;
    case IR_fmul:
        result = x * y;
        break;
    case IR_fdiv:
        result = x / y;
        break;
    default:
        result = _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(x), _mm_set_sd(x)));
    }
    return canonical_f64(bits_of_f64(result));
}

static uint64_t host_f32(IrOpcode opc, uint64_t a, uint64_t b)
{
    volatile float x, y, result;

    memcpy((void *)&x, &a, sizeof(x));
    memcpy((void *)&y, &b, sizeof(y));
    switch (opc) {
    case IR_fadd:
        result = x + y;
        break;
    case IR_fsub:
        result = x - y;
        break;
    case IR_fmul:
        result = x * y;
        break;
    case IR_fdiv:
        result = x / y;
        break;
    default:
        result = _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)));
    }
    return canonical_f32(bits_of_f32(result));
}

static uint64_t host_convert(IrType to, uint64_t a)
{
    volatile double wide;
    volatile float narrow;

    if (to == IR_F64) {
        memcpy((void *)&narrow, &a, sizeof(narrow));
        wide = narrow;
        return canonical_f64(bits_of_f64(wide));
    }
    memcpy((void *)&wide, &a, sizeof(wide));
    narrow = (float)wide;
    return canonical_f32(bits_of_f32(narrow));
}

static uint64_t host_from_integer(IrType to, unsigned kind, uint64_t a)
{
    volatile int64_t value = kind == IR_CVT_I32 ? (int32_t)a : (int64_t)a;
    volatile double wide;
    volatile float narrow;

    if (to == IR_F64) {
        wide = (double)value;
        return bits_of_f64(wide);
    }
    narrow = (float)value;
    return bits_of_f32(narrow);
}

/* In-range conversions only: the architectures differ beyond. */
static uint64_t host_to_integer(IrType from, uint64_t a)
{
    volatile double wide;
    volatile float narrow;

    if (from == IR_F64) {
        memcpy((void *)&wide, &a, sizeof(wide));
        return (uint64_t)_mm_cvtsd_si64(_mm_set_sd(wide));
    }
    memcpy((void *)&narrow, &a, sizeof(narrow));
    return (uint64_t)_mm_cvtss_si64(_mm_set_ss(narrow));
}

static uint64_t on_host(IrOpcode opc, IrType type, unsigned kind, uint64_t a, uint64_t b)
{
    switch (opc) {
    case IR_fcvt:
        return host_convert(type, a);
    case IR_itof:
        return host_from_integer(type, kind, a);
    case IR_ftoi:
        return host_to_integer(type, a);
    default:
        return type == IR_F64 ? host_f64(opc, a, b) : host_f32(opc, a, b);
    }
}

static uint64_t random_operand(IrOpcode opc, IrType type, uint64_t *seed)
{
    bool is_f32 = opc == IR_fcvt ? type == IR_F64 : type == IR_F32;

    if (opc == IR_itof) {
        return random_int(seed);
    }
    return is_f32 ? random_f32(seed) : random_f64(seed);
}

static unsigned conversion_kind(IrOpcode opc, uint64_t choice)
{
    if (opc == IR_itof) {
        return choice % 2 ? IR_CVT_I32 : IR_CVT_I64;
    }
    return opc == IR_ftoi ? IR_CVT_I64 | IR_ROUND_DYN << 4 : 0;
}

static void test_op(gconstpointer data)
{
    IrOpcode opc = (IrOpcode)GPOINTER_TO_UINT(data);
    TcgState *state = g_new0(TcgState, 1);
    uint64_t seed = opc;

    for (unsigned i = 0; i < VALUES; i++) {
        IrType type = i % 2 ? IR_F32 : IR_F64;
        unsigned rounding = i / 2 % 4, kind = conversion_kind(opc, i / 8);
        uint64_t a = random_operand(opc, type, &seed), b = random_operand(opc, type, &seed);
        unsigned before = _mm_getcsr();

        _mm_setcsr(MASKS | rounding << RC_SHIFT);
        uint64_t wanted = on_host(opc, type, kind, a, b);
        unsigned status = _mm_getcsr();
        _mm_setcsr(before);

        state->fp_status = MASKS | rounding << RC_SHIFT;
        uint64_t got = tcg_soft_fp(state, opc | type << 8 | kind << 16, a, b, 0);
        if (opc == IR_ftoi && (status & 1)) {
            wanted = got;
        }
        g_assert_cmphex(got, ==, wanted);
        g_assert_cmphex(state->fp_status & FLAGS, ==, status & FLAGS);
        g_assert_cmphex(state->fp_status & ~FLAGS, ==, MASKS | rounding << RC_SHIFT);
    }
    g_free(state);
}

static void add_tests(void)
{
    static const IrOpcode ops[] = { IR_fadd,  IR_fsub, IR_fmul, IR_fdiv,
                                    IR_fsqrt, IR_fcvt, IR_itof, IR_ftoi };

    for (unsigned i = 0; i < G_N_ELEMENTS(ops); i++) {
        char *name = g_strdup_printf("/ir/soft-fp/%s", ir_op_info[ops[i]].name);
        g_test_add_data_func(name, GUINT_TO_POINTER(ops[i]), test_op);
        g_free(name);
    }
}
#else
static void add_tests(void)
{
}
#endif

/* RISC-V results that the host does not give. */
static void test_conversions(void)
{
    static const struct {
        uint64_t value;
        uint8_t kind, rounding;
        uint64_t result;
        uint32_t flags;
    } cases[] = {
        { 0x7ff8000000000000, IR_CVT_I32, IR_RTZ, INT32_MAX, 1 },
        { 0xfff8000000000000, IR_CVT_U32, IR_RTZ, UINT64_MAX, 1 },
        { 0x7ff0000000000000, IR_CVT_I64, IR_RTZ, INT64_MAX, 1 },
        { 0xfff0000000000000, IR_CVT_U64, IR_RTZ, 0, 1 },
        { 0x41e0000000000000, IR_CVT_I32, IR_RNE, INT32_MAX, 1 },          /* 2^31 */
        { 0x41e0000000000000, IR_CVT_U32, IR_RNE, 0xffffffff80000000, 0 }, /* sign extended */
        { 0xbff0000000000000, IR_CVT_U64, IR_RTZ, 0, 1 },                  /* -1 */
        { 0xbfe0000000000000, IR_CVT_U64, IR_RTZ, 0, 0x20 },               /* -0.5 */
        { 0x4004000000000000, IR_CVT_I64, IR_RNE, 2, 0x20 },               /* 2.5 */
        { 0x4004000000000000, IR_CVT_I64, IR_RMM, 3, 0x20 },
        { 0x4004000000000000, IR_CVT_I64, IR_RDN, 2, 0x20 },
        { 0x4004000000000000, IR_CVT_I64, IR_RUP, 3, 0x20 },
        { 0xc004000000000000, IR_CVT_I64, IR_RDN, (uint64_t)-3, 0x20 },
    };
    TcgState *state = g_new0(TcgState, 1);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        unsigned c = cases[i].kind | cases[i].rounding << 4;

        state->fp_status = 0x1f80;
        uint64_t got = tcg_soft_fp(state, IR_ftoi | IR_F64 << 8 | c << 16, cases[i].value, 0, 0);
        g_assert_cmphex(got, ==, cases[i].result);
        g_assert_cmphex(state->fp_status, ==, 0x1f80 | cases[i].flags);
    }
    g_free(state);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ir/soft-fp/conversions", test_conversions);
    add_tests();
    return g_test_run();
}
