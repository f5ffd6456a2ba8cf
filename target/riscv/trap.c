/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Traps: exceptions, interrupts, their delegation, and the instructions around them (privileged
 * spec 3.1.6 to 3.1.9, 3.3).
 */

#include <inttypes.h>
#include "csr_bits.h"
#include "state.h"
#include "util/log.h"
#include "util/units.h"

static const char *const exception_names[] = {
    [RV_CAUSE_FETCH_MISALIGNED] = "instruction address misaligned",
    [RV_CAUSE_FETCH_ACCESS] = "instruction access fault",
    [RV_CAUSE_ILLEGAL] = "illegal instruction",
    [RV_CAUSE_BREAKPOINT] = "breakpoint",
    [RV_CAUSE_LOAD_MISALIGNED] = "load address misaligned",
    [RV_CAUSE_LOAD_ACCESS] = "load access fault",
    [RV_CAUSE_STORE_MISALIGNED] = "store address misaligned",
    [RV_CAUSE_STORE_ACCESS] = "store access fault",
    [RV_CAUSE_ECALL_U] = "environment call from U",
    [RV_CAUSE_ECALL_S] = "environment call from S",
    [RV_CAUSE_ECALL_M] = "environment call from M",
    [RV_CAUSE_FETCH_PAGE] = "instruction page fault",
    [RV_CAUSE_LOAD_PAGE] = "load page fault",
    [RV_CAUSE_STORE_PAGE] = "store page fault",
};

static const char *const interrupt_names[] = {
    [IRQ_SSI] = "supervisor software interrupt", [IRQ_MSI] = "machine software interrupt",
    [IRQ_STI] = "supervisor timer interrupt",    [IRQ_MTI] = "machine timer interrupt",
    [IRQ_SEI] = "supervisor external interrupt", [IRQ_MEI] = "machine external interrupt",
};

/* Most urgent first (3.1.9). */
static const uint8_t interrupt_order[] = {
    IRQ_MEI, IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI,
};

static void log_trap(const RvCpu *cpu, bool interrupt, unsigned cause, uint64_t tval, RvPriv to)
{
    const RvState *s = cpu->state;
    const char *name = interrupt ? interrupt_names[cause] : exception_names[cause];

    log_printf(LOG_INT,
               "trap: hart %" PRIu64 ": %s (%s %u), pc 0x%016" PRIx64 ", tval 0x%016" PRIx64
               ", %c to %c\n",
               cpu->hartid, name, interrupt ? "interrupt" : "exception", cause, s->tcg.pc, tval,
               "US?M"[s->priv], "US?M"[to]);
}

static uint64_t handler(uint64_t tvec, bool interrupt, unsigned cause)
{
    uint64_t base = tvec & ~UINT64_C(3);

    return tvec & 1 && interrupt ? base + 4 * (uint64_t)cause : base;
}

static void enter_s(RvState *s, uint64_t cause, uint64_t tval)
{
    uint64_t status = s->mstatus & ~(MSTATUS_SPIE | MSTATUS_SIE | MSTATUS_SPP);

    status |= s->mstatus & MSTATUS_SIE ? MSTATUS_SPIE : 0;
    status |= s->priv == RV_S ? MSTATUS_SPP : 0;
    s->mstatus = status;
    s->scause = cause;
    s->sepc = s->tcg.pc;
    s->stval = tval;
    s->priv = RV_S;
}

static void enter_m(RvState *s, uint64_t cause, uint64_t tval)
{
    uint64_t status = s->mstatus & ~(MSTATUS_MPIE | MSTATUS_MIE | MSTATUS_MPP);

    status |= s->mstatus & MSTATUS_MIE ? MSTATUS_MPIE : 0;
    status |= s->priv << MSTATUS_MPP_SHIFT;
    s->mstatus = status;
    s->mcause = cause;
    s->mepc = s->tcg.pc;
    s->mtval = tval;
    s->priv = RV_M;
}

static void enter(RvCpu *cpu, bool interrupt, unsigned cause, uint64_t tval)
{
    RvState *s = cpu->state;
    uint64_t delegated = interrupt ? s->mideleg : s->medeleg;
    bool to_s = s->priv != RV_M && delegated >> cause & 1;
    uint64_t code = interrupt ? MCAUSE_INTERRUPT | cause : cause;

    if (log_enabled(LOG_INT)) {
        log_trap(cpu, interrupt, cause, tval, to_s ? RV_S : RV_M);
    }
    if (to_s) {
        enter_s(s, code, tval);
        s->tcg.pc = handler(s->stvec, interrupt, cause);
    } else {
        enter_m(s, code, tval);
        s->tcg.pc = handler(s->mtvec, interrupt, cause);
    }
    cpu->vcpu.halted = false;
    rv_update_flags(cpu);
}

void rv_raise(RvCpu *cpu, RvCause cause, uint64_t tval)
{
    enter(cpu, false, cause, tval);
    cpu->state->tcg.raised = 1;
}

void rv_fault(VCpu *vcpu, uint64_t gva, AccessKind kind, FaultKind what)
{
    static const RvCause causes[][2] = {
        [ACCESS_LOAD] = { RV_CAUSE_LOAD_ACCESS, RV_CAUSE_LOAD_MISALIGNED },
        [ACCESS_STORE] = { RV_CAUSE_STORE_ACCESS, RV_CAUSE_STORE_MISALIGNED },
        [ACCESS_FETCH] = { RV_CAUSE_FETCH_ACCESS, RV_CAUSE_FETCH_MISALIGNED },
        [ACCESS_ATOMIC] = { RV_CAUSE_STORE_ACCESS, RV_CAUSE_STORE_MISALIGNED },
    };

    rv_raise(rv_cpu(vcpu), causes[kind][what == FAULT_MISALIGNED], gva);
}

/* --- interrupts --- */

uint64_t rv_mip(const RvCpu *cpu)
{
    uint64_t soft = __atomic_load_n(&cpu->state->mip_soft, __ATOMIC_RELAXED);
    uint64_t lines = __atomic_load_n(&cpu->state->mip_lines, __ATOMIC_RELAXED);

    return (rv_stimer_on(cpu) ? soft & ~MIP_STIP : soft) | lines;
}

/* Those that would be taken now; M's interrupts hide S's. */
static uint64_t deliverable(const RvCpu *cpu)
{
    const RvState *s = cpu->state;
    uint64_t pending = rv_mip(cpu) & s->mie;
    bool m_on = s->priv != RV_M || s->mstatus & MSTATUS_MIE;
    bool s_on = s->priv == RV_U || (s->priv == RV_S && s->mstatus & MSTATUS_SIE);

    if (m_on && pending & ~s->mideleg) {
        return pending & ~s->mideleg;
    }
    return s_on ? pending & s->mideleg : 0;
}

bool rv_interrupt(VCpu *vcpu)
{
    RvCpu *cpu = rv_cpu(vcpu);
    uint64_t pending = deliverable(cpu);

    for (unsigned i = 0; pending && i < ARRAY_LEN(interrupt_order); i++) {
        if (pending & BIT(interrupt_order[i])) {
            enter(cpu, true, interrupt_order[i], 0);
            return true;
        }
    }
    return false;
}

bool rv_has_work(VCpu *vcpu)
{
    RvCpu *cpu = rv_cpu(vcpu);

    return (rv_mip(cpu) & cpu->state->mie) != 0;
}

void rv_check_interrupts(RvCpu *cpu)
{
    if (deliverable(cpu)) {
        __atomic_store_n(&cpu->state->tcg.exit_request, 1, __ATOMIC_SEQ_CST);
    }
}

void rv_line_changed(void *opaque, int n, int level)
{
    RvCpu *cpu = opaque;
    RvState *s = cpu->state;

    if (n == RV_LINE_SSIP) {
        /* An edge sets the bit, which software clears. */
        if (!level) {
            return;
        }
        __atomic_fetch_or(&s->mip_soft, MIP_SSIP, __ATOMIC_SEQ_CST);
    } else if (level) {
        __atomic_fetch_or(&s->mip_lines, BIT(n), __ATOMIC_SEQ_CST);
    } else {
        __atomic_fetch_and(&s->mip_lines, ~BIT(n), __ATOMIC_SEQ_CST);
    }
    vcpu_kick(&cpu->vcpu);
}

/* --- instructions --- */

uint64_t rv_helper_illegal(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    rv_raise(rv_cpu_of(state), RV_CAUSE_ILLEGAL, a);
    return 0;
}

uint64_t rv_helper_ecall(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    RvCpu *cpu = rv_cpu_of(state);

    rv_raise(cpu, RV_CAUSE_ECALL_U + (RvCause)cpu->state->priv, 0);
    return 0;
}

uint64_t rv_helper_ebreak(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    rv_raise(rv_cpu_of(state), RV_CAUSE_BREAKPOINT, state->pc);
    return 0;
}

/* Leaves a handler for privilege `to` at `pc` (3.1.6.1, 3.3.2). */
static void leave(RvCpu *cpu, uint64_t to, uint64_t pc)
{
    RvState *s = cpu->state;

    if (to != RV_M) {
        s->mstatus &= ~MSTATUS_MPRV;
    }
    s->priv = to;
    s->tcg.pc = pc;
    s->tcg.raised = 1;
    rv_update_flags(cpu);
    rv_check_interrupts(cpu);
}

uint64_t rv_helper_mret(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    RvCpu *cpu = rv_cpu_of(state);
    RvState *s = cpu->state;
    uint64_t status = s->mstatus, to = bits_get(status, MSTATUS_MPP_SHIFT, 2);

    if (s->priv != RV_M) {
        rv_raise(cpu, RV_CAUSE_ILLEGAL, a);
        return 0;
    }
    status &= ~(MSTATUS_MIE | MSTATUS_MPP);
    status |= status & MSTATUS_MPIE ? MSTATUS_MIE : 0;
    status |= MSTATUS_MPIE;
    status |= rv_has(&cpu->cfg, RV_EXT_u) ? 0 : MSTATUS_MPP;
    s->mstatus = status;
    leave(cpu, to, s->mepc);
    return 0;
}

uint64_t rv_helper_sret(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    RvCpu *cpu = rv_cpu_of(state);
    RvState *s = cpu->state;
    uint64_t status = s->mstatus, to = status & MSTATUS_SPP ? RV_S : RV_U;

    if (!rv_has(&cpu->cfg, RV_EXT_s) || s->priv == RV_U ||
        (s->priv == RV_S && status & MSTATUS_TSR)) {
        rv_raise(cpu, RV_CAUSE_ILLEGAL, a);
        return 0;
    }
    status &= ~(MSTATUS_SIE | MSTATUS_SPP);
    status |= status & MSTATUS_SPIE ? MSTATUS_SIE : 0;
    status |= MSTATUS_SPIE;
    s->mstatus = status;
    leave(cpu, to, s->sepc);
    return 0;
}

/* S may not wait while TW is set; U may not at all where there is an S (3.3.3). */
uint64_t rv_helper_wfi(TcgState *state, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    RvCpu *cpu = rv_cpu_of(state);
    RvState *s = cpu->state;

    if (s->priv != RV_M &&
        (s->mstatus & MSTATUS_TW || (s->priv == RV_U && rv_has(&cpu->cfg, RV_EXT_s)))) {
        rv_raise(cpu, RV_CAUSE_ILLEGAL, a);
        return 0;
    }
    state->pc += 4;
    cpu->vcpu.halted = !rv_has_work(&cpu->vcpu);
    return 0;
}
