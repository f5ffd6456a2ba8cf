/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Entry of the runtime, and of every trap to M-mode. mscratch and sscratch belong to it; the random
 * instructions leave them alone.
 */
#include "map.h"

#define MSTATUS_MPRV_UPPER 0x20 /* bit 17, for lui */
#define MSTATUS_FS_DIRTY   0x6000

    .option arch, +d
    .section .boot, "ax"
    .globl boot
boot:
    li      t0, FUZZ_RUNTIME
    jr      t0

    .text
start:
    la      t0, bss_start
    la      t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    la      t0, trap_entry
    csrw    mtvec, t0
    la      sp, stack_top
    call    fuzz_init
next_segment:
    la      sp, stack_top
    call    fuzz_next
    la      x1, frame
    .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fld     f\n, FRAME_F+8*\n(x1)
    .endr
    ld      t0, FRAME_FCSR(x1)
    fscsr   t0

/* mstatus comes last: with MPRV set, a load would no longer find the frame. */
resume:
    la      x1, frame
    ld      x2, FRAME_PC(x1)
    csrw    mepc, x2
    .irp n,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld      x\n, FRAME_X+8*\n(x1)
    .endr
    ld      x2, FRAME_X+16(x1)
    csrw    sscratch, x2
    ld      x2, FRAME_X+8(x1)
    csrw    mscratch, x2
    ld      x2, FRAME_STATUS(x1)
    csrw    mstatus, x2
    csrr    x1, mscratch
    csrr    x2, sscratch
    mret

    .balign 4
trap_entry:
    csrw    mscratch, x1
    csrw    sscratch, x2
    lui     x1, MSTATUS_MPRV_UPPER
    csrrc   x2, mstatus, x1
    la      x1, frame
    sd      x2, FRAME_STATUS(x1)
    .irp n,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd      x\n, FRAME_X+8*\n(x1)
    .endr
    csrr    x3, mscratch
    sd      x3, FRAME_X+8(x1)
    csrr    x3, sscratch
    sd      x3, FRAME_X+16(x1)
    csrr    x3, mepc
    sd      x3, FRAME_PC(x1)
    csrr    x3, mcause
    sd      x3, FRAME_CAUSE(x1)
    csrr    x3, mtval
    sd      x3, FRAME_TVAL(x1)
    /* A reservation does not outlive a trap. */
    la      x3, reservation
    sc.w    zero, zero, (x3)
    la      sp, stack_top
    mv      a0, x1
    call    fuzz_trap
    beqz    a0, resume

    li      t0, MSTATUS_FS_DIRTY
    csrs    mstatus, t0
    la      a0, frame
    .irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fsd     f\n, FRAME_F+8*\n(a0)
    .endr
    frcsr   t0
    sd      t0, FRAME_FCSR(a0)
    call    fuzz_done
    j       next_segment

    .bss
    .balign 16
reservation:
    .skip   16
    .skip   8192
stack_top:
