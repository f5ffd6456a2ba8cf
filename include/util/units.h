/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names for sizes and times, and the array length. */
#ifndef UTIL_UNITS_H
#define UTIL_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define KiB (UINT64_C(1) << 10)
#define MiB (UINT64_C(1) << 20)
#define GiB (UINT64_C(1) << 30)
#define TiB (UINT64_C(1) << 40)

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_US  INT64_C(1000)

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* The struct of type @T whose member @m is at @ptr. */
#define container_of(ptr, T, m) ((T *)((char *)(ptr)-offsetof(T, m)))

#endif
