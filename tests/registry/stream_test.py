#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Base layers that the store lacks go from registry to registry, whatever breaks on either side, and are never stored.

usage: stream_test.py --ocibuild PROGRAM
"""

import os
import random
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]
UPLOAD, BLOB, MANIFEST = "/blobs/uploads/", "/blobs/sha256", "/manifests/"
SIZE = 400000
PUT = UPLOAD + ".*digest"


class Case:
    """A source registry with a base of one large layer, and a store that has never seen it."""

    def __init__(self, client, work, size=SIZE, layers=1, **settings):
        self.client, self.store = client, "%s/store%d" % (work, len(os.listdir(work)))
        self.source = FaultyRegistry(**settings)
        self.base = self.source.name + "/t/base:1"
        files = {key: random.Random(size + i).randbytes(size) for i, key in enumerate("abcdef"[:layers])}
        client.build(self.base, **files)
        client("push", *QUICK, *LOGIN, self.base)
        self.source.server.command("clear")
        blobs = self.source.blobs["t/base"]
        self.layer = max(blobs, key=lambda digest: len(blobs[digest]))

    def push(self, target, exit_code=0, *arguments):
        """build --push on top of the base of an image with no files of its own, so that nothing reads the base's."""
        context = self.client.context(base=self.base)
        return self.client("build", "--push", *QUICK, *LOGIN, "-t", target.name + "/t/app:1", *arguments, context, store=self.store,
                           exit_code=exit_code).stderr

    def arrived(self, target):
        """The layer is at the target and not in the store."""
        target.consistent()
        peer.equal(target.blobs["t/app"][self.layer], self.source.blobs["t/base"][self.layer], "layer")
        self.not_stored()

    def not_stored(self):
        assert not os.path.exists("%s/blobs/sha256/%s" % (self.store, self.layer[7:])), "the layer is in the store"
        left = [name for top, _, names in os.walk(self.store) for name in names if name.startswith(".ocibuild-")]
        peer.equal(left, [], "temporary files")


def layers_go_from_registry_to_registry(client, work):
    """registry.md M4: a base layer that only registries have is sent on while it comes, and not stored"""
    with FaultyRegistry() as target:
        case = Case(client, work)
        case.push(target)
        case.arrived(target)
        peer.equal(len(case.source.asked("GET", BLOB)), 2, "blobs fetched: config and layer")
        images = client("images", store=case.store).stdout
        assert "t/base" not in images, images  # a name in the store stands for a whole image
        # With its index at hand the next push needs nothing of it but the manifest.
        case.source.server.command("clear")
        target.server.command("clear")
        case.push(target)
        peer.equal((case.source.asked("GET", BLOB), target.asked("PUT", "")), ([], []), "second push")


def the_same_registry_moves_nothing(client, work):
    """registry.md M1, M4: at the base's own registry its layer is mounted, neither fetched nor sent"""
    case = Case(client, work)
    with case.source:
        case.push(case.source)
        case.arrived(case.source)
        peer.equal(case.source.asked("GET", case.layer), [], "fetched")
        peer.equal(len(case.source.asked("PUT", PUT)), 1, "uploads: the new config")


def mounts_that_are_ignored_stream_too(client, work):
    """registry.md M2, M4: a registry that does not mount gets the layer from itself"""
    case = Case(client, work, no_mounts=True)
    with case.source:
        case.push(case.source)
        case.arrived(case.source)


def broken_sources_are_resumed(client, work):
    """registry.md M4, P9: a source that is cut goes on where it was; the upload does not notice"""
    with FaultyRegistry() as target:
        case = Case(client, work)
        case.source.faults.append(Fault("GET", case.layer, times=4, reset_out=70000))
        case.push(target)
        case.arrived(target)
        peer.equal(len(target.asked("PUT", PUT)), 2, "uploads: config and layer, each once")


def sources_that_begin_anew_restart_the_upload(client, work):
    """registry.md M4, Y4: what was sent before a source had to start from its first byte is thrown away"""
    with FaultyRegistry() as target:
        case = Case(client, work)
        case.source.faults += [Fault("GET", case.layer, times=1, reset_out=200000),
                               Fault("GET", case.layer, times=1, ignore_range=True)]
        case.push(target)
        case.arrived(target)
        assert len(case.source.asked("GET", case.layer)) == 3
    with FaultyRegistry() as target:
        case = Case(client, work, SIZE + 1)
        case.source.faults += [Fault("GET", case.layer, times=1, reset_out=200000, corrupt=100)]
        case.push(target)  # the digest is wrong after a resume: once more, whole
        case.arrived(target)


def wrong_bytes_do_not_arrive(client, work):
    """registry.md M4, M4.1, P8: a source whose bytes are wrong ends the push before the last of them is sent"""
    with FaultyRegistry() as target:
        case = Case(client, work)
        case.source.faults.append(Fault("GET", case.layer, corrupt=100))
        text = case.push(target, 3)
        assert "error[blob-corrupt]" in text, text
        peer.equal(target.tags, {}, "tags")
        assert case.layer not in target.blobs.get("t/app", {})
        case.not_stored()


def a_second_source_steps_in(client, work):
    """registry.md M4, M4.1, C3: when a source turns out to be bad, the next repository that has the layer is used, from the start"""
    with FaultyRegistry() as target, FaultyRegistry() as second:
        case = Case(client, work)
        copy = second.name + "/t/other:1"
        client("push", *QUICK, case.base, copy)
        case.push(target)
        # The records of the store know both now; what the first gives gets wrong.
        case.client("build", "--push", *QUICK, "-t", target.name + "/t/app:2", client.context(base=copy), store=case.store)
        with FaultyRegistry() as last:
            for registry in (case.source, second, target):
                registry.faults.append(Fault("GET", case.layer, times=1 << 30 if registry is not second else 0, corrupt=100))
            case.push(last)
            case.arrived(last)


def broken_targets_get_it_from_the_start(client, work):
    """registry.md M4, Y4, U6: an upload that breaks is begun anew with a new download"""
    for answer in ({"reset_in": 100000}, {"status": 500}, {"status": 502}):
        with FaultyRegistry() as target:
            case = Case(client, work)
            target.faults.append(Fault("PUT", PUT, times=2, **answer))
            case.push(target)
            case.arrived(target)


def stalls(client, work):
    """A case whose layer stops coming once, and how long nobody waits for it: the limit of an idle connection is far off."""
    case = Case(client, work)
    fault = Fault("GET", case.layer, times=1, stall_out=200000)
    case.source.faults.append(fault)
    return case, fault, ["--idle-timeout", "3s"]


def destinations_do_not_wait_for_a_source_that_stalls(client, work):
    """registry.md M4.2: after a third of the idle time the upload is given up, and begun again with a new download"""
    with FaultyRegistry() as target:
        case, _, arguments = stalls(client, work)
        case.push(target, 0, *arguments)
        case.arrived(target)
        ranges = [entry["headers"] for entry in case.source.record() if case.layer in entry["target"] and "range" in str(entry["headers"]).lower()]
        peer.equal((len(case.source.asked("GET", case.layer)), ranges), (2, []), "downloads, of which none goes on")
        peer.equal(len(target.asked("DELETE", UPLOAD)), 1, "sessions given up")


def a_source_that_stalls_is_left_for_the_next(client, work):
    """registry.md M4.2, C3: the second download is from another repository that has the layer"""
    with FaultyRegistry() as target, FaultyRegistry() as second, FaultyRegistry() as last:
        case, fault, arguments = stalls(client, work)
        case.source.faults.clear()
        copy = second.name + "/t/other:1"
        client("push", *QUICK, case.base, copy)
        case.push(target)
        case.client("build", "--push", *QUICK, "-t", target.name + "/t/app:2", client.context(base=copy), store=case.store)
        for registry in (case.source, second, target):
            registry.faults.append(fault)  # of whichever is asked first
            registry.server.command("clear")
        case.push(last, 0, *arguments)
        case.arrived(last)
        peer.equal(sorted(len(registry.asked("GET", case.layer)) for registry in (case.source, second, target)), [0, 1, 1], "downloads")


def a_slow_source_is_waited_for(client, work):
    """registry.md M4.2: bytes that come slowly are bytes, and before the first of them nothing is sent"""
    with FaultyRegistry() as target:
        case = Case(client, work)
        case.source.faults += [Fault("GET", case.layer, times=1, status=429, headers=[["Retry-After", "1"]]),
                               Fault("GET", case.layer, times=1, drip=[40000, 0.1])]
        case.push(target, 0, "--idle-timeout", "2s")
        case.arrived(target)
        peer.equal(len(case.source.asked("GET", case.layer)), 2, "downloads")
        peer.equal(len(target.asked("PUT", PUT)), 2, "uploads")


def two_layers_stream_at_a_time(client, work):
    """registry.md M4.6: of five layers that only the source has, two are under way at most"""
    with FaultyRegistry() as target:
        case = Case(client, work, 100000, layers=5)
        config = min(case.source.blobs["t/base"].items(), key=lambda item: len(item[1]))[0]
        case.source.faults.append(Fault("GET", "/blobs/(?!%s)" % config, drip=[50000, 0.1]))
        case.push(target)
        case.arrived(target)
        peer.equal(len(case.source.asked("GET", BLOB)), 6, "blobs fetched: config and layers")
        peer.equal(case.source.most_at_once, 2, "at a time")


def pieces_are_fetched_once(client, work):
    """registry.md M4, U5: a layer that has to be sent in pieces is downloaded in one go"""
    with FaultyRegistry(piece=8 << 20) as target:
        case = Case(client, work, 20 << 20)
        case.push(target)
        case.arrived(target)
        peer.equal(len(target.asked("PATCH", UPLOAD)) - len(case.source.asked("GET", case.layer)), 1,
                   "a PUT that is refused, three pieces; two downloads")


def every_credential_stays_with_its_registry(client, work):
    """registry.md M4, X1: source and target have tokens of their own, for pull and for push"""
    auth = {"kind": "bearer", "user": USER, "password": PASSWORD}
    with FaultyRegistry(auth=auth) as target:
        client.secrets += ["token-%d" % i for i in range(1, 9)]
        case = Case(client, work, auth=auth)
        case.push(target)
        case.arrived(target)
        assert all("t%2Fbase%3Apull&" in words for words in case.source.asked("GET", "/token")), case.source.asked("GET", "/token")
        assert all("t%2Fapp%3Apull%2Cpush&" in words for words in target.asked("GET", "/token")), target.asked("GET", "/token")


def outputs_have_all_layers(client, work):
    """registry.md M4: with another output than the registry the base's layers are fetched into the store as ever"""
    with FaultyRegistry() as target:
        case = Case(client, work)
        case.push(target, 0, "--load")
        assert os.path.exists("%s/blobs/sha256/%s" % (case.store, case.layer[7:]))
        peer.equal(imagefs.read_layout(case.store, target.name + "/t/app:1").tree(), imagefs.read_layout(client.store, case.base).tree(),
                   "files")


def nobody_knows_where_it_is(client, work):
    """registry.md M4: a layer that is neither in the store nor in a known repository is an error that names it"""
    with FaultyRegistry() as target, FaultyRegistry() as other:
        case = Case(client, work)
        case.push(target)
        name = target.name + "/t/app:1"
        client("pull", name, store=work + "/lost")
        os.remove("%s/lost/blobs/sha256/%s" % (work, case.layer[7:]))
        shutil.rmtree(work + "/lost/cache")
        text = client.fails("blob-missing", 1, "push", *QUICK, name, other.name + "/t/app:1", store=work + "/lost")
        assert case.layer in text, text


run(layers_go_from_registry_to_registry, the_same_registry_moves_nothing, mounts_that_are_ignored_stream_too,
    broken_sources_are_resumed, sources_that_begin_anew_restart_the_upload, wrong_bytes_do_not_arrive,
    a_second_source_steps_in, broken_targets_get_it_from_the_start,
    destinations_do_not_wait_for_a_source_that_stalls, a_source_that_stalls_is_left_for_the_next, a_slow_source_is_waited_for,
    two_layers_stream_at_a_time, pieces_are_fetched_once, every_credential_stays_with_its_registry,
    outputs_have_all_layers, nobody_knows_where_it_is)
