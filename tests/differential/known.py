# SPDX-License-Identifier: Apache-2.0
"""Differences that are explained in docs/differences.md, each recognised by what it looks like and nothing more.

An entry is a function (case, theirs, ours) that returns whether it explains the whole difference of two outcomes.
"""

import os
import re

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "differences.md")
ALL = ("docker", "buildkit")
KNOWN = []
# Not recognised by looks: the difference is gone when another instruction needs the whole context.
PARTLY_SENT = "A wildcard reaches all of the context"


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
    return sorted({PARTLY_SENT, *(heading for heading, _, _ in KNOWN)} - headings)


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


@known("A malformed pattern is always an error")
def malformed_pattern(_case, theirs, ours):
    return refused(theirs, ours, "ignore-pattern-invalid") or refused(theirs, ours, "pattern-invalid")


@known("Letters of regular expressions in ignore patterns", "docker")
def unescaped_letters_fail(case, theirs, ours):
    fails = not theirs.ok and "syntax error in pattern" in theirs.text
    return fails and ours.ok and any(re.search(r"[+()|{}]", line) for line in case.ignore or [])


@known("Letters of regular expressions in ignore patterns")
def unescaped_letters(case, theirs, ours):
    patterns = list(case.ignore or []) + [word for unit in case.units for word in unit.split() if "--exclude=" in word]
    beside_wildcard = any(re.search(r"[*?\[\\]", text) and re.search(r"[\^|{}]", text) for text in patterns)
    return beside_wildcard and only_differ_in(theirs, ours, "tree")


@known("A name that begins with an exclamation mark", "buildkit")
def exclamation_mark(case, theirs, ours):
    fails = not theirs.ok and re.search(r'"/!.*": not found', theirs.text) is not None
    return fails and ours.ok and any("--parents" in unit and "!" in unit for unit in case.units)


@known("What stands before /./ is a directory", "buildkit")
def pivot_is_file(case, theirs, ours):
    return refused(theirs, ours, "copy-source-missing") and any("--parents" in unit and "/./" in unit
                                                                for unit in case.units)


@known("An archive that replaces its own directories")
def archive_replaces_itself(case, theirs, ours):
    fails = not theirs.ok and re.search(r"(chtimes|link|lchown|chmod) .*: no such file", theirs.text) is not None
    return fails and ours.ok and any(node["kind"] == "archive" for node in case.context.values())


@known("A source that --exclude names", "buildkit")
def excluded_source(case, theirs, ours):
    fails = not theirs.ok and re.search(r'"/.*": not found', theirs.text) is not None
    return fails and ours.ok and any("--parents" in unit and "--exclude" in unit for unit in case.units)


def differing_modes(theirs, ours):
    """(their mode, our mode) of every path that differs, or None if anything but modes differs."""
    if not only_differ_in(theirs, ours, "tree") or theirs.facts["tree"].keys() != ours.facts["tree"].keys():
        return None
    pairs = []
    for path, node in theirs.facts["tree"].items():
        mine = ours.facts["tree"][path]
        if dict(node, mode="") != dict(mine, mode=""):
            return None
        if node != mine:
            pairs.append((node["mode"], mine["mode"]))
    return pairs


@known("Docker 20.10 changes the low nine bits only", "docker")
def chmod_of_old(case, theirs, ours):
    pairs = differing_modes(theirs, ours)
    # A created parent has 0755, or 2755 below a directory with the setgid bit; other files differ in the upper bits.
    return bool(pairs) and any("--chmod" in unit for unit in case.units) and all(
        mode in ("0755", "2755") or mode[1:] == mine[1:] for mode, mine in pairs)


@known("Docker 20.10 keeps excluded directories that an exception names", "docker")
def excluded_directory_kept(case, theirs, ours):
    if refused(theirs, ours, "copy-source-missing"):
        return any(line.startswith("!") for line in case.ignore or [])
    if not case.ignore or not only_differ_in(theirs, ours, "tree"):
        return False
    differing = [node for path, node in theirs.facts["tree"].items() if ours.facts["tree"].get(path) != node]
    extra = theirs.facts["tree"].keys() >= ours.facts["tree"].keys()
    return extra and any(line.startswith("!") for line in case.ignore) and all(n["type"] == "dir" for n in differing)


@known("Docker 20.10 overlooks exceptions below excluded directories", "docker")
def exception_overlooked(case, theirs, ours):
    fails = not theirs.ok and re.search(r'"/.*" not found', theirs.text) is not None
    return fails and ours.ok and any(line.startswith("!") and "*" in line for line in case.ignore or [])


@known("A dangling symlink beside --exclude or --parents", "buildkit")
def dangling_beside_exclude(case, theirs, ours):
    fails = not theirs.ok and re.search(r'failed to calculate checksum of ref .*"/.*": not found', theirs.text)
    return bool(fails) and ours.ok and any("--exclude" in unit or "--parents" in unit for unit in case.units)
