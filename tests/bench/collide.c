/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copies between buffers whose addresses agree in many low bits: the worst case of small TLBs. */
#include "bench.h"

#define SIZE (1 << 20)

static uint64_t run(void)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < SIZE / 8; i++) {
        ((uint64_t *)bench_memory)[i] = i * 0x9e3779b97f4a7c15ull;
    }
    for (uint64_t round = 0; round < 16; round++) {
        uint64_t distance = (16ul << 20) >> round % 5;
        volatile uint64_t *from = (uint64_t *)bench_memory;
        volatile uint64_t *to = (uint64_t *)(bench_memory + distance);

        for (uint64_t i = 0; i < SIZE / 8; i += 2) {
            to[i] = from[i] + round;
            to[i + 1] = from[i + 1] ^ round;
        }
        sum = bench_mix(sum, to[round * 1000]);
    }
    return sum;
}

const Bench bench = { "collide", 2, NULL, run };
