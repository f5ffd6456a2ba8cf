/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types: found in the linker's table; nothing is built at run time. */
#include "qom/object.h"

#include <assert.h>
#include <string.h>

static const TypeInfo object_type = {
    .name = TYPE_OBJECT,
    .instance_size = sizeof(Object),
    .abstract = true,
    .internal = true,
};
QOM_TYPE(object_type);

static const TypeInfo container_type = {
    .name = TYPE_CONTAINER,
    .parent = TYPE_OBJECT,
    .internal = true,
};
QOM_TYPE(container_type);

const TypeInfo *type_find(const char *name)
{
    SECTION_FOREACH(pg_types, TypeInfo, t)
    {
        if (!strcmp(t->name, name)) {
            return t;
        }
    }
    return NULL;
}

const TypeInfo *type_parent(const TypeInfo *type)
{
    if (!type->parent) {
        return NULL;
    }
    const TypeInfo *parent = type_find(type->parent);
    assert(parent);
    return parent;
}

bool type_is_a(const TypeInfo *type, const char *ancestor)
{
    for (; type; type = type_parent(type)) {
        if (!strcmp(type->name, ancestor)) {
            return true;
        }
    }
    return false;
}

const void *type_class(const TypeInfo *type)
{
    for (; type; type = type_parent(type)) {
        if (type->class) {
            return type->class;
        }
    }
    return NULL;
}

static int by_name(gconstpointer a, gconstpointer b)
{
    const TypeInfo *const *ta = a, *const *tb = b;
    return strcmp((*ta)->name, (*tb)->name);
}

void type_foreach(const char *ancestor, bool with_abstract,
                  void (*fn)(const TypeInfo *type, void *opaque), void *opaque)
{
    GPtrArray *found = g_ptr_array_new();
    SECTION_FOREACH(pg_types, TypeInfo, t)
    {
        if ((with_abstract || !t->abstract) && (!ancestor || type_is_a(t, ancestor))) {
            g_ptr_array_add(found, (gpointer)t);
        }
    }
    g_ptr_array_sort(found, by_name);
    for (unsigned i = 0; i < found->len; i++) {
        fn(g_ptr_array_index(found, i), opaque);
    }
    g_ptr_array_free(found, TRUE);
}

static void offer_type(const TypeInfo *type, void *opaque)
{
    suggest_offer(opaque, type->name);
}

void type_suggest(const char *ancestor, Suggest *s)
{
    type_foreach(ancestor, false, offer_type, s);
}
