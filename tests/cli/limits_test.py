#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is said on a machine that grants too little. Sanitizers need more than that for themselves.

usage: limits_test.py --ocibuild PROGRAM
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from desk import Desk  # noqa: E402


def no_memory(options, work):
    """cli.md 10.2: a text that does not fit into what the process may have"""
    desk = Desk(options, work)
    desk.write("large", "FROM scratch\n" + "# a line that means nothing\n" * 4000000)
    with open(work + "/large", "rb") as large:
        desk.fails("out-of-memory", 1, "check", "-f", "-", ".", stdin=large, front=("prlimit", "--as=60000000"))


def no_thread(options, work):
    """cli.md 10.2: without a second thread nothing can be built; what needs none works"""
    desk = Desk(options, work)
    os.chmod(work, 0o777)
    # Nobody else has this number, and so the limit is for this process alone.
    alone = ("setpriv", "--reuid=54321", "--clear-groups", "--bounding-set=-all", "prlimit", "--nproc=1")
    desk.fails("no-threads", 1, ".", front=alone)
    peer.equal(desk.run("check", ".", front=alone).returncode, 0, "check")


peer.require("prlimit", "setpriv", root=True)
peer.run(no_memory, no_thread)
