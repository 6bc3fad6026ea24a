#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The tables of docs/coming-from-docker.md are those that the program makes of its flags.

usage: flag_tables_test.py --ocibuild PROGRAM [--accept]
"""

import os
import re
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PAGE = ROOT + "/docs/coming-from-docker.md"
TABLE = re.compile(r"(<!-- flags of (\w+) -->\n).*?(<!-- end -->\n)", re.DOTALL)


def main():
    program = sys.argv[sys.argv.index("--ocibuild") + 1]

    def made(match):
        table = subprocess.run([program, "__flags", match[2]], stdout=subprocess.PIPE, text=True, check=True).stdout
        unknown = re.findall(r"`(--\S+)` \| no such flag", table)
        if unknown:
            sys.exit("flags of %s without a row in the table of flags: %s" % (match[2], " ".join(unknown)))
        return match[1] + "\n" + table + "\n" + match[3]

    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    wanted = TABLE.sub(made, text)
    if [match[2] for match in TABLE.finditer(text)] != ["docker", "buildah", "kaniko"]:
        sys.exit("docs/coming-from-docker.md lacks a table")
    if "--accept" in sys.argv:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(wanted)
    elif wanted != text:
        sys.exit("docs/coming-from-docker.md differs from the flags; run this with --accept")


main()
