/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads and writes, in every width, the start of every page where devices are, of some pages of
 * the rest below RAM, and single addresses far above it, and carries on after each fault. Then
 * prints "E" and ends with status 0 through the test finisher, which alone it spares.
 */
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    la t0, trap
    csrw mtvec, t0
    la s6, ranges
    li s2, 0x100000
    li s3, -1
next_range:
    lwu s0, 0(s6)
    lwu s1, 4(s6)
    lwu s7, 8(s6)
    addi s6, s6, 12
    beqz s7, far
pages:
    beq s0, s2, next_page
    li s4, 64
    mv s5, s0
words:
    lb t1, 0(s5)
    lh t1, 2(s5)
    lw t1, 4(s5)
    ld t1, 0(s5)
    lw t1, 1(s5)
    sb s3, 0(s5)
    sh s3, 2(s5)
    sw s3, 4(s5)
    sd s3, 0(s5)
    sw zero, 0(s5)
    sw s5, 3(s5)
    addi s5, s5, 8
    addi s4, s4, -8
    bnez s4, words
next_page:
    add s0, s0, s7
    bltu s0, s1, pages
    j next_range
far:
    /* Far above RAM: single addresses with one bit set. */
    li s0, 1
    slli s0, s0, 40
bits:
    ld t1, 0(s0)
    sd s3, 0(s0)
    slli s0, s0, 1
    bnez s0, bits

    /* The UART may have been put in any mode: set it to 8 bits, no divisor latch, no loop-back. */
    li t1, 0x10000000
    li t0, 3
    sb t0, 3(t1)
    sb zero, 4(t1)
    li t0, 'E'
    sb t0, 0(t1)
    li t1, 0x100000
    li t0, 0x5555
    sw t0, 0(t1)
park:
    wfi
    j park

    .balign 4
trap:
    csrr t6, mepc
    /* Instructions may be 2 or 4 bytes long. */
    lhu t5, 0(t6)
    andi t5, t5, 3
    addi t5, t5, -3
    seqz t5, t5
    slli t5, t5, 1
    addi t5, t5, 2
    add t6, t6, t5
    csrw mepc, t6
    mret

    /* From, to, step. */
    .balign 4
ranges:
    .word 0, 0x00200000, 0x1000
    .word 0x00200000, 0x02000000, 0x10000
    .word 0x02000000, 0x02020000, 0x1000
    .word 0x02020000, 0x0c000000, 0x10000
    .word 0x0c000000, 0x10200000, 0x1000
    .word 0x10200000, 0x80000000, 0x40000
    .word 0, 0, 0
