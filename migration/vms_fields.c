/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "vms_fields.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

/* How each type looks in a stream. The codes are the format: they never change. */
typedef struct Wire {
    uint8_t code;
    uint8_t size; /* bytes of an element; 0: not of a fixed size */
} Wire;

static const Wire wires[FIELD_TYPES] = {
    [FIELD_BOOL] = { 1, 1 }, [FIELD_U8] = { 2, 1 },     [FIELD_U16] = { 3, 2 },
    [FIELD_U32] = { 4, 4 },  [FIELD_U64] = { 5, 8 },    [FIELD_I32] = { 6, 4 },
    [FIELD_I64] = { 7, 8 },  [FIELD_SIZE] = { 5, 8 },   [FIELD_ENUM] = { 6, 4 },
    [FIELD_STR] = { 8, 0 },  [FIELD_STRUCT] = { 9, 0 },
};

/* Length that stands for a NULL string. */
#define NO_STRING UINT32_MAX

/* Longest string that a stream may hold. */
#define MAX_STRING 65536

/* Most rows of a table. */
#define MAX_ROWS 256

/* --- writing --- */

static void put_scalar(const Field *f, const void *obj, unsigned index, ByteWriter *out)
{
    uint64_t v = field_get_u64(f, obj, index);
    switch (wires[f->type].size) {
    case 1:
        bw_u8(out, (uint8_t)v);
        break;
    case 2:
        bw_u16(out, (uint16_t)v);
        break;
    case 4:
        bw_u32(out, (uint32_t)v);
        break;
    default:
        bw_u64(out, v);
        break;
    }
}

static void put_elem(const Field *f, const void *obj, unsigned index, ByteWriter *out)
{
    if (f->type == FIELD_STR) {
        const char *s = field_get_str(f, obj);
        bw_u32(out, s ? (uint32_t)strlen(s) : NO_STRING);
        bw_bytes(out, s, s ? strlen(s) : 0);
        return;
    }
    if (f->type == FIELD_STRUCT) {
        size_t at = out->len;
        bw_u32(out, 0);
        vms_put_fields(f->sub, field_elem(f, obj, index), out);
        bw_patch_u32(out, at, (uint32_t)(out->len - at - 4));
        return;
    }
    put_scalar(f, obj, index, out);
}

void vms_put_fields(const Field *table, const void *obj, ByteWriter *out)
{
    for (const Field *f = table; f && f->name; f++) {
        if (!(f->flags & FIELD_IS_SAVED) || (f->present && !f->present(obj))) {
            continue;
        }
        uint32_t n = field_len(f, obj);
        assert(wires[f->type].code && (!f->count || n <= f->count));
        bw_u8(out, wires[f->type].code);
        bw_str8(out, f->name);
        bw_u32(out, n);
        if (wires[f->type].size == 1) {
            bw_bytes(out, field_elem(f, obj, 0), n);
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            put_elem(f, obj, i, out);
        }
    }
}

/* --- reading --- */

static uint64_t get_scalar(const Field *f, ByteReader *in)
{
    switch (wires[f->type].size) {
    case 1:
        return br_u8(in);
    case 2:
        return br_u16(in);
    case 4:
        return f->type == FIELD_U32 ? br_u32(in) : (uint64_t)(int64_t)(int32_t)br_u32(in);
    default:
        return br_u64(in);
    }
}

static bool cut_short(const char *name, Error *err)
{
    error_set(err, "the data of '%s' ends early", name);
    return false;
}

static bool get_str(const Field *f, void *obj, ByteReader *in, bool apply, Error *err)
{
    uint32_t len = br_u32(in);
    const char *p = len == NO_STRING ? NULL : br_take(in, len);
    if (in->failed) {
        return cut_short(f->name, err);
    }
    if (p && (len > MAX_STRING || memchr(p, 0, len))) {
        error_set(err, "'%s' is not a proper string", f->name);
        return false;
    }
    if (apply) {
        char *copy = p ? g_strndup(p, len) : NULL;
        field_set_str(f, obj, copy);
        g_free(copy);
    }
    return true;
}

static bool get_elem(const Field *f, void *obj, unsigned index, ByteReader *in, unsigned version,
                     bool apply, Error *err)
{
    if (f->type == FIELD_STR) {
        return get_str(f, obj, in, apply, err);
    }
    if (f->type == FIELD_STRUCT) {
        ByteReader sub;
        if (!br_sub(in, &sub, br_u32(in))) {
            return cut_short(f->name, err);
        }
        if (!vms_get_fields(f->sub, field_elem(f, obj, index), &sub, version, apply, err)) {
            error_prepend(err, "in element %u of '%s': ", index, f->name);
            return false;
        }
        return true;
    }
    uint64_t v = get_scalar(f, in);
    if (in->failed) {
        return cut_short(f->name, err);
    }
    return apply ? field_set_u64(f, obj, index, v, err) : field_check_u64(f, v, err);
}

/* Whether the member can take @n elements. */
static bool check_count(const Field *f, const void *obj, uint32_t n, Error *err)
{
    bool any_up_to_count = f->has_len && (!(f->flags & FIELD_PTR) || (f->flags & FIELD_ALLOC));
    uint32_t want = any_up_to_count ? f->count : field_len(f, obj);
    if (any_up_to_count ? n <= want : n == want) {
        return true;
    }
    error_set(err, "'%s' has %u elements where %s%u are possible", f->name, n,
              any_up_to_count ? "at most " : "only ", want);
    return false;
}

static void set_count(const Field *f, void *obj, uint32_t n)
{
    if (!f->has_len) {
        return;
    }
    if (f->flags & FIELD_ALLOC) {
        void **member = (void **)((char *)obj + f->offset);
        *member = g_realloc_n(*member, n, f->elem_size);
    }
    *(uint32_t *)((char *)obj + f->len_offset) = n;
}

static bool get_field(const Field *f, void *obj, ByteReader *in, unsigned version, bool apply,
                      Error *err)
{
    uint32_t n = br_u32(in);
    if (in->failed) {
        return cut_short(f->name, err);
    }
    if (!check_count(f, obj, n, err)) {
        return false;
    }
    if (apply) {
        set_count(f, obj, n);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!get_elem(f, obj, i, in, version, apply, err)) {
            return false;
        }
    }
    return true;
}

/* Finds the row that the next field of the stream is about, and checks its type. */
static const Field *get_row(const Field *table, ByteReader *in, Error *err)
{
    char name[256];
    uint8_t code = br_u8(in);
    if (!br_str8(in, name, sizeof(name))) {
        error_set(err, "the data ends early");
        return NULL;
    }
    const Field *f = field_find(table, name);
    while (f && !(f->flags & FIELD_IS_SAVED)) {
        f = field_find(f + 1, name); /* a property's row may have the same name */
    }
    if (!f) {
        error_set(err, "there is no field '%s' here", name);
        return NULL;
    }
    if (wires[f->type].code != code) {
        error_set(err, "field '%s' is of another type (code %u)", name, code);
        return NULL;
    }
    return f;
}

static bool check_missing(const Field *table, const bool *seen, unsigned version, Error *err)
{
    for (const Field *f = table; f && f->name; f++) {
        bool needed = (f->flags & FIELD_IS_SAVED) && f->since <= version && !f->present;
        if (needed && !seen[f - table]) {
            error_set(err, "field '%s' is missing", f->name);
            return false;
        }
    }
    return true;
}

bool vms_get_fields(const Field *table, void *obj, ByteReader *in, unsigned version, bool apply,
                    Error *err)
{
    bool seen[MAX_ROWS] = { false };
    while (in->failed || br_left(in)) {
        const Field *f = get_row(table, in, err);
        if (!f) {
            return false;
        }
        assert(f - table < MAX_ROWS);
        if (seen[f - table]) {
            error_set(err, "field '%s' is there twice", f->name);
            return false;
        }
        seen[f - table] = true;
        if (!get_field(f, obj, in, version, apply, err)) {
            return false;
        }
    }
    return check_missing(table, seen, version, err);
}
