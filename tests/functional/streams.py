# SPDX-License-Identifier: GPL-2.0-or-later
"""Standard input and output that are no terminal, and the terminal in rare moments."""

import copy
import fcntl
import os
import re
import signal
import subprocess
import termios
import time

import harness
from bare_metal import program
from harness import Failure, case

WAITING = ['-M', 'virt', '-bios', 'none', '-nographic']


def wait_until(context, what, condition, seconds=10):
    limit = time.monotonic() + seconds * context.patience
    while not condition():
        if time.monotonic() > limit:
            raise Failure('%s: not within %d s' % (what, seconds * context.patience))
        time.sleep(0.02)


def is_raw(machine):
    return not termios.tcgetattr(machine.other_side)[3] & termios.ICANON


def raw_machine(context, *arguments):
    """A machine without a guest that has taken the terminal."""
    machine = context.start(*WAITING, *arguments)
    wait_until(context, 'raw mode', lambda: is_raw(machine))
    return machine


def dies_of(context, number):
    machine = raw_machine(context)
    machine.signal(number)
    machine.wait()
    # A sanitizer has handlers of its own, which come after ours and end with status 1.
    machine.ends(1 if 'Sanitizer' in machine.seen else -number)


for name in ('SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGQUIT'):
    @case('the terminal is given back on %s' % name, ours=True)
    def fatal(context, number=getattr(signal, name)):
        dies_of(context, number)


def as_job(context, script, *arguments):
    """The emulator ("$@") as a job of a shell that runs a script. (A process whose session has no
    shell cannot be stopped from the terminal.)"""
    shell = copy.copy(context)
    shell.emulator = '/bin/sh'
    machine = harness.Machine(shell, ['-m', '-c', script, 'sh', context.emulator] + list(arguments))
    context.running.append(machine)
    return machine


# When the job stops, looks at the terminal and lets it go on.
STOP_AND_GO = '"$@"; echo; stty -a; echo looked; fg >/dev/null; echo status $?'


def is_cooked(machine):
    settings = machine.expect(r'(?s)speed.*looked', 10).group(0)
    for word in ('icanon', 'echo', 'isig', 'icrnl'):
        if not re.search(r'(?<!-)\b%s\b' % word, settings):
            raise Failure('the terminal lacks %s: %s' % (word, settings))


def stops_and_goes_on(context, machine, stop):
    wait_until(context, 'raw mode', lambda: is_raw(machine))
    stop()
    is_cooked(machine)
    wait_until(context, 'raw mode again', lambda: is_raw(machine))


@case('the terminal is given back while the process is stopped', ours=True)
def while_stopped(context):
    machine = as_job(context, STOP_AND_GO, *WAITING)
    stops_and_goes_on(context, machine,
                      lambda: os.kill(os.tcgetpgrp(machine.terminal), signal.SIGTSTP))
    machine.send('\x01x')
    machine.expect('QEMU: Terminated', 10)
    machine.expect('status 0', 10)
    machine.ends(0)


@case('with -serial stdio, Ctrl-C and Ctrl-Z act on the emulator', ours=True)
def keys_that_signal(context):
    machine = as_job(context, STOP_AND_GO, '-M', 'virt', '-bios', 'none', '-serial', 'stdio')
    stops_and_goes_on(context, machine, lambda: machine.send('\x1a'))
    machine.send('\x03')
    machine.expect('terminating on signal 2', 10)
    machine.expect('status 0', 10)
    machine.ends(0)


@case('a job in the background leaves the terminal alone until it is in front', ours=True)
def in_background(context):
    script = '"$@" & sleep 1; stty -a; echo looked; fg >/dev/null; echo status $?'
    machine = as_job(context, script, *WAITING)
    is_cooked(machine)
    wait_until(context, 'raw mode', lambda: is_raw(machine))
    machine.send('\x01x')
    machine.expect('status 0', 10)
    machine.ends(0)


@case('nobody else sees non-blocking descriptors', ours=True)
def others_block(context):
    machine = raw_machine(context)
    if fcntl.fcntl(machine.other_side, fcntl.F_GETFL) & os.O_NONBLOCK:
        raise Failure('the terminal is non-blocking for those who share it')
    machine.send('\x01x')
    machine.ends(0)


@case('SIGTERM ends a start that waits for a client', ours=True)
def term_while_waiting(context):
    path = context.scratch('wait.sock')
    machine = context.start('-M', 'virt', '-display', 'none', '-monitor', 'none',
                            '-serial', 'unix:%s,server=on' % path)
    machine.expect('waiting for a connection', 10)
    machine.signal(signal.SIGTERM)
    machine.expect('terminating on signal 15 from pid %d' % os.getpid(), 10)
    machine.ends(0)
    if os.path.exists(path):
        raise Failure('the socket is still there')


def finishes(context, **streams):
    """A guest that ends at once does so whatever its standard streams are."""
    path = program(context, 'finish.S', 'streams', ['CODE=0x5555'])
    streams.setdefault('stdout', subprocess.DEVNULL)
    run = subprocess.run([context.emulator] + WAITING + ['-kernel', path], check=False,
                         timeout=20 * context.patience, stderr=subprocess.PIPE, **streams)
    if run.returncode != 0:
        raise Failure('status %d: %s' % (run.returncode, run.stderr))


@case('standard input that is empty, a file, closed; output that is full or closed')
def odd_streams(context):
    path = context.scratch('input')
    with open(path, 'wb') as file:
        file.write(b'x' * 100000)
    with open(path, 'rb') as file:
        finishes(context, stdin=file)
    finishes(context, stdin=subprocess.DEVNULL)
    with open('/dev/full', 'wb') as full:
        finishes(context, stdin=subprocess.DEVNULL, stdout=full)
    read_end, write_end = os.pipe()
    os.close(read_end)
    finishes(context, stdin=subprocess.DEVNULL, stdout=write_end)
    os.close(write_end)
    for closed in ((0,), (1,), (0, 1)):
        finishes(context, preexec_fn=lambda fds=closed: [os.close(fd) for fd in fds])


@case('commands piped into the monitor', ours=True)
def piped_monitor(context):
    run = subprocess.run([context.emulator, '-M', 'virt', '-bios', 'none', '-display', 'none',
                          '-monitor', 'stdio', '-S', '-name', 'one', '-uuid',
                          '01234567-89ab-cdef-0123-456789abcdef'],
                         input=b'info status\ninfo name\ninfo uuid\ninfo chardev\nnosuch\nquit\n',
                         capture_output=True, check=False, timeout=20 * context.patience)
    out = run.stdout.decode()
    for text in ("monitor - type 'help' for more information\r\n(qemu) ",
                 'VM status: paused (prelaunch)\r\n', '\r\none\r\n',
                 '01234567-89ab-cdef-0123-456789abcdef', 'monitor0: filename=stdio',
                 "unknown command: 'nosuch'"):
        if text not in out:
            raise Failure('the monitor did not say %r: %r' % (text, out))
    if run.returncode != 0:
        raise Failure('status %d' % run.returncode)


@case('the process number is in the file while it runs, and not after', ours=True)
def pidfile(context):
    path = context.scratch('pid')
    machine = raw_machine(context, '-pidfile', path)
    wait_until(context, 'the file', lambda: os.path.exists(path) and os.path.getsize(path))
    with open(path, encoding='utf-8') as file:
        if file.read() != '%d\n' % machine.process.pid:
            raise Failure('it holds something else')
    machine.send('\x01x')
    machine.ends(0)
    if os.path.exists(path):
        raise Failure('it is still there')


@case('accelerators that are not there are passed over', ours=True)
def fallback(context):
    path = program(context, 'finish.S', 'fallback', ['CODE=0x5555'])
    base = ['-bios', 'none', '-display', 'none', '-serial', 'null', '-kernel', path]
    lists = ((['-M', 'virt', '-accel', 'kvm', '-accel', 'hvf', '-accel', 'tcg'],
              ['-accel kvm: invalid accelerator kvm', '-accel hvf: invalid accelerator hvf',
               'falling back to tcg']),
             (['-M', 'virt,accel=kvm:tcg'], ['invalid accelerator kvm', 'falling back to tcg']),
             (['-M', 'virt', '-accel', 'tcg'], []))
    for arguments, lines in lists:
        status, _out, err = context.run(*arguments, *base)
        found = [line.split(': ', 1)[1] for line in err.splitlines()]
        if status != 0 or found != lines:
            raise Failure('%s: status %d, %r' % (arguments, status, found))


@case('a process that was told to ignore SIGHUP goes on', ours=True)
def under_nohup(context):
    nohup = copy.copy(context)
    nohup.emulator = '/bin/sh'
    machine = harness.Machine(nohup, ['-c', 'trap "" HUP; exec "$@"', 'sh', context.emulator]
                              + WAITING)
    context.running.append(machine)
    wait_until(context, 'raw mode', lambda: is_raw(machine))
    machine.signal(signal.SIGHUP)
    machine.expect_nothing('terminating', 0.5)
    machine.signal(signal.SIGTERM)
    machine.expect('terminating on signal 15', 10)
    machine.ends(0)
