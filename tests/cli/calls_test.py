#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""build --call outline|targets|check says of a Dockerfile what BuildKit says, as text and as JSON.

calls/<case>/            outline-…: outline and targets; check-…: rules and lines of the warnings
calls/<case>/args        optional; one word of the command line a line
calls/<case>/expected    what BuildKit answered, never written by hand

Expected files hold texts without blanks at the ends of lines, and JSON an object a line, with "lines" in place of
"location" and without the Dockerfile itself.

usage: calls_test.py --ocibuild PROGRAM
       calls_test.py --buildx PROGRAM --builder NAME [CASE]...   writes the expected files anew; the builder must be able
                                                                 to pull the images of tests/support/bases.py
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import bases  # noqa: E402
import peer  # noqa: E402

CALLS = os.path.join(HERE, "calls")


def cases(beginning):
    return sorted(name for name in os.listdir(CALLS) if name.startswith(beginning))


def read(case, name, otherwise=""):
    path = os.path.join(CALLS, case, name)
    if not os.path.exists(path):
        return otherwise
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


def answer(program, case, call):
    """What it prints, which for a check that finds something comes with an exit code of 1."""
    done = subprocess.run([*program, "--call", call, *read(case, "args").splitlines(), os.path.join(CALLS, case)],
                          env={**os.environ, "OCIBUILD_CI": "0"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 and not (call.startswith("check") and done.returncode == 1 and done.stdout):
        raise RuntimeError("%s of %s: exit %d\n%s" % (call, case, done.returncode, done.stderr.decode()))
    return done.stdout.decode()


def lines_of(location):
    return [line for part in location.get("ranges", []) for line in range(part["start"]["line"], part["end"]["line"] + 1)]


def with_lines(value):
    """The same, lists of ranges made short: {"lines": [4, 5]}. A range is to be one line, as BuildKit has it."""
    out = {key: item for key, item in value.items() if key != "location"}
    if "location" in value:
        out["lines"] = lines_of(value["location"])
        peer.equal(len(out["lines"]), len(value["location"]["ranges"]), "ranges of one line each")
    return out


def description(program, case, call):
    """Text and JSON of an outline, or of targets."""
    text = "".join(line.rstrip(" ") + "\n" for line in answer(program, case, call).splitlines())
    document = json.loads(answer(program, case, call + ",format=json"))
    (source,) = document.pop("sources")
    peer.equal(base64.b64decode(source).decode(), read(case, "Dockerfile"), "the Dockerfile in the answer")
    rows = []
    for key, value in document.items():
        values = value if isinstance(value, list) else [value]
        rows += ["%s %s" % (key, json.dumps(with_lines(item) if isinstance(item, dict) else item, ensure_ascii=False))
                 for item in values]
    return "--- %s\n%s--- %s,format=json\n%s" % (call, text, call, "".join(row + "\n" for row in rows))


def outline_and_targets(program, case):
    return description(program, case, "outline") + description(program, case, "targets")


def warnings(program, case):
    """Rule and lines of each warning. Where error=true is set ocibuild has errors of that name."""
    document = json.loads(answer(program, case, "check,format=json"))
    found = (document["warnings"] or []) + [each for each in document.get("errors", []) if each["id"][0].isupper()]
    return sorted({(tuple(lines_of(each["location"])), each.get("ruleName") or each["id"]) for each in found})


def rows_of(found):
    return "".join("%s %s\n" % (",".join(map(str, lines)), rule) for lines, rule in found)


def is_same(theirs, ours):
    """BuildKit names all lines of the instruction, and of an empty line in it only the last; ocibuild the line that is meant."""
    (lines, rule), (line, name) = theirs, ours
    return rule == name and (line[0] in lines or (rule == "NoEmptyContinuation" and line[0] < lines[0]))


def outlines_are_those_of_buildkit(program):
    """cli.md 6.18 to 6.20: what outline and targets say of arguments, stages and mounts is what BuildKit says"""
    for case in cases("outline-"):
        peer.equal(outline_and_targets(program, case), read(case, "expected"), case)


def warnings_are_those_of_buildkit(program):
    """dockerfile.md 18.1, 18.2; cli.md 6.6: each rule warns where BuildKit's does, and nowhere else"""
    for case in cases("check-"):
        expected = []
        for row in read(case, "expected").splitlines():
            lines, rule = row.split(" ")
            expected.append((tuple(map(int, lines.split(","))), rule))
        found = warnings(program, case)
        unsaid = [each for each in expected if not any(is_same(each, ours) for ours in found)]
        unasked = [ours for ours in found if not any(is_same(each, ours) for each in expected)]
        peer.equal((unsaid, unasked), ([], []), "%s: warnings that BuildKit has, and only ocibuild" % case)


def accept(program, names):
    for case in names or cases("outline-") + cases("check-"):
        text = outline_and_targets(program, case) if case.startswith("outline-") else rows_of(warnings(program, case))
        with open(os.path.join(CALLS, case, "expected"), "w", encoding="utf-8", newline="") as file:
            file.write(text)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ocibuild")
    parser.add_argument("--buildx")
    parser.add_argument("--builder", default="default")
    parser.add_argument("cases", nargs="*")
    options = parser.parse_args()
    if options.buildx:
        return accept([options.buildx, "build", "--builder", options.builder], options.cases)
    with tempfile.TemporaryDirectory(prefix="ocibuild-test-") as directory:
        store = os.path.join(directory, "store")
        for path in bases.write_bases(directory).values():
            peer.call(options.ocibuild, "load", "--root", store, "-i", path)
        program = [options.ocibuild, "build", "--root", store]
        for test in (outlines_are_those_of_buildkit, warnings_are_those_of_buildkit):
            test(program)
            print("ok:", test.__doc__)
    return 0


sys.exit(main())
