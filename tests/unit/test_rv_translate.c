/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation of RISC-V: encodings in, IR text out.
 */
#include <string.h>
#include "../../target/riscv/translate.h"
#include "rv_fixture.h"

typedef struct Golden {
    const char *name;
    const char *code; /* hexadecimal 16- and 32-bit units as the specification writes them */
    const char *ir;
    uint32_t start;     /* page offset */
    uint32_t flags;     /* state word */
    unsigned max_insns; /* 0: many */
    unsigned xlen;      /* 0: 64 */
} Golden;

/* Appends the units of `text`, lowest byte first. */
static void assemble(const char *text, GByteArray *code)
{
    char **units = g_strsplit(text, " ", -1);

    for (char **u = units; *u; u++) {
        uint32_t bits = (uint32_t)g_ascii_strtoull(*u, NULL, 16);
        for (unsigned i = 0; i < strlen(*u) / 2; i++) {
            uint8_t byte = (uint8_t)(bits >> 8 * i);
            g_byte_array_append(code, &byte, 1);
        }
    }
    g_strfreev(units);
}

static const Golden goldens[] = {
    { "add", "00c58533",
      "insn.4 +0x0\n"
      "add.i64 x10, x11, x12\n"
      "jump +0x4\n" },
};

static void test_golden(const void *data)
{
    const Golden *g = data;
    RvConfig cfg = rv_test_config(g->xlen ? g->xlen : 64, NULL, 0);
    RvDecoder *d = rv_decoder_new(&cfg);
    IrRegion *r = ir_region_new(rv_test_isa());
    GByteArray *code = g_byte_array_new();
    GString *text = g_string_new(NULL);

    r->start = g->start;
    r->flags = g->flags;
    assemble(g->code, code);
    rv_translate_region(d, r, code->data, code->len, g->max_insns ? g->max_insns : 64);
    ir_print(r, text);
    g_assert_cmpstr(text->str, ==, g->ir);
    g_assert_null(ir_verify(r));
    g_string_free(text, TRUE);
    g_byte_array_unref(code);
    ir_region_free(r);
    rv_decoder_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(goldens); i++) {
        char *path = g_strdup_printf("/riscv/translate/%s", goldens[i].name);
        g_test_add_data_func(path, &goldens[i], test_golden);
        g_free(path);
    }
    return g_test_run();
}
