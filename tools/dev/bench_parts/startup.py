# SPDX-License-Identifier: Apache-2.0
"""Commands that have next to nothing to do: what a program costs before it works, and builds that find nothing new."""

import os
import shutil
import statistics
import sys
import time

from bench_parts import measure, programs, targets, workloads

FILES = 3000
#: Seconds of `ocibuild --version` and of an unchanged build of FILES files.
VERSION, UNCHANGED = 0.005, 0.100
OTHERS = ("docker", "buildah", "skopeo")


def _context(directory, files):
    """Small files in directories of fifty, in one layer."""
    shutil.rmtree(directory, ignore_errors=True)
    for number in range(files):
        path = "%s/files/%02d/%02d" % (directory, number // 50, number % 50)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="ascii") as file:
            file.write("file %d\n" % number * 200)
    with open(directory + "/Dockerfile", "w", encoding="ascii") as file:
        file.write("FROM scratch\nCOPY files /srv\nCMD [\"/srv\"]\n")


def _builds(program, work, files):
    """{name: command} of builds that have been done before."""
    found = {}
    for count in (1, files):
        directory, store = ("%s/startup-%d%s" % (work, count, end) for end in ("", "-store"))
        _context(directory, count)
        shutil.rmtree(store, ignore_errors=True)
        found["ocibuild, unchanged build of %d file%s" % (count, "s" * (count != 1))] = [
            program, "build", "-q", "--root", store, "-t", programs.IMAGE, directory]
    # Files that are too young are read again; the second build then remembers them.
    for wait in (0, workloads.SETTLED):
        time.sleep(wait)
        for command in found.values():
            programs.quietly(*command)
    return found


def measure_startup(given, work, program):
    """The report's text, and what --json writes of it."""
    commands = {"ocibuild --version": [program, "--version"]}
    for name in OTHERS:
        path = shutil.which(name)
        if path:
            commands[name + " --version"] = [path, "--version"]
        else:
            print("left out: %s (not installed)" % name, file=sys.stderr)
    files = max(2, round(FILES * given.scale))
    builds = _builds(program, work, files)
    commands.update(builds)
    meter, samples = measure.Meter(work, given.limit, given.quiet), {name: [] for name in commands}
    for _ in range(given.runs):
        for name, command in commands.items():
            samples[name].append(meter(command))
    walls = {name: statistics.median(sample.wall for sample in taken) for name, taken in samples.items()}
    version, unchanged = "ocibuild --version", list(builds)[-1]
    promised = [targets.Target(version, "startup", walls[version], VERSION, 1.0),
                targets.Target(unchanged, "startup", walls[unchanged], UNCHANGED, 1.0)]
    document = {"startup": [{"command": name, "wall_s": [sample.wall for sample in taken],
                             "cpu_s": [sample.cpu for sample in taken], "peak_bytes": [sample.peak for sample in taken]}
                            for name, taken in samples.items()],
                "targets": [target.facts() for target in promised]}
    return _table(samples) + "\n" + targets.table(promised), document


def _table(samples):
    lines = ["| command | wall ms | CPU ms | peak MB |", "|---|---:|---:|---:|"]
    for name, taken in samples.items():
        wall, cpu, peak = (statistics.median(getattr(sample, field) for sample in taken)
                           for field in ("wall", "cpu", "peak"))
        lines.append("| %s | %.1f | %.1f | %.0f |" % (name, wall * 1e3, cpu * 1e3, peak / 1e6))
    return "\n".join(lines) + "\n"
