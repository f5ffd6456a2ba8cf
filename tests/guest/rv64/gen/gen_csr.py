# SPDX-License-Identifier: GPL-2.0-or-later
"""Variants of the CSR instructions, on sscratch: a register that holds any value."""
from emit import CONST, LOOP, word
from gen_int import pairs, rng
from isa import Insn, M64

SSCRATCH = 0x140
FORMS = [('csrrw', 1, lambda old, v: v), ('csrrs', 2, lambda old, v: old | v),
         ('csrrc', 3, lambda old, v: old & ~v)]


def insns():
    return ([Insn(n, 'CSR', f3 << 12 | 0x73, ref, imm=False) for n, f3, ref in FORMS] +
            [Insn(n + 'i', 'CSR', f3 + 4 << 12 | 0x73, ref, imm=True) for n, f3, ref in FORMS])


def add_csr(p, insn):
    (add_imm if insn.attr['imm'] else add_reg)(p, insn)


def variant(p, insn, rd, rs1, value_of, cases, kind=LOOP):
    """*value_of(case's second value)* is the operand: the register's, zero or the immediate."""
    used = {rd} | (set() if insn.attr['imm'] else {rs1})
    src = rs1 if not insn.attr['imm'] and rs1 else p.pool.one(used)
    old, now, res = p.pool.take(3, used | {src})
    body = [f'csrw sscratch, x{old}', word(insn.enc(rd, rs1, imm=SSCRATCH), insn.name),
            f'mv x{res}, x{rd}', f'csrr x{now}, sscratch']
    rows = [([o, v], [o if rd else 0, insn.ref(o, value_of(v)) & M64]) for o, v in cases]
    p.add(f'{insn.name} x{rd},sscratch,{rs1} {kind}', [f'x{old}', f'x{src}'],
          [f'x{res}', f'x{now}'], body, rows, kind=kind, used=used)


def add_reg(p, insn):
    for _ in range(3):
        rd, rs1 = p.pool.take(2)
        variant(p, insn, rd, rs1, lambda v: v, pairs(False))
        variant(p, insn, rd, rs1, lambda v: v, rng.sample(pairs(True), 10), CONST)
        variant(p, insn, rs1, rs1, lambda v: v, pairs(False))
        variant(p, insn, 0, rs1, lambda v: v, pairs(False))
        variant(p, insn, rd, 0, lambda v: 0, pairs(False))
    variant(p, insn, 0, 0, lambda v: 0, pairs(False))


def add_imm(p, insn):
    for imm in range(32):
        rd = p.pool.one()
        for d in (rd, 0):
            variant(p, insn, d, imm, lambda v, i=imm: i, rng.sample(pairs(False), 8))
