#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Blobs that another repository of the registry has are taken over from there, and nothing that goes wrong then stops a push.

usage: mount_test.py --ocibuild PROGRAM
"""

import os
import random
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry, TokenServer, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]
BEARER = {"kind": "bearer", "user": USER, "password": PASSWORD}
UPLOAD, MOUNT = "/blobs/uploads/", r"uploads/\?mount="


def pushed(client, registry, **files):
    """An image at t/app of the registry, which then forgets what it was asked."""
    name = registry.name + "/t/app:1"
    client.build(name, **(files or {"a": b"one", "b": b"two"}))
    client("push", *QUICK, *LOGIN, name)
    registry.server.command("clear")
    return name


def a_second_repository_takes_blobs_over(client, work):
    """registry.md M1, T7, T8: a real registry mounts what another repository of it has, with one token for both"""
    tokens = TokenServer(work + "/tokens")
    with Registry(work + "/r", tokens=tokens) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one", b=b"two")
        client("push", *LOGIN, name)
        before = registry.requests()
        tokens.asked.clear()
        text = client("push", *LOGIN, name, registry.name + "/t/copy:1").stderr
        client.secrets += tokens.given
        peer.equal(text.count(" mounted"), 3, "mounted blobs")
        statuses = [status for method, target, status in registry.requests()[len(before):]
                    if method == "POST" and "mount=" in target and status != 401]
        peer.equal(statuses, [201, 201, 201], "mounts")
        scopes = [query["scope"] for query, _ in tokens.asked]
        peer.equal(scopes, [["repository:t/copy:pull,push"],
                            ["repository:t/copy:pull,push", "repository:t/app:pull"]], "scopes")
        peer.equal([words for words in registry.since(before) if words.startswith(("PUT", "PATCH"))],
                   ["PUT manifests/1"], "what was sent")
        client("pull", registry.name + "/t/copy:1", "--creds", "%s:%s" % (USER, PASSWORD), store=work + "/other")
    tokens.stop()


def base_layers_are_mounted(client, work):
    """registry.md M1: layers of a base that was pulled from the registry are mounted, also by a later process"""
    with FaultyRegistry() as registry:
        base = pushed(client, registry)
        for store in ("pulled", "built"):
            registry.server.command("clear")
            store = "%s/%s" % (work, store)
            target = "%s/t/%s:1" % (registry.name, os.path.basename(store))
            if store.endswith("pulled"):
                client("pull", base, store=store)
            context = client.context(base=base, c=b"three")
            client("build", "-t", target, context, store=store)
            client("push", *QUICK, target, store=store)
            registry.consistent()
            peer.equal(len(registry.asked("POST", MOUNT)), 2, "mounts")
            peer.equal(len(registry.asked("PUT", UPLOAD)), 2, "uploads: layer and config")


def a_mount_names_its_source(client, _):
    """registry.md M1: digest and source are percent-encoded; a registry never mounts from itself or from another one"""
    with FaultyRegistry() as registry, FaultyRegistry() as other:
        name = pushed(client, registry)
        client("push", *QUICK, name, other.name + "/t/copy:1")
        peer.equal(other.asked("POST", MOUNT), [], "mounts from another registry")
        other.consistent()
        registry.blobs["t/app"].clear()
        registry.tags.clear()
        client("push", *QUICK, name)
        peer.equal(registry.asked("POST", MOUNT), [], "mounts from itself")
        registry.consistent()
        client("push", *QUICK, name, registry.name + "/t/copy:1")
        for target in registry.asked("POST", MOUNT):
            assert re.fullmatch(r"/v2/t/copy/blobs/uploads/\?mount=sha256%3A[0-9a-f]{64}&from=t%2Fapp", target), target
        peer.equal(len(registry.asked("POST", MOUNT)), 3, "mounts")


def what_is_not_mounted_is_uploaded(client, _):
    """registry.md M2: 202 is a session, and the blob goes there"""
    with FaultyRegistry() as registry:
        name = pushed(client, registry)
        registry.blobs["t/app"].clear()  # the record is out of date
        registry.tags.clear()
        client("push", *QUICK, name, registry.name + "/t/copy:1")
        registry.consistent()
        peer.equal(len(registry.asked("POST", UPLOAD)), 3, "sessions")
        peer.equal(len(registry.asked("PUT", UPLOAD)), 3, "uploads")


def a_failed_mount_is_no_failed_push(client, _):
    """registry.md M2: after any failure one plain session is opened, and that source is not asked again"""
    # The last one says that it did and did not.
    bad = [{"status": status} for status in (400, 403, 404, 405, 500, 503)] + [{"reset_in": 0}, {"status": 201}]
    for answer in bad:
        with FaultyRegistry() as registry:
            name = pushed(client, registry, a=b"one")
            registry.faults.append(Fault("POST", MOUNT, **answer))
            client("push", *QUICK, "--retry", "0", name, registry.name + "/t/copy:1")
            registry.consistent()
            mounts = registry.asked("POST", MOUNT)
            assert 1 <= len(set(mounts)) <= 2, mounts  # both blobs may have been under way
            peer.equal(len(registry.asked("PUT", UPLOAD)), 2, "uploads after %s" % answer)


def a_refused_source_spoils_no_token(client, _):
    """registry.md M2, T7: after 401 to a mount the destination is asked for with a token of its own scope alone"""
    with FaultyRegistry(auth=BEARER) as registry:
        client.secrets += ["token-%d" % i for i in range(1, 30)]
        name = pushed(client, registry, a=b"one")
        challenge = 'Bearer realm="{main}/token",service="scripted",error="insufficient_scope"'
        registry.faults.append(Fault("POST", MOUNT, status=401, headers=[["WWW-Authenticate", challenge]]))
        client("push", *QUICK, *LOGIN, name, registry.name + "/t/copy:1")
        registry.consistent()
        scopes = [re.findall(r"scope=repository%3At%2F(\w+)%3A", target) for target in registry.asked("GET", "/token")]
        assert scopes[0] == ["copy"] and ["copy", "app"] in scopes and scopes[-1] == ["copy"], scopes


def registries_that_never_mount_are_not_asked_for_ever(client, _):
    """registry.md M3: after two mounts in a row that were ignored no further one is tried"""
    with FaultyRegistry(no_mounts=True) as registry:
        source = random.Random(1)
        files = {key: source.randbytes(200000) for key in "abcdefghijklmnop"}
        name = pushed(client, registry, **files)
        client("push", *QUICK, name, registry.name + "/t/copy:1")
        registry.consistent()
        # Four blobs are under way at a time, so that a few more may have begun before the second answer came.
        mounts = len(registry.asked("POST", MOUNT))
        assert 2 <= mounts <= 5, mounts
        peer.equal(len(registry.asked("POST", UPLOAD)), 17, "sessions")


def a_cache_of_others_is_only_a_hint(client, _):
    """registry.md M1, X6: records that are damaged, or name no repository, cost an upload and nothing else"""
    with FaultyRegistry() as registry:
        name = pushed(client, registry, a=b"one")
        records = client.store + "/cache/blob-repositories-1"
        files = [os.path.join(top, file) for top, _, found in os.walk(records) for file in found]
        peer.equal(len(files), 2, "records")
        for file in files:
            with open(file, "a", encoding="ascii") as record:
                record.write("\n%s/../../x?y\n" % registry.name)
        client("push", *QUICK, name, registry.name + "/t/copy:1")
        peer.equal(registry.asked("POST", MOUNT), [], "mounts")
        shutil.rmtree(records)
        client("push", *QUICK, name, registry.name + "/t/third:1")
        registry.consistent()


run(a_second_repository_takes_blobs_over, base_layers_are_mounted, a_mount_names_its_source, what_is_not_mounted_is_uploaded,
    a_failed_mount_is_no_failed_push, a_refused_source_spoils_no_token, registries_that_never_mount_are_not_asked_for_ever,
    a_cache_of_others_is_only_a_hint)
