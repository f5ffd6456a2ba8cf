/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "util/epoch.h"

#include <assert.h>

typedef struct Retired {
    void (*free_fn)(void *ptr);
    void *ptr;
    uint64_t epoch; /* free once every online reader has seen at least this */
} Retired;

void epoch_domain_init(EpochDomain *d)
{
    *d = (EpochDomain) { .now = 1, .readers = g_ptr_array_new() };
    g_mutex_init(&d->lock);
    g_queue_init(&d->retired);
}

void epoch_domain_destroy(EpochDomain *d)
{
    assert(d->readers->len == 0);
    epoch_reclaim(d);
    assert(g_queue_is_empty(&d->retired));
    g_ptr_array_free(d->readers, TRUE);
    g_mutex_clear(&d->lock);
}

void epoch_add(EpochDomain *d, EpochReader *r)
{
    r->domain = d;
    __atomic_store_n(&r->seen, EPOCH_OFFLINE, __ATOMIC_SEQ_CST);
    g_mutex_lock(&d->lock);
    g_ptr_array_add(d->readers, r);
    g_mutex_unlock(&d->lock);
}

void epoch_remove(EpochReader *r)
{
    EpochDomain *d = r->domain;
    epoch_offline(r);
    g_mutex_lock(&d->lock);
    g_ptr_array_remove_fast(d->readers, r);
    g_mutex_unlock(&d->lock);
}

void epoch_online(EpochReader *r)
{
    /* The store must be visible before this thread loads any published pointer. */
    __atomic_store_n(&r->seen, __atomic_load_n(&r->domain->now, __ATOMIC_SEQ_CST),
                     __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void epoch_offline(EpochReader *r)
{
    __atomic_store_n(&r->seen, EPOCH_OFFLINE, __ATOMIC_RELEASE);
}

void epoch_retire(EpochDomain *d, void (*free_fn)(void *ptr), void *ptr)
{
    Retired *item = g_new(Retired, 1);
    *item = (Retired) { .free_fn = free_fn, .ptr = ptr };
    g_mutex_lock(&d->lock);
    item->epoch = __atomic_add_fetch(&d->now, 1, __ATOMIC_SEQ_CST);
    g_queue_push_tail(&d->retired, item);
    g_mutex_unlock(&d->lock);
}

static uint64_t oldest_reader(EpochDomain *d)
{
    uint64_t oldest = EPOCH_OFFLINE;
    for (unsigned i = 0; i < d->readers->len; i++) {
        EpochReader *r = g_ptr_array_index(d->readers, i);
        uint64_t seen = __atomic_load_n(&r->seen, __ATOMIC_SEQ_CST);
        oldest = MIN(oldest, seen);
    }
    return oldest;
}

/* The oldest retired object when nobody can see it any more, taken off the list. */
static Retired *pop_ready(EpochDomain *d, uint64_t oldest)
{
    Retired *item = g_queue_peek_head(&d->retired);
    if (!item || item->epoch > oldest) {
        return NULL;
    }
    return g_queue_pop_head(&d->retired);
}

unsigned epoch_reclaim(EpochDomain *d)
{
    g_mutex_lock(&d->lock);
    if (g_queue_is_empty(&d->retired)) {
        g_mutex_unlock(&d->lock);
        return 0;
    }
    uint64_t oldest = oldest_reader(d);
    Retired *item;
    while ((item = pop_ready(d, oldest))) {
        g_mutex_unlock(&d->lock);
        item->free_fn(item->ptr);
        g_free(item);
        g_mutex_lock(&d->lock);
    }
    unsigned left = g_queue_get_length(&d->retired);
    g_mutex_unlock(&d->lock);
    return left;
}
