#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A context changes at random, round after round: a build with the cache is always the one without it.

usage: cached_builds_test.py --ocibuild PROGRAM
environment: CACHED_BUILDS_ROUNDS (default: as many of 300 as fit into a minute), CACHED_BUILDS_SEED
"""

import os
import random
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402

SECONDS = 60  # a slow machine does fewer rounds unless their number is asked for
LARGE = 1 << 20
DOCKERFILES = [
    "FROM scratch\nCOPY a /srv/a\nCOPY --chown=5:6 b /srv/b/\nCOPY *.txt /top/\nCOPY . /all\n",
    "FROM scratch\nCOPY . /all\nLABEL l=1\nCOPY --chmod=640 b /srv/b/\n",
    "FROM scratch AS one\nCOPY a /x\n"
    "FROM scratch\nCOPY b /srv\nCOPY --from=one / /from\nCOPY --exclude=*.txt . /rest\n",
]
IGNORES = ["", "*.txt\n", "a\n!a/f1\n", "large*\n"]


class Context:
    """A small tree and what may happen to it. Each change returns what it did; nothing when it did not fit."""

    def __init__(self, top, source):
        self.top, self.random, self.counter = top, source, 0
        for directory in ("a/deep/er", "b/c", "a-b"):
            os.makedirs(os.path.join(top, directory))
        for name in ("a/f%d", "a/deep/f%d", "a/deep/er/f%d", "b/f%d", "b/c/f%d", "a-b/f%d", "f%d.txt"):
            for number in range(6):
                self.write(os.path.join(top, name % number), source.randbytes(source.choice((0, 1, 700, 5000))))
        for name, factor in (("large0", 2), ("b/large", 1)):
            self.write(os.path.join(top, name), self.large() * factor)
        self.write(top + "/Dockerfile", DOCKERFILES[0].encode())

    def large(self):
        """Text of a little more than LARGE, without a period."""
        return self.random.randbytes(LARGE // 2 + 99999).hex().encode()

    @staticmethod
    def write(path, data):
        with open(path, "wb") as file:
            file.write(data)

    def new_name(self):
        self.counter += 1
        return os.path.join(self.directory(), "n%d" % self.counter + self.random.choice(("", ".txt")))

    def walk(self):
        """Files (no links, not the Dockerfile), and directories with the top."""
        files, directories = [], []
        for top, _, names in os.walk(self.top):
            directories.append(top)
            files += [os.path.join(top, name) for name in names if not os.path.islink(os.path.join(top, name))]
        kept = (self.top + "/Dockerfile", self.top + "/.dockerignore")
        return sorted(file for file in files if file not in kept), sorted(directories)

    def file(self):
        return self.random.choice(self.walk()[0])

    def directory(self):
        return self.random.choice(self.walk()[1])

    # What follows is chosen by name: every method that begins with change_.

    def change_content_of_same_size(self, path=None, keep=None):
        path = path or self.file()
        before = os.stat(path)
        if before.st_size == 0:
            return None
        at = self.random.randrange(before.st_size)
        with open(path, "r+b") as file:
            file.seek(at)
            old = file.read(1)
            file.seek(at)
            file.write(bytes([old[0] ^ self.random.randint(1, 255)]))
        keep = self.random.random() < 0.6 if keep is None else keep
        if keep:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return "byte %d, mtime %s" % (at, "kept" if keep else "new"), path

    def change_middle_of_large(self):
        large = [file for file in self.walk()[0] if os.path.getsize(file) >= LARGE]
        return self.change_content_of_same_size(self.random.choice(large)) if large else None

    def change_shift_large(self):
        """Bytes go in or out of the middle, so that everything behind moves."""
        large = [file for file in self.walk()[0] if os.path.getsize(file) >= LARGE]
        if not large:
            return None
        path = self.random.choice(large)
        with open(path, "rb") as file:
            data = file.read()
        at, size = self.random.randrange(len(data)), self.random.choice((1, 512, 70000))
        shorter = len(data) > 3 * LARGE or self.random.random() < 0.5
        self.write(path, data[:at] + (data[at + size:] if shorter else self.random.randbytes(size) + data[at:]))
        return "%d bytes %s at %d" % (size, "out" if shorter else "in", at), path

    def change_size(self):
        path, keep = self.file(), self.random.random() < 0.5
        before = os.stat(path)
        with open(path, "r+b") as file:
            file.truncate(self.random.choice((0, before.st_size // 2, before.st_size + 1)))
        if keep:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return "mtime %s" % ("kept" if keep else "new"), path

    def change_mode(self):
        path = self.random.choice(self.walk()[self.random.randint(0, 1)][-20:])
        os.chmod(path, self.random.choice((0o644, 0o755, 0o700, 0o4755) if path != self.top else (0o755, 0o711)))
        return (path,)

    def change_mtime_only(self):
        path = self.file()
        os.utime(path, (1, self.random.choice((1, 1234567890, time.time() + 1000))))
        return (path,)

    def change_twice_and_back(self):
        """Other bytes, then the first ones with the first time."""
        path = self.file()
        before = os.stat(path)
        with open(path, "rb") as file:
            data = file.read()
        self.write(path, bytes(len(data)))
        if self.random.random() < 0.5:
            self.write(path, data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        return (path,)

    def change_replace_by_rename(self):
        path = self.file()
        before = os.stat(path)
        self.write(self.top + "/new", self.random.randbytes(before.st_size))
        os.chmod(self.top + "/new", before.st_mode & 0o7777)
        os.utime(self.top + "/new", ns=(before.st_atime_ns, before.st_mtime_ns))
        os.rename(self.top + "/new", path)
        return (path,)

    def change_swap(self):
        one, two = self.file(), self.file()
        if one == two:
            return None
        os.rename(one, self.top + "/swapped")
        os.rename(two, one)
        os.rename(self.top + "/swapped", two)
        return one, two

    def change_name(self):
        path, target = self.random.choice(self.walk()[self.random.randint(0, 1)]), self.new_name()
        if path in (self.top, self.top + "/a", self.top + "/b") or target.startswith(path + "/"):
            return None
        os.rename(path, target)
        return path, target

    def change_hard_link(self):
        path, target = self.file(), self.new_name()
        os.link(path, target)
        return path, target

    def change_through_hard_link(self):
        linked = [file for file in self.walk()[0] if os.stat(file).st_nlink > 1]
        return self.change_content_of_same_size(self.random.choice(linked)) if linked else None

    def change_symlink(self):
        target = self.new_name()
        os.symlink(self.random.choice(("f0.txt", "a", "/nowhere", "../b")), target)
        return (target,)

    def change_add(self):
        path = self.new_name()
        self.write(path, self.random.randbytes(self.random.choice((0, 10, 3000))))
        return (path,)

    def change_remove(self):
        files = self.walk()[0]
        path = self.random.choice(files)
        if len(files) < 40 or path.startswith(self.top + "/large"):
            return None
        os.unlink(path)
        return (path,)

    def change_directory_to_file(self):
        """A file of the same name, or the other way round."""
        path = self.random.choice(self.walk()[self.random.randint(0, 1)])
        if os.path.isfile(path) and not path.startswith(self.top + "/large"):
            os.unlink(path)
            os.mkdir(path)
            self.write(path + "/f", b"now below")
        elif path.count("/") > self.top.count("/") + 1:
            shutil.rmtree(path)
            self.write(path, b"was a directory")
        else:
            return None
        return (path,)

    def change_copy_of_tree(self):
        path = self.directory()
        if path == self.top or len(self.walk()[0]) > 90:
            return None
        target = self.top + "/copy%d" % self.random.randrange(3)
        if target == path or path.startswith(target + "/"):
            return None
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(path, target, symlinks=True)
        return path, target

    def change_instructions(self):
        chosen = self.random.randrange(len(DOCKERFILES))
        self.write(self.top + "/Dockerfile", DOCKERFILES[chosen].encode())
        return ("number %d" % chosen,)

    def change_ignored(self):
        chosen = self.random.randrange(len(IGNORES))
        self.write(self.top + "/.dockerignore", IGNORES[chosen].encode())
        return ("number %d" % chosen,)

    def change(self):
        """One change; its name and what it says."""
        names = [name for name in dir(self) if name.startswith("change_")]
        # Wholesale changes are rare, so that most of the context is as it was.
        wholesale = ("change_instructions", "change_ignored", "change_directory_to_file", "change_copy_of_tree")
        while True:
            name = self.random.choice(names)
            if name in wholesale and self.random.random() < 0.8:
                continue
            done = getattr(self, name)()
            if done is not None:
                return "%s %s" % (name, " ".join(done).replace(self.top + "/", ""))


def build(program, context, *flags):
    """The digest, or what is said about a context in which something that is copied is missing now."""
    done = subprocess.run([program.path, "build", "--root", program.store, "-q", "-t", "app:1", *flags, context],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, text=True)
    if done.returncode != 0 and "error[copy-source-missing]" not in done.stderr:
        raise RuntimeError("exit %d\n%s" % (done.returncode, done.stderr))
    return done.stdout.strip() or done.stderr


def every_cached_build_is_the_one_without_a_cache(options, work):
    """image.md 1.1, 7.1, 7.2, 7.4: whatever happens to a context, a cached build equals one in an empty store"""
    seed = int(os.environ.get("CACHED_BUILDS_SEED", random.randrange(1 << 32)))
    asked = int(os.environ.get("CACHED_BUILDS_ROUNDS", 0))
    print("seed %d" % seed, flush=True)
    os.mkdir(work + "/context")
    context = Context(work + "/context", random.Random(seed))
    cached = peer.Program(options.ocibuild, work + "/cached")
    fresh = peer.Program(options.ocibuild, work + "/fresh")
    changes, rounds, end = [], 0, time.monotonic() + SECONDS
    while rounds < (asked or 300) and (asked or time.monotonic() < end):
        rounds += 1
        got, wanted = build(cached, context.top), build(fresh, context.top, "--no-cache")
        if got != wanted:
            print("\n".join(changes[-60:]))
            raise AssertionError("seed %d, round %d: %s with the cache, %s without" % (seed, rounds, got, wanted))
        # Reading verifies each digest; the trees say what the bytes are.
        if rounds % 20 == 1 and got.startswith("sha256:"):
            peer.equal(cached.image("app:1").tree(), fresh.image("app:1").tree(), "files of round %d" % rounds)
        shutil.rmtree(fresh.store, ignore_errors=True)
        # Without a pause most files are remembered, and those of the last seconds never.
        if context.random.random() < 0.02:
            time.sleep(2.2)
        for _ in range(context.random.randint(0, 3)):
            changes.append("after round %d: %s" % (rounds, context.change()))
    print("%d rounds, %d changes" % (rounds, len(changes)))


if __name__ == "__main__":
    peer.run(every_cached_build_is_the_one_without_a_cache)
