/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indirect calls and jumps: tables of functions, virtual methods, a byte-code interpreter. */
#include "bench.h"

#define NOINLINE __attribute__((noinline, noclone))

typedef uint64_t Op(uint64_t, uint64_t);

#define OP(name, expression)                                                                       \
    static NOINLINE uint64_t name(uint64_t a, uint64_t b)                                          \
    {                                                                                              \
        return expression;                                                                         \
    }
OP(op_add, a + b)
OP(op_sub, a - b)
OP(op_xor, a ^ b)
OP(op_rot, a << 7 | b >> 57)
OP(op_mul, a *(b | 1))
OP(op_and, (a & b) + 3)
OP(op_shift, (a >> 3) + b)
OP(op_not, ~a ^ b)

static Op *const ops[8] = { op_add, op_sub, op_xor, op_rot, op_mul, op_and, op_shift, op_not };

static uint64_t table_calls(void)
{
    uint64_t state = 21, sum = 1;

    for (int i = 0; i < 3000000; i++) {
        uint64_t r = bench_random(&state);

        sum = ops[r >> 61](sum, r);
    }
    for (int i = 0; i < 3000000; i++) { /* predictable */
        sum = ops[i & 7](sum, (uint64_t)i);
    }
    return sum;
}

enum { PUSH, ADD, SUB, MUL, DUP, SWAP, DROP, JNZ, DEC, LOAD, STORE, END };

/* Sums i * i - i for i = n down to 1, in a stack machine. */
static const uint8_t program[] = { PUSH,  0, STORE, 1,               /* sum = 0 */
                                   LOAD,  0, DUP,   MUL,             /* loop: i * i */
                                   LOAD,  0, SUB,   LOAD, 1,    ADD, /* - i + sum */
                                   STORE, 1, LOAD,  0,    DEC,  DUP, /* i - 1 */
                                   STORE, 0, JNZ,   4,    LOAD, 1,   END };

static NOINLINE uint64_t interpret(uint64_t n)
{
    static const void *const labels[] = { &&push, &&add, &&sub, &&mul,  &&dup,   &&swap,
                                          &&drop, &&jnz, &&dec, &&load, &&store, &&end };
    uint64_t stack[16], vars[2] = { n, 0 }, *sp = stack, t;
    const uint8_t *pc = program;

#define NEXT goto *labels[*pc++]
    NEXT;
push:
    *sp++ = *pc++;
    NEXT;
add:
    sp--;
    sp[-1] += *sp;
    NEXT;
sub:
    sp--;
    sp[-1] -= *sp;
    NEXT;
mul:
    sp--;
    sp[-1] *= *sp;
    NEXT;
dup:
    *sp = sp[-1];
    sp++;
    NEXT;
swap:
    t = sp[-1];
    sp[-1] = sp[-2];
    sp[-2] = t;
    NEXT;
drop:
    sp--;
    NEXT;
jnz:
    pc = *--sp ? program + *pc : pc + 1;
    NEXT;
dec:
    sp[-1]--;
    NEXT;
load:
    *sp++ = vars[*pc++];
    NEXT;
store:
    vars[*pc++] = *--sp;
    NEXT;
end:
    return sp[-1];
#undef NEXT
}

static uint64_t run(void)
{
    return bench_mix(table_calls(), interpret(800000));
}

const Bench bench = { "indirect", 2, NULL, run };
