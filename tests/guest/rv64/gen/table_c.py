# SPDX-License-Identifier: GPL-2.0-or-later
"""C: the 16-bit encodings of RV64 with F and D.

In a pattern d, s, t are register bits (rd or rd/rs1, rs1, rs2), i immediate bits in the order that
*imm* lists, msb first.
"""
from isa import CInsn, M64, bits, sext
from table_i import s64, w


def put(pattern, imm_bits, ops):
    """Fills the letters of a pattern from ops = {letter: value} and the immediate's bit order."""
    p = pattern.replace(' ', '')
    out, left = '', {k: p.count(k) for k in 'dst'}
    order = iter(imm_bits)
    for c in p:
        if c in '01':
            out += c
        elif c == 'i':
            out += str(ops.get('i', 0) >> next(order) & 1)
        else:
            left[c] -= 1
            v = ops[c] - 8 if p.count(c) == 3 else ops[c]
            out += str(v >> left[c] & 1)
    return int(out, 2)


def row(name, pattern, kind, imm_bits=(), ref=None, illegal=None, **attr):
    enc = lambda **ops: put(pattern, imm_bits, ops)
    attr['prime'] = 'ddd ' in pattern.replace('ddddd', '')
    return CInsn(name, pattern, kind, enc, ref, illegal, **attr)


def imm6(h):
    return bits(h, 12, 12) << 5 | bits(h, 6, 2)


RD_ZERO = lambda h: bits(h, 11, 7) == 0
RS2_ZERO = lambda h: bits(h, 6, 2) == 0
SIX = (5, 4, 3, 2, 1, 0)
CB = (8, 4, 3, 7, 6, 2, 1, 5)
CJ = (11, 4, 9, 8, 10, 6, 7, 3, 2, 1, 5)
LW, LD = (5, 4, 3, 2, 6), (5, 4, 3, 7, 6)


def insns_c():
    return [
        row('c.addi4spn', '000 iiiiiiii ddd 00', 'addi4spn', (5, 4, 9, 8, 7, 6, 2, 3),
            illegal=lambda h: bits(h, 12, 5) == 0),
        row('c.fld', '001 iii sss ii ddd 00', 'load', LD, size=8, fp=True),
        row('c.lw', '010 iii sss ii ddd 00', 'load', LW, size=4),
        row('c.ld', '011 iii sss ii ddd 00', 'load', LD, size=8),
        row('c.fsd', '101 iii sss ii ttt 00', 'store', LD, size=8, fp=True),
        row('c.sw', '110 iii sss ii ttt 00', 'store', LW, size=4),
        row('c.sd', '111 iii sss ii ttt 00', 'store', LD, size=8),
        row('c.nop', '000 i 00000 iiiii 01', 'nop', SIX),
        row('c.addi', '000 i ddddd iiiii 01', 'imm', SIX, lambda a, i: a + i, RD_ZERO),
        row('c.addiw', '001 i ddddd iiiii 01', 'imm', SIX, lambda a, i: w(a + i), RD_ZERO),
        row('c.li', '010 i ddddd iiiii 01', 'imm', SIX, lambda a, i: i, hint0=True),
        row('c.addi16sp', '011 i 00010 iiiii 01', 'addi16sp', (9, 4, 6, 8, 7, 5),
            illegal=lambda h: imm6(h) == 0),
        row('c.lui', '011 i ddddd iiiii 01', 'imm', SIX, lambda a, i: i << 12,
            lambda h: imm6(h) == 0 or bits(h, 11, 7) == 2, hint0=True),
        row('c.srli', '100 i 00 ddd iiiii 01', 'shift', SIX, lambda a, i: a >> i),
        row('c.srai', '100 i 01 ddd iiiii 01', 'shift', SIX, lambda a, i: s64(a) >> i),
        row('c.andi', '100 i 10 ddd iiiii 01', 'imm', SIX, lambda a, i: a & i & M64),
        row('c.sub', '100 0 11 ddd 00 ttt 01', 'two', ref=lambda a, b: a - b),
        row('c.xor', '100 0 11 ddd 01 ttt 01', 'two', ref=lambda a, b: a ^ b),
        row('c.or', '100 0 11 ddd 10 ttt 01', 'two', ref=lambda a, b: a | b),
        row('c.and', '100 0 11 ddd 11 ttt 01', 'two', ref=lambda a, b: a & b),
        row('c.subw', '100 1 11 ddd 00 ttt 01', 'two', ref=lambda a, b: w(a - b)),
        row('c.addw', '100 1 11 ddd 01 ttt 01', 'two', ref=lambda a, b: w(a + b)),
        row('c.j', '101 iiiiiiiiiii 01', 'j', CJ),
        row('c.beqz', '110 iii sss iiiii 01', 'branch', CB, lambda a: a == 0),
        row('c.bnez', '111 iii sss iiiii 01', 'branch', CB, lambda a: a != 0),
        row('c.slli', '000 i ddddd iiiii 10', 'shift', SIX, lambda a, i: a << i, hint0=True),
        row('c.fldsp', '001 i ddddd iiiii 10', 'loadsp', (5, 4, 3, 8, 7, 6), size=8, fp=True),
        row('c.lwsp', '010 i ddddd iiiii 10', 'loadsp', (5, 4, 3, 2, 7, 6), None, RD_ZERO, size=4),
        row('c.ldsp', '011 i ddddd iiiii 10', 'loadsp', (5, 4, 3, 8, 7, 6), None, RD_ZERO, size=8),
        row('c.jr', '100 0 sssss 00000 10', 'jr', (), None, RD_ZERO),
        row('c.mv', '100 0 ddddd ttttt 10', 'two', (), lambda a, b: b, RS2_ZERO, hint0=True),
        row('c.ebreak', '100 1 00000 00000 10', 'ebreak'),
        row('c.jalr', '100 1 sssss 00000 10', 'jalr', (), None, RD_ZERO),
        row('c.add', '100 1 ddddd ttttt 10', 'two', (), lambda a, b: a + b, RS2_ZERO, hint0=True),
        row('c.fsdsp', '101 iiiiii ttttt 10', 'storesp', (5, 4, 3, 8, 7, 6), size=8, fp=True),
        row('c.swsp', '110 iiiiii ttttt 10', 'storesp', (5, 4, 3, 2, 7, 6), size=4),
        row('c.sdsp', '111 iiiiii ttttt 10', 'storesp', (5, 4, 3, 8, 7, 6), size=8),
    ]


def legal16():
    """For each of the 65536 half words whether it is an instruction; 32-bit ones count as such."""
    t = insns_c()
    return [h & 3 == 3 or any(i.decodes(h) for i in t) for h in range(65536)]
