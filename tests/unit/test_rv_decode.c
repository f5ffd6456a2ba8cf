/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The RISC-V decoder over the whole encoding space: rows do not overlap, buckets find what a plain
 * search finds, and what the specification reserves is not decoded.
 */
#include <string.h>
#include "../../target/riscv/decode.h"
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
    return g_test_run();
}
