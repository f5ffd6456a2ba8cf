/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Character devices: front-end side, and the simplest back-ends. */
#include <string.h>

#include "internal.h"

static void chardev_finalize(Object *obj)
{
    Chardev *chr = (Chardev *)obj;

    if (chr->fe) {
        chr->fe->chr = NULL;
    }
    g_free(chr->label);
    g_free(chr->filename);
}

static const TypeInfo chardev_type = {
    .name = TYPE_CHARDEV,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Chardev),
    .abstract = true,
    .instance_finalize = chardev_finalize,
};
QOM_TYPE(chardev_type);

bool chr_fe_init(ChrFrontend *fe, Chardev *chr, Error *err)
{
    fe->chr = NULL;
    if (!chr) {
        return true;
    }
    const ChardevClass *c = chr_class(chr);
    if (c->attach) {
        fe->chr = chr; /* attaching may give it the input, and it may answer at once */
        if (!c->attach(chr, fe, err)) {
            fe->chr = NULL;
            return false;
        }
    } else if (chr->fe) {
        error_set(err, "character device '%s' is in use", chr->label);
        error_hint(err, "Only one device can have it, unless it is made with mux=on.");
        return false;
    } else {
        chr->fe = fe;
    }
    fe->chr = chr;
    obj_ref(&chr->obj);
    if (chr->connected && fe->event && !c->attach) {
        fe->event(fe->opaque, CHR_EVENT_OPENED);
    }
    chr_fe_accept_input(fe);
    return true;
}

void chr_fe_deinit(ChrFrontend *fe)
{
    Chardev *chr = fe->chr;

    if (!chr) {
        return;
    }
    if (chr_class(chr)->detach) {
        chr_class(chr)->detach(chr, fe);
    } else {
        chr->fe = NULL;
    }
    fe->chr = NULL;
    obj_unref(&chr->obj);
}

size_t chr_fe_write(ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    return fe->chr ? chr_class(fe->chr)->write(fe->chr, fe, buf, len) : len;
}

void chr_fe_accept_input(ChrFrontend *fe)
{
    if (fe->chr && chr_class(fe->chr)->accept_input) {
        chr_class(fe->chr)->accept_input(fe->chr, fe);
    }
}

size_t chr_be_can_read(Chardev *chr)
{
    return chr->fe ? chr->fe->can_read(chr->fe->opaque) : 0;
}

void chr_be_read(Chardev *chr, const uint8_t *buf, size_t len)
{
    if (chr->fe) {
        chr->fe->read(chr->fe->opaque, buf, len);
    }
}

void chr_be_writable(Chardev *chr)
{
    if (chr->fe && chr->fe->writable) {
        chr->fe->writable(chr->fe->opaque);
    }
}

void chr_be_event(Chardev *chr, ChrEvent event)
{
    if (event == CHR_EVENT_OPENED || event == CHR_EVENT_CLOSED) {
        chr->connected = event == CHR_EVENT_OPENED;
    }
    if (chr->fe && chr->fe->event) {
        chr->fe->event(chr->fe->opaque, event);
    }
}

static void add_kind(const TypeInfo *type, void *opaque)
{
    if (!type->internal) {
        g_ptr_array_add(opaque, g_strdup(type->name + strlen(TYPE_CHARDEV "-")));
    }
}

char **chr_kinds(void)
{
    GPtrArray *names = g_ptr_array_new();

    type_foreach(TYPE_CHARDEV, false, add_kind, names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

static void hint_kinds(Error *err)
{
    g_auto(GStrv) kinds = chr_kinds();
    g_autofree char *list = g_strjoinv(", ", kinds);

    error_hint(err, "Known are: %s.", list);
}

void chr_foreach(Machine *m, void (*fn)(const char *id, const char *filename, void *opaque),
                 void *opaque)
{
    Object *parent = obj_child(m->root, "chardevs");

    for (unsigned i = 0; parent && parent->children && i < parent->children->len; i++) {
        Chardev *chr = g_ptr_array_index(parent->children, i);
        fn(chr->label, chr->filename ? chr->filename : "", opaque);
    }
}

Chardev *chr_new(Machine *m, const char *kind, const char *label, Error *err)
{
    char *type = g_strdup_printf("chardev-%s", kind);
    Chardev *chr = (Chardev *)obj_new(type, TYPE_CHARDEV, NULL);

    g_free(type);
    if (!chr) {
        error_set(err, "'%s' is not a kind of character device", kind);
        hint_kinds(err);
        return NULL;
    }
    Object *parent = obj_child(m->root, "chardevs");
    if (!parent) {
        parent = obj_new_known(TYPE_CONTAINER);
        obj_own_child(m->root, "chardevs", parent);
    }
    chr->machine = m;
    chr->label = g_strdup(label);
    if (!obj_add_child(parent, label, &chr->obj, err)) {
        obj_unref(&chr->obj);
        return NULL;
    }
    obj_unref(&chr->obj); /* the tree's reference stays */
    return chr;
}

bool chr_open(Chardev *chr, Error *err)
{
    if (!obj_check_required(&chr->obj, err) || !chr_class(chr)->open(chr, err)) {
        obj_unparent(&chr->obj);
        return false;
    }
    chr->obj.frozen = true;
    return true;
}

Chardev *chr_find(Machine *m, const char *id)
{
    Object *parent = obj_child(m->root, "chardevs");
    return parent ? (Chardev *)obj_child(parent, id) : NULL;
}

/* --- null: nothing comes, everything vanishes --- */

static bool null_open(Chardev *chr, Error *err)
{
    chr->filename = g_strdup("null");
    chr->connected = true;
    return true;
}

static size_t null_write(Chardev *chr, ChrFrontend *fe, const uint8_t *buf, size_t len)
{
    return len;
}

static const ChardevClass null_class = { .open = null_open, .write = null_write };
static const TypeInfo null_type = {
    .name = "chardev-null",
    .parent = TYPE_CHARDEV,
    .instance_size = sizeof(Chardev),
    .class = &null_class,
};
QOM_TYPE(null_type);
