#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A plan says which bytes would go to or come from which host, and neither sends nor fetches a layer.

usage: plan_test.py --ocibuild PROGRAM
"""

import hashlib
import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import run  # noqa: E402
from scripted_registry import FaultyRegistry  # noqa: E402

LARGE = random.Random(1).randbytes(200000)


def tree(*directories):
    """Every file below: contents and times of change."""
    out = {}
    for directory in directories:
        for top, _, names in os.walk(directory):
            for name in names:
                path = os.path.join(top, name)
                with open(path, "rb") as file:
                    out[path] = hashlib.sha256(file.read()).hexdigest(), os.stat(path).st_mtime_ns
            out[top] = os.stat(top).st_mtime_ns
    return out


def plan(client, *arguments):
    """Layers and transfers; nothing was written here or there."""
    before = tree(client.store, client.work + "/context")
    done = client("plan", "--format", "json", "--retry-delay", "1ms", *arguments)
    peer.equal(tree(client.store, client.work + "/context"), before, "what was there before the plan")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if line["Kind"] == "layer"], [line for line in lines if line["Kind"] == "transfer"]


def moves(transfers):
    return [(one["Direction"], one["State"], one["Host"], one.get("SizeBytes")) for one in transfers]


def only_asked(registry):
    for method in ("POST", "PUT", "PATCH"):
        peer.equal(registry.asked(method, ""), [], method + " of a plan")


def base_at(client, registry):
    """An image of one layer at the registry, which the store then lacks; the size of that layer."""
    name = registry.name + "/t/base:1"
    client("build", "-t", name, "--push", client.context(a=LARGE), store=client.work + "/elsewhere")
    registry.consistent()
    registry.server.command("clear")
    return name, max(len(data) for data in registry.blobs["t/base"].values())


def with_metadata(client, *arguments):
    client("build", "--metadata-file", client.work + "/meta.json", *arguments)
    with open(client.work + "/meta.json", encoding="utf-8") as file:
        return json.load(file)["ocibuild.bytes"]


def a_cold_build_fetches_its_base(client, _):
    """cli.md 4.18: base layers that the store lacks come from their registry; what depends on their files is unknown"""
    with FaultyRegistry() as registry:
        base, size = base_at(client, registry)
        layers, transfers = plan(client, client.context(base=base, b=b"two"))
        peer.equal([layer["State"] for layer in layers], ["base", "unknown"], "layers")
        peer.equal(layers[1]["Causes"], [{"Kind": "not-here", "Name": "layers of " + base}], "why")
        peer.equal(moves(transfers), [("download", "certain", registry.name, size)], "transfers")
        only_asked(registry)
        peer.equal(len(registry.asked("GET", "/blobs/")), 1, "blobs: the config alone")
        fetched = with_metadata(client, client.context(base=base, b=b"two"))["downloaded"]
        assert size <= fetched < size + 10000, fetched
        layers, transfers = plan(client, client.context(base=base, b=b"2"))
        peer.equal([layer["State"] for layer in layers], ["base", "built"], "layers once the base is here")
        peer.equal(layers[1]["Causes"], [{"Kind": "file-content", "Name": "/b"}], "why")
        peer.equal(transfers, [], "transfers once the base is here")


def a_push_is_asked_for_layer_by_layer(client, _):
    """cli.md 4.18: what the registry has, takes over, and lacks; of a layer that is not made yet its tar is the bound"""
    with FaultyRegistry() as registry:
        base, size = base_at(client, registry)
        push = ["-t", registry.name + "/t/app:1", "--push"]
        layers, transfers = plan(client, *push, client.context(base=base, b=b"two"))
        peer.equal(moves(transfers), [("download", "certain", registry.name, size), ("upload", "mounted", registry.name, size),
                                      ("upload", "at-most", registry.name, None)], "first push")
        only_asked(registry)
        with_metadata(client, *push, client.context(base=base, b=b"two", c=b"three"))
        registry.consistent()
        registry.server.command("clear")
        context = client.context(base=base, b=b"two", c=LARGE)
        layers, transfers = plan(client, *push, context)
        bound = layers[2]["UnpackedBytes"]
        peer.equal(moves(transfers), [("upload", "already-there", registry.name, size),
                                      ("upload", "already-there", registry.name, layers[1]["SizeBytes"]),
                                      ("upload", "at-most", registry.name, bound)], "second push")
        only_asked(registry)
        sent = with_metadata(client, *push, context)["uploaded"]
        assert len(LARGE) < sent <= bound, (sent, bound)


def what_is_only_pushed_streams(client, _):
    """cli.md 4.18: a base that nothing looks into goes from its registry to the other one"""
    with FaultyRegistry() as registry, FaultyRegistry() as other:
        base, size = base_at(client, registry)
        _, transfers = plan(client, "-t", other.name + "/t/app:1", "--push", client.context(base=base))
        peer.equal(moves(transfers), [("download", "certain", registry.name, size), ("upload", "certain", other.name, size)],
                   "transfers")
        only_asked(other)
        table = client("plan", "-t", other.name + "/t/app:1", "--push", client.context(base=base)).stdout
        peer.equal(table.count(" kB"), 3, "sizes in:\n" + table)


def a_shared_cache_is_looked_into(client, _):
    """cli.md 4.18: a layer that a cache of a registry has is reused and would be fetched"""
    with FaultyRegistry() as registry:
        cache = registry.name + "/t/cache:main"
        client("build", "--cache-to", cache, client.context(a=LARGE), store=client.work + "/elsewhere")
        registry.consistent()
        registry.server.command("clear")
        layers, transfers = plan(client, "--cache-from", cache, client.context(a=LARGE))
        peer.equal([(layer["State"], layer["SharedCache"]) for layer in layers], [("reused", cache)], "layers")
        peer.equal(moves(transfers), [("download", "certain", registry.name, layers[0]["SizeBytes"])], "transfers")
        only_asked(registry)
        peer.equal(len(registry.asked("GET", "/blobs/")), 1, "blobs: the config alone")


if __name__ == "__main__":
    run(a_cold_build_fetches_its_base, a_push_is_asked_for_layer_by_layer, what_is_only_pushed_streams,
        a_shared_cache_is_looked_into)
