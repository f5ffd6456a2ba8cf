/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded reading and growing writing of byte streams. Integers are little-endian.
 *
 * A reader never reads past its end: the first read that would sets `failed`, and from then on
 * every read yields zero, so that a parser may check once at the end of a group.
 */
#ifndef UTIL_BYTEBUF_H
#define UTIL_BYTEBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ByteReader {
    const uint8_t *data; /* borrowed */
    size_t len;
    size_t pos;
    bool failed;
} ByteReader;

void br_init(ByteReader *r, const void *data, size_t len);

/* Bytes not read yet; 0 after a failure. */
size_t br_left(const ByteReader *r);

uint8_t br_u8(ByteReader *r);
uint16_t br_u16(ByteReader *r);
uint32_t br_u32(ByteReader *r);
uint64_t br_u64(ByteReader *r);

/* Copies @len bytes to @out (zeroes it on failure); false on failure. */
bool br_bytes(ByteReader *r, void *out, size_t len);

/* A pointer to the next @len bytes, which are passed over; NULL on failure. */
const void *br_take(ByteReader *r, size_t len);

/* A reader of its own over the next @len bytes, which are passed over. */
bool br_sub(ByteReader *r, ByteReader *sub, size_t len);

/* A string as bw_str8 writes it, copied into @out of @size bytes with its NUL; fails when it does
 * not fit or holds a NUL. */
bool br_str8(ByteReader *r, char *out, size_t size);

typedef struct ByteWriter {
    uint8_t *data; /* owned */
    size_t len;
    size_t cap;
} ByteWriter;

/* A zeroed ByteWriter is ready for use; bw_free frees it and makes it so again. */
void bw_free(ByteWriter *w);
void bw_u8(ByteWriter *w, uint8_t v);
void bw_u16(ByteWriter *w, uint16_t v);
void bw_u32(ByteWriter *w, uint32_t v);
void bw_u64(ByteWriter *w, uint64_t v);
void bw_bytes(ByteWriter *w, const void *data, size_t len);

/* A length byte and the string's bytes; the string is at most 255 bytes long (assert). */
void bw_str8(ByteWriter *w, const char *s);

/* Overwrites four bytes at @pos, which were written before. */
void bw_patch_u32(ByteWriter *w, size_t pos, uint32_t v);

/* CRC-32 (IEEE 802.3, reflected) of @len bytes continuing from @crc; start with 0. */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t len);

#endif
