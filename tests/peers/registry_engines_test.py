#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker, podman and skopeo pull from a registry what ocibuild pushed, and ocibuild pulls what they pushed."""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import engine  # noqa: E402
import imagefs  # noqa: E402
import peer  # noqa: E402
import registry  # noqa: E402

FORMATS = (["--format", "oci"], ["--format", "docker"], ["--compression", "zstd"])


def pushed(client, name, arguments):
    context = client.work + "/context"
    os.makedirs(context, exist_ok=True)
    for file, text in (("Dockerfile", "FROM scratch\nCOPY a /dir/a\nCOPY --chown=7:8 b /b\nENV A=b\nCMD [\"/b\"]\n"), ("a", "one"), ("b", "two")):
        with open(os.path.join(context, file), "w", encoding="ascii") as out:
            out.write(text)
    client("build", "-t", name, *arguments, "--iidfile", client.work + "/id", context)
    client("push", name)
    with open(client.work + "/id", encoding="ascii") as file:
        return file.read()


def docker_pulls_and_pushes(options, work):
    """registry.md U1, U9, P1, P8: the Docker engine pulls what we pushed under our image ID; we pull what it pushed"""
    client = registry.Client(options.ocibuild, work)
    with registry.Registry(work + "/r") as here, engine.Engine() as docker:
        for number, arguments in enumerate(FORMATS):
            if "zstd" in arguments:
                continue  # 20.10 knows no zstd
            name = "%s/t/app:%d" % (here.name, number)
            image_id = pushed(client, name, arguments)
            docker.docker("pull", "--quiet", name)
            peer.equal(docker.docker("image", "inspect", "--format", "{{.Id}}", name), image_id, "image ID")
            theirs = "%s/docker/app:%d" % (here.name, number)
            docker.docker("tag", name, theirs)
            docker.docker("push", "--quiet", theirs)
            client("pull", theirs, store=work + "/pulled")
            mine, other = imagefs.read_layout(client.store, name), imagefs.read_layout(work + "/pulled", theirs)
            peer.equal(other.tree(), mine.tree(), "files by way of docker")
            peer.equal(other.config["config"], mine.config["config"], "config by way of docker")


def skopeo_and_podman_pull_and_push(options, work):
    """registry.md U1, U9, P1, P5, P8: skopeo and podman pull every format we push; we pull what they pushed, schema by schema"""
    client = registry.Client(options.ocibuild, work)
    podman = ["podman", "--root", work + "/podman", "--runroot", work + "/run", "--storage-driver", "vfs"]
    with registry.Registry(work + "/r") as here:
        for number, arguments in enumerate(FORMATS):
            name = "%s/t/app:%d" % (here.name, number)
            image_id = pushed(client, name, arguments)
            mine = imagefs.read_layout(client.store, name)
            peer.call("skopeo", "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false", "docker://" + name,
                      "oci:%s/skopeo%d:x" % (work, number))
            peer.equal(imagefs.read_layout("%s/skopeo%d" % (work, number), "x").tree(), mine.tree(), "files by way of skopeo")
            peer.equal(peer.call(*podman, "pull", "--quiet", "--tls-verify=false", name).strip(), image_id[7:], "podman's ID")
            for kind in ("v2s2", "oci")[1 if "zstd" in arguments else 0:]:  # docker's form has no zstd
                theirs = "%s/podman/app:%d-%s" % (here.name, number, kind)
                peer.call(*podman, "push", "--quiet", "--tls-verify=false", "--format", kind, name, theirs)
                client("pull", theirs, store=work + "/pulled")
                peer.equal(imagefs.read_layout(work + "/pulled", theirs).tree(), mine.tree(), "files by way of podman " + kind)
            copied = "%s/skopeo/app:%d" % (here.name, number)
            peer.call("skopeo", "--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", "--src-tls-verify=false",
                      "docker://" + name, "docker://" + copied)
            digest = client("pull", copied, store=work + "/pulled").stdout.strip().split("@")[1]
            found = json.loads(peer.call("skopeo", "inspect", "--tls-verify=false", "docker://" + name))
            peer.equal(digest, found["Digest"], "digest by way of skopeo")


if engine.available():
    peer.skip(engine.available())
peer.require("skopeo", "podman", "docker-registry", root=True)
peer.run(docker_pulls_and_pushes, skopeo_and_podman_pull_and_push)
