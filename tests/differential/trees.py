# SPDX-License-Identifier: Apache-2.0
"""Random contexts, archives, ignore files and base images."""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import bases  # noqa: E402
import imagefs  # noqa: E402

NAMES = ["a", "b.txt", "c d", ".hid", "dir", "sub", "x.md", "é", "bin", "data"]
ODD_NAMES = ["$A", "[x]", "a*b", "q?", "back\\slash", "it's", "-dash", "#c", "!n", "<<EOF", "x" * 120, "{b}", "a+b"]
TARGETS = ["a", "../a", "/dir", "dir", "sub/a", "/b.txt", "nowhere", "../../x", ".", "/"]
FILE_MODES = [0o644, 0o600, 0o755, 0o4755, 0o2711, 0o444, 0]
DIRECTORY_MODES = [0o755, 0o700, 0o1777, 0o2750, 0o711]
TEXTS = ["", "1", "22", "hello\n", "hello\n" * 200]
RANDOM_BASES = 6


def context(rng, features):
    nodes = {}
    _fill(rng, features, "", 0, nodes)
    return nodes


def _fill(rng, features, parent, depth, nodes):
    for name in rng.sample(NAMES, rng.randint(2, 5)) + rng.sample(ODD_NAMES, rng.choice([0, 0, 0, 1])):
        path = parent + name
        kind = rng.random()
        if kind < 0.35 and depth < 3:
            nodes[path] = {"kind": "dir", "mode": rng.choice(DIRECTORY_MODES)}
            _fill(rng, features, path + "/", depth + 1, nodes)
        elif kind < 0.5:
            nodes[path] = {"kind": "symlink", "target": rng.choice(TARGETS)}
        elif kind < 0.6 and any(node["kind"] == "file" for node in nodes.values()):
            files = [known for known, node in nodes.items() if node["kind"] == "file"]
            nodes[path] = {"kind": "hardlink", "target": rng.choice(files)}
        elif kind < 0.64 and "fifo" in features:
            nodes[path] = {"kind": "fifo", "mode": rng.choice(FILE_MODES)}
        elif kind < 0.7 and "add" in features:
            nodes[path] = archive(rng, features)
        else:
            nodes[path] = {"kind": "file", "text": rng.choice(TEXTS), "mode": rng.choice(FILE_MODES)}


def resolves(nodes, path, depth=0):
    """Whether a COPY that names `path` finds something: symlinks are followed inside the context."""
    done = []
    parts = path.split("/")
    while parts:
        part = parts.pop(0)
        if part in ("", "."):
            continue
        if part == "..":
            done = done[:-1]
            continue
        done.append(part)
        node = nodes.get("/".join(done))
        if node is None or depth > 20:
            return False
        if node["kind"] == "symlink":
            start = "" if node["target"].startswith("/") else "/".join(done[:-1])
            return resolves(nodes, "/".join([start, node["target"]] + parts), depth + 1)
    return True


def archive(rng, features):
    compressions = ["none", "gz", "bz2", "xz"] + (["zst"] if "zstd" in features else [])
    members, files = [], []
    for _ in range(rng.choice([1, 2, 4, 6])):
        name = "/".join(rng.sample(["a", "dir", "bin", "data", "x y", "link-to-dir", "usr", "é"], rng.randint(1, 3)))
        kind = rng.choice(["file", "file", "dir", "symlink", "hardlink", "fifo" if "fifo" in features else "file"])
        if kind == "hardlink" and not files:
            kind = "file"
        member = {"name": rng.choice(["", "", "", "./", "/"]) + name, "kind": kind, "mode": rng.choice(FILE_MODES),
                  "owner": rng.choice([[0, 0], [5, 6], [1000, 1001]])}
        if kind == "file":
            member["text"] = rng.choice(TEXTS)
            files.append(member["name"])
        elif kind == "dir":
            member["mode"] = rng.choice(DIRECTORY_MODES)
        elif kind == "symlink":
            member["target"] = rng.choice(TARGETS)
        elif kind == "hardlink":
            # A link that replaces the directory with its own file in it has nothing to link to.
            apart = [file for file in files if not file.lstrip("./").startswith(name + "/")]
            if not apart:
                continue
            member["target"] = rng.choice(apart)
        members.append(member)
    if rng.random() < 0.2:
        members.insert(0, {"name": "./", "kind": "dir", "mode": 0o700, "owner": [7, 7]})
    return {"kind": "archive", "mode": 0o644, "compression": rng.choice(compressions), "members": members}


def ignore_lines(rng, nodes):
    names = list(nodes)
    lines = []
    for _ in range(rng.randint(1, 6)):
        line = rng.choice([
            rng.choice(names), rng.choice(names), rng.choice(NAMES), "*/" + rng.choice(NAMES),
            "**/" + rng.choice(NAMES), rng.choice(NAMES) + "/**", rng.choice(["*.md", "**/*.txt", "*", "**", "sub", "?",
                                                                             "[a-d]*", "# a comment", "", "./dir/",
                                                                             "/sub/../a", "di?", "**r", "d**"])])
        lines.append(("!" if rng.random() < 0.35 and line and not line.startswith("#") else "") + line)
    return lines


def write_bases(directory):
    """All base images as docker-save tars: those of tests/support and a few random ones; {name: path}."""
    paths = bases.write_bases(directory)
    for number in range(RANDOM_BASES):
        name = "random-%d" % number
        paths[name] = os.path.join(directory, name + ".tar")
        rng = random.Random("base %d" % number)
        layers = [_base_layer(rng, accounts=number % 3 != 2), _base_layer(rng, accounts=False)]
        imagefs.write_docker_archive(paths[name], name + ":1", layers, _base_config(rng))
    return paths


def _base_layer(rng, accounts):
    tar = imagefs.LayerTar()
    for name in rng.sample(["a", "bin", "data", "dir", "home", "sub", "tmp", "usr"], rng.randint(3, 6)):
        owner = rng.choice([(0, 0), (0, 50), (1000, 1001)])
        kind = rng.random()
        if kind < 0.55:
            tar.dir(name, rng.choice(DIRECTORY_MODES), owner)
            for child in rng.sample(["a", "b.txt", "dir", "sub"], rng.randint(0, 3)):
                if rng.random() < 0.7:
                    tar.file("%s/%s" % (name, child), rng.choice(TEXTS), rng.choice(FILE_MODES), owner)
                else:
                    tar.link("%s/%s" % (name, child), rng.choice(TARGETS), owner)
        elif kind < 0.8:
            tar.link(name, rng.choice(TARGETS), owner)
        else:
            tar.file(name, rng.choice(TEXTS), rng.choice(FILE_MODES), owner)
    if accounts:
        tar.dir("etc", 0o755).file("etc/group", bases.GROUP).file("etc/passwd", bases.PASSWD)
    return tar.bytes()


def _base_config(rng):
    fields = {"Env": ["A=base", "PATH=/p:/q"], "Cmd": ["c", "d"], "Entrypoint": ["e"], "User": "1000",
              "WorkingDir": "/data", "Labels": {"l": "base"}, "Volumes": {"/v": {}}, "ExposedPorts": {"1/tcp": {}},
              "Shell": ["/s", "-x"], "StopSignal": "SIGHUP", "Healthcheck": {"Test": ["CMD", "h"], "Retries": 2},
              "OnBuild": ["ENV TRIGGERED=$A", "WORKDIR trigger", "COPY . /from-trigger/"]}
    return {name: value for name, value in fields.items() if rng.random() < 0.4}
