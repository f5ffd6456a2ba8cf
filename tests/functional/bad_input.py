# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and sizes that are wrong: a clear error or a machine that runs, never a crash."""

import gzip
import os
import random
import signal
import struct
import subprocess
import time

from bare_metal import program
from harness import Failure, case

SECONDS_TO_RUN = 3


def survives(context, arguments, must_refuse=None):
    """Run a machine that may well be refused.

    Refused: status 1 and a message (with all of must_refuse in it). Not refused, where that
    is right: it runs until it is told to end.
    """
    command = [context.emulator, '-M', 'virt', '-display', 'none', '-serial', 'null',
               '-monitor', 'none'] + arguments
    context.note('$ ' + ' '.join(command))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, cwd=context.folder)
    seconds = SECONDS_TO_RUN if must_refuse is None else 30
    limit = time.monotonic() + seconds * context.patience
    while process.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
    ran = process.poll() is None
    if ran:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10 * context.patience)
        except subprocess.TimeoutExpired:
            process.kill()
    err = process.stderr.read().decode(errors='replace')
    process.stdout.close()
    process.stderr.close()
    context.note('%sstatus %d%s' % (err, process.returncode, ' after SIGTERM' if ran else ''))
    if ran and must_refuse is None and process.returncode == 0:
        return
    if ran:
        raise Failure('it was not refused; status %d after SIGTERM' % process.returncode)
    if process.returncode != 1:
        raise Failure('ended with status %d: %s' % (process.returncode, err[-300:]))
    for text in must_refuse or ['']:
        if not err or text not in err:
            raise Failure('standard error lacks "%s": %r' % (text, err))


def write(context, name, data):
    path = context.scratch(name)
    with open(path, 'wb') as file:
        file.write(data)
    return path


def kernel_bytes(context, count):
    with open(context.guest_file('kernel'), 'rb') as file:
        return file.read(count)


@case('kernel files cut short', ours=True)
def short_kernels(context):
    for count in (1, 4, 63, 64, 4096, 1 << 20):
        path = write(context, 'short-kernel', kernel_bytes(context, count))
        survives(context, ['-bios', context.guest_file('opensbi'), '-kernel', path])


@case('an empty kernel file', ours=True)
def empty_kernel(context):
    path = write(context, 'empty-kernel', b'')
    survives(context, ['-kernel', path], ['empty-kernel'])


@case('kernels of random bytes')
def random_kernels(context):
    source = random.Random(1)
    for magic in (b'', b'MZ', b'\x7fELF', b'\x1f\x8b\x08', b'\x28\xb5\x2f\xfd'):
        path = write(context, 'random-kernel', magic + source.randbytes(10000))
        survives(context, ['-bios', context.guest_file('opensbi'), '-kernel', path])


@case('an Image that claims absurd sizes and offsets', ours=True)
def absurd_image(context):
    image = bytearray(kernel_bytes(context, 1 << 16))
    for offset, size in ((1 << 63, 1 << 20), (0x200000, 1 << 62), ((1 << 64) - 4096, 8192)):
        struct.pack_into('<QQ', image, 8, offset, size)
        path = write(context, 'absurd-image', bytes(image))
        survives(context, ['-bios', context.guest_file('opensbi'), '-kernel', path])


@case('compressed kernels that are cut short', ours=True)
def short_compressed(context):
    plain = kernel_bytes(context, 1 << 20)
    zipped = gzip.compress(plain)
    path = write(context, 'short.gz', zipped[:len(zipped) // 2])
    survives(context, ['-kernel', path], ['short.gz'])
    whole = subprocess.run(['zstd', '-q'], input=plain, capture_output=True, check=True).stdout
    path = write(context, 'short.zst', whole[:len(whole) // 2])
    survives(context, ['-kernel', path], ['short.zst'])


@case('a small file that unpacks to more than the memory', slow=True, ours=True)
def compressed_bomb(context):
    unpacked = kernel_bytes(context, 4096) + bytes(1 << 30)
    path = write(context, 'bomb.gz', gzip.compress(unpacked, 6))
    survives(context, ['-m', '128M', '-kernel', path], ['bomb.gz'])


def elf(machine=243, bits=2, entry=0x80000000, segments=((0x80000000, 0, 64, 64),), phoff=64,
        phentsize=56):
    """An ELF file with the given program headers (address, offset, file size, memory size)."""
    header = struct.pack('<4sBBBB8xHHIQQQIHHHHHH', b'\x7fELF', bits, 1, 1, 0, 2, machine, 1, entry,
                         phoff, 0, 0, 64, phentsize, len(segments), 0, 0, 0)
    rows = b''.join(struct.pack('<IIQQQQQQ', 1, 7, offset, address, address, size, memory, 4096)
                    for address, offset, size, memory in segments)
    return header + rows + bytes(256)


@case('ELF files whose headers lie', ours=True)
def lying_elf(context):
    top = 1 << 64
    files = {
        'x86 program': elf(machine=62),
        'segment beyond the file': elf(segments=((0x80000000, 1 << 30, 4096, 4096),)),
        'offset that wraps': elf(segments=((0x80000000, top - 16, 32, 32),)),
        'more in the file than in memory': elf(segments=((0x80000000, 0, 128, 8),)),
        'segment larger than memory': elf(segments=((0x80000000, 0, 64, 1 << 40),)),
        'segment below memory': elf(segments=((0x40000000, 0, 64, 64),)),
        'segment that wraps': elf(segments=((top - 32, 0, 64, 64),)),
        'headers beyond the file': elf(phoff=1 << 40),
        'headers of a wrong size': elf(phentsize=3),
        'no segments': elf(segments=()),
    }
    for what, data in files.items():
        name = what.replace(' ', '-') + '.elf'
        try:
            survives(context, ['-bios', 'none', '-kernel', write(context, name, data)], [name])
        except Failure as error:
            raise Failure('%s: %s' % (what, error)) from error


@case('a kernel larger than the memory')
def large_kernel(context):
    survives(context, ['-m', '16M', '-bios', context.guest_file('opensbi'),
                       '-kernel', context.guest_file('kernel')], ['kernel'])


@case('an initrd larger than the memory', ours=True)
def large_initrd(context):
    path = context.scratch('large-initrd')
    with open(path, 'wb') as file:
        file.truncate(256 << 20)
    survives(context, ['-m', '128M', '-bios', context.guest_file('opensbi'),
                       '-kernel', context.guest_file('kernel'), '-initrd', path],
             ['large-initrd'])


@case('firmware larger than the memory', ours=True)
def large_firmware(context):
    path = context.scratch('large-firmware')
    with open(path, 'wb') as file:
        file.truncate(256 << 20)
    survives(context, ['-m', '128M', '-bios', path], ['large-firmware'])


@case('loads that overlap are both named', ours=True)
def overlap(context):
    path = program(context, 'finish.S', 'overlap', ['CODE=0x5555'])
    survives(context, ['-bios', context.guest_file('opensbi'), '-kernel', path],
             ['overlap.elf', os.path.basename(context.guest_file('opensbi'))])


def tree_bytes(context):
    path = context.scratch('good.dtb')
    context.run('-M', 'virt,dumpdtb=' + path, '-display', 'none')
    with open(path, 'rb') as file:
        return file.read()


@case('device trees that are corrupt', ours=True)
def corrupt_trees(context):
    good = tree_bytes(context)
    size = struct.unpack_from('>I', good, 4)[0]
    files = {
        'empty': b'',
        'magic only': good[:4],
        'header only': good[:40],
        'cut in half': good[:size // 2],
        'wrong magic': b'\xd0\x0d\xfe\xed'[::-1] + good[4:],
        'size too large': good[:4] + struct.pack('>I', 0x7fffffff) + good[8:],
        'structure beyond the end': good[:8] + struct.pack('>I', 0x7fffff00) + good[12:],
        'zeros': bytes(4096),
    }
    for what, data in files.items():
        path = write(context, 'corrupt.dtb', data)
        try:
            survives(context, ['-dtb', path], ['corrupt.dtb'])
        except Failure as error:
            raise Failure('%s: %s' % (what, error)) from error


@case('device trees with random damage', slow=True, ours=True)
def damaged_trees(context):
    good = tree_bytes(context)
    good = good[:struct.unpack_from('>I', good, 4)[0]]
    source = random.Random(2)
    for _ in range(8):
        data = bytearray(good)
        for _ in range(20):
            data[source.randrange(40, len(data))] = source.randrange(256)
        path = write(context, 'damaged.dtb', bytes(data))
        survives(context, ['-bios', context.guest_file('opensbi'),
                           '-kernel', context.guest_file('kernel'), '-dtb', path])


@case('absurd sizes of memory', ours=True)
def absurd_memory(context):
    for text in ('1', '1k', '4095k'):
        survives(context, ['-m', text])
    survives(context, ['-m', '15E'], ['memory'])
    for text in ('0x10000000000000000', '1.5.5G', 'G', '-1M'):
        survives(context, ['-m', text], ['-m'])


@case('more memory than the host has', ours=True)
def lazy_memory(context):
    survives(context, ['-m', '200G', '-bios', context.guest_file('opensbi')])


@case('absurd numbers of CPUs', ours=True)
def absurd_cpus(context):
    for text in ('-1', '1.5', '4294967297', '99999999999999999999', 'cpus=', 'nosuch=2'):
        survives(context, ['-smp', text], ['smp'])


@case('many CPUs', slow=True)
def many_cpus(context):
    survives(context, ['-smp', '512', '-bios', context.guest_file('opensbi')])

# Pieces that command lines are shuffled from: all options that take an argument, and arguments.
OPTIONS = ('-M', '-cpu', '-accel', '-smp', '-m', '-bios', '-kernel', '-initrd', '-append', '-dtb',
           '-L', '-display', '-serial', '-chardev', '-monitor', '-echr', '-d', '-D', '-dfilter',
           '-name', '-uuid', '-msg', '-rtc', '-net', '-vga')
WORDS = ('', ',', ',,', '=', 'virt', 'none', 'null', 'help', 'on', 'off', 'default', '0', '1', '-1',
         '2', '512', '4294967296', '18446744073709551615', '1e9', '0x10', '1.5G', 'k', '%s%n', 'é',
         'rv64', 'max', 'zba=off', 'v=on', 'tcg', 'interp', 'kvm', 'thread=single', 'thread=',
         'tb-size=1', 'tb-size=0', 'fold=off', 'one-insn-per-tb=on', 'split-wx=off', 'cpus=2',
         'cores=0', 'threads=2', 'size=64M', 'id=a', 'id=', 'mux=on', 'null,id=b', 'chardev:a',
         'chardev:b', 'mon:', 'mon:null', 'mon:chardev:b', 'file:', 'file:out', 'unix:', 'unix:x',
         'tcp:', 'tcp::', 'tcp:127.0.0.1:1', 'socket,id=c', 'path=x', 'server=on', 'wait=off',
         'pipe:x', 'aclint=on', 'dumpdtb=', 'nosuch', '/', '/dev/null', '.', 'guest=x', 'base=utc',
         'timestamp=on', 'int', 'trace:*', '-int', '0..1', '1+0', 'x' * 5000, 'a,b=c,,d,=')


@case('command lines of random pieces', ours=True)
def random_command_lines(context):
    source = random.Random(4)
    for _ in range(150):
        line = []
        for _ in range(source.randrange(1, 6)):
            line.append(source.choice(OPTIONS))
            if source.random() < 0.95:
                line.append(source.choice(',=:').join(
                    source.choice(WORDS) for _ in range(source.choice((1, 1, 2, 2, 3)))))
        command = [context.emulator, '-M', 'virt'] + line + ['-M', 'virt,dumpdtb=/dev/null']
        context.note('$ ' + ' '.join(command))
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, cwd=context.folder, check=False,
                             timeout=20 * context.patience)
        err = run.stderr.decode(errors='replace')
        if run.returncode not in (0, 1) or 'runtime error' in err or 'Sanitizer' in err:
            raise Failure('%s: status %d: %s' % (line, run.returncode, err[-600:]))
        if run.returncode == 1 and not err.startswith(os.path.basename(context.emulator) + ': '):
            raise Failure('%s: no error message: %r' % (line, err))
