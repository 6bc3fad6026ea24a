#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header of the library compiles alone, so that the order of includes never matters.

usage: headers_alone_test.py --include DIR... -- COMPILER [ARGUMENT]...
Installed headers are compiled with nothing but the installed headers in the include path.
"""

import concurrent.futures
import os
import subprocess
import sys

LIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib")
FLAGS = ["-std=c++20", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-fsyntax-only", "-x", "c++"]


def headers(top):
    for directory, _, names in os.walk(top):
        for name in names:
            if name.endswith(".hpp"):
                yield os.path.relpath(os.path.join(directory, name), top)


def compile_alone(compiler, include, line):
    # Twice: the second finds a missing #pragma once.
    command = [*compiler, *FLAGS, *("-I" + directory for directory in include), "-"]
    done = subprocess.run(command, input=2 * (line + "\n"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    return None if done.returncode == 0 else "%s\n%s" % (line, done.stdout)


def main():
    split = sys.argv.index("--")
    public, compiler = sys.argv[2:split], sys.argv[split + 1:]
    private = [*public, LIB]
    work = [(public, "#include <%s>" % h) for top in public for h in headers(top)]
    work += [(private, '#include "%s"' % h) for h in headers(LIB) if not h.startswith("include/")]
    if len(work) < 20:
        sys.exit("only %d headers found; the arguments are wrong" % len(work))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        problems = [p for p in pool.map(lambda job: compile_alone(compiler, *job), work) if p]
    print("%d headers" % len(work))
    sys.exit("\n".join(problems) or 0)


main()
