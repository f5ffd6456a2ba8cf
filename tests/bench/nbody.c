/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gravity between a few bodies: adds, products, divisions and square roots in double precision. */
#include "bench.h"

#define BODIES 6
#define STEPS  200000

static double x[BODIES][3], v[BODIES][3], mass[BODIES];

static void prepare(void)
{
    uint64_t state = 8;

    for (int i = 0; i < BODIES; i++) {
        mass[i] = 1.0 / (1 + i);
        for (int k = 0; k < 3; k++) {
            x[i][k] = (double)(int64_t)bench_random(&state) * 0x1p-60;
            v[i][k] = (double)(int64_t)bench_random(&state) * 0x1p-64;
        }
    }
}

static void attract(int i, int j, double dt)
{
    double d[3], r2 = 0.01, f;

    for (int k = 0; k < 3; k++) {
        d[k] = x[i][k] - x[j][k];
        r2 += d[k] * d[k];
    }
    f = dt / (r2 * __builtin_sqrt(r2));
    for (int k = 0; k < 3; k++) {
        v[i][k] -= d[k] * mass[j] * f;
        v[j][k] += d[k] * mass[i] * f;
    }
}

static uint64_t run(void)
{
    uint64_t sum = 0;

    for (int step = 0; step < STEPS; step++) {
        for (int i = 0; i < BODIES; i++) {
            for (int j = i + 1; j < BODIES; j++) {
                attract(i, j, 0.001);
            }
        }
        for (int i = 0; i < BODIES; i++) {
            for (int k = 0; k < 3; k++) {
                x[i][k] += 0.001 * v[i][k];
            }
        }
    }
    for (int i = 0; i < BODIES; i++) {
        for (int k = 0; k < 3; k++) {
            sum = bench_mix(bench_mix(sum, bench_bits(x[i][k])), bench_bits(v[i][k]));
        }
    }
    return sum;
}

const Bench bench = { "nbody", 2, prepare, run };
