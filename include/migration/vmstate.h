/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Saved state: tables of Fields, written to and read from a byte stream.
 *
 * The stream names and types every field, so that a reader can check it whole before it changes
 * anything: wrong lengths, unknown names, values out of bounds, cut or altered streams are refused
 * and the machine is as it was. The format is described in docs/vmstate.rst.
 */
#ifndef MIGRATION_VMSTATE_H
#define MIGRATION_VMSTATE_H

#include <stddef.h>
#include <stdint.h>

#include "system/machine.h"
#include "util/bytebuf.h"
#include "util/error.h"
#include "util/field.h"

/*
 * A device's saved state. Fields are the rows of `fields` that have FIELD_IS_SAVED; others are
 * passed over, so one table can serve properties too.
 *
 * Versions: a new field gets .since = the new version; older streams, down to min_version, leave it
 * as reset left it. A field is never removed, renamed or given another meaning within min_version.
 */
typedef struct VmState {
    const char *name; /* of the section; NULL: the device's type name */
    uint16_t version; /* counts from 1 */
    uint16_t min_version;
    const Field *fields;
    /* Brings the fields up to date before they are saved; NULL: they are. */
    void (*pre_save)(void *obj);
    /* Recomputes what is derived (timers, lines, caches), after every section was applied. False
     * when the values make no sense together: the machine is reset then and the load fails. */
    bool (*loaded)(void *obj, unsigned version, Error *err);
} VmState;

/* As an instance: the first number that is free for the name. */
#define VMS_NEXT_INSTANCE UINT32_MAX

/* Registers @obj's state under (@name or vms->name, @instance); the pair must be new. Device lock
 * held or before the machine runs. Sections are saved, and `loaded` called, in this order. */
void vms_register(Machine *m, const char *name, uint32_t instance, const VmState *vms, void *obj);
void vms_unregister(Machine *m, void *obj);

/* Saves all registered state and the virtual clock. The machine is stopped; device lock held. */
void vms_save(Machine *m, ByteWriter *out);

/* Checks the whole stream against this machine, then resets the machine, applies the stream and
 * calls every `loaded`. The machine is stopped; device lock held. When the check fails nothing
 * changed; when a `loaded` fails the machine has been reset. */
bool vms_load(Machine *m, const void *data, size_t len, Error *err);

/* One object's fields without a machine, for tests and for state inside other formats. vms_read_obj
 * checks first, and changes nothing on failure; it calls `loaded`. */
void vms_write_obj(const VmState *vms, void *obj, ByteWriter *out);
bool vms_read_obj(const VmState *vms, void *obj, const void *data, size_t len, Error *err);

#endif
