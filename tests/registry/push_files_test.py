#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Pushes of layouts and archives, of all tags, to several places at once.

usage: push_files_test.py --ocibuild PROGRAM
"""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import Registry, run  # noqa: E402
from scripted_registry import FaultyRegistry  # noqa: E402

OCI = "application/vnd.oci.image.manifest.v1+json"


def sources(client, work):
    """Image t:1 of the store as what `push` takes, and its digest."""
    digest = client.build("t:1", a=b"one", b=b"two")
    client("save", "--format", "oci-dir", "-o", work + "/dir", "t:1")
    client("save", "--format", "oci-archive", "-o", work + "/oci.tar", "t:1")
    client("save", "--format", "docker-archive", "-o", work + "/docker.tar", "t:1")
    return ["oci:dir", "oci:dir:1", "oci-archive:oci.tar", "docker-archive:docker.tar", "oci-archive:oci.tar:1"], digest


def inside(client, work, *arguments, **more):
    """The command with `work` as its working directory."""
    before = os.getcwd()
    os.chdir(work)
    try:
        return client(*arguments, **more)
    finally:
        os.chdir(before)


def layouts_and_archives_are_pushed(client, work):
    """registry.md U14: layouts and archives go to a registry byte for byte, and not into the store"""
    with Registry(work + "/r") as registry:
        words, digest = sources(client, work)
        for i, word in enumerate(words):
            name = "%s/t/app%d:1" % (registry.name, i)
            done = inside(client, work, "push", word, name, store=work + "/empty")
            peer.equal(done.stdout, "%s/t/app%d@%s\n" % (registry.name, i, digest), word)
            peer.equal(imagefs.sha256(registry.get("/v2/t/app%d/manifests/1" % i, OCI)), digest, word)
            if i > 0:
                peer.equal(done.stderr.count(" mounted"), 3, "blobs that the repository before has")
        peer.equal(client("images", "-q", store=work + "/empty").stdout, "", "images")
        left = os.listdir(work + "/empty/.ocibuild/tmp")
        peer.equal(left, [], "temporary stores")
        client("pull", registry.name + "/t/app0:1", store=work + "/other")
        peer.equal(imagefs.read_layout(work + "/other").tree(), imagefs.read_layout(work + "/dir").tree(), "files")


def wrong_content_is_not_sent(client, work):
    """registry.md U14: every digest and size is checked before anything is asked"""
    with FaultyRegistry() as registry:
        sources(client, work)
        shutil.copytree(work + "/dir", work + "/bad")
        blob = max((os.path.join(work + "/bad/blobs/sha256", name) for name in os.listdir(work + "/bad/blobs/sha256")),
                   key=os.path.getsize)
        os.chmod(blob, 0o644)
        with open(blob, "r+b") as file:
            file.seek(30)
            byte = file.read(1)
            file.seek(30)
            file.write(bytes([byte[0] ^ 1]))
        shutil.copytree(work + "/bad", work + "/short")
        os.truncate(work + "/short/blobs/sha256/" + os.path.basename(blob), 40)
        peer.call("tar", "-C", work + "/bad", "-cf", work + "/bad.tar", "oci-layout", "index.json", "blobs")
        for word in ("oci:bad", "oci:short", "oci-archive:bad.tar"):
            inside(client, work, "push", word, registry.name + "/t/app:1", exit_code=1, store=work + "/empty")
        peer.equal(registry.record(), [], "requests")
        peer.equal(os.listdir(work + "/empty/.ocibuild/tmp"), [], "temporary stores")


def one_of_several_images_is_named(client, work):
    """registry.md U14: with several images in a file a tag or name chooses, else latest; a file that is not there is said at once"""
    with FaultyRegistry() as registry:
        digests = {tag: client.build("t:" + tag, a=tag.encode()) for tag in ("1", "2")}
        client("save", "--format", "oci-archive", "-o", work + "/two.tar", "t:1", "t:2")
        name = registry.name + "/t/app:1"
        text = client.fails("image-unknown", 5, "push", "oci-archive:%s/two.tar" % work, name)
        assert "it has: t:1, t:2" in text, text
        client("push", "oci-archive:%s/two.tar:2" % work, name)
        peer.equal(registry.tags, {("t/app", "1"): digests["2"]}, "tags")
        for word in ("oci:two.tar", "oci-archive:none.tar", "docker-archive:", "oci-archive:two.tar:"):
            inside(client, work, "push", word, name, exit_code=2)
        inside(client, work, "push", "oci:2", exit_code=5)  # alone it is the name of an image
        other = registry.name + "/t/other:2"
        digests[other] = client.build(other, a=b"other")
        client("save", "--format", "docker-archive", "-o", work + "/names.tar", "t:2", other)
        assert "several images with the tag '2'" in client.fails(
            "image-ambiguous", 2, "push", "docker-archive:%s/names.tar:2" % work, name)
        for word in ("t:2", other):
            client("push", "docker-archive:%s/names.tar:%s" % (work, word), name)
            wanted = digests["2" if word == "t:2" else other]
            peer.equal(registry.tags[("t/app", "1")], wanted, word)


def several_destinations(client, work):
    """registry.md U14, U1: one image goes to all destinations of a command; its blobs once to each repository"""
    with FaultyRegistry() as one, FaultyRegistry() as two:
        digest = client.build("t:1", a=b"one")
        names = [one.name + "/t/app:1", one.name + "/t/app:2", two.name + "/t/app:1", one.name + "/t/app:1"]
        done = client("push", "--digestfile", work + "/digest", "t:1", *names)
        peer.equal(done.stdout, "%s/t/app@%s\n%s/t/app@%s\n" % (one.name, digest, two.name, digest), "stdout")
        with open(work + "/digest", encoding="ascii") as file:
            peer.equal(file.read(), digest, "digest file")
        for registry in (one, two):
            registry.consistent()
            peer.equal(len(registry.asked("PUT", "/blobs/uploads/")), 2, "uploads")
        peer.equal(sorted(one.tags.values()), [digest, digest], "tags")


def all_tags(client, work):
    """registry.md U14: --all-tags sends every tag of a repository, each blob once, and tells each digest"""
    with FaultyRegistry() as registry, FaultyRegistry() as other:
        repository = registry.name + "/t/app"
        digests = {tag: client.build("%s:%s" % (repository, tag), a=b"one", b=tag.encode()) for tag in ("1", "2", "3")}
        client("tag", repository + ":1", repository + ":latest")
        client.build(registry.name + "/t/other:1", a=b"no")
        out = client("push", "-a", repository).stdout
        peer.equal(sorted(out.splitlines()), sorted("%s@%s" % (repository, digest) for digest in digests.values()), "stdout")
        peer.equal(registry.tags, {("t/app", tag): digests[tag[0] if tag != "latest" else "1"] for tag in ("1", "2", "3", "latest")},
                   "tags")
        peer.equal(len(registry.asked("PUT", "/blobs/uploads/")), 7, "uploads: a shared layer, three others, three configs")
        client("push", "-a", repository, other.name + "/t/copy")
        peer.equal(sorted(tag for _, tag in other.tags), ["1", "2", "3", "latest"], "tags elsewhere")
        for words in (["-a", repository + ":1"], ["-a", "--digestfile", work + "/d", repository]):
            client("push", *words, exit_code=2)
        client.fails("image-unknown", 5, "push", "-a", registry.name + "/t/none")


def one_platform_of_an_index(client, work):
    """registry.md U14: --platform sends that image of an index alone"""
    with FaultyRegistry() as registry:
        context = client.context(a=b"one")
        name = registry.name + "/t/app:1"
        client("build", "--platform", "linux/amd64,linux/arm64", "-t", name, "--metadata-file", work + "/m", context)
        client("push", "--platform", "linux/arm64", name)
        registry.consistent()
        (digest,) = registry.tags.values()
        manifest = json.loads(registry.manifests["t/app", digest][1])
        config = json.loads(registry.blobs["t/app"][manifest["config"]["digest"]])
        peer.equal(config["architecture"], "arm64", "architecture")
        client.fails("platform-missing", 5, "push", "--platform", "linux/s390x", name)


run(layouts_and_archives_are_pushed, wrong_content_is_not_sent, one_of_several_images_is_named, several_destinations, all_tags,
    one_platform_of_an_index)
