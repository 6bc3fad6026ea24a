#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A build that is killed at any moment leaves a valid store and never a wrong later result."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import json  # noqa: E402
import random  # noqa: E402
import signal  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402

import bases  # noqa: E402
import imagefs  # noqa: E402
import peer  # noqa: E402

KILLS = 50
DOCKERFILE = "FROM debian-mini:1\nCOPY changing /a/\nCOPY large /b/\nWORKDIR /home/user/x\nCOPY small /c/\n"


def make_context(directory):
    os.makedirs(directory)
    noise = random.Random(1)
    for name, text in (("Dockerfile", DOCKERFILE.encode()), ("small", b"small"), ("changing", b"final"),
                       ("large", noise.randbytes(4 << 20) + bytes(4 << 20))):
        with open(directory + "/" + name, "wb") as file:
            file.write(text)


def write_changing(directory, text):
    with open(directory + "/changing", "wb") as file:
        file.write(text)
    # New content below, too: otherwise only the first build has a large layer to be killed in.
    with open(directory + "/large", "r+b") as file:
        file.write(text.ljust(64))


def expect_valid(store):
    """Every image of the store is complete, and no named blob is half written."""
    with open(store + "/index.json", encoding="utf-8") as file:
        for entry in json.load(file)["manifests"]:
            name = entry.get("annotations", {}).get("org.opencontainers.image.ref.name")
            if name:
                imagefs.read_layout(store, name)
    for directory, _, names in os.walk(store + "/blobs"):
        for name in names:
            if len(name) == 64:
                with open(directory + "/" + name, "rb") as blob:
                    peer.equal(imagefs.sha256(blob.read()), "sha256:" + name, "blob")


def fifty_killed_builds_do_no_harm(options, work):
    base = bases.write_bases(work)["debian-mini"]
    context = work + "/context"
    make_context(context)

    clean = peer.Program(options.ocibuild, work + "/clean")
    clean("load", "-i", base)
    write_changing(context, b"final")
    started = time.monotonic()
    clean("build", "-t", "app:1", context)
    duration = time.monotonic() - started
    expected = clean.image("app:1").manifest_digest

    program = options.program(work)
    program("load", "-i", base)
    moments, killed = random.Random(2), 0
    for number in range(KILLS):
        write_changing(context, b"%d" % number)
        child = subprocess.Popen([options.ocibuild, "build", "--root", program.store, "-t", "app:1", context],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0, duration * 1.1))
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        expect_valid(program.store)
    if killed < KILLS // 2:
        raise AssertionError("only %d of %d builds were still running when killed" % (killed, KILLS))
    write_changing(context, b"final")
    program("build", "-t", "app:1", context)
    peer.equal(program.image("app:1").manifest_digest, expected, "digest after %d kills" % killed)
    expect_valid(program.store)
    peer.call("skopeo", "copy", "--quiet", "oci:%s:docker.io/library/app:1" % program.store, "oci:%s/copy:x" % work)


peer.require("skopeo")
peer.run(fifty_killed_builds_do_no_harm)
