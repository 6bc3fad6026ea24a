#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whole sessions as a user sees them, with the names of real registries: a scripted one stands for all of them.

usage: transcripts_test.py --ocibuild PROGRAM
"""

import itertools
import json
import os
import random
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from screen import Terminal  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

# "other" lets everybody in.
HOSTS = {"ghcr.io:443": "main", "registry-1.docker.io:443": "main", "harbor.corp:443": "other"}
ACTOR = {"GITHUB_ACTOR": "octo-bot", "GITHUB_TOKEN": "gh-s3cret-token"}
LOGIN = {"kind": "basic", "user": "octo-bot", "password": "gh-s3cret-token"}
MIRROR = {"OCIBUILD_REGISTRY_MIRROR": "harbor.corp/hub"}
DOCKERFILE = """ARG VERSION=latest
FROM alpine/curl:${VERSION}
WORKDIR /app

COPY build/fluidity-server .

COPY configs/server.yaml ./config/
EXPOSE 8443
CMD ["./fluidity-server"]
"""


class Stage:
    """Registries, reached through a proxy, and the project of the transcripts in the working directory."""

    def __init__(self, options, work, insecure=True, **settings):
        self.program, self.work = options.ocibuild, work
        self.registry = FaultyRegistry(proxies={"proxy": {"to": HOSTS}}, relative=True, **settings)
        self.proxy = "127.0.0.1:%d" % self.registry.server.port("proxy")
        self.variables = {"PATH": os.environ["PATH"], "HOME": work, "TERM": "xterm", "LANG": "C.UTF-8", "COLUMNS": "100",
                          "OCIBUILD_ROOT": work + "/store", "ALL_PROXY": self.proxy}
        if insecure:
            self.variables["OCIBUILD_INSECURE_REGISTRY"] = "ghcr.io\nharbor.corp\ndocker.io"

    def __enter__(self):
        source, context = random.Random(1), self.work + "/context"
        os.makedirs(context + "/build")
        os.makedirs(context + "/configs")
        for name, data in (("build/fluidity-server", source.randbytes(300000)),
                           ("configs/server.yaml", source.randbytes(2100)), ("ignored", b"x"),
                           ("Dockerfile", DOCKERFILE.encode()), (".dockerignore", b"ignored\n")):
            with open(os.path.join(context, name), "wb") as file:
                file.write(data)
        os.chdir(context)
        return self

    def __exit__(self, *arguments):
        os.chdir("/")
        self.registry.__exit__(*arguments)

    def base(self):
        """alpine/curl:latest, on the mirror only."""
        directory = self.work + "/base"
        os.makedirs(directory)
        for name in ("a", "b"):
            with open("%s/%s" % (directory, name), "wb") as file:
                file.write(random.Random(name).randbytes(3000))
        with open(directory + "/Dockerfile", "w", encoding="ascii") as file:
            file.write("FROM scratch\nCOPY a /\nCOPY b /\n")
        done = self.run("build", "-q", "-t", "harbor.corp/hub/alpine/curl:latest", "--push", directory,
                        OCIBUILD_ROOT=self.work + "/base-store")
        peer.equal((done.returncode, done.stderr), (0, ""), "base")

    def run(self, *words, **more):
        return subprocess.run([self.program, *words], env={**self.variables, **more}, capture_output=True,
                              text=True, check=False, timeout=60)

    def in_every_look(self, plain, *words, **more):
        """The same on terminals of three widths, in colour and not, in UTF-8 and not: each line of the errors as in
        `plain`, what the same command said without a terminal."""
        wanted = masked(plain[plain.index("error["):])
        for locale, columns, colour in itertools.product(("C.UTF-8", "C"), (40, 80, 200), ("always", "never")):
            look = "%s, %d columns, colour %s" % (locale, columns, colour)
            with Terminal([self.program, *words, "--color", colour], columns, 30,
                          **{**self.variables, **more, "LANG": locale}) as terminal:
                terminal.read()
            text = terminal.bytes.decode("ascii" if locale == "C" else "utf-8")
            peer.equal("\x1b[1;31merror[" in text, colour == "always", look)
            peer.equal(re.search(r"\x1b\[[0-9;]*m", text) is not None, colour == "always", look)
            text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")
            text = masked(text[text.index("error["):])
            peer.equal(text, wanted if "UTF" in locale else wanted.replace("…", "..."), look)

    def terminal(self, *words, **more):
        """The screen at the end."""
        with Terminal([self.program, *words], 100, 30, **{**self.variables, **more}) as terminal:
            terminal.read()
            return terminal.screen.text()


def masked(text):
    """Digests, sizes, times and numbers of lines of work replaced."""
    for pattern, instead in ((r"sha256:[0-9a-f]{64}", "sha256:DIGEST"), (r"sha256:[0-9a-f]{12}…", "sha256:DIGEST…"),
                             (r" at \d\d:\d\d:\d\d UTC", " at TIME"), (r"\b\d+\.\ds\b", "T"),
                             (r"tried 2 times in \d s", "tried 2 times in N s"),
                             (r"\b\d+(\.\d)? ?(B|kB|MB)\b", "SIZE"),
                             (r"(check|resolve|layers|push) \d+\.\d\b", r"\1 T"), (r"(?m)^#\d+ ", "#N "), (r" {2,}(?=T$|T\n)", "  "),
                             (r"(?m) +T$", " T"), (r" +→ +", " → "), (r"(?m)(\S) {2,}SIZE", r"\1 SIZE"),
                             (r"(?m)^ +SIZE +SIZE", " SIZE SIZE"), (r"in [01]s \(Retry", "in Ns (Retry"),
                             (r"in \d+ s, at", "in N s, at"), (r"(?m)^(✔ .*?) +T$", r"\1"),
                             # Blobs move side by side.
                             (r"(?m)^#N (push|pull) sha256:DIGEST….*\n", ""), (r"\d+ CAs trusted", "N CAs trusted")):
        text = re.sub(pattern, instead, text)
    return text


def compare(text, expected, *replaced):
    for found, name in replaced:
        text = text.replace(found, name)
    text = masked(text)
    if "\n" + text != expected:
        raise AssertionError("it is\n%s\nand not%s" % (text, expected))


def a_cold_build_and_push_on_a_terminal(options, work):
    """cli.md 9.4, 11: the rights and the base come first, then a line a step, the table, and what was sent"""
    with Stage(options, work, auth=LOGIN) as stage:
        stage.base()
        text = stage.terminal("-t", "ghcr.io/acme/fluidity-server:1.4", "--push", ".", **ACTOR, **MIRROR)
        compare(text, """
✔ may push to ghcr.io/acme/fluidity-server as octo-bot (GITHUB_TOKEN)
✔ pull harbor.corp   2 blobs received, SIZE
Dockerfile: 7 instructions, context 2 files SIZE
✔ FROM alpine/curl:latest  sha256:DIGEST… via harbor.corp/hub, 2 layers SIZE
✔ WORKDIR /app SIZE → SIZE
✔ COPY build/fluidity-server . SIZE → SIZE
✔ COPY configs/server.yaml ./config/ SIZE → SIZE
✔ EXPOSE, CMD
✔ push ghcr.io   6 blobs sent, SIZE
✔ pushed ghcr.io/acme/fluidity-server:1.4  sha256:DIGEST…

ghcr.io/acme/fluidity-server:1.4   linux/amd64   user root   cmd ./fluidity-server
 SIZE SIZE  base   alpine/curl:latest, 2 layers
 SIZE SIZE  layer  WORKDIR /app                        Dockerfile:3
 SIZE SIZE  layer  COPY build/fluidity-server .        Dockerfile:5
 SIZE SIZE  layer  COPY configs/server.yaml ./config/  Dockerfile:7
 SIZE SIZE  total  (compressed, unpacked)
image  sha256:DIGEST…   digest sha256:DIGEST…
pushed SIZE, T: check T, resolve T, layers T, push T
""")


def a_cold_build_and_push_in_a_log(options, work):
    """cli.md 9.3, 8.1: the same without a terminal, a line when something begins and one when it ends"""
    with Stage(options, work, auth=LOGIN) as stage:
        stage.base()
        done = stage.run("-t", "ghcr.io/acme/fluidity-server:1.4", "--push", ".", **ACTOR, **MIRROR)
        compare(done.stderr + done.stdout, """
#N push check ghcr.io/acme/fluidity-server
#N push check ghcr.io/acme/fluidity-server as octo-bot (GITHUB_TOKEN) DONE T
#N FROM docker.io/alpine/curl:latest, asking harbor.corp/hub
#N context . 2 files SIZE DONE T
#N [1/4] FROM docker.io/alpine/curl:latest@sha256:DIGEST via harbor.corp/hub DONE T
#N [2/4] WORKDIR /app SIZE -> SIZE DONE T
#N [3/4] COPY build/fluidity-server . SIZE -> SIZE DONE T
#N [4/4] COPY configs/server.yaml ./config/ SIZE -> SIZE DONE T
#N EXPOSE, CMD DONE T
#N push ghcr.io/acme/fluidity-server:1.4
#N ghcr.io/acme/fluidity-server:1.4@sha256:DIGEST SIZE DONE T

ghcr.io/acme/fluidity-server:1.4   linux/amd64   user root   cmd ./fluidity-server
 SIZE SIZE  base   alpine/curl:latest, 2 layers
 SIZE SIZE  layer  WORKDIR /app                        Dockerfile:3
 SIZE SIZE  layer  COPY build/fluidity-server .        Dockerfile:5
 SIZE SIZE  layer  COPY configs/server.yaml ./config/  Dockerfile:7
 SIZE SIZE  total  (compressed, unpacked)
image  sha256:DIGEST…   digest sha256:DIGEST…
pushed SIZE, T: check T, resolve T, layers T, push T
sha256:DIGEST
""")


def a_push_that_is_denied(options, work):
    """cli.md 10, registry.md U10, E2: the registry's words, what was asked, as whom; nothing was built or sent"""
    with Stage(options, work, auth=LOGIN) as stage:
        denied = json.dumps({"errors": [{"code": "DENIED", "message": "permission_denied: write_package"}]})
        stage.registry.faults.append(Fault("POST", "/blobs/uploads/", status=403, body=denied))
        os.makedirs(work + "/.docker")
        with open(work + "/.docker/config.json", "w", encoding="ascii") as file:
            file.write('{"auths": {"quay.io": {"auth": "YTpi"}}}')
        done = stage.run("-t", "ghcr.io/acme/fluidity-server:1.4", "--push", ".", **ACTOR)
        peer.equal(done.returncode, 4, "exit code")
        compare(done.stderr, """
#N push check ghcr.io/acme/fluidity-server
#N push check ghcr.io/acme/fluidity-server ERROR: ghcr.io does not let octo-bot push to acme/fluidity-server (403)
error[push-denied]: ghcr.io does not let octo-bot push to acme/fluidity-server (403)
   = note: the registry says: permission_denied: write_package
   = note: asked for scope repository:acme/fluidity-server:pull,push
   = note: credentials: GITHUB_TOKEN, user octo-bot (HOME/.docker/config.json: no entry for ghcr.io)
   = note: while pushing to ghcr.io/acme/fluidity-server
   = help: give the workflow job 'permissions: packages: write', or use a classic token with write:packages
nothing was built or sent
""", (work, "HOME"))
        stage.in_every_look(done.stderr, "-t", "ghcr.io/acme/fluidity-server:1.4", "--push", ".", **ACTOR)


def a_certificate_that_is_not_trusted(options, work):
    """cli.md 10, registry.md S3, E2: subject, issuer, how many CAs from where, and how to add one"""
    with Stage(options, work, insecure=False, tls="other-ca") as stage:
        done = stage.run("pull", "alpine:3.20")
        peer.equal(done.returncode, 6, "exit code")
        compare(done.stderr, """
#N pull docker.io/library/alpine:3.20, asking docker.io
#N pull docker.io/library/alpine:3.20, asking docker.io ERROR: the certificate of registry-1.docker.io is not trusted
error[tls-untrusted]: the certificate of registry-1.docker.io is not trusted
   = note: shown: CN=scripted other-ca, issued by: CN=Scripted other
   = note: N CAs trusted, from /etc/ssl/certs/ca-certificates.crt
   = note: through proxy PROXY (ALL_PROXY)
   = note: while pulling library/alpine from docker.io
   = help: if a proxy re-signs connections, get its CA as a PEM file, then:  ocibuild --cacert FILE …   (or cacert= in the config file, or SSL_CERT_FILE)
   = help: look at it:  openssl s_client -showcerts -connect registry-1.docker.io:443
""", (stage.proxy, "PROXY"))
        stage.in_every_look(done.stderr, "pull", "alpine:3.20")


def a_web_page_in_place_of_a_registry(options, work):
    """cli.md 10, registry.md E2: its title, the proxy and the address"""
    with Stage(options, work) as stage:
        stage.registry.faults.append(Fault("GET", "/v2/", status=403, headers=[["Content-Type", "text/html"]],
                                           body="<html><title>Access Denied</title></html>"))
        done = stage.run("pull", "alpine:3.20")
        peer.equal(done.returncode, 6, "exit code")
        compare(done.stderr, """
#N pull docker.io/library/alpine:3.20, asking docker.io
#N pull docker.io/library/alpine:3.20, asking docker.io ERROR: docker.io answered with a web page (403 text/html): "Access Denied"
error[not-a-registry]: docker.io answered with a web page (403 text/html): "Access Denied"
   = note: through proxy PROXY (ALL_PROXY)
   = note: the address was http://registry-1.docker.io:443/v2/library/alpine/manifests/3.20
   = note: while pulling library/alpine from docker.io
   = help: ask for registry-1.docker.io to be opened in the proxy, or use a mirror:  --registry-mirror HOST
   = help: is docker.io right, does it need a port or a path?
""", (stage.proxy, "PROXY"))
        stage.in_every_look(done.stderr, "pull", "alpine:3.20")


def a_pull_limit(options, work):
    """cli.md 9.5, 10, registry.md Y1, E2: each repetition is announced, and the error says what would help"""
    with Stage(options, work) as stage:
        stage.registry.faults.append(Fault("GET", "/library/alpine/", status=429, headers=[
            ["Retry-After", "1"], ["RateLimit-Limit", "100;w=21600"], ["RateLimit-Remaining", "0;w=21600"]]))
        done = stage.run("pull", "alpine:3.20", "--retry", "1")
        peer.equal(done.returncode, 3, "exit code")
        compare(done.stderr, """
#N pull docker.io/library/alpine:3.20, asking docker.io
! docker.io: 429 too many requests, attempt 2 of 2 in Ns (Retry-After)
#N pull docker.io/library/alpine:3.20, asking docker.io ERROR: docker.io refuses library/alpine:3.20, pull limit reached (anonymous, 100 per 6h, 0 left)
error[rate-limited]: docker.io refuses library/alpine:3.20, pull limit reached (anonymous, 100 per 6h, 0 left)
   = note: it asks to come back in N s, at TIME
   = note: tried 2 times in N s
   = note: while pulling library/alpine from docker.io
   = help: ocibuild login docker.io: users may ask more often
   = help: --registry-mirror HOST asks another registry first
   = help: pin a digest (FROM NAME@sha256:...): what the store has is not asked for
""")
        stage.in_every_look(done.stderr, "pull", "alpine:3.20", "--retry", "1")


def a_base_that_is_not_local(options, work):
    """cli.md 10: the FROM line with its argument, how many images there are, and the nearest"""
    with Stage(options, work) as stage:
        for name, text in (("distributed-colony", "FROM scratch\nLABEL a=1\n"), ("other", "FROM scratch\nLABEL a=2\n"),
                           ("third", "FROM scratch\nLABEL a=3\n"),
                           (None, "ARG BASE_IMAGE=alpine\nFROM ${BASE_IMAGE} AS builder\n")):
            with open("Dockerfile", "w", encoding="ascii") as file:
                file.write(text)
            if name:
                peer.equal(stage.run("build", "-q", "-t", name, ".").returncode, 0, name)
        done = stage.run("build", "--pull=never", "--build-arg", "BASE_IMAGE=distributed-colony-base:latest", ".")
        peer.equal(done.returncode, 5, "exit code")
        compare(done.stderr, """
error[base-not-local]: Base image 'distributed-colony-base:latest' not found locally
  --> Dockerfile:2:6
 2 | FROM ${BASE_IMAGE} AS builder
   |      ^^^^^^^^^^^^^ BASE_IMAGE=distributed-colony-base:latest (--build-arg)
   = note: --pull=never asks no registry; the store has 3 images, nearest: distributed-colony:latest
   = help: build it first:  ocibuild -f Dockerfile.base -t distributed-colony-base:latest .
   = help: or bring it in:  ocibuild load -i FILE.tar
""")
        stage.in_every_look(done.stderr, "build", "--pull=never", "--build-arg",
                            "BASE_IMAGE=distributed-colony-base:latest", ".")


def a_source_that_the_ignore_file_hides(options, work):
    """cli.md 10, dockerfile.md 7.4: the word to blame, the line that hides it, and what to add"""
    with Stage(options, work) as stage:
        for name, text in ((".dockerignore", "ignored\nbuild/\n"), ("build/server", "x"),
                           ("Dockerfile", "FROM scratch\n\nWORKDIR /app\n\nCOPY build/server .\n")):
            with open(name, "w", encoding="ascii") as file:
                file.write(text)
        done = stage.run("build", ".")
        peer.equal(done.returncode, 1, "exit code")
        compare(done.stderr, """
error[copy-source-missing]: 'build/server' is not in the build context
  --> Dockerfile:5:6
 5 | COPY build/server .
   |      ^^^^^^^^^^^^
   = note: ./build/server exists, but .dockerignore:2 'build/' leaves it out
   = help: add '!build/server' below that line
""")
        stage.in_every_look(done.stderr, "build", ".")


def a_registry_that_is_hostile(options, work):
    """cli.md 1.4: escape sequences, carriage returns and a megabyte in an answer are one escaped line of its limit"""
    evil = "evil \x1b[2J\x1b]0;title\x07\r\n::error::x " + "e" * 1000000
    answers = (
        {"status": 403, "body": json.dumps({"errors": [{"code": "DENIED", "message": evil}]})},
        {"status": 500, "body": json.dumps({"errors": [{"code": evil[:4000], "message": evil, "detail": evil}]})},
        {"status": 403, "headers": [["Content-Type", "text/html"]], "body": "<html><title>%s</title></html>" % evil},
        {"status": 404, "body": evil},
    )
    with Stage(options, work) as stage:
        for answer in answers:
            stage.registry.faults[:] = [Fault("GET", "/manifests/", **answer)]
            done = stage.run("pull", "alpine:3.20", "--retry", "1", "--retry-delay", "1ms", GITHUB_ACTIONS="true")
            assert done.returncode in (3, 4, 5, 6), done.stderr[:3000]
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", done.stderr), ascii(done.stderr[:3000])
            assert not re.search(r"(?m)^\s*::", done.stderr), done.stderr[:3000]
            longest = max(done.stderr.split("\n"), key=len)
            assert len(longest) <= 500, (len(longest), longest)


def the_doctor(options, work):
    """cli.md 6.8, registry.md E5: settings, proxy, trust, each source, hosts and the verdict"""
    with Stage(options, work, auth=LOGIN) as stage:
        stage.base()
        done = stage.run("doctor", "-f", "Dockerfile", "--push", "ghcr.io/acme/fluidity-server:1.4", **ACTOR, **MIRROR)
        text = re.sub(r"^ocibuild .*\n", "", done.stdout)
        text = re.sub(r"\b\d+ ms\b", "T", re.sub(r"clock [-+]\d+\.\d+s", "clock T", text))
        text = re.sub(r"trust     \d+ CAs \S+", "trust     N CAs FILE", text)
        compare(text, """
settings  OCIBUILD_REGISTRY_MIRROR: docker.io → harbor.corp/hub
proxy     http://PROXY (ALL_PROXY)
trust     N CAs FILE
FROM alpine/curl:latest
  ✔ harbor.corp  proxy   dns T  connect T  plain http  pull hub/alpine/curl  anonymous
  ✔ blobs come from harbor.corp:443: reachable
  ✘ docker.io    proxy   dns T  connect T  plain http  anonymous
  ✘ docker.io has no alpine/curl:latest
      = note: the registry says: manifest unknown
      = note: a private image looks like a missing one to who is not logged in
ghcr.io/acme/fluidity-server:1.4
  ✔ ghcr.io  proxy   dns T  connect T  plain http  push acme/fluidity-server  anonymous
  ✔ no image of that name is there yet
hosts the firewall must allow: harbor.corp:443 ghcr.io:443
1 problem; builds work through the mirror
""", (stage.proxy, "PROXY"))


peer.run(a_cold_build_and_push_on_a_terminal, a_cold_build_and_push_in_a_log, a_push_that_is_denied,
         a_certificate_that_is_not_trusted, a_web_page_in_place_of_a_registry, a_pull_limit, a_base_that_is_not_local,
         a_source_that_the_ignore_file_hides, a_registry_that_is_hostile, the_doctor)
