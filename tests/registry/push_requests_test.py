#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A push asks and sends no more than it must, and the figures of the metadata file say what moved.

usage: push_requests_test.py --ocibuild PROGRAM
"""

import json
import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import Registry, run  # noqa: E402
from scripted_registry import FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
FILES = {key: random.Random(key).randbytes(30000) for key in "abcdef"}


def pushed(client, *names, command="build", **files):
    """build --push of these files, or push of what they make; the metadata file's figures."""
    context = client.context(**files)
    if command == "push":
        client("build", "-t", names[0], context)
        client("push", *QUICK, *names)
        return None
    words = [word for name in names for word in ("-t", name)]
    client("build", "--push", *QUICK, "--metadata-file", client.work + "/metadata.json", *words, context)
    with open(client.work + "/metadata.json", encoding="utf-8") as file:
        return json.load(file)["ocibuild.bytes"]


def with_bodies(registry):
    """Methods and sizes of the requests that sent something."""
    return [(entry["method"], entry["body_size"]) for entry in registry.record() if entry["body_size"] > 0]


def size_of(registry, name="t/app"):
    return sum(len(data) for data in registry.blobs[name].values())


def a_push_of_what_is_there_asks_for_no_blob(client, _):
    """registry.md U2, U12: where the image is, a push sends no byte of a blob and asks for none: it asks once when the
    tag is right, else for the tag and for the digest"""
    with FaultyRegistry() as one, FaultyRegistry() as two:
        names = [registry.name + "/t/app:1" for registry in (one, two)]
        pushed(client, *names, **FILES)
        for registry in (one, two):
            registry.server.command("clear")
        pushed(client, names[0], *names, command="push", **FILES)
        for registry in (one, two):
            peer.equal([entry["method"] for entry in registry.record()], ["HEAD"], "the same tag")
            registry.server.command("clear")
        pushed(client, names[0], *[name.replace(":1", ":2") for name in names], command="push", **FILES)
        for registry in (one, two):
            peer.equal([entry["method"] for entry in registry.record()], ["HEAD", "HEAD", "PUT"], "another tag")
            peer.equal(len(registry.asked("POST", "")), 0, "uploads")
            registry.consistent()


def a_changed_file_costs_its_layer_config_and_manifest(client, _):
    """registry.md U2, U12: after a change of one file three requests have a body: layer, config and manifest"""
    with FaultyRegistry() as registry:
        name = registry.name + "/t/app:1"
        pushed(client, name, **FILES)
        before = dict(registry.blobs["t/app"])
        registry.server.command("clear")
        figures = pushed(client, name, **{**FILES, "f": b"changed"})
        sent = with_bodies(registry)
        peer.equal([method for method, _ in sent], ["PUT"] * 3, "requests with bodies")
        new = [len(data) for digest, data in registry.blobs["t/app"].items() if digest not in before]
        peer.equal(len(new), 2, "new blobs")
        peer.equal(figures["uploaded"], sum(new), "uploaded")
        kept = size_of(registry) - sum(new)  # with the layer and the config that were replaced
        assert 0 < figures["skipped"] < kept, (figures, kept)
        registry.consistent()


def a_real_registry_sees_the_same(client, work):
    """registry.md U2, U12: the counts are those at Distribution too"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        pushed(client, name, **FILES)
        before = registry.requests()
        pushed(client, name, command="push", **FILES)
        peer.equal(registry.since(before), ["HEAD manifests/1"], "the same tag")
        before = registry.requests()
        pushed(client, name, **{**FILES, "f": b"changed"})
        bodies = [words for words in registry.since(before) if words.startswith(("PUT", "PATCH"))]
        peer.equal(len(bodies), 3, "requests with bodies")


def figures_of_the_metadata_file(client, work):
    """registry.md U2, M1, M4: downloaded, uploaded, mounted and skipped: what moved, or did not have to"""
    with FaultyRegistry() as registry, FaultyRegistry() as other:
        base = registry.name + "/t/base:1"
        figures = pushed(client, base, **FILES)
        whole = size_of(registry, "t/base")
        peer.equal(figures, {"downloaded": 0, "uploaded": whole, "mounted": 0, "skipped": 0}, "first push")
        peer.equal(pushed(client, base, **FILES), {**figures, "uploaded": 0, "skipped": whole}, "again")
        layers = whole - min(len(data) for data in registry.blobs["t/base"].values())
        manifest = len(next(iter(registry.manifests.values()))[1])
        # What nothing reads goes from registry to registry, or stays there; the config is read.
        for target, key in ((registry, "mounted"), (other, "uploaded")):
            store = "%s/fresh-%s" % (work, key)
            context = client.context(base=base)
            client("build", "--push", *QUICK, "--metadata-file", work + "/m.json", "-t", target.name + "/t/new:1",
                   context, store=store)
            with open(work + "/m.json", encoding="utf-8") as file:
                figures = json.load(file)["ocibuild.bytes"]
            config = min(len(data) for data in target.blobs["t/new"].values())
            known = whole - layers + manifest  # manifest and config of the base
            expected = {"downloaded": known, "uploaded": config, "mounted": layers, "skipped": 0}
            if key == "uploaded":
                expected.update(downloaded=known + layers, uploaded=layers + config, mounted=0)
            peer.equal(figures, expected, key)


run(a_push_of_what_is_there_asks_for_no_blob, a_changed_file_costs_its_layer_config_and_manifest,
    a_real_registry_sees_the_same, figures_of_the_metadata_file)
