/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the generated variants of a suite and compares their results with the expected ones. */
#include "rt.h"

typedef struct Variant {
    const char *name; /* NULL ends the table */
    const void *code;
    u64 in, want; /* offsets in variant_data */
    u32 cases, nin, nout, unused;
} Variant;

extern const Variant variants[];
extern const char variant_data[];

char variant_buffer[8192] __attribute__((aligned(4096)));
static u64 *const results = (u64 *)FREE_RAM;

static void report(const Variant *v, u32 n, const u64 *in, const u64 *want, const u64 *got)
{
    const u64 *i = in + n * v->nin;
    u64 a = v->nin > 0 ? i[0] : 0;
    u64 b = v->nin > 1 ? i[1] : 0;
    u64 c = v->nin > 2 ? i[2] : 0;

    for (u32 k = 0; k < v->nout; k++) {
        u64 x = n * v->nout + k;

        if (got[x] != want[x]) {
            rt_fail(v->name, "case %lu operands 0x%lx 0x%lx 0x%lx result %lu got 0x%lx want 0x%lx",
                    (u64)n, a, b, c, (u64)k, got[x], want[x]);
        }
    }
}

static void run(const Variant *v)
{
    const u64 *in = (const u64 *)(variant_data + v->in);
    const u64 *want = (const u64 *)(variant_data + v->want);
    Trap t;

    rt_group("insn");
    memset(results, 0x5a, 8ul * v->cases * v->nout);
    t = rt_call_variant(v->code, in, results, v->cases);
    if (t.cause != NO_TRAP) {
        rt_fail(v->name, "trap: cause 0x%lx epc 0x%lx tval 0x%lx", t.cause, t.epc, t.tval);
        return;
    }
    for (u32 n = 0; n < v->cases; n++) {
        bool same = true;

        for (u32 k = 0; k < v->nout; k++) {
            same &= results[n * v->nout + k] == want[n * v->nout + k];
        }
        if (same) {
            rt_check(v->name, 0, 0);
        } else {
            report(v, n, in, want, results);
        }
    }
}

int main(void)
{
    for (const Variant *v = variants; v->name; v++) {
        run(v);
    }
    return 0;
}
