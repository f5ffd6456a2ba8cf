/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Multiplication and division: modular powers, digits, greatest common divisors, wide products. */
#include "bench.h"

static uint64_t mulmod(uint64_t a, uint64_t b, uint64_t m)
{
    return (uint64_t)(a * b) % m;
}

static uint64_t power(uint64_t base, uint64_t e, uint64_t m)
{
    uint64_t r = 1;

    for (; e; e >>= 1) {
        if (e & 1) {
            r = mulmod(r, base, m);
        }
        base = mulmod(base, base, m);
    }
    return r;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t t = a % b;

        a = b;
        b = t;
    }
    return a;
}

static uint64_t digits(uint64_t v)
{
    uint64_t sum = 0;

    for (; v; v /= 10) {
        sum += v % 10;
    }
    return sum;
}

static uint64_t run(void)
{
    uint64_t state = 5, sum = 0;

    for (int i = 0; i < 800000; i++) {
        uint64_t a = bench_random(&state), b = bench_random(&state);

        sum = bench_mix(sum, power(a >> 33, b >> 40, 0xfffffffb));
        sum = bench_mix(sum, gcd(a, b));
        sum = bench_mix(sum, digits(a));
        sum = bench_mix(sum, (uint64_t)((unsigned __int128)a * b >> 64));
        sum = bench_mix(sum, (uint64_t)((int64_t)a / ((int32_t)b | 1)));
    }
    return sum;
}

const Bench bench = { "muldiv", 2, NULL, run };
