# SPDX-License-Identifier: GPL-2.0-or-later
"""What RISC-V's floating-point instructions compute, in exact integer arithmetic.

Operands and results are bit patterns; every operation returns (result, flags).  A finite value is
(sign, m, e) for m * 2**e; rounding happens once, in round_pack().
"""
from math import isqrt
from isa import M64, sext

NV, DZ, OF, UF, NX = 16, 8, 4, 2, 1
RNE, RTZ, RDN, RUP, RMM = range(5)


class Format:
    def __init__(self, width, p):
        self.width, self.p = width, p
        self.ebits = width - p
        self.bias = (1 << self.ebits - 1) - 1
        self.emin, self.emax = 1 - self.bias, self.bias
        self.frac = p - 1
        self.inf = ((1 << self.ebits) - 1) << self.frac
        self.nan = self.inf | 1 << self.frac - 1
        self.sign = 1 << width - 1
        self.max = self.inf - 1

    def unbox(self, v):
        """A register's value as this format: what is not boxed is the canonical NaN."""
        if self.width == 64:
            return v
        return v & 0xffffffff if v >> 32 == 0xffffffff else self.nan

    def box(self, v):
        return v if self.width == 64 else v | 0xffffffff << 32

    def is_nan(self, v):
        return v & ~self.sign > self.inf

    def is_snan(self, v):
        return self.is_nan(v) and not v >> self.frac - 1 & 1

    def is_inf(self, v):
        return v & ~self.sign == self.inf

    def is_zero(self, v):
        return v & ~self.sign == 0

    def neg(self, v):
        return v ^ self.sign

    def split(self, v):
        """Sign, m and e of a finite pattern."""
        s = v >> self.width - 1
        ef = v >> self.frac & (1 << self.ebits) - 1
        m = v & (1 << self.frac) - 1
        if ef:
            m |= 1 << self.frac
        return s, m, max(ef, 1) - self.bias - self.frac


S, D = Format(32, 24), Format(64, 53)


def increments(rm, sign, odd, rem, half, sticky):
    """Whether the magnitude is rounded up, given the part that is cut off."""
    if rm == RTZ or not (rem or sticky):
        return False
    if rm == RDN:
        return sign == 1
    if rm == RUP:
        return sign == 0
    if rem != half:
        return rem > half
    return sticky or rm == RMM or odd


def cut(m, shift, sign, sticky, rm):
    """m / 2**shift rounded; (integer, inexact)."""
    if shift <= 0:
        assert not sticky
        return m << -shift, False
    q, rem, half = m >> shift, m & (1 << shift) - 1, 1 << shift - 1
    return q + increments(rm, sign, q & 1, rem, half, sticky), bool(rem or sticky)


def round_pack(f, sign, m, e, rm, sticky=False):
    """(m + a bit more if sticky) * 2**e in format *f*; sticky needs m of at least p + 2 bits."""
    top = m.bit_length() - 1 + e
    quantum = max(top, f.emin) - f.p + 1
    q, inexact = cut(m, quantum - e, sign, sticky, rm)
    free, _ = cut(m, top - f.p + 1 - e, sign, sticky, rm)
    tiny = top < f.emin and free.bit_length() + top - f.p < f.emin
    flags = (NX if inexact else 0) | (UF if tiny and inexact else 0)
    if q.bit_length() + quantum - 1 > f.emax:
        to_max = rm == RTZ or rm == (RUP if sign else RDN)
        return sign << f.width - 1 | (f.max if to_max else f.inf), OF | NX
    if q.bit_length() < f.p:
        return sign << f.width - 1 | q, flags
    if q.bit_length() > f.p:
        q, quantum = q >> 1, quantum + 1
    ef = quantum + f.frac + f.bias
    return sign << f.width - 1 | ef << f.frac | q & (1 << f.frac) - 1, flags


def nan(f, *ops):
    return f.nan, NV if any(f.is_snan(v) for v in ops) else 0


def fadd(f, rm, a, b):
    if f.is_nan(a) or f.is_nan(b):
        return nan(f, a, b)
    if f.is_inf(a):
        return (f.nan, NV) if f.is_inf(b) and a != b else (a, 0)
    if f.is_inf(b):
        return b, 0
    return add_exact(f, rm, f.split(a), f.split(b))


def add_exact(f, rm, x, y):
    (sa, ma, ea), (sb, mb, eb) = x, y
    e = min(ea, eb)
    v = (-1) ** sa * (ma << ea - e) + (-1) ** sb * (mb << eb - e)
    if v == 0:
        s = sa if sa == sb else int(rm == RDN)
        return s << f.width - 1, 0
    return round_pack(f, int(v < 0), abs(v), e, rm)


def fsub(f, rm, a, b):
    return fadd(f, rm, a, b if f.is_nan(b) else f.neg(b))


def fmul(f, rm, a, b):
    if f.is_nan(a) or f.is_nan(b):
        return nan(f, a, b)
    sign = (a ^ b) & f.sign
    if f.is_inf(a) or f.is_inf(b):
        return (f.nan, NV) if f.is_zero(a) or f.is_zero(b) else (sign | f.inf, 0)
    (_, ma, ea), (_, mb, eb) = f.split(a), f.split(b)
    if ma == 0 or mb == 0:
        return sign, 0
    return round_pack(f, int(sign != 0), ma * mb, ea + eb, rm)


def fdiv(f, rm, a, b):
    if f.is_nan(a) or f.is_nan(b):
        return nan(f, a, b)
    sign = (a ^ b) & f.sign
    if f.is_inf(a):
        return (f.nan, NV) if f.is_inf(b) else (sign | f.inf, 0)
    if f.is_inf(b):
        return sign, 0
    if f.is_zero(b):
        return (f.nan, NV) if f.is_zero(a) else (sign | f.inf, DZ)
    (_, ma, ea), (_, mb, eb) = f.split(a), f.split(b)
    if ma == 0:
        return sign, 0
    q, r = divmod(ma << 2 * f.p + 4, mb)
    return round_pack(f, int(sign != 0), q, ea - eb - 2 * f.p - 4, rm, r != 0)


def fsqrt(f, rm, a):
    if f.is_nan(a):
        return nan(f, a)
    if f.is_zero(a):
        return a, 0
    if a & f.sign:
        return f.nan, NV
    if f.is_inf(a):
        return a, 0
    _, m, e = f.split(a)
    shift = 2 * f.p + 8 + (e & 1)
    m, e = m << shift, e - shift
    r = isqrt(m)
    return round_pack(f, 0, r, e // 2, rm, r * r != m)


def fmadd(f, rm, a, b, c):
    inf_zero = f.is_inf(a) and f.is_zero(b) or f.is_zero(a) and f.is_inf(b)
    if f.is_nan(a) or f.is_nan(b) or f.is_nan(c):
        # Invalid is raised for infinity times zero even if the addend is a quiet NaN.
        return f.nan, NV if inf_zero else nan(f, a, b, c)[1]
    if inf_zero:
        return f.nan, NV
    sign = (a ^ b) & f.sign
    if f.is_inf(a) or f.is_inf(b):
        return (f.nan, NV) if f.is_inf(c) and (c & f.sign) != sign else (sign | f.inf, 0)
    if f.is_inf(c):
        return c, 0
    (_, ma, ea), (_, mb, eb) = f.split(a), f.split(b)
    return add_exact(f, rm, (int(sign != 0), ma * mb, ea + eb), f.split(c))


def fmsub(f, rm, a, b, c):
    return fmadd(f, rm, a, b, f.neg(c))


def fnmsub(f, rm, a, b, c):
    return fmadd(f, rm, f.neg(a), b, c)


def fnmadd(f, rm, a, b, c):
    return fmadd(f, rm, f.neg(a), b, f.neg(c))


def fsgnj(f, a, b):
    return a & ~f.sign | b & f.sign, 0


def fsgnjn(f, a, b):
    return a & ~f.sign | ~b & f.sign, 0


def fsgnjx(f, a, b):
    return a ^ b & f.sign, 0


def key(f, v):
    """Orders numbers, with -0 just below +0."""
    return -(v & ~f.sign) - 1 if v & f.sign else v


def minmax(f, a, b, pick):
    flags = nan(f, a, b)[1]
    if f.is_nan(a):
        return (f.nan if f.is_nan(b) else b), flags
    if f.is_nan(b):
        return a, flags
    return pick(a, b, key=lambda v: key(f, v)), flags


def fmin(f, a, b):
    return minmax(f, a, b, min)


def fmax(f, a, b):
    return minmax(f, a, b, max)


def same(f, a, b):
    return a == b or f.is_zero(a) and f.is_zero(b)


def feq(f, a, b):
    if f.is_nan(a) or f.is_nan(b):
        return 0, nan(f, a, b)[1]
    return int(same(f, a, b)), 0


def flt(f, a, b):
    if f.is_nan(a) or f.is_nan(b):
        return 0, NV
    return int(key(f, a) < key(f, b) and not same(f, a, b)), 0


def fle(f, a, b):
    if f.is_nan(a) or f.is_nan(b):
        return 0, NV
    return int(key(f, a) <= key(f, b) or same(f, a, b)), 0


def fclass(f, a):
    s = a >> f.width - 1
    if f.is_nan(a):
        return (1 << 8 if f.is_snan(a) else 1 << 9), 0
    if f.is_inf(a):
        n = 0
    elif f.is_zero(a):
        n = 3
    else:
        n = 2 if a & f.inf == 0 else 1
    return 1 << (n if s else 7 - n), 0


def to_int(f, rm, a, bits, signed):
    """fcvt.w/wu/l/lu: the register's 64 bits."""
    lo, hi = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if f.is_nan(a):
        v, flags = hi, NV
    elif f.is_inf(a):
        v, flags = lo if a & f.sign else hi, NV
    else:
        s, m, e = f.split(a)
        q, inexact = cut(m, -e, s, False, rm)
        v, flags = -q if s else q, NX if inexact else 0
        if not lo <= v <= hi:
            v, flags = (lo if v < lo else hi), NV
    return sext(v, bits) & M64, flags


def from_int(f, rm, v, bits, signed):
    v = sext(v, bits) if signed else v & (1 << bits) - 1
    if v == 0:
        return 0, 0
    return round_pack(f, int(v < 0), abs(v), 0, rm)


def convert(src, dst, rm, a):
    if src.is_nan(a):
        return dst.nan, nan(src, a)[1]
    s, m, e = src.split(a) if not src.is_inf(a) else (a >> src.width - 1, 0, 0)
    if src.is_inf(a) or m == 0:
        return s << dst.width - 1 | (dst.inf if src.is_inf(a) else 0), 0
    return round_pack(dst, s, m, e, rm)
