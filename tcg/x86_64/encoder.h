/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x86-64 instruction encoding. Opcodes are an opcode byte with its map, prefix and width as flags;
 * registers are hardware numbers (FP registers of the allocator are masked to theirs).
 */
#ifndef TCG_X86_64_ENCODER_H
#define TCG_X86_64_ENCODER_H

#include <string.h>

#include "../backend.h"

enum {
    RAX,
    RCX,
    RDX,
    RBX,
    RSP,
    RBP,
    RSI,
    RDI,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
    XMM0 = REG_FP0,
};

enum {
    X_0F = 1 << 8,
    X_0F38 = 2 << 8,
    X_0F3A = 3 << 8,
    X_MAP = 3 << 8,
    X_66 = 1 << 10,
    X_F3 = 2 << 10,
    X_F2 = 3 << 10,
    X_PREFIX = 3 << 10,
    X_W = 1 << 12,    /* 64-bit operands */
    X_BYTE = 1 << 13, /* byte registers: 4-7 mean spl..dil */
};

/* Condition codes. */
enum {
    CC_O = 0,
    CC_B = 2,
    CC_AE = 3,
    CC_E = 4,
    CC_NE = 5,
    CC_BE = 6,
    CC_A = 7,
    CC_S = 8,
    CC_P = 10,
    CC_NP = 11,
    CC_L = 12,
    CC_GE = 13,
    CC_LE = 14,
    CC_G = 15,
};

/* Numbers of the eight operations that share an encoding. */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
/* Likewise shifts; and the one-operand group. */
enum { SHIFT_ROL, SHIFT_ROR, SHIFT_SHL = 4, SHIFT_SHR, SHIFT_SAR = 7 };
enum { UNARY_NOT = 2, UNARY_NEG, UNARY_MUL, UNARY_IMUL, UNARY_DIV, UNARY_IDIV };

enum { MEM_NONE = 0xff, MEM_RIP = 0xfe };

/* base + index << scale + disp; base may be MEM_NONE, or MEM_RIP (disp from the instruction's end,
 * no immediate may follow); index may be MEM_NONE. */
typedef struct X86Mem {
    uint8_t base, index, scale;
    int32_t disp;
} X86Mem;

static inline X86Mem x86_mem(unsigned base, int32_t disp)
{
    return (X86Mem) { (uint8_t)base, MEM_NONE, 0, disp };
}

static inline X86Mem x86_mem_index(unsigned base, unsigned index, unsigned scale, int32_t disp)
{
    return (X86Mem) { (uint8_t)base, (uint8_t)index, (uint8_t)scale, disp };
}

/* The guest state at a displacement as in TcgOpnd. */
static inline X86Mem x86_state(int32_t disp)
{
    return x86_mem(RBP, disp);
}

static inline void x86_8(TcgGen *g, uint32_t byte)
{
    *g->p++ = (uint8_t)byte;
}

static inline void x86_32(TcgGen *g, int32_t value)
{
    memcpy(g->p, &value, 4);
    g->p += 4;
}

static inline void x86_64(TcgGen *g, int64_t value)
{
    memcpy(g->p, &value, 8);
    g->p += 8;
}

/* Prefixes and opcode. reg, x (index) and b (base or rm) are register numbers. */
static inline void x86_opcode(TcgGen *g, uint32_t opc, unsigned reg, unsigned x, unsigned b,
                              bool force_rex)
{
    static const uint8_t prefixes[] = { 0, 0x66, 0xf3, 0xf2 };
    unsigned prefix = (opc & X_PREFIX) / X_66, map = (opc & X_MAP) / X_0F;
    if (prefix) {
        x86_8(g, prefixes[prefix]);
    }
    unsigned rex = 0x40 | (opc & X_W ? 8 : 0) | (reg >> 1 & 4) | (x >> 2 & 2) | (b >> 3 & 1);
    if (rex != 0x40 || force_rex) {
        x86_8(g, rex);
    }
    if (map) {
        x86_8(g, 0x0f);
    }
    if (map >= 2) {
        x86_8(g, map == 2 ? 0x38 : 0x3a);
    }
    x86_8(g, opc);
}

static inline void x86_modrm_mem(TcgGen *g, unsigned reg, X86Mem m)
{
    unsigned r = (reg & 7) << 3;
    if (m.base == MEM_RIP) {
        x86_8(g, r | 5);
        x86_32(g, m.disp);
        return;
    }
    if (m.base == MEM_NONE) {
        x86_8(g, r | 4);
        x86_8(g, m.scale << 6 | (m.index == MEM_NONE ? 4 : m.index & 7) << 3 | 5);
        x86_32(g, m.disp);
        return;
    }
    bool sib = m.index != MEM_NONE || (m.base & 7) == RSP;
    unsigned mod = 0x80;
    if (m.disp == 0 && (m.base & 7) != RBP) {
        mod = 0;
    } else if (m.disp == (int8_t)m.disp) {
        mod = 0x40;
    }
    x86_8(g, mod | r | (sib ? 4 : m.base & 7));
    if (sib) {
        x86_8(g, m.scale << 6 | (m.index == MEM_NONE ? 4 : m.index & 7) << 3 | (m.base & 7));
    }
    if (mod == 0x40) {
        x86_8(g, (uint8_t)m.disp);
    } else if (mod == 0x80) {
        x86_32(g, m.disp);
    }
}

static inline unsigned x86_high(unsigned reg)
{
    return reg >= MEM_RIP ? 0 : reg;
}

static inline void x86_rr(TcgGen *g, uint32_t opc, unsigned reg, unsigned rm)
{
    reg &= 15;
    rm &= 15;
    x86_opcode(g, opc, reg, 0, rm, (opc & X_BYTE) && (reg >= 4 || rm >= 4));
    x86_8(g, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void x86_rm(TcgGen *g, uint32_t opc, unsigned reg, X86Mem m)
{
    reg &= 15;
    x86_opcode(g, opc, reg, x86_high(m.index), x86_high(m.base), (opc & X_BYTE) && reg >= 4);
    x86_modrm_mem(g, reg, m);
}

/* reg, register or memory operand. */
static inline void x86_ro(TcgGen *g, uint32_t opc, unsigned reg, const TcgOpnd *o)
{
    if (o->kind == OPND_REG) {
        x86_rr(g, opc, reg, o->reg);
    } else {
        assert(o->kind == OPND_MEM);
        x86_rm(g, opc, reg, x86_state(o->disp));
    }
}

/* VEX forms: v is the extra source. The three-byte form is used throughout. */
static inline void x86_vex(TcgGen *g, uint32_t opc, unsigned reg, unsigned v, unsigned x,
                           unsigned b)
{
    unsigned map = (opc & X_MAP) / X_0F, prefix = (opc & X_PREFIX) / X_66;
    if (!(opc & X_W) && map == 1 && x < 8 && b < 8) {
        x86_8(g, 0xc5);
        x86_8(g, (~reg & 8) << 4 | (~v & 15) << 3 | prefix);
        x86_8(g, opc);
        return;
    }
    x86_8(g, 0xc4);
    x86_8(g, (~reg & 8) << 4 | (~x & 8) << 3 | (~b & 8) << 2 | map);
    x86_8(g, (opc & X_W ? 0x80 : 0) | (~v & 15) << 3 | prefix);
    x86_8(g, opc);
}

static inline void x86_vrr(TcgGen *g, uint32_t opc, unsigned reg, unsigned v, unsigned rm)
{
    x86_vex(g, opc, reg & 15, v & 15, 0, rm & 15);
    x86_8(g, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

static inline void x86_vrm(TcgGen *g, uint32_t opc, unsigned reg, unsigned v, X86Mem m)
{
    x86_vex(g, opc, reg & 15, v & 15, x86_high(m.index), x86_high(m.base));
    x86_modrm_mem(g, reg & 15, m);
}

static inline void x86_vro(TcgGen *g, uint32_t opc, unsigned reg, unsigned v, const TcgOpnd *o)
{
    if (o->kind == OPND_REG) {
        x86_vrr(g, opc, reg, v, o->reg);
    } else {
        assert(o->kind == OPND_MEM);
        x86_vrm(g, opc, reg, v, x86_state(o->disp));
    }
}

/* Often used instructions. w: X_W or 0. */
static inline void x86_mov_rr(TcgGen *g, unsigned dst, unsigned src)
{
    x86_rr(g, 0x8b | X_W, dst, src);
}

static inline void x86_mov_load(TcgGen *g, unsigned dst, X86Mem m)
{
    x86_rm(g, 0x8b | X_W, dst, m);
}

static inline void x86_mov_store(TcgGen *g, unsigned src, X86Mem m)
{
    x86_rm(g, 0x89 | X_W, src, m);
}

/* Does not change the flags. */
static inline void x86_mov_imm(TcgGen *g, unsigned dst, int64_t value)
{
    if (value == (int64_t)(uint32_t)value) {
        x86_opcode(g, 0xb8 + (dst & 7), 0, 0, dst, false);
        x86_32(g, (int32_t)value);
    } else if (value == (int32_t)value) {
        x86_rr(g, 0xc7 | X_W, 0, dst);
        x86_32(g, (int32_t)value);
    } else {
        x86_opcode(g, (0xb8 + (dst & 7)) | X_W, 0, 0, dst, false);
        x86_64(g, value);
    }
}

static inline void x86_mov_state_imm(TcgGen *g, int32_t disp, int32_t value)
{
    x86_rm(g, 0xc7 | X_W, 0, x86_state(disp));
    x86_32(g, value);
}

/* op reg, imm */
static inline void x86_alu_ri(TcgGen *g, unsigned alu, uint32_t w, unsigned reg, int32_t imm)
{
    bool small = imm == (int8_t)imm;
    x86_rr(g, (small ? 0x83 : 0x81) | w, alu, reg);
    small ? x86_8(g, (uint8_t)imm) : x86_32(g, imm);
}

static inline void x86_alu_mi(TcgGen *g, unsigned alu, uint32_t w, X86Mem m, int32_t imm)
{
    bool small = imm == (int8_t)imm;
    x86_rm(g, (small ? 0x83 : 0x81) | w, alu, m);
    small ? x86_8(g, (uint8_t)imm) : x86_32(g, imm);
}

/* op dst, src: any pair but memory with memory. */
static inline void x86_alu(TcgGen *g, unsigned alu, uint32_t w, const TcgOpnd *dst,
                           const TcgOpnd *src)
{
    if (src->kind == OPND_IMM) {
        if (dst->kind == OPND_REG) {
            x86_alu_ri(g, alu, w, dst->reg, (int32_t)src->imm);
        } else {
            x86_alu_mi(g, alu, w, x86_state(dst->disp), (int32_t)src->imm);
        }
    } else if (dst->kind == OPND_REG) {
        x86_ro(g, (alu << 3 | 3) | w, dst->reg, src);
    } else {
        x86_ro(g, (alu << 3 | 1) | w, src->reg, dst);
    }
}

static inline void x86_lea(TcgGen *g, uint32_t w, unsigned dst, X86Mem m)
{
    x86_rm(g, 0x8d | w, dst, m);
}

static inline void x86_shift_imm(TcgGen *g, unsigned kind, uint32_t w, unsigned reg, unsigned count)
{
    x86_rr(g, 0xc1 | w, kind, reg);
    x86_8(g, count);
}

static inline void x86_setcc(TcgGen *g, unsigned cc, unsigned reg)
{
    x86_rr(g, (0x90 + cc) | X_0F | X_BYTE, 0, reg);
}

/* Jumps. Targets are writable addresses in the same buffer. */
static inline void x86_jmp(TcgGen *g, const uint8_t *target)
{
    x86_8(g, 0xe9);
    x86_32(g, (int32_t)(target - g->p - 4));
}

static inline void x86_call(TcgGen *g, const uint8_t *target)
{
    x86_8(g, 0xe8);
    x86_32(g, (int32_t)(target - g->p - 4));
}

static inline void x86_jcc(TcgGen *g, unsigned cc, const uint8_t *target)
{
    x86_8(g, 0x0f);
    x86_8(g, 0x80 + cc);
    x86_32(g, (int32_t)(target - g->p - 4));
}

/* A short forward jump; returns what x86_here takes. */
static inline uint8_t *x86_jcc_short(TcgGen *g, unsigned cc)
{
    x86_8(g, 0x70 + cc);
    x86_8(g, 0);
    return g->p - 1;
}

static inline void x86_here(TcgGen *g, uint8_t *from)
{
    assert(g->p - from - 1 <= 127);
    *from = (uint8_t)(g->p - from - 1);
}

/* jcc to a stub (up to two per stub). */
static inline void x86_jcc_stub(TcgGen *g, unsigned cc, TcgStub *stub)
{
    x86_8(g, 0x0f);
    x86_8(g, 0x80 + cc);
    stub->jump[stub->jump[0] != NULL] = g->p;
    x86_32(g, 0);
}

#endif
