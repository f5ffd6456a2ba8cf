/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clocks, timers, the main loop's watches and bottom halves, and the device lock. */
#include <fcntl.h>
#include <glib.h>
#include <time.h>
#include <unistd.h>

#include "system/clock.h"
#include "system/machine.h"
#include "util/units.h"

static int64_t mono_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

static Machine *new_machine(void)
{
    return machine_new("none", NULL);
}

/* Turns the loop until @done or for twenty seconds. */
static bool turn_until(Machine *m, const bool *done)
{
    int64_t end = mono_ns() + 20 * NS_PER_SEC;
    while (!*done && mono_ns() < end) {
        main_loop_turn(&m->loop, false);
    }
    return *done;
}

static void test_virtual_clock(void)
{
    Machine *m = new_machine();
    Clock *c = &m->clk_virtual;
    g_assert_cmpint(clk_ns(c), ==, 0);
    g_assert_false(clk_virtual_running(c));
    g_assert_cmpint(clk_to_monotonic(c, 5), ==, INT64_MAX);
    clk_virtual_set(c, 1000);
    g_assert_cmpint(clk_ns(c), ==, 1000);
    int64_t before = mono_ns();
    clk_virtual_start(c);
    clk_virtual_start(c);
    g_usleep(2000);
    int64_t now = clk_ns(c);
    g_assert_cmpint(now, >=, 1000 + 2 * NS_PER_MS);
    g_assert_cmpint(now, <=, 1000 + mono_ns() - before);
    g_assert_cmpint(clk_to_monotonic(c, now + 500), >=, before);
    g_assert_cmpint(clk_to_monotonic(c, INT64_MAX), ==, INT64_MAX);
    clk_virtual_stop(c);
    int64_t stopped = clk_ns(c);
    g_usleep(1000);
    g_assert_cmpint(clk_ns(c), ==, stopped);
    clk_virtual_start(c);
    g_assert_cmpint(clk_ns(c), >=, stopped);
    clk_virtual_set(c, 1000 * NS_PER_SEC);
    g_assert_cmpint(clk_ns(c), >=, 1000 * NS_PER_SEC);
    clk_virtual_set(c, 7);
    g_assert_cmpint(clk_ns(c), <, 500 * NS_PER_SEC);
    machine_free(m);
}

static void test_host_clocks(void)
{
    Machine *m = new_machine();
    g_assert_cmpint(clk_ns(&m->clk_host) / NS_PER_SEC, >, 1700000000);
    int64_t a = clk_ns(&m->clk_real);
    g_assert_cmpint(clk_ns(&m->clk_real), >=, a);
    g_assert_cmpint(llabs(a - mono_ns()), <, 20 * NS_PER_SEC);
    machine_free(m);
}

typedef struct Ticker {
    ClkTimer t;
    Machine *m;
    GString *order; /* may be NULL */
    char letter;
    bool fired, locked;
    int64_t at;
    unsigned again; /* times to arm itself anew for the past */
} Ticker;

static void on_tick(void *opaque)
{
    Ticker *k = opaque;
    k->fired = true;
    k->locked = machine_locked(k->m);
    k->at = clk_ns(k->t.clock);
    if (k->order) {
        g_string_append_c(k->order, k->letter);
    }
    if (k->again) {
        k->again--;
        clk_timer_mod(&k->t, 0);
    }
}

static void ticker_init(Ticker *k, Machine *m, Clock *c)
{
    *k = (Ticker) { .m = m };
    clk_timer_init(&k->t, c, on_tick, k);
}

static void test_timer_never_early(void)
{
    Machine *m = new_machine();
    Clock *clocks[] = { &m->clk_real, &m->clk_virtual, &m->clk_host };
    clk_virtual_start(&m->clk_virtual);
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned n = 0; n < 50; n++) {
            Ticker k;
            ticker_init(&k, m, clocks[i]);
            int64_t deadline = clk_ns(clocks[i]) + 1 + (int64_t)n * 17777;
            clk_timer_mod(&k.t, deadline);
            g_assert_cmpint(clk_timer_deadline(&k.t), ==, deadline);
            g_assert_true(turn_until(m, &k.fired));
            g_assert_cmpint(k.at, >=, deadline);
            g_assert_true(k.locked);
            g_assert_false(clk_timer_armed(&k.t));
        }
    }
    machine_free(m);
}

static void test_timer_wakes_a_sleeping_loop(void)
{
    Machine *m = new_machine();
    Ticker k;
    ticker_init(&k, m, &m->clk_real);
    int64_t deadline = mono_ns() + 5 * NS_PER_MS;
    clk_timer_mod(&k.t, deadline);
    while (!k.fired) {
        main_loop_turn(&m->loop, true);
    }
    g_assert_cmpint(k.at, >=, deadline);
    g_assert_cmpint(k.at, <, deadline + 20 * NS_PER_SEC);
    machine_free(m);
}

static void test_timer_order_and_removal(void)
{
    enum { N = 40 };
    Machine *m = new_machine();
    GString *order = g_string_new(NULL);
    Ticker k[N];
    int64_t base = mono_ns() - NS_PER_SEC;
    for (int i = 0; i < N; i++) {
        ticker_init(&k[i], m, &m->clk_real);
        k[i].order = order;
        k[i].letter = (char)('A' + i);
        clk_timer_mod(&k[i].t, base + (i * 7 % N) * 1000); /* a permutation: 7 and 40 are coprime */
    }
    g_assert_cmpint(clk_next_deadline(&m->clk_real), ==, base);
    for (int i = 0; i < N; i += 4) {
        clk_timer_del(&k[i].t);
        clk_timer_del(&k[i].t);
    }
    for (int i = 1; i < N; i += 4) {
        clk_timer_mod(&k[i].t, base + 100000 - (i * 7 % N) * 1000); /* now in reverse */
    }
    for (int i = 0; i < 5; i++) {
        main_loop_turn(&m->loop, false);
    }
    GString *want = g_string_new(NULL);
    for (int64_t at = 0; at <= 100000; at += 1000) {
        for (int i = 0; i < N; i++) {
            int64_t slot = (i * 7 % N) * 1000;
            slot = i % 4 == 1 ? 100000 - slot : slot;
            if (i % 4 && slot == at) {
                g_string_append_c(want, (char)('A' + i));
            }
        }
    }
    g_assert_cmpuint(order->len, ==, N - N / 4);
    g_assert_cmpstr(order->str, ==, want->str);
    g_assert_cmpint(clk_next_deadline(&m->clk_real), ==, INT64_MAX);
    g_string_free(order, TRUE);
    g_string_free(want, TRUE);
    machine_free(m);
}

static void test_timer_in_the_past_again_and_again(void)
{
    Machine *m = new_machine();
    Ticker greedy, other;
    ticker_init(&greedy, m, &m->clk_real);
    ticker_init(&other, m, &m->clk_real);
    greedy.again = 1000000;
    clk_timer_mod(&greedy.t, 0);
    clk_timer_mod(&other.t, 1);
    g_assert_true(turn_until(m, &other.fired)); /* the greedy one does not keep others out */
    g_assert_cmpuint(greedy.again, <, 1000000);
    clk_timer_del(&greedy.t);
    machine_free(m);
}

static void test_timer_and_stopped_clock(void)
{
    Machine *m = new_machine();
    Ticker k;
    ticker_init(&k, m, &m->clk_virtual);
    clk_timer_mod(&k.t, NS_PER_MS);
    for (int i = 0; i < 20; i++) {
        g_usleep(200);
        main_loop_turn(&m->loop, false);
    }
    g_assert_false(k.fired); /* time stands still */
    clk_virtual_set(&m->clk_virtual, NS_PER_MS);
    main_loop_turn(&m->loop, false);
    g_assert_false(k.fired); /* due, but not before the machine runs */
    clk_virtual_start(&m->clk_virtual);
    g_assert_true(turn_until(m, &k.fired));
    k.fired = false;
    clk_timer_mod(&k.t, 3600 * NS_PER_SEC);
    clk_virtual_set(&m->clk_virtual, 3600 * NS_PER_SEC); /* a jump re-arms */
    g_assert_true(turn_until(m, &k.fired));
    clk_timer_mod(&k.t, INT64_MAX - 1);
    clk_timer_mod(&k.t, INT64_MIN);
    k.fired = false;
    g_assert_true(turn_until(m, &k.fired));
    machine_free(m);
}

typedef struct Race {
    Machine *m;
    Ticker k;
    bool stop;
} Race;

static gpointer rearm(gpointer opaque)
{
    Race *r = opaque;
    while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
        int64_t before = clk_ns(&r->m->clk_virtual);
        clk_timer_mod(&r->k.t, before + 1000);
        g_assert_cmpint(clk_ns(&r->m->clk_virtual), >=, before);
    }
    return NULL;
}

/* vCPU threads arm timers and read the clock while the main thread fires, stops and starts. */
static void test_threads(void)
{
    Race r = { .m = new_machine() };
    ticker_init(&r.k, r.m, &r.m->clk_virtual);
    GThread *t[2];
    for (int i = 0; i < 2; i++) {
        t[i] = g_thread_new("rearm", rearm, &r);
    }
    for (int i = 0; i < 2000; i++) {
        machine_lock(r.m);
        clk_virtual_stop(&r.m->clk_virtual);
        clk_virtual_start(&r.m->clk_virtual);
        machine_unlock(r.m);
        main_loop_turn(&r.m->loop, false);
    }
    g_assert_true(turn_until(r.m, &r.k.fired));
    __atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++) {
        g_thread_join(t[i]);
    }
    clk_timer_del(&r.k.t);
    machine_free(r.m);
}

/* --- the main loop --- */

typedef struct Watch {
    Machine *m;
    FdWatch *w;
    unsigned calls;
    short events;
    bool keep, locked, done;
} Watch;

static bool on_fd(int fd, short revents, void *opaque)
{
    Watch *w = opaque;
    char byte;
    w->calls++;
    w->events = revents;
    w->locked = machine_locked(w->m);
    w->done = true;
    g_assert_cmpint(read(fd, &byte, 1), >=, 0);
    return w->keep;
}

static void test_fd_watch(void)
{
    Machine *m = new_machine();
    int p[2];
    Watch w = { .m = m, .keep = true };
    g_assert_cmpint(pipe(p), ==, 0);
    w.w = fd_watch_new(&m->loop, p[0], POLLIN, on_fd, &w);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(w.calls, ==, 0);
    g_assert_cmpint(write(p[1], "ab", 2), ==, 2);
    main_loop_turn(&m->loop, true);
    g_assert_cmpuint(w.calls, ==, 1);
    g_assert_true(w.locked);
    g_assert_cmpint(w.events & POLLIN, ==, POLLIN);
    fd_watch_set_events(w.w, 0);
    for (int i = 0; i < 3; i++) {
        main_loop_turn(&m->loop, false);
    }
    g_assert_cmpuint(w.calls, ==, 1);
    fd_watch_set_events(w.w, POLLIN);
    w.keep = false; /* ends with this call */
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(w.calls, ==, 2);
    g_assert_cmpint(write(p[1], "c", 1), ==, 1);
    for (int i = 0; i < 3; i++) {
        main_loop_turn(&m->loop, false);
    }
    g_assert_cmpuint(w.calls, ==, 2);
    w.w = fd_watch_new(&m->loop, p[0], POLLIN, on_fd, &w);
    fd_watch_free(w.w);
    fd_watch_free(NULL);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(w.calls, ==, 2);
    close(p[0]);
    close(p[1]);
    machine_free(m);
}

typedef struct Bh {
    Machine *m;
    BottomHalf *bh;
    unsigned calls;
    bool locked, done, again;
} Bh;

static void on_bh(void *opaque)
{
    Bh *b = opaque;
    b->calls++;
    b->done = true;
    b->locked = machine_locked(b->m);
    if (b->again) {
        b->again = false;
        bh_schedule(b->bh);
    }
}

static gpointer schedule_later(gpointer opaque)
{
    g_usleep(3000);
    bh_schedule(((Bh *)opaque)->bh);
    return NULL;
}

static void free_own_bh(void *opaque)
{
    Bh *b = opaque;
    b->calls++;
    bh_free(b->bh);
}

static void test_bottom_halves(void)
{
    Machine *m = new_machine();
    Bh b = { .m = m };
    b.bh = bh_new(&m->loop, on_bh, &b);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(b.calls, ==, 0);
    bh_schedule(b.bh);
    bh_schedule(b.bh);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(b.calls, ==, 1);
    g_assert_true(b.locked);
    b.again = true;
    bh_schedule(b.bh);
    main_loop_turn(&m->loop, false);
    main_loop_turn(&m->loop, false);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(b.calls, ==, 3);
    bh_schedule(b.bh);
    bh_cancel(b.bh);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(b.calls, ==, 3);

    b.done = false;
    GThread *t = g_thread_new("later", schedule_later, &b);
    while (!b.done) {
        main_loop_turn(&m->loop, true); /* woken out of its sleep */
    }
    g_thread_join(t);
    bh_free(b.bh);
    bh_oneshot(&m->loop, on_bh, &b);
    main_loop_turn(&m->loop, false);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(b.calls, ==, 5);
    b.bh = bh_new(&m->loop, free_own_bh, &b);
    bh_schedule(b.bh);
    main_loop_turn(&m->loop, false);
    main_loop_turn(&m->loop, false);
    g_assert_cmpuint(b.calls, ==, 6);
    bh_free(NULL);
    machine_free(m);
}

/* --- the device lock --- */

typedef struct Locker {
    DevLock lock;
    pthread_cond_t cond;
    unsigned count;
    bool ready;
} Locker;

static gpointer count_up(gpointer opaque)
{
    Locker *l = opaque;
    for (int i = 0; i < 20000; i++) {
        devlock_acquire(&l->lock);
        devlock_acquire(&l->lock);
        unsigned v = l->count;
        devlock_release(&l->lock);
        l->count = v + 1;
        devlock_release(&l->lock);
    }
    return NULL;
}

static gpointer signal_ready(gpointer opaque)
{
    Locker *l = opaque;
    devlock_acquire(&l->lock); /* free only because the other thread waits */
    l->ready = true;
    pthread_cond_signal(&l->cond);
    devlock_release(&l->lock);
    return NULL;
}

static void test_devlock(void)
{
    Locker l = { 0 };
    pthread_condattr_t attr;
    GThread *t[3];
    devlock_init(&l.lock);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l.cond, &attr);
    for (int i = 0; i < 3; i++) {
        t[i] = g_thread_new("count", count_up, &l);
    }
    for (int i = 0; i < 3; i++) {
        g_thread_join(t[i]);
    }
    g_assert_cmpuint(l.count, ==, 60000);

    g_assert_false(devlock_held(&l.lock));
    devlock_acquire(&l.lock);
    devlock_acquire(&l.lock);
    g_assert_true(devlock_held(&l.lock));
    t[0] = g_thread_new("signal", signal_ready, &l);
    while (!l.ready) {
        g_assert_true(devlock_wait(&l.lock, &l.cond, -1));
    }
    g_thread_join(t[0]);
    g_assert_false(devlock_wait(&l.lock, &l.cond, mono_ns() + NS_PER_MS));
    unsigned depth = devlock_yield(&l.lock);
    g_assert_cmpuint(depth, ==, 2);
    g_assert_false(devlock_held(&l.lock));
    devlock_retake(&l.lock, depth);
    devlock_release(&l.lock);
    g_assert_true(devlock_held(&l.lock));
    devlock_release(&l.lock);
    g_assert_false(devlock_held(&l.lock));
    devlock_destroy(&l.lock);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/virtual", test_virtual_clock);
    g_test_add_func("/clock/host", test_host_clocks);
    g_test_add_func("/timer/never-early", test_timer_never_early);
    g_test_add_func("/timer/wakes-the-loop", test_timer_wakes_a_sleeping_loop);
    g_test_add_func("/timer/order-and-removal", test_timer_order_and_removal);
    g_test_add_func("/timer/past", test_timer_in_the_past_again_and_again);
    g_test_add_func("/timer/stopped-clock", test_timer_and_stopped_clock);
    g_test_add_func("/timer/threads", test_threads);
    g_test_add_func("/loop/fd", test_fd_watch);
    g_test_add_func("/loop/bottom-halves", test_bottom_halves);
    g_test_add_func("/devlock", test_devlock);
    return g_test_run();
}
