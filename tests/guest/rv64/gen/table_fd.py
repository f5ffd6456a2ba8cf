# SPDX-License-Identifier: GPL-2.0-or-later
"""F and D: encodings and references.

*kind* says what the operands are: 'fff' is "f register from two f registers" and so on, the first
letter for the result; a reference takes (rounding mode, raw register values) and returns the
register's new value and the flags.
"""
from fp_ref import (D, S, convert, fadd, fclass, fdiv, feq, fle, flt, fmadd, fmax, fmin, fmsub,
                    fmul, fnmadd, fnmsub, from_int, fsgnj, fsgnjn, fsgnjx, fsqrt, fsub, to_int)
from isa import Insn, op_r, sext

ROUNDED = [('fadd', 0x00, fadd), ('fsub', 0x04, fsub), ('fmul', 0x08, fmul), ('fdiv', 0x0c, fdiv)]
FUSED = [('fmadd', 0x43, fmadd), ('fmsub', 0x47, fmsub), ('fnmsub', 0x4b, fnmsub),
         ('fnmadd', 0x4f, fnmadd)]
PLAIN = [('fsgnj', 0x10, 0, fsgnj), ('fsgnjn', 0x10, 1, fsgnjn), ('fsgnjx', 0x10, 2, fsgnjx),
         ('fmin', 0x14, 0, fmin), ('fmax', 0x14, 1, fmax)]
COMPARE = [('feq', 2, feq), ('flt', 1, flt), ('fle', 0, fle)]
INTS = [('w', 0, 32, True), ('wu', 1, 32, False), ('l', 2, 64, True), ('lu', 3, 64, False)]


def arith(f, op):
    """Unboxes the operands, boxes the result."""
    def ref(rm, *ops):
        r, flags = op(f, rm, *[f.unbox(v) for v in ops])
        return f.box(r), flags
    return ref


def unrounded(f, op):
    return arith(f, lambda ff, rm, *ops: op(ff, *ops))


def test(f, op):
    """Result goes to an integer register."""
    return lambda rm, *ops: op(f, *[f.unbox(v) for v in ops])


def to_int_ref(f, n, signed):
    return lambda rm, a: to_int(f, rm, f.unbox(a), n, signed)


def from_int_ref(f, n, signed):
    def ref(rm, a):
        r, flags = from_int(f, rm, a, n, signed)
        return f.box(r), flags
    return ref


def convert_ref(src, dst):
    def ref(rm, a):
        r, flags = convert(src, dst, rm, src.unbox(a))
        return dst.box(r), flags
    return ref


def insns_common(f, x, fmt, int_sfx, moves):
    """What F and D have in both widths; *x* is the suffix, *fmt* the format field."""
    t = [Insn(f'{n}.{x}', 'FR', op_r(f7 | fmt, 0, 0x53), arith(f, ref), kind='fff')
         for n, f7, ref in ROUNDED]
    t.append(Insn(f'fsqrt.{x}', 'FR1', op_r(0x2c | fmt, 0, 0x53), arith(f, fsqrt), kind='ff'))
    t += [Insn(f'{n}.{x}', 'FR4', fmt << 25 | op, arith(f, ref), kind='ffff')
          for n, op, ref in FUSED]
    t += [Insn(f'{n}.{x}', 'FRN', op_r(f7 | fmt, f3, 0x53), unrounded(f, ref), kind='fff')
          for n, f7, f3, ref in PLAIN]
    t += [Insn(f'{n}.{x}', 'FRN', op_r(0x50 | fmt, f3, 0x53), test(f, ref), kind='xff')
          for n, f3, ref in COMPARE]
    t.append(Insn(f'fclass.{x}', 'FR1N', op_r(0x70 | fmt, 1, 0x53), test(f, fclass), kind='xf'))
    for n, code, size, signed in INTS:
        t.append(Insn(f'fcvt.{n}.{x}', 'FR1', op_r(0x60 | fmt, 0, 0x53) | code << 20,
                      to_int_ref(f, size, signed), kind='xf'))
        t.append(Insn(f'fcvt.{x}.{n}', 'FR1', op_r(0x68 | fmt, 0, 0x53) | code << 20,
                      from_int_ref(f, size, signed), kind='fx', exact=f is D and size == 32))
    t.append(Insn(f'fmv.x.{int_sfx}', 'FR1N', op_r(0x70 | fmt, 0, 0x53), moves[0], kind='xf'))
    t.append(Insn(f'fmv.{int_sfx}.x', 'FR1N', op_r(0x78 | fmt, 0, 0x53), moves[1], kind='fx'))
    return t


def insns_f():
    moves = (lambda rm, a: (sext(a, 32), 0), lambda rm, a: (S.box(a & 0xffffffff), 0))
    return insns_common(S, 's', 0, 'w', moves) + [
        Insn('flw', 'FL', 2 << 12 | 0x07, size=4), Insn('fsw', 'FS', 2 << 12 | 0x27, size=4)]


def insns_d():
    moves = (lambda rm, a: (a, 0), lambda rm, a: (a, 0))
    return insns_common(D, 'd', 1, 'd', moves) + [
        Insn('fcvt.s.d', 'FR1', op_r(0x20, 0, 0x53) | 1 << 20, convert_ref(D, S), kind='ff'),
        Insn('fcvt.d.s', 'FR1', op_r(0x21, 0, 0x53), convert_ref(S, D), kind='ff', exact=True),
        Insn('fld', 'FL', 3 << 12 | 0x07, size=8), Insn('fsd', 'FS', 3 << 12 | 0x27, size=8)]
