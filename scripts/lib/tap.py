# SPDX-License-Identifier: GPL-2.0-or-later
"""Reading and writing TAP, the format in which every test here reports."""

import re

LINE = re.compile(r'(ok|not ok)\b\s*(\d+)?\s*-?\s*([^#]*?)\s*(?:#\s*(?:(skip|todo)\b)?.*)?$', re.I)
PLAN = re.compile(r'1\.\.(\d+)(?:\s*#\s*(skip)\S*\s*(.*))?$', re.I)


class Result:
    """What one TAP stream says: counts, and the names of the failures."""

    def __init__(self, passed=0, failures=(), skipped=0):
        self.passed = passed
        self.failures = list(failures)
        self.skipped = skipped

    @property
    def failed(self):
        return len(self.failures)

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skipped += other.skipped

    def line(self):
        return '%d passed, %d failed, %d skipped' % (self.passed, self.failed, self.skipped)


def parse(text, status=0):
    """The result of a program that wrote a text and ended with a status.

    A stream without a plan, one whose plan does not fit, and a bad end of a program that
    reports no failure are failures themselves.
    """
    result = Result()
    planned, seen = None, 0
    for line in text.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned = int(plan.group(1))
            if planned == 0 and plan.group(2):
                result.skipped += 1
            continue
        if line.startswith('Bail out!'):
            result.failures.append(line)
            continue
        case = LINE.match(line)
        if not case:
            continue
        seen += 1
        good, _number, name, directive = case.groups()
        if directive and directive.lower() == 'skip':
            result.skipped += 1
        elif good == 'ok':
            result.passed += 1
        else:
            result.failures.append(name or 'test %d' % seen)
    if planned is None:
        result.failures.append('the test printed no plan')
    elif planned != seen and not result.failures:
        result.failures.append('%d tests were planned, %d ran' % (planned, seen))
    if status != 0 and not result.failures:
        result.failures.append('ended with status %d' % status)
    return result


class Writer:
    """Prints the TAP of a suite written in Python."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def _line(self, good, name, directive=''):
        self.count += 1
        self.failed += not good
        name = name.replace('#', 'no. ').replace('\n', ' ')
        print('%s %d - %s%s' % ('ok' if good else 'not ok', self.count, name, directive),
              flush=True)

    def ok(self, name):
        self._line(True, name)

    def not_ok(self, name, detail=''):
        self._line(False, name)
        for line in str(detail).splitlines():
            print('# ' + line, flush=True)

    def skip(self, name, reason):
        self._line(True, name, ' # SKIP ' + reason)

    def check(self, name, problems):
        """One case that passes if a list of problems is empty."""
        if problems:
            self.not_ok(name, '\n'.join(problems))
        else:
            self.ok(name)

    def finish(self):
        """Print the plan; returns the program's exit status."""
        print('1..%d' % self.count, flush=True)
        return 1 if self.failed else 0
