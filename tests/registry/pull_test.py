#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pulls from a registry in memory: untrusted documents, resuming, encodings, redirects, tokens, mirrors, warnings.

usage: pull_test.py --ocibuild PROGRAM
"""

import gzip
import json
import os
import sys
import time
from urllib.parse import parse_qs

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, run  # noqa: E402
from scripted_registry import OCI, Fault, FaultyRegistry, put, put_index, seeded, sha256  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
BEARER = {"kind": "bearer", "user": USER, "password": PASSWORD}
BLOB, MANIFEST = "/blobs/sha256", "/manifests/"


def layer_of(registry, image):
    """Digest and bytes of the only layer."""
    name, _, tag = image.partition(":")
    document = json.loads(registry.manifests[name, registry.tags[name, tag]][1])
    digest = document["layers"][0]["digest"]
    return digest, registry.blobs[name][digest]


def pulls(client, registry, work, *more, image="t/app:1"):
    """Pulls into a store of its own, whole and right; what was said."""
    store = "%s/store%d" % (work, len(os.listdir(work)))
    done = client("pull", *QUICK, *more, registry.name + "/" + image, store=store)
    for name in os.listdir(store + "/blobs/sha256"):
        with open(os.path.join(store, "blobs", "sha256", name), "rb") as file:
            peer.equal(sha256(file.read()), "sha256:" + name, "stored blob")
    return done.stderr


def ranges(registry, digest):
    """The Range of each request for a blob, None without."""
    return [dict(entry["headers"]).get("Range") for entry in registry.record()
            if entry["method"] == "GET" and entry["target"].endswith(digest)]


def bad_descriptors_are_never_asked_for(client, _):
    """registry.md P6, X5, X6: sizes, digests, media types and numbers of a stranger's document are checked first"""
    with FaultyRegistry() as registry:
        seeded(registry, "t/app:1")
        good = json.loads(registry.manifests["t/app", registry.tags["t/app", "1"]][1])
        layer = good["layers"][0]
        bad_layers = [{**layer, "size": size} for size in (-1, 1.5, "7", 1 << 41, 1 << 64)]
        bad_layers += [{**layer, "digest": digest} for digest in
                       ("sha256:zz", "../../../etc/passwd", "sha256:" + "A" * 64, "md5:" + "0" * 32, 7, "")]
        bad_layers += [{**layer, "mediaType": "x" * 256}, {**layer, "mediaType": 1}]
        documents = [{**good, "layers": [bad]} for bad in bad_layers]
        documents += [{**good, "layers": [layer] * 1025}, {**good, "layers": {}},
                      {**good, "config": {**good["config"], "size": (16 << 20) + 1}}]
        for number, document in enumerate(documents):
            registry.tags["t/app", "bad"] = put(registry, "t/app", OCI, document)["digest"]
            text = client.fails("manifest-invalid", 1, "pull", *QUICK, registry.name + "/t/app:bad")
            assert "/blobs/" not in text, (number, text)
        deep = json.dumps(good)[:-1] + ',"annotations":' + "[" * 70 + "]" * 70 + "}"
        registry.tags["t/app", "bad"] = put(registry, "t/app", OCI, deep.encode())["digest"]
        client.fails("json-invalid", 1, "pull", *QUICK, registry.name + "/t/app:bad")
        put_index(registry, "t/multi:1", [({"mediaType": OCI, "digest": layer["digest"], "size": 5 << 20}, "amd64")])
        text = client.fails("manifest-invalid", 1, "pull", *QUICK, registry.name + "/t/multi:1")
        peer.equal(text.count("debug: GET http://"), 1, "requests in " + text)


def an_index_may_be_in_an_index(client, work):
    """registry.md P7.7: one nested index is followed, a second one is an error"""
    with FaultyRegistry() as registry:
        for depth, expected in ((1, 0), (2, 1)):
            inner = seeded(registry, "t/multi")
            for _ in range(depth):
                inner = put_index(registry, "t/multi", [(inner, "amd64")])
            put_index(registry, "t/multi:1", [(inner, "amd64")])
            name = registry.name + "/t/multi:1"
            done = client("pull", "--platform", "linux/amd64", name, store=work + "/s%d" % depth, exit_code=expected)
        assert "error[manifest-invalid]" in done.stderr, done.stderr


def another_platform_is_told(client, _):
    """registry.md P7.8: an image without index for another platform than the one asked for is a warning"""
    with FaultyRegistry() as registry:
        seeded(registry, "t/app:1", architecture="arm64")
        text = client("pull", *QUICK, "--platform", "linux/amd64", registry.name + "/t/app:1").stderr
        assert "warning[platform-mismatch]" in text and "is for linux/arm64, not for linux/amd64" in text, text
        text = client("pull", *QUICK, registry.name + "/t/app:1").stderr
        assert "warning" not in text, text


def a_blob_that_changed_begins_anew(client, work):
    """registry.md P9.6: another ETag or digest header after a break throws away what was there"""
    with FaultyRegistry() as registry:
        seeded(registry, "t/app:1")
        digest, _ = layer_of(registry, "t/app:1")
        registry.faults[:] = [Fault("GET", digest, times=1, reset_out=5000, more_headers=[["ETag", '"a"']]),
                              Fault("GET", digest, times=1, more_headers=[["ETag", '"b"']])]
        pulls(client, registry, work)
        peer.equal(ranges(registry, digest), [None, "bytes=5000-", None], "ranges")
        registry.server.command("clear")
        registry.faults[:] = [Fault("GET", digest, times=1, reset_out=5000, more_headers=[["ETag", '"a"']]),
                              Fault("GET", digest, times=1, more_headers=[["ETag", '"a"']])]
        pulls(client, registry, work)
        peer.equal(ranges(registry, digest), [None, "bytes=5000-"], "the same ETag")


def a_416_does_not_hang(client, work):
    """registry.md P9.1, P9.4: a 416 begins anew once, its body is not waited for; a second one is an error"""
    lie = {"status": 416, "length": 20000, "body": "x" * 33}
    with FaultyRegistry() as registry:
        seeded(registry, "t/app:1")
        digest, _ = layer_of(registry, "t/app:1")
        registry.faults[:] = [Fault("GET", digest, times=1, reset_out=5000), Fault("GET", digest, times=1, **lie)]
        began = time.monotonic()
        pulls(client, registry, work)
        assert time.monotonic() - began < 20, "waited for a body that never comes"
        peer.equal(ranges(registry, digest), [None, "bytes=5000-", None], "ranges")
        registry.faults[:] = [Fault("GET", digest, times=1, reset_out=5000), Fault("GET", digest, times=1, **lie),
                              Fault("GET", digest, times=1, reset_out=5000), Fault("GET", digest, **lie)]
        client.fails("registry-refused", 1, "pull", *QUICK, registry.name + "/t/app:1")


def a_complete_blob_is_not_asked_for(client, work):
    """registry.md P9.1, P10: nothing is asked at the end of a blob, for an empty blob, or twice for one digest"""
    with FaultyRegistry() as registry:
        seeded(registry, "t/app:1")
        digest, data = layer_of(registry, "t/app:1")
        registry.faults[:] = [Fault("GET", digest, times=1, chunked=True, reset_out=len(data))]
        pulls(client, registry, work)
        peer.equal(ranges(registry, digest), [None], "a break after the last byte")
        seeded(registry, "t/empty:1", layer=b"")
        pulls(client, registry, work, image="t/empty:1")
        peer.equal(ranges(registry, sha256(b"")), [], "an empty blob")


def encodings_that_nobody_wanted(client, work):
    """registry.md N2: a wrong label does no harm, encoded blobs and manifests are decoded, with the digest deciding"""
    with FaultyRegistry() as registry:
        seeded(registry, "t/app:1")
        digest, data = layer_of(registry, "t/app:1")
        _, manifest = registry.manifests["t/app", registry.tags["t/app", "1"]]

        def label(name):
            return {"more_headers": [["Content-Encoding", name]]}
        registry.faults[:] = [Fault("GET", digest, **label("x-gzip"))]
        pulls(client, registry, work)
        peer.equal(len(ranges(registry, digest)), 1, "requests for a mislabelled blob")
        good = gzip.compress(data)  # made once: it holds the time
        for encoded in (good, good + b"\0" * 30000, gzip.compress(b"other"), b"no gzip"):
            registry.faults[:] = [Fault("GET", digest, binary=encoded, **label("gzip")),
                                  Fault("GET", MANIFEST, binary=gzip.compress(manifest), **label("gzip"))]
            if encoded.startswith(good):  # with rubbish behind it: the digest is right
                pulls(client, registry, work)
            else:
                done = client("pull", *QUICK, registry.name + "/t/app:1", store=work + "/bad", exit_code=None)
                assert done.returncode in (1, 3), done.stderr
                assert digest[7:] not in os.listdir(work + "/bad/blobs/sha256"), "stored"
        registry.faults[:] = [Fault("GET", MANIFEST, binary=gzip.compress(b" " * (5 << 20)), **label("gzip"))]
        client.fails("manifest-too-large", 1, "pull", *QUICK, registry.name + "/t/app:1")


def redirect_targets_get_an_anonymous_token(client, work):
    """registry.md N4.4, X1, X2: a redirect target that wants a token gets one for nobody; its 403 asks the registry again"""
    with FaultyRegistry(auth=BEARER, cdn=True, cdn_auth=True) as registry:
        seeded(registry, "t/app:1")
        pulls(client, registry, work, "--creds", "%s:%s" % (USER, PASSWORD))
        there = registry.record("other")
        given = {dict(entry["headers"]).get("Authorization") for entry in there}
        ours = {dict(entry["headers"]).get("Authorization") for entry in registry.record()} - {None}
        assert [entry for entry in there if entry["target"].startswith("/token")], there
        assert all(value is None or value.startswith("Bearer ") for value in given), given
        tokens = [entry for entry in there if entry["target"].startswith("/token")]
        assert all("Authorization" not in dict(entry["headers"]) and "account" not in entry["target"] for entry in tokens)
        assert any(value.startswith("Basic ") for value in ours), ours
    with FaultyRegistry(cdn=True) as registry:
        seeded(registry, "t/app:1")
        digest, _ = layer_of(registry, "t/app:1")
        registry.faults[:] = [Fault("GET", digest + ".*sig", times=1, status=403)]
        pulls(client, registry, work)
        peer.equal(len(ranges(registry, digest)), 2, "the registry is asked for a new address")


def refresh_tokens_are_replaced(client, work):
    """registry.md T5: a refresh token that comes with a token takes the place of the one that was sent"""
    with FaultyRegistry(auth={**BEARER, "token_uses": 2, "refresh_token": "r3fresh-0", "rotates": True}) as registry:
        seeded(registry, "t/app:1")
        os.makedirs(client.home + "/.docker")
        with open(client.home + "/.docker/config.json", "w", encoding="ascii") as file:
            json.dump({"auths": {registry.name: {"identitytoken": "r3fresh-0"}}}, file)
        client.secrets += ["r3fresh-%d" % i for i in range(9)]
        pulls(client, registry, work)
        sent = [parse_qs(entry["body"])["refresh_token"][0] for entry in registry.record()
                if entry["method"] == "POST" and entry["target"] == "/token"]
        assert sent[:2] == ["r3fresh-0", "r3fresh-1"], sent


def mirrors_are_left_for_the_next_source(client, work):
    """registry.md C3.1, C3.2, C3.4, C3.5, X8: when a mirror is left, how often it is asked, and what is said of it"""
    with FaultyRegistry() as registry, FaultyRegistry() as mirror:
        seeded(registry, "t/app:1")
        seeded(mirror, "hub/t/app:1")
        mirror.manifests["hub/t/app", mirror.tags["hub/t/app", "1"]] = registry.manifests["t/app", registry.tags["t/app", "1"]]
        digest, _ = layer_of(registry, "t/app:1")
        use = ["--registry-mirror", "%s=%s/hub" % (registry.name, mirror.name)]
        mirror.manifests.update({("hub/t/app", key[1]): value for key, value in registry.manifests.items()})
        mirror.tags["hub/t/app", "1"] = registry.tags["t/app", "1"]
        for answer, times in (({"status": 503}, 2), ({"status": 404}, 1), ({"status": 403}, 1), ({"reset_in": 0}, 2),
                              ({"status": 429, "headers": [["Retry-After", "0"]]}, 6), ({"status": 200, "body": "hello"}, 1)):
            mirror.faults[:] = [Fault("GET", MANIFEST, **answer)]
            mirror.server.command("clear")
            pulls(client, registry, work, *use)
            plain = [entry for entry in mirror.record() if entry["target"].startswith("/v2/")]
            peer.equal(len(plain), times, "requests to a mirror that says %s" % answer)
        mirror.faults[:] = []
        text = pulls(client, registry, work, *use)  # it has no blobs: they come from the registry
        assert "%s/t/app:1@sha256:" % registry.name in text and " via %s/hub DONE" % mirror.name in text, text
        mirror.blobs["hub/t/app"] = dict(registry.blobs["t/app"])
        mirror.faults[:] = [Fault("GET", digest, corrupt=5)]
        text = pulls(client, registry, work, *use)
        assert "warning[mirror-skipped]: %s was left for the next source" % mirror.name in text, text
    with FaultyRegistry() as registry, FaultyRegistry(auth=BEARER) as mirror:
        seeded(registry, "t/app:1")
        pulls(client, registry, work, "--creds", "%s:%s" % (USER, PASSWORD), "--registry-mirror",
              "%s=%s" % (registry.name, mirror.name))
        headers = [name for entry in mirror.record() for name, value in entry["headers"] if value.startswith("Basic")]
        peer.equal(headers, [], "credentials of the registry at its mirror")


def warnings_of_registries_are_shown_once(client, work):
    """registry.md E4: the text of Warning headers is shown once, escaped, and at most 4 KiB of them"""
    with FaultyRegistry() as registry:
        seeded(registry, "t/app:1")
        said = [["Warning", '299 - "going \\"away\x1b[31m"'], ["Warning", '110 - "stale"'], ["Warning", '299 - "%s"' % ("x" * 4090)]]
        registry.faults[:] = [Fault("GET", "/v2/", more_headers=said)]
        text = pulls(client, registry, work)
        peer.equal(text.count("warning[registry-warning]"), 1, text)
        assert 'says: going "away\\x1b[31m' in text and "\x1b" not in text and "stale" not in text and "xxxx" not in text, text


def tags_come_in_pages(client, _):
    """registry.md P11: the pages of a tag list are followed, ten at most"""
    with FaultyRegistry(page=2) as registry:
        for tag in ("1.0", "1.1", "1.2", "2.0", "2.1", "9.9"):
            seeded(registry, "t/app:" + tag)
        text = client.fails("base-not-found", 5, "pull", *QUICK, registry.name + "/t/app:9.8")
        assert "tags that are there: 9.9, " in text and "(of 6)" in text, text
        registry.settings["page"] = 1
        for number in range(20):
            seeded(registry, "t/app:0.%02d" % number)
        registry.server.command("clear")
        client.fails("base-not-found", 5, "pull", *QUICK, registry.name + "/t/app:9.8")
        peer.equal(len([1 for entry in registry.record() if "/tags/list" in entry["target"]]), 10, "pages")


def newer_bases_are_fetched_only_when_they_are(client, work):
    """registry.md P2: --pull=newer asks by HEAD, and fetches what the store does not have; what HEAD does not tell is
    asked by GET"""
    with FaultyRegistry() as registry:
        name = registry.name + "/t/base:1"
        client.build(name, a=b"one")
        client("push", name)

        def asked():
            registry.server.command("clear")
            client("build", "--pull=newer", *QUICK, "-t", "app:1", client.context(base=name, b=b"two"),
                   store=work + "/builds")
            return [entry["method"] for entry in registry.record() if MANIFEST in entry["target"]]

        peer.equal(asked(), ["HEAD", "GET"], "new")
        peer.equal(asked(), ["HEAD"], "the same")
        registry.faults[:] = [Fault("HEAD", MANIFEST, times=9, status=401, body="no")]
        peer.equal(asked()[-1], "GET", "a registry that answers no HEAD")
        registry.faults[:] = []
        client.build(name, a=b"three")
        client("push", name)
        peer.equal(asked(), ["HEAD", "GET"], "newer")


if __name__ == "__main__":
    run(bad_descriptors_are_never_asked_for, an_index_may_be_in_an_index, another_platform_is_told,
        a_blob_that_changed_begins_anew, a_416_does_not_hang, a_complete_blob_is_not_asked_for, encodings_that_nobody_wanted,
        redirect_targets_get_an_anonymous_token, refresh_tokens_are_replaced, mirrors_are_left_for_the_next_source,
        warnings_of_registries_are_shown_once, tags_come_in_pages, newer_bases_are_fetched_only_when_they_are)
