#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every rule of dockerfile.md and registry.md has a test that names it, and tests name only rules there are.

A rule is a number such as 7.12 in front of its text, at the start of a paragraph or of a row of a table, or behind
another rule in the same line; in registry.md one such as **U6**, and U6.2 for the second item of the list below it. A test names the rules it shows at the front of its name: TEST_CASE("dockerfile.md 7.12, 8.6: …"), the same at
the start of the docstring of a Python function, or a file `rules` of a case directory with lines such as
"dockerfile.md 7.12 8.6". Numbers of the other reference documents need no test yet, but have to exist.
"""

import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
DOCUMENTS = ("dockerfile.md", "registry.md", "image.md", "cli.md")
COMPLETE = ("dockerfile.md", "registry.md")  # these have a test for each rule

RULE = re.compile(r"(?:^|^\| |(?<=\. ))(\d+\.\d+)(?= \S)")
ITEM = re.compile(r"(?:^|(?<=[.:;] ))(\d{1,2})\. (?=\S)")
# "dockerfile.md 7.12, 8.6 to 8.8; image.md 2.6: a sentence"
CITED = re.compile(r"((?:(?:%s) (?:[A-Z]?\d[\d.]*|[, ;]|to )+)+)" % "|".join(map(re.escape, DOCUMENTS)))
TEST_NAME = re.compile(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"')
DOCSTRING = re.compile(r'^\s*(?:def \w+\(.*\):.*\n\s*)?(?:r?""")((?:%s) [^"]*)' % "|".join(map(re.escape, DOCUMENTS)),
                       re.MULTILINE)


def rules_of(document):
    """The numbers that a document gives to its rules: "7.12 …", or the items of a list below "## 7. Heading"."""
    found, chapter = set(), None
    with open(os.path.join(ROOT, "docs", "reference", document), encoding="utf-8") as file:
        for line in file:
            lettered = re.match(r"\*\*([A-Z]\d+)\b", line)
            if lettered:
                chapter = lettered.group(1)
                found.add(chapter)
            if chapter and not chapter.isdigit():
                found.update("%s.%s" % (chapter, item) for item in ITEM.findall(line))
            heading = re.match(r"#+ (\d+)\. ", line)
            item = re.match(r"(\d+)\. ", line)
            if heading:
                chapter = heading.group(1)
                found.add(chapter)
            elif item and chapter:
                found.add("%s.%s" % (chapter, item.group(1)))
            elif chapter:
                found.update(number for number in RULE.findall(line) if number.split(".")[0] == chapter)
    return found


def expand(numbers):
    """7.1, 7.3 to 7.5 -> 7.1 7.3 7.4 7.5"""
    out = []
    for first, last in re.findall(r"([A-Z]?\d+(?:\.\d+)?)(?: to ([A-Z]?\d+(?:\.\d+)?))?", numbers):
        out.append(first)
        front, begin, end = _series(first) + (_series(last)[1],) if last else (first, 0, 0)
        out += ["%s%d" % (front, n) for n in range(begin + 1, end + 1)]
    return out


def _series(number):
    """"7.12" -> ("7.", 12), "P8" -> ("P", 8)"""
    front, last = re.fullmatch(r"(.*?)(\d+)", number).groups()
    return front, int(last)


def cited_in(name):
    """(document, number) of each rule that the front of a test's name gives."""
    front = CITED.match(name)
    if not front:
        return []
    parts = re.split("(%s)" % "|".join(map(re.escape, DOCUMENTS)), front.group(1))
    return [(document, number) for document, numbers in zip(parts[1::2], parts[2::2]) for number in expand(numbers)]


def names_in(path):
    """The names of all tests in a file."""
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as file:
        text = file.read()
    if os.path.basename(path) == "rules":
        return text.splitlines()
    if path.endswith(".cpp"):
        # A name may be written as several literals, one behind the other.
        return TEST_NAME.findall(re.sub(r'"\s*\n\s*"', "", text))
    return DOCSTRING.findall(text) if path.endswith(".py") else []


def main():
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "tests"],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:  # an unpacked release has no .git
        print("skipped: not a git work tree")
        sys.exit(77)
    rules = {document: rules_of(document) for document in DOCUMENTS}
    shown, problems = set(), []
    for path in done.stdout.splitlines():
        if not os.path.isfile(os.path.join(ROOT, path)):
            continue
        for name in names_in(path):
            for document, number in cited_in(name):
                shown.add((document, number))
                if number not in rules[document]:
                    problems.append("%s: %s has no rule %s" % (path, document, number))
    for document in COMPLETE:
        # A chapter is no rule of its own.
        missing = [number for number in rules[document] if not number.isdigit() and (document, number) not in shown]
        missing.sort(key=lambda number: [(part.isdigit(), part.zfill(9)) for part in re.split(r"(\d+)", number)])
        problems += ["%s %s: no test names this rule" % (document, number) for number in missing]
    sys.exit("\n".join(problems) or 0)


main()
