# SPDX-License-Identifier: GPL-2.0-or-later
"""An emulator on a pseudo-terminal, and the table of test cases."""

import copy
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time

HERE = os.path.dirname(os.path.realpath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))

PROMPT = r'peregrine:\S* # ?|peregrine:\S*# '


class Failure(Exception):
    """What a case saw instead of what it wants."""


class Case:
    def __init__(self, function, name, slow, ours):
        self.function = function
        self.name = name
        self.slow = slow
        self.ours = ours


CASES = []


def case(name, slow=False, ours=False):
    """Register a function as a test case.

    slow: left out of a quick run. ours: only Peregrine promises this, so another emulator
    skips it.
    """
    def register(function):
        CASES.append(Case(function, name, slow, ours))
        return function
    return register


def guest_files():
    """Paths of the guest files, by name."""
    names = ['kernel', 'initramfs', 'opensbi', 'opensbi-elf', 'opensbi-bookworm', 'u-boot']
    run = subprocess.run([os.path.join(TREE, 'scripts', 'guest-files')] + names, check=True,
                         stdout=subprocess.PIPE, text=True)
    return dict(zip(names, run.stdout.splitlines()))


class Context:
    """What a case works with: the emulator, the guest files, a log and a folder of its own."""

    def __init__(self, emulator, folder, patience):
        self.emulator = emulator
        self.base = folder
        self.folder = folder
        self.patience = patience
        self.log = None
        self.running = []
        self.paths = guest_files()
        version = subprocess.run([emulator, '--version'], capture_output=True, text=True,
                                 check=False, timeout=60).stdout
        self.ours = 'peregrine' in (os.path.basename(emulator) + version).lower()

    def guest_file(self, name):
        """Path of one of the files of scripts/guest-files."""
        return self.paths[name]

    def scratch(self, name):
        return os.path.join(self.folder, name)

    def for_case(self, name):
        """A context for one case, which may run beside others."""
        own = copy.copy(self)
        own.running = []
        own.folder = os.path.join(self.base, re.sub(r'\W+', '-', name).strip('-'))
        os.makedirs(own.folder, exist_ok=True)
        own.log = os.path.join(own.folder, 'log')
        with open(own.log, 'w', encoding='utf-8'):
            pass
        return own

    def end(self):
        """Whatever a case left running ends with it."""
        for machine in self.running:
            machine.kill()
        self.running = []

    def start(self, *arguments, **options):
        machine = Machine(self, list(arguments), **options)
        self.running.append(machine)
        return machine

    def linux(self, *arguments, append='', bios='opensbi', base=('-m', '512M')):
        """A machine that boots Debian's kernel; later arguments override earlier ones."""
        return self.start('-M', 'virt', *base, '-nographic', '-bios', self.guest_file(bios),
                          '-kernel', self.guest_file('kernel'),
                          '-initrd', self.guest_file('initramfs'),
                          '-append', ('console=ttyS0 ' + append).strip(), *arguments)

    def run(self, *arguments, timeout=30, stdin=subprocess.DEVNULL):
        """Run the emulator without a terminal to its end: (status, stdout, stderr)."""
        command = [self.emulator] + list(arguments)
        self.note('$ ' + ' '.join(command))
        try:
            run = subprocess.run(command, stdin=stdin, capture_output=True, check=False,
                                 timeout=timeout * self.patience, cwd=self.folder)
        except subprocess.TimeoutExpired as error:
            self.note('%r\n%r' % (error.stdout, error.stderr))
            raise Failure('still running after %d s' % error.timeout) from error
        out, err = run.stdout.decode(errors='replace'), run.stderr.decode(errors='replace')
        self.note('%s%sstatus %d' % (out, err, run.returncode))
        return run.returncode, out, err

    def note(self, text):
        with open(self.log, 'a', encoding='utf-8', errors='replace') as file:
            file.write(text + '\n')


class Machine:
    """A running emulator whose terminal is in our hands."""

    def __init__(self, context, arguments):
        self.context = context
        self.seen = ''
        command = [context.emulator] + arguments
        context.note('$ ' + ' '.join(command))
        self.terminal, self.other_side = os.openpty()
        fcntl.ioctl(self.other_side, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
        self.settings = termios.tcgetattr(self.other_side)
        self.process = subprocess.Popen(command, stdin=self.other_side, stdout=self.other_side,
                                        stderr=self.other_side, preexec_fn=self.take_terminal,
                                        cwd=context.folder)

    def take_terminal(self):
        """In the child: lead a session whose controlling terminal is ours."""
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def read(self, seconds):
        """Take what the terminal shows within a time; whether there was anything."""
        if not select.select([self.terminal], [], [], max(seconds, 0))[0]:
            return False
        text = os.read(self.terminal, 65536).decode('utf-8', 'replace')
        with open(self.context.log, 'a', encoding='utf-8', errors='replace') as file:
            file.write(text)
        self.seen += text
        return True

    def expect(self, pattern, timeout=60):
        """Wait for a pattern in what has not been matched yet; returns the match."""
        limit = time.monotonic() + timeout * self.context.patience
        regex = re.compile(pattern)
        while True:
            match = regex.search(self.seen)
            if match:
                self.seen = self.seen[match.end():]
                return match
            ended = self.process.poll() is not None
            if not self.read(min(limit - time.monotonic(), 0.5)) and ended:
                raise Failure('ended with status %s before "%s"; last seen: %r'
                              % (self.process.returncode, pattern, self.seen[-200:]))
            if time.monotonic() >= limit:
                raise Failure('no "%s" within %d s; last seen: %r'
                              % (pattern, timeout * self.context.patience, self.seen[-200:]))

    def expect_nothing(self, pattern, seconds=1):
        """Fail if a pattern shows up within a time."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            self.read(0.2)
        if re.search(pattern, self.seen):
            raise Failure('unexpected "%s": %r' % (pattern, self.seen[-200:]))

    def send(self, text):
        os.write(self.terminal, text.encode())

    def command(self, line, pattern=PROMPT, timeout=60):
        """Type a command at the guest's shell; returns what it printed up to the pattern."""
        self.send(line + '\r')
        self.expect(re.escape(line[-20:]) + r'[^\n]*\n', timeout)
        start = self.seen
        match = self.expect('(?s)(.*?)(?:%s)' % pattern, timeout)
        return match.group(1) if match else start

    def at_shell(self, timeout=240):
        self.expect(PROMPT, timeout)

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=60):
        """The emulator's exit status, once it has ended and all it printed is read."""
        limit = time.monotonic() + timeout * self.context.patience
        while self.process.poll() is None:
            if time.monotonic() >= limit:
                raise Failure('still running after %d s; last seen: %r'
                              % (timeout * self.context.patience, self.seen[-200:]))
            self.read(0.1)
        while self.read(0.1):
            pass
        self.context.note('\nstatus %d' % self.process.returncode)
        return self.process.returncode

    def ends(self, status=0, timeout=60):
        """Fail unless the emulator ends with this status and leaves the terminal as it was."""
        found = self.wait(timeout)
        if found != status:
            raise Failure('ended with status %d, not %d; last seen: %r'
                          % (found, status, self.seen[-200:]))
        if termios.tcgetattr(self.other_side) != self.settings:
            raise Failure('the terminal was left in another state than it was in')

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.terminal)
        os.close(self.other_side)
