#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the size of a file: 4 GiB in a layer under 64 MiB of resident memory."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import resource  # noqa: E402

import peer  # noqa: E402

LIMIT_MIB = 64


def four_gib_need_no_more_than_64_mib(options, work):
    os.mkdir(work + "/context")
    with open(work + "/context/Dockerfile", "w", encoding="ascii") as file:
        file.write("FROM scratch\nCOPY large /\n")
    with open(work + "/context/large", "wb") as file:
        file.truncate(4 << 30)
    options.program(work)("build", "-t", "large:1", work + "/context")
    used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    print("peak resident memory: %d MiB" % used)
    if used >= LIMIT_MIB:
        raise AssertionError("%d MiB resident, limit %d MiB" % (used, LIMIT_MIB))


peer.run(four_gib_need_no_more_than_64_mib)
