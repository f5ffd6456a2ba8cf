/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translation of RISC-V: chosen encodings against the IR they should give, and every row under
 * every state word against the verifier.
 */
#include <string.h>
#include "../../target/riscv/translate.h"
#include "rv_fixture.h"
#include "rv_translate_cases.h"

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

static void test_case(const void *data)
{
    static const RvExt compressed[] = { RV_EXT_c, RV_EXT_zca, RV_EXT_zcd };
    const RvTranslateCase *c = data;
    RvConfig cfg = rv_test_config(c->xlen ? c->xlen : 64, compressed, c->no_compressed ? 3 : 0);
    RvDecoder *d = rv_decoder_new(&cfg);
    IrRegion *r = ir_region_new(rv_test_isa());
    GByteArray *code = g_byte_array_new();
    GString *text = g_string_new(NULL);

    r->start = c->start ? c->start : 0x100;
    r->flags = c->flags;
    assemble(c->code, code);
    rv_translate_region(d, r, code->data, code->len, c->max_insns ? c->max_insns : 64);
    ir_print(r, text);
    g_assert_cmpstr(ir_verify(r), ==, NULL);
    if (!g_pattern_match_simple(c->ir, text->str)) {
        g_test_message("expected:\n%s\ngot:\n%s", c->ir, text->str);
        g_test_fail();
    }
    g_string_free(text, TRUE);
    g_byte_array_unref(code);
    ir_region_free(r);
    rv_decoder_free(d);
}

/* One instruction with the row's fixed bits and some others. */
static void check_row(const RvDecoder *d, IrRegion *r, const RvEncoding *e, uint32_t flags)
{
    static const uint32_t fillings[] = { 0, UINT32_MAX, 0x5a5a5a5a, 0xa5a5a5a5, 0x12345678 };

    for (unsigned i = 0; i < G_N_ELEMENTS(fillings); i++) {
        uint32_t bits = (fillings[i] & ~e->mask) | e->match;
        uint8_t code[4] = { (uint8_t)bits, (uint8_t)(bits >> 8), (uint8_t)(bits >> 16),
                            (uint8_t)(bits >> 24) };
        ir_region_reset(r);
        r->start = 0x800;
        r->flags = flags;
        rv_translate_region(d, r, code, e->length, 1);
        char *error = ir_verify(r);
        if (error) {
            g_error("%s, bits %08x, flags %x: %s", e->insn->name, bits, flags, error);
        }
        g_assert_cmpuint(r->guest_size, ==, e->length);
        g_assert_cmpuint(r->insn_count, ==, 1);
    }
}

static void test_every_row(const void *data)
{
    RvConfig cfg = rv_test_config(GPOINTER_TO_UINT(data), NULL, 0);
    RvDecoder *d = rv_decoder_new(&cfg);
    IrRegion *r = ir_region_new(rv_test_isa());
    unsigned count;
    const RvEncoding *e = rv_decoder_encodings(d, &count);

    for (unsigned i = 0; i < count; i++) {
        for (unsigned frm = 0; frm < 8; frm++) {
            uint32_t flags = frm << RV_FLAG_FRM_SHIFT;
            check_row(d, r, &e[i], flags);
            check_row(d, r, &e[i], flags | RV_FLAG_FS_OFF);
            check_row(d, r, &e[i], flags | RV_FLAG_FS_CLEAN);
        }
    }
    ir_region_free(r);
    rv_decoder_free(d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < rv_translate_case_count; i++) {
        const RvTranslateCase *c = &rv_translate_cases[i];
        char *path = g_strdup_printf("/riscv/translate/%s", c->name);
        g_test_add_data_func(path, c, test_case);
        g_free(path);
    }
    g_test_add_data_func("/riscv/translate/every-row-64", GUINT_TO_POINTER(64), test_every_row);
    g_test_add_data_func("/riscv/translate/every-row-32", GUINT_TO_POINTER(32), test_every_row);
    return g_test_run();
}
