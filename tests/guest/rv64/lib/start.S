/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Start-up, trap entry and mode switching of the bare-metal tests.  Offsets into struct Hart are
 * those of rt.h.
 */
#include "hart_offsets.h"

.macro save_all base
    .irp n,1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sd x\n, HART_X+8*\n(\base)
    .endr
.endm

.macro save_callee base
    sd ra, HART_JMP+0(\base)
    sd sp, HART_JMP+8(\base)
    sd gp, HART_JMP+16(\base)
    sd s0, HART_JMP+24(\base)
    sd s1, HART_JMP+32(\base)
    .irp n,2,3,4,5,6,7,8,9,10,11
    sd s\n, HART_JMP+24+8*\n(\base)
    .endr
.endm

.macro load_callee base
    ld ra, HART_JMP+0(\base)
    ld sp, HART_JMP+8(\base)
    ld gp, HART_JMP+16(\base)
    ld s0, HART_JMP+24(\base)
    ld s1, HART_JMP+32(\base)
    .irp n,2,3,4,5,6,7,8,9,10,11
    ld s\n, HART_JMP+24+8*\n(\base)
    .endr
.endm

    .section .text.start, "ax"
    .globl _start
_start:
    la      t0, trap_entry
    csrw    mtvec, t0
    csrr    a0, mhartid
    li      t0, RT_MAX_HARTS
    bgeu    a0, t0, park
    la      tp, harts
    li      t0, HART_SIZE
    mul     t0, t0, a0
    add     tp, tp, t0
    la      sp, stacks
    addi    t0, a0, 1
    slli    t0, t0, RT_STACK_SHIFT
    add     sp, sp, t0
    li      t0, 0x6000
    csrs    mstatus, t0
    bnez    a0, secondary
    la      t0, bss_start
    la      t1, bss_end
1:  sd      zero, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    fence   rw, rw
    la      t0, bss_ready
    li      t1, 1
    sw      t1, 0(t0)
    csrw    mscratch, tp
    call    rt_init_hart
    call    main
    tail    rt_finish

secondary:
    la      t0, bss_ready
1:  lw      t1, 0(t0)
    beqz    t1, 1b
    fence   rw, rw
    csrw    mscratch, tp
    call    rt_init_hart
    tail    rt_secondary

park:
    wfi
    j       park

    .text
/* Every trap to M-mode: registers go to struct Hart, then C decides. */
    .globl trap_entry
    .balign 4
trap_entry:
    csrrw   tp, mscratch, tp
    save_all tp
    csrr    t0, mscratch
    sd      t0, HART_X+8*4(tp)
    csrw    mscratch, tp
    la      sp, trap_stacks
    ld      t0, HART_ID(tp)
    addi    t0, t0, 1
    slli    t0, t0, RT_STACK_SHIFT
    add     sp, sp, t0
    mv      a0, tp
    call    rt_trap
    /* Back here: resume what was interrupted, at hart->pc. */
    ld      t0, HART_PC(tp)
    csrw    mepc, t0
    ld      t0, HART_STATUS(tp)
    csrw    mstatus, t0
    .irp n,1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    ld      x\n, HART_X+8*\n(tp)
    .endr
    ld      tp, HART_X+8*4(tp)
    mret

/* int rt_catch_arm(void): 0 now, 1 when a trap came before rt_uncatch(). */
    .globl rt_catch_arm
rt_catch_arm:
    csrr    tp, mscratch
    save_callee tp
    li      a0, 0
    ret

/* Called by rt_trap on its own stack: makes the armed rt_catch_arm or rt_enter return a0. */
    .globl rt_unwind
rt_unwind:
    csrr    tp, mscratch
    load_callee tp
    ret

/*
 * uint64_t rt_enter(mode, pc, stack, return_address, a0, a1): drop to the mode; comes back by
 * rt_unwind.
 */
    .globl rt_enter
rt_enter:
    csrr    tp, mscratch
    save_callee tp
    csrw    mepc, a1
    li      t0, 0x1880 /* MPP, MPIE */
    csrc    mstatus, t0
    slli    a0, a0, 11
    csrs    mstatus, a0
    mv      sp, a2
    mv      ra, a3
    mv      a0, a4
    mv      a1, a5
    mret

/* void rt_variant(fn, in, out, n): calls generated code that may clobber every register. */
    .globl rt_variant
rt_variant:
    csrr    tp, mscratch
    save_callee tp
    mv      t0, a0
    mv      a0, a1
    mv      a1, a2
    mv      a2, a3
    jr      t0
    .globl rt_variant_done
rt_variant_done:
    csrr    tp, mscratch
    load_callee tp
    li      a0, 0
    ret

/* S-mode traps report themselves to M-mode, which reads scause, sepc and stval. */
    .section .probe, "ax"
    .balign 4
    .globl s_trap_entry, s_trap_ecall, rt_leave_ecall
s_trap_entry:
s_trap_ecall:
    ecall
    j       s_trap_entry

/* What a function run by rt_enter returns to. */
    .globl rt_leave
    .balign 4
rt_leave:
rt_leave_ecall:
    ecall
    j       rt_leave

    .data
    .globl bss_ready
bss_ready:
    .word 0
