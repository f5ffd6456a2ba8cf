# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about the text of single files."""

import re

import sources

SPDX = 'SPDX-License-Identifier: GPL-2.0-or-later'
SOURCE_ENDS = ('.c', '.h', '.S', '.ld', '.py', '.sh', '.def', 'meson.build', 'meson_options.txt')
MOST_LINES = 800

# Longer than MOST_LINES, and why that is right.
LONG_FILES = {}

ENDS_PROCESS = re.compile(r'(?<![\w.>])(exit|_exit|_Exit|quick_exit|abort|g_abort|g_error)\s*\(')

# Files that may, and why.
MAY_END_PROCESS = {
    'system/main.c': 'the only place that exits',
    'accel/tcg/block.c': 'an assertion that says what the verifier found',
}

# Where a machine's own paths, a mirror or unfinished work would show. Each is written so that it
# does not match itself.
WORDS = (
    (re.compile(r'(?<![\w.$}])/w[o]rk/'), 'a path of one machine'),
    (re.compile(r'/tmp/p[g]\b'), 'a path of one machine'),
    (re.compile(r'(?<![\w.$}])/h[o]me/\w'), 'a path of one machine'),
    (re.compile(r'\bfar[m]-'), 'a path of one machine'),
    (re.compile(r'https?:/[/]\S*/debian(?!\S*\.org/doc)\b'), 'a mirror'),
    (re.compile(r'\b(deb|snapshot|ftp)\.debia[n]\.org'), 'a mirror'),
    (re.compile(r'\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b'), 'unfinished work'),
    (re.compile(r'\bfor n[o]w\b', re.I), 'unfinished work'),
    (re.compile(r'\bnot implemente[d] yet\b', re.I), 'unfinished work'),
)


def process_ends(tree):
    """Calls that end the process outside the one file that may."""
    problems = []
    for name in tree.c_files():
        if name in MAY_END_PROCESS:
            continue
        for number, line in enumerate(sources.code_only(tree.read(name)).splitlines(), 1):
            match = ENDS_PROCESS.search(line)
            if match:
                problems.append('%s:%d: %s()' % (name, number, match.group(1)))
    return problems


def is_source(tree, name):
    return name.endswith(SOURCE_ENDS) or tree.read(name).startswith('#!')


def licences(tree):
    """Sources that do not name the licence in their first lines."""
    return [name + ': no "%s" in its first two lines' % SPDX for name in tree.files
            if is_source(tree, name) and SPDX not in '\n'.join(tree.read(name).split('\n')[:2])]


def lengths(tree):
    problems = []
    for name in tree.files:
        count = tree.read(name).count('\n')
        if is_source(tree, name) and count > MOST_LINES and name not in LONG_FILES:
            problems.append('%s has %d lines, more than %d' % (name, count, MOST_LINES))
    return problems


def file_names(tree):
    return [name for name in tree.c_files(tests=True)
            if not re.match(r'[a-z0-9_]+\.\w+$', name.rsplit('/', 1)[-1])]


def words(tree):
    problems = []
    for name in tree.files:
        if name == 'COPYING':
            continue
        for number, line in enumerate(tree.read(name).splitlines(), 1):
            for pattern, what in WORDS:
                match = pattern.search(line)
                if match:
                    problems.append('%s:%d: "%s" (%s)' % (name, number, match.group(), what))
    return problems


def blanks(tree):
    problems = []
    for name in tree.files:
        if not is_source(tree, name) and not name.endswith(('.rst', '.txt')):
            continue
        for number, line in enumerate(tree.read(name).split('\n'), 1):
            if line != line.rstrip() and name != 'COPYING':
                problems.append('%s:%d' % (name, number))
    return problems
