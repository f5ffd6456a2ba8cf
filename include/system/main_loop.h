/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The main loop: a GLib main context whose callbacks all run in one thread with the device lock
 * held; the lock is free while the loop sleeps. GLib sources may be attached to loop->ctx directly.
 */
#ifndef SYSTEM_MAIN_LOOP_H
#define SYSTEM_MAIN_LOOP_H

#include <glib.h>
#include <poll.h>
#include <stdbool.h>

#include "system/devlock.h"
#include "util/epoch.h"
#include "util/error.h"

typedef struct MainLoop {
    GMainContext *ctx;
    DevLock *lock;      /* taken around callbacks */
    EpochDomain *epoch; /* reclaimed once per turn; may be NULL */
    int wake_fd;        /* eventfd; main_loop_wake writes to it */
    GArray *fds;        /* GPollFD, scratch */
} MainLoop;

/* A loop with a context of its own. Fails when the host has no file descriptors left; a zeroed or
 * failed loop may be destroyed. */
bool main_loop_init(MainLoop *loop, DevLock *lock, EpochDomain *epoch, Error *err);
void main_loop_destroy(MainLoop *loop);

/* One turn: sleeps until something is ready (@block) or just looks, then runs the callbacks. Called
 * without the device lock. Returns true when a callback ran. */
bool main_loop_turn(MainLoop *loop, bool block);

/* Makes a sleeping loop turn. Any thread, and signal handlers. */
void main_loop_wake(MainLoop *loop);

/* Watches @fd (borrowed) for POLLIN, POLLOUT...; @fn gets the events that came. The returned watch
 * ends with fd_watch_free, or when @fn returns false (which frees it). Device lock held, or before
 * the loop runs. */
typedef struct FdWatch FdWatch;
typedef bool (*FdWatchFn)(int fd, short revents, void *opaque);
FdWatch *fd_watch_new(MainLoop *loop, int fd, short events, FdWatchFn fn, void *opaque);
void fd_watch_set_events(FdWatch *w, short events); /* 0 pauses it */
void fd_watch_free(FdWatch *w);                     /* NULL is allowed */

/* A bottom half: a callback that any thread can ask for; runs once per turn however often asked. */
typedef struct BottomHalf BottomHalf;
BottomHalf *bh_new(MainLoop *loop, void (*fn)(void *opaque), void *opaque);
void bh_schedule(BottomHalf *bh); /* any thread */
void bh_cancel(BottomHalf *bh);   /* device lock held */
void bh_free(BottomHalf *bh); /* device lock held; NULL is allowed; also from its own callback */

/* Runs @fn once from the loop. Any thread. */
void bh_oneshot(MainLoop *loop, void (*fn)(void *opaque), void *opaque);

#endif
