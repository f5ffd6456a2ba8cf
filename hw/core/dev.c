/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hw/core/dev.h"

#include <assert.h>
#include <string.h>

typedef struct InGroup {
    char *name; /* NULL: the unnamed group */
    IrqLine *lines;
    unsigned n;
} InGroup;

typedef struct OutGroup {
    char *name;
    IrqLine **pins; /* in the subclass */
    unsigned n;
} OutGroup;

static void free_in(gpointer p)
{
    InGroup *g = p;
    g_free(g->name);
    g_free(g->lines);
    g_free(g);
}

static void free_out(gpointer p)
{
    OutGroup *g = p;
    g_free(g->name);
    g_free(g);
}

static void device_init(Object *obj)
{
    Device *dev = DEVICE(obj);
    dev->regions = g_ptr_array_new();
    dev->ins = g_ptr_array_new_with_free_func(free_in);
    dev->outs = g_ptr_array_new_with_free_func(free_out);
}

static void reset_handler(void *opaque)
{
    dev_reset(opaque);
}

/* Takes the device off its machine's lists. */
static void detach(Device *dev)
{
    if (dev->realized) {
        machine_remove_reset(dev->machine, reset_handler, dev);
        vms_unregister(dev->machine, dev);
        dev->realized = false;
        dev->obj.frozen = false;
    }
}

static void device_finalize(Object *obj)
{
    Device *dev = DEVICE(obj);
    detach(dev);
    for (unsigned i = 0; i < dev->regions->len; i++) {
        mem_region_destroy(g_ptr_array_index(dev->regions, i));
    }
    g_ptr_array_free(dev->regions, TRUE);
    g_ptr_array_free(dev->ins, TRUE);
    g_ptr_array_free(dev->outs, TRUE);
    g_free(dev->id);
}

static const DeviceClass device_class = { 0 };

static const TypeInfo device_type = {
    .name = TYPE_DEVICE,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Device),
    .abstract = true,
    .class = &device_class,
    .instance_init = device_init,
    .instance_finalize = device_finalize,
};
QOM_TYPE(device_type);

/* --- making --- */

Device *dev_new(Machine *m, const char *type)
{
    Device *dev = DEVICE(obj_new_known(type));
    assert(obj_is_a(&dev->obj, TYPE_DEVICE));
    dev->machine = m;
    return dev;
}

static bool user_may_make(const TypeInfo *type)
{
    if (!type || type->abstract || !type_is_a(type, TYPE_DEVICE)) {
        return false;
    }
    const DeviceClass *dc = type_class(type);
    return dc->user_creatable && !type->internal;
}

static void offer_device(const TypeInfo *type, void *opaque)
{
    if (user_may_make(type)) {
        suggest_offer(opaque, type->name);
    }
}

Device *dev_new_user(Machine *m, const char *type, Error *err)
{
    if (!user_may_make(type_find(type))) {
        Suggest s;
        suggest_init(&s, type);
        type_foreach(TYPE_DEVICE, false, offer_device, &s);
        error_set(err, "'%s' is not a valid device model name", type);
        suggest_hint(&s, err);
        return NULL;
    }
    return dev_new(m, type);
}

static bool realize(Device *dev, Error *err)
{
    const DeviceClass *dc = dev_class(dev);
    if (!obj_check_required(&dev->obj, err)) {
        return false;
    }
    if (dc->realize && !dc->realize(dev, err)) {
        return false;
    }
    dev->realized = true;
    dev->obj.frozen = true;
    machine_add_reset(dev->machine, reset_handler, dev);
    if (dc->vmstate) {
        const char *name = dc->vmstate->name ? dc->vmstate->name : dev->obj.type->name;
        vms_register(dev->machine, name, VMS_NEXT_INSTANCE, dc->vmstate, dev);
    }
    if (dev->machine->initialized) {
        dev_reset(dev); /* plugged into a machine that is past its first reset */
    }
    return true;
}

bool dev_realize(Device *dev, Object *parent, const char *name, Error *err)
{
    parent = parent ? parent : &dev->machine->obj;
    bool ok = obj_add_child(parent, name, &dev->obj, err);
    if (ok && !realize(dev, err)) {
        obj_unparent(&dev->obj);
        ok = false;
    }
    obj_unref(&dev->obj);
    return ok;
}

bool dev_realize_part(Device *part, Device *whole, const char *name, Error *err)
{
    return dev_realize(part, &whole->obj, name, err);
}

void dev_unrealize(Device *dev)
{
    const DeviceClass *dc = dev_class(dev);
    assert(dev->realized);
    if (dc->unrealize) {
        dc->unrealize(dev);
    }
    detach(dev);
    obj_unparent(&dev->obj);
}

void dev_reset(Device *dev)
{
    const DeviceClass *dc = dev_class(dev);
    if (dc->reset) {
        dc->reset(dev);
    }
}

Device *dev_find(Machine *m, const char *id)
{
    Object *obj = obj_child(obj_child(&m->obj, "peripheral"), id);
    return (Device *)obj_cast(obj, TYPE_DEVICE);
}

/* --- regions and lines --- */

void dev_add_region(Device *dev, MemRegion *mr)
{
    g_ptr_array_add(dev->regions, mr);
}

MemRegion *dev_region(Device *dev, unsigned index)
{
    assert(index < dev->regions->len);
    return g_ptr_array_index(dev->regions, index);
}

void dev_map(Device *dev, unsigned index, uint64_t gpa)
{
    mem_region_add_sub(&dev->machine->sysmem, gpa, dev_region(dev, index), 0);
}

static InGroup *find_in(const Device *dev, const char *name)
{
    for (unsigned i = 0; i < dev->ins->len; i++) {
        InGroup *g = g_ptr_array_index(dev->ins, i);
        if (!g_strcmp0(g->name, name)) {
            return g;
        }
    }
    return NULL;
}

static OutGroup *find_out(const Device *dev, const char *name)
{
    for (unsigned i = 0; i < dev->outs->len; i++) {
        OutGroup *g = g_ptr_array_index(dev->outs, i);
        if (!g_strcmp0(g->name, name)) {
            return g;
        }
    }
    return NULL;
}

void dev_add_in(Device *dev, const char *name, IrqFn fn, unsigned n)
{
    assert(!find_in(dev, name));
    InGroup *g = g_new0(InGroup, 1);
    g->name = g_strdup(name);
    g->lines = g_new0(IrqLine, n);
    g->n = n;
    for (unsigned i = 0; i < n; i++) {
        irq_init(&g->lines[i], fn, dev, (int)i);
    }
    g_ptr_array_add(dev->ins, g);
}

void dev_add_out(Device *dev, const char *name, IrqLine **pins, unsigned n)
{
    assert(!find_out(dev, name));
    OutGroup *g = g_new0(OutGroup, 1);
    g->name = g_strdup(name);
    g->pins = pins;
    g->n = n;
    g_ptr_array_add(dev->outs, g);
}

IrqLine *dev_in(Device *dev, const char *name, unsigned n)
{
    InGroup *g = find_in(dev, name);
    assert(g && n < g->n);
    return &g->lines[n];
}

void dev_connect(Device *dev, const char *name, unsigned n, IrqLine *line)
{
    OutGroup *g = find_out(dev, name);
    assert(g && n < g->n);
    g->pins[n] = line;
}

unsigned dev_in_count(const Device *dev, const char *name)
{
    const InGroup *g = find_in(dev, name);
    return g ? g->n : 0;
}

unsigned dev_out_count(const Device *dev, const char *name)
{
    const OutGroup *g = find_out(dev, name);
    return g ? g->n : 0;
}
