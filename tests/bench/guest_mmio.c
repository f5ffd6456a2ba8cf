/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device registers: the timer's, the interrupt controller's and the UART's. */
#include "bench.h"
#include "rt.h"

#define ROUNDS 350000

static uint64_t run(void)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < ROUNDS; i++) {
        mmio_w64(MTIMECMP(0), -1ul - i);
        sum += *(volatile uint64_t *)MTIMECMP(0);
        mmio_w8(UART_BASE + 7, (uint8_t)i);
        sum += mmio_r8(UART_BASE + 7) + mmio_r8(UART_BASE + 5);
        mmio_w32(PLIC_BASE + 4 * 20, i & 1);
        sum += mmio_r32(PLIC_BASE + 4 * 20);
    }
    return sum;
}

const Bench bench = { "mmio", 2, NULL, run };
