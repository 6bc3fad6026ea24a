#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""skopeo and umoci read the store and every output, and find in them what we find."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import json  # noqa: E402

import bases  # noqa: E402
import imagefs  # noqa: E402
import peer  # noqa: E402

NAME = "docker.io/library/app:1"
DOCKERFILE = """FROM debian-mini:1
WORKDIR /srv/app
COPY --chown=user:staff . ./
COPY --chmod=4750 one /bin/
COPY tree /link-to-dir/
ENV A=b
CMD ["x"]
"""


def build(options, work, *arguments):
    program = options.program(work)
    if not os.path.exists(program.store):
        program("load", "-i", bases.write_bases(work)["debian-mini"])
        os.makedirs(work + "/context/tree/deep")
        for name in ("one", "tree/two", "tree/deep/three"):
            with open(work + "/context/" + name, "w", encoding="ascii") as file:
                file.write(name * 1000)
        os.link(work + "/context/tree/two", work + "/context/tree/same")
        os.symlink("two", work + "/context/tree/link")
        with open(work + "/context/Dockerfile", "w", encoding="ascii") as file:
            file.write(DOCKERFILE)
    program("build", "-t", "app:1", *arguments, work + "/context")
    return program


def skopeo_reads_the_store_and_every_output(options, work):
    program = build(options, work)
    build(options, work, "-o", "type=oci,dest=%s/build-oci.tar" % work)
    build(options, work, "-o", "type=oci,dest=%s/build-oci/" % work)
    build(options, work, "-o", "type=docker,dest=%s/build-docker.tar" % work)
    for form, name in (("docker-archive", "docker.tar"), ("oci-archive", "oci.tar"), ("oci-dir", "oci")):
        program("save", "app:1", "-o", work + "/save-" + name, "--format", form)
    expected = program.image("app:1")
    sources = ["oci:%s:%s" % (program.store, NAME), "oci-archive:%s/build-oci.tar" % work, "oci:%s/build-oci" % work,
               "docker-archive:%s/build-docker.tar" % work, "oci-archive:%s/build-docker.tar" % work,
               "docker-archive:%s/save-docker.tar" % work, "oci-archive:%s/save-docker.tar" % work,
               "oci-archive:%s/save-oci.tar" % work, "oci:%s/save-oci" % work]
    for number, source in enumerate(sources):
        config = json.loads(peer.call("skopeo", "inspect", "--config", source))
        peer.equal(config["rootfs"]["diff_ids"], expected.config["rootfs"]["diff_ids"], "diff_ids of " + source)
        target = "%s/copy%d" % (work, number)
        # skopeo verifies every digest on its way; the copy is then verified by us.
        peer.call("skopeo", "copy", "--quiet", source, "oci:%s:x" % target)
        peer.equal(imagefs.read_layout(target, "x").tree(), expected.tree(), "tree by way of " + source)


def umoci_unpacks_what_we_flatten(options, work):
    program = build(options, work)
    program("save", "app:1", "-o", work + "/oci", "--format", "oci-dir")
    with open(work + "/oci/index.json", encoding="utf-8") as file:
        name = json.load(file)["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
    peer.call("umoci", "unpack", "--image", "%s/oci:%s" % (work, name), work + "/bundle")
    found, expected = imagefs.scan_directory(work + "/bundle/rootfs"), program.image("app:1").tree()
    for path in sorted(set(found) | set(expected)):
        peer.equal(found.get(path), expected.get(path), path)


def every_compression_is_read(options, work):
    trees = []
    for compression in ("gzip", "zstd", "uncompressed"):
        program = build(options, work, "--compression", compression)
        peer.call("skopeo", "copy", "--quiet", "oci:%s:%s" % (program.store, NAME), "oci:%s/%s:x" % (work, compression))
        trees.append(imagefs.read_layout(work + "/" + compression, "x").tree())
    peer.equal(trees[1], trees[0], "tree with zstd")
    peer.equal(trees[2], trees[0], "tree without compression")


def we_load_what_skopeo_writes(options, work):
    program = build(options, work)
    expected = program.image("app:1")
    source = "oci:%s:%s" % (program.store, NAME)
    other = peer.Program(options.ocibuild, work + "/other")
    for number, target in enumerate(("docker-archive:%s/a.tar:back:%d", "oci-archive:%s/b.tar:back:%d",
                                     "oci:%s/c:back:%d")):
        target = target % (work, number)
        peer.call("skopeo", "copy", "--quiet", source, target)
        other("load", "-i", target.split(":")[1])
        peer.equal(other.image("back:%d" % number).tree(), expected.tree(), "tree by way of " + target)


def skopeo_and_umoci_read_every_image_of_an_index(options, work):
    """image.md 4.5, cli.md 5.1: an index and each image that it lists are what the specification says."""
    program = options.program(work)
    os.mkdir(work + "/context")
    for name, text in (("Dockerfile", "FROM scratch\nARG TARGETARCH\nCOPY $TARGETARCH /app\nCOPY same /\n"),
                       ("amd64", "for amd64"), ("arm64", "for arm64"), ("same", "x" * 1000)):
        with open(work + "/context/" + name, "w", encoding="ascii") as file:
            file.write(text)
    program("build", "--platform", "linux/amd64,linux/arm64", "-t", "app:1", "--load",
            "-o", "type=oci,dest=%s/out.tar" % work, work + "/context")
    program("save", "app:1", "-o", work + "/saved", "--format", "oci-dir")
    for number, source in enumerate(("oci:%s:%s" % (program.store, NAME), "oci-archive:%s/out.tar" % work,
                                     "oci:%s/saved" % work)):
        index = json.loads(peer.call("skopeo", "inspect", "--raw", source))
        peer.equal([m["platform"]["architecture"] for m in index["manifests"]], ["amd64", "arm64"], "index of " + source)
        target = "%s/all%d" % (work, number)
        peer.call("skopeo", "copy", "--quiet", "--all", source, "oci:%s:x" % target)
        raw = json.loads(peer.call("skopeo", "inspect", "--raw", "oci:%s:x" % target))
        peer.equal([m["digest"] for m in raw["manifests"]], [m["digest"] for m in index["manifests"]], "copied index")
    for architecture in ("amd64", "arm64"):
        one = "%s/%s" % (work, architecture)
        peer.call("skopeo", "--override-arch", architecture, "copy", "--quiet", "oci:%s/saved" % work, "oci:%s:x" % one)
        image = imagefs.read_layout(one, "x")
        peer.equal(image.config["architecture"], architecture, "architecture")
        peer.equal(image.tree()["app"]["sha256"], imagefs.sha256(("for " + architecture).encode())[7:], "/app")
        peer.call("umoci", "unpack", "--image", one + ":x", one + "-bundle")
        with open(one + "-bundle/rootfs/app", encoding="ascii") as file:
            peer.equal(file.read(), "for " + architecture, "/app as umoci unpacks it")
    other = peer.Program(options.ocibuild, work + "/other")
    other("load", "-i", work + "/all0")
    peer.equal(json.loads(other("inspect", "--raw", "all0:x")), raw, "the index that skopeo copied")


peer.require("skopeo", "umoci", "zstd", root=True)
peer.run(skopeo_reads_the_store_and_every_output, umoci_unpacks_what_we_flatten, every_compression_is_read,
         we_load_what_skopeo_writes, skopeo_and_umoci_read_every_image_of_an_index)
