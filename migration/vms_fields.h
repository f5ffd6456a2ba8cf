/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of Fields to and from the payload of a section. */
#ifndef MIGRATION_VMS_FIELDS_H
#define MIGRATION_VMS_FIELDS_H

#include "util/bytebuf.h"
#include "util/error.h"
#include "util/field.h"

/* Appends the saved rows of @table. */
void vms_put_fields(const Field *table, const void *obj, ByteWriter *out);

/* Reads a payload written by @version of the table, up to the reader's end. With @apply false it
 * only checks that the payload fits the table and @obj; with true, for a payload that passed, it
 * sets the members. */
bool vms_get_fields(const Field *table, void *obj, ByteReader *in, unsigned version, bool apply,
                    Error *err);

#endif
