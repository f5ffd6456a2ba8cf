/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that reads and writes everywhere: all sizes, aligned or not, over the low 4 GiB and
 * beyond RAM, most of the time where devices are. Traps are skipped. Leaves the test finisher alone
 * until the end, and RAM, which has the program.
 */
#include <stdint.h>

enum { FINISHER = 0x100000, FINISHER_PASS = 0x5555, POKES = 30000, PAGE = 4096 };

/* hostile.py looks for the first number and puts a seed into the second. */
static volatile const uint64_t seed[2] = { UINT64_C(0x5eed5eed5eed5eed), 1 };

static uint64_t state;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Start of a window, and the log of its size. */
static const struct {
    uint64_t start;
    unsigned bits;
} windows[] = {
    { 0x0, 12 },        { 0x1000, 16 },     { 0x101000, 12 },    { 0x2000000, 16 },
    { 0x2f00000, 15 },  { 0x3000000, 16 },  { 0xc000000, 12 },   { 0xc002000, 13 },
    { 0xc200000, 14 },  { 0x10000000, 8 },  { 0x10001000, 15 },  { 0x10100000, 6 },
    { 0x20000000, 12 }, { 0x21fff000, 13 }, { 0x30000000, 20 },  { 0x40000000, 20 },
    { 0x7ffff000, 12 }, { 0x90000000, 30 }, { 0x100000000, 40 }, { 0x0, 63 },
    { 0x20000000, 26 }, { 0x0, 31 },        { 0x10000000, 4 },   { 0x10100000, 5 },
    { 0x2004000, 6 },   { 0x200bff0, 4 },   { 0x10002000, 9 },   { 0xc000000, 26 },
};

static uint64_t choose_address(void)
{
    uint64_t r = next(), n = next() % (sizeof(windows) / sizeof(windows[0]));
    uint64_t gpa = windows[n].start + (r & ((UINT64_C(1) << windows[n].bits) - 1));

    return next() & 3 ? gpa & ~(uint64_t)(next() & 7) : gpa;
}

static int is_forbidden(uint64_t gpa)
{
    return (gpa + 8 > FINISHER && gpa < FINISHER + PAGE) ||
           (gpa + 8 > 0x80000000 && gpa < 0x90000000);
}

static uint64_t choose_value(void)
{
    static const uint64_t corners[] = { 0, 1, ~UINT64_C(0), 0x80, 0xff, 0x80000000, 0x7fffffff };
    uint64_t r = next();

    return r & 1 ? corners[r / 2 % (sizeof(corners) / sizeof(corners[0]))] : next() >> (r / 2 % 64);
}

static void poke(uint64_t gpa, unsigned how, uint64_t value)
{
    switch (how) {
    case 0:
        *(volatile uint8_t *)gpa = (uint8_t)value;
        break;
    case 1:
        __asm__ volatile("sh %1, 0(%0)" ::"r"(gpa), "r"(value));
        break;
    case 2:
        __asm__ volatile("sw %1, 0(%0)" ::"r"(gpa), "r"(value));
        break;
    case 3:
        __asm__ volatile("sd %1, 0(%0)" ::"r"(gpa), "r"(value));
        break;
    case 4:
        (void)*(volatile uint8_t *)gpa;
        break;
    case 5:
        __asm__ volatile("lh zero, 0(%0)" ::"r"(gpa));
        break;
    case 6:
        __asm__ volatile("lw t0, 0(%0)" ::"r"(gpa) : "t0");
        break;
    case 7:
        __asm__ volatile("ld t0, 0(%0)" ::"r"(gpa) : "t0");
        break;
    case 8:
        __asm__ volatile("amoadd.w t0, %1, (%0)" ::"r"(gpa), "r"(value) : "t0");
        break;
    default:
        __asm__ volatile("lr.d t0, (%0)\n\tsc.d t0, t0, (%0)" ::"r"(gpa) : "t0");
        break;
    }
}

static void put_big_endian(uint8_t *to, uint64_t value, unsigned size)
{
    while (size-- > 0) {
        to[size] = (uint8_t)value;
        value >>= 8;
    }
}

/* A DMA request of fw_cfg (its specification, "Guest-side DMA Interface"): big-endian words. Its
 * data goes behind the program, or to where there is no memory. */
static void request_dma(void)
{
    enum { FW_CFG_DMA = 0x10100010 };
    static uint8_t request[16] __attribute__((aligned(16)));
    uint64_t address = next() & 7 ? 0x84000000 + (next() & 0x3ffffff) : choose_value() << 33;
    uint64_t key = next() & (next() & 1 ? 0x1f : 0x3f), at;

    put_big_endian(request, key << 16 | (next() & 0x1f), 4);
    put_big_endian(request + 4, next() & 1 ? next() & 0xffff : choose_value(), 4);
    put_big_endian(request + 8, address, 8);
    put_big_endian((uint8_t *)&at, (uint64_t)request, 8);
    poke(FW_CFG_DMA, 3, at);
}

void pokes_main(void)
{
    state = seed[0] ^ seed[1] * UINT64_C(0x9e3779b97f4a7c15);
    for (unsigned i = 0; i < POKES; i++) {
        uint64_t gpa = choose_address();
        unsigned how = next() % 10;

        if (how == 0 && (next() & 15) == 0) {
            request_dma();
        } else if (!is_forbidden(gpa)) {
            poke(gpa, how, choose_value());
        }
    }
    for (;;) {
        *(volatile uint32_t *)FINISHER = FINISHER_PASS;
    }
}
