/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cases of test_rv_translate.c: encodings and the IR they are translated to.
 */
#include "accel/target_ops.h"
#include "rv_translate_cases.h"

const RvTranslateCase rv_translate_cases[] = {
    { .name = "alu",
      .code = "00c58533 40b00533 fff58513 00558013 00700513 00058513 80000537 00001517 0015b513"
              " 40c5d533",
      .ir = "insn.4 +0x100\n"
            "add.i64 x10, x11, x12\n"
            "insn.4 +0x104\n"
            "sub.i64 x10, #0, x11\n"
            "insn.4 +0x108\n"
            "add.i64 x10, x11, #-1\n"
            "insn.4 +0x10c\n"
            "insn.4 +0x110\n"
            "mov.i64 x10, #7\n"
            "insn.4 +0x114\n"
            "mov.i64 x10, x11\n"
            "insn.4 +0x118\n"
            "mov.i64 x10, #0xffffffff80000000\n"
            "insn.4 +0x11c\n"
            "pcrel x10, +0x111c\n"
            "insn.4 +0x120\n"
            "setc.i64.ltu x10, x11, #1\n"
            "insn.4 +0x124\n"
            "sar.i64 x10, x11, x12\n"
            "jump +0x128\n" },
    { .name = "word",
      .code = "00c5853b 0005851b 0015851b 4035d51b 02c5c53b 02c5a533",
      .ir = "insn.4 +0x100\n"
            "add.i32 %0, x11, x12\n"
            "sext32 x10, %0\n"
            "insn.4 +0x104\n"
            "sext32 x10, x11\n"
            "insn.4 +0x108\n"
            "add.i32 %1, x11, #1\n"
            "sext32 x10, %1\n"
            "insn.4 +0x10c\n"
            "sar.i32 %2, x11, #3\n"
            "sext32 x10, %2\n"
            "insn.4 +0x110\n"
            "divs.i32 %3, x11, x12\n"
            "sext32 x10, %3\n"
            "insn.4 +0x114\n"
            "mulhsu.i64 x10, x11, x12\n"
            "jump +0x118\n" },
    { .name = "memory",
      .code = "0085b503 fff58503 0005e503 0005a003 00013423 00a59323",
      .ir = "insn.4 +0x100\n"
            "tlbchk.64 %0, x11, +0x8\n"
            "ld.i64.64 x10, %0\n"
            "insn.4 +0x104\n"
            "tlbchk.s8 %1, x11, -0x1\n"
            "ld.i64.s8 x10, %1\n"
            "insn.4 +0x108\n"
            "tlbchk.32 %2, x11, +0x0\n"
            "ld.i64.32 x10, %2\n"
            "insn.4 +0x10c\n"
            "tlbchk.s32 %4, x11, +0x0\n"
            "ld.i64.s32 %3, %4\n"
            "insn.4 +0x110\n"
            "tlbchk.w64 %5, x2, +0x8\n"
            "st.i64.64 %5, #0\n"
            "insn.4 +0x114\n"
            "tlbchk.w16 %6, x11, +0x6\n"
            "st.i64.16 %6, x10\n"
            "jump +0x118\n" },
    { .name = "extended-block",
      .code = "00b50063 00b56463 00000013 00150513 ff1ff06f",
      .ir = "insn.4 +0x100\n"
            "brcond.i64.eq x10, x11, +0x100 poll\n"
            "insn.4 +0x104\n"
            "brcond.i64.ltu x10, x11, +0x10c\n"
            "insn.4 +0x108\n"
            "insn.4 +0x10c\n"
            "add.i64 x10, x10, #1\n"
            "insn.4 +0x110\n"
            "jump +0x100 poll\n" },
    { .name = "calls",
      .code = "000010ef",
      .ir = "insn.4 +0x100\n"
            "pcrel x1, +0x104\n"
            "jump +0x1100\n" },
    { .name = "return",
      .code = "00008067",
      .ir = "insn.4 +0x100\n"
            "and.i64 %0, x1, #-2\n"
            "jumpind %0\n" },
    { .name = "link-is-base",
      .code = "00c080e7",
      .ir = "insn.4 +0x100\n"
            "add.i64 %0, x1, #12\n"
            "and.i64 %1, %0, #-2\n"
            "pcrel x1, +0x104\n"
            "jumpind %1\n" },
    { .name = "max-insns",
      .code = "00000013 00058513 00060593",
      .ir = "insn.4 +0x100\n"
            "insn.4 +0x104\n"
            "mov.i64 x10, x11\n"
            "jump +0x108\n",
      .max_insns = 2 },
    { .name = "page-end",
      .code = "0001",
      .ir = "insn.2 +0xffe\n"
            "jump +0x1000\n",
      .start = 0xffe },
    { .name = "straddles-next",
      .code = "0505 00c58533",
      .ir = "insn.2 +0xffc\n"
            "add.i64 x10, x10, #1\n"
            "pcrel %0, +0xffe\n"
            "jumpind %0\n",
      .start = 0xffc },
    { .name = "straddles-first",
      .code = "00c58533 0505",
      .ir = "insn.4 +0xffe\n"
            "add.i64 x10, x11, x12\n"
            "jump +0x1002\n",
      .start = 0xffe },
    { .name = "compressed",
      .code = "0808 41c8 e406 557d 7139 757d 852e 952e 9d0d 9979 1522 c501 8782",
      .ir = "insn.2 +0x100\n"
            "add.i64 x10, x2, #16\n"
            "insn.2 +0x102\n"
            "tlbchk.s32 %0, x11, +0x4\n"
            "ld.i64.s32 x10, %0\n"
            "insn.2 +0x104\n"
            "tlbchk.w64 %1, x2, +0x8\n"
            "st.i64.64 %1, x1\n"
            "insn.2 +0x106\n"
            "mov.i64 x10, #-1\n"
            "insn.2 +0x108\n"
            "add.i64 x2, x2, #-64\n"
            "insn.2 +0x10a\n"
            "mov.i64 x10, #-4096\n"
            "insn.2 +0x10c\n"
            "mov.i64 x10, x11\n"
            "insn.2 +0x10e\n"
            "add.i64 x10, x10, x11\n"
            "insn.2 +0x110\n"
            "sub.i32 %2, x10, x11\n"
            "sext32 x10, %2\n"
            "insn.2 +0x112\n"
            "and.i64 x10, x10, #-2\n"
            "insn.2 +0x114\n"
            "shl.i64 x10, x10, #40\n"
            "insn.2 +0x116\n"
            "brcond.i64.eq x10, #0, +0x11e\n"
            "insn.2 +0x118\n"
            "and.i64 %3, x15, #-2\n"
            "jumpind %3\n" },
    { .name = "illegal-16",
      .code = "0000",
      .ir = "insn.2 +0x100\n"
            "call.illegal _, #0\n"
            "dispatch\n" },
    { .name = "illegal-32",
      .code = "ffffffff",
      .ir = "insn.4 +0x100\n"
            "call.illegal _, #0xffffffff\n"
            "dispatch\n" },
    { .name = "lr-sc",
      .code = "1005a52f 18c5a52f",
      .ir = "insn.4 +0x100\n"
            "tlbchk.a32 %0, x11, +0x0\n"
            "ld.i64.32 res_value, %0\n"
            "mov.i64 res_addr, x11\n"
            "sext32 x10, res_value\n"
            "insn.4 +0x104\n"
            "tlbchk.aw32 %1, x11, +0x0\n"
            "slotaddr %2, +0x*\n"
            "sel.i64.eq %3, res_addr, x11, %1, %2\n"
            "cas.i32 %4, %3, res_value, x12\n"
            "setc.i64.ne %5, %4, res_value\n"
            "sel.i64.eq %6, res_addr, x11, %5, #1\n"
            "mov.i64 res_addr, #-1\n"
            "mov.i64 x10, %6\n"
            "jump +0x108\n" },
    { .name = "amo",
      .code = "00b6252f 08b6302f",
      .ir = "insn.4 +0x100\n"
            "tlbchk.aw32 %0, x12, +0x0\n"
            "amo.i32.add %1, %0, x11\n"
            "sext32 x10, %1\n"
            "insn.4 +0x104\n"
            "tlbchk.aw64 %2, x12, +0x0\n"
            "amo.i64.swap %3, %2, x11\n"
            "jump +0x108\n" },
    { .name = "fence",
      .code = "0330000f 0230000f 8330000f 0100000f",
      .ir = "insn.4 +0x100\n"
            "fence.full\n"
            "insn.4 +0x104\n"
            "fence.acqrel\n"
            "insn.4 +0x108\n"
            "fence.acqrel\n"
            "insn.4 +0x10c\n"
            "fence.acqrel\n"
            "jump +0x110\n" },
    { .name = "csr",
      .code = "30002573 14051573 3401d073 3415a573 1425b073 14302573 1805a573",
      .ir = "insn.4 +0x100\n"
            "call.csr %0, #768, #0, #6, #0x30002573\n"
            "mov.i64 x10, %0\n"
            "insn.4 +0x104\n"
            "mov.i64 %1, sscratch\n"
            "mov.i64 sscratch, x10\n"
            "mov.i64 x10, %1\n"
            "insn.4 +0x108\n"
            "mov.i64 %2, mscratch\n"
            "mov.i64 mscratch, #3\n"
            "insn.4 +0x10c\n"
            "mov.i64 %3, mepc\n"
            "or.i64 %4, %3, x11\n"
            "and.i64 mepc, %4, #-2\n"
            "mov.i64 x10, %3\n"
            "insn.4 +0x110\n"
            "mov.i64 %5, scause\n"
            "andn.i64 %6, %5, x11\n"
            "mov.i64 scause, %6\n"
            "insn.4 +0x114\n"
            "mov.i64 %7, stval\n"
            "mov.i64 x10, %7\n"
            "insn.4 +0x118\n"
            "call.csr %8, #384, x11, #2, #0x1805a573\n"
            "mov.i64 x10, %8\n"
            "pcrel pc, +0x11c\n"
            "dispatch\n",
      .flags = RV_MODE_M << TCG_FLAGS_JC_SHIFT },
    { .name = "csr-supervisor",
      .code = "14151073 34002573 34051073",
      .ir = "insn.4 +0x100\n"
            "mov.i64 %0, sepc\n"
            "and.i64 sepc, x10, #-2\n"
            "insn.4 +0x104\n"
            "call.csr %1, #832, #0, #6, #0x34002573\n"
            "mov.i64 x10, %1\n"
            "insn.4 +0x108\n"
            "call.csr %2, #832, x10, #9, #0x34051073\n"
            "pcrel pc, +0x10c\n"
            "dispatch\n",
      .flags = RV_MODE_S << TCG_FLAGS_JC_SHIFT },
    { .name = "csr-user",
      .code = "14002573 14051073",
      .ir = "insn.4 +0x100\n"
            "call.csr %0, #320, #0, #6, #0x14002573\n"
            "mov.i64 x10, %0\n"
            "insn.4 +0x104\n"
            "call.csr %1, #320, x10, #9, #0x14051073\n"
            "pcrel pc, +0x108\n"
            "dispatch\n" },
    { .name = "fence-i",
      .code = "0000100f",
      .ir = "insn.4 +0x100\n"
            "call.fence_i _\n"
            "pcrel pc, +0x104\n"
            "dispatch\n" },
    { .name = "sfence-vma",
      .code = "12050073",
      .ir = "insn.4 +0x100\n"
            "call.sfence_vma _, x10, #0, #1, #0x12050073\n"
            "pcrel pc, +0x104\n"
            "dispatch\n" },
    { .name = "wfi",
      .code = "10500073",
      .ir = "insn.4 +0x100\n"
            "call.wfi _, #0x10500073\n"
            "leave\n" },
    { .name = "mret",
      .code = "30200073",
      .ir = "insn.4 +0x100\n"
            "call.mret _, #0x30200073\n"
            "dispatch\n" },
    { .name = "bits",
      .code = "20c5c533 08c5853b 20c5e53b 2875d513 0ac5f533 40c5e533 48c59533 4bf5d513 60c5d53b"
              " 6005951b 6b85d513",
      .ir = "insn.4 +0x100\n"
            "addsh.i64.2 x10, x12, x11\n"
            "insn.4 +0x104\n"
            "zext32 %0, x11\n"
            "add.i64 x10, x12, %0\n"
            "insn.4 +0x108\n"
            "zext32 %1, x11\n"
            "addsh.i64.3 x10, x12, %1\n"
            "insn.4 +0x10c\n"
            "and.i64 %2, x11, #0x7f7f7f7f7f7f7f7f\n"
            "add.i64 %3, %2, #0x7f7f7f7f7f7f7f7f\n"
            "or.i64 %4, %3, x11\n"
            "shr.i64 %5, %4, #7\n"
            "and.i64 %6, %5, #0x101010101010101\n"
            "mul.i64 x10, %6, #255\n"
            "insn.4 +0x110\n"
            "sel.i64.gtu x10, x11, x12, x11, x12\n"
            "insn.4 +0x114\n"
            "xor.i64 %7, x12, #-1\n"
            "or.i64 x10, x11, %7\n"
            "insn.4 +0x118\n"
            "shl.i64 %8, #1, x12\n"
            "andn.i64 x10, x11, %8\n"
            "insn.4 +0x11c\n"
            "shr.i64 %9, x11, #63\n"
            "and.i64 x10, %9, #1\n"
            "insn.4 +0x120\n"
            "rotr.i32 %10, x11, x12\n"
            "sext32 x10, %10\n"
            "insn.4 +0x124\n"
            "clz.i32 %11, x11\n"
            "sext32 x10, %11\n"
            "insn.4 +0x128\n"
            "bswap.i64 x10, x11\n"
            "jump +0x12c\n" },
    { .name = "fp-off",
      .code = "02c5f553",
      .ir = "insn.4 +0x100\n"
            "call.illegal _, #0x2c5f553\n"
            "dispatch\n",
      .flags = RV_FLAG_FS_OFF },
    { .name = "fp-clean",
      .code = "00053507 02c5f553 68c5f543",
      .ir = "insn.4 +0x100\n"
            "call.fs_dirty _\n"
            "pcrel pc, +0x100\n"
            "dispatch\n",
      .flags = RV_FLAG_FS_CLEAN },
    { .name = "fp-rounding",
      .code = "00c59553 5a05f553 c2051553 c0257553 d2050553 d2253553",
      .ir = "insn.4 +0x100\n"
            "unbox.0 %0, f11\n"
            "unbox.0 %1, f12\n"
            "bitcast.i64 %4, %0\n"
            "bitcast.i64 %5, %1\n"
            "call.fp_round %2, #*, %4, %5, #0\n"
            "bitcast.f32 %3, %2\n"
            "box f10, %3\n"
            "insn.4 +0x104\n"
            "fsqrt.f64 f10, f11\n"
            "insn.4 +0x108\n"
            "ftoi.f64.i32.rtz x10, f10\n"
            "insn.4 +0x10c\n"
            "unbox.0 %6, f10\n"
            "ftoi.f32.i64.dyn x10, %6\n"
            "insn.4 +0x110\n"
            "itof.f64.i32 f10, x10\n"
            "insn.4 +0x114\n"
            "call.fp_round %7, #*, x10, #0, #0\n"
            "bitcast.f64 f10, %7\n"
            "jump +0x118\n",
      .flags = IR_RDN << RV_FLAG_FRM_SHIFT },
    { .name = "fp-rmm",
      .code = "02c5f553 c2157553 2ac58553 00202573",
      .ir = "insn.4 +0x100\n"
            "bitcast.i64 %1, f11\n"
            "bitcast.i64 %2, f12\n"
            "call.fp_round %0, #*, %1, %2, #0\n"
            "bitcast.f64 f10, %0\n"
            "insn.4 +0x104\n"
            "ftoi.f64.u32.rmm x10, f10\n"
            "insn.4 +0x108\n"
            "fmin.f64 f10, f11, f12\n"
            "insn.4 +0x10c\n"
            "mov.i64 x10, #4\n"
            "jump +0x110\n",
      .flags = IR_RMM << RV_FLAG_FRM_SHIFT },
    { .name = "fp-reserved-frm",
      .code = "02c58553 02c5f553",
      .ir = "insn.4 +0x100\n"
            "bitcast.i64 %1, f11\n"
            "bitcast.i64 %2, f12\n"
            "call.fp_round %0, #*, %1, %2, #0\n"
            "bitcast.f64 f10, %0\n"
            "insn.4 +0x104\n"
            "call.illegal _, #0x2c5f553\n"
            "dispatch\n",
      .flags = 5 << RV_FLAG_FRM_SHIFT },
    { .name = "fp-moves",
      .code = "00a52227 00452507 22c58553 20c5a553 20b59553 22b58553 e0050553 f0050553 e2051553"
              " a0b50553",
      .ir = "insn.4 +0x100\n"
            "tlbchk.w32 %0, x10, +0x4\n"
            "st.f64.32 %0, f10\n"
            "insn.4 +0x104\n"
            "tlbchk.32 %2, x10, +0x4\n"
            "ld.f32.32 %1, %2\n"
            "box f10, %1\n"
            "insn.4 +0x108\n"
            "bitcast.i64 %3, f11\n"
            "bitcast.i64 %4, f12\n"
            "and.i64 %5, %4, #0x8000000000000000\n"
            "andn.i64 %6, %3, #0x8000000000000000\n"
            "or.i64 %7, %6, %5\n"
            "bitcast.f64 f10, %7\n"
            "insn.4 +0x10c\n"
            "unbox.0 %8, f11\n"
            "bitcast.i64 %9, %8\n"
            "unbox.0 %10, f12\n"
            "bitcast.i64 %11, %10\n"
            "and.i64 %12, %11, #0x80000000\n"
            "xor.i64 %13, %9, %12\n"
            "bitcast.f32 %14, %13\n"
            "box f10, %14\n"
            "insn.4 +0x110\n"
            "unbox.0 %15, f11\n"
            "fneg.f32 %16, %15\n"
            "box f10, %16\n"
            "insn.4 +0x114\n"
            "mov.f64 f10, f11\n"
            "insn.4 +0x118\n"
            "bitcast.i64 %17, f10\n"
            "sext32 x10, %17\n"
            "insn.4 +0x11c\n"
            "bitcast.f32 %18, x10\n"
            "box f10, %18\n"
            "insn.4 +0x120\n"
            "bitcast.i64 %19, f10\n"
            "call.fclass x10, %19, #*\n"
            "insn.4 +0x124\n"
            "unbox.0 %20, f10\n"
            "unbox.0 %21, f11\n"
            "fcmp.f32.le x10, %20, %21\n"
            "jump +0x128\n" },
    { .name = "ialign-jump",
      .code = "0020006f",
      .ir = "insn.4 +0x100\n"
            "pcrel %0, +0x102\n"
            "call.check_target _, %0\n"
            "dispatch\n",
      .no_compressed = true },
    { .name = "ialign-branch",
      .code = "00b50163",
      .ir = "insn.4 +0x100\n"
            "brcond.i64.ne x10, x11, +0x104\n"
            "pcrel %0, +0x102\n"
            "call.check_target _, %0\n"
            "dispatch\n",
      .no_compressed = true },
    { .name = "ialign-jalr",
      .code = "000500e7",
      .ir = "insn.4 +0x100\n"
            "and.i64 %0, x10, #-2\n"
            "call.check_target _, %0\n"
            "pcrel x1, +0x104\n"
            "jumpind %0\n",
      .no_compressed = true },
    { .name = "rv32",
      .code = "00c58533 0045a503 00c5b533 000500e7",
      .ir = "insn.4 +0x100\n"
            "add.i32 %0, x11, x12\n"
            "sext32 x10, %0\n"
            "insn.4 +0x104\n"
            "add.i32 %1, x11, #4\n"
            "tlbchk.s32 %2, %1, +0x0\n"
            "ld.i64.s32 x10, %2\n"
            "insn.4 +0x108\n"
            "setc.i64.ltu x10, x11, x12\n"
            "insn.4 +0x10c\n"
            "add.i32 %3, x10, #0\n"
            "and.i64 %4, %3, #-2\n"
            "pcrel %5, +0x110\n"
            "sext32 x1, %5\n"
            "jumpind %4\n",
      .xlen = 32 },
};

const unsigned rv_translate_case_count = G_N_ELEMENTS(rv_translate_cases);
