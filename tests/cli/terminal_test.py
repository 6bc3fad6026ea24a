#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a user sees: ocibuild on a pseudo terminal, against a registry in memory that is slow or refuses.

usage: terminal_test.py --ocibuild PROGRAM
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from screen import Terminal  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

BAR = re.compile("^  [0-9a-f]{12}  ━+╸?─*  ", re.MULTILINE)
SLOW = {"drip": [20000, 0.1]}  # 200 kB/s


def project(work, files=3, size=200000):
    """A context whose every file becomes a layer that does not compress."""
    source, lines = random.Random(size), ["FROM scratch"]
    os.makedirs(work + "/context")
    for number in range(files):
        with open("%s/context/f%d" % (work, number), "wb") as file:
            file.write(source.randbytes(size))
        lines.append("COPY f%d /" % number)
    with open(work + "/context/Dockerfile", "w", encoding="ascii") as file:
        file.write("\n".join(lines + ["ENV a=b", 'CMD ["x"]']) + "\n")
    return work + "/context"


def variables(work, **more):
    return {"HOME": work, "TERM": "xterm", "LANG": "C.UTF-8", "OCIBUILD_ROOT": work + "/store", **more}


def shows(options, work, *arguments, columns=80, rows=24, **more):
    """Runs to the end; the terminal."""
    with Terminal([options.ocibuild, *arguments], columns, rows, **variables(work, **more)) as terminal:
        terminal.read()
        assert terminal.screen.cursor, "the cursor is still hidden"
        return terminal


def a_build_scrolls_up_and_leaves_no_live_line(options, work):
    """cli.md 9.4, 11: finished steps stay, config steps share a line, the warm build says so in one line"""
    context = project(work)
    cold = shows(options, work, "build", "-t", "app:1", context)
    peer.equal(cold.status, 0, "status")
    lines = cold.screen.text().split("\n")
    assert re.fullmatch(r"Dockerfile: 6 instructions, context 3 files 600\.0 kB", lines[0]), lines
    for number in range(3):
        assert re.fullmatch(r"✔ COPY f%d / +\S+ kB → +\S+ kB( +\d\.\ds)?" % number, lines[1 + number]), lines
    peer.equal(lines[4], "✔ ENV, CMD", "config steps")
    peer.equal(lines[5], "", "blank line before the summary")
    assert re.match(r"3 layers built, ", lines[-2]), lines
    warm = shows(options, work, "build", "-t", "app:1", context).screen.text()
    assert re.search(r"✔ COPY f0 / .* cached\n", warm) and re.search(r"\nnothing changed, \d+ ms\n$", warm), warm


def a_push_shows_bars(options, work):
    """cli.md 9.4: blobs move in bars, at most ten frames a second, all gone in the end; stdout comes behind them"""
    context = project(work)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        peer.equal(shows(options, work, "build", "-t", name, context).status, 0, "build")
        peer.equal(shows(options, work, "push", name).status, 0, "push")
        registry.faults.append(Fault("GET", "/blobs/", **SLOW))
        pull = shows(options, work, "pull", name, OCIBUILD_ROOT=work + "/other")
    peer.equal(pull.status, 0, "pull")
    assert any(len(BAR.findall(frame)) >= 3 for frame in pull.frames), pull.frames
    assert any(re.search(r"/200\.\d kB  \S+ kB/s$", frame, re.MULTILINE) for frame in pull.frames), pull.frames
    lines = pull.screen.text().split("\n")
    assert re.match(r"✔ pull \S+   4 blobs received, 6\d\d\.\d kB", lines[0]), lines
    assert re.match(r"✔ \S+/t/app:1  sha256:[0-9a-f]{12}…", lines[1]), lines
    assert re.fullmatch(registry.name + r"/t/app@sha256:[0-9a-f]{64}", lines[2]), lines
    # Some frames come with an event; even so the screen is not flooded.
    assert len(pull.times) <= 10 * (pull.times[-1] + 1) + 10, len(pull.times)


def the_first_line_comes_at_once(options, work):
    """cli.md 9.4: a wait for a registry is named before it, and within a tenth of a second"""
    with FaultyRegistry() as registry:
        registry.faults.append(Fault("GET", "/manifests/", silent=3))
        name = registry.name + "/t/app:1"
        with Terminal([options.ocibuild, "pull", name], **variables(work)) as terminal:
            assert terminal.read(lambda screen: "pull %s, asking %s" % (name, registry.name) in screen.text())
            # The start of a process on a busy machine is part of it.
            assert terminal.times[0] < 1.0, terminal.times[0]
            assert not terminal.screen.cursor
            terminal.kill(signal.SIGINT)
            terminal.read()
            peer.equal(terminal.status, 130, "status")
            peer.equal(terminal.screen.lines[-2:], ["interrupted", ""], "last line")
            assert terminal.screen.cursor


def the_screen_is_whole_after_signals(options, work):
    """cli.md 1.5, 9.4: SIGTERM and Ctrl-C take the live lines away and give the cursor back, a second signal too"""
    context = project(work, files=2)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        peer.equal(shows(options, work, "build", "-t", name, "--push", context).status, 0, "build")
        registry.faults.append(Fault("GET", "/blobs/", drip=[1000, 0.1]))
        for number, status in ((signal.SIGTERM, 143), (signal.SIGINT, 130)):
            shutil.rmtree(work + "/other", ignore_errors=True)
            with Terminal([options.ocibuild, "pull", name],
                          **variables(work, OCIBUILD_ROOT=work + "/other")) as terminal:
                assert terminal.read(lambda screen: BAR.search(screen.text()))
                assert not terminal.screen.cursor
                terminal.kill(number)
                terminal.kill(number)
                terminal.read()
                peer.equal(terminal.status, status, "status")
                assert terminal.screen.cursor
                assert terminal.screen.text().endswith("interrupted\n"), terminal.screen.text()


def a_narrow_and_a_resized_terminal(options, work):
    """cli.md 9.4: no line is wider than the terminal, also one that changes; the model fails if one is"""
    context = project(work, files=12, size=30000)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        peer.equal(shows(options, work, "build", "-t", name, "--push", context, columns=40, rows=8,
                         OCIBUILD_PROGRESS="tty").status, 0, "build")
        registry.faults.append(Fault("GET", "/blobs/", drip=[3000, 0.1]))
        with Terminal([options.ocibuild, "pull", name], 60, 8,
                      **variables(work, OCIBUILD_ROOT=work + "/other")) as terminal:
            assert terminal.read(lambda screen: re.search("^  [0-9a-f]{12}  [0-9]", screen.text(), re.MULTILINE))
            terminal.resize(100, 30)
            terminal.screen.columns, terminal.screen.rows = 100, 30
            terminal.read()
        peer.equal(terminal.status, 0, "pull")
        assert max(len(frame.split("\n")) for frame in terminal.frames) <= 8, "the live lines fit"


def nothing_is_drawn_while_it_is_resized(options, work):
    """cli.md 9.4: until its width has stayed for 0.4 seconds, and then at once"""
    context = project(work, files=1)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        peer.equal(shows(options, work, "build", "-t", name, "--push", context).status, 0, "build")
        registry.faults.append(Fault("GET", "/blobs/", drip=[3000, 0.1]))
        with Terminal([options.ocibuild, "pull", name], 60, 24,
                      **variables(work, OCIBUILD_ROOT=work + "/other")) as terminal:
            assert terminal.read(lambda screen: BAR.search(screen.text()) or "kB" in screen.text())
            for columns in (70, 80, 90):
                terminal.resize(columns, 24)
                terminal.screen.columns = columns
                resized, seen = time.monotonic() - terminal.began, len(terminal.times)
                terminal.read(lambda screen: time.monotonic() - terminal.began > resized + 0.25)
                # One frame may have been on its way; otherwise there would be two or three.
                assert len(terminal.times) <= seen + 1, terminal.times[seen:]
            terminal.read(lambda screen: len(terminal.times) > seen + 3)
            terminal.kill(signal.SIGTERM)
            terminal.read()
        peer.equal(terminal.status, 143, "status")


def a_retry_is_in_its_bar_and_an_error_keeps_what_was_done(options, work):
    """cli.md 9.4, 9.5: attempt and wait of a blob are in its bar; of another request in a line; ✘ marks what failed"""
    context = project(work, files=1)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        registry.faults.append(Fault("PUT", "/blobs/uploads/", times=1, status=429, headers=[["Retry-After", "1"]]))
        registry.faults.append(Fault("HEAD", "/manifests/", times=1, status=503))
        push = shows(options, work, "build", "-t", name, "--push", "--retry-delay", "50ms", context)
        peer.equal(push.status, 0, "push")
        assert any(re.search(r"^  [0-9a-f]{12}  ! 429 too many requests, attempt 2 of 6 in [01]s \(Retry-After\)$", frame,
                             re.MULTILINE) for frame in push.frames), push.frames
        assert "! %s: 503 service unavailable, attempt 2 of 6 in 0.0s\n" % registry.name in push.screen.text()
        assert re.search(r"\npushed 20\d\.\d kB, \d\.\ds: .*layers \d\.\d, push [1-9]\.\d\n$", push.screen.text())
        registry.faults[:] = [Fault("GET", "/manifests/", status=404)]
        text = shows(options, work, "pull", name, OCIBUILD_ROOT=work + "/other").screen.text()
        assert text.startswith("✘ pull %s, asking %s\nerror[" % (name, registry.name)), text


def parallel_failures_are_one_error(options, work):
    """registry.md E3; cli.md 9.4: the first blob that fails ends the others, and one error is shown"""
    context = project(work, files=4)
    with FaultyRegistry() as registry:
        registry.faults.append(Fault("PUT", "/blobs/uploads/", status=403))
        name = registry.name + "/t/app:1"
        push = shows(options, work, "build", "-t", name, "--push", context)
        peer.equal(push.status, 4, "status")
        peer.equal(push.screen.text().count("error["), 1, "errors")
        assert "\n✘ push %s\nerror[push-denied]" % name in push.screen.text(), push.screen.text()


def colours_and_signs_follow_the_environment(options, work):
    """cli.md 9.1, 9.6: colour on a terminal unless NO_COLOR; signs beyond ASCII only in UTF-8; dumb and CI get lines"""
    context = project(work, files=1)
    assert shows(options, work, "build", context).screen.colours
    assert not shows(options, work, "build", context, NO_COLOR="1").screen.colours
    plain = shows(options, work, "build", "--color=never", context, LANG="C")
    assert plain.bytes.isascii() and b"\nok COPY f0 /" in plain.bytes, plain.bytes
    for more in ({"TERM": "dumb"}, {"CI": "true", "NO_COLOR": "1"}):
        lines = shows(options, work, "build", context, **more)
        assert b"\x1b" not in lines.bytes and b"#1 context" in lines.bytes, lines.bytes


def a_pipe_gets_no_control_characters(options, work):
    """cli.md 9.3, 9.6: not on a terminal there is no ESC and no CR, and --progress=tty is refused"""
    context = project(work, files=2)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        registry.faults.append(Fault("PUT", "/blobs/uploads/", times=1, status=503))

        def piped(*arguments):
            return subprocess.run([options.ocibuild, *arguments], env=variables(work), stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, timeout=60)

        built = piped("build", "-t", name, "--push", "--retry-delay", "20ms", context)
        peer.equal(built.returncode, 0, built.stderr)
        assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", built.stderr), built.stderr
        text = built.stderr.decode()
        assert re.search(r"^! %s: 503 service unavailable, attempt 2 of 6 in 0\.0s$" % registry.name, text, re.MULTILINE)
        assert re.search(r"^#\d+ push sha256:[0-9a-f]{12}… 200\.\dkB DONE \d\.\ds$", text, re.MULTILINE), text
        assert re.search(r"^#\d+ %s@sha256:[0-9a-f]{64} 40\d\.\dkB DONE \d\.\ds$" % name, text, re.MULTILINE), text
        again = piped("build", "-t", name, "--push", context).stderr.decode()
        assert re.search(r"\nnothing changed, \d+ ms\n$", again), again
        refused = piped("build", "--progress=tty", context)
        peer.equal((refused.returncode, b"\x1b" in refused.stderr), (2, False), "tty")
        quiet = piped("build", "-q", "-t", name, "--push", context)
        peer.equal((quiet.returncode, quiet.stderr), (0, b""), "quiet")


def rawjson_is_json_to_the_last_line(options, work):
    """cli.md 8.3: every line of rawjson is JSON, the last one has result or error, also behind a request log"""
    context = project(work, files=1)
    for arguments, key in (([context], "result"), (["--debug", "--target", "none", context], "error")):
        done = subprocess.run([options.ocibuild, "build", "--progress=rawjson", *arguments], env=variables(work),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
        lines = [json.loads(line) for line in done.stderr.decode().splitlines()]
        assert list(lines[-1]) == ["ocibuild"] and list(lines[-1]["ocibuild"]) == [key], lines[-1]
        assert all(set(line) <= {"vertexes", "statuses", "logs", "warnings"} for line in lines[:-1])


def a_slow_transfer_tells_every_ten_seconds(options, work):
    """cli.md 9.3: a blob that takes long has a line every ten seconds in a log"""
    context = project(work, files=1, size=100000)
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        env = variables(work)
        subprocess.run([options.ocibuild, "build", "-q", "-t", name, "--push", context], env=env, check=True,
                       stdout=subprocess.DEVNULL, timeout=60)
        registry.faults.append(Fault("GET", "/blobs/", times=2, drip=[4000, 0.45]))
        began = time.monotonic()
        done = subprocess.run([options.ocibuild, "pull", name], env={**env, "OCIBUILD_ROOT": work + "/other"},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, timeout=60)
        took = time.monotonic() - began
        lines = re.findall(r"^#\d+ pull sha256:\S+ \d+\.\d/100\.\dkB 10\.\ds$", done.stderr.decode(), re.MULTILINE)
        peer.equal(len(lines), 1 if took > 10 else 0, done.stderr)


if __name__ == "__main__":
    peer.run(a_build_scrolls_up_and_leaves_no_live_line, a_push_shows_bars, the_first_line_comes_at_once,
             the_screen_is_whole_after_signals, a_narrow_and_a_resized_terminal, nothing_is_drawn_while_it_is_resized,
             a_retry_is_in_its_bar_and_an_error_keeps_what_was_done, parallel_failures_are_one_error, colours_and_signs_follow_the_environment,
             a_pipe_gets_no_control_characters, rawjson_is_json_to_the_last_line,
             a_slow_transfer_tells_every_ten_seconds)
