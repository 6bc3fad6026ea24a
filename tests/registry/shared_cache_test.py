#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A machine that never built before has a warm build by the cache that another one sent to a registry.

usage: shared_cache_test.py --ocibuild PROGRAM
"""

import gzip
import hashlib
import json
import os
import random
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry, TokenServer, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry, sha256  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]
BLOB, MANIFEST, UPLOAD = "/blobs/sha256", "/manifests/", "/blobs/uploads/"
CONTENT = {"a": random.Random(1).randbytes(300000), "b": b"two"}


class Fleet:
    """One context; every build is on a machine of its own."""

    def __init__(self, client, work, registry, **files):
        self.client, self.work, self.registry = client, work, registry
        self.cache = registry.name + "/t/cache:main"
        self.files = files or CONTENT
        self.machines = len(os.listdir(work))

    def build(self, *arguments, exit_code=0, **files):
        """(what was printed, whether each layer was cached, digest); the digest is that of every machine without a cache."""
        self.machines += 1
        self.store = "%s/machine%d" % (self.work, self.machines)
        context = self.client.context(**{**self.files, **files})
        done = self.client("build", *QUICK, "--progress", "plain", "--metadata-file", self.store + ".json", *arguments, context,
                           store=self.store, exit_code=exit_code)
        with open(self.store + ".json", encoding="utf-8") as file:
            result = json.load(file)
        if exit_code:
            return done.stderr
        cached = [layer["cached"] for layer in result["ocibuild.layers"]]
        return done.stderr, cached, result["containerimage.digest"]

    def stored(self, digest):
        return os.path.exists("%s/blobs/sha256/%s" % (self.store, digest[7:]))

    def fill(self, *arguments):
        """The cache is there, and the registry forgets what it was asked."""
        _, cached, digest = self.build("--cache-to", self.cache, *arguments)
        peer.equal(cached, [False] * len(self.files), "first build")
        if isinstance(self.registry, FaultyRegistry):
            self.registry.consistent()
            self.registry.server.command("clear")
        return digest

    def document(self):
        """Manifest of the cache, and its config."""
        _, data = self.registry.manifests["t/cache", self.registry.tags["t/cache", "main"]]
        manifest = json.loads(data)
        return manifest, self.registry.blobs["t/cache"][manifest["config"]["digest"]]

    def replace(self, manifest):
        data = json.dumps(manifest).encode()
        digest = sha256(data)
        self.registry.manifests["t/cache", digest] = "application/vnd.oci.image.manifest.v1+json", data
        self.registry.tags["t/cache", "main"] = digest

    def large(self):
        blobs = self.registry.blobs["t/cache"]
        return max(blobs, key=lambda digest: len(blobs[digest]))


def a_fresh_machine_has_a_warm_build(client, work):
    """image.md 7.7 to 7.9, 7.11: a real registry keeps a cache; what is found there is fetched, and makes the same image"""
    with Registry(work + "/r") as registry:
        fleet = Fleet(client, work, registry)
        text, cached, cold = fleet.build("--cache-from", fleet.cache, "--cache-to", fleet.cache)
        peer.equal(cached, [False, False], "cold build")
        assert "importing cache from %s not there" % fleet.cache in text, text
        assert "exporting cache to %s@sha256:" % fleet.cache in text, text
        assert "warning" not in text, text
        before = registry.requests()
        text, cached, warm = fleet.build("--cache-from", fleet.cache, "-t", "x:1")
        peer.equal((cached, warm), ([True, True], cold), "warm build")
        assert "importing cache from %s 2 layers DONE" % fleet.cache in text and text.count(" CACHED") == 2, text
        asked = registry.since(before)
        peer.equal(sorted(words.split("/")[0] for words in asked), ["GET blobs"] * 3 + ["GET manifests"], "requests")
        client("save", "x:1", "-o", work + "/x.tar", store=fleet.store)
        again = client("build", "--progress", "plain", client.context(**CONTENT), store=fleet.store).stderr
        peer.equal(again.count(" CACHED"), 2, "what was found once is this machine's own")
        before = registry.requests()
        _, cached, same = fleet.build("--cache-from", fleet.cache, "--cache-to", fleet.cache)
        peer.equal((cached, same), ([True, True], cold), "read and written")
        peer.equal([words for words in registry.since(before) if words.startswith(("PUT", "POST"))][1:], [], "sent again")


def a_warm_machine_asks_nobody(client, work):
    """image.md 7.8: where all layers have records no cache is opened; --no-cache opens none either"""
    with FaultyRegistry() as registry:
        fleet = Fleet(client, work, registry)
        fleet.fill()
        fleet.client("build", "--cache-from", fleet.cache, client.context(**CONTENT), store=fleet.store)
        peer.equal(registry.asked("GET", ""), [], "requests of a warm build")
        _, cached, _ = fleet.build("--cache-from", fleet.cache, "--no-cache")
        peer.equal((cached, registry.asked("GET", "")), ([False, False], []), "--no-cache")
        fleet.build("--cache-from", fleet.cache, "--cache-from", fleet.cache + "2", b=b"changed")
        peer.equal(len(registry.asked("GET", MANIFEST)), 2, "each cache is read once")


def what_is_only_pushed_is_not_fetched(client, work):
    """image.md 7.9: a layer that the cache's registry has is taken over there, or streamed to another one"""
    with FaultyRegistry() as registry, FaultyRegistry() as other:
        fleet = Fleet(client, work, registry)
        cold = fleet.fill()
        for target in (registry, other):
            registry.server.command("clear")
            _, cached, digest = fleet.build("--push", "-t", target.name + "/t/app:1", "--cache-from", fleet.cache)
            peer.equal((cached, digest), ([True, True], cold), "push of what is cached")
            assert not fleet.stored(fleet.large()), "the layer was fetched"
            peer.equal(len(registry.asked("HEAD", "t/cache" + BLOB)), 2, "the cache is asked for each blob")
            target.consistent()
            assert fleet.large() in target.blobs["t/app"]
        peer.equal(len(registry.asked("GET", "t/cache" + BLOB)), 3, "config of the cache; layers on their way")
        registry.server.command("clear")
        fleet.build("--push", "-t", registry.name + "/t/more:1", "--cache-from", fleet.cache, "--cache-to",
                    "type=local,dest=%s/layers" % work)
        assert fleet.stored(fleet.large()), "a cache in a directory needs the bytes"


def what_was_fetched_is_mounted_later(client, work):
    """image.md 7.9: a later push mounts a layer from the cache's repository"""
    with FaultyRegistry() as registry:
        fleet = Fleet(client, work, registry)
        fleet.fill()
        name = registry.name + "/t/app:1"
        fleet.build("-t", name, "--cache-from", fleet.cache)
        assert fleet.stored(fleet.large()), "the layer is not kept"
        registry.server.command("clear")
        client("push", *QUICK, name, store=fleet.store)
        peer.equal(len(registry.asked("PUT", UPLOAD)), 1, "blobs sent: the config")


def the_repository_of_the_image_has_the_cache_too(client, work):
    """image.md 7.11: a cache beside its image sends no layer, and is asked for none"""
    with FaultyRegistry() as registry:
        fleet = Fleet(client, work, registry)
        name = registry.name + "/t/app"
        fleet.build("--push", "-t", name + ":1", "--cache-to", "type=registry,mode=max,ref=" + name + ":cache")
        registry.consistent()
        peer.equal(len(registry.asked("PUT", UPLOAD)), 4, "two layers, two configs")
        peer.equal(sorted(tag for _, tag in registry.tags), ["1", "cache"], "tags")
        registry.server.command("clear")
        _, cached, _ = fleet.build("--push", "-t", name + ":1", "--cache-from", name + ":cache", "--cache-to", name + ":cache")
        peer.equal(cached, [True, True], "second machine")
        peer.equal((registry.asked("PUT", ""), registry.asked("PATCH", "")), ([], []), "sent")


def other_tools_copy_a_cache(client, work):
    """image.md 7.7: skopeo copies a cache from registry to registry and into a layout, and it is one there"""
    peer.require("skopeo")
    with Registry(work + "/r") as registry, Registry(work + "/r2") as second:
        fleet = Fleet(client, work, registry)
        cold = fleet.fill()
        copy = second.name + "/else/where:1"
        skopeo = ["skopeo", "copy", "--src-tls-verify=false", "--dest-tls-verify=false", "docker://" + fleet.cache]
        peer.call(*skopeo, "docker://" + copy)
        peer.call(*skopeo, "oci:%s/layout:latest" % work)
        for place in (copy, "type=local,src=%s/layout" % work):
            _, cached, digest = fleet.build("--cache-from", place)
            peer.equal((cached, digest), ([True, True], cold), place)


def base_layers_are_known_without_their_bytes(client, work):
    """image.md 7.7, 7.8: the cache has the indexes of base layers, so that a push from a fresh machine fetches none of them"""
    with FaultyRegistry() as registry:
        base = registry.name + "/t/base:1"
        client.build(base, etc=b"x" * 5000)
        client("push", *QUICK, base)
        fleet = Fleet(client, work, registry)
        for place in (fleet.cache, "type=local,src=%s/l,tag=x" % work):
            write = place.replace("src", "dest")
            context = fleet.client.context(base=base, a=b"one")
            with open(context + "/Dockerfile", "a", encoding="ascii") as file:
                file.write("COPY --from=%s /etc /copy/\n" % base)
            stores = [work + "/base0", work + "/base1"]
            digests = []
            for store in stores:
                registry.server.command("clear")
                client("build", *QUICK, "--push", "-t", registry.name + "/t/app:1", "--cache-from", place, "--cache-to", write,
                       "--metadata-file", store + ".json", context, store=store)
                with open(store + ".json", encoding="utf-8") as file:
                    result = json.load(file)
                digests.append(result["containerimage.digest"])
                fetched = len(registry.asked("GET", "t/base" + BLOB))
                peer.equal(fetched, 2 if store == stores[0] else 1, "base blobs fetched by " + store)
            peer.equal(digests[0], digests[1], "images")
            registry.server.command("clear")
            changed = fleet.client.context(base=base, a=b"changed")
            client("build", *QUICK, "--push", "-t", registry.name + "/t/app:2", changed, store=stores[1])
            peer.equal(registry.asked("GET", "t/base" + BLOB), [], "the index is this machine's own now")
            peer.call("rm", "-r", *stores)


def an_index_is_asked_for_where_it_helps(client, work):
    """image.md 7.7, 7.8: an index is a blob in gzip; --no-cache, and who has the base's layer, asks for none"""
    with FaultyRegistry() as registry:
        base = registry.name + "/t/base:1"
        client.build(base, etc=b"x" * 5000)
        client("push", *QUICK, base)
        fleet = Fleet(client, work, registry, a=b"one")
        words = ["build", *QUICK, "--push", "-t", registry.name + "/t/app:1"]
        client(*words, "--cache-to", fleet.cache, client.context(base=base, a=b"one"), store=work + "/first")
        (index,) = json.loads(fleet.document()[1])["indexes"]
        assert registry.blobs["t/cache"][index["digest"]].startswith(b"\x1f\x8b"), "not compressed"
        client("pull", *QUICK, base, store=work + "/pulled")
        peer.call("rm", "-r", work + "/pulled/cache")
        for more, store in ((["--no-cache"], work + "/second"), ([], work + "/pulled")):
            registry.server.command("clear")
            client(*words, *more, "--cache-from", fleet.cache, client.context(base=base, a=b"changed"), store=store)
            peer.equal(registry.asked("GET", index["digest"]), [], "the index is fetched")


def a_bad_index_is_none(client, work):
    """image.md 7.8, 7.10: an index that is none, or in no order, costs the time to fetch the layer"""
    with FaultyRegistry() as registry:
        base = registry.name + "/t/base:1"
        context = client.context(bin=b"y", etc=b"x" * 5000)
        with open(context + "/Dockerfile", "w", encoding="ascii") as file:
            file.write("FROM scratch\nCOPY bin etc /\n")
        client("build", "-t", base, context)
        client("push", *QUICK, base)
        fleet = Fleet(client, work, registry, a=b"one")
        context = client.context(base=base, a=b"one")
        words = ["build", *QUICK, "--push", "-t", registry.name + "/t/app:1", "--cache-from", fleet.cache,
                 "--progress", "plain"]
        client(*words, "--cache-to", fleet.cache, context, store=work + "/first")
        good, config = fleet.document()
        (index,) = json.loads(config)["indexes"]
        turned = gzip.decompress(registry.blobs["t/cache"][index["digest"]])[:-32].replace(b"\3bin", b"\3zin")
        assert b"zin" in turned, turned
        for wrong in (b"no gzip", gzip.compress(b"no index"), gzip.compress(turned + hashlib.sha256(turned).digest())):
            registry.blobs["t/cache"][sha256(wrong)] = wrong
            changed = config.replace(index["digest"].encode(), sha256(wrong).encode())
            registry.blobs["t/cache"][sha256(changed)] = changed
            layers = [{**layer, "digest": sha256(wrong), "size": len(wrong)} if layer["digest"] == index["digest"] else layer
                      for layer in good["layers"]]
            fleet.replace({**good, "layers": layers, "config": {**good["config"], "digest": sha256(changed)}})
            registry.server.command("clear")
            text = client(*words, context, store="%s/%d" % (work, len(wrong))).stderr
            peer.equal(len(registry.asked("GET", "t/base" + BLOB)), 2, "base blobs fetched")
            assert " CACHED" in text and "warning" not in text, text


def who_may_only_read_reads(client, work):
    """image.md 7.9, registry.md T7: a cache is asked for with the right to pull and no other"""
    tokens = TokenServer(work + "/tokens")
    with Registry(work + "/r", tokens=tokens) as registry, FaultyRegistry() as target:
        fleet = Fleet(client, work, registry)
        fleet.fill(*LOGIN)
        client.secrets += tokens.given
        tokens.asked.clear()
        _, cached, _ = fleet.build("--cache-from", fleet.cache, "--push", "-t", target.name + "/t/app:1")
        client.secrets += tokens.given
        peer.equal(cached, [True, True], "anonymous")
        scopes = {scope for query, _ in tokens.asked for scope in query["scope"]}
        peer.equal(scopes, {"repository:t/cache:pull"}, "scopes")
        text = fleet.build("--cache-to", fleet.cache, exit_code=4)
        assert "nothing was built or sent" in text and "COPY" not in text, text
    tokens.stop()


def unusable(text):
    found = re.findall(r"^warning\[cache-unusable\]: the cache \S+ is not used: (.*)$", text, re.MULTILINE)
    peer.equal(len(found), 1, "warnings in\n" + text)
    return found[0]


def a_bad_registry_is_a_warning(client, work):
    """image.md 7.10: whatever a registry answers the build goes on, makes the same image and says why in one line"""
    faults = [[Fault("GET", MANIFEST, status=500)], [Fault("GET", MANIFEST, status=403)], [Fault("GET", MANIFEST, reset_in=0)],
              [Fault("GET", MANIFEST, cut_out=100)], [Fault("GET", MANIFEST, binary=b"{\"layers\":")],
              [Fault("GET", BLOB, status=500)], [Fault("GET", BLOB, corrupt=40)]]
    with FaultyRegistry() as registry:
        fleet = Fleet(client, work, registry)
        cold = fleet.fill()
        for registry.faults in faults:
            text, cached, digest = fleet.build("--cache-from", fleet.cache, "--retry", "0")
            peer.equal((cached, digest), ([False, False], cold), str(registry.faults[0].answer))
            unusable(text)
        registry.faults = [Fault("GET", fleet.large(), corrupt=1000)]
        text, cached, digest = fleet.build("--cache-from", fleet.cache, "--retry", "0", "-t", "x:1")
        peer.equal((cached, digest), ([False, False], cold), "a lying digest, and the cache is not asked again")
        assert "failed" in text and "blob" in unusable(text), text
        client("save", "x:1", "-o", work + "/x.tar", store=fleet.store)
        registry.faults = []
        assert "offline" in unusable(fleet.build("--cache-from", fleet.cache, "--offline")[0])
        peer.equal(client("build", "--offline", "--cache-to", fleet.cache, work, exit_code=2).stdout, "", "offline export")


def a_bad_document_is_a_warning(client, work):
    """image.md 7.7, 7.10: an image, a config that is no JSON or too large, and records of other blobs are no cache"""
    with FaultyRegistry() as registry:
        fleet = Fleet(client, work, registry)
        cold = fleet.fill()
        good, config = fleet.document()

        def with_config(data, size=None, **more):
            registry.blobs["t/cache"][sha256(data)] = data
            descriptor = {**good["config"], "digest": sha256(data), "size": len(data) if size is None else size, **more}
            return {**good, "config": descriptor}

        bad = {"is something else": with_config(config, mediaType="application/vnd.oci.image.config.v1+json"),
               "JSON": with_config(b"{\"layers\":[{"), "more than 1048576": with_config(b"{}", size=1 << 21),
               "another size": with_config(b"{}", size=700), "does not name": {**good, "layers": good["layers"][:1]},
               "key": with_config(config.replace(b"\"key\":\"sha256:", b"\"key\":\"md5:"))}
        for words, manifest in bad.items():
            fleet.replace(manifest)
            text, cached, digest = fleet.build("--cache-from", fleet.cache)
            peer.equal((cached, digest), ([False, False], cold), words)
            assert words in unusable(text), text


def half_a_cache_is_half_a_hit(client, work):
    """image.md 7.9, 7.10: a blob that the registry lacks, or has with another size, is made, whether it is pushed or kept"""
    with FaultyRegistry() as registry, FaultyRegistry() as target:
        fleet = Fleet(client, work, registry)
        cold = fleet.fill()
        large = fleet.large()
        for keep in ([], ["--push", "-t", target.name + "/t/app:1"]):
            kept = registry.blobs["t/cache"].pop(large)
            text, cached, digest = fleet.build("--cache-from", fleet.cache, *keep)
            peer.equal((sorted(cached), digest), ([False, True], cold), "a blob is gone")
            assert "cache-unusable" not in text, text
            assert fleet.stored(large), "it was not made"
            registry.blobs["t/cache"][large] = kept
        registry.faults = [Fault("HEAD", large, headers_instead=[["Content-Length", "5"]])]
        _, cached, digest = fleet.build("--cache-from", fleet.cache, "--push", "-t", target.name + "/t/more:1")
        peer.equal((sorted(cached), digest), ([False, True], cold), "a blob of another size")


def a_cache_that_is_not_taken_ends_the_build(client, work):
    """image.md 7.11, cli.md 4.11: a registry that takes no cache is an error, or with ignore-error a warning"""
    with FaultyRegistry() as registry:
        fleet = Fleet(client, work, registry)
        registry.faults = [Fault("PUT", MANIFEST, status=500)]
        text = fleet.build("--cache-to", fleet.cache, "--retry", "0", exit_code=3)
        assert "error[" in text, text
        text, _, _ = fleet.build("--cache-to", "type=registry,ref=%s,ignore-error=true" % fleet.cache, "--retry", "0")
        assert "warning[cache-not-written]: the cache is not written: " in text, text
        registry.faults = [Fault("POST", UPLOAD, status=403)]
        text = fleet.build("--cache-to", fleet.cache, exit_code=4)
        assert "nothing was built or sent" in text and "COPY" not in text, text
        fleet.build("--cache-to", "type=registry,ref=%s,ignore-error=true" % fleet.cache)


if __name__ == "__main__":
    run(a_fresh_machine_has_a_warm_build, a_warm_machine_asks_nobody, what_is_only_pushed_is_not_fetched,
        what_was_fetched_is_mounted_later, the_repository_of_the_image_has_the_cache_too, other_tools_copy_a_cache,
        base_layers_are_known_without_their_bytes, an_index_is_asked_for_where_it_helps, a_bad_index_is_none,
        who_may_only_read_reads, a_bad_registry_is_a_warning, a_bad_document_is_a_warning, half_a_cache_is_half_a_hit,
        a_cache_that_is_not_taken_ends_the_build)
