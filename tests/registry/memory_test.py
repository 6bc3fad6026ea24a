#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the size of a layer that is pushed or pulled.

usage: memory_test.py --ocibuild PROGRAM        REGISTRY_LAYER_MIB=2048 for a larger layer
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from registry import Registry, run  # noqa: E402

LIMIT_MIB = 64
LAYER_MIB = int(os.environ.get("REGISTRY_LAYER_MIB", "256"))


def measured(client, *arguments, store):
    """Runs the program; its largest resident size in MiB."""
    words = [client.program, arguments[0], "--root", store, *arguments[1:]]
    pid = os.posix_spawn(client.program, words, {"PATH": os.environ["PATH"], "HOME": client.home})
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise AssertionError("%s: status %d" % (" ".join(words), status))
    return usage.ru_maxrss // 1024


def a_large_layer_needs_little_memory(client, work):
    """registry.md N7: a layer much larger than the limit is pushed and pulled in less than 64 MiB"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/large:1"
        os.mkdir(work + "/large")
        with open(work + "/large/Dockerfile", "w", encoding="ascii") as file:
            file.write("FROM scratch\nCOPY data /\n")
        with open(work + "/large/data", "wb") as file:
            piece = os.urandom(1 << 20)  # over and over: more than gzip's window, so it does not shrink
            for _ in range(LAYER_MIB):
                file.write(piece)
        client("build", "-t", name, work + "/large")
        os.remove(work + "/large/data")
        used = {"push": measured(client, "push", name, store=client.store),
                "pull": measured(client, "pull", name, store=work + "/other")}
        print("resident MiB:", used)
        for command, size in used.items():
            assert size < LIMIT_MIB, command


run(a_large_layer_needs_little_memory)
