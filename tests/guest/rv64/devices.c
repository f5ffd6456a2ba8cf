/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Smoke test of the board's devices as a guest without an operating system sees them: UART, PLIC,
 * RTC. The test finisher ends every program of this kind.
 */
#include "rt.h"

const char suite_name[] = "devices";

/* 16550 registers */
enum { RBR = 0, IER = 1, IIR = 2, LCR = 3, MCR = 4, LSR = 5, MSR = 6, SCR = 7 };
#define UART(r)  (UART_BASE + (r))
#define UART_IRQ 10

#define PRIORITY(n)    (PLIC_BASE + 4 * (n))
#define PENDING(n)     (PLIC_BASE + 0x1000 + 4 * ((n) / 32))
#define ENABLE(ctx, n) (PLIC_BASE + 0x2000 + 0x80 * (ctx) + 4 * ((n) / 32))
#define THRESHOLD(ctx) (PLIC_BASE + 0x200000 + 0x1000 * (ctx))
#define CLAIM(ctx)     (THRESHOLD(ctx) + 4)
enum { CTX_M = 0, CTX_S = 1 };

#define MEIP (1ul << IRQ_MEI)
#define SEIP (1ul << IRQ_SEI)

static void uart_registers(void)
{
    rt_group("uart");
    for (u64 v = 0; v < 256; v += 17) {
        mmio_w8(UART(SCR), v);
        CHECK("scratch", mmio_r8(UART(SCR)), v);
    }
    CHECK("transmitter empty", mmio_r8(UART(LSR)) & 0x60, 0x60);
    mmio_w8(UART(LCR), 0x83);
    mmio_w8(UART(0), 0x34);
    mmio_w8(UART(1), 0x12);
    CHECK("divisor low", mmio_r8(UART(0)), 0x34);
    CHECK("divisor high", mmio_r8(UART(1)), 0x12);
    mmio_w8(UART(0), 1);
    mmio_w8(UART(1), 0);
    mmio_w8(UART(LCR), 3);
    CHECK("line control", mmio_r8(UART(LCR)), 3);
    mmio_w8(UART(IER), 0xff);
    CHECK("interrupt enable has four bits", mmio_r8(UART(IER)), 0x0f);
    mmio_w8(UART(IER), 0);
    CHECK("nothing pending", mmio_r8(UART(IIR)) & 1, 1);
    CHECK("nothing received", mmio_r8(UART(LSR)) & 1, 0);
}

/* Loopback: what is sent comes back as received. */
static void uart_loopback(void)
{
    u64 start = mtime();

    rt_group("loopback");
    mmio_w8(UART(MCR), 0x10);
    mmio_w8(UART(RBR), 0x5a);
    while (!(mmio_r8(UART(LSR)) & 1) && rt_within(start, 10000000)) {
    }
    CHECK("data ready", mmio_r8(UART(LSR)) & 1, 1);
    CHECK("data", mmio_r8(UART(RBR)), 0x5a);
    CHECK("data taken", mmio_r8(UART(LSR)) & 1, 0);
    mmio_w8(UART(MCR), 0x1b);
    CHECK("modem lines", mmio_r8(UART(MSR)) & 0xf0, 0xb0);
    mmio_w8(UART(MCR), 0);
}

static u64 external_pending(void)
{
    return csr_read(mip) & (MEIP | SEIP);
}

/* The "transmitter empty" interrupt, which the program can raise at will. */
static void plic(void)
{
    rt_group("plic");
    for (u64 n = 1; n <= 53; n++) {
        mmio_w32(PRIORITY(n), 0);
    }
    mmio_w32(THRESHOLD(CTX_M), 0);
    mmio_w32(THRESHOLD(CTX_S), 0);
    mmio_w32(PRIORITY(UART_IRQ), 3);
    CHECK("priority", mmio_r32(PRIORITY(UART_IRQ)), 3);
    mmio_w32(ENABLE(CTX_M, UART_IRQ), 1 << UART_IRQ);
    CHECK("enable", mmio_r32(ENABLE(CTX_M, UART_IRQ)), 1 << UART_IRQ);
    /* The gateway keeps what the UART's test raised until it is claimed. */
    mmio_w32(CLAIM(CTX_M), mmio_r32(CLAIM(CTX_M)));
    CHECK("idle", external_pending(), 0);
    CHECK("claim of nothing", mmio_r32(CLAIM(CTX_M)), 0);
    mmio_w8(UART(IER), 2);
    CHECK("pending bit", mmio_r32(PENDING(UART_IRQ)) >> UART_IRQ & 1, 1);
    CHECK("MEIP", external_pending(), MEIP);
    mmio_w32(THRESHOLD(CTX_M), 3);
    CHECK("threshold masks", external_pending(), 0);
    mmio_w32(THRESHOLD(CTX_M), 2);
    CHECK("threshold below", external_pending(), MEIP);
    mmio_w32(PRIORITY(UART_IRQ), 0);
    CHECK("priority 0 masks", external_pending(), 0);
    mmio_w32(PRIORITY(UART_IRQ), 3);
    mmio_w32(ENABLE(CTX_M, UART_IRQ), 0);
    CHECK("disabled", external_pending(), 0);
    mmio_w32(ENABLE(CTX_S, UART_IRQ), 1 << UART_IRQ);
    CHECK("SEIP", external_pending(), SEIP);
    mmio_w32(ENABLE(CTX_M, UART_IRQ), 1 << UART_IRQ);
    CHECK("both", external_pending(), MEIP | SEIP);
    CHECK("claim", mmio_r32(CLAIM(CTX_M)), UART_IRQ);
    CHECK("claimed: not pending", external_pending(), 0);
    CHECK("claim by the other context", mmio_r32(CLAIM(CTX_S)), 0);
    mmio_w32(CLAIM(CTX_M), UART_IRQ);
    CHECK("completed, still asserted", external_pending(), MEIP | SEIP);
    CHECK("claim again", mmio_r32(CLAIM(CTX_M)), UART_IRQ);
    /* Reading IIR ends this interrupt of the UART. */
    CHECK("IIR", mmio_r8(UART(IIR)) & 0x0f, 2);
    mmio_w32(CLAIM(CTX_M), UART_IRQ);
    CHECK("completed and gone", external_pending(), 0);
    mmio_w8(UART(IER), 0);
    mmio_w32(ENABLE(CTX_S, UART_IRQ), 0);
}

/* The whole way: device, PLIC, hart, handler. */
static void interrupt(void)
{
    Trap t;

    rt_group("interrupt");
    csr_write(mie, MEIP);
    mmio_w8(UART(IER), 2);
    CATCH(t, asm volatile("csrsi mstatus, 8\n nop\n nop\n csrci mstatus, 8"));
    CHECK("external interrupt", t.cause, CAUSE_IRQ | IRQ_MEI);
    CHECK("claim", mmio_r32(CLAIM(CTX_M)), UART_IRQ);
    mmio_w8(UART(IER), 0);
    mmio_w32(CLAIM(CTX_M), UART_IRQ);
    CATCH(t, asm volatile("csrsi mstatus, 8\n nop\n nop\n csrci mstatus, 8"));
    CHECK("once", t.cause, NO_TRAP);
    csr_write(mie, 0);
}

/* Goldfish RTC: nanoseconds since 1970, the low word latches the high one. */
static u64 rtc_now(void)
{
    u64 low = mmio_r32(RTC_BASE);

    return (u64)mmio_r32(RTC_BASE + 4) << 32 | low;
}

#define RTC_IRQ 11

static void rtc(void)
{
    u64 a = rtc_now(), b, t0 = mtime(), start;

    rt_group("rtc");
    CHECK("after 2020", a > 1577836800ul * 1000000000, 1);
    while (rt_within(t0, 20000)) {
    }
    b = rtc_now();
    CHECK("goes on", b - a >= 1900000 && b - a < 10000000000, 1);
    mmio_w32(PRIORITY(RTC_IRQ), 1);
    mmio_w32(ENABLE(CTX_M, RTC_IRQ), 1 << RTC_IRQ);
    mmio_w32(THRESHOLD(CTX_M), 0);
    mmio_w32(RTC_BASE + 0x10, 1); /* interrupt enable */
    b = rtc_now() + 3000000;
    mmio_w32(RTC_BASE + 0x0c, b >> 32);
    mmio_w32(RTC_BASE + 0x08, b);
    CHECK("alarm is set", mmio_r32(RTC_BASE + 0x18) == 1 || rtc_now() >= b, 1);
    start = mtime();
    while (!external_pending() && rt_within(start, 20000000)) {
    }
    CHECK("alarm", external_pending(), MEIP);
    CHECK("not early", rtc_now() >= b, 1);
    CHECK("claim", mmio_r32(CLAIM(CTX_M)), RTC_IRQ);
    mmio_w32(RTC_BASE + 0x1c, 1); /* clear interrupt */
    mmio_w32(CLAIM(CTX_M), RTC_IRQ);
    CHECK("cleared", external_pending(), 0);
    mmio_w32(RTC_BASE + 0x10, 0);
    mmio_w32(ENABLE(CTX_M, RTC_IRQ), 0);
}

int main(void)
{
    uart_registers();
    uart_loopback();
    plic();
    interrupt();
    rtc();
    return 0;
}
