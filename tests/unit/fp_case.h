/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One floating-point operation with its operands, and the three machines that can compute it:
 * the library under test, the host's SSE/FMA unit, and MPFR.
 */
#ifndef TESTS_FP_CASE_H
#define TESTS_FP_CASE_H

#include "fpu/softfloat.h"

typedef enum FpOp {
    FP_OP_ADD,
    FP_OP_SUB,
    FP_OP_MUL,
    FP_OP_DIV,
    FP_OP_MIN,
    FP_OP_MAX,
    FP_OP_COMPARE,
    FP_OP_COMPARE_QUIET,
    FP_OP_EQ,
    FP_OP_LT,
    FP_OP_LE,
    FP_OP_FMA,
    FP_OP_SQRT,
    FP_OP_CLASSIFY,
    FP_OP_RINT,
    FP_OP_RINT_EXACT, /* raises NX */
    FP_OP_TO_I32,
    FP_OP_TO_U32,
    FP_OP_TO_I64,
    FP_OP_TO_U64,
    FP_OP_TO_F16,
    FP_OP_TO_F32,
    FP_OP_TO_F64,
    FP_OP_FROM_I64,
    FP_OP_FROM_U64,
    FP_OP_COUNT,
} FpOp;

/* What the operand a is, and how many floating-point operands there are. */
typedef enum FpShape {
    FP_SHAPE_UNARY,
    FP_SHAPE_BINARY,
    FP_SHAPE_TERNARY,
    FP_SHAPE_FROM_INT,
} FpShape;

typedef struct FpOpInfo {
    const char *name;
    FpShape shape;
} FpOpInfo;

extern const FpOpInfo fp_op_info[FP_OP_COUNT];

typedef struct FpCase {
    FpOp op;
    const FpFormat *fmt; /* of the operands; of the result for FROM operations */
    uint64_t a, b, c;
    unsigned negate; /* FP_OP_FMA */
    FpRound rounding;
    FpNanRule nan_rule;
} FpCase;

typedef struct FpResult {
    uint64_t bits; /* integers, relations and truth values sign- or zero-extended */
    unsigned flags;
} FpResult;

FpResult fp_case_soft(const FpCase *c);

/* False if this host, or any host, cannot say (RMM, f16 arithmetic, no FMA). */
bool fp_case_host(const FpCase *c, FpResult *result);

/* False if MPFR cannot say: NaN payloads. */
bool fp_case_mpfr(const FpCase *c, FpResult *result);

/* Bit-level facts that the references share. */
bool fp_bits_nan(const FpFormat *fmt, uint64_t bits);
bool fp_bits_snan(const FpFormat *fmt, uint64_t bits);
uint64_t fp_bits_mask(const FpFormat *fmt);
uint64_t fp_bits_inf(const FpFormat *fmt, bool sign);
uint64_t fp_bits_default_nan(const FpFormat *fmt);
const FpFormat *fp_case_result_format(const FpCase *c);

#endif
