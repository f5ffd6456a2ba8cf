/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system/runstate.h"

#include <assert.h>

#include "system/machine.h"

static const char *const state_names[RUN_STATES] = {
    [RUN_PRELAUNCH] = "prelaunch",
    [RUN_RUNNING] = "running",
    [RUN_PAUSED] = "paused",
    [RUN_SHUTDOWN] = "shutdown",
    [RUN_DEBUG] = "debug",
    [RUN_INMIGRATE] = "inmigrate",
    [RUN_POSTMIGRATE] = "postmigrate",
    [RUN_FINISH_MIGRATE] = "finish-migrate",
    [RUN_SAVE_VM] = "save-vm",
    [RUN_RESTORE_VM] = "restore-vm",
    [RUN_IO_ERROR] = "io-error",
    [RUN_INTERNAL_ERROR] = "internal-error",
    [RUN_GUEST_PANICKED] = "guest-panicked",
    [RUN_WATCHDOG] = "watchdog",
    [RUN_SUSPENDED] = "suspended",
};

static const char *const cause_names[RUN_CAUSES] = {
    [CAUSE_NONE] = "none",
    [CAUSE_HOST_ERROR] = "host-error",
    [CAUSE_HOST_QMP_QUIT] = "host-qmp-quit",
    [CAUSE_HOST_QMP_RESET] = "host-qmp-system-reset",
    [CAUSE_HOST_SIGNAL] = "host-signal",
    [CAUSE_HOST_UI] = "host-ui",
    [CAUSE_GUEST_SHUTDOWN] = "guest-shutdown",
    [CAUSE_GUEST_RESET] = "guest-reset",
    [CAUSE_GUEST_PANIC] = "guest-panic",
    [CAUSE_SUBSYSTEM_RESET] = "subsystem-reset",
    [CAUSE_SNAPSHOT_LOAD] = "snapshot-load",
};

typedef struct Notifier {
    RunNotify fn;
    void *opaque;
} Notifier;

const char *run_state_name(RunState s)
{
    return state_names[s];
}

const char *run_cause_name(RunCause c)
{
    return cause_names[c];
}

bool run_cause_by_guest(RunCause c)
{
    return c == CAUSE_GUEST_SHUTDOWN || c == CAUSE_GUEST_RESET || c == CAUSE_GUEST_PANIC ||
           c == CAUSE_SUBSYSTEM_RESET;
}

RunState run_state(const Machine *m)
{
    return __atomic_load_n(&m->run.state, __ATOMIC_ACQUIRE);
}

bool run_is_running(const Machine *m)
{
    return run_state(m) == RUN_RUNNING;
}

void run_set_state(Machine *m, RunState state)
{
    __atomic_store_n(&m->run.state, state, __ATOMIC_RELEASE);
}

/* --- requests --- */

/* Stores @value unless another request waits already. */
static void request(Machine *m, unsigned *slot, unsigned value)
{
    unsigned none = 0;
    __atomic_compare_exchange_n(slot, &none, value, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    main_loop_wake(&m->loop);
}

void run_request_shutdown(Machine *m, RunCause cause, int exit_code)
{
    request(m, &m->run.shutdown_req, (unsigned)(exit_code & 0xffff) << 16 | cause);
}

bool run_shutdown_requested(const Machine *m)
{
    return __atomic_load_n(&m->run.shutdown_req, __ATOMIC_ACQUIRE) != 0;
}

void run_request_reset(Machine *m, RunCause cause)
{
    request(m, &m->run.reset_req, cause);
}

void run_request_powerdown(Machine *m)
{
    __atomic_store_n(&m->run.powerdown_req, true, __ATOMIC_RELEASE);
    main_loop_wake(&m->loop);
}

void run_request_stop(Machine *m, RunState state)
{
    request(m, &m->run.stop_req, state + 1);
}

/* --- notifiers --- */

void run_add_notifier(Machine *m, RunNotify fn, void *opaque)
{
    Notifier n = { fn, opaque };
    g_array_append_val(m->run.notifiers, n);
}

void run_remove_notifier(Machine *m, RunNotify fn, void *opaque)
{
    for (unsigned i = 0; i < m->run.notifiers->len; i++) {
        Notifier *n = &g_array_index(m->run.notifiers, Notifier, i);
        if (n->fn == fn && n->opaque == opaque) {
            g_array_remove_index(m->run.notifiers, i);
            return;
        }
    }
}

static void notify(Machine *m, RunEvent event, RunCause cause)
{
    RunNotice notice = { event, run_state(m), cause };
    /* A copy: a notifier may remove itself. */
    GArray *list = g_array_copy(m->run.notifiers);
    for (unsigned i = 0; i < list->len; i++) {
        unsigned at = event == RUN_EVENT_STOP ? list->len - 1 - i : i;
        Notifier *n = &g_array_index(list, Notifier, at);
        n->fn(n->opaque, m, &notice);
    }
    g_array_free(list, TRUE);
}

void run_notify_reset(Machine *m, RunCause cause)
{
    notify(m, RUN_EVENT_RESET, cause);
}

/* --- stopping and starting --- */

void run_stop(Machine *m, RunState state)
{
    assert(machine_locked(m) && state != RUN_RUNNING);
    if (!run_is_running(m)) {
        run_set_state(m, state);
        return;
    }
    if (m->accel) {
        m->accel->pause_all(m);
    }
    clk_virtual_stop(&m->clk_virtual);
    run_set_state(m, state);
    notify(m, RUN_EVENT_STOP, CAUSE_NONE);
}

void run_start(Machine *m)
{
    assert(machine_locked(m));
    if (run_is_running(m) || run_state(m) == RUN_SHUTDOWN) {
        return;
    }
    run_set_state(m, RUN_RUNNING);
    notify(m, RUN_EVENT_RESUME, CAUSE_NONE);
    clk_virtual_start(&m->clk_virtual);
    if (m->accel) {
        m->accel->resume_all(m);
    }
}

/* --- acting on requests --- */

static void do_shutdown(Machine *m, RunCause cause, int exit_code)
{
    if (m->run.no_shutdown && run_cause_by_guest(cause)) {
        run_stop(m, RUN_SHUTDOWN);
    } else {
        m->run.ending = true;
        m->run.exit_code = exit_code;
        m->run.cause = cause;
    }
    notify(m, RUN_EVENT_SHUTDOWN, cause);
}

static void do_reset(Machine *m, RunCause cause)
{
    if (m->run.no_reboot && run_cause_by_guest(cause)) {
        do_shutdown(m, cause, 0);
        return;
    }
    bool running = run_is_running(m);
    if (running && m->accel) {
        m->accel->pause_all(m);
    }
    machine_reset(m, cause);
    if (!running) {
        run_set_state(m, RUN_PRELAUNCH);
    } else if (m->accel) {
        m->accel->resume_all(m);
    }
}

bool run_handle_requests(Machine *m)
{
    RunCtl *run = &m->run;
    assert(machine_locked(m));
    unsigned req = __atomic_exchange_n(&run->stop_req, 0, __ATOMIC_ACQ_REL);
    if (req && run_is_running(m)) {
        run_stop(m, (RunState)(req - 1));
    }
    if (__atomic_exchange_n(&run->powerdown_req, false, __ATOMIC_ACQ_REL)) {
        notify(m, RUN_EVENT_POWERDOWN, CAUSE_NONE);
    }
    req = __atomic_exchange_n(&run->shutdown_req, 0, __ATOMIC_ACQ_REL);
    if (req) {
        do_shutdown(m, (RunCause)(req & 0xffff), (int)(req >> 16));
    }
    req = __atomic_exchange_n(&run->reset_req, 0, __ATOMIC_ACQ_REL);
    if (req && !run->ending) {
        do_reset(m, (RunCause)req);
    }
    return !run->ending;
}
