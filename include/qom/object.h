/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Objects: named types with single inheritance, properties, and a composition tree.
 *
 * A type is one const TypeInfo, registered at link time:
 *
 *     typedef struct Uart { Device dev; ... } Uart;
 *     static const DeviceClass uart_class = { .realize = uart_realize, ... };
 *     static const TypeInfo uart_type = {
 *         .name = "serial-mm", .parent = TYPE_DEVICE, .instance_size = sizeof(Uart),
 *         .class = &uart_class, .props = uart_fields,
 *     };
 *     QOM_TYPE(uart_type);
 *
 * An instance starts with its parent's struct, and so in the end with Object. Properties are the
 * rows of the type's and its ancestors' tables. Objects are not thread-safe: use them under the
 * device lock, but for obj_ref and obj_unref.
 */
#ifndef QOM_OBJECT_H
#define QOM_OBJECT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"
#include "util/field.h"
#include "util/sections.h"
#include "util/suggest.h"

typedef struct Object Object;
typedef struct TypeInfo TypeInfo;

/* A property with code of its own instead of a Field row. Tables end with a NULL name. */
typedef struct ObjProp {
    const char *name;
    const char *type; /* as shown in help: "bool", "str", ... */
    const char *help;
    unsigned flags;                                         /* FIELD_READONLY, FIELD_LIVE */
    char *(*get)(Object *obj);                              /* text for g_free; NULL: write-only */
    bool (*set)(Object *obj, const char *text, Error *err); /* NULL: read-only */
    const char *def;                                        /* shown in help only */
} ObjProp;

struct TypeInfo {
    const char *name;
    const char *parent;   /* NULL only for TYPE_OBJECT */
    size_t instance_size; /* 0: the parent's */
    bool abstract;
    bool internal;           /* cannot be made with -device or -object */
    const void *class;       /* method table of the family's kind; NULL: the parent's */
    const Field *props;      /* rows with FIELD_IS_PROP are properties; NULL: none of its own */
    const ObjProp *dynprops; /* NULL: none of its own */
    void (*instance_init)(Object *obj); /* parents first; after the defaults were set */
    void (*instance_finalize)(
        Object *obj); /* parents last; Field strings and links are freed after */
    const char *help; /* one line for "-device help" */
};

SECTION_DECLARE(pg_types, TypeInfo);

/* Registers `static const TypeInfo info`. */
#define QOM_TYPE(info) SECTION_ADD(pg_types, TypeInfo, info)

#define TYPE_OBJECT    "object"
#define TYPE_CONTAINER "container" /* a node of the tree without behaviour */

struct Object {
    const TypeInfo *type;
    int refs;            /* atomic */
    bool frozen;         /* realized: only FIELD_LIVE properties may still change */
    Object *parent;      /* in the composition tree; not counted */
    char *name;          /* in the parent; NULL for a root */
    GPtrArray *children; /* Object *, in order of addition, one reference each */
    GHashTable *was_set; /* names of properties that were set; NULL: none */
};

#define OBJECT(x) ((Object *)(x))

/* --- types --- */

/* The type called @name, or NULL. */
const TypeInfo *type_find(const char *name);

/* The parent's TypeInfo, NULL for TYPE_OBJECT. */
const TypeInfo *type_parent(const TypeInfo *type);

/* True when @type is @ancestor or derived from it. */
bool type_is_a(const TypeInfo *type, const char *ancestor);

/* Calls @fn for each type derived from @ancestor (NULL: every one), in order of their names. */
void type_foreach(const char *ancestor, bool with_abstract,
                  void (*fn)(const TypeInfo *type, void *opaque), void *opaque);

/* The method table of @type: its own, or the nearest ancestor's. */
const void *type_class(const TypeInfo *type);

/* Offers the names of all non-abstract types derived from @ancestor. */
void type_suggest(const char *ancestor, Suggest *s);

/* --- objects --- */

/* A new object with one reference, defaults set. Fails for an unknown (hinting at the nearest that
 * derives from @ancestor) or abstract type, or one not derived from @ancestor (NULL: any). */
Object *obj_new(const char *type, const char *ancestor, Error *err);

/* For types that must exist: a failure is a bug of ours. */
Object *obj_new_known(const char *type);

/* Initialises an object embedded in another struct; it must be ended with obj_destroy. */
void obj_init(Object *obj, const char *type);
void obj_destroy(Object *obj);

/* Counted references; any thread may call them. The last unref finalizes and frees. Children lose
 * their parent's reference then. NULL is allowed. */
Object *obj_ref(Object *obj);
void obj_unref(Object *obj);

/* @obj when it is of @type or derived from it, else NULL. */
Object *obj_cast(Object *obj, const char *type);
bool obj_is_a(const Object *obj, const char *type);

/* The method table of the object's type. */
static inline const void *obj_class(const Object *obj)
{
    return type_class(obj->type);
}

/* --- composition tree --- */

/* Makes @child, which has no parent, a child called @name; takes a reference of its own. Fails when
 * the name is taken, empty or has a '/'. A name that ends in "[*]" gets the first free number. */
bool obj_add_child(Object *parent, const char *name, Object *child, Error *err);

/* Same, but hands over the caller's reference, and the name must be free (our bug otherwise). */
void obj_own_child(Object *parent, const char *name, Object *child);

/* Takes the object out of the tree; drops the tree's reference. */
void obj_unparent(Object *obj);

/* The direct child, or NULL. */
Object *obj_child(const Object *parent, const char *name);

/* The path from the root, "/machine/soc/uart[0]"; "/" for a root. g_free it. */
char *obj_path(const Object *obj);

/* Looks up an absolute path from @root's root, or, without a leading '/', a path relative to @root.
 * NULL when there is none. Borrowed. */
Object *obj_lookup(Object *root, const char *path);

/* Calls @fn on every object below and including @obj, parents first, until it returns false. */
bool obj_walk(Object *obj, bool (*fn)(Object *obj, void *opaque), void *opaque);

/* --- properties --- */

/* Sets property @name from text. Errors name it as 'type.name' and hint at the nearest. */
bool obj_set(Object *obj, const char *name, const char *text, Error *err);

/* The property as text for g_free, or NULL with @err set. */
char *obj_get(Object *obj, const char *name, Error *err);

/* Typed forms. The u64 forms serve bool, integers, sizes and enums (signed in two's complement). */
bool obj_set_u64(Object *obj, const char *name, uint64_t value, Error *err);
bool obj_get_u64(Object *obj, const char *name, uint64_t *value, Error *err);
bool obj_set_link(Object *obj, const char *name, Object *target, Error *err);

/* For properties that must exist and values that must be good: a failure is a bug of ours. */
void obj_set_known(Object *obj, const char *name, const char *text);
void obj_set_u64_known(Object *obj, const char *name, uint64_t value);

/* True when the property was set by someone, not only by its default. */
bool obj_was_set(const Object *obj, const char *name);

/* Fails on the first FIELD_REQUIRED property that nobody set. */
bool obj_check_required(const Object *obj, Error *err);

/* One property of a type, for help and introspection. */
typedef struct PropInfo {
    const char *name;
    const char *type;
    const char *help;   /* may be NULL */
    const char *def;    /* may be NULL */
    const Field *field; /* NULL for a dynamic one */
    bool writable;
} PropInfo;

/* Calls @fn for each property, the type's own first, then its ancestors'. */
void type_foreach_prop(const TypeInfo *type, void (*fn)(const PropInfo *prop, void *opaque),
                       void *opaque);

#endif
