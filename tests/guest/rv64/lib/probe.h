/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Single accesses as position-independent functions in the .probe pages, to run in any mode and at
 * any alias. Loads take the address in a0 and return the value; stores take (address, value).
 */
#ifndef PROBE_H
#define PROBE_H

#include "rt.h"

#define PROBE_LIST(X)                                                                              \
    X(lb, "lb a0, (a0)")                                                                           \
    X(lh, "lh a0, (a0)")                                                                           \
    X(lw, "lw a0, (a0)")                                                                           \
    X(ld, "ld a0, (a0)")                                                                           \
    X(fld, "fld f0, (a0)")                                                                         \
    X(sb, "sb a1, (a0)")                                                                           \
    X(sh, "sh a1, (a0)")                                                                           \
    X(sw, "sw a1, (a0)")                                                                           \
    X(sd, "sd a1, (a0)")                                                                           \
    X(fsd, "fsd f0, (a0)")                                                                         \
    X(lr_d, "lr.d a0, (a0)")                                                                       \
    X(sc_d, "sc.d a0, a1, (a0)")                                                                   \
    X(amoadd_d, "amoadd.d a0, a1, (a0)")                                                           \
    X(amoor_w, "amoor.w a0, a1, (a0)")                                                             \
    X(call, "mv t1, ra\n jalr a0\n mv ra, t1")                                                     \
    X(jump, "jr a0")                                                                               \
    X(nothing, "nop")

#define PROBE_DECLARE(name, code)                                                                  \
    void probe_##name(void);                                                                       \
    extern char probe_at_##name[];
PROBE_LIST(PROBE_DECLARE)

#endif
