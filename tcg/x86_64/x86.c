/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The x86-64 back-end's description: registers, features of the host, rows, moves. */
#include "x86.h"

void x86_pool_op(TcgGen *g, uint32_t opc, unsigned reg, unsigned index)
{
    x86_rm(g, opc, reg, x86_mem(MEM_RIP, 0));
    int32_t rel = (int32_t)(g->ctx->tramp[TRAMP_POOL] + 16 * index - g->p);
    memcpy(g->p - 4, &rel, sizeof(rel));
}

static uint32_t host_features(const TcgConfig *config)
{
    uint32_t f = 0;
    __builtin_cpu_init();
    if (!config->no_bmi2) {
        f |= __builtin_cpu_supports("bmi") ? X86_BMI1 : 0;
        f |= __builtin_cpu_supports("bmi2") ? X86_BMI2 : 0;
        f |= __builtin_cpu_supports("lzcnt") ? X86_LZCNT : 0;
        f |= __builtin_cpu_supports("popcnt") ? X86_POPCNT : 0;
    }
    if (!config->no_avx && __builtin_cpu_supports("avx")) {
        f |= X86_AVX;
        f |= !config->no_fma && __builtin_cpu_supports("fma") ? X86_FMA : 0;
    }
    return f;
}

static void choose_rows(TcgContext *ctx, const TcgRow *rows)
{
    for (; rows->emit; rows++) {
        for (unsigned t = 0; t < IR_TYPE_COUNT; t++) {
            bool fits = (rows->types & 1u << t) && (rows->needs & ~ctx->features) == 0;
            if (fits && !ctx->rows[rows->opc][t]) {
                ctx->rows[rows->opc][t] = rows;
            }
        }
    }
}

static void init(TcgContext *ctx, const TcgConfig *config, TcgGen *g)
{
    ctx->features = host_features(config);
    choose_rows(ctx, x86_rows_int);
    choose_rows(ctx, x86_rows_shift);
    choose_rows(ctx, x86_rows_control);
    choose_rows(ctx, x86_rows_memory);
    choose_rows(ctx, x86_rows_fp);
    x86_write_trampolines(g);
}

static void move(TcgGen *g, unsigned dst, unsigned src)
{
    if (dst < REG_FP0) {
        assert(src < REG_FP0);
        x86_mov_rr(g, dst, src);
    } else {
        assert(src >= REG_FP0);
        x86_rr(g, 0x28 | X_0F, dst, src);
    }
}

static void load(TcgGen *g, IrType type, unsigned dst, int32_t disp)
{
    if (dst < REG_FP0) {
        x86_mov_load(g, dst, x86_state(disp));
    } else if (type == IR_F32) {
        x86_rm(g, 0x10 | X_0F | X_F3, dst, x86_state(disp));
    } else {
        x86_rm(g, 0x7e | X_0F | X_F3, dst, x86_state(disp));
    }
}

static void store(TcgGen *g, IrType type, unsigned src, int32_t disp)
{
    if (src < REG_FP0) {
        x86_mov_store(g, src, x86_state(disp));
    } else if (type == IR_F32) {
        x86_rm(g, 0x11 | X_0F | X_F3, src, x86_state(disp));
    } else {
        x86_rm(g, 0xd6 | X_0F | X_66, src, x86_state(disp));
    }
}

static void constant(TcgGen *g, unsigned dst, int64_t value)
{
    assert(dst < REG_FP0);
    if (value) {
        x86_mov_imm(g, dst, value);
    } else {
        x86_rr(g, 0x33, dst, dst);
    }
}

static bool store_constant(TcgGen *g, int64_t value, int32_t disp)
{
    if (value != (int32_t)value) {
        return false;
    }
    x86_mov_state_imm(g, disp, (int32_t)value);
    return true;
}

/* Registers without need of a REX prefix first. */
static const uint8_t pins_int[] = { RBX, RSI, R8, R9, R10, R11, R12, R14, R15, R13 };
static const uint8_t pins_fp[] = { XMM0 + 6,  XMM0 + 7,  XMM0 + 8,  XMM0 + 9,  XMM0 + 10,
                                   XMM0 + 11, XMM0 + 12, XMM0 + 13, XMM0 + 14, XMM0 + 15 };

const TcgBackend tcg_x86_64 = {
    .temps_int = 1 << RAX | 1 << RCX | 1 << RDX | 1 << RDI,
    .temps_fp = 0x3fu << XMM0,
    .first_int = 1 << RAX | 1 << RDX,
    .page_pairs = { { RDI, RCX }, { RAX, RDX } },
    .pins_int = pins_int,
    .pin_int_count = G_N_ELEMENTS(pins_int),
    .pins_fp = pins_fp,
    .pin_fp_count = G_N_ELEMENTS(pins_fp),
    .max_op_bytes = 256,
    .init = init,
    .move = move,
    .load = load,
    .store = store,
    .constant = constant,
    .store_constant = store_constant,
    .forget_page = x86_forget_page,
    .fused_load = &x86_row_load,
    .fused_store = &x86_row_store,
};
