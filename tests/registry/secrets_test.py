#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No secret is printed or written, whatever is asked to be printed: every command, in success and in failure.

usage: secrets_test.py --ocibuild PROGRAM

What looks is support/registry.py's Client: at both streams, at JSON's base64, at metadata and ID files, and at the
store's records.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import PASSWORD, USER, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms", "--retry", "1"]
BEARER = {"kind": "bearer", "user": USER, "password": PASSWORD}
WRONG = "wr0ng-word"


def every_command(client, registry, progress, login, **more):
    """All that talks to a registry; how it ends does not matter here."""
    name = registry.name + "/t/app:1"
    words = [*QUICK, "--progress", progress, *login]
    context = client.context(a=b"one")
    client("build", "--push", *words, "--metadata-file", client.work + "/m.json", "-t", name, context, exit_code=None,
           **more)
    client("push", *words, name, registry.name + "/t/copy:1", exit_code=None, **more)
    client("pull", *words, name, exit_code=None, store=client.work + "/other", **more)
    client("build", *words, "--metadata-file", client.work + "/m.json", client.context(base=name), exit_code=None,
           store=client.work + "/third", **more)
    client("doctor", "--push", *login, name, exit_code=None, **more)
    client("doctor", "--json", *login, name, exit_code=None, **more)


def nothing_tells_a_secret(client, _):
    """registry.md X3: neither in success nor in failure, in text or JSON, on a stream or in a file"""
    client.secrets += [WRONG, "sig=a%2Fb"] + ["token-%d" % i for i in range(1, 99)]
    for progress in ("plain", "rawjson"):
        for login in (["--creds", "%s:%s" % (USER, PASSWORD)], ["--creds", "%s:%s" % (USER, WRONG)], []):
            with FaultyRegistry(auth=BEARER, cdn=True) as registry:
                every_command(client, registry, progress, login)
                registry.faults += [Fault("(PUT|GET)", "/manifests/", status=403,
                                          body=json.dumps({"errors": [{"code": "DENIED", "message": "no"}]})),
                                    Fault("GET", ".*sig", status=403)]
                every_command(client, registry, progress, login)


def a_login_file_tells_nothing(client, _):
    """registry.md X3, X4: credentials of a configuration file are in no message, also when the file is damaged"""
    client.secrets += ["d4maged-secret", "r3gistry-secret"]
    os.makedirs(client.home + "/.docker")
    for text in ('{"auths": {"REG": {"auth": "YW5uOnIzZ2lzdHJ5LXNlY3JldA=="}}}',
                 '{"auths": {"REG": {"auth": "d4maged-secret"}}}',
                 '{"auths": {"REG": {"auth": d4maged-secret'):
        with FaultyRegistry(auth=BEARER) as registry:
            with open(client.home + "/.docker/config.json", "w", encoding="ascii") as file:
                file.write(text.replace("REG", registry.name))
            every_command(client, registry, "rawjson", [])
            client("login", "-u", USER, "--password-stdin", registry.name, stdin=PASSWORD + "\n", exit_code=None)


def the_look_finds_one(client, work):
    """registry.md X3: a secret in the output, in a metadata file or in a record is found"""
    for where in ("output", "file", "record"):
        secret = "found-%s" % where
        client.secrets = [secret]
        context = client.context(**{"a": b"one"})
        name = (secret if where == "output" else "app") + ":1"
        arguments = ["-t", name, "--metadata-file", work + "/m.json", context]
        if where == "file":
            arguments[1] = "app-%s:1" % secret
        if where == "record":
            with open(client.store + "/cache/note", "w", encoding="ascii") as file:
                file.write(secret)
        try:
            client("build", *arguments)
        except AssertionError as found:
            peer.equal("leaves a secret" in str(found), True, str(found))
        else:
            raise AssertionError("not found in " + where)


run(nothing_tells_a_secret, a_login_file_tells_nothing, the_look_finds_one)
