# SPDX-License-Identifier: GPL-2.0-or-later
"""Variants of the floating-point instructions: rounding modes, flags, NaN boxing, aliasing."""
import random
from emit import CONST, LOOP, word
from fp_ref import D, S
from gen_int import BUFFER, CORNERS, FEW, rand64

rng = random.Random(7)
DYN = 7


def corners(f):
    """Positive patterns of every class, and numbers around the limits of integers."""
    one = f.bias << f.frac
    at = lambda e, frac=0: (e + f.bias) << f.frac | frac
    ints = []
    for n in (31, 32, 63, 64):
        ints += [at(n), at(n) - 1, at(n, 1), at(n - 1), at(n - 1) | (1 << f.frac) - 1]
    return [0, 1, 2, (1 << f.frac) - 1, 1 << f.frac, (1 << f.frac) + 1, one - 1, one, one + 1,
            at(-1), at(-1) + 1, at(0, 1 << f.frac - 1), at(1, 1 << f.frac - 2), at(f.p - 1, 1),
            at(f.p), at(f.p - 2, 1), *ints, f.max, f.max - 1, f.inf, f.nan, f.nan | 5, f.inf | 1,
            f.inf | (1 << f.frac - 1) - 1]


def all_corners(f):
    c = corners(f)
    return c + [f.neg(v) for v in c]


def unboxed():
    """Registers that do not hold a boxed single."""
    return [0, 0x3f800000, 0xfffffffe3f800000, 0x7fffffff3f800000, 0x3ff0000000000000,
            0xffffffff00000000 ^ 1 << 32 | 0x7f800000]


def few(f):
    one = f.bias << f.frac
    return [0, f.sign, one, f.neg(one), one + 1, 1, f.max, f.neg(f.max), f.inf, f.neg(f.inf),
            f.nan, f.inf | 1, (1 << f.frac) - 1, 1 << f.frac, f.neg(1 << f.frac)]


def rand(f):
    k = rng.random()
    v = rng.getrandbits(f.width)
    if k < 0.3:
        return v
    if k < 0.6:  # exponents near each other
        return v & ~f.inf | (f.bias + rng.randrange(-3, 4)) << f.frac
    if k < 0.8:  # few bits set, so that halfway cases happen
        return v & f.sign | (f.bias + rng.randrange(-f.p, f.p)) << f.frac | \
            rng.randrange(8) << f.frac - 3
    return v & ~f.inf | rng.choice((0, 1, f.p, f.bias // 2, f.bias * 2 - 1, f.bias * 2 - f.p)
                                   ) << f.frac


def tuples(f, n, count, full):
    """*count* random operand tuples, after all pairs (or single values) of corners if *full*."""
    c = all_corners(f)
    out = []
    if full and n == 1:
        out = [(a,) for a in c]
    elif full and n == 2:
        out = [(a, b) for a in c for b in few(f)] + [(b, a) for a in c for b in few(f)]
    elif full:
        q = few(f)
        out = [(a, b, d) for a in q for b in q for d in rng.sample(q, 4)]
        out += [cancel(f) for _ in range(200)]
    for _ in range(count):
        out.append(tuple(rng.choice(c) if rng.random() < 0.3 else rand(f) for _ in range(n)))
    out += [halfway(f, n) for _ in range(count // 4)] if n > 1 else []
    out = [tuple(f.box(v) for v in t) for t in out]
    if f is S:
        one = S.box(0x3f800000)
        for u in unboxed():
            for pos in range(n):
                out.append(tuple(u if i == pos else one for i in range(n)))
    return out


def halfway(f, n):
    """A sum, difference or product that lies exactly between two numbers."""
    e = f.bias + rng.randrange(-6, 6)
    a = rng.getrandbits(1) << f.width - 1 | e << f.frac | rng.getrandbits(f.frac) & ~6 | 1
    half = rng.getrandbits(1) << f.width - 1 | e - f.p << f.frac
    if n == 3:
        return a, f.bias << f.frac, half
    return a, half if rng.random() < 0.5 else f.bias << f.frac | 1 << f.frac - 1


def cancel(f):
    """a * b and about -(a * b): the fused operation must keep every bit."""
    from fp_ref import RNE, fmul
    a, b = (rng.getrandbits(f.width) & ~f.inf | (f.bias + rng.randrange(-8, 8)) << f.frac
            for _ in range(2))
    p, _ = fmul(f, RNE, a, b)
    return a, b, f.neg(p) ^ rng.randrange(2)


def format_of(insn):
    """The format of the f operands."""
    name = insn.name
    if name == 'fcvt.s.d' or name.startswith(('fmv.x.d', 'fmv.d.x')):
        return D
    if name == 'fcvt.d.s' or name.startswith(('fmv.x.w', 'fmv.w.x')):
        return S
    return D if name.split('.')[-1] == 'd' or '.d.' in name else S


def operands(insn, count, full):
    kind = insn.attr['kind']
    if kind[1] == 'x':
        vals = CORNERS + [(1 << n) + d for n in (24, 25, 31, 32, 53, 54, 62, 63)
                          for d in (-1, 0, 1)] if full else []
        return [(v & (1 << 64) - 1,) for v in vals + [rand64() for _ in range(count)]]
    return tuples(format_of(insn), len(kind) - 1, count, full)


def add_fp(p, insn):
    if insn.fmt == 'FL':
        add_fload(p, insn)
    elif insn.fmt == 'FS':
        add_fstore(p, insn)
    elif insn.fmt in ('FRN', 'FR1N'):
        shapes(p, insn, 0, None, True)
    else:
        for rm in range(5):
            shapes(p, insn, rm, (rm + 1) % 5, rm == 0)
            one_shape(p, insn, DYN, rm, pick(p, insn), operands(insn, 120, False), LOOP)


def pick(p, insn, alias=None):
    """Register numbers by operand, result first; *alias*: positions that share a register."""
    kind = insn.attr['kind']
    regs = []
    for k in kind:
        avoid = [r for r, j in zip(regs, kind) if j == k]
        regs.append(p.pool.one(avoid, 1 if k == 'x' else 0, 31))
    for a, b in alias or ():
        regs[b] = regs[a]
    return regs


def shapes(p, insn, rm, frm, full):
    kind = insn.attr['kind']
    one_shape(p, insn, rm, frm, pick(p, insn), operands(insn, 150, full), LOOP)
    same = [(i, j) for i in range(len(kind)) for j in range(i + 1, len(kind))
            if kind[i] == kind[j]]
    for alias in same:
        one_shape(p, insn, rm, frm, pick(p, insn, [alias]), operands(insn, 25, False), LOOP)
    if len(same) > 1:
        one_shape(p, insn, rm, frm, pick(p, insn, same), operands(insn, 25, False), LOOP)
    ops = operands(insn, 12, full)
    one_shape(p, insn, rm, frm, pick(p, insn), rng.sample(ops, min(12, len(ops))), CONST)
    if kind[0] == 'x':
        one_shape(p, insn, rm, frm, [0] + pick(p, insn)[1:], operands(insn, 10, False), LOOP)
    if kind[1] == 'x':
        one_shape(p, insn, rm, frm, pick(p, insn)[:1] + [0], operands(insn, 1, False), LOOP)


def fp_word(insn, rm, regs):
    rd, *src = regs
    src += [0] * (3 - len(src))
    return word(insn.enc(rd, src[0], src[1] if insn.fmt in ('FR', 'FRN', 'FR4') else 0, rm=rm,
                         rs3=src[2]), insn.name)


def one_shape(p, insn, rm, frm, regs, cases, kind):
    """*frm* is what the dynamic mode is set to: the other one when the instruction is static."""
    kinds = insn.attr['kind']
    names = [k + str(r) for k, r in zip(kinds, regs)]
    xs = {r for k, r in zip(kinds, regs) if k == 'x'}
    flags, tmp = p.pool.take(2, xs)
    pre = [f'li x{tmp}, {frm or 0}', f'fsrm x{tmp}', 'fsflags x0']
    ins = [r for r in dict.fromkeys(names[1:]) if r != 'x0']
    rows = []
    for ops in cases:
        held = dict(zip(names[1:], ops))
        if 'x0' in held:
            held['x0'] = 0
        r, fl = insn.ref(frm if rm == DYN else rm, *[held[n] for n in names[1:]])
        rows.append(([held[n] for n in ins], [0 if names[0] == 'x0' else r, fl]))
    p.add(f'{insn.name} {",".join(names)} rm={rm} frm={frm or 0} {kind}', ins,
          [names[0], f'x{flags}'], [fp_word(insn, rm, regs), f'csrrw x{flags}, fflags, x0'], rows,
          kind=kind, pre=pre, used={tmp} | xs)


# ---- memory ----

VALUES = CORNERS + [S.box(v) for v in (0, 0x3f800000, 0x7f800001, 0xff800000)]


def add_fload(p, insn):
    size = insn.attr['size']
    for n, imm in enumerate((-2048, -8, 0, 4, 8, 2040)):
        val, base, tmp = p.pool.take(3)
        fd = p.pool.one(low=0)
        imm &= ~(size - 1)
        body = [f'la x{base}, {BUFFER}+4096', f'li x{tmp}, {-imm}',
                f'sd x{val}, 0(x{base})', f'add x{base}, x{base}, x{tmp}',
                word(insn.enc(fd, base, imm=imm + (4 if n % 2 and size == 4 else 0)), insn.name)]
        want = lambda v, hi=n % 2: v if size == 8 else S.box(v >> 32 * hi & 0xffffffff)
        p.add(f'{insn.name} f{fd},{imm}(x{base})', [f'x{val}'], [f'f{fd}'], body,
              [([v], [want(v)]) for v in VALUES], used={base, tmp})


def add_fstore(p, insn):
    size = insn.attr['size']
    for imm in (-2048, -8, 0, 4, 8, 2040):
        old, base, tmp = p.pool.take(3)
        fs = p.pool.one(low=0)
        imm &= ~(size - 1)
        body = [f'la x{base}, {BUFFER}+4096', f'sd x{old}, 0(x{base})', f'li x{tmp}, {-imm}',
                f'add x{base}, x{base}, x{tmp}',
                word(insn.enc(rs1=base, rs2=fs, imm=imm), insn.name),
                f'la x{base}, {BUFFER}+4096', f'ld x{tmp}, 0(x{base})']
        # fsw stores the low half, whatever the boxing.
        keep = 0 if size == 8 else 0xffffffff << 32
        rows = [([o, v], [o & keep | v & ~keep & (1 << 64) - 1]) for o in FEW for v in VALUES]
        p.add(f'{insn.name} f{fs},{imm}(x{base})', [f'x{old}', f'f{fs}'], [f'x{tmp}'], body, rows,
              used={base})


# ---- sequences ----

def add_chains(p, insns):
    """Several operations between two looks at the flags, in both formats and any mode."""
    pool = [i for i in insns if i.attr.get('kind') in ('fff', 'ff', 'ffff', 'xff')]
    for n in range(60):
        chain(p, [rng.choice(pool) for _ in range(rng.randrange(3, 9))], n)


def chain(p, picked, n):
    frm = rng.randrange(5)
    fregs = p.pool.take(6, low=0)
    flags, tmp, flag_in = p.pool.take(3)
    xs = p.pool.take(len(picked), {flags, tmp, flag_in})
    steps = []
    for i, insn in enumerate(picked):
        k = insn.attr['kind']
        regs = [xs[i] if k[0] == 'x' else rng.choice(fregs)] + [rng.choice(fregs) for _ in k[1:]]
        steps.append((insn, rng.choice((0, 1, 2, 3, 4, DYN, DYN, DYN)), regs))
    outs = [f'f{r}' for r in fregs] + [f'x{xs[i]}' for i, s in enumerate(picked)
                                       if s.attr['kind'][0] == 'x']
    rows = []
    for _ in range(40):
        vals = [rng.choice((D.box(rand(D)), S.box(rand(S)), S.box(rng.choice(few(S))),
                            rng.choice(few(D)))) for _ in fregs]
        f = dict(zip(fregs, vals))
        start = rng.choice((0, 0, 1, 4, 16))
        fl, xout = start, []
        for insn, rm, regs in steps:
            v, more = insn.ref(frm if rm == DYN else rm, *[f[r] for r in regs[1:]])
            fl |= more
            if insn.attr['kind'][0] == 'x':
                xout.append(v)
            else:
                f[regs[0]] = v
        rows.append(([*vals, start], [*[f[r] for r in fregs], *xout, fl]))
    body = [f'fsflags x{flag_in}']
    body += [fp_word(insn, 0 if insn.fmt in ('FRN', 'FR1N') else rm, regs)
             for insn, rm, regs in steps]
    body.append(f'frflags x{flags}')
    p.add(f'chain {n} frm={frm}: ' + ' '.join(i.name for i in picked),
          [*[f'f{r}' for r in fregs], f'x{flag_in}'], [*outs, f'x{flags}'], body, rows,
          pre=[f'li x{tmp}, {frm}', f'fsrm x{tmp}'], used={tmp, *xs})
