/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Direct calls and returns, deep and shallow. */
#include "bench.h"

#define NOINLINE __attribute__((noinline, noclone))

static NOINLINE uint64_t fib(uint64_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static NOINLINE uint64_t ackermann(uint64_t m, uint64_t n)
{
    if (!m) {
        return n + 1;
    }
    return ackermann(m - 1, n ? ackermann(m, n - 1) : 1);
}

static NOINLINE uint64_t leaf(uint64_t a, uint64_t b)
{
    __asm__("");
    return a * 3 + b;
}

static NOINLINE uint64_t middle(uint64_t a, uint64_t b)
{
    return leaf(a, b) ^ leaf(b, a);
}

static int queens(int n, uint32_t columns, uint32_t left, uint32_t right)
{
    uint32_t all = (1u << n) - 1, free_bits = all & ~(columns | left | right);
    int count = 0;

    if (columns == all) {
        return 1;
    }
    while (free_bits) {
        uint32_t bit = free_bits & -free_bits;

        free_bits ^= bit;
        count += queens(n, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

static uint64_t run(void)
{
    uint64_t sum = fib(31);

    sum = bench_mix(sum, ackermann(2, 500));
    for (uint64_t i = 0; i < 6000000; i++) {
        sum += middle(sum, i);
    }
    return bench_mix(sum, (uint64_t)queens(10, 0, 0, 0));
}

const Bench bench = { "calls", 2, NULL, run };
