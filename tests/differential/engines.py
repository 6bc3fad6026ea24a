# SPDX-License-Identifier: Apache-2.0
"""Builds a written case with one of three programs and reports what an engine's user would see of it."""

import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "support"), os.path.join(HERE, "..", "conformance")]
import cases  # noqa: E402
import engine  # noqa: E402
import imagefs  # noqa: E402
import trees  # noqa: E402

BUG = 70  # the exit status of ocibuild for a bug of its own
PATIENCE = 120  # seconds for one build, then it is ended and has no answer


class Outcome:
    """`facts` of the image, or None and the `text` that explains the failure; `status` as the program ended."""

    def __init__(self, status, text, image=None, whole_history=False):
        self.status, self.text, self.facts = status, text, None
        if image is not None:
            self.facts = cases.facts(image.config, image.tree())
            if whole_history:
                self.facts["history"] = [entry.get("created_by") for entry in image.config.get("history") or []]

    @property
    def ok(self):
        return self.facts is not None

    @property
    def errors(self):
        """The identifiers of the errors that ocibuild printed."""
        return re.findall(r"^error\[([a-z0-9-]+)\]", self.text, re.MULTILINE)

    @property
    def places(self):
        """The lines of the Dockerfile that the errors of ocibuild point at."""
        return [int(line) for line in re.findall(r"^ +--> .*Dockerfile:(\d+)", self.text, re.MULTILINE)]

    @property
    def broken(self):
        """The program did not end as a program should."""
        return self.status < 0 or self.status >= BUG


def _run(*command, **options):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              check=False, timeout=PATIENCE, **options)
    except subprocess.TimeoutExpired:
        return -1, "no answer within %d seconds" % PATIENCE
    return done.returncode, done.stdout.decode(errors="replace")


class Ocibuild:
    """The program under test with a store of its own in `work`."""

    def __init__(self, program, work, bases, whole_history):
        self.program, self.store = os.path.abspath(program), os.path.join(work, "store")
        self.whole_history = whole_history
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": work}
        for path in bases.values():
            subprocess.run([self.program, "load", "--root", self.store, "-i", path], env=self.environment, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def build(self, directory, arguments):
        status, text = _run(self.program, "build", "--offline", "--root", self.store, "-t", "case:1", "-f",
                            directory + "/Dockerfile", *arguments, directory + "/context", env=self.environment)
        if status != 0:
            return Outcome(status, text)
        image = imagefs.read_layout(self.store, "docker.io/library/case:1")
        return Outcome(0, text, image, self.whole_history)


class Docker:
    """A private dockerd; use it in a `with` statement."""

    name, whole_history = "docker", False

    def __init__(self, bases):
        self.engine, self.bases = None, bases

    def __enter__(self):
        self.engine = engine.Engine()
        self.engine.__enter__()
        for path in self.bases.values():
            self.engine.docker("load", "-i", path)
        return self

    def __exit__(self, *details):
        self.engine.__exit__(*details)

    def build(self, directory, arguments):
        status, text = _run(engine.docker_program(), "build", "-t", "case:1", "-f", directory + "/Dockerfile",
                            *arguments, directory + "/context", env=self.engine.environment)
        if status != 0 and self.engine.ended(0.2):
            reason = self.engine.panic()
            self.__exit__(None, None, None)
            self.__enter__()
            return Outcome(-1, reason)
        if status != 0:
            return Outcome(status, text)
        archive = directory + "/docker.tar"
        (inspected,) = json.loads(self.engine.docker("image", "inspect", "case:1"))
        if inspected["RootFS"].get("Layers"):
            self.engine.docker("save", "-o", archive, "case:1")
            image = imagefs.read_docker_archive(archive)
        else:
            # It cannot save an image without layers, but tells the same of it.
            texts = self.engine.docker("history", "--no-trunc", "--format", "{{json .CreatedBy}}", "case:1")
            config = {"architecture": inspected["Architecture"], "os": inspected["Os"], "config": inspected["Config"],
                      "author": inspected["Author"],
                      "history": [{"created_by": json.loads(text), "empty_layer": True}
                                  for text in reversed(texts.splitlines())]}
            image = imagefs.Image(None, json.dumps(config).encode(), [])
        return Outcome(0, text, image)


class Buildkit:
    """A running buildkitd, reached through its socket; the bases come from an OCI layout as named contexts."""

    name, whole_history = "buildkit", True

    def __init__(self, bases, socket, buildctl, work):
        self.command = [buildctl, "--addr", "unix://" + os.path.abspath(socket), "build", "--progress", "plain",
                        "--frontend", "dockerfile.v0", "--no-cache"]
        self.named = []
        for name, path in bases.items():
            layout = os.path.join(work, "layout-" + name)
            digest = imagefs.write_layout(layout, path)
            self.named += ["--oci-layout", "%s=%s" % (name, layout),
                           "--opt", "context:%s:1=oci-layout://%s@%s" % (name, name, digest)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def build(self, directory, arguments):
        options = []
        for argument in arguments:
            name, _, value = argument[2:].partition("=")
            if name in ("build-arg", "label"):
                value = "%s:%s" % (name, value)
            else:
                value = "%s=%s" % (name, value)
            options += ["--opt", value]
        archive = directory + "/buildkit.tar"
        status, text = _run(*self.command, *self.named, *options, "--local", "context=" + directory + "/context",
                            "--local", "dockerfile=" + directory, "--output",
                            "type=oci,compression=uncompressed,dest=" + archive)
        if status != 0:
            return Outcome(status, text)
        return Outcome(0, text, imagefs.read_oci_archive(archive), True)


def open_engine(options, work):
    """The engine of the command line, not yet started, and the base images that both sides have."""
    directory = os.path.join(work, "bases")
    os.mkdir(directory)
    bases = trees.write_bases(directory)
    if options.engine == "docker":
        return Docker(bases), bases
    return Buildkit(bases, options.buildkit_socket, options.buildctl, work), bases
