# SPDX-License-Identifier: Apache-2.0
"""Bytes that compress as real files do: the same for the same seed and the same sources of this project."""

import itertools
import os
import random
import re

BLOCK = 1 << 16  # bytes made at a time
_PHRASES = 30000  # more than a compressor's window holds, so that what repeats is the tokens in them


class Vocabulary:
    """Phrases of tokens that have the frequencies of natural text (Zipf's law); `flat`: how even they are."""

    def __init__(self, source, tokens, flat):
        weights = list(itertools.accumulate(1 / (rank + flat) for rank in range(len(tokens))))
        self.phrases = [b"".join(source.choices(tokens, cum_weights=weights, k=8)) for _ in range(_PHRASES)]
        self.mean = sum(map(len, self.phrases)) / _PHRASES

    def some(self, source, size):
        """At least `size` bytes."""
        out = b""
        while len(out) < size:
            out += b"".join(source.choices(self.phrases, k=int((size - len(out)) / self.mean) + 2))
        return out


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


def _machine_code():
    """Runs of bytes as a compiler repeats them, 3 to 12 of them."""
    source = random.Random("machine code")
    tokens = [source.randbytes(3 + min(int(source.expovariate(0.25)), 9)) for _ in range(1000)]
    return Vocabulary(source, tokens, flat=8)


_VOCABULARIES = {"text": Sources(), "code": _machine_code()}
#: Of so many blocks of "code" in a hundred nothing can be compressed: constants, tables, pictures.
_TABLES_PERCENT = 5


def blocks(kind, seed, size):
    """Yields `size` bytes in blocks; kind: text (gzip to a third), code (to 1 / 2.4), media (not at all)."""
    source = random.Random("%s %s" % (kind, seed))
    while size > 0:
        length = min(size, BLOCK)
        if kind == "media" or (kind == "code" and source.random() * 100 < _TABLES_PERCENT):
            yield source.randbytes(length)
        else:
            yield _VOCABULARIES[kind].some(source, length)[:length]
        size -= length


def write(path, kind, seed, size):
    with open(path, "wb") as file:
        for block in blocks(kind, seed, size):
            file.write(block)
