# SPDX-License-Identifier: GPL-2.0-or-later
"""The tree's files as the lint rules see them."""

import os
import re
import subprocess

STRING_OR_COMMENT = re.compile(
    r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', re.S)


def blank(match):
    """As many line ends as the matched text has, so that line numbers stay."""
    text = match.group()
    if text[0] in '"\'':
        return text[0] + text[0]
    return ' ' + '\n' * text.count('\n')


def code_only(text):
    """C source without comments and without what strings contain."""
    return STRING_OR_COMMENT.sub(blank, text)


class Tree:
    """Files under version control, read once."""

    def __init__(self, root):
        self.root = root
        command = ['git', '-C', root, 'ls-files', '-z', '--cached', '--others',
                   '--exclude-standard']
        names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        self.files = sorted(name for name in set(names.split('\0'))
                            if name and os.path.isfile(os.path.join(root, name)))
        self.texts = {}

    def read(self, name):
        if name not in self.texts:
            with open(os.path.join(self.root, name), encoding='utf-8', errors='replace') as file:
                self.texts[name] = file.read()
        return self.texts[name]

    def c_files(self, tests=False):
        """C sources and headers; those of the tests only when asked for."""
        return [name for name in self.files
                if name.endswith(('.c', '.h', '.def')) and (tests or not name.startswith('tests/'))]
