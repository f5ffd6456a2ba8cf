/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib.h>
#include "rng.h"

/* The splitmix generator: a counter whose bits are mixed. */
uint64_t rng_next(Rng *rng)
{
    uint64_t z = rng->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t rng_below(Rng *rng, uint32_t limit)
{
    return (uint32_t)((rng_next(rng) >> 32) * limit >> 32);
}

bool rng_percent(Rng *rng, unsigned percent)
{
    return rng_below(rng, 100) < percent;
}

uint64_t rng_integer(Rng *rng)
{
    static const uint64_t corners[] = {
        0,
        1,
        2,
        3,
        31,
        32,
        63,
        64,
        0x7f,
        0x80,
        0xff,
        0x7fff,
        0x8000,
        0xffff,
        0x7fffffff,
        0x80000000,
        0xffffffff,
        UINT64_C(0xffffffff80000000),
        UINT64_C(0xffffffff7fffffff),
        UINT64_C(0x100000000),
        UINT64_C(0x7fffffffffffffff),
        UINT64_C(0x8000000000000000),
        UINT64_C(0xffffffffffffffff),
        UINT64_C(0xfffffffffffffffe),
        UINT64_C(0xffffffffffffff80),
        UINT64_C(0xffffffffffff8000),
        UINT64_C(0x5555555555555555),
        UINT64_C(0x8000000000000001),
    };

    switch (rng_below(rng, 6)) {
    case 0:
    case 1:
        return corners[rng_below(rng, G_N_ELEMENTS(corners))];
    case 2:
        return (uint64_t)(int64_t)(int32_t)rng_next(rng);
    case 3:
        return rng_next(rng) >> rng_below(rng, 64);
    case 4:
        return UINT64_C(1) << rng_below(rng, 64);
    default:
        return rng_next(rng);
    }
}

static uint32_t single(Rng *rng)
{
    static const uint32_t corners[] = {
        0x00000000, 0x00000001, 0x007fffff, 0x00800000, 0x3f800000, 0x3f7fffff, 0x3f800001,
        0x40000000, 0x3f000000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fc12345,
        0x7fbfffff, 0x4f000000, 0x4effffff, 0x4f800000, 0x5f000000, 0x5f800000, 0x34000000,
        0x3fc00000, 0x40200000, 0x00400000, 0x0c800000,
    };
    uint32_t bits = rng_percent(rng, 60) ? corners[rng_below(rng, G_N_ELEMENTS(corners))]
                                         : (uint32_t)rng_next(rng);

    if (rng_percent(rng, 30)) {
        /* Near 1, where results are neither lost nor infinite. */
        bits = (bits & 0x7fffff) | (0x7f - 16 + rng_below(rng, 32)) << 23;
    }
    return bits ^ rng_below(rng, 2) << 31;
}

static uint64_t whole(Rng *rng)
{
    static const uint64_t corners[] = {
        0x0000000000000000, 0x0000000000000001, 0x000fffffffffffff, 0x0010000000000000,
        0x3ff0000000000000, 0x3fefffffffffffff, 0x3ff0000000000001, 0x4000000000000000,
        0x3fe0000000000000, 0x7fefffffffffffff, 0x7ff0000000000000, 0x7ff0000000000001,
        0x7ff8000000000000, 0x7ff8123456789abc, 0x41e0000000000000, 0x41dfffffffc00000,
        0x41efffffffe00000, 0x43e0000000000000, 0x43dfffffffffffff, 0x43f0000000000000,
        0x3ff8000000000000, 0x4004000000000000, 0x36a0000000000000, 0x380fffffffffffff,
        0x47efffffe0000000, 0x47effffff0000000, 0x3690000000000000, 0x0008000000000000,
    };
    uint64_t bits =
        rng_percent(rng, 60) ? corners[rng_below(rng, G_N_ELEMENTS(corners))] : rng_next(rng);

    if (rng_percent(rng, 30)) {
        bits = (bits & 0xfffffffffffff) | (uint64_t)(0x3ff - 32 + rng_below(rng, 64)) << 52;
    }
    return bits ^ (rng_next(rng) & UINT64_C(1) << 63);
}

uint64_t rng_float(Rng *rng)
{
    switch (rng_below(rng, 8)) {
    case 0:
    case 1:
    case 2:
        return 0xffffffff00000000 | single(rng);
    case 3:
        /* Not boxed, or not well. */
        return (rng_percent(rng, 50) ? 0xfffffffe00000000 : rng_next(rng) << 32) | single(rng);
    default:
        return whole(rng);
    }
}
