/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"
#include "rt.h"

const char suite_name[] = "bench";

/* Between the image and where the runtime keeps page tables; see tests/guest/rv64/lib/paging.c. */
uint8_t *const bench_memory = (uint8_t *)0x80c00000;

#define TICK_NS 100 /* the timebase of `virt` is 10 MHz */

int main(void)
{
    if ((u64)image_end > (u64)bench_memory) {
        rt_printf("the image reaches into the data\n");
        mmio_w32(FINISHER, 1 << 16 | 0x3333);
    }
    for (int i = 0; i < bench.repeats; i++) {
        u64 start, end, sum;

        if (bench.prepare) {
            bench.prepare();
        }
        start = csr_read(time);
        sum = bench.run();
        end = csr_read(time);
        rt_printf("BENCH %s %lu %lx\n", bench.name, (end - start) * TICK_NS, sum);
    }
    mmio_w32(FINISHER, 0x5555);
    for (;;) {
    }
}
