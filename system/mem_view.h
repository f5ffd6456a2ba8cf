/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flat views: what memory.c publishes and mem_access.c looks up. */
#ifndef SYSTEM_MEM_VIEW_H
#define SYSTEM_MEM_VIEW_H

#include "system/memory.h"

typedef struct FlatRange {
    uint64_t first, last; /* guest addresses, inclusive */
    uint64_t offset;      /* of first in mr */
    MemRegion *mr;
    bool readonly; /* RAM seen through a read-only alias */
    bool romd;     /* MEM_ROMD: reads are direct */
} FlatRange;

struct FlatView {
    unsigned n;
    FlatRange ranges[]; /* ascending, not overlapping */
};

/* Flattens the tree below @root. */
FlatView *flat_view_new(MemRegion *root);
bool flat_view_equal(const FlatView *a, const FlatView *b);

/* The index of the first range whose last byte is at or above @gpa; view->n when there is none. */
unsigned flat_view_find(const FlatView *view, uint64_t gpa);

/* Last offset of a region: its size less one. */
static inline uint64_t mem_region_last(const MemRegion *mr)
{
    return mr->size == MEM_SIZE_ALL ? UINT64_MAX : mr->size - 1;
}

#endif
