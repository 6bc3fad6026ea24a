#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `ocibuild doctor` says of certificates, web pages, hosts that are down and proxies, compared whole.

usage: doctor_network_test.py --ocibuild PROGRAM
"""

import hashlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from doctor_report import says  # noqa: E402
from registry import PASSWORD, USER, Registry, free_port, run  # noqa: E402
from scripted_server import running  # noqa: E402

LOGIN = ["--creds", "%s:%s" % (USER, PASSWORD)]


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
--cacert FILE ...   (or cacert= in the config file, or SSL_CERT_FILE)
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
    with running({"main": {}}, page) as server:
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
    with running({"main": {}}, {"path": "/v2/", "headers": [["Date", "Thu, 01 Jan 1970 00:00:00 GMT"]]},
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
    with running({"main": {"tls": "good"}, "shut": {"handler": "proxy", "password": "u:hush-hush"},
                   "deaf": {"handler": "proxy", "refuse": 403}, "open": {"handler": "proxy"}},
                  {"path": "/v2/"}) as server:
        client.secrets.append("hush-hush")
        host, down = "registry.test:%d" % server.port(), free_port()
        trust = ["--cacert", server.directory + "/ca.crt"]
        names = [(host, "REGISTRY"), ("127.0.0.1:%d" % down, "DOWN"), (server.directory, "WORK")]
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


def files_of_add(client, work):
    """registry.md E5.1, E5.2, E5.5; cli.md 6.8: what ADD fetches is asked for by its first byte, through redirects"""
    down = free_port()
    content = b"hello\n"
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    moved = {"path": "/moved", "status": 307, "headers": [["Location", "{other}/file?sig=s3cret"]]}
    good = {"on": "other", "path": "/file", "body": content.decode()}
    with running({"main": {}, "other": {}}, moved, good, {"path": "/file", "body": content.decode()}) as server:
        client.secrets.append("s3cret")
        here, other = ("127.0.0.1:%d" % server.port(name) for name in ("main", "other"))
        add = "ADD --checksum=%s http://%%s /\n" % digest
        with open(work + "/Dockerfile", "w", encoding="ascii") as out:
            out.write("FROM scratch AS kept\n" + add % (here + "/file") + "FROM kept\nARG HOST=%s\n" % here +
                      add % "$HOST/moved" + add % (here + "/none"))
        client("build", "--target", "kept", work)
        names = [(here, "SERVER"), (other, "OTHER"), ("127.0.0.1:%d" % down, "DOWN")]
        says(client, """
proxy     none
trust     N CAs SYSTEM
ADD http://SERVER/file  is in the store: nobody is asked
ADD http://SERVER/moved
  ok   SERVER  direct  dns T  connect T  plain http
  ok   the file comes from OTHER
ADD http://SERVER/none
  FAIL SERVER  direct  dns T  connect T  plain http
  FAIL http://SERVER/none is answered with status 404
hosts the firewall must allow: SERVER OTHER
1 problem; in the way of http://SERVER/none
""", 5, "-f", work + "/Dockerfile", names=names)
        says(client, """
proxy     none
trust     N CAs SYSTEM
ADD http://SERVER/file  is in the store: nobody is asked
ADD http://DOWN/moved
  FAIL DOWN  direct  no connection to DOWN
         = note: Failed to connect to 127.0.0.1 port N after T: Couldn't connect to server
         = help: let this machine reach DOWN, or name a proxy that does (HTTPS_PROXY)
ADD http://SERVER/none
  FAIL SERVER  direct  dns T  connect T  plain http
  FAIL http://SERVER/none is answered with status 404
hosts the firewall must allow: DOWN SERVER
2 problems; in the way of http://DOWN/moved, http://SERVER/none
""", 5, "-f", work + "/Dockerfile", "--build-arg", "HOST=127.0.0.1:%d" % down, names=names)


run(a_private_ca, a_web_page, blobs_from_a_host_that_is_down, proxies, proxies_of_dockers_configuration, files_of_add)
