#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cli.md 10.2: docs/errors.md explains every ID of an error or a warning: those that the reference lists, and those
that stand in the source beside what makes a diagnostic. None is listed that does not exist, and a test expects each
that the reference lists, but for bugs and for what a machine would have to lack."""

import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ID = r"([a-z0-9]+(?:-[a-z0-9]+)*)"
# What makes a diagnostic, with its ID first or behind the Errc.
MADE = (r'Errc::\w+,\s*\{?\s*(?:\.id = )?"%s"' % ID, r'(?:warning|error|add|refuse|draft)\(\{?\s*"%s",' % ID,
        r'Diagnostic(?: \w+)?\{\s*(?:\.id = )?"%s"' % ID)
# What no test can bring about: each is a limit or a library of the machine.
UNREACHED = {"compression-unavailable", "libcurl-unusable", "no-memory", "no-threads"}


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
    """Every word with a dash that a test or a text that one compares with has."""
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "tests"],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:  # an unpacked release has no .git
        return None
    out = set()
    for path in done.stdout.splitlines():
        other = path.startswith(("tests/hygiene/", "tests/fuzz/", "tests/support/"))
        if not other and path.endswith((".cpp", ".py", ".txt")) and os.path.isfile(os.path.join(ROOT, path)):
            out.update(re.findall(r"(?<![\w-])[a-z0-9]+(?:-[a-z0-9]+)+(?![\w-])", read(path)))
    return out


def unexpected(listed):
    """What is listed, and neither expected by a test nor said to be out of reach."""
    expected = expected_by_tests()
    if expected is None:
        return []
    text = section("cli.md", "## 10.", "## 11.")
    bugs = quoted(next(line for line in text.split("\n") if line.startswith("| bugs |")))
    missing = listed - expected - bugs
    return (["no test expects %s, which docs/reference lists" % found for found in sorted(missing - UNREACHED)] +
            ["%s can be reached after all" % found for found in sorted(UNREACHED - missing)])


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
