#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cli.md 10.2: docs/errors.md explains every ID of an error or a warning: those that the reference lists, and those
that stand in the source beside what makes a diagnostic. None is listed that does not exist."""

import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
ID = r"([a-z0-9]+(?:-[a-z0-9]+)*)"
# What makes a diagnostic, with its ID first or behind the Errc.
MADE = (r'Errc::\w+,\s*\{?\s*(?:\.id = )?"%s"' % ID, r'(?:warning|error|add|refuse|draft)\(\{?\s*"%s",' % ID,
        r'Diagnostic(?: \w+)?\{\s*(?:\.id = )?"%s"' % ID)


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


def main():
    source = "\n".join(sources())
    made = {found for pattern in MADE for found in re.findall(pattern, source)}
    listed = quoted(section("cli.md", "## 10.", "## 11."))
    text = read("docs", "errors.md")
    entries = re.findall(r"^- `([a-z0-9-]+)`", text, re.MULTILINE)
    explained = set(entries) | quoted(text[text.index("## Bugs"):text.index("## Lint")]) | {"internal"}
    problems = ["docs/errors.md has %s twice" % entry for entry in sorted(set(entries)) if entries.count(entry) > 1]
    for where, ids in (("docs/reference/cli.md 10", listed),
                       ("docs/reference/registry.md E2", quoted(section("registry.md", "**E2**", "**E3**"))),
                       ("docs/reference/dockerfile.md 17", quoted(section("dockerfile.md", "## 17.", "## 18."))),
                       ("the source", made)):
        problems += ["docs/errors.md does not explain %s, of %s" % (found, where) for found in sorted(ids - explained)]
    problems += ["docs/errors.md explains %s, which the source does not have" % found for found in sorted(explained)
                 if '"%s"' % found not in source]
    reference = "".join(read("docs", "reference", document) for document in ("cli.md", "registry.md", "dockerfile.md"))
    problems += ["docs/reference/cli.md 10 does not list " + found for found in sorted(explained)
                 if "`%s`" % found not in reference]
    sys.exit("\n".join(problems) or 0)


main()
