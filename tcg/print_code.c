/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listings of generated code for -d out_asm. */
#include <inttypes.h>

#include "tcg/tcg.h"

#ifdef CONFIG_CAPSTONE
#include <capstone/capstone.h>

static size_t print_insns(const uint8_t *code, size_t size, GString *out)
{
    csh handle;
    if (cs_open(CS_ARCH_X86, CS_MODE_64, &handle) != CS_ERR_OK) {
        return 0;
    }
    cs_insn *insn = cs_malloc(handle);
    const uint8_t *p = code;
    size_t left = size;
    uint64_t address = (uintptr_t)code;
    while (left) {
        if (cs_disasm_iter(handle, &p, &left, &address, insn)) {
            g_string_append_printf(out, "0x%" PRIx64 ":  %s %s\n", insn->address, insn->mnemonic,
                                   insn->op_str);
        } else { /* data between stubs */
            g_string_append_printf(out, "0x%" PRIx64 ":  .byte 0x%02x\n", address, *p);
            p++;
            left--;
            address++;
        }
    }
    cs_free(insn, 1);
    cs_close(&handle);
    return size;
}
#else
static size_t print_insns(const uint8_t *code, size_t size, GString *out)
{
    return 0;
}
#endif

void tcg_print_code(const void *code, size_t size, GString *out)
{
    const uint8_t *p = code;
    for (size_t i = print_insns(p, size, out); i < size; i += 16) {
        g_string_append_printf(out, "%p: ", (const void *)(p + i));
        for (size_t j = i; j < i + 16 && j < size; j++) {
            g_string_append_printf(out, " %02x", p[j]);
        }
        g_string_append_c(out, '\n');
    }
}
