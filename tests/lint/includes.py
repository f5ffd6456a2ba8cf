# SPDX-License-Identifier: GPL-2.0-or-later
"""Who may include whom: the table of layers, public and private headers, no circles."""

import os
import re

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.M)

BASE = {'util'}
OBJECTS = BASE | {'qom'}
CORE = OBJECTS | {'system', 'migration'}
# A vCPU is a device with lines, so what runs CPUs knows devices, but no device knows a CPU.
RUNNING = CORE | {'tcg', 'accel', 'hw/core'}
ISA = RUNNING | {'target', 'fpu'}
SERVICES = {'block', 'chardev', 'net', 'ui'}
DEVICES = CORE | SERVICES | {'hw', 'hw/core'}
ALL = None

# Folder: the folders whose public headers it may include, its own aside.
LAYERS = {
    'util': set(),
    'qom': BASE,
    'fpu': BASE,
    'tcg': BASE | {'fpu'},
    'system': CORE,
    'migration': CORE,
    'accel': RUNNING,
    'target': ISA,
    'block': CORE,
    'chardev': CORE,
    'net': CORE,
    'ui': CORE,
    'hw/core': CORE,
    'hw': DEVICES,
    'monitor': ALL,
    'gdbstub': ALL,
}

# Files with more freedom than their folder: the faces of the program.
FACES = ('system/answers.c', 'system/launch.c', 'system/launch_accel.c',
         'system/launch_chardevs.c', 'system/main.c', 'system/options.c', 'system/options.h')

# The one header of the core that stands on hw/core: the vCPU, which is a device.
ON_DEVICES = ('include/system/cpu.h',)

# A board may also include the small public header of its guest ISA.
BOARDS = {'hw/riscv': re.compile(r'target/riscv/?(board|boot|hart|cpu)?\.h$')}


def includes_of(tree, name):
    return INCLUDE.findall(tree.read(name))


def folder_of(name):
    """The folder in LAYERS that a source or a public header belongs to."""
    parts = name.split('/')
    if parts[0] == 'include' and len(parts) > 2:
        parts = parts[1:]
    if parts[:2] == ['hw', 'core']:
        return 'hw/core'
    return parts[0]


def resolve(tree, name, included):
    """The file an #include means, or None for one that is not in the tree."""
    beside = os.path.normpath(os.path.join(os.path.dirname(name), included))
    for path in (beside, os.path.join('include', included)):
        if os.path.isfile(os.path.join(tree.root, path)):
            return path
    return None


def board_may(name, included):
    for board, header in BOARDS.items():
        if name.startswith(board + '/') and header.match(included):
            return True
    return False


def layers(tree):
    """Includes that the table of layers forbids."""
    problems = []
    for name in tree.c_files():
        folder = folder_of(name)
        if folder not in LAYERS:
            problems.append('%s: the folder %s is not in the table of layers' % (name, folder))
            continue
        allowed = LAYERS[folder]
        if allowed is ALL or name.startswith(FACES) or name in FACES:
            continue
        for included in includes_of(tree, name):
            target = folder_of(included)
            if target not in LAYERS or target == folder or target in allowed:
                continue
            if target == 'hw/core' and name in ON_DEVICES:
                continue
            if not board_may(name, included):
                problems.append('%s includes %s: %s may not use %s'
                                % (name, included, folder, target))
    return problems


def public_only(tree):
    """Includes of another folder's private headers, and public headers that need private ones."""
    problems = []
    for name in tree.c_files():
        for included in includes_of(tree, name):
            path = resolve(tree, name, included)
            if path is None or path.startswith('include/'):
                continue
            if path.endswith('.def') and folder_of(path) == folder_of(name):
                continue  # a table that its folder's headers and sources expand
            if name.startswith('include/'):
                problems.append('%s includes the private %s' % (name, path))
            elif folder_of(path) != folder_of(name):
                problems.append('%s includes %s, which is private to %s'
                                % (name, path, folder_of(path)))
    return problems


def cycles(tree):
    """Circles among headers, each named once."""
    headers = [name for name in tree.c_files(tests=True) if name.endswith('.h')]
    edges = {name: [path for path in (resolve(tree, name, i) for i in includes_of(tree, name))
                    if path and path.endswith('.h')] for name in headers}
    problems, state = [], {}

    def visit(name, path):
        state[name] = 'open'
        for other in edges.get(name, ()):
            if state.get(other) == 'open':
                circle = path[path.index(other):] + [other]
                problems.append(' -> '.join(circle))
            elif other not in state:
                visit(other, path + [other])
        state[name] = 'done'

    for name in headers:
        if name not in state:
            visit(name, [name])
    return problems
