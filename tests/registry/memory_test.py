#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Memory does not grow with the size of a layer that is pulled, pushed or sent from registry to registry.

usage: memory_test.py --ocibuild PROGRAM        REGISTRY_LAYER_MIB=4096 for a larger layer
"""

import hashlib
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import run  # noqa: E402
from scripted_connection import PATTERN, pattern_bytes  # noqa: E402
from scripted_registry import OCI, FaultyRegistry, blob, put  # noqa: E402

LIMIT_MIB = 64
LAYER_MIB = int(os.environ.get("REGISTRY_LAYER_MIB", "1024"))


class Pattern:
    """Bytes that nobody keeps: as much of an endless pattern as wanted."""

    def __init__(self, size):
        self.size = size
        hasher = hashlib.sha256()
        for _ in range(size // len(PATTERN)):
            hasher.update(PATTERN)
        self.digest = "sha256:" + hasher.hexdigest()

    def __len__(self):
        return self.size

    def __getitem__(self, piece):
        return pattern_bytes(piece.start, min(piece.stop, self.size))


def measured(client, *arguments, store):
    """Runs the program; its largest resident size in MiB. That of this process is its least."""
    words = [client.program, arguments[0], "--root", store, *arguments[1:]]
    began = time.monotonic()
    pid = os.posix_spawn(client.program, words, {"PATH": os.environ["PATH"], "HOME": client.home})
    _, status, usage = os.wait4(pid, 0)
    peer.equal(status, 0, " ".join(words))
    print("%s: %d MiB resident, %.1f s, %.1f s of processor time" % (
        arguments[0], usage.ru_maxrss // 1024, time.monotonic() - began, usage.ru_utime + usage.ru_stime), flush=True)
    return usage.ru_maxrss // 1024


def a_large_layer_needs_little_memory(client, work):
    """registry.md N7, M4: a layer much larger than the limit is pulled, pushed and streamed in less than 64 MiB"""
    layer = Pattern(LAYER_MIB << 20)
    with FaultyRegistry() as source, FaultyRegistry(discards=True) as target:
        source.blobs["t/large"] = {layer.digest: layer}
        config = {"os": "linux", "architecture": "amd64", "config": {},
                  "rootfs": {"type": "layers", "diff_ids": [layer.digest]}}
        image = put(source, "t/large", OCI, {
            "schemaVersion": 2, "mediaType": OCI,
            "config": blob(source, "t/large", json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json"),
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": layer.digest,
                        "size": len(layer)}]})
        source.tags["t/large", "1"] = image["digest"]
        base = source.name + "/t/large:1"
        used = {"pull": measured(client, "pull", base, store=client.store)}
        client("tag", base, target.name + "/t/pushed:1")
        used["push"] = measured(client, "push", target.name + "/t/pushed:1", store=client.store)
        context = client.context(base=base)  # with no file of its own, so that nothing reads the base
        used["stream"] = measured(client, "build", "--push", "-t", target.name + "/t/streamed:1", context,
                                  store=work + "/fresh")
        for command, size in used.items():
            assert size < LIMIT_MIB, (command, size)
        for name in ("t/pushed", "t/streamed"):
            peer.equal(len(target.blobs[name][layer.digest]), len(layer), name)
        assert not os.path.exists("%s/fresh/blobs/sha256/%s" % (work, layer.digest[7:])), "the streamed layer is stored"


run(a_large_layer_needs_little_memory)
