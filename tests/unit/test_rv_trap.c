/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RISC-V traps: delegation, interrupts and their order, returns, waiting, and the supervisor timer.
 */

#include "rv_hart.h"

static const RvPriv privs[] = { RV_U, RV_S, RV_M };
static const unsigned causes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15 };
static const unsigned interrupts[] = { 11, 3, 7, 9, 1, 5 }; /* most urgent first */

static void prepare(Hart *h, RvPriv priv, uint64_t status)
{
    hart_reset(h);
    h->s->mstatus |= status;
    h->s->mtvec = 0x80001001;
    h->s->stvec = 0x80002001;
    h->s->tcg.pc = 0x80000abc;
    hart_enter(h, priv);
}

static void check_entry(Hart *h, bool to_s, RvPriv from, uint64_t status, uint64_t cause,
                        uint64_t tval)
{
    RvState *s = h->s;
    bool interrupt = cause >> 63;
    uint64_t offset = interrupt ? 4 * (cause & 63) : 0;

    g_assert_cmphex(s->priv, ==, to_s ? RV_S : RV_M);
    g_assert_cmphex(s->tcg.pc, ==, (to_s ? 0x80002000 : 0x80001000) + offset);
    g_assert_cmphex(to_s ? s->scause : s->mcause, ==, cause);
    g_assert_cmphex(to_s ? s->mcause : s->scause, ==, 0);
    g_assert_cmphex(to_s ? s->sepc : s->mepc, ==, 0x80000abc);
    g_assert_cmphex(to_s ? s->stval : s->mtval, ==, tval);
    g_assert_cmphex(tcg_flags_jc(s->tcg.flags), ==, to_s ? RV_MODE_S : RV_MODE_M);
    if (to_s) {
        g_assert_cmpint(!!(s->mstatus & MSTATUS_SPIE), ==, !!(status & MSTATUS_SIE));
        g_assert_cmpint(!!(s->mstatus & MSTATUS_SPP), ==, from == RV_S);
        g_assert_cmphex(s->mstatus & MSTATUS_SIE, ==, 0);
        g_assert_cmphex(s->mstatus & MSTATUS_MIE, ==, status & MSTATUS_MIE);
    } else {
        g_assert_cmpint(!!(s->mstatus & MSTATUS_MPIE), ==, !!(status & MSTATUS_MIE));
        g_assert_cmphex(bits_get(s->mstatus, MSTATUS_MPP_SHIFT, 2), ==, from);
        g_assert_cmphex(s->mstatus & MSTATUS_MIE, ==, 0);
        g_assert_cmphex(s->mstatus & MSTATUS_SIE, ==, status & MSTATUS_SIE);
    }
}

static void test_delegation(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned p = 0; p < G_N_ELEMENTS(privs); p++) {
        for (unsigned c = 0; c < G_N_ELEMENTS(causes); c++) {
            for (unsigned k = 0; k < 8; k++) {
                uint64_t status = (k & 2 ? MSTATUS_MIE : 0) | (k & 4 ? MSTATUS_SIE : 0);
                bool delegable = causes[c] != 11;

                prepare(h, privs[p], status);
                hart_enter(h, RV_M);
                hart_set_csr(h, 0x302, k & 1 ? BIT(causes[c]) : ~BIT(causes[c]));
                hart_enter(h, privs[p]);
                rv_raise(h->cpu, causes[c], 0x1234);
                check_entry(h, privs[p] != RV_M && k & 1 && delegable, privs[p], status, causes[c],
                            0x1234);
                g_assert_cmpuint(h->s->tcg.raised, ==, 1);
            }
        }
    }
    hart_free(h);
}

static void test_interrupt_enables(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned p = 0; p < G_N_ELEMENTS(privs); p++) {
        for (unsigned i = 0; i < G_N_ELEMENTS(interrupts); i++) {
            for (unsigned k = 0; k < 32; k++) {
                uint64_t status = (k & 1 ? MSTATUS_MIE : 0) | (k & 2 ? MSTATUS_SIE : 0);
                uint64_t bit = BIT(interrupts[i]);
                bool delegated = k & 4 && bit & MIP_S, enabled = k & 8, pending = k & 16;
                bool to_m = !delegated && (privs[p] != RV_M || k & 1);
                bool to_s = delegated && (privs[p] == RV_U || (privs[p] == RV_S && k & 2));
                bool taken = enabled && pending && (to_m || to_s);

                prepare(h, privs[p], status);
                h->s->mideleg = delegated ? bit : 0;
                h->s->mie = enabled ? bit : 0;
                h->s->mip_lines = pending ? bit : 0;
                rv_check_interrupts(h->cpu);
                g_assert_cmpuint(h->s->tcg.exit_request, ==, taken);
                h->s->tcg.exit_request = 0;
                g_assert_cmpint(rv_has_work(&h->cpu->vcpu), ==, enabled && pending);
                g_assert_cmpint(rv_interrupt(&h->cpu->vcpu), ==, taken);
                if (taken) {
                    check_entry(h, to_s, privs[p], status, MCAUSE_INTERRUPT | interrupts[i], 0);
                } else {
                    g_assert_cmphex(h->s->tcg.pc, ==, 0x80000abc);
                }
            }
        }
    }
    hart_free(h);
}

/* In U everything is enabled: what is not delegated comes first, then the order of urgency. */
static void test_interrupt_order(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned set = 1; set < 64; set++) {
        for (unsigned delegated = 0; delegated < 8; delegated++) {
            uint64_t mideleg =
                (delegated & 1 ? 2 : 0) | (delegated & 2 ? 0x20 : 0) | (delegated & 4 ? 0x200 : 0);
            uint64_t pending = 0, first;

            for (unsigned i = 0; i < 6; i++) {
                pending |= set >> i & 1 ? BIT(interrupts[i]) : 0;
            }
            first = pending & ~mideleg ? pending & ~mideleg : pending;
            prepare(h, RV_U, 0);
            h->s->mideleg = mideleg;
            h->s->mie = 0xaaa;
            h->s->mip_lines = pending;
            g_assert_true(rv_interrupt(&h->cpu->vcpu));
            for (unsigned i = 0; i < 6; i++) {
                if (first & BIT(interrupts[i])) {
                    bool to_s = mideleg & BIT(interrupts[i]);
                    check_entry(h, to_s, RV_U, 0, MCAUSE_INTERRUPT | interrupts[i], 0);
                    break;
                }
            }
        }
    }
    hart_free(h);
}

/* Writing the registers that enable interrupts asks for a look at them. */
static void test_writes_are_noticed(void)
{
    Hart *h = hart_new("rv64");

    prepare(h, RV_M, 0);
    irq_set(rv_cpu_line(&h->cpu->vcpu, RV_LINE_MTIP), 1);
    hart_set_csr(h, 0x304, 0x80);
    g_assert_cmpuint(h->s->tcg.exit_request, ==, 0);
    hart_set_csr(h, 0x300, MSTATUS_MIE);
    g_assert_cmpuint(h->s->tcg.exit_request, ==, 1);
    h->s->tcg.exit_request = 0;
    hart_set_csr(h, 0x300, MSTATUS_MPIE);
    g_assert_cmpuint(h->s->tcg.exit_request, ==, 0);
    rv_helper_mret(&h->s->tcg, 0, 0, 0, 0);
    g_assert_cmpuint(h->s->tcg.exit_request, ==, 1);
    irq_set(rv_cpu_line(&h->cpu->vcpu, RV_LINE_MTIP), 0);
    hart_free(h);
}

static void test_mret(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned p = 0; p < 3; p++) {
        for (unsigned mpie = 0; mpie < 2; mpie++) {
            prepare(h, RV_M, MSTATUS_MPRV | (mpie ? MSTATUS_MPIE : MSTATUS_MIE));
            h->s->mstatus |= (uint64_t)privs[p] << MSTATUS_MPP_SHIFT;
            h->s->mepc = 0x80000202;
            rv_helper_mret(&h->s->tcg, 0x30200073, 0, 0, 0);
            g_assert_cmphex(h->s->tcg.pc, ==, 0x80000202);
            g_assert_cmphex(h->s->priv, ==, privs[p]);
            g_assert_cmpuint(h->s->tcg.raised, ==, 1);
            g_assert_cmpint(!!(h->s->mstatus & MSTATUS_MIE), ==, mpie);
            g_assert_true(h->s->mstatus & MSTATUS_MPIE);
            g_assert_cmphex(h->s->mstatus & MSTATUS_MPP, ==, 0);
            g_assert_cmpint(!!(h->s->mstatus & MSTATUS_MPRV), ==, privs[p] == RV_M);
        }
    }
    prepare(h, RV_S, 0);
    rv_helper_mret(&h->s->tcg, 0x30200073, 0, 0, 0);
    check_entry(h, false, RV_S, 0, RV_CAUSE_ILLEGAL, 0x30200073);
    hart_free(h);
    h = hart_new("rv64,s=off,u=off");
    prepare(h, RV_M, 0);
    rv_helper_mret(&h->s->tcg, 0x30200073, 0, 0, 0);
    g_assert_cmphex(h->s->priv, ==, RV_M);
    g_assert_cmphex(h->s->mstatus & MSTATUS_MPP, ==, MSTATUS_MPP);
    hart_free(h);
}

static void test_sret(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned p = 0; p < 3; p++) {
        for (unsigned k = 0; k < 8; k++) {
            uint64_t status = (k & 1 ? MSTATUS_SPIE : MSTATUS_SIE) | (k & 2 ? MSTATUS_SPP : 0) |
                              (k & 4 ? MSTATUS_TSR : 0) | MSTATUS_MPRV;
            bool illegal = privs[p] == RV_U || (privs[p] == RV_S && k & 4);

            prepare(h, privs[p], status);
            h->s->sepc = 0x80000302;
            rv_helper_sret(&h->s->tcg, 0x10200073, 0, 0, 0);
            if (illegal) {
                check_entry(h, false, privs[p], status, RV_CAUSE_ILLEGAL, 0x10200073);
                continue;
            }
            g_assert_cmphex(h->s->tcg.pc, ==, 0x80000302);
            g_assert_cmphex(h->s->priv, ==, k & 2 ? RV_S : RV_U);
            g_assert_cmpint(!!(h->s->mstatus & MSTATUS_SIE), ==, k & 1);
            g_assert_true(h->s->mstatus & MSTATUS_SPIE);
            g_assert_false(h->s->mstatus & (MSTATUS_SPP | MSTATUS_MPRV));
        }
    }
    hart_free(h);
    h = hart_new("rv64,s=off");
    prepare(h, RV_M, 0);
    rv_helper_sret(&h->s->tcg, 0x10200073, 0, 0, 0);
    g_assert_cmphex(h->s->mcause, ==, RV_CAUSE_ILLEGAL);
    hart_free(h);
}

static void test_wfi(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned p = 0; p < 3; p++) {
        for (unsigned k = 0; k < 4; k++) {
            uint64_t status = k & 1 ? MSTATUS_TW : 0;

            prepare(h, privs[p], status);
            h->s->mie = MIP_MTIP;
            h->s->mip_lines = k & 2 ? MIP_MTIP : 0;
            rv_helper_wfi(&h->s->tcg, 0x10500073, 0, 0, 0);
            if (privs[p] == RV_U || (privs[p] == RV_S && k & 1)) {
                check_entry(h, false, privs[p], status, RV_CAUSE_ILLEGAL, 0x10500073);
                continue;
            }
            g_assert_cmphex(h->s->tcg.pc, ==, 0x80000ac0);
            g_assert_cmpint(h->cpu->vcpu.halted, ==, !(k & 2));
            h->cpu->vcpu.halted = false;
        }
    }
    hart_free(h);
    h = hart_new("rv64,s=off");
    prepare(h, RV_U, 0);
    rv_helper_wfi(&h->s->tcg, 0x10500073, 0, 0, 0);
    g_assert_true(h->cpu->vcpu.halted);
    hart_free(h);
}

static void test_calls(void)
{
    Hart *h = hart_new("rv64");

    for (unsigned p = 0; p < 3; p++) {
        prepare(h, privs[p], 0);
        rv_helper_ecall(&h->s->tcg, 0, 0, 0, 0);
        check_entry(h, false, privs[p], 0, 8 + privs[p], 0);
        prepare(h, privs[p], 0);
        rv_helper_ebreak(&h->s->tcg, 0, 0, 0, 0);
        check_entry(h, false, privs[p], 0, RV_CAUSE_BREAKPOINT, 0x80000abc);
        prepare(h, privs[p], 0);
        rv_helper_illegal(&h->s->tcg, 0xffff, 0, 0, 0);
        check_entry(h, false, privs[p], 0, RV_CAUSE_ILLEGAL, 0xffff);
    }
    hart_free(h);
}

static void test_faults(void)
{
    static const struct {
        AccessKind kind;
        FaultKind what;
        RvCause cause;
    } cases[] = {
        { ACCESS_LOAD, FAULT_BUS, RV_CAUSE_LOAD_ACCESS },
        { ACCESS_STORE, FAULT_BUS, RV_CAUSE_STORE_ACCESS },
        { ACCESS_FETCH, FAULT_BUS, RV_CAUSE_FETCH_ACCESS },
        { ACCESS_ATOMIC, FAULT_BUS, RV_CAUSE_STORE_ACCESS },
        { ACCESS_LOAD, FAULT_MISALIGNED, RV_CAUSE_LOAD_MISALIGNED },
        { ACCESS_ATOMIC, FAULT_MISALIGNED, RV_CAUSE_STORE_MISALIGNED },
    };
    Hart *h = hart_new("rv64");

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        prepare(h, RV_U, 0);
        rv_fault(&h->cpu->vcpu, 0x77, cases[i].kind, cases[i].what);
        check_entry(h, false, RV_U, 0, cases[i].cause, 0x77);
    }
    hart_free(h);
}

static void count_kick(VCpu *cpu)
{
    cpu->index++;
}

static void test_lines(void)
{
    static const RvLine lines[] = { RV_LINE_MSIP, RV_LINE_MTIP, RV_LINE_SEIP, RV_LINE_MEIP };
    Hart *h = hart_new("rv64");
    VCpu *vcpu = &h->cpu->vcpu;

    vcpu->kick = count_kick;
    for (unsigned i = 0; i < G_N_ELEMENTS(lines); i++) {
        vcpu->index = 0;
        irq_set(rv_cpu_line(vcpu, lines[i]), 1);
        g_assert_cmpuint(vcpu->index, ==, 1);
        g_assert_cmphex(hart_csr(h, 0x344), ==, BIT(lines[i]));
        /* A level survives the hart's reset. */
        hart_reset(h);
        g_assert_cmphex(hart_csr(h, 0x344), ==, BIT(lines[i]));
        irq_set(rv_cpu_line(vcpu, lines[i]), 0);
        g_assert_cmphex(hart_csr(h, 0x344), ==, 0);
    }
    /* SSIP is set by an edge and cleared by software. */
    irq_pulse(rv_cpu_line(vcpu, RV_LINE_SSIP));
    g_assert_cmphex(hart_csr(h, 0x344), ==, MIP_SSIP);
    hart_set_csr(h, 0x344, 0);
    g_assert_cmphex(hart_csr(h, 0x344), ==, 0);
    vcpu->kick = NULL;
    hart_free(h);
}

static void move_time(Hart *h, uint64_t now)
{
    GArray *listeners = h->time.source.listeners;

    h->time.now = now;
    for (guint i = 0; i < listeners->len; i++) {
        TimeSourceListener *l = &g_array_index(listeners, TimeSourceListener, i);
        l->changed(l->opaque);
    }
}

static bool stip(Hart *h)
{
    return hart_csr(h, 0x344) & MIP_STIP;
}

static void test_stimer(void)
{
    Hart *h = hart_new("rv64");
    ClkTimer *timer = &h->cpu->stimer;

    /* Without STCE the register is plain and STIP is software's. */
    h->time.now = 100;
    hart_set_csr(h, 0x14d, 50);
    g_assert_false(stip(h));
    g_assert_false(clk_timer_armed(timer));
    hart_set_csr(h, 0x344, MIP_STIP);
    g_assert_true(stip(h));
    hart_set_csr(h, 0x344, 0);
    /* With it STIP says whether time has come. */
    hart_set_csr(h, 0x30a, MENVCFG_STCE);
    g_assert_true(stip(h));
    hart_set_csr(h, 0x344, 0);
    g_assert_true(stip(h));
    hart_set_csr(h, 0x14d, 200);
    g_assert_false(stip(h));
    hart_set_csr(h, 0x344, MIP_STIP);
    g_assert_false(stip(h));
    g_assert_cmpint(clk_timer_deadline(timer), ==, 200);
    /* A read sees what the timer has not told yet. */
    h->time.now = 199;
    g_assert_false(stip(h));
    h->time.now = 200;
    g_assert_true(stip(h));
    g_assert_false(clk_timer_armed(timer));
    /* Time may be set, forwards and backwards. */
    move_time(h, 150);
    g_assert_false(stip(h));
    g_assert_cmpint(clk_timer_deadline(timer), ==, 200);
    move_time(h, 250);
    g_assert_true(stip(h));
    /* The last tick of all is never due. */
    hart_set_csr(h, 0x14d, UINT64_MAX);
    g_assert_false(stip(h));
    g_assert_false(clk_timer_armed(timer));
    hart_set_csr(h, 0x14d, 0);
    hart_set_csr(h, 0x30a, 0);
    hart_set_csr(h, 0x344, 0);
    g_assert_false(stip(h));
    hart_free(h);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rv/trap/delegation", test_delegation);
    g_test_add_func("/rv/trap/interrupt-enables", test_interrupt_enables);
    g_test_add_func("/rv/trap/interrupt-order", test_interrupt_order);
    g_test_add_func("/rv/trap/writes-are-noticed", test_writes_are_noticed);
    g_test_add_func("/rv/trap/mret", test_mret);
    g_test_add_func("/rv/trap/sret", test_sret);
    g_test_add_func("/rv/trap/wfi", test_wfi);
    g_test_add_func("/rv/trap/calls", test_calls);
    g_test_add_func("/rv/trap/faults", test_faults);
    g_test_add_func("/rv/trap/lines", test_lines);
    g_test_add_func("/rv/trap/stimer", test_stimer);
    return g_test_run();
}
