/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/main_loop.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <sys/eventfd.h>
#include <unistd.h>

static bool drain_wake(int fd, short revents, void *opaque)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* an empty eventfd is just as well */
    return true;
}

bool main_loop_init(MainLoop *loop, DevLock *lock, EpochDomain *epoch, Error *err)
{
    *loop = (MainLoop) { 0 };
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd < 0) {
        error_set_errno(err, errno, "cannot set up the main loop");
        return false;
    }
    loop->ctx = g_main_context_new();
    loop->lock = lock;
    loop->epoch = epoch;
    loop->wake_fd = fd;
    loop->fds = g_array_new(FALSE, FALSE, sizeof(GPollFD));
    fd_watch_new(loop, fd, POLLIN, drain_wake, loop);
    return true;
}

void main_loop_destroy(MainLoop *loop)
{
    if (loop->ctx) {
        g_main_context_unref(loop->ctx);
        close(loop->wake_fd);
        g_array_free(loop->fds, TRUE);
    }
    *loop = (MainLoop) { 0 };
}

void main_loop_wake(MainLoop *loop)
{
    uint64_t one = 1;
    int saved = errno;
    ssize_t n = write(loop->wake_fd, &one, sizeof(one));
    (void)n; /* a full counter wakes the loop as well */
    errno = saved;
}

/* Asks GLib what to wait for; the number of descriptors in loop->fds. */
static int query(MainLoop *loop, int *timeout)
{
    int n;
    while ((n = g_main_context_query(loop->ctx, INT_MAX, timeout, (GPollFD *)loop->fds->data,
                                     (int)loop->fds->len)) > (int)loop->fds->len) {
        g_array_set_size(loop->fds, (guint)n);
    }
    return n;
}

bool main_loop_turn(MainLoop *loop, bool block)
{
    int prio, timeout;
    gboolean owner = g_main_context_acquire(loop->ctx);
    assert(owner);

    devlock_acquire(loop->lock);
    if (loop->epoch) {
        epoch_reclaim(loop->epoch);
    }
    g_main_context_prepare(loop->ctx, &prio);
    int n = query(loop, &timeout);
    devlock_release(loop->lock);

    g_poll((GPollFD *)loop->fds->data, (guint)n, block ? timeout : 0);

    devlock_acquire(loop->lock);
    bool ready = g_main_context_check(loop->ctx, prio, (GPollFD *)loop->fds->data, n);
    g_main_context_dispatch(loop->ctx);
    devlock_release(loop->lock);
    g_main_context_release(loop->ctx);
    return ready;
}

/* GLib wants a table it could write to, but never does. */
static GSource *new_source(const GSourceFuncs *funcs, guint size)
{
    return g_source_new((GSourceFuncs *)funcs, size);
}

/* --- descriptors --- */

struct FdWatch {
    GSource source;
    int fd;
    gpointer tag; /* NULL: paused */
    FdWatchFn fn;
    void *opaque;
};

static gboolean fd_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    FdWatch *w = (FdWatch *)source;
    if (!w->tag) {
        return G_SOURCE_CONTINUE;
    }
    GIOCondition events = g_source_query_unix_fd(source, w->tag);
    if (!events) {
        return G_SOURCE_CONTINUE;
    }
    return w->fn(w->fd, (short)events, w->opaque) ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static const GSourceFuncs fd_funcs = { .dispatch = fd_dispatch };

FdWatch *fd_watch_new(MainLoop *loop, int fd, short events, FdWatchFn fn, void *opaque)
{
    FdWatch *w = (FdWatch *)new_source(&fd_funcs, sizeof(FdWatch));
    w->fd = fd;
    w->tag = NULL;
    w->fn = fn;
    w->opaque = opaque;
    fd_watch_set_events(w, events);
    g_source_attach(&w->source, loop->ctx);
    g_source_unref(&w->source); /* the context keeps it */
    return w;
}

void fd_watch_set_events(FdWatch *w, short events)
{
    /* A paused watch leaves the poll set, else a hang-up would keep the loop turning. */
    if (!events) {
        if (w->tag) {
            g_source_remove_unix_fd(&w->source, w->tag);
            w->tag = NULL;
        }
    } else if (w->tag) {
        g_source_modify_unix_fd(&w->source, w->tag, (GIOCondition)events);
    } else {
        w->tag = g_source_add_unix_fd(&w->source, w->fd, (GIOCondition)events);
    }
}

void fd_watch_free(FdWatch *w)
{
    if (w) {
        g_source_destroy(&w->source);
    }
}

/* --- bottom halves --- */

struct BottomHalf {
    GSource source;
    void (*fn)(void *opaque);
    void *opaque;
    bool once;
};

static gboolean bh_dispatch(GSource *source, GSourceFunc callback, gpointer data)
{
    BottomHalf *bh = (BottomHalf *)source;
    g_source_set_ready_time(source, -1);
    bh->fn(bh->opaque);
    return bh->once ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static const GSourceFuncs bh_funcs = { .dispatch = bh_dispatch };

BottomHalf *bh_new(MainLoop *loop, void (*fn)(void *opaque), void *opaque)
{
    BottomHalf *bh = (BottomHalf *)new_source(&bh_funcs, sizeof(BottomHalf));
    bh->fn = fn;
    bh->opaque = opaque;
    bh->once = false;
    g_source_attach(&bh->source, loop->ctx);
    g_source_unref(&bh->source); /* the context keeps it */
    return bh;
}

void bh_schedule(BottomHalf *bh)
{
    g_source_set_ready_time(&bh->source, 0);
}

void bh_cancel(BottomHalf *bh)
{
    g_source_set_ready_time(&bh->source, -1);
}

void bh_free(BottomHalf *bh)
{
    if (bh) {
        g_source_destroy(&bh->source);
    }
}

void bh_oneshot(MainLoop *loop, void (*fn)(void *opaque), void *opaque)
{
    BottomHalf *bh = (BottomHalf *)new_source(&bh_funcs, sizeof(BottomHalf));
    bh->fn = fn;
    bh->opaque = opaque;
    bh->once = true;
    g_source_set_ready_time(&bh->source, 0);
    g_source_attach(&bh->source, loop->ctx);
    g_source_unref(&bh->source);
}
