/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Conversions, comparisons and sign tricks between integer and floating-point code. */
#include "bench.h"

#define COUNT 4096

static double values[COUNT];

static void prepare(void)
{
    uint64_t state = 31;

    for (int i = 0; i < COUNT; i++) {
        values[i] = (double)(int64_t)bench_random(&state) * 0x1p-50;
    }
}

static uint64_t run(void)
{
    uint64_t sum = 0;

    for (int round = 0; round < 1200; round++) {
        double best = -1e300, total = 0;

        for (int i = 0; i < COUNT; i++) {
            double d = values[i];
            int64_t n = (int64_t)d;
            float f = (float)d;

            sum += (uint64_t)n ^ (uint64_t)(int64_t)f;
            best = d > best ? d : best;
            total += __builtin_fabs(d - (double)n) + (f < 0 ? -0.5 : 0.25);
            if ((int32_t)f % 3 == 0) {
                total -= (double)(uint32_t)n * 0x1p-32;
            }
            values[i] = d * 0.999 + (double)f * 0.001;
        }
        sum = bench_mix(sum, bench_bits(best) ^ bench_bits(total));
    }
    return sum;
}

const Bench bench = { "fpmix", 2, prepare, run };
