/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's SSE, FMA and F16C units as a reference for f32 and f64, flags taken from MXCSR.
 *
 * What they do differently from RISC-V is put right here: the sign of the default NaN, 0 * inf
 * with a quiet NaN addend, and results of conversions out of range.
 */
#include <math.h>
#include <string.h>

#include "fp_case.h"

#ifdef __x86_64__

enum {
    CSR_MASKED = 0x1f80, /* every exception masked, to nearest: the state C code expects */
    CSR_ROUNDING_SHIFT = 13,
};

static const uint32_t csr_default = CSR_MASKED;

/* One instruction between loading and reading MXCSR; the C environment is restored after it. */
#define HOST_UNARY(name, insn, to, from)                                                           \
    static to name(from a, uint32_t *csr)                                                          \
    {                                                                                              \
        to r = 0;                                                                                  \
        __asm__ volatile("ldmxcsr %1\n\t" insn "\n\tstmxcsr %1\n\tldmxcsr %3"                      \
                         : "+x"(r), "+m"(*csr)                                                     \
                         : "x"(a), "m"(csr_default));                                              \
        return r;                                                                                  \
    }

#define HOST_BINARY(name, insn, type)                                                              \
    static type name(type a, type b, uint32_t *csr)                                                \
    {                                                                                              \
        __asm__ volatile("ldmxcsr %1\n\t" insn " %2, %0\n\tstmxcsr %1\n\tldmxcsr %3"               \
                         : "+x"(a), "+m"(*csr)                                                     \
                         : "x"(b), "m"(csr_default));                                              \
        return a;                                                                                  \
    }

#define HOST_TERNARY(name, insn, type)                                                             \
    static type name(type a, type b, type c, uint32_t *csr)                                        \
    {                                                                                              \
        __asm__ volatile("ldmxcsr %1\n\t" insn " %2, %3, %0\n\tstmxcsr %1\n\tldmxcsr %4"           \
                         : "+x"(a), "+m"(*csr)                                                     \
                         : "x"(b), "x"(c), "m"(csr_default));                                      \
        return a;                                                                                  \
    }

#define HOST_FROM_INT(name, insn, type)                                                            \
    static type name(int64_t a, uint32_t *csr)                                                     \
    {                                                                                              \
        type r = 0;                                                                                \
        __asm__ volatile("ldmxcsr %1\n\t" insn " %2, %0\n\tstmxcsr %1\n\tldmxcsr %3"               \
                         : "+x"(r), "+m"(*csr)                                                     \
                         : "r"(a), "m"(csr_default));                                              \
        return r;                                                                                  \
    }

/* comis and ucomis: the relation from ZF, PF and CF. */
#define HOST_COMPARE(name, insn, type)                                                             \
    static FpRelation name(type a, type b, uint32_t *csr)                                          \
    {                                                                                              \
        bool equal, unordered, less;                                                               \
        __asm__ volatile("ldmxcsr %3\n\t" insn " %5, %4\n\tsetz %0\n\tsetp %1\n\tsetc %2\n\t"      \
                         "stmxcsr %3\n\tldmxcsr %6"                                                \
                         : "=&q"(equal), "=&q"(unordered), "=&q"(less), "+m"(*csr)                 \
                         : "x"(a), "x"(b), "m"(csr_default)                                        \
                         : "cc");                                                                  \
        return unordered ? FP_UNORDERED : equal ? FP_EQUAL : less ? FP_LESS : FP_GREATER;          \
    }

HOST_BINARY(add_f32, "addss", float)
HOST_BINARY(sub_f32, "subss", float)
HOST_BINARY(mul_f32, "mulss", float)
HOST_BINARY(div_f32, "divss", float)
HOST_BINARY(add_f64, "addsd", double)
HOST_BINARY(sub_f64, "subsd", double)
HOST_BINARY(mul_f64, "mulsd", double)
HOST_BINARY(div_f64, "divsd", double)
HOST_UNARY(sqrt_f32, "sqrtss %2, %0", float, float)
HOST_UNARY(sqrt_f64, "sqrtsd %2, %0", double, double)
HOST_UNARY(rint_f32, "roundss $4, %2, %0", float, float)
HOST_UNARY(rint_f64, "roundsd $4, %2, %0", double, double)
HOST_UNARY(widen_f32, "cvtss2sd %2, %0", double, float)
HOST_UNARY(narrow_f64, "cvtsd2ss %2, %0", float, double)
HOST_UNARY(f32_from_f16, "vcvtph2ps %2, %0", float, float)
HOST_UNARY(f16_from_f32, "vcvtps2ph $4, %2, %0", float, float)
HOST_TERNARY(fma_f32, "vfmadd132ss", float)
HOST_TERNARY(fma_f64, "vfmadd132sd", double)
HOST_FROM_INT(from_f32, "cvtsi2ssq", float)
HOST_FROM_INT(from_f64, "cvtsi2sdq", double)
HOST_COMPARE(comis_f32, "comiss", float)
HOST_COMPARE(comis_f64, "comisd", double)
HOST_COMPARE(ucomis_f32, "ucomiss", float)
HOST_COMPARE(ucomis_f64, "ucomisd", double)

static float as_f32(uint64_t bits)
{
    uint32_t low = bits;
    float f;
    memcpy(&f, &low, sizeof(f));
    return f;
}

static double as_f64(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

static uint64_t bits_f32(float f)
{
    uint32_t low;
    memcpy(&low, &f, sizeof(low));
    return low;
}

static uint64_t bits_f64(double d)
{
    uint64_t bits;
    memcpy(&bits, &d, sizeof(bits));
    return bits;
}

static uint32_t csr_for(FpRound rounding)
{
    static const uint8_t rc[] = { [FP_RNE] = 0, [FP_RTZ] = 3, [FP_RDN] = 1, [FP_RUP] = 2 };
    return CSR_MASKED | (uint32_t)rc[rounding] << CSR_ROUNDING_SHIFT;
}

static unsigned flags_of(uint32_t csr)
{
    return (csr & 0x01 ? FP_FLAG_NV : 0) | (csr & 0x04 ? FP_FLAG_DZ : 0) |
           (csr & 0x08 ? FP_FLAG_OF : 0) | (csr & 0x10 ? FP_FLAG_UF : 0) |
           (csr & 0x20 ? FP_FLAG_NX : 0);
}

/* vfmadd132 multiplies its first operand by its third, and NaNs are chosen in the order a, b, c. */
static uint64_t arithmetic_f32(const FpCase *c, uint32_t *csr)
{
    float a = as_f32(c->a);
    float b = as_f32(c->b);

    switch (c->op) {
    case FP_OP_ADD:
        return bits_f32(add_f32(a, b, csr));
    case FP_OP_SUB:
        return bits_f32(sub_f32(a, b, csr));
    case FP_OP_MUL:
        return bits_f32(mul_f32(a, b, csr));
    case FP_OP_DIV:
        return bits_f32(div_f32(a, b, csr));
    case FP_OP_SQRT:
        return bits_f32(sqrt_f32(a, csr));
    case FP_OP_FMA:
        return bits_f32(fma_f32(a, b, as_f32(c->c), csr));
    case FP_OP_TO_F16:
        return bits_f32(f16_from_f32(a, csr)) & 0xffff;
    case FP_OP_TO_F64:
        return bits_f64(widen_f32(a, csr));
    default:
        return bits_f32(rint_f32(a, csr));
    }
}

static uint64_t arithmetic_f64(const FpCase *c, uint32_t *csr)
{
    double a = as_f64(c->a);
    double b = as_f64(c->b);

    switch (c->op) {
    case FP_OP_ADD:
        return bits_f64(add_f64(a, b, csr));
    case FP_OP_SUB:
        return bits_f64(sub_f64(a, b, csr));
    case FP_OP_MUL:
        return bits_f64(mul_f64(a, b, csr));
    case FP_OP_DIV:
        return bits_f64(div_f64(a, b, csr));
    case FP_OP_SQRT:
        return bits_f64(sqrt_f64(a, csr));
    case FP_OP_FMA:
        return bits_f64(fma_f64(a, b, as_f64(c->c), csr));
    case FP_OP_TO_F32:
        return bits_f32(narrow_f64(a, csr));
    default:
        return bits_f64(rint_f64(a, csr));
    }
}

static bool nan_operand(const FpCase *c)
{
    FpShape shape = fp_op_info[c->op].shape;
    return fp_bits_nan(c->fmt, c->a) || (shape != FP_SHAPE_UNARY && fp_bits_nan(c->fmt, c->b)) ||
           (shape == FP_SHAPE_TERNARY && fp_bits_nan(c->fmt, c->c));
}

static bool zero_by_inf(const FpCase *c)
{
    uint64_t mag = fp_bits_mask(c->fmt) >> 1;
    uint64_t inf = fp_bits_inf(c->fmt, false);
    return ((c->a & mag) == 0 && (c->b & mag) == inf) || ((c->a & mag) == inf && (c->b & mag) == 0);
}

/* The host has no operands that are negated but keep a NaN's sign. */
static FpCase negated(const FpCase *c)
{
    FpCase plain = *c;
    uint64_t sign = fp_bits_inf(c->fmt, true) ^ fp_bits_inf(c->fmt, false);
    if ((c->negate & FP_NEGATE_PRODUCT) && !fp_bits_nan(c->fmt, c->a)) {
        plain.a ^= sign;
    }
    if ((c->negate & FP_NEGATE_ADDEND) && !fp_bits_nan(c->fmt, c->c)) {
        plain.c ^= sign;
    }
    return plain;
}

static FpResult arithmetic(const FpCase *c)
{
    const FpFormat *to = fp_case_result_format(c);
    uint32_t csr = csr_for(c->rounding);
    FpCase plain = negated(c);
    FpResult r;

    if (c->fmt == &fp_f16) {
        r.bits = bits_f32(f32_from_f16(as_f32(c->a & 0xffff), &csr));
    } else if (c->fmt == &fp_f32) {
        r.bits = arithmetic_f32(&plain, &csr);
    } else {
        r.bits = arithmetic_f64(&plain, &csr);
    }
    r.flags = flags_of(csr);
    if (c->op == FP_OP_RINT) {
        r.flags &= ~FP_FLAG_NX;
    }
    if (c->op == FP_OP_FMA && zero_by_inf(c)) {
        r.flags |= FP_FLAG_NV;
    }
    if (fp_bits_nan(to, r.bits) && (c->nan_rule == FP_NAN_CANONICAL || !nan_operand(c))) {
        r.bits = fp_bits_default_nan(to);
    }
    return r;
}

static FpRelation relation(const FpCase *c, bool signalling, uint32_t *csr)
{
    if (c->fmt == &fp_f32) {
        return (signalling ? comis_f32 : ucomis_f32)(as_f32(c->a), as_f32(c->b), csr);
    }
    return (signalling ? comis_f64 : ucomis_f64)(as_f64(c->a), as_f64(c->b), csr);
}

static FpResult compare(const FpCase *c)
{
    uint32_t csr = CSR_MASKED;
    bool signalling = c->op != FP_OP_EQ && c->op != FP_OP_COMPARE_QUIET;
    FpRelation r = relation(c, signalling, &csr);

    switch (c->op) {
    case FP_OP_EQ:
        return (FpResult) { r == FP_EQUAL, flags_of(csr) };
    case FP_OP_LT:
        return (FpResult) { r == FP_LESS, flags_of(csr) };
    case FP_OP_LE:
        return (FpResult) { r == FP_LESS || r == FP_EQUAL, flags_of(csr) };
    default:
        return (FpResult) { (int64_t)r, flags_of(csr) };
    }
}

/* For numbers; what becomes of NaNs is not something SSE's minsd agrees on. */
static FpResult min_max(const FpCase *c)
{
    uint32_t csr = CSR_MASKED;
    FpRelation r = relation(c, false, &csr);
    bool a_negative = c->a & (fp_bits_inf(c->fmt, true) ^ fp_bits_inf(c->fmt, false));
    bool a_less = r == FP_LESS || (r == FP_EQUAL && a_negative);
    uint64_t bits = (c->op == FP_OP_MIN) == a_less ? c->a : c->b;
    return (FpResult) { bits & fp_bits_mask(c->fmt), flags_of(csr) };
}

static FpResult to_int(const FpCase *c)
{
    bool is_signed = c->op == FP_OP_TO_I32 || c->op == FP_OP_TO_I64;
    bool narrow = c->op == FP_OP_TO_I32 || c->op == FP_OP_TO_U32;
    double end = is_signed ? (narrow ? 0x1p31 : 0x1p63) : (narrow ? 0x1p32 : 0x1p64);
    double begin = is_signed ? -end : 0;
    uint64_t max = is_signed ? (narrow ? INT32_MAX : INT64_MAX) : narrow ? UINT32_MAX : UINT64_MAX;
    int64_t min = is_signed ? -(int64_t)max - 1 : 0;

    if (fp_bits_nan(c->fmt, c->a)) {
        return (FpResult) { max, FP_FLAG_NV };
    }
    uint32_t csr = csr_for(c->rounding);
    double value =
        c->fmt == &fp_f32 ? (double)rint_f32(as_f32(c->a), &csr) : rint_f64(as_f64(c->a), &csr);
    if (value < begin || value >= end) {
        return (FpResult) { value < begin ? (uint64_t)min : max, FP_FLAG_NV };
    }
    uint64_t bits = value < 0x1p63 ? (uint64_t)(int64_t)value
                                   : (uint64_t)(int64_t)(value - 0x1p63) + (UINT64_C(1) << 63);
    return (FpResult) { bits, flags_of(csr) };
}

static FpResult from_int(const FpCase *c)
{
    uint32_t csr = csr_for(c->rounding);
    uint64_t bits =
        c->fmt == &fp_f32 ? bits_f32(from_f32(c->a, &csr)) : bits_f64(from_f64(c->a, &csr));
    return (FpResult) { bits, flags_of(csr) };
}

static FpResult classify(const FpCase *c)
{
    bool single = c->fmt == &fp_f32;
    int kind = single ? fpclassify(as_f32(c->a)) : fpclassify(as_f64(c->a));
    bool sign = single ? signbit(as_f32(c->a)) : signbit(as_f64(c->a));
    bool snan = single ? issignaling(as_f32(c->a)) : issignaling(as_f64(c->a));

    switch (kind) {
    case FP_NAN:
        return (FpResult) { snan ? FP_CLASS_SNAN : FP_CLASS_QNAN, 0 };
    case FP_INFINITE:
        return (FpResult) { sign ? FP_CLASS_NEG_INF : FP_CLASS_POS_INF, 0 };
    case FP_ZERO:
        return (FpResult) { sign ? FP_CLASS_NEG_ZERO : FP_CLASS_POS_ZERO, 0 };
    case FP_SUBNORMAL:
        return (FpResult) { sign ? FP_CLASS_NEG_SUBNORMAL : FP_CLASS_POS_SUBNORMAL, 0 };
    default:
        return (FpResult) { sign ? FP_CLASS_NEG_NORMAL : FP_CLASS_POS_NORMAL, 0 };
    }
}

/* Whether some instruction of this host does what is asked. */
static bool can_do(const FpCase *c)
{
    if (c->rounding == FP_RMM) {
        return false;
    }
    if (c->fmt == &fp_f16) {
        return c->op == FP_OP_TO_F32 && __builtin_cpu_supports("f16c");
    }
    switch (c->op) {
    case FP_OP_TO_F16:
        return c->fmt == &fp_f32 && __builtin_cpu_supports("f16c");
    case FP_OP_TO_F32:
    case FP_OP_TO_F64:
        return fp_case_result_format(c) != c->fmt;
    case FP_OP_FMA:
        return __builtin_cpu_supports("fma");
    case FP_OP_MIN:
    case FP_OP_MAX:
        return !fp_bits_nan(c->fmt, c->a) && !fp_bits_nan(c->fmt, c->b);
    case FP_OP_RINT:
    case FP_OP_RINT_EXACT:
    case FP_OP_TO_I32:
    case FP_OP_TO_U32:
    case FP_OP_TO_I64:
    case FP_OP_TO_U64:
        return __builtin_cpu_supports("sse4.1");
    case FP_OP_FROM_U64:
        return c->a <= INT64_MAX;
    default:
        return true;
    }
}

bool fp_case_host(const FpCase *c, FpResult *result)
{
    if (!can_do(c)) {
        return false;
    }
    switch (c->op) {
    case FP_OP_COMPARE:
    case FP_OP_COMPARE_QUIET:
    case FP_OP_EQ:
    case FP_OP_LT:
    case FP_OP_LE:
        *result = compare(c);
        break;
    case FP_OP_MIN:
    case FP_OP_MAX:
        *result = min_max(c);
        break;
    case FP_OP_CLASSIFY:
        *result = classify(c);
        break;
    case FP_OP_TO_I32:
    case FP_OP_TO_U32:
    case FP_OP_TO_I64:
    case FP_OP_TO_U64:
        *result = to_int(c);
        break;
    case FP_OP_FROM_I64:
    case FP_OP_FROM_U64:
        *result = from_int(c);
        break;
    default:
        *result = arithmetic(c);
        break;
    }
    return true;
}

#else

bool fp_case_host(const FpCase *c, FpResult *result)
{
    return false;
}
#endif
