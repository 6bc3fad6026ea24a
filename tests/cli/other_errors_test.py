#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Errors that neither a Dockerfile nor a registry causes: each is reached as a user would, by its ID.

usage: other_errors_test.py --ocibuild PROGRAM
"""

import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from desk import Desk  # noqa: E402


def values_that_no_build_can_take(options, work):
    """cli.md 10.2: annotations and digests that are none"""
    desk = Desk(options, work)
    desk.fails("annotation-misplaced", 2, "--annotation", "index:a=b", ".")
    desk.fails("digest-invalid", 2, "--cache-from", "type=local,src=layout,digest=sha256:12", ".")
    peer.equal(desk.run("-t", "app:1", ".").returncode, 0, "build")
    desk.fails("template-index", 1, "inspect", "-f", "{{index .RootFS.Layers 9}}", "app:1")


def places_that_are_something_else(options, work):
    """cli.md 5.5, 10.2: a directory in the way of a file, standard input that cannot be read"""
    desk = Desk(options, work)
    os.makedirs(work + "/out/bin/app")
    desk.fails("output-in-the-way", 1, "-o", "out", ".")
    with open("/proc/self/mem", "rb") as unreadable:
        desk.fails("input-failed", 1, "-f", "-", ".", stdin=unreadable)


def a_device_is_not_for_everybody(options, work):
    """cli.md 5.5, 10.2: a root file system with a device is written by root only"""
    peer.require("setpriv", root=True)
    desk = Desk(options, work)
    layer = imagefs.LayerTar().dir("dev").device("dev/null", (1, 3))
    imagefs.write_docker_archive(work + "/base.tar", "base:1", [layer.bytes()], {})
    peer.equal(desk.run("load", "-i", "base.tar").returncode, 0, "load")
    desk.write("Dockerfile", "FROM base:1\n")
    os.makedirs(work + "/theirs")
    for directory, _, names in os.walk(work):
        for name in [".", *names]:
            os.chown(os.path.join(directory, name), 65534, 65534)
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all")
    desk.fails("output-needs-root", 1, "-o", "theirs", ".", front=nobody)


def a_libcurl_that_is_none(options, work):
    """cli.md 10.2; registry.md N1: another library has its name"""
    with open("/proc/self/maps", encoding="ascii") as maps:
        other = re.search(r"/\S+/libc\.so\.6$", maps.read(), re.MULTILINE)[0]
    os.symlink(other, work + "/libcurl.so.4")
    desk = Desk(options, work)
    desk.fails("libcurl-unusable", 6, "pull", "127.0.0.1:1/app", front=("env", "LD_LIBRARY_PATH=" + work))


def a_socket_is_passed_over(options, work):
    """cli.md 10.2; dockerfile.md 7.15: with a warning"""
    desk = Desk(options, work)
    desk.write("Dockerfile", "FROM scratch\nCOPY . /\n")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(work + "/s")
        done = desk.run("--ignorefile", "app", ".")
    assert done.returncode == 0 and "warning[socket-skipped]: the socket " in done.stderr, done.stderr


def closed_streams_are_no_files(options, work):
    """cli.md 8.1: what is meant for a standard stream that is closed does not get into the first file that is opened"""
    desk = Desk(options, work)
    for closed, prints in (("<&-", True), (">&-", False), ("2>&-", True), ("<&- >&- 2>&-", False)):
        done = desk.run("-q", "--no-cache", "--iidfile", "iid", ".", front=("sh", "-c", 'exec "$0" "$@" ' + closed))
        peer.equal((done.returncode, done.stderr), (0, ""), closed)
        with open(work + "/iid", encoding="ascii") as file:
            image = file.read()
        peer.equal(done.stdout, image + "\n" if prints else "", closed)
        listed = desk.run("images", front=("sh", "-c", 'exec "$0" "$@" ' + closed))
        peer.equal((listed.returncode, listed.stderr), (0, ""), closed)
        peer.equal(desk.run("cache", "verify").returncode, 0, closed)
        peer.equal(desk.run("inspect", "-f", "{{.Id}}", image).stdout, image + "\n", closed)


peer.run(values_that_no_build_can_take, places_that_are_something_else, a_device_is_not_for_everybody,
         a_libcurl_that_is_none, a_socket_is_passed_over, closed_streams_are_no_files)
