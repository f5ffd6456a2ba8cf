/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As a kernel without ASIDs: every switch of the address space is followed by a full fence. */
#include "bench.h"
#include "paging.h"

#define SPACES 4
#define PAGES  24
#define TURNS  60000
#define VA     0x100000000ul

static Space spaces[SPACES];

static uint64_t in_supervisor(uint64_t turns, uint64_t unused)
{
    uint64_t sum = 0;

    (void)unused;
    for (uint64_t n = 0; n < turns; n++) {
        space_use(&spaces[n % SPACES]);
        fence_all();
        for (uint64_t p = 0; p < PAGES; p++) {
            volatile uint64_t *at = (uint64_t *)(VA + p * 4096);

            sum += *at;
            *at = sum ^ n;
        }
    }
    return sum;
}

static void prepare(void)
{
    pages_reset();
    for (uint64_t i = 0; i < SPACES; i++) {
        space_init(&spaces[i], 3, 0);
        for (uint64_t p = 0; p < PAGES; p++) {
            uint64_t pa = (uint64_t)bench_memory + (i * PAGES + p) * 4096;

            map_page(&spaces[i], VA + p * 4096, pa, 0, PTE_R | PTE_W | PTE_AD);
            *(volatile uint64_t *)pa = pa;
        }
    }
    space_use(&spaces[0]);
    fence_all();
}

static uint64_t run(void)
{
    Trap t = rt_run(MODE_S, in_supervisor, 0, TURNS, 0);

    csr_write(satp, 0);
    return t.value;
}

const Bench bench = { "flush", 2, prepare, run };
