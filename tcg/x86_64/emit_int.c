/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Integer arithmetic, comparisons and extensions. */
#include "x86.h"

/* dst = a <alu> b where the operation takes two operands. */
static void two_operand(TcgGen *g, unsigned alu, uint32_t w, bool commutes)
{
    const TcgOpnd *d = &g->out, *a = &g->in[0], *b = &g->in[1];
    if (d->kind == OPND_MEM || x86_is_reg(a, d->reg)) {
        x86_alu(g, alu, w, d, b);
    } else if (x86_is_reg(b, d->reg)) {
        if (!commutes) { /* a - b = -b + a */
            x86_rr(g, 0xf7 | w, UNARY_NEG, d->reg);
            alu = ALU_ADD;
        }
        x86_alu(g, alu, w, d, a);
    } else {
        x86_fill(g, d->reg, a);
        x86_alu(g, alu, w, d, b);
    }
    if (d->kind == OPND_REG) {
        g->flags_end = g->p;
        g->flags_reg = d->reg;
        g->flags_wide = w;
    }
}

static void emit_add(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    const TcgOpnd *d = &g->out, *a = &g->in[0], *b = &g->in[1];
    bool separate = d->kind == OPND_REG && a->kind == OPND_REG && a->reg != d->reg;
    if (separate && b->kind == OPND_IMM) {
        x86_lea(g, w, d->reg, x86_mem(a->reg, (int32_t)b->imm));
    } else if (separate && b->kind == OPND_REG && b->reg != d->reg) {
        bool swap = (a->reg & 7) == RBP; /* such a base needs a displacement */
        x86_lea(g, w, d->reg,
                swap ? x86_mem_index(b->reg, a->reg, 0, 0) : x86_mem_index(a->reg, b->reg, 0, 0));
    } else {
        two_operand(g, ALU_ADD, w, true);
    }
}

static void emit_sub(TcgGen *g, const IrOp *op)
{
    TcgOpnd *b = &g->in[1];
    if (b->kind == OPND_IMM && b->imm != INT32_MIN) {
        b->imm = -b->imm;
        emit_add(g, op);
        return;
    }
    two_operand(g, ALU_SUB, x86_width(op), false);
}

static void emit_and(TcgGen *g, const IrOp *op)
{
    const TcgOpnd *b = &g->in[1];
    if (g->out.kind == OPND_REG && b->kind == OPND_IMM && b->imm >= 0) {
        if ((b->imm == 0xff || b->imm == 0xffff) && g->in[0].kind != OPND_IMM) {
            uint32_t opc = b->imm == 0xff ? 0xb6 | X_BYTE : 0xb7;
            x86_ro(g, opc | X_0F, g->out.reg, &g->in[0]);
            return;
        }
        two_operand(g, ALU_AND, 0, true);
        return;
    }
    two_operand(g, ALU_AND, x86_width(op), true);
}

static void emit_or(TcgGen *g, const IrOp *op)
{
    two_operand(g, ALU_OR, x86_width(op), true);
}

static void emit_xor(TcgGen *g, const IrOp *op)
{
    if (g->out.kind == OPND_REG && g->in[1].kind == OPND_IMM && g->in[1].imm == -1) {
        x86_fill(g, g->out.reg, &g->in[0]);
        x86_rr(g, 0xf7 | x86_width(op), UNARY_NOT, g->out.reg);
        return;
    }
    two_operand(g, ALU_XOR, x86_width(op), true);
}

/* a & ~b, BMI1: the complemented operand is the extra source. */
static void emit_andn_bmi(TcgGen *g, const IrOp *op)
{
    x86_vro(g, 0xf2 | X_0F38 | x86_width(op), g->out.reg, g->in[1].reg, &g->in[0]);
}

static void emit_andn(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    unsigned t = g->temp[0];
    const TcgOpnd temp = { .kind = OPND_REG, .reg = (uint8_t)t };
    x86_fill(g, t, &g->in[1]);
    x86_rr(g, 0xf7 | w, UNARY_NOT, t);
    x86_fill(g, g->out.reg, &g->in[0]);
    x86_alu(g, ALU_AND, w, &g->out, &temp);
}

static void emit_addsh(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    unsigned d = g->out.reg, b = g->in[1].reg;
    const TcgOpnd *a = &g->in[0];
    if (a->kind == OPND_REG) {
        x86_lea(g, w, d, x86_mem_index(a->reg, b, op->c, 0));
    } else if (a->kind == OPND_IMM) {
        x86_lea(g, w, d, x86_mem_index(MEM_NONE, b, op->c, (int32_t)a->imm));
    } else if (d == b) {
        x86_shift_imm(g, SHIFT_SHL, w, d, op->c);
        x86_alu(g, ALU_ADD, w, &g->out, a);
    } else {
        x86_fill(g, d, a);
        x86_lea(g, w, d, x86_mem_index(d, b, op->c, 0));
    }
}

static void emit_mul(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    unsigned d = g->out.reg;
    const TcgOpnd *a = &g->in[0], *b = &g->in[1];
    if (b->kind == OPND_IMM) {
        bool small = b->imm == (int8_t)b->imm;
        x86_ro(g, (small ? 0x6b : 0x69) | w, d, a);
        small ? x86_8(g, (uint8_t)b->imm) : x86_32(g, (int32_t)b->imm);
    } else if (x86_is_reg(b, d)) {
        x86_ro(g, 0xaf | X_0F | w, d, a);
    } else {
        x86_fill(g, d, a);
        x86_ro(g, 0xaf | X_0F | w, d, b);
    }
}

/* High halves of 64-bit products. */
static void emit_mulhu_bmi(TcgGen *g, const IrOp *op)
{
    x86_vro(g, 0xf6 | X_0F38 | X_F2 | X_W, g->out.reg, g->out.reg, &g->in[1]);
}

static void emit_mulhu(TcgGen *g, const IrOp *op)
{
    x86_ro(g, 0xf7 | X_W, UNARY_MUL, &g->in[1]);
}

static void emit_mulhs(TcgGen *g, const IrOp *op)
{
    x86_ro(g, 0xf7 | X_W, UNARY_IMUL, &g->in[1]);
}

/* Unsigned product, less b where a is negative. */
static void emit_mulhsu(TcgGen *g, const IrOp *op)
{
    const TcgOpnd rax = { .kind = OPND_REG, .reg = RAX };
    x86_mov_rr(g, g->temp[0], RAX);
    x86_ro(g, 0xf7 | X_W, UNARY_MUL, &g->in[1]);
    x86_shift_imm(g, SHIFT_SAR, X_W, g->temp[0], 63);
    x86_mov_rr(g, RAX, g->temp[0]);
    x86_alu(g, ALU_AND, X_W, &rax, &g->in[1]);
    x86_rr(g, 0x2b | X_W, RDX, RAX);
}

/* Of 32-bit ones: through the whole product. */
static void emit_mulh32(TcgGen *g, const IrOp *op)
{
    uint32_t opc_a = op->opc == IR_mulhu ? 0x8b : 0x63 | X_W;
    uint32_t opc_b = op->opc == IR_mulhs ? 0x63 | X_W : 0x8b;
    x86_ro(g, opc_b, g->temp[0], &g->in[1]);
    x86_ro(g, opc_a, g->out.reg, &g->in[0]);
    x86_rr(g, 0xaf | X_0F | X_W, g->out.reg, g->temp[0]);
    x86_shift_imm(g, SHIFT_SHR, X_W, g->out.reg, 32);
}

static bool is_remainder(const IrOp *op)
{
    return op->opc == IR_remu || op->opc == IR_rems;
}

/* Divisor 0. Dividend in rax; quotient goes there, remainder to rdx. */
static void stub_divu(TcgGen *g, TcgStub *stub)
{
    if (is_remainder(stub->op)) {
        x86_rr(g, 0x8b | x86_width(stub->op), RDX, RAX);
    } else {
        x86_mov_imm(g, RAX, x86_width(stub->op) ? -1 : (int64_t)UINT32_MAX);
    }
    x86_jmp(g, stub->back);
}

/* Divisor 0 or -1. */
static void stub_divs(TcgGen *g, TcgStub *stub)
{
    uint32_t w = x86_width(stub->op);
    unsigned b = stub->in[1].reg;
    if (is_remainder(stub->op)) {
        x86_mov_imm(g, RDX, 0);
        x86_rr(g, 0x85 | w, b, b);
        x86_rr(g, 0x44 | X_0F | w, RDX, RAX);
    } else {
        x86_rr(g, 0xf7 | w, UNARY_NEG, RAX);
        x86_mov_imm(g, RDX, -1);
        x86_rr(g, 0x85 | w, b, b);
        x86_rr(g, 0x44 | X_0F | w, RAX, RDX);
    }
    x86_jmp(g, stub->back);
}

static void emit_div(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    unsigned b = g->in[1].reg;
    bool is_signed = op->opc == IR_divs || op->opc == IR_rems;
    TcgStub *stub = tcg_add_stub(g, is_signed ? stub_divs : stub_divu);
    stub->op = op;
    stub->in[1] = g->in[1];
    if (is_signed) {
        x86_lea(g, w, RDX, x86_mem(b, 1));
        x86_alu_ri(g, ALU_CMP, w, RDX, 1);
        x86_jcc_stub(g, CC_BE, stub);
        x86_opcode(g, 0x99 | w, 0, 0, 0, false);
        x86_rr(g, 0xf7 | w, UNARY_IDIV, b);
    } else {
        x86_rr(g, 0x85 | w, b, b);
        x86_jcc_stub(g, CC_E, stub);
        x86_rr(g, 0x33, RDX, RDX);
        x86_rr(g, 0xf7 | w, UNARY_DIV, b);
    }
    stub->back = g->p;
}

static void emit_extend(TcgGen *g, const IrOp *op)
{
    static const uint32_t opcodes[] = {
        [IR_sext8] = 0xbe | X_0F | X_W | X_BYTE,
        [IR_sext16] = 0xbf | X_0F | X_W,
        [IR_sext32] = 0x63 | X_W,
        [IR_zext8] = 0xb6 | X_0F | X_BYTE,
        [IR_zext16] = 0xb7 | X_0F,
        [IR_zext32] = 0x8b,
    };
    x86_ro(g, opcodes[op->opc], g->out.reg, &g->in[0]);
}

static void emit_bswap(TcgGen *g, const IrOp *op)
{
    unsigned d = g->out.reg;
    x86_fill(g, d, &g->in[0]);
    x86_opcode(g, (0xc8 + (d & 7)) | X_0F | x86_width(op), 0, 0, d, false);
}

/* lzcnt, tzcnt, popcnt */
static void emit_count(TcgGen *g, const IrOp *op)
{
    static const uint32_t opcodes[] = { [IR_clz] = 0xbd, [IR_ctz] = 0xbc, [IR_popcnt] = 0xb8 };
    x86_ro(g, opcodes[op->opc] | X_0F | X_F3 | x86_width(op), g->out.reg, &g->in[0]);
}

/* bsr and bsf leave no result for 0. */
static void emit_scan(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    unsigned d = g->out.reg, t = g->temp[0];
    int bits = w ? 64 : 32;
    bool leading = op->opc == IR_clz;
    x86_ro(g, (leading ? 0xbd : 0xbc) | X_0F | w, d, &g->in[0]);
    x86_mov_imm(g, t, leading ? 2 * bits - 1 : bits);
    x86_rr(g, 0x44 | X_0F | w, d, t);
    if (leading) {
        x86_alu_ri(g, ALU_XOR, 0, d, bits - 1);
    }
}

/* Sums of bits in pairs, nibbles, bytes; then all bytes by a multiplication. */
static void emit_popcnt_sums(TcgGen *g, const IrOp *op)
{
    unsigned d = g->out.reg, t = g->temp[0], m = g->temp[1];
    x86_ro(g, 0x8b | x86_width(op), d, &g->in[0]);
    x86_mov_rr(g, t, d);
    x86_shift_imm(g, SHIFT_SHR, X_W, t, 1);
    x86_mov_imm(g, m, 0x5555555555555555);
    x86_rr(g, 0x23 | X_W, t, m);
    x86_rr(g, 0x2b | X_W, d, t);
    x86_mov_rr(g, t, d);
    x86_shift_imm(g, SHIFT_SHR, X_W, d, 2);
    x86_mov_imm(g, m, 0x3333333333333333);
    x86_rr(g, 0x23 | X_W, t, m);
    x86_rr(g, 0x23 | X_W, d, m);
    x86_rr(g, 0x03 | X_W, d, t);
    x86_mov_rr(g, t, d);
    x86_shift_imm(g, SHIFT_SHR, X_W, t, 4);
    x86_rr(g, 0x03 | X_W, d, t);
    x86_mov_imm(g, m, 0x0f0f0f0f0f0f0f0f);
    x86_rr(g, 0x23 | X_W, d, m);
    x86_mov_imm(g, m, 0x0101010101010101);
    x86_rr(g, 0xaf | X_0F | X_W, d, m);
    x86_shift_imm(g, SHIFT_SHR, X_W, d, 56);
}

unsigned x86_compare(TcgGen *g, uint32_t w, unsigned cond, const TcgOpnd *a, const TcgOpnd *b)
{
    static const uint8_t codes[IR_COND_COUNT] = {
        [IR_EQ] = CC_E,   [IR_NE] = CC_NE, [IR_LT] = CC_L, [IR_GE] = CC_GE,  [IR_LTU] = CC_B,
        [IR_GEU] = CC_AE, [IR_LE] = CC_LE, [IR_GT] = CC_G, [IR_LEU] = CC_BE, [IR_GTU] = CC_A,
    };
    static const uint8_t swapped[IR_COND_COUNT] = {
        [IR_EQ] = IR_EQ,   [IR_NE] = IR_NE, [IR_LT] = IR_GT, [IR_GE] = IR_LE,   [IR_LTU] = IR_GTU,
        [IR_GEU] = IR_LEU, [IR_LE] = IR_GE, [IR_GT] = IR_LT, [IR_LEU] = IR_GEU, [IR_GTU] = IR_LTU,
    };
    if (a->kind == OPND_IMM) {
        const TcgOpnd *t = a;
        a = b;
        b = t;
        cond = swapped[cond];
    }
    bool zero = b->kind == OPND_IMM && b->imm == 0;
    if (zero && cond <= IR_NE && x86_is_reg(a, g->flags_reg) && g->flags_end == g->p &&
        g->flags_wide == (w != 0)) {
        return codes[cond]; /* the flags are those of the op before */
    }
    if (a->kind == OPND_REG && zero) {
        x86_rr(g, 0x85 | w, a->reg, a->reg);
    } else {
        x86_alu(g, ALU_CMP, w, a, b);
    }
    return codes[cond];
}

static void emit_setc(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    unsigned d = g->out.reg;
    const TcgOpnd *a = &g->in[0], *b = &g->in[1];
    if (op->c == IR_LT && b->kind == OPND_IMM && b->imm == 0) {
        x86_ro(g, 0x8b | w, d, a);
        x86_shift_imm(g, SHIFT_SHR, w, d, w ? 63 : 31);
    } else if (x86_is_reg(a, d) || x86_is_reg(b, d)) {
        x86_setcc(g, x86_compare(g, w, op->c, a, b), d);
        x86_rr(g, 0xb6 | X_0F | X_BYTE, d, d);
    } else {
        x86_rr(g, 0x33, d, d);
        x86_setcc(g, x86_compare(g, w, op->c, a, b), d);
    }
}

static void emit_sel(TcgGen *g, const IrOp *op)
{
    unsigned d = g->out.reg;
    const TcgOpnd *yes = &g->in[2], *no = &g->in[3];
    unsigned cc = x86_compare(g, x86_width(op), op->c, &g->in[0], &g->in[1]);
    if (x86_is_reg(yes, d)) {
        x86_ro(g, (0x40 + (cc ^ 1)) | X_0F | X_W, d, no);
    } else {
        x86_fill(g, d, no);
        x86_ro(g, (0x40 + cc) | X_0F | X_W, d, yes);
    }
}

enum {
    RM = OP_REG | OP_MEM,
    RI = OP_REG | OP_IMM,
    RMI = OP_REG | OP_MEM | OP_IMM,
    I32 = 1 << IR_I32,
    I64 = 1 << IR_I64,
};

#define ROW2(name, ts, a, b, fl, fn)                                                               \
    {                                                                                              \
        .opc = IR_##name, .types = ts, .in = { a, b }, .out = OP_REG, .flags = fl, .emit = fn      \
    }
#define ROW2_RMW(name, fn)                                                                         \
    {                                                                                              \
        .opc = IR_##name, .types = I64, .in = { RMI, RMI }, .out = OP_REG | OP_RMW,                \
        .flags = ROW_NO_MEM2, .emit = fn                                                           \
    }
#define ROW1(name, ts, a, fn)                                                                      \
    {                                                                                              \
        .opc = IR_##name, .types = ts, .in = { a }, .out = OP_REG, .emit = fn                      \
    }
#define ROW_DIV(name, result)                                                                      \
    {                                                                                              \
        .opc = IR_##name, .types = T_INT, .in = { OP_REG, OP_REG }, .fixed = { RAX + 1 },          \
        .out = OP_REG, .out_fixed = result + 1, .clobbers = 1 << RAX | 1 << RDX, .emit = emit_div  \
    }

const TcgRow x86_rows_int[] = {
    ROW2_RMW(add, emit_add),
    ROW2_RMW(sub, emit_sub),
    ROW2_RMW(and, emit_and),
    ROW2_RMW(or, emit_or),
    ROW2_RMW(xor, emit_xor),
    ROW2(add, I32, RMI, RMI, 0, emit_add),
    ROW2(sub, I32, RMI, RMI, 0, emit_sub),
    ROW2(and, I32, RMI, RMI, 0, emit_and),
    ROW2(or, I32, RMI, RMI, 0, emit_or),
    ROW2(xor, I32, RMI, RMI, 0, emit_xor),
    { .opc = IR_andn,
      .types = T_INT,
      .in = { RM, OP_REG },
      .out = OP_REG,
      .needs = X86_BMI1,
      .emit = emit_andn_bmi },
    { .opc = IR_andn,
      .types = T_INT,
      .in = { RMI, RM },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_andn },
    ROW2(addsh, T_INT, RMI, OP_REG, 0, emit_addsh),
    ROW2(mul, T_INT, RM, RMI, 0, emit_mul),
    { .opc = IR_mulhu,
      .types = I64,
      .in = { OP_REG, RM },
      .fixed = { RDX + 1 },
      .out = OP_REG,
      .flags = ROW_LAST,
      .needs = X86_BMI2,
      .emit = emit_mulhu_bmi },
    { .opc = IR_mulhu,
      .types = I64,
      .in = { OP_REG, RM },
      .fixed = { RAX + 1 },
      .out = OP_REG,
      .out_fixed = RDX + 1,
      .clobbers = 1 << RAX | 1 << RDX,
      .emit = emit_mulhu },
    { .opc = IR_mulhs,
      .types = I64,
      .in = { OP_REG, RM },
      .fixed = { RAX + 1 },
      .out = OP_REG,
      .out_fixed = RDX + 1,
      .clobbers = 1 << RAX | 1 << RDX,
      .emit = emit_mulhs },
    { .opc = IR_mulhsu,
      .types = I64,
      .in = { OP_REG, RM },
      .fixed = { RAX + 1 },
      .out = OP_REG,
      .out_fixed = RDX + 1,
      .temps_int = 1,
      .clobbers = 1 << RAX | 1 << RDX,
      .emit = emit_mulhsu },
    { .opc = IR_mulhu,
      .types = I32,
      .in = { RM, RM },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_mulh32 },
    { .opc = IR_mulhs,
      .types = I32,
      .in = { RM, RM },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_mulh32 },
    { .opc = IR_mulhsu,
      .types = I32,
      .in = { RM, RM },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_mulh32 },
    ROW_DIV(divu, RAX),
    ROW_DIV(divs, RAX),
    ROW_DIV(remu, RDX),
    ROW_DIV(rems, RDX),
    ROW1(sext8, T_INT, RM, emit_extend),
    ROW1(sext16, T_INT, RM, emit_extend),
    ROW1(sext32, T_INT, RM, emit_extend),
    ROW1(zext8, T_INT, RM, emit_extend),
    ROW1(zext16, T_INT, RM, emit_extend),
    ROW1(zext32, T_INT, RM, emit_extend),
    ROW1(bswap, T_INT, RM, emit_bswap),
    { .opc = IR_clz,
      .types = T_INT,
      .in = { RM },
      .out = OP_REG,
      .needs = X86_LZCNT,
      .emit = emit_count },
    { .opc = IR_clz,
      .types = T_INT,
      .in = { RM },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_scan },
    { .opc = IR_ctz,
      .types = T_INT,
      .in = { RM },
      .out = OP_REG,
      .needs = X86_BMI1,
      .emit = emit_count },
    { .opc = IR_ctz,
      .types = T_INT,
      .in = { RM },
      .out = OP_REG,
      .temps_int = 1,
      .emit = emit_scan },
    { .opc = IR_popcnt,
      .types = T_INT,
      .in = { RM },
      .out = OP_REG,
      .needs = X86_POPCNT,
      .emit = emit_count },
    { .opc = IR_popcnt,
      .types = T_INT,
      .in = { RM },
      .out = OP_REG,
      .temps_int = 2,
      .emit = emit_popcnt_sums },
    ROW2(setc, T_INT, RMI, RMI, ROW_ONE_REG, emit_setc),
    { .opc = IR_sel,
      .types = T_INT,
      .in = { RMI, RMI, RM, RM },
      .out = OP_REG,
      .flags = ROW_ONE_REG,
      .emit = emit_sel },
    { .emit = NULL },
};
