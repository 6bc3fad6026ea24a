# SPDX-License-Identifier: Apache-2.0
"""Differences that are explained in docs/differences.md, each predicted from the case as far as that is possible.

An entry is a function (case, theirs, ours) that returns whether it explains the whole difference of two outcomes.
"""

import os
import posixpath
import re

import engine_ignore
import trees

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "differences.md")
ALL = ("docker", "buildkit")
KNOWN = []
# Not recognised by looks: the difference is gone when another instruction needs the whole context.
PARTLY_SENT = "A wildcard reaches all of the context"
# The same, or when no wildcard stands before /./ and could match what is no directory.
PIVOT = "What stands before /./ is a directory"
# Nor this: ocibuild builds the same from what the engine takes the patterns to mean.
LETTERS = "Letters of regular expressions in ignore patterns"
EXCEPTIONS = "Docker 20.10 reads exceptions of the ignore file differently"


def known(heading, *engines):
    """Registers an explanation; `heading` stands in docs/differences.md."""
    def register(function):
        KNOWN.append((heading, engines or ALL, function))
        return function
    return register


def explanation(case, theirs, ours, engine, build):
    """The heading of the entry that explains why the outcomes differ, or None; `build` makes outcomes of ocibuild."""
    heading = _by_looks(case, theirs, ours, engine)
    if heading:
        return heading
    try:
        meant = engine_ignore.meant(case, engine)
    except engine_ignore.Malformed:
        return LETTERS if ours.ok and not theirs.ok and "syntax error in pattern" in theirs.text else None
    if meant is None:
        return None
    again = build(meant)
    if again.ok and ours.ok:
        again.facts["history"] = ours.facts["history"]  # it has the words as they were written
    if again.facts == theirs.facts and (
            again.ok or again.errors in (["copy-source-missing"], ["destination-blocked"])):
        return LETTERS if engine_ignore.has_operators(case) else EXCEPTIONS
    # The patterns may be one of two reasons.
    return _by_looks(case, theirs, again, engine) if again.facts != ours.facts else None


def _by_looks(case, theirs, ours, engine):
    for heading, engines, function in KNOWN:
        if engine in engines and function(case, theirs, ours):
            return heading
    return None


def without_reason(case, engine):
    """(heading, case without what the entry is about) for the entries that are recognised by building again."""
    yield PARTLY_SENT, case.with_whole_context()
    files = any(node["kind"] != "dir" for node in case.context.values())
    pivots = [unit for unit in case.units if re.search(r"--parents\b.*[*?\]][^\s\"]*/\./", unit, re.DOTALL)]
    if engine == "buildkit" and files and pivots:
        without = case.copy()
        without.units = [unit for unit in case.units if unit not in pivots]
        yield PIVOT, without


def undocumented():
    """The headings that docs/differences.md lacks."""
    with open(DOCUMENT, encoding="utf-8") as file:
        headings = {line.lstrip("#").strip() for line in file if line.startswith("###")}
    return sorted({PARTLY_SENT, LETTERS, EXCEPTIONS, *(heading for heading, _, _ in KNOWN)} - headings)


def refused(theirs, ours, identifier):
    """The engine builds what ocibuild refuses with this error, and with no other."""
    return theirs.ok and not ours.ok and set(ours.errors) == {identifier}


def differing_nodes(theirs, ours):
    """(path, their node, our node) of all files that differ, or nothing if anything else differs too."""
    if not (theirs.ok and ours.ok) or any(theirs.facts.get(key) != ours.facts.get(key)
                                          for key in theirs.facts.keys() | ours.facts.keys() if key != "tree"):
        return []
    old, new = theirs.facts["tree"], ours.facts["tree"]
    return [(path, old.get(path), new.get(path)) for path in sorted(old.keys() | new.keys())
            if old.get(path) != new.get(path)]


def unresolved(case, path):
    """Whether `path` of the context is a symlink that leads nowhere."""
    return case.context.get(path, {}).get("kind") == "symlink" and not trees.resolves(case.context, path)


def not_found(theirs):
    """The path in BuildKit's complaint that it cannot compute a cache key, or None."""
    found = None if theirs.ok else re.search(r'checksum of ref \S+: ("/.*"): not found', theirs.text)
    return posixpath.normpath(found.group(1)[2:-1].replace("\\\\", "\\")) if found else None


def failing_unit(case, theirs):
    """The instruction that BuildKit marks as the one that failed, or ""."""
    marked = re.search(r"^ +\d+ \| >>> (.*)", theirs.text, re.MULTILINE)
    units = [unit for unit in case.units if marked and unit.split("\n")[0].strip() == marked.group(1).strip()]
    return units[0] if units else ""


@known(PARTLY_SENT, "docker")
def partly_sent(case, theirs, ours):
    """20.10 also overlooks files of a wildcard when an earlier build sent a part of the same context."""
    wildcard = any(re.match(r"(?i)\s*(COPY|ADD)\b.*[*?\[]", unit, re.DOTALL) for unit in case.units)
    return wildcard and ours.ok and re.search(r'cache key: "/.*" not found: not found', theirs.text or "") is not None


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


@known("A name that begins with an exclamation mark", "buildkit")
def exclamation_mark(case, theirs, ours):
    unit = "" if theirs.ok else failing_unit(case, theirs)
    return ours.ok and "--parents" in unit and any(
        word.startswith("!") and word == not_found(theirs) for word in re.split(r'[\s"]+', unit))


@known(PIVOT, "buildkit")
def pivot_is_file(case, theirs, ours):
    """Each of our errors names a source whose part before /./ is no directory of the context."""
    if not refused(theirs, ours, "copy-source-missing"):
        return False
    pivots = re.findall(r"^error\[[a-z-]+\]: '(.*?)/\./.*' is not in", ours.text, re.MULTILINE)
    return len(pivots) == len(ours.errors) and all(
        case.context.get(posixpath.normpath(pivot), {}).get("kind") in ("file", "archive", "fifo") for pivot in pivots)


@known("The root with --parents", "buildkit")
def root_with_parents(_case, theirs, ours):
    named = re.findall(r"^error\[copy-source-missing\]: '[/.]+' is not in (?:scratch|image|stage)", ours.text,
                       re.MULTILINE)
    return refused(theirs, ours, "copy-source-missing") and len(named) == len(ours.errors)


@known("A file that is copied onto itself", "buildkit")
def copied_onto_itself(_case, theirs, ours):
    """Only hard links differ: what is one file in our image is one in theirs, where links of older layers stay."""
    nodes = differing_nodes(theirs, ours)
    if not nodes or any(not (old and new and _without_link(old) == _without_link(new)) for _, old, new in nodes):
        return False
    old, new = _inodes(theirs.facts["tree"]), _inodes(ours.facts["tree"])
    return len({(old[path], new[path]) for path in new}) == len(set(new.values()))


def _without_link(node):
    return {key: value for key, value in node.items() if key != "same_file_as"}


def _inodes(tree):
    """Path -> the path that stands for its file."""
    return {path: node.get("same_file_as", path) for path, node in tree.items()}


@known("An archive that replaces its own directories")
def archive_replaces_itself(case, theirs, ours):
    """The path that the engine stumbles upon is a directory of an archive, with something else later."""
    found = None if theirs.ok else re.search(
        r"chtimes /(.*): (no such file|not a directory|too many levels)", theirs.text)
    return ours.ok and found is not None and any(
        _replaced(node["members"], found.group(1)) for node in case.context.values() if node["kind"] == "archive")


def _replaced(members, path):
    """Which entry replaced it names alone do not tell: they may lead through symlinks of the image."""
    kinds = [member["kind"] for member in members]
    return any(member["kind"] == "dir" and posixpath.normpath("/" + member["name"].lstrip("/")) == "/" + path
               and any(kind != "dir" for kind in kinds[index + 1:]) for index, member in enumerate(members))


@known("A source that --exclude names", "buildkit")
def excluded_source(case, theirs, ours):
    path, unit = not_found(theirs), "" if theirs.ok else failing_unit(case, theirs)
    excludes = re.findall(r"--exclude=(\S+)", unit)
    return ours.ok and path is not None and "--parents" in unit and bool(excludes) and any(
        engine_ignore.Pattern(pattern, "buildkit").matches(part) for pattern in excludes
        for part in [path, *(path[:index] for index, letter in enumerate(path) if letter == "/")])


@known("An empty file after an exception", "buildkit")
def emptied_file(case, theirs, ours):
    """What an archive would have been unpacked to, had it not been emptied, may differ too."""
    nodes = differing_nodes(theirs, ours)
    emptied = [path for path, old, new in nodes
               if old and new and old["type"] == new["type"] == "file" and old["size"] == 0
               and dict(old, sha256="", size=0) == dict(new, sha256="", size=0)]
    archives = any(node["kind"] == "archive" for node in case.context.values())
    return bool(emptied) and any(line.strip().startswith("!") for line in case.ignore or []) and (
        archives or len(emptied) == len(nodes))


@known("A dangling symlink beside --exclude or --parents", "buildkit")
def dangling_beside_exclude(case, theirs, ours):
    unit = "" if theirs.ok else failing_unit(case, theirs)
    if not ours.ok or not ("--exclude" in unit or "--parents" in unit):
        return False
    if re.search(r"checksum of ref \S+: too many links", theirs.text):
        return any(unresolved(case, path) for path in case.context)
    path = not_found(theirs)
    # The files of other stages and images are not known here.
    return path is not None and (unresolved(case, path) or "--from=" in unit)


@known("Docker 20.10 changes the low nine bits only", "docker")
def chmod_of_old(case, theirs, ours):
    nodes = differing_nodes(theirs, ours)
    # A created parent has 0755, or 2755 below a directory with the setgid bit; other files differ in the upper bits.
    return bool(nodes) and any("--chmod" in unit for unit in case.units) and all(
        old and new and dict(old, mode="") == dict(new, mode="")
        and (old["mode"][1:] == new["mode"][1:] or (old["type"] == "dir" and old["mode"] in ("0755", "2755")))
        for _, old, new in nodes)


@known("Docker 20.10 cleans the path of an empty WORKDIR", "docker")
def empty_workdir(case, theirs, ours):
    empty = any(re.match(r"(?i)\s*WORKDIR\s+\S*\$", unit) for unit in case.units)
    return empty and theirs.ok and ours.ok and _with_clean_paths(theirs.facts) == _with_clean_paths(ours.facts)


def _with_clean_paths(facts):
    history = [re.sub("(?<=^WORKDIR ).*", lambda path: posixpath.normpath(path.group()), line)
               for line in facts["history"]]
    return dict(facts, history=history,
                config=dict(facts["config"], WorkingDir=posixpath.normpath(facts["config"].get("WorkingDir", ""))))


@known("Docker 20.10 does not fetch images for triggers", "docker")
def trigger_from_image(case, theirs, ours):
    failed = None if theirs.ok else re.search(r"^ > .*COPY .*--from=(\S+)", theirs.text, re.MULTILINE)
    return ours.ok and failed is not None and "buildkit-mount" in theirs.text and any(
        re.match(r"\s*ONBUILD\s.*--from=" + re.escape(failed.group(1)), unit, re.I | re.S) for unit in case.units)
