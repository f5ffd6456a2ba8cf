# SPDX-License-Identifier: GPL-2.0-or-later
"""Fuzzing programs: making, running, comparing and minimising them."""
import copy
import difflib
import os
import re
import shutil
import subprocess

SEGMENTS = 64
TIMEOUT = 30
RESULT = re.compile(r'^S (\d+) ([0-9a-f]{16}) traps \d+$', re.M)


class Mode:
    """A way to run a program."""

    def __init__(self, name, command):
        self.name, self.command = name, command


class Program:
    """What gen_stream makes of a seed, or a part of it."""

    def __init__(self, seed, reference=False):
        self.seed, self.reference = seed, reference
        self.first, self.count = 0, SEGMENTS
        self.cleared = ()

    def only(self, segment):
        part = copy.copy(self)
        part.first, part.count = segment, 1
        return part

    def from_segment(self, first, count):
        part = copy.copy(self)
        part.first, part.count = first, count
        return part

    def without(self, units):
        part = copy.copy(self)
        part.cleared = tuple(sorted(units))
        return part

    def arguments(self):
        args = ['--seed', str(self.seed), '--first', str(self.first), '--count', str(self.count)]
        args += ['--reference'] if self.reference else []
        if self.cleared:
            args += ['--clear', ','.join(str(u) for u in self.cleared)]
        return args

    def __str__(self):
        where = '' if self.count == SEGMENTS else ' segment %d' % self.first
        return 'seed %d%s%s' % (self.seed, ' --reference' if self.reference else '', where)


class Saved(Program):
    """A minimised segment, kept in a file because seeds mean something else after every change."""

    def __init__(self, path):
        super().__init__(0)
        self.path = path
        self.first, self.count = 0, 1
        with open(path, encoding='utf-8') as file:
            self.reference = any(line.startswith('reference') for line in file)

    def arguments(self):
        args = ['--load', self.path, '--count', '1'] + (['--reference'] if self.reference else [])
        if self.cleared:
            args += ['--clear', ','.join(str(u) for u in self.cleared)]
        return args

    def __str__(self):
        return 'corpus ' + os.path.basename(self.path)


class Output:
    """What a run printed: the line of each segment, and how it ended."""

    def __init__(self, text, end):
        self.text, self.end = text, end
        self.hashes = {int(n): value for n, value in RESULT.findall(text)}


class Tools:
    """The generator, the emulators and a folder for files."""

    def __init__(self, build, folder, qemu=True):
        self.folder = folder
        self.generator = os.path.join(build, 'tests', 'fuzz', 'gen_stream')
        self.runtime = os.path.join(build, 'tests', 'fuzz', 'runtime.elf')
        emu = os.environ.get('EMU') or os.path.join(build, 'peregrine-system-riscv64')
        board = ['-M', 'virt', '-bios', 'none', '-nographic']
        self.modes = [Mode(name, [emu, *board, '-cpu', 'max', '-accel', accel]) for name, accel in (
            ('interp', 'interp'), ('mixed', 'tcg'), ('jit', 'tcg,interpret-first=off'),
            ('fold=off', 'tcg,interpret-first=off,fold=off'),
            ('one-insn', 'tcg,interpret-first=off,one-insn-per-tb=on'))]
        self.qemu = None
        if qemu and shutil.which('qemu-system-riscv64'):
            # What its default CPU has beyond ours is off.
            self.qemu = Mode('qemu', ['qemu-system-riscv64', *board, '-cpu', 'rv64,zbc=off,h=off'])

    def generate(self, program, *options):
        """Make the ELF file; returns its path and what the generator printed."""
        path = os.path.join(self.folder, 'program.elf')
        out = subprocess.run([self.generator, *program.arguments(), *options, '--runtime',
                              self.runtime, '--output', path],
                             check=True, capture_output=True, text=True).stdout
        return path, out

    def run(self, mode, path):
        try:
            p = subprocess.run(mode.command + ['-kernel', path], stdin=subprocess.DEVNULL,
                               capture_output=True, timeout=TIMEOUT, check=False)
            raw, end = p.stdout, 'status %d' % p.returncode
            if p.returncode:
                raw += p.stderr
        except subprocess.TimeoutExpired as e:
            raw, end = e.stdout or b'', 'hung'
        text = raw.decode('ascii', 'replace').replace('\r', '')
        lost = re.search(r'^LOST.*', text, re.M)
        return Output(text, lost.group() if lost else end)

    def modes_for(self, program):
        return self.modes + ([self.qemu] if program.reference and self.qemu else [])

    def compare(self, program):
        """(segment or None, (mode, mode)) for all that differs."""
        path, _ = self.generate(program)
        modes = self.modes_for(program)
        outputs = [self.run(mode, path) for mode in modes]
        differences = {}
        for mode, output in zip(modes[1:], outputs[1:]):
            pair = (modes[0], mode)
            for segment in range(program.first, program.first + program.count):
                if output.hashes.get(segment) != outputs[0].hashes.get(segment):
                    differences.setdefault(segment, pair)
            if output.end != outputs[0].end and not differences:
                differences.setdefault(None, pair)
        return sorted(differences.items(), key=lambda d: -1 if d[0] is None else d[0])

    def differs(self, program, modes):
        path, _ = self.generate(program)
        first, second = (self.run(mode, path) for mode in modes)
        return (first.hashes, first.end) != (second.hashes, second.end)

    def save(self, program, path):
        self.generate(program, '--save', path)


def minimise(tools, program, modes):
    """The program without the units that do not matter."""
    if not tools.differs(program, modes):
        return program
    _, listing = tools.generate(program, '--list')
    units = sorted({int(u) for u in re.findall(r'^unit (\d+)', listing, re.M)})
    gone = set()
    size = max(1, len(units) // 2)
    while size:
        left = [u for u in units if u not in gone]
        for start in range(0, len(left), size):
            attempt = gone | set(left[start:start + size])
            if tools.differs(program.without(attempt), modes):
                gone = attempt
        size //= 2
    return program.without(gone)


def describe(tools, program, modes):
    """Lines: the instructions that are left, and where the results differ."""
    path, listing = tools.generate(program, '--list', '--dump', '--trace')
    gone = set(program.cleared)
    lines = []
    for line in listing.splitlines():
        unit = re.match(r'unit (\d+)', line)
        if not unit or int(unit.group(1)) not in gone:
            lines.append(line)
    outputs = [tools.run(mode, path) for mode in modes]
    for mode, output in zip(modes, outputs):
        lines.append('%s: %s' % (mode.name, output.end))
    texts = [output.text.splitlines() for output in outputs]
    names = ['--- ' + modes[0].name, '+++ ' + modes[1].name]
    difference = list(difflib.unified_diff(*texts, n=0, lineterm=''))[2:]
    lines += names + [line for line in difference if not line.startswith('@@')][:24]
    return lines
