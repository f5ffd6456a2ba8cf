#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Differential fuzzing of the translator, as TAP: random programs must end alike in every mode.

Each program (gen_stream.c) holds many segments of random instructions and prints a hash of the state
after each. It runs under the interpreter, which says what is right, under the JIT in several modes
and, if its instructions are limited to what QEMU 7.2 does right, under qemu-system-riscv64 where that
is installed. Of a segment that differs, the units that matter are found by replacing the others by
nops; the seed and the disassembly are printed.

The first programs are those of corpus/, then those of fixed seeds, then random ones until the time is
over. --seed N [--segment K] looks at one program, to repeat what a report says.
"""
import argparse
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

import programs  # noqa: E402

MOST_REPORTS = 5


def parse_args():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('--seconds', type=float, default=20, help='how long to make new programs')
    p.add_argument('--fixed', type=int, default=8, help='how many fixed seeds come first')
    p.add_argument('--build-dir', default=os.path.join(ROOT, 'build'))
    p.add_argument('--seed', type=int, help='this program only')
    p.add_argument('--segment', type=int, help='with --seed: this segment only, minimised')
    p.add_argument('--reference', action='store_true',
                   help='new programs and --seed: the kind that QEMU runs as well')
    p.add_argument('--no-reference', action='store_true', help='leave QEMU out')
    p.add_argument('--start-seed', type=int, help='random seeds count up from here (default: time)')
    p.add_argument('--keep', help='a folder for the minimised segments that differ')
    return p.parse_args()


class Fuzzer:
    """A run: the emulators, the results so far."""

    def __init__(self, args, folder):
        self.args = args
        self.tools = programs.Tools(args.build_dir, folder, qemu=not args.no_reference)
        self.cases = self.segments = self.failed = 0

    def result(self, ok, name, notes=()):
        self.cases += 1
        self.failed += not ok
        print('%s %d - %s' % ('ok' if ok else 'not ok', self.cases, name))
        for note in notes:
            print('#', note)
        sys.stdout.flush()

    def examine(self, program, segment, modes):
        """What to tell about a segment that differs."""
        smallest = programs.minimise(self.tools, program.only(segment), modes)
        notes = ['%s, modes %s' % (smallest, ' and '.join(m.name for m in modes))]
        if not self.tools.differs(smallest, modes):
            return notes + ['differs only together with the segments before it']
        if self.args.keep:
            path = os.path.join(self.args.keep, '%d-%d.segment' % (program.seed, segment))
            self.tools.save(smallest, path)
            notes.append('kept as %s' % path)
        return notes + programs.describe(self.tools, smallest, modes)

    def check(self, program):
        """Run a program everywhere and compare."""
        differences = self.tools.compare(program)
        self.segments += program.count
        notes = []
        for segment, modes in differences[:MOST_REPORTS]:
            if segment is None:
                notes.append('modes %s: %s' % (' and '.join(m.name for m in modes),
                                               'the programs end differently'))
            else:
                notes += self.examine(program, segment, modes)
        if len(differences) > MOST_REPORTS:
            notes.append('%d segments differ in all' % len(differences))
        self.result(not differences, str(program), notes)

    def replay_corpus(self):
        folder = os.path.join(HERE, 'corpus')
        for name in sorted(os.listdir(folder) if os.path.isdir(folder) else []):
            if name.endswith('.segment'):
                self.check(programs.Saved(os.path.join(folder, name)))

    def run(self):
        args = self.args
        if args.seed is not None:
            program = programs.Program(args.seed, args.reference)
            if args.segment is not None:
                program = program.only(args.segment)
            self.check(program)
            return
        self.replay_corpus()
        for seed in range(1, args.fixed + 1):
            self.check(programs.Program(seed, seed % 2 == 0))
        end = time.monotonic() + args.seconds
        seed = args.start_seed or int(time.time()) % 10**9 * 1000
        print('# random seeds from %d' % seed)
        while time.monotonic() < end:
            self.check(programs.Program(seed, args.reference and seed % 2 == 0))
            seed += 1


def main():
    args = parse_args()
    with tempfile.TemporaryDirectory(prefix='fuzz-') as folder:
        fuzzer = Fuzzer(args, folder)
        if not fuzzer.tools.qemu:
            print('# without qemu-system-riscv64 for comparison')
        fuzzer.run()
    print('1..%d' % fuzzer.cases)
    print('# %d segments' % fuzzer.segments)
    return 1 if fuzzer.failed else 0


if __name__ == '__main__':
    sys.exit(main())
