/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From options to a machine that is ready to run. */
#ifndef SYSTEM_LAUNCH_H
#define SYSTEM_LAUNCH_H

#include "options.h"
#include "system/machine.h"

/* Answers -version, -help, "-machine help" and the like on stdout. True: something was answered,
 * the process is done. */
bool launch_answer_help(const Options *o);

/* Builds the machine. NULL with @err; nothing is left behind. */
Machine *launch_machine(const Options *o, Error *err);

#endif
