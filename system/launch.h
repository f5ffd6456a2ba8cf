/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options to a machine that is ready to run. */
#ifndef SYSTEM_LAUNCH_H
#define SYSTEM_LAUNCH_H

#include "options.h"
#include "system/machine.h"

/* Answers -version, -help, "-machine help" and the like on stdout. True: something was answered,
 * the process is done. */
bool launch_answer_help(const Options *o);

/* Sets the log up and makes the machine, so far without anything in it. NULL with @err. */
Machine *launch_create(const Options *o, Error *err);

/* Builds the machine. After a failure it can only be freed. It waits for clients of sockets where
 * asked to; run_request_shutdown ends that (as a failure). */
bool launch_configure(const Options *o, Machine *m, Error *err);

#endif
