/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Control flow: branches, patchable jumps, the jump cache, helper calls. */
#include "x86.h"

static X86Mem exit_request(void)
{
    return x86_state(tcg_disp(offsetof(TcgState, exit_request)));
}

static X86Mem pc_page(void)
{
    return x86_state(tcg_disp(offsetof(TcgState, pc_page)));
}

static void test_exit(TcgGen *g)
{
    x86_alu_mi(g, ALU_CMP, 0, exit_request(), 0);
}

/* The page offset is one a direct jump may be patched for. */
static bool is_linkable(const TcgGen *g, int64_t page_offset)
{
    return page_offset >= 0 && page_offset < TCG_PAGE_SIZE && !g->r->split;
}

/*
 * Pads so that a displacement `before` bytes further on is 4-byte aligned. The padding goes before
 * what was emitted since `compare`: a compare and its jump stay together.
 */
static void align_displacement(TcgGen *g, uint8_t *compare, unsigned before)
{
    static const uint8_t nops[4][3] = { { 0 }, { 0x90 }, { 0x66, 0x90 }, { 0x0f, 0x1f, 0x00 } };
    unsigned pad = -((uintptr_t)g->p + before) & 3;
    memmove(compare + pad, compare, (size_t)(g->p - compare));
    memcpy(compare, nops[pad], pad);
    g->p += pad;
}

/* First run of a patchable jump: asks for its target and has the jump patched. */
static void stub_link(TcgGen *g, TcgStub *stub)
{
    const uint8_t *code = g->p;
    unsigned size = 5 + 7 + 5; /* up to the record */
    unsigned pad = -((uintptr_t)g->p + size) & 3;
    x86_mov_imm(g, RCX, stub->value);
    x86_lea(g, X_W, RDI, x86_mem(MEM_RIP, (int32_t)(5 + pad)));
    x86_jmp(g, g->ctx->tramp[TRAMP_LINK]);
    g->p += pad;
    const TcgJumpSite site = {
        .jump = (int32_t)(stub->jump[0] - g->p),
        .stub = (int32_t)(code - g->p),
    };
    assert(((uintptr_t)g->p & 3) == 0);
    memcpy(g->p, &site, sizeof(site));
    g->p += sizeof(site);
}

/* cc: condition of the code from `compare` on, or -1 for always. */
static void patchable_jump(TcgGen *g, int cc, uint8_t *compare, int64_t page_offset)
{
    TcgStub *stub = tcg_add_stub(g, stub_link);
    stub->value = page_offset;
    align_displacement(g, compare, cc < 0 ? 1 : 2);
    if (cc < 0) {
        x86_8(g, 0xe9);
        stub->jump[0] = g->p;
        x86_32(g, 0);
    } else {
        x86_jcc_stub(g, (unsigned)cc, stub);
    }
}

/* Within the page: straight to this region's own start (or rather the head of the loop that it is),
 * or through a patchable jump. */
static void jump_in_page(TcgGen *g, int cc, uint8_t *compare, int64_t page_offset)
{
    if (page_offset != g->r->start) {
        patchable_jump(g, cc, compare, page_offset);
    } else if (cc < 0) {
        x86_jmp(g, g->loop);
    } else {
        x86_jcc(g, (unsigned)cc, g->loop);
    }
}

static void leave_polled(TcgGen *g, int64_t page_offset)
{
    x86_mov_imm(g, RCX, page_offset);
    x86_jmp(g, g->ctx->tramp[TRAMP_POLL]);
}

static void stub_poll(TcgGen *g, TcgStub *stub)
{
    leave_polled(g, stub->value);
}

/* pc in rax is not in the jump cache. */
static void stub_cache_miss(TcgGen *g, TcgStub *stub)
{
    x86_mov_store(g, RAX, x86_state(tcg_disp(offsetof(TcgState, pc))));
    x86_jmp(g, g->ctx->tramp[TRAMP_DISPATCH]);
}

static void stub_poll_at_pc(TcgGen *g, TcgStub *stub)
{
    x86_mov_store(g, RAX, x86_state(tcg_disp(offsetof(TcgState, pc))));
    x86_jmp(g, g->ctx->tramp[TCG_TRAMP_EXIT]);
}

static int32_t jump_cache(const TcgGen *g)
{
    return tcg_disp(offsetof(TcgState, jc) + g->r->jc_idx * sizeof(TcgJump[TCG_JC_SIZE]));
}

/* Goes on at the pc in rax if the jump cache knows it, else asks. */
static void jump_through_cache(TcgGen *g)
{
    int32_t cache = jump_cache(g);
    _Static_assert(sizeof(TcgJump) == 16, "scaled by 8, from twice the index");
    x86_lea(g, 0, RCX, x86_mem_index(MEM_NONE, RAX, 3, 0));
    x86_alu_ri(g, ALU_AND, 0, RCX, (TCG_JC_SIZE - 1) << 4);
    TcgStub *miss = tcg_add_stub(g, stub_cache_miss);
    x86_rm(g, 0x3b | X_W, RAX, x86_mem_index(RBP, RCX, 0, cache + (int)offsetof(TcgJump, pc)));
    x86_jcc_stub(g, CC_NE, miss);
    x86_alu_ri(g, ALU_AND, X_W, RAX, -TCG_PAGE_SIZE);
    x86_mov_store(g, RAX, pc_page());
    x86_rm(g, 0xff, 4, x86_mem_index(RBP, RCX, 0, cache + (int)offsetof(TcgJump, code)));
}

static void jump_to_page(TcgGen *g, int64_t page_offset, bool poll)
{
    if (poll) {
        TcgStub *stop = tcg_add_stub(g, stub_poll);
        stop->value = page_offset;
        test_exit(g);
        x86_jcc_stub(g, CC_NE, stop);
    }
    x86_mov_load(g, RAX, pc_page());
    if (page_offset == (int32_t)page_offset) {
        x86_alu_ri(g, ALU_ADD, X_W, RAX, (int32_t)page_offset);
    } else {
        x86_mov_imm(g, RCX, page_offset);
        x86_rr(g, 0x03 | X_W, RAX, RCX);
    }
    jump_through_cache(g);
}

static void emit_jump(TcgGen *g, const IrOp *op)
{
    bool poll = op->flags & IR_F_POLL;
    if (!is_linkable(g, op->imm)) {
        jump_to_page(g, op->imm, poll);
        return;
    }
    if (op->imm == g->r->start) {
        x86_step_pages(g);
    }
    if (poll) {
        uint8_t *compare = g->p;
        test_exit(g);
        jump_in_page(g, CC_E, compare, op->imm);
        leave_polled(g, op->imm);
    } else {
        jump_in_page(g, -1, g->p, op->imm);
    }
}

/* A taken branch that has more to do than a jump can. */
static void stub_branch(TcgGen *g, TcgStub *stub)
{
    emit_jump(g, stub->op);
}

static void emit_brcond(TcgGen *g, const IrOp *op)
{
    uint8_t *compare = g->p;
    unsigned cc = x86_compare(g, x86_width(op), op->c, &g->in[0], &g->in[1]);
    if (!is_linkable(g, op->imm)) {
        TcgStub *stub = tcg_add_stub(g, stub_branch);
        stub->op = op;
        x86_jcc_stub(g, cc, stub);
    } else if ((op->flags & IR_F_POLL) || op->imm == g->r->start) {
        /* back-edges are mostly taken: keep them in line */
        uint8_t *not_taken = x86_jcc_short(g, cc ^ 1);
        emit_jump(g, op);
        x86_here(g, not_taken);
    } else {
        jump_in_page(g, (int)cc, compare, op->imm);
    }
}

static void emit_jumpind(TcgGen *g, const IrOp *op)
{
    TcgStub *stop = tcg_add_stub(g, stub_poll_at_pc);
    x86_fill(g, RAX, &g->in[0]);
    test_exit(g);
    x86_jcc_stub(g, CC_NE, stop);
    jump_through_cache(g);
}

static void emit_dispatch(TcgGen *g, const IrOp *op)
{
    x86_jmp(g, g->ctx->tramp[TRAMP_DISPATCH]);
}

static void emit_leave(TcgGen *g, const IrOp *op)
{
    x86_jmp(g, g->ctx->tramp[TCG_TRAMP_EXIT]);
}

static void emit_call(TcgGen *g, const IrOp *op)
{
    const TcgHelper *helper = &g->ctx->isa->helpers[op->imm];
    if (helper->flags & TCG_H_RAISES) { /* the trampoline adds the page */
        x86_mov_state_imm(g, tcg_disp(offsetof(TcgState, pc)), (int32_t)g->pc_offset);
    }
    x86_call(g, g->ctx->tramp[TRAMP_HELPER + op->imm]);
}

static void emit_pcrel(TcgGen *g, const IrOp *op)
{
    unsigned d = g->out.reg;
    if (op->imm == (int32_t)op->imm) {
        x86_mov_load(g, d, pc_page());
        x86_alu_ri(g, ALU_ADD, X_W, d, (int32_t)op->imm);
    } else {
        x86_mov_imm(g, d, op->imm);
        x86_rm(g, 0x03 | X_W, d, pc_page());
    }
}

static void emit_slotaddr(TcgGen *g, const IrOp *op)
{
    x86_lea(g, X_W, g->out.reg, x86_state(tcg_disp((size_t)op->imm)));
}

const TcgRow x86_rows_control[] = {
    { .opc = IR_brcond,
      .types = T_INT,
      .in = { OP_REG | OP_MEM | OP_IMM, OP_REG | OP_MEM | OP_IMM },
      .flags = ROW_ONE_REG,
      .emit = emit_brcond },
    { .opc = IR_jump, .types = T_ANY, .emit = emit_jump },
    { .opc = IR_jumpind,
      .types = T_ANY,
      .in = { OP_REG | OP_MEM | OP_IMM64 },
      .emit = emit_jumpind },
    { .opc = IR_dispatch, .types = T_ANY, .emit = emit_dispatch },
    { .opc = IR_leave, .types = T_ANY, .emit = emit_leave },
    { .opc = IR_call,
      .types = T_ANY,
      .in = { OP_REG, OP_REG, OP_REG, OP_REG },
      .fixed = { RDI + 1, RDX + 1, RCX + 1, RAX + 1 },
      .out = OP_REG,
      .out_fixed = RAX + 1,
      .clobbers = 1 << RAX | 1 << RCX | 1 << RDX | 1 << RDI | 0x3fu << XMM0,
      .emit = emit_call },
    { .opc = IR_pcrel, .types = T_ANY, .out = OP_REG, .emit = emit_pcrel },
    { .opc = IR_slotaddr, .types = T_ANY, .out = OP_REG, .emit = emit_slotaddr },
    { .emit = NULL },
};
