/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "probe.h"

/* probe_at_NAME is where the access itself is: what epc shows. */
#define PROBE_DEFINE(name, code)                                                                   \
    asm(".section .probe, \"ax\"\n"                                                                \
        ".balign 4\n"                                                                              \
        ".globl probe_" #name ", probe_at_" #name "\n"                                             \
        "probe_" #name ":\n"                                                                       \
        "probe_at_" #name ": " code "\n"                                                           \
        "ret\n"                                                                                    \
        ".text\n");
PROBE_LIST(PROBE_DEFINE)
