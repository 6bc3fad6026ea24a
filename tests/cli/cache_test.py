#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cleaning the store while other processes work with it, and when it is killed.

usage: cache_test.py --ocibuild PROGRAM
"""

import hashlib
import io
import json
import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
import scripted_registry  # noqa: E402

BUSY = "note: another build, push or pull works with the store: blobs and their records stay this time\n"


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def make_context(directory, dockerfile, seed=1):
    write(directory + "/Dockerfile", dockerfile.encode())
    write(directory + "/large", random.Random(seed).randbytes(3 << 20))
    write(directory + "/small", b"small")
    return directory


def prune(program, *flags):
    """Standard error of `cache prune -af`, which must succeed."""
    done = subprocess.run([program.path, "cache", "prune", "-af", "--root", program.store, *flags],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        raise AssertionError(done.stderr.decode())
    return done.stderr.decode()


def blobs(store):
    return {name for name in os.listdir(store + "/blobs/sha256") if len(name) == 64}


def expect_whole(program, name):
    """The store is valid by its own word and by two others'."""
    program("cache", "verify")
    program.image(name)
    peer.call("skopeo", "inspect", "oci:%s:docker.io/library/%s" % (program.store, name))


def start(program, *arguments):
    return subprocess.Popen([program.path, "build", "--root", program.store, *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def expect_done(child):
    out, err = child.communicate(timeout=60)
    if child.returncode != 0:
        raise AssertionError("exit %d\n%s" % (child.returncode, err.decode()))
    return out


def slow_layer():
    """A plain tar that takes a while to fetch."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        member = tarfile.TarInfo("data")
        member.size = 600_000
        archive.addfile(member, io.BytesIO(random.Random(2).randbytes(member.size)))
    return out.getvalue()


def a_build_goes_on_while_another_process_prunes(options, work):
    """image.md 6.5: what a running build found in the cache is there until it has given its name"""
    program = options.program(work)
    context = make_context(work + "/context", "FROM scratch\nCOPY large /large\n")
    program("build", "-t", "first:1", context)
    program("rmi", "first:1")
    with scripted_registry.FaultyRegistry() as registry:
        scripted_registry.seeded(registry, "t/base:1", layer=slow_layer())
        registry.faults[:] = [scripted_registry.Fault("GET", "/blobs/", drip=[40000, 0.15])]
        make_context(context, "FROM %s/t/base:1\nCOPY large /large\nCOPY small /large-parent/\n" % registry.name)
        child = start(program, "-t", "app:1", context)
        while not registry.asked("GET", "/blobs/"):
            time.sleep(0.01)
        before = blobs(program.store)
        peer.equal(prune(program), BUSY, "what prune says")
        assert before <= blobs(program.store)
        assert child.poll() is None, "the build was over too soon to show anything"
        expect_done(child)
    expect_whole(program, "app:1")
    peer.equal(prune(program), "", "what prune says afterwards")
    expect_whole(program, "app:1")


def what_was_built_stays_until_it_is_written(options, work):
    """image.md 6.5: the result of a build is held until its archive is written, though it has no name"""
    program = options.program(work)
    context = make_context(work + "/context", "FROM scratch\nCOPY large /large\n")
    os.mkfifo(work + "/fifo")
    child = start(program, "-o", "type=oci,dest=%s/fifo" % work, context)
    with open(work + "/fifo", "rb") as fifo:
        first = fifo.read(1000)  # the pipe is full, and the program waits
        peer.equal(prune(program), BUSY, "what prune says")
        write(work + "/image.tar", first + fifo.read())
    expect_done(child)
    peer.call("skopeo", "inspect", "oci-archive:%s/image.tar" % work)
    prune(program)
    peer.equal(blobs(program.store), set(), "blobs that are left")


def builds_and_prunes_at_random(options, work):
    """image.md 6.3, 6.5: builds end right, however often the store is cleaned meanwhile"""
    program = options.program(work)
    make_context(work + "/0", "FROM scratch\nCOPY large /large\nCOPY small /a/\n")
    program("build", "-t", "app0:1", work + "/0")
    expected = program.image("app0:1").manifest_digest
    over = threading.Event()
    failures = []

    def clean():
        try:
            while not over.is_set():
                prune(program)
        except AssertionError as error:
            failures.append(error)

    cleaners = [threading.Thread(target=clean) for _ in range(2)]
    for cleaner in cleaners:
        cleaner.start()
    try:
        for number in range(1, 25):
            children = [start(program, "-t", "app%d:%d" % (number, part), work + "/0") for part in range(2)]
            for part, child in enumerate(children):
                expect_done(child)
                peer.equal(program.image("app%d:%d" % (number, part)).manifest_digest, expected, "digest")
                program("rmi", "app%d:%d" % (number, part))
    finally:
        over.set()
        for cleaner in cleaners:
            cleaner.join()
    peer.equal(failures, [], "failures of prune")
    expect_whole(program, "app0:1")


def add_unused(store, count):
    for number in range(count):
        data = b"unused %d" % number
        write(store + "/blobs/sha256/" + hashlib.sha256(data).hexdigest(), data)


def killed_at_any_moment(options, work):
    """image.md 6.4, 6.5: a prune that is killed leaves a valid store, and the next one ends the work"""
    program = options.program(work)
    context = make_context(work + "/context", "FROM scratch\nCOPY large /large\nCOPY small /a/\n")
    program("build", "-t", "app:1", context)
    moments, killed = random.Random(3), 0
    for number in range(20):
        add_unused(program.store, 400)
        make_context(context, "FROM scratch\nCOPY large /large%d\n" % number)
        program("build", "-t", "other:1", context)
        program("rmi", "other:1")
        child = subprocess.Popen([program.path, "cache", "prune", "-af", "--root", program.store],
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.001, 0.03))
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        expect_whole(program, "app:1")
    if killed < 5:
        raise AssertionError("only %d of 20 were still running when killed" % killed)
    prune(program)
    peer.equal(len(blobs(program.store)), 4, "blobs that are left")
    program("build", "-t", "again:1", context)
    expect_whole(program, "again:1")


def damage_is_found(options, work):
    """cli.md 6.15: verify names what is damaged, a line each, and exits 1"""
    program = options.program(work)
    program("build", "-t", "app:1", make_context(work + "/context", "FROM scratch\nCOPY large /large\n"))
    out = program("cache", "verify")
    assert re.fullmatch(r"3 blobs and \d+ build records are whole, 3\.1 MB\n", out), out
    largest = max((os.path.join(program.store, "blobs/sha256", name) for name in blobs(program.store)),
                  key=os.path.getsize)
    with open(largest, "r+b") as file:
        file.seek(1 << 20)
        file.write(b"changed")
    with open(largest, "rb") as file:
        found = imagefs.sha256(file.read())
    done = subprocess.run([program.path, "cache", "verify", "--root", program.store], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, text=True)
    peer.equal(done.returncode, 1, "exit")
    peer.equal(done.stdout, 'blob-corrupt: "%s" has the digest %s\n' % (largest, found), "stdout")
    peer.equal(done.stderr, "error[store-damaged]: 1 thing of the store is damaged or missing\n"
               "   = help: delete the files that are named; damaged build records do no harm\n"
               "   = help: then pull, load or build the images again, or remove them with ocibuild rmi\n", "stderr")


def json_is_an_object_a_line(options, work):
    """cli.md 6.11: --format json has a line for each file, and its sizes are those of the files"""
    program = options.program(work)
    program("build", "-t", "app:1", make_context(work + "/context", "FROM scratch\nCOPY large /large\n"))
    rows = [json.loads(line) for line in program("cache", "ls", "--format", "json").splitlines()]
    kinds = {row["Kind"] for row in rows}
    assert {"image", "layer record", "layer shape"} <= kinds, kinds
    for row in rows:
        peer.equal(row["Reclaimable"], row["Kind"] != "image", "reclaimable")
        if row["Kind"] == "image":
            peer.equal(row["Names"], ["app:1"], "names")
            peer.equal(row["SizeBytes"], os.path.getsize(program.store + "/blobs/" + row["ID"].replace(":", "/")), "size")


peer.require("skopeo")
peer.run(a_build_goes_on_while_another_process_prunes, what_was_built_stays_until_it_is_written,
         builds_and_prunes_at_random, killed_at_any_moment, damage_is_found, json_is_an_object_a_line)
