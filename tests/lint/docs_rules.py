# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules about the pages in docs/: links lead somewhere, and what is named is there."""

import fnmatch
import os
import re

import docutils.core
import docutils.nodes
import docutils.utils

LINK = re.compile(r'`[^`<>]*<([^`<>]+)>`__?')
ROLE = re.compile(r':(?:doc|ref):`')
LITERAL = re.compile(r'``([^`\n]+)``')
FILE_ENDS = ('c', 'h', 'S', 'def', 'py', 'rst', 'ir', 'txt', 'json', 'build', 'ld')
FILE_NAME = re.compile(r'[\w.*<>/-]*[\w*>]\.(%s)$' % '|'.join(FILE_ENDS))
PATH = re.compile(r'[\w.-]+(/[\w.*<>-]+)+/?$')
PAGE = re.compile(r'\bdocs/[\w-]+\.rst\b')
IDENTIFIER = re.compile(r'[A-Za-z]\w*_\w+(?=(\.\w+|\[\w*\]|\(.*\))*$)')

# Files and names that only pages have: who follows them makes them.
EXAMPLES = {
    'hw/misc/alarm.c', 'target/riscv/insn_zicond.c', 'RV_EXT_zicond', 'tests/fuzz/corpus',
}

# Folders that are not under version control.
MADE = ('build', 'build-asan', 'build-stress', '~')


def pages(tree):
    return [name for name in tree.files
            if name == 'README.rst' or re.match(r'docs/[^/]+\.rst$', name)]


def numbered_lines(tree, name):
    return enumerate(tree.read(name).splitlines(), 1)


def well_formed(tree):
    """What docutils complains about."""
    problems = []
    settings = {'report_level': docutils.utils.Reporter.INFO_LEVEL, 'warning_stream': False}
    for page in pages(tree):
        document = docutils.core.publish_doctree(tree.read(page), source_path=page,
                                                 settings_overrides=settings)
        for message in document.findall(docutils.nodes.system_message):
            problems.append('%s:%s: %s' % (page, message.get('line', '?'),
                                           message.children[0].astext()))
    return problems


def links(tree):
    """Links between pages that lead nowhere, and roles that only Sphinx understands."""
    problems = []
    for page in pages(tree):
        for number, line in numbered_lines(tree, page):
            if ROLE.search(line):
                problems.append('%s:%d: a role; write `page.rst <page.rst>`_' % (page, number))
            for target in LINK.findall(line):
                path = os.path.normpath(os.path.join(os.path.dirname(page), target.split('#')[0]))
                if not re.match(r'[a-z]+:', target) and path not in tree.files:
                    problems.append('%s:%d: no %s' % (page, number, target))
    return problems


def indexed(tree):
    """Pages that the table of pages lacks."""
    if 'docs/index.rst' not in tree.files:
        return ['docs/index.rst is not there']
    listed = {os.path.join('docs', target)
              for target in LINK.findall(tree.read('docs/index.rst'))}
    return ['docs/index.rst does not list ' + page for page in pages(tree)
            if page.startswith('docs/') and page != 'docs/index.rst' and page not in listed]


def folders(tree):
    found = set()
    for path in tree.files:
        while '/' in path:
            path = path.rpartition('/')[0]
            found.add(path)
    return found


def is_there(paths, name):
    """Whether one of the paths is, or ends with, this name, in which <...> stands for anything."""
    pattern = re.sub(r'<[^<>]*>', '*', name.rstrip('/'))
    return any(fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path, '*/' + pattern)
               for path in paths)


def names_file(text, tops):
    """Whether a literal is meant as a file or a folder of the tree."""
    first = text.split('/')[0]
    if text.startswith('/') or first in MADE or text in EXAMPLES:
        return False
    return bool(FILE_NAME.match(text) or (PATH.match(text) and first in tops))


def files(tree):
    """Files that pages name, and pages that sources name, and that are not in the tree."""
    problems = []
    paths = folders(tree) | set(tree.files)
    tops = {path for path in paths if '/' not in path} | {'hw', 'target'}
    for page in pages(tree):
        for number, line in numbered_lines(tree, page):
            problems += ['%s:%d: no %s' % (page, number, text) for text in LITERAL.findall(line)
                         if names_file(text, tops) and not is_there(paths, text)]
    for name in tree.files:
        if name.startswith('tests/lint/'):
            continue
        for page in PAGE.findall(tree.read(name)):
            if page not in paths:
                problems.append('%s: no %s' % (name, page))
    return problems


def names(tree):
    """Functions, types and options that pages name and no source does."""
    words = set()
    for path in tree.files:
        if not path.endswith('.rst'):
            words.update(re.findall(r'\w+', tree.read(path)))
    problems = []
    for page in pages(tree):
        for number, line in numbered_lines(tree, page):
            for text in LITERAL.findall(line):
                match = IDENTIFIER.match(text)
                if FILE_NAME.match(text) or text in EXAMPLES or not match:
                    continue
                if match.group() not in words:
                    problems.append('%s:%d: nothing is called %s' % (page, number, match.group()))
    return problems
