/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * vCPU threads: one per vCPU, or one for all (thread=single). A parked thread waits in `serve` with
 * its guest at an instruction boundary and all state in memory.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "internal.h"
#include "util/log.h"

static const int64_t SLICE_NS = 2000000; /* thread=single: a vCPU's turn */

static TcgAccel *accel_of(Machine *m)
{
    return m->accel_data;
}

static bool told_to_stop(TcgAccel *a)
{
    return __atomic_load_n(&a->stop, __ATOMIC_SEQ_CST) ||
           __atomic_load_n(&a->quit, __ATOMIC_SEQ_CST);
}

static void wake(TcgCpu *t)
{
    TcgWaiter *w = t->waiter;

    if (__atomic_load_n(&w->sleeping, __ATOMIC_SEQ_CST)) {
        g_mutex_lock(&w->lock);
        g_cond_signal(&w->cond);
        g_mutex_unlock(&w->lock);
    }
}

void tcpu_kick(VCpu *cpu)
{
    TcgCpu *t = cpu->accel;
    TcgCpu *current = __atomic_load_n(&t->accel->current, __ATOMIC_SEQ_CST);

    __atomic_store_n(&t->state->exit_request, 1, __ATOMIC_SEQ_CST);
    if (current && current != t) {
        __atomic_store_n(&current->state->exit_request, 1, __ATOMIC_SEQ_CST);
    }
    wake(t);
}

void tcg_kick_all(TcgAccel *a)
{
    for (unsigned i = 0; i < a->cpu_count; i++) {
        __atomic_store_n(&a->cpus[i]->state->exit_request, 1, __ATOMIC_SEQ_CST);
        wake(a->cpus[i]);
    }
}

static bool wants_to_run(TcgCpu *t)
{
    return __atomic_load_n(&t->state->exit_request, __ATOMIC_SEQ_CST) || !t->cpu->halted ||
           t->ops->has_work(t->cpu);
}

/* Sleeps until one of the waiter's vCPUs has something to do. */
static void sleep_idle(TcgWaiter *w, TcgCpu **cpus, unsigned n)
{
    bool idle = true;

    g_mutex_lock(&w->lock);
    __atomic_store_n(&w->sleeping, true, __ATOMIC_SEQ_CST);
    while (idle) {
        for (unsigned i = 0; i < n && idle; i++) {
            idle = !wants_to_run(cpus[i]);
        }
        if (idle) {
            g_cond_wait(&w->cond, &w->lock);
        }
    }
    __atomic_store_n(&w->sleeping, false, __ATOMIC_SEQ_CST);
    g_mutex_unlock(&w->lock);
}

/* Parks while told to; false: the thread shall end. */
static bool park(TcgAccel *a)
{
    g_mutex_lock(&a->park_lock);
    if (a->stop && !a->quit) {
        a->parked++;
        g_cond_broadcast(&a->park_cond);
        while (a->stop && !a->quit) {
            g_cond_wait(&a->park_cond, &a->park_lock);
        }
        a->parked--;
    }
    g_mutex_unlock(&a->park_lock);
    return !a->quit;
}

/* Gives each vCPU its turn; all wait when none has anything to do. */
static void serve(TcgAccel *a, TcgCpu **cpus, unsigned n)
{
    while (park(a)) {
        bool all_wait = true;
        for (unsigned i = 0; i < n && !told_to_stop(a); i++) {
            if (n > 1) {
                __atomic_store_n(&a->current, cpus[i], __ATOMIC_SEQ_CST);
            }
            all_wait &= tcpu_run(cpus[i]);
        }
        __atomic_store_n(&a->current, NULL, __ATOMIC_SEQ_CST);
        if (all_wait && !told_to_stop(a)) {
            sleep_idle(cpus[0]->waiter, cpus, n);
        }
    }
}

static void *thread_main(void *opaque)
{
    TcgThread *thread = opaque;
    TcgAccel *a = thread->accel;
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (unsigned i = 0; i < thread->n; i++) {
        epoch_add(&a->machine->epoch, &thread->cpus[i]->epoch);
    }
    serve(a, thread->cpus, thread->n);
    for (unsigned i = 0; i < thread->n; i++) {
        epoch_remove(&thread->cpus[i]->epoch);
    }
    return NULL;
}

static void free_cpu(TcgCpu *t)
{
    t->cpu->accel = NULL;
    t->cpu->kick = NULL;
    g_mutex_clear(&t->own_waiter.lock);
    g_cond_clear(&t->own_waiter.cond);
    tcpu_first_runs_release(t);
    g_free(t);
}

static TcgCpu *new_cpu(TcgAccel *a, VCpu *cpu)
{
    TcgCpu *t = g_new0(TcgCpu, 1);

    *t = (TcgCpu) {
        .cpu = cpu, .state = cpu->state, .accel = a, .ops = cpu->ops, .drop_seen = a->drop_seq
    };
    g_mutex_init(&t->own_waiter.lock);
    g_cond_init(&t->own_waiter.cond);
    t->waiter = a->config.single_thread && a->cpu_count ? a->cpus[0]->waiter : &t->own_waiter;
    t->state->opaque = t;
    t->state->rt[TCG_RT_LOOKUP] = (void *)tcg_rt_lookup;
    t->state->rt[TCG_RT_LINK] = (void *)tcg_rt_link;
    t->state->rt[TCG_RT_LOAD] = (void *)tcg_rt_load;
    t->state->rt[TCG_RT_STORE] = (void *)tcg_rt_store;
    t->state->rt[TCG_RT_ATOMIC] = (void *)tcg_rt_atomic;
    t->state->rt[TCG_RT_FP] = (void *)tcg_soft_fp;
    if (a->ctx) {
        tcg_state_init(a->ctx, t->state);
    } else {
        for (unsigned i = 0; i < a->ops->isa->helper_count; i++) {
            t->state->helpers[i] = (void *)a->ops->isa->helpers[i].fn;
        }
    }
    cpu->accel = t;
    cpu->kick = tcpu_kick;
    tcpu_tlb_init(t);
    tcpu_first_runs_init(t);
    return t;
}

static void map_changed(void *opaque, AddressSpace *as)
{
    TcgAccel *a = opaque;

    for (unsigned i = 0; i < a->cpu_count; i++) {
        __atomic_store_n(&a->cpus[i]->flush_pending, true, __ATOMIC_SEQ_CST);
    }
    tcg_kick_all(a);
}

static void ram_written(void *opaque, uint64_t ram_addr, uint8_t *hva, uint64_t len)
{
    TcgAccel *a = opaque;
    uint64_t first = page_of((uint64_t)(uintptr_t)hva);

    for (uint64_t page = first; page < (uint64_t)(uintptr_t)hva + len; page += TCG_PAGE_SIZE) {
        if (tcg_page_is_guarded(a, page)) {
            tcg_page_written(a, page);
        }
    }
}

/* thread=single: ends the running vCPU's turn. */
static void slice_over(void *opaque)
{
    TcgAccel *a = opaque;
    TcgCpu *t = __atomic_load_n(&a->current, __ATOMIC_SEQ_CST);

    if (t) {
        __atomic_store_n(&t->state->exit_request, 1, __ATOMIC_SEQ_CST);
    }
    clk_timer_mod(&a->slice, clk_ns(&a->machine->clk_virtual) + SLICE_NS);
}

static bool start_threads(TcgAccel *a, Error *err)
{
    unsigned per_thread = a->config.single_thread ? a->cpu_count : 1;

    for (unsigned i = 0; i < a->cpu_count; i += per_thread) {
        TcgThread *thread = g_new0(TcgThread, 1);
        char name[24];
        *thread = (TcgThread) { .accel = a, .cpus = a->cpus + i, .n = per_thread };
        int e = pthread_create(&thread->id, NULL, thread_main, thread);
        if (e) {
            g_free(thread);
            error_set_errno(err, e, "cannot start the thread of CPU %u", i);
            return false;
        }
        snprintf(name, sizeof(name), "CPU %u/TCG", i);
        pthread_setname_np(thread->id, name);
        g_ptr_array_add(a->threads, thread);
    }
    return true;
}

static void wait_until_parked(TcgAccel *a)
{
    g_mutex_lock(&a->park_lock);
    while (a->parked < a->threads->len) {
        g_cond_wait(&a->park_cond, &a->park_lock);
    }
    g_mutex_unlock(&a->park_lock);
}

static bool start_all(Machine *m, Error *err)
{
    TcgAccel *a = accel_of(m);

    if (!m->cpus || m->cpus->len == 0) {
        return true;
    }
    a->ops = ((VCpu *)g_ptr_array_index(m->cpus, 0))->ops;
    if (!tcg_accel_prepare(a, err)) {
        return false;
    }
    a->cpus = g_new0(TcgCpu *, m->cpus->len);
    for (unsigned i = 0; i < m->cpus->len; i++) {
        a->cpus[i] = new_cpu(a, g_ptr_array_index(m->cpus, i));
        a->cpu_count++;
    }
    mem_as_add_listener(&m->memory, map_changed, a);
    mem_set_write_hook(m, ram_written, a);
    a->stop = true;
    if (!start_threads(a, err)) {
        return false;
    }
    wait_until_parked(a);
    if (a->config.single_thread && a->cpu_count > 1) {
        clk_timer_init(&a->slice, &m->clk_virtual, slice_over, a);
        clk_timer_mod(&a->slice, clk_ns(&m->clk_virtual) + SLICE_NS);
    }
    return true;
}

static void pause_all(Machine *m)
{
    TcgAccel *a = accel_of(m);
    unsigned depth = devlock_yield(&m->lock);

    g_mutex_lock(&a->park_lock);
    __atomic_store_n(&a->stop, true, __ATOMIC_SEQ_CST);
    g_mutex_unlock(&a->park_lock);
    tcg_kick_all(a);
    wait_until_parked(a);
    devlock_retake(&m->lock, depth);
}

static void resume_all(Machine *m)
{
    TcgAccel *a = accel_of(m);

    g_mutex_lock(&a->park_lock);
    __atomic_store_n(&a->stop, false, __ATOMIC_SEQ_CST);
    g_cond_broadcast(&a->park_cond);
    g_mutex_unlock(&a->park_lock);
}

static void reset_all(Machine *m)
{
    TcgAccel *a = accel_of(m);

    for (unsigned i = 0; i < a->cpu_count; i++) {
        VCpu *cpu = a->cpus[i]->cpu;
        cpu->halted = false;
        cpu->reset(cpu);
        tcg_tlb_flush(cpu);
    }
    if (a->cpu_count) {
        tcg_blocks_flush(a);
    }
}

/* Those that were started. */
static void end_threads(Machine *m, TcgAccel *a)
{
    unsigned depth = devlock_yield(&m->lock);

    g_mutex_lock(&a->park_lock);
    __atomic_store_n(&a->quit, true, __ATOMIC_SEQ_CST);
    g_cond_broadcast(&a->park_cond);
    g_mutex_unlock(&a->park_lock);
    tcg_kick_all(a);
    for (unsigned i = 0; i < a->threads->len; i++) {
        TcgThread *thread = g_ptr_array_index(a->threads, i);
        pthread_join(thread->id, NULL);
    }
    devlock_retake(&m->lock, depth);
}

static void exit_all(Machine *m)
{
    TcgAccel *a = accel_of(m);

    if (a->cpu_count) {
        end_threads(m, a);
        if (a->slice.clock) {
            clk_timer_del(&a->slice);
        }
        mem_as_remove_listener(&m->memory, map_changed, a);
        mem_set_write_hook(m, NULL, NULL);
        for (unsigned i = 0; i < a->cpu_count; i++) {
            free_cpu(a->cpus[i]);
        }
        g_free(a->cpus);
    }
    tcg_accel_release(a);
    m->accel_data = NULL;
}

const AccelOps tcg_accel_ops = {
    .name = "tcg",
    .start_all = start_all,
    .pause_all = pause_all,
    .resume_all = resume_all,
    .reset_all = reset_all,
    .exit_all = exit_all,
};
