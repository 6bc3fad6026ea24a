#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`pull -f`: the images that a Dockerfile needs, so that it then builds without any registry.

usage: pull_file_test.py --ocibuild PROGRAM
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import run  # noqa: E402
from scripted_registry import FaultyRegistry  # noqa: E402

DOCKERFILE = """ARG BASE=one
FROM REG/t/${BASE}:1 AS build
RUN make
FROM REG/t/unused:1 AS unused
FROM scratch AS files
COPY --from=REG/t/two:1 /a /two
FROM REG/t/three:1
COPY --from=files /two /two
COPY --from=build /a /one
"""


def images(registry, client):
    """Five images and one with triggers that need another."""
    for name in ("one", "other", "two", "three", "unused", "late"):
        client.build("%s/t/%s:1" % (registry.name, name), a=name.encode())
        client("push", "%s/t/%s:1" % (registry.name, name))
    context = client.work + "/triggers"
    os.mkdir(context)
    with open(context + "/Dockerfile", "w", encoding="ascii") as file:
        file.write("FROM scratch\nONBUILD COPY --from=%s/t/late:1 /a /late\n" % registry.name)
    client("build", "-t", registry.name + "/t/onbuild:1", context)
    client("push", registry.name + "/t/onbuild:1")


def written(registry, work, text):
    path = work + "/Dockerfile"
    with open(path, "w", encoding="ascii") as file:
        file.write(text.replace("REG", registry.name))
    return path


def named(registry, done):
    """Repositories in standard output."""
    return [line.split("@")[0].replace(registry.name + "/t/", "") for line in done.stdout.splitlines()]


def what_a_target_needs_is_pulled(client, work):
    """registry.md P13; cli.md 6.10: bases, images of COPY --from, --target and --build-arg; nothing of other stages"""
    with FaultyRegistry() as registry:
        images(registry, client)
        path = written(registry, work, DOCKERFILE)
        for arguments, expected in (([], ["one", "two", "three"]), (["--build-arg", "BASE=other"], ["other", "two", "three"]),
                                    (["--target", "files"], ["two"]), (["--target", "unused"], ["unused"])):
            store = "%s/store%d" % (work, len(os.listdir(work)))
            found = named(registry, client("pull", "-f", path, *arguments, store=store))
            peer.equal(sorted(found), sorted(expected), " ".join(arguments))
        again = client("pull", "-f", path, "--target", "unused", store=store)
        assert "already there" in again.stderr, again.stderr


def it_then_builds_without_a_registry(client, work):
    """registry.md P13: after pull -f the build is offline; triggers of a base count too"""
    with FaultyRegistry() as registry:
        images(registry, client)
        path = written(registry, work, "FROM REG/t/onbuild:1\nCOPY Dockerfile /mine\n")
        store = work + "/fresh"
        peer.equal(named(registry, client("pull", "-f", path, store=store)), ["onbuild", "late"], "images")
        client("build", "--offline", "-t", "app:1", "-f", path, work, store=store)
        tree = imagefs.read_layout(store, "docker.io/library/app:1").tree()
        assert "late" in tree and "mine" in tree, sorted(tree)


def images_that_a_build_fetched_have_their_names(client, work):
    """registry.md P14: after a build its base, and what it copied from, are in the store: the next one asks nobody"""
    with FaultyRegistry() as registry:
        images(registry, client)
        for text, expected in (("FROM REG/t/one:1\nCOPY --from=REG/t/two:1 /a /two\n", ["one", "two"]),
                               ("FROM scratch\nCOPY --from=REG/t/two:1 /a /two\n", ["two"]),
                               ("FROM scratch\nCOPY --from=files /a /two\n", ["other"])):
            path = written(registry, work, text)
            build = ["build", "--build-context", "files=docker-image://%s/t/other:1" % registry.name, "-f", path, work]
            store = "%s/store%d" % (work, len(os.listdir(work)))
            client(*build, store=store)
            lines = client("images", store=store).stdout
            peer.equal(sorted(name for name in ("one", "two", "other") if "/t/%s " % name in lines), sorted(expected), text)
            registry.server.command("clear")
            client(*build, store=store)
            peer.equal(registry.record(), [], "requests of the second build")
            client(*build, "--offline", "--no-cache", store=store)


def mistakes_are_told_before_anything_is_pulled(client, work):
    """registry.md P13: a mistake in the Dockerfile, a flag without -f, an unknown target and a missing base"""
    with FaultyRegistry() as registry:
        path = written(registry, work, "FROM REG/t/none:1\nCOPPY a b\n")
        client.fails("unknown-instruction", 1, "pull", "-f", path)
        client("pull", "--target", "x", registry.name + "/t/app:1", exit_code=2)
        peer.equal(registry.record(), [], "requests")
        path = written(registry, work, "FROM REG/t/none:1\n")
        client.fails("stage-unknown", 1, "pull", "-f", path, "--target", "x")
        client.fails("base-not-found", 5, "pull", "-f", path)
        text = client("pull", "-f", written(registry, work, "FROM scratch\nCOPY a /\n")).stderr
        assert "needs no image" in text, text


run(what_a_target_needs_is_pulled, it_then_builds_without_a_registry, images_that_a_build_fetched_have_their_names,
    mistakes_are_told_before_anything_is_pulled)
