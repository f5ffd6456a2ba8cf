/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects: making and ending them, and the composition tree. */
#include "qom/object.h"

#include <assert.h>
#include <string.h>

static void init_levels(Object *obj, const TypeInfo *type)
{
    const TypeInfo *parent = type_parent(type);
    if (parent) {
        init_levels(obj, parent);
    }
    if (type->instance_init) {
        type->instance_init(obj);
    }
}

static void init_defaults(Object *obj, const TypeInfo *type)
{
    const TypeInfo *parent = type_parent(type);
    if (parent) {
        init_defaults(obj, parent);
    }
    field_init_defaults(type->props, obj);
}

static size_t instance_size(const TypeInfo *type)
{
    while (!type->instance_size) {
        type = type_parent(type);
    }
    return type->instance_size;
}

static void setup(Object *obj, const TypeInfo *type)
{
    assert(!type->abstract);
    memset(obj, 0, instance_size(type));
    obj->type = type;
    obj->refs = 1;
    init_defaults(obj, type);
    init_levels(obj, type);
}

Object *obj_new(const char *type, const char *ancestor, Error *err)
{
    const TypeInfo *t = type_find(type);
    if (!t || t->abstract || (ancestor && !type_is_a(t, ancestor))) {
        Suggest s;
        suggest_init(&s, type);
        type_suggest(ancestor, &s);
        error_set(err, "'%s' is not a valid %s type", type, ancestor ? ancestor : "object");
        suggest_hint(&s, err);
        return NULL;
    }
    Object *obj = g_malloc(instance_size(t));
    setup(obj, t);
    return obj;
}

Object *obj_new_known(const char *type)
{
    Object *obj = obj_new(type, NULL, NULL);
    assert(obj);
    return obj;
}

void obj_init(Object *obj, const char *type)
{
    const TypeInfo *t = type_find(type);
    assert(t);
    setup(obj, t);
}

static void free_links(const Field *table, Object *obj)
{
    for (const Field *f = table; f && f->name; f++) {
        if (f->type == FIELD_LINK) {
            Object **member = field_elem(f, obj, 0);
            obj_unref(*member);
            *member = NULL;
        }
    }
}

void obj_destroy(Object *obj)
{
    assert(!obj->parent);
    while (obj->children && obj->children->len) {
        obj_unparent(g_ptr_array_index(obj->children, obj->children->len - 1));
    }
    for (const TypeInfo *t = obj->type; t; t = type_parent(t)) {
        if (t->instance_finalize) {
            t->instance_finalize(obj);
        }
    }
    for (const TypeInfo *t = obj->type; t; t = type_parent(t)) {
        free_links(t->props, obj);
        field_free_members(t->props, obj);
    }
    g_clear_pointer(&obj->children, g_ptr_array_unref);
    g_clear_pointer(&obj->was_set, g_hash_table_unref);
    g_clear_pointer(&obj->name, g_free);
}

Object *obj_ref(Object *obj)
{
    if (obj) {
        __atomic_add_fetch(&obj->refs, 1, __ATOMIC_RELAXED);
    }
    return obj;
}

void obj_unref(Object *obj)
{
    if (obj && __atomic_sub_fetch(&obj->refs, 1, __ATOMIC_ACQ_REL) == 0) {
        obj_destroy(obj);
        g_free(obj);
    }
}

bool obj_is_a(const Object *obj, const char *type)
{
    return type_is_a(obj->type, type);
}

Object *obj_cast(Object *obj, const char *type)
{
    return obj && obj_is_a(obj, type) ? obj : NULL;
}

Object *obj_child(const Object *parent, const char *name)
{
    for (unsigned i = 0; parent->children && i < parent->children->len; i++) {
        Object *child = g_ptr_array_index(parent->children, i);
        if (!strcmp(child->name, name)) {
            return child;
        }
    }
    return NULL;
}

/* @name with a final "[*]" replaced by the first number that is free. */
static char *free_name(const Object *parent, const char *name)
{
    if (!g_str_has_suffix(name, "[*]")) {
        return g_strdup(name);
    }
    for (unsigned i = 0;; i++) {
        char *numbered = g_strdup_printf("%.*s[%u]", (int)strlen(name) - 3, name, i);
        if (!obj_child(parent, numbered)) {
            return numbered;
        }
        g_free(numbered);
    }
}

bool obj_add_child(Object *parent, const char *name, Object *child, Error *err)
{
    assert(!child->parent);
    if (!name[0] || strchr(name, '/')) {
        error_set(err, "'%s' cannot be an object's name", name);
        return false;
    }
    if (obj_child(parent, name)) {
        g_autofree char *path = obj_path(parent);
        error_set(err, "there is an object '%s' in '%s' already", name, path);
        return false;
    }
    if (!parent->children) {
        parent->children = g_ptr_array_new();
    }
    g_free(child->name);
    child->name = free_name(parent, name);
    child->parent = parent;
    g_ptr_array_add(parent->children, obj_ref(child));
    return true;
}

void obj_own_child(Object *parent, const char *name, Object *child)
{
    bool ok = obj_add_child(parent, name, child, NULL);
    assert(ok);
    obj_unref(child);
}

void obj_unparent(Object *obj)
{
    Object *parent = obj->parent;
    if (parent) {
        g_ptr_array_remove(parent->children, obj);
        obj->parent = NULL;
        obj_unref(obj);
    }
}

char *obj_path(const Object *obj)
{
    GString *path = g_string_new(NULL);
    for (; obj->parent; obj = obj->parent) {
        g_string_prepend(path, obj->name);
        g_string_prepend_c(path, '/');
    }
    if (!path->len) {
        g_string_append_c(path, '/');
    }
    return g_string_free(path, FALSE);
}

Object *obj_lookup(Object *root, const char *path)
{
    if (path[0] == '/') {
        while (root->parent) {
            root = root->parent;
        }
    }
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (unsigned i = 0; root && parts[i]; i++) {
        if (parts[i][0]) {
            root = obj_child(root, parts[i]);
        }
    }
    return root;
}

bool obj_walk(Object *obj, bool (*fn)(Object *obj, void *opaque), void *opaque)
{
    if (!fn(obj, opaque)) {
        return false;
    }
    for (unsigned i = 0; obj->children && i < obj->children->len; i++) {
        if (!obj_walk(g_ptr_array_index(obj->children, i), fn, opaque)) {
            return false;
        }
    }
    return true;
}
