# SPDX-License-Identifier: GPL-2.0-or-later
"""RV64I and M: encodings and what the instructions compute."""
from isa import Insn, M32, M64, op_r, sext


def s64(a):
    return sext(a, 64)


def w(v):
    """A 32-bit result, sign-extended."""
    return sext(v, 32) & M64


def div(a, b):
    if b == 0:
        return -1
    q = abs(a) // abs(b)
    return q if (a < 0) == (b < 0) else -q


def rem(a, b):
    return a if b == 0 else a - b * div(a, b)


def divu(a, b):
    return M64 if b == 0 else a // b


# (name, funct7, funct3, opcode, reference of two 64-bit values)
RR = [
    ('add', 0, 0, 0x33, lambda a, b: a + b),
    ('sub', 32, 0, 0x33, lambda a, b: a - b),
    ('sll', 0, 1, 0x33, lambda a, b: a << (b & 63)),
    ('slt', 0, 2, 0x33, lambda a, b: s64(a) < s64(b)),
    ('sltu', 0, 3, 0x33, lambda a, b: a < b),
    ('xor', 0, 4, 0x33, lambda a, b: a ^ b),
    ('srl', 0, 5, 0x33, lambda a, b: a >> (b & 63)),
    ('sra', 32, 5, 0x33, lambda a, b: s64(a) >> (b & 63)),
    ('or', 0, 6, 0x33, lambda a, b: a | b),
    ('and', 0, 7, 0x33, lambda a, b: a & b),
    ('addw', 0, 0, 0x3b, lambda a, b: w(a + b)),
    ('subw', 32, 0, 0x3b, lambda a, b: w(a - b)),
    ('sllw', 0, 1, 0x3b, lambda a, b: w(a << (b & 31))),
    ('srlw', 0, 5, 0x3b, lambda a, b: w((a & M32) >> (b & 31))),
    ('sraw', 32, 5, 0x3b, lambda a, b: w(sext(a, 32) >> (b & 31))),
]

RR_M = [
    ('mul', 1, 0, 0x33, lambda a, b: a * b),
    ('mulh', 1, 1, 0x33, lambda a, b: (s64(a) * s64(b)) >> 64),
    ('mulhsu', 1, 2, 0x33, lambda a, b: (s64(a) * b) >> 64),
    ('mulhu', 1, 3, 0x33, lambda a, b: (a * b) >> 64),
    ('div', 1, 4, 0x33, lambda a, b: div(s64(a), s64(b))),
    ('divu', 1, 5, 0x33, divu),
    ('rem', 1, 6, 0x33, lambda a, b: rem(s64(a), s64(b))),
    ('remu', 1, 7, 0x33, lambda a, b: a if b == 0 else a % b),
    ('mulw', 1, 0, 0x3b, lambda a, b: w(a * b)),
    ('divw', 1, 4, 0x3b, lambda a, b: w(div(sext(a, 32), sext(b, 32)))),
    ('divuw', 1, 5, 0x3b, lambda a, b: w(M32 if b & M32 == 0 else (a & M32) // (b & M32))),
    ('remw', 1, 6, 0x3b, lambda a, b: w(rem(sext(a, 32), sext(b, 32)))),
    ('remuw', 1, 7, 0x3b, lambda a, b: w(a if b & M32 == 0 else (a & M32) % (b & M32))),
]

# (name, funct3, opcode, reference of a 64-bit value and a signed immediate)
IMM = [
    ('addi', 0, 0x13, lambda a, i: a + i),
    ('slti', 2, 0x13, lambda a, i: s64(a) < i),
    ('sltiu', 3, 0x13, lambda a, i: a < (i & M64)),
    ('xori', 4, 0x13, lambda a, i: a ^ (i & M64)),
    ('ori', 6, 0x13, lambda a, i: a | (i & M64)),
    ('andi', 7, 0x13, lambda a, i: a & (i & M64)),
    ('addiw', 0, 0x1b, lambda a, i: w(a + i)),
]

# (name, format, fixed bits, reference of a value and the shift amount)
SHIFT = [
    ('slli', 'SH6', op_r(0, 1, 0x13), lambda a, i: a << i),
    ('srli', 'SH6', op_r(0, 5, 0x13), lambda a, i: a >> i),
    ('srai', 'SH6', op_r(32, 5, 0x13), lambda a, i: s64(a) >> i),
    ('slliw', 'SH5', op_r(0, 1, 0x1b), lambda a, i: w(a << i)),
    ('srliw', 'SH5', op_r(0, 5, 0x1b), lambda a, i: w((a & M32) >> i)),
    ('sraiw', 'SH5', op_r(32, 5, 0x1b), lambda a, i: w(sext(a, 32) >> i)),
]

# (name, funct3, reference: taken?)
BRANCH = [
    ('beq', 0, lambda a, b: a == b),
    ('bne', 1, lambda a, b: a != b),
    ('blt', 4, lambda a, b: s64(a) < s64(b)),
    ('bge', 5, lambda a, b: s64(a) >= s64(b)),
    ('bltu', 6, lambda a, b: a < b),
    ('bgeu', 7, lambda a, b: a >= b),
]

# (name, funct3, size, signed)
LOAD = [('lb', 0, 1, True), ('lh', 1, 2, True), ('lw', 2, 4, True), ('ld', 3, 8, True),
        ('lbu', 4, 1, False), ('lhu', 5, 2, False), ('lwu', 6, 4, False)]
STORE = [('sb', 0, 1), ('sh', 1, 2), ('sw', 2, 4), ('sd', 3, 8)]


def rr_insns(rows):
    return [Insn(n, 'R', op_r(f7, f3, op), ref) for n, f7, f3, op, ref in rows]


def insns_i():
    t = rr_insns(RR)
    t += [Insn(n, 'I', f3 << 12 | op, ref) for n, f3, op, ref in IMM]
    t += [Insn(n, f, m, ref) for n, f, m, ref in SHIFT]
    t += [Insn('lui', 'U', 0x37), Insn('auipc', 'U', 0x17)]
    t += [Insn(n, 'B', f3 << 12 | 0x63, ref) for n, f3, ref in BRANCH]
    t += [Insn('jal', 'J', 0x6f), Insn('jalr', 'JR', 0x67)]
    t += [Insn(n, 'L', f3 << 12 | 0x03, size=sz, signed=sg) for n, f3, sz, sg in LOAD]
    t += [Insn(n, 'S', f3 << 12 | 0x23, size=sz) for n, f3, sz in STORE]
    return t


def insns_m():
    return rr_insns(RR_M)


def insns_system():
    """What the hand-written programs test; listed for the sweep of illegal encodings."""
    return [
        Insn('fence', 'FENCE', 0x0f), Insn('fence.i', 'FENCE', 0x100f),
        Insn('ecall', 'FIX', 0x73), Insn('ebreak', 'FIX', 0x100073),
        Insn('sret', 'FIX', 0x10200073), Insn('mret', 'FIX', 0x30200073),
        Insn('wfi', 'FIX', 0x10500073), Insn('sfence.vma', 'SFENCE', 0x12000073),
        Insn('csrrw', 'CSR', 0x1073), Insn('csrrs', 'CSR', 0x2073), Insn('csrrc', 'CSR', 0x3073),
        Insn('csrrwi', 'CSR', 0x5073), Insn('csrrsi', 'CSR', 0x6073),
        Insn('csrrci', 'CSR', 0x7073),
    ]
