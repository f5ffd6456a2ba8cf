#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile input, as TAP: damaged images and device trees, odd command lines, guests that poke devices.

Whatever comes from outside may be refused or may run; it must not crash. The emulator ($EMU, by default
that of the build directory) should be built with sanitizers. A case passes if the process ends with
status 0 or 1, with a message in the second case, and no sanitizer or assertion has spoken.

Files that fail are kept in the folder --keep, with the command.
"""
import argparse
import gzip
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TROUBLE = re.compile(r'Sanitizer|runtime error|ssertion|CRITICAL|\*\* \(')
NUMBERS = (0, 1, 2, 0x7f, 0xff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffff0,
           1 << 40, 1 << 63, (1 << 63) - 1, (1 << 64) - 1, (1 << 64) - 4096)
SEED_MARK = struct.pack('<Q', 0x5eed5eed5eed5eed)


class Outcome:
    """How a run ended, and what is wrong with that."""

    def __init__(self, status, err, forced):
        self.err = err
        self.problem = None
        if TROUBLE.search(err):
            self.problem = 'it reports an error of its own'
        elif status not in (0, 1):
            self.problem = 'status %s%s' % (status, ' after SIGTERM' if forced else '')
        elif status == 1 and not err.strip():
            self.problem = 'status 1 without a message'


def run(command, folder, seconds):
    """Run to the end, or for some seconds and then SIGTERM."""
    process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    forced = False
    try:
        _, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        forced = True
        process.send_signal(signal.SIGTERM)
        try:
            _, err = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return Outcome('none: SIGTERM did not end it', '', False)
    return Outcome(process.returncode, err.decode('utf-8', 'replace'), forced)


# --- damage ---

def damage(rng, data, head=512):
    """A copy with a few things wrong, most of them near the start, where headers are."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        if not data:
            return bytes(data)
        at = rng.randrange(min(len(data), head) if rng.random() < 0.8 else len(data))
        kind = rng.randrange(6)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.randrange(256)
        elif kind in (2, 3):
            size, order = rng.choice((2, 4, 4, 8, 8)), rng.choice('<>')
            value = rng.choice(NUMBERS) & (1 << 8 * size) - 1
            at &= ~(min(size, 4) - 1)
            data[at:at + size] = struct.pack(order + {2: 'H', 4: 'I', 8: 'Q'}[size], value)
        elif kind == 4:
            del data[at:]
        else:
            data[at:at] = data[at:at + rng.randrange(1, 64)]
    return bytes(data)


def linux_image(payload=8192):
    """A RISC-V Linux Image: header, and code that loops."""
    loop = struct.pack('<I', 0x0000006f)
    body = loop * (payload // 4)
    header = struct.pack('<IIQQQIIQ4s4sI', 0x0000006f, 0, 0x200000, len(body) + 64, 0, 2, 0, 0,
                         b'RISCV\0\0\0'[:4], b'RSC\x05', 0)
    header = header.ljust(64, b'\0')
    return header + body


def efi_zboot(payload, kind):
    """An EFI image that carries a compressed one."""
    offset = 512
    header = b'MZ\0\0zimg' + struct.pack('<II8x', offset, len(payload)) + kind.ljust(32, b'\0')
    header = header.ljust(60, b'\0') + struct.pack('<I', 64) + b'PE\0\0'
    return header.ljust(offset, b'\0') + payload


def zstd(data):
    return subprocess.run(['zstd', '-q', '-c'], input=data, capture_output=True, check=True).stdout


class Hostile:
    """What is tried, and how often it went wrong."""

    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.emu = os.path.abspath(os.environ.get('EMU') or os.path.join(
            args.build_dir, 'peregrine-system-riscv64'))
        self.rng = random.Random(args.seed)
        self.cases = self.failed = self.lines = 0
        image = linux_image()
        with open(os.path.join(args.build_dir, 'tests', 'fuzz', 'pokes.elf'), 'rb') as file:
            self.pokes = elf = file.read()
        self.images = [image, elf, gzip.compress(image), zstd(image), gzip.compress(elf),
                       efi_zboot(gzip.compress(image), b'gzip'), efi_zboot(zstd(image), b'zstd')]
        self.tree = self.make_tree()
        self.write('good-kernel', image)
        self.write('good-initrd', b'x' * 10000)
        self.check_undamaged()

    def check_undamaged(self):
        """Damage shows little where the emulator refuses what it starts from."""
        for number, data in enumerate(self.images):
            self.write('bad', data)
            command = [self.emu] + self.QUIET + ['-bios', 'none', '-kernel', 'bad']
            status = subprocess.run(command, cwd=self.folder, check=False).returncode
            if status:
                sys.exit('image %d is refused without damage' % number)

    def make_tree(self):
        path = os.path.join(self.folder, 'good.dtb')
        subprocess.run([self.emu, '-M', 'virt,dumpdtb=' + path, '-display', 'none'], check=True,
                       stdout=subprocess.DEVNULL)
        with open(path, 'rb') as file:
            return file.read()

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        return path

    def result(self, title, command, outcome):
        self.cases += 1
        if not outcome.problem:
            return
        self.failed += 1
        self.lines += 1
        print('not ok %d - %s: %s' % (self.lines, title, outcome.problem))
        print('# ' + ' '.join(command))
        for line in outcome.err.splitlines()[:12]:
            print('# ' + line[:200])
        if self.args.keep:
            target = os.path.join(self.args.keep, '%d-%d' % (self.args.seed, self.cases))
            shutil.copytree(self.folder, target)
            print('# kept in ' + target)
        sys.stdout.flush()

    def attempt(self, title, arguments, seconds=20):
        command = [self.emu] + arguments
        self.result(title, command, run(command, self.folder, seconds))

    # --- kinds of cases ---

    # The tree is made after images are loaded, and nothing runs then.
    QUIET = ['-M', 'virt,dumpdtb=out.dtb', '-display', 'none', '-serial', 'null', '-m', '64']

    def image(self):
        data = self.rng.choice(self.images)
        self.write('bad', damage(self.rng, data))
        option = self.rng.choice(('-kernel', '-kernel', '-bios', '-initrd'))
        arguments = self.QUIET + [option, 'bad']
        if option == '-initrd':
            arguments += ['-kernel', 'good-kernel']
        if option != '-bios':
            arguments += ['-bios', 'none']
        self.attempt('damaged image with ' + option, arguments)

    def device_tree(self):
        self.write('bad.dtb', damage(self.rng, self.tree, self.rng.choice((40, 512, 8192))))
        arguments = self.QUIET + ['-bios', 'none', '-dtb', 'bad.dtb', '-kernel', 'good-kernel']
        if self.rng.random() < 0.7:
            arguments += ['-append', 'x' * self.rng.choice((1, 100, 5000)), '-initrd',
                          'good-initrd']
        self.attempt('damaged device tree', arguments)

    OPTIONS = (
        ('-M', 'virt'), ('-M', 'virt,aclint=on'), ('-machine', 'type=virt,dumpdtb=out.dtb'),
        ('-cpu', 'rv64'), ('-cpu', 'max,zba=off,sv39=on'), ('-smp', '2'),
        ('-smp', 'cpus=2,sockets=2,cores=1,threads=1,maxcpus=4'), ('-m', '64M'),
        ('-m', 'size=64M'), ('-bios', 'none'), ('-kernel', 'good-kernel'),
        ('-initrd', 'good-initrd'), ('-append', 'root=/dev/vda'), ('-dtb', 'good.dtb'),
        ('-nographic',), ('-display', 'none'), ('-serial', 'null'), ('-serial', 'file:serial.out'),
        ('-serial', 'mon:stdio'), ('-serial', 'unix:socket,server=on,wait=off'),
        ('-chardev', 'null,id=c0'), ('-serial', 'chardev:c0'), ('-monitor', 'none'),
        ('-accel', 'tcg,thread=single,tb-size=64'), ('-accel', 'tcg,split-wx=on,fold=off'),
        ('-accel', 'interp'), ('-no-reboot',), ('-no-shutdown',), ('-S',),
        ('-d', 'in_asm,op,int,exec,cpu'), ('-D', 'log.out'), ('-dfilter', '0x80000000+0x1000'),
        ('-name', 'a'), ('-pidfile', 'pid'), ('-msg', 'timestamp=on'), ('-rtc', 'base=utc'),
        ('-nodefaults',), ('-echr', '1'), ('-L', '.'), ('-version',), ('-help',),
        ('-machine', 'help'), ('-cpu', 'help'), ('-accel', 'help'), ('-d', 'help'),
    )
    WORDS = ('', ',', '=', ',,', 'on', 'off', 'help', '?', '-', '--', '0', '-1', '1e9', '0x', '1K',
             '99999999999999999999', '18446744073709551615', '9223372036854775807', '%s%n', '\\',
             'id=', 'virt', 'null', 'chardev:', 'chardev:nothing', 'file:', 'unix:', 'tcp::0',
             'é\u2028', '{', '{"a":1}', 'x' * 5000, '1T', '8E', '16E', '65536T', '512', '513')

    def mutate_option(self, option):
        words = list(option)
        if len(words) < 2 or self.rng.random() < 0.4:
            return words
        kind, rng = self.rng.randrange(5), self.rng
        parts = re.split('([,=:+])', words[1])
        at = rng.randrange(len(parts))
        if kind == 0:
            parts[at] = rng.choice(self.WORDS)
        elif kind == 1:
            parts.insert(at, rng.choice(self.WORDS))
        elif kind == 2:
            del parts[at:]
        elif kind == 3:
            parts = parts + [','] + parts
        else:
            return [words[0].replace('-', rng.choice(('--', '', '-x')), 1), words[1]]
        return [words[0], ''.join(parts)]

    def command_line(self):
        arguments = [] if self.rng.random() < 0.2 else list(self.QUIET)
        for _ in range(self.rng.randrange(1, 6)):
            words = self.mutate_option(self.rng.choice(self.OPTIONS))
            arguments += words if self.rng.random() < 0.95 else words[:1]
        if '-S' not in arguments and 'good-kernel' not in arguments:
            arguments += ['-bios', 'none']
        self.attempt('command line', [a.replace('\0', '') for a in arguments], seconds=4)

    def guest(self):
        at = self.pokes.index(SEED_MARK) + len(SEED_MARK)
        seed = struct.pack('<Q', self.rng.getrandbits(63) | 1)
        self.write('pokes.elf', self.pokes[:at] + seed + self.pokes[at + 8:])
        self.attempt('guest that writes everywhere', [
            '-M', 'virt' + self.rng.choice(('', ',aclint=on')), '-bios', 'none', '-display', 'none',
            '-serial', 'null', '-monitor', 'none', '-kernel', 'pokes.elf', '-accel',
            self.rng.choice(('tcg', 'tcg,one-insn-per-tb=on', 'interp'))], seconds=60)

    def run(self):
        kinds = [self.image, self.device_tree, self.command_line, self.guest]
        if self.args.kind:
            kinds = [kind for kind in kinds if kind.__name__ in self.args.kind]
        for kind in kinds:
            end = time.monotonic() + self.args.seconds / len(kinds)
            before, failed = self.cases, self.failed
            while time.monotonic() < end:
                kind()
            count = self.cases - before
            if self.failed == failed:
                self.lines += 1
                print('ok %d - %s, %d cases' % (self.lines, kind.__name__, count), flush=True)
        print('1..%d' % self.lines)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument('--seconds', type=float, default=20, help='in all')
    p.add_argument('--seed', type=int, default=int(time.time()))
    p.add_argument('--build-dir', default=os.path.join(ROOT, 'build'))
    p.add_argument('--kind', action='append', help='image, device_tree, command_line or guest; repeat '
                   'for several; default all')
    p.add_argument('--keep', help='a folder for what fails')
    args = p.parse_args()
    print('# seed %d' % args.seed)
    with tempfile.TemporaryDirectory(prefix='hostile-') as folder:
        hostile = Hostile(args, folder)
        hostile.run()
    print('# %d failed' % hostile.failed)
    return 1 if hostile.failed else 0


if __name__ == '__main__':
    sys.exit(main())
