#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ocibuild in the place of docker, buildx and kaniko: command lines as others write them, against real registries.

usage: drop_in_test.py --ocibuild PROGRAM
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry  # noqa: E402

EXAMPLES = os.path.join(peer.ROOT, "examples", "ci")
DOCKERFILE = """FROM scratch
ARG VERSION=none
LABEL version=$VERSION
COPY app /app
ENTRYPOINT ["/app"]
"""


class Job:
    """A project's directory and a PATH on which other tools' names are links to ocibuild."""

    def __init__(self, program, work, **variables):
        self.work, self.project, bin_directory = work, work + "/project", work + "/bin"
        for directory in (self.project, bin_directory, work + "/home"):
            os.makedirs(directory, exist_ok=True)
        for name in ("ocibuild", "docker", "executor"):
            os.symlink(os.path.abspath(program), bin_directory + "/" + name)
        self.write("Dockerfile", DOCKERFILE)
        self.write("app", "#!/bin/sh\n")
        self.environment = {"PATH": bin_directory + ":" + os.environ["PATH"], "HOME": work + "/home", "CI": "true",
                            **variables}

    def write(self, name, text):
        with open(os.path.join(self.project, name), "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.project, name), encoding="utf-8") as file:
            return file.read()

    def sh(self, *lines):
        """Runs lines as a CI's shell does; their standard output."""
        return peer.call("sh", "-e", "-c", "\n".join(lines), cwd=self.project, env=self.environment)


def inspected(name, *login):
    """What skopeo says of an image in a registry."""
    peer.require("skopeo")
    return json.loads(peer.call("skopeo", "inspect", "--tls-verify=false", *login, "docker://" + name))


def login():
    return ["--creds", "%s:%s" % (USER, PASSWORD)]


def a_kaniko_job_changes_only_its_image(options, work):
    """cli.md 2.7, 2.8: the line of kaniko's users, with the login where kaniko has it, pushes what it says"""
    peer.require(root=True)
    if os.path.lexists("/kaniko"):
        peer.skip("/kaniko is there already")
    with Registry(work + "/registry", htpasswd=True) as registry:
        job = Job(options.ocibuild, work, CI_REGISTRY_IMAGE=registry.name + "/group/app", CI_COMMIT_TAG="v1.2",
                  CI_PROJECT_DIR=work + "/project")
        auth = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        os.makedirs("/kaniko/.docker")
        try:
            with open("/kaniko/.docker/config.json", "w", encoding="ascii") as file:
                json.dump({"auths": {registry.name: {"auth": auth}}}, file)
            os.symlink(os.path.abspath(options.ocibuild), "/kaniko/executor")
            job.sh('/kaniko/executor --context "${CI_PROJECT_DIR}" --dockerfile "${CI_PROJECT_DIR}/Dockerfile" '
                   '--destination "${CI_REGISTRY_IMAGE}:${CI_COMMIT_TAG}" --build-arg VERSION="${CI_COMMIT_TAG}" '
                   "--cache=true --cleanup --snapshot-mode=redo --use-new-run --digest-file digest")
        finally:
            shutil.rmtree("/kaniko")
        image = inspected(registry.name + "/group/app:v1.2", *login())
        peer.equal(image["Digest"], job.read("digest"), "digest")
        peer.equal(image["Labels"], {"version": "v1.2"}, "labels")
        tags = json.loads(peer.call("skopeo", "list-tags", "--tls-verify=false", *login(),
                                    "docker://" + registry.name + "/group/app/cache"))
        assert tags["Tags"], "the cache is beside the image"


def kanikos_contexts_and_files(options, work):
    """cli.md 2.7, 2.8: a tar as context, one from standard input; --no-push, --tar-path and --oci-layout-path"""
    job = Job(options.ocibuild, work)
    with tarfile.open(work + "/context.tar.gz", "w:gz") as tar:
        for name in ("Dockerfile", "app"):
            tar.add(job.project + "/" + name, name)
    common = "--no-push --reproducible --destination r.test/app:1 --digest-file "
    job.sh("executor --context tar://../context.tar.gz --tarPath out.tar " + common + "one",
           "executor --context tar://stdin --oci-layout-path layout " + common + "two < ../context.tar.gz",
           "executor --context .. --context-sub-path project --dockerfile Dockerfile " + common + "three")
    peer.equal({job.read(name) for name in ("two", "three")}, {job.read("one")}, "digests")
    shown = json.loads(peer.call("skopeo", "inspect", "docker-archive:" + job.project + "/out.tar:r.test/app:1"))
    peer.equal(shown["Labels"], {"version": "none"}, "labels")
    shown = json.loads(peer.call("skopeo", "inspect", "oci:" + job.project + "/layout"))
    peer.equal(shown["Digest"], job.read("one"), "digest")


def a_makefile_for_docker_runs_unmodified(options, work):
    """cli.md 2.6: docker build, tag, push, inspect and rmi of a Makefile, with docker a link to ocibuild"""
    peer.require("make")
    with Registry(work + "/registry") as registry:
        job = Job(options.ocibuild, work)
        job.write("Makefile", "\n".join([
            "IMAGE ?= %s/team/app" % registry.name,
            "VERSION ?= 1.4",
            "all: image push",
            "image:",
            "\tDOCKER_BUILDKIT=1 docker build --rm --force-rm --network host --pull=false -t $(IMAGE):$(VERSION) "
            "--build-arg VERSION=$(VERSION) -f Dockerfile .",
            "\tdocker tag $(IMAGE):$(VERSION) $(IMAGE):latest",
            "push: image",
            "\tdocker push $(IMAGE):$(VERSION)",
            "\tdocker push -q $(IMAGE):latest",
            "\tdocker image inspect -f '{{.Id}}' $(IMAGE):latest > id",
            "clean:",
            "\tdocker rmi -f $(IMAGE):$(VERSION) $(IMAGE):latest",
        ]) + "\n")
        job.sh("make", "make clean")
        for tag in ("1.4", "latest"):
            peer.equal(inspected(registry.name + "/team/app:" + tag)["Labels"], {"version": "1.4"}, tag)
        assert re.fullmatch("sha256:[0-9a-f]{64}\n", job.read("id")), job.read("id")
        peer.equal(job.sh("docker images -q"), "", "images after make clean")


def goreleaser_builds_with_buildx(options, work):
    """cli.md 2.6: what GoReleaser calls for `dockers` with `use: buildx`, and for `dockers_v2`"""
    with Registry(work + "/registry") as registry:
        image = registry.name + "/acme/app"
        job = Job(options.ocibuild, work)
        labels = "--label=org.opencontainers.image.version=1.0.0 --label=org.opencontainers.image.revision=abc"
        pushed = ""
        for arch in ("amd64", "arm64"):
            job.sh("docker buildx --builder default build . --load -t %s:v1-%s --pull --platform=linux/%s %s"
                   % (image, arch, arch, labels))
            pushed = job.sh("docker push %s:v1-%s" % (image, arch))
            shown = inspected("%s:v1-%s" % (image, arch))
            # The digest is read from what `docker push` prints.
            peer.equal(re.findall("sha256:[a-z0-9]{64}", pushed), [shown["Digest"]], "digest")
            peer.equal(shown["Architecture"], arch, "architecture")
            peer.equal(shown["Labels"]["org.opencontainers.image.version"], "1.0.0", "label")
        job.sh("docker buildx build --platform linux/amd64,linux/arm64 -t %s:v1 -t %s:latest --push --iidfile=id.txt "
               "--label org.opencontainers.image.version=1.0.0 --annotation index:a=b --build-arg VERSION=1 ."
               % (image, image))
        raw = json.loads(peer.call("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://%s:v1" % image))
        peer.equal([entry["platform"]["architecture"] for entry in raw["manifests"]], ["amd64", "arm64"], "platforms")
        peer.equal(raw["annotations"]["a"], "b", "annotation")
        digest = imagefs.sha256(registry.get("/v2/acme/app/manifests/latest", accept=raw["mediaType"]))
        peer.equal(job.read("id.txt"), digest, "iidfile of an index")


def commands_of(name):
    """The command lines of an example: items of `script:`, or behind `run:`."""
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        return re.findall(r"^ +- (?:run: )?((?:ocibuild|echo) .*)$", file.read(), re.MULTILINE)


def the_gitlab_example_runs_as_it_is(options, work):
    """registry.md K1: each line of examples/ci/gitlab-ci.yml; the login is the job's own"""
    with Registry(work + "/registry", htpasswd=True) as registry:
        job = Job(options.ocibuild, work, GITLAB_CI="true", CI_REGISTRY=registry.name, CI_REGISTRY_USER=USER,
                  CI_REGISTRY_PASSWORD=PASSWORD, CI_REGISTRY_IMAGE=registry.name + "/group/app",
                  CI_COMMIT_SHORT_SHA="abcd1234")
        lines = commands_of("gitlab-ci.yml")
        peer.equal(len(lines), 2, "lines")
        job.sh(*lines)
        for tag in ("abcd1234", "latest"):
            peer.equal(inspected(registry.name + "/group/app:" + tag, *login())["Digest"], job.read("digest.txt"), tag)


def the_github_example_runs_as_it_is(options, work):
    """cli.md 6: each line of examples/ci/github-actions.yml; its token is piped to login"""
    with Registry(work + "/registry", htpasswd=True) as registry:
        job = Job(options.ocibuild, work, GITHUB_ACTIONS="true", REGISTRY=registry.name, TOKEN=PASSWORD,
                  GITHUB_ACTOR=USER, GITHUB_REPOSITORY="acme/app", GITHUB_SHA="0123456789abcdef")
        lines = commands_of("github-actions.yml")
        peer.equal(len(lines), 3, "lines")
        job.sh(*lines)
        name = registry.name + "/acme/app:0123456789abcdef"
        raw = peer.call("skopeo", "inspect", "--raw", "--tls-verify=false", *login(), "docker://" + name)
        peer.equal(len(json.loads(raw)["manifests"]), 2, "platforms")
        peer.equal(json.loads(job.read("image.json"))["containerimage.digest"], imagefs.sha256(raw.encode()), "digest")


if __name__ == "__main__":
    # The last may be skipped, and with it the rest would be.
    peer.run(kanikos_contexts_and_files, a_makefile_for_docker_runs_unmodified, goreleaser_builds_with_buildx,
             the_gitlab_example_runs_as_it_is, the_github_example_runs_as_it_is, a_kaniko_job_changes_only_its_image)
