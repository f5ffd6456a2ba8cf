/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Flattening of the region tree: what is rendered first wins. */
#include "mem_view.h"

#include <string.h>

/* Guest addresses while aliases may still shift them below zero or above the top. */
typedef __int128 Wide;

typedef struct Window {
    Wide first, last; /* inclusive; empty when last < first */
} Window;

typedef struct Render {
    GArray *out; /* FlatRange, ascending */
    unsigned depth;
} Render;

/* Deeper nesting can only be a loop of aliases. */
#define MAX_DEPTH 64

static Window clip(Window w, Wide first, Wide last)
{
    return (Window) { MAX(w.first, first), MIN(w.last, last) };
}

static void put(Render *r, unsigned at, FlatRange range, Wide base, Wide first, Wide last)
{
    range.first = (uint64_t)first;
    range.last = (uint64_t)last;
    range.offset = (uint64_t)(first - base);
    g_array_insert_val(r->out, at, range);
}

/* Puts @mr into the parts of @w that are still free; @base is the address of its byte 0. */
static void fill(Render *r, const MemRegion *mr, Wide base, Window w, bool readonly)
{
    FlatRange range = { .mr = (MemRegion *)mr, .readonly = readonly, .romd = mr->romd_mode };
    unsigned i = 0;
    while (i < r->out->len && g_array_index(r->out, FlatRange, i).last < (uint64_t)w.first) {
        i++;
    }
    for (; w.first <= w.last && i < r->out->len; i++) {
        FlatRange taken = g_array_index(r->out, FlatRange, i);
        if ((Wide)taken.first > w.last) {
            break;
        }
        if ((Wide)taken.first > w.first) {
            put(r, i++, range, base, w.first, (Wide)taken.first - 1);
        }
        w.first = (Wide)taken.last + 1;
    }
    if (w.first <= w.last) {
        put(r, i, range, base, w.first, w.last);
    }
}

static void render(Render *r, const MemRegion *mr, Wide base, Window w, bool readonly)
{
    if (!mr->enabled || r->depth > MAX_DEPTH) {
        return;
    }
    w = clip(w, base, base + mem_region_last(mr));
    if (w.first > w.last) {
        return;
    }
    readonly |= mr->readonly;
    r->depth++;
    for (unsigned i = 0; mr->subs && i < mr->subs->len; i++) {
        const MemRegion *sub = g_ptr_array_index(mr->subs, i);
        render(r, sub, base + sub->addr, w, readonly);
    }
    if (mr->kind == MEM_ALIAS) {
        render(r, mr->alias, base - (Wide)mr->alias_off, w, readonly);
    } else if (mr->kind != MEM_CONTAINER) {
        fill(r, mr, base, w, readonly);
    }
    r->depth--;
}

static bool joins(const FlatRange *a, const FlatRange *b)
{
    return a->mr == b->mr && a->readonly == b->readonly && a->last + 1 == b->first &&
           a->offset + (b->first - a->first) == b->offset;
}

FlatView *flat_view_new(MemRegion *root)
{
    Render r = { .out = g_array_new(FALSE, FALSE, sizeof(FlatRange)) };
    render(&r, root, 0, (Window) { 0, UINT64_MAX }, false);

    FlatView *view = g_malloc(sizeof(FlatView) + r.out->len * sizeof(FlatRange));
    view->n = 0;
    for (unsigned i = 0; i < r.out->len; i++) {
        const FlatRange *next = &g_array_index(r.out, FlatRange, i);
        if (view->n && joins(&view->ranges[view->n - 1], next)) {
            view->ranges[view->n - 1].last = next->last;
        } else {
            view->ranges[view->n++] = *next;
        }
    }
    g_array_free(r.out, TRUE);
    return view;
}

bool flat_view_equal(const FlatView *a, const FlatView *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (unsigned i = 0; i < a->n; i++) {
        const FlatRange *ra = &a->ranges[i], *rb = &b->ranges[i];
        if (ra->first != rb->first || ra->last != rb->last || ra->offset != rb->offset ||
            ra->mr != rb->mr || ra->readonly != rb->readonly || ra->romd != rb->romd) {
            return false;
        }
    }
    return true;
}

unsigned flat_view_find(const FlatView *view, uint64_t gpa)
{
    unsigned lo = 0, hi = view->n;
    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;
        if (view->ranges[mid].last < gpa) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}
