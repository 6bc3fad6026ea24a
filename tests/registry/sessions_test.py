#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Upload sessions that nothing will come to are given up, also after Ctrl-C, and nobody waits long for that.

usage: sessions_test.py --ocibuild PROGRAM
"""

import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
UPLOAD = "/blobs/uploads/"
PROMPT = 4  # seconds after SIGINT: two of them are for a registry that does not answer


def interrupted(client, reached, *words):
    """Runs the program until reached(), then interrupts it; the seconds that it took to end."""
    environment = {"PATH": os.environ["PATH"], "HOME": client.home, "SOURCE_DATE_EPOCH": "1"}
    process = subprocess.Popen([client.program, words[0], "--root", client.store, *words[1:]], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for _ in range(1000):
        if reached():
            break
        time.sleep(0.02)
    else:
        process.kill()
        raise AssertionError("it did not come so far:\n" + process.communicate()[0].decode())
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    output = process.communicate(timeout=30)[0].decode()
    peer.equal(process.returncode, 130, "exit code, after\n" + output)
    return time.monotonic() - began


def an_interrupted_build_gives_up_its_session(client, _):
    """registry.md U8, U10: Ctrl-C between the push check and the first blob deletes the session that was kept"""
    for silent in (False, True):
        with FaultyRegistry() as registry, FaultyRegistry() as files:
            files.faults.append(Fault("GET", "/file", silent=True))
            if silent:
                registry.faults.append(Fault("DELETE", UPLOAD, silent=True))
            context = client.context()
            with open(context + "/Dockerfile", "a", encoding="ascii") as file:
                file.write("ADD --checksum=sha256:%064d http://%s/file /\n" % (0, files.name))
            took = interrupted(client, lambda server=files.server: server.command("record"),
                               "build", "--push", *QUICK, "-t", registry.name + "/t/app:1", context)
            assert took < PROMPT, took
            peer.equal([entry["method"] for entry in registry.record()], ["POST", "DELETE"], "requests")
            if not silent:
                peer.equal(registry.sessions, {}, "sessions")


def an_interrupted_upload_gives_up_its_session(client, _):
    """registry.md U8: Ctrl-C while blobs are sent deletes their sessions; no tag appears"""
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=random.Random(1).randbytes(20000))
        registry.faults.append(Fault("PUT", UPLOAD, silent=True))
        took = interrupted(client, lambda: len(registry.asked("PUT", UPLOAD)) == 2, "push", *QUICK, name)
        assert took < PROMPT, took
        peer.equal((registry.sessions, registry.tags), ({}, {}), "what is left")
        peer.equal(len(registry.asked("DELETE", UPLOAD)), 2, "given up")


def a_failed_transfer_gives_up_its_sessions(client, _):
    """registry.md U8, E3: what is refused, and what is stopped because of that, keeps no session that was sent to"""
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        client.build(name, **{key: random.Random(key).randbytes(20000) for key in "abcdef"})
        registry.faults.append(Fault("PUT", UPLOAD, status=403))
        client.fails("push-denied", 4, "push", *QUICK, name)
        # A session whose opening was stopped before the answer came has no address that anybody knows.
        known = {target.split("&digest")[0] for target in registry.asked("PUT", UPLOAD)}
        assert known and known <= set(registry.asked("DELETE", UPLOAD)), registry.record()
        peer.equal(registry.tags, {}, "tags")


def a_lost_upload_gives_up_its_session_first(client, _):
    """registry.md U6, U8: before a new session begins after a failure the old one is given up"""
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=random.Random(1).randbytes(20000))
        registry.faults.append(Fault("PUT", UPLOAD, times=3, status=502))
        client("push", *QUICK, name)
        registry.consistent()
        failed = [entry["target"].split("&digest")[0] for entry in registry.record() if entry["status"] == 502]
        peer.equal(sorted(registry.asked("DELETE", UPLOAD)), sorted(failed), "given up")


run(an_interrupted_build_gives_up_its_session, an_interrupted_upload_gives_up_its_session,
    a_failed_transfer_gives_up_its_sessions, a_lost_upload_gives_up_its_session_first)
