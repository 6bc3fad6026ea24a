#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of README.md and docs/*.md are run, page by page, each page in a fresh directory with a home and a store
of its own.

A block ```console holds commands behind "$ ", which end with 0 unless "# exit N" stands behind them; a line that ends
in a backslash goes on in the next. Other lines are what the command prints; where there are none, anything will do. A
line "..." stands for any lines. Digests, times and sizes are not compared. A block whose fence names a file, as in
```dockerfile app/Dockerfile, is written to that file. Any other block is not run.

Names of hosts are replaced in commands, files and output:

  registry.example:5000   a docker-registry on loopback
  mirror.example:5000     another one; /hub has debian:12-slim and alpine:3.20. Docker Hub itself is never asked: a
                          registries.conf puts this mirror in front of it
  harbor.example:5000     one with TLS and a login: ann, whose password is in the file `password`, CA in `corp.pem`

Messages are those of --progress=quiet, as if they were on a terminal whose progress has scrolled away.

usage: docs_examples_test.py --ocibuild PROGRAM
"""

import os
import re
import shutil
import subprocess
import sys
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, Registry  # noqa: E402

PAGES = ["README.md"] + sorted("docs/" + name for name in os.listdir(os.path.join(peer.ROOT, "docs"))
                               if name.endswith(".md"))
FENCE = re.compile(r"^```(\w*) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# What differs from one machine or run to the next, in the order in which it is replaced.
MASKS = ((r"\b(sha256[:-])?[0-9a-f]{12}([0-9a-f]{52})?\b", "DIGEST"), (r"\bsha256:[0-9a-f]+…", "DIGEST"),
         (r"\b\d+(\.\d+)? ?(ms|s)\b", "TIME"), (r"\b(check|resolve|layers|push) \d+\.\d\b", "TIME"),
         (r"\b\d+(\.\d+)? ?[kMG]?B\b", "SIZE"),
         (r"\b(\d+|an?|[Ll]ess than a) (second|minute|hour)s?( ago)?\b", "TIME"), (r" +", " "))


class Hosts:
    """The registries behind the names of the pages."""

    def __init__(self, ocibuild, work):
        self.work = work
        self.open = Registry(work + "/open")
        self.mirror = Registry(work + "/mirror")
        self.harbor = Registry(work + "/harbor", htpasswd=True, tls=True)
        program = peer.Program(ocibuild, work + "/bases")
        tar = imagefs.LayerTar()
        tar.link("bin", "usr/bin").dir("etc").file("etc/passwd", "root:x:0:0::/root:/bin/sh\n")
        tar.dir("usr").dir("usr/bin")
        for base in ("debian:12-slim", "alpine:3.20"):
            imagefs.write_docker_archive(work + "/base.tar", base, [tar.bytes()], {"Cmd": ["/bin/sh"]})
            program("load", "-i", work + "/base.tar")
            program("push", base, "%s/hub/library/%s" % (self.mirror.name, base))
        self.names = {"registry.example:5000": self.open.name, "mirror.example:5000": self.mirror.name,
                      "harbor.example:5000": "registry.test:%d" % self.harbor.port}

    def stop(self):
        for registry in (self.open, self.mirror, self.harbor):
            registry.stop()

    def real(self, text):
        for shown, name in self.names.items():
            text = text.replace(shown, name)
        return text

    def shown(self, text):
        for shown, name in self.names.items():
            text = text.replace(name, shown)
        return text


class Desk:
    """Where a reader of one page sits: a directory, a home, and ocibuild on PATH."""

    def __init__(self, ocibuild, hosts, work):
        self.hosts, self.directory, self.home = hosts, work + "/app", work + "/home"
        os.makedirs(self.directory)
        os.makedirs(self.home + "/.config/containers")
        os.makedirs(work + "/bin")
        os.symlink(ocibuild, work + "/bin/ocibuild")
        with open(self.home + "/.config/containers/registries.conf", "w", encoding="ascii") as file:
            file.write('[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "%s/hub"\n'
                       % hosts.mirror.name)
        shutil.copyfile(hosts.harbor.ca, self.directory + "/corp.pem")
        with open(self.directory + "/password", "w", encoding="ascii") as file:
            file.write(PASSWORD)
        self.environment = {"PATH": work + "/bin:" + os.environ["PATH"], "HOME": self.home, "LANG": "C.UTF-8",
                            "OCIBUILD_PROGRESS": "quiet",
                            # By a name, because certificates of this machine's own addresses are not asked for.
                            "OCIBUILD_RESOLVE": "registry.test:%d:127.0.0.1" % hosts.harbor.port}

    def write(self, name, text):
        path = os.path.join(self.directory, name.replace("~", self.home, 1))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.hosts.real(text))

    def run(self, command):
        """Exit code and output of a line."""
        done = subprocess.run(["bash", "-o", "pipefail", "-c", self.hosts.real(command)], cwd=self.directory,
                              env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
        return done.returncode, self.hosts.shown(done.stdout)


def commands_of(block):
    """(command, exit code, lines shown) of each "$ " of a console block."""
    found = []
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            code = re.search(r"# exit (\d+)$", line)
            found.append((line[2:], int(code.group(1)) if code else 0, []))
        elif not found:
            raise AssertionError("a console block begins with output: " + line)
        else:
            found[-1][2].append(line)
    return found


def masked(text):
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text)
    return text.strip()


def is_shown(shown, printed):
    """Whether what the page shows, with its "..." for any lines, is what was printed."""
    pattern = "".join(r"(?:[^\n]*\n)*" if line == "..." else re.escape(masked(line)) + r"\n" for line in shown)
    return re.fullmatch(pattern, "".join(masked(line) + "\n" for line in printed.rstrip().splitlines())) is not None


def read_page(path, desk):
    """Does what the page says; returns how many commands were run."""
    with open(path, encoding="utf-8") as file:
        blocks = FENCE.findall(file.read())
    count = 0
    for language, name, text in blocks:
        if name:
            desk.write(name, text)
        for command, code, shown in commands_of(text) if language == "console" else ():
            exit_code, printed = desk.run(command)
            if exit_code != code:
                raise AssertionError("$ %s\nexit %d, the page says %d\n%s" % (command, exit_code, code, printed))
            if shown and not is_shown(shown, printed):
                raise AssertionError("$ %s\nprints\n%s\nbut the page shows\n%s" % (command, printed, "\n".join(shown)))
            count += 1
    return count


def every_page(options, work):
    """Every command of every page does what the page says."""
    hosts, failed = Hosts(options.ocibuild, work), []
    try:
        for name in PAGES:
            try:
                desk = Desk(options.ocibuild, hosts, os.path.join(work, name.replace("/", "-")))
                print("%3d commands of %s" % (read_page(os.path.join(peer.ROOT, name), desk), name), flush=True)
            except AssertionError as error:  # one wrong page must not hide the others
                failed.append("%s: %s" % (name, error))
            except Exception:
                failed.append("%s: %s" % (name, traceback.format_exc()))
    finally:
        hosts.stop()
    if failed:
        raise AssertionError("\n\n".join(failed))


peer.run(every_page)
