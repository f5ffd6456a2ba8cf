/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hart's registers as text, in the layout that users and scripts of `info registers` know. */

#include <inttypes.h>
#include <stdio.h>
#include "csr.h"
#include "util/units.h"

static const char *const ireg_names[32] = {
    "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
    "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
    "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};

static const char *const freg_names[32] = {
    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1",  "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4",  "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};

static void print_row(GString *out, const char *name, uint64_t value)
{
    g_string_append_printf(out, " %-13s %016" PRIx64 "\n", name, value);
}

static void print_csr(RvCpu *cpu, const RvCsr *csr, GString *out)
{
    for (unsigned i = 0; i < rv_csr_count(csr); i++) {
        unsigned number = rv_csr_number(csr, i);
        GString *name = g_string_new(NULL);

        rv_csr_print_name(csr, number, name);
        print_row(out, name->str, rv_csr_read(cpu, csr, number));
        g_string_free(name, TRUE);
    }
}

static void print_csrs(RvCpu *cpu, bool fp, GString *out)
{
    for (unsigned i = 0; i < rv_csr_rows; i++) {
        const RvCsr *csr = &rv_csrs[i];

        if (rv_csr_find(cpu, csr->number) == csr && (csr->number < 0x100) == fp) {
            print_csr(cpu, csr, out);
        }
    }
}

static void print_file(GString *out, char letter, const char *const *names, const uint64_t *values)
{
    for (unsigned i = 0; i < 32; i++) {
        char name[16];

        snprintf(name, sizeof(name), "%c%u/%s", letter, i, names[i]);
        g_string_append_printf(out, " %-8s %016" PRIx64 "%s", name, values[i],
                               i % 4 == 3 ? "\n" : "");
    }
}

void rv_print_state(VCpu *vcpu, GString *out)
{
    static const char *const privs[] = { "U", "S", "?", "M" };
    RvCpu *cpu = rv_cpu(vcpu);
    RvState *s = cpu->state;

    g_string_append_printf(out, " %-13s %s\n", "priv", privs[s->priv & 3]);
    print_row(out, "pc", s->tcg.pc);
    print_csrs(cpu, false, out);
    print_file(out, 'x', ireg_names, s->tcg.ireg);
    if (rv_has(&cpu->cfg, RV_EXT_f)) {
        print_csrs(cpu, true, out);
        print_file(out, 'f', freg_names, s->tcg.freg);
    }
}
