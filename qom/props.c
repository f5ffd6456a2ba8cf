/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Properties of objects: Field rows and dynamic ones, found through the type's ancestors. */
#include "qom/object.h"

#include <assert.h>
#include <string.h>

/* What a name means for a type: one of the two is set when it is a property. */
typedef struct Prop {
    const Field *field;
    const ObjProp *dyn;
} Prop;

static const ObjProp *find_dyn(const ObjProp *table, const char *name)
{
    for (const ObjProp *p = table; p && p->name; p++) {
        if (!strcmp(p->name, name)) {
            return p;
        }
    }
    return NULL;
}

static const Field *find_prop_field(const Field *table, const char *name)
{
    for (const Field *f = table; f && f->name; f++) {
        if ((f->flags & FIELD_IS_PROP) && !strcmp(f->name, name)) {
            return f;
        }
    }
    return NULL;
}

static bool find_prop(const Object *obj, const char *name, Prop *out, Error *err)
{
    for (const TypeInfo *t = obj->type; t; t = type_parent(t)) {
        *out = (Prop) { find_prop_field(t->props, name), find_dyn(t->dynprops, name) };
        if (out->field || out->dyn) {
            return true;
        }
    }
    Suggest s;
    suggest_init(&s, name);
    for (const TypeInfo *t = obj->type; t; t = type_parent(t)) {
        field_suggest(t->props, FIELD_IS_PROP, &s);
        for (const ObjProp *p = t->dynprops; p && p->name; p++) {
            suggest_offer(&s, p->name);
        }
    }
    error_set(err, "Property '%s.%s' not found", obj->type->name, name);
    suggest_hint(&s, err);
    return false;
}

static unsigned prop_flags(const Prop *p)
{
    return p->field ? p->field->flags : p->dyn->flags | (p->dyn->set ? 0u : FIELD_READONLY);
}

/* Finds a property that may be set now. */
static bool find_settable(const Object *obj, const char *name, Prop *out, Error *err)
{
    if (!find_prop(obj, name, out, err)) {
        return false;
    }
    unsigned flags = prop_flags(out);
    if (flags & FIELD_READONLY) {
        error_set(err, "Property '%s.%s' cannot be set", obj->type->name, name);
        return false;
    }
    if (obj->frozen && !(flags & FIELD_LIVE)) {
        error_set(err, "Property '%s.%s' cannot change any more, now that '%s' is in use",
                  obj->type->name, name, obj->name ? obj->name : obj->type->name);
        return false;
    }
    return true;
}

static void mark_set(Object *obj, const char *name)
{
    if (!obj->was_set) {
        obj->was_set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    g_hash_table_add(obj->was_set, g_strdup(name));
}

static bool assign_link(Object *obj, const Field *f, Object *target, Error *err)
{
    if (target && f->link_type && !obj_is_a(target, f->link_type)) {
        error_set(err, "Property '%s.%s' takes an object of type '%s', not '%s'", obj->type->name,
                  f->name, f->link_type, target->type->name);
        return false;
    }
    Object **member = field_elem(f, obj, 0);
    obj_ref(target);
    obj_unref(*member);
    *member = target;
    return true;
}

typedef struct IdSearch {
    const char *id;
    const char *type;
    Object *found;
} IdSearch;

static bool match_id(Object *obj, void *opaque)
{
    IdSearch *s = opaque;
    if (obj->name && !strcmp(obj->name, s->id) && (!s->type || obj_is_a(obj, s->type))) {
        s->found = obj;
    }
    return !s->found;
}

/* An id is the name of an object anywhere in the tree; the first one of the right type counts. */
static bool parse_link(Object *obj, const Field *f, const char *text, Error *err)
{
    Object *root = obj;
    while (root->parent) {
        root = root->parent;
    }
    IdSearch s = { text, f->link_type, NULL };
    if (text[0] == '/') {
        s.found = obj_lookup(root, text);
    } else {
        obj_walk(root, match_id, &s);
    }
    if (!s.found) {
        error_set(err, "Property '%s.%s' can't find value '%s'", obj->type->name, f->name, text);
        return false;
    }
    return assign_link(obj, f, s.found, err);
}

static bool set_field(Object *obj, const Field *f, const char *text, Error *err)
{
    if (f->type == FIELD_LINK) {
        return parse_link(obj, f, text, err);
    }
    if (!field_parse(f, obj, text, err)) {
        error_prepend(err, "Property '%s.%s': ", obj->type->name, f->name);
        return false;
    }
    return true;
}

bool obj_set(Object *obj, const char *name, const char *text, Error *err)
{
    Prop p;
    if (!find_settable(obj, name, &p, err)) {
        return false;
    }
    if (!(p.field ? set_field(obj, p.field, text, err) : p.dyn->set(obj, text, err))) {
        return false;
    }
    mark_set(obj, name);
    return true;
}

char *obj_get(Object *obj, const char *name, Error *err)
{
    Prop p;
    if (!find_prop(obj, name, &p, err)) {
        return NULL;
    }
    if (p.field && p.field->type == FIELD_LINK) {
        Object *target = *(Object **)field_elem(p.field, obj, 0);
        return target ? obj_path(target) : g_strdup("");
    }
    if (p.dyn && !p.dyn->get) {
        error_set(err, "Property '%s.%s' cannot be read", obj->type->name, name);
        return NULL;
    }
    char *text = p.field ? field_format(p.field, obj) : p.dyn->get(obj);
    return text ? text : g_strdup("");
}

static bool is_integer(const Field *f)
{
    return f->type != FIELD_STR && f->type != FIELD_LINK && f->type != FIELD_STRUCT;
}

bool obj_set_u64(Object *obj, const char *name, uint64_t value, Error *err)
{
    Prop p;
    if (!find_settable(obj, name, &p, err)) {
        return false;
    }
    if (!p.field || !is_integer(p.field)) {
        char text[32];
        g_snprintf(text, sizeof(text), "%" G_GUINT64_FORMAT, value);
        return obj_set(obj, name, text, err);
    }
    if (!field_set_u64(p.field, obj, 0, value, err)) {
        error_prepend(err, "Property '%s.%s': ", obj->type->name, name);
        return false;
    }
    mark_set(obj, name);
    return true;
}

bool obj_get_u64(Object *obj, const char *name, uint64_t *value, Error *err)
{
    Prop p;
    if (!find_prop(obj, name, &p, err)) {
        return false;
    }
    if (p.field && is_integer(p.field)) {
        *value = field_get_u64(p.field, obj, 0);
        return true;
    }
    g_autofree char *text = obj_get(obj, name, err);
    bool flag;
    if (text && field_parse_bool(text, &flag)) {
        *value = flag;
        return true;
    }
    if (text && !field_parse_u64(text, value)) {
        error_set(err, "Property '%s.%s' is not a number", obj->type->name, name);
        return false;
    }
    return text != NULL;
}

bool obj_set_link(Object *obj, const char *name, Object *target, Error *err)
{
    Prop p;
    if (!find_settable(obj, name, &p, err)) {
        return false;
    }
    if (!p.field || p.field->type != FIELD_LINK) {
        error_set(err, "Property '%s.%s' is not a link", obj->type->name, name);
        return false;
    }
    if (!assign_link(obj, p.field, target, err)) {
        return false;
    }
    mark_set(obj, name);
    return true;
}

void obj_set_known(Object *obj, const char *name, const char *text)
{
    bool ok = obj_set(obj, name, text, NULL);
    assert(ok);
}

void obj_set_u64_known(Object *obj, const char *name, uint64_t value)
{
    bool ok = obj_set_u64(obj, name, value, NULL);
    assert(ok);
}

bool obj_was_set(const Object *obj, const char *name)
{
    return obj->was_set && g_hash_table_contains(obj->was_set, name);
}

bool obj_check_required(const Object *obj, Error *err)
{
    for (const TypeInfo *t = obj->type; t; t = type_parent(t)) {
        for (const Field *f = t->props; f && f->name; f++) {
            if ((f->flags & FIELD_REQUIRED) && !obj_was_set(obj, f->name)) {
                error_set(err, "%s property not set", f->name);
                error_hint(err, "'%s' needs it: %s", obj->type->name, f->help ? f->help : f->name);
                return false;
            }
        }
    }
    return true;
}

void type_foreach_prop(const TypeInfo *type, void (*fn)(const PropInfo *prop, void *opaque),
                       void *opaque)
{
    for (; type; type = type_parent(type)) {
        for (const Field *f = type->props; f && f->name; f++) {
            if (f->flags & FIELD_IS_PROP) {
                PropInfo info = { f->name, field_type_name(f),          f->help, f->def,
                                  f,       !(f->flags & FIELD_READONLY) };
                fn(&info, opaque);
            }
        }
        for (const ObjProp *p = type->dynprops; p && p->name; p++) {
            bool writable = p->set && !(p->flags & FIELD_READONLY);
            PropInfo info = { p->name, p->type, p->help, p->def, NULL, writable };
            fn(&info, opaque);
        }
    }
}
