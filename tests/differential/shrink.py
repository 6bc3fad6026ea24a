# SPDX-License-Identifier: Apache-2.0
"""Makes a case as small as it gets while it still shows what it shows."""

import time


def smaller(case, shows, seconds, tries=120):
    """The smallest case found by leaving out one thing after the other; `shows(case)` decides whether it is kept."""
    budget = [tries]
    end = time.monotonic() + seconds

    def still(candidate):
        if time.monotonic() > end:
            budget[0] = 0
        if budget[0] <= 0:
            return False
        budget[0] -= 1
        return shows(candidate)

    changed = True
    while changed and budget[0] > 0:
        changed = False
        for step in (_units, _nodes, _lines, _arguments, _words, _members, _plainer):
            for candidate in _walk(step, lambda: case):
                if still(candidate):
                    case, changed = candidate, True
    return case


def _walk(step, current):
    """Candidates of `step`, always of the current case, from its end to its start."""
    index = 0
    while True:
        before = current()
        candidates = step(before)
        if index >= len(candidates):
            return
        yield candidates[index]()
        # After a success the list has changed: the same place now holds what comes next.
        if current() is before:
            index += 1


def _without(case, change):
    def make():
        candidate = case.copy()
        change(candidate)
        return candidate
    return make


def _units(case):
    # Large parts first.
    count, result = len(case.units), []
    for size in (8, 4, 2, 1):
        if size < count:
            result += [_without(case, lambda c, s=start, n=size: c.units.__delitem__(slice(s, s + n)))
                       for start in range(count - size, -1, -size)]
    return result


def _nodes(case):
    def remove(candidate, path):
        gone = [name for name in candidate.context if name == path or name.startswith(path + "/")]
        gone += [name for name, node in candidate.context.items()
                 if node["kind"] == "hardlink" and node["target"] in gone]
        for name in gone:
            candidate.context.pop(name, None)
    return [_without(case, lambda c, p=path: remove(c, p)) for path in case.context]


def _lines(case):
    if case.ignore is None:
        return []
    whole = [_without(case, lambda c: setattr(c, "ignore", None))]
    if case.own_ignore:
        whole.append(_without(case, lambda c: setattr(c, "own_ignore", False)))
    return whole + [_without(case, lambda c, i=index: c.ignore.pop(i))
                                          for index in range(len(case.ignore))]


def _arguments(case):
    return [_without(case, lambda c, i=index: c.arguments.pop(i)) for index in range(len(case.arguments))]


def _words(case):
    result = []
    for number, unit in enumerate(case.units):
        for index in range(1, unit.count(" ") + 1):
            words = unit.split(" ")
            del words[index]
            result.append(_without(case, lambda c, n=number, text=" ".join(words): c.units.__setitem__(n, text)))
        for index in range(1, unit.count("\n")):
            lines = unit.split("\n")
            del lines[index]
            result.append(_without(case, lambda c, n=number, text="\n".join(lines): c.units.__setitem__(n, text)))
    return result


def _members(case):
    return [_without(case, lambda c, p=path, i=index: c.context[p]["members"].pop(i))
            for path, node in case.context.items() if node["kind"] == "archive"
            for index in range(len(node["members"]))]


def _plainer(case):
    plain = {"file": {"mode": 0o644, "text": "1"}, "dir": {"mode": 0o755}, "archive": {"compression": "none"}}
    return [_without(case, lambda c, p=path, k=key, v=value: c.context[p].__setitem__(k, v))
            for path, node in case.context.items()
            for key, value in plain.get(node["kind"], {}).items() if node[key] != value]
