/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decompression of images in memory. */
#ifndef HW_CORE_UNPACK_H
#define HW_CORE_UNPACK_H

#include <glib.h>
#include <stdint.h>

#include "util/error.h"

typedef enum PackKind { PACK_NONE, PACK_GZIP, PACK_ZSTD, PACK_OTHER } PackKind;

/* The format that @data starts with; *@name is its name, also of those that cannot be unpacked
 * (PACK_OTHER). */
PackKind unpack_kind(const uint8_t *data, size_t len, const char **name);

/* The contents of @data, at most @max bytes (more is an error). NULL on failure. */
GBytes *unpack(PackKind kind, const uint8_t *data, size_t len, uint64_t max, Error *err);

#endif
