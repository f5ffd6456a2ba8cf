/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Device: the base of everything on a board.
 *
 * Life: dev_new -> properties -> dev_realize -> reset -> ... -> dev_unrealize or the machine's end.
 * A board puts a device together like this:
 *
 *     Device *uart = dev_new(m, "serial-mm");
 *     obj_set_u64_known(OBJECT(uart), "clock-frequency", 3686400);
 *     if (!dev_realize(uart, NULL, "uart0", err)) { return false; }
 *     dev_map(uart, 0, 0x10000000);
 *     dev_connect(uart, NULL, 0, dev_in(plic, NULL, 10));
 */
#ifndef HW_CORE_DEV_H
#define HW_CORE_DEV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "hw/core/irq.h"
#include "migration/vmstate.h"
#include "qom/object.h"
#include "system/machine.h"
#include "util/error.h"

#define TYPE_DEVICE "device"

typedef struct Device Device;

typedef struct DeviceClass {
    /* Makes the device work: checks properties, creates regions, lines and timers. On failure it
     * leaves nothing behind but what instance_finalize frees. NULL: nothing to do. */
    bool (*realize)(Device *dev, Error *err);
    void (*unrealize)(
        Device *dev); /* undoes realize; NULL when the device lives as long as its board */
    void (*reset)(Device *dev); /* to the state after power-on; lines lowered */
    const VmState *vmstate;     /* NULL: no state of its own */
    bool user_creatable;        /* -device may make it */
} DeviceClass;

struct Device {
    Object obj;
    Machine *machine;
    char *id; /* given by the user; NULL: none */
    bool realized;
    GPtrArray *regions; /* MemRegion *, borrowed from the subclass: dev_map's indices */
    GPtrArray *ins;     /* groups of input lines */
    GPtrArray *outs;    /* groups of output pins */
};

#define DEVICE(x) ((Device *)(x))

static inline const DeviceClass *dev_class(const Device *dev)
{
    return obj_class(&dev->obj);
}

/* --- making --- */

/* A device of a type that must exist (our bug otherwise). One reference. */
Device *dev_new(Machine *m, const char *type);

/* A device of a type the user named: fails when it is unknown or not user_creatable. */
Device *dev_new_user(Machine *m, const char *type, Error *err);

/* Puts the device into the tree as child @name of @parent (NULL: /machine), which takes over the
 * caller's reference, checks required properties, calls realize, registers reset and saved state.
 * The device is out of the tree again and freed after a failure. @name may end in "[*]". */
bool dev_realize(Device *dev, Object *parent, const char *name, Error *err);

/* Same, for a part embedded in (or made by) another device, below it; a failure here is passed on
 * by the whole's realize. */
bool dev_realize_part(Device *part, Device *whole, const char *name, Error *err);

/* Takes the device off the machine and drops the tree's reference. */
void dev_unrealize(Device *dev);

/* Calls the class's reset on this device alone. */
void dev_reset(Device *dev);

/* The device with this id (-device ...,id=), or NULL. */
Device *dev_find(Machine *m, const char *id);

/* --- for realize functions --- */

/* Publishes @mr as the device's next region. */
void dev_add_region(Device *dev, MemRegion *mr);

/* @n input lines as group @name (NULL: the unnamed group); fn(dev, i, level). */
void dev_add_in(Device *dev, const char *name, IrqFn fn, unsigned n);

/* @n output pins as group @name; @pins is an array in the subclass that dev_connect fills. */
void dev_add_out(Device *dev, const char *name, IrqLine **pins, unsigned n);

/* --- for boards --- */

/* Region @index at @gpa of the machine's memory, with priority 0. */
void dev_map(Device *dev, unsigned index, uint64_t gpa);
MemRegion *dev_region(Device *dev, unsigned index);

/* Input line @n of group @name; must exist. */
IrqLine *dev_in(Device *dev, const char *name, unsigned n);

/* Connects output pin @n of group @name to @line. */
void dev_connect(Device *dev, const char *name, unsigned n, IrqLine *line);

/* Numbers of lines in a group, 0 when there is none. */
unsigned dev_in_count(const Device *dev, const char *name);
unsigned dev_out_count(const Device *dev, const char *name);

#endif
