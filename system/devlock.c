/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/devlock.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

void devlock_init(DevLock *l)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&l->mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    l->owner = 0;
    l->depth = 0;
}

void devlock_destroy(DevLock *l)
{
    assert(!l->owner);
    pthread_mutex_destroy(&l->mutex);
}

bool devlock_held(const DevLock *l)
{
    return __atomic_load_n(&l->owner, __ATOMIC_RELAXED) == pthread_self();
}

static void take(DevLock *l, unsigned depth)
{
    pthread_mutex_lock(&l->mutex);
    __atomic_store_n(&l->owner, pthread_self(), __ATOMIC_RELAXED);
    l->depth = depth;
}

void devlock_acquire(DevLock *l)
{
    if (devlock_held(l)) {
        l->depth++;
    } else {
        take(l, 1);
    }
}

void devlock_release(DevLock *l)
{
    assert(devlock_held(l));
    if (--l->depth == 0) {
        __atomic_store_n(&l->owner, 0, __ATOMIC_RELAXED);
        pthread_mutex_unlock(&l->mutex);
    }
}

unsigned devlock_yield(DevLock *l)
{
    assert(devlock_held(l));
    unsigned depth = l->depth;
    l->depth = 1;
    devlock_release(l);
    return depth;
}

void devlock_retake(DevLock *l, unsigned depth)
{
    assert(!devlock_held(l));
    take(l, depth);
}

bool devlock_wait(DevLock *l, pthread_cond_t *cond, int64_t deadline_mono_ns)
{
    assert(devlock_held(l));
    unsigned depth = l->depth;
    int rc;
    __atomic_store_n(&l->owner, 0, __ATOMIC_RELAXED);
    if (deadline_mono_ns < 0) {
        rc = pthread_cond_wait(cond, &l->mutex);
    } else {
        struct timespec ts = { .tv_sec = deadline_mono_ns / 1000000000,
                               .tv_nsec = deadline_mono_ns % 1000000000 };
        rc = pthread_cond_timedwait(cond, &l->mutex, &ts);
    }
    __atomic_store_n(&l->owner, pthread_self(), __ATOMIC_RELAXED);
    l->depth = depth;
    return rc != ETIMEDOUT;
}
