# SPDX-License-Identifier: Apache-2.0
"""The parts of a build on their own, each against what the machine can do at best (tests/bench/limits.hpp)."""

import collections
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from bench_parts import cases, content, measure, workloads

#: What is measured, in the order of a build: part -> what it is given, what is measured, its limit.
PARTS = {
    "walk": ("context", "the build context's tree with all its files", "a walk that stats each file once"),
    "index": ("scratch", "", ""),
    "index-load": (None, "reading the index of known files, and asking it for each", "reading its bytes"),
    "index-save": (None, "writing the index of known files", "writing its bytes"),
    "read": ("context", "the files' bytes, each file found to be unchanged", "open, read, close"),
    "tar": ("tar", "a tar of files of 7,500 bytes, from memory", "copying the bytes"),
    "hash": ("tar", "SHA-256", "OpenSSL in one call"),
    "compress": ("tar", "gzip on all CPUs, in order", "libdeflate at the same levels on all CPUs, in any order"),
}
#: Whole programs that do the same; zlib's level 6 gives about the size of libdeflate's 5, which is ours but for text.
COMPRESSORS = {"pigz -6": ["pigz", "-6", "-c"], "libdeflate-gzip -5": ["libdeflate-gzip", "-5", "-c"]}


def program(build):
    """The measuring program of a build directory, or None."""
    path = os.path.abspath(os.path.join(build, "tests", "bench", "micro_bench"))
    return path if os.path.exists(path) else None


def _lines(micro_bench, part, path):
    """[(part, unit, count, seconds of ours, of the limit)]"""
    text = subprocess.run([micro_bench, part, path], stdout=subprocess.PIPE, check=True).stdout.decode()
    rows = [line.split() for line in text.splitlines()]
    return [(name, unit, int(count), float(ours), float(limit)) for name, unit, count, ours, limit in rows]


class Limits:
    """Seconds that the parts of a cold build take at the least: compressing on all CPUs, hashing the tar twice."""

    def __init__(self, build, work):
        self.program, self.work = program(build), work
        self.taken = collections.defaultdict(list)  # {(row, part): seconds}
        if not self.program:
            print("left out: the limits of cold builds (no micro_bench; meson configure %s -Dbenchmarks=true)" % build,
                  file=sys.stderr)

    @contextlib.contextmanager
    def beside(self, workload):
        """Gives a function that takes them once: each time a cold build is measured, in the same minute."""
        tar = workload.tar(self.work) if self.program else None

        def take():
            for part, _, _, _, limit in _lines(self.program, "limits", tar) if tar else ():
                self.taken[workload.name, part].append(limit)
        try:
            yield take
        finally:
            if tar:
                os.unlink(tar)

    def __call__(self, workload):
        """(seconds of compressing, of hashing twice); None where nothing was taken."""
        compressing, hashing = (self.taken.get((workload.name, part)) for part in ("compress", "hash"))
        return (statistics.median(compressing), 2 * statistics.median(hashing)) if compressing else None


def measure_parts(given, work):
    """The report's text, and what --json writes of it."""
    micro_bench = program(given.build)
    if not micro_bench:
        sys.exit("bench: no tests/bench/micro_bench in %s; meson configure %s -Dbenchmarks=true, then ninja"
                 % (given.build, given.build))
    workload = next(workload for workload in workloads.ALL if workload.name == "small-files")
    content.take_code_from(os.path.join(given.build, "tools", "ocibuild", "ocibuild"))
    cases.make([workload], work, given.scale)
    tar, taken = workload.tar(work), collections.defaultdict(list)
    with tempfile.TemporaryDirectory(dir=work) as scratch:
        places = {"context": workload.directory, "tar": tar, "scratch": scratch}
        for _ in range(given.runs):
            for part, (place, _, _) in PARTS.items():
                for name, unit, count, ours, limit in _lines(micro_bench, part, places[place]) if place else ():
                    taken[name, unit, count].append((ours, limit))
    others = {name: [measure.Meter(work, given.limit, given.quiet)([*command, tar]).wall for _ in range(given.runs)]
              for name, command in COMPRESSORS.items() if shutil.which(command[0])}
    size = os.path.getsize(tar)
    os.unlink(tar)
    document = {"micro": [{"part": name, "unit": unit, "count": count, "ours_s": [ours for ours, _ in samples],
                           "limit_s": [limit for _, limit in samples]}
                          for (name, unit, count), samples in taken.items()],
                "compressors": others}
    return _table(document, size), document


def _speed(count, unit, seconds):
    return "%.0f MB/s" % (count / seconds / 1e6) if unit == "bytes" else "%.2f us" % (seconds / count * 1e6)


def _table(document, size):
    lines = ["| part | ours | at best | ours / best | ours is | best is |", "|---|---:|---:|---:|---|---|"]
    for row in document["micro"]:
        ours, limit = statistics.median(row["ours_s"]), statistics.median(row["limit_s"])
        _, what, best = PARTS[row["part"]]
        lines.append("| %s | %s | %s | %.2f | %s | %s |" % (
            row["part"], _speed(row["count"], row["unit"], ours), _speed(row["count"], row["unit"], limit),
            ours / limit, what, best))
    for name, walls in document["compressors"].items():
        lines.append("| compress | | %s | | | %s, the whole process |"
                     % (_speed(size, "bytes", statistics.median(walls)), name))
    return "\n".join(lines) + "\n\nMicroseconds are for one file.\n"
