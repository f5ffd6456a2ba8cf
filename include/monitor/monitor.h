/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The human monitor: commands typed at a prompt. */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <glib.h>
#include <stdbool.h>

#include "chardev/chardev.h"
#include "util/error.h"

typedef struct Monitor Monitor;

/* A monitor on @chr, which must not be NULL. It belongs to the machine. Device lock held. */
bool monitor_new(Machine *m, Chardev *chr, Error *err);

/* Runs one command line; its output is appended to @out. Device lock held, main thread. */
void monitor_run_command(Machine *m, const char *line, GString *out);

#endif
