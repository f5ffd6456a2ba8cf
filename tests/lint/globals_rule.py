# SPDX-License-Identifier: GPL-2.0-or-later
"""No variables at file scope but the log and trace switches: state belongs to objects."""

import glob
import os
import re
import subprocess

# Sections that hold what a program can write. Constant tables with pointers in them are in
# .data.rel.ro and are fine.
WRITABLE = re.compile(r'\.(data|bss|tdata|tbss|sdata|sbss)(\.(?!rel\.ro).*)?$|\*COM\*$')

# object file name (without suffixes), variable, and why it is right.
ALLOWED = (
    (r'util_log', r'.*', 'the log switches'),
    (r'util_trace', r'.*', 'the trace switches'),
    (r'chardev_stdio', r'tty', 'a process has one terminal, put right again even from a signal'),
    (r'.*_main', r'ending', 'what a signal handler leaves for the main loop'),
    (r'system_devlock', r'self', 'its address tells threads apart, it holds nothing'),
    (r'system_main_loop', r'\w+_funcs', 'GLib wants its tables of functions writable'),
    (r'.*', r'__(odr_asan|asan|ubsan|gcov|llvm).*', 'made by the compiler'),
    (r'.*', r'__func__\.\d+|__PRETTY_FUNCTION__\.\d+', 'made by the compiler'),
)


def variables_of(path):
    """(section, name) of the data symbols of an object file."""
    text = subprocess.run(['objdump', '-t', path], check=True, capture_output=True,
                          text=True).stdout
    for line in text.splitlines():
        match = re.match(r'[0-9a-f]+ (.{7}) (\S+)\s+[0-9a-f]+ (?:\.\w+ )?(\S+)$', line)
        if not match:
            continue
        flags, section, name = match.groups()
        # A thread's variable has no object flag; 'd' marks the section's own symbol.
        if 'O' in flags or (section.startswith('.t') and 'd' not in flags):
            yield section, name


def allowed(unit, name):
    return any(re.fullmatch(file, unit) and re.fullmatch(variable, name)
               for file, variable, _why in ALLOWED)


def variables(build):
    objects = [path for path in glob.glob(os.path.join(build, '**', '*.o'), recursive=True)
               if '/tests/' not in path and '/meson-' not in path]
    if not objects:
        return ['no object files below %s: build first' % build]
    problems = []
    for path in objects:
        folder = os.path.relpath(path, build).split('/')[0]
        unit = os.path.basename(path).split('.')[0]
        for section, name in variables_of(path):
            if WRITABLE.match(section) and not allowed(folder + '_' + unit, name):
                problems.append('%s/%s: %s (%s)' % (folder, unit, name, section))
    return sorted(problems)
