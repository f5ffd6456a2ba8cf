/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the machine runs, and what anyone asked it to do next.
 *
 * Requests may come from any thread and, where said so, from signal handlers; the main loop acts on
 * them between two turns. Stopping means: every vCPU is parked at an instruction boundary, the
 * virtual clock stands still, then the notifiers run.
 */
#ifndef SYSTEM_RUNSTATE_H
#define SYSTEM_RUNSTATE_H

#include <glib.h>
#include <stdbool.h>

typedef struct Machine Machine;

typedef enum RunState {
    RUN_PRELAUNCH, /* -S, or not started yet */
    RUN_RUNNING,
    RUN_PAUSED,
    RUN_SHUTDOWN, /* the guest is off, the process stays (-no-shutdown) */
    RUN_DEBUG,
    RUN_INMIGRATE,
    RUN_POSTMIGRATE,
    RUN_FINISH_MIGRATE,
    RUN_SAVE_VM,
    RUN_RESTORE_VM,
    RUN_IO_ERROR,
    RUN_INTERNAL_ERROR,
    RUN_GUEST_PANICKED,
    RUN_WATCHDOG,
    RUN_SUSPENDED,
    RUN_STATES
} RunState;

typedef enum RunCause {
    CAUSE_NONE,
    CAUSE_HOST_ERROR,
    CAUSE_HOST_QMP_QUIT,
    CAUSE_HOST_QMP_RESET,
    CAUSE_HOST_SIGNAL,
    CAUSE_HOST_UI, /* also Ctrl-A x, and gdb's kill */
    CAUSE_GUEST_SHUTDOWN,
    CAUSE_GUEST_RESET,
    CAUSE_GUEST_PANIC,
    CAUSE_SUBSYSTEM_RESET,
    CAUSE_SNAPSHOT_LOAD,
    RUN_CAUSES
} RunCause;

/* QMP's names, static. */
const char *run_state_name(RunState s);
const char *run_cause_name(RunCause c);

/* True for causes "guest-...". */
bool run_cause_by_guest(RunCause c);

/* --- requests: any thread, async-signal-safe, no lock needed --- */

/* Ends the machine with process status @exit_code. The first request counts. For causes by the
 * guest -no-shutdown turns it into a stop in RUN_SHUTDOWN. */
void run_request_shutdown(Machine *m, RunCause cause, int exit_code);

/* Whether the machine shall end: what waits for the outside world before it runs gives up then. */
bool run_shutdown_requested(const Machine *m);

/* Resets the machine; for causes by the guest -no-reboot turns it into a shutdown with status 0. */
void run_request_reset(Machine *m, RunCause cause);

/* Asks the guest to power off (a power button), through the powerdown notifiers. */
void run_request_powerdown(Machine *m);

/* Stops the machine in @state (RUN_DEBUG, RUN_IO_ERROR, ...), from a vCPU or an I/O thread. */
void run_request_stop(Machine *m, RunState state);

/* --- main thread, device lock held --- */

/* Stops now; returns when every vCPU is parked. Only changes the state when stopped already. */
void run_stop(Machine *m, RunState state);

/* Starts or resumes. No-op while running. A machine that is shut down stays so until it is reset.
 */
void run_start(Machine *m);

RunState run_state(const Machine *m);  /* any thread */
bool run_is_running(const Machine *m); /* any thread */

/* After loading a state: whether the machine ran when it was saved does not matter; it stays
 * stopped in @state. */
void run_set_state(Machine *m, RunState state);

/* --- notifiers; device lock held; they run in order of addition when the machine starts, and in
 * reverse order when it stops --- */

typedef enum RunEvent {
    RUN_EVENT_STOP,      /* every vCPU is parked */
    RUN_EVENT_RESUME,    /* about to run */
    RUN_EVENT_RESET,     /* just reset; cause in the notice */
    RUN_EVENT_POWERDOWN, /* the power button was pressed */
    RUN_EVENT_SHUTDOWN,  /* the guest is off, or the process is about to end */
} RunEvent;

typedef struct RunNotice {
    RunEvent event;
    RunState state;
    RunCause cause;
} RunNotice;

/* A notifier may remove itself. It is known by function and @opaque. */
typedef void (*RunNotify)(void *opaque, Machine *m, const RunNotice *notice);
void run_add_notifier(Machine *m, RunNotify fn, void *opaque);
void run_remove_notifier(Machine *m, RunNotify fn, void *opaque);

/* --- the main loop's and the machine's part --- */

/* Tells the notifiers of a reset. */
void run_notify_reset(Machine *m, RunCause cause);

/* Acts on pending requests; device lock held, main thread. Returns false once the process shall
 * end. */
bool run_handle_requests(Machine *m);

typedef struct RunCtl {
    RunState state;              /* atomic */
    bool no_reboot, no_shutdown; /* options */
    bool ending;                 /* the main loop shall return */
    int exit_code;
    RunCause cause;        /* of the end */
    unsigned shutdown_req; /* atomic: cause, 0 none; exit code in the upper half */
    unsigned reset_req;    /* atomic: cause, 0 none */
    unsigned stop_req;     /* atomic: state + 1, 0 none */
    bool powerdown_req;    /* atomic */
    GArray *notifiers;
} RunCtl;

#endif
