# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's kernel and U-Boot, on machines of several shapes."""

import gzip
import re
import shutil
import subprocess

from harness import Failure, case


def harts_and_mib(machine):
    """What the guest sees of its machine, asked at its shell."""
    harts = int(machine.command('nproc').strip().splitlines()[-1])
    text = machine.command('grep MemTotal /proc/meminfo')
    return harts, int(re.search(r'MemTotal:\s+(\d+) kB', text).group(1)) // 1024


def boots_to_shell(context, harts, mib, *arguments, timeout=240, **options):
    """Boot, look at the machine from inside, power off."""
    machine = context.linux(*arguments, **options)
    machine.at_shell(timeout)
    found_harts, found_mib = harts_and_mib(machine)
    if found_harts != harts:
        raise Failure('the guest has %d harts, not %d' % (found_harts, harts))
    # The kernel and its page tables are not part of the memory it reports.
    if not mib * 0.9 - 64 <= found_mib <= mib:
        raise Failure('the guest has %d MiB of memory, not nearly %d' % (found_mib, mib))
    machine.send('poweroff\r')
    machine.ends(0, timeout)


@case('Linux to a shell, one hart')
def one_hart(context):
    boots_to_shell(context, 1, 512, '-smp', '1')


@case('Linux to a shell, four harts')
def four_harts(context):
    boots_to_shell(context, 4, 512, '-smp', '4')


@case('Linux to a shell, two harts on one host thread')
def one_thread(context):
    boots_to_shell(context, 2, 512, '-smp', '2', '-accel', 'tcg,thread=single')


@case('Linux to a shell, small code cache', slow=True)
def small_cache(context):
    boots_to_shell(context, 2, 512, '-smp', '2', '-accel', 'tcg,tb-size=4')


@case('Linux to a shell, split code cache', slow=True)
def split_cache(context):
    boots_to_shell(context, 1, 512, '-accel', 'tcg,split-wx=on')


@case('Linux to a shell on the interpreter', slow=True, ours=True)
def interpreter(context):
    boots_to_shell(context, 1, 512, '-accel', 'interp', timeout=600)


@case('Linux to a shell, 256 MiB')
def small_memory(context):
    boots_to_shell(context, 1, 256, '-m', '256M')


@case('Linux to a shell, 8 GiB')
def large_memory(context):
    boots_to_shell(context, 1, 8192, '-m', '8G')


@case('Linux to a shell, every extension', slow=True, ours=True)
def every_extension(context):
    boots_to_shell(context, 2, 512, '-smp', '2', '-cpu', 'max')


@case('Linux to a shell, few extensions', slow=True)
def few_extensions(context):
    boots_to_shell(context, 1, 512, '-cpu', 'rv64,sstc=off,zba=off,zbb=off,zbs=off')


@case('Linux to a shell, ACLINT with supervisor interrupts', slow=True)
def aclint(context):
    boots_to_shell(context, 2, 512, '-M', 'virt,aclint=on', '-smp', '2')


@case('Linux to a shell, bookworm\'s OpenSBI', slow=True)
def old_firmware(context):
    boots_to_shell(context, 2, 512, '-smp', '2', bios='opensbi-bookworm')


@case('Linux to a shell, gzip kernel', slow=True, ours=True)
def gzip_kernel(context):
    path = context.scratch('kernel.gz')
    with open(context.guest_file('kernel'), 'rb') as source, \
            gzip.open(path, 'wb', compresslevel=1) as target:
        shutil.copyfileobj(source, target)
    boots_to_shell(context, 1, 512, '-kernel', path)


@case('Linux to a shell, zstd kernel', slow=True, ours=True)
def zstd_kernel(context):
    path = context.scratch('kernel.zst')
    subprocess.run(['zstd', '-q', '-f', '-1', context.guest_file('kernel'), '-o', path],
                   check=True)
    boots_to_shell(context, 1, 512, '-kernel', path)


@case('Linux to a shell, device tree from a file')
def own_device_tree(context):
    path = context.scratch('virt.dtb')
    status, _out, err = context.run('-M', 'virt,dumpdtb=' + path, '-m', '512M', '-smp', '2')
    if status != 0:
        raise Failure('dumpdtb ended with status %d: %s' % (status, err))
    boots_to_shell(context, 2, 512, '-smp', '2', '-dtb', path)


@case('a guest command from the kernel command line, input and output not a terminal')
def scripted(context):
    status, out, _err = context.run(
        '-M', 'virt', '-m', '512M', '-nographic', '-bios', context.guest_file('opensbi'),
        '-kernel', context.guest_file('kernel'), '-initrd', context.guest_file('initramfs'),
        '-append', 'console=ttyS0 pg.run="expr 6 \\* 7; false"', timeout=240)
    if status != 0 or '42\r\n' not in out or 'pg.run: exit status 1' not in out:
        raise Failure('status %d; last seen: %r' % (status, out[-200:]))


@case('the clocks of the guest agree with the host\'s')
def clocks(context):
    machine = context.linux('-smp', '2')
    machine.at_shell()
    before = int(machine.command('date +%s').strip().splitlines()[-1])
    text = machine.command('cd /; time sleep 3', timeout=120)
    after = int(machine.command('date +%s').strip().splitlines()[-1])
    real = re.search(r'real\s+(\d+)m\s*([\d.]+)s', text)
    if not real or not 2.9 <= int(real.group(1)) * 60 + float(real.group(2)) <= 4.5:
        raise Failure('sleep 3 took: %r' % text)
    import time
    if not 3 <= after - before <= 10 or abs(after - time.time()) > 60:
        raise Failure('date said %d, then %d; the host says %d' % (before, after, time.time()))


@case('U-Boot to its prompt')
def u_boot(context):
    machine = context.start('-M', 'virt', '-m', '512M', '-smp', '2', '-nographic',
                            '-bios', context.guest_file('opensbi'),
                            '-kernel', context.guest_file('u-boot'))
    machine.expect(r'OpenSBI v\d')
    machine.expect(r'U-Boot 20\d\d')
    machine.expect(r'Hit any key to stop autoboot')
    machine.send(' ')
    machine.expect(r'=> $')
    machine.send('bdinfo\r')
    machine.expect(r'-> start\s*=\s*0x0*80000000')
    machine.expect(r'=> $')
    machine.send('poweroff\r')
    machine.ends(0)
