#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion in the shells themselves, and the manual as man shows it."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

SHELLS = {"bash": ["bash", "--norc", "-n"], "zsh": ["zsh", "-f", "-n"], "fish": ["fish", "--no-config", "-n"]}

# What bash does for a line that ends at the cursor.
DRIVER = r"""
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
words=${COMP_LINE//=/ = }
words=${words//:/ : }
read -r -a COMP_WORDS <<< "$words"
[[ $COMP_LINE == *[[:blank:]] ]] && COMP_WORDS+=("")
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_ocibuild
printf '%s\n' "${COMPREPLY[@]}"
"""

LINES = {
    "ocibuild pu": ["push", "pull"],
    "ocibuild build --metadata-": ["--metadata-file"],
    "ocibuild build --target ": ["first", "second"],
    "ocibuild build --target=se": ["second"],
    "ocibuild --pull=": ["always", "missing", "newer", "never"],
    "ocibuild build --build-arg V": ["VERSION="],
    "ocibuild build -f Docker": ["Dockerfile"],
    "ocibuild build di": ["directory"],
    "ocibuild rmi reg.test:": ["5000/app:1"],
    "ocibuild rmi app:": ["1"],
    "ocibuild frobnicate ": [""],
}


class Tests:
    def __init__(self, program, work):
        self.program, self.work = program, work
        os.makedirs(work + "/bin")
        os.symlink(program, work + "/bin/ocibuild")
        self.env = {"PATH": work + "/bin:" + os.environ["PATH"], "HOME": work + "/home"}

    def run(self, *words):
        return subprocess.run(words, cwd=self.work, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)

    def completion_in_bash(self):
        """cli.md 6.16: bash offers what the program offers, also behind = and :, where it parts words itself"""
        os.makedirs(self.work + "/directory")
        with open(self.work + "/Dockerfile", "w", encoding="ascii") as file:
            file.write("FROM scratch AS first\nARG VERSION\nFROM scratch AS second\nLABEL a=b\n")
        done = self.run("ocibuild", "-t", "app:1", "-t", "reg.test:5000/app:1", ".")
        assert done.returncode == 0, done.stderr
        script = self.work + "/script"
        with open(script, "w", encoding="ascii") as file:
            file.write(self.run("ocibuild", "completion", "bash").stdout)
        for line, expected in LINES.items():
            done = self.run("bash", "--norc", "-c", DRIVER, "bash", script, line)
            assert done.stdout.splitlines() == expected, (line, done.stdout, done.stderr)
            assert "syntax" not in done.stderr, done.stderr

    def scripts_are_valid(self):
        """cli.md 6.16: the script for each shell is one that the shell can read"""
        for shell, command in SHELLS.items():
            script = "%s/script.%s" % (self.work, shell)
            done = self.run("ocibuild", "completion", shell)
            assert done.returncode == 0 and done.stdout, done.stderr
            with open(script, "w", encoding="ascii") as file:
                file.write(done.stdout)
            checked = self.run(*command, script)
            assert checked.returncode == 0 and not checked.stderr, checked.stderr

    def pages(self):
        commands = re.findall(r"^  ([a-z]+(?: [a-z]+)?)(?:,|  |$| \[)", self.run("ocibuild", "--help").stdout.split("ocibuild doctor:")[1], re.M)
        names = ["ocibuild", "ocibuild-config.toml"] + ["ocibuild-" + name.replace(" ", "-") for name in commands if name != "help"]
        assert len(names) > 15, names
        return names

    def manual(self):
        """cli.md 6.17: every page is read without a warning and fits 80 columns"""
        here = os.path.dirname(os.path.abspath(__file__))
        with open(here + "/../../tools/ocibuild/meson.build", encoding="utf-8") as file:
            installed = re.findall(r"'([a-z-]+)'", file.read().split("manual_pages = ")[1])
        for name in self.pages():
            page = self.run("ocibuild", "__man", name)
            assert page.returncode == 0 and page.stdout.startswith('.\\"'), name
            shown = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-c", "-P-b", "-P-u", "-P-o", "-rLL=78n"],
                                   input=page.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True)
            assert not shown.stderr, (name, shown.stderr)
            wide = [line for line in shown.stdout.splitlines() if len(line) > 80]
            assert not wide, (name, wide)
            assert name.endswith(".toml") or name == "ocibuild" or name[9:] in installed, "%s is not installed" % name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ocibuild", required=True)
    options = parser.parse_args()
    if not all(shutil.which(program) for program in ["groff", *SHELLS]):
        sys.exit(77)
    with tempfile.TemporaryDirectory() as work:
        tests = Tests(os.path.abspath(options.ocibuild), work)
        tests.completion_in_bash()
        tests.scripts_are_valid()
        tests.manual()


main()
