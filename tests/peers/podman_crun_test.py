#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""podman, and crun with a bundle that umoci unpacked, run what ocibuild makes."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import json  # noqa: E402
import subprocess  # noqa: E402
import time  # noqa: E402

import peer  # noqa: E402

# crun refuses machines that mount both cgroup hierarchies; it needs neither here, so it is shown only one.
PRIVATE_MOUNTS = ["unshare", "--mount", "bash", "-c",
                  'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "private"]


def build_example(options, work):
    program = options.program(work)
    program("build", "-t", "fluidity:1", peer.stage_example(options.server, work + "/context"))
    return program


def podman_runs_the_example(options, work):
    program = build_example(options, work)
    program("save", "fluidity:1", "-o", work + "/image.tar")
    # Storage of its own; no systemd, no cgroups, no limits above ours: as in a bare container or on a CI machine.
    podman = ["podman", "--root", work + "/storage", "--runroot", work + "/run", "--storage-driver", "vfs",
              "--cgroup-manager=cgroupfs", "--events-backend=none", "--runtime=crun"]
    peer.call(*podman, "load", "--input", work + "/image.tar")
    peer.call(*PRIVATE_MOUNTS, *podman, "run", "--detach", "--name=fluidity", "--network=none", "--cgroups=disabled",
              "--no-healthcheck", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024", "fluidity:1")
    try:
        peer.expect_served(peer.call(*podman, "inspect", "--format", "{{.State.Pid}}", "fluidity").strip())
    finally:
        peer.call(*podman, "rm", "--force", "--time=5", "fluidity")


def podman_takes_docker_archives_oci_archives_and_oci_directories(options, work):
    program = build_example(options, work)
    podman = ["podman", "--root", work + "/storage", "--runroot", work + "/run", "--storage-driver", "vfs",
              "--events-backend=none"]
    image_id = program.image("fluidity:1").image_id[7:]
    for form, transport in (("docker-archive", "docker-archive:%s/x.tar"), ("oci-archive", "oci-archive:%s/x.tar"),
                            ("oci-dir", "oci:%s/x")):
        peer.call("rm", "-rf", work + "/x.tar", work + "/x")
        program("save", "fluidity:1", "-o", work + ("/x" if form == "oci-dir" else "/x.tar"), "--format", form)
        peer.call(*podman, "pull", "--quiet", transport % work)
        (inspected,) = json.loads(peer.call(*podman, "image", "inspect", image_id))
        peer.equal(inspected["Config"]["Cmd"][0], "./fluidity-server", "Cmd by way of " + form)
        peer.equal(inspected["Config"]["User"], "65532:65532", "User by way of " + form)
        peer.call(*podman, "rmi", "--force", image_id)


def load_puts_the_image_into_a_running_podman(options, work):
    """cli.md 5.6: podman's service takes what --load sends, from CONTAINER_HOST"""
    program = options.program(work)
    podman = ["podman", "--root", work + "/storage", "--runroot", work + "/run", "--storage-driver", "vfs",
              "--events-backend=none"]
    service = subprocess.Popen([*podman, "system", "service", "--time=0", "unix://%s/sock" % work])
    try:
        for _ in range(200):
            if os.path.exists(work + "/sock"):
                break
            time.sleep(0.05)
        environment = dict(os.environ, CONTAINER_HOST="unix://%s/sock" % work)
        environment.pop("DOCKER_HOST", None)
        program("build", "-t", "fluidity:1", "--load", peer.stage_example(options.server, work + "/context"), env=environment)
    finally:
        service.terminate()
        service.wait(30)
    (inspected,) = json.loads(peer.call(*podman, "image", "inspect", "fluidity:1"))
    peer.equal("sha256:" + inspected["Id"], program.image("fluidity:1").image_id, "image ID")


def crun_runs_the_bundle_that_umoci_unpacks(options, work):
    program = build_example(options, work)
    program("save", "fluidity:1", "-o", work + "/oci", "--format", "oci-dir")
    with open(work + "/oci/index.json", encoding="utf-8") as file:
        name = json.load(file)["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
    bundle = work + "/bundle"
    peer.call("umoci", "unpack", "--image", "%s/oci:%s" % (work, name), bundle)
    with open(bundle + "/config.json", encoding="utf-8") as file:
        config = json.load(file)
    # umoci assumes a terminal and a cgroup hierarchy to mount; a test has neither.
    config["process"]["terminal"] = False
    config["process"]["rlimits"] = []
    config["linux"].pop("resources", None)
    config["mounts"] = [mount for mount in config["mounts"] if mount["type"] != "cgroup"]
    with open(bundle + "/config.json", "w", encoding="utf-8") as file:
        json.dump(config, file)
    crun = ["crun", "--root", work + "/crun", "--cgroup-manager=disabled"]
    with open(work + "/log", "wb") as log:
        peer.subprocess.run([*PRIVATE_MOUNTS, *crun, "run", "--detach", "--bundle", bundle, "fluidity"], check=True,
                            stdin=peer.subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        peer.expect_served(json.loads(peer.call(*crun, "state", "fluidity"))["pid"])
        peer.call(*crun, "kill", "fluidity", "TERM")
        for _ in range(50):
            if json.loads(peer.call(*crun, "state", "fluidity"))["status"] == "stopped":
                return
            time.sleep(0.1)
        raise AssertionError("the server goes on after SIGTERM")
    finally:
        peer.call(*crun, "delete", "--force", "fluidity")


peer.require("podman", "umoci", "crun", "unshare", "nsenter", root=True)
peer.run(podman_runs_the_example, podman_takes_docker_archives_oci_archives_and_oci_directories,
         load_puts_the_image_into_a_running_podman, crun_runs_the_bundle_that_umoci_unpacks)
