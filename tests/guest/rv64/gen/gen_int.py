# SPDX-License-Identifier: GPL-2.0-or-later
"""Variants of the integer instructions: shapes of operands and immediates."""
import random
from emit import CONST, LOOP, word
from isa import M64, sext

CORNERS = [0, 1, 2, 3, 31, 32, 33, 63, 64, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
           0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
           0x8000000000000001, 0xffffffff7fffffff, 0xffffffff80000000, M64 - 1, M64,
           0x0123456789abcdef, 0xaaaaaaaa55555555]
FEW = [0, 1, 31, 63, 0x80, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 63, M64, 0x0123456789abcdef]
IMMS = [-2048, -2047, -1365, -256, -1, 0, 1, 2, 7, 255, 1024, 1365, 2046, 2047]
rng = random.Random(20)


def rand64():
    v = rng.getrandbits(64)
    return v if rng.random() < 0.6 else v >> rng.randrange(64)


def pairs(full):
    c = CORNERS if full else FEW
    out = [(a, b) for a in c for b in c]
    return out + [(rand64(), rand64()) for _ in range(100 if full else 10)]


def value_of(reg, operands):
    """What a register holds given [(reg, value)]; x0 is always zero."""
    return 0 if reg == 0 else dict(operands)[reg]


def add_rr(p, insn, ref, encode=None):
    """Three-register instructions: all ways in which the registers can coincide."""
    encode = encode or (lambda rd, rs1, rs2: word(insn.enc(rd, rs1, rs2), insn.name))
    a, b, c = p.pool.take(3)
    shapes = [(a, b, c), tuple(p.pool.take(3)), (a, a, b), (a, b, a), (a, b, b), (a, a, a),
              (0, a, b), (a, 0, b), (a, b, 0), (a, 0, 0), (0, 0, 0), (b, b, 0), (c, 0, c)]
    for n, (rd, rs1, rs2) in enumerate(shapes):
        add_rr_shape(p, insn, ref, encode, (rd, rs1, rs2), n == 0)
    for shape in ((a, b, c), (a, a, b), (b, c, b), (a, 0, b), (a, b, 0)):
        cases = rng.sample(pairs(False), 12)
        add_rr_cases(p, insn, ref, encode, shape, cases, CONST)
    for const in FEW:
        add_rr_half_const(p, insn, ref, encode, const)


def add_rr_shape(p, insn, ref, encode, shape, full):
    add_rr_cases(p, insn, ref, encode, shape, pairs(full), LOOP)


def add_rr_cases(p, insn, ref, encode, shape, cases, kind):
    rd, rs1, rs2 = shape
    ins = [r for r in dict.fromkeys((rs1, rs2)) if r]
    rows = []
    for a, b in cases:
        operands = list(zip(ins, (a, b)))
        want = ref(value_of(rs1, operands), value_of(rs2, operands)) if rd else 0
        rows.append(([v for _, v in operands], [want]))
    used = {rd, rs1, rs2}
    p.add(f'{insn.name} x{rd},x{rs1},x{rs2} {kind}', [f'x{r}' for r in ins], [f'x{rd}'],
          [encode(rd, rs1, rs2)], rows, kind=kind, used=used)


def add_rr_half_const(p, insn, ref, encode, const):
    """One operand known, the other from memory: where identities such as x + 0 are folded."""
    rd, rs1, rs2 = p.pool.take(3)
    for known, other in ((rs1, rs2), (rs2, rs1)):
        rows = []
        for v in FEW + [rand64()]:
            ops = [(known, const), (other, v)]
            rows.append(([v], [ref(value_of(rs1, ops), value_of(rs2, ops))]))
        p.add(f'{insn.name} x{rd},x{rs1},x{rs2} with x{known}=0x{const:x}', [f'x{other}'],
              [f'x{rd}'], [f'li x{known}, 0x{const:x}', encode(rd, rs1, rs2)], rows,
              used={rd, rs1, rs2})


def add_ri(p, insn, ref, imms, encode=None):
    """Register and immediate; *imms* are the immediate's corners."""
    encode = encode or (lambda rd, rs1, i: word(insn.enc(rd, rs1, imm=i), insn.name))
    values = CORNERS + [rand64() for _ in range(10)]
    for i in imms:
        rd, rs1 = p.pool.take(2)
        for d, s, kind in ((rd, rs1, LOOP), (rs1, rs1, LOOP), (rd, rs1, CONST)):
            vals = values if kind == LOOP else rng.sample(values, 3)
            p.add(f'{insn.name} x{d},x{s},{i} {kind}', [f'x{s}'], [f'x{d}'], [encode(d, s, i)],
                  [([v], [ref(v, i)]) for v in vals], kind=kind)
    for i in (imms[0], imms[-1]):
        rd, rs1 = p.pool.take(2)
        p.add(f'{insn.name} x0,x{rs1},{i}', [f'x{rs1}'], ['x0'], [encode(0, rs1, i)],
              [([v], [0]) for v in FEW])
        p.add(f'{insn.name} x{rd},x0,{i}', [], [f'x{rd}'], [encode(rd, 0, i)],
              [([], [ref(0, i)])] * 2)


def add_r1(p, insn, ref):
    enc = lambda rd, rs1: word(insn.enc(rd, rs1), insn.name)
    walk = [1 << i for i in range(64)] + [M64 ^ (1 << i) for i in range(64)]
    values = CORNERS + walk + [rand64() for _ in range(60)]
    rd, rs1 = p.pool.take(2)
    for d, s in ((rd, rs1), (rs1, rs1), tuple(p.pool.take(2))):
        p.add(f'{insn.name} x{d},x{s}', [f'x{s}'], [f'x{d}'], [enc(d, s)],
              [([v], [ref(v)]) for v in values])
    p.add(f'{insn.name} x{rd},x{rs1} const', [f'x{rs1}'], [f'x{rd}'], [enc(rd, rs1)],
          [([v], [ref(v)]) for v in CORNERS], kind=CONST)
    p.add(f'{insn.name} x0,x{rs1}', [f'x{rs1}'], ['x0'], [enc(0, rs1)], [([v], [0]) for v in FEW])
    p.add(f'{insn.name} x{rd},x0', [], [f'x{rd}'], [enc(rd, 0)], [([], [ref(0)])] * 2)


def add_upper(p, insn):
    for imm in (0, 0x1000, 0x7ffff000, 0x80000000, 0xfffff000, 0x12345000, 0xabcde000):
        (rd,) = p.pool.take(1)
        tmp = p.pool.one({rd})
        w = word(insn.enc(rd, imm=imm), insn.name)
        if insn.name == 'lui':
            p.add(f'lui x{rd},0x{imm:x}', [], [f'x{rd}'], [w], [([], [sext(imm, 32)])] * 2)
            p.add(f'lui x0,0x{imm:x}', [], ['x0'], [word(insn.enc(0, imm=imm))], [([], [0])])
        else:
            body = ['1:', w, f'la x{tmp}, 1b', f'sub x{rd}, x{rd}, x{tmp}']
            p.add(f'auipc x{rd},0x{imm:x}', [], [f'x{rd}'], body, [([], [sext(imm, 32)])] * 2,
                  used={tmp})


# ---- memory ----

BUFFER = 'variant_buffer'  # 8 KiB, the middle is at +4096


def add_load(p, insn, imms=(-2048, -1024, -8, 0, 8, 16, 1016, 2040)):
    size, signed = insn.attr['size'], insn.attr['signed']

    def want(v, at):
        b = v >> 8 * at & ((1 << 8 * size) - 1)
        return sext(b, 8 * size) if signed else b

    values = CORNERS + [rand64() for _ in range(8)]
    for n, imm in enumerate(imms):
        at = (n * size) % 8
        rd, rs1, val = p.pool.take(3)
        for d in (rd, rs1, 0):
            body = [f'la x{rs1}, {BUFFER}+4096', f'sd x{val}, 0(x{rs1})',
                    f'addi x{rs1}, x{rs1}, {-imm if imm > -2048 else 1024}']
            if imm == -2048:
                body.append(f'addi x{rs1}, x{rs1}, 1024')
            # The address is base + imm + at, so that the element's place in the word varies.
            if imm + at > 2047:
                at = 0
            body.append(word(insn.enc(d, rs1, imm=imm + at), insn.name))
            p.add(f'{insn.name} x{d},{imm + at}(x{rs1})', [f'x{val}'], [f'x{d}'], body,
                  [([v], [want(v, at) if d else 0]) for v in values], used={rs1})


def add_store(p, insn, imms=(-2048, -1024, -8, 0, 8, 16, 1016, 2040)):
    size = insn.attr['size']
    mask = (1 << 8 * size) - 1

    def want(old, v, at):
        return old & ~(mask << 8 * at) | (v & mask) << 8 * at

    for n, imm in enumerate(imms):
        at = (n * size) % 8
        if imm + at > 2047:
            at = 0
        base, val, old, chk = p.pool.take(4)
        for src in (val, 0):
            body = [f'la x{base}, {BUFFER}+4096', f'sd x{old}, 0(x{base})',
                    f'li x{chk}, {-imm}', f'add x{base}, x{base}, x{chk}',
                    word(insn.enc(rs1=base, rs2=src, imm=imm + at), insn.name),
                    f'la x{base}, {BUFFER}+4096', f'ld x{chk}, 0(x{base})']
            p.add(f'{insn.name} x{src},{imm + at}(x{base})', [f'x{val}', f'x{old}'], [f'x{chk}'],
                  body, [([v, o], [want(o, v if src else 0, at)]) for v, o in pairs(False)],
                  used={base})
    base, chk, old = p.pool.take(3)
    shift = 64 - 8 * size
    p.add(f'{insn.name} x{base},0(x{base})', [f'x{old}'], [f'x{chk}'],
          [f'la x{base}, {BUFFER}+4096', f'sd x{old}, 0(x{base})',
           word(insn.enc(rs1=base, rs2=base)), f'ld x{chk}, 0(x{base})',
           f'xor x{chk}, x{chk}, x{base}', f'slli x{chk}, x{chk}, {shift}'],
          [([v], [0]) for v in FEW], used={base})


# ---- jumps ----

def filler(size):
    return [f'.skip {size}'] if size else []


def branch_body(insn, out, rs1, rs2, skip, encode=None):
    """Forward: out = 1 not taken, 2 taken; *skip* bytes of filler make the distance."""
    encode = encode or (lambda d: word(insn.enc(rs1=rs1, rs2=rs2, imm=d), insn.name))
    return [f'li x{out}, 0', encode(12 + skip), f'ori x{out}, x{out}, 1', 'j 2f', *filler(skip),
            f'ori x{out}, x{out}, 2', '2:']


def branch_body_back(insn, out, rs1, rs2, skip, encode=None):
    encode = encode or (lambda d: word(insn.enc(rs1=rs1, rs2=rs2, imm=d), insn.name))
    return [f'li x{out}, 0', 'j 3f', f'ori x{out}, x{out}, 2', 'j 2f', *filler(skip), '3:',
            encode(-8 - skip), f'ori x{out}, x{out}, 1', '2:']


def add_branch(p, insn):
    ref = insn.ref
    a, b, out = p.pool.take(3)
    full = pairs(True)
    for name, body, cases in (
            ('forward', branch_body(insn, out, a, b, 0), full),
            ('backward', branch_body_back(insn, out, a, b, 0), full),
            ('half word forward', branch_body(insn, out, a, b, 2), pairs(False)),
            ('half word backward', branch_body_back(insn, out, a, b, 6), pairs(False)),
            ('+4094', branch_body(insn, out, a, b, 4082), pairs(False)),
            ('-4096', branch_body_back(insn, out, a, b, 4088), pairs(False))):
        p.add(f'{insn.name} x{a},x{b} {name}', [f'x{a}', f'x{b}'], [f'x{out}'], body,
              [([x, y], [2 if ref(x, y) else 1]) for x, y in cases])
    p.add(f'{insn.name} x{a},x{b} const', [f'x{a}', f'x{b}'], [f'x{out}'],
          branch_body(insn, out, a, b, 0),
          [([x, y], [2 if ref(x, y) else 1]) for x, y in rng.sample(full, 20)], kind=CONST)
    for rs1, rs2 in ((a, a), (a, 0), (0, a), (0, 0)):
        rows = []
        for v in CORNERS:
            x, y = (v if r else 0 for r in (rs1, rs2))
            rows.append(([v], [2 if ref(x, y) else 1]))
        p.add(f'{insn.name} x{rs1},x{rs2}', [f'x{a}'], [f'x{out}'],
              branch_body(insn, out, rs1, rs2, 0), rows)


def add_jal(p, insn):
    for rd in (1, 5, p.pool.one({1, 5}), 0):
        for skip in (0, 2, 4090, 65536, 1048566):
            if skip < 1 << 19 or rd == 1:
                add_jal_one(p, insn, rd, 8 + skip)
        for skip in (0, 2, 4088, 1048560):
            if skip < 1 << 19 or rd == 1:
                add_jal_one(p, insn, rd, -16 - skip)


def add_jal_one(p, insn, rd, distance):
    link, out, tmp = p.pool.take(3, {rd})
    jal = word(insn.enc(rd, imm=distance), 'jal')
    if distance > 0:
        body = ['1:', jal, 'ebreak', *filler(distance - 8), f'li x{out}, 2']
    else:
        body = [f'la x{tmp}, 1f', f'jr x{tmp}', f'li x{out}, 2', f'la x{tmp}, 2f', f'jr x{tmp}',
                *filler(-distance - 16), '1:', jal, 'ebreak', '2:']
    body = [f'li x{out}, 0', *body]
    if rd:
        body += [f'la x{link}, 1b+4', f'sub x{link}, x{rd}, x{link}']
    outs = [f'x{out}', f'x{link}'] if rd else [f'x{out}']
    far = abs(distance) > 1 << 19  # the loop's own jump would not reach
    p.add(f'jal x{rd},{distance}', [], outs, body,
          [([], [2, 0] if rd else [2])] * (1 if far else 3), kind=CONST if far else LOOP,
          used={link, tmp, rd})


def add_jalr(p, insn):
    for rd_kind in ('other', 'same', 'zero', 'ra'):
        for imm in (-2048, -1, 0, 1, 2, 2047):
            rs1, tmp, out = p.pool.take(3, {1})
            rd = {'other': p.pool.one({rs1, tmp, out, 1}), 'same': rs1, 'zero': 0,
                  'ra': 1}[rd_kind]
            body = [f'li x{out}, 0', f'la x{rs1}, 3f', f'li x{tmp}, {-imm}',
                    f'add x{rs1}, x{rs1}, x{tmp}', '1:', word(insn.enc(rd, rs1, imm=imm), 'jalr'),
                    f'ori x{out}, x{out}, 1', 'j 2f', '3:', f'ori x{out}, x{out}, 2', '2:',
                    f'la x{tmp}, 1b+4']
            link = rd
            if rd:
                body.append(f'sub x{link}, x{link}, x{tmp}')
            p.add(f'jalr x{rd},{imm}(x{rs1})', [], [f'x{out}'] + ([f'x{link}'] if rd else []),
                  body, [([], [2] + ([0] if rd else []))] * 3, used={rs1, tmp, rd})
    # The lowest bit of the sum is dropped: 3f + 1 goes to 3f.
    rs1, out = p.pool.take(2)
    p.add('jalr to an odd address', [], [f'x{out}'],
          [f'li x{out}, 0', f'la x{rs1}, 3f+1', word(insn.enc(0, rs1)), f'ori x{out}, x{out}, 1',
           'j 2f', '3:', f'ori x{out}, x{out}, 2', '2:'], [([], [2])] * 2, used={rs1})
    add_indirect(p, insn)


def add_indirect(p, insn):
    """One jalr with changing targets, and calls with returns: what jump caches must get right."""
    sel, out, tmp, link = p.pool.take(4)
    body = [f'la x{tmp}, 3f', f'slli x{link}, x{sel}, 4', f'add x{tmp}, x{tmp}, x{link}',
            word(insn.enc(link, tmp)), 'j 2f', '.balign 16', '3:']
    for i in range(8):
        body += [f'li x{out}, {100 + i}', f'jr x{link}', 'nop', 'nop']
    body += ['2:']
    rows = [([rng.randrange(8)], None) for _ in range(200)]
    p.add('jalr changing targets', [f'x{sel}'], [f'x{out}'], body,
          [(i, [100 + i[0]]) for i, _ in rows], used={tmp, link})
