# SPDX-License-Identifier: GPL-2.0-or-later
"""The command line: what is refused and how, what is listed, what the device tree then says."""

import os
import re
import subprocess

from harness import Failure, case

VIRT = ['-M', 'virt', '-display', 'none', '-serial', 'null', '-monitor', 'none']

# What it is about, arguments, what standard error must show. All end with status 1.
REFUSED = (
    ('unknown option', ['-nosuch'], r'-nosuch: invalid option'),
    ('unknown machine', ['-M', 'nosuch'], r'unsupported machine type'),
    ('unknown machine property', ['-M', 'virt,nosuch=1'], r'nosuch.* not found'),
    ('unknown CPU', VIRT + ['-cpu', 'nosuch'], r"unable to find CPU model 'nosuch'"),
    ('unknown CPU property', VIRT + ['-cpu', 'rv64,nosuch=1'], r'nosuch'),
    ('CPU property that is no boolean', VIRT + ['-cpu', 'rv64,zba=maybe'], r'zba'),
    ('memory that is no number', VIRT + ['-m', 'xyz'], r'-m xyz: '),
    ('memory with a bad suffix', VIRT + ['-m', '12Q'], r'-m 12Q: '),
    ('negative memory', VIRT + ['-m', '-5'], r'-m -5: '),
    ('memory beyond 64 bits', VIRT + ['-m', '99999999999999999999'], r'-m 99999999999999999999: '),
    ('too many CPUs', VIRT + ['-smp', '513'], r'513.*512|512.*513'),
    ('CPUs that are no number', VIRT + ['-smp', 'many'], r'smp'),
    ('topology that does not multiply', VIRT + ['-smp', '4,sockets=3,cores=1,threads=1'],
     r'(?i)topology|maxcpus'),
    ('KVM', VIRT + ['-accel', 'kvm'], r'invalid accelerator kvm'),
    ('unknown accelerator', VIRT + ['-accel', 'nosuch'], r'invalid accelerator nosuch'),
    ('unknown translator property', VIRT + ['-accel', 'tcg,nosuch=1'], r'nosuch'),
    ('unknown thread mode', VIRT + ['-accel', 'tcg,thread=nosuch'], r'nosuch|thread'),
    ('kernel that is not there', VIRT + ['-kernel', '/nonexist'],
     r"could not \w+ (the )?kernel '/nonexist'"),
    ('kernel that is a folder', VIRT + ['-kernel', '/'], r"'/'"),
    ('firmware that is not there', VIRT + ['-bios', '/nonexist'],
     r'''(BIOS|firmware) ["']/nonexist["']'''),
    ('device tree that is not there', VIRT + ['-dtb', '/nonexist'], r'/nonexist'),
    ('serial file in a missing folder',
     ['-M', 'virt', '-display', 'none', '-serial', 'file:/nonexist/x'],
     r"-serial file:/nonexist/x: Could not open '/nonexist/x': No such file or directory"),
    ('unknown serial back-end', ['-M', 'virt', '-display', 'none', '-serial', 'nosuch'],
     r'-serial nosuch: '),
    ('standard input used twice', ['-M', 'virt', '-nographic', '-serial', 'stdio'],
     r'-serial stdio: cannot use stdio by multiple character devices'),
    ('option without its argument', ['-M', 'virt', '-kernel'], r'-kernel: requires an argument'),
    ('device tree that cannot be written', VIRT + ['-M', 'virt,dumpdtb=/nonexist/x'],
     r'/nonexist/x'),
)

# The same, of which only Peregrine is asked.
REFUSED_HERE = (
    ('no machine', [], r'No machine specified, and there is no default'),
    ('a slip of the pen in an option', VIRT + ['-kernal', 'x'], r'-kernal.*(\n.*)*-kernel'),
    ('a slip of the pen in an extension', VIRT + ['-cpu', 'rv64,zbba=on'], r'zbba.*(\n.*)*\bzb[abs]\b'),
    ('no CPUs', VIRT + ['-smp', '0'], r'CPU topology'),
    ('unknown log item', VIRT + ['-d', 'nosuch'], r'nosuch'),
    ('a device that is not there yet', VIRT + ['-device', 'nosuch'], r'-device'),
)

# Arguments, what standard output must show. All end with status 0.
LISTED = (
    (['-version'], r'(?m)\A.*version \d+\.\d+'),
    (['--version'], r'(?m)\A.*version \d+\.\d+'),
    (['-help'], r'(?m)^-kernel '),
    (['--help'], r'(?m)^-append '),
    (['-M', 'help'], r'(?m)^virt\s'),
    (['-machine', 'help'], r'(?m)^virt\s'),
    (['-cpu', 'help', '-machine', 'virt'], r'(?m)^\s*rv64\s*$'),
    (['-accel', 'help'], r'(?m)^tcg\s*$'),
    (['-M', 'none', '-accel', 'help'], r'(?m)^tcg\s*$'),
)


def refuses(what, arguments, pattern, ours=False):
    @case('refused: ' + what, ours=ours)
    def check(context):
        status, _out, err = context.run(*arguments, timeout=20)
        if status != 1:
            raise Failure('status %d, not 1; %s' % (status, err))
        if not re.search(pattern, err):
            raise Failure('standard error lacks "%s": %r' % (pattern, err))


def lists(arguments, pattern, ours=False):
    @case('listed: ' + ' '.join(arguments), ours=ours)
    def check(context):
        status, out, err = context.run(*arguments, timeout=20)
        if status != 0:
            raise Failure('status %d, not 0; %s' % (status, err))
        if not re.search(pattern, out):
            raise Failure('standard output lacks "%s": %r' % (pattern, out[:300]))


for row in REFUSED:
    refuses(*row)
for row in REFUSED_HERE:
    refuses(*row, ours=True)
for row in LISTED:
    lists(*row)
lists(['-M', 'virt', '-cpu', 'help'], r'(?m)^\s*max\s*$', ours=True)
lists(['-d', 'help'], r'(?m)^in_asm ', ours=True)


@case('another name of the program is its name in errors and versions', ours=True)
def other_name(context):
    link = context.scratch('qemu-system-riscv64')
    if os.path.islink(link):
        os.unlink(link)
    os.symlink(os.path.abspath(context.emulator), link)
    run = subprocess.run([link, '--version'], capture_output=True, text=True, check=False)
    if run.returncode != 0 or not re.match(r'QEMU emulator version \d+\.\d+\.\d+ \(', run.stdout):
        raise Failure('its version is %r' % run.stdout)
    run = subprocess.run([link, '-nosuch'], capture_output=True, text=True, check=False)
    if run.returncode != 1 or not run.stderr.startswith('qemu-system-riscv64: -nosuch: '):
        raise Failure('its error is %r' % run.stderr)


def tree(context, *arguments):
    """The device tree that a command line makes, as a function that reads properties."""
    path = context.scratch('options.dtb')
    if os.path.exists(path):
        os.unlink(path)
    status, _out, err = context.run('-M', 'virt,dumpdtb=' + path, *arguments, timeout=20)
    if status != 0:
        raise Failure('status %d: %s' % (status, err))

    def read(node, name, kind='x'):
        run = subprocess.run(['fdtget', '-t', kind, path, node, name], capture_output=True,
                             text=True, check=False)
        return run.stdout.strip() if run.returncode == 0 else None
    return read


@case('memory sizes in every notation')
def memory_sizes(context):
    sizes = (('256', 256), ('256M', 256), ('0.5G', 512), ('1g', 1024), ('524288k', 512),
             ('size=1G', 1024))
    if context.ours:
        sizes += (('64G', 65536), ('1T', 1 << 20))
    for text, mib in sizes:
        cells = tree(context, '-m', text)('/memory@80000000', 'reg').split()
        found = (int(cells[2], 16) << 32 | int(cells[3], 16)) >> 20
        if found != mib:
            raise Failure('-m %s made %d MiB, not %d' % (text, found, mib))


@case('the last of repeated options counts, with one dash or two')
def repeated(context):
    cells = tree(context, '-m', '256M', '--m', '512M')('/memory@80000000', 'reg').split()
    if int(cells[3], 16) != 512 << 20:
        raise Failure('memory is %s' % cells)


@case('CPUs in every notation')
def cpu_counts(context):
    for text, count in (('3', 3), ('cpus=2', 2), ('4,sockets=2', 4), ('sockets=2,cores=3', 6)):
        read = tree(context, '-smp', text)
        harts = [n for n in range(8) if read('/cpus/cpu@%d' % n, 'device_type', 's')]
        if harts != list(range(count)):
            raise Failure('-smp %s made the harts %s' % (text, harts))


@case('extensions that are off are not in the device tree')
def extensions(context):
    isa = tree(context)('/cpus/cpu@0', 'riscv,isa', 's')
    if not re.match(r'rv64imafdc\w*_', isa) or '_zba' not in isa or '_sstc' not in isa:
        raise Failure('riscv,isa is %s' % isa)
    isa = tree(context, '-cpu', 'rv64,zba=off,sstc=false')('/cpus/cpu@0', 'riscv,isa', 's')
    if '_zba' in isa or '_sstc' in isa:
        raise Failure('with zba=off,sstc=false riscv,isa is %s' % isa)


@case('-append reaches the device tree')
def bootargs(context):
    text = 'a=b, "c d" e,,f'
    found = tree(context, '-kernel', context.guest_file('kernel'), '-append', text)(
        '/chosen', 'bootargs', 's')
    if found != text:
        raise Failure('bootargs is %r' % found)
