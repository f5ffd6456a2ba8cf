/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that measure. Each source file is one program and defines `bench`; it is compiled twice:
 * for bare-metal rv64gc on the runtime of tests/guest/rv64/lib (NAME.elf) and, unless it needs
 * privileged instructions, for the host (NAME.native). Both print, once a repetition,
 *
 *     BENCH <name> <nanoseconds> <checksum>
 *
 * on the console and end with status 0. The checksums of the two agree. Repetitions are there
 * because emulators get faster once they have seen the code; the best one counts. A program that
 * is about code seen for the first time runs once.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct Bench {
    const char *name;
    int repeats;
    void (*prepare)(void); /* before each repetition, not measured; may be NULL */
    uint64_t (*run)(void); /* returns the checksum */
} Bench;

extern const Bench bench;

/* Memory for the programs' data, the same size everywhere; contents are what was last written. */
#define BENCH_MEMORY (64ul << 20)
extern uint8_t *const bench_memory;

/* xorshift64*: the same numbers on every machine. */
static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dull;
}

static inline uint64_t bench_mix(uint64_t sum, uint64_t v)
{
    return (sum ^ v) * 0x9e3779b97f4a7c15ull + (sum >> 29);
}

static inline uint64_t bench_bits(double d)
{
    union {
        double d;
        uint64_t u;
    } v = { .d = d };

    return v.u;
}

#endif
