#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a push does when a registry lacks what it should have, refuses a manifest or a tag, or takes no push at all.

usage: push_test.py --ocibuild PROGRAM
"""

import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry, TokenServer, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]
BEARER = {"kind": "bearer", "user": USER, "password": PASSWORD}
UPLOAD, BLOB, MANIFEST = "/blobs/uploads/", "/blobs/sha256", "/manifests/"


def refusal(code, status=400, message="no"):
    return {"status": status, "body": json.dumps({"errors": [{"code": code, "message": message}]})}


def built(client, registry, *more, **files):
    """A name on `registry` and the manifest of its image."""
    name = registry.name + "/t/app:1"
    context = client.context(**(files or {"a": b"one"}))
    client("build", "-t", name, "--digest-file", context + ".digest", *more, context)
    with open(context + ".digest", encoding="ascii") as file:
        digest = file.read()
    with open("%s/blobs/sha256/%s" % (client.store, digest[7:]), encoding="utf-8") as file:
        return name, json.load(file)


def pushes(client, registry, *arguments, **more):
    """build --push of what client.context() has made; its standard error."""
    return client("build", "--push", *QUICK, "-t", registry.name + "/t/app:1", *arguments, client.work + "/context", **more).stderr


def last_words(text):
    """The last line before the request log."""
    return [line for line in text.splitlines() if not line.startswith("debug: ")][-1]


def what_the_registry_lacks_is_sent_again(client, _):
    """registry.md U9.1: after MANIFEST_BLOB_UNKNOWN the named blobs are asked for again, and sent if missing; once, after 1 s"""
    with FaultyRegistry() as registry:
        name, manifest = built(client, registry)
        layer = manifest["layers"][0]
        # A registry that says it has the layer, and notices only later that it does not.
        registry.faults.append(Fault("HEAD", layer["digest"], times=1, status=200, length=layer["size"]))
        began = time.monotonic()
        client("push", *QUICK, name)
        assert time.monotonic() - began >= 1
        registry.consistent()
        peer.equal((len(registry.asked("PUT", MANIFEST)), len(registry.asked("HEAD", BLOB))), (2, 4), "requests")
    with FaultyRegistry() as registry:
        name, _ = built(client, registry)
        registry.faults.append(Fault("PUT", MANIFEST, **refusal("MANIFEST_BLOB_UNKNOWN", message="not replicated")))
        text = client.fails("push-incomplete", 5, "push", *QUICK, name)
        assert "not replicated" in text, text
        peer.equal(len(registry.asked("PUT", MANIFEST)), 2, "attempts")


def a_missing_child_is_sent_again(client, work):
    """registry.md U9.1: an index whose images got lost is repaired with its manifests"""
    with FaultyRegistry() as registry:
        name, _ = built(client, registry, "--platform", "linux/amd64,linux/arm64")
        registry.faults.append(Fault("PUT", MANIFEST + "1$", times=1, **refusal("MANIFEST_BLOB_UNKNOWN")))
        client("push", *QUICK, name)
        registry.consistent()
        peer.equal(len(registry.asked("PUT", MANIFEST + "sha256")), 4, "each child twice")


def refused_documents_come_with_a_hint(client, _):
    """registry.md U9.2: OCI types and zstd that a registry may not know are named in the error; nothing is converted"""
    for code, status in (("MANIFEST_INVALID", 400), ("UNSUPPORTED", 400), ("", 415)):
        with FaultyRegistry() as registry:
            registry.faults.append(Fault("PUT", MANIFEST, **refusal(code, status)))
            name, _ = built(client, registry)
            text = client.fails("registry-refused", 1, "push", *QUICK, name)
            assert "--format docker" in text and "--compression" not in text, text
            name, _ = built(client, registry, "--compression", "zstd")
            text = client.fails("registry-refused", 1, "push", *QUICK, name)
            assert "--format docker" in text and "--compression gzip" in text, text
            name, _ = built(client, registry, "--format", "docker")
            assert "--format docker" not in client.fails("registry-refused", 1, "push", *QUICK, name)
            peer.equal(len(registry.asked("PUT", MANIFEST)), 3, "one attempt each")


def manifests_that_are_too_large(client, _):
    """registry.md U9.3: 413, and 400 with the words of Distribution, are manifest-too-large"""
    for answer in ({"status": 413}, refusal("MANIFEST_INVALID", message="http: request body too large")):
        with FaultyRegistry() as registry:
            name, _ = built(client, registry)
            registry.faults.append(Fault("PUT", MANIFEST, **answer))
            client.fails("manifest-too-large", 1, "push", *QUICK, name)


def a_changed_blob_is_not_blamed_on_the_network(client, _):
    """registry.md U7: a stored blob whose bytes changed is source-changed once the registry refuses it"""
    with FaultyRegistry() as registry:
        name, manifest = built(client, registry)
        layer = "%s/blobs/sha256/%s" % (client.store, manifest["layers"][0]["digest"][7:])
        os.chmod(layer, 0o644)
        with open(layer, "r+b") as file:
            file.seek(20)
            byte = file.read(1)
            file.seek(20)
            file.write(bytes([byte[0] ^ 1]))
        client.fails("source-changed", 1, "push", *QUICK, name)
        peer.equal(registry.tags, {}, "tags")


def an_immutable_tag_that_head_does_not_tell(client, _):
    """registry.md P2, U12, U13: a tag that may not be moved and is the same image is done, though HEAD was silent"""
    with FaultyRegistry() as registry:
        name, _ = built(client, registry)
        client("push", *QUICK, name)
        registry.faults += [Fault("HEAD", MANIFEST, status=405),
                            Fault("PUT", MANIFEST, **refusal("TAG_INVALID", message="the tag is immutable"))]
        assert "already there" in client("push", *QUICK, name).stderr
        name, _ = built(client, registry, a=b"another")
        text = client.fails("tag-immutable", 1, "push", *QUICK, name)
        assert "the tag is immutable" in text, text
        registry.consistent()


def the_result_is_what_was_sent(client, _):
    """registry.md U13: the digest that is printed is that of the bytes, whatever headers say"""
    with FaultyRegistry() as registry:
        name, _ = built(client, registry)
        for header in ("sha512:" + "0" * 128, "nonsense"):
            registry.tags.clear()
            registry.faults[:] = [Fault("PUT", MANIFEST, status=201, headers=[["Docker-Content-Digest", header]])]
            with open(client.work + "/context.digest", encoding="ascii") as file:
                peer.equal(client("push", *QUICK, name).stdout.split("@")[1].strip(), file.read(), "digest")


def abandoned_sessions_are_given_up(client, _):
    """registry.md U8: a session that is left for another way is deleted once, and a refusal of that does not matter"""
    for answer in ({}, {"status": 401}, {"reset_in": 0}):
        with FaultyRegistry(auth=BEARER, refuses={"PUT": 405}) as registry:
            client.secrets += ["token-%d" % i for i in range(1, 9)]
            name, _ = built(client, registry)
            if answer:
                registry.faults.append(Fault("DELETE", UPLOAD, **answer))
            client("push", *QUICK, *LOGIN, name)
            registry.consistent()
            deleted = registry.asked("DELETE", UPLOAD)
            assert 1 <= len(set(deleted)) <= 2, deleted  # both blobs may have found out for themselves
            peer.equal([target for target in registry.asked("GET", "/token") if "delete" in target], [], "delete scopes")


def a_push_is_asked_for_before_the_build(client, _):
    """registry.md U10: build --push opens an upload before anything else, and the first blob goes there"""
    with FaultyRegistry() as registry:
        client.context(a=b"one", b=b"two")
        text = pushes(client, registry)
        assert text.index("push check " + registry.name + "/t/app DONE") < text.index("COPY a"), text
        registry.consistent()
        first = registry.record()[0]
        peer.equal((first["method"], first["target"]), ("POST", "/v2/t/app/blobs/uploads/"), "first request")
        peer.equal(len(registry.asked("POST", UPLOAD)), 3, "sessions for three blobs")
        peer.equal(registry.asked("DELETE", ""), [], "given up")
        registry.server.command("clear")
        pushes(client, registry)
        methods = [entry["method"] for entry in registry.record()]
        peer.equal(methods, ["POST", "HEAD", "DELETE"], "with nothing to send the session is given up")
        registry.server.command("clear")
        pushes(client, registry, "--skip-push-permission-check")
        peer.equal([entry["method"] for entry in registry.record()], ["HEAD"], "without the check")


def a_real_registry_takes_the_session(client, work):
    """registry.md U8, U10: Distribution takes the first blob in the session of the check; giving up asks for no delete scope"""
    tokens = TokenServer(work + "/tokens")
    with Registry(work + "/r", tokens=tokens) as registry:
        client.context(a=b"one", b=b"two")
        text = pushes(client, registry, *LOGIN)
        assert "push check %s/t/app as %s (--creds) DONE" % (registry.name, USER) in text, text
        pushes(client, registry, *LOGIN)
        client.secrets += tokens.given
        peer.equal([query["scope"] for query, _ in tokens.asked], [["repository:t/app:pull,push"]] * 2, "scopes")
        peer.equal([status for method, _, status in registry.requests() if method == "DELETE"], [401], "given up once")
    tokens.stop()


def who_may_not_push_builds_nothing(client, _):
    """registry.md U10: a destination that refuses ends the build before it works, and the others' sessions are given up"""
    with FaultyRegistry() as good, FaultyRegistry() as bad:
        bad.faults.append(Fault("POST", UPLOAD, **refusal("DENIED", 403, "permission_denied: write_package")))
        client.context(a=b"one")
        words = ["--push", *QUICK, "-t", good.name + "/t/app:1", "-t", good.name + "/t/app:2", "-t", bad.name + "/t/app:1"]
        text = client.fails("push-denied", 4, "build", *words, client.work + "/context")
        assert "permission_denied: write_package" in text, text
        peer.equal(last_words(text), "nothing was built or sent", "last line")
        assert not os.path.exists(client.store + "/blobs"), "built"
        peer.equal([entry["method"] for entry in good.record()], ["POST", "DELETE"], "requests to the other")
        peer.equal(len(bad.record()), 1, "attempts")


def a_wrong_dockerfile_asks_nobody(client, _):
    """registry.md U10: mistakes of the Dockerfile are told before a registry is asked"""
    with FaultyRegistry() as registry:
        client.context(a=b"one")
        with open(client.work + "/context/Dockerfile", "a", encoding="ascii") as file:
            file.write("COPPY a b\n")
        text = pushes(client, registry, exit_code=1)
        assert "nothing was built" not in text, text
        peer.equal(registry.record(), [], "requests")


def a_failed_build_gives_its_session_up(client, _):
    """registry.md U8, U10: when the build fails after the check, the session is deleted"""
    with FaultyRegistry() as registry:
        client.context(a=b"one")
        os.remove(client.work + "/context/a")
        pushes(client, registry, exit_code=1)
        peer.equal([entry["method"] for entry in registry.record()], ["POST", "DELETE"], "requests")
        peer.equal(registry.sessions, {}, "sessions")


run(what_the_registry_lacks_is_sent_again, a_missing_child_is_sent_again, refused_documents_come_with_a_hint,
    manifests_that_are_too_large, a_changed_blob_is_not_blamed_on_the_network, an_immutable_tag_that_head_does_not_tell,
    the_result_is_what_was_sent, abandoned_sessions_are_given_up, a_push_is_asked_for_before_the_build,
    a_real_registry_takes_the_session, who_may_not_push_builds_nothing, a_wrong_dockerfile_asks_nobody,
    a_failed_build_gives_its_session_up)
