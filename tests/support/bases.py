# SPDX-License-Identifier: Apache-2.0
"""Base images made by hand: the same bytes on every machine, nothing downloaded, nothing executed.

`debian-mini` has what real distributions trip builders with: a merged /usr, a sticky /tmp, a home that
belongs to somebody, links of every kind as destinations, accounts, and a layer that deletes from the
one below. `configured` is the same tree under a config in which every inheritable field is set.
"""

import os

from imagefs import LayerTar, write_docker_archive

PASSWD = """root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
this line does not parse
user:x:1000:1001:A user:/home/user:/bin/sh
user:x:4000:4000:never reached:/:/bin/sh
1000:x:2000:2000:a name that looks like a number:/:/bin/sh
"""
GROUP = "root:x:0:\ndaemon:x:1:\nstaff:x:50:user\nuser:x:1001:\n"


def _first_layer():
    tar = LayerTar()
    tar.link("bin", "usr/bin").dir("data", 0o2775, (0, 50)).file("data/old", "old\n")
    tar.dir("data/keep", 0o700, (1000, 1001)).file("data/keep/file", "kept\n", 0o600, (1000, 1001))
    tar.dir("etc").file("etc/group", GROUP).file("etc/passwd", PASSWD).dir("etc/conf.d", 0o711)
    tar.file("etc/conf.d/a", "a\n").file("gone", "removed by the next layer\n")
    tar.dir("home", 0o755).dir("home/user", 0o750, (1000, 1001)).file("home/user/.profile", "p\n", 0o640, (1000, 1001))
    tar.link("lib", "usr/lib")
    tar.link("link-absolute", "/data/keep").link("link-dangling", "var/not/yet").link("link-out", "../../../etc")
    tar.link("link-to-dir", "data").link("link-to-file", "data/old").link("link-twice", "link-absolute")
    tar.dir("opaque").file("opaque/before", "hidden by the next layer\n").dir("root", 0o700)
    tar.dir("srv", 0o750, (1000, 50)).dir("tmp", 0o1777).dir("usr").dir("usr/bin").file("usr/bin/tool", "tool\n", 0o4755)
    tar.hard_link("usr/bin/tool-alias", "usr/bin/tool").dir("usr/lib").dir("var").dir("var/lib", 0o750)
    return tar.bytes()


def _second_layer():
    tar = LayerTar()
    tar.file(".wh.gone").dir("opaque", 0o751).file("opaque/.wh..wh..opq").file("opaque/after", "after\n")
    tar.dir("etc").dir("etc/conf.d", 0o711).file("etc/conf.d/.wh.a").file("etc/conf.d/b", "b\n")
    return tar.bytes()


CONFIGURED = {
    "User": "1000:50", "ExposedPorts": {"80/tcp": {}, "53/udp": {}},
    "Env": ["FIRST=1", "PATH=/base/bin:/usr/bin", "EMPTY=", "SPACED=a b"],
    "Entrypoint": ["/base-entry", "--flag"], "Cmd": ["base", "cmd"], "Volumes": {"/base/volume": {}},
    "WorkingDir": "/srv/work", "Labels": {"base": "yes", "override": "base"}, "StopSignal": "SIGUSR1",
    "Healthcheck": {"Test": ["CMD", "/base-check"], "Interval": 7000000000, "Retries": 9},
    "Shell": ["/base/shell", "-c"],
}


def write_bases(directory, architecture=None):
    """Writes one docker-save tar a base, for this machine's architecture by default; returns {name: path}."""
    layers = [_first_layer(), _second_layer()]
    plain = {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["/bin/sh"]}
    paths = {name: os.path.join(directory, name + ".tar") for name in ("debian-mini", "configured")}
    write_docker_archive(paths["debian-mini"], "debian-mini:1", layers, plain, architecture=architecture)
    write_docker_archive(paths["configured"], "configured:1", layers, CONFIGURED, architecture=architecture)
    return paths
