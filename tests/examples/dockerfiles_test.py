#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each Dockerfile of examples/dockerfiles is built as it is, by the command of its README, upon bases made by hand.

The stages that compile are replaced by directories, as the READMEs say; nothing of the examples is edited.
"""

import argparse
import os
import shutil
import sys
import tempfile
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402

EXAMPLES = os.path.join(peer.ROOT, "examples", "dockerfiles")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Workshop:
    """A copy of an example, independent of the source tree's modes, and a store with its bases."""

    def __init__(self, ocibuild, work, example):
        self.work, self.context = work, os.path.join(work, "context")
        self.program = peer.Program(ocibuild, os.path.join(work, "store"))
        shutil.copytree(os.path.join(EXAMPLES, example), self.context)
        for directory, _, files in os.walk(self.context):
            os.chmod(directory, 0o755)
            for name in files:
                os.chmod(os.path.join(directory, name), 0o644)

    def base(self, name, config=None):
        """An image of one layer: a merged /usr, a sticky /tmp, a user."""
        tar = imagefs.LayerTar()
        tar.link("bin", "usr/bin").dir("etc").file("etc/passwd", "root:x:0:0::/root:/bin/sh\n").dir("tmp", 0o1777)
        tar.dir("usr").dir("usr/bin").dir("usr/local").dir("usr/local/bin", 0o2775, (0, 50)).dir("var").dir("var/lib")
        path = os.path.join(self.work, "base.tar")
        imagefs.write_docker_archive(path, name, [tar.bytes()], config or {"Env": [PATH]})
        self.program("load", "-i", path)

    def compiled(self, name, text, mode=0o755):
        """What a compiler outside would have made, below ./out."""
        path = os.path.join(self.context, "out", name)
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)

    def build(self, name, *arguments):
        self.program("build", "-t", name, *arguments, self.context, cwd=self.context)
        found = imagefs.read_layout(self.program.store, "docker.io/library/" + name)
        return found.config["config"], found


def added(image):
    """{path: (mode, uid, gid)} of what the layers above the base hold, directories of the base left out."""
    base = imagefs.flatten(image.layers[:1])
    return {path: (node["mode"], node["uid"], node["gid"]) for path, node in image.tree().items() if path not in base}


def go_multi_stage(ocibuild, work):
    """dockerfile.md 6.4, 7.16, 8.7: a compiling stage is replaced by a directory of what it would have made."""
    shop = Workshop(ocibuild, work, "go-multi-stage")
    shop.base("alpine:3.20", {"Env": [PATH], "Cmd": ["/bin/sh"]})
    shop.compiled("out/greeter", "program\n", 0o700)
    config, image = shop.build("greeter:1", "--build-context", "builder=./out")
    peer.equal(config, {"Env": [PATH], "User": "65532:65532", "WorkingDir": "/app", "Entrypoint": ["./greeter"],
                        "ExposedPorts": {"8080/tcp": {}},
                        "Labels": {"org.opencontainers.image.title": "greeter"}}, "config")
    peer.equal(added(image), {"app": ("0755", 0, 0), "app/greeter": ("0755", 0, 0)}, "files")


def rust_two_images(ocibuild, work):
    """dockerfile.md 5.2, 6.4, 6.8: the builder's base is not looked for when a directory stands for the stage."""
    shop = Workshop(ocibuild, work, "rust-two-images")
    shop.base("gcr.io/distroless/cc-debian12:nonroot", {"Env": [PATH], "User": "65532", "WorkingDir": "/home/nonroot"})
    shop.compiled("work/target/release/colony", "program\n")
    config, image = shop.build("colony:1", "--build-context", "builder=./out")
    peer.equal(config, {"Env": [PATH], "User": "65532", "WorkingDir": "/home/nonroot",
                        "ExposedPorts": {"7070/tcp": {}, "7071/udp": {}},
                        "Cmd": ["/usr/local/bin/colony", "--config", "/etc/colony/config.toml"]}, "config")
    peer.equal(added(image), {"usr/local/bin/colony": ("0755", 0, 0), "etc/colony": ("0755", 0, 0),
                              "etc/colony/config.toml": ("0644", 0, 0)}, "files")


def rust_base_image(ocibuild, work):
    """dockerfile.md 1.2: the base of the Rust example is built from the second Dockerfile of its directory."""
    shop = Workshop(ocibuild, work, "rust-two-images")
    shop.base("rust:1.82-slim-bookworm")
    config, image = shop.build("colony-base:1", "-f", "Dockerfile.base")
    peer.equal(config, {"Env": [PATH, "CARGO_TERM_COLOR=never", "CARGO_NET_OFFLINE=true"], "WorkingDir": "/work"}, "config")
    peer.equal(sorted(added(image)), ["work", "work/Cargo.lock", "work/Cargo.toml"], "files")


def healthcheck_and_volume(ocibuild, work):
    """dockerfile.md 13.3, 13.9, 13.11: a health check with all its options, and a volume in a directory of the user's."""
    shop = Workshop(ocibuild, work, "healthcheck-and-volume")
    shop.base("debian:12-slim", {"Env": [PATH], "Cmd": ["bash"]})
    config, image = shop.build("ledger:1")
    peer.equal(config, {"Env": [PATH, "DATA_DIR=/var/lib/ledger"], "User": "1000:1000", "WorkingDir": "/var/lib/ledger",
                        "Volumes": {"/var/lib/ledger": {}}, "StopSignal": "SIGINT", "Cmd": ["ledger"],
                        "Healthcheck": {"Test": ["CMD", "ledger-check", "--quick"], "Interval": 30 * 10**9,
                                        "Timeout": 5 * 10**9, "StartPeriod": 90 * 10**9, "Retries": 4}}, "config")
    peer.equal(added(image), {"usr/local/bin/ledger": ("0755", 1000, 1000),
                              "usr/local/bin/ledger-check": ("0755", 1000, 1000),
                              "var/lib/ledger": ("0755", 1000, 1000)}, "files")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ocibuild", required=True)
    ocibuild = os.path.abspath(parser.parse_args().ocibuild)
    failed = 0
    for test in (go_multi_stage, rust_two_images, rust_base_image, healthcheck_and_volume):
        try:
            with tempfile.TemporaryDirectory() as work:
                test(ocibuild, work)
            print("ok", test.__name__, flush=True)
        except Exception:  # one red test must not hide the others
            failed += 1
            print("FAILED", test.__name__, flush=True)
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)


main()
