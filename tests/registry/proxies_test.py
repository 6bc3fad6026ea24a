#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Push and pull through proxies: Debian's tinyproxy with and without password, SOCKS5, and docker.io by way of one.

usage: proxies_test.py --ocibuild PROGRAM
"""

import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
import peer  # noqa: E402
from registry import PASSWORD, USER, Registry, free_port, run, wait_for_listener  # noqa: E402
from scripted_registry import FaultyRegistry, seeded  # noqa: E402

QUICK = ["--retry-delay", "1ms"]
WORD = "pr0xy-wOrd"


class Tinyproxy:
    """The real one, in a mount namespace where registry.test is 127.0.0.1. Stopped at the end of a with statement."""

    def __init__(self, directory, password=None, connect_port=None):
        peer.require("tinyproxy", "unshare", root=True)
        os.makedirs(directory)
        self.port, self.log = free_port(), directory + "/log"
        with open(directory + "/hosts", "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost registry.test\n")
        with open(directory + "/conf", "w", encoding="ascii") as file:
            file.write('Port %d\nListen 127.0.0.1\nTimeout 60\nLogFile "%s"\nLogLevel Info\nMaxClients 50\n' % (self.port, self.log))
            if password:
                file.write("BasicAuth me %s\n" % password)
            if connect_port:
                file.write("ConnectPort %d\n" % connect_port)
        mount = 'mount --bind "$0/hosts" /etc/hosts && exec tinyproxy -d -c "$0/conf"'
        with open(directory + "/out", "wb") as out:
            self.process = subprocess.Popen(["unshare", "--mount", "sh", "-c", mount, directory], stdout=out, stderr=out)
        wait_for_listener(self.process, self.port, "tinyproxy", directory + "/out")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)

    def url(self, userinfo=""):
        return "http://%s127.0.0.1:%d" % (userinfo, self.port)

    def connects(self):
        """The targets of its CONNECT requests."""
        with open(self.log, encoding="utf-8") as log:
            return re.findall(r": CONNECT (\S+) HTTP/", log.read())


def there_and_back(client, name, work, *more, **variables):
    """Pushes an image and pulls it again; what the pull said."""
    client.build(name, a=b"one", b=os.urandom(300000))
    client("push", *QUICK, *more, name, **variables)
    store = "%s/store%d" % (work, len(os.listdir(work)))
    text = client("pull", *QUICK, *more, name, store=store, **variables).stderr
    peer.equal(imagefs.read_layout(store, name).tree(), imagefs.read_layout(client.store, name).tree(), "files")
    return text


def a_proxy_is_used_for_tls_registries(client, work):
    """registry.md C4.1, C4.2, C4.6, S4: push and pull by CONNECT through tinyproxy, with our CA; NO_PROXY leaves it out"""
    with Registry(work + "/r", tls=True, htpasswd=True) as registry, Tinyproxy(work + "/p") as proxy:
        name = "registry.test:%d/t/app:1" % registry.port
        use = ["--cacert", registry.ca, "--creds", "%s:%s" % (USER, PASSWORD)]
        text = there_and_back(client, name, work, *use, https_proxy=proxy.url())
        peer.equal(set(proxy.connects()), {"registry.test:%d" % registry.port}, "targets")
        lines = [line for line in text.splitlines() if line.startswith("debug: GET ")]
        assert lines and all(line.endswith("via 127.0.0.1:%d" % proxy.port) for line in lines), text
        client.fails("tls-untrusted", 6, "pull", *QUICK, name, HTTPS_PROXY=proxy.url())
        before = len(proxy.connects())
        direct = ["--resolve", "registry.test:%d:127.0.0.1" % registry.port]
        client("pull", *QUICK, *use, *direct, name, https_proxy=proxy.url(), NO_PROXY="elsewhere, .test:%d" % registry.port)
        client("pull", *QUICK, *use, *direct, name, https_proxy="", HTTPS_PROXY=proxy.url())
        peer.equal(len(proxy.connects()), before, "requests for an excepted host")


def a_proxy_is_used_for_plain_registries(client, work):
    """registry.md C4.6, S2: a registry without TLS is asked in absolute form"""
    with Registry(work + "/r") as registry, Tinyproxy(work + "/p") as proxy:
        name = "registry.test:%d/t/app:1" % registry.port
        there_and_back(client, name, work, "--insecure-registry", "registry.test:%d" % registry.port, ALL_PROXY=proxy.url())
        assert [1 for method, _, _ in registry.requests() if method == "PUT"], registry.requests()


def a_proxy_wants_a_password(client, work):
    """registry.md C4.5, E2, X3: a proxy's password is sent decoded; without it and with another one it is proxy-auth"""
    client.secrets.append(WORD)
    with Registry(work + "/r", tls=True) as registry, Tinyproxy(work + "/p", password=WORD) as proxy:
        name = "registry.test:%d/t/app:1" % registry.port
        there_and_back(client, name, work, "--cacert", registry.ca, https_proxy=proxy.url("me:%s@" % WORD.replace("w", "%77")))
        for userinfo in ("", "me:other-%s@" % WORD):
            text = client.fails("proxy-auth", 6, "pull", "--cacert", registry.ca, name, https_proxy=proxy.url(userinfo))
            assert "set by https_proxy" in text, text


def a_proxy_refuses_a_port(client, work):
    """registry.md E2, Y3: tinyproxy's list of ports makes proxy-refused, at once"""
    with Tinyproxy(work + "/p", connect_port=443) as proxy:
        client.fails("proxy-refused", 6, "pull", "registry.test:5443/t/app:1", https_proxy=proxy.url())
        peer.equal(len(proxy.connects()), 1, "attempts")


def socks_proxies_work(client, work):
    """registry.md C4.5: socks5h lets the proxy resolve names, socks5 resolves them here; a password is sent"""
    client.secrets.append(WORD)
    options = {"handler": "socks", "password": "me:" + WORD}
    with FaultyRegistry(tls="good", proxies={"socks": options}) as registry:
        seeded(registry, "t/app:1")
        address = "me:%s@127.0.0.1:%d" % (WORD, registry.server.listeners["socks"].port)
        trust = ["--cacert", registry.server.certificates.path("ca.crt")]
        for scheme, resolve, target in (("socks5h", [], "registry.test"), ("socks5", registry.resolve, "127.0.0.1")):
            registry.server.command("clear")
            client("pull", *QUICK, *trust, *resolve, registry.name + "/t/app:1", store=work + "/" + scheme,
                   ALL_PROXY=scheme + "://" + address)
            targets = {entry["target"] for entry in registry.record("socks")}
            peer.equal(targets, {"%s:%d" % (target, registry.port)}, "targets of " + scheme)
        client.fails("proxy-auth", 6, "pull", *QUICK, *trust, registry.name + "/t/app:1",
                     ALL_PROXY="socks5h://me:no@" + address.split("@")[1])


def docker_io_has_its_certificates_and_proxy(client, work):
    """registry.md C6, C4.1, C5, R4: certs.d/docker.io is for Docker Hub's API host; docker's configuration names the proxy"""
    proxy = {"to": {"registry-1.docker.io:443": "main"}}
    with FaultyRegistry(tls="hub", proxies={"proxy": proxy}) as registry:
        seeded(registry, "library/alpine:1")
        url = "http://127.0.0.1:%d" % registry.server.listeners["proxy"].port
        text = client.fails("tls-untrusted", 6, "pull", "alpine:1", HTTPS_PROXY=url)
        assert "the certificate of registry-1.docker.io is not trusted" in text, text
        ca = registry.server.certificates.path("ca.crt")
        given = work + "/given/docker.io"
        for directory in (client.home + "/.config/docker/certs.d/docker.io", given):
            os.makedirs(directory)
            shutil.copy(ca, directory + "/any.crt")
        client("pull", "--cert-dir", work + "/given", "alpine:1", HTTPS_PROXY=url, store=work + "/one")
        os.makedirs(client.home + "/.docker")
        with open(client.home + "/.docker/config.json", "w", encoding="ascii") as file:
            json.dump({"proxies": {"default": {"httpsProxy": url, "noProxy": "x.test"}}}, file)
        text = client("pull", "alpine:1", store=work + "/two").stderr
        assert " via 127.0.0.1:" in text, text
        assert "/v2/library/alpine/manifests/1" in [entry["target"] for entry in registry.record()]
        # Only the first directory that has one is read.
        os.makedirs(work + "/empty/docker.io")
        client.fails("tls-untrusted", 6, "pull", "--cert-dir", work + "/empty", "alpine:1", store=work + "/three")
        text = client.fails("proxy-unreachable", 6, "pull", "--retry", "0", "alpine:1", https_proxy="http://127.0.0.1:9")
        assert "set by https_proxy" in text, text


run(a_proxy_is_used_for_tls_registries, a_proxy_is_used_for_plain_registries, a_proxy_wants_a_password,
    a_proxy_refuses_a_port, socks_proxies_work, docker_io_has_its_certificates_and_proxy)
