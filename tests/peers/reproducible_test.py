#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same image from every machine, user, umask, locale, time zone, directory order and number of threads."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import random  # noqa: E402
import shutil  # noqa: E402

import bases  # noqa: E402
import peer  # noqa: E402

DOCKERFILE = """FROM debian-mini:1
WORKDIR /app
COPY . ./
COPY --chown=user:staff sub/ /srv/
LABEL a=b
USER 5
WORKDIR state
"""
NOBODY = 65534


def make_context(directory, order):
    """The same context whose directories list their names in another order, with other times."""
    os.makedirs(directory + "/sub/deep")
    names = ["sub/deep/%d" % i for i in range(40)] + ["sub/%d" % i for i in range(40)] + ["B", "a", "\u00e9", "_", "~"]
    random.Random(order).shuffle(names)
    for name in names:
        with open(os.path.join(directory, name), "wb") as file:
            file.write(name.encode() * 5000)
        os.utime(os.path.join(directory, name), (order * 1000000, order * 1000000))
    os.symlink("a", directory + "/link")
    with open(directory + "/Dockerfile", "w", encoding="ascii") as file:
        file.write(DOCKERFILE)
    for top, _, files in os.walk(directory):
        os.chmod(top, 0o755)
        for name in files:
            if name != "link":
                os.chmod(os.path.join(top, name), 0o644)


def without_privilege(command):
    """The command as nobody, without any capability; as it is if we are an ordinary user already."""
    if os.geteuid() != 0:
        return ["setpriv", "--no-new-privs", *command]
    return ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", "--bounding-set=-all",
            "--inh-caps=-all", "--no-new-privs", *command]


def digest_of(options, work, context, variant):
    """Builds `context` in a fresh store under the conditions of `variant`; returns the manifest's digest."""
    place = os.path.join(work, "variant-" + variant["name"])
    os.mkdir(place)
    os.chmod(place, 0o777)
    program = shutil.copy(options.ocibuild, work + "/ocibuild")  # the build directory may be closed to nobody
    prefix = without_privilege([]) if variant.get("unprivileged") else []
    script = 'umask "$1"; shift; "$0" load -q --root "$1/store" -i "$2" && "$0" build -q --root "$1/store" -t app:1 ' \
             '"${@:4}" "$3"'
    environment = {"PATH": os.environ["PATH"], "HOME": place, "LC_ALL": variant.get("locale", "C"),
                   "TZ": variant.get("zone", "UTC")}
    if "ASAN_OPTIONS" in os.environ:
        environment["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]
    peer.call(*prefix, "bash", "-c", script, program, variant.get("umask", "022"), place, work + "/debian-mini.tar",
              context, *variant.get("flags", []), env=environment, cwd=place)
    return peer.Program(program, place + "/store").image("app:1").manifest_digest


def nothing_around_the_build_changes_the_image(options, work):
    bases.write_bases(work)
    os.chmod(work + "/debian-mini.tar", 0o644)
    make_context(work + "/first", 1)
    make_context(work + "/second", 2)
    if os.geteuid() == 0:
        for top, directories, files in os.walk(work + "/second"):
            for name in directories + files:
                os.lchown(os.path.join(top, name), 1234, 4321)
    variants = [
        {"name": "plain"}, {"name": "umask-077", "umask": "077"}, {"name": "umask-000", "umask": "000"},
        {"name": "zone-locale", "zone": "Pacific/Chatham", "locale": "C.UTF-8"},
        {"name": "one-thread", "flags": ["--jobs", "1"]}, {"name": "four-threads", "flags": ["--jobs", "4"]},
        {"name": "unprivileged", "unprivileged": True},
        {"name": "unprivileged-077", "unprivileged": True, "umask": "077", "zone": "America/St_Johns"},
    ]
    digests = {}
    for context in ("first", "second"):
        for variant in variants:
            variant = dict(variant, name=context + "-" + variant["name"])
            digests[variant["name"]] = digest_of(options, work, work + "/" + context, variant)
    if len(set(digests.values())) != 1:
        raise AssertionError("digests differ:\n" + "\n".join("%s %s" % (d, n) for n, d in digests.items()))


peer.require("setpriv")
peer.run(nothing_around_the_build_changes_the_image)
