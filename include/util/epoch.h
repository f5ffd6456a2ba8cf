/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Freeing what lock-free readers may still look at, after each of them passed a quiescent point.
 *
 * A reader thread owns an EpochReader. While online it may hold pointers published before its last
 * epoch_quiesce(); at a quiescent point, or when it goes offline (before it sleeps or blocks), it
 * holds none. Writers unpublish a pointer, then epoch_retire() it.
 */
#ifndef UTIL_EPOCH_H
#define UTIL_EPOCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct EpochDomain {
    GMutex lock;
    uint64_t now;       /* atomic; grows with each retired object */
    GPtrArray *readers; /* EpochReader *, borrowed */
    GQueue retired;     /* oldest first */
} EpochDomain;

typedef struct EpochReader {
    uint64_t seen; /* atomic; EPOCH_OFFLINE or the epoch of the last quiescent point */
    EpochDomain *domain;
} EpochReader;

#define EPOCH_OFFLINE UINT64_MAX

void epoch_domain_init(EpochDomain *d);

/* Frees everything retired; no reader may be left. */
void epoch_domain_destroy(EpochDomain *d);

/* Adds the calling thread's reader, offline. The reader must stay until epoch_remove. */
void epoch_add(EpochDomain *d, EpochReader *r);
void epoch_remove(EpochReader *r);

/* Owner thread only. Wait-free. */
void epoch_online(EpochReader *r);
void epoch_offline(EpochReader *r);

/* Owner thread only: "I hold no published pointer right now." One load and one store. */
static inline void epoch_quiesce(EpochReader *r)
{
    uint64_t now = __atomic_load_n(&r->domain->now, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&r->seen, __ATOMIC_RELAXED) != now) {
        __atomic_store_n(&r->seen, now, __ATOMIC_SEQ_CST);
    }
}

/* Frees @ptr with @free_fn once every reader that is online now has passed a quiescent point. Any
 * thread; @free_fn runs in a later epoch_reclaim, never in here. */
void epoch_retire(EpochDomain *d, void (*free_fn)(void *ptr), void *ptr);

/* Frees what can be freed now; returns how many objects still wait. A machine's main loop does this
 * once per turn under the device lock, so whoever holds the device lock is safe without a reader.
 */
unsigned epoch_reclaim(EpochDomain *d);

#endif
