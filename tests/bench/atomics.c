/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Uncontended atomics: adds, exchanges, compare-and-swap loops, a spin lock. */
#include "bench.h"

static uint64_t counters[8];
static uint32_t words[8];
static uint32_t lock;

static uint64_t run(void)
{
    uint64_t sum = 0, guarded = 0;

    for (int i = 0; i < 8; i++) {
        counters[i] = words[i] = 0;
    }
    for (uint64_t i = 0; i < 12000000; i++) {
        uint64_t old;

        sum += __atomic_fetch_add(&counters[i & 7], i, __ATOMIC_SEQ_CST);
        sum ^= __atomic_exchange_n(&words[i & 7], (uint32_t)sum, __ATOMIC_ACQ_REL);
        __atomic_fetch_or(&counters[i >> 3 & 7], i & 1, __ATOMIC_RELAXED);
        old = __atomic_load_n(&counters[1], __ATOMIC_ACQUIRE);
        while (!__atomic_compare_exchange_n(&counters[1], &old, old * 5 + 1, 0, __ATOMIC_SEQ_CST,
                                            __ATOMIC_RELAXED)) {
        }
        while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {
        }
        guarded += sum & 15;
        __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    }
    return bench_mix(bench_mix(sum, guarded), counters[1]);
}

const Bench bench = { "atomics", 2, NULL, run };
