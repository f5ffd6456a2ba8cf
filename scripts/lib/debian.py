# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's archive, read through the mirror this machine is configured for.

Trust goes one way: the keyring signs a suite's InRelease, InRelease has the hashes of the
package indexes, an index has the hashes of the packages.
"""

import glob
import hashlib
import lzma
import os
import re
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
TRIES = 3
TIMEOUT_S = 60


class ArchiveError(Exception):
    """What went wrong with the archive, for the person who runs the script."""


def cache_folder():
    """Where fetched files are kept, outside the tree."""
    folder = os.environ.get('PEREGRINE_CACHE')
    if not folder:
        base = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
        folder = os.path.join(base, 'peregrine')
    return os.path.abspath(folder)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for chunk in iter(lambda: file.read(1 << 20), b''):
            digest.update(chunk)
    return digest.hexdigest()


def write_atomically(path, data):
    """Write bytes so that the path has either its old or its whole new content."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix='.new-')
    try:
        with os.fdopen(handle, 'wb') as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def stanzas(text):
    """The paragraphs of a deb822 text, each a dict with lower-case keys."""
    for paragraph in re.split(r'\n\s*\n', text):
        fields, key = {}, None
        for line in paragraph.splitlines():
            if line.startswith('#'):
                continue
            if line[:1] in ' \t' and key:
                fields[key] += '\n' + line.strip()
            elif ':' in line:
                key, value = line.split(':', 1)
                key = key.strip().lower()
                fields[key] = value.strip()
        if fields:
            yield fields


def one_line_sources(text):
    """(URI, suite) of the lines of a sources.list."""
    for line in text.splitlines():
        match = re.match(r'deb\s+(?:\[[^]]*\]\s*)?(\S+)\s+(\S+)', line.strip())
        if match:
            yield match.groups()


def deb822_sources(text):
    """(URI, suite) of the stanzas of a .sources file."""
    for stanza in stanzas(text):
        if 'deb' not in stanza.get('types', '').split():
            continue
        if stanza.get('enabled', 'yes').lower() in ('no', 'false'):
            continue
        for uri in stanza.get('uris', '').split():
            for suite in stanza.get('suites', '').split():
                yield uri, suite


def mirror_list(uri):
    """The archives behind apt's mirror+file: (a local list, one URI a line)."""
    path = uri.split(':', 1)[1]
    try:
        with open(path, encoding='utf-8') as file:
            lines = [line.split()[0] for line in file if line.strip() and line[0] != '#']
    except OSError:
        return []
    return lines


def configured_mirrors(etc='/etc/apt'):
    """Base URIs of Debian archives in apt's configuration, in its order.

    A security archive or a third party's has other contents; what is left may still not
    carry a suite, so callers try them in turn.
    """
    override = os.environ.get('PEREGRINE_MIRROR')
    if override:
        return [override.rstrip('/')]
    pairs = []
    lists = [os.path.join(etc, 'sources.list')]
    lists += sorted(glob.glob(os.path.join(etc, 'sources.list.d', '*.list')))
    for path in lists:
        if os.path.exists(path):
            with open(path, encoding='utf-8', errors='replace') as file:
                pairs += one_line_sources(file.read())
    for path in sorted(glob.glob(os.path.join(etc, 'sources.list.d', '*.sources'))):
        with open(path, encoding='utf-8', errors='replace') as file:
            pairs += deb822_sources(file.read())

    bases = []
    for uri, suite in pairs:
        if 'security' in suite or suite.endswith('/'):
            continue
        for base in mirror_list(uri) if uri.startswith('mirror+file:') else [uri]:
            base = base.rstrip('/')
            if base.startswith(('http://', 'https://', 'file:')) and base not in bases:
                bases.append(base)
    return bases


def apt_proxies():
    """apt's proxies, as far as the environment does not name any."""
    proxies = urllib.request.getproxies()
    for scheme in ('http', 'https'):
        command = ['apt-config', 'shell', 'PROXY', 'Acquire::%s::Proxy' % scheme]
        try:
            text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        except OSError:
            break
        match = re.match(r"PROXY='(\S+)'", text)
        if match and match.group(1) != 'DIRECT':
            proxies.setdefault(scheme, match.group(1))
    return proxies


class Archive:
    """One mirror and the package indexes of its suites."""

    def __init__(self, cache, note=lambda text: None):
        self.cache = cache
        self.note = note
        self.bases = configured_mirrors()
        if not self.bases:
            raise ArchiveError('no Debian mirror in the apt configuration; '
                               'name one with PEREGRINE_MIRROR=URI')
        handler = urllib.request.ProxyHandler(apt_proxies())
        self.opener = urllib.request.build_opener(handler)
        self.releases = {}
        self.indexes = {}

    def get(self, uri):
        """The bytes at a URI; a passing network error is tried again."""
        for attempt in range(TRIES):
            try:
                with self.opener.open(uri, timeout=TIMEOUT_S) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                if error.code < 500 or attempt + 1 == TRIES:
                    raise ArchiveError('%s: %s' % (uri, error)) from error
            except (OSError, ValueError) as error:
                if attempt + 1 == TRIES:
                    raise ArchiveError('%s: %s' % (uri, error)) from error
            time.sleep(1 + attempt)
        raise AssertionError('not reached')

    def release(self, suite):
        """(base URI, {index path: sha256}) of a suite, its signature checked."""
        if suite in self.releases:
            return self.releases[suite]
        problems = []
        for base in self.bases:
            try:
                signed = self.get('%s/dists/%s/InRelease' % (base, suite))
                text = verified_text(signed, suite)
                if not re.search(r'(?m)^Origin: Debian$', text):
                    raise ArchiveError('%s is not the archive of Debian' % base)
            except ArchiveError as error:
                problems.append(str(error))
                continue
            self.releases[suite] = (base, index_hashes(text))
            return self.releases[suite]
        raise ArchiveError('no configured mirror has the suite %s:\n  %s\n'
                           'Name one that does with PEREGRINE_MIRROR=URI.'
                           % (suite, '\n  '.join(problems)))

    def index(self, suite, arch):
        """{package name: [stanza]} of a suite's main component."""
        key = (suite, arch)
        if key in self.indexes:
            return self.indexes[key]
        base, hashes = self.release(suite)
        path = 'main/binary-%s/Packages.xz' % arch
        if path not in hashes:
            raise ArchiveError('%s of %s has no %s' % (suite, base, path))
        self.note('reading the package index of %s/%s' % (suite, arch))
        folder = '%s/dists/%s/main/binary-%s' % (base, suite, arch)
        try:
            data = self.get('%s/by-hash/SHA256/%s' % (folder, hashes[path]))
        except ArchiveError:
            data = self.get(folder + '/Packages.xz')
        if hashlib.sha256(data).hexdigest() != hashes[path]:
            raise ArchiveError('%s/%s of %s does not match its signed hash; the mirror may be '
                               'in the middle of an update' % (suite, path, base))
        packages = {}
        for stanza in stanzas(lzma.decompress(data).decode()):
            packages.setdefault(stanza['package'], []).append(stanza)
        self.indexes[key] = packages
        return packages

    def package(self, suite, arch, name):
        """The stanza of a package (an archive suite has one version of each)."""
        found = self.index(suite, arch).get(name)
        if not found:
            raise ArchiveError('%s/%s has no package %s' % (suite, arch, name))
        return found[0]

    def deb(self, suite, stanza):
        """Path of a package's .deb, fetched once and checked on every use."""
        path = os.path.join(self.cache, 'debs', os.path.basename(stanza['filename']))
        if os.path.exists(path) and sha256_of(path) == stanza['sha256']:
            return path
        base, _ = self.release(suite)
        self.note('fetching %s %s (%.1f MB)' % (stanza['package'], stanza['version'],
                                                int(stanza['size']) / 1e6))
        data = self.get('%s/%s' % (base, urllib.parse.quote(stanza['filename'])))
        if hashlib.sha256(data).hexdigest() != stanza['sha256']:
            raise ArchiveError('%s from %s does not match its signed hash'
                               % (stanza['filename'], base))
        write_atomically(path, data)
        return path


def verified_text(signed, suite):
    """The text of an InRelease, if a key of the Debian keyring signed it."""
    if not os.path.exists(KEYRING):
        raise ArchiveError('%s is missing (package debian-archive-keyring)' % KEYRING)
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, 'InRelease')
        target = os.path.join(folder, 'Release')
        with open(source, 'wb') as file:
            file.write(signed)
        # A suite has several signatures and an older keyring lacks a newer key, so gpgv's
        # exit status says too little: one valid signature and no bad one is what counts.
        command = ['gpgv', '--status-fd', '1', '--keyring', KEYRING, '--output', target, source]
        run = subprocess.run(command, capture_output=True, text=True, check=False,
                             errors='replace')
        valid = re.search(r'(?m)^\[GNUPG:\] VALIDSIG ', run.stdout)
        bad = re.search(r'(?m)^\[GNUPG:\] (BADSIG|EXPKEYSIG|REVKEYSIG) ', run.stdout)
        if not valid or bad or not os.path.exists(target):
            raise ArchiveError('the signature of %s/InRelease is not one of Debian\'s:\n%s'
                               % (suite, run.stderr.strip()))
        with open(target, encoding='utf-8') as file:
            return file.read()


def index_hashes(release):
    """{path: sha256} from a Release text."""
    match = re.search(r'(?m)^SHA256:\n((?: .*\n?)+)', release)
    if not match:
        raise ArchiveError('a Release file without SHA256 hashes')
    rows = (line.split() for line in match.group(1).splitlines())
    return {path: digest for digest, _size, path in rows}


def extract(deb, folder):
    """Unpack a .deb's files below a folder."""
    os.makedirs(folder, exist_ok=True)
    run = subprocess.run(['dpkg-deb', '-x', deb, folder], capture_output=True, text=True,
                         check=False)
    if run.returncode != 0:
        raise ArchiveError('cannot unpack %s: %s' % (deb, run.stderr.strip()))
