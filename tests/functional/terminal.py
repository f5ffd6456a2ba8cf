# SPDX-License-Identifier: GPL-2.0-or-later
"""The terminal: keys that reach the guest, keys that do not, signals, and how it is left."""

import os
import signal
import socket
import time

from harness import Failure, case


def bare(context, *arguments):
    """A machine that prints OpenSBI's banner and then waits."""
    return context.start('-M', 'virt', '-m', '128M', '-nographic',
                         '-bios', context.guest_file('opensbi'), *arguments)


@case('Ctrl-C and job control reach the guest')
def job_control(context):
    machine = context.linux('-smp', '2')
    machine.at_shell()
    machine.send('sleep 100\r')
    time.sleep(1)
    machine.send('\x03')
    machine.at_shell(20)
    status = machine.command('echo status $?', timeout=20)
    if 'status 130' not in status:
        raise Failure('an interrupted sleep left %r' % status)
    machine.send('sleep 100\r')
    time.sleep(1)
    machine.send('\x1a')
    machine.expect('Stopped', 20)
    machine.at_shell(20)
    machine.send('bg\r')
    machine.at_shell(20)
    if 'Running' not in machine.command('jobs', timeout=20):
        raise Failure('no running job after bg')
    machine.send('fg\r')
    time.sleep(1)
    machine.send('\x03')
    machine.at_shell(20)
    machine.send('poweroff\r')
    machine.ends(0)


@case('a line of 200 characters arrives whole')
def long_line(context):
    machine = context.linux()
    machine.at_shell()
    machine.send('stty cols 1000\r')
    machine.at_shell(20)
    text = 'abcdefghij' * 20
    machine.send('cat >/tmp/line\r')
    time.sleep(0.5)
    machine.send(text + '\r\x04')
    machine.at_shell(20)
    count = machine.command('wc -c </tmp/line', timeout=20)
    if '201' not in count:
        raise Failure('wc counted %r' % count)
    machine.send('poweroff -f\r')
    machine.ends(0)


@case('reboot starts the machine again')
def reboot(context):
    machine = context.linux(append='pg.run="reboot -f"')
    machine.expect(r'OpenSBI v\d')
    machine.expect(r'Run /init', 240)
    machine.expect(r'OpenSBI v\d')
    machine.send('\x01x')
    machine.ends(0)


@case('-no-reboot ends the process at a reboot')
def no_reboot(context):
    machine = context.linux('-no-reboot', append='pg.run="reboot -f"')
    machine.expect(r'Run /init', 240)
    machine.ends(0)


@case('-no-shutdown keeps the process after a poweroff', ours=True)
def no_shutdown(context):
    machine = context.linux('-no-shutdown', append='pg.run=true')
    machine.expect(r'reboot: Power down', 240)
    machine.expect_nothing(r'QEMU', 2)
    if machine.process.poll() is not None:
        raise Failure('it ended with status %d' % machine.process.returncode)
    machine.signal(signal.SIGTERM)
    machine.ends(0)


@case('Ctrl-A x ends the process')
def ctrl_a_x(context):
    machine = bare(context)
    machine.expect(r'OpenSBI v\d')
    machine.send('\x01x')
    machine.expect('QEMU: Terminated', 10)
    machine.ends(0)


@case('Ctrl-A h prints help')
def ctrl_a_h(context):
    machine = bare(context)
    machine.expect(r'OpenSBI v\d')
    machine.send('\x01h')
    machine.expect('C-a x', 10)
    machine.send('\x01x')
    machine.ends(0)


@case('Ctrl-A c switches to the monitor and back')
def ctrl_a_c(context):
    machine = context.linux()
    machine.at_shell()
    machine.send('\x01c')
    machine.expect(r'\(qemu\) ', 10)
    machine.send('info status\r')
    machine.expect(r'VM status: running', 10)
    machine.send('\x01c')
    if '42' not in machine.command('expr 6 \\* 7', timeout=20):
        raise Failure('the console did not come back')
    machine.send('\x01c')
    machine.send('quit\r')
    machine.ends(0)


@case('Ctrl-A Ctrl-A sends one Ctrl-A')
def ctrl_a_twice(context):
    machine = context.linux()
    machine.at_shell()
    machine.send('od -An -c\r')
    time.sleep(1)
    machine.send('\x01\x01\r\x04')
    machine.expect(r'001\s+\\n', 20)
    machine.send('\x01x')
    machine.ends(0)


@case('Ctrl-A b sends a break')
def ctrl_a_b(context):
    machine = context.linux(append='sysrq_always_enabled=1')
    machine.at_shell()
    machine.send('\x01b')
    time.sleep(0.5)
    machine.send('h')
    machine.expect(r'sysrq: HELP', 20)
    machine.send('\x01x')
    machine.ends(0)


def ends_on_signal(context, number):
    machine = bare(context)
    machine.expect(r'OpenSBI v\d')
    machine.signal(number)
    machine.expect(r'terminating on signal %d from pid %d' % (number, os.getpid()), 10)
    machine.ends(0)


@case('SIGTERM ends the process cleanly')
def on_term(context):
    ends_on_signal(context, signal.SIGTERM)


@case('SIGINT ends the process cleanly')
def on_int(context):
    ends_on_signal(context, signal.SIGINT)


@case('SIGHUP ends the process cleanly')
def on_hup(context):
    ends_on_signal(context, signal.SIGHUP)


@case('the serial port writes to a file')
def serial_file(context):
    path = context.scratch('serial.txt')
    if os.path.exists(path):
        os.unlink(path)
    machine = context.start('-M', 'virt', '-display', 'none', '-monitor', 'none',
                            '-bios', context.guest_file('opensbi'), '-serial', 'file:' + path)
    limit = time.monotonic() + 20 * context.patience
    text = ''
    while 'OpenSBI v' not in text:
        if time.monotonic() > limit:
            raise Failure('no banner in the file')
        time.sleep(0.2)
        if os.path.exists(path):
            with open(path, encoding='utf-8', errors='replace') as file:
                text = file.read()
    machine.signal(signal.SIGTERM)
    machine.ends(0)


@case('the serial port on a pseudo-terminal')
def serial_pty(context):
    machine = context.start('-M', 'virt', '-display', 'none', '-monitor', 'none',
                            '-bios', context.guest_file('opensbi'), '-serial', 'pty')
    name = machine.expect(r'char device redirected to (/dev/pts/\d+) \(label serial0\)', 10)
    handle = os.open(name.group(1), os.O_RDWR | os.O_NOCTTY)
    os.close(handle)
    # What comes before the main loop runs may still be killed by a signal.
    time.sleep(0.5)
    machine.signal(signal.SIGTERM)
    machine.ends(0)


def banner_from(connection, context):
    connection.settimeout(20 * context.patience)
    text = b''
    while b'OpenSBI v' not in text:
        data = connection.recv(4096)
        if not data:
            raise Failure('the connection ended after %r' % text)
        text += data


@case('the serial port as a client of a Unix socket')
def serial_unix(context):
    path = context.scratch('serial.sock')
    if os.path.exists(path):
        os.unlink(path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(1)
        server.settimeout(20 * context.patience)
        machine = context.start('-M', 'virt', '-display', 'none', '-monitor', 'none',
                                '-bios', context.guest_file('opensbi'), '-serial', 'unix:' + path)
        connection, _address = server.accept()
        with connection:
            banner_from(connection, context)
    machine.signal(signal.SIGTERM)
    machine.ends(0)


@case('the serial port as a TCP server that waits for its client')
def serial_tcp(context):
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        port = probe.getsockname()[1]
    machine = context.start('-M', 'virt', '-display', 'none', '-monitor', 'none',
                            '-bios', context.guest_file('opensbi'),
                            '-serial', 'tcp:127.0.0.1:%d,server=on,wait=on' % port)
    limit = time.monotonic() + 20 * context.patience
    while True:
        try:
            connection = socket.create_connection(('127.0.0.1', port))
            break
        except OSError as error:
            if time.monotonic() > limit:
                raise Failure('no connection: %s' % error) from error
            time.sleep(0.2)
    with connection:
        banner_from(connection, context)
    machine.signal(signal.SIGTERM)
    machine.ends(0)
