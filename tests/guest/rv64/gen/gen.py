#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Generates the table-driven guest tests.

    gen.py SUITE OUT     write OUT.S and OUT.bin
    gen.py --list        the mnemonics that have a test, one a line: "mnemonic suite"
    gen.py --suites      the generated suites' names
"""
import json
import os
import sys

import gen_amo
import gen_c
import gen_csr
import gen_fp
import gen_illegal
import gen_int
import table_a
import table_b
import table_c
import table_fd
import table_i
from emit import Program

HERE = os.path.dirname(os.path.abspath(__file__))


def int_insn(p, insn):
    """The shapes of an integer instruction, by its format."""
    if insn.fmt == 'R':
        gen_int.add_rr(p, insn, insn.ref)
    elif insn.fmt == 'R1':
        gen_int.add_r1(p, insn, insn.ref)
    elif insn.fmt == 'I':
        gen_int.add_ri(p, insn, insn.ref, gen_int.IMMS)
    elif insn.fmt in ('SH6', 'SH5'):
        gen_int.add_ri(p, insn, insn.ref, list(range(64 if insn.fmt == 'SH6' else 32)))
    else:
        OTHER[insn.fmt](p, insn)


OTHER = {'U': gen_int.add_upper, 'B': gen_int.add_branch, 'J': gen_int.add_jal,
         'JR': gen_int.add_jalr, 'L': gen_int.add_load, 'S': gen_int.add_store}

# suite: (instructions, how to make variants of one)
SUITES = {
    'i': (table_i.insns_i, int_insn),
    'm': (table_i.insns_m, int_insn),
    'a': (table_a.insns_a, gen_amo.add_amo),
    'f': (table_fd.insns_f, gen_fp.add_fp),
    'd': (table_fd.insns_d, gen_fp.add_fp),
    'c': (table_c.insns_c, gen_c.add_c),
    'zicsr': (gen_csr.insns, gen_csr.add_csr),
    'zba': (table_b.insns_zba, int_insn),
    'zbb': (table_b.insns_zbb, int_insn),
    'zbs': (table_b.insns_zbs, int_insn),
}


def generate(suite, out):
    if suite == 'illegal':
        gen_illegal.write(out)
        return
    insns, add = SUITES[suite]
    p = Program(suite)
    for insn in insns():
        add(p, insn)
    if suite == 'd':
        gen_fp.add_chains(p, table_fd.insns_f() + table_fd.insns_d())
    p.write(out)


def covered():
    """Generated and hand-written tests: {mnemonic: suite}."""
    rows = {}
    for suite, (insns, _) in SUITES.items():
        rows.update({i.name: suite for i in insns() if i.name != 'c.ebreak'})
    with open(os.path.join(HERE, '..', 'suites.json'), encoding='utf-8') as f:
        for s in json.load(f):
            rows.update({m: s['name'] for m in s.get('covers', [])})
    return rows


def main(argv):
    if argv[1:] == ['--list']:
        for m, s in sorted(covered().items()):
            print(m, s)
    elif argv[1:] == ['--suites']:
        print('\n'.join(SUITES))
    elif len(argv) == 3 and argv[1] in [*SUITES, 'illegal']:
        generate(argv[1], argv[2])
    else:
        sys.exit(__doc__)


if __name__ == '__main__':
    main(sys.argv)
