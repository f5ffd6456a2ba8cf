/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A counter of guest time that CPUs read (RISC-V: the ACLINT's mtime). One source per machine, so
 * that rdtime, mtimecmp and stimecmp can never disagree.
 */
#ifndef SYSTEM_TIME_SOURCE_H
#define SYSTEM_TIME_SOURCE_H

#include <stdint.h>
#include <glib.h>

typedef struct TimeSource TimeSource;
typedef void TimeSourceChanged(void *opaque);

struct TimeSource {
    uint64_t frequency; /* ticks per second */
    /* The counter now. Any thread, no lock. */
    uint64_t (*now)(TimeSource *source);
    /* Virtual-clock instant (ns, rounded up) at which the counter reaches `tick`; an instant in the
     * past if it has; INT64_MAX if it is beyond what the clock can reach. */
    int64_t (*deadline_ns)(TimeSource *source, uint64_t tick);
    GArray
        *listeners; /* of TimeSourceListener; called under the device lock when the counter jumps */
};

typedef struct TimeSourceListener {
    TimeSourceChanged *changed;
    void *opaque;
} TimeSourceListener;

#endif
