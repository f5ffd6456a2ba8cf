/* SPDX-License-Identifier: GPL-2.0-or-later */
/* a * b / c in 128 bits, saturated to 64. */
#ifndef UTIL_MULDIV_H
#define UTIL_MULDIV_H

#include <stdint.h>

/* Rounded down; UINT64_MAX when it does not fit. @c must not be 0. */
static inline uint64_t muldiv_down(uint64_t a, uint64_t b, uint64_t c)
{
    unsigned __int128 v = (unsigned __int128)a * b / c;
    return v > UINT64_MAX ? UINT64_MAX : (uint64_t)v;
}

/* Rounded up; UINT64_MAX when it does not fit. @c must not be 0. */
static inline uint64_t muldiv_up(uint64_t a, uint64_t b, uint64_t c)
{
    unsigned __int128 v = (unsigned __int128)a * b;
    v = v / c + (v % c != 0);
    return v > UINT64_MAX ? UINT64_MAX : (uint64_t)v;
}

/* Ticks of @hz that have passed after @ns (rounded down), and the first ns at which @ticks have. */
static inline uint64_t ns_to_ticks(uint64_t ns, uint64_t hz)
{
    return muldiv_down(ns, hz, 1000000000u);
}
static inline uint64_t ticks_to_ns_up(uint64_t ticks, uint64_t hz)
{
    return muldiv_up(ticks, 1000000000u, hz);
}

#endif
