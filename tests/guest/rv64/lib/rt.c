/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rt.h"
#include <stdarg.h>

_Static_assert(offsetof(Hart, x) == HART_X, "HART_X");
_Static_assert(offsetof(Hart, pc) == HART_PC, "HART_PC");
_Static_assert(offsetof(Hart, status) == HART_STATUS, "HART_STATUS");
_Static_assert(offsetof(Hart, id) == HART_ID, "HART_ID");
_Static_assert(offsetof(Hart, jmp) == HART_JMP, "HART_JMP");
_Static_assert(sizeof(Hart) <= HART_SIZE, "HART_SIZE");

/* HART_SIZE apart, for start.S. */
union HartSlot {
    Hart h;
    char bytes[HART_SIZE];
};
union HartSlot hart_slots[RT_MAX_HARTS] __asm__("harts");

char stacks[RT_MAX_HARTS << RT_STACK_SHIFT] __attribute__((aligned(4096)));
char trap_stacks[RT_MAX_HARTS << RT_STACK_SHIFT] __attribute__((aligned(16)));
static char low_stacks[RT_MAX_HARTS << RT_STACK_SHIFT] __attribute__((aligned(4096)));

static const char *group = "start";
static u64 cases, failures;

void rt_init_hart(void);
void rt_secondary(void) __attribute__((noreturn));
void rt_trap(Hart *h);
void rt_unwind(u64 value) __attribute__((noreturn));
u64 rt_enter(u64 mode, u64 pc, u64 sp, u64 ra, u64 a0, u64 a1);
int rt_variant(const void *fn, const void *in, void *out, u64 n);

static Hart *hart_at(u64 id)
{
    return &hart_slots[id].h;
}

/* ---- output ---- */

static void put_char(char c)
{
    while (!(mmio_r8(UART_BASE + 5) & 0x20)) {
    }
    mmio_w8(UART_BASE, c);
}

static void put_string(const char *s)
{
    while (*s) {
        put_char(*s++);
    }
}

static void put_number(u64 v, unsigned base)
{
    char buf[24];
    int i = sizeof(buf);

    buf[--i] = 0;
    do {
        buf[--i] = "0123456789abcdef"[v % base];
        v /= base;
    } while (v);
    put_string(buf + i);
}

static void put_signed(int64_t v)
{
    if (v < 0) {
        put_char('-');
        v = -v;
    }
    put_number(v, 10);
}

static void rt_vprintf(const char *fmt, va_list ap)
{
    for (; *fmt; fmt++) {
        if (*fmt != '%') {
            put_char(*fmt);
            continue;
        }
        do {
            fmt++;
        } while (*fmt == 'l');
        switch (*fmt) {
        case 's':
            put_string(va_arg(ap, const char *));
            break;
        case 'd':
            put_signed(va_arg(ap, int64_t));
            break;
        case 'u':
            put_number(va_arg(ap, u64), 10);
            break;
        case 'x':
            put_number(va_arg(ap, u64), 16);
            break;
        case 'c':
            put_char(va_arg(ap, int));
            break;
        default:
            put_char(*fmt);
        }
    }
}

void rt_printf(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    rt_vprintf(fmt, ap);
    va_end(ap);
}

/* ---- checks ---- */

void rt_group(const char *name)
{
    group = name;
}

bool rt_check(const char *name, u64 got, u64 want)
{
    cases++;
    if (got == want) {
        return true;
    }
    if (failures++ < 200) {
        rt_printf("FAIL %s %s/%s got 0x%lx want 0x%lx\n", suite_name, group, name, got, want);
    }
    return false;
}

void rt_fail(const char *name, const char *fmt, ...)
{
    va_list ap;

    cases++;
    if (failures++ >= 200) {
        return;
    }
    rt_printf("FAIL %s %s/%s ", suite_name, group, name);
    va_start(ap, fmt);
    rt_vprintf(fmt, ap);
    va_end(ap);
    put_char('\n');
}

void rt_finish(void)
{
    rt_printf("DONE %s cases %lu failures %lu\n", suite_name, cases, failures);
    if (cases == 0) {
        mmio_w32(FINISHER, 2 << 16 | 0x3333);
    }
    mmio_w32(FINISHER, failures ? 1 << 16 | 0x3333 : 0x5555);
    for (;;) {
        asm volatile("wfi");
    }
}

/* ---- traps ---- */

void rt_init_hart(void)
{
    Hart *h = this_hart();

    h->id = csr_read(mhartid);
    /* S and U may use all memory. */
    csr_write(pmpaddr0, -1ul);
    csr_write(pmpcfg0, 0x1f);
}

static void unexpected_trap(Hart *h, u64 cause, u64 tval)
{
    rt_printf("FAIL %s %s/unexpected-trap hart %lu cause 0x%lx epc 0x%lx tval 0x%lx ra 0x%lx\n",
              suite_name, group, h->id, cause, h->pc, tval, h->x[1]);
    mmio_w32(FINISHER, 3 << 16 | 0x3333);
    for (;;) {
    }
}

static bool is_ecall(u64 cause)
{
    return cause == CAUSE_ECALL_U || cause == CAUSE_ECALL_S || cause == CAUSE_ECALL_M;
}

void rt_trap(Hart *h)
{
    u64 cause = csr_read(mcause);
    u64 tval = csr_read(mtval);

    h->pc = csr_read(mepc);
    h->status = csr_read(mstatus);
    csr_clear(mstatus, MSTATUS_MPRV);
    if (h->hook && h->hook(h, cause, tval)) {
        return;
    }
    if (!h->armed) {
        unexpected_trap(h, cause, tval);
    }
    h->armed = false;
    h->trap = (Trap) { cause, h->pc, tval, h->status, MODE_M, h->x[10] };
    if (is_ecall(cause) && h->pc == (u64)rt_leave + h->offset) {
        h->trap.cause = NO_TRAP;
    } else if (cause == CAUSE_ECALL_S && h->pc == (csr_read(stvec) & ~3ul)) {
        h->trap.cause = csr_read(scause);
        h->trap.epc = csr_read(sepc);
        h->trap.tval = csr_read(stval);
        h->trap.mode = MODE_S;
    }
    rt_unwind(1);
}

void rt_catch_begin(void)
{
    Hart *h = this_hart();

    h->trap = (Trap) { .cause = NO_TRAP, .mode = MODE_M };
    h->armed = true;
}

void rt_catch_end(Trap *t)
{
    Hart *h = this_hart();

    h->armed = false;
    *t = h->trap;
}

Trap rt_run(int mode, const void *fn, u64 offset, u64 a0, u64 a1)
{
    Hart *h = this_hart();
    u64 sp = (u64)low_stacks + ((h->id + 1) << RT_STACK_SHIFT);

    h->offset = offset;
    rt_catch_begin();
    rt_enter(mode, (u64)fn + offset, sp + offset, (u64)rt_leave + offset, a0, a1);
    h->armed = false;
    return h->trap;
}

Trap rt_call_variant(const void *fn, const void *in, void *out, u64 n)
{
    Hart *h = this_hart();

    rt_catch_begin();
    rt_variant(fn, in, out, n);
    h->armed = false;
    return h->trap;
}

void rt_check_cause(const char *name, const Trap *t, u64 cause, u64 tval)
{
    if (t->cause == cause && t->tval == tval) {
        cases++;
        return;
    }
    rt_fail(name, "got cause 0x%lx tval 0x%lx (epc 0x%lx) want cause 0x%lx tval 0x%lx", t->cause,
            t->tval, t->epc, cause, tval);
}

void rt_check_trap(const char *name, const Trap *t, u64 cause, u64 epc, u64 tval)
{
    if (t->cause == cause && t->tval == tval && t->epc == epc) {
        cases++;
        return;
    }
    rt_fail(name, "got cause 0x%lx epc 0x%lx tval 0x%lx want cause 0x%lx epc 0x%lx tval 0x%lx",
            t->cause, t->epc, t->tval, cause, epc, tval);
}

/* ---- harts ---- */

void rt_secondary(void)
{
    Hart *h = this_hart();

    csr_write(mie, 1 << IRQ_MSI);
    for (;;) {
        if (!h->job) {
            asm volatile("wfi" : : : "memory");
            mmio_w32(MSIP(h->id), 0);
            asm volatile("fence" : : : "memory");
            continue;
        }
        h->job(h->job_arg);
        h->job = NULL;
        asm volatile("fence" : : : "memory");
        h->jobs_done++;
    }
}

void rt_start(u64 hart, void (*fn)(void *), void *arg)
{
    Hart *h = hart_at(hart);

    h->jobs_done = 0;
    h->job_arg = arg;
    asm volatile("fence" : : : "memory");
    h->job = fn;
    asm volatile("fence" : : : "memory");
    mmio_w32(MSIP(hart), 1);
}

void rt_wait(u64 hart)
{
    while (!hart_at(hart)->jobs_done) {
        asm volatile(".word 0x0100000f" : : : "memory"); /* pause */
    }
    asm volatile("fence" : : : "memory");
}

bool rt_within(u64 start, u64 ticks)
{
    return mtime() - start < ticks;
}

/* ---- what the compiler calls ---- */

void *memset(void *d, int c, size_t n)
{
    char *p = d;

    while (n--) {
        *p++ = c;
        asm volatile("" : : : "memory");
    }
    return d;
}

void *memcpy(void *d, const void *s, size_t n)
{
    char *p = d;
    const char *q = s;

    while (n--) {
        *p++ = *q++;
        asm volatile("" : : : "memory");
    }
    return d;
}
