/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where things are in the memory of a fuzzing program; for the assembler too.
 *
 * Wild stores happen: a base register with a bit set, cleared or shifted, a corner value. So the
 * runtime is at an address that differs from those of the data in many bits, and the memory at the
 * start of RAM, where a truncated base register points, holds nothing but the first instructions.
 */
#ifndef FUZZ_GUEST_MAP_H
#define FUZZ_GUEST_MAP_H

#define FUZZ_LOW        0x80000000 /* boot code, then a sacrificial area that is compared, too */
#define FUZZ_LOW_SIZE   0x1000
#define FUZZ_DATA       0x80400000 /* at the start of a 2 MiB page */
#define FUZZ_DATA_PAGES 8
#define FUZZ_RUNTIME    0x835b0000
#define FUZZ_BLOB       0x83600000 /* what the generator makes: 2 MiB at most, mapped as a whole */
#define FUZZ_STRAMP     FUZZ_BLOB  /* a page whose first instruction is the supervisor's ecall */
#define FUZZ_HEADER     (FUZZ_BLOB + 0x1000)
#define FUZZ_TABLES     (FUZZ_BLOB + 0x30000) /* two pages: the entries of the data area's pages */
#define FUZZ_CODE       (FUZZ_BLOB + 0x40000)
#define FUZZ_SLOT       0x2000 /* room for one segment */

/* Virtual addresses, with Sv39 and beyond: at the physical ones (code for S-mode), and these far
 * above them (code for U-mode; data in one large page). */
#define FUZZ_ALIAS_SHIFT 36 /* user code and data in small pages */
#define FUZZ_LARGE_SHIFT 37 /* data as one page of 2 MiB */

/* Offsets into FuzzFrame (program.h). */
#define FRAME_X      0
#define FRAME_F      256
#define FRAME_PC     512
#define FRAME_STATUS 520
#define FRAME_CAUSE  528
#define FRAME_TVAL   536
#define FRAME_FCSR   544

#endif
