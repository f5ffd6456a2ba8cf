/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The run loop of a vCPU: interrupts and requests between stretches of generated code.
 */
#include "internal.h"

static bool flush_is_wanted(TcgAccel *a)
{
    return __atomic_load_n(&a->flush_wanted, __ATOMIC_SEQ_CST);
}

/* From here to leave_code this vCPU may hold pointers to translations. False: a flush comes first.
 */
static bool enter_code(TcgCpu *t)
{
    epoch_online(&t->epoch);
    __atomic_store_n(&t->in_code, true, __ATOMIC_SEQ_CST);
    if (!flush_is_wanted(t->accel)) {
        return true;
    }
    __atomic_store_n(&t->in_code, false, __ATOMIC_SEQ_CST);
    epoch_offline(&t->epoch);
    return false;
}

static void leave_code(TcgCpu *t)
{
    __atomic_store_n(&t->in_code, false, __ATOMIC_SEQ_CST);
    epoch_offline(&t->epoch);
}

/* The caller is not in code; the others leave it at their next poll and wait here. */
static void flush_translations(TcgAccel *a)
{
    g_mutex_lock(&a->flush_lock);
    if (flush_is_wanted(a)) {
        for (unsigned i = 0; i < a->cpu_count; i++) {
            while (__atomic_load_n(&a->cpus[i]->in_code, __ATOMIC_SEQ_CST)) {
                g_usleep(20);
            }
        }
        tcg_blocks_flush(a);
        __atomic_store_n(&a->flush_wanted, false, __ATOMIC_SEQ_CST);
    }
    g_mutex_unlock(&a->flush_lock);
}

static void run_interpreted(TcgCpu *t)
{
    bool go_on = true;

    while (go_on && !__atomic_load_n(&t->state->exit_request, __ATOMIC_RELAXED)) {
        t->state->raised = 0;
        TcgBlock *b = tcpu_find_block(t);
        if (b) {
            tcpu_log_entry(t);
            go_on = tcg_interp_run(b->ir, t->state);
        }
    }
    t->state->raised = 0;
}

static void run_translated(TcgCpu *t)
{
    const void *code = tcg_rt_lookup(t->state);

    if (code != tcg_exit_code(t->accel->ctx)) {
        tcg_enter(t->accel->ctx, t->state, code);
    }
}

/* What was asked of this vCPU. False: it must return from tcpu_run. */
static bool handle_requests(TcgCpu *t)
{
    TcgAccel *a = t->accel;

    tcpu_obey_guards(t);
    if (__atomic_exchange_n(&t->flush_pending, false, __ATOMIC_SEQ_CST)) {
        tcg_tlb_flush(t->cpu);
    }
    if (flush_is_wanted(a)) {
        flush_translations(a);
    }
    if (__atomic_load_n(&a->stop, __ATOMIC_SEQ_CST) ||
        __atomic_load_n(&a->quit, __ATOMIC_SEQ_CST)) {
        return false;
    }
    t->ops->interrupt(t->cpu);
    return true;
}

bool tcpu_run(TcgCpu *t)
{
    VCpu *cpu = t->cpu;
    bool shares_thread = t->accel->config.single_thread && t->accel->cpu_count > 1;
    bool entered = false;

    while (true) {
        if (__atomic_exchange_n(&t->state->exit_request, 0, __ATOMIC_SEQ_CST)) {
            if (!handle_requests(t) || (entered && shares_thread)) {
                return false;
            }
        }
        if (cpu->halted) {
            if (!t->ops->has_work(cpu)) {
                return true;
            }
            cpu->halted = false;
            t->ops->interrupt(cpu);
        }
        if (!enter_code(t)) {
            flush_translations(t->accel);
            continue;
        }
        entered = true;
        if (t->accel->ctx) {
            run_translated(t);
        } else {
            run_interpreted(t);
        }
        leave_code(t);
    }
}
