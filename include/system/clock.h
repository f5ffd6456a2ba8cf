/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clocks and timers. All times are ns in int64_t.
 *
 *   virtual   what the guest's timers count; stands still while the machine is stopped, set on load
 *   host      wall time since 1970 (may jump)
 *   realtime  the host's monotonic clock
 *
 * clk_ns is lock-free and may be called from any thread.
 */
#ifndef SYSTEM_CLOCK_H
#define SYSTEM_CLOCK_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "system/main_loop.h"
#include "util/muldiv.h"

typedef enum ClockKind { CLOCK_VIRTUAL, CLOCK_HOST, CLOCK_REAL } ClockKind;

typedef struct ClkTimer ClkTimer;

typedef struct Clock {
    ClockKind kind;
    MainLoop *loop;
    unsigned seq;   /* seqlock over offset and running */
    int64_t offset; /* virtual: time = monotonic + offset while running, else offset */
    bool running;
    GMutex lock;      /* heap, and the timerfd's setting; a leaf: nothing is taken under it */
    GPtrArray *heap;  /* armed ClkTimers, a binary heap by deadline */
    int fd;           /* timerfd */
    int64_t armed_at; /* what the timerfd is set to (clock time); INT64_MAX: off */
    int64_t firing;   /* timers due by then are running now; INT64_MIN: none are */
    FdWatch *watch;
} Clock;

/* The virtual clock starts stopped at 0. Fails when the host has no file descriptors left; a zeroed
 * or failed clock may be destroyed. No timer may be armed then. */
bool clk_init(Clock *c, ClockKind kind, MainLoop *loop, Error *err);
void clk_destroy(Clock *c);

/* The time now. Never goes backwards but for clk_virtual_set and the host clock. */
int64_t clk_ns(const Clock *c);

/* Virtual clock only; device lock held, every vCPU parked. @ns is not negative. */
void clk_virtual_start(Clock *c);
void clk_virtual_stop(Clock *c);
void clk_virtual_set(Clock *c, int64_t ns);
bool clk_virtual_running(const Clock *c);

/* The monotonic host time at which the virtual clock will read @ns (INT64_MAX when it stands
 * still), for vCPU threads that sleep until a deadline. */
int64_t clk_to_monotonic(const Clock *c, int64_t ns);

struct ClkTimer {
    Clock *clock;
    void (*fn)(void *opaque);
    void *opaque;
    int64_t deadline; /* clock's lock */
    int64_t due;      /* what the heap is ordered by; at or after the deadline */
    int index;        /* in the heap; -1: not armed */
};

/* The callback runs in the loop's thread under the device lock, at or after the deadline, never
 * before it. It may arm the timer again. */
void clk_timer_init(ClkTimer *t, Clock *c, void (*fn)(void *opaque), void *opaque);

/* Arms the timer for the absolute time @deadline (replacing an earlier one); INT64_MAX disarms. Any
 * thread, with or without the device lock. A deadline that has passed fires at the loop's next
 * turn. */
void clk_timer_mod(ClkTimer *t, int64_t deadline);

/* Disarms. With the device lock held, the callback will not run after this returns. */
void clk_timer_del(ClkTimer *t);

bool clk_timer_armed(const ClkTimer *t);

/* The absolute deadline, INT64_MAX when not armed. */
int64_t clk_timer_deadline(const ClkTimer *t);

/* The earliest deadline of the clock, INT64_MAX for none. */
int64_t clk_next_deadline(Clock *c);

#endif
