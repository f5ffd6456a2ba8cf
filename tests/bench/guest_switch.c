/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Context switches: eight address spaces take turns, each touches 24 pages of its own and some
 * shared ones; sometimes an entry changes and is fenced by address. With ASIDs, as Linux does.
 */
#include "bench.h"
#include "paging.h"

#define SPACES 8
#define PAGES  24
#define TURNS  100000
#define VA     0x100000000ul

static Space spaces[SPACES];

/* Runs in S-mode at its identity mapping. */
static uint64_t in_supervisor(uint64_t turns, uint64_t unused)
{
    uint64_t sum = 0;

    (void)unused;
    for (uint64_t n = 0; n < turns; n++) {
        Space *s = &spaces[(n * 5) % SPACES];

        space_use(s);
        for (uint64_t p = 0; p < PAGES; p++) {
            volatile uint64_t *at = (uint64_t *)(VA + p * 4096 + (p * 64 & 4095));

            sum += *at;
            *at = sum + n;
        }
        if (n % 16 == 0) {
            uint64_t va = VA + (n / 16 % PAGES) * 4096;
            u64 *pte = pte_of(s, va, 0);

            *pte ^= 1ul << 8; /* a bit for software */
            fence_va_asid(va, s->asid);
        }
    }
    return sum;
}

static void prepare(void)
{
    pages_reset();
    for (uint64_t i = 0; i < SPACES; i++) {
        space_init(&spaces[i], 3, i + 1);
        for (uint64_t p = 0; p < PAGES; p++) {
            uint64_t pa = (uint64_t)bench_memory + (p < 4 ? p : i * PAGES + p) * 4096;

            map_page(&spaces[i], VA + p * 4096, pa, 0, PTE_R | PTE_W | PTE_AD);
            for (uint64_t k = 0; k < 512; k++) {
                ((volatile uint64_t *)pa)[k] = pa + k;
            }
        }
    }
    fence_all();
    space_use(&spaces[0]);
}

static uint64_t run(void)
{
    Trap t = rt_run(MODE_S, in_supervisor, 0, TURNS, 0);

    csr_write(satp, 0);
    return t.value;
}

const Bench bench = { "switch", 2, prepare, run };
