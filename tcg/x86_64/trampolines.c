/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Code at the start of the buffer between C and generated code.
 *
 * In generated code rbp = state + TCG_STATE_BIAS, rsp is a multiple of 16 and MXCSR is the guest's.
 * Trampolines that stubs call keep every register but those named; integer pins are always written
 * back to their slots, since what is called may look at the guest.
 */
#include "x86.h"

enum {
    CALLER_SAVED = 1 << RSI | 1 << R8 | 1 << R9 | 1 << R10 | 1 << R11,
    FP_TEMPS = 6,
    SAVED_FP = 8, /* index in TcgState.saved; integer temporaries are saved by their number */
};

#define STATE(field) x86_state(tcg_disp(offsetof(TcgState, field)))

static X86Mem saved(unsigned index)
{
    return x86_state(tcg_disp(offsetof(TcgState, saved) + index * 8));
}

static X86Mem argument(unsigned index)
{
    return x86_state(tcg_disp(offsetof(TcgState, args) + index * 8));
}

/* Moves pinned registers of a set to or from their slots. */
static void transfer_pins(TcgGen *g, RegSet set, bool load)
{
    const TcgContext *ctx = g->ctx;
    for (unsigned reg = 0; reg < REG_COUNT; reg++) {
        if (ctx->pin_slot[reg] == IR_NONE || !(set & reg_bit(reg))) {
            continue;
        }
        int32_t disp = tcg_disp(ctx->isa->slots[ctx->pin_slot[reg] - IR_SLOT0].offset);
        IrType type = reg < REG_FP0 ? IR_I64 : IR_F64;
        load ? ctx->backend->load(g, type, reg, disp) : ctx->backend->store(g, type, reg, disp);
    }
}

static const RegSet all_pins = ~(RegSet)0, volatile_pins = CALLER_SAVED | ~(RegSet)0xffff;

static void transfer_fp_temps(TcgGen *g, bool load)
{
    for (unsigned i = 0; i < FP_TEMPS; i++) {
        int32_t disp = saved(SAVED_FP + i).disp;
        load ? g->ctx->backend->load(g, IR_F64, XMM0 + i, disp)
             : g->ctx->backend->store(g, IR_F64, XMM0 + i, disp);
    }
}

static void stmxcsr(TcgGen *g, X86Mem m)
{
    x86_rm(g, 0xae | X_0F, 3, m);
}

static void ldmxcsr(TcgGen *g, X86Mem m)
{
    x86_rm(g, 0xae | X_0F, 2, m);
}

/* C runs under its own MXCSR: the guest's rounding mode must not change what libraries compute, nor
 * their flags reach the guest. */
static void call_runtime(TcgGen *g, TcgRuntime number)
{
    stmxcsr(g, STATE(fp_status));
    ldmxcsr(g, STATE(host_fp));
    x86_lea(g, X_W, RDI, x86_state(-TCG_STATE_BIAS));
    x86_rm(g, 0xff, 2, x86_state(tcg_disp(offsetof(TcgState, rt) + number * sizeof(void *))));
    ldmxcsr(g, STATE(fp_status));
}

static void begin(TcgGen *g, unsigned number)
{
    while ((uintptr_t)g->p & 15) {
        x86_8(g, 0xcc);
    }
    g->ctx->tramp[number] = g->p;
}

static const uint8_t callee_saved[] = { RBX, RBP, R12, R13, R14, R15 };

/* void (TcgState *, code): into generated code. */
static void write_enter(TcgGen *g)
{
    begin(g, TCG_TRAMP_ENTER);
    for (unsigned i = 0; i < G_N_ELEMENTS(callee_saved); i++) {
        x86_opcode(g, 0x50 + (callee_saved[i] & 7), 0, 0, callee_saved[i], false);
    }
    x86_alu_ri(g, ALU_SUB, X_W, RSP, 8);
    x86_lea(g, X_W, RBP, x86_mem(RDI, TCG_STATE_BIAS));
    x86_mov_rr(g, RAX, RSI);
    stmxcsr(g, STATE(host_fp));
    ldmxcsr(g, STATE(fp_status));
    transfer_pins(g, all_pins, true);
    x86_rr(g, 0xff, 4, RAX);
}

/* Poll: rcx = page offset to go on at. Exit: back to the caller of the above. */
static void write_exit(TcgGen *g)
{
    begin(g, TRAMP_POLL);
    x86_rm(g, 0x03 | X_W, RCX, STATE(pc_page));
    x86_mov_store(g, RCX, STATE(pc));
    g->ctx->tramp[TCG_TRAMP_EXIT] = g->p;
    transfer_pins(g, all_pins, false);
    stmxcsr(g, STATE(fp_status));
    ldmxcsr(g, STATE(host_fp));
    x86_alu_ri(g, ALU_ADD, X_W, RSP, 8);
    for (unsigned i = G_N_ELEMENTS(callee_saved); i-- > 0;) {
        x86_opcode(g, 0x58 + (callee_saved[i] & 7), 0, 0, callee_saved[i], false);
    }
    x86_8(g, 0xc3);
}

/* Dispatch: on at state->pc. Raised: the same with pins written back already. */
static void write_dispatch(TcgGen *g)
{
    begin(g, TRAMP_DISPATCH);
    transfer_pins(g, all_pins, false);
    g->ctx->tramp[TRAMP_RAISED] = g->p;
    call_runtime(g, TCG_RT_LOOKUP);
    transfer_pins(g, all_pins, true);
    x86_rr(g, 0xff, 4, RAX);
}

/* rcx = page offset to go on at, rdi = TcgJumpSite. */
static void write_link(TcgGen *g)
{
    begin(g, TRAMP_LINK);
    x86_rm(g, 0x03 | X_W, RCX, STATE(pc_page));
    x86_mov_store(g, RCX, STATE(pc));
    transfer_pins(g, all_pins, false);
    x86_mov_rr(g, RSI, RDI);
    call_runtime(g, TCG_RT_LINK);
    transfer_pins(g, all_pins, true);
    x86_rr(g, 0xff, 4, RAX);
}

/* After a call from a trampoline that was called itself: leaves if a fault was raised. */
static void check_raised(TcgGen *g)
{
    x86_alu_mi(g, ALU_CMP, 0, STATE(raised), 0);
    uint8_t *fine = x86_jcc_short(g, CC_E);
    x86_alu_ri(g, ALU_ADD, X_W, RSP, 16); /* alignment and return address */
    x86_jmp(g, g->ctx->tramp[TRAMP_RAISED]);
    x86_here(g, fine);
}

/*
 * place = gva, page = page offset of the instruction << 8 | access, in the registers of the pair; a
 * store's value in args[0]. Result in `page`; `place` gets what no later check accepts.
 */
static void write_miss(TcgGen *g, unsigned number, TcgRuntime runtime, unsigned pair, bool live_fp)
{
    unsigned place = tcg_x86_64.page_pairs[pair].place, page = tcg_x86_64.page_pairs[pair].page;
    const unsigned others[] = { tcg_x86_64.page_pairs[!pair].place,
                                tcg_x86_64.page_pairs[!pair].page };
    begin(g, number);
    x86_mov_store(g, others[0], saved(others[0]));
    x86_mov_store(g, others[1], saved(others[1]));
    transfer_pins(g, all_pins, false);
    if (live_fp) {
        transfer_fp_temps(g, false);
    }
    x86_mov_rr(g, RSI, place);
    x86_mov_rr(g, R8, page);
    x86_shift_imm(g, SHIFT_SAR, X_W, R8, 8);
    x86_rm(g, 0x03 | X_W, R8, STATE(pc_page));
    x86_mov_store(g, R8, STATE(pc));
    x86_rr(g, 0xb6 | X_0F | X_BYTE, RDX, page);
    if (runtime == TCG_RT_STORE) {
        x86_mov_load(g, RCX, argument(0));
    }
    x86_alu_ri(g, ALU_SUB, X_W, RSP, 8);
    call_runtime(g, runtime);
    check_raised(g);
    x86_alu_ri(g, ALU_ADD, X_W, RSP, 8);
    x86_mov_rr(g, page, RAX);
    x86_mov_imm(g, place, X86_NOWHERE);
    x86_mov_load(g, others[0], saved(others[0]));
    x86_mov_load(g, others[1], saved(others[1]));
    transfer_pins(g, volatile_pins, true);
    if (live_fp) {
        transfer_fp_temps(g, true);
    }
    x86_8(g, 0xc3);
}

/* args[0..2] = inputs, args[3] = what; result in args[0]. Keeps every register. */
static void write_fp(TcgGen *g)
{
    static const uint8_t temps[] = { RAX, RCX, RDX, RDI };
    begin(g, TRAMP_FP);
    for (unsigned i = 0; i < G_N_ELEMENTS(temps); i++) {
        x86_mov_store(g, temps[i], saved(temps[i]));
    }
    transfer_pins(g, volatile_pins, false);
    transfer_fp_temps(g, false);
    x86_mov_load(g, RSI, argument(3));
    x86_mov_load(g, RDX, argument(0));
    x86_mov_load(g, RCX, argument(1));
    x86_mov_load(g, R8, argument(2));
    x86_alu_ri(g, ALU_SUB, X_W, RSP, 8);
    call_runtime(g, TCG_RT_FP);
    x86_alu_ri(g, ALU_ADD, X_W, RSP, 8);
    x86_mov_store(g, RAX, argument(0));
    transfer_fp_temps(g, true);
    transfer_pins(g, volatile_pins, true);
    for (unsigned i = 0; i < G_N_ELEMENTS(temps); i++) {
        x86_mov_load(g, temps[i], saved(temps[i]));
    }
    x86_8(g, 0xc3);
}

/* rdi, rdx, rcx, rax = arguments; result in rax. Temporaries are lost. If it may raise, state->pc
 * is the page offset of the instruction. */
static void write_helper(TcgGen *g, unsigned number)
{
    const TcgHelper *h = &g->ctx->isa->helpers[number];
    bool raises = h->flags & TCG_H_RAISES;
    bool swap_fp = raises || (h->flags & TCG_H_FP); /* what may raise may do anything */
    bool reads = raises || (h->flags & TCG_H_READS), writes = raises || (h->flags & TCG_H_WRITES);
    begin(g, TRAMP_HELPER + number);
    transfer_pins(g, reads ? all_pins : volatile_pins, false);
    if (raises) {
        x86_mov_load(g, R9, STATE(pc_page));
        x86_rm(g, 0x01 | X_W, R9, STATE(pc));
    }
    if (swap_fp) {
        stmxcsr(g, STATE(fp_status));
        ldmxcsr(g, STATE(host_fp));
    }
    x86_mov_rr(g, RSI, RDI);
    x86_mov_rr(g, R8, RAX);
    x86_lea(g, X_W, RDI, x86_state(-TCG_STATE_BIAS));
    x86_alu_ri(g, ALU_SUB, X_W, RSP, 8);
    x86_rm(g, 0xff, 2, x86_state(tcg_disp(offsetof(TcgState, helpers) + number * sizeof(void *))));
    if (swap_fp) {
        ldmxcsr(g, STATE(fp_status));
    }
    if (raises) {
        check_raised(g);
    }
    x86_alu_ri(g, ALU_ADD, X_W, RSP, 8);
    transfer_pins(g, writes ? all_pins : volatile_pins, true);
    x86_8(g, 0xc3);
}

static void write_pool(TcgGen *g)
{
    static const uint64_t pool[X86_POOL_COUNT][2] = {
        [X86_POOL_SIGN64] = { 0x8000000000000000 }, [X86_POOL_SIGN32] = { 0x80000000 },
        [X86_POOL_ABS64] = { 0x7fffffffffffffff },  [X86_POOL_ABS32] = { 0x7fffffff },
        [X86_POOL_BOX] = { 0xffffffff00000000 },
    };
    begin(g, TRAMP_POOL);
    memcpy(g->p, pool, sizeof(pool));
    g->p += sizeof(pool);
}

void x86_write_trampolines(TcgGen *g)
{
    write_pool(g);
    write_enter(g);
    write_exit(g);
    write_dispatch(g);
    write_link(g);
    for (unsigned i = 0; i < 2 * PAGE_PAIRS; i++) {
        write_miss(g, TRAMP_LOAD + i, TCG_RT_LOAD, i / 2, i & 1);
        write_miss(g, TRAMP_STORE + i, TCG_RT_STORE, i / 2, i & 1);
        write_miss(g, TRAMP_ATOMIC + i, TCG_RT_ATOMIC, i / 2, i & 1);
    }
    write_fp(g);
    for (unsigned i = 0; i < g->ctx->isa->helper_count; i++) {
        write_helper(g, i);
    }
}
