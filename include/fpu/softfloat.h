/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IEEE 754-2019 binary floating point on bit patterns, bit-exact with flags, without touching
 * the host's floating-point unit or its modes.
 *
 * Every operation exists per format (f16_add, f32_add, f64_add) and as fp_add(fmt, ...), which
 * picks by format. A value is the low 1 + exp_bits + frac_bits bits of a uint64_t: higher bits of
 * an operand are ignored, higher bits of a result are zero. NaN boxing is the caller's.
 *
 * Rounding mode, NaN rule and accumulated flags live in the FpEnv passed by the caller; nothing
 * else is written, so any number of threads may compute at once, each with its own FpEnv.
 */
#ifndef FPU_SOFTFLOAT_H
#define FPU_SOFTFLOAT_H

#include <stdbool.h>
#include <stdint.h>

typedef struct FpFormat {
    uint8_t exp_bits;
    uint8_t frac_bits;
} FpFormat;

extern const FpFormat fp_f16; /* binary16 */
extern const FpFormat fp_f32; /* binary32 */
extern const FpFormat fp_f64; /* binary64 */

/* Rounding directions; the values are RISC-V's frm encoding (unprivileged spec, "F" 1.2). */
typedef enum FpRound {
    FP_RNE, /* to nearest, ties to even */
    FP_RTZ, /* towards zero */
    FP_RDN, /* towards minus infinity */
    FP_RUP, /* towards plus infinity */
    FP_RMM, /* to nearest, ties away from zero */
} FpRound;

/* Exception flags; the bits are RISC-V's fflags (unprivileged spec, "F" 1.2). */
enum {
    FP_FLAG_NX = 1 << 0, /* inexact */
    FP_FLAG_UF = 1 << 1, /* underflow: tiny after rounding, and inexact */
    FP_FLAG_OF = 1 << 2, /* overflow */
    FP_FLAG_DZ = 1 << 3, /* division by zero */
    FP_FLAG_NV = 1 << 4, /* invalid operation */
};

typedef enum FpNanRule {
    FP_NAN_CANONICAL, /* every NaN result is the default NaN: positive, quiet, zero payload */
    FP_NAN_PROPAGATE, /* the first operand that is a NaN, made quiet; the default NaN if none is */
} FpNanRule;

/* Members are bytes so that generated code can share the struct with a CPU state. */
typedef struct FpEnv {
    uint8_t rounding; /* FpRound; reserved encodings trap in the guest's front-end, not here */
    uint8_t nan_rule; /* FpNanRule */
    uint8_t flags;    /* FP_FLAG_*, only ever or-ed into */
} FpEnv;

typedef enum FpRelation {
    FP_LESS = -1,
    FP_EQUAL = 0,
    FP_GREATER = 1,
    FP_UNORDERED = 2,
} FpRelation;

/* fp_classify results: the one bit set is RISC-V's fclass bit (unprivileged spec, "F" 1.9). */
typedef enum FpClass {
    FP_CLASS_NEG_INF = 1 << 0,
    FP_CLASS_NEG_NORMAL = 1 << 1,
    FP_CLASS_NEG_SUBNORMAL = 1 << 2,
    FP_CLASS_NEG_ZERO = 1 << 3,
    FP_CLASS_POS_ZERO = 1 << 4,
    FP_CLASS_POS_SUBNORMAL = 1 << 5,
    FP_CLASS_POS_NORMAL = 1 << 6,
    FP_CLASS_POS_INF = 1 << 7,
    FP_CLASS_SNAN = 1 << 8,
    FP_CLASS_QNAN = 1 << 9,
} FpClass;

/* Bits of fp_fma's negate argument. */
enum {
    FP_NEGATE_PRODUCT = 1 << 0,
    FP_NEGATE_ADDEND = 1 << 1,
};

/* The arithmetic operations of IEEE 754-2019 section 5.4.1, correctly rounded. */
uint64_t fp_add(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);
uint64_t fp_sub(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);
uint64_t fp_mul(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);
uint64_t fp_div(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);
uint64_t fp_sqrt(const FpFormat *fmt, uint64_t a, FpEnv *env);

/*
 * (a * b) + c with one rounding. negate flips the sign of the product, of c, or of both before
 * the addition; NaNs keep their sign. 0 * inf raises NV even when c is a quiet NaN (the choice
 * IEEE 754 section 7.2 leaves open, as RISC-V makes it).
 */
uint64_t fp_fma(const FpFormat *fmt, uint64_t a, uint64_t b, uint64_t c, unsigned negate,
                FpEnv *env);

/*
 * minimumNumber and maximumNumber (IEEE 754-2019 section 9.6): a NaN loses against a number, -0
 * is less than +0, a signalling NaN raises NV.
 */
uint64_t fp_min(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);
uint64_t fp_max(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);

/* Signalling: NV for any NaN. */
FpRelation fp_compare(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);

/* Quiet: NV for signalling NaNs only. */
FpRelation fp_compare_quiet(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);

/* a == b quietly; a < b and a <= b signalling (IEEE 754-2019 section 5.11, RISC-V feq flt fle). */
bool fp_eq(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);
bool fp_lt(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);
bool fp_le(const FpFormat *fmt, uint64_t a, uint64_t b, FpEnv *env);

FpClass fp_classify(const FpFormat *fmt, uint64_t a);

/* The nearest integral value in a's format. NX is raised for a change only if inexact is set. */
uint64_t fp_round_to_int(const FpFormat *fmt, uint64_t a, bool inexact, FpEnv *env);

/*
 * To integers, rounded by env. Out of range: NV alone, and the result RISC-V defines (unprivileged
 * spec, "F" 1.7): the nearest bound; a NaN gives the upper bound.
 */
int32_t fp_to_i32(const FpFormat *fmt, uint64_t a, FpEnv *env);
uint32_t fp_to_u32(const FpFormat *fmt, uint64_t a, FpEnv *env);
int64_t fp_to_i64(const FpFormat *fmt, uint64_t a, FpEnv *env);
uint64_t fp_to_u64(const FpFormat *fmt, uint64_t a, FpEnv *env);

/* From integers. Narrower ones are widened by the caller, which is exact. */
uint64_t fp_from_i64(const FpFormat *fmt, int64_t value, FpEnv *env);
uint64_t fp_from_u64(const FpFormat *fmt, uint64_t value, FpEnv *env);

/* Between formats. A propagated NaN keeps the leading bits of its payload. */
uint64_t fp_convert(const FpFormat *from, const FpFormat *to, uint64_t a, FpEnv *env);

/* The same operations for one format each, as addressable functions. */
#define FP_DECLARE(f)                                                                              \
    uint64_t f##_add(uint64_t a, uint64_t b, FpEnv *env);                                          \
    uint64_t f##_sub(uint64_t a, uint64_t b, FpEnv *env);                                          \
    uint64_t f##_mul(uint64_t a, uint64_t b, FpEnv *env);                                          \
    uint64_t f##_div(uint64_t a, uint64_t b, FpEnv *env);                                          \
    uint64_t f##_sqrt(uint64_t a, FpEnv *env);                                                     \
    uint64_t f##_fma(uint64_t a, uint64_t b, uint64_t c, unsigned negate, FpEnv *env);             \
    uint64_t f##_min(uint64_t a, uint64_t b, FpEnv *env);                                          \
    uint64_t f##_max(uint64_t a, uint64_t b, FpEnv *env);                                          \
    FpRelation f##_compare(uint64_t a, uint64_t b, FpEnv *env);                                    \
    FpRelation f##_compare_quiet(uint64_t a, uint64_t b, FpEnv *env);                              \
    bool f##_eq(uint64_t a, uint64_t b, FpEnv *env);                                               \
    bool f##_lt(uint64_t a, uint64_t b, FpEnv *env);                                               \
    bool f##_le(uint64_t a, uint64_t b, FpEnv *env);                                               \
    FpClass f##_classify(uint64_t a);                                                              \
    uint64_t f##_round_to_int(uint64_t a, bool inexact, FpEnv *env);                               \
    int32_t f##_to_i32(uint64_t a, FpEnv *env);                                                    \
    uint32_t f##_to_u32(uint64_t a, FpEnv *env);                                                   \
    int64_t f##_to_i64(uint64_t a, FpEnv *env);                                                    \
    uint64_t f##_to_u64(uint64_t a, FpEnv *env);                                                   \
    uint64_t f##_from_i64(int64_t value, FpEnv *env);                                              \
    uint64_t f##_from_u64(uint64_t value, FpEnv *env)

FP_DECLARE(f16);
FP_DECLARE(f32);
FP_DECLARE(f64);

uint64_t f16_to_f32(uint64_t a, FpEnv *env);
uint64_t f16_to_f64(uint64_t a, FpEnv *env);
uint64_t f32_to_f16(uint64_t a, FpEnv *env);
uint64_t f32_to_f64(uint64_t a, FpEnv *env);
uint64_t f64_to_f16(uint64_t a, FpEnv *env);
uint64_t f64_to_f32(uint64_t a, FpEnv *env);

#endif
