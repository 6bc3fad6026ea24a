# SPDX-License-Identifier: Apache-2.0
"""The programs that are compared: how each builds, forgets and pushes."""

import json
import os
import shlex
import shutil
import subprocess
import tarfile

import engine
from bench_parts import measure, workloads

IMAGE = "bench:1"
PATIENCE = 300  # seconds for what is not measured


def quietly(*command, check=True, environment=None):
    """Runs what is not measured; returns its standard output."""
    try:
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise measure.Failed("%s: not done in %d s" % (" ".join(command), PATIENCE)) from None
    if check and done.returncode != 0:
        raise measure.Failed("%s: exit %d\n%s" % (" ".join(command), done.returncode,
                                                  done.stderr[-3000:].decode(errors="replace")))
    return done.stdout.decode(errors="replace").strip()


def layers_in(read, document):
    """Compressed bytes of the layers of a layout's only image; `read(digest)`: a blob; `document`: index.json."""
    while "manifests" in document:
        images = [entry for entry in document["manifests"]
                  if "vnd.docker.reference.type" not in entry.get("annotations", {})]
        wanted = [entry for entry in images if entry.get("annotations", {}).get("org.opencontainers.image.ref.name",
                                                                                "").endswith(IMAGE)]
        document = json.loads(read((wanted or images)[0]["digest"]))
    return sum(layer["size"] for layer in document["layers"])


def layers_of_layout(directory):
    """The same of an OCI layout."""
    def read(digest):
        with open(os.path.join(directory, "blobs", digest.replace(":", "/")), "rb") as file:
            return file.read()
    with open(directory + "/index.json", encoding="utf-8") as file:
        return layers_in(read, json.load(file))


def layers_of_archive(path):
    """The same of an OCI archive."""
    with tarfile.open(path) as archive:
        def member(name):
            return archive.extractfile(name).read()
        return layers_in(lambda digest: member("blobs/" + digest.replace(":", "/")), json.loads(member("index.json")))


class Program:
    """`output`: what a build leaves behind. `key`: its name on the command line. `daemon`: None or a measure.Daemon.
    `compressed`: whether layers that a build leaves are; builds are compared with those of their kind.

    A registry that is pushed to is new before the first push of an image. forget() leaves an empty store and cache,
    but for the base image; it is not measured.
    """

    key = name = output = None
    environment = daemon = None
    compressed = True

    def version(self):
        raise NotImplementedError

    def forget(self):
        raise NotImplementedError

    def build(self, workload):
        raise NotImplementedError

    def push(self, workload, registry):
        """The command, or None where there is no such thing."""
        raise NotImplementedError

    def exported(self, workload, registry):
        """The command that builds and puts its cache into a registry, or None where there is no such thing."""
        return None

    def imported(self, workload, registry):
        """The command that builds with that cache."""
        return None

    def layers(self):
        """Compressed bytes of the layers built last, None where they are not compressed before they are pushed."""


class Ocibuild(Program):
    key, name, output = "ocibuild", "ocibuild", "its store, an OCI layout, gzip"

    def __init__(self, program, base, work):
        self.program, self.base, self.store = program, base, work + "/ocibuild"

    def version(self):
        return quietly(self.program, "version").split()[1]

    def forget(self):
        shutil.rmtree(self.store, ignore_errors=True)
        quietly(self.program, "load", "-q", "--root", self.store, "-i", self.base.archive)

    def build(self, workload):
        return [self.program, "build", "-q", "--root", self.store, "-t", IMAGE, workload.directory]

    def push(self, workload, registry):
        return [self.program, "push", "-q", "--root", self.store, "--insecure-registry", registry, IMAGE,
                "%s/%s" % (registry, IMAGE)]

    def exported(self, workload, registry):
        return [*self.build(workload), "--cache-to", "type=registry,ref=%s/cache:1" % registry]

    def imported(self, workload, registry):
        return [*self.build(workload), "--cache-from", "type=registry,ref=%s/cache:1" % registry]

    def layers(self):
        return layers_of_layout(self.store)


class OcibuildArchive(Ocibuild):
    """In the form that BuildKit writes by buildctl, for a comparison of like with like."""

    key, name, output = "ocibuild-archive", "ocibuild -o type=oci", "OCI archive, gzip"

    def __init__(self, program, base, work):
        super().__init__(program, base, work)
        self.store, self.file = work + "/ocibuild-archive", work + "/ocibuild-archive.tar"

    def build(self, workload):
        return [self.program, "build", "-q", "--root", self.store, "-t", IMAGE, "-o", "type=oci,dest=" + self.file,
                workload.directory]

    def push(self, workload, registry):
        return None

    def layers(self):
        return layers_of_archive(self.file)


class OcibuildOtherwise(Ocibuild):
    """With other flags and a store of its own, for its builds; what it pushes is not measured."""

    flags = ()

    def __init__(self, program, base, work):
        super().__init__(program, base, work)
        self.store = os.path.join(work, self.key)

    def build(self, workload):
        return [*super().build(workload), *self.flags]

    def push(self, workload, registry):
        return None


class OcibuildFast(OcibuildOtherwise):
    """At the fastest level of gzip, which is kaniko's."""

    key, name = "ocibuild-fast", "ocibuild --compression-level 1"
    flags = ("--compression-level", "1")


class OcibuildUncompressed(OcibuildOtherwise):
    """With layers as dockerd and buildah keep them until they are pushed."""

    key, name, output = "ocibuild-plain", "ocibuild --compression uncompressed", "its store, not compressed"
    compressed = False
    flags = ("--compression", "uncompressed")

    def exported(self, workload, registry):
        return None

    def layers(self):
        return None


OURS = (Ocibuild, OcibuildArchive, OcibuildFast, OcibuildUncompressed)


class Docker(Program):
    """The engine of tests/support/engine.py; its layers stay unpacked and are compressed when they are pushed."""

    key, name, output = "docker", "docker build (BuildKit)", "dockerd's store, not compressed"
    compressed = False

    def __init__(self, running, base):
        self.engine, self.base = running, base
        self.environment, self.daemon = running.environment, measure.Daemon(running.process.pid)

    def version(self):
        return self.engine.docker("version", "--format", "{{.Server.Version}}")

    def forget(self):
        for image in self.engine.docker("image", "ls", "--all", "--quiet", check=False).split():
            self.engine.docker("image", "rm", "--force", image, check=False)
        self.engine.docker("builder", "prune", "--all", "--force")
        self.engine.docker("load", "--quiet", "--input", self.base.archive)

    def build(self, workload):
        return [engine.docker_program(), "build", "--quiet", "-t", IMAGE, workload.directory]

    def push(self, workload, registry):
        self.engine.docker("tag", IMAGE, "%s/%s" % (registry, IMAGE))
        return [engine.docker_program(), "push", "--quiet", "%s/%s" % (registry, IMAGE)]


class BuildKit(Program):
    """A buildkitd that the user started."""

    key, name, output = "buildkit", "buildctl build", "OCI archive, gzip"

    def __init__(self, buildctl, socket, base, work):
        self.command = [buildctl, "--addr", "unix://" + socket]
        self.daemon, self.base, self.file = measure.Daemon.behind(socket), base, work + "/buildkit.tar"

    def version(self):
        return quietly(self.command[0], "--version").split()[-1]

    def forget(self):
        quietly(*self.command, "prune", "--all")

    def _solve(self, workload, output, *more):
        return [*self.command, "build", "--progress", "plain", "--frontend", "dockerfile.v0",
                "--local", "context=" + workload.directory, "--local", "dockerfile=" + workload.directory,
                "--oci-layout", "base=" + self.base.layout,
                "--opt", "context:%s=oci-layout://base@%s" % (workloads.BASE, self.base.digest), "--output", output, *more]

    def build(self, workload):
        return self._solve(workload, "type=oci,dest=" + self.file)

    def push(self, workload, registry):
        """There is no other push than one at the end of a build, here one of which all steps are cached."""
        return self._solve(workload, "type=image,name=%s/%s,push=true,registry.insecure=true" % (registry, IMAGE))

    def exported(self, workload, registry):
        return self._solve(workload, "type=oci,dest=" + self.file, "--export-cache",
                           "type=registry,ref=%s/cache:1,mode=max,registry.insecure=true" % registry)

    def imported(self, workload, registry):
        return self._solve(workload, "type=oci,dest=" + self.file, "--import-cache",
                           "type=registry,ref=%s/cache:1,registry.insecure=true" % registry)

    def layers(self):
        return layers_of_archive(self.file)


class Buildah(Program):
    """The vfs driver works where nothing can be mounted; each layer is a copy of all files below it. Layers are kept
    unpacked, so a build is one of an image and of a layout with it."""

    key, name, output = "buildah", "buildah bud --layers, push oci:DIR", "its store (vfs) and an OCI layout, gzip"

    def __init__(self, base, work):
        self.base = base
        self.command = ["buildah", "--root", work + "/buildah", "--runroot", work + "/buildah-run", "--storage-driver",
                        "vfs"]
        self.layout = work + "/buildah-layout"
        self.directories = [work + "/buildah", work + "/buildah-run", self.layout]

    def version(self):
        return quietly("buildah", "--version").split()[2]

    def forget(self):
        for directory in self.directories:
            shutil.rmtree(directory, ignore_errors=True)
        quietly(*self.command, "pull", "--quiet", "docker-archive:" + self.base.archive)

    def build(self, workload):
        bud = [*self.command, "bud", "--quiet", "--layers", "--isolation", "chroot", "-t", IMAGE, workload.directory]
        out = [*self.command, "push", "--quiet", IMAGE, "oci:%s:%s" % (self.layout, IMAGE)]
        return ["sh", "-c", "%s && %s" % (shlex.join(bud), shlex.join(out))]

    def push(self, workload, registry):
        return [*self.command, "push", "--quiet", "--tls-verify=false", IMAGE, "%s/%s" % (registry, IMAGE)]

    def layers(self):
        return layers_of_layout(self.layout)
