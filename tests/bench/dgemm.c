/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Double-precision matrix product with fused multiply-add. */
#include "bench.h"

#define N 160

static double a[N][N], b[N][N], c[N][N];

static void prepare(void)
{
    uint64_t state = 4;

    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            a[i][j] = (double)(int64_t)bench_random(&state) * 0x1p-63;
            b[i][j] = (double)(int64_t)bench_random(&state) * 0x1p-63;
            c[i][j] = 0;
        }
    }
}

static uint64_t run(void)
{
    uint64_t sum = 0;

    for (int round = 0; round < 16; round++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double s = c[i][j];

                for (int k = 0; k < N; k++) {
                    s = __builtin_fma(a[i][k], b[k][j], s);
                }
                c[i][j] = s;
            }
        }
    }
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < N; j++) {
            sum = bench_mix(sum, bench_bits(c[i][j]));
        }
    }
    return sum;
}

const Bench bench = { "dgemm", 2, prepare, run };
