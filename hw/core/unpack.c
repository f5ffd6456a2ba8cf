/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip is RFC 1952, Zstandard RFC 8878. Several members or frames in a row are unpacked as one. */
#include "unpack.h"

#include <inttypes.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "util/units.h"

enum { CHUNK = 1 << 20 };

static const struct {
    PackKind kind;
    const char *name;
    uint8_t len;
    uint8_t magic[6];
} formats[] = {
    { PACK_GZIP, "gzip", 3, { 0x1f, 0x8b, 0x08 } },
    { PACK_ZSTD, "zstd", 4, { 0x28, 0xb5, 0x2f, 0xfd } },
    { PACK_OTHER, "xz", 6, { 0xfd, '7', 'z', 'X', 'Z', 0x00 } },
    { PACK_OTHER, "bzip2", 4, { 'B', 'Z', 'h', '9' } },
    { PACK_OTHER, "lz4", 4, { 0x04, 0x22, 0x4d, 0x18 } },
    { PACK_OTHER, "lz4 (legacy)", 4, { 0x02, 0x21, 0x4c, 0x18 } },
    { PACK_OTHER, "lzo", 4, { 0x89, 'L', 'Z', 'O' } },
};

PackKind unpack_kind(const uint8_t *data, size_t len, const char **name)
{
    for (unsigned i = 0; i < ARRAY_LEN(formats); i++) {
        if (len >= formats[i].len && !memcmp(data, formats[i].magic, formats[i].len)) {
            *name = formats[i].name;
            return formats[i].kind;
        }
    }
    *name = NULL;
    return PACK_NONE;
}

/* Makes room for a chunk behind the first @used bytes; false when @max is exceeded. */
static bool grow(GByteArray *out, size_t used, uint64_t max, Error *err)
{
    if (used > max) {
        error_set(err, "it is larger than the %" PRIu64 " KiB possible here when unpacked",
                  max / KiB);
        error_hint(err, "Give the machine more RAM with -m");
        return false;
    }
    g_byte_array_set_size(out, (guint)(used + CHUNK));
    return true;
}

/* One gzip member after the other; zeros behind the last are padding. */
static bool gunzip_all(z_stream *z, GByteArray *out, uint64_t max, Error *err)
{
    size_t used = 0;
    while (z->avail_in) {
        if (!grow(out, used, max, err)) {
            return false;
        }
        z->next_out = out->data + used;
        z->avail_out = CHUNK;
        int rc = inflate(z, Z_NO_FLUSH);
        used += CHUNK - z->avail_out;
        if (rc == Z_STREAM_END) {
            if (z->avail_in < 2 || z->next_in[0] != 0x1f || inflateReset(z) != Z_OK) {
                break;
            }
        } else if (rc != Z_OK) {
            error_set(err, "its gzip data is damaged (%s)", z->msg ? z->msg : "it ends early");
            return false;
        } else if (!z->avail_in && z->avail_out) {
            error_set(err, "its gzip data ends early");
            return false;
        }
    }
    g_byte_array_set_size(out, (guint)used);
    return used <= max || grow(out, used, max, err);
}

static bool unpack_gzip(const uint8_t *data, size_t len, uint64_t max, GByteArray *out, Error *err)
{
    z_stream z = { .next_in = (Bytef *)data, .avail_in = (uInt)len };
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) { /* 16: gzip format */
        error_set(err, "there is no memory to unpack it");
        return false;
    }
    bool ok = gunzip_all(&z, out, max, err);
    inflateEnd(&z);
    return ok;
}

static bool unzstd_all(ZSTD_DStream *z, ZSTD_inBuffer *in, GByteArray *out, uint64_t max,
                       Error *err)
{
    size_t used = 0, rc;
    do {
        if (!grow(out, used, max, err)) {
            return false;
        }
        ZSTD_outBuffer chunk = { out->data + used, CHUNK, 0 };
        rc = ZSTD_decompressStream(z, &chunk, in);
        used += chunk.pos;
        if (ZSTD_isError(rc)) {
            error_set(err, "its zstd data is damaged (%s)", ZSTD_getErrorName(rc));
            return false;
        }
        if (rc != 0 && in->pos == in->size && chunk.pos < chunk.size) {
            error_set(err, "its zstd data ends early");
            return false;
        }
    } while (rc != 0 || in->pos < in->size);
    g_byte_array_set_size(out, (guint)used);
    return used <= max || grow(out, used, max, err);
}

static bool unpack_zstd(const uint8_t *data, size_t len, uint64_t max, GByteArray *out, Error *err)
{
    ZSTD_DStream *z = ZSTD_createDStream();
    ZSTD_inBuffer in = { data, len, 0 };
    bool ok = unzstd_all(z, &in, out, max, err);
    ZSTD_freeDStream(z);
    return ok;
}

GBytes *unpack(PackKind kind, const uint8_t *data, size_t len, uint64_t max, Error *err)
{
    max = MIN(max, 2 * GiB); /* GByteArray counts in 32 bits */
    g_autoptr(GByteArray) out = g_byte_array_new();
    bool ok = kind == PACK_GZIP ? unpack_gzip(data, len, max, out, err)
                                : unpack_zstd(data, len, max, out, err);
    return ok ? g_byte_array_free_to_bytes(g_steal_pointer(&out)) : NULL;
}
