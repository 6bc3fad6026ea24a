#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names without a registry, as registries.conf says, and the flags that say how registries are reached.

usage: names_test.py --ocibuild PROGRAM
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import Registry, run  # noqa: E402
from scripted_registry import FaultyRegistry  # noqa: E402
from scripted_server import running  # noqa: E402

ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


def configure(client, text):
    """The user's registries.conf, which keeps the machine's out."""
    directory = client.home + "/.config/containers"
    os.makedirs(directory, exist_ok=True)
    with open(directory + "/registries.conf", "w", encoding="ascii") as file:
        file.write(text)


def dockerfile(work, text):
    path = work + "/Dockerfile"
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
    return path


def names_in(store):
    with open(store + "/index.json", encoding="utf-8") as file:
        entries = json.load(file)["manifests"]
    key = "org.opencontainers.image.ref.name"
    return sorted(entry["annotations"][key] for entry in entries if key in entry.get("annotations", {}))


def images(client, registry, *names):
    for name in names:
        client.build("%s/%s" % (registry.name, name), a=name.encode())
        client("push", "%s/%s" % (registry.name, name))
        client("rmi", "%s/%s" % (registry.name, name))


def a_pull_stores_the_resolved_name(client, work):
    """registry.md R5, R5.1: an alias, then the one registry of the search list; that name is in store and output"""
    with FaultyRegistry() as registry:
        images(client, registry, "x/aliased:1", "found:1")
        configure(client, 'unqualified-search-registries = ["%s"]\n[aliases]\nshort = "%s/x/aliased"\n' %
                  (registry.name, registry.name))
        done = client("pull", "short:1", "found:1", store=work + "/fresh")
        expected = [registry.name + "/x/aliased", registry.name + "/found"]
        peer.equal([line.split("@")[0] for line in done.stdout.splitlines()], expected, "output")
        peer.equal(names_in(work + "/fresh"), sorted(name + ":1" for name in expected), "store")


def from_and_copy_ask_the_resolved_name(client, work):
    """registry.md R5: FROM, COPY --from, docker-image:// and pull -f; never docker.io's name for another's image"""
    with FaultyRegistry() as registry:
        images(client, registry, "base:1", "files:1", "context:1")
        configure(client, 'unqualified-search-registries = ["%s"]\n' % registry.name)
        path = dockerfile(work, "FROM base:1\nCOPY --from=files:1 /a /files\nCOPY --from=other /a /other\n")
        build = ["-f", path, "--build-context", "other=docker-image://context:1"]
        client("build", *build, "-t", "app:1", work)
        tree = imagefs.read_layout(client.store, "docker.io/library/app:1").tree()
        assert {"a", "files", "other"} <= set(tree), sorted(tree)
        text = client("build", *build, "--pull", "--progress=plain", work).stderr
        assert "FROM %s/base:1@sha256:" % registry.name in text, text
        report = client("doctor", "--offline", "-f", path, "found:1").stdout
        assert "FROM %s/base:1  is in the store" % registry.name in report, report
        assert "\n%s/found:1\n" % registry.name in report, report
        path = dockerfile(work, "FROM base:1\nCOPY --from=files:1 /a /files\n")
        client("pull", "-f", path, store=work + "/fresh")
        peer.equal(names_in(work + "/fresh"), [registry.name + "/base:1", registry.name + "/files:1"], "pull -f")
        client("build", "-f", path, "--offline", work, store=work + "/fresh")


def what_was_built_here_goes_first(client, work):
    """registry.md R5.3: FROM takes what the store has under docker.io's name, unless a registry is to be asked anyway"""
    with FaultyRegistry() as registry:
        images(client, registry, "base:1")
        client.build("base:1", mine=b"mine")
        configure(client, 'unqualified-search-registries = ["%s", "quay.io"]\n' % registry.name)
        path = dockerfile(work, "FROM base:1\n")
        asked = len(registry.record())
        client("build", "-f", path, "-t", "app:1", work)
        client("check", "-f", path, work)
        peer.equal(len(registry.record()), asked, "requests")
        assert "mine" in imagefs.read_layout(client.store, "docker.io/library/app:1").tree()
        configure(client, 'unqualified-search-registries = ["%s"]\n' % registry.name)
        client("build", "--pull", "-f", path, "-t", "app:2", work)
        assert "mine" not in imagefs.read_layout(client.store, "docker.io/library/app:2").tree()
        peer.equal(names_in(client.store), ["%s/base:1" % registry.name] +
                   ["docker.io/library/%s" % name for name in ("app:1", "app:2", "base:1")], "store")


def several_registries_are_not_searched(client, work):
    """registry.md R5.1, R5.2: several entries are an error with the candidates; a name with docker.io is none"""
    configure(client, 'short-name-mode = "disabled"\nunqualified-search-registries = ["one.test", "two.test"]\n')
    text = client.fails("name-ambiguous", 2, "pull", "app:1")
    assert "write one of: one.test/app:1, two.test/app:1" in text, text
    path = dockerfile(work, "FROM app:1\n")
    text = client.fails("name-ambiguous", 1, "build", "-f", path, work)
    assert "Dockerfile:1:6" in text and "write one of: one.test/app:1, two.test/app:1" in text, text
    text = client.fails("base-not-local", 5, "build", "--offline", "-f", dockerfile(work, "FROM docker.io/app:1\n"), work)
    assert "'app:1' not found locally" in text, text


def a_broken_file_is_no_mistake_of_the_dockerfile(client, work):
    """registry.md C1, R5: its place is told, with exit code 2; names with a registry do not need it"""
    configure(client, "[aliases]\na = 1\n")
    path = dockerfile(work, "FROM app:1\n")
    text = client.fails("config-invalid", 2, "build", "-f", path, work)
    assert "registries.conf:2:" in text, text
    client.fails("base-not-local", 5, "build", "--offline", "-f", dockerfile(work, "FROM ghcr.io/app:1\n"), work)


def a_push_takes_names_as_they_are(client, work):
    """registry.md R5.4: of -t, tag and push a short name means docker.io, whatever registries.conf says"""
    configure(client, 'unqualified-search-registries = ["one.test"]\n[aliases]\napp = "two.test/app"\n')
    client.build("app:1", a=b"one")
    client("tag", "app:1", "other:1")
    peer.equal(names_in(client.store), ["docker.io/library/app:1", "docker.io/library/other:1"], "store")
    text = client("push", "app:1", exit_code=None, HTTPS_PROXY="http://127.0.0.1:1").stderr
    assert "docker.io" in text and "two.test" not in text and "one.test" not in text, text


def commands_find_what_a_pull_named(client, work):
    """registry.md R5.5: inspect, history, save, rmi, tag and push find images of the store by short names"""
    with FaultyRegistry() as registry:
        images(client, registry, "x/aliased:1", "found:1")
        conf = '[aliases]\nshort = "%s/x/aliased"\n' % registry.name
        search = 'unqualified-search-registries = ["%s"]\n' % registry.name
        configure(client, search + conf)
        client("pull", "short:1", "found:1")
        ids = {}
        for word, name in (("short:1", "x/aliased:1"), ("found:1", "found:1")):
            name = "%s/%s" % (registry.name, name)
            for row in (["inspect", word], ["history", "-q", word]):
                peer.equal(client(*row).stdout, client(*row[:-1], name).stdout, row)
            client("save", word, "-o", work + "/saved.tar")
            client("load", "-i", work + "/saved.tar", store=work + "/loaded-" + word[:-2])
            peer.equal(names_in(work + "/loaded-" + word[:-2]), [name], "the name in the archive")
            client("tag", word, "tagged-" + word)
            client("push", word, registry.name + "/copy/" + word)
            peer.equal(registry.tags["copy/" + word[:-2], "1"], registry.tags[name.split("/", 1)[1][:-2], "1"], "pushed")
            ids[word] = json.loads(client("inspect", word).stdout)[0]["Id"]
        # As FROM has it: what was built here goes before the search list, and an alias before both.
        client.build("short:1", mine=b"mine")
        client.build("found:1", mine=b"mine")
        peer.equal(json.loads(client("inspect", "short:1").stdout)[0]["Id"], ids["short:1"], "an alias")
        assert json.loads(client("inspect", "found:1").stdout)[0]["Id"] != ids["found:1"], "built here"
        for word, gone in (("short:1", "x/aliased:1"), ("found:1", "found:1")):
            peer.equal(client("rmi", word).stdout.split()[-1], word if word == "found:1" else "%s/%s" % (registry.name, gone), "removed")
        peer.equal(client("rmi", "found:1").stdout.split()[-1], registry.name + "/found:1", "then the one of the search list")
        configure(client, 'unqualified-search-registries = ["%s", "two.test"]\n' % registry.name)
        client("tag", "tagged-found:1", registry.name + "/found:1")
        client.fails("image-unknown", 5, "inspect", "found:1")
        client("inspect", ids["short:1"])


def one_kind_of_address(client, work):
    """cli.md 4: -4 and -6 choose the addresses of a name"""
    with Registry(work + "/r") as registry:
        name = "localhost:%d/t/app:1" % registry.port
        client.build(name, a=b"one")
        client("push", "-4", name)
        client("pull", "--ipv4", name)
        text = client("pull", "-6", name, exit_code=None)
        assert text.returncode in (3, 6), (text.returncode, text.stderr)


def no_repository_is_made(client, _):
    """registry.md W8: with --create-repository=never a push to a missing repository of Amazon's is an error"""
    denied = {"method": "POST", "status": 404,
              "body": json.dumps({"errors": [{"code": "NAME_UNKNOWN"}]})}
    login = {"method": "POST", "path": "/",
             "body": json.dumps({"authorizationData": [{"authorizationToken": "QVdTOmhVc0g=", "expiresAt": 9e12}]})}
    with running({"main": {}, "proxy": {"handler": "proxy", "to": {ECR + ":443": "main"}}}, login, denied) as server:
        client.build(ECR + "/app:1", a=b"one")
        client.secrets.append("hUsH")
        push = ["push", "--insecure-registry", ECR, "--retry", "0", ECR + "/app:1"]
        reach = {"ALL_PROXY": "http://127.0.0.1:%d" % server.port("proxy"), "AWS_ACCESS_KEY_ID": "AKIDUSABLE",
                 "AWS_SECRET_ACCESS_KEY": "hUsH", "AWS_ENDPOINT_URL_ECR": "http://127.0.0.1:%d/" % server.port()}

        def asked_for_it():
            return any("Repositories" in value for entry in server.record for key, value in entry["headers"]
                       if key.lower() == "x-amz-target")

        client.fails("repository-missing", 5, *push, "--create-repository=never", **reach)
        assert not asked_for_it(), server.record
        client(*push, exit_code=None, **reach)
        assert asked_for_it(), server.record


run(a_pull_stores_the_resolved_name, from_and_copy_ask_the_resolved_name, what_was_built_here_goes_first,
    several_registries_are_not_searched, a_broken_file_is_no_mistake_of_the_dockerfile,
    a_push_takes_names_as_they_are, commands_find_what_a_pull_named, one_kind_of_address, no_repository_is_made)
