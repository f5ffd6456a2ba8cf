/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instruction encodings of the x86-64 back-end against an assembler's. */
#include "../../tcg/x86_64/encoder.h"

static uint8_t buffer[64];

static void expect(TcgGen *g, const char *text, const char *hex)
{
    GString *got = g_string_new(NULL);
    for (const uint8_t *p = buffer; p < g->p; p++) {
        g_string_append_printf(got, "%02x", *p);
    }
    if (strcmp(got->str, hex)) {
        g_test_message("%s: got %s, want %s", text, got->str, hex);
        g_test_fail();
    }
    g_string_free(got, TRUE);
    g->p = buffer;
}

#define EXPECT(emit, text, hex)                                                                    \
    do {                                                                                           \
        emit;                                                                                      \
        expect(g, text, hex);                                                                      \
    } while (0)

static void test_moves(void)
{
    TcgGen gen = { .p = buffer }, *g = &gen;
    EXPECT(x86_mov_rr(g, RAX, R15), "mov rax, r15", "498bc7");
    EXPECT(x86_mov_load(g, RBX, x86_mem(RBP, 16)), "mov rbx, [rbp+16]", "488b5d10");
    EXPECT(x86_mov_load(g, R13, x86_mem(R13, 0)), "mov r13, [r13]", "4d8b6d00");
    EXPECT(x86_mov_load(g, R12, x86_mem(R12, 8)), "mov r12, [r12+8]", "4d8b642408");
    EXPECT(x86_mov_store(g, R9, x86_mem(RSP, 32)), "mov [rsp+32], r9", "4c894c2420");
    EXPECT(x86_mov_load(g, RCX, x86_mem_index(RBP, RCX, 3, 0x15118)),
           "mov rcx, [rbp+rcx*8+0x15118]", "488b8ccd18510100");
    EXPECT(x86_mov_imm(g, RSI, 0x7fffffff), "mov esi, 0x7fffffff", "beffffff7f");
    EXPECT(x86_mov_imm(g, R10, -1), "mov r10, -1", "49c7c2ffffffff");
    EXPECT(x86_mov_imm(g, R11, 0x123456789abcdef0), "mov r11, imm64", "49bbf0debc9a78563412");
}

static void test_arithmetic(void)
{
    TcgGen gen = { .p = buffer }, *g = &gen;
    EXPECT(x86_alu_ri(g, ALU_ADD, X_W, RDI, 127), "add rdi, 127", "4883c77f");
    EXPECT(x86_alu_ri(g, ALU_ADD, X_W, RDI, 128), "add rdi, 128", "4881c780000000");
    EXPECT(x86_alu_mi(g, ALU_CMP, 0, x86_mem(RBP, 0x190), 0), "cmp dword [rbp+0x190], 0",
           "83bd9001000000");
    EXPECT(x86_rm(g, 0x33 | X_W, R8, x86_mem(RBP, -128)), "xor r8, [rbp-128]", "4c334580");
    EXPECT(x86_rm(g, 0x21 | X_W, RDX, x86_mem(RBP, 8)), "and [rbp+8], rdx", "48215508");
    EXPECT(x86_lea(g, X_W, R14, x86_mem_index(R13, R12, 2, 0)), "lea r14, [r13+r12*4]",
           "4f8d74a500");
    EXPECT(x86_lea(g, 0, RCX, x86_mem_index(MEM_NONE, RAX, 3, 0)), "lea ecx, [rax*8]",
           "8d0cc500000000");
    EXPECT(x86_rr(g, 0xb6 | X_0F | X_BYTE, RCX, RCX), "movzx ecx, cl", "0fb6c9");
    EXPECT(x86_rr(g, 0xb6 | X_0F | X_BYTE, RDX, RDI), "movzx edx, dil", "400fb6d7");
    EXPECT(x86_setcc(g, CC_B, RSI), "setb sil", "400f92c6");
    EXPECT(x86_rm(g, 0xbe | X_0F | X_W, RAX, x86_mem_index(RCX, RDI, 0, 0)),
           "movsx rax, byte [rcx+rdi]", "480fbe0439");
    EXPECT(x86_shift_imm(g, SHIFT_SHL, X_W, R9, 5), "shl r9, 5", "49c1e105");
    EXPECT(x86_rr(g, 0xbd | X_0F | X_F3, RDX, R9), "lzcnt edx, r9d", "f3410fbdd1");
    EXPECT(x86_opcode(g, (0xc8 + 2) | X_0F | X_W, 0, 0, R10, false), "bswap r10", "490fca");
}

static void test_vex(void)
{
    TcgGen gen = { .p = buffer }, *g = &gen;
    EXPECT(x86_vrr(g, 0xf0 | X_0F3A | X_F2, RCX, 0, RDI), "rorx ecx, edi", "c4e37bf0cf");
    EXPECT(x86_vrm(g, 0xf7 | X_0F38 | X_66 | X_W, R8, RDX, x86_mem(RBP, 16)),
           "shlx r8, [rbp+16], rdx", "c462e9f74510");
    EXPECT(x86_vrr(g, 0xf6 | X_0F38 | X_F2 | X_W, R9, R9, RSI), "mulx r9, r9, rsi", "c462b3f6ce");
    EXPECT(x86_vrr(g, 0xf2 | X_0F38 | X_W, RAX, R11, RBX), "andn rax, r11, rbx", "c4e2a0f2c3");
    EXPECT(x86_vrr(g, 0x58 | X_0F | X_F2, XMM0 + 1, XMM0 + 8, XMM0 + 9), "vaddsd xmm1, xmm8, xmm9",
           "c4c13b58c9");
    EXPECT(x86_vrm(g, 0xb9 | X_0F38 | X_66 | X_W, XMM0 + 10, XMM0 + 3, x86_mem(RBP, 0x100)),
           "vfmadd231sd xmm10, xmm3, [rbp+0x100]", "c462e1b99500010000");
}

static void test_fp(void)
{
    TcgGen gen = { .p = buffer }, *g = &gen;
    EXPECT(x86_rr(g, 0x2e | X_0F | X_66, XMM0 + 9, XMM0 + 9), "ucomisd xmm9, xmm9", "66450f2ec9");
    EXPECT(x86_rr(g, 0x2d | X_0F | X_F2 | X_W, R10, XMM0 + 14), "cvtsd2si r10, xmm14",
           "f24d0f2dd6");
    EXPECT(x86_rr(g, 0x6e | X_0F | X_66 | X_W, XMM0 + 8, RDX), "movq xmm8, rdx", "664c0f6ec2");
    EXPECT(x86_rr(g, 0x7e | X_0F | X_66, XMM0 + 1, RAX), "movd eax, xmm1", "660f7ec8");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/x86/encoder/moves", test_moves);
    g_test_add_func("/x86/encoder/arithmetic", test_arithmetic);
    g_test_add_func("/x86/encoder/vex", test_vex);
    g_test_add_func("/x86/encoder/fp", test_fp);
    return g_test_run();
}
