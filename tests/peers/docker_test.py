#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Docker engine loads and runs what ocibuild makes; a merged /usr stays merged inside a running container."""

import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import engine  # noqa: E402
import peer  # noqa: E402


def start(docker, image):
    container = docker.docker("run", "--detach", "--net=none", image)
    return container, docker.docker("inspect", "--format", "{{.State.Pid}}", container)


def the_example_from_scratch_serves(options, work):
    program = options.program(work)
    context = peer.stage_example(options.server, work + "/context")
    # The form of the manual: no file and no store image in between.
    program("build", "-f", context + "/Dockerfile", "-t", "fluidity:1", "-o",
            "type=docker,dest=%s/image.tar" % work, context)
    peer.call("bash", "-c", '"$1" build -q --root "$2" -t fluidity:1 "$3" -o type=docker,dest=- | cmp - "$4"', "-",
              options.ocibuild, program.store, context, work + "/image.tar")
    with engine.Engine() as docker:
        docker.docker("load", "--input", work + "/image.tar")
        container, pid = start(docker, "fluidity:1")
        peer.expect_served(pid)
        docker.docker("exec", container, "/app/fluidity-server", "--health", "--config", "/app/config/server.yaml")
        docker.docker("stop", "--time", "5", container)
        peer.equal(docker.docker("inspect", "--format", "{{.State.ExitCode}}", container), "0", "exit after SIGTERM")


def the_docker_engine_agrees_about_the_image_id(options, work):
    program = options.program(work)
    program("build", "-t", "fluidity:1", "--iidfile", work + "/id",
            peer.stage_example(options.server, work + "/context"))
    program("save", "fluidity:1", "-o", work + "/image.tar")
    with engine.Engine() as docker, open(work + "/id", encoding="ascii") as file:
        docker.docker("load", "--input", work + "/image.tar")
        peer.equal(docker.docker("image", "inspect", "--format", "{{.Id}}", "fluidity:1"), file.read(), "image ID")


DEBIAN_DOCKERFILE = """FROM debian-base:1
COPY tool /bin/tool
COPY tool /lib/
COPY note /tmp/note
COPY note /home/u/note
COPY --chown=www-data:staff note /srv/note
"""

# Runs inside the container: one fact a line, each of them something that a careless layer breaks.
DEBIAN_FACTS = """
readlink /bin
readlink /lib
/bin/tool
test -f /usr/bin/tool && test -f /usr/lib/tool && test -x /bin/ls && echo merged
stat -c '%n %a %u:%g' /tmp /tmp/note /home/u /home/u/note /usr/bin /etc/shadow
stat -c '%n %U:%G' /srv/note
"""

DEBIAN_EXPECTED = """usr/bin
usr/lib
tool runs
merged
/tmp 1777 0:0
/tmp/note 644 0:0
/home/u 750 1000:1000
/home/u/note 644 0:0
/usr/bin 755 0:0
/etc/shadow 640 0:42
/srv/note www-data:staff"""


def a_debian_base_keeps_its_links_modes_and_owners(options, work):
    program = options.program(work)
    program("load", "-i", peer.debian_base(options.cache))
    os.mkdir(work + "/context")
    for name, text, mode in (("Dockerfile", DEBIAN_DOCKERFILE, 0o644), ("note", "note\n", 0o644),
                             ("tool", "#!/bin/sh\necho tool runs\n", 0o755)):
        with open(work + "/context/" + name, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(work + "/context/" + name, mode)
    program("build", "-t", "merged:1", work + "/context")
    program("save", "merged:1", "-o", work + "/merged.tar")
    context = peer.stage_example(options.server, work + "/fluidity")
    program("build", "-t", "fluidity:debian", "--build-arg", "BASE=debian-base:1", context)
    program("save", "fluidity:debian", "-o", work + "/fluidity.tar")
    with engine.Engine() as docker:
        docker.docker("load", "--input", work + "/merged.tar")
        facts = docker.docker("run", "--rm", "--net=none", "merged:1", "sh", "-euc", DEBIAN_FACTS)
        peer.equal(facts.splitlines(), DEBIAN_EXPECTED.splitlines(), "inside the container")
        docker.docker("load", "--input", work + "/fluidity.tar")
        container, pid = start(docker, "fluidity:debian")
        peer.expect_served(pid)
        peer.equal(docker.docker("exec", container, "id", "-u"), "65532", "user")
        docker.docker("rm", "--force", container)


def docker_loads_its_platform_of_an_index(options, work):
    """cli.md 5.1, 6.2: of an index docker gets the host's image, or the one that --platform names."""
    program = options.program(work)
    os.mkdir(work + "/context")
    with open(work + "/context/Dockerfile", "w", encoding="ascii") as file:
        file.write("FROM scratch\nARG TARGETARCH\nLABEL arch=$TARGETARCH\nCOPY Dockerfile /\nCMD [\"x\"]\n")
    program("build", "--platform", "linux/amd64,linux/arm64", "-t", "multi:1", work + "/context")
    program("save", "multi:1", "-o", work + "/all.tar")
    program("save", "multi:1", "-o", work + "/arm.tar", "--platform", "linux/arm64")
    with engine.Engine() as docker:
        for archive, architecture in (("all", docker.docker("version", "--format", "{{.Server.Arch}}")), ("arm", "arm64")):
            docker.docker("load", "--input", "%s/%s.tar" % (work, archive))
            found = docker.docker("image", "inspect", "--format", "{{.Architecture}} {{.Config.Labels.arch}}", "multi:1")
            peer.equal(found, "%s %s" % (architecture, architecture), "architecture by way of %s.tar" % archive)


def load_puts_the_image_into_the_running_engine(options, work):
    """cli.md 5.6, 5.7: the engine that DOCKER_HOST names has the image with its names at once, and of an index its own"""
    program = options.program(work)
    context = peer.stage_example(options.server, work + "/context")
    with engine.Engine() as docker:
        for flags in (["--load"], ["-o", "type=docker"], ["--load", "--platform", "linux/amd64,linux/arm64"]):
            program("build", "-t", "fluidity:1", "-t", "fluidity:2", "--iidfile", work + "/id", *flags, context,
                    env=docker.environment)
            ids = [docker.docker("image", "inspect", "--format", "{{.Id}}", name) for name in ("fluidity:1", "fluidity:2")]
            peer.equal(ids[0], ids[1], "both names")
            with open(work + "/id", encoding="ascii") as file:
                assert "--platform" in flags or ids[0] == file.read(), ids
            docker.docker("rmi", "--force", "fluidity:1", "fluidity:2")
        program("build", "-t", "fluidity:1", "--load", context, env=docker.environment)
        container, pid = start(docker, "fluidity:1")
        peer.expect_served(pid)
        docker.docker("rm", "--force", container)


FILES_DOCKERFILE = """FROM scratch AS a
COPY . /x/
FROM scratch
COPY --from=a / /
COPY --chown=5:6 file /own
WORKDIR /w/y
"""


def members(archive):
    """What a tar says, in its order, without the times."""
    with tarfile.open(archive) as tar:
        return [(m.name, m.type, m.mode, m.uid, m.gid, m.size, m.linkname) for m in tar]


def the_files_of_an_image_are_those_docker_writes(options, work):
    """cli.md 5.4, 5.5: type=tar and type=local give what docker gives, but for the times."""
    program = options.program(work)
    context = work + "/context"
    os.makedirs(context + "/d/e")
    for name, text in (("Dockerfile", FILES_DOCKERFILE), ("file", "file\n"), ("d/e/x", "x\n")):
        with open(context + "/" + name, "w", encoding="ascii") as file:
            file.write(text)
    os.chmod(context + "/file", 0o4755)
    os.chmod(context + "/d", 0o500)
    os.link(context + "/file", context + "/link")
    os.symlink("/etc/passwd", context + "/out")
    program("build", "-o", "type=tar,dest=%s/ours.tar" % work, context)
    program("build", "-o", work + "/ours", context)
    with engine.Engine() as docker:
        docker.docker("build", "-o", "type=tar,dest=%s/docker.tar" % work, context)
        docker.docker("build", "-o", work + "/docker", context)
    peer.equal(members(work + "/ours.tar"), members(work + "/docker.tar"), "members")
    listing = "find . -mindepth 1 -printf '%p %y %m %U:%G %n %l\\n' | sort"
    found = [peer.call("sh", "-c", listing, cwd=work + "/" + name) for name in ("ours", "docker")]
    peer.equal(found[0], found[1], "files")
    peer.call("diff", "--recursive", "--no-dereference", work + "/ours", work + "/docker")


if engine.available():
    peer.skip(engine.available())
peer.require("nsenter", root=True)
peer.run(the_example_from_scratch_serves, the_docker_engine_agrees_about_the_image_id,
         a_debian_base_keeps_its_links_modes_and_owners, docker_loads_its_platform_of_an_index,
         load_puts_the_image_into_the_running_engine, the_files_of_an_image_are_those_docker_writes)
