/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Mandelbrot set in double precision: products, comparisons, short loops. */
#include "bench.h"

#define SIZE  500
#define LIMIT 200

static uint64_t run(void)
{
    uint64_t sum = 0;

    for (int py = 0; py < SIZE; py++) {
        for (int px = 0; px < SIZE; px++) {
            double cx = px * (3.0 / SIZE) - 2.0, cy = py * (2.5 / SIZE) - 1.25;
            double zx = 0, zy = 0;
            int n = 0;

            while (n < LIMIT && zx * zx + zy * zy <= 4.0) {
                double t = zx * zx - zy * zy + cx;

                zy = 2 * zx * zy + cy;
                zx = t;
                n++;
            }
            sum = bench_mix(sum, (uint64_t)n);
        }
    }
    return sum;
}

const Bench bench = { "mandelbrot", 2, NULL, run };
