#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`--progress=rawjson` through the eyes of a program that was written for BuildKit's (support/solve_status.py).

usage: rawjson_test.py --ocibuild PROGRAM
"""

import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
import solve_status  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

FILES = """FROM scratch AS one
COPY f0 /
FROM scratch AS two
COPY f0 /
FROM scratch
COPY f0 f1 /
COPY --from=one f0 /one
COPY --from=two f0 /two
MAINTAINER ann\x1b[2J
CMD x
"""


def project(work, text=FILES):
    source, context = random.Random(7), work + "/context"
    os.makedirs(context, exist_ok=True)
    for name in ("f0", "f1"):
        with open(os.path.join(context, name), "wb") as file:
            file.write(source.randbytes(100000))
    with open(context + "/Dockerfile", "w", encoding="utf-8") as file:
        file.write(text)
    return context


def read(options, work, command, *arguments, status=0, **more):
    """What the lines of a run tell."""
    environment = {"HOME": work, "OCIBUILD_ROOT": work + "/store", "PATH": os.environ["PATH"], **more}
    done = subprocess.run([options.ocibuild, command, "--progress=rawjson", *arguments], env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
    peer.equal(done.returncode, status, done.stderr.decode(errors="replace"))
    return solve_status.Work(done.stderr.decode("utf-8").splitlines())


def a_build_is_work_that_begins_and_ends(options, work):
    """cli.md 8.3: each step is a vertex with its times, one that came out of the cache says so, and one of the same
    words in another stage is another one"""
    context = project(work, FILES.replace(" AS one", "").replace(" AS two", "").replace("from=one", "from=0")
                      .replace("from=two", "from=1"))
    cold = read(options, work, "build", "-t", "app:1", context)
    peer.equal(len(cold.named(r"\[\S* ?\d/\d\] COPY f0 /")), 2, [vertex["name"] for vertex in cold.vertexes.values()])
    assert not any(vertex.get("cached") for vertex in cold.named(r".*\] COPY f0 f1 /")), cold.vertexes
    assert not any(vertex.get("error") for vertex in cold.vertexes.values()), cold.vertexes
    assert cold.named(r"context \S+ 4 files 400\.0 kB") and cold.named("naming to docker.io/library/app:1")
    assert "containerimage.digest" in cold.result["result"], cold.result
    warm = read(options, work, "build", "-t", "app:1", context)
    assert all(vertex["cached"] for vertex in warm.named(r"\[\d/4\] COPY .*")), warm.vertexes


def warnings_have_the_lines_they_are_about(options, work):
    """cli.md 8.3, 1.4: text, advice and place of a warning; BuildKit's readers print the line it points to"""
    told = read(options, work, "build", project(work))
    warnings = {warning["short"].split(b":")[0]: warning for vertex in told.vertexes.values()
                for warning in vertex["warnings"]}
    assert {b"MaintainerDeprecated", b"JSONArgsRecommended"} <= set(warnings), warnings
    for rule, line in ((b"MaintainerDeprecated", b"MAINTAINER ann\\x1b[2J"), (b"JSONArgsRecommended", b"CMD x")):
        warning = warnings[rule]
        start, end = warning["range"][0]["start"], warning["range"][0]["end"]
        peer.equal(warning["sourceInfo"]["filename"], "Dockerfile", "file")
        shown = warning["sourceInfo"]["data"].split(b"\n")[start["line"] - 1]
        peer.equal(shown, line, "line")
        assert shown[start["character"]:end["character"]].isalpha(), (shown, start, end)


def blobs_that_move_are_statuses(options, work):
    """cli.md 8.3: a blob says how much of it there is until all is; what was there already does so at once"""
    context = project(work)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        pushed = read(options, work, "build", "-t", name, "--push", context)
        statuses = [status for vertex in pushed.named("push blobs to .*") for status in vertex["statuses"].values()]
        assert len(statuses) == 4 and all("completed" in status for status in statuses), statuses
        assert all(status["id"].startswith("sha256:") for status in statuses), statuses
        registry.faults.append(Fault("GET", "/blobs/", times=3, cut_out=50000))
        pulled = read(options, work, "pull", name, "--retry-delay", "1ms", OCIBUILD_ROOT=work + "/other")
        statuses = [status for vertex in pulled.named("pull blobs from .*") for status in vertex["statuses"].values()]
        assert all(status["current"] == status["total"] > 0 for status in statuses), statuses
        logs = [log for vertex in pulled.named("ocibuild") for log in vertex["logs"]]
        assert any(b"goes on" in log or b"attempt 2" in log for log in logs), logs
        peer.equal(list(pulled.result["result"]), ["pulled"], "result")


def a_failure_is_the_error_of_what_failed(options, work):
    """cli.md 8.3: a vertex has the reason, those beside it were ended, and the last line has the whole of it"""
    told = read(options, work, "build", project(work, "FROM scratch\nCOPY f0 /\nCOPY gone /\n"), status=1)
    errors = [vertex["error"] for vertex in told.vertexes.values() if "error" in vertex]
    peer.equal(errors, [told.result["error"]["message"]], "errors")
    peer.equal((told.result["error"]["id"], told.result["error"]["line"]), ("copy-source-missing", 3), "last line")
    with FaultyRegistry() as registry:
        registry.faults.append(Fault("PUT", "/blobs/uploads/", status=403))
        name = registry.name + "/t/app:1"
        told = read(options, work, "build", "-t", name, "--push", project(work), status=4)
        failed = {vertex["name"]: vertex["error"] for vertex in told.vertexes.values() if "error" in vertex}
        assert set(failed) == {"push " + name, "push blobs to " + registry.name}, failed
        peer.equal(failed["push blobs to " + registry.name], "context canceled", "blobs")


def the_reader_refuses_what_is_wrong(_, __):
    """cli.md 8.3: the reader of these tests is a strict one"""
    begin = '{"vertexes":[{"digest":"sha256:%s","name":"a","started":"2026-01-02T03:04:05.000000002Z"%s}]}'
    one, last = "1" * 64, '{"ocibuild":{"result":{}}}'
    good = [begin % (one, ""), begin % (one, ',"completed":"2026-01-02T03:04:05.1Z"'), last]
    assert solve_status.Work(good).vertexes["sha256:" + one]["completed"] % 10**9 == 10**8
    for wrong in ([begin % (one, ""), last], [*good[:2], good[1], last], good[:2], [begin % ("x", ""), last],
                  [begin % (one, ',"completed":"2026-01-02T03:04:05.000000001Z"'), last],
                  [begin % (one, ',"completed":"yesterday"'), last], [begin % (one, ',"colour":1'), last],
                  [begin % (one, ',"error":"e"'), *good[1:]],
                  ['{"logs":[{"vertex":"sha256:%s","data":"","timestamp":"2026-01-02T03:04:05Z"}]}' % one, last],
                  [good[0], '{"logs":[{"vertex":"sha256:%s","data":"!","timestamp":"2026-01-02T03:04:05Z"}]}' % one,
                   *good[1:]]):
        try:
            solve_status.Work(wrong)
        except (solve_status.Wrong, ValueError):
            continue
        raise AssertionError("the reader took %s" % wrong)


peer.run(a_build_is_work_that_begins_and_ends, warnings_have_the_lines_they_are_about, blobs_that_move_are_statuses,
         a_failure_is_the_error_of_what_failed, the_reader_refuses_what_is_wrong)
