/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Choosing how guest code runs.
 */
#ifndef ACCEL_ACCEL_H
#define ACCEL_ACCEL_H

#include <stdbool.h>
#include <stddef.h>
#include "system/machine.h"
#include "util/error.h"

typedef struct AccelConfig {
    bool interp;            /* run the IR in the interpreter */
    bool single_thread;     /* one host thread for all vCPUs (thread=single) */
    bool no_fold;           /* skip the optimising passes (fold=off) */
    bool one_insn;          /* one guest instruction per region (one-insn-per-tb=on) */
    bool translate_at_once; /* code is not interpreted the first time (interpret-first=off) */
    bool no_split_wx;       /* one mapping, writable and executable (split-wx=off) */
    size_t tb_size;         /* bytes of host code; 0: the default */
} AccelConfig;

/* Gives @m the translating accelerator. Before machine_init; fails when the host has no back-end
 * and interp is not asked for. */
bool accel_tcg_setup(Machine *m, const AccelConfig *config, Error *err);

#endif
