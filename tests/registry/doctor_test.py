#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ocibuild doctor` says of Debian's docker-registry, compared whole; of networks: doctor_network_test.py.

usage: doctor_test.py --ocibuild PROGRAM
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
from doctor_report import says  # noqa: E402
from registry import PASSWORD, USER, Registry, TokenServer, free_port, run  # noqa: E402

LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]


def a_plain_registry(client, work):
    """registry.md E5.2; cli.md 6.8: an image on a registry without logins can be pulled and pushed"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client("push", name)
        before = registry.requests()
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  ok   REGISTRY  direct  dns T  connect T  plain http  pull t/app  push t/app  anonymous  clock T
  ok   blobs come from REGISTRY: reachable
hosts the firewall must allow: REGISTRY
no problem
""", 0, "--push", name, names=[(registry.name, "REGISTRY")])
        asked = [method for method, _, _ in registry.requests()[len(before):]]
        peer.equal(asked, ["GET", "GET", "GET", "POST", "DELETE"], "requests")


def bases_of_a_dockerfile(client, work):
    """registry.md E5.1; cli.md 6.8: without names the bases are asked for, but for those that the store has"""
    with Registry(work + "/r") as registry:
        local, remote = registry.name + "/t/local:1", registry.name + "/t/remote:1"
        for name in (local, remote):
            client.build(name, a=b"one")
        client("push", remote)
        client("rmi", remote)
        file = work + "/Dockerfile"
        with open(file, "w", encoding="ascii") as out:
            out.write("ARG NAME\nFROM %s AS one\nFROM $NAME\nCOPY --from=one /a /b\n" % local)
        says(client, """
proxy     none
trust     N CAs SYSTEM
FROM REGISTRY/t/local:1  is in the store: no registry is asked
FROM REGISTRY/t/remote:1
  ok   REGISTRY  direct  dns T  connect T  plain http  pull t/remote  anonymous  clock T
  ok   blobs come from REGISTRY: reachable
hosts the firewall must allow: REGISTRY
no problem
""", 0, "-f", file, "--build-arg", "NAME=" + remote, names=[(registry.name, "REGISTRY")])


def passwords(client, work):
    """registry.md E5.2; cli.md 6.8: a registry with passwords: none, a wrong one, the right one"""
    with Registry(work + "/r", htpasswd=True) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client("push", *LOGIN, name)
        client.secrets.append("wr0ng-word")
        names = [(registry.name, "REGISTRY"), (client.home, "HOME")]
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  FAIL REGISTRY  direct  dns T  connect T  plain http  anonymous  clock T
  FAIL REGISTRY wants a login for t/app:1   -> ocibuild login REGISTRY
         = note: the registry says: authentication required
         = note: looked at: HOME/.docker/config.json: no such file
         = note: looked at: HOME/run/containers/auth.json: no such file
         = note: looked at: HOME/.config/containers/auth.json: no such file
         = note: looked at: /kaniko/.docker/config.json: no such file
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY/t/app:1
""", 4, name, names=names, XDG_RUNTIME_DIR=client.home + "/run")
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  FAIL REGISTRY  direct  dns T  connect T  plain http  as ann (--creds)  clock T
  FAIL REGISTRY does not accept the credentials   -> ocibuild login REGISTRY
         = note: the registry says: authentication required
         = note: credentials: --creds, user ann
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY/t/app:1
""", 4, "--creds", USER + ":wr0ng-word", name, names=names)
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  ok   REGISTRY  direct  dns T  connect T  plain http  pull t/app  push t/app  as ann (--creds)  clock T
  ok   blobs come from REGISTRY: reachable
hosts the firewall must allow: REGISTRY
no problem
""", 0, "--push", *LOGIN, name, names=names)
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY
  FAIL REGISTRY  direct  dns T  connect T  plain http  anonymous  clock T
  FAIL REGISTRY wants a login for /v2/   -> ocibuild login REGISTRY
         = note: the registry says: authentication required
         = note: looked at: HOME/.docker/config.json: no such file
         = note: looked at: HOME/run/containers/auth.json: no such file
         = note: looked at: HOME/.config/containers/auth.json: no such file
         = note: looked at: /kaniko/.docker/config.json: no such file
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY
""", 4, registry.name, names=names, XDG_RUNTIME_DIR=client.home + "/run")
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY
  ok   REGISTRY  direct  dns T  connect T  plain http  as ann (--creds)  clock T
hosts the firewall must allow: REGISTRY
no problem
""", 0, *LOGIN, registry.name, names=names)


def tokens(client, work):
    """registry.md E5.2, E5.5; cli.md 6.8: the token server and the scopes are told, and the server is to be allowed"""
    server = TokenServer(work + "/tokens")
    with Registry(work + "/r", tokens=server) as registry:
        name = registry.name + "/t/app:1"
        client.build(name, a=b"one")
        client("push", *LOGIN, name)
        names = [(registry.name, "REGISTRY"), (server.url[7:], "TOKENS"), (client.home, "HOME")]
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  ok   REGISTRY  direct  dns T  connect T  plain http  pull t/app  push t/app  as ann (--creds)  clock T
  ok   token of TOKENS for repository:t/app:pull,push
  ok   blobs come from REGISTRY: reachable
hosts the firewall must allow: REGISTRY TOKENS
no problem
""", 0, "--push", *LOGIN, name, names=names)
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  FAIL REGISTRY  direct  dns T  connect T  plain http  pull t/app  anonymous  clock T
  ok   token of TOKENS for repository:t/app:pull,push
  ok   blobs come from REGISTRY: reachable
  FAIL REGISTRY wants a login for t/app   -> ocibuild login REGISTRY
         = note: the registry says: authentication required
         = note: looked at: HOME/.docker/config.json: no such file
         = note: looked at: HOME/run/containers/auth.json: no such file
         = note: looked at: HOME/.config/containers/auth.json: no such file
         = note: looked at: /kaniko/.docker/config.json: no such file
hosts the firewall must allow: REGISTRY TOKENS
1 problem; in the way of REGISTRY/t/app:1
""", 4, "--push", name, names=names, XDG_RUNTIME_DIR=client.home + "/run")
        client.secrets += server.given
    server.stop()


def mirrors(client, work):
    """registry.md E5.1, E5.5, E5.6; cli.md 6.8: a mirror that works makes up for a registry that does not"""
    with Registry(work + "/r") as mirror:
        dead = "127.0.0.1:%d" % free_port()
        client.build(mirror.name + "/t/app:1", a=b"one")
        client("push", mirror.name + "/t/app:1")
        names = [(mirror.name, "MIRROR"), (dead, "REGISTRY")]
        file = work + "/Dockerfile"
        with open(file, "w", encoding="ascii") as out:
            out.write("FROM %s/t/app:1\n" % dead)
        says(client, """
settings  --registry-mirror: REGISTRY -> MIRROR
proxy     none
trust     N CAs SYSTEM
FROM REGISTRY/t/app:1
  ok   MIRROR  direct  dns T  connect T  plain http  pull t/app  anonymous  clock T
  ok   blobs come from MIRROR: reachable
  FAIL REGISTRY  direct  no connection to REGISTRY
         = note: Failed to connect to 127.0.0.1 port N after T: Couldn't connect to server
         = help: let this machine reach REGISTRY, name a proxy that does (HTTPS_PROXY), or use --registry-mirror
hosts the firewall must allow: MIRROR
1 problem; builds work through the mirror
""", 3, "-f", file, "--registry-mirror", "%s=%s" % (dead, mirror.name), names=names)
        says(client, """
proxy     none
trust     N CAs SYSTEM
FROM REGISTRY/t/app:1
  FAIL REGISTRY  direct  no connection to REGISTRY
         = note: Failed to connect to 127.0.0.1 port N after T: Couldn't connect to server
         = help: let this machine reach REGISTRY, name a proxy that does (HTTPS_PROXY), or use --registry-mirror
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY/t/app:1
""", 3, "-f", file, names=names)


def nothing_is_sent_offline(client, work):
    """registry.md E5.6; cli.md 6.8: --offline lists what would be asked"""
    with Registry(work + "/r") as registry:
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  -    REGISTRY  direct  not asked: REGISTRY
ghcr.io
  -    ghcr.io  direct  not asked: ghcr.io:443
hosts the firewall must allow: REGISTRY ghcr.io:443
nothing was asked: --offline
""", 0, "--offline", registry.name + "/t/app:1", "ghcr.io", names=[(registry.name, "REGISTRY")])
        peer.equal(registry.requests(), [], "requests")


def as_json(client, work):
    """cli.md 6.9: the same as one object"""
    with Registry(work + "/r") as registry:
        text = client("doctor", "--format", "json", "--push", registry.name + "/t/none:1").stdout
        report = json.loads(text)
        (subject,) = report["subjects"]
        (source,) = subject["sources"]
        peer.equal((report["exit"], report["problemCount"], report["hosts"]), (0, 0, [registry.name]), "whole")
        peer.equal((subject["kind"], subject["works"], source["missing"]), ("image", True, True), "image")
        peer.equal([check["name"] for check in source["checks"]],
                   ["dns", "connect", "api", "clock", "manifest", "push"], "checks")
        peer.equal([check["problem"] for check in source["checks"]], [None] * 6, "problems")
        assert abs(source["clockSeconds"]) < 5, source
        report = json.loads(client("doctor", "--format=json", registry.name + "/t/none:1", exit_code=5).stdout)
        problem = report["subjects"][0]["sources"][0]["checks"][-1]["problem"]
        peer.equal((problem["id"], problem["exit"], report["exit"]), ("base-not-found", 5, 5), "problem")


run(a_plain_registry, bases_of_a_dockerfile, passwords, tokens, mirrors, nothing_is_sent_offline, as_json)
