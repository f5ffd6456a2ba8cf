/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest memory: the soft-TLB check fused with its access, atomics, fences.
 *
 * An access has a pair of registers. It computes place = address ^ tag and compares that with the
 * largest offset at which it stays inside the page, then page = host address of the page. A miss
 * goes to a stub out of line, which has the access done by C. Later accesses off the same base only
 * compare `place` again; if they would leave the page, or the first one had missed, their stub
 * probes anew.
 */
#include "x86.h"

static unsigned place_reg(unsigned pair)
{
    return tcg_x86_64.page_pairs[pair].place;
}

static unsigned page_reg(unsigned pair)
{
    return tcg_x86_64.page_pairs[pair].page;
}

/* A member of the entry that the page register, offset of the entry in its table, selects. */
static X86Mem tlb_member(const TcgGen *g, unsigned pair, bool write, size_t member)
{
    size_t table = write ? offsetof(TcgTlb, store) : offsetof(TcgTlb, load);
    size_t tlb = offsetof(TcgState, tlb) + g->r->mmu_idx * sizeof(TcgTlb);
    return x86_mem_index(RBP, page_reg(pair), 0, tcg_disp(tlb + table + member));
}

static X86Mem tlb_tag(const TcgGen *g, unsigned pair, bool write)
{
    return tlb_member(g, pair, write, offsetof(TcgTlbEntry, tag));
}

void x86_forget_page(TcgGen *g, unsigned pair)
{
    x86_mov_imm(g, place_reg(pair), X86_NOWHERE);
}

void x86_step_pages(TcgGen *g)
{
    for (unsigned i = 0; i < PAGE_PAIRS; i++) {
        if (g->loop_fix[i].forget) {
            x86_forget_page(g, i);
        } else if (g->loop_fix[i].add) {
            x86_alu_ri(g, ALU_ADD, X_W, place_reg(i), g->loop_fix[i].add);
        }
    }
}

/* reg = base + offset; `other` may be used. */
static void form_address(TcgGen *g, const TcgOpnd *base, int64_t offset, unsigned reg,
                         unsigned other)
{
    bool small = offset == (int32_t)offset;
    if (base->kind == OPND_IMM) {
        x86_mov_imm(g, reg, base->imm + offset);
    } else if (base->kind == OPND_REG && small && offset) {
        x86_lea(g, X_W, reg, x86_mem(base->reg, (int32_t)offset));
    } else {
        x86_fill(g, reg, base);
        if (!small) {
            x86_mov_imm(g, other, offset);
            x86_rr(g, 0x03 | X_W, reg, other);
        } else if (offset) {
            x86_alu_ri(g, ALU_ADD, X_W, reg, (int32_t)offset);
        }
    }
}

/* place = address ^ tag, page = offset of the entry in its table */
static void probe(TcgGen *g, unsigned pair, const IrOp *check, const TcgOpnd *base, bool write)
{
    enum { ENTRY_BITS = 4 };
    _Static_assert(sizeof(TcgTlbEntry) == 1 << ENTRY_BITS, "the index is shifted by its size");
    unsigned place = place_reg(pair), page = page_reg(pair);
    form_address(g, base, check->imm, place, page);
    if (x86_has(g, X86_BMI2)) {
        x86_vrr(g, 0xf0 | X_0F3A | X_F2, page, 0, place);
        x86_8(g, TCG_PAGE_BITS - ENTRY_BITS);
    } else {
        x86_rr(g, 0x8b, page, place);
        x86_shift_imm(g, SHIFT_SHR, 0, page, TCG_PAGE_BITS - ENTRY_BITS);
    }
    x86_alu_ri(g, ALU_AND, 0, page, (TCG_TLB_SIZE - 1) << ENTRY_BITS);
    x86_rm(g, 0x33 | X_W, place, tlb_tag(g, pair, write));
}

static int32_t last_place(const IrOp *check)
{
    return TCG_PAGE_SIZE - (1 << (check->c & IR_MEM_SIZE_MASK));
}

static void load_host_page(TcgGen *g, unsigned pair, bool write)
{
    x86_mov_load(g, page_reg(pair), tlb_member(g, pair, write, offsetof(TcgTlbEntry, host)));
}

static X86Mem accessed(unsigned pair, int32_t delta)
{
    return x86_mem_index(page_reg(pair), place_reg(pair), 0, delta);
}

/* Raw accesses. */
static void raw_load(TcgGen *g, const IrOp *op, unsigned d, X86Mem m)
{
    static const uint32_t opcodes[8] = {
        0xb6 | X_0F,       0xb7 | X_0F,       0x8b,       0x8b | X_W,
        0xbe | X_0F | X_W, 0xbf | X_0F | X_W, 0x63 | X_W, 0x8b | X_W,
    };
    if (op->type >= IR_F32) {
        unsigned size = op->c & IR_MEM_SIZE_MASK;
        uint32_t opc = size == IR_MEM_64 ? 0x7e | X_0F | X_F3 : 0x6e | X_0F | X_66;
        assert(size >= IR_MEM_32);
        x86_rm(g, opc, d, m);
    } else {
        x86_rm(g, opcodes[op->c & (IR_MEM_SIZE_MASK | IR_MEM_SIGN)], d, m);
    }
}

static void raw_store(TcgGen *g, const IrOp *op, const TcgOpnd *value, X86Mem m)
{
    unsigned size = op->c & IR_MEM_SIZE_MASK;
    if (value->kind == OPND_REG && value->reg >= REG_FP0) {
        x86_rm(g, size == IR_MEM_64 ? 0xd6 | X_0F | X_66 : 0x7e | X_0F | X_66, value->reg, m);
        return;
    }
    bool constant = value->kind == OPND_IMM;
    if (size == IR_MEM_16) {
        x86_8(g, 0x66);
    }
    uint32_t opc = (constant ? 0xc6 : 0x88) + (size != IR_MEM_8);
    opc |= size == IR_MEM_64 ? X_W : size == IR_MEM_8 ? X_BYTE : 0;
    x86_rm(g, opc, constant ? 0 : value->reg, m);
    if (constant && size == IR_MEM_8) {
        x86_8(g, (uint8_t)value->imm);
    } else if (constant && size == IR_MEM_16) {
        x86_8(g, (uint8_t)value->imm);
        x86_8(g, (uint8_t)(value->imm >> 8));
    } else if (constant) {
        x86_32(g, (int32_t)value->imm);
    }
}

static void access_memory(TcgGen *g, const IrOp *check, const TcgOpnd *value, unsigned out,
                          X86Mem m)
{
    if (check[1].opc == IR_ld) {
        raw_load(g, check + 1, out, m);
    } else {
        raw_store(g, check + 1, value, m);
    }
}

/*
 * What a miss ends in: place = the address again, page = page offset of the instruction and the
 * access; then the trampoline, which leaves its result in `page` and X86_NOWHERE in `place`.
 */
static void call_miss(TcgGen *g, const TcgStub *stub, unsigned tramp)
{
    x86_rm(g, 0x33 | X_W, place_reg(stub->pair), tlb_tag(g, stub->pair, stub->write));
    x86_mov_imm(g, page_reg(stub->pair), stub->value << 8 | stub->op->c);
    x86_call(g, g->ctx->tramp[tramp + stub->pair * 2 + stub->live_fp]);
}

static void take_result(TcgGen *g, const TcgStub *stub)
{
    unsigned out = stub->out.reg, page = page_reg(stub->pair);
    if (out >= REG_FP0) {
        x86_rr(g, 0x6e | X_0F | X_66 | X_W, out, page);
    } else if (out != page) {
        x86_mov_rr(g, out, page);
    }
}

/* The access by C. A store's value goes through memory. */
static void access_by_call(TcgGen *g, const TcgStub *stub)
{
    const TcgOpnd *value = &stub->in[1];
    int32_t arg = tcg_disp(offsetof(TcgState, args));
    if (stub->op[1].opc == IR_ld) {
        call_miss(g, stub, TRAMP_LOAD);
        take_result(g, stub);
    } else {
        if (value->kind == OPND_IMM) {
            x86_mov_state_imm(g, arg, (int32_t)value->imm);
        } else {
            tcg_x86_64.store(g, IR_F64, value->reg, arg);
        }
        call_miss(g, stub, TRAMP_STORE);
    }
    x86_jmp(g, stub->back);
}

static void stub_miss(TcgGen *g, TcgStub *stub)
{
    access_by_call(g, stub);
}

/* The page is not the one known, or none is, or it may not be written. */
static void stub_other_page(TcgGen *g, TcgStub *stub)
{
    probe(g, stub->pair, stub->op, &stub->in[0], stub->write);
    x86_alu_ri(g, ALU_CMP, X_W, place_reg(stub->pair), last_place(stub->op));
    uint8_t *miss = x86_jcc_short(g, CC_A);
    load_host_page(g, stub->pair, stub->write);
    access_memory(g, stub->op, &stub->in[1], stub->out.reg, accessed(stub->pair, 0));
    if (!stub->carried) {
        x86_forget_page(g, stub->pair);
    } else if (stub->delta) {
        x86_alu_ri(g, ALU_SUB, X_W, place_reg(stub->pair), stub->delta);
    }
    x86_jmp(g, stub->back);
    x86_here(g, miss);
    access_by_call(g, stub);
}

static TcgStub *access_stub(TcgGen *g, const IrOp *op, void (*emit)(TcgGen *, TcgStub *))
{
    TcgStub *stub = tcg_add_stub(g, emit);
    stub->op = op;
    stub->in[0] = g->in[0];
    stub->in[1] = g->in[1];
    stub->out = g->out;
    stub->value = g->pc_offset;
    stub->pair = g->page_pair;
    stub->write = op->c & IR_MEM_WRITE;
    return stub;
}

static void access_known_page(TcgGen *g, const IrOp *op)
{
    unsigned place = place_reg(g->page_pair);
    TcgStub *stub = access_stub(g, op, stub_other_page);
    stub->carried = g->page_carried;
    stub->delta = g->page_delta;
    stub->write = g->page_writable;
    if (g->page_delta >= 0) {
        x86_alu_ri(g, ALU_CMP, X_W, place, last_place(op) - g->page_delta);
        x86_jcc_stub(g, CC_A, stub);
    } else {
        x86_alu_ri(g, ALU_CMP, X_W, place, -g->page_delta);
        x86_jcc_stub(g, CC_L, stub);
    }
    access_memory(g, op, &g->in[1], g->out.reg, accessed(g->page_pair, g->page_delta));
    stub->back = g->p;
}

static void find_page(TcgGen *g, const IrOp *op, TcgStub *stub, bool write)
{
    x86_alu_ri(g, ALU_CMP, X_W, place_reg(g->page_pair), last_place(op));
    x86_jcc_stub(g, CC_A, stub);
    load_host_page(g, g->page_pair, write);
}

static void emit_access(TcgGen *g, const IrOp *op)
{
    if (g->page_known) {
        access_known_page(g, op);
        return;
    }
    bool more = g->page_writable && !(op->c & IR_MEM_WRITE); /* asks for more than it needs */
    probe(g, g->page_pair, op, &g->in[0], g->page_writable);
    TcgStub *stub = access_stub(g, op, more ? stub_other_page : stub_miss);
    find_page(g, op, stub, g->page_writable);
    access_memory(g, op, &g->in[1], g->out.reg, accessed(g->page_pair, 0));
    stub->back = g->p;
}

/* The host pointer of an atomic: aligned, hence inside of the page; that is one test. */
static void stub_atomic_miss(TcgGen *g, TcgStub *stub)
{
    call_miss(g, stub, TRAMP_ATOMIC);
    take_result(g, stub);
    x86_jmp(g, stub->back);
}

/* flags: not zero if it is none of a host pointer's places in a page */
static void test_place(TcgGen *g, const IrOp *op, unsigned reg)
{
    x86_rr(g, 0xf7 | X_W, 0, reg); /* test r64, imm32 */
    x86_32(g, ~last_place(op));
}

static void stub_atomic_other_page(TcgGen *g, TcgStub *stub)
{
    unsigned place = place_reg(stub->pair);
    probe(g, stub->pair, stub->op, &stub->in[0], stub->write);
    test_place(g, stub->op, place);
    uint8_t *miss = x86_jcc_short(g, CC_NE);
    load_host_page(g, stub->pair, stub->write);
    x86_lea(g, X_W, stub->out.reg, accessed(stub->pair, 0));
    x86_forget_page(g, stub->pair);
    x86_jmp(g, stub->back);
    x86_here(g, miss);
    stub_atomic_miss(g, stub);
}

static void emit_atomic_check(TcgGen *g, const IrOp *op)
{
    unsigned pair = g->page_pair, out = g->out.reg;
    TcgStub *stub;
    if (g->page_known) {
        stub = access_stub(g, op, stub_atomic_other_page);
        x86_lea(g, X_W, out, x86_mem(place_reg(pair), g->page_delta));
        test_place(g, op, out);
        x86_jcc_stub(g, CC_NE, stub);
        x86_rr(g, 0x03 | X_W, out, page_reg(pair));
    } else {
        probe(g, pair, op, &g->in[0], true);
        stub = access_stub(g, op, stub_atomic_miss);
        test_place(g, op, place_reg(pair));
        x86_jcc_stub(g, CC_NE, stub);
        load_host_page(g, pair, true);
        x86_lea(g, X_W, out, accessed(pair, 0));
    }
    stub->write = true;
    stub->back = g->p;
}

static void emit_ld(TcgGen *g, const IrOp *op)
{
    raw_load(g, op, g->out.reg, x86_mem(g->in[0].reg, (int32_t)op->imm));
}

static void emit_st(TcgGen *g, const IrOp *op)
{
    raw_store(g, op, &g->in[1], x86_mem(g->in[0].reg, (int32_t)op->imm));
}

/* Atomics. Results of i32 are zero extended by the 32-bit register write. */
static bool result_unused(const TcgGen *g, const IrOp *op)
{
    return op->out == IR_NONE ||
           (ir_is_temp(op->out) && !g->ctx->temps[op->out - IR_TEMP0].last_use);
}

/* Where harts run at the same time, read-modify-writes are locked. */
static void lock_prefix(TcgGen *g)
{
    if (!g->r->serial) {
        x86_8(g, 0xf0);
    }
}

static const uint8_t amo_alu[] = {
    [IR_AMO_ADD] = ALU_ADD, [IR_AMO_AND] = ALU_AND, [IR_AMO_OR] = ALU_OR, [IR_AMO_XOR] = ALU_XOR
};

/* rax = old; temp[0] = new value from it and `b`. */
static void combine(TcgGen *g, const IrOp *op, const TcgOpnd *b)
{
    static const uint8_t keeps_old[] = {
        [IR_AMO_MIN] = CC_LE, [IR_AMO_MAX] = CC_GE, [IR_AMO_MINU] = CC_BE, [IR_AMO_MAXU] = CC_AE
    };
    uint32_t w = x86_width(op);
    const TcgOpnd t = { .kind = OPND_REG, .reg = g->temp[0] };
    if (op->c == IR_AMO_SWAP) {
        x86_fill(g, t.reg, b);
    } else if (op->c >= IR_AMO_MIN) {
        x86_fill(g, t.reg, b);
        x86_rr(g, 0x3b | w, RAX, t.reg);
        x86_rr(g, (0x40 + keeps_old[op->c]) | X_0F | w, t.reg, RAX);
    } else {
        x86_mov_rr(g, t.reg, RAX);
        x86_alu(g, amo_alu[op->c], w, &t, b);
    }
}

/* xadd and xchg; the result takes the operand's place. */
static void emit_amo_exchange(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    X86Mem m = x86_mem(g->in[0].reg, 0);
    x86_fill(g, g->temp[0], &g->in[1]);
    if (op->c == IR_AMO_ADD) {
        lock_prefix(g);
        x86_rm(g, 0xc1 | X_0F | w, g->temp[0], m);
    } else {
        x86_rm(g, 0x87 | w, g->temp[0], m);
    }
    x86_rr(g, 0x8b | w, RAX, g->temp[0]);
}

/* Tries until nobody else wrote between the load and the store. */
static void emit_amo_loop(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    X86Mem m = x86_mem(g->in[0].reg, 0);
    x86_rm(g, 0x8b | w, RAX, m);
    const uint8_t *again = g->p;
    combine(g, op, &g->in[1]);
    lock_prefix(g);
    x86_rm(g, 0xb1 | X_0F | w, g->temp[0], m);
    x86_8(g, 0x70 + CC_NE);
    x86_8(g, (uint8_t)(again - g->p - 1));
    if (!w) {
        x86_rr(g, 0x8b, RAX, RAX);
    }
}

static void emit_amo(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    X86Mem m = x86_mem(g->in[0].reg, 0);
    bool alu = op->c != IR_AMO_SWAP && op->c <= IR_AMO_XOR;
    if (alu && result_unused(g, op)) {
        x86_fill(g, g->temp[0], &g->in[1]);
        lock_prefix(g);
        x86_rm(g, (amo_alu[op->c] << 3 | 1) | w, g->temp[0], m);
    } else if (g->r->serial) {
        x86_rm(g, 0x8b | w, RAX, m);
        combine(g, op, &g->in[1]);
        x86_rm(g, 0x89 | w, g->temp[0], m);
    } else if (op->c == IR_AMO_ADD || op->c == IR_AMO_SWAP) {
        emit_amo_exchange(g, op);
    } else {
        emit_amo_loop(g, op);
    }
}

static void emit_cas(TcgGen *g, const IrOp *op)
{
    uint32_t w = x86_width(op);
    lock_prefix(g);
    x86_rm(g, 0xb1 | X_0F | w, g->in[2].reg, x86_mem(g->in[0].reg, 0));
    if (!w) { /* on success eax was not written */
        x86_rr(g, 0x8b, RAX, RAX);
    }
}

/* Locked operations order a store before later loads, cheaper than mfence. A device is told of a
 * store by C code, which locks. */
static void emit_fence(TcgGen *g, const IrOp *op)
{
    if (op->c == IR_FENCE_FULL && !g->r->serial) {
        x86_8(g, 0xf0);
        x86_alu_mi(g, ALU_OR, 0, x86_mem(RSP, 0), 0);
    }
}

enum { ADDRESS = OP_REG | OP_MEM | OP_IMM64 };

/* Their clobbers are the access's pair: the allocator adds them. */
const TcgRow x86_row_load = {
    .in = { ADDRESS },
    .out = OP_REG,
    .flags = ROW_FIRST | ROW_LAST,
    .emit = emit_access,
};

const TcgRow x86_row_store = {
    .in = { ADDRESS, OP_REG | OP_IMM },
    .flags = ROW_FIRST,
    .emit = emit_access,
};

const TcgRow x86_rows_memory[] = {
    /* atomics want rax for the old value */
    { .opc = IR_tlbchk,
      .types = T_ANY,
      .in = { ADDRESS },
      .out = OP_REG,
      .flags = ROW_FIRST | ROW_LAST,
      .reads = 1 << RAX,
      .emit = emit_atomic_check },
    { .opc = IR_ld, .types = T_ANY, .in = { OP_REG }, .out = OP_REG, .emit = emit_ld },
    { .opc = IR_st, .types = T_ANY, .in = { OP_REG, OP_REG | OP_IMM }, .emit = emit_st },
    { .opc = IR_amo,
      .types = T_INT,
      .in = { OP_REG, OP_REG | OP_IMM | OP_MEM },
      .out = OP_REG,
      .out_fixed = RAX + 1,
      .temps_int = 1,
      .clobbers = 1 << RAX,
      .emit = emit_amo },
    { .opc = IR_cas,
      .types = T_INT,
      .in = { OP_REG, OP_REG, OP_REG },
      .fixed = { 0, RAX + 1 },
      .out = OP_REG,
      .out_fixed = RAX + 1,
      .emit = emit_cas },
    { .opc = IR_fence, .types = T_ANY, .emit = emit_fence },
    { .emit = NULL },
};
