/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Operands worth testing: corner values of a format, and random ones biased towards trouble. */
#ifndef TESTS_FP_OPERANDS_H
#define TESTS_FP_OPERANDS_H

#include <glib.h>

#include "fpu/softfloat.h"

/* Each returns an array of uint64_t, to be released with g_array_unref. */

/* Every interesting exponent with every interesting fraction, both signs, and the specials. */
GArray *fp_corners(const FpFormat *fmt);

/* A selection small enough for all triples. */
GArray *fp_corners_few(const FpFormat *fmt);

/*
 * For one operand: all values of f16; for the others fp_corners, values near n + 1/2, and values
 * near the halfway points and limits of the narrower formats.
 */
GArray *fp_corners_unary(const FpFormat *fmt);

/* Integers around powers of two and around ties of every format. */
GArray *fp_corners_integer(void);

typedef struct FpRandom {
    uint64_t state;
} FpRandom;

uint64_t fp_random(FpRandom *random);

/* Fills three operands; they are chosen together so that sums cancel and quotients nearly fit. */
void fp_random_operands(FpRandom *random, const FpFormat *fmt, uint64_t v[3]);

#endif
