/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code that changes: FENCE.I makes earlier stores visible to this hart's instruction fetches
 * (unprivileged specification, Zifencei). Nothing here depends on what happens before the fence.
 */
#include "paging.h"
#include "probe.h"

const char suite_name[] = "smc";

#define ARENA FREE_RAM
#define RET   0x00008067
#define NOP   0x00000013

typedef u64 Fn(u64, u64);

static u64 seed = 12345;

static u64 rnd(void)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return seed >> 33;
}

static u32 li_a0(u64 v)
{
    return (u32)v << 20 | 0x00000513; /* addi a0, x0, v */
}

static u32 add_a0(u64 v)
{
    return (u32)v << 20 | 0x00050513; /* addi a0, a0, v */
}

static void put32(u64 at, u32 insn)
{
    *(volatile u16 *)at = insn;
    *(volatile u16 *)(at + 2) = insn >> 16;
}

static u64 call(u64 at)
{
    return ((Fn *)at)(0, 0);
}

static void patch_and_call(void)
{
    rt_group("patch");
    for (u64 n = 0; n < 2000; n++) {
        u64 at = ARENA + (rnd() % 4096 & ~1ul);

        put32(at, li_a0(n & 1023));
        put32(at + 4, RET);
        fence_i();
        CHECK("call", call(at), n & 1023);
        CHECK("again", call(at), n & 1023);
    }
    /* One place, over and over: hot in every cache. */
    for (u64 n = 0; n < 2000; n++) {
        put32(ARENA + 64, li_a0(n & 1023));
        put32(ARENA + 68, RET);
        fence_i();
        CHECK("one place", call(ARENA + 64) + call(ARENA + 64), 2 * (n & 1023));
    }
}

/* Every kind of store can change code. */
static void kinds_of_stores(void)
{
    u64 at = ARENA + 128;

    rt_group("stores");
    for (u64 n = 1; n < 200; n++) {
        u64 both = (u64)RET << 32 | li_a0(n);
        double d;

        *(volatile u64 *)at = (u64)RET << 32 | li_a0(0);
        fence_i();
        CHECK("sd", call(at), 0);
        *(volatile u8 *)(at + 3) = li_a0((n & 127) << 4) >> 24;
        fence_i();
        CHECK("sb", call(at), (n & 127) << 4);
        *(volatile u16 *)(at + 2) = li_a0(n) >> 16;
        fence_i();
        CHECK("sh", call(at), n);
        *(volatile u32 *)at = li_a0(n + 1);
        fence_i();
        CHECK("sw", call(at), n + 1);
        __atomic_fetch_add((u32 *)at, 1u << 20, __ATOMIC_SEQ_CST);
        fence_i();
        CHECK("amoadd.w", call(at), n + 2);
        asm volatile("amoswap.d x0, %0, (%1)" : : "r"(both), "r"(at) : "memory");
        fence_i();
        CHECK("amoswap.d", call(at), n);
        asm volatile("1: lr.w t0, (%1)\n sc.w t0, %0, (%1)\n bnez t0, 1b"
                     :
                     : "r"(li_a0(n + 5)), "r"(at)
                     : "t0", "memory");
        fence_i();
        CHECK("sc.w", call(at), n + 5);
        asm volatile("fmv.d.x %0, %1\n fsd %0, (%2)" : "=&f"(d) : "r"(both), "r"(at) : "memory");
        fence_i();
        CHECK("fsd", call(at), n);
        /* A misaligned store over two instructions. */
        asm volatile("sd %0, (%1)" : : "r"(both), "r"(at + 2) : "memory");
        fence_i();
        CHECK("misaligned sd", call(at + 2), n);
    }
}

/* The fields of fence.i are reserved and ignored. */
static void odd_fence(void)
{
    u64 at = ARENA + 512;

    rt_group("fence.i with fields");
    for (u64 n = 0; n < 50; n++) {
        put32(at, li_a0(n));
        put32(at + 4, RET);
        asm volatile(".word 0x1235950f" : : : "a0", "memory"); /* fence.i a0, a1, 0x123 */
        CHECK("call", call(at), n);
    }
}

/* Data beside code: writes to the page must not disturb what runs on it. */
static void mixed_page(void)
{
    volatile u64 *counter = (u64 *)(ARENA + 4096 + 256);
    u32 *f = (u32 *)(ARENA + 4096);

    rt_group("data and code on one page");
    f[0] = 0x00000597; /* auipc a1, 0 */
    f[1] = 0x1005b503; /* ld a0, 256(a1) */
    f[2] = 0x00150513; /* addi a0, a0, 1 */
    f[3] = 0x10a5b023; /* sd a0, 256(a1) */
    f[4] = RET;
    *counter = 0;
    fence_i();
    for (u64 n = 1; n <= 3000; n++) {
        CHECK("counter by code", call((u64)f), n);
    }
    for (u64 n = 0; n < 3000; n++) {
        *counter = n * 7;
        CHECK("counter from outside", call((u64)f), n * 7 + 1);
    }
    /* Now and then the code changes, too. */
    for (u64 n = 0; n < 300; n++) {
        f[2] = add_a0(n);
        *counter = 1000;
        fence_i();
        CHECK("changed", call((u64)f), 1000 + n);
        *counter = 2000;
        CHECK("unchanged", call((u64)f), 2000 + n);
    }
}

/* A loop that rewrites its own next instruction. */
u64 self_loop(u64 count, void *insn);
extern u32 self_insn[];
asm(".section .text\n.balign 4\n"
    ".option push\n.option norvc\n"
    "self_loop: mv t2, a0\n li a0, 0\n la t0, self_insn\n li t1, 0\n"
    "1: addi t1, t1, 1\n"
    "slli t3, t1, 20\n li t4, 0x00050513\n or t3, t3, t4\n sw t3, (t0)\n fence.i\n"
    "self_insn: addi a0, a0, 0\n"
    "bne t1, t2, 1b\n ret\n"
    ".option pop\n");

static void self_modifying(void)
{
    rt_group("self-modifying loop");
    for (u64 n = 1; n < 2000; n = n * 3 + 1) {
        CHECK("sum", self_loop(n, self_insn), n * (n + 1) / 2);
    }
}

/* A four-byte instruction over a page border, either half rewritten. */
static void page_crossing(void)
{
    u64 at = ARENA + 0x3000 - 2;

    rt_group("page crossing");
    for (u64 n = 0; n < 300; n++) {
        put32(at, li_a0(n));
        put32(at + 4, RET);
        fence_i();
        CHECK("both halves", call(at), n);
        *(volatile u16 *)(at + 2) = li_a0(n + 300) >> 16;
        fence_i();
        CHECK("second half", call(at), n + 300);
        *(volatile u16 *)at = 0x0593; /* addi a1, x0, ...: a0 keeps the argument */
        fence_i();
        CHECK("first half", ((Fn *)at)(77, 0), 77);
    }
}

/* Blocks that run from one page into the next; only the second changes. */
static void block_over_pages(void)
{
    u64 at = ARENA + 0x5000 - 40;

    rt_group("block over two pages");
    for (u64 i = 0; i < 20; i++) {
        put32(at + 4 * i, add_a0(1));
    }
    put32(at + 80, RET);
    for (u64 n = 0; n < 300; n++) {
        u64 which = 10 + n % 10;

        put32(at + 4 * which, add_a0(n));
        fence_i();
        CHECK("sum", call(at), 19 + n);
        put32(at + 4 * which, add_a0(1));
        fence_i();
        CHECK("restored", call(at), 20);
    }
}

/* Chains of functions that jump directly to each other; links of them are moved. */
static void chains(void)
{
    enum { LINKS = 16, STEP = 0x1040 };
    u64 base = ARENA + 0x10000;

    rt_group("chains");
    for (u64 n = 0; n < 500; n++) {
        u64 cut = rnd() % LINKS;

        for (u64 i = 0; i < LINKS; i++) {
            u64 at = base + i * STEP, d = STEP - 4;
            u32 jump = (d >> 1 & 1023) << 21 | (d >> 11 & 1) << 20 | (d >> 12 & 255) << 12 | 0x6f;

            put32(at, add_a0(i == 0 ? n & 255 : 1));
            put32(at + 4, i == cut ? RET : jump);
        }
        fence_i();
        CHECK("length", call(base), (n & 255) + cut);
        CHECK("again", call(base), (n & 255) + cut);
    }
}

/* What a guest JIT does: functions appear one after another, the arena is used again. */
static void arena(void)
{
    rt_group("arena");
    for (int round = 0; round < 8; round++) {
        u64 at = ARENA + 0x40000 + round * 6;

        for (u64 n = 0; n < 300; n++) {
            u64 len = 1 + rnd() % 20, sum = 0;
            u64 start = at;

            for (u64 i = 0; i < len; i++, at += 4) {
                u64 v = rnd() % 100;

                put32(at, add_a0(v));
                sum += v;
            }
            put32(at, RET);
            at += 4;
            fence_i();
            CHECK("function", call(start), sum);
        }
    }
}

/* A page of code becomes data and code again. */
static void reuse(void)
{
    u64 a = ARENA + 0x80000, b = ARENA + 0x81000;

    rt_group("reuse");
    for (u64 n = 0; n < 100; n++) {
        for (u64 i = 0; i < 64; i++) {
            put32(a + i * 64, li_a0(n + i));
            put32(a + i * 64 + 4, RET);
        }
        fence_i();
        CHECK("as code", call(a + n % 64 * 64), n + n % 64);
        for (u64 i = 0; i < 512; i++) {
            ((volatile u64 *)b)[i] = ((volatile u64 *)a)[i];
            ((volatile u64 *)a)[i] = i;
        }
        for (u64 i = 0; i < 512; i += 31) {
            CHECK("as data", ((volatile u64 *)a)[i], i);
        }
        fence_i();
        CHECK("the copy", call(b + (n + 5) % 64 * 64), n + (n + 5) % 64);
    }
}

/* What a debugger does: put a breakpoint, hit it, take it out, go on. */
static void breakpoints(void)
{
    u64 at = ARENA + 0x90000;
    Trap t;

    rt_group("breakpoints");
    for (u64 i = 0; i < 8; i++) {
        put32(at + 4 * i, add_a0(1));
    }
    put32(at + 32, RET);
    fence_i();
    for (u64 n = 0; n < 100; n++) {
        u64 where = at + n % 8 * 4;

        CHECK("without", call(at), 8);
        *(volatile u16 *)where = 0x9002;
        fence_i();
        t = rt_run(MODE_M, (void *)at, 0, 0, 0);
        CHECK("cause", t.cause, CAUSE_BREAKPOINT);
        CHECK("epc", t.epc, where);
        CHECK("what ran before", t.value, n % 8);
        *(volatile u16 *)where = (u16)add_a0(1);
        fence_i();
    }
}

/* Code is written at one virtual address and runs at another. */
static void aliased(void)
{
    Space s;
    u64 va = 0x100000000;

    rt_group("alias");
    pages_reset();
    space_init(&s, 3, 1);
    map_page(&s, va, ARENA, 0, PTE_R | PTE_X | PTE_AD);
    map_page(&s, va + 4096, ARENA, 0, PTE_R | PTE_W | PTE_AD);
    space_use(&s);
    fence_all();
    for (u64 n = 0; n < 200; n++) {
        u64 off = n * 8 % 4096;

        rt_run(MODE_S, probe_sd, 0, va + 4096 + off, (u64)RET << 32 | li_a0(n));
        fence_i();
        CHECK("call", rt_run(MODE_S, (void *)(va + off), 0, 0, 0).value, n);
    }
    csr_write(satp, 0);
}

int main(void)
{
    patch_and_call();
    kinds_of_stores();
    odd_fence();
    mixed_page();
    self_modifying();
    page_crossing();
    block_over_pages();
    chains();
    arena();
    reuse();
    breakpoints();
    aliased();
    return 0;
}
