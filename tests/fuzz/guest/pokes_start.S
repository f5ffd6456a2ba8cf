/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry, and the trap handler that skips the instruction; all of them have 4 bytes here. */
    .section .boot, "ax"
    .globl boot
boot:
    la      t0, skip
    csrw    mtvec, t0
    la      sp, stack_top
    call    pokes_main

    .balign 4
skip:
    csrw    mscratch, t0
    csrr    t0, mcause
    bltz    t0, 1f
    csrr    t0, mepc
    addi    t0, t0, 4
    csrw    mepc, t0
1:  csrr    t0, mscratch
    mret

    .bss
    .balign 16
    .skip   4096
stack_top:
