#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cli.md 10.2: docs/errors.md explains every ID of an error or a warning: those that the reference lists, and those
that stand in the source beside what makes a diagnostic. None is listed that does not exist, and each that the reference
lists is one that some test gets from the library or the program, but for bugs."""

import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ID = r"([a-z0-9]+(?:-[a-z0-9]+)*)"
# What makes a diagnostic, with its ID first or behind the Errc.
MADE = (r'Errc::\w+,\s*\{?\s*(?:\.id = )?"%s"' % ID, r'(?:warning|error|add|refuse|draft)\(\{?\s*"%s",' % ID,
        r'Diagnostic(?: \w+)?\{\s*(?:\.id = )?"%s"' % ID)
# How a test says that it got an ID: as the text of an error shows it; in C++ by what the diagnostic or a helper gave,
# and before a message or a place in a Dockerfile; in Python before the exit status. No other word counts: flags look
# alike.
SHOWN = r"(?:error|warning)\[%s\]" % ID
EXPECTED = {".txt": (SHOWN,), ".py": (SHOWN, r'"%s",\s*[1-6]\b' % ID, r'\["id"\] == "%s"' % ID),
            ".cpp": (SHOWN, r'\bid == "%s"' % ID, r'\bid\(.*\) == "%s"' % ID,
                     r'_ids\(\w+\) == Ids\{"%s"' % ID, r'"%s(?:: | \d+:\d+\+\d+")' % ID)}
DENIED = r".*(?:not in |!Contains|npos).*"


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def section(document, begin, end):
    text = read("docs", "reference", document)
    return text[text.index(begin):text.index(end)]


def quoted(text):
    """The words with a dash in backticks."""
    return set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", text))


def sources():
    for top in ("lib", os.path.join("tools", "ocibuild")):
        for directory, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith((".cpp", ".hpp")):
                    yield read(directory, name)


def expected_by_tests():
    """The IDs that tests expect. What a test of texts makes itself, it has not got from us."""
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "tests"],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:  # an unpacked release has no .git
        return None
    out = set()
    for path in done.stdout.splitlines():
        patterns = EXPECTED.get(os.path.splitext(path)[1], ())
        if path.startswith("tests/hygiene/") or not patterns or not os.path.isfile(os.path.join(ROOT, path)):
            continue
        text = re.sub(DENIED, "", read(path))
        own = {found for pattern in MADE for found in re.findall(pattern, text)}
        out |= {found for pattern in patterns for found in re.findall(pattern, text)} - own
    return out


def unexpected(listed):
    """What is listed, and not expected by a test."""
    expected = expected_by_tests()
    if expected is None:
        return []
    text = section("cli.md", "## 10.", "## 11.")
    bugs = quoted(next(line for line in text.split("\n") if line.startswith("| bugs |")))
    return ["no test expects %s, which docs/reference lists" % found for found in sorted(listed - expected - bugs)]


def main():
    source = "\n".join(sources())
    made = {found for pattern in MADE for found in re.findall(pattern, source)}
    listed = quoted(section("cli.md", "## 10.", "## 11."))
    text = read("docs", "errors.md")
    entries = re.findall(r"^- `([a-z0-9-]+)`", text, re.MULTILINE)
    explained = set(entries) | quoted(text[text.index("## Bugs"):text.index("## Lint")]) | {"internal"}
    problems = ["docs/errors.md has %s twice" % entry for entry in sorted(set(entries)) if entries.count(entry) > 1]
    others = {"docs/reference/registry.md E2": quoted(section("registry.md", "**E2**", "**E3**")),
              "docs/reference/dockerfile.md 17": quoted(section("dockerfile.md", "## 17.", "## 18."))}
    problems += unexpected(listed.union(*others.values()))
    for where, ids in (("docs/reference/cli.md 10", listed), *others.items(), ("the source", made)):
        problems += ["docs/errors.md does not explain %s, of %s" % (found, where) for found in sorted(ids - explained)]
    problems += ["docs/errors.md explains %s, which the source does not have" % found for found in sorted(explained)
                 if '"%s"' % found not in source]
    reference = "".join(read("docs", "reference", document) for document in ("cli.md", "registry.md", "dockerfile.md"))
    problems += ["docs/reference/cli.md 10 does not list " + found for found in sorted(explained)
                 if "`%s`" % found not in reference]
    sys.exit("\n".join(problems) or 0)


main()
