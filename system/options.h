/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table of options (options.c) serves parsing, -help, near-miss hints and the
 * refusal of what QEMU has and Peregrine does not yet.
 */
#ifndef SYSTEM_OPTIONS_H
#define SYSTEM_OPTIONS_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

#include "util/error.h"

/* What the user asked for, as given; meaning is checked when the machine is built. */
typedef struct Options {
    const char *program; /* argv[0] without folders: in front of messages */
    bool as_qemu;        /* run under a name qemu-system-* */

    GPtrArray *machine; /* char *: texts of -machine, merged in order */
    GPtrArray *accels;  /* char *: texts of -accel, in order of preference */
    char *cpu, *smp, *memory;
    char *bios, *kernel, *initrd, *append, *dtb;
    GPtrArray *serials, *chardevs, *monitors; /* char * */
    GPtrArray *firmware_dirs;                 /* char * */
    char *log_items, *log_file, *log_filter;
    char *pidfile, *name, *uuid;
    unsigned escape; /* -echr */
    bool nographic, no_display, no_defaults;
    bool no_reboot, no_shutdown, start_paused;
    bool timestamps;    /* -msg timestamp=on */
    bool version, help; /* print and end */
} Options;

void options_init(Options *o, const char *argv0);
void options_free(Options *o);

/* Reads the whole command line. The error starts with the offending option. */
bool options_parse(Options *o, int argc, char **argv, Error *err);

/* A line to the user on stderr: "program: text", with the time in front if -msg asks for it. */
void options_print_message(const Options *o, const char *text);

/* -help's text. */
void options_print_help(const Options *o, FILE *out);

#endif
