#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registries as they are: each row of registry.md 14 is a registry in memory with the habits of a known one.

usage: quirks_test.py --ocibuild PROGRAM

Every row is pushed to and pulled from; what must hold besides is in its check.
"""

import base64
import json
import os
import random
import re
import sys
from urllib.parse import unquote

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = {"user": USER, "password": PASSWORD}
BASIC, BEARER = {"kind": "basic", **LOGIN}, {"kind": "bearer", **LOGIN}
UPLOAD, BLOB, MANIFEST, MOUNT = "/blobs/uploads/", "/blobs/sha256", "/manifests/", r"uploads/\?mount="


def error(status, code, message="no", **more):
    return {"status": status, "body": json.dumps({"errors": [{"code": code, "message": message}]}), **more}


def page(status, title):
    body = "<html><title>%s</title></html>" % title
    return {"status": status, "body": body, "headers": [["Content-Type", "text/html"]]}


class Row:
    """One registry. settings: of FaultyRegistry; faults: (method, path, answer); login: an entry of docker's auths;
    check(client, registry, name): what else must hold, after a push, a mount and a pull."""

    def __init__(self, rule, name, settings=None, faults=(), login=None, check=None, size=20000):
        self.rule, self.name, self.settings, self.faults = rule, name, settings or {}, faults
        self.login, self.check, self.size = login, check, size


def entry(user, password, **more):
    return {"auth": base64.b64encode(("%s:%s" % (user, password)).encode()).decode(), **more}


def asked_tokens(registry):
    return [unquote(target) for target in registry.asked("GET", "/token") + registry.asked("POST", "/token")]


def headers(registry, key, method):
    return [value for request in registry.record() if request["method"] == method
            for name, value in request["headers"] if name.lower() == key]


def says(client, registry, name, error_id, exit_code, fault, *command):
    """With that fault the command ends so; its words."""
    registry.faults.insert(0, fault)
    text = client.fails(error_id, exit_code, *command, *QUICK, "--retry", "0", name)
    registry.faults.remove(fault)
    return text


def hub(client, registry, name):
    assert registry.record("other"), "no blob came by redirect"
    raw = "HTTP/1.1 429 Too Many Requests\nContent-Type: text/plain\nConnection: close\n\nToo Many Requests\n"
    says(client, registry, name, "rate-limited", 3, Fault("GET", MANIFEST, raw=raw, status=429), "pull")


def ghcr(client, registry, name):
    ranges = headers(registry, "content-range", "PUT") + headers(registry, "content-range", "PATCH")
    peer.equal(ranges, [], "Content-Range")
    says(client, registry, name, "base-not-found", 5, Fault("GET", MANIFEST, **error(404, "DENIED")), "pull")


def ecr(client, registry, name):
    equal = error(400, "TAG_INVALID", "ImageTagAlreadyExistsException")
    registry.faults.append(Fault("PUT", MANIFEST, **equal))
    assert "already there" in client("push", *QUICK, name).stderr


def ecr_public(_, registry, __):
    assert any("scope=aws" in target for target in asked_tokens(registry)), asked_tokens(registry)


def google(_, registry, __):
    peer.equal(registry.asked("PATCH", ""), [], "chunks")
    peer.equal(registry.asked("POST", "/token"), [], "POST for a token")


def acr(_, registry, __):
    ranges = headers(registry, "content-range", "PATCH")
    assert ranges and all(re.fullmatch(r"\d+-\d+", value) for value in ranges), ranges
    assert registry.asked("POST", "/token"), "no refresh token was sent"


def gitlab(_, registry, __):
    for target in asked_tokens(registry):
        repositories = re.findall(r"scope=repository:([^:]+):", target)
        assert len(repositories) == len(set(repositories)), target
        assert repositories[0] == "t/app" or "t/copy" in repositories[0], target


def quay(client, registry, name):
    assert all("&from=t%2F" in target for target in registry.asked("POST", MOUNT)), registry.asked("POST", MOUNT)
    assert all("account=org+robot" in target for target in asked_tokens(registry)), asked_tokens(registry)
    registry.tags.clear()
    refusal = Fault("PUT", MANIFEST, **error(415, "UNSUPPORTED"))
    text = says(client, registry, name, "registry-refused", 1, refusal, "push")
    assert "--format docker" in text, text


def harbor(client, registry, name):
    assert all("account=robot$app" in target for target in asked_tokens(registry)), asked_tokens(registry)
    for code in ("UNKNOWN", "NOT_FOUND"):
        gone = error(422, code, "artifact t/app:1 not found")
        says(client, registry, name, "base-not-found", 5, Fault("GET", MANIFEST, **gone), "pull")
    text = says(client, registry, name, "not-a-registry", 6, Fault("GET", MANIFEST, **page(200, "Harbor")), "pull")
    assert "Harbor" in text, text
    registry.tags.clear()
    registry.blobs["t/app"].clear()
    denied = Fault("POST", UPLOAD, **error(403, "DENIED", "proxy cache project"))
    text = says(client, registry, name, "push-denied", 4, denied, "push")
    assert "proxy cache" in text, text


def artifactory(_, registry, __):
    peer.equal(registry.asked("POST", "/token"), [], "POST for a token")
    assert registry.asked("PATCH", UPLOAD), "no other way was tried"


def no_http(_, registry, __):
    peer.equal([request["target"] for request in registry.record("other")], [], "requests without encryption")


def middle_box(client, registry, name):
    registry.faults = [fault for fault in registry.faults if fault.method != "HEAD"]  # a cut kept connection is N5's
    registry.tags.clear()
    registry.blobs.clear()
    for status, error_id, exit_code in ((413, "too-large", 6), (502, "registry-unavailable", 3),
                                        (504, "registry-unavailable", 3)):
        says(client, registry, name, error_id, exit_code, Fault("(PUT|PATCH)", UPLOAD, **page(status, "nginx")), "push")


OCTETS = [["Content-Type", "application/octet-stream"]]
ROWS = [
    Row("Q2", "docker-hub", {"auth": BEARER, "cdn": True}, login=entry(USER, PASSWORD), check=hub),
    Row("Q3", "ghcr", {"auth": BEARER, "no_mounts": True}, login=entry(USER, PASSWORD), check=ghcr, size=5 << 20,
        faults=[("PATCH", UPLOAD, error(416, "UNSUPPORTED", "chunk size exceeds 4.00MiB"))]),
    Row("Q4", "ecr", {"auth": BASIC, "refuses": {"PUT": 405}, "patch_status": 201, "range": "0-0",
                      "no_mounts": True},
        login=entry(USER, PASSWORD), check=ecr, faults=[("POST", UPLOAD, {"times": 1, "skip": 1, "reset_in": 0})]),
    Row("Q5", "ecr-public", {"auth": {**BEARER, "scope": "aws"}}, login=entry(USER, PASSWORD), check=ecr_public),
    Row("Q6", "google", {"auth": {"kind": "bearer", "user": "_json_key", "password": '{"a": "b:c"}'}}, check=google,
        login=entry("_json_key", '{"a": "b:c"}'), faults=[("PATCH", UPLOAD, error(400, "UNSUPPORTED"))]),
    Row("Q7", "acr", {"auth": {**BEARER, "refresh_token": "r3fresh-1"}, "piece": 9 << 20}, check=acr, size=20 << 20,
        login=entry("00000000-0000-0000-0000-000000000000", "", identitytoken="r3fresh-1")),
    Row("Q8", "gitlab", {"auth": {**BEARER, "token_uses": 4}}, login=entry(USER, PASSWORD), check=gitlab),
    Row("Q9", "quay", {"auth": {"kind": "bearer", "user": "org+robot", "password": PASSWORD}},
        login=entry("org+robot", PASSWORD), check=quay),
    Row("Q10", "harbor", {"auth": {"kind": "bearer", "user": "robot$app", "password": PASSWORD}}, check=harbor,
        login=entry("robot$app", PASSWORD), faults=[("POST", MOUNT, error(403, "DENIED"))]),
    Row("Q11", "artifactory", {"auth": BEARER, "refuses": {"PUT": 404}}, login=entry(USER, PASSWORD), check=artifactory,
        faults=[("POST", MOUNT, error(404, "NAME_UNKNOWN")), ("GET", MANIFEST, {"headers_instead": OCTETS})]),
    Row("Q12", "nexus", {"auth": BASIC, "tls": "good", "calls_itself": "http://registry.test"},
        login=entry(USER, PASSWORD), check=no_http),
    Row("Q13", "zot", {"refuses": {"PUT": 405}, "patch_status": 204, "range": ""},
        faults=[("PUT", MANIFEST, {"more_headers": [["OCI-Subject", "sha256:" + "0" * 64]]})]),
    Row("Q14", "nginx", check=middle_box, size=2 << 20,
        faults=[("HEAD", BLOB, {"close": True}), ("PUT", UPLOAD, {"expects": True, "status": 417, "early": True})]),
    Row("Q15", "inspection", {"tls": "good"},
        faults=[("GET", BLOB, {"drip": [9000, 0.3], "more_headers": [["Content-Encoding", "x-gzip"]]})]),
    Row("Q16", "red-hat", faults=[("GET", MANIFEST, {"headers_instead": [["Content-Type", "text/plain"]]})]),
]


def same_files(client, work, name):
    pulled, pushed = (imagefs.read_layout(store, name).tree() for store in (work + "/pulled", client.store))
    peer.equal(pulled, pushed, "files")


def check(row):
    def test(client, work):
        with FaultyRegistry(**row.settings) as registry:
            client.secrets += ["token-%d" % i for i in range(1, 30)] + ["r3fresh-1"]
            os.makedirs(client.home + "/.docker", exist_ok=True)
            with open(client.home + "/.docker/config.json", "w", encoding="ascii") as file:
                json.dump({"auths": {registry.name: row.login} if row.login else {}}, file)
            more = [*registry.resolve, "--cacert", registry.server.certificates.path("ca.crt")]
            more = more if "tls" in row.settings else []
            registry.faults += [Fault(method, path, **answer) for method, path, answer in row.faults]
            name = registry.name + "/t/app:1"
            client.build(name, a=random.Random(1).randbytes(row.size), b=b"two")
            client("push", *QUICK, *more, name)
            client("push", *QUICK, *more, name, registry.name + "/t/copy:1")  # what can be is mounted
            registry.consistent()
            peer.equal(sorted(registry.tags), [("t/app", "1"), ("t/copy", "1")], "tags")
            client("pull", *QUICK, *more, name, store=work + "/pulled")
            same_files(client, work, name)
            if row.check:
                row.check(client, registry, name)
    test.__name__ = row.name.replace("-", "_")
    return test


def every_registry_of_the_table(client, work):
    """registry.md Q2 to Q16: images go there and come back unchanged, whatever the registry is known to do"""
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    with open(root + "/docs/reference/registry.md", encoding="utf-8") as file:
        rules = re.findall(r"^\*\*(Q\d+)\b", file.read(), re.MULTILINE)
    peer.equal(["Q1"] + [row.rule for row in ROWS], rules, "rows")


def distribution(client, work):
    """registry.md Q1: Distribution 2.8, in front of which a login stands"""
    with Registry(work + "/r", htpasswd=True) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=random.Random(1).randbytes(20000), b=b"two")
        login = ["--creds", "%s:%s" % (USER, PASSWORD)]
        client("push", *QUICK, *login, name)
        client("push", *QUICK, *login, name, registry.name + "/t/copy:1")
        client("pull", *QUICK, *login, name, store=work + "/pulled")
        same_files(client, work, name)
        bad = [request for request in registry.requests() if request[2] in (301, 416) or request[2] >= 500]
        peer.equal(bad, [], "answers to what it does not like")


run(every_registry_of_the_table, distribution, *[check(row) for row in ROWS])
