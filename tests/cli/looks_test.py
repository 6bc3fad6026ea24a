#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a user sees in a real terminal, tmux: narrow, usual and wide, in UTF-8 and without it; the registry is slow.

The files of `looks/` hold the screens; digests, sizes, times and rates are masked, and lines that tmux has wrapped are
joined.

usage: looks_test.py --ocibuild PROGRAM          LOOKS_ACCEPT=1 writes the files; look at what it wrote
"""

import os
import random
import re
import shlex
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

SCREENS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "looks")
DOCKERFILE = """FROM scratch
WORKDIR /srv/application
COPY server .
COPY configuration/of/the/server.yaml configuration/of/the/translations.yaml ./etc/
ENV MODE=fast
LABEL a=b
CMD ["./server"]
"""
MISTAKES = """FROM scratch
COPY --chmod=9 server /größe/サーバ/größe
LABEL größe=サーバ app
"""
MASKS = ((r"sha256:[0-9a-f]{64}", "sha256:DIGEST"), (r"\b[0-9a-f]{12}\b", "DIGESTDIGEST"),
         (r"127\.0\.0\.1:\d{5}", "127.0.0.1:PORTS"), (r"\b(\d+ ms|\d+\.\ds)$", "T"), (r"^((?:✔|ok) .*?) +T$", r"\1"),
         (r"^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏|/\\-] (?=push|pull)", "* "),
         (r"  [━╸─#-]{6,}  ", lambda match: "  " + "=" * (len(match[0]) - 4) + "  "),
         (r"\d+\.\d/20\d\.\d kB.*", "N/N kB  RATE"), (r"^(\* pull \S+:PORTS) .*", r"\1   GROUP"),
         (r"^  DIGESTDIGEST  (=+  )?[0-9.]+/.*\n", ""),  # blobs that are there in a moment
         (r" *\b\d+(\.\d)? k?B\b", lambda match: "SIZE".rjust(len(match[0]))))


class Tmux:
    """A window of its own of `columns` and `rows`, in which `script` runs."""

    def __init__(self, work, columns, rows, script, environment):
        self.socket = "%s/tmux-%d" % (work, rows)  # of a server of its own: another one may be about to end
        with open(work + "/script", "w", encoding="utf-8") as file:
            file.write(script + "echo END\nread -r _\n")
        words = ["%s=%s" % item for item in environment.items()]
        self("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows),
             "exec env -i TERM=\"$TERM\" %s sh %s" % (shlex.join(words), shlex.quote(work + "/script")))

    def __call__(self, *words):
        return subprocess.run(["tmux", "-S", self.socket, *words], stdout=subprocess.PIPE, check=True, timeout=30,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SHELL": "/bin/sh"}).stdout.decode()

    def screen(self, *how):
        """All that is and was there."""
        lines = self("capture-pane", "-p", "-S", "-", *how).split("\n")
        return "\n".join(line.rstrip() for line in lines).rstrip("\n") + "\n"

    def wait(self, pattern, limit=60):
        """The screen, as soon as it has `pattern`."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            text = self.screen()
            if re.search(pattern, text, re.MULTILINE):
                return text
            time.sleep(0.02)
        raise AssertionError("%r never comes; the screen:\n%s" % (pattern, self.screen()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("kill-server")


def project(directory):
    source = random.Random(11)
    os.makedirs(directory + "/configuration/of/the")
    for name, data in (("server", source.randbytes(200000)), ("configuration/of/the/server.yaml", b"a: b\n" * 900),
                       ("configuration/of/the/translations.yaml", source.randbytes(2000)),
                       ("Dockerfile", DOCKERFILE.encode()), ("Mistakes", MISTAKES.encode())):
        with open(os.path.join(directory, name), "wb") as file:
            file.write(data)


def masked(text):
    for pattern, instead in MASKS:
        text = re.sub(pattern, instead, text, flags=re.MULTILINE)
    return text


def compare(name, text):
    path = os.path.join(SCREENS, name + ".txt")
    if os.environ.get("LOOKS_ACCEPT"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    with open(path, encoding="utf-8") as file:
        wanted = file.read()
    if text != wanted:
        raise AssertionError("%s.txt has\n%s\nand the screen is\n%s" % (name, wanted, text))


def rows_that_wrap(window):
    """Rows of progress and of the table that take more than a line: what tmux has joined to another one."""
    whole, rows = window.screen("-J").split("\n"), set(window.screen().split("\n"))
    row = r"(✔|✘|ok|FAIL|image|digest|[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏*]) |  [0-9a-f]{12} | +[0-9.]+ k?B "
    return [line for line in whole if re.match(row, line) and line not in rows]


def session(name):
    """Commands with their echo, as typed."""
    commands = ("-t %s ." % name, "-t %s ." % name, "-f Mistakes .", "push " + name, "push " + name)
    return "".join("echo '$ ocibuild %s'\nocibuild %s\n" % (words, words) for words in commands)


def look(columns, locale):
    def test(options, work):
        """cli.md 9.1, 9.4, 9.6, 11: cold build, warm build, mistakes, push, bars of a slow pull: no row wraps, nothing
        is left behind, and outside of UTF-8 there is nothing but ASCII that is ours"""
        project(work + "/context")
        os.makedirs(work + "/bin")
        os.symlink(options.ocibuild, work + "/bin/ocibuild")
        variables = {"HOME": work, "PATH": work + "/bin:" + os.environ["PATH"], "LANG": locale,
                     "OCIBUILD_ROOT": work + "/store"}
        with FaultyRegistry() as registry:
            name = registry.name + "/t/app:1"
            # A row with a time has less room for its words.
            unsure = r"(?m)^((?:✔|ok) (?:pushed |pull |push )?127\.0\.0\.1:PORTS).*"
            with Tmux(work, columns, 60, "cd %s/context\n%s" % (work, session(name)), variables) as window:
                window.wait("^END$")
                text = masked(window.screen("-J"))
                peer.equal(rows_that_wrap(window), [], "rows that wrap")
            registry.faults.append(Fault("GET", "/blobs/", drip=[10000, 0.1]))
            script = "ocibuild pull %s --root %s/other\n" % (name, work)
            with Tmux(work, columns, 24, script, variables) as window:
                bars = window.wait(r"^  [0-9a-f]{12}  .*\d/20\d\.\d kB( .*B/s|.*(…|\.\.\.)$)")
                peer.equal(rows_that_wrap(window), [], "rows that wrap")
                window.wait("^END$")
                text += "$ ocibuild pull %s --root other\n%s--\n%s" % (masked(name), masked(bars),
                                                                       masked(window.screen("-J")))
        if columns < 200:
            text = re.sub(unsure, r"\1 ETC", text)
        own = re.sub(r"(?m)^ \d \| .*$", "", text)  # lines of the Dockerfile are as they are
        assert locale != "C" or own.isascii(), own
        compare("%d-%s" % (columns, "utf8" if "UTF" in locale else "c"), text)
    test.__name__ = "%d_columns_in_%s" % (columns, locale)
    return test


def nothing_is_left_behind_by_a_window_that_changes(options, work):
    """cli.md 9.4: dragged narrower and wider while blobs move: no row of a frame stays, and no other line is lost. tmux
    tells a width at once, the next ones up to a quarter of a second after it has wrapped what is there. It moves what
    it wraps out of the top of a screen that is not full, where nobody can erase it: this one is full"""
    project(work + "/context")
    variables = {"HOME": work, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "OCIBUILD_ROOT": work + "/store"}
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        subprocess.run([options.ocibuild, "-q", "-t", name, "--push", work + "/context"], env=variables, check=True,
                       stdout=subprocess.DEVNULL, timeout=60)
        registry.faults.append(Fault("GET", "/blobs/", drip=[2000, 0.1]))
        script = "seq 1 30\n%s pull %s --root %s/other\n" % (options.ocibuild, name, work)
        with Tmux(work, 200, 24, script, variables) as window:
            bar = r"^  [0-9a-f]{12}  .*\d/20\d\.\d kB"
            window.wait(bar)
            time.sleep(0.5)  # since it told the first width
            for widths in (range(190, 39, -10), range(50, 121, 10)):
                for columns in widths:
                    window("resize-window", "-x", str(columns), "-y", "24")
                    time.sleep(0.03)
                time.sleep(0.6)  # until it draws again
                window.wait(bar)
            window.wait("^END$")
            lines = window.screen("-J").split("\n")
        peer.equal([line[:6] for line in lines], [*map(str, range(1, 31)), "✔ pull", "✔ 127.", "127.0.", "END", ""], lines)


peer.require("tmux")
peer.run(*(look(columns, locale) for columns in (40, 80, 200) for locale in ("C.UTF-8", "C")),
         nothing_is_left_behind_by_a_window_that_changes)
