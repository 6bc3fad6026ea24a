# SPDX-License-Identifier: Apache-2.0
"""Cases for the two matchers: many patterns in one build, over one tree of names that are close to each other."""

import json
import random

from case import Case

NAMES = ["a", "b", "ab", "abc", "a.b", "axb", "foo", "zfoo", "foobar", ".foo", "x", "é", "a-b", "[a]", "a*", "f?o", "A",
         "a(b)", "a+", "!a", "#a", "a\\b", "x y"]
ATOMS = ["a", "b", "ab", "foo", "x", "é", ".", "-", "*", "*", "?", "[ab]", "[^a]", "[a-c]", "[^/]", "\\*", "\\a",
         "\\[", "!", "#", "$", " ", "]"]
MATCHED_LITERALLY_SINCE = ["+", "(", ")"]
UNESCAPED = ["^", "|", "{", "}"]  # letters that BuildKit's head takes for operators beside a wildcard
MALFORMED = ["[", "[a-", "[]", "\\", "[^]"]
SUBTREES = 8


def tree(rng, top="", depth=0):
    nodes = {}
    for name in rng.sample(NAMES, rng.randint(3, 7)):
        path = top + name
        if depth < 2 and rng.random() < 0.5:
            nodes[path] = {"kind": "dir", "mode": rng.choice([0o755, 0o711])}
            nodes.update(tree(rng, path + "/", depth + 1))
        elif rng.random() < 0.1:
            nodes[path] = {"kind": "symlink", "target": rng.choice(NAMES)}
        else:
            nodes[path] = {"kind": "file", "mode": 0o644, "text": path}
    return nodes


def component(rng, features, name):
    """A pattern that often matches `name`: some of its letters become wildcards."""
    if rng.random() < 0.3:
        return name if not set(name) & set("*?[\\+()") else "?" * len(name)
    result = ""
    for letter in name:
        chance = rng.random()
        if letter in "+()" and "literal-patterns" not in features:
            result += "?"
        elif chance < 0.25:
            result += rng.choice(["*", "?", "?", "[%s]" % letter if letter not in "\\]^" else "?", "[^q]", "[a-z]"])
        elif chance < 0.32:
            result += rng.choice([atom for atom in ATOMS
                                  + (MATCHED_LITERALLY_SINCE if "literal-patterns" in features else [])])
        else:
            result += "\\" + letter if letter in "*?[\\" else letter
    return result.strip() or "*"


def generalised(rng, features, path):
    return [component(rng, features, name) for name in path.split("/")]


def ignored(seed, features):
    """A COPY of everything under an ignore file with patterns for several subtrees at once."""
    rng = random.Random(seed)
    context, lines = {}, []
    for number in range(SUBTREES):
        context[str(number)] = {"kind": "dir", "mode": 0o755}
        context.update(tree(rng, "%d/" % number))
        for _ in range(rng.choice([1, 2, 3])):
            below = [path for path in context if path.startswith("%d/" % number)]
            lines.append(_ignore_line(rng, features, rng.choice(below)))
    if rng.random() < 0.1:
        lines.append(rng.choice(["0/", "0/*", ""]) + rng.choice(MALFORMED))
    if rng.random() < 0.1:
        lines.append(rng.choice(["*/a%s", "[ab]%sfoo", "?%s"]) % rng.choice(UNESCAPED))
    return Case(["FROM scratch", "COPY . /all/"], context, lines, rng.random() < 0.2)


def _ignore_line(rng, features, path):
    subtree, _, below = path.partition("/")
    parts = generalised(rng, features, below)
    for index in range(len(parts)):
        if rng.random() < 0.25:
            parts[index] = rng.choice(["**", "**", "**" + parts[index], parts[index] + "**"])
    if "literal-patterns" not in features:
        # Only a whole component: what ** means beside letters has changed since 20.10.
        parts = ["**" if "**" in part else part for part in parts]
    if rng.random() < 0.8:
        parts.insert(0, subtree)
    exception = rng.random() < 0.3
    line = rng.choice(["", "", "", "./", "/"]) + "/".join(parts) + rng.choice(["", "", "", "/", "/."])
    return rng.choice(["!", "!", "! "]) + line if exception else line


def wildcards(seed, features):
    """One COPY a pattern, each into a directory of its own."""
    rng = random.Random(seed)
    context = tree(rng)
    units = ["FROM scratch", "COPY . /all/"]
    for number in range(12):
        pattern = "/".join(generalised(rng, features, rng.choice(list(context))))
        if rng.random() < 0.03:
            pattern += rng.choice(MALFORMED)
        # Expansion takes one backslash of two, and a dollar would begin a name.
        word = pattern.replace("\\", "\\\\").replace("$", "\\$").replace("'", "\\'")
        units.append("COPY %s" % json.dumps([word, "/%d/" % number], ensure_ascii=False))
    return Case(units, context)
