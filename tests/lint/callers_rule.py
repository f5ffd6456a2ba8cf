# SPDX-License-Identifier: GPL-2.0-or-later
"""Functions that headers declare have somebody who calls them, if only a test."""

import collections
import re

import sources

DECLARATION = re.compile(r'^(?!typedef|return|static|#)[A-Za-z_][\w \t*]*?[ *](\w+)\([^;{]*;', re.M)

# Names that macros put together, and the prefix they add.
MADE = ('rv_helper_', 'fp_', 'f16_', 'f32_', 'f64_')


def declared(tree):
    """{function: header} of what headers declare."""
    found = {}
    for name in tree.c_files():
        if name.endswith('.h'):
            for function in DECLARATION.findall(sources.code_only(tree.read(name))):
                found.setdefault(function, name)
    return found


def without_callers(tree):
    words = collections.Counter()
    for name in tree.c_files(tests=True):
        words.update(re.findall(r'\w+', sources.code_only(tree.read(name))))
    # Once where it is declared, once where it is defined.
    return ['%s: nobody calls %s' % (header, function)
            for function, header in sorted(declared(tree).items())
            if words[function] <= 2 and not function.startswith(MADE)]
