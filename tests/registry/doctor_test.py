#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ocibuild doctor` says of Debian's docker-registry and of networks that fail, compared whole.

usage: doctor_test.py --ocibuild PROGRAM
"""

import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import peer  # noqa: E402
import scripted_server  # noqa: E402
from registry import PASSWORD, USER, Registry, TokenServer, free_port, run  # noqa: E402

LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]


class Scripted:
    """A scripted server for a with statement; port(NAME) of its listeners."""

    def __init__(self, listeners, *rules):
        self.directory = tempfile.TemporaryDirectory(prefix="scripted-")
        self.server = scripted_server.Server({"listeners": listeners, "rules": rules}, self.directory.name)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listener in self.server.listeners.values():
            listener.socket.close()
        self.directory.cleanup()

    def port(self, name="main"):
        return self.server.listeners[name].port


def says(client, expected, exit_code, *arguments, names=(), **variables):
    """The report is `expected` once what differs between machines is replaced: the first line's numbers and the
    count of CAs by N, times by T, and each (text, name) of `names`."""
    text = client("doctor", *arguments, exit_code=exit_code, **variables).stdout
    for found, name in names:
        text = text.replace(found, name)
    text = re.sub(r"^ocibuild .*\n", "", text)
    text = re.sub(r"\b\d+ ms\b", "T", text)
    text = re.sub(r"clock [-+]\d+\.\d+s", "clock T", text)
    text = re.sub(r"\b\d+ CAs trusted", "N CAs trusted", text)
    text = re.sub(r"\bport \d+", "port N", text)
    text = re.sub(r"\b\d{9,} s\b", "N s", text)
    text = re.sub(r"trust     \d+ CAs /etc/ssl/certs/ca-certificates.crt", "trust     N CAs SYSTEM", text)
    peer.equal("\n" + text, expected, "report")


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
         = note: looked at: HOME/.docker/config.json: no such file
         = note: looked at: HOME/run/containers/auth.json: no such file
         = note: looked at: HOME/.config/containers/auth.json: no such file
         = note: looked at: /kaniko/.docker/config.json: no such file
         = note: the registry says: authentication required
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY/t/app:1
""", 4, name, names=names, XDG_RUNTIME_DIR=client.home + "/run")
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  FAIL REGISTRY  direct  dns T  connect T  plain http  as ann (--creds)  clock T
  FAIL REGISTRY does not accept the credentials   -> ocibuild login REGISTRY
         = note: credentials: --creds, user ann
         = note: the registry says: authentication required
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
         = note: looked at: HOME/.docker/config.json: no such file
         = note: looked at: HOME/run/containers/auth.json: no such file
         = note: looked at: HOME/.config/containers/auth.json: no such file
         = note: looked at: /kaniko/.docker/config.json: no such file
         = note: the registry says: authentication required
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
         = note: looked at: HOME/.docker/config.json: no such file
         = note: looked at: HOME/run/containers/auth.json: no such file
         = note: looked at: HOME/.config/containers/auth.json: no such file
         = note: looked at: /kaniko/.docker/config.json: no such file
         = note: the registry says: authentication required
hosts the firewall must allow: REGISTRY TOKENS
1 problem; in the way of REGISTRY/t/app:1
""", 4, "--push", name, names=names, XDG_RUNTIME_DIR=client.home + "/run")
        client.secrets += server.given
    server.stop()


def a_private_ca(client, work):
    """registry.md E5.3; cli.md 6.8: an unknown CA is named with what cures it, and once trusted told as well"""
    with Registry(work + "/r", tls=True, htpasswd=True) as registry:
        # Loopback counts as insecure, so a name that is none is resolved to it.
        name = "registry.test:%d/t/app:1" % registry.port
        reach = ["--resolve", "registry.test:%d:127.0.0.1" % registry.port, *LOGIN]
        client.build(name, a=b"one")
        client("push", *reach, "--cacert", registry.ca, name)
        names = [("registry.test:%d" % registry.port, "REGISTRY"), (work, "WORK")]
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  FAIL REGISTRY  direct  the certificate of REGISTRY is not trusted
         = note: shown: CN=scripted good, issued by: CN=Scripted ca
         = note: N CAs trusted, from /etc/ssl/certs/ca-certificates.crt
         = help: if a proxy re-signs connections, get its CA as a PEM file, then:  ocibuild \
--cacert FILE …   (or cacert= in the config file, or SSL_CERT_FILE)
         = help: look at it:  openssl s_client -showcerts -connect REGISTRY
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY/t/app:1
""", 6, *reach, name, names=names)
        says(client, """
proxy     none
trust     N CAs SYSTEM WORK/r/ca.crt
REGISTRY/t/app:1
  ok   REGISTRY  direct  dns T  connect T  tls T  pull t/app  as ann (--creds)  clock T
  ok   certificate CN=scripted good, issued by CN=Scripted ca, trusted through CN=Scripted ca
  ok   blobs come from REGISTRY: reachable
hosts the firewall must allow: REGISTRY
no problem
""", 0, *reach, "--cacert", registry.ca, name, names=names)
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  ok   REGISTRY  direct  dns T  connect T  tls T  not verified  pull t/app  as ann (--creds)  clock T
  ok   certificate CN=scripted good, issued by CN=Scripted ca
  ok   blobs come from REGISTRY: reachable
hosts the firewall must allow: REGISTRY
no problem
""", 0, *reach, "--tls-verify=false", name, names=names)


def a_web_page(client, _):
    """registry.md E5.4; cli.md 6.8: a page instead of a registry is shown with its title"""
    page = {"path": "/v2/", "status": 403, "headers": [["Content-Type", "text/html"]],
            "body": "<html><title>Access \x1b[31mDenied</title></html>"}
    with Scripted({"main": {}}, page) as server:
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY
  FAIL REGISTRY  direct  REGISTRY answered with a web page (403 text/html): "Access \\x1b[31mDenied"
         = note: the address was http://REGISTRY/v2/
         = help: is REGISTRY right, does it need a port or a path?
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY
""", 6, "127.0.0.1:%d" % server.port(), names=[("127.0.0.1:%d" % server.port(), "REGISTRY")])


def blobs_from_a_host_that_is_down(client, work):
    """registry.md E5.2, E5.5; cli.md 6.8: the host that blobs are redirected to is named when it cannot be reached"""
    with Registry(work + "/r") as registry:
        name = registry.name + "/t/app:1"
        digest = client.build(name, a=b"one")
        client("push", name)
        manifest = registry.get("/v2/t/app/manifests/" + digest, "application/vnd.oci.image.manifest.v1+json").decode()
    down = free_port()
    with Scripted({"main": {}}, {"path": "/v2/", "headers": [["Date", "Thu, 01 Jan 1970 00:00:00 GMT"]]},
                  {"path": "/v2/t/app/manifests/1", "body": manifest,
                   "headers": [["RateLimit-Limit", "100;w=21600"], ["RateLimit-Remaining", "0;w=21600"]]},
                  {"path": "/v2/t/app/blobs/*", "status": 307,
                   "headers": [["Location", "http://127.0.0.1:%d/blob?sig=s3cret" % down]]}) as server:
        client.secrets.append("s3cret")
        here = "127.0.0.1:%d" % server.port()
        names = [(here, "REGISTRY"), ("127.0.0.1:%d" % down, "CDN")]
        says(client, """
proxy     none
trust     N CAs SYSTEM
REGISTRY/t/app:1
  FAIL REGISTRY  direct  dns T  connect T  plain http  pull t/app  anonymous  clock T
  ok   rate limit 100 per 6h, 0 left
  FAIL the clock of this machine is N s ahead of that of REGISTRY
         = help: set the clock: certificates, tokens and signatures depend on it
  FAIL REGISTRY serves layers from CDN, which cannot be reached
         = note: Failed to connect to 127.0.0.1 port N after T: Couldn't connect to server
         = help: allow CDN in the firewall too, or use a mirror
hosts the firewall must allow: REGISTRY CDN
2 problems; in the way of REGISTRY/t/app:1
""", 6, here + "/t/app:1", names=names)


def proxies(client, _):
    """registry.md E5.3; cli.md 6.8: proxies that want a password, refuse, are down, work"""
    with Scripted({"main": {"tls": "good"}, "shut": {"handler": "proxy", "password": "u:hush-hush"},
                   "deaf": {"handler": "proxy", "refuse": 403}, "open": {"handler": "proxy"}},
                  {"path": "/v2/"}) as server:
        client.secrets.append("hush-hush")
        host, down = "registry.test:%d" % server.port(), free_port()
        trust = ["--cacert", server.directory.name + "/ca.crt"]
        names = [(host, "REGISTRY"), ("127.0.0.1:%d" % down, "DOWN"), (server.directory.name, "WORK")]
        names += [("127.0.0.1:%d" % server.port(name), name.upper()) for name in ("shut", "deaf", "open")]
        says(client, """
proxy     http://SHUT (https_proxy)
trust     N CAs SYSTEM
REGISTRY
  FAIL REGISTRY  proxy   the proxy SHUT wants a user and password that it knows (407)
         = note: that proxy is set by https_proxy
         = note: it offers: Basic
         = help: a proxy's address may hold them: http://USER:PASSWORD@HOST:PORT
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY
""", 6, host, names=names, https_proxy="http://u:wr0ng@127.0.0.1:%d" % server.port("shut"))
        says(client, """
proxy     http://DEAF (HTTPS_PROXY)
trust     N CAs SYSTEM
REGISTRY
  FAIL REGISTRY  proxy   the proxy DEAF does not let us reach REGISTRY (403)
         = note: that proxy is set by HTTPS_PROXY
         = help: ask for registry.test to be allowed, or use a mirror:  --registry-mirror HOST
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY
""", 6, host, names=names, HTTPS_PROXY="127.0.0.1:%d" % server.port("deaf"))
        says(client, """
proxy     http://DOWN (ALL_PROXY)
trust     N CAs SYSTEM
REGISTRY
  FAIL REGISTRY  proxy   the proxy DOWN cannot be reached
         = note: that proxy is set by ALL_PROXY
         = note: Failed to connect to 127.0.0.1 port N after T: Couldn't connect to server
         = help: is that setting right?  NO_PROXY lists what is reached without it
hosts the firewall must allow: REGISTRY
1 problem; in the way of REGISTRY
""", 6, host, names=names, ALL_PROXY="127.0.0.1:%d" % down)
        says(client, """
proxy     http://OPEN (HTTPS_PROXY), not for .corp 10.0.0.0/8 (NO_PROXY)
trust     N CAs SYSTEM WORK/ca.crt
REGISTRY
  ok   REGISTRY  proxy   dns T  connect T  tls T  anonymous
  ok   certificate CN=scripted good, issued by CN=Scripted ca, trusted through CN=Scripted ca
hosts the firewall must allow: REGISTRY
no problem
""", 0, *trust, host, names=names, HTTPS_PROXY="127.0.0.1:%d" % server.port("open"), NO_PROXY=".corp 10.0.0.0/8")


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


def proxies_of_dockers_configuration(client, _):
    """registry.md C4.1, E5.3; cli.md 6.8: a proxy that docker is configured with is told with its exceptions"""
    os.makedirs(client.home + "/.docker")
    with open(client.home + "/.docker/config.json", "w", encoding="ascii") as out:
        proxy = {"httpsProxy": "http://u:hush-hush@proxy.test:3128", "noProxy": ".corp"}
        json.dump({"proxies": {"default": proxy}}, out)
    client.secrets.append("hush-hush")
    says(client, """
proxy     http://proxy.test:3128 (HOME/.docker/config.json (httpsProxy)), not for .corp
trust     N CAs SYSTEM
ghcr.io
  -    ghcr.io  proxy   not asked: ghcr.io:443
harbor.corp
  -    harbor.corp  direct  not asked: harbor.corp:443
hosts the firewall must allow: ghcr.io:443 harbor.corp:443
nothing was asked: --offline
""", 0, "--offline", "ghcr.io", "harbor.corp", names=[(client.home, "HOME")])


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


run(a_plain_registry, bases_of_a_dockerfile, passwords, tokens, a_private_ca, a_web_page,
    blobs_from_a_host_that_is_down, proxies, mirrors, nothing_is_sent_offline,
    proxies_of_dockers_configuration, as_json)
