#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Layers are brought into another compression on their way to a registry.

usage: push_compression_test.py --ocibuild PROGRAM
"""

import json
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import Registry, run  # noqa: E402

OCI = "application/vnd.oci.image.manifest.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def manifest(registry, name, tag="1"):
    return json.loads(registry.get("/v2/%s/manifests/%s" % (name, tag), OCI))


def kinds(document):
    return [layer["mediaType"].removeprefix(LAYER) for layer in document["layers"]]


def a_push_changes_the_layers_and_nothing_else(client, work):
    """cli.md 6.21, 9.3: the registry's layers have the form that was asked for, and each is told; config, diff_ids and
    the store's image stay"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        digest = client.build(name, a=b"one" * 100000, b=b"two")
        stored = client("inspect", "--raw", name).stdout
        done = client("push", "--compression", "zstd", "--digestfile", work + "/digest", name)
        lines = re.findall(r"^#(\d+) compress (sha256:\w{12})\S+ (\S+)( DONE \S+s)?$", done.stderr, re.MULTILINE)
        peer.equal([line[:3] for line in lines[0::2]], [line[:3] for line in lines[1::2]], "lines of one layer")
        peer.equal([bool(line[3]) for line in lines], [False, True] * 2, done.stderr)
        peer.equal([line[1] for line in lines[1::2]],
                   [layer["digest"][:19] for layer in json.loads(stored)["layers"]], "layers")
        sent = registry.get("/v2/t/app/manifests/1", OCI)
        peer.equal(kinds(json.loads(sent)), ["+zstd", "+zstd"], "media types")
        peer.equal(json.loads(sent)["config"], json.loads(stored)["config"], "config")
        peer.equal(done.stdout, "%s/t/app@%s\n" % (registry.name, imagefs.sha256(sent)), "what is printed")
        with open(work + "/digest", encoding="ascii") as file:
            peer.equal(file.read(), imagefs.sha256(sent), "--digestfile")
        assert imagefs.sha256(sent) != digest, digest
        peer.equal(client("inspect", "--raw", name).stdout, stored, "the image of the store")
        again = client("push", "--compression-format=zstd", name).stderr
        assert "already there" in again and "compress" not in again, again
        client("pull", name, store=work + "/other")
        peer.equal(imagefs.read_layout(work + "/other", name).tree(), imagefs.read_layout(client.store, name).tree(), "files")
        client("push", "--compression=uncompressed", name)
        peer.equal(kinds(manifest(registry, "t/app")), ["", ""], "media types")


def layers_of_that_form_stay_unless_forced(client, work):
    """cli.md 6.21: a layer that has the form is sent as it is; --force-compression gives all new bytes"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        digest = client.build(name, a=b"one" * 100000)
        assert client("push", "--compression", "gzip", name).stdout.endswith(digest + "\n")
        client("push", "--compression", "gzip", "--compression-level", "1", "--force-compression", name)
        document = manifest(registry, "t/app")
        peer.equal(kinds(document), ["+gzip"], "media types")
        old = json.loads(client("inspect", "--raw", name).stdout)
        assert document["layers"][0]["digest"] != old["layers"][0]["digest"], document


def one_platform_and_all_tags(client, work):
    """cli.md 6.21: with --platform, --all-tags and of an index as well"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app"
        client.build(name + ":1", platform="linux/amd64,linux/arm64", a=b"one")
        client.build(name + ":2", b=b"two")
        client("push", "--compression", "zstd", "--all-tags", name)
        index = json.loads(registry.get("/v2/t/app/manifests/1", "application/vnd.oci.image.index.v1+json"))
        for child in index["manifests"]:
            peer.equal(kinds(manifest(registry, "t/app", child["digest"])), ["+zstd"], "media types of a child")
        peer.equal(kinds(manifest(registry, "t/app", "2")), ["+zstd"], "media types")
        client("push", "--compression", "uncompressed", "--platform", "linux/arm64", name + ":1")
        peer.equal(kinds(manifest(registry, "t/app", "1")), [""], "media types")


def base_layers_are_fetched_to_be_changed(client, work):
    """cli.md 4.20, 9.3: a base's layers are fetched when the result is to have another compression, and each is told"""
    with Registry(work + "/r") as registry:
        base = registry.name + "/t/base:1"
        client.build(base, a=b"one" * 100000)
        client("push", base)
        context, name = client.context(base=base, b=b"two"), registry.name + "/t/app:1"
        for words in (["--compression", "zstd", "--force-compression", "--push"],
                      ["-o", "type=registry,compression=zstd,force-compression=true"]):
            store = work + "/" + words[0]
            text = client("build", "-t", name, *words, context, store=store).stderr
            assert re.search(r"(?m)^#(\d+) compress sha256:\S+ \S+B\n#\1 compress sha256:\S+ \S+B DONE ", text), text
            document = manifest(registry, "t/app")
            peer.equal(kinds(document), ["+zstd", "+zstd"], "media types")
        peer.equal(len(document["layers"]), 2, "layers")
        client("pull", name, store=work + "/other")
        assert imagefs.read_layout(work + "/other", name).tree(), "files"


def a_push_fetches_the_base_layers_that_change(client, work):
    """cli.md 6.21: base layers that the store lacks come from where the build found the base; --offline is refused"""
    with Registry(work + "/r") as registry, Registry(work + "/r2") as target:
        base, name, store = registry.name + "/t/base:1", registry.name + "/t/app:1", work + "/second"
        sent = target.name + "/t/app:1"
        client.build(base, a=b"one" * 100000, c=b"three")
        client("push", base)
        client("build", "-t", name, client.context(base=base, b=b"two"), store=store)
        layers = json.loads(client("inspect", "--raw", name, store=store).stdout)["layers"]
        blobs = [os.path.join(store, "blobs", layer["digest"].replace(":", "/")) for layer in layers]
        for blob in blobs[:2]:
            os.remove(blob)
        refused = client("push", "--compression", "zstd", "--offline", name, sent, store=store, exit_code=2)
        assert "push needs a registry, and --offline forbids it" in refused.stderr, refused.stderr
        before = registry.requests()
        client("push", "--compression", "zstd", name, sent, store=store)
        asked = [words for words in registry.since(before) if words.startswith("GET blobs")]
        peer.equal(len(asked), 2, "layers fetched")
        peer.equal(kinds(manifest(target, "t/app")), ["+zstd"] * 3, "media types")
        client("pull", sent, store=work + "/other")
        peer.equal(sorted(imagefs.read_layout(work + "/other", sent).tree()), ["a", "b", "c"], "files")
        # What became of a layer is known: its old form is not needed again.
        for blob in blobs[:2]:
            os.remove(blob)
        before = registry.requests()
        assert "already there" in client("push", "--compression", "zstd", name, sent, store=store).stderr
        peer.equal(registry.since(before), [], "requests to the base's registry")
        os.remove(blobs[2])
        client.fails("blob-missing", 1, "push", "--compression", "uncompressed", name, sent, store=store)


run(a_push_changes_the_layers_and_nothing_else, layers_of_that_form_stay_unless_forced, one_platform_and_all_tags,
    base_layers_are_fetched_to_be_changed, a_push_fetches_the_base_layers_that_change)
