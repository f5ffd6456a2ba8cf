/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hart's counters (privileged spec 3.1.10, 3.1.12) and its supervisor timer (Sstc).
 *
 * Cycles and retired instructions are not counted: both counters advance once per nanosecond of the
 * virtual clock. They are monotonic, stand still while the machine is stopped, can be written and
 * can be inhibited.
 */

#include "csr_bits.h"
#include "state.h"

static uint64_t *offset_of(RvCpu *cpu, unsigned counter)
{
    return counter == COUNTER_CY ? &cpu->state->mcycle_offset : &cpu->state->minstret_offset;
}

static uint64_t ticks(const RvCpu *cpu)
{
    return (uint64_t)clk_ns(&cpu->vcpu.dev.machine->clk_virtual);
}

static uint64_t ticks_counted(const RvCpu *cpu, unsigned counter)
{
    return cpu->state->mcountinhibit & BIT(counter) ? 0 : ticks(cpu);
}

uint64_t rv_counter_read(RvCpu *cpu, unsigned counter)
{
    return *offset_of(cpu, counter) + ticks_counted(cpu, counter);
}

void rv_counter_write(RvCpu *cpu, unsigned counter, uint64_t value)
{
    *offset_of(cpu, counter) = value - ticks_counted(cpu, counter);
}

void rv_counter_inhibit(RvCpu *cpu, uint64_t inhibit)
{
    uint64_t cycle = rv_counter_read(cpu, COUNTER_CY);
    uint64_t instret = rv_counter_read(cpu, COUNTER_IR);

    cpu->state->mcountinhibit = inhibit;
    rv_counter_write(cpu, COUNTER_CY, cycle);
    rv_counter_write(cpu, COUNTER_IR, instret);
}

bool rv_stimer_on(const RvCpu *cpu)
{
    return cpu->time && cpu->state->menvcfg & MENVCFG_STCE;
}

static void set_stip(RvCpu *cpu, bool pending)
{
    if (pending) {
        __atomic_fetch_or(&cpu->state->mip_lines, MIP_STIP, __ATOMIC_SEQ_CST);
    } else {
        __atomic_fetch_and(&cpu->state->mip_lines, ~MIP_STIP, __ATOMIC_SEQ_CST);
    }
}

/* Under stimer_lock: STIP says whether time has reached stimecmp, and the timer waits if not. */
static void follow(RvCpu *cpu)
{
    TimeSource *time = cpu->time;
    uint64_t due = cpu->state->stimecmp;
    bool pending = rv_stimer_on(cpu) && time->now(time) >= due;

    set_stip(cpu, pending);
    if (pending || !rv_stimer_on(cpu)) {
        clk_timer_del(&cpu->stimer);
    } else {
        clk_timer_mod(&cpu->stimer, time->deadline_ns(time, due));
    }
}

void rv_stimer_update(RvCpu *cpu)
{
    if (!cpu->time) {
        return;
    }
    g_mutex_lock(&cpu->stimer_lock);
    follow(cpu);
    g_mutex_unlock(&cpu->stimer_lock);
}

void rv_stimer_set(RvCpu *cpu, uint64_t due)
{
    g_mutex_lock(&cpu->stimer_lock);
    cpu->state->stimecmp = due;
    follow(cpu);
    g_mutex_unlock(&cpu->stimer_lock);
}

void rv_stimer_poll(RvCpu *cpu)
{
    if (rv_stimer_on(cpu) &&
        !(__atomic_load_n(&cpu->state->mip_lines, __ATOMIC_RELAXED) & MIP_STIP) &&
        cpu->time->now(cpu->time) >= cpu->state->stimecmp) {
        rv_stimer_update(cpu);
    }
}

/* The timer fired, or time jumped: main thread, device lock held. */
static void time_moved(void *opaque)
{
    RvCpu *cpu = opaque;

    rv_stimer_update(cpu);
    vcpu_kick(&cpu->vcpu);
}

void rv_stimer_init(RvCpu *cpu)
{
    TimeSourceListener listener = { time_moved, cpu };

    g_mutex_init(&cpu->stimer_lock);
    clk_timer_init(&cpu->stimer, &cpu->vcpu.dev.machine->clk_virtual, time_moved, cpu);
    if (cpu->time) {
        g_array_append_val(cpu->time->listeners, listener);
    }
}

void rv_stimer_end(RvCpu *cpu)
{
    clk_timer_del(&cpu->stimer);
    g_mutex_clear(&cpu->stimer_lock);
}
