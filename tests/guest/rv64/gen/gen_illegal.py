# SPDX-License-Identifier: GPL-2.0-or-later
"""Data of the sweep of encodings: which half words are legal, and many words that are not."""
import random
import struct
import table_a
import table_b
import table_c
import table_fd
import table_i

SYSTEM_CSR = (1, 2, 3, 5, 6, 7)


def by_opcode():
    """Every row, under its seven opcode bits."""
    rows = {}
    for t in (table_i.insns_i(), table_i.insns_m(), table_a.insns_a(), table_fd.insns_f(),
              table_fd.insns_d(), table_b.insns_zba(), table_b.insns_zbb(), table_b.insns_zbs(),
              table_i.insns_system()):
        for insn in t:
            rows.setdefault(insn.match & 0x7f, []).append(insn)
    return rows


def unspecified(row, w):
    """Reserved rounding modes of exact conversions: the specification lets them execute."""
    return row.attr.get('exact') and w & row.mask == row.match


def is_illegal(rows, w):
    return not any(r.decodes(w) or unspecified(r, w) for r in rows.get(w & 0x7f, ()))


def systematic():
    """All major opcodes, funct3 and funct7, with some values of the rs2 field."""
    for op in range(3, 128, 4):
        for f3 in range(8):
            for f7 in range(128):
                for rs2 in (0, 1, 2, 4, 5, 7, 24, 31):
                    yield f7 << 25 | rs2 << 20 | 11 << 15 | f3 << 12 | 10 << 7 | op


def words():
    rng = random.Random(3)
    rows = by_opcode()
    for w in systematic():
        if is_illegal(rows, w):
            yield w
    for _ in range(60000):
        w = rng.getrandbits(30) << 2 | 3
        if is_illegal(rows, w):
            yield w
    # Instructions whose every field is fixed, with one bit wrong.
    for insn in (i for t in rows.values() for i in t if i.mask == 0xffffffff):
        for bit in range(7, 32):
            if is_illegal(rows, insn.match ^ 1 << bit):
                yield insn.match ^ 1 << bit


def write(out):
    legal = table_c.legal16()
    with open(out + '.bin', 'wb') as f:
        f.write(bytes(sum(legal[n * 8 + b] << b for b in range(8)) for n in range(8192)))
        for w in sorted(set(words())):
            f.write(struct.pack('<I', w))
    with open(out + '.S', 'w', encoding='ascii') as f:
        f.write(f'.section .rodata\n.balign 8\n.globl legal16, illegal32, illegal32_end\n'
                f'legal16: .incbin "{out}.bin", 0, 8192\n'
                f'illegal32: .incbin "{out}.bin", 8192\nillegal32_end:\n')
