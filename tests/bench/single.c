/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single precision: a filter, a small matrix product, minima and maxima. */
#include "bench.h"

#define N    96
#define TAPS 16
#define LEN  4096

static float a[N][N], b[N][N], c[N][N];
static float signal[LEN + TAPS], filtered[LEN], taps[TAPS];

static uint32_t bits(float f)
{
    union {
        float f;
        uint32_t u;
    } v = { .f = f };

    return v.u;
}

static void prepare(void)
{
    uint64_t state = 14;

    for (int i = 0; i < N * N; i++) {
        a[i / N][i % N] = (float)(int32_t)(bench_random(&state) >> 40) * 0x1p-24f;
        b[i / N][i % N] = (float)(int32_t)(bench_random(&state) >> 40) * 0x1p-24f - 0.5f;
    }
    for (int i = 0; i < LEN + TAPS; i++) {
        signal[i] = (float)(int32_t)(bench_random(&state) >> 40) * 0x1p-23f - 1.0f;
    }
    for (int i = 0; i < TAPS; i++) {
        taps[i] = 1.0f / (float)(i + 3);
    }
}

static uint64_t run(void)
{
    uint64_t sum = 0;
    float low = 1e30f, high = -1e30f;

    for (int round = 0; round < 24; round++) {
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                float s = 0;

                for (int k = 0; k < N; k++) {
                    s += a[i][k] * b[k][j];
                }
                c[i][j] = s;
            }
        }
        for (int i = 0; i < LEN; i++) {
            float s = (float)round;

            for (int k = 0; k < TAPS; k++) {
                s += signal[i + k] * taps[k];
            }
            filtered[i] = s;
            low = s < low ? s : low;
            high = s > high ? s : high;
        }
        a[round][3] = filtered[round] / (high - low);
        sum = bench_mix(sum, bits(c[round][7]));
    }
    for (int i = 0; i < LEN; i++) {
        sum = bench_mix(sum, bits(filtered[i]));
    }
    return bench_mix(sum, bits(low) ^ (uint64_t)bits(high) << 32);
}

const Bench bench = { "single", 2, prepare, run };
