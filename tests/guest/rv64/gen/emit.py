# SPDX-License-Identifier: GPL-2.0-or-later
"""From variants to an assembly file and a data file.

A Variant is a piece of code with input registers, output registers and cases (values in, values
expected).  A loop variant reads its operands from memory, so a translator cannot know them; a
constant variant is unrolled with the operands as immediate loads, so that it can fold everything.
lib/variants.c calls them, compares and reports.
"""
import struct
from isa import M64

LOOP, CONST = 'loop', 'const'


class Pool:
    """Hands out registers so that over a suite each one takes each role."""

    def __init__(self):
        self.pos = 0

    def take(self, count, avoid=(), low=1, high=31):
        out = []
        while len(out) < count:
            self.pos += 7
            r = low + self.pos % (high - low + 1)
            while r in out or r in avoid:
                r = low + (r - low + 1) % (high - low + 1)
            out.append(r)
        return out

    def one(self, avoid=(), low=1, high=31):
        return self.take(1, avoid, low, high)[0]


class Variant:
    def __init__(self, name, ins, outs, body, cases, kind=LOOP, pre=(), used=()):
        """*used*: x registers that *body* and *pre* touch besides *ins* and *outs*."""
        self.name, self.ins, self.outs = name, list(ins), list(outs)
        self.body, self.pre, self.cases, self.kind = list(body), list(pre), list(cases), kind
        self.used = {int(r[1:]) for r in self.ins + self.outs if r[0] == 'x'} | set(used)


def word(w, comment=''):
    return f'.word 0x{w:08x}' + (f'  # {comment}' if comment else '')


def half(h, comment=''):
    return f'.hword 0x{h:04x}' + (f'  # {comment}' if comment else '')


def load(reg, off, base):
    return f'{"ld" if reg[0] == "x" else "fld"} {reg}, {off}(x{base})'


def store(reg, off, base):
    return f'{"sd" if reg[0] == "x" else "fsd"} {reg}, {off}(x{base})'


class Program:
    """Collects variants and writes NAME.S and NAME.bin."""

    def __init__(self, suite):
        self.suite, self.variants, self.tail = suite, [], []
        self.blob, self.index = bytearray(), {}
        self.pool = Pool()

    def add(self, *a, **k):
        self.variants.append(Variant(*a, **k))

    def data(self, values):
        b = struct.pack(f'<{len(values)}Q', *[v & M64 for v in values])
        if b not in self.index:
            self.index[b] = len(self.blob)
            self.blob += b
        return self.index[b]

    def code(self, n, v):
        """The assembly of one variant: a0 = operands, a1 = results, a2 = number of cases."""
        src, dst, cnt = self.pool.take(3, v.used | {10, 11, 12})
        lines = [f'v{n}:', f'mv x{src}, x10', f'mv x{dst}, x11', f'mv x{cnt}, x12', *v.pre]
        step_in, step_out = 8 * len(v.ins), 8 * len(v.outs)
        stores = [store(r, 8 * i, dst) for i, r in enumerate(v.outs)]
        if v.kind == LOOP:
            lines.append('7:')
            lines += [load(r, 8 * i, src) for i, r in enumerate(v.ins)]
            lines += v.body + stores
            lines += [f'addi x{src}, x{src}, {step_in}', f'addi x{dst}, x{dst}, {step_out}',
                      f'addi x{cnt}, x{cnt}, -1', f'beqz x{cnt}, 8f',
                      'j 7b', '8:']
        else:
            for ins, _ in v.cases:
                for r, val in zip(v.ins, ins):
                    if r[0] == 'x':
                        lines.append(f'li {r}, 0x{val & M64:x}')
                    else:
                        lines += [f'li x{cnt}, 0x{val & M64:x}', f'fmv.d.x {r}, x{cnt}']
                lines += v.body + stores + [f'addi x{dst}, x{dst}, {step_out}']
        return lines + ['la x5, rt_variant_done', 'jr x5']

    def write(self, path):
        out = ['.option norvc', '.option norelax', '.text', '.balign 4']
        rows = []
        for n, v in enumerate(self.variants):
            out += self.code(n, v)
            want = [x for _, o in v.cases for x in o]
            ins = [x for i, _ in v.cases for x in i]
            rows.append((v.name, n, self.data(ins), self.data(want), len(v.cases), len(v.ins),
                         len(v.outs)))
        out += self.tail
        out += ['.section .rodata', '.balign 8', '.globl variants, variant_data, suite_name',
                'variants:']
        for name, n, i, w, cases, nin, nout in rows:
            out += [f'.dword n{n}, v{n}, {i}, {w}', f'.word {cases}, {nin}, {nout}, 0']
        out += ['.dword 0, 0, 0, 0', '.word 0, 0, 0, 0']
        for name, n, *_ in rows:
            out.append(f'n{n}: .asciz "{name}"')
        out += [f'suite_name: .asciz "{self.suite}"', '.balign 16', 'variant_data:',
                f'.incbin "{path}.bin"', '.section .note.GNU-stack,"",@progbits']
        with open(path + '.S', 'w', encoding='ascii') as f:
            f.write('\n'.join(out) + '\n')
        with open(path + '.bin', 'wb') as f:
            f.write(self.blob)
