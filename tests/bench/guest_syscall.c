/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * System calls under Sv39: U-mode calls, an S-mode handler saves all registers, looks the function
 * up in a table, restores and returns, as a kernel does.
 */
#include "bench.h"
#include "paging.h"

#define CALLS 400000

/* User program: a0 calls, sum of what they return; ends with call number 8. */
void user_program(void);
__asm__(".section .probe, \"ax\"\n.balign 4\n"
        "user_program: mv s0, a0\n li s1, 0\n li s2, 0\n"
        "1: andi a7, s0, 3\n mv a0, s0\n mv a1, s1\n ecall\n"
        "add s1, s1, a0\n addi s0, s0, -1\n bnez s0, 1b\n"
        "li a7, 8\n mv a0, s1\n ecall\n"
        ".text\n");

/* The kernel's side; sscratch holds its stack while U runs. Number 8 calls M-mode. */
void kernel_entry(void);
__asm__(".text\n.balign 4\n"
        "kernel_entry: csrrw sp, sscratch, sp\n addi sp, sp, -272\n"
        ".irp n,1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        "sd x\\n, 8*\\n(sp)\n .endr\n"
        "csrr s0, sepc\n csrr s1, sstatus\n csrr s2, scause\n csrr s3, sscratch\n"
        "sd s3, 16(sp)\n sd s0, 0(sp)\n sd s1, 256(sp)\n"
        "li t0, 8\n bne s2, t0, 9f\n bgeu a7, t0, 9f\n"
        "mv t2, a7\n la t1, kernel_calls\n slli t2, t2, 3\n add t1, t1, t2\n ld t1, (t1)\n"
        "csrsi sstatus, 2\n jalr t1\n csrci sstatus, 2\n"
        "sd a0, 80(sp)\n ld t0, 0(sp)\n addi t0, t0, 4\n csrw sepc, t0\n"
        "ld t0, 256(sp)\n csrw sstatus, t0\n"
        ".irp n,1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
        "ld x\\n, 8*\\n(sp)\n .endr\n"
        "addi sp, sp, 272\n csrrw sp, sscratch, sp\n sret\n"
        "9: ecall\n");

static uint64_t call_id(uint64_t a, uint64_t b)
{
    (void)b;
    return a;
}

static uint64_t call_add(uint64_t a, uint64_t b)
{
    return a + (b & 255);
}

static uint64_t counter;

static uint64_t call_count(uint64_t a, uint64_t b)
{
    (void)a;
    (void)b;
    return ++counter;
}

static uint64_t call_mix(uint64_t a, uint64_t b)
{
    return (a ^ b) >> 3;
}

uint64_t (*const kernel_calls[8])(uint64_t, uint64_t) = { call_id, call_add, call_count, call_mix,
                                                          call_id, call_add, call_count, call_mix };

static char kernel_stack[4096] __attribute__((aligned(16)));
static Space space;

static void prepare(void)
{
    counter = 0;
    pages_reset();
    space_init(&space, 3, 1);
    space_use(&space);
    fence_all();
    csr_write(stvec, kernel_entry);
    csr_write(sscratch, kernel_stack + sizeof(kernel_stack));
    csr_write(medeleg, 1ul << CAUSE_ECALL_U);
}

static uint64_t run(void)
{
    Trap t = rt_run(MODE_U, user_program, user_offset(), CALLS, 0);

    csr_write(medeleg, 0);
    csr_write(satp, 0);
    return t.value;
}

const Bench bench = { "syscall", 2, prepare, run };
