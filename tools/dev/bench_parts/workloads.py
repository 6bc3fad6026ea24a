# SPDX-License-Identifier: Apache-2.0
"""The build contexts that are measured. Each is made once in a work directory, from nothing but this project."""

import json
import os
import random
import shutil
import subprocess
import time

from bench_parts import content

BASE = "bench-base:1"
_FORMAT = "4"  # of what is kept in a work directory; another one is made anew

SETTLED = 2.1  # seconds
_HEAD = "ARG BASE=%s\n" % BASE


class Workload:
    """name, title, the Dockerfile, and `fill(directory, scale)`, which writes the other files."""

    def __init__(self, name, title, dockerfile, fill):
        self.name, self.title, self.dockerfile, self.fill = name, title, dockerfile, fill
        self.directory = self.middle = None

    def make(self, work, scale):
        """Makes the context unless `work` has it."""
        self.directory = os.path.join(work, "contexts", self.name)
        stamp = os.path.join(work, "contexts", self.name + ".made")
        wanted = "%s %r\n%s" % (_FORMAT, scale, self.dockerfile)
        if not os.path.exists(stamp) or _text(stamp) != wanted:
            shutil.rmtree(self.directory, ignore_errors=True)
            os.makedirs(self.directory)
            self.fill(self.directory, scale)
            _write_text(self.directory + "/Dockerfile", self.dockerfile)
            _write_text(stamp, wanted)
        files = sorted(os.path.join(top, name) for top, _, names in os.walk(self.directory) for name in names)
        files.remove(self.directory + "/Dockerfile")
        self.middle = files[len(files) // 2]
        self.change(0)

    def read(self):
        """Brings the context into the page cache, from which a minute of other programs may have driven it: files,
        and directories, which no look-up of a name reads."""
        for top, _, names in os.walk(self.directory):
            for name in names:
                with open(os.path.join(top, name), "rb") as file:
                    while file.read(1 << 20):
                        pass

    def change(self, number):
        """Gives the file in the middle of the context other bytes, of the same size, for each number."""
        mark = b"change %d of the middle file\n" % number
        with open(self.middle, "r+b") as file:
            file.seek(max(0, (os.path.getsize(self.middle) - len(mark)) // 2))
            file.write(mark)

    def settle(self):
        """Waits until the file that was changed is old enough to be known by its times: an index of files cannot
        remember one that may change again within the same tick of a coarse clock (two seconds on FAT)."""
        while time.time() - os.stat(self.middle).st_ctime < SETTLED:
            time.sleep(0.1)

    def tar(self, work):
        """A tar of the context, for what is measured in a tar's bytes."""
        path = os.path.join(work, self.name + ".tar")
        subprocess.run(["tar", "--sort=name", "--mtime=@0", "--owner=0", "--group=0", "-C", self.directory, "-cf", path,
                        "."], check=True)
        return path


def _text(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def _write_text(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _times(count, scale):
    return max(1, round(count * scale))


def _write(directory, path, kind, size):
    """A file whose bytes follow from its path, kind and size."""
    path = os.path.join(directory, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    content.write(path, kind, os.path.relpath(path, directory), max(1, int(size)))


def _binary(directory, scale):
    _write(directory, "app", "code", 23_000_000 * scale)
    os.chmod(directory + "/app", 0o755)


class _Packages:
    """Packages of 25 files in 5 directories, as node_modules has them: sizes are log-normal, 7.5 KB in the mean."""

    def __init__(self, directory, seed):
        self.directory, self.sizes = directory, random.Random(seed)
        # One text, of which each file is a piece, begun by its own path: 40,000 generators would take minutes.
        self.text = b"".join(content.blocks("text", seed, 1 << 24))

    def write(self, package):
        for part in ("", "lib/", "dist/", "dist/esm/", "test/"):
            place = "%s/%s" % (package, part)
            os.makedirs(os.path.join(self.directory, place), exist_ok=True)
            for name in ("index.js", "types.d.ts", "util.js", "parse.js", "README.md"):
                size = min(int(self.sizes.lognormvariate(8.08, 1.3)), 1 << 20)
                start = int(self.sizes.random() * (len(self.text) - size))
                with open(os.path.join(self.directory, place + name), "wb") as file:
                    file.write(b"// %s%s\n" % (place.encode(), name.encode()) + self.text[start:start + size])


def _small_files(directory, scale):
    """40,000 files in 8,000 directories; one package of forty has a native addon of 1 MB."""
    packages = _Packages(directory, "small files")
    for package in range(_times(1600, scale)):
        if package % 40 == 20:
            _write(directory, "node_modules/package-%04d/lib/addon.node" % package, "code", 1_000_000)
        packages.write("node_modules/package-%04d" % package)


def _mixed(directory, scale):
    for number in range(3):
        _write(directory, "bin/service-%d" % number, "code", 100_000_000 * scale)
    for number in range(_times(300, scale)):
        _write(directory, "media/%03d/picture.jpg" % number, "media", 1_000_000)
    for number in range(_times(100, scale)):
        _write(directory, "logs/%03d.log" % number, "text", 2_000_000)
    for number in range(_times(4000, scale)):
        _write(directory, "assets/%02d/%04d.js" % (number // 100, number), "text", 50_000)


def _ten_layers(directory, scale):
    """Ten services: a program of 5 MB and 2,000 files, 15 MB, that it needs."""
    packages = _Packages(directory, "ten layers")
    for number in range(10):
        _write(directory, "service-%d/bin/server" % number, "code", 5_000_000 * scale)
        for package in range(_times(80, scale)):
            packages.write("service-%d/lib/package-%02d" % (number, package))


def _multi_stage(directory, scale):
    _write(directory, "app/server", "code", 23_000_000 * scale)
    for number in range(_times(2000, scale)):
        _write(directory, "site/%02d/%04d.html" % (number // 50, number), "text", 10_000)
    for number in range(_times(20, scale)):
        _write(directory, "site/media/%02d.jpg" % number, "media", 500_000)
    _write(directory, "config/server.yaml", "text", 2000)


ALL = [
    Workload("binary", "a 23 MB program on a 5 MB base", _HEAD +
             "FROM ${BASE}\nCOPY app /usr/bin/app\nENTRYPOINT [\"/usr/bin/app\"]\n", _binary),
    Workload("small-files", "40,000 small files in 8,000 directories, 340 MB",
             "FROM scratch\nCOPY . /srv/\nCMD [\"/srv/app\"]\n", _small_files),
    Workload("mixed", "1 GB: programs, pictures, logs and assets, 4,403 files",
             "FROM scratch\nCOPY . /srv/\nCMD [\"/srv/bin/service-0\"]\n", _mixed),
    Workload("ten-layers", "ten COPY, of directories with 2,001 files and 20 MB each", "FROM scratch\n" +
             "".join("COPY service-%d /srv/service-%d\n" % (n, n) for n in range(10)) +
             "CMD [\"/srv/service-0/bin/server\"]\n",
             _ten_layers),
    Workload("multi-stage", "two stages on scratch, copied from with COPY --from, 55 MB on a 5 MB base", _HEAD +
             "FROM scratch AS program\nCOPY app/ /out/bin/\nFROM scratch AS site\nCOPY site/ /out/site/\n"
             "FROM ${BASE}\nCOPY --from=site /out/site /srv/site\nCOPY --from=program /out/bin/server /usr/bin/server\n"
             "COPY config/ /etc/server/\nENTRYPOINT [\"/usr/bin/server\"]\n", _multi_stage),
]


class Base:
    """The small base image, made by ocibuild: an OCI layout `layout`, where its manifest has `digest`, and the docker
    archive `archive`."""

    def __init__(self, ocibuild, work):
        self.layout, self.archive = work + "/base/layout", work + "/base/base.tar"
        if not os.path.exists(work + "/base/made-" + _FORMAT):
            self._make(ocibuild, work)
        self.digest = json.loads(_text(self.layout + "/index.json"))["manifests"][0]["digest"]

    def _make(self, ocibuild, work):
        shutil.rmtree(work + "/base", ignore_errors=True)
        context = work + "/base/context"
        os.makedirs(context + "/rootfs/etc")
        _write(context, "rootfs/lib/libc.so", "code", 3_000_000)
        for number in range(200):
            _write(context, "rootfs/usr/share/data/%03d" % number, "text", 10_000)
        _write_text(context + "/rootfs/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
        _write_text(context + "/Dockerfile", "FROM scratch\nCOPY rootfs/ /\nENV PATH=/usr/bin:/bin\n")
        for output in ("type=oci,tar=false,dest=" + self.layout, "type=docker,dest=" + self.archive):
            subprocess.run([ocibuild, "build", "-q", "--root", work + "/base/store", "-t", BASE, "-o", output, context],
                           check=True, stdout=subprocess.DEVNULL)
        _write_text(work + "/base/made-" + _FORMAT, "")
