# SPDX-License-Identifier: GPL-2.0-or-later
"""Variants of the compressed instructions."""
from emit import CONST, LOOP, half
from gen_int import BUFFER, CORNERS, FEW, branch_body, branch_body_back, filler, pairs, rng
from isa import sext

PRIME = 8, 15  # the registers that a three-bit field can name


def span(ci):
    """Which registers the operand fields of the row can name."""
    return PRIME if ci.attr.get('prime') else (1, 31)


def add_c(p, ci):
    HOW[ci.kind](p, ci)


def add_two(p, ci):
    lo, hi = span(ci)
    for n in range(4):
        d, t = p.pool.take(2, (), lo, hi)
        for kind in (LOOP, CONST):
            cases = pairs(n == 0) if kind == LOOP else rng.sample(pairs(True), 12)
            p.add(f'{ci.name} x{d},x{t} {kind}', [f'x{d}', f'x{t}'], [f'x{d}'],
                  [half(ci.enc(d=d, t=t))], [([a, b], [ci.ref(a, b)]) for a, b in cases],
                  kind=kind)
    p.add(f'{ci.name} x{d},x{d}', [f'x{d}'], [f'x{d}'], [half(ci.enc(d=d, t=d))],
          [([a], [ci.ref(a, a)]) for a in CORNERS])
    if ci.attr.get('hint0'):
        p.add(f'{ci.name} x0,x{t}', [f'x{t}'], ['x0'], [half(ci.enc(d=0, t=t))],
              [([a], [0]) for a in FEW])


def add_imms(p, ci, imms):
    lo, hi = span(ci)
    for i in imms:
        d = p.pool.one((2,) if ci.name == 'c.lui' else (), lo, hi)
        for kind in (LOOP, CONST):
            vals = FEW if kind == LOOP else rng.sample(CORNERS, 2)
            p.add(f'{ci.name} x{d},{i} {kind}', [f'x{d}'], [f'x{d}'],
                  [half(ci.enc(d=d, i=i & 0x3f))], [([v], [ci.ref(v, i)]) for v in vals],
                  kind=kind)
    if ci.attr.get('hint0'):
        p.add(f'{ci.name} x0', [], ['x0'], [half(ci.enc(d=0, i=imms[-1] & 0x3f))], [([], [0])])


def add_imm(p, ci):
    add_imms(p, ci, [i for i in range(-32, 32) if i or ci.name != 'c.lui'])


def add_shift(p, ci):
    add_imms(p, ci, list(range(64)))  # a shift by 0 is a hint: nothing happens


def add_nop(p, ci):
    for i in (0, 1, -1, 31, -32):
        a = p.pool.one()
        p.add(f'{ci.name} {i}', [f'x{a}'], [f'x{a}', 'x0'], [half(ci.enc(i=i & 0x3f))],
              [([v], [v, 0]) for v in FEW])


def add_addi4spn(p, ci):
    for i in [4, 8, 12, 16, 32, 64, 128, 256, 512, 1020]:
        d = p.pool.one((), *PRIME)
        p.add(f'{ci.name} x{d},{i}', ['x2'], [f'x{d}', 'x2'], [half(ci.enc(d=d, i=i))],
              [([v], [v + i, v]) for v in FEW])


def add_addi16sp(p, ci):
    for i in (16, 32, 64, 128, 256, 496, -16, -32, -64, -128, -256, -512):
        p.add(f'{ci.name} {i}', ['x2'], ['x2'], [half(ci.enc(i=i & 0x3ff))],
              [([v], [v + i]) for v in FEW])


def offsets(ci):
    scale = 4 if ci.attr['size'] == 4 else 8
    top = {'load': 32, 'store': 32}.get(ci.kind, 64)
    return [i * scale for i in range(top)]


def access(ci, val, base, off, letter):
    ops = {letter: val, 'i': off}
    if not ci.kind.endswith('sp'):
        ops['s'] = base
    return half(ci.enc(**ops))


def add_load(p, ci):
    size, fp, sp = ci.attr['size'], ci.attr.get('fp'), ci.kind.endswith('sp')
    lo, hi = PRIME if not sp else (0 if fp else 1, 31)
    for off in offsets(ci):
        base = 2 if sp else p.pool.one((), *PRIME)
        d = p.pool.one(() if fp else (base,), lo, hi)
        val, tmp = p.pool.take(2, {base, d})
        for rd in (d,) if fp or sp and off else (d, base):
            name = f'{"f" if fp else "x"}{rd}'
            body = [f'la x{base}, {BUFFER}+4096', f'sd x{val}, {off}(x{base})',
                    access(ci, rd, base, off, 'd')]
            p.add(f'{ci.name} {name},{off}(x{base})', [f'x{val}'], [name], body,
                  [([v], [sext(v, 8 * size) if size == 4 else v]) for v in FEW],
                  used={base, tmp, rd})


def add_store(p, ci):
    size, fp, sp = ci.attr['size'], ci.attr.get('fp'), ci.kind.endswith('sp')
    keep = 0 if size == 8 else 0xffffffff << 32
    for off in offsets(ci):
        base = 2 if sp else p.pool.one((), *PRIME)
        src = p.pool.one(() if fp else (base,), *((0 if fp else 1, 31) if sp else PRIME))
        old, out = p.pool.take(2, {base, src})
        name = f'{"f" if fp else "x"}{src}'
        body = [f'la x{base}, {BUFFER}+4096', f'sd x{old}, {off}(x{base})',
                access(ci, src, base, off, 't'), f'ld x{out}, {off}(x{base})']
        rows = [([o, v], [o & keep | v & ~keep]) for o, v in rng.sample(pairs(False), 20)]
        p.add(f'{ci.name} {name},{off}(x{base})', [f'x{old}', name], [f'x{out}'], body, rows,
              used={base, src})
    if sp and not fp:
        out = p.pool.one({2})
        p.add(f'{ci.name} x0', [], [f'x{out}'],
              [f'la x2, {BUFFER}+4096', 'sd x2, 0(x2)', access(ci, 0, 2, 0, 't'),
               f'{"lw" if size == 4 else "ld"} x{out}, 0(x2)'], [([], [0])], used={2})


def add_branch(p, ci):
    for n in range(4):
        s = p.pool.one((), *PRIME)
        out = p.pool.one({s})
        # A c.nop after the branch keeps the distances of branch_body().
        enc = lambda d, r=s: half(ci.enc(s=r, i=d & 0x1ff)) + '\n.hword 1'
        for name, body in (
                ('forward', branch_body(None, out, s, 0, 0, enc)),
                ('backward', branch_body_back(None, out, s, 0, 2, enc)),
                ('+254', branch_body(None, out, s, 0, 242, enc)),
                ('-256', branch_body_back(None, out, s, 0, 248, enc))):
            rows = [([v], [2 if ci.ref(v) else 1]) for v in CORNERS]
            p.add(f'{ci.name} x{s} {name}', [f'x{s}'], [f'x{out}'], body, rows)
            p.add(f'{ci.name} x{s} {name} const', [f'x{s}'], [f'x{out}'], body, rows[:4],
                  kind=CONST)


def add_j(p, ci):
    for distance in (2, 4, 6, 8, 16, 32, 64, 128, 256, 512, 1024, 2046):
        out = p.pool.one()
        body = [f'li x{out}, 0', half(ci.enc(i=distance)), *['.hword 0x9002'] * (distance // 2 - 1),
                f'addi x{out}, x{out}, 2']
        p.add(f'{ci.name} +{distance}', [], [f'x{out}'], body, [([], [2])] * 2)
    for distance in (16, 18, 32, 64, 128, 256, 512, 1024, 2048):
        out, tmp = p.pool.take(2)
        body = [f'li x{out}, 0', f'la x{tmp}, 1f', f'jr x{tmp}', f'addi x{out}, x{out}, 2',
                f'la x{tmp}, 2f', f'jr x{tmp}', *filler(distance - 16), '1:',
                half(ci.enc(i=-distance & 0xfff)), '.hword 0x9002', '2:']
        p.add(f'{ci.name} -{distance}', [], [f'x{out}'], body, [([], [2])] * 2, used={tmp})


def add_jr(p, ci):
    links = ci.name == 'c.jalr'
    for n in range(31):
        rs1 = n + 1
        out, tmp = p.pool.take(2, {rs1, 1})
        body = [f'li x{out}, 0', f'la x{rs1}, 2f+{n % 2}', '1:', half(ci.enc(s=rs1)),
                '.hword 0x9002', '.hword 0x9002', '2:', f'addi x{out}, x{out}, 2']
        outs, want = [f'x{out}'], [2]
        if links:
            body += [f'la x{tmp}, 1b+2', f'sub x{tmp}, x1, x{tmp}']
            outs, want = outs + [f'x{tmp}'], [2, 0]
        p.add(f'{ci.name} x{rs1}', [], outs, body, [([], want)] * 3, used={rs1, tmp, 1})


HOW = {'two': add_two, 'imm': add_imm, 'shift': add_shift, 'nop': add_nop,
       'addi4spn': add_addi4spn, 'addi16sp': add_addi16sp, 'load': add_load, 'store': add_store,
       'loadsp': add_load, 'storesp': add_store, 'branch': add_branch, 'j': add_j, 'jr': add_jr,
       'jalr': add_jr, 'ebreak': lambda p, ci: None}
