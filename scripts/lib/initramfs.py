# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's initramfs: a newc cpio archive of busybox, an init and a few kernel modules."""

import gzip
import lzma
import os
import re
import stat

# What virtio devices and their file systems need; dependencies come along.
MODULES = ('virtio_mmio', 'virtio_blk', 'virtio_net', 'virtio-rng', '9p', '9pnet_virtio', 'ext4')

APPLETS_NEEDED = ('sh', 'init', 'mount', 'poweroff', 'reboot', 'modprobe', 'sed', 'hostname')


class Cpio:
    """A newc archive in memory. All files belong to root and have the same age."""

    def __init__(self):
        self.parts = []
        self.inode = 0
        self.folders = set()

    def _add(self, name, mode, data=b'', device=(0, 0)):
        self.inode += 1
        encoded = name.encode() + b'\0'
        links = 2 if stat.S_ISDIR(mode) else 1
        numbers = (self.inode, mode, 0, 0, links, 0, len(data), 0, 0, device[0], device[1],
                   len(encoded), 0)
        header = b'070701' + b''.join(b'%08X' % number for number in numbers) + encoded
        self.parts.append(header + b'\0' * (-len(header) % 4))
        self.parts.append(data + b'\0' * (-len(data) % 4))

    def folder(self, name):
        """A folder and those it is in, as far as the archive lacks them."""
        if not name or name in self.folders:
            return
        self.folder(os.path.dirname(name))
        self.folders.add(name)
        self._add(name, stat.S_IFDIR | 0o755)

    def file(self, name, data, mode=0o644):
        self.folder(os.path.dirname(name))
        self._add(name, stat.S_IFREG | mode, data)

    def link(self, name, target):
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, name, major, minor, mode):
        self._add(name, stat.S_IFCHR | mode, device=(major, minor))

    def bytes(self):
        self._add('TRAILER!!!', 0)
        data = b''.join(self.parts)
        return data + b'\0' * (-len(data) % 512)


def applet_names(busybox):
    """busybox's applets, from the table of NUL-terminated names in the program.

    The program is the guest's, so asking it is no choice on the host.
    """
    table = re.search(rb'\[\0\[\[\0[a-z][^\0]*\0(?:[a-z][^\0]*\0)+', busybox)
    names = table.group().decode('ascii', 'replace').rstrip('\0').split('\0') if table else []
    missing = [name for name in APPLETS_NEEDED if name not in names]
    if missing:
        raise ValueError('busybox has no table of applets with %s' % ' '.join(missing))
    return names


class Modules:
    """The kernel modules below a folder, by the names that modprobe uses."""

    def __init__(self, folder):
        self.paths = {}
        for parent, _folders, files in os.walk(folder):
            for name in files:
                match = re.match(r'(.+)\.ko(\.xz)?$', name)
                if match:
                    self.paths[self.canonical(match.group(1))] = os.path.join(parent, name)
        self.loaded = {}

    @staticmethod
    def canonical(name):
        return name.replace('-', '_')

    def read(self, name):
        """(the file's bytes, names it depends on, device aliases) of a module."""
        name = self.canonical(name)
        if name not in self.loaded:
            with open(self.paths[name], 'rb') as file:
                data = file.read()
            elf = lzma.decompress(data) if self.paths[name].endswith('.xz') else data
            depends = re.search(rb'\0depends=([^\0]*)\0', elf)
            names = depends.group(1).decode().split(',') if depends else []
            aliases = [alias.decode() for alias in re.findall(rb'\0alias=([^\0]*)', elf)]
            self.loaded[name] = (data, [self.canonical(n) for n in names if n], aliases)
        return self.loaded[name]

    def closure(self, names):
        """The names and all they depend on; what the kernel has built in is left out."""
        wanted, queue = [], [self.canonical(name) for name in names]
        while queue:
            name = queue.pop(0)
            if name in wanted or name not in self.paths:
                continue
            wanted.append(name)
            queue += self.read(name)[1]
        return sorted(wanted)

    def add_to(self, archive, release):
        """Put the wanted modules and modprobe's tables into an archive."""
        base = 'lib/modules/' + release
        names = self.closure(MODULES)
        depends, aliases = [], []
        for name in names:
            data, _direct, own_aliases = self.read(name)
            archive.file('%s/%s' % (base, self.file_name(name)), data)
            others = [self.file_name(other) for other in self.load_order(name)]
            depends.append('%s: %s\n' % (self.file_name(name), ' '.join(others)))
            aliases += ['alias %s %s\n' % (alias, name) for alias in own_aliases]
        archive.file(base + '/modules.dep', ''.join(depends).encode())
        archive.file(base + '/modules.alias', ''.join(aliases).encode())
        archive.file(base + '/modules.symbols', b'')

    def file_name(self, name):
        return name + ('.ko.xz' if self.paths[name].endswith('.xz') else '.ko')

    def load_order(self, name):
        """What must be loaded before a module, nearest first."""
        order = []
        for other in self.read(name)[1]:
            if other in self.paths:
                order += [n for n in [other] + self.load_order(other) if n not in order]
        return order


def build(busybox_path, modules_folder, release, guest_folder):
    """The gzip bytes of the initramfs."""
    archive = Cpio()
    with open(busybox_path, 'rb') as file:
        busybox = file.read()
    for name in ('bin', 'dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'usr', 'var'):
        archive.folder(name)
    archive.link('sbin', 'bin')
    archive.link('usr/bin', '../bin')
    archive.link('usr/sbin', '../bin')
    archive.character_device('dev/console', 5, 1, 0o600)
    archive.character_device('dev/null', 1, 3, 0o666)
    archive.file('bin/busybox', busybox, 0o755)
    for name in sorted(set(applet_names(busybox)) - {'busybox'}):
        archive.link('bin/' + name, 'busybox')
    archive.file('etc/passwd', b'root::0:0:root:/root:/bin/sh\n')
    archive.file('etc/group', b'root:x:0:\n')
    for name, target, mode in (('init', 'init', 0o755), ('profile', 'etc/profile', 0o644)):
        with open(os.path.join(guest_folder, name), 'rb') as file:
            archive.file(target, file.read(), mode)
    Modules(modules_folder).add_to(archive, release)
    return gzip.compress(archive.bytes(), mtime=0)
