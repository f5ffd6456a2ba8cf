/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/clock.h"

#include <assert.h>
#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "util/units.h"

static int64_t host_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static clockid_t host_clock(const Clock *c)
{
    return c->kind == CLOCK_HOST ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

/* a + b, held at the ends of int64_t. */
static int64_t add_sat(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return b > 0 ? INT64_MAX : INT64_MIN;
    }
    return sum;
}

/* --- reading and setting --- */

/* What a reader found under the sequence lock. */
typedef struct Reading {
    int64_t offset;
    bool running;
    int64_t now;
} Reading;

/* The host's clock is read inside the lock too: after a stop and start in between, an old offset
 * would put the present into the future. */
static Reading read_clock(const Clock *c)
{
    Reading r;
    unsigned seq;
    do {
        seq = __atomic_load_n(&c->seq, __ATOMIC_ACQUIRE);
        r.offset = __atomic_load_n(&c->offset, __ATOMIC_RELAXED);
        r.running = __atomic_load_n(&c->running, __ATOMIC_RELAXED);
        r.now = r.running ? host_ns(host_clock(c)) + r.offset : r.offset;
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
    } while ((seq & 1) || seq != __atomic_load_n(&c->seq, __ATOMIC_RELAXED));
    return r;
}

/* Between them readers wait, so that no one sees a time past the one at which the clock stops. */
static void write_begin(Clock *c)
{
    __atomic_store_n(&c->seq, c->seq + 1, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void write_end(Clock *c, int64_t offset, bool running)
{
    __atomic_store_n(&c->offset, offset, __ATOMIC_RELAXED);
    __atomic_store_n(&c->running, running, __ATOMIC_RELAXED);
    __atomic_store_n(&c->seq, c->seq + 1, __ATOMIC_RELEASE);
}

int64_t clk_ns(const Clock *c)
{
    return read_clock(c).now;
}

bool clk_virtual_running(const Clock *c)
{
    return read_clock(c).running;
}

int64_t clk_to_monotonic(const Clock *c, int64_t ns)
{
    Reading r = read_clock(c);
    return r.running && ns != INT64_MAX ? add_sat(ns, -r.offset) : INT64_MAX;
}

/* --- the heap of armed timers; clock's lock held --- */

static ClkTimer *heap_at(const Clock *c, int i)
{
    return g_ptr_array_index(c->heap, i);
}

static void heap_put(Clock *c, int i, ClkTimer *t)
{
    g_ptr_array_index(c->heap, i) = t;
    t->index = i;
}

static void sift_up(Clock *c, ClkTimer *t)
{
    int i = t->index;
    while (i > 0 && heap_at(c, (i - 1) / 2)->due > t->due) {
        heap_put(c, i, heap_at(c, (i - 1) / 2));
        i = (i - 1) / 2;
    }
    heap_put(c, i, t);
}

static void sift_down(Clock *c, ClkTimer *t)
{
    int i = t->index, n = (int)c->heap->len, child;
    while ((child = 2 * i + 1) < n) {
        if (child + 1 < n && heap_at(c, child + 1)->due < heap_at(c, child)->due) {
            child++;
        }
        if (heap_at(c, child)->due >= t->due) {
            break;
        }
        heap_put(c, i, heap_at(c, child));
        i = child;
    }
    heap_put(c, i, t);
}

static void heap_remove(Clock *c, ClkTimer *t)
{
    int hole = t->index;
    ClkTimer *last = heap_at(c, (int)c->heap->len - 1);
    g_ptr_array_set_size(c->heap, (int)c->heap->len - 1);
    t->index = -1;
    if (last != t) {
        heap_put(c, hole, last);
        sift_up(c, last);
        sift_down(c, last);
    }
}

static void heap_insert(Clock *c, ClkTimer *t)
{
    t->index = (int)c->heap->len;
    g_ptr_array_add(c->heap, t);
    sift_up(c, t);
}

static int64_t first_deadline(const Clock *c)
{
    return c->heap->len ? heap_at(c, 0)->due : INT64_MAX;
}

/* Sets the timerfd for the first deadline; @force when the clock's base changed. Lock held. */
static void arm(Clock *c, bool force)
{
    int64_t deadline = c->running ? first_deadline(c) : INT64_MAX;
    if (deadline == c->armed_at && !force) {
        return;
    }
    struct itimerspec its = { 0 };
    if (deadline != INT64_MAX) {
        /* Zero would switch the timerfd off; what is past fires at once whatever the value. */
        int64_t at = MAX(add_sat(deadline, -c->offset), 1);
        its.it_value.tv_sec = at / NS_PER_SEC;
        its.it_value.tv_nsec = at % NS_PER_SEC;
    }
    c->armed_at = deadline;
    int rc = timerfd_settime(c->fd, TFD_TIMER_ABSTIME, &its, NULL);
    assert(rc == 0);
}

/* --- firing --- */

/* Takes the first timer that is due at @now out of the heap. */
static ClkTimer *pop_due(Clock *c, int64_t now)
{
    g_mutex_lock(&c->lock);
    ClkTimer *t = first_deadline(c) <= now && c->heap->len ? heap_at(c, 0) : NULL;
    if (t) {
        heap_remove(c, t);
    }
    g_mutex_unlock(&c->lock);
    return t;
}

static bool on_timerfd(int fd, short revents, void *opaque)
{
    Clock *c = opaque;
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* EAGAIN: armed anew in between */

    g_mutex_lock(&c->lock);
    c->armed_at = INT64_MAX;
    int64_t now = c->running ? clk_ns(c) : INT64_MIN;
    c->firing = now;
    g_mutex_unlock(&c->lock);

    ClkTimer *t;
    while ((t = pop_due(c, now))) {
        t->fn(t->opaque);
    }

    g_mutex_lock(&c->lock);
    c->firing = INT64_MIN;
    arm(c, true);
    g_mutex_unlock(&c->lock);
    return true;
}

bool clk_init(Clock *c, ClockKind kind, MainLoop *loop, Error *err)
{
    *c = (Clock) { .kind = kind };
    int fd = timerfd_create(host_clock(c), TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd < 0) {
        error_set_errno(err, errno, "cannot set up a clock");
        return false;
    }
    c->loop = loop;
    c->running = kind != CLOCK_VIRTUAL;
    c->heap = g_ptr_array_new();
    c->fd = fd;
    c->armed_at = INT64_MAX;
    c->firing = INT64_MIN;
    g_mutex_init(&c->lock);
    c->watch = fd_watch_new(loop, fd, POLLIN, on_timerfd, c);
    return true;
}

void clk_destroy(Clock *c)
{
    if (!c->heap) {
        return;
    }
    assert(c->heap->len == 0);
    fd_watch_free(c->watch);
    close(c->fd);
    g_ptr_array_free(c->heap, TRUE);
    g_mutex_clear(&c->lock);
    *c = (Clock) { 0 };
}

/* Lets the clock go on from @ns, or from where it is when @ns is negative. */
static void rebase(Clock *c, int64_t ns, bool running)
{
    assert(c->kind == CLOCK_VIRTUAL);
    g_mutex_lock(&c->lock);
    write_begin(c);
    int64_t mono = host_ns(CLOCK_MONOTONIC);
    if (ns < 0) {
        ns = c->running ? mono + c->offset : c->offset;
    }
    write_end(c, running ? ns - mono : ns, running);
    arm(c, true);
    g_mutex_unlock(&c->lock);
}

void clk_virtual_start(Clock *c)
{
    rebase(c, -1, true);
}

void clk_virtual_stop(Clock *c)
{
    rebase(c, -1, false);
}

void clk_virtual_set(Clock *c, int64_t ns)
{
    assert(ns >= 0);
    rebase(c, ns, c->running);
}

/* --- timers --- */

void clk_timer_init(ClkTimer *t, Clock *c, void (*fn)(void *opaque), void *opaque)
{
    *t = (ClkTimer) { .clock = c, .fn = fn, .opaque = opaque, .deadline = INT64_MAX, .index = -1 };
}

void clk_timer_mod(ClkTimer *t, int64_t deadline)
{
    Clock *c = t->clock;
    g_mutex_lock(&c->lock);
    if (t->index >= 0) {
        heap_remove(c, t);
    }
    t->deadline = deadline;
    if (deadline != INT64_MAX) {
        /* Timers that callbacks arm for the past wait for the next turn: others get theirs first.
         */
        t->due = deadline <= c->firing ? c->firing + 1 : deadline;
        heap_insert(c, t);
    }
    arm(c, false);
    g_mutex_unlock(&c->lock);
}

void clk_timer_del(ClkTimer *t)
{
    if (t->clock) {
        clk_timer_mod(t, INT64_MAX);
    }
}

bool clk_timer_armed(const ClkTimer *t)
{
    return clk_timer_deadline(t) != INT64_MAX;
}

int64_t clk_timer_deadline(const ClkTimer *t)
{
    Clock *c = t->clock;
    g_mutex_lock(&c->lock);
    int64_t deadline = t->index >= 0 ? t->deadline : INT64_MAX;
    g_mutex_unlock(&c->lock);
    return deadline;
}

int64_t clk_next_deadline(Clock *c)
{
    g_mutex_lock(&c->lock);
    int64_t deadline = first_deadline(c);
    g_mutex_unlock(&c->lock);
    return deadline;
}
