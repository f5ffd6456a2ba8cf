/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Physical memory protection (privileged spec 3.7): the pmpcfg and pmpaddr registers flattened into
 * disjoint intervals, so that a check is a search instead of a walk over prioritised entries.
 */
#ifndef TARGET_RISCV_PMP_H
#define TARGET_RISCV_PMP_H

#include <stdbool.h>
#include <stdint.h>
#include "isa.h"

enum { RV_PMP_INTERVALS = 2 * RV_PMP_ENTRIES + 1 };

/* Interval i reaches from start[i] to start[i + 1] - 1, the last one to the end of the address
 * space. All bytes of an interval match the same entry, or none; neighbours differ in that. */
typedef struct RvPmp {
    unsigned count;
    unsigned last; /* interval of the last check: the next one is likely to be there, too */
    uint64_t start[RV_PMP_INTERVALS];
    uint8_t perms[RV_PMP_INTERVALS];   /* of S and U: PMP_R | PMP_W | PMP_X */
    uint8_t perms_m[RV_PMP_INTERVALS]; /* of M */
} RvPmp;

/* Recomputes the intervals. */
void rv_pmp_flatten(RvPmp *pmp, const uint8_t *cfg, const uint64_t *addr);
/* Everything is allowed: a hart without PMP. */
void rv_pmp_allow_all(RvPmp *pmp);

/* The interval that gpa is in; *left gets the bytes from gpa to its end, UINT64_MAX in the last. */
unsigned rv_pmp_find(RvPmp *pmp, uint64_t gpa, uint64_t *left);
/* What `priv` may do with each byte of gpa .. gpa + size - 1 (PMP_R | PMP_W | PMP_X); 0 if the
 * access is not inside one interval. size >= 1. */
uint8_t rv_pmp_perms(RvPmp *pmp, RvPriv priv, uint64_t gpa, uint64_t size);

/* The value that a write of `value` leaves in a pmpcfg byte: locked entries stay, the reserved
 * combination W without R loses W. */
uint8_t rv_pmp_cfg_write(uint8_t old, uint8_t value);
/* Is pmpaddr[index] locked, by its own entry or as the lower bound of a locked one? */
bool rv_pmp_addr_locked(const uint8_t *cfg, unsigned index);

#endif
