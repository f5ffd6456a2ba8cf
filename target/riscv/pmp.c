/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory protection: RISC-V privileged spec 3.7. */

#include <string.h>
#include "csr_bits.h"
#include "pmp.h"

enum { NO_ENTRY = RV_PMP_ENTRIES };

typedef struct Range {
    uint64_t first, last; /* inclusive; first > last: matches nothing */
} Range;

static unsigned match_mode(uint8_t cfg)
{
    return (cfg & PMP_A_MASK) >> PMP_A_SHIFT;
}

/* A naturally aligned power-of-two range: the trailing ones of the address give its size. */
static Range napot_range(uint64_t addr)
{
    uint64_t ones = addr ^ (addr + 1);
    uint64_t offset_mask = (ones << 2) | 3;
    uint64_t first = (addr << 2) & ~offset_mask;

    return (Range) { first, first | offset_mask };
}

static Range entry_range(const uint8_t *cfg, const uint64_t *addr, unsigned i)
{
    switch (match_mode(cfg[i])) {
    case PMP_TOR: {
        uint64_t from = i ? addr[i - 1] << 2 : 0;
        uint64_t to = addr[i] << 2;
        return from < to ? (Range) { from, to - 1 } : (Range) { 1, 0 };
    }
    case PMP_NA4:
        return (Range) { addr[i] << 2, (addr[i] << 2) | 3 };
    case PMP_NAPOT:
        return napot_range(addr[i]);
    default:
        return (Range) { 1, 0 };
    }
}

/* Sorted insertion without duplicates. */
static void add_bound(uint64_t *bounds, unsigned *count, uint64_t value)
{
    unsigned i = *count;

    while (i && bounds[i - 1] > value) {
        i--;
    }
    if (i && bounds[i - 1] == value) {
        return;
    }
    memmove(&bounds[i + 1], &bounds[i], (*count - i) * sizeof(*bounds));
    bounds[i] = value;
    (*count)++;
}

static unsigned winner(const Range *ranges, uint64_t gpa)
{
    unsigned i;

    for (i = 0; i < RV_PMP_ENTRIES; i++) {
        if (gpa >= ranges[i].first && gpa <= ranges[i].last) {
            break;
        }
    }
    return i;
}

static void append(RvPmp *pmp, uint64_t start, const uint8_t *cfg, unsigned entry)
{
    unsigned i = pmp->count++;

    pmp->start[i] = start;
    if (entry == NO_ENTRY) {
        pmp->perms[i] = 0;
        pmp->perms_m[i] = PMP_RWX;
        return;
    }
    pmp->perms[i] = cfg[entry] & PMP_RWX;
    pmp->perms_m[i] = cfg[entry] & PMP_L ? cfg[entry] & PMP_RWX : PMP_RWX;
}

void rv_pmp_flatten(RvPmp *pmp, const uint8_t *cfg, const uint64_t *addr)
{
    Range ranges[RV_PMP_ENTRIES];
    uint64_t bounds[RV_PMP_INTERVALS] = { 0 };
    unsigned count = 1, last = NO_ENTRY + 1;

    for (unsigned i = 0; i < RV_PMP_ENTRIES; i++) {
        ranges[i] = entry_range(cfg, addr, i);
        if (ranges[i].first > ranges[i].last) {
            continue;
        }
        add_bound(bounds, &count, ranges[i].first);
        if (ranges[i].last != UINT64_MAX) {
            add_bound(bounds, &count, ranges[i].last + 1);
        }
    }
    pmp->count = pmp->last = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned entry = winner(ranges, bounds[i]);

        if (entry != last) {
            append(pmp, bounds[i], cfg, entry);
            last = entry;
        }
    }
}

void rv_pmp_allow_all(RvPmp *pmp)
{
    pmp->count = 1;
    pmp->last = 0;
    pmp->start[0] = 0;
    pmp->perms[0] = pmp->perms_m[0] = PMP_RWX;
}

static uint64_t bytes_left(const RvPmp *pmp, unsigned interval, uint64_t gpa)
{
    return interval + 1 < pmp->count ? pmp->start[interval + 1] - gpa : UINT64_MAX;
}

unsigned rv_pmp_find(RvPmp *pmp, uint64_t gpa, uint64_t *left)
{
    unsigned low = 0, high = pmp->count, last = pmp->last;

    if (gpa >= pmp->start[last] && (last + 1 == high || gpa < pmp->start[last + 1])) {
        *left = bytes_left(pmp, last, gpa);
        return last;
    }
    while (high - low > 1) {
        unsigned mid = (low + high) / 2;

        if (pmp->start[mid] <= gpa) {
            low = mid;
        } else {
            high = mid;
        }
    }
    pmp->last = low;
    *left = bytes_left(pmp, low, gpa);
    return low;
}

uint8_t rv_pmp_perms(RvPmp *pmp, RvPriv priv, uint64_t gpa, uint64_t size)
{
    uint64_t left;
    unsigned interval = rv_pmp_find(pmp, gpa, &left);

    if (size > left) {
        return 0;
    }
    return priv == RV_M ? pmp->perms_m[interval] : pmp->perms[interval];
}

uint8_t rv_pmp_cfg_write(uint8_t old, uint8_t value)
{
    if (old & PMP_L) {
        return old;
    }
    value &= PMP_L | PMP_A_MASK | PMP_RWX;
    return value & PMP_R ? value : value & ~PMP_W;
}

bool rv_pmp_addr_locked(const uint8_t *cfg, unsigned index)
{
    if (cfg[index] & PMP_L) {
        return true;
    }
    return index + 1 < RV_PMP_ENTRIES && cfg[index + 1] & PMP_L &&
           match_mode(cfg[index + 1]) == PMP_TOR;
}
