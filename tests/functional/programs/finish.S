/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints "H" and writes CODE to the test finisher, whose answer ends or resets the machine. */
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    li t1, 0x10000000
    li t0, 'H'
    sb t0, 0(t1)
    li t0, '\n'
    sb t0, 0(t1)
    li t1, 0x100000
    li t0, CODE
    sw t0, 0(t1)
park:
    wfi
    j park
