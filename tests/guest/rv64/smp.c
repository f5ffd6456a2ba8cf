/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Four harts: starting, interrupts between harts, atomics under contention, the orders that RVWMO
 * and the fences promise, remote fences. Hart 0 directs; the others run jobs. Run with -smp 4.
 */
#include "paging.h"
#include "probe.h"

const char suite_name[] = "smp";

#define HARTS 4
#define FENCE asm volatile("fence rw, rw" : : : "memory")

/* In spinning loops: a hint that lets an emulator run another hart. */
#define PAUSE asm volatile(".word 0x0100000f" : : : "memory")

typedef volatile u64 Shared;

/* A cache line each, so that tests decide what is shared. */
typedef struct Line {
    Shared v;
    u64 pad[7];
} __attribute__((aligned(64))) Line;

static Line lines[16];
static Line seen[HARTS];

static void for_all(void (*fn)(void *))
{
    for (u64 h = 1; h < HARTS; h++) {
        rt_start(h, fn, (void *)h);
    }
    fn((void *)0);
    for (u64 h = 1; h < HARTS; h++) {
        rt_wait(h);
    }
}

static void clear_lines(void)
{
    for (int i = 0; i < 16; i++) {
        lines[i].v = 0;
    }
    FENCE;
}

/* *count* harts meet here; *round* counts from 1. */
static Line barrier;

static void meet(u64 round, u64 count)
{
    __atomic_fetch_add(&barrier.v, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&barrier.v, __ATOMIC_SEQ_CST) < round * count) {
        PAUSE;
    }
}

/* ---- starting ---- */

static void note_id(void *arg)
{
    seen[(u64)arg].v = csr_read(mhartid) + 100;
}

static void starting(void)
{
    rt_group("start");
    for (int round = 0; round < 5; round++) {
        for (u64 h = 0; h < HARTS; h++) {
            seen[h].v = 0;
        }
        for_all(note_id);
        for (u64 h = 0; h < HARTS; h++) {
            CHECK("mhartid", seen[h].v, 100 + h);
        }
    }
}

/* ---- atomics ---- */

#define ROUNDS 20000

static void add_job(void *arg)
{
    u64 h = (u64)arg;

    for (u64 i = 0; i < ROUNDS; i++) {
        asm volatile("amoadd.d x0, %0, (%1)" : : "r"(1ul), "r"(&lines[0]) : "memory");
        asm volatile("amoadd.w x0, %0, (%1)" : : "r"(3ul), "r"(&lines[1]) : "memory");
        asm volatile("amoxor.d x0, %0, (%1)"
                     :
                     : "r"(1ul << (h * 8 + i % 8)), "r"(&lines[2])
                     : "memory");
        asm volatile("amomax.d x0, %0, (%1)" : : "r"(i * HARTS + h), "r"(&lines[3]) : "memory");
        asm volatile("amominu.d x0, %0, (%1)"
                     :
                     : "r"(-1ul - i * HARTS - h), "r"(&lines[4])
                     : "memory");
        asm volatile("amoor.w x0, %0, (%1)"
                     :
                     : "r"(1ul << (h * 8 + i % 8)), "r"(&lines[5])
                     : "memory");
        asm volatile("amoand.w x0, %0, (%1)"
                     :
                     : "r"(~(1ul << (h * 8 + i % 8))), "r"(&lines[6])
                     : "memory");
        /* The upper half of the word next to a contended one. */
        asm volatile("amoadd.w x0, %0, (%1)"
                     :
                     : "r"(1ul), "r"((char *)&lines[7] + 4 * (h & 1))
                     : "memory");
    }
}

static void lrsc_job(void *arg)
{
    (void)arg;
    for (u64 i = 0; i < ROUNDS; i++) {
        asm volatile("1: lr.d t0, (%0)\n addi t0, t0, 1\n sc.d t1, t0, (%0)\n bnez t1, 1b"
                     :
                     : "r"(&lines[8])
                     : "t0", "t1", "memory");
        asm volatile("1: lr.w.aq t0, (%0)\n addi t0, t0, 5\n sc.w.rl t1, t0, (%0)\n bnez t1, 1b"
                     :
                     : "r"(&lines[9])
                     : "t0", "t1", "memory");
    }
}

/* A ticket is handed out once: amoswap and amoadd return the old value. */
static void lock_job(void *arg)
{
    (void)arg;
    for (u64 i = 0; i < ROUNDS / 8; i++) {
        u64 busy;

        do {
            asm volatile("amoswap.w.aq %0, %1, (%2)"
                         : "=r"(busy)
                         : "r"(1ul), "r"(&lines[10])
                         : "memory");
        } while (busy);
        lines[11].v = lines[11].v + 1; /* not atomic: the lock protects it */
        lines[12].v = lines[12].v + lines[11].v % 2;
        asm volatile("amoswap.w.rl x0, x0, (%0)" : : "r"(&lines[10]) : "memory");
    }
}

static void atomics(void)
{
    rt_group("atomics");
    clear_lines();
    lines[4].v = -1ul;
    lines[6].v = 0xffffffff;
    for_all(add_job);
    CHECK("amoadd.d", lines[0].v, HARTS * ROUNDS);
    CHECK("amoadd.w", lines[1].v, 3 * HARTS * ROUNDS);
    CHECK("amoxor.d", lines[2].v, (ROUNDS / 8) % 2 ? 0xffffffff : 0);
    CHECK("amomax.d", lines[3].v, (ROUNDS - 1) * HARTS + HARTS - 1);
    CHECK("amominu.d", lines[4].v, -1ul - (ROUNDS - 1) * HARTS - (HARTS - 1));
    CHECK("amoor.w", lines[5].v, 0xffffffff);
    CHECK("amoand.w", lines[6].v, 0);
    CHECK("halves of a word", lines[7].v, 2 * ROUNDS | 2ul * ROUNDS << 32);
    for_all(lrsc_job);
    CHECK("lr.d sc.d", lines[8].v, HARTS * ROUNDS);
    CHECK("lr.w sc.w", lines[9].v, 5 * HARTS * ROUNDS);
    for_all(lock_job);
    CHECK("spin lock", lines[11].v, HARTS * (ROUNDS / 8));
    CHECK("spin lock, second variable", lines[12].v, HARTS * (ROUNDS / 8) / 2);
}

/* SC must fail when another hart stored to the word since LR. */
static void interloper(void *arg)
{
    (void)arg;
    for (u64 i = 1; i <= 15; i++) {
        while (lines[0].v != i) {
            PAUSE;
        }
        FENCE;
        lines[1].v = 1000 + i;
        FENCE;
        lines[2].v = i;
    }
}

static void lost_reservation(void)
{
    u64 fail;

    rt_group("reservation");
    clear_lines();
    rt_start(1, interloper, NULL);
    for (u64 i = 1; i <= 15; i++) {
        asm volatile("lr.d t0, (%1)\n"
                     "fence rw, rw\n"
                     "sd %2, (%3)\n"
                     "1: .word 0x0100000f\n ld t1, (%4)\n bne t1, %2, 1b\n"
                     "fence rw, rw\n"
                     "sc.d %0, %2, (%1)\n"
                     : "=&r"(fail)
                     : "r"(&lines[1]), "r"(i), "r"(&lines[0]), "r"(&lines[2])
                     : "t0", "t1", "memory");
        CHECK("sc fails", fail != 0, 1);
        CHECK("memory", lines[1].v, 1000 + i);
    }
    rt_wait(1);
}

/* ---- order ---- */

#define LITMUS   20000
#define MEETINGS 12 /* rounds in which all wait for all: slow on a busy host */

#define TRIES 1000
static Shared pairs[2][TRIES], results[2][TRIES];

/* Store buffering with full fences: not both may read zero. */
static void sb_job(void *arg)
{
    u64 h = (u64)arg;

    /* Many tries a meeting: each has its own pair of words. */
    for (u64 m = 0; m < MEETINGS; m++) {
        meet(2 * m + 1, 2);
        for (u64 i = 0; i < TRIES; i++) {
            pairs[h][i] = m + 1;
            FENCE;
            results[h][i] = pairs[1 - h][i];
        }
        meet(2 * m + 2, 2);
        for (u64 i = 0; h == 0 && i < TRIES; i++) {
            lines[4].v += results[0][i] != m + 1 && results[1][i] != m + 1;
        }
    }
}

/* Message passing: the flag is seen only after the data. */
static void mp_job(void *arg)
{
    u64 h = (u64)arg, errors = 0;

    for (u64 i = 1; i <= LITMUS; i++) {
        if (h == 0) {
            lines[0].v = i;
            asm volatile("fence w, w" : : : "memory");
            lines[1].v = i;
        } else {
            u64 flag = lines[1].v;

            asm volatile("fence r, r" : : : "memory");
            errors += lines[0].v < flag;
        }
    }
    lines[4 + h].v = errors;
}

/* The same with release and acquire on an atomic. */
static void release_job(void *arg)
{
    u64 h = (u64)arg, errors = 0, flag;

    for (u64 i = 1; i <= LITMUS; i++) {
        if (h == 0) {
            lines[0].v = i;
            asm volatile("amoswap.d.rl x0, %0, (%1)" : : "r"(i), "r"(&lines[1]) : "memory");
        } else {
            asm volatile("lr.d.aq %0, (%1)" : "=r"(flag) : "r"(&lines[1]) : "memory");
            errors += lines[0].v < flag;
        }
    }
    lines[4 + h].v = errors;
}

static void run_two(void (*fn)(void *))
{
    clear_lines();
    barrier.v = 0;
    rt_start(1, fn, (void *)1);
    fn((void *)0);
    rt_wait(1);
}

static void order(void)
{
    rt_group("order");
    run_two(sb_job);
    CHECK("store buffering", lines[4].v, 0);
    run_two(mp_job);
    CHECK("message passing", lines[5].v, 0);
    run_two(release_job);
    CHECK("release and acquire", lines[5].v, 0);
}

/* ---- interrupts between harts ---- */

static bool count_ipi(Hart *h, u64 cause, u64 tval)
{
    (void)tval;
    if (cause != (CAUSE_IRQ | IRQ_MSI)) {
        return false;
    }
    mmio_w32(MSIP(h->id), 0);
    seen[h->id].v++;
    return true;
}

/* Spins with interrupts on until it has got as many as it waits for. */
static void ipi_job(void *arg)
{
    Hart *h = this_hart();

    h->hook = count_ipi;
    lines[h->id].v = 1;
    csr_set(mstatus, MSTATUS_MIE);
    while (seen[h->id].v < (u64)arg) {
        PAUSE;
    }
    csr_clear(mstatus, MSTATUS_MIE);
    h->hook = NULL;
}

static void ipis(void)
{
    rt_group("ipi");
    clear_lines();
    for (u64 h = 1; h < HARTS; h++) {
        seen[h].v = 0;
    }
    FENCE;
    for (u64 h = 1; h < HARTS; h++) {
        rt_start(h, ipi_job, (void *)12);
        /* Until it counts, an interrupt would be taken for the one that starts the job. */
        while (!lines[h].v) {
            PAUSE;
        }
    }
    for (u64 i = 0; i < 20; i++) {
        for (u64 h = 1; h < HARTS; h++) {
            u64 before = seen[h].v;

            if (before < 12) {
                mmio_w32(MSIP(h), 1);
                while (seen[h].v == before) {
                    PAUSE;
                }
            }
        }
    }
    for (u64 h = 1; h < HARTS; h++) {
        rt_wait(h);
        CHECK("received", seen[h].v >= 12, 1);
    }
}

/* Each hart's own timer. */
static void timer_job(void *arg)
{
    u64 h = (u64)arg, at = mtime() + 2000 + 1000 * h;

    csr_write(mie, 1 << IRQ_MTI);
    mmio_w64(MTIMECMP(h), at);
    while (!(csr_read(mip) & 1 << IRQ_MTI)) {
        asm volatile("wfi");
    }
    seen[h].v = mtime() >= at;
    mmio_w64(MTIMECMP(h), -1ul);
    csr_write(mie, h ? 1 << IRQ_MSI : 0);
}

static void timers(void)
{
    rt_group("timers");
    for (u64 h = 0; h < HARTS; h++) {
        seen[h].v = 0;
    }
    for_all(timer_job);
    for (u64 h = 0; h < HARTS; h++) {
        CHECK("own timer", seen[h].v, 1);
    }
}

/* ---- remote fences ---- */

#define CODE FREE_RAM

static u32 li_a0(u64 v)
{
    return (u32)v << 20 | 0x00000513;
}

/* Hart 0 changes code, tells the others, who fence and run it. */
static void code_job(void *arg)
{
    u64 h = (u64)arg;

    seen[h].v = 0;
    for (u64 i = 1; i <= MEETINGS; i++) {
        if (h == 0) {
            *(volatile u32 *)CODE = li_a0(i);
            *(volatile u32 *)(CODE + 4) = 0x00008067;
        }
        FENCE;
        meet(2 * i - 1, HARTS);
        fence_i();
        seen[h].v += ((u64(*)(void))CODE)() != i;
        meet(2 * i, HARTS);
    }
}

static Space space;

/* Hart 0 changes a mapping; each hart fences and reads through it in S-mode. */
static void map_job(void *arg)
{
    u64 h = (u64)arg, va = 0x100000000;

    seen[h].v = 0;
    space_use(&space);
    fence_all();
    for (u64 i = 1; i <= MEETINGS; i++) {
        Trap t;

        if (h == 0) {
            map_page(&space, va, CODE + (i % 8) * 4096, 0, PTE_R | PTE_W | PTE_AD);
        }
        FENCE;
        meet(2 * i - 1, HARTS);
        fence_va(va);
        t = rt_run(MODE_S, probe_ld, 0, va + 2048, 0);
        seen[h].v += t.cause != NO_TRAP || t.value != i % 8;
        meet(2 * i, HARTS);
    }
    csr_write(satp, 0);
}

static void remote_fences(void)
{
    rt_group("remote fences");
    barrier.v = 0;
    for_all(code_job);
    for (u64 h = 0; h < HARTS; h++) {
        CHECK("code", seen[h].v, 0);
    }
    pages_reset();
    space_init(&space, 3, 5);
    for (u64 i = 0; i < 8; i++) {
        *(volatile u64 *)(CODE + i * 4096 + 2048) = i;
    }
    barrier.v = 0;
    for_all(map_job);
    for (u64 h = 0; h < HARTS; h++) {
        CHECK("mapping", seen[h].v, 0);
    }
}

/* Harts set A and D bits of different entries in one table at the same time. */
static void own_page_job(void *arg)
{
    u64 h = (u64)arg, errors = 0;

    space_use(&space);
    fence_all();
    for (u64 i = 0; i < 200; i++) {
        u64 va = 0x200000000 + (i * HARTS + h) * 4096;
        Trap t = rt_run(MODE_S, probe_sd, 0, va, i);

        errors += t.cause != NO_TRAP;
    }
    seen[h].v = errors;
    csr_write(satp, 0);
}

static void shared_tables(void)
{
    rt_group("shared tables");
    pages_reset();
    csr_set(menvcfg, 1ul << 61);
    space_init(&space, 3, 5);
    for (u64 i = 0; i < 200 * HARTS; i++) {
        map_page(&space, 0x200000000 + i * 4096, CODE + i * 4096, 0, PTE_R | PTE_W | PTE_AD);
    }
    for_all(own_page_job);
    for (u64 h = 0; h < HARTS; h++) {
        CHECK("no faults", seen[h].v, 0);
        for (u64 i = 0; i < 200; i++) {
            CHECK("stored", *(volatile u64 *)(CODE + (i * HARTS + h) * 4096), i);
        }
    }
}

int main(void)
{
    starting();
    atomics();
    lost_reservation();
    order();
    ipis();
    timers();
    remote_fences();
    shared_tables();
    return 0;
}
