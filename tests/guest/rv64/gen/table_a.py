# SPDX-License-Identifier: GPL-2.0-or-later
"""A: read-modify-write and load-reserved/store-conditional."""
from isa import Insn, sext

AMO = [
    ('amoswap', 1, lambda a, b, n: b),
    ('amoadd', 0, lambda a, b, n: a + b),
    ('amoxor', 4, lambda a, b, n: a ^ b),
    ('amoand', 12, lambda a, b, n: a & b),
    ('amoor', 8, lambda a, b, n: a | b),
    ('amomin', 16, lambda a, b, n: a if sext(a, n) < sext(b, n) else b),
    ('amomax', 20, lambda a, b, n: a if sext(a, n) > sext(b, n) else b),
    ('amominu', 24, lambda a, b, n: min(a, b)),
    ('amomaxu', 28, lambda a, b, n: max(a, b)),
]


def insns_a():
    t = []
    for sfx, f3, size in (('.w', 2, 4), ('.d', 3, 8)):
        base = f3 << 12 | 0x2f
        t += [Insn(n + sfx, 'AMO', f5 << 27 | base, ref, size=size) for n, f5, ref in AMO]
        t.append(Insn('lr' + sfx, 'LR', 2 << 27 | base, size=size))
        t.append(Insn('sc' + sfx, 'AMO', 3 << 27 | base, size=size))
    return t
