/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's own JIT does: functions are written one after another into an arena that is used
 * again, fence.i, each is run a few times; now and then a call site of an old one is patched.
 */
#include "bench.h"
#include "rt.h"

#define FUNCTIONS 3000
#define ARENA     (256ul << 10)

typedef uint64_t Fn(uint64_t);

static uint32_t *emit(uint32_t *p, uint64_t *state)
{
    uint64_t length = 4 + bench_random(state) % 24;

    for (uint64_t i = 0; i < length; i++) {
        uint64_t r = bench_random(state);
        uint32_t imm = (uint32_t)(r >> 8 & 1023) << 20;

        switch (r & 3) {
        case 0:
            *p++ = 0x00050513 | imm; /* addi a0, a0, imm */
            break;
        case 1:
            *p++ = 0x00054593 | imm; /* xori a1, a0, imm */
            *p++ = 0x00b50533;       /* add a0, a0, a1 */
            break;
        case 2:
            *p++ = 0x00d51593; /* slli a1, a0, 13 */
            *p++ = 0x00b54533; /* xor a0, a0, a1 */
            break;
        case 3:
            *p++ = 0x00057463; /* bgeu a0, x0, +8: always taken */
            *p++ = 0x00000513; /* li a0, 0 */
            break;
        }
    }
    *p++ = 0x00008067; /* ret */
    return p;
}

static uint64_t run(void)
{
    uint32_t *p = (uint32_t *)bench_memory, *previous = p;
    uint64_t state = 6, sum = 1;

    for (int n = 0; n < FUNCTIONS; n++) {
        uint32_t *start = p;

        p = emit(p, &state);
        fence_i();
        for (int i = 0; i < 4; i++) {
            sum = ((Fn *)start)(sum);
        }
        if (n % 8 == 0) { /* patch the first instruction of the one before */
            *(volatile uint32_t *)previous = 0x00750513; /* addi a0, a0, 7 */
            fence_i();
            sum = ((Fn *)previous)(sum);
        }
        previous = start;
        if ((uint64_t)((uint8_t *)p - bench_memory) > ARENA) {
            p = (uint32_t *)bench_memory;
        }
    }
    return sum;
}

const Bench bench = { "jit", 2, NULL, run };
