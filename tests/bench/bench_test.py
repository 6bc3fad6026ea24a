#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/dev/bench measures what it says, in the shape that its readers expect; a hundredth of the real contexts."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ROWS = ["binary", "small-files", "mixed", "ten-layers", "multi-stage"]
PROGRAMS = ["ocibuild", "ocibuild-archive", "ocibuild-fast"]


def bench(build, work, *arguments):
    """What it prints, and its JSON."""
    command = [ROOT + "/tools/dev/bench", "--build", build, "--work", work + "/kept", "--scale", "0.01", "--runs", "1",
               "--quiet", "0", "--json", work + "/json", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with open(work + "/json", encoding="utf-8") as file:
        return done.stdout, json.load(file)


def check_rows(build, work):
    cases = ["cold", "unchanged", "changed"]
    if shutil.which("docker-registry"):
        cases += ["push", "push-unchanged", "imported"]
    text, document = bench(build, work, "--programs", ",".join(PROGRAMS), "--cases", ",".join(cases))
    machine = document["machine"]
    assert set(machine) == {"cpu", "cpus", "memory_gb", "kernel", "file_system", "load"}, machine
    assert document["left_out"] == [], document["left_out"]
    assert list(document["programs"]) == PROGRAMS, document["programs"]
    measured = {(result["row"], result["case"], result["program"]): result for result in document["results"]}
    expected = {(row, case, program) for row in ROWS for case in cases for program in PROGRAMS
                if program == "ocibuild" or not case.startswith("push")}
    assert set(measured) == expected, set(measured) ^ expected
    for key, result in measured.items():
        assert [len(result[name]) for name in ("wall_s", "cpu_s", "peak_bytes")] == [1, 1, 1], key
        assert result["wall_s"][0] > 0 and 1e6 < result["peak_bytes"][0] < 1e9, (key, result)
        assert result["layers_bytes"] > 0, (key, result)
        assert "| %s | %s |" % (key[1], document["programs"][key[2]]["name"]) in text, key
    for row in ROWS:
        fast, ours = (measured[row, "cold", program]["layers_bytes"] for program in ("ocibuild-fast", "ocibuild"))
        assert fast > ours, (row, fast, ours)
    names = [(target["row"], target["name"].split(" / ")[0]) for target in document["targets"]]
    expected = [("small-files", "unchanged build"), ("binary", "unchanged build")]
    expected += [(row, name) for row in ROWS for name in ("cold build", "peak resident memory of a build")]
    assert sorted(names) == sorted(name for name in expected if name[0] in ROWS), names


def check_parts(build, work):
    _, document = bench(build, work, "--micro")
    parts = {part["part"]: part for part in document["micro"]}
    assert set(parts) == {"walk", "index-load", "index-save", "read", "tar", "hash", "compress"}, parts
    for part in parts.values():
        assert part["count"] > 0 and part["ours_s"][0] > 0 and part["limit_s"][0] > 0, part


def check_startup(build, work):
    text, document = bench(build, work, "--startup")
    names = [row["command"] for row in document["startup"]]
    builds = ["ocibuild, unchanged build of %s" % files for files in ("1 file", "30 files")]
    assert names[0] == "ocibuild --version" and names[-2:] == builds, names
    assert all(0 < row["wall_s"][0] < 10 and row["peak_bytes"][0] > 0 for row in document["startup"]), document
    assert [target["limit"] for target in document["targets"]] == [0.005, 0.1], document["targets"]
    assert all("| %s |" % name in text for name in names), text


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench.", dir="/var/tmp") as work:
        check_rows(given.build, work)
        check_parts(given.build, work)
        check_startup(given.build, work)
    sys.exit(0)


main()
