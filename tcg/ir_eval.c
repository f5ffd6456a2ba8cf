/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pure ops compute: the one definition, used by folding and by the interpreter.
 */
#include <assert.h>

#include "tcg/ir.h"

static bool compare(IrCond cond, uint64_t a, uint64_t b)
{
    int64_t sa = (int64_t)a, sb = (int64_t)b;

    switch (cond) {
    case IR_EQ:
        return a == b;
    case IR_NE:
        return a != b;
    case IR_LT:
        return sa < sb;
    case IR_GE:
        return sa >= sb;
    case IR_LTU:
        return a < b;
    case IR_GEU:
        return a >= b;
    case IR_LE:
        return sa <= sb;
    case IR_GT:
        return sa > sb;
    case IR_LEU:
        return a <= b;
    case IR_GTU:
        return a > b;
    case IR_COND_COUNT:
        break;
    }
    assert(!"unknown condition");
    return false;
}

bool ir_compare(IrType type, IrCond cond, uint64_t a, uint64_t b)
{
    if (type == IR_I32) {
        /* Sign extension keeps both orders. */
        return compare(cond, (uint64_t)(int32_t)a, (uint64_t)(int32_t)b);
    }
    return compare(cond, a, b);
}

static uint64_t div64(IrOpcode opc, uint64_t a, uint64_t b)
{
    bool overflow = (int64_t)a == INT64_MIN && (int64_t)b == -1;

    switch (opc) {
    case IR_divu:
        return b ? a / b : UINT64_MAX;
    case IR_remu:
        return b ? a % b : a;
    case IR_divs:
        if (overflow) {
            return a;
        }
        return b ? (uint64_t)((int64_t)a / (int64_t)b) : UINT64_MAX;
    default:
        if (overflow) {
            return 0;
        }
        return b ? (uint64_t)((int64_t)a % (int64_t)b) : a;
    }
}

static uint64_t eval64(IrOpcode opc, uint64_t a, uint64_t b)
{
    unsigned n = b & 63;

    switch (opc) {
    case IR_shl:
        return a << n;
    case IR_shr:
        return a >> n;
    case IR_sar:
        return (uint64_t)((int64_t)a >> n);
    case IR_rotl:
        return a << n | a >> (-n & 63);
    case IR_rotr:
        return a >> n | a << (-n & 63);
    case IR_mulhu:
        return (uint64_t)((unsigned __int128)a * b >> 64);
    case IR_mulhs:
        return (uint64_t)((__int128)(int64_t)a * (int64_t)b >> 64);
    case IR_mulhsu:
        return (uint64_t)((__int128)(int64_t)a * (__int128)b >> 64);
    case IR_divu:
    case IR_divs:
    case IR_remu:
    case IR_rems:
        return div64(opc, a, b);
    case IR_clz:
        return a ? (uint64_t)__builtin_clzll(a) : 64;
    case IR_ctz:
        return a ? (uint64_t)__builtin_ctzll(a) : 64;
    case IR_popcnt:
        return (uint64_t)__builtin_popcountll(a);
    case IR_bswap:
        return __builtin_bswap64(a);
    default:
        assert(!"not a pure integer op");
        return 0;
    }
}

static uint64_t eval32(IrOpcode opc, uint32_t a, uint32_t b)
{
    uint64_t sa = (uint64_t)(int32_t)a, sb = (uint64_t)(int32_t)b;
    unsigned n = b & 31;

    switch (opc) {
    case IR_shl:
        return (uint32_t)(a << n);
    case IR_shr:
        return a >> n;
    case IR_sar:
        return (uint32_t)((int32_t)a >> n);
    case IR_rotl:
        return (uint32_t)(a << n | a >> (-n & 31));
    case IR_rotr:
        return (uint32_t)(a >> n | a << (-n & 31));
    case IR_mulhu:
        return (uint64_t)a * b >> 32;
    case IR_mulhs:
        return (uint32_t)(sa * sb >> 32);
    case IR_mulhsu:
        return (uint32_t)(sa * b >> 32);
    case IR_divu:
    case IR_remu:
        return (uint32_t)div64(opc, a, b);
    case IR_divs:
    case IR_rems:
        return (uint32_t)div64(opc, sa, sb);
    case IR_clz:
        return a ? (uint64_t)__builtin_clz(a) : 32;
    case IR_ctz:
        return a ? (uint64_t)__builtin_ctz(a) : 32;
    case IR_popcnt:
        return (uint64_t)__builtin_popcount(a);
    case IR_bswap:
        return __builtin_bswap32(a);
    default:
        assert(!"not a pure integer op");
        return 0;
    }
}

/* Ops on bit patterns of floating-point values. */
static uint64_t eval_bits(IrOpcode opc, IrType type, uint8_t c, uint64_t a)
{
    uint64_t sign = type == IR_F32 ? 1ull << 31 : 1ull << 63;

    switch (opc) {
    case IR_bitcast:
        return type == IR_F32 ? (uint32_t)a : a;
    case IR_unbox:
        return c || a >> 32 == UINT32_MAX ? (uint32_t)a : 0x7fc00000;
    case IR_box:
        return a | (uint64_t)UINT32_MAX << 32;
    case IR_fneg:
        return a ^ sign;
    default:
        return a & ~sign;
    }
}

uint64_t ir_eval(IrOpcode opc, IrType type, uint8_t c, const uint64_t in[4])
{
    uint64_t a = in[0], b = in[1], mask = type == IR_I32 ? UINT32_MAX : UINT64_MAX;

    switch (opc) {
    case IR_mov:
        return a;
    case IR_add:
        return (a + b) & mask;
    case IR_sub:
        return (a - b) & mask;
    case IR_and:
        return a & b & mask;
    case IR_or:
        return (a | b) & mask;
    case IR_xor:
        return (a ^ b) & mask;
    case IR_andn:
        return a & ~b & mask;
    case IR_addsh:
        return (a + (b << c)) & mask;
    case IR_mul:
        return a * b & mask;
    case IR_sext8:
        return (uint64_t)(int8_t)a;
    case IR_sext16:
        return (uint64_t)(int16_t)a;
    case IR_sext32:
        return (uint64_t)(int32_t)a;
    case IR_zext8:
        return (uint8_t)a;
    case IR_zext16:
        return (uint16_t)a;
    case IR_zext32:
        return (uint32_t)a;
    case IR_setc:
        return ir_compare(type, (IrCond)c, a, b);
    case IR_sel:
        return ir_compare(type, (IrCond)c, a, b) ? in[2] : in[3];
    case IR_bitcast:
    case IR_unbox:
    case IR_box:
    case IR_fneg:
    case IR_fabs:
        return eval_bits(opc, type, c, a);
    default:
        return type == IR_I32 ? eval32(opc, (uint32_t)a, (uint32_t)b) : eval64(opc, a, b);
    }
}
