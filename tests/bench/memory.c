/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a C library does to memory: copy, fill, compare, length; byte and word loops. */
#include "bench.h"

static void copy(uint8_t *d, const uint8_t *s, size_t n)
{
    for (; n >= 32; n -= 32, d += 32, s += 32) {
        uint64_t a = ((const uint64_t *)s)[0], b = ((const uint64_t *)s)[1];
        uint64_t c = ((const uint64_t *)s)[2], e = ((const uint64_t *)s)[3];

        ((volatile uint64_t *)d)[0] = a;
        ((volatile uint64_t *)d)[1] = b;
        ((volatile uint64_t *)d)[2] = c;
        ((volatile uint64_t *)d)[3] = e;
    }
    for (; n; n--) {
        *(volatile uint8_t *)d++ = *s++;
    }
}

static size_t length(const char *s)
{
    const char *p = s;

    while (*(volatile const char *)p) {
        p++;
    }
    return (size_t)(p - s);
}

static int compare(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (; n; n--, a++, b++) {
        if (*(volatile const uint8_t *)a != *b) {
            return *a - *b;
        }
    }
    return 0;
}

static uint64_t run(void)
{
    uint8_t *a = bench_memory, *b = bench_memory + (9 << 20) + 5 * 4096;
    uint64_t state = 11, sum = 0;

    for (int i = 0; i < 1 << 20; i += 8) {
        *(uint64_t *)(a + i) = bench_random(&state) | 0x0101010101010101ull;
    }
    for (int i = 0; i < 1 << 20; i += 1 << 10) {
        a[i + (i >> 10) % 1000] = 0;
    }
    for (int round = 0; round < 64; round++) {
        copy(b, a, 1 << 20);
        copy(b + (1 << 20) + round, a + round * 3, 100000);
        for (int i = 0; i < 1 << 18; i += 1 << 10) {
            sum += length((const char *)a + i);
        }
        sum += (uint64_t)(int64_t)compare(a, b, 1 << 18);
        for (int i = 0; i < 1 << 20; i += 64) { /* one load a line */
            sum += b[i];
        }
        for (uint32_t i = 0; i < 1 << 16; i++) { /* scattered halves */
            uint16_t *p = (uint16_t *)b + (i * 40503u & 0x7ffff);

            *p = (uint16_t)(*p + i);
        }
    }
    for (int i = 0; i < 1 << 20; i += 8) {
        sum = bench_mix(sum, *(uint64_t *)(b + i));
    }
    return sum;
}

const Bench bench = { "memory", 2, NULL, run };
