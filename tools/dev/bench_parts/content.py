# SPDX-License-Identifier: Apache-2.0
"""Bytes that compress as real files do, the same on every machine for the same seed, made at 50 MB/s and more."""

import itertools
import random

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


def _source_text():
    """A programming language: keywords, names, punctuation, lines and indentation."""
    source = random.Random("source text")
    syllables = ["al", "ber", "con", "der", "en", "for", "get", "hand", "in", "ler", "map", "node", "op", "path",
                 "query", "re", "set", "tion", "up", "val", "with", "ex", "ize", "ly"]
    names = ["".join(source.choices(syllables, k=source.choice((2, 2, 3, 3, 4)))) for _ in range(4000)]
    shapes = ["const %s = ", "return %s;\n  ", "%s(", "this.%s", "if (%s) {\n    ", "%s, ", "function %s() {\n  ",
              ");\n", "  // %s ", "'%s'", "}\n\n", "%s: ", "%s "]
    tokens = [(shape % name if "%" in shape else shape).encode()
              for name in names for shape in source.sample(shapes, 2)]
    return Vocabulary(source, tokens, flat=8)


def _machine_code():
    """Runs of bytes as a compiler repeats them, 3 to 12 of them."""
    source = random.Random("machine code")
    tokens = [source.randbytes(3 + min(int(source.expovariate(0.25)), 9)) for _ in range(1000)]
    return Vocabulary(source, tokens, flat=8)


_VOCABULARIES = {"text": _source_text(), "code": _machine_code()}
#: Of so many blocks of "code" in a hundred nothing can be compressed: constants, tables, pictures.
_TABLES_PERCENT = 5


def blocks(kind, seed, size):
    """Yields `size` bytes in blocks; kind: text (gzip to a fourth), code (to 1 / 2.4), media (not at all)."""
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
