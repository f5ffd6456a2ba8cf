/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Offsets into struct Hart that start.S uses; rt.c asserts that they hold. */
#ifndef HART_OFFSETS_H
#define HART_OFFSETS_H

#define RT_MAX_HARTS   8
#define RT_STACK_SHIFT 14

#define HART_X      0
#define HART_PC     256
#define HART_STATUS 264
#define HART_ID     272
#define HART_JMP    280
#define HART_SIZE   1024

#endif
