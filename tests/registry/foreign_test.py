#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Foreign layers stay where they are, and their bytes come from there when they are needed.

usage: foreign_test.py --ocibuild PROGRAM
"""

import gzip
import io
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry, run  # noqa: E402
from scripted_registry import OCI, Fault, FaultyRegistry, blob, put, sha256  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]
BEARER = {"kind": "bearer", "user": USER, "password": PASSWORD}
NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
UPLOAD = "/blobs/uploads/"


def packed(name, content):
    """A layer of one file: its bytes and its diff_id."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as out:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        out.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0), sha256(tar.getvalue())


def seed(registry, urls, media_type=NONDISTRIBUTABLE, name="t/win"):
    """NAME:1 with a layer that has /near and one with these URLs that has /far; the latter's bytes and digest."""
    near, far = packed("near", b"near\n"), packed("far", b"far\n")
    config = {"os": "linux", "architecture": "amd64", "config": {},
              "rootfs": {"type": "layers", "diff_ids": [near[1], far[1]]}}
    layers = [blob(registry, name, near[0]),
              {"mediaType": media_type, "digest": sha256(far[0]), "size": len(far[0]), "urls": urls}]
    descriptor = put(registry, name, OCI, {
        "schemaVersion": 2, "mediaType": OCI, "layers": layers,
        "config": blob(registry, name, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")})
    registry.tags[name, "1"] = descriptor["digest"]
    return far[0], sha256(far[0])


def stored(client, digest, store=None):
    return os.path.exists("%s/blobs/sha256/%s" % (store or client.store, digest[7:]))


def copies_far(client, registry, arguments=(), exit_code=0, host=None):
    """A build that reads /far of the image; the image, or what was said."""
    os.makedirs(client.work + "/context", exist_ok=True)
    with open(client.work + "/context/Dockerfile", "w", encoding="ascii") as file:
        file.write("FROM scratch\nCOPY --from=%s/t/win:1 /far /copied\n" % (host or registry.name))
    done = client("build", *QUICK, *arguments, "-t", "app:1", client.work + "/context", exit_code=exit_code)
    return done.stderr if exit_code else imagefs.read_layout(client.store, "docker.io/library/app:1")


def a_foreign_layer_stays_where_it_is(client, work):
    """registry.md P6, U2: neither a pull nor a push moves the bytes of a foreign layer with URLs; the rest arrives"""
    with FaultyRegistry() as source, FaultyRegistry() as target:
        _, digest = seed(source, ["http://127.0.0.1:9/nowhere"])
        client("pull", *QUICK, source.name + "/t/win:1")
        assert not stored(client, digest)
        client("tag", source.name + "/t/win:1", target.name + "/t/win:1")
        client("push", *QUICK, target.name + "/t/win:1")
        peer.equal(target.tags, source.tags, "tags")
        assert digest not in target.blobs["t/win"], "uploaded"
        peer.equal(len(target.blobs["t/win"]), 2, "blobs")
        with Registry(work + "/r") as real:
            client("tag", source.name + "/t/win:1", real.name + "/t/win:1")
            client("push", *QUICK, real.name + "/t/win:1")


def other_layers_with_urls_are_layers(client, _):
    """registry.md P6, U2: URLs of a layer of an ordinary type mean nothing: it is fetched and uploaded"""
    with FaultyRegistry() as source, FaultyRegistry() as target:
        data, digest = seed(source, ["http://127.0.0.1:9/nowhere"], LAYER)
        source.blobs["t/win"][digest] = data
        client("pull", *QUICK, source.name + "/t/win:1")
        assert stored(client, digest)
        client("tag", source.name + "/t/win:1", target.name + "/t/win:1")
        client("push", *QUICK, target.name + "/t/win:1")
        peer.equal(target.blobs["t/win"][digest], data, "layer")
        target.consistent()


def bytes_come_from_the_registry_first(client, _):
    """registry.md P6: a registry that has the foreign layer gives it; its URLs are not asked"""
    with FaultyRegistry() as registry:
        data, digest = seed(registry, ["http://127.0.0.1:9/nowhere"])
        registry.blobs["t/win"][digest] = data
        peer.equal(sorted(copies_far(client, registry).tree()), ["copied"], "files")


def else_they_come_from_the_urls(client, _):
    """registry.md P6, X1, X7: without a login, from the next address when one fails, and only if the digest is right"""
    with FaultyRegistry(auth=BEARER) as registry:
        client.secrets += ["token-%d" % i for i in range(1, 30)]
        here, there = (registry.server.listeners[name].url for name in ("main", "other"))
        data, digest = seed(registry, ["ftp://elsewhere.test/x", there + "/gone", there + "/wrong",
                                       here + "/far?sig=a%2Fb"])
        registry.faults += [Fault("GET", "/wrong", status=200, body_size=len(data)),
                            Fault("GET", "/far", times=1, status=200, cut_out=50, binary=data)]
        registry.gate.options["open"] = "/far"
        registry.faults.append(Fault("GET", "/far", status=200, binary=data))
        peer.equal(sorted(copies_far(client, registry, LOGIN).tree()), ["copied"], "files")
        asked = [entry for name in ("main", "other") for entry in registry.record(name)
                 if entry["target"].startswith(("/far", "/wrong", "/gone"))]
        assert {entry["target"] for entry in asked} == {"/gone", "/wrong", "/far?sig=a%2Fb"}, asked
        for entry in asked:
            assert "authorization" not in [key.lower() for key, _ in entry["headers"]], entry
        assert stored(client, digest)
        registry.server.command("clear")
        copies_far(client, registry, LOGIN)
        peer.equal([entry["target"] for entry in registry.record() if "far" in entry["target"]], [], "second build")


def an_image_of_the_store_lacks_no_layer(client, _):
    """registry.md P6: a pulled image whose registry is not asked for the manifest gets its foreign layer too"""
    with FaultyRegistry() as registry:
        data, digest = seed(registry, [registry.server.listeners["other"].url + "/far"])
        registry.faults.append(Fault("GET", "/far", status=200, binary=data))
        client("pull", *QUICK, registry.name + "/t/win:1")
        registry.server.command("clear")
        peer.equal(sorted(copies_far(client, registry).tree()), ["copied"], "files")
        peer.equal(registry.asked("GET", "/manifests/"), [], "manifests")
        assert stored(client, digest)


def nobody_is_sent_into_private_networks(client, _):
    """registry.md P6, X10: addresses on this machine or in its networks are not asked, directly or by a redirect"""
    with FaultyRegistry(tls="good") as registry:
        cdn = "cdn.test:%d" % registry.server.listeners["other"].port
        trust = ["--cacert", registry.server.certificates.path("ca.crt"), *registry.resolve,
                 "--resolve", cdn + ":127.0.0.1"]
        data, _ = seed(registry, ["http://127.0.0.1:9/x", "http://10.0.0.1/x", "http://169.254.169.254/x",
                                  "http://%s/moved" % cdn, "http://%s/far" % cdn])
        inside = {"status": 302, "headers": [["Location", "http://192.168.0.1/x"]]}
        registry.faults += [Fault("GET", "/moved", **inside)]
        text = copies_far(client, registry, trust, exit_code=5)
        for words in ("http://127.0.0.1:9/x is not asked: a local or private address", "10.0.0.1/x is not asked",
                      "169.254.169.254/x is not asked", "to http://192.168.0.1/x, a private address", "/far: "):
            assert words in text, text
        registry.faults.append(Fault("GET", "/far", status=200, binary=data))
        peer.equal(sorted(copies_far(client, registry, trust).tree()), ["copied"], "files")


run(a_foreign_layer_stays_where_it_is, other_layers_with_urls_are_layers, bytes_come_from_the_registry_first,
    else_they_come_from_the_urls, an_image_of_the_store_lacks_no_layer, nobody_is_sent_into_private_networks)
