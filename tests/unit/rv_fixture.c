/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rv_fixture.h"

RvConfig rv_test_config(unsigned xlen, const RvExt *off, unsigned off_count)
{
    RvConfig cfg = { .xlen = (uint8_t)xlen };

    for (unsigned i = 0; i < RV_EXT_COUNT; i++) {
        cfg.ext[i] = true;
    }
    for (unsigned i = 0; i < off_count; i++) {
        cfg.ext[off[i]] = false;
    }
    return cfg;
}

#define X(n)                                                                                       \
    {                                                                                              \
        "x" #n, 8 * (n), IR_I64, 0                                                                 \
    }
#define F(n)                                                                                       \
    {                                                                                              \
        "f" #n, 256 + 8 * (n), IR_F64, 0                                                           \
    }
#define S(number, text) [number] = { text, 8 * (number), IR_I64, 0 }
static const TcgSlot slots[RV_SLOT_COUNT] = {
    X(0),
    X(1),
    X(2),
    X(3),
    X(4),
    X(5),
    X(6),
    X(7),
    X(8),
    X(9),
    X(10),
    X(11),
    X(12),
    X(13),
    X(14),
    X(15),
    X(16),
    X(17),
    X(18),
    X(19),
    X(20),
    X(21),
    X(22),
    X(23),
    X(24),
    X(25),
    X(26),
    X(27),
    X(28),
    X(29),
    X(30),
    X(31),
    F(0),
    F(1),
    F(2),
    F(3),
    F(4),
    F(5),
    F(6),
    F(7),
    F(8),
    F(9),
    F(10),
    F(11),
    F(12),
    F(13),
    F(14),
    F(15),
    F(16),
    F(17),
    F(18),
    F(19),
    F(20),
    F(21),
    F(22),
    F(23),
    F(24),
    F(25),
    F(26),
    F(27),
    F(28),
    F(29),
    F(30),
    F(31),
    S(RV_SLOT_PC, "pc"),
    S(RV_SLOT_MSTATUS, "mstatus"),
    S(RV_SLOT_RES_ADDR, "res_addr"),
    S(RV_SLOT_RES_VALUE, "res_value"),
    S(RV_SLOT_SSCRATCH, "sscratch"),
    S(RV_SLOT_SEPC, "sepc"),
    S(RV_SLOT_SCAUSE, "scause"),
    S(RV_SLOT_STVAL, "stval"),
    S(RV_SLOT_MSCRATCH, "mscratch"),
    S(RV_SLOT_MEPC, "mepc"),
    S(RV_SLOT_MCAUSE, "mcause"),
    S(RV_SLOT_MTVAL, "mtval"),
};
#undef X

static const TcgHelper helpers[RV_HELPER_COUNT] = {
#define HELPER(name, args, flags) { #name, NULL, args, flags },
#include "../../target/riscv/helper.def"
#undef HELPER
};

static const TcgIsa isa = { "riscv", slots, RV_SLOT_COUNT, helpers, RV_HELPER_COUNT };

const TcgIsa *rv_test_isa(void)
{
    return &isa;
}
