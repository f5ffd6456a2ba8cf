# SPDX-License-Identifier: GPL-2.0-or-later
"""Instruction encodings: the declarative list everything else is generated from.

An Insn knows its fixed bits (match, mask), its format and the reference function that computes
what it does.  The tables of the extensions are in table_*.py.
"""


def bits(v, hi, lo):
    return (v >> lo) & ((1 << (hi - lo + 1)) - 1)


def sext(v, n):
    v &= (1 << n) - 1
    return v - (1 << n) if v >> (n - 1) else v


M64 = (1 << 64) - 1
M32 = (1 << 32) - 1

REG = (0x1f << 7, 0x1f << 15, 0x1f << 20)  # rd, rs1, rs2
MASK = {
    'R': 0xfe00707f, 'I': 0x0000707f, 'SH6': 0xfc00707f, 'SH5': 0xfe00707f, 'R1': 0xfff0707f,
    'U': 0x7f, 'J': 0x7f, 'B': 0x707f, 'S': 0x707f, 'L': 0x707f, 'JR': 0x707f,
    'AMO': 0xf800707f, 'LR': 0xf9f0707f,
    'FR': 0xfe00007f, 'FRN': 0xfe00707f, 'FR1': 0xfff0007f, 'FR1N': 0xfff0707f,
    'FR4': 0x0600007f, 'FL': 0x707f, 'FS': 0x707f,
    'CSR': 0x707f, 'FENCE': 0x707f, 'FIX': 0xffffffff, 'SFENCE': 0xfe007fff,
}


class Insn:
    """One 32-bit instruction.  *ref* is a reference function whose signature the format fixes."""

    def __init__(self, name, fmt, match, ref=None, **attr):
        self.name, self.fmt, self.match, self.ref = name, fmt, match, ref
        self.mask = MASK[fmt]
        self.attr = attr
        assert match & ~self.mask == 0, name

    def enc(self, rd=0, rs1=0, rs2=0, imm=0, rm=0, rs3=0, aqrl=0):
        w = self.match
        f = self.fmt
        if f in ('R', 'FRN', 'AMO', 'FR', 'FR4', 'SFENCE', 'B', 'S', 'FS'):
            w |= rs2 << 20
        if f not in ('U', 'J', 'FIX'):
            w |= rs1 << 15
        if f not in ('B', 'S', 'FS', 'FIX', 'SFENCE'):
            w |= rd << 7
        if f in ('FR', 'FR1', 'FR4'):
            w |= rm << 12
        if f == 'FR4':
            w |= rs3 << 27
        if f in ('AMO', 'LR'):
            w |= aqrl << 25
        if f in ('I', 'L', 'FL', 'JR', 'CSR', 'FENCE'):
            w |= (imm & 0xfff) << 20
        elif f in ('SH6', 'SH5'):
            w |= imm << 20
        elif f == 'U':
            w |= imm & 0xfffff000
        elif f in ('S', 'FS'):
            w |= bits(imm, 11, 5) << 25 | bits(imm, 4, 0) << 7
        elif f == 'B':
            w |= (bits(imm, 12, 12) << 31 | bits(imm, 10, 5) << 25 | bits(imm, 4, 1) << 8 |
                  bits(imm, 11, 11) << 7)
        elif f == 'J':
            w |= (bits(imm, 20, 20) << 31 | bits(imm, 10, 1) << 21 | bits(imm, 11, 11) << 20 |
                  bits(imm, 19, 12) << 12)
        return w

    def decodes(self, w):
        """Whether the word *w* is this instruction, reserved rounding modes excluded."""
        if w & self.mask != self.match:
            return False
        return self.fmt not in ('FR', 'FR1', 'FR4') or bits(w, 14, 12) not in (5, 6)


def op_r(f7, f3, op=0x33):
    return f7 << 25 | f3 << 12 | op


def op_r1(f12, f3, op=0x13):
    return f12 << 20 | f3 << 12 | op


class CInsn:
    """One 16-bit instruction: *enc(**operands)* gives its half word.

    *pattern* is 16 characters, msb first: 0/1 fixed, other letters are operand bits. *illegal*
    says which of the matching encodings are reserved or another instruction.
    """

    def __init__(self, name, pattern, kind, enc, ref=None, illegal=None, **attr):
        p = pattern.replace(' ', '')
        assert len(p) == 16, name
        self.name, self.kind, self.enc, self.ref, self.attr = name, kind, enc, ref, attr
        self.mask = int(''.join('1' if c in '01' else '0' for c in p), 2)
        self.match = int(''.join(c if c in '01' else '0' for c in p), 2)
        self.illegal = illegal or (lambda w: False)

    def decodes(self, w):
        return w & self.mask == self.match and not self.illegal(w)
