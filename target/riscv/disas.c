/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints decoded rows by their format's syntax, or by that of an alias. Names and aliases are those
 * of the RISC-V assembly programmer's manual.
 */
#include <stdlib.h>
#include <string.h>
#include "disas.h"

static const char *const x_names[32] = { "zero", "ra", "sp",  "gp",  "tp", "t0", "t1", "t2",
                                         "s0",   "s1", "a0",  "a1",  "a2", "a3", "a4", "a5",
                                         "a6",   "a7", "s2",  "s3",  "s4", "s5", "s6", "s7",
                                         "s8",   "s9", "s10", "s11", "t3", "t4", "t5", "t6" };
static const char *const f_names[32] = {
    "ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1", "fa0",
    "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4", "fs5",
    "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"
};
static const char *const rm_names[8] = { "rne", "rtz", "rdn", "rup", "rmm", "?", "?", "dyn" };

/* `when` are conditions on operands, all of which must hold: `d=0`, `i=-1`, `s=t`. The first alias
 * that fits counts. */
typedef struct Alias {
    const char *insn, *when, *name, *syntax;
} Alias;

static const Alias aliases[] = {
    { "addi", "d=0 s=0 i=0", "nop", "" },
    { "addi", "s=0", "li", "d,i" },
    { "addi", "i=0", "mv", "d,s" },
    { "add", "s=0", "mv", "d,t" },
    { "addiw", "i=0", "sext.w", "d,s" },
    { "xori", "i=-1", "not", "d,s" },
    { "andi", "i=255", "zext.b", "d,s" },
    { "add.uw", "t=0", "zext.w", "d,s" },
    { "sub", "s=0", "neg", "d,t" },
    { "subw", "s=0", "negw", "d,t" },
    { "sltiu", "i=1", "seqz", "d,s" },
    { "sltu", "s=0", "snez", "d,t" },
    { "slt", "t=0", "sltz", "d,s" },
    { "slt", "s=0", "sgtz", "d,t" },
    { "beq", "t=0", "beqz", "s,p" },
    { "bne", "t=0", "bnez", "s,p" },
    { "bge", "s=0", "blez", "t,p" },
    { "bge", "t=0", "bgez", "s,p" },
    { "blt", "t=0", "bltz", "s,p" },
    { "blt", "s=0", "bgtz", "t,p" },
    { "jal", "d=0", "j", "p" },
    { "jal", "d=1", "jal", "p" },
    { "jalr", "d=0 s=1 i=0", "ret", "" },
    { "jalr", "d=0 i=0", "jr", "s" },
    { "jalr", "d=0", "jr", "i(s)" },
    { "jalr", "d=1 i=0", "jalr", "s" },
    { "jalr", "d=1", "jalr", "i(s)" },
    { "fence", "i=255", "fence", "" },
    { "fence", "i=2099", "fence.tso", "" },
    { "fence", "i=16", "pause", "" },
    { "csrrs", "i=1 s=0", "frflags", "d" },
    { "csrrs", "i=2 s=0", "frrm", "d" },
    { "csrrs", "i=3 s=0", "frcsr", "d" },
    { "csrrs", "i=3072 s=0", "rdcycle", "d" },
    { "csrrs", "i=3073 s=0", "rdtime", "d" },
    { "csrrs", "i=3074 s=0", "rdinstret", "d" },
    { "csrrs", "s=0", "csrr", "d,c" },
    { "csrrw", "i=1 d=0", "fsflags", "s" },
    { "csrrw", "i=2 d=0", "fsrm", "s" },
    { "csrrw", "i=3 d=0", "fscsr", "s" },
    { "csrrw", "d=0", "csrw", "c,s" },
    { "csrrs", "d=0", "csrs", "c,s" },
    { "csrrc", "d=0", "csrc", "c,s" },
    { "csrrwi", "d=0", "csrwi", "c,z" },
    { "csrrsi", "d=0", "csrsi", "c,z" },
    { "csrrci", "d=0", "csrci", "c,z" },
    { "fsgnj.s", "s=t", "fmv.s", "D,S" },
    { "fsgnjn.s", "s=t", "fneg.s", "D,S" },
    { "fsgnjx.s", "s=t", "fabs.s", "D,S" },
    { "fsgnj.d", "s=t", "fmv.d", "D,S" },
    { "fsgnjn.d", "s=t", "fneg.d", "D,S" },
    { "fsgnjx.d", "s=t", "fabs.d", "D,S" },
    { "sfence.vma", "s=0 t=0", "sfence.vma", "" },
};

/* --- aliases --- */

static int64_t operand(const RvArgs *a, char letter)
{
    switch (letter) {
    case 'd':
        return a->rd;
    case 's':
        return a->rs1;
    case 't':
        return a->rs2;
    default:
        return a->imm;
    }
}

static bool holds(const RvArgs *a, const char *when)
{
    while (*when) {
        char *end;
        const char *right = when + 2;
        int64_t value = g_ascii_isalpha(*right) ? operand(a, *right) : strtoll(right, &end, 10);

        if (operand(a, *when) != value) {
            return false;
        }
        when = strchr(right, ' ');
        if (!when) {
            return true;
        }
        when++;
    }
    return true;
}

static const Alias *find_alias(const RvArgs *a)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(aliases); i++) {
        if (strcmp(aliases[i].insn, a->insn->name) == 0 && holds(a, aliases[i].when)) {
            return &aliases[i];
        }
    }
    return NULL;
}

/* --- operands --- */

typedef struct Printer {
    const RvArgs *a;
    uint64_t pc;
    unsigned xlen;
    RvCsrNameFn *csr_name;
    void *opaque;
    GString *out;
} Printer;

static void print_fence_set(GString *out, unsigned set)
{
    if (set == 0) {
        g_string_append_c(out, '0');
    }
    for (unsigned i = 0; i < 4; i++) {
        if (set & (8u >> i)) {
            g_string_append_c(out, "iorw"[i]);
        }
    }
}

static void print_csr(const Printer *p)
{
    if (p->csr_name) {
        p->csr_name((unsigned)p->a->imm, p->opaque, p->out);
    } else {
        g_string_append_printf(p->out, "0x%x", (unsigned)p->a->imm);
    }
}

static void print_target(const Printer *p)
{
    uint64_t target = p->pc + (uint64_t)p->a->imm;

    g_string_append_printf(p->out, "0x%" G_GINT64_MODIFIER "x",
                           p->xlen == 32 ? (uint32_t)target : target);
}

static void print_immediate(const Printer *p)
{
    bool shift = p->a->insn->format == FMT_SHIFT || p->a->insn->format == FMT_SHIFT5;

    g_string_append_printf(p->out, shift ? "0x%x" : "%d", (int)p->a->imm);
}

static void print_operand(const Printer *p, char letter)
{
    const RvArgs *a = p->a;

    switch (letter) {
    case 'd':
        g_string_append(p->out, x_names[a->rd]);
        break;
    case 's':
        g_string_append(p->out, x_names[a->rs1]);
        break;
    case 't':
        g_string_append(p->out, x_names[a->rs2]);
        break;
    case 'D':
        g_string_append(p->out, f_names[a->rd]);
        break;
    case 'S':
        g_string_append(p->out, f_names[a->rs1]);
        break;
    case 'T':
        g_string_append(p->out, f_names[a->rs2]);
        break;
    case 'U':
        g_string_append(p->out, f_names[a->rs3]);
        break;
    case 'i':
        print_immediate(p);
        break;
    case 'h':
        g_string_append_printf(p->out, "0x%x", (unsigned)(a->imm >> 12) & 0xfffff);
        break;
    case 'p':
        print_target(p);
        break;
    case 'c':
        print_csr(p);
        break;
    case 'z':
        g_string_append_printf(p->out, "%u", a->rs1);
        break;
    case 'm':
        if (a->rm != IR_ROUND_DYN) {
            g_string_append_printf(p->out, ",%s", rm_names[a->rm]);
        }
        break;
    case 'f':
        print_fence_set(p->out, (unsigned)(a->imm >> 4) & 15);
        g_string_append_c(p->out, ',');
        print_fence_set(p->out, (unsigned)a->imm & 15);
        break;
    default:
        g_string_append_c(p->out, letter);
    }
}

static void print_name(const RvArgs *a, const char *name, bool operands, GString *out)
{
    static const char *const orders[] = { "", ".rl", ".aq", ".aqrl" };
    gsize start = out->len;

    g_string_append(out, name);
    if (a->insn->format == FMT_AMO || a->insn->format == FMT_LR) {
        g_string_append(out, orders[a->bits >> 25 & 3]);
    }
    if (operands) {
        do {
            g_string_append_c(out, ' ');
        } while (out->len < start + 8);
    }
}

void rv_print_insn(const RvDecoder *d, uint32_t bits, uint64_t pc, RvCsrNameFn *csr_name,
                   void *opaque, GString *out)
{
    RvArgs a;
    Printer p = { &a, pc, rv_decoder_config(d)->xlen, csr_name, opaque, out };

    if (!rv_decode(d, bits, &a)) {
        unsigned length = rv_insn_length((uint16_t)bits);
        g_string_append_printf(out, length == 2 ? ".short  0x%04x" : ".word   0x%08x", bits);
        return;
    }
    const Alias *alias = find_alias(&a);
    const char *syntax = alias ? alias->syntax : rv_formats[a.insn->format].syntax;
    print_name(&a, alias ? alias->name : a.insn->name, *syntax, out);
    for (const char *c = syntax; *c; c++) {
        print_operand(&p, *c);
    }
}
