/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RISC-V decoder over the whole encoding space: rows do not overlap, buckets find what a plain
 * search finds, and what the specification reserves is not decoded.
 */
#include <string.h>
#include "../../target/riscv/disas.h"
#include "rv_fixture.h"

typedef struct Config {
    const char *name;
    unsigned xlen;
    RvExt off[8];
    unsigned off_count;
} Config;

static const Config configs[] = {
    { "rv64-all", 64, { 0 }, 0 },
    { "rv32-all", 32, { 0 }, 0 },
    { "rv64im",
      64,
      { RV_EXT_a, RV_EXT_zaamo, RV_EXT_zalrsc, RV_EXT_f, RV_EXT_d, RV_EXT_c, RV_EXT_zca,
        RV_EXT_zcd },
      8 },
};

static RvDecoder *make_decoder(const Config *c)
{
    RvConfig cfg = rv_test_config(c->xlen, c->off, c->off_count);

    return rv_decoder_new(&cfg);
}

/* By mask algebra; the exceptions of 32-bit rows never separate two of them. */
static void test_overlap(const void *data)
{
    RvDecoder *d = make_decoder(data);
    unsigned count;
    const RvEncoding *e = rv_decoder_encodings(d, &count);

    for (unsigned i = 0; i < count; i++) {
        for (unsigned j = i + 1; e[i].length == 4 && j < count; j++) {
            if (e[j].length == 4 && !((e[i].match ^ e[j].match) & e[i].mask & e[j].mask)) {
                g_test_message("%s overlaps %s", e[i].insn->name, e[j].insn->name);
                g_test_fail();
            }
        }
    }
    rv_decoder_free(d);
}

/* Decodes, and compares with a search through all rows. */
static void check_bits(const RvDecoder *d, const RvEncoding *e, unsigned count, uint32_t bits)
{
    const RvEncoding *found = NULL;
    RvArgs args;

    for (unsigned i = 0; i < count; i++) {
        if (e[i].length == rv_insn_length((uint16_t)bits) && rv_encoding_matches(&e[i], bits)) {
            if (found) {
                g_error("%08x is both %s and %s", bits, found->insn->name, e[i].insn->name);
            }
            found = &e[i];
        }
    }
    g_assert_cmpint(rv_decode(d, bits, &args), ==, found != NULL);
    if (found) {
        g_assert_true(args.insn == found->base);
        g_assert_cmpint(args.length, ==, found->length);
    }
}

static void test_sweep_16(const void *data)
{
    RvDecoder *d = make_decoder(data);
    unsigned count;
    const RvEncoding *e = rv_decoder_encodings(d, &count);

    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        if (rv_insn_length((uint16_t)bits) == 2) {
            check_bits(d, e, count, bits);
        }
    }
    rv_decoder_free(d);
}

static bool bits_are(uint32_t bits, unsigned low, unsigned count, unsigned value)
{
    return (bits >> low & ((1u << count) - 1)) == value;
}

/* Quadrant 1, funct3 4: "100 imm 11 rd' funct2 rs2'" and the shifts. */
static bool is_reserved_arith(uint32_t bits)
{
    return bits_are(bits, 10, 3, 7) && (bits_are(bits, 5, 2, 2) || bits_are(bits, 5, 2, 3));
}

/* What RV64C's listing (unprivileged specification, "RVC Instruction Set Listings") marks as
 * reserved, written down once more and differently. */
static bool is_reserved_16(uint32_t bits)
{
    unsigned rd = bits >> 7 & 31, rs2 = bits >> 2 & 31, bit12 = bits >> 12 & 1;
    bool no_imm = !bit12 && rs2 == 0;

    switch ((bits & 3) << 3 | bits >> 13) {
    case 000: /* c.addi4spn, and the illegal instruction */
        return bits_are(bits, 5, 8, 0);
    case 004:
        return true;
    case 011: /* c.addiw */
        return rd == 0;
    case 013: /* c.lui, c.addi16sp */
        return no_imm;
    case 014:
        return is_reserved_arith(bits);
    case 022: /* c.lwsp */
    case 023: /* c.ldsp */
        return rd == 0;
    case 024: /* c.jr */
        return !bit12 && rd == 0 && rs2 == 0;
    default:
        return false;
    }
}

static void test_reserved_16(void)
{
    RvDecoder *d = make_decoder(&configs[0]);
    RvArgs args;

    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        if ((bits & 3) != 3 && rv_decode(d, bits, &args) == is_reserved_16(bits)) {
            g_error("%04x is %s", bits, is_reserved_16(bits) ? "decoded" : "not decoded");
        }
    }
    rv_decoder_free(d);
}

/* Near misses of 32-bit instructions. */
static void test_reserved_32(void)
{
    static const uint32_t reserved[] = {
        0xffffffff,
        0x0000001f, /* longer than 32 bits */
        0x00001067, /* jalr, funct3 1 */
        0x00002063,
        0x00003063, /* branches, funct3 2 and 3 */
        0x00007003,
        0x00004023, /* loads, funct3 7; stores, funct3 4 */
        0x04001013,
        0x44005013, /* shifts by 64 and more */
        0x0200101b,
        0x4200501b, /* word shifts by 32 and more */
        0x0000203b,
        0x02001033 | 1u << 31, /* OP-32 funct3 2; OP with a bit too many */
        0x0000200f,            /* MISC-MEM, funct3 2 */
        0x1015252f,            /* lr.w with rs2 */
        0x00b5452f,
        0x00b5152f, /* AMOs on bytes and halfwords (Zabha) */
        0x00100073 | 1u << 15,
        0x00000073 | 1u << 7, /* ebreak, ecall with registers */
        0x30200073 | 1u << 7,
        0x10500073 | 1u << 15, /* mret, wfi with registers */
        0x00200073,
        0x7b200073, /* uret, dret */
        0x00004073, /* SYSTEM, funct3 4 */
        0x00c5d553,
        0x00c5e553, /* fadd.s, rounding modes 5 and 6 */
        0x58105053,
        0x5a105053, /* fsqrt with rs2 */
        0x06c5f553, /* fadd.q */
        0x40058553,
        0x42158553, /* fcvt.s.s, fcvt.d.d */
        0xc0458553,
        0xd0458553, /* fcvt between s and no integer type */
        0xe0052553,
        0xe0151553, /* fclass with funct3 2, with rs2 */
        0x20c5b553,
        0x28c5a553,
        0xa0c5b553, /* fsgnj, fmin, feq: one funct3 too many */
        0x60359513,
        0x28655513, /* after cpop, beside orc.b */
    };
    RvDecoder *d = make_decoder(&configs[0]);
    RvArgs args;

    for (unsigned i = 0; i < G_N_ELEMENTS(reserved); i++) {
        if (rv_decode(d, reserved[i], &args)) {
            g_error("%08x is decoded as %s", reserved[i], args.insn->name);
        }
    }
    rv_decoder_free(d);
}

typedef struct Text {
    uint32_t bits;
    const char *text;
} Text;

static const Text texts[] = {
    { 0x00c58533, "add     a0,a1,a2" },
    { 0x00000013, "nop" },
    { 0x00700513, "li      a0,7" },
    { 0x00058513, "mv      a0,a1" },
    { 0x00008067, "ret" },
    { 0x000500e7, "jalr    a0" },
    { 0x00c080e7, "jalr    12(ra)" },
    { 0xff1ff06f, "j       0xff0" },
    { 0x000010ef, "jal     0x2000" },
    { 0x00050463, "beqz    a0,0x1008" },
    { 0x12345537, "lui     a0,0x12345" },
    { 0xfff00517, "auipc   a0,0xfff00" },
    { 0x0085b503, "ld      a0,8(a1)" },
    { 0x00a13423, "sd      a0,8(sp)" },
    { 0x4035d51b, "sraiw   a0,a1,0x3" },
    { 0x0005851b, "sext.w  a0,a1" },
    { 0x30002573, "csrr    a0,0x300" },
    { 0x34051573, "csrrw   a0,0x340,a0" },
    { 0x00202573, "frrm    a0" },
    { 0x0ff0000f, "fence" },
    { 0x0330000f, "fence   rw,rw" },
    { 0x8330000f, "fence.tso" },
    { 0x0100000f, "pause" },
    { 0x1405a52f, "lr.w.aq a0,(a1)" },
    { 0x1ac5a52f, "sc.w.rl a0,a2,(a1)" },
    { 0x06b6252f, "amoadd.w.aqrl a0,a1,(a2)" },
    { 0x00c59553, "fadd.s  fa0,fa1,fa2,rtz" },
    { 0x02c5f553, "fadd.d  fa0,fa1,fa2" },
    { 0x68c5f543, "fmadd.s fa0,fa1,fa2,fa3" },
    { 0x20b59553, "fneg.s  fa0,fa1" },
    { 0x00452507, "flw     fa0,4(a0)" },
    { 0x12050073, "sfence.vma a0,zero" },
    { 0x0808, "addi    a0,sp,16" },
    { 0x8082, "ret" },
    { 0x557d, "li      a0,-1" },
    { 0x757d, "lui     a0,0xfffff" },
    { 0xe406, "sd      ra,8(sp)" },
    { 0x9002, "ebreak" },
    { 0x0000, ".short  0x0000" },
    { 0xffffffff, ".word   0xffffffff" },
};

static void test_text(void)
{
    RvDecoder *d = make_decoder(&configs[0]);
    GString *out = g_string_new(NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_string_truncate(out, 0);
        rv_print_insn(d, texts[i].bits, 0x1000, NULL, NULL, out);
        g_assert_cmpstr(out->str, ==, texts[i].text);
    }
    g_string_free(out, TRUE);
    rv_decoder_free(d);
}

/* Every value of the bits that tell instructions apart, with a few registers. */
static void test_sweep_32(const void *data)
{
    static const uint32_t registers[] = { 0, 1u << 7 | 2u << 15, 31u << 7 | 31u << 15 };
    RvDecoder *d = make_decoder(data);
    unsigned count;
    const RvEncoding *e = rv_decoder_encodings(d, &count);

    for (uint32_t i = 0; i < 1u << 20; i += 1) {
        uint32_t bits = (i & 0xfff) << 20 | (i >> 12 & 7) << 12 | i >> 15 << 2 | 3;
        check_bits(d, e, count, bits | registers[i % G_N_ELEMENTS(registers)]);
    }
    rv_decoder_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(configs); i++) {
        static const struct {
            const char *name;
            void (*fn)(const void *);
        } tests[] = {
            { "overlap", test_overlap },
            { "sweep-16", test_sweep_16 },
            { "sweep-32", test_sweep_32 },
        };
        for (unsigned t = 0; t < G_N_ELEMENTS(tests); t++) {
            char *path = g_strdup_printf("/riscv/decode/%s/%s", configs[i].name, tests[t].name);
            g_test_add_data_func(path, &configs[i], tests[t].fn);
            g_free(path);
        }
    }
    g_test_add_func("/riscv/decode/reserved-16", test_reserved_16);
    g_test_add_func("/riscv/decode/reserved-32", test_reserved_32);
    g_test_add_func("/riscv/disas", test_text);
    return g_test_run();
}
