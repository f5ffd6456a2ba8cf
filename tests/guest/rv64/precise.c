/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exact state at traps in the middle of code, and at interrupts at any place.
 *
 * Part one makes straight-line pieces of random integer instructions with one instruction that
 * traps somewhere inside. At the trap every register must hold what a step-by-step simulation in C
 * says, and the piece must then go on as if nothing had happened. Part two does the same for
 * floating-point flags. Part three lets a timer interrupt computations all the time and compares
 * their results with undisturbed ones.
 */
#include "paging.h"
#include "probe.h"

const char suite_name[] = "precise";

#define CODE   FREE_RAM
#define HOLE   0x28000000ul
#define LENGTH 40
#define RET    0x00008067

static u64 seed = 2026;

static u64 rnd(u64 n)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (seed >> 33) % n;
}

/* ---- random integer code ---- */

typedef struct Step {
    u32 insn;
    u32 rd;
    u64 value; /* of rd afterwards */
} Step;

/* x1 returns, x2 is the stack, x31 holds the address that faults: these are not written. */
static u32 pick_rd(void)
{
    return 3 + rnd(28);
}

static u64 shift_ops(u32 kind, u64 a, u64 sh)
{
    return kind == 0 ? a << sh : kind == 1 ? a >> sh : (u64)((int64_t)a >> sh);
}

static u32 make_imm(u64 *x, u32 rd, u32 rs)
{
    int64_t imm = (int64_t)rnd(4096) - 2048;
    u32 field = (u32)imm << 20, sh = rnd(64);

    switch (rnd(6)) {
    case 0:
        x[rd] = x[rs] + (u64)imm;
        return field | rs << 15 | 0 << 12 | rd << 7 | 0x13;
    case 1:
        x[rd] = x[rs] ^ (u64)imm;
        return field | rs << 15 | 4 << 12 | rd << 7 | 0x13;
    case 2:
        x[rd] = (u64)(int64_t)(int32_t)(x[rs] + (u64)imm);
        return field | rs << 15 | 0 << 12 | rd << 7 | 0x1b;
    case 3:
        x[rd] = x[rs] < (u64)imm;
        return field | rs << 15 | 3 << 12 | rd << 7 | 0x13;
    case 4:
        x[rd] = (u64)(int64_t)(int32_t)(field & 0xfffff000);
        return (field & 0xfffff000) | rd << 7 | 0x37;
    default:
        x[rd] = shift_ops(sh % 3, x[rs], sh);
        return (sh % 3 == 2 ? 0x40000000u : 0) | sh << 20 | rs << 15 |
               (sh % 3 == 0 ? 1u : 5u) << 12 | rd << 7 | 0x13;
    }
}

static u32 make_reg(u64 *x, u32 rd, u32 a, u32 b)
{
    u32 regs = b << 20 | a << 15 | rd << 7;

    switch (rnd(6)) {
    case 0:
        x[rd] = x[a] + x[b];
        return regs | 0x33;
    case 1:
        x[rd] = x[a] - x[b];
        return regs | 0x40000033;
    case 2:
        x[rd] = x[a] & x[b];
        return regs | 7 << 12 | 0x33;
    case 3:
        x[rd] = (int64_t)x[a] < (int64_t)x[b];
        return regs | 2 << 12 | 0x33;
    case 4:
        x[rd] = x[a] * x[b];
        return regs | 0x02000033;
    default:
        x[rd] = (u64)(int64_t)(int32_t)(x[a] - x[b]);
        return regs | 0x4000003b;
    }
}

static const struct {
    const char *name;
    u32 insn;
    u64 cause;
} trappers[] = {
    { "ecall", 0x00000073, CAUSE_ECALL_M },
    { "illegal", 0xffffffff, CAUSE_ILLEGAL },
    { "lw", 0x000fae03, CAUSE_LOAD_ACCESS },        /* lw x28, (x31) */
    { "ld x31", 0x000fbf83, CAUSE_LOAD_ACCESS },    /* the base is the destination */
    { "sd", 0x01cfb023, CAUSE_STORE_ACCESS },       /* sd x28, (x31) */
    { "amoadd.d", 0x01cfbe2f, CAUSE_STORE_ACCESS }, /* amoadd.d x28, x28, (x31) */
    { "csr", 0xc0101073, CAUSE_ILLEGAL },           /* write to time */
    { "fld", 0x000fb007, CAUSE_LOAD_ACCESS },       /* fld f0, (x31) */
    { "reserved system", 0x02000073, CAUSE_ILLEGAL },
    { "lbu", 0x000fce03, CAUSE_LOAD_ACCESS }, /* lbu x28, (x31) */
};
#define TRAPPERS (sizeof(trappers) / sizeof(trappers[0]))

/* Enters CODE with all registers from a table; after the trap a hook notes them. */
void enter_code(void);
asm(".text\n.balign 4\n"
    /* a0 = registers */
    "enter_code: csrr t0, mscratch\n"
    "mv x31, a0\n"
    ".irp n,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
    "ld x\\n, 8*\\n(x31)\n .endr\n"
    "la x1, enter_done\n"
    "ld x31, 8*31(x31)\n"
    "csrr x2, mepc\n jr x2\n"
    "enter_done: ecall\n");
extern char enter_done[];

static u64 at_trap[32];
static u64 trap_pc, trap_cause, traps_seen;

/* Notes the registers at the first trap and steps over the instruction. */
static bool note_and_skip(Hart *h, u64 cause, u64 tval)
{
    (void)tval;
    if (h->pc == (u64)enter_done) {
        return false;
    }
    traps_seen++;
    trap_pc = h->pc;
    trap_cause = cause;
    for (int i = 0; i < 32; i++) {
        at_trap[i] = h->x[i];
    }
    h->pc += 4;
    return true;
}

static void piece(u64 which, bool crossing)
{
    static u64 start[32], x[32], middle[32];
    u32 *code = (u32 *)(CODE + (crossing ? 4096 - 4 * LENGTH / 2 : 0));
    u64 where = rnd(LENGTH);
    Hart *h = this_hart();
    Trap t;

    for (int i = 0; i < 32; i++) {
        start[i] = x[i] = i ? (u64)rnd(1ul << 31) << rnd(34) : 0;
    }
    start[31] = x[31] = HOLE;
    x[2] = start[2] = (u64)code;
    x[1] = start[1] = (u64)enter_done;
    for (u64 i = 0; i < LENGTH; i++) {
        u32 rd = pick_rd(), a = rnd(32), b = rnd(32);

        if (i == where) {
            for (int k = 0; k < 32; k++) {
                middle[k] = x[k];
            }
            code[i] = trappers[which].insn;
        } else {
            code[i] = rnd(2) ? make_imm(x, rd, a) : make_reg(x, rd, a, b);
        }
    }
    code[LENGTH] = RET;
    fence_i();
    traps_seen = 0;
    h->hook = note_and_skip;
    csr_write(mepc, code);
    t = rt_call_variant(enter_code, start, NULL, 0);
    h->hook = NULL;
    CHECK("one trap", traps_seen, 1);
    CHECK("ended", t.epc, (u64)enter_done);
    CHECK("pc", trap_pc, (u64)&code[where]);
    if (trap_cause != trappers[which].cause) {
        rt_fail(trappers[which].name, "cause 0x%lx", trap_cause);
    }
    for (int i = 1; i < 32; i++) {
        if (at_trap[i] != middle[i]) {
            rt_fail(trappers[which].name, "x%ld at the trap: 0x%lx want 0x%lx", (long)i, at_trap[i],
                    middle[i]);
        }
        if (h->x[i] != x[i]) {
            rt_fail(trappers[which].name, "x%ld at the end: 0x%lx want 0x%lx", (long)i, h->x[i],
                    x[i]);
        }
    }
    CHECK(trappers[which].name, 0, 0);
}

static void registers_at_traps(void)
{
    rt_group("registers");
    for (int round = 0; round < 60; round++) {
        for (u64 i = 0; i < TRAPPERS; i++) {
            piece(i, round & 1);
        }
    }
}

/* ---- floating-point flags ---- */

/* 1/3 is inexact; the load faults; 1/0 comes after it. */
void flags_piece(u64 hole);
extern char flags_fault[];
asm(".text\n.balign 4\n"
    "flags_piece: li t0, 1\n fcvt.d.l f0, t0\n li t0, 3\n fcvt.d.l f1, t0\n fmv.d.x f2, x0\n"
    "fdiv.d f3, f0, f1\n"
    ".option push\n.option norvc\n"
    "flags_fault: ld t1, (a0)\n"
    ".option pop\n"
    "fdiv.d f4, f0, f2\n fsqrt.d f5, f1\n fdiv.d f6, f2, f2\n ret\n");

static void flags_at_traps(void)
{
    Trap t;

    rt_group("fflags");
    for (int i = 0; i < 50; i++) {
        csr_write(fcsr, 0);
        CATCH(t, flags_piece(HOLE));
        rt_check_trap("fault", &t, CAUSE_LOAD_ACCESS, (u64)flags_fault, HOLE);
        CHECK("flags at the fault", csr_read(fflags), 1);
        csr_write(fcsr, 0);
        CATCH(t, flags_piece((u64)at_trap));
        CHECK("flags at the end", csr_read(fflags), 0x19);
    }
}

/* ---- interrupts ---- */

static volatile u64 ticks;

static bool tick(Hart *h, u64 cause, u64 tval)
{
    (void)tval;
    if (cause != (CAUSE_IRQ | IRQ_MTI)) {
        return false;
    }
    ticks++;
    mmio_w64(MTIMECMP(h->id), mtime() + 100 + ticks % 64);
    return true;
}

static u64 mix(u64 sum, u64 v)
{
    return (sum ^ v) * 0x9e3779b97f4a7c15 + (sum >> 29);
}

__attribute__((noinline)) static u64 fib(u64 n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/* Code of this file runs in S-mode at its identity mapping, too. */
static u64 k_integer(u64 n, u64 unused)
{
    u64 sum = unused;

    for (u64 i = 0; i < n * 3000; i++) {
        sum = mix(sum, i / ((sum & 7) + 1));
        if (sum & 64) {
            sum += fib(3);
        }
    }
    return sum;
}

static u64 k_float(u64 n, u64 unused)
{
    double a = 1.1, b = 0.3, s = (double)unused, root;
    float f = 0.7f;
    u64 flags;
    union {
        double d;
        u64 u;
    } v;

    asm volatile("csrw fflags, x0");
    for (u64 i = 0; i < n * 2000; i++) {
        s = s * b + a / (double)(i + 1);
        f = f * 0.99f + 0.01f;
        asm("fsqrt.d %0, %1" : "=f"(root) : "f"(a + (double)f));
        s += root;
        b = b < 0.9 ? b + 0.001 : 0.1;
    }
    asm volatile("csrr %0, fflags" : "=r"(flags));
    v.d = s;
    return mix(v.u, flags);
}

static u64 buffer[1024];

static u64 k_memory(u64 n, u64 unused)
{
    u64 sum = unused;

    for (u64 i = 0; i < 1024; i++) {
        buffer[i] = i;
    }
    for (u64 i = 0; i < n * 2000; i++) {
        u64 *p = &buffer[(i * 37) & 1023];

        asm volatile("amoadd.d %0, %1, (%2)" : "+r"(sum) : "r"(i), "r"(p) : "memory");
        asm volatile("1: lr.d t0, (%0)\n add t0, t0, %1\n sc.d t1, t0, (%0)\n bnez t1, 1b"
                     :
                     : "r"(p), "r"(i)
                     : "t0", "t1", "memory");
        sum = mix(sum, *(volatile u32 *)((char *)p + 1 - (i & 1)));
    }
    return sum;
}

static u64 (*const kernels[])(u64, u64) = { k_integer, k_float, k_memory };

/* M-mode takes the timer's interrupt only with MIE set; lower modes always. */
static Trap run_kernel(int mode, int k)
{
    Trap t = { .cause = NO_TRAP };

    if (mode != MODE_M) {
        return rt_run(mode, kernels[k], 0, 20, k);
    }
    csr_set(mstatus, MSTATUS_MIE);
    t.value = kernels[k](20, k);
    csr_clear(mstatus, MSTATUS_MIE);
    return t;
}

static void interrupted(int mode, const char *name)
{
    Hart *h = this_hart();

    for (int k = 0; k < 3; k++) {
        u64 quiet = run_kernel(mode, k).value;

        h->hook = tick;
        ticks = 0;
        mmio_w64(MTIMECMP(0), mtime() + 50);
        csr_write(mie, 1 << IRQ_MTI);
        for (int round = 0; round < 4 || ticks < 20; round++) {
            Trap t = run_kernel(mode, k);

            CHECK("ended", t.cause, NO_TRAP);
            CHECK(name, t.value, quiet);
        }
        csr_write(mie, 0);
        h->hook = NULL;
        mmio_w64(MTIMECMP(0), -1ul);
    }
}

int main(void)
{
    Space space;

    registers_at_traps();
    flags_at_traps();
    rt_group("interrupts");
    interrupted(MODE_M, "bare");
    pages_reset();
    space_init(&space, 3, 1);
    space_use(&space);
    fence_all();
    interrupted(MODE_S, "Sv39");
    csr_write(satp, 0);
    return 0;
}
