# SPDX-License-Identifier: Apache-2.0
"""Differences that are explained in docs/differences.md, each recognised by what it looks like and nothing more.

An entry is a function (case, theirs, ours) that returns whether it explains the whole difference of two outcomes.
"""

import os
import re

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "differences.md")
ALL = ("docker", "buildkit")
KNOWN = []


def known(heading, *engines):
    """Registers an explanation; `heading` stands in docs/differences.md."""
    def register(function):
        KNOWN.append((heading, engines or ALL, function))
        return function
    return register


def explanation(case, theirs, ours, engine):
    """The heading of the entry that explains why the outcomes differ, or None."""
    for heading, engines, function in KNOWN:
        if engine in engines and function(case, theirs, ours):
            return heading
    return None


def undocumented():
    """The headings that docs/differences.md lacks."""
    with open(DOCUMENT, encoding="utf-8") as file:
        headings = {line.lstrip("#").strip() for line in file if line.startswith("###")}
    return sorted({heading for heading, _, _ in KNOWN} - headings)


def refused(theirs, ours, identifier):
    """The engine builds what ocibuild refuses with this error, and with no other."""
    return theirs.ok and not ours.ok and ours.errors == [identifier]


def only_differ_in(theirs, ours, *parts):
    """Both build it, and the images differ in no other parts."""
    return theirs.ok and ours.ok and all(theirs.facts.get(key) == ours.facts.get(key)
                                         for key in theirs.facts.keys() | ours.facts.keys() if key not in parts)


@known("An empty source is an error")
def empty_source(_case, theirs, ours):
    return refused(theirs, ours, "copy-source-empty")


@known("An empty name is an error")
def empty_name(_case, theirs, ours):
    return refused(theirs, ours, "name-empty")


@known("Docker 20.10 needs account files for names", "docker")
def no_account_files(_case, theirs, ours):
    return ours.ok and re.search(r"/etc/(passwd|group): no such file", theirs.text or "") is not None


@known("Docker 20.10 takes no zero duration in HEALTHCHECK", "docker")
def zero_duration(case, theirs, ours):
    refuses = not theirs.ok and 'cannot be less than 1ms' in theirs.text
    return refuses and ours.ok and any("HEALTHCHECK" in unit.upper() for unit in case.units)


@known("A wildcard below a directory may match nothing")
def wildcard_in_directory(case, theirs, ours):
    missing = re.search(r"lstat /(.*): no such file or directory", theirs.text)
    return not theirs.ok and ours.ok and missing is not None and missing.group(1) in case.context


@known("A malformed pattern is always an error")
def malformed_pattern(_case, theirs, ours):
    return refused(theirs, ours, "ignore-pattern-invalid") or refused(theirs, ours, "pattern-invalid")


@known("Letters of regular expressions in ignore patterns")
def unescaped_letters(case, theirs, ours):
    patterns = list(case.ignore or []) + [word for unit in case.units for word in unit.split() if "--exclude=" in word]
    beside_wildcard = any(re.search(r"[*?\[\\]", text) and re.search(r"[\^|{}]", text) for text in patterns)
    return beside_wildcard and only_differ_in(theirs, ours, "tree")
