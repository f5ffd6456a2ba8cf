/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random accesses over 64 MiB; in the guest under Sv39 with pages of 4 KiB, so that TLBs miss. */
#include "bench.h"

#define WORDS    (BENCH_MEMORY / 8)
#define ACCESSES 1500000

static void fill(void)
{
    uint64_t *p = (uint64_t *)bench_memory;

    for (uint64_t i = 0; i < WORDS; i += 64) {
        p[i] = i * 0x9e3779b97f4a7c15ull;
    }
}

static uint64_t walk(uint64_t base, uint64_t unused)
{
    uint64_t *p = (uint64_t *)base;
    uint64_t at = 0, sum = 0;

    (void)unused;
    for (uint64_t i = 0; i < ACCESSES; i++) {
        at = (at * 6364136223846793005ull + 1442695040888963407ull + (sum & 63)) % WORDS;
        at &= ~63ull;
        sum += p[at];
        p[at] = sum;
    }
    return sum;
}

#ifdef __riscv
#include "paging.h"

#define VA 0x100000000ul

static void prepare(void)
{
    static Space space;

    fill();
    pages_reset();
    space_init(&space, 3, 1);
    for (uint64_t off = 0; off < BENCH_MEMORY; off += 4096) {
        map_page(&space, VA + off, (uint64_t)bench_memory + off, 0, PTE_R | PTE_W | PTE_AD);
    }
    space_use(&space);
    fence_all();
}

static uint64_t run(void)
{
    Trap t = rt_run(MODE_S, walk, 0, VA, 0);

    csr_write(satp, 0);
    return t.value;
}

const Bench bench = { "tlb", 2, prepare, run };
#else
static uint64_t run(void)
{
    return walk((uint64_t)bench_memory, 0);
}

const Bench bench = { "tlb", 2, fill, run };
#endif
