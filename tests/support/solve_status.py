# SPDX-License-Identifier: Apache-2.0
"""Reads `--progress=rawjson` as a program made for BuildKit's does, and refuses what such a program could misread.

The shapes are those of BuildKit's Go types client.SolveStatus, Vertex, VertexStatus, VertexLog and VertexWarning as
encoding/json writes them: times in RFC 3339 with at most nanoseconds, bytes in base64, numbers of 64 bits. Stricter
than encoding/json, it takes no key that the types do not have, and it follows the work: a vertex keeps its name and its
beginning, ends once and not before it began, and nothing is said of one that is unknown or over.
"""

import base64
import calendar
import json
import re
import time

TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class Wrong(Exception):
    """What BuildKit's readers do not expect."""


def expect(good, what, value):
    if not good:
        raise Wrong("%s: %r" % (what, value))
    return value


def text(value):
    return expect(isinstance(value, str), "no text", value)


def boolean(value):
    return expect(isinstance(value, bool), "no boolean", value)


def integer(bits):
    def read(value):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return expect(whole and -(1 << (bits - 1)) <= value < 1 << (bits - 1), "no int%d" % bits, value)
    return read


def moment(value):
    """Nanoseconds since 1970."""
    match = TIME.fullmatch(text(value))
    expect(match, "no time in UTC", value)
    seconds = calendar.timegm(time.strptime(match[1], "%Y-%m-%dT%H:%M:%S"))
    return seconds * 10**9 + int((match[2] or "0").ljust(9, "0"))


def digest(value):
    return expect(DIGEST.fullmatch(text(value)), "no digest", value) and value


def data(value):
    return base64.b64decode(text(value), validate=True)


def several(read):
    return lambda value: [read(item) for item in expect(isinstance(value, list), "no list", value)]


def record(required, **keys):
    """`required`: names of the keys that must be there."""
    def read(value):
        expect(isinstance(value, dict), "no object", value)
        expect(set(value) <= set(keys), "unknown keys", sorted(set(value) - set(keys)))
        expect(set(required.split()) <= set(value), "keys missing", value)
        return {key: keys[key](item) for key, item in value.items()}
    return read


VERTEX = record("digest name", digest=digest, inputs=several(digest), name=text, started=moment, completed=moment,
                cached=boolean, error=text, progressGroup=record("id", id=text, name=text, weak=boolean))
STATUS = record("id vertex current timestamp", id=text, vertex=digest, name=text, total=integer(64),
                current=integer(64), timestamp=moment, started=moment, completed=moment)
LOG = record("vertex data timestamp", vertex=digest, stream=integer(64), data=data, timestamp=moment)
POSITION = record("line character", line=integer(32), character=integer(32))
WARNING = record("vertex short", vertex=digest, level=integer(64), short=data, detail=several(data), url=text,
                 sourceInfo=record("filename data", filename=text, data=data),
                 range=several(record("start end", start=POSITION, end=POSITION)))
SOLVE_STATUS = record("", vertexes=several(VERTEX), statuses=several(STATUS), logs=several(LOG),
                      warnings=several(WARNING))


class Work:
    """What the lines told: `vertexes` by digest in the order of their beginning, each with "statuses" by ID, "logs" and
    "warnings"; `result`: what the last line has, which is ocibuild's own."""

    def __init__(self, lines):
        self.vertexes, self.result = {}, None
        for line in lines:
            expect(self.result is None, "a line behind the last", line)
            document = json.loads(line)
            if set(document) == {"ocibuild"}:
                self.result = document["ocibuild"]
                continue
            status = SOLVE_STATUS(document)
            for kind, take in (("vertexes", self._vertex), ("statuses", self._status), ("logs", self._log),
                               ("warnings", self._warning)):
                for item in status.get(kind, ()):
                    take(item)
        expect(self.result is not None, "no last line", None)
        for vertex in self.vertexes.values():
            expect("completed" in vertex, "never over", vertex["name"])

    def named(self, pattern):
        """Every vertex whose whole name matches."""
        return [vertex for vertex in self.vertexes.values() if re.fullmatch(pattern, vertex["name"])]

    def _vertex(self, new):
        for known in new.get("inputs", ()):
            expect(known in self.vertexes, "an input that is unknown", new)
        old = self.vertexes.setdefault(new["digest"], {"statuses": {}, "logs": [], "warnings": []})
        expect("completed" not in old, "over already", new)
        for key in ("name", "started"):
            expect(key not in old or old[key] == new.get(key), "another " + key, new)
        if "completed" in new:
            expect("started" in new and new["started"] <= new["completed"], "over before it began", new)
            for status in old["statuses"].values():
                expect(status["timestamp"] <= new["completed"], "over before its last news", new)
        else:
            expect(not {"error", "cached"} & set(new), "an end without a time", new)
        old.update(new)

    def _of(self, item):
        """The vertex that `item` is about, which goes on."""
        vertex = self.vertexes.get(item["vertex"])
        expect(vertex is not None and "started" in vertex, "about a vertex that is unknown", item)
        expect("completed" not in vertex, "about a vertex that is over", item)
        return vertex

    def _status(self, new):
        statuses = self._of(new)["statuses"]
        old = statuses.get(new["id"], {})
        expect("completed" not in old, "over already", new)
        expect(old.get("started") in (None, new.get("started")), "another beginning", new)
        expect(old.get("timestamp", 0) <= new["timestamp"], "older than the one before", new)
        expect(0 <= new["current"] and (new.get("total", 0) == 0 or new["current"] <= new["total"]), "too much", new)
        expect(new.get("started", 0) <= new.get("completed", 1 << 63), "over before it began", new)
        statuses[new["id"]] = new

    def _log(self, new):
        self._of(new)["logs"].append(new["data"])

    def _warning(self, new):
        self._of(new)["warnings"].append(new)
        for place in new.get("range", ()):
            lines = new["sourceInfo"]["data"].split(b"\n")
            expect(1 <= place["start"]["line"] <= place["end"]["line"] <= len(lines), "no such line", new)
