/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small bit and alignment helpers, and loads and stores of fixed byte order. */
#ifndef UTIL_BITOPS_H
#define UTIL_BITOPS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BIT(n) (UINT64_C(1) << (n))

/* A mask of bits @hi down to @lo, both within 0..63, hi >= lo. */
#define BITS(hi, lo) ((~UINT64_C(0) >> (63 - (hi))) & (~UINT64_C(0) << (lo)))

/* @len bits (1..64) of @v from bit @pos. */
static inline uint64_t bits_get(uint64_t v, unsigned pos, unsigned len)
{
    return (v >> pos) & (~UINT64_C(0) >> (64 - len));
}

/* @v with the @len bits (1..64) from @pos replaced by the low bits of @field. */
static inline uint64_t bits_put(uint64_t v, unsigned pos, unsigned len, uint64_t field)
{
    uint64_t mask = (~UINT64_C(0) >> (64 - len)) << pos;
    return (v & ~mask) | ((field << pos) & mask);
}

/* The low @len bits (1..64) of @v, sign-extended. */
static inline int64_t bits_sext(uint64_t v, unsigned len)
{
    return (int64_t)(v << (64 - len)) >> (64 - len);
}

/* A mask of the low @bytes bytes (1..8). */
static inline uint64_t bytes_mask(unsigned bytes)
{
    return ~UINT64_C(0) >> (64 - bytes * 8);
}

static inline bool is_pow2(uint64_t v)
{
    return v != 0 && (v & (v - 1)) == 0;
}

/* @a must be a power of two. */
static inline uint64_t align_down(uint64_t v, uint64_t a)
{
    return v & ~(a - 1);
}

/* @a must be a power of two; wraps to 0 past the top. */
static inline uint64_t align_up(uint64_t v, uint64_t a)
{
    return (v + a - 1) & ~(a - 1);
}

static inline unsigned clz64(uint64_t v)
{
    return v ? (unsigned)__builtin_clzll(v) : 64;
}

static inline unsigned ctz64(uint64_t v)
{
    return v ? (unsigned)__builtin_ctzll(v) : 64;
}

#define DEFINE_LOAD_STORE(bits)                                                                    \
    static inline uint##bits##_t ld##bits##_le(const void *p)                                      \
    {                                                                                              \
        uint##bits##_t v;                                                                          \
        memcpy(&v, p, sizeof(v));                                                                  \
        return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap##bits(v);           \
    }                                                                                              \
    static inline uint##bits##_t ld##bits##_be(const void *p)                                      \
    {                                                                                              \
        return __builtin_bswap##bits(ld##bits##_le(p));                                            \
    }                                                                                              \
    static inline void st##bits##_le(void *p, uint##bits##_t v)                                    \
    {                                                                                              \
        v = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap##bits(v);              \
        memcpy(p, &v, sizeof(v));                                                                  \
    }                                                                                              \
    static inline void st##bits##_be(void *p, uint##bits##_t v)                                    \
    {                                                                                              \
        st##bits##_le(p, __builtin_bswap##bits(v));                                                \
    }

DEFINE_LOAD_STORE(16)
DEFINE_LOAD_STORE(32)
DEFINE_LOAD_STORE(64)
#undef DEFINE_LOAD_STORE

/* A little-endian value of @size bytes (1..8). */
static inline uint64_t ld_le(const void *p, unsigned size)
{
    const uint8_t *b = p;
    uint64_t v = 0;
    while (size--) {
        v = v << 8 | b[size];
    }
    return v;
}

/* Stores the low @size bytes (1..8) of @v, least significant first. */
static inline void st_le(void *p, uint64_t v, unsigned size)
{
    uint8_t *b = p;
    for (; size--; v >>= 8) {
        *b++ = (uint8_t)v;
    }
}

/* A naturally aligned integer of 1, 2, 4 or 8 bytes in the host's byte order. */
static inline uint64_t ld_host(const void *p, unsigned size)
{
    switch (size) {
    case 1:
        return *(const uint8_t *)p;
    case 2:
        return *(const uint16_t *)p;
    case 4:
        return *(const uint32_t *)p;
    default:
        return *(const uint64_t *)p;
    }
}

static inline void st_host(void *p, uint64_t v, unsigned size)
{
    switch (size) {
    case 1:
        *(uint8_t *)p = (uint8_t)v;
        break;
    case 2:
        *(uint16_t *)p = (uint16_t)v;
        break;
    case 4:
        *(uint32_t *)p = (uint32_t)v;
        break;
    default:
        *(uint64_t *)p = v;
        break;
    }
}

#endif
