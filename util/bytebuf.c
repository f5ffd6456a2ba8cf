/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/bytebuf.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

#include "util/bitops.h"

void br_init(ByteReader *r, const void *data, size_t len)
{
    *r = (ByteReader) { .data = data, .len = len };
}

size_t br_left(const ByteReader *r)
{
    return r->failed ? 0 : r->len - r->pos;
}

const void *br_take(ByteReader *r, size_t len)
{
    if (len > br_left(r)) {
        r->failed = true;
    }
    if (r->failed) {
        return NULL;
    }
    const void *p = r->data + r->pos;
    r->pos += len;
    return p;
}

uint8_t br_u8(ByteReader *r)
{
    const uint8_t *p = br_take(r, 1);
    return p ? *p : 0;
}

uint16_t br_u16(ByteReader *r)
{
    const void *p = br_take(r, 2);
    return p ? ld16_le(p) : 0;
}

uint32_t br_u32(ByteReader *r)
{
    const void *p = br_take(r, 4);
    return p ? ld32_le(p) : 0;
}

uint64_t br_u64(ByteReader *r)
{
    const void *p = br_take(r, 8);
    return p ? ld64_le(p) : 0;
}

bool br_bytes(ByteReader *r, void *out, size_t len)
{
    const void *p = br_take(r, len);
    if (!p) {
        memset(out, 0, len);
        return false;
    }
    memcpy(out, p, len);
    return true;
}

bool br_sub(ByteReader *r, ByteReader *sub, size_t len)
{
    const void *p = br_take(r, len);
    br_init(sub, p, p ? len : 0);
    sub->failed = !p;
    return p != NULL;
}

bool br_str8(ByteReader *r, char *out, size_t size)
{
    size_t len = br_u8(r);
    const char *p = br_take(r, len);
    if (p && (len >= size || memchr(p, 0, len))) {
        r->failed = true;
        p = NULL;
    }
    if (!p) {
        len = 0;
    }
    if (len) {
        memcpy(out, p, len);
    }
    if (size) {
        out[len] = 0;
    }
    return p != NULL;
}

static void *grow(ByteWriter *w, size_t len)
{
    if (len > w->cap - w->len) {
        size_t cap = MAX(w->cap * 2, w->len + len);
        cap = MAX(cap, 256);
        w->data = g_realloc(w->data, cap);
        w->cap = cap;
    }
    void *p = w->data + w->len;
    w->len += len;
    return p;
}

void bw_free(ByteWriter *w)
{
    g_free(w->data);
    *w = (ByteWriter) { 0 };
}

void bw_u8(ByteWriter *w, uint8_t v)
{
    *(uint8_t *)grow(w, 1) = v;
}

void bw_u16(ByteWriter *w, uint16_t v)
{
    st16_le(grow(w, 2), v);
}

void bw_u32(ByteWriter *w, uint32_t v)
{
    st32_le(grow(w, 4), v);
}

void bw_u64(ByteWriter *w, uint64_t v)
{
    st64_le(grow(w, 8), v);
}

void bw_bytes(ByteWriter *w, const void *data, size_t len)
{
    if (len) {
        memcpy(grow(w, len), data, len);
    }
}

void bw_str8(ByteWriter *w, const char *s)
{
    size_t len = strlen(s);
    assert(len <= 255);
    bw_u8(w, (uint8_t)len);
    bw_bytes(w, s, len);
}

void bw_patch_u32(ByteWriter *w, size_t pos, uint32_t v)
{
    assert(pos + 4 <= w->len);
    st32_le(w->data + pos, v);
}

/* CRC of each value of four bits, for the reflected polynomial 0xedb88320. */
static const uint32_t crc_nibble[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t crc32_ieee(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ crc_nibble[crc & 15];
        crc = crc >> 4 ^ crc_nibble[crc & 15];
    }
    return ~crc;
}
