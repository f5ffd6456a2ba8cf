/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Field: one description of a struct member that serves properties (-device, -machine, QMP) and
 * the saved state alike.
 *
 * A table is an array ended by FIELD_END. The macros take the member's type from the member itself,
 * so a row cannot disagree with the struct.
 *
 *     static const Field uart_fields[] = {
 *         FIELD_PROP(Uart, clock_hz, "clock-frequency", "3686400", "input clock in Hz"),
 *         FIELD_SAVED(Uart, lcr),
 *         FIELD_SAVED_USED(Uart, fifo, fifo_len),
 *         FIELD_END
 *     };
 */
#ifndef UTIL_FIELD_H
#define UTIL_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/suggest.h"

typedef enum FieldType {
    FIELD_BOOL,
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_I32,
    FIELD_I64,
    FIELD_SIZE,   /* uint64_t, written with suffixes k M G T P E */
    FIELD_STR,    /* char *, owned by the struct (g_free), may be NULL */
    FIELD_ENUM,   /* int, its values named by Field.enums */
    FIELD_LINK,   /* Object *, a counted reference; parsed by qom from an id or path */
    FIELD_STRUCT, /* nested struct described by Field.sub; saved only */
    FIELD_TYPES
} FieldType;

enum {
    FIELD_IS_PROP = 1 << 0,  /* can be seen and set as a property */
    FIELD_IS_SAVED = 1 << 1, /* part of the saved state */
    FIELD_REQUIRED = 1 << 2, /* a property that must be set before realize */
    FIELD_READONLY = 1 << 3, /* a property that the user cannot set */
    FIELD_LIVE = 1 << 4,     /* a property that may change after realize */
    FIELD_PTR = 1 << 5,      /* the member points to the array's elements */
    FIELD_ALLOC =
        1 << 6,         /* with FIELD_PTR: loading reallocates it (g_malloc) to the saved length */
    FIELD_HEX = 1 << 7, /* formatted in hexadecimal */
};

/* A value's name; tables end with a NULL name. */
typedef struct FieldEnum {
    const char *name;
    int value;
} FieldEnum;

typedef struct Field Field;
struct Field {
    const char *name;
    FieldType type;
    uint16_t flags;
    uint16_t since;     /* saved state: first version that has it; 0 = since the first */
    uint32_t offset;    /* of the member */
    uint32_t elem_size; /* of one element */
    uint32_t count; /* elements of an array; 0: not an array; with FIELD_PTR: the most allowed */
    uint32_t len_offset;    /* of a uint32_t member with the number of elements in use */
    bool has_len;           /* len_offset counts */
    bool has_bounds;        /* min and max count */
    uint64_t min, max;      /* inclusive; compared as int64_t for I32 and I64 */
    const FieldEnum *enums; /* FIELD_ENUM */
    const Field *sub;       /* FIELD_STRUCT */
    const char *link_type;  /* FIELD_LINK: QOM type that the object must have */
    bool (*present)(
        const void *obj); /* saved state: NULL, or false leaves the field out of the stream */
    const char *def;      /* default of a property as the user would write it; NULL: zeroed */
    const char *help;     /* one line */
};

/* The FieldType of an lvalue. A char * is FIELD_STR; structs need the STRUCT macros. */
#define FIELD_TYPE_OF(lv)                                                                          \
    _Generic((lv), bool                                                                            \
             : FIELD_BOOL, uint8_t                                                                 \
             : FIELD_U8, uint16_t                                                                  \
             : FIELD_U16, uint32_t                                                                 \
             : FIELD_U32, uint64_t                                                                 \
             : FIELD_U64, int32_t                                                                  \
             : FIELD_I32, int64_t                                                                  \
             : FIELD_I64, char *                                                                   \
             : FIELD_STR)

#define FIELD_M_(T, m)  (((T *)0)->m)
#define FIELD_AT_(T, m) .offset = offsetof(T, m)

/* Properties. Further members (.flags cannot be repeated; use FIELD_PROP_FLAGS) may follow. */
#define FIELD_PROP_FLAGS(T, m, name_, flags_, def_, help_, ...)                                    \
    {                                                                                              \
        .name = name_, .type = FIELD_TYPE_OF(FIELD_M_(T, m)), .flags = FIELD_IS_PROP | (flags_),   \
        FIELD_AT_(T, m), .elem_size = sizeof(FIELD_M_(T, m)), .def = def_, .help = help_,          \
        ##__VA_ARGS__                                                                              \
    }
#define FIELD_PROP(T, m, name_, def_, help_, ...)                                                  \
    FIELD_PROP_FLAGS(T, m, name_, 0, def_, help_, ##__VA_ARGS__)
#define FIELD_PROP_BOUNDED(T, m, name_, def_, min_, max_, help_)                                   \
    FIELD_PROP(T, m, name_, def_, help_, .has_bounds = true, .min = (uint64_t)(min_),              \
               .max = (uint64_t)(max_))
#define FIELD_PROP_TYPED_(T, m, ctype, type_, name_, flags_, def_, help_, ...)                     \
    {                                                                                              \
        .name = name_, .type = type_, .flags = FIELD_IS_PROP | (flags_), FIELD_AT_(T, m),          \
        .elem_size = sizeof(FIELD_M_(T, m)) +                                                      \
                     0 * sizeof(char[sizeof(FIELD_M_(T, m)) == sizeof(ctype) ? 1 : -1]),           \
        .def = def_, .help = help_, ##__VA_ARGS__                                                  \
    }
#define FIELD_PROP_SIZE(T, m, name_, def_, help_)                                                  \
    FIELD_PROP_TYPED_(T, m, uint64_t, FIELD_SIZE, name_, 0, def_, help_)
#define FIELD_PROP_ENUM(T, m, name_, enums_, def_, help_)                                          \
    FIELD_PROP_TYPED_(T, m, int, FIELD_ENUM, name_, 0, def_, help_, .enums = enums_)
#define FIELD_PROP_LINK(T, m, name_, link_type_, flags_, help_)                                    \
    FIELD_PROP_TYPED_(T, m, void *, FIELD_LINK, name_, flags_, NULL, help_, .link_type = link_type_)

/* Saved state: a scalar. */
#define FIELD_SAVED(T, m, ...)                                                                     \
    {                                                                                              \
        .name = #m, .type = FIELD_TYPE_OF(FIELD_M_(T, m)), .flags = FIELD_IS_SAVED,                \
        FIELD_AT_(T, m), .elem_size = sizeof(FIELD_M_(T, m)), ##__VA_ARGS__                        \
    }
/* A scalar that a stream may only hold within min..max (say: an index into an array). */
#define FIELD_SAVED_BOUNDED(T, m, min_, max_)                                                      \
    FIELD_SAVED(T, m, .has_bounds = true, .min = (uint64_t)(min_), .max = (uint64_t)(max_))
/* An array inside the struct, saved whole. */
#define FIELD_SAVED_ARRAY(T, m, ...)                                                               \
    {                                                                                              \
        .name = #m, .type = FIELD_TYPE_OF(FIELD_M_(T, m)[0]), .flags = FIELD_IS_SAVED,             \
        FIELD_AT_(T, m), .elem_size = sizeof(FIELD_M_(T, m)[0]),                                   \
        .count = sizeof(FIELD_M_(T, m)) / sizeof(FIELD_M_(T, m)[0]), ##__VA_ARGS__                 \
    }
#define FIELD_LEN_(T, len)                                                                         \
    .has_len = true,                                                                               \
    .len_offset = offsetof(T, len) + 0 * sizeof(char[_Generic(FIELD_M_(T, len), uint32_t : 1)])
/* An array inside the struct of which the first `len` (a uint32_t member) elements are in use. Do
 * not list len itself: it is restored with the array. */
#define FIELD_SAVED_USED(T, m, len) FIELD_SAVED_ARRAY(T, m, FIELD_LEN_(T, len))
/* An array on the heap with `len` elements, both fixed by realize: a stream must have that length.
 */
#define FIELD_SAVED_FIXED_PTR(T, m, len, max_count)                                                \
    {                                                                                              \
        .name = #m, .type = FIELD_TYPE_OF(FIELD_M_(T, m)[0]), .flags = FIELD_IS_SAVED | FIELD_PTR, \
        FIELD_AT_(T, m), .elem_size = sizeof(FIELD_M_(T, m)[0]), .count = max_count,               \
        FIELD_LEN_(T, len)                                                                         \
    }
/* An array on the heap (g_malloc) that loading reallocates; len is restored with it. */
#define FIELD_SAVED_ALLOC_PTR(T, m, len, max_count)                                                \
    {                                                                                              \
        .name = #m, .type = FIELD_TYPE_OF(FIELD_M_(T, m)[0]),                                      \
        .flags = FIELD_IS_SAVED | FIELD_PTR | FIELD_ALLOC, FIELD_AT_(T, m),                        \
        .elem_size = sizeof(FIELD_M_(T, m)[0]), .count = max_count, FIELD_LEN_(T, len)             \
    }
/* A nested struct, and an array of them. */
#define FIELD_SAVED_STRUCT(T, m, sub_)                                                             \
    {                                                                                              \
        .name = #m, .type = FIELD_STRUCT, .flags = FIELD_IS_SAVED, FIELD_AT_(T, m),                \
        .elem_size = sizeof(FIELD_M_(T, m)), .sub = sub_                                           \
    }
#define FIELD_SAVED_STRUCTS(T, m, sub_)                                                            \
    {                                                                                              \
        .name = #m, .type = FIELD_STRUCT, .flags = FIELD_IS_SAVED, FIELD_AT_(T, m),                \
        .elem_size = sizeof(FIELD_M_(T, m)[0]),                                                    \
        .count = sizeof(FIELD_M_(T, m)) / sizeof(FIELD_M_(T, m)[0]), .sub = sub_                   \
    }
/* An array of structs on the heap with `len` elements, both fixed by realize. */
#define FIELD_SAVED_STRUCTS_FIXED_PTR(T, m, len, max_count, sub_)                                  \
    {                                                                                              \
        .name = #m, .type = FIELD_STRUCT, .flags = FIELD_IS_SAVED | FIELD_PTR, FIELD_AT_(T, m),    \
        .elem_size = sizeof(FIELD_M_(T, m)[0]), .count = max_count, .sub = sub_,                   \
        FIELD_LEN_(T, len)                                                                         \
    }

#define FIELD_END                                                                                  \
    {                                                                                              \
        .name = NULL                                                                               \
    }

/* The row called @name, or NULL; @table may be NULL. */
const Field *field_find(const Field *table, const char *name);

/* Offers the names of all rows that have every flag of @flags to @s. */
void field_suggest(const Field *table, unsigned flags, Suggest *s);

/* The type's name for help and errors: "bool", "uint32", "size", "str"... */
const char *field_type_name(const Field *f);

/* Sets the member of @obj from @text (element 0). Not for LINK and STRUCT. The error names the
 * field and what it takes; bounds are checked; nothing changes on failure. */
bool field_parse(const Field *f, void *obj, const char *text, Error *err);

/* The member as field_parse would read it; the caller frees it with g_free. NULL for a NULL string.
 */
char *field_format(const Field *f, const void *obj);

/* Integer kinds, bool and enum (element @index): a signed value is passed in two's complement. */
uint64_t field_get_u64(const Field *f, const void *obj, unsigned index);
bool field_set_u64(const Field *f, void *obj, unsigned index, uint64_t value, Error *err);

/* True when @value fits the type, bounds and enum table; else @err says why. */
bool field_check_u64(const Field *f, uint64_t value, Error *err);

/* FIELD_STR: borrowed, may be NULL; setting copies. */
const char *field_get_str(const Field *f, const void *obj);
void field_set_str(const Field *f, void *obj, const char *value);

/* The address of element @index, following FIELD_PTR. */
void *field_elem(const Field *f, const void *obj, unsigned index);

/* Elements in use: 1 for a scalar, the len member's value, or the array's size. */
uint32_t field_len(const Field *f, const void *obj);

/* Gives each property row that has a default its value, and frees the strings of a table's members.
 */
void field_init_defaults(const Field *table, void *obj);
void field_free_members(const Field *table, void *obj);

/* "on", "yes", "true", "y" or "off", "no", "false", "n". */
bool field_parse_bool(const char *text, bool *out);

/* Decimal, 0x hexadecimal or 0 octal without sign, whole text, below 2^64. */
bool field_parse_u64(const char *text, uint64_t *out);

/* A size with an optional suffix B k K M G T P E; a number without one counts in @unit (1: bytes).
 * Fractions ("1.5G") are allowed. @name is the option's or property's name for the error. */
bool field_parse_size(const char *name, const char *text, uint64_t unit, uint64_t *out, Error *err);

/* The name of @value, or NULL; the value called @name, or false. */
const char *field_enum_name(const FieldEnum *enums, int value);
bool field_enum_value(const FieldEnum *enums, const char *name, int *out);

#endif
