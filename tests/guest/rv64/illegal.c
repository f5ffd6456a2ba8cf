/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sweep of the encoding space. Every reserved encoding must raise an illegal-instruction exception
 * with the encoding in mtval (the hart of `virt` writes it), every legal 16-bit one must not. What
 * is legal comes from the tables in gen/.
 */
#include "rt.h"

const char suite_name[] = "illegal";

extern const u8 legal16[];
extern const u32 illegal32[], illegal32_end[];

#define SLOTS 1024

static u16 code[8192] __attribute__((aligned(4096)));
static u16 scratch[4096] __attribute__((aligned(4096)));

#define C_EBREAK 0x9002

/*
 * jump_to(unused, value, target): enters *target* with every register holding *value*; called
 * through rt_call_variant, so (a0, a1, a2) = (in, out, n).
 */
void jump_to(void);
asm(".text\n"
    ".balign 4\n"
    "jump_to:\n"
    "    csrw mepc, a2\n"
    "    li   t0, 0x1880\n"
    "    csrs mstatus, t0\n"
    "    mv   x1, a1\n"
    "    .irp n,2,3,4,5,6,7,8,9,10,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "    mv   x\\n, x1\n"
    "    .endr\n"
    "    mret\n");

static void fill(u16 *p, int count)
{
    while (count--) {
        *p++ = C_EBREAK;
    }
}

static bool is_legal16(u32 h)
{
    return legal16[h / 8] >> (h % 8) & 1;
}

/* c.j and c.bnez to themselves never end; c.beqz is not taken here. */
static bool is_endless(u32 h)
{
    return h == 0xa001 || (h & 0xfc7f) == 0xe001;
}

static void check_illegal(u32 encoding, const void *at)
{
    Trap t = rt_call_variant(jump_to, NULL, scratch + 2048, (u64)at);

    if (t.cause != CAUSE_ILLEGAL || t.epc != (u64)at || t.tval != encoding) {
        rt_fail("reserved", "encoding 0x%lx at 0x%lx: cause 0x%lx epc 0x%lx tval 0x%lx",
                (u64)encoding, (u64)at, t.cause, t.epc, t.tval);
    } else {
        rt_check("reserved", 0, 0);
    }
}

/* Executes one half word with all registers pointing to memory full of c.ebreak. */
static void check_legal16(u32 h)
{
    u16 *at = code + 4096;
    Trap t;

    fill(scratch + 2048, 8);
    *at = h;
    fence_i();
    t = rt_call_variant(jump_to, NULL, scratch + 2048, (u64)at);
    if (t.cause != CAUSE_BREAKPOINT) {
        rt_fail("legal", "encoding 0x%lx: cause 0x%lx epc 0x%lx tval 0x%lx", (u64)h, t.cause, t.epc,
                t.tval);
    } else {
        rt_check("legal", 0, 0);
    }
}

static void sweep16(void)
{
    u32 h = 0;

    rt_group("16-bit");
    fill(code, 8192);
    fill(scratch, 4096);
    while (h < 65536) {
        u32 first = h;
        int n = 0;

        for (; h < 65536 && n < SLOTS; h++) {
            if (!is_legal16(h)) {
                code[4 * n++] = h;
            }
        }
        fence_i();
        n = 0;
        for (u32 i = first; i < h; i++) {
            if (!is_legal16(i)) {
                check_illegal(i, code + 4 * n++);
            }
        }
    }
    fill(code, 8192);
    for (h = 0; h < 65536; h++) {
        if ((h & 3) != 3 && is_legal16(h) && !is_endless(h)) {
            check_legal16(h);
        }
    }
}

static void sweep32(void)
{
    const u32 *w = illegal32;

    rt_group("32-bit");
    fill(code, 8192);
    while (w < illegal32_end) {
        u64 n = illegal32_end - w < SLOTS ? illegal32_end - w : SLOTS;

        /* Every other batch at odd half words, so that encodings cross aligned words. */
        u16 *base = code + (w - illegal32) / SLOTS % 2;

        for (u64 i = 0; i < n; i++) {
            base[4 * i] = w[i];
            base[4 * i + 1] = w[i] >> 16;
            base[4 * i + 2] = C_EBREAK;
        }
        fence_i();
        for (u64 i = 0; i < n; i++) {
            check_illegal(w[i], base + 4 * i);
        }
        w += n;
    }
}

int main(void)
{
    sweep16();
    sweep32();
    return 0;
}
