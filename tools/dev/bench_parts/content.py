# SPDX-License-Identifier: Apache-2.0
"""Bytes that compress as real files do: the same for the same seed, sources and program of this project."""

import os
import random
import re

BLOCK = 1 << 16  # bytes made at a time


class Sources:
    """Pieces of this project's own sources with other names in them: compressors find in made-up sentences either
    more or less than in what people write."""

    def __init__(self):
        root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
        self.lines = []
        for folder in ("docs", "lib", "tools"):
            for place, folders, names in os.walk(os.path.join(root, folder)):
                folders.sort()
                for name in sorted(names):
                    if name.endswith((".cpp", ".hpp", ".py", ".md")):
                        with open(os.path.join(place, name), "rb") as file:
                            self.lines += file.read().split(b"\n")
        self.name = re.compile(rb"[A-Za-z_]{5,}")
        self.syllables = [b"al", b"ber", b"con", b"der", b"get", b"hand", b"Item", b"Key", b"list", b"map", b"node",
                          b"op", b"path", b"query", b"re", b"set", b"tion", b"val", b"ex", b"ize", b"ly"]

    def some(self, source, size):
        """At least `size` bytes."""
        out = b""
        while len(out) < size:
            count = source.randint(8, 60)
            first = source.randrange(len(self.lines) - count)
            out += self._renamed(source, b"\n".join(self.lines[first:first + count]) + b"\n")
        return out

    def _renamed(self, source, piece):
        others = {name: b"".join(source.choices(self.syllables, k=source.randint(2, 4)))
                  for name in sorted(set(self.name.findall(piece))) if source.random() < 0.15}
        return self.name.sub(lambda match: others.get(match.group(), match.group()), piece)


class Program:
    """Runs of a real program: compressors find in made-up machine code either more or less than in what compilers make."""

    RUN = 1 << 20  # so long that a seam between two costs next to nothing

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read(1 << 26)

    def some(self, source, size):
        """`size` bytes, at most RUN."""
        start = source.randrange(max(1, len(self.bytes) - size))
        return self.bytes[start:start + size]


_KINDS = {"text": Sources()}


def take_code_from(path):
    """The program at `path` is what "code" is made of from now on."""
    _KINDS["code"] = Program(path)


def blocks(kind, seed, size):
    """Yields `size` bytes in blocks; kind: text (gzip to a third), code (as the program), media (not at all)."""
    source = random.Random("%s %s" % (kind, seed))
    while size > 0:
        length = min(size, Program.RUN if kind == "code" else BLOCK)
        block = source.randbytes(length) if kind == "media" else _KINDS[kind].some(source, length)[:length]
        yield block
        size -= len(block)


def write(path, kind, seed, size):
    with open(path, "wb") as file:
        for block in blocks(kind, seed, size):
            file.write(block)
