#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a user reads when a pull or push fails: whole texts and exit codes, one file of `errors/` a row.

usage: errors_test.py --ocibuild PROGRAM          ERRORS_ACCEPT=1 writes the files; read what it wrote
"""

import json
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from registry import PASSWORD, USER, run  # noqa: E402
from scripted_registry import Fault, FaultyRegistry, put_index, seeded  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
LOGIN = {"OCIBUILD_CREDS": "%s:%s" % (USER, PASSWORD)}
BASIC = {"kind": "basic", "user": USER, "password": PASSWORD}
BEARER = {"kind": "bearer", "user": USER, "password": PASSWORD}
BLOB, MANIFEST = "/blobs/sha256", "/manifests/"
TEXTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "errors")


def page(title):
    return {"headers": [["Content-Type", "text/html"]], "body": "<html><title>%s</title></html>" % title}


def said(code, message):
    return json.dumps({"errors": [{"code": code, "message": message}]})


class Row:
    """One failing command. `why`: the rules it shows. `command`: "pull" or "push" of REG/t/app:1, or of `image`; "build"
    of what is FROM it.
    registry: arguments of FaultyRegistry; faults: (method, path, answer); variables: of the environment, in which {NAME}
    is a listener's port; prepare(client, registry): what else must be there first."""

    def __init__(self, name, error_id, exit_code, why, command="pull", image="t/app:1", arguments=(), registry=None,
                 faults=(), variables=None, prepare=None, host=None):
        self.name, self.error_id, self.exit_code, self.why = name, error_id, exit_code, why
        self.command, self.image, self.arguments, self.host = command, image, list(arguments), host
        self.registry, self.faults = registry or {}, faults
        self.variables, self.prepare = variables or {}, prepare


def ports_of(registry, text):
    for name, listener in registry.server.listeners.items():
        text = text.replace("{%s}" % name, str(listener.port))
    return text.replace("{ca}", registry.server.certificates.path("ca.crt"))


def readable(text, registry, work):
    """Without progress and request log, and without what changes from run to run."""
    lines = [line for line in text.split("\n") if not line.startswith(("debug: ", "#", "warn ", "! "))]
    text = "\n".join(lines)
    for name, listener in registry.server.listeners.items():
        text = re.sub(r"(127\.0\.0\.1|registry\.test):%d\b" % listener.port, name.upper() + r"(\1)", text)
        text = re.sub(r":%d\b" % listener.port, ":" + name.upper(), text)
    text = text.replace(work, "WORK")
    for pattern, instead in ((r"\^+", "^^^"), (r"(127\.0\.0\.1|localhost):\d+", r"\1:PORT"), (r"port \d+", "port PORT"), (r"in \d+ s\b", "in N s"), (r"OpenSSL/[\d.]+: error:\w+:", "OpenSSL: error:"),
                             (r"at \d\d:\d\d:\d\d UTC", "at TIME"), (r"sha256:[0-9a-f]{64}", "sha256:DIGEST"),
                             (r"after \d+ (ms|milliseconds)", "after N ms"), (r"\d+ CAs trusted", "N CAs trusted"), (r"\d+ bytes moved", "N bytes moved"), (r"has \d+ bytes", "has N bytes"),
                             (r"clock here says .*", "clock here says NOW"), (r"/containers/\d+", "/containers/UID")):
        text = re.sub(pattern, instead, text)
    return text


def check(row):
    """A test of one row."""
    def test(client, work):
        """registry.md E1, E2, E3, C3.3, K4.3, K4.4, K4.5, K4.7, P11, X3: the whole text, the exit code, and no secret"""
        os.mkdir(work + "/bin")
        with FaultyRegistry(**row.registry) as registry:
            host = ports_of(registry, row.host or registry.name)
            name = host + "/" + row.image
            if row.command == "push":
                client.build(name, a=b"one")
            elif row.error_id != "base-not-found":
                seeded(registry, row.image)
            moved = row.prepare(client, registry) if row.prepare else None
            if moved:
                name = moved + "/" + row.image
            registry.faults += [Fault(method, path, **answer) for method, path, answer in row.faults]
            variables = {key: ports_of(registry, value) for key, value in row.variables.items()}
            arguments = [ports_of(registry, word) for word in row.arguments]
            client.secrets += ["token-%d" % i for i in range(1, 9)] + ["r3gistry-secret", "pr0xy-word", "sig=a%2Fb"]
            if row.command == "build":
                os.mkdir(work + "/from")
                with open(work + "/from/Dockerfile", "w", encoding="ascii") as file:
                    file.write("FROM %s\n" % name)
                name = work + "/from"
            text = client.fails(row.error_id, row.exit_code, row.command, *QUICK, *registry.resolve, *arguments, name,
                                PATH=client.home + "/bin:" + os.environ["PATH"], **variables)
            text = readable(text, registry, work)
        compare(row.name, text)
    test.__name__ = row.name.replace("-", "_")
    return test


def compare(name, text):
    path = os.path.join(TEXTS, name + ".txt")
    if os.environ.get("ERRORS_ACCEPT"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    with open(path, encoding="utf-8") as file:
        wanted = file.read()
    if text != wanted:
        raise AssertionError("%s.txt has\n%s\nand the program says\n%s" % (name, wanted, text))


def docker_config(config, helpers=None):
    """Writes ~/.docker/config.json and programs docker-credential-NAME with these shell texts."""
    def prepare(client, registry):
        os.makedirs(client.home + "/.docker", exist_ok=True)
        os.makedirs(client.home + "/bin", exist_ok=True)
        with open(client.home + "/.docker/config.json", "w", encoding="ascii") as file:
            file.write(json.dumps(config).replace("REG", registry.name))
        for name, text in (helpers or {}).items():
            path = client.home + "/bin/docker-credential-" + name
            with open(path, "w", encoding="ascii") as file:
                file.write("#!/bin/sh\n" + text + "\n")
            os.chmod(path, 0o755)
    return prepare


def registries_conf(text):
    def prepare(client, registry):
        os.makedirs(client.home + "/.config/containers", exist_ok=True)
        with open(client.home + "/.config/containers/registries.conf", "w", encoding="ascii") as file:
            file.write(text.replace("REG", registry.name))
    return prepare


def full_listener(client, registry):
    """A port whose queue is full: connections to it are never made."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    registry.kept = [listener]
    for _ in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(listener.getsockname())
        registry.kept.append(waiting)
    return "127.0.0.1:%d" % listener.getsockname()[1]


def two_platforms(_, registry):
    put_index(registry, "t/multi:1", [(seeded(registry, "t/multi", name), name) for name in ("amd64", "arm64")])


def more_tags(_, registry):
    for tag in ("1", "3.9", "3.18", "3.19", "3.20", "edge", "latest"):
        seeded(registry, "t/app:" + tag)


PROXY = {"HTTPS_PROXY": "http://127.0.0.1:{proxy}", "HTTP_PROXY": "http://127.0.0.1:{proxy}"}
BEHIND = {"host": "registry.test:{main}", "arguments": ["--insecure-registry", "registry.test:{main}", "--retry", "0"]}
WORD = {"auths": {"REG": {"auth": "YW5uOnIzZ2lzdHJ5LXNlY3JldA=="}}}  # ann:r3gistry-secret

ROWS = [
    Row("auth-needed", "auth-needed", 4, "E2, K4.4, K4.5", registry={"auth": BASIC},
        prepare=docker_config({"auths": {"elsewhere.test": {}}, "credHelpers": {"REG": "shy"}, "credsStore": "absent"},
                              {"shy": "echo 'no network to the vault' >&2; echo 'credentials not found in native keychain'; exit 1"})),
    Row("auth-refused-basic", "auth-refused", 4, "E2, K3", registry={"auth": BASIC}, prepare=docker_config(WORD)),
    Row("auth-refused-token", "auth-refused", 4, "E2, T6", registry={"auth": BEARER}, prepare=docker_config(WORD)),
    Row("helper-broken", "auth-needed", 4, "E2, K4.3, K4.7", registry={"auth": BASIC},
        prepare=docker_config({"credHelpers": {"REG": "broken"}}, {"broken": "echo vault sealed; echo detail >&2; exit 3"})),
    Row("push-denied", "push-denied", 4, "E2", command="push", registry={"auth": BEARER}, variables=LOGIN,
        faults=[("POST", "/blobs/uploads/", {"status": 403, "body": said("DENIED", "not yours")})]),
    Row("base-not-found", "base-not-found", 5, "E2, P11", image="t/app:3.99", prepare=more_tags),
    Row("base-not-found-build", "base-not-found", 5, "E2", command="build"),
    Row("base-not-found-mirror", "base-not-found", 5, "E2, C3.3", image="t/none:1",
        arguments=["--registry-mirror", "127.0.0.1:{main}=127.0.0.1:{other}/hub"],
        faults=[("GET", "/hub/", {"status": 403, "body": said("DENIED", "project is private")})]),
    Row("base-not-found-harbor", "base-not-found", 5, "E2",
        faults=[("GET", MANIFEST, {"status": 422, "body": said("UNKNOWN", "artifact t/app:1 not found")})]),
    Row("rate-limited", "rate-limited", 3, "E2, Y1",
        faults=[("GET", MANIFEST, {"status": 429, "body": said("TOOMANYREQUESTS", "You have reached your pull rate limit"),
                                   "headers": [["RateLimit-Limit", "100;w=21600"], ["RateLimit-Remaining", "0;w=21600"],
                                               ["Retry-After", "1200"]]})]),
    Row("registry-unavailable", "registry-unavailable", 3, "E2, Y2", arguments=["--retry", "2"],
        faults=[("GET", MANIFEST, {"status": 503, "body": "upstream is away\nand more"})]),
    Row("not-a-registry", "not-a-registry", 6, "E2, P4", faults=[("GET", MANIFEST, {"status": 200, **page("Sign in")})]),
    Row("not-a-registry-sign-in", "not-a-registry", 6, "E2, N4",
        faults=[("GET", MANIFEST, {"status": 302, "headers": [["Location", "{other}/login?to=sig=a%2Fb"]]}),
                ("GET", "/login", {"status": 200, **page("Who are you")})]),
    Row("not-a-registry-proxy", "not-a-registry", 6, "E2, C4", registry={"proxies": {"proxy": {}}}, variables=PROXY,
        faults=[("GET", MANIFEST, {"status": 403, **page("Access \x1b[31mDenied")})], **BEHIND),
    Row("not-a-registry-blob", "not-a-registry", 6, "E2, P8", faults=[("GET", BLOB, {"status": 200, **page("Sign in")})]),
    Row("not-a-registry-blob-proxy", "not-a-registry", 6, "E2, P8, C4", registry={"proxies": {"proxy": {}}}, variables=PROXY,
        faults=[("GET", BLOB, {"status": 200, **page("Virus scan")})], **BEHIND),
    Row("not-a-registry-upload", "not-a-registry", 6, "E2, U3", command="push",
        faults=[("POST", "/blobs/uploads/", {"status": 200, **page("Sign in")})]),
    Row("not-a-registry-put", "not-a-registry", 6, "E2, U9", command="push",
        faults=[("PUT", MANIFEST, {"status": 200, **page("Sign in")})]),
    Row("tls-failed", "tls-failed", 6, "E2, S2", host="registry.test:{main}"),
    Row("tls-failed-wanted", "tls-failed", 6, "E2, S2",
        faults=[("GET", MANIFEST, {"status": 400, "body": "Client sent an HTTP request to an HTTPS server.\n"})]),
    Row("tls-failed-address", "tls-failed", 6, "E2, N4",
        faults=[("GET", BLOB, {"status": 307, "headers": [["Location", "{other}/blob"]]}),
                ("GET", "/blob$", {"status": 400, "body": "Client sent an HTTP request to an HTTPS server.\n"})]),
    Row("registry-refused", "registry-refused", 1, "E2, S2",
        faults=[("GET", MANIFEST, {"status": 400, "body": said("NAME_INVALID", "no such thing")})]),
    Row("tls-untrusted", "tls-untrusted", 6, "E2, S3", registry={"tls": "other-ca"}),
    Row("tls-name", "tls-name", 6, "E2, S4", registry={"tls": "wrong-name"}, arguments=["--cacert", "{ca}"]),
    Row("tls-clock", "tls-clock", 6, "E2, S4", registry={"tls": "expired"}, arguments=["--cacert", "{ca}"]),
    Row("proxy-auth", "proxy-auth", 6, "E2, C4.5", registry={"proxies": {"proxy": {"password": "me:other", "offer": [
        'Basic realm="corp"', 'Digest realm="corp",nonce="x"']}}},
        variables={"https_proxy": "http://ann:pr0xy-word@127.0.0.1:{proxy}"}, host="registry.test:{main}"),
    Row("proxy-refused", "proxy-refused", 6, "E2", registry={"proxies": {"proxy": {"refuse": 403}}},
        variables=PROXY, host="registry.test:{main}"),
    Row("proxy-unreachable", "proxy-unreachable", 6, "E2", variables={"https_proxy": "http://127.0.0.1:9"},
        host="registry.test:{main}", arguments=["--retry", "1"]),
    Row("proxy-unknown", "proxy-unreachable", 6, "E2", variables={"ALL_PROXY": "http://proxy.invalid:3128"},
        host="registry.test:{main}"),
    Row("dns-unknown", "dns-unknown", 6, "E2", host="registry.invalid"),
    Row("redirect-blocked", "redirect-blocked", 6, "E2", arguments=["--retry", "0"],
        faults=[("GET", BLOB, {"status": 307, "headers": [["Location", "http://127.0.0.1:9/blob?sig=a%2Fb"]]})]),
    Row("redirect-refused", "redirect-refused", 6, "E2, N4",
        faults=[("GET", MANIFEST, {"status": 307, "headers": [["Location", "ftp://elsewhere.test/x"]]})]),
    Row("too-many-redirects", "too-many-redirects", 6, "E2, N4",
        faults=[("GET", MANIFEST, {"status": 307, "headers": [["Location", "{other}/v2/t/app/manifests/1"]]})]),
    Row("stalled", "stalled", 3, "E2, N3", arguments=["--idle-timeout", "1s", "--retry", "0"],
        faults=[("GET", BLOB, {"times": 1, "stall_out": 150}), ("GET", BLOB, {"stall_out": 0})]),
    Row("connect-refused", "connect-refused", 3, "E2", host="127.0.0.1:9", arguments=["--retry", "1"]),
    Row("connect-timeout", "connect-timeout", 3, "E2, N3", prepare=full_listener,
        arguments=["--connect-timeout", "1s", "--retry", "0"]),
    Row("connection-lost", "connection-lost", 3, "E2", arguments=["--retry", "1"], faults=[("GET", MANIFEST, {"reset_in": 0})]),
    Row("blob-corrupt", "blob-corrupt", 3, "E2, P8", faults=[("GET", BLOB, {"corrupt": 10})]),
    Row("blob-corrupt-cdn", "blob-corrupt", 3, "E2, P8", registry={"cdn": True}, faults=[("GET", BLOB + ".*sig", {"corrupt": 10})]),
    Row("size-mismatch", "size-mismatch", 3, "E2, P10", faults=[("GET", BLOB, {"length": 7})]),
    Row("cdn-refuses", "registry-unavailable", 3, "E2, N4.4", registry={"cdn": True}, arguments=["--retry", "1"],
        faults=[("GET", BLOB + ".*sig", {"status": 403, "body": "<Error><Code>AccessDenied</Code></Error>"})]),
    Row("registry-blocked", "registry-blocked", 6, "E2, C2.4", prepare=registries_conf('[[registry]]\nlocation = "REG"\nblocked = true\n')),
    Row("platform-missing", "platform-missing", 5, "E2, P7", image="t/multi:1", arguments=["--platform", "linux/s390x"],
        prepare=two_platforms),
    Row("schema-1", "schema1-unsupported", 1, "P4", faults=[("GET", MANIFEST, {"status": 200, "body": '{"schemaVersion": 1}'})]),
    Row("realm-refused", "realm-invalid", 6, "X2", registry={"auth": {**BEARER, "realm": "ftp://elsewhere.test/token"}}),
    Row("auth-needed-token", "auth-needed", 4, "E2, T4", registry={"auth": BEARER}),
    Row("no-token", "not-a-registry", 6, "E2, T6", registry={"auth": {**BEARER, "realm": "{other}/token"}},
        faults=[("GET", "/token", {"status": 200, **page("Portal")})]),
    Row("too-large", "too-large", 6, "E2, U5", command="push", registry={"piece": 1}),
]
run(*[check(row) for row in ROWS])
