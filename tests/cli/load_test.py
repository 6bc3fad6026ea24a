#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""build --load into what listens like a container engine; the real ones are in tests/peers.

usage: load_test.py --ocibuild PROGRAM
"""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from engine_socket import EngineSocket, leave_stale  # noqa: E402
from screen import Terminal  # noqa: E402

NOBODY = 65534


def build(options, work, *flags, user=None, environment=None):
    """Builds app:1 and returns exit code and standard error."""
    context = work + "/context"
    if not os.path.exists(context):
        os.mkdir(context)
        with open(context + "/Dockerfile", "w", encoding="ascii") as file:
            file.write("FROM scratch\nCOPY data /data\nCMD [\"/data\"]\n")
        with open(context + "/data", "wb") as file:
            file.write(os.urandom(3 << 20))
    done = subprocess.run([options.ocibuild, "build", "--root", work + "/store", "-t", "app:1", *flags, context],
                          env={"PATH": os.environ["PATH"], "HOME": work, **(environment or {})}, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False, timeout=120, user=user)
    return done.returncode, done.stderr.decode()


def saved(options, work, *names):
    return subprocess.run([options.ocibuild, "save", "--root", work + "/store", *names], stdout=subprocess.PIPE,
                          check=True).stdout


def the_engine_gets_what_save_writes(options, work):
    """cli.md 5.6: --load and -o type=docker send all names of the image to the engine, as docker load does, and keep them"""
    socket = work + "/s"
    for flags in (["--load"], ["-o", "type=docker"], ["--load", "--offline"]):
        with EngineSocket(socket) as engine:
            code, text = build(options, work, "-t", "app:2", "--host", "unix://" + socket, *flags)
            peer.equal(code, 0, text)
            (line, headers, body), = engine.requests
        peer.equal(line, "POST /images/load?quiet=1 HTTP/1.1", "request")
        peer.equal((headers["host"], headers["content-type"], "expect" in headers), ("localhost", "application/x-tar", False),
                   "headers")
        assert body == saved(options, work, "app:1", "app:2"), "the tar differs"
        line = "load into %s 3\\.1MB" % socket
        assert re.search(r"(?m)^#(\d+) %s\n#\1 %s DONE \d+\.\ds$" % (line, line), text), text
    with EngineSocket(socket) as engine:
        for flags in ([], ["--load=false"], ["-o", "type=image"], ["-o", "type=docker,dest=%s/x.tar" % work]):
            peer.equal(build(options, work, "--host", "unix://" + socket, *flags)[0], 0, "exit code")
        peer.equal(engine.requests, [], "requests without --load")


def it_is_told_how_far_it_is(options, work):
    """cli.md 8.3, 9.4: a bar on a terminal, statuses in rawjson; what is not taken ends as failed"""
    socket = work + "/s"
    build(options, work)
    with EngineSocket(socket, slow=0.1):
        command = [options.ocibuild, "build", "--root", work + "/store", "-t", "app:1", "--load", "--host",
                   "unix://" + socket, work + "/context"]
        with Terminal(command, columns=150, HOME=work, TERM="xterm", LANG="C.UTF-8") as terminal:
            terminal.read()
    peer.equal(terminal.status, 0, terminal.screen.text())
    bar = r"(?m)^. load into %s   1 image( +\d+\.\ds)?\n  [0-9a-f]{12}  ━+╸?─+  [12]\.\d/3\.1 MB" % socket
    assert any(re.search(bar, frame) for frame in terminal.frames), terminal.frames
    screen = terminal.screen.text()
    assert re.search(r"(?m)^✔ load into %s   1 image loaded, 3\.1 MB " % socket, screen), screen
    with EngineSocket(socket):
        code, text = build(options, work, "--load", "--host", "unix://" + socket, "--progress=rawjson")
    peer.equal(code, 0, text)
    lines = [json.loads(line) for line in text.splitlines()]
    statuses = [status for line in lines for status in line.get("statuses", ()) if status["name"] == "loading"]
    peer.equal((statuses[0]["current"], statuses[-1]["current"]), (0, statuses[0]["total"]), "bytes")
    assert all(status["current"] <= status["total"] for status in statuses), statuses
    peer.equal(["completed" in status for status in (statuses[0], statuses[-1])], [False, True], "completed")
    with EngineSocket(socket, (500, b"{}")):
        code, text = build(options, work, "--load", "--host", "unix://" + socket)
    assert re.search(r"(?m)^#\d+ load into %s 3\.1MB failed$" % socket, text), text


def variables_name_the_engine(options, work):
    """cli.md 5.6, 5.8: DOCKER_HOST goes before CONTAINER_HOST, --host before both; none asks nobody"""
    docker, podman = work + "/d", work + "/p"
    both = {"DOCKER_HOST": "unix://" + docker, "CONTAINER_HOST": "unix://" + podman}
    cases = ((both, [], "d"), ({"CONTAINER_HOST": both["CONTAINER_HOST"]}, [], "p"),
             (both, ["--host=unix://" + podman], "p"), (both, ["--host", "none"], ""))
    for environment, flags, expected in cases:
        with EngineSocket(docker) as first, EngineSocket(podman) as second:
            code, text = build(options, work, "--load", *flags, environment=environment)
            peer.equal(code, 0, text)
            peer.equal("d" * len(first.requests) + "p" * len(second.requests), expected, "who was asked")
    for address in ("tcp://127.0.0.1:2375", "ssh://me@host"):
        code, text = build(options, work, "--load", environment={"DOCKER_HOST": address})
        peer.equal(code, 0, text)
        assert "note: DOCKER_HOST '%s' is no unix:// address: the image is in the store only" % address in text, text


def write_context(directory, name, meta):
    """As docker context create does."""
    place = os.path.join(directory, "contexts", "meta", hashlib.sha256(name.encode()).hexdigest())
    os.makedirs(place, exist_ok=True)
    with open(place + "/meta.json", "w", encoding="utf-8") as file:
        file.write(meta if isinstance(meta, str) else json.dumps(meta))


def contexts_of_docker_name_the_engine(options, work):
    """cli.md 5.6: --host and DOCKER_HOST go before DOCKER_CONTEXT, that before CONTAINER_HOST and the context in use"""
    sockets = {name: "unix://%s/%s" % (work, name) for name in "abcd"}
    for directory, current in ((work + "/.docker", "größe one"), (work + "/other", "two")):
        for name, socket in (("größe one", sockets["a"]), ("two", sockets["b"])):
            write_context(directory, name, {"Name": name, "Endpoints": {"docker": {"Host": socket}}})
        with open(directory + "/config.json", "w", encoding="utf-8") as file:
            json.dump({"auths": {}, "currentContext": current}, file)
    other, two, one = {"DOCKER_CONFIG": work + "/other"}, {"DOCKER_CONTEXT": "two"}, {"DOCKER_CONTEXT": "größe one"}
    host, podman = {"DOCKER_HOST": sockets["c"]}, {"CONTAINER_HOST": sockets["d"]}
    with open(work + "/config.toml", "w", encoding="ascii") as file:
        file.write('host = "%s"\n' % sockets["c"])
    ours = ["--config", work + "/config.toml"]
    none = {"DOCKER_CONTEXT": "default"}
    cases = (({}, [], "a"), (two, [], "b"), (other, [], "b"), ({**other, **one}, [], "a"), ({**host, **two}, [], "c"),
             (two, ["-H", sockets["d"]], "d"), ({**two, **podman}, [], "b"), (podman, [], "d"), ({}, ours, "c"),
             (two, ours, "b"), (none, [], ""), ({**none, **podman}, [], "d"), ({}, ["-H", "none"], ""))
    for environment, flags, expected in cases:
        engines = {name: EngineSocket(work + "/" + name) for name in "abcd"}
        with contextlib.ExitStack() as stack:
            for engine in engines.values():
                stack.enter_context(engine)
            code, text = build(options, work, "--load", *flags, environment=environment)
            peer.equal(code, 0, text)
            asked = "".join(name for name, engine in engines.items() if engine.requests)
            peer.equal(asked, expected, "who was asked with %s %s" % (environment, flags))


def contexts_that_are_no_sockets_or_broken(options, work):
    """cli.md 5.6, 5.7, 5.8: a remote context is a note, one that is not there or unreadable an error before any work"""
    directory = work + "/.docker"
    write_context(directory, "far", {"Endpoints": {"docker": {"Host": "ssh://me@far\u001b"}}})
    write_context(directory, "empty", {"Endpoints": {"kubernetes": {}}})
    write_context(directory, "gone", {"Endpoints": {"docker": {"Host": "unix://%s/gone" % work}}})
    write_context(directory, "torn", '{"Endpoints": ')
    write_context(directory, "list", "[]")
    write_context(directory, "number", {"Endpoints": {"docker": {"Host": 1}}})

    def load(name):
        return build(options, work, "--load", environment={"DOCKER_CONTEXT": name})

    code, text = load("far")
    peer.equal(code, 0, text)
    said = "note: docker context 'far' 'ssh://me@far\\x1b' is no unix:// address: the image is in the store only"
    assert said in text, text
    peer.equal(load("empty")[0], 0, "a context without an address of an engine")
    code, text = load("gone")
    peer.equal((code, "error[engine-absent]" in text), (1, True), text)
    for name in ("torn", "list", "number", "nobody"):
        code, text = load(name)
        said = "error[engine-context-invalid]: the docker context \"%s\" cannot be read" % name
        peer.equal((code, said in text), (1, True), text)
        assert "docker context ls" in text and "COPY" not in text, text
    with open(directory + "/config.json", "w", encoding="ascii") as file:
        file.write("{")
    code, text = build(options, work, "--load")
    peer.equal((code, "which docker context is in use cannot be read" in text), (1, True), text)
    peer.equal(build(options, work, "--load", "--host", "none")[0], 0, "--host goes first")


def a_named_engine_that_does_not_take_it_is_an_error(options, work):
    """cli.md 5.7: an error with the engine's words; nothing is pushed, and the store has the image"""
    socket, host = work + "/s", {"DOCKER_HOST": "unix://" + work + "/s"}
    # To this port nobody listens: a push would fail in another way.
    push = ["--push", "--skip-push-permission-check", "-t", "127.0.0.1:1/app:1"]
    for answer, said in (((500, b'{"message":"no space left\\u001b"}'), 'no space left\\x1b'),
                         ((200, b'{"stream":"a"}\n{"errorDetail":{"message":"b"},"error":"invalid tar"}\n'), "invalid tar"),
                         ((404, b"<html>"), "status 404")):
        for early in (False, True):
            with EngineSocket(socket, answer, early=early):
                code, text = build(options, work, "--load", *push, environment=host)
            peer.equal(code, 1, text)
            assert "error[engine-failed]" in text and "did not take the image: " in text, text
            assert said in text or early, text
            assert "connect-refused" not in text, text
    for cut in (0, 1 << 20):
        with EngineSocket(socket, cut_in=cut):
            code, text = build(options, work, "--load", environment=host)
        peer.equal((code, "error[engine-failed]" in text), (1, True), text)
    peer.equal(len(saved(options, work, "app:1")) > 3 << 20, True, "the image of the store")


def no_engine_and_a_stale_socket(options, work):
    """cli.md 5.6, 5.7: who is named must listen; of a usual place that is empty or stale only --debug tells"""
    os.mkdir(work + "/run")
    leave_stale(work + "/run/docker.sock")
    for host in ("/nowhere", "/run/docker.sock", "/" + "x" * 200):
        code, text = build(options, work, "--load", "--host", "unix://" + work + host)
        peer.equal((code, "error[engine-absent]: no container engine listens at" in text), (1, True), text)
    code, text = build(options, work, "--load", "--debug", environment={"XDG_RUNTIME_DIR": work + "/run"})
    peer.equal((code, "warning" in text), (0, False), text)
    assert "no container engine listens at" in text, text
    code, text = build(options, work, "--load", environment={"XDG_RUNTIME_DIR": work + "/run"})
    peer.equal((code, "engine" in text), (0, False), text)


def an_engine_that_is_found_only_warns(options, work):
    """cli.md 5.6, 5.7: what a found engine does not take is a warning; a socket that may not be opened is passed over"""
    os.makedirs(work + "/run/podman")
    os.chmod(work, 0o777)
    found = {"XDG_RUNTIME_DIR": work + "/run"}
    with EngineSocket(work + "/run/docker.sock", (500, b'{"message":"busy"}')):
        code, text = build(options, work, "--load", environment=found)
        peer.equal(code, 0, text)
        assert "warning[engine-not-loaded]: the image is in the store only: " in text and "busy" in text, text
        assert "--host none" in text, text
        os.chmod(work + "/run/docker.sock", 0o600)
        os.system("chmod -R a+rwX '%s/store' '%s/context'" % (work, work))
        code, text = build(options, work, "--load", environment=found, user=NOBODY)
        peer.equal(code, 0, text)
        assert "warning[engine-not-loaded]" in text and "may not talk to the container engine" in text, text
        code, text = build(options, work, "--load", "--host", "unix://%s/run/docker.sock" % work, user=NOBODY)
        peer.equal((code, "error[engine-forbidden]" in text), (1, True), text)
        with EngineSocket(work + "/run/podman/podman.sock") as podman:
            os.chmod(podman.path, 0o666)
            code, text = build(options, work, "--load", environment=found, user=NOBODY)
            peer.equal((code, "warning" in text, len(podman.requests)), (0, False, 1), text)


if os.path.exists("/var/run/docker.sock"):
    peer.skip("this machine has a Docker engine, which --load would find")
peer.require(root=True)
peer.run(the_engine_gets_what_save_writes, it_is_told_how_far_it_is, variables_name_the_engine,
         contexts_of_docker_name_the_engine, contexts_that_are_no_sockets_or_broken,
         a_named_engine_that_does_not_take_it_is_an_error, no_engine_and_a_stale_socket,
         an_engine_that_is_found_only_warns)
