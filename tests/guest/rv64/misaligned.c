/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Misaligned loads and stores, done in hardware, over the borders of cache lines and pages. */
#include "rt.h"

const char suite_name[] = "misaligned";

#define AREA FREE_RAM
#define SPAN 32 /* bytes looked at on each side of a border */

static u8 pattern(u64 i)
{
    return i * 37 + 11;
}

static void fill(u64 border)
{
    for (u64 i = 0; i < 2 * SPAN; i++) {
        *(volatile u8 *)(border - SPAN + i) = pattern(i);
    }
}

/* What a load of size bytes gives, sign-extended or not. */
static u64 expected(u64 first, u64 size, bool sign)
{
    u64 v = 0;

    for (u64 i = 0; i < size; i++) {
        v |= (u64)pattern(first + i) << 8 * i;
    }
    if (sign && size < 8 && v >> (8 * size - 1)) {
        v |= -1ul << 8 * size;
    }
    return v;
}

#define LOAD(insn, at)                                                                             \
    ({                                                                                             \
        u64 load_v;                                                                                \
        asm volatile(insn " %0, (%1)" : "=r"(load_v) : "r"(at) : "memory");                        \
        load_v;                                                                                    \
    })
#define STORE(insn, at, v) asm volatile(insn " %0, (%1)" : : "r"(v), "r"(at) : "memory")

static u64 load_float(u64 at)
{
    u64 v;

    asm volatile("flw ft0, (%1)\n fmv.x.d %0, ft0" : "=r"(v) : "r"(at) : "memory", "ft0");
    return v;
}

static u64 load_double(u64 at)
{
    u64 v;

    asm volatile("fld ft0, (%1)\n fmv.x.d %0, ft0" : "=r"(v) : "r"(at) : "memory", "ft0");
    return v;
}

static void store_float(u64 at, u64 v)
{
    asm volatile("fmv.d.x ft0, %1\n fsw ft0, (%0)" : : "r"(at), "r"(v) : "memory", "ft0");
}

static void store_double(u64 at, u64 v)
{
    asm volatile("fmv.d.x ft0, %1\n fsd ft0, (%0)" : : "r"(at), "r"(v) : "memory", "ft0");
}

static void loads(u64 border)
{
    fill(border);
    for (u64 i = 0; i < 2 * SPAN - 8; i++) {
        u64 at = border - SPAN + i;

        CHECK("lb", LOAD("lb", at), expected(i, 1, true));
        CHECK("lbu", LOAD("lbu", at), expected(i, 1, false));
        CHECK("lh", LOAD("lh", at), expected(i, 2, true));
        CHECK("lhu", LOAD("lhu", at), expected(i, 2, false));
        CHECK("lw", LOAD("lw", at), expected(i, 4, true));
        CHECK("lwu", LOAD("lwu", at), expected(i, 4, false));
        CHECK("ld", LOAD("ld", at), expected(i, 8, false));
        CHECK("flw", load_float(at), expected(i, 4, false) | 0xfffffffful << 32);
        CHECK("fld", load_double(at), expected(i, 8, false));
    }
}

static void store(int kind, u64 at, u64 v)
{
    switch (kind) {
    case 0:
        STORE("sb", at, v);
        break;
    case 1:
        STORE("sh", at, v);
        break;
    case 2:
        STORE("sw", at, v);
        break;
    case 3:
        STORE("sd", at, v);
        break;
    case 4:
        store_float(at, v);
        break;
    case 5:
        store_double(at, v);
        break;
    }
}

static void stores(u64 border)
{
    static const u64 sizes[] = { 1, 2, 4, 8, 4, 8 };
    static const char *const names[] = { "sb", "sh", "sw", "sd", "fsw", "fsd" };

    for (int kind = 0; kind < 6; kind++) {
        for (u64 i = 8; i < 2 * SPAN - 16; i++) {
            u64 v = 0xf1e2d3c4b5a69788 + i;

            fill(border);
            store(kind, border - SPAN + i, v);
            for (u64 k = 0; k < 2 * SPAN; k++) {
                u8 want = k >= i && k < i + sizes[kind] ? v >> 8 * (k - i) : pattern(k);

                if (*(volatile u8 *)(border - SPAN + k) != want) {
                    rt_fail(names[kind], "at 0x%lx: byte %lu is 0x%lx", border - SPAN + i, k,
                            (u64) * (volatile u8 *)(border - SPAN + k));
                }
            }
            CHECK(names[kind], 0, 0);
        }
    }
}

int main(void)
{
    static const u64 borders[] = { AREA + 64, AREA + 4096, AREA + 8192, AREA + 0x200000,
                                   AREA + 128 };

    for (u64 i = 0; i < sizeof(borders) / sizeof(borders[0]); i++) {
        rt_group(borders[i] & 4095 ? "line" : "page");
        loads(borders[i]);
        stores(borders[i]);
    }
    return 0;
}
