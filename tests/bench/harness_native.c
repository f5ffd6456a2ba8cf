/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static uint8_t memory[BENCH_MEMORY] __attribute__((aligned(4096)));
uint8_t *const bench_memory = memory;

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int main(void)
{
    for (int i = 0; i < bench.repeats; i++) {
        uint64_t start, end, sum;

        if (bench.prepare) {
            bench.prepare();
        }
        start = now_ns();
        sum = bench.run();
        end = now_ns();
        printf("BENCH %s %" PRIu64 " %" PRIx64 "\n", bench.name, end - start, sum);
    }
    return 0;
}
