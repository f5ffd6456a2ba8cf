# SPDX-License-Identifier: GPL-2.0-or-later
"""Zba, Zbb, Zbs."""
from isa import Insn, M32, M64, op_r, op_r1, sext
from table_i import rr_insns, s64, w


def rol(a, n):
    n &= 63
    return (a << n | a >> (64 - n)) if n else a


def rolw(a, n):
    n &= 31
    a &= M32
    return w(a << n | a >> (32 - n)) if n else w(a)


def clz(a, n):
    return n - (a & ((1 << n) - 1)).bit_length()


def ctz(a, n):
    a &= (1 << n) - 1
    return n if a == 0 else (a & -a).bit_length() - 1


ZBA = [
    ('add.uw', 4, 0, 0x3b, lambda a, b: (a & M32) + b),
    ('sh1add', 16, 2, 0x33, lambda a, b: (a << 1) + b),
    ('sh1add.uw', 16, 2, 0x3b, lambda a, b: ((a & M32) << 1) + b),
    ('sh2add', 16, 4, 0x33, lambda a, b: (a << 2) + b),
    ('sh2add.uw', 16, 4, 0x3b, lambda a, b: ((a & M32) << 2) + b),
    ('sh3add', 16, 6, 0x33, lambda a, b: (a << 3) + b),
    ('sh3add.uw', 16, 6, 0x3b, lambda a, b: ((a & M32) << 3) + b),
]

ZBB_RR = [
    ('andn', 32, 7, 0x33, lambda a, b: a & ~b),
    ('orn', 32, 6, 0x33, lambda a, b: a | (~b & M64)),
    ('xnor', 32, 4, 0x33, lambda a, b: ~(a ^ b)),
    ('max', 5, 6, 0x33, lambda a, b: max(s64(a), s64(b))),
    ('maxu', 5, 7, 0x33, max),
    ('min', 5, 4, 0x33, lambda a, b: min(s64(a), s64(b))),
    ('minu', 5, 5, 0x33, min),
    ('rol', 48, 1, 0x33, rol),
    ('ror', 48, 5, 0x33, lambda a, b: rol(a, -b)),
    ('rolw', 48, 1, 0x3b, rolw),
    ('rorw', 48, 5, 0x3b, lambda a, b: rolw(a, -b)),
]

# (name, fixed bits, reference of one value)
ZBB_R1 = [
    ('clz', op_r1(0x600, 1), lambda a: clz(a, 64)),
    ('clzw', op_r1(0x600, 1, 0x1b), lambda a: clz(a, 32)),
    ('ctz', op_r1(0x601, 1), lambda a: ctz(a, 64)),
    ('ctzw', op_r1(0x601, 1, 0x1b), lambda a: ctz(a, 32)),
    ('cpop', op_r1(0x602, 1), lambda a: bin(a).count('1')),
    ('cpopw', op_r1(0x602, 1, 0x1b), lambda a: bin(a & M32).count('1')),
    ('sext.b', op_r1(0x604, 1), lambda a: sext(a, 8)),
    ('sext.h', op_r1(0x605, 1), lambda a: sext(a, 16)),
    ('zext.h', op_r1(0x080, 4, 0x3b), lambda a: a & 0xffff),
    ('orc.b', op_r1(0x287, 5), lambda a: sum(0xff << i for i in range(0, 64, 8)
                                             if a >> i & 0xff)),
    ('rev8', op_r1(0x6b8, 5), lambda a: int.from_bytes(a.to_bytes(8, 'little'), 'big')),
]

ZBS = [
    ('bclr', 0x24, 1, 0x33, lambda a, b: a & ~(1 << (b & 63))),
    ('bext', 0x24, 5, 0x33, lambda a, b: a >> (b & 63) & 1),
    ('binv', 0x34, 1, 0x33, lambda a, b: a ^ 1 << (b & 63)),
    ('bset', 0x14, 1, 0x33, lambda a, b: a | 1 << (b & 63)),
]


def insns_zba():
    return rr_insns(ZBA) + [Insn('slli.uw', 'SH6', op_r(4, 1, 0x1b), lambda a, i: (a & M32) << i)]


def insns_zbb():
    return (rr_insns(ZBB_RR) + [Insn(n, 'R1', m, ref) for n, m, ref in ZBB_R1] +
            [Insn('rori', 'SH6', op_r(48, 5, 0x13), lambda a, i: rol(a, -i)),
             Insn('roriw', 'SH5', op_r(48, 5, 0x1b), lambda a, i: rolw(a, -i))])


def insns_zbs():
    return rr_insns(ZBS) + [Insn(n + 'i', 'SH6', op_r(f7, f3, 0x13), ref)
                            for n, f7, f3, _, ref in ZBS]
