/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quicksort, heapsort and binary search over a megabyte of numbers. */
#include "bench.h"

#define COUNT 200000

static uint32_t data[COUNT], copy[COUNT];

static void quick(uint32_t *a, int64_t lo, int64_t hi)
{
    while (lo < hi) {
        uint32_t pivot = a[lo + (hi - lo) / 2];
        int64_t i = lo, j = hi;

        while (i <= j) {
            while (a[i] < pivot) {
                i++;
            }
            while (a[j] > pivot) {
                j--;
            }
            if (i <= j) {
                uint32_t t = a[i];

                a[i++] = a[j];
                a[j--] = t;
            }
        }
        quick(a, lo, j);
        lo = i;
    }
}

static void sift(uint32_t *a, uint64_t root, uint64_t end)
{
    uint32_t v = a[root];

    for (;;) {
        uint64_t child = 2 * root + 1;

        if (child >= end) {
            break;
        }
        if (child + 1 < end && a[child + 1] > a[child]) {
            child++;
        }
        if (a[child] <= v) {
            break;
        }
        a[root] = a[child];
        root = child;
    }
    a[root] = v;
}

static void heap(uint32_t *a, uint64_t n)
{
    for (uint64_t i = n / 2; i-- > 0;) {
        sift(a, i, n);
    }
    for (uint64_t end = n - 1; end > 0; end--) {
        uint32_t t = a[0];

        a[0] = a[end];
        a[end] = t;
        sift(a, 0, end);
    }
}

static uint64_t search(const uint32_t *a, uint32_t v)
{
    uint64_t lo = 0, hi = COUNT;

    while (lo < hi) {
        uint64_t mid = (lo + hi) / 2;

        if (a[mid] < v) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

static uint64_t run(void)
{
    uint64_t state = 9, sum = 0;

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < COUNT; i++) {
            data[i] = copy[i] = (uint32_t)(bench_random(&state) >> 32);
        }
        quick(data, 0, COUNT - 1);
        heap(copy, COUNT);
        for (int i = 0; i < COUNT; i += 7) {
            sum = bench_mix(sum, data[i] ^ (uint64_t)copy[i] << 32);
        }
        for (int i = 0; i < COUNT; i++) {
            sum += search(data, (uint32_t)(bench_random(&state) >> 32));
        }
    }
    return sum;
}

const Bench bench = { "sort", 2, NULL, run };
