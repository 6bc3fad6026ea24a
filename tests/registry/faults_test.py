#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Push and pull against a registry in memory that misbehaves: what ends well, what does not, and that nothing wrong stays.

usage: faults_test.py --ocibuild PROGRAM
"""

import os
import random
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]
BEARER = {"kind": "bearer", "user": USER, "password": PASSWORD}
UPLOAD, BLOB, MANIFEST = "/blobs/uploads/", "/blobs/sha256", "/manifests/"
RANDOM_ROUNDS = int(os.environ.get("REGISTRY_ROUNDS", "6"))  # pushes and pulls of the random test


def built(client, registry, size=20000):
    """A name on `registry`; its image has two layers of bytes that do not compress."""
    source = random.Random(size)
    name = registry.name + "/t/app:1"
    client.build(name, a=source.randbytes(size), b=b"two")
    return name


def pushed(client, **settings):
    """A registry that has the image, and its name."""
    registry = FaultyRegistry(**settings)
    name = built(client, registry)
    client("push", *QUICK, name)
    registry.server.command("clear")
    return registry, name


def stores(client, work):
    """Numbers for fresh stores."""
    number = len([entry for entry in os.listdir(work) if entry.startswith("pulled")])
    return "%s/pulled%d" % (work, number)


def pulls(client, work, name, *more):
    store = stores(client, work)
    client("pull", *QUICK, *more, name, store=store)
    peer.equal(imagefs.read_layout(store, name).tree(), imagefs.read_layout(client.store, name).tree(), "files")


def does_not_pull(client, work, name, error_id, exit_code, *more):
    """Fails so; afterwards the store names no image and has no blob that is not its digest's."""
    store = stores(client, work)
    text = client.fails(error_id, exit_code, "pull", *QUICK, *more, name, store=store)
    assert name not in client("images", store=store).stdout
    top = store + "/blobs/sha256"
    for blob in os.listdir(top) if os.path.isdir(top) else []:
        with open(os.path.join(top, blob), "rb") as file:
            peer.equal(imagefs.sha256(file.read())[7:], blob, "stored blob")
    return text


def does_not_push(client, registry, name, error_id, exit_code, *more):
    text = client.fails(error_id, exit_code, "push", *QUICK, *more, name)
    peer.equal(registry.tags, {}, "tags")
    registry.consistent()
    return text


def a_401_anywhere_in_a_push_is_answered(client, _):
    """registry.md T9: a token that dies at any kind of request costs one new token and the request again"""
    for method, path in (("HEAD", BLOB), ("POST", UPLOAD), ("PUT", UPLOAD), ("HEAD", MANIFEST), ("PUT", MANIFEST)):
        with FaultyRegistry(auth=BEARER) as registry:
            name = built(client, registry)
            client.secrets += ["token-%d" % i for i in range(1, 9)]
            # The very first token must have been good for something, or it counts as refused.
            fault = Fault(method, path, times=1, skip=1 if (method, path) == ("HEAD", MANIFEST) else 0, status=401,
                          headers=[["WWW-Authenticate", 'Bearer realm="{main}/token",service="s",error="invalid_token"']])
            registry.faults.append(fault)
            client("push", *QUICK, *LOGIN, name, name, name.replace(":1", ":2"))
            registry.consistent()
            peer.equal((fault.met, len(registry.tags)), (1, 2), method + " " + path)


def tokens_that_die_young_do_not_stop_a_push(client, work):
    """registry.md T8, T9: tokens that are good for three requests carry a push and a pull with parallel transfers"""
    with FaultyRegistry(auth={**BEARER, "token_uses": 3}) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, **{key: key.encode() * 1000 for key in "abcdefgh"})
        client("push", *QUICK, *LOGIN, name)
        registry.consistent()
        pulls(client, work, name, *LOGIN)


def a_token_that_is_never_taken_ends_it(client, _):
    """registry.md T9, E2: a fresh token that is refused is auth-refused, without a loop"""
    with FaultyRegistry(auth={**BEARER, "token_uses": 0}) as registry:
        name = built(client, registry)
        does_not_push(client, registry, name, "auth-refused", 4, *LOGIN)
        asked = [entry for entry in registry.record() if entry["target"].startswith("/token")]
        peer.equal(len(asked), 1, "token requests")


def a_403_is_push_denied(client, _):
    """registry.md E2: 403 to the upload is push-denied with the registry's words"""
    with FaultyRegistry() as registry:
        name = built(client, registry)
        registry.faults.append(Fault("POST", UPLOAD, status=403, body='{"errors":[{"code":"DENIED","message":"not yours"}]}'))
        assert "not yours" in does_not_push(client, registry, name, "push-denied", 4)


def busy_registries_are_waited_for(client, work):
    """registry.md Y1, Y2, N6: 429 and 5xx are repeated, Retry-After is kept; when they go on it is exit 3"""
    registry, name = pushed(client)
    with registry:
        for method, path in (("GET", MANIFEST), ("GET", BLOB)):
            registry.faults[:] = [Fault(method, path, times=3, status=503)]
            pulls(client, work, name)
        registry.faults[:] = [Fault("GET", MANIFEST, times=1, status=429, headers=[["Retry-After", "1"]])]
        began = time.monotonic()
        pulls(client, work, name)
        assert time.monotonic() - began >= 1, "Retry-After"
        registry.faults[:] = [Fault("GET", MANIFEST, status=500)]
        registry.server.command("clear")
        does_not_pull(client, work, name, "registry-unavailable", 3)
        peer.equal(len(registry.record()), 6, "attempts")
        registry.faults[:] = [Fault("GET", MANIFEST, status=429)]
        does_not_pull(client, work, name, "rate-limited", 3, "--retry", "1")
    with FaultyRegistry() as registry:
        name = built(client, registry)
        registry.faults += [Fault(method, path, times=2, status=502) for method, path in
                            (("HEAD", BLOB), ("POST", UPLOAD), ("PUT", UPLOAD), ("PUT", MANIFEST))]
        client("push", *QUICK, name)
        registry.consistent()


def cut_downloads_go_on(client, work):
    """registry.md P9, P10, Y5: a blob that is cut at any place is resumed there, and whole in the end"""
    registry, name = pushed(client)
    with registry:
        for place in (0, 1, 100, 5000, 15000):
            for how in ("reset_out", "cut_out"):
                registry.faults[:] = [Fault("GET", BLOB, times=3, **{how: place})]
                pulls(client, work, name)
        ranges = [value for entry in registry.record() for key, value in entry["headers"] if key == "Range"]
        assert "bytes=15000-" in ranges, ranges
        registry.faults[:] = [Fault("GET", BLOB, reset_out=0)]
        does_not_pull(client, work, name, "connection-lost", 3)


def ranges_that_are_not_kept_begin_anew(client, work):
    """registry.md P9.2, P9.3, P9.4: an ignored range, 416 and a foreign range begin at 0; nothing is glued"""
    registry, name = pushed(client)
    with registry:
        blobs = registry.blobs["t/app"]
        layer = max(blobs, key=lambda digest: len(blobs[digest]))  # others are whole before a range is asked for
        for second in ({"ignore_range": True}, {"status": 416},
                       {"status": 206, "headers": [["Content-Range", "bytes 7-9/20"]], "body": "abc"}):
            registry.faults[:] = [Fault("GET", layer, times=3, reset_out=2000), Fault("GET", layer, times=1, **second)]
            registry.server.command("clear")
            pulls(client, work, name)
            whole = 4 if "ignore_range" in second else 5  # an answer that ignores the range is one
            peer.equal(len(registry.asked("GET", layer)), whole, "requests for the layer")


def lying_answers_are_found_out(client, work):
    """registry.md P5, P8, P9.7, P10, X7: wrong bytes, sizes and digests are never stored"""
    registry, name = pushed(client)
    with registry:
        registry.faults[:] = [Fault("GET", BLOB, corrupt=10)]
        does_not_pull(client, work, name, "blob-corrupt", 3)
        registry.faults[:] = [Fault("GET", BLOB, length=10)]
        does_not_pull(client, work, name, "size-mismatch", 3)
        registry.faults[:] = [Fault("GET", BLOB, chunked=True, body_size=1 << 20)]
        does_not_pull(client, work, name, "size-mismatch", 3)
        registry.faults[:] = [Fault("GET", MANIFEST, corrupt=300)]
        does_not_pull(client, work, name, "blob-corrupt", 3)
        digest = next(iter(registry.tags.values()))
        wrong = Fault("GET", MANIFEST, status=200, body="{}", headers=[["Content-Type", "application/json"]])
        registry.faults[:] = [wrong]
        does_not_pull(client, work, name.replace(":1", "@" + digest), "manifest-invalid", 1)


def web_pages_are_no_manifests(client, work):
    """registry.md P4, E2: a web page in place of a manifest is not-a-registry with its title"""
    registry, name = pushed(client)
    with registry:
        for status in (200, 403, 404):
            registry.faults[:] = [Fault("GET", MANIFEST, status=status, headers=[["Content-Type", "text/html"]],
                                        body="<html><title>Sign in\x1b[31m</title></html>")]
            text = does_not_pull(client, work, name, "not-a-registry", 6)
            assert "Sign in" in text and "\x1b" not in text, text


def a_huge_manifest_is_not_read(client, work):
    """registry.md P3, X5: a manifest of 100 MB ends after 4 MiB, with a length, without one and with a lie"""
    registry, name = pushed(client)
    with registry:
        for lie in ({}, {"chunked": True}):
            # The whole of it would take 20 s.
            registry.faults[:] = [Fault("GET", MANIFEST, status=200, body_size=100 << 20, drip=[1 << 20, 0.2], **lie)]
            began = time.monotonic()
            does_not_pull(client, work, name, "manifest-too-large", 1)
            assert time.monotonic() - began < 10


def redirects_carry_no_secret(client, work):
    """registry.md N4, N4.1, N4.3, X1: a blob's redirect is followed byte for byte and sees no Authorization"""
    with FaultyRegistry(auth=BEARER, cdn=True) as registry:
        name = built(client, registry)
        client("push", *QUICK, *LOGIN, name)
        client.secrets.append("sig=a%2Fb")
        pulls(client, work, name, *LOGIN)
        seen = registry.record("other")
        assert seen and all(entry["target"].endswith("?sig=a%2Fb+c&x") for entry in seen), seen
        assert not [1 for entry in seen for key, _ in entry["headers"] if key.lower() == "authorization"], seen


def blobs_without_encryption_are_a_warning(client, work):
    """registry.md N4.5: a registry with TLS may send blobs to where there is none; that is said once"""
    with FaultyRegistry(tls="good") as registry:
        cdn = "cdn.test:%d" % registry.server.listeners["other"].port
        trust = ["--cacert", registry.server.certificates.path("ca.crt"), *registry.resolve, "--resolve", cdn + ":127.0.0.1"]
        name = built(client, registry)
        client("push", *QUICK, *trust, name)
        for digest in registry.blobs["t/app"]:
            address = "http://%s/v2/t/app/blobs/%s" % (cdn, digest)
            registry.faults.append(Fault("GET", "blobs/" + digest, times=1, status=307, headers=[["Location", address]]))
        text = client("pull", *QUICK, *trust, name, store=stores(client, work)).stderr
        assert text.count("serves blobs from %s without encryption" % cdn) == 1, text
        peer.equal(len(registry.asked("GET", BLOB, "other")), 3, "blobs from there")


def circles_of_redirects_end(client, work):
    """registry.md N4, X5: a redirect to itself and a chain without end are too-many-redirects"""
    registry, name = pushed(client)
    with registry:
        for target in ("{main}/v2/t/app/manifests/1", "{other}/v2/t/app/manifests/1"):
            registry.faults[:] = [Fault("GET", MANIFEST, status=307, headers=[["Location", target]])]
            does_not_pull(client, work, name, "too-many-redirects", 6)


def upload_addresses_are_taken_as_given(client, _):
    """registry.md U4, U4.1, X1: relative Locations, queries and another host work; the latter sees no Authorization"""
    for settings in ({"relative": True}, {"uploads_elsewhere": True}):
        with FaultyRegistry(auth=BEARER, **settings) as registry:
            name = built(client, registry)
            client("push", *QUICK, *LOGIN, name)
            registry.consistent()
            where = "other" if "uploads_elsewhere" in settings else "main"
            puts = [entry for entry in registry.record(where) if entry["method"] == "PUT" and "uploads" in entry["target"]]
            assert puts and all("?_state=a%2Fb+c&digest=sha256" in entry["target"] for entry in puts), puts
            if where == "other":
                assert not [1 for entry in puts for key, _ in entry["headers"] if key.lower() == "authorization"], puts


def refused_ways_are_changed(client, _):
    """registry.md U5: a refused PUT becomes a PATCH, a body that is too large pieces; 413 for good is too-large"""
    for status in (404, 405, 411, 415, 501):
        with FaultyRegistry(refuses={"PUT": status}) as registry:
            client("push", *QUICK, built(client, registry))
            registry.consistent()
            peer.equal(len(registry.tags), 1, "tags")
    with FaultyRegistry(piece=8 << 20) as registry:
        client("push", *QUICK, built(client, registry, 12 << 20))
        registry.consistent()
        pieces = [dict(entry["headers"]).get("Content-Range") for entry in registry.record() if entry["method"] == "PATCH"]
        assert "0-8388607" in pieces, pieces
    with FaultyRegistry(piece=1) as registry:
        does_not_push(client, registry, built(client, registry), "too-large", 6)


def broken_uploads_are_resumed_or_begun_anew(client, _):
    """registry.md U6: after a cut the registry's bytes are kept if it has them, else a new session begins"""
    for settings in ({}, {"forgets": True}):
        with FaultyRegistry(**settings) as registry:
            name = built(client, registry, 16 << 20)
            registry.faults.append(Fault("PUT", UPLOAD + ".*digest", times=1, break_upload=12 << 20))
            registry.faults.append(Fault("PUT", UPLOAD + ".*digest", times=1, break_upload=12 << 20))
            client("push", *QUICK, name)
            registry.consistent()
            peer.equal(len(registry.tags), 1, "tags")
    with FaultyRegistry() as registry:
        name = built(client, registry)
        registry.faults.append(Fault("PUT", UPLOAD, reset_in=100))
        does_not_push(client, registry, name, "upload-broken", 3)


def a_lost_manifest_answer_is_repeated(client, _):
    """registry.md Y6, U9: the answer to a manifest is lost after the registry took it; the push ends well"""
    with FaultyRegistry() as registry:
        name = built(client, registry)
        registry.faults.append(Fault("PUT", MANIFEST, times=1, raw="HTTP/1.1 201"))
        client("push", *QUICK, name)
        registry.consistent()


def a_wrong_digest_in_an_answer_is_an_error(client, _):
    """registry.md U9: a registry that stored another manifest than the one sent is blob-corrupt"""
    with FaultyRegistry() as registry:
        name = built(client, registry)
        registry.faults.append(Fault("PUT", MANIFEST, status=201, headers=[["Docker-Content-Digest", "sha256:" + "0" * 64]]))
        does_not_push(client, registry, name, "blob-corrupt", 3)


def bytes_changed_on_the_way_are_noticed(client, _):
    """registry.md U7: DIGEST_INVALID once is sent again, always is upload-corrupt"""
    answer = {"status": 400, "body": '{"errors":[{"code":"DIGEST_INVALID"}]}'}
    with FaultyRegistry() as registry:
        name = built(client, registry)
        registry.faults.append(Fault("PUT", UPLOAD, times=1, **answer))
        client("push", *QUICK, name)
        registry.consistent()
    with FaultyRegistry() as registry:
        registry.faults.append(Fault("PUT", UPLOAD, **answer))
        does_not_push(client, registry, built(client, registry), "upload-corrupt", 3)


def immutable_tags(client, _):
    """registry.md U12: an immutable tag of the same image is done, of another is tag-immutable"""
    registry, name = pushed(client)
    with registry:
        registry.faults.append(Fault("PUT", MANIFEST + "1$", status=400, body='{"errors":[{"code":"TAG_INVALID"}]}'))
        client("push", *QUICK, name)
        client.build(name, a=b"another")
        client.fails("tag-immutable", 1, "push", *QUICK, name)
        registry.consistent()


def a_drip_is_healthy_and_silence_is_not(client, work):
    """registry.md N3: slow bytes are waited for, none at all is stalled with exit 3"""
    registry, name = pushed(client)
    with registry:
        registry.faults[:] = [Fault("GET", BLOB, drip=[5000, 0.4])]
        pulls(client, work, name, "--idle-timeout", "1s")
        registry.faults[:] = [Fault("GET", MANIFEST, silent=True)]
        does_not_pull(client, work, name, "stalled", 3, "--idle-timeout", "1s", "--retry", "0")


def whatever_fails_nothing_wrong_stays(client, work):
    """registry.md Y1 to Y6, U1, P8: with every third request failing a push or pull ends right, or with exit 3 and nothing wrong"""
    ended = {0: 0, 3: 0}
    with FaultyRegistry() as clean:
        template = built(client, clean)
    for seed in range(RANDOM_ROUNDS):
        with FaultyRegistry(seed=seed) as registry:
            name = registry.name + "/t/app:1"
            done = client("push", *QUICK, template, name, exit_code=None)
            ended[done.returncode] += 1
            registry.consistent()
            registry.random = None
            client("push", *QUICK, template, name)  # what is missing
            registry.random = random.Random(seed)
            store = stores(client, work)
            done = client("pull", *QUICK, name, store=store, exit_code=None)
            ended[done.returncode] += 1
            if done.returncode == 0:
                peer.equal(imagefs.read_layout(store, name).tree(), imagefs.read_layout(client.store, template).tree(), "files")
            else:
                assert name not in client("images", store=store).stdout
    print("ended:", ended)


run(a_401_anywhere_in_a_push_is_answered, tokens_that_die_young_do_not_stop_a_push, a_token_that_is_never_taken_ends_it,
    a_403_is_push_denied, busy_registries_are_waited_for, cut_downloads_go_on, ranges_that_are_not_kept_begin_anew,
    lying_answers_are_found_out, web_pages_are_no_manifests, a_huge_manifest_is_not_read, redirects_carry_no_secret,
    blobs_without_encryption_are_a_warning, circles_of_redirects_end, upload_addresses_are_taken_as_given, refused_ways_are_changed,
    broken_uploads_are_resumed_or_begun_anew, a_lost_manifest_answer_is_repeated, a_wrong_digest_in_an_answer_is_an_error,
    bytes_changed_on_the_way_are_noticed, immutable_tags, a_drip_is_healthy_and_silence_is_not,
    whatever_fails_nothing_wrong_stays)
