#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Push, pull, login and logout against Debian's docker-registry: plain, with passwords, tokens and TLS, as a mirror.

usage: distribution_test.py --ocibuild PROGRAM
"""

import json
import os
import stat
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry, TokenServer, free_port, run  # noqa: E402

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def skopeo(work, *arguments):
    peer.require("skopeo")
    return peer.call("skopeo", "--insecure-policy", "--tmpdir", work, *arguments)


def same_image(store, name, other):
    """The image `name` of a store has the files of `other`."""
    peer.equal(imagefs.read_layout(store, name).tree(), other.tree(), name)


def a_pushed_image_is_pulled_by_skopeo(client, work):
    """registry.md U1, U3, U5, U9, U13: skopeo reads what was pushed, under the digest that push printed"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        digest = client.build(name, a=b"one", b=b"two")
        peer.equal(client("push", name).stdout, "%s/t/app@%s\n" % (registry.name, digest), "stdout")
        skopeo(work, "copy", "--src-tls-verify=false", "docker://" + name, "oci:%s/copied:1" % work)
        same_image(client.store, name, imagefs.read_layout(work + "/copied", "1"))
        peer.equal(imagefs.sha256(registry.get("/v2/t/app/manifests/" + digest, OCI)), digest, "served bytes")


def an_image_of_skopeo_is_pulled(client, work):
    """registry.md P1, P5, P8: an image that skopeo put there is pulled, and pulled again without its blobs"""
    with Registry(work + "/r") as registry:
        archive = work + "/made.tar"
        imagefs.write_docker_archive(archive, "made:1", [imagefs.LayerTar().file("x", "y").bytes()])
        name = registry.name + "/t/made:1"
        skopeo(work, "copy", "--dest-tls-verify=false", "docker-archive:" + archive, "docker://" + name)
        client("pull", name)
        same_image(client.store, name, imagefs.read_docker_archive(archive))
        before = registry.requests()
        client("pull", name)
        peer.equal(registry.since(before), ["GET manifests/1"], "second pull")
        served = imagefs.sha256(registry.get("/v2/t/made/manifests/1", "application/vnd.docker.distribution.manifest.v2+json"))
        client("pull", "%s/t/made@%s" % (registry.name, served), store=work + "/other")
        client("pull", "%s/t/made:1@%s" % (registry.name, served), store=work + "/third")


def a_push_sends_only_what_is_missing(client, work):
    """registry.md U2, U12, Y6: a second push is one request; one changed file is one layer, config and manifest"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one", b=b"two")
        client("push", name)
        before = registry.requests()
        client("push", name)
        peer.equal(registry.since(before), ["HEAD manifests/1"], "second push")
        client.build(name, a=b"one", b=b"three")
        before = registry.requests()
        client("push", name)
        sent = registry.since(before)
        peer.equal(sorted(words.split("/")[0] for words in sent if words.startswith("PUT")),
                   ["PUT blobs", "PUT blobs", "PUT manifests"], "changed push")
        peer.equal(len([words for words in sent if words.startswith("POST")]), 2, "sessions in %s" % sent)


def tags_are_sent_last(client, work):
    """registry.md U1: each blob is there before the manifest; a further tag costs one PUT"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client("push", name)
        puts = [words for words in registry.since([]) if words.startswith("PUT")]
        peer.equal(puts[-1], "PUT manifests/1", "order")
        before = registry.requests()
        client("push", name, registry.name + "/t/app:2")
        peer.equal([words for words in registry.since(before) if words.startswith(("PUT", "POST"))],
                   ["PUT manifests/2"], "second tag")


def a_missing_image_is_named(client, work):
    """registry.md E2: a tag that is not there is base-not-found with exit 5, and nothing is stored"""
    with Registry(work + "/r") as registry:
        text = client.fails("base-not-found", 5, "pull", registry.name + "/t/none:1")
        assert "the registry says: manifest unknown" in text, text
        peer.equal(client("images").stdout.count("\n"), client("images", store=work + "/empty").stdout.count("\n"), "store")


def an_image_is_looked_at_where_it_is(client, work):
    """cli.md 6.22: inspect and history of docker://NAME say of a registry's image what they say of the store's, and keep nothing"""
    platforms = "linux/s390x,linux/riscv64"
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        client.build(name, platform=platforms, a=b"one")
        client("push", name)
        before = registry.requests()
        for words in (["inspect"], ["inspect", "--raw"], ["inspect", "--config", "--platform", "linux/riscv64"],
                      ["inspect", "-f", "{{.Id}} {{.RepoTags}} {{.Architecture}}"], ["history", "--no-trunc"]):
            there = client(*words, "docker://" + name, store=work + "/empty").stdout
            peer.equal(there, client(*words, name).stdout, " ".join(words))
        assert not os.path.exists(work + "/empty"), "something is kept"
        methods = {words.split()[0] for words in registry.since(before)}
        peer.equal(methods, {"GET"}, "requests")
        client.fails("platform-missing", 5, "inspect", "--platform", "linux/arm64", "docker://" + name)
        client.fails("base-not-found", 5, "history", "docker://" + registry.name + "/t/none:1")


def offline_opens_no_socket(client, work):
    """registry.md X9: push and pull with --offline are refused before anything is asked"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        before = len(registry.requests())
        client("push", "--offline", name, exit_code=2)
        client("pull", "--offline", name, exit_code=2)
        peer.equal(len(registry.requests()), before, "requests")


def passwords_are_saved_used_and_removed(client, work):
    """registry.md T1, T3, X4, K2: login checks and saves a password (0600), a push uses it, logout removes it"""
    with Registry(work + "/r", htpasswd=True) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        text = client.fails("auth-needed", 4, "push", name)
        assert "ocibuild login " + registry.name in text and "looked at" in text, text
        client.secrets.append("wr0ng-word")
        client.fails("auth-refused", 4, "login", "-u", USER, "--password-stdin", registry.name, stdin="wr0ng-word")
        file = client.home + "/.docker/config.json"
        assert not os.path.exists(file)
        client("login", "-u", USER, "--password-stdin", registry.name, stdin=PASSWORD + "\n")
        peer.equal(stat.S_IMODE(os.stat(file).st_mode), 0o600, "mode")
        before = registry.requests()
        client("push", name)
        asked = registry.requests()[len(before):]
        peer.equal([status for _, _, status in asked].count(401), 1, "refused once, then sent at once: %s" % asked)
        client("pull", name, store=work + "/other")
        client("logout", registry.name)
        client.fails("auth-needed", 4, "pull", name, store=work + "/third")


def wrong_passwords_are_not_repeated(client, work):
    """registry.md T3, E2: wrong Basic credentials end in auth-refused after one try, naming source and user"""
    with Registry(work + "/r", htpasswd=True) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client.secrets.append("wr0ng-word")
        text = client.fails("auth-refused", 4, "push", "--creds", USER + ":wr0ng-word", name)
        assert "--creds, user ann" in text, text
        peer.equal([status for _, _, status in registry.requests()], [401, 401], "attempts")


def tokens_are_asked_for_once(client, work):
    """registry.md T4, T7, T8: one push asks for one token, with the push scope; anonymous pulls get one too"""
    tokens = TokenServer(work + "/tokens")
    with Registry(work + "/r", tokens=tokens) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one", b=b"two", c=b"three", d=b"four")
        client("push", "--creds", "%s:%s" % (USER, PASSWORD), name)
        client.secrets += tokens.given
        scopes = [query["scope"] for query, _ in tokens.asked]
        peer.equal(scopes, [["repository:t/app:pull,push"]], "scopes")
        query, authorized = tokens.asked[-1]
        peer.equal((query["service"], query["client_id"], query["account"], authorized),
                   (["scripted"], ["ocibuild"], [USER], True), "token request")
        tokens.asked.clear()
        client("pull", name, store=work + "/other")
        peer.equal([(query["scope"], authorized) for query, authorized in tokens.asked],
                   [(["repository:t/app:pull"], False)], "anonymous pull")
    tokens.stop()


def token_servers_refuse(client, work):
    """registry.md T4, T6: a wrong password is asked once and is auth-refused; an anonymous push is refused"""
    tokens = TokenServer(work + "/tokens")
    with Registry(work + "/r", tokens=tokens) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client.secrets.append("wr0ng-word")
        client.fails("auth-refused", 4, "push", "--creds", USER + ":wr0ng-word", name)
        peer.equal(len(tokens.asked), 1, "token requests")
        client.fails("auth-needed", 4, "push", name)
    tokens.stop()


def a_private_ca_is_asked_for(client, work):
    """registry.md S3, E2: an unknown CA is tls-untrusted with its name; --cacert cures it"""
    with Registry(work + "/r", tls=True, htpasswd=True) as registry:
        # Loopback counts as insecure, so a name that is none is resolved to it.
        name = "registry.test:%d/t/app:1" % registry.port
        reach = ["--resolve", "registry.test:%d:127.0.0.1" % registry.port, "--creds", "%s:%s" % (USER, PASSWORD)]
        client.build(name, a=b"one")
        text = client.fails("tls-untrusted", 6, "push", *reach, name)
        assert "issued by: CN=Scripted ca" in text.replace("CN = ", "CN=") and "--cacert" in text, text
        client("push", *reach, "--cacert", registry.ca, name)
        client("pull", *reach, "--cacert", registry.ca, name, store=work + "/other")
        same_image(work + "/other", name, imagefs.read_layout(client.store, name))


def mirrors_come_first(client, work):
    """registry.md C3: a mirror serves what it has; without it the registry does, and --mirror-only forbids that"""
    with Registry(work + "/r") as registry, Registry(work + "/m", mirror_of=registry) as mirror:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client("push", name)
        before = registry.requests()
        use = ["--registry-mirror", "%s=%s" % (registry.name, mirror.name)]
        client("pull", *use, name, store=work + "/one")
        assert "GET manifests/1" in mirror.since([]), mirror.requests()
        same_image(work + "/one", name, imagefs.read_layout(client.store, name))
        dead = ["--registry-mirror", "%s=127.0.0.1:%d" % (registry.name, free_port()), "--retry", "0"]
        client("pull", *dead, name, store=work + "/two")
        client("pull", "--mirror-only", *dead, name, store=work + "/three", exit_code=3)
        assert len(registry.requests()) > len(before)
        text = client.fails("base-not-found", 5, "pull", *dead, registry.name + "/t/none:1", store=work + "/four")
        assert "mirror 127.0.0.1:" in text, text


def indexes_go_both_ways(client, work):
    """registry.md P7, U1: of an index the wanted platforms are pulled; a complete one is pushed with its children first"""
    with Registry(work + "/r") as registry:
        children = []
        for architecture in ("amd64", "arm64"):
            part = "%s/t/multi:%s" % (registry.name, architecture)
            digest = client.build(part, platform="linux/" + architecture, arch=architecture.encode())
            client("push", part)
            size = len(registry.get("/v2/t/multi/manifests/" + digest, OCI))
            children.append({"mediaType": OCI, "digest": digest, "size": size,
                             "platform": {"os": "linux", "architecture": architecture}})
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
        peer.call("curl", "--fail", "-s", "-X", "PUT", "-H", "Content-Type: " + INDEX, "--data-binary", "@-",
                  registry.url + "/v2/t/multi/manifests/1", input=index)
        name = registry.name + "/t/multi:1"
        client.fails("platform-missing", 5, "pull", "--platform", "linux/s390x", name)
        client("pull", "--platform", "linux/arm64", name, store=work + "/one")
        text = client.fails("push-incomplete", 5, "push", name, registry.name + "/t/copy:1", store=work + "/one")
        assert "linux/amd64" in text and "ocibuild pull" in text, text
        client("pull", "--platform", "linux/arm64", "--platform", "linux/amd64", name, store=work + "/two")
        before = registry.requests()
        out = client("push", name, registry.name + "/t/copy:1", store=work + "/two").stdout
        peer.equal(out, "%s/t/copy@%s\n" % (registry.name, imagefs.sha256(index)), "digest of the index")
        puts = [words.split(":")[0] for words in registry.since(before) if words.startswith("PUT manifests")]
        peer.equal(puts, ["PUT manifests/sha256", "PUT manifests/sha256", "PUT manifests/1"], "children first")
        peer.equal(registry.get("/v2/t/copy/manifests/1", INDEX), index, "the index, byte for byte")


def peers_pull_what_was_pushed(client, work):
    """registry.md U1, U9: podman pulls a pushed image and its files are those of the store"""
    peer.require("podman", root=True)
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client("push", name)
        podman = ["podman", "--root", work + "/podman", "--runroot", work + "/run", "--storage-driver", "vfs"]
        peer.call(*podman, "pull", "--quiet", "--tls-verify=false", name)
        peer.call(*podman, "save", "--quiet", "--format", "oci-dir", "-o", work + "/saved", name)
        (manifest,) = json.load(open(work + "/saved/index.json", encoding="utf-8"))["manifests"]
        assert manifest["size"] > 0
        same_image(client.store, name, imagefs.read_layout(work + "/saved"))


def debug_lists_the_requests(client, work):
    """registry.md X3: --debug shows method, address, status, time of each request"""
    with Registry(work + "/r") as registry:
        text = client.fails("base-not-found", 5, "pull", registry.name + "/t/none:1")
        line = "debug: GET http://%s/v2/t/none/manifests/1 404 " % registry.name
        assert text.index("error[") < text.index(line), text


run(a_pushed_image_is_pulled_by_skopeo, an_image_of_skopeo_is_pulled, a_push_sends_only_what_is_missing,
    tags_are_sent_last, a_missing_image_is_named, an_image_is_looked_at_where_it_is, offline_opens_no_socket,
    passwords_are_saved_used_and_removed, wrong_passwords_are_not_repeated, tokens_are_asked_for_once, token_servers_refuse, a_private_ca_is_asked_for,
    mirrors_come_first, indexes_go_both_ways, peers_pull_what_was_pushed, debug_lists_the_requests)
