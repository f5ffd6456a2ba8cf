/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random numbers that a seed determines on every host. */
#ifndef FUZZ_RNG_H
#define FUZZ_RNG_H

#include <stdbool.h>
#include <stdint.h>

typedef struct Rng {
    uint64_t state;
} Rng;

uint64_t rng_next(Rng *rng);
/* 0 to limit - 1; limit is not 0. */
uint32_t rng_below(Rng *rng, uint32_t limit);
/* True in `percent` of 100 cases. */
bool rng_percent(Rng *rng, unsigned percent);

/* Register contents: corner cases are likely. */
uint64_t rng_integer(Rng *rng);
uint64_t rng_float(Rng *rng);

#endif
