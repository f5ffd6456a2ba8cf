/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The device lock: one per machine. Held while MMIO handlers, timer callbacks, bottom halves, fd
 * callbacks and monitor commands run; never by translated code, RAM access or clock reads.
 * It may be taken again by the thread that holds it.
 */
#ifndef SYSTEM_DEVLOCK_H
#define SYSTEM_DEVLOCK_H

#include <glib.h>
#include <pthread.h>
#include <stdbool.h>

typedef struct DevLock {
    pthread_mutex_t mutex;
    pthread_t owner; /* atomic; the holding thread, 0: none */
    unsigned depth;  /* owner only */
} DevLock;

/* Nobody holds it or waits for it when it is destroyed. */
void devlock_init(DevLock *l);
void devlock_destroy(DevLock *l);

/* Waits for it; each acquire needs a release by the same thread. */
void devlock_acquire(DevLock *l);
void devlock_release(DevLock *l);

/* True when the calling thread holds the lock. */
bool devlock_held(const DevLock *l);

/* Gives the lock up whatever its depth (which must be at least 1), for a thread that has to wait
 * for others that may want it; devlock_retake with the returned depth takes it again. */
unsigned devlock_yield(DevLock *l);
void devlock_retake(DevLock *l, unsigned depth);

/* Waits on @cond with the lock given up, as pthread_cond_wait; returns with the same depth held.
 * @deadline_mono_ns is absolute on CLOCK_MONOTONIC (the cond must use it), or -1 for none; false
 * when it passed. */
bool devlock_wait(DevLock *l, pthread_cond_t *cond, int64_t deadline_mono_ns);

#endif
