/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/field.h"

#include <assert.h>
#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "util/bitops.h"

typedef struct TypeDesc {
    const char *name;
    uint8_t size;    /* bytes of an element */
    bool is_integer; /* get/set_u64 work */
    bool is_signed;
    const char *takes; /* for errors */
} TypeDesc;

static const TypeDesc type_descs[FIELD_TYPES] = {
    [FIELD_BOOL] = { "bool", sizeof(bool), true, false, "'on' or 'off'" },
    [FIELD_U8] = { "uint8", 1, true, false, "a number from 0 to 255" },
    [FIELD_U16] = { "uint16", 2, true, false, "a number from 0 to 65535" },
    [FIELD_U32] = { "uint32", 4, true, false, "a number from 0 to 2^32-1" },
    [FIELD_U64] = { "uint64", 8, true, false, "a number from 0 to 2^64-1" },
    [FIELD_I32] = { "int32", 4, true, true, "a number from -2^31 to 2^31-1" },
    [FIELD_I64] = { "int64", 8, true, true, "a number from -2^63 to 2^63-1" },
    [FIELD_SIZE] = { "size", 8, true, false, "a size" },
    [FIELD_STR] = { "str", sizeof(char *), false, false, "a string" },
    [FIELD_ENUM] = { "enum", sizeof(int), true, true, "a name" },
    [FIELD_LINK] = { "link", sizeof(void *), false, false, "an object's id or path" },
    [FIELD_STRUCT] = { "struct", 0, false, false, "a struct" },
};

const Field *field_find(const Field *table, const char *name)
{
    for (const Field *f = table; f && f->name; f++) {
        if (!strcmp(f->name, name)) {
            return f;
        }
    }
    return NULL;
}

void field_suggest(const Field *table, unsigned flags, Suggest *s)
{
    for (const Field *f = table; f && f->name; f++) {
        if ((f->flags & flags) == flags) {
            suggest_offer(s, f->name);
        }
    }
}

const char *field_type_name(const Field *f)
{
    return type_descs[f->type].name;
}

void *field_elem(const Field *f, const void *obj, unsigned index)
{
    char *base = (char *)obj + f->offset;
    if (f->flags & FIELD_PTR) {
        base = *(char **)base;
    }
    return base + (size_t)index * f->elem_size;
}

uint32_t field_len(const Field *f, const void *obj)
{
    if (f->has_len) {
        return *(const uint32_t *)((const char *)obj + f->len_offset);
    }
    return f->count ? f->count : 1;
}

static uint64_t load_int(const void *p, const TypeDesc *d)
{
    uint64_t v = ld_host(p, d->size);
    return d->is_signed ? (uint64_t)bits_sext(v, d->size * 8) : v;
}

uint64_t field_get_u64(const Field *f, const void *obj, unsigned index)
{
    const TypeDesc *d = &type_descs[f->type];
    assert(d->is_integer);
    return load_int(field_elem(f, obj, index), d);
}

static bool fits_type(const Field *f, uint64_t v)
{
    const TypeDesc *d = &type_descs[f->type];
    if (f->type == FIELD_BOOL) {
        return v <= 1;
    }
    if (d->size == 8) {
        return true;
    }
    if (d->is_signed) {
        return (int64_t)v >= INT32_MIN && (int64_t)v <= INT32_MAX;
    }
    return v >> (d->size * 8) == 0;
}

static bool within_bounds(const Field *f, uint64_t v)
{
    if (!f->has_bounds) {
        return true;
    }
    if (type_descs[f->type].is_signed) {
        return (int64_t)v >= (int64_t)f->min && (int64_t)v <= (int64_t)f->max;
    }
    return v >= f->min && v <= f->max;
}

bool field_check_u64(const Field *f, uint64_t value, Error *err)
{
    const TypeDesc *d = &type_descs[f->type];
    assert(d->is_integer);
    if (!fits_type(f, value)) {
        error_set(err, "'%s' takes %s", f->name, d->takes);
        return false;
    }
    if (!within_bounds(f, value)) {
        const char *fmt = d->is_signed ? "'%s' must be from %" G_GINT64_FORMAT
                                         " to %" G_GINT64_FORMAT ", not %" G_GINT64_FORMAT
                                       : "'%s' must be from %" G_GUINT64_FORMAT
                                         " to %" G_GUINT64_FORMAT ", not %" G_GUINT64_FORMAT;
        char *text = g_strdup_printf(fmt, f->name, f->min, f->max, value);
        error_set(err, "%s", text);
        g_free(text);
        return false;
    }
    if (f->type == FIELD_ENUM && f->enums && !field_enum_name(f->enums, (int)value)) {
        error_set(err, "'%s' has no value number %d", f->name, (int)value);
        return false;
    }
    return true;
}

bool field_set_u64(const Field *f, void *obj, unsigned index, uint64_t value, Error *err)
{
    if (!field_check_u64(f, value, err)) {
        return false;
    }
    st_host(field_elem(f, obj, index), value, type_descs[f->type].size);
    return true;
}

const char *field_get_str(const Field *f, const void *obj)
{
    assert(f->type == FIELD_STR);
    return *(char **)field_elem(f, obj, 0);
}

void field_set_str(const Field *f, void *obj, const char *value)
{
    assert(f->type == FIELD_STR);
    char **member = field_elem(f, obj, 0);
    char *copy = g_strdup(value);
    g_free(*member);
    *member = copy;
}

bool field_parse_bool(const char *text, bool *out)
{
    static const char *const words[][2] = {
        { "on", "off" }, { "yes", "no" }, { "true", "false" }, { "y", "n" }
    };
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        for (unsigned no = 0; no < 2; no++) {
            if (!strcmp(text, words[i][no])) {
                *out = !no;
                return true;
            }
        }
    }
    return false;
}

bool field_parse_u64(const char *text, uint64_t *out)
{
    if (!g_ascii_isdigit(text[0])) {
        return false;
    }
    char *end;
    errno = 0;
    uint64_t v = strtoull(text, &end, 0);
    if (errno || *end) {
        return false;
    }
    *out = v;
    return true;
}

static bool parse_i64(const char *text, uint64_t *out)
{
    if (text[0] != '-') {
        return field_parse_u64(text, out) && *out <= INT64_MAX;
    }
    uint64_t magnitude;
    if (!field_parse_u64(text + 1, &magnitude) || magnitude > (UINT64_C(1) << 63)) {
        return false;
    }
    *out = -magnitude;
    return true;
}

/* The factor of a size suffix, or 0. */
static uint64_t suffix_factor(char c)
{
    static const char letters[] = "bkmgtpe";
    const char *p = c ? strchr(letters, g_ascii_tolower(c)) : NULL;
    return p ? UINT64_C(1) << (10 * (p - letters)) : 0;
}

/* Digits after the point as a 64-bit binary fraction (numerator over 2^64), rounded down. */
static uint64_t parse_fraction(const char **p)
{
    const char *first = *p, *end = first;
    while (g_ascii_isdigit(*end)) {
        end++;
    }
    unsigned __int128 frac = 0;
    for (const char *d = end; d > first; d--) {
        frac = (((unsigned __int128)(d[-1] - '0') << 64) + frac) / 10;
    }
    *p = end;
    return (uint64_t)frac;
}

static bool parse_size_text(const char *text, uint64_t unit, uint64_t *out)
{
    if (!g_ascii_isdigit(text[0])) {
        return false;
    }
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const char *p = text;
    char *end;
    uint64_t fraction = 0;
    errno = 0;
    uint64_t whole = strtoull(text, &end, hex ? 16 : 10);
    if (errno || (hex && end == text + 1)) {
        return false;
    }
    p = end;
    if (!hex && *p == '.') {
        p++;
        fraction = parse_fraction(&p);
    }
    uint64_t factor = unit;
    if (*p) {
        factor = suffix_factor(*p++);
    }
    if (!factor || *p) {
        return false;
    }
    unsigned __int128 v = (unsigned __int128)whole * factor;
    v += (unsigned __int128)fraction * factor >> 64;
    *out = (uint64_t)v;
    return v <= UINT64_MAX;
}

bool field_parse_size(const char *name, const char *text, uint64_t unit, uint64_t *out, Error *err)
{
    uint64_t v;
    if (!parse_size_text(text, unit, &v)) {
        error_set(err, "'%s' takes a size below 2^64, not '%s'", name, text);
        error_hint(err, "A size is a number, with one of the letters k, M, G, T, P or E behind it"
                        " for a multiple of 1024 bytes, 1024 KiB and so on, such as 512M or 1.5G.");
        return false;
    }
    *out = v;
    return true;
}

const char *field_enum_name(const FieldEnum *enums, int value)
{
    for (const FieldEnum *e = enums; e && e->name; e++) {
        if (e->value == value) {
            return e->name;
        }
    }
    return NULL;
}

bool field_enum_value(const FieldEnum *enums, const char *name, int *out)
{
    for (const FieldEnum *e = enums; e && e->name; e++) {
        if (!strcmp(e->name, name)) {
            *out = e->value;
            return true;
        }
    }
    return false;
}

static bool parse_enum(const Field *f, const char *text, uint64_t *out, Error *err)
{
    int v;
    if (field_enum_value(f->enums, text, &v)) {
        *out = (uint64_t)(int64_t)v;
        return true;
    }
    error_set(err, "'%s' has no value '%s'", f->name, text);
    GString *names = g_string_new(NULL);
    Suggest s;
    suggest_init(&s, text);
    for (const FieldEnum *e = f->enums; e && e->name; e++) {
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", e->name);
        suggest_offer(&s, e->name);
    }
    suggest_hint(&s, err);
    error_hint(err, "Its values are: %s", names->str);
    g_string_free(names, TRUE);
    return false;
}

static bool parse_value(const Field *f, const char *text, uint64_t *out, Error *err)
{
    bool good;
    bool flag = false;
    switch (f->type) {
    case FIELD_ENUM:
        return parse_enum(f, text, out, err);
    case FIELD_SIZE:
        return field_parse_size(f->name, text, 1, out, err);
    case FIELD_BOOL:
        good = field_parse_bool(text, &flag);
        *out = flag;
        break;
    case FIELD_I32:
    case FIELD_I64:
        good = parse_i64(text, out);
        break;
    default:
        good = field_parse_u64(text, out);
        break;
    }
    if (!good || !fits_type(f, *out)) {
        error_set(err, "'%s' takes %s, not '%s'", f->name, type_descs[f->type].takes, text);
        return false;
    }
    return true;
}

bool field_parse(const Field *f, void *obj, const char *text, Error *err)
{
    assert(f->type != FIELD_LINK && f->type != FIELD_STRUCT);
    if (f->type == FIELD_STR) {
        field_set_str(f, obj, text);
        return true;
    }
    uint64_t v;
    return parse_value(f, text, &v, err) && field_set_u64(f, obj, 0, v, err);
}

char *field_format(const Field *f, const void *obj)
{
    assert(f->type != FIELD_LINK && f->type != FIELD_STRUCT);
    if (f->type == FIELD_STR) {
        return g_strdup(field_get_str(f, obj));
    }
    uint64_t v = field_get_u64(f, obj, 0);
    if (f->type == FIELD_BOOL) {
        return g_strdup(v ? "on" : "off");
    }
    if (f->type == FIELD_ENUM) {
        const char *name = field_enum_name(f->enums, (int)v);
        return name ? g_strdup(name) : g_strdup_printf("%d", (int)v);
    }
    if (f->flags & FIELD_HEX) {
        return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", v);
    }
    if (type_descs[f->type].is_signed) {
        return g_strdup_printf("%" G_GINT64_FORMAT, (int64_t)v);
    }
    return g_strdup_printf("%" G_GUINT64_FORMAT, v);
}

void field_init_defaults(const Field *table, void *obj)
{
    for (const Field *f = table; f && f->name; f++) {
        if ((f->flags & FIELD_IS_PROP) && f->def && f->type != FIELD_LINK) {
            bool ok = field_parse(f, obj, f->def, NULL);
            assert(ok);
        }
    }
}

void field_free_members(const Field *table, void *obj)
{
    for (const Field *f = table; f && f->name; f++) {
        if (f->type == FIELD_STR) {
            field_set_str(f, obj, NULL);
        } else if ((f->flags & FIELD_ALLOC) && f->has_len) {
            g_clear_pointer((void **)((char *)obj + f->offset), g_free);
        }
    }
}
