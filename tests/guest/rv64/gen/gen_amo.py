# SPDX-License-Identifier: GPL-2.0-or-later
"""Variants of the A extension.  Every one also looks at the bytes beside the operand."""
from emit import CONST, LOOP, word
from gen_int import BUFFER, FEW, pairs, rand64, rng
from isa import M64, sext

GUARD = 0x1122334455667788


def amo_row(insn, old, src, at):
    """(rd, the eight bytes of memory) after the operation on *size* bytes at *at*."""
    size = insn.attr['size']
    n = 8 * size
    mask = (1 << n) - 1
    a, b = old >> 8 * at & mask, src & mask
    new = (insn.ref(a, b, n) if insn.fmt == 'AMO' else a) & mask
    return sext(a, n) & M64, old & ~(mask << 8 * at) | new << 8 * at


def add_amo(p, insn):
    if insn.ref is None:
        (add_lr if insn.fmt == 'LR' else add_sc)(p, insn)
        return
    rd, rs1, rs2, old = p.pool.take(4)
    for at in ((0, 4) if insn.attr['size'] == 4 else (0,)):
        for aqrl in range(4):
            amo_variant(p, insn, rd, rs1, rs2, old, at, aqrl, pairs(aqrl == 0), LOOP)
        for d, s2 in ((rs2, rs2), (rs1, rs2), (0, rs2), (rd, 0), (0, 0)):
            amo_variant(p, insn, d, rs1, s2, old, at, 0, pairs(False), LOOP)
        amo_variant(p, insn, rd, rs1, rs2, old, at, 0, rng.sample(pairs(True), 20), CONST)


def amo_variant(p, insn, rd, rs1, rs2, old, at, aqrl, cases, kind):
    src = rs2 or p.pool.one({rd, rs1, old})
    mem, base, guard, res = p.pool.take(4, {rd, rs1, rs2, old, src})
    body = [f'la x{base}, {BUFFER}+4096', f'sd x{old}, 0(x{base})', f'li x{guard}, {GUARD}',
            f'sd x{guard}, 8(x{base})', f'sd x{guard}, -8(x{base})', f'addi x{rs1}, x{base}, {at}',
            word(insn.enc(rd, rs1, rs2, aqrl=aqrl), insn.name), f'mv x{res}, x{rd}',
            f'ld x{mem}, 0(x{base})', f'ld x{rs1}, 8(x{base})', f'xor x{guard}, x{guard}, x{rs1}',
            f'ld x{rs1}, -8(x{base})', f'ld x{base}, 8(x{base})', f'xor x{rs1}, x{rs1}, x{base}',
            f'or x{guard}, x{guard}, x{rs1}']
    rows = []
    for o, s in cases:
        r, m = amo_row(insn, o, s if rs2 else 0, at)
        rows.append(([o, s], [r if rd else 0, m, 0]))
    p.add(f'{insn.name} aqrl={aqrl} x{rd},x{rs2},{at}(x{rs1}) {kind}', [f'x{old}', f'x{src}'],
          [f'x{res}', f'x{mem}', f'x{guard}'], body, rows, kind=kind, used={base, rs1, rs2, rd})


def add_lr(p, insn):
    sfx_d = insn.attr['size'] == 8
    for at in ((0,) if sfx_d else (0, 4)):
        for aqrl in range(4):
            rd, rs1, val = p.pool.take(3)
            for d in (rd, rs1, 0):
                body = [f'la x{rs1}, {BUFFER}+4096', f'sd x{val}, 0(x{rs1})',
                        f'addi x{rs1}, x{rs1}, {at}', word(insn.enc(d, rs1, aqrl=aqrl), insn.name)]
                p.add(f'{insn.name} aqrl={aqrl} x{d},{at}(x{rs1})', [f'x{val}'], [f'x{d}'], body,
                      [([v], [amo_row(insn, v, 0, at)[0] if d else 0])
                       for v in FEW + [rand64() for _ in range(5)]], used={rs1})


def sc_rows(size, at, ok, cases):
    mask = (1 << 8 * size) - 1
    for old, new in cases:
        mem = old & ~(mask << 8 * at) | (new & mask) << 8 * at if ok else old
        yield [old, new], [0 if ok else 1, mem]


def add_sc(p, insn):
    """SC after LR, twice, without LR, after LR elsewhere, after LR of the other width."""
    size = insn.attr['size']
    f3 = 2 if size == 4 else 3
    lr = lambda rd, rs1: word(2 << 27 | rs1 << 15 | f3 << 12 | rd << 7 | 0x2f, 'lr')
    for at in ((0,) if size == 8 else (0, 4)):
        for aqrl in range(4):
            sc_variants(p, insn, lr, at, aqrl)


def sc_variants(p, insn, lr, at, aqrl):
    base, old, new, rd, mem, tmp = p.pool.take(6)
    sc = lambda d, s2: word(insn.enc(d, base, s2, aqrl=aqrl), insn.name)
    head = [f'la x{base}, {BUFFER}+4096', f'sd x{old}, 0(x{base})', f'addi x{base}, x{base}, {at}']
    tail = [f'snez x{rd}, x{rd}', f'ld x{mem}, {-at}(x{base})']
    far = [f'li x{mem}, 2048', f'add x{tmp}, x{base}, x{mem}', lr(mem, tmp)]
    forget = [f'la x{tmp}, {BUFFER}', lr(mem, tmp),
              word(insn.enc(mem, tmp, 0), 'sc elsewhere')]
    for name, code, ok in (
            ('after lr', [lr(tmp, base), sc(rd, new)], True),
            ('after lr and arithmetic',
             [lr(tmp, base), f'addi x{tmp}, x{tmp}, 1', f'xor x{tmp}, x{tmp}, x{new}',
              sc(rd, new)], True),
            ('second', [lr(tmp, base), sc(rd, tmp), sc(rd, new)], None),
            ('without lr', forget + [sc(rd, new)], False),
            ('lr elsewhere', far + [sc(rd, new)], False),
            ('lr twice', far + [lr(tmp, base), sc(rd, new)], True)):
        rows = sc_rows(insn.attr['size'], at, bool(ok), pairs(False))
        p.add(f'{insn.name} aqrl={aqrl} {name} x{rd},x{new},{at}(x{base})',
              [f'x{old}', f'x{new}'], [f'x{rd}', f'x{mem}'], head + code + tail, rows,
              used={base, tmp})
    p.add(f'{insn.name} rd=rs2', [f'x{old}', f'x{new}'], [f'x{new}', f'x{mem}'],
          head + [lr(tmp, base), sc(new, new), f'ld x{mem}, {-at}(x{base})'],
          sc_rows(insn.attr['size'], at, True, pairs(False)), used={base, tmp})
    rows = [([o, n], next(sc_rows(insn.attr['size'], at, True, [(o, 0)]))[1])
            for o, n in pairs(False)]
    p.add(f'{insn.name} rs2=x0', [f'x{old}', f'x{new}'], [f'x{rd}', f'x{mem}'],
          head + [lr(tmp, base), sc(rd, 0)] + tail, rows, used={base, tmp})
