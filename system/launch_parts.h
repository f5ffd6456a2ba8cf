/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of launch_configure. */
#ifndef SYSTEM_LAUNCH_PARTS_H
#define SYSTEM_LAUNCH_PARTS_H

#include "options.h"
#include "system/machine.h"

/* Gives @m the first accelerator of -accel, or of "accel=" in @machine_parts (KeyVal; it is taken
 * out), that there is. */
bool launch_set_accel(const Options *o, Machine *m, GArray *machine_parts, Error *err);

/* Makes the back-ends of -chardev, -serial and -monitor and the default ones. Those that monitors
 * shall be on are appended to @monitors (Chardev *). Device lock held. */
bool launch_add_chardevs(const Options *o, Machine *m, GPtrArray *monitors, Error *err);

#endif
