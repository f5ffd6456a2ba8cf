/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupts: enabling, delegation, priority, vectoring, the exact place where they are taken,
 * CLINT, Sstc, WFI. (Privileged specification, chapters 3.1.6 to 3.1.9, 3.2, 3.3.3, 10; ACLINT.)
 */
#include "rt.h"

const char suite_name[] = "irq";

#define BIT(n) (1ul << (n))
#define STCE   BIT(63)

static void raise(u64 irq)
{
    switch (irq) {
    case IRQ_MSI:
        mmio_w32(MSIP(0), 1);
        break;
    case IRQ_MTI:
        mmio_w64(MTIMECMP(0), 0);
        break;
    default:
        csr_set(mip, BIT(irq));
    }
}

static void lower(u64 irq)
{
    switch (irq) {
    case IRQ_MSI:
        mmio_w32(MSIP(0), 0);
        break;
    case IRQ_MTI:
        mmio_w64(MTIMECMP(0), -1ul);
        break;
    default:
        csr_clear(mip, BIT(irq));
    }
}

/* Those this program can raise without a device, highest priority first. */
static const u64 sources[] = { IRQ_MSI, IRQ_MTI, IRQ_SEI, IRQ_SSI, IRQ_STI };
#define SOURCES 5

static void all_low(void)
{
    csr_write(mie, 0);
    csr_clear(mstatus, MSTATUS_MIE | MSTATUS_SIE | MSTATUS_SPIE);
    csr_write(mideleg, 0);
    for (int i = 0; i < SOURCES; i++) {
        lower(sources[i]);
    }
}

static u64 next_pc;

void irq_enable(void);
extern char irq_enabled[];
asm(".text\n.balign 4\n"
    "irq_enable: csrsi mstatus, 8\n"
    "irq_enabled: nop\n nop\n csrci mstatus, 8\n ret\n");

/* mie last, with MIE set before. */
void irq_unmask(u64 bits);
extern char irq_unmasked[];
asm(".balign 4\n"
    "irq_unmask: csrsi mstatus, 8\n nop\n csrw mie, a0\n"
    "irq_unmasked: nop\n nop\n csrci mstatus, 8\n ret\n");

/* mret with MPIE set: taken before the first instruction at the target. */
void irq_by_mret(void);
extern char irq_mret_target[];
asm(".balign 4\n"
    "irq_by_mret: la t0, irq_mret_target\n csrw mepc, t0\n li t0, 0x1880\n csrs mstatus, t0\n"
    "mret\n ebreak\n"
    "irq_mret_target: nop\n csrci mstatus, 8\n ret\n");

/* Loops that only an interrupt ends. */
void spin_jump(void);
asm(".section .probe, \"ax\"\n.balign 4\n"
    "spin_jump: j spin_jump\n"
    "spin_branch: beqz x0, spin_branch\n"
    "spin_two: nop\n j 1f\n 1: nop\n beqz x0, spin_two\n"
    "spin_indirect: la t0, 1f\n 1: jr t0\n"
    "spin_call: la t0, 2f\n 1: jalr t0\n j 1b\n 2: ret\n"
    "spin_load: la t0, spin_load\n 1: ld t1, (t0)\n bnez x0, 1b\n j 1b\n"
    "spin_count: addi t0, t0, 1\n bne t0, x0, spin_count\n j spin_count\n"
    "spin_wfi: wfi\n j spin_wfi\n"
    ".balign 4096\n"
    ".text\n");
extern char spin_branch[], spin_two[], spin_indirect[], spin_call[], spin_load[], spin_count[],
    spin_wfi[];

static void in_m_mode(void)
{
    Trap t;

    rt_group("M-mode");
    for (int i = 0; i < SOURCES; i++) {
        u64 irq = sources[i];

        all_low();
        csr_write(mie, BIT(irq));
        CATCH(t, irq_enable());
        CHECK("nothing pending", t.cause, NO_TRAP);
        csr_write(mie, 0);
        raise(irq);
        CHECK("pending", csr_read(mip) & BIT(irq), BIT(irq));
        CATCH(t, irq_enable());
        CHECK("masked by mie", t.cause, NO_TRAP);
        csr_write(mie, BIT(irq));
        CATCH(t, asm volatile("nop"));
        CHECK("masked by MIE", t.cause, NO_TRAP);
        CATCH(t, irq_enable());
        rt_check_trap("right after csrsi mstatus", &t, CAUSE_IRQ | irq, (u64)irq_enabled, 0);
        CHECK("MPP", (t.status & MSTATUS_MPP) >> 11, MODE_M);
        CHECK("MPIE", !!(t.status & MSTATUS_MPIE), 1);
        csr_write(mie, 0);
        CATCH(t, irq_unmask(BIT(irq)));
        rt_check_trap("right after csrw mie", &t, CAUSE_IRQ | irq, (u64)irq_unmasked, 0);
        CATCH(t, irq_by_mret());
        rt_check_trap("right after mret", &t, CAUSE_IRQ | irq, (u64)irq_mret_target, 0);
        lower(irq);
        CHECK("no longer pending", csr_read(mip) & BIT(irq), 0);
        CATCH(t, irq_enable());
        CHECK("no longer taken", t.cause, NO_TRAP);
    }
    all_low();
}

static void to_m_from_below(void)
{
    rt_group("to M from below");
    for (int i = 0; i < SOURCES; i++) {
        for (int mode = MODE_U; mode <= MODE_S; mode++) {
            u64 irq = sources[i];
            Trap t;

            all_low();
            csr_write(mie, BIT(irq));
            raise(irq);
            /* mstatus.MIE only matters in M-mode: not even one instruction runs. */
            t = rt_run(mode, spin_jump, 0, 0, 0);
            rt_check_trap("taken", &t, CAUSE_IRQ | irq, (u64)spin_jump, 0);
            CHECK("mode", t.mode, MODE_M);
            CHECK("MPP", (t.status & MSTATUS_MPP) >> 11, mode);
        }
    }
    all_low();
}

static void priority(void)
{
    Trap t;

    rt_group("priority");
    all_low();
    for (int i = 0; i < SOURCES; i++) {
        raise(sources[i]);
    }
    csr_write(mie, 0xaaa);
    for (int i = 0; i < SOURCES; i++) {
        CATCH(t, irq_enable());
        CHECK("to M", t.cause, CAUSE_IRQ | sources[i]);
        csr_clear(mie, BIT(sources[i]));
    }
    csr_write(mideleg, 0x222);
    csr_write(mie, 0xaaa);
    csr_write(stvec, s_trap_entry);
    for (int i = 0; i < SOURCES; i++) {
        t = rt_run(MODE_U, spin_jump, 0, 0, 0);
        CHECK("M before S", t.cause, CAUSE_IRQ | sources[i]);
        CHECK("mode", t.mode, BIT(sources[i]) & 0x222 ? MODE_S : MODE_M);
        csr_clear(mie, BIT(sources[i]));
    }
    all_low();
}

/* In S with SIE = a0, then S's SIE is set by csrsi and a loop waits. */
void s_enable(u64 sie);
extern char s_enabled[];
asm(".section .probe, \"ax\"\n.balign 4\n"
    "s_enable: csrsi sstatus, 2\n"
    "s_enabled: nop\n csrci sstatus, 2\n ret\n"
    "s_nop: nop\n ret\n"
    ".text\n");
extern char s_nop[];

static void delegated(void)
{
    static const u64 s_irqs[] = { IRQ_SEI, IRQ_SSI, IRQ_STI };

    rt_group("delegated");
    for (int i = 0; i < 3; i++) {
        u64 irq = s_irqs[i];
        Trap t;

        all_low();
        csr_write(stvec, s_trap_entry);
        csr_write(mideleg, BIT(irq));
        csr_write(mie, BIT(irq));
        raise(irq);
        CHECK("sip", csr_read(sip), BIT(irq));
        CATCH(t, irq_enable());
        CHECK("never in M", t.cause, NO_TRAP);
        t = rt_run(MODE_S, s_nop, 0, 0, 0);
        CHECK("S with SIE = 0", t.cause, NO_TRAP);
        t = rt_run(MODE_S, s_enable, 0, 0, 0);
        rt_check_trap("S with SIE = 1", &t, CAUSE_IRQ | irq, (u64)s_enabled, 0);
        CHECK("mode", t.mode, MODE_S);
        CHECK("SPP", !!(t.status & MSTATUS_SPP), 1);
        csr_clear(mstatus, MSTATUS_SIE);
        t = rt_run(MODE_U, spin_jump, 0, 0, 0);
        rt_check_trap("U", &t, CAUSE_IRQ | irq, (u64)spin_jump, 0);
        CHECK("mode", t.mode, MODE_S);
        CHECK("SPP", !!(t.status & MSTATUS_SPP), 0);
        csr_write(sie, 0);
        t = rt_run(MODE_U, s_nop, 0, 0, 0);
        CHECK("masked by sie", t.cause, NO_TRAP);
    }
    all_low();
}

static void pending_bits(void)
{
    rt_group("mip");
    all_low();
    csr_write(mip, -1ul);
    CHECK("MSIP MTIP MEIP are not writable", csr_read(mip) & 0x888, 0);
    CHECK("SSIP STIP SEIP are", csr_read(mip) & 0x222, 0x222);
    csr_write(mip, 0);
    CHECK("and clear", csr_read(mip), 0);
    csr_write(mideleg, 0x222);
    csr_write(sip, -1ul);
    CHECK("only SSIP through sip", csr_read(mip), BIT(IRQ_SSI));
    csr_write(sip, 0);
    CHECK("cleared through sip", csr_read(mip), 0);
    csr_write(mip, BIT(IRQ_STI));
    csr_write(sip, 0);
    CHECK("STIP stays", csr_read(mip), BIT(IRQ_STI));
    csr_write(mideleg, 0);
    csr_set(mip, BIT(IRQ_SSI));
    csr_write(sip, 0);
    CHECK("sip without delegation", csr_read(mip), BIT(IRQ_STI) | BIT(IRQ_SSI));
    CHECK("reads zero", csr_read(sip), 0);
    all_low();
}

/* Interrupts in vectored mode enter at base + 4 * cause: every entry but the first is an ebreak. */
extern char vector_table[];
asm(".text\n.balign 256\n"
    "vector_table: .option push\n .option norvc\n j trap_entry\n .rept 15\n ebreak\n .endr\n"
    ".option pop\n");

static void vectored(void)
{
    u64 old = csr_read(mtvec);

    rt_group("vectored");
    for (int i = 0; i < SOURCES; i++) {
        Trap t;

        all_low();
        csr_write(mie, BIT(sources[i]));
        raise(sources[i]);
        csr_write(mtvec, (u64)vector_table | 1);
        CATCH(t, irq_enable());
        csr_write(mtvec, old);
        CHECK("cause", t.cause, CAUSE_BREAKPOINT);
        CHECK("entry", t.epc, (u64)vector_table + 4 * sources[i]);
    }
    all_low();
}

/* ---- CLINT ---- */

static void clint_registers(void)
{
    u64 a, b;

    rt_group("clint");
    all_low();
    mmio_w32(MSIP(0), -1);
    CHECK("msip keeps one bit", mmio_r32(MSIP(0)), 1);
    mmio_w32(MSIP(0), -2);
    CHECK("msip clears", mmio_r32(MSIP(0)), 0);
    mmio_w64(MTIMECMP(0), 0x123456789abcdef0);
    CHECK("mtimecmp", *(volatile u64 *)MTIMECMP(0), 0x123456789abcdef0);
    CHECK("mtimecmp low", mmio_r32(MTIMECMP(0)), 0x9abcdef0);
    CHECK("mtimecmp high", mmio_r32(MTIMECMP(0) + 4), 0x12345678);
    mmio_w32(MTIMECMP(0), 5);
    mmio_w32(MTIMECMP(0) + 4, 0xffffffff);
    CHECK("halves", *(volatile u64 *)MTIMECMP(0), 0xffffffff00000005);
    a = mtime();
    b = (u64)mmio_r32(MTIME + 4) << 32 | mmio_r32(MTIME);
    CHECK("mtime halves", b - a < 10000000, 1);
    mmio_w64(MTIMECMP(0), mtime());
    CHECK("mtime = mtimecmp is pending", csr_read(mip) & BIT(IRQ_MTI), BIT(IRQ_MTI));
    mmio_w64(MTIMECMP(0), mtime() + 100000000);
    CHECK("future is not", csr_read(mip) & BIT(IRQ_MTI), 0);
    all_low();
}

/* Writes to mtime move time, forwards and backwards, and timers with it. */
static void time_moves(void)
{
    u64 t;

    rt_group("mtime");
    all_low();
    mmio_w64(MTIMECMP(0), 5000000000000);
    mmio_w64(MTIME, 4999000000000);
    CHECK("not yet", csr_read(mip) & BIT(IRQ_MTI), 0);
    t = csr_read(time);
    CHECK("rdtime follows", t - 4999000000000 < 100000000, 1);
    mmio_w64(MTIME, 5000000000000);
    CHECK("forwards", csr_read(mip) & BIT(IRQ_MTI), BIT(IRQ_MTI));
    mmio_w64(MTIME, 1000);
    CHECK("backwards", csr_read(mip) & BIT(IRQ_MTI), 0);
    t = csr_read(time);
    CHECK("rdtime follows", t - 1000 < 100000000, 1);
    mmio_w64(MTIMECMP(0), 0xffffffffffffff00);
    mmio_w64(MTIME, 0xffffffffffffff00);
    CHECK("unsigned comparison", csr_read(mip) & BIT(IRQ_MTI), BIT(IRQ_MTI));
    mmio_w64(MTIME, 1000000);
    all_low();
}

/* The timer ends every kind of loop, not before its time. */
static void timer_ends_loops(void)
{
    static void *const loops[] = { spin_jump, spin_branch, spin_two,   spin_indirect,
                                   spin_call, spin_load,   spin_count, spin_wfi };

    rt_group("loops");
    for (u64 i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
        for (int mode = MODE_U; mode <= MODE_S; mode++) {
            u64 at;
            Trap t;

            if (loops[i] == spin_wfi && mode == MODE_U) {
                continue;
            }
            all_low();
            csr_write(mie, BIT(IRQ_MTI));
            at = mtime() + 3333;
            mmio_w64(MTIMECMP(0), at);
            t = rt_run(mode, loops[i], 0, 0, 0);
            CHECK("cause", t.cause, CAUSE_IRQ | IRQ_MTI);
            CHECK("not early", mtime() >= at, 1);
            CHECK("not late", mtime() - at < 5000000, 1);
        }
    }
    all_low();
}

static void wfi(void)
{
    u64 at;
    Trap t;

    rt_group("wfi");
    all_low();
    csr_write(mie, BIT(IRQ_MTI));
    at = mtime() + 20000;
    mmio_w64(MTIMECMP(0), at);
    while (!(csr_read(mip) & BIT(IRQ_MTI))) {
        asm volatile("wfi");
    }
    CHECK("woken with MIE = 0", mtime() >= at, 1);
    /* Pending already: falls through at once. */
    asm volatile("wfi");
    mmio_w64(MTIMECMP(0), mtime() + 20000);
    CATCH(t, asm volatile("la %0, 1f\n sd %0, %1\n csrsi mstatus, 8\n wfi\n 1: j 1b"
                          : "=&r"(at), "=m"(next_pc)));
    rt_check_trap("taken after wfi", &t, CAUSE_IRQ | IRQ_MTI, next_pc, 0);
    all_low();
}

/* ---- Sstc ---- */

void s_write_stimecmp(u64 v);
asm(".section .probe, \"ax\"\n.balign 4\n"
    "s_write_stimecmp: .word 0x14d51073\n ret\n"
    ".text\n");

#define write_stimecmp(v) asm volatile("csrw 0x14d, %0" : : "r"((u64)(v)))

static void sstc(void)
{
    u64 at;
    Trap t;

    rt_group("sstc");
    all_low();
    csr_write(mcounteren, 7);
    csr_clear(menvcfg, STCE);
    t = rt_run(MODE_S, s_write_stimecmp, 0, -1ul, 0);
    rt_check_trap("STCE = 0", &t, CAUSE_ILLEGAL, (u64)s_write_stimecmp, 0x14d51073);
    csr_set(menvcfg, STCE);
    CHECK("STCE", csr_read(menvcfg) & STCE, STCE);
    csr_write(mcounteren, 5);
    t = rt_run(MODE_S, s_write_stimecmp, 0, -1ul, 0);
    rt_check_trap("mcounteren.TM = 0", &t, CAUSE_ILLEGAL, (u64)s_write_stimecmp, 0x14d51073);
    csr_write(mcounteren, 7);
    t = rt_run(MODE_S, s_write_stimecmp, 0, -1ul, 0);
    CHECK("write from S", t.cause, NO_TRAP);
    write_stimecmp(0);
    CHECK("past", csr_read(mip) & BIT(IRQ_STI), BIT(IRQ_STI));
    csr_clear(mip, BIT(IRQ_STI));
    CHECK("STIP is not writable then", csr_read(mip) & BIT(IRQ_STI), BIT(IRQ_STI));
    write_stimecmp(-1ul);
    CHECK("future", csr_read(mip) & BIT(IRQ_STI), 0);
    csr_set(mip, BIT(IRQ_STI));
    CHECK("nor settable", csr_read(mip) & BIT(IRQ_STI), 0);
    csr_write(mideleg, BIT(IRQ_STI));
    csr_write(mie, BIT(IRQ_STI));
    csr_write(stvec, s_trap_entry);
    at = csr_read(time) + 10000;
    write_stimecmp(at);
    t = rt_run(MODE_U, spin_branch, 0, 0, 0);
    CHECK("interrupt", t.cause, CAUSE_IRQ | IRQ_STI);
    CHECK("in S", t.mode, MODE_S);
    CHECK("not early", csr_read(time) >= at, 1);
    CHECK("read back", csr_read(0x14d), at);
    /* mtime going back makes it a future again. */
    mmio_w64(MTIME, 0);
    CHECK("mtime goes back", csr_read(mip) & BIT(IRQ_STI), 0);
    mmio_w64(MTIME, at);
    CHECK("and forth", csr_read(mip) & BIT(IRQ_STI), BIT(IRQ_STI));
    write_stimecmp(-1ul);
    csr_clear(menvcfg, STCE);
    csr_set(mip, BIT(IRQ_STI));
    CHECK("STIP is writable without STCE", csr_read(mip) & BIT(IRQ_STI), BIT(IRQ_STI));
    all_low();
}

int main(void)
{
    in_m_mode();
    to_m_from_below();
    priority();
    delegated();
    pending_bits();
    vectored();
    clint_registers();
    time_moves();
    timer_ends_loops();
    wfi();
    sstc();
    return 0;
}
