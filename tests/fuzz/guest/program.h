/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the generator hands to the runtime: a header at FUZZ_HEADER and the segments it lists. Both
 * sides are little-endian and agree on the layout of these structs.
 */
#ifndef FUZZ_GUEST_PROGRAM_H
#define FUZZ_GUEST_PROGRAM_H

#include <stdint.h>
#include "map.h"

enum { FUZZ_LANDINGS = 8, FUZZ_PMP = 4, FUZZ_MAGIC = 0x7a7a7546, FUZZ_SEGMENTS = 64 };

enum { FUZZ_M = 3, FUZZ_S = 1, FUZZ_U = 0 };

/* FuzzHeader.flags */
enum {
    FUZZ_DUMP = 1,      /* print all registers after each segment */
    FUZZ_TRACE = 2,     /* print each trap */
    FUZZ_REFERENCE = 4, /* leave out of the hash what the reference emulator does otherwise */
};

/* A page of the data area: bits 7:0 are those of its entry, 10:8 the number of its frame. */
enum { FUZZ_PTE_FRAME_SHIFT = 8, FUZZ_PTE_RESERVED = 1 << 15 /* entry with a reserved bit */ };

/* A stretch of random instructions and the state they start from. */
typedef struct FuzzSegment {
    uint64_t code, end;              /* physical; the trap at `end` is the last */
    uint64_t landing[FUZZ_LANDINGS]; /* where the n-th jump out of the segment goes on; 0: ends */
    uint64_t x[32], f[32], fcsr;
    uint64_t mode;      /* FUZZ_M... */
    uint64_t status;    /* bits of mstatus besides MPP and FS */
    uint64_t satp_mode; /* 0, 8, 9, 10 */
    uint64_t medeleg, mideleg, menvcfg;
    uint64_t pmpcfg; /* entries 0 to FUZZ_PMP - 1 */
    uint64_t pmpaddr[FUZZ_PMP];
    uint64_t seed; /* of the data area */
    uint64_t code_is_large;
    uint16_t pte[2][FUZZ_DATA_PAGES]; /* at the physical addresses, and those of U-mode */
    uint64_t large_pte;               /* bits 7:0 of the 2 MiB page's entry */
} FuzzSegment;

typedef struct FuzzHeader {
    uint32_t magic, flags;
    uint32_t first, count; /* which segments to run */
    FuzzSegment segment[FUZZ_SEGMENTS];
} FuzzHeader;

/* The runtime's view of the interrupted program. */
typedef struct FuzzFrame {
    uint64_t x[32], f[32];
    uint64_t pc, status, cause, tval, fcsr;
} FuzzFrame;

#endif
