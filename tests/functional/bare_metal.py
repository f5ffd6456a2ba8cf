# SPDX-License-Identifier: GPL-2.0-or-later
"""Small programs without firmware: how the machine ends, and that nothing a guest writes hurts."""

import os
import subprocess

from harness import HERE, Failure, case


def program(context, source, name, defines=(), base=0x80000000):
    """Build a bare-metal ELF linked at an address; returns its path."""
    path = context.scratch(name + '.elf')
    command = ['riscv64-linux-gnu-gcc', '-march=rv64imac_zicsr', '-mabi=lp64', '-nostdlib',
               '-static', '-no-pie', '-Wl,--build-id=none', '-Wl,-Ttext=0x%x' % base]
    command += ['-D' + define for define in defines]
    command += [os.path.join(HERE, 'programs', source), '-o', path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise Failure('cannot build %s: %s' % (source, run.stderr))
    return path


def finish(context, code, *arguments):
    elf = program(context, 'finish.S', 'finish-%x' % code, ['CODE=0x%x' % code])
    return context.run('-M', 'virt', '-bios', 'none', '-kernel', elf, '-nographic', *arguments)


def ends_with(context, code, status, *arguments):
    found, out, err = finish(context, code, *arguments)
    if found != status:
        raise Failure('ended with status %d, not %d: %s' % (found, status, err))
    if out.count('H') != 1:
        raise Failure('printed %r' % out)


@case('the test finisher: pass ends with 0')
def finisher_pass(context):
    ends_with(context, 0x5555, 0)


@case('the test finisher: fail ends with its code')
def finisher_fail(context):
    ends_with(context, 0x13333, 1)
    ends_with(context, 0x73333, 7)


@case('the test finisher: reset with -no-reboot ends with 0')
def finisher_reset(context):
    ends_with(context, 0x7777, 0, '-no-reboot')


@case('the test finisher: reset starts the program again')
def finisher_loop(context):
    elf = program(context, 'finish.S', 'finish-7777', ['CODE=0x7777'])
    machine = context.start('-M', 'virt', '-bios', 'none', '-kernel', elf, '-nographic')
    for _ in range(3):
        machine.expect('H', 20)
    machine.send('\x01x')
    machine.ends(0)


@case('-kernel and -bios take a bare-metal ELF on four harts')
def on_four_harts(context):
    ends_with(context, 0x5555, 0, '-smp', '4')
    elf = program(context, 'finish.S', 'finish-5555', ['CODE=0x5555'])
    status, out, err = context.run('-M', 'virt', '-bios', elf, '-nographic')
    if status != 0 or 'H' not in out:
        raise Failure('as -bios: status %d, printed %r, %s' % (status, out, err))


@case('a guest that reads and writes everywhere', slow=True)
def writes_everywhere(context):
    elf = program(context, 'write_everywhere.S', 'write-everywhere')
    status, out, err = context.run('-M', 'virt', '-bios', 'none', '-kernel', elf, '-nographic',
                                   timeout=240)
    if status != 0 or not out.rstrip().endswith('E'):
        raise Failure('status %d, printed %r; %s' % (status, out[-80:], err[-300:]))
