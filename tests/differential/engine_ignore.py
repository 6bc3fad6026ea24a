# SPDX-License-Identifier: Apache-2.0
"""What an engine takes an ignore file to mean where ocibuild reads it otherwise, said in a way both read alike.

`meant(case, engine)` gives the case with another ignore file: one literal path a line, for all that the engine leaves
out. If ocibuild then builds what the engine built, the reading of the patterns is the whole difference.
"""

import posixpath
import re

OPERATORS = re.compile(r"[+()^|{}]")
WILDCARD_IN_CLASS = re.compile(r"\[[*?]\]")


class Malformed(Exception):
    """The engine stops at a pattern that makes no regular expression."""


class Pattern:
    """A line of an ignore file, or a word of --exclude."""

    def __init__(self, text, engine):
        self.exception = text.startswith("!")
        text = posixpath.normpath((text[1:] if self.exception else text).strip())
        self.text = text.lstrip("/") if text != "/" else text
        if self.text.startswith("!") and not self.exception:
            self.exception, self.text = True, self.text[1:]
        self.parts = len(self.text.split("/"))
        self._matches = self._compiled(engine)

    def _compiled(self, engine):
        text = self.text
        if engine == "buildkit":
            if not re.search(r"[*?\[\]\\]", text):
                return lambda path: path == text
            if text.startswith("**") and not re.search(r"[*?\[\]\\]", text[2:]):
                return lambda path: path.endswith(text[2:]) or text[2:] == "/" + path
            if text.endswith("**") and not re.search(r"[*?\[\]\\]", text[:-2]):
                return lambda path: path.startswith(text[:-2])
        expression = _expression(text, r".+()$" if engine == "buildkit" else ".$")
        if re.search(r"[*+?][*+]", re.sub(r"\\.", "", expression.replace(".*", "."))):
            raise Malformed()  # Python would read two operators in a row as one that Go does not have
        try:
            # Not fullmatch: an unprotected | divides the anchors too.
            compiled = re.compile("^%s\\Z" % expression, re.DOTALL)
        except re.error as error:
            raise Malformed() from error
        return lambda path: compiled.search(path) is not None

    def matches(self, path):
        return self._matches(path)


def _expression(text, escaped):
    result, index = "", 0
    while index < len(text):
        letter = text[index]
        index += 1
        if text.startswith("**", index - 1):
            index += 1
            index += text.startswith("/", index)
            result += ".*" if index >= len(text) else "(.*/)?"
        elif letter in "*?":
            result += "[^/]*" if letter == "*" else "[^/]"
        elif letter == "\\":
            result += letter + text[index:index + 1]
            index += 1
        else:
            result += "\\" + letter if letter in escaped else letter
    return result


def _patterns(lines, engine):
    texts = [line.strip() for line in lines if not line.startswith("#")]
    return [Pattern(text, engine) for text in texts if text]


def _kept_by_buildkit(paths, patterns, _directories):
    """A pattern that hits a directory hits all below it; one that would change nothing is not asked."""
    hits, kept = {"": [False] * len(patterns)}, set()
    for path in paths:
        mine = list(hits[posixpath.dirname(path)])
        excluded = False
        for index, pattern in enumerate(patterns):
            if not mine[index] and pattern.exception == excluded:
                mine[index] = pattern.matches(path)
            if mine[index]:
                excluded = not pattern.exception
        hits[path] = mine
        if not excluded:
            kept.add(path)
            while posixpath.dirname(path):
                path = posixpath.dirname(path)
                kept.add(path)
    return kept


def _kept_by_docker(paths, patterns, directories):
    """Every pattern is asked, for the path and for its parent with as many parts as the pattern.

    An excluded directory is entered, and kept, if an exception begins with its very name.
    """
    kept = {""}
    for path in paths:
        parent = posixpath.dirname(path)
        if parent not in kept:
            continue
        excluded = False
        for pattern in patterns:
            ancestor = "/".join(parent.split("/")[:pattern.parts])
            enough = parent and pattern.parts <= len(parent.split("/"))
            if pattern.matches(path) or (enough and pattern.matches(ancestor)):
                excluded = not pattern.exception
        entered = path in directories and any(
            p.exception and (p.text + "/").startswith(path + "/") for p in patterns)
        if not excluded or entered:
            kept.add(path)
    return kept


def meant(case, engine):
    """The case as the engine reads it, or None where it has nothing that is read in two ways; may raise Malformed."""
    result = case.copy()
    if engine == "buildkit":
        result.units = [_without_wildcards_in_classes(unit) for unit in case.units]
    if case.ignore:
        if not case.own_ignore:
            text = "".join(line + "\n" for line in case.ignore)
            result.context[".dockerignore"] = {"kind": "file", "mode": 0o644, "text": text}
        paths = sorted(result.context, key=lambda path: path.split("/"))
        keep = _kept_by_docker if engine == "docker" else _kept_by_buildkit
        directories = {path for path in paths if result.context[path]["kind"] == "dir"}
        kept = keep(paths, _patterns(case.ignore, engine), directories) | {""}
        result.own_ignore = True
        result.ignore = ["/" + re.sub(r"([*?\[\\])", r"\\\1", path) for path in paths
                         if path not in kept and posixpath.dirname(path) in kept]
    return result if case.ignore or result.units != case.units else None


def _without_wildcards_in_classes(unit):
    """What --parents matches below /./ is read like an ignore file: there `[?]` is no question mark, but nothing."""
    if "--parents" not in unit:
        return unit
    words = unit.split(" ")
    for index, word in enumerate(words):
        pivot, mark, pattern = word.rpartition("/./")
        words[index] = pivot + mark + WILDCARD_IN_CLASS.sub("]*", pattern)
    return " ".join(words)


def has_operators(case):
    """Whether a pattern has letters that regular expressions read, or a wildcard in brackets."""
    return any(OPERATORS.search(line) or WILDCARD_IN_CLASS.search(line) for line in case.ignore or []) or any(
        _without_wildcards_in_classes(unit) != unit for unit in case.units)
