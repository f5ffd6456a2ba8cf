/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What IR refers to by number: slots and helpers; the front-end as the accelerator calls it. Pin
 * priorities follow how often compiled code names the registers: the ten first make up four fifths
 * of all operands.
 */
#include "csr.h"
#include "disas.h"
#include "state.h"
#include "translate.h"

#define XREG(n, pin)                                                                               \
    {                                                                                              \
        "x" #n, offsetof(RvState, tcg.ireg[n]), IR_I64, pin                                        \
    }
#define MEMBER(name)                                                                               \
    {                                                                                              \
#name, offsetof(RvState, name), IR_I64, 0                                                  \
    }
#define FREG(n, pin)                                                                               \
    {                                                                                              \
        "f" #n, offsetof(RvState, tcg.freg[n]), IR_F64, pin                                        \
    }

static const TcgSlot slots[RV_SLOT_COUNT] = {
    XREG(0, 0),
    XREG(1, 92),
    XREG(2, 98),
    XREG(3, 10),
    XREG(4, 55),
    XREG(5, 60),
    XREG(6, 59),
    XREG(7, 58),
    XREG(8, 95),
    XREG(9, 91),
    XREG(10, 97),
    XREG(11, 94),
    XREG(12, 93),
    XREG(13, 96),
    XREG(14, 99),
    XREG(15, 100),
    XREG(16, 80),
    XREG(17, 70),
    XREG(18, 85),
    XREG(19, 84),
    XREG(20, 83),
    XREG(21, 75),
    XREG(22, 74),
    XREG(23, 73),
    XREG(24, 45),
    XREG(25, 44),
    XREG(26, 43),
    XREG(27, 42),
    XREG(28, 65),
    XREG(29, 50),
    XREG(30, 64),
    XREG(31, 49),
    FREG(0, 80),
    FREG(1, 79),
    FREG(2, 70),
    FREG(3, 69),
    FREG(4, 68),
    FREG(5, 67),
    FREG(6, 66),
    FREG(7, 65),
    FREG(8, 78),
    FREG(9, 77),
    FREG(10, 98),
    FREG(11, 96),
    FREG(12, 95),
    FREG(13, 97),
    FREG(14, 99),
    FREG(15, 100),
    FREG(16, 94),
    FREG(17, 93),
    FREG(18, 60),
    FREG(19, 59),
    FREG(20, 58),
    FREG(21, 57),
    FREG(22, 56),
    FREG(23, 55),
    FREG(24, 54),
    FREG(25, 53),
    FREG(26, 52),
    FREG(27, 51),
    FREG(28, 50),
    FREG(29, 49),
    FREG(30, 48),
    FREG(31, 47),
    [RV_SLOT_PC] = { "pc", offsetof(RvState, tcg.pc), IR_I64, 0 },
    [RV_SLOT_MSTATUS] = MEMBER(mstatus),
    [RV_SLOT_RES_ADDR] = MEMBER(res_addr),
    [RV_SLOT_RES_VALUE] = MEMBER(res_value),
    [RV_SLOT_SSCRATCH] = MEMBER(sscratch),
    [RV_SLOT_SEPC] = MEMBER(sepc),
    [RV_SLOT_SCAUSE] = MEMBER(scause),
    [RV_SLOT_STVAL] = MEMBER(stval),
    [RV_SLOT_MSCRATCH] = MEMBER(mscratch),
    [RV_SLOT_MEPC] = MEMBER(mepc),
    [RV_SLOT_MCAUSE] = MEMBER(mcause),
    [RV_SLOT_MTVAL] = MEMBER(mtval),
};

static const TcgHelper helpers[RV_HELPER_COUNT] = {
#define HELPER(name, args, flags) { #name, rv_helper_##name, args, flags },
#include "helper.def"
#undef HELPER
};

const TcgIsa rv_isa = { "riscv", slots, RV_SLOT_COUNT, helpers, RV_HELPER_COUNT };

void rv_translate(VCpu *cpu, IrRegion *r, const uint8_t *code, uint32_t size, unsigned max_insns)
{
    rv_translate_region(rv_cpu(cpu)->decoder, r, code, size, max_insns);
}

static void print_csr_name(unsigned number, void *opaque, GString *out)
{
    const RvCsr *csr = rv_csr_find(opaque, number);

    if (csr) {
        rv_csr_print_name(csr, number, out);
    } else {
        g_string_append_printf(out, "0x%x", number);
    }
}

unsigned rv_disassemble(VCpu *cpu, uint64_t pc, const uint8_t *code, size_t size, GString *out)
{
    uint32_t bits = code[0] | (uint32_t)code[1] << 8;
    unsigned length = rv_insn_length((uint16_t)bits);

    if (length > size) {
        g_string_append_printf(out, ".short  0x%04x", bits);
        return 2;
    }
    if (length == 4) {
        bits |= (uint32_t)code[2] << 16 | (uint32_t)code[3] << 24;
    }
    rv_print_insn(rv_cpu(cpu)->decoder, bits, pc, print_csr_name, rv_cpu(cpu), out);
    return length;
}
