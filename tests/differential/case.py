# SPDX-License-Identifier: Apache-2.0
"""One case as data: it can be written to a directory, stored as JSON, and made smaller.

A case is a Dockerfile in units (an instruction with all its lines), a context as {path: node}, the lines of an ignore
file or None, and arguments of the build. A node is {"kind": "dir", "file", "symlink", "hardlink", "fifo", "socket" or
"archive", ...} with "mode", "text", "target" (of symlink and hardlink) or "members" and "compression" (of archive).
"""

import bz2
import copy
import gzip
import io
import json
import lzma
import os
import socket
import subprocess
import tarfile

KINDS = {"file": tarfile.REGTYPE, "dir": tarfile.DIRTYPE, "symlink": tarfile.SYMTYPE, "hardlink": tarfile.LNKTYPE,
         "fifo": tarfile.FIFOTYPE}


def _zstd(data):
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


COMPRESSIONS = {"none": bytes, "gz": lambda data: gzip.compress(data, mtime=0), "bz2": bz2.compress,
                "xz": lzma.compress, "zst": _zstd}


def archive_bytes(node):
    """The tar that an archive node describes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in node["members"]:
            info = tarfile.TarInfo(member["name"])
            info.type, info.mode, info.mtime = KINDS[member["kind"]], member["mode"], 1
            info.uid, info.gid = member["owner"]
            data = member.get("text", "").encode()
            info.size = len(data) if member["kind"] == "file" else 0
            info.linkname = member.get("target", "")
            archive.addfile(info, io.BytesIO(data))
    return COMPRESSIONS[node["compression"]](buffer.getvalue())


class Case:
    def __init__(self, units, context, ignore=None, own_ignore=False, arguments=()):
        self.units, self.context, self.ignore = units, context, ignore
        self.own_ignore, self.arguments = own_ignore, list(arguments)

    @property
    def dockerfile(self):
        return "\n".join(self.units) + "\n"

    def unit_at(self, line):
        """The index of the unit to which the line of the Dockerfile belongs, counted from 1."""
        for index, unit in enumerate(self.units):
            line -= 1 + unit.count("\n")
            if line <= 0:
                return index
        return len(self.units) - 1

    def with_whole_context(self):
        """The same case, whose target needs every file of the context in addition."""
        wanted = [argument.partition("=")[2].lower() for argument in self.arguments if argument.startswith("--target=")]
        froms = [index for index, unit in enumerate(self.units) if unit.split()[:1] in (["FROM"], ["from"])]
        ends = froms[1:] + [len(self.units)]
        chosen = [end for start, end in zip(froms, ends) if self.units[start].lower().split()[-1:] == wanted]
        case = self.copy()
        case.units.insert((chosen or ends)[-1], "COPY . /zz-whole-context/")
        return case

    def copy(self):
        return copy.deepcopy(self)

    def write(self, directory):
        """Makes directory/Dockerfile and directory/context; what one umask would change is set."""
        context = os.path.join(directory, "context")
        os.makedirs(context)
        os.chmod(context, 0o755)
        for path, node in self.context.items():
            _make(os.path.join(context, path), node, context)
        for path, node in reversed(list(self.context.items())):
            if "mode" in node:
                os.chmod(os.path.join(context, path), node["mode"])
        with open(os.path.join(directory, "Dockerfile"), "w", encoding="utf-8") as file:
            file.write(self.dockerfile)
        if self.ignore is not None:
            place = "Dockerfile.dockerignore" if self.own_ignore else "context/.dockerignore"
            with open(os.path.join(directory, place), "w", encoding="utf-8") as file:
                file.write("".join(line + "\n" for line in self.ignore))
            os.chmod(os.path.join(directory, place), 0o644)

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(vars(self), file, indent=1, ensure_ascii=False)
            file.write("\n")

    @staticmethod
    def load(path):
        with open(path, encoding="utf-8") as file:
            return Case(**json.load(file))

    def __str__(self):
        lines = [self.dockerfile.rstrip("\n")]
        if self.arguments:
            lines.append("-- arguments: " + " ".join(self.arguments))
        if self.ignore is not None:
            kind = "own ignore file" if self.own_ignore else "ignore file"
            lines.append("-- %s: %s" % (kind, json.dumps(self.ignore, ensure_ascii=False)))
        for path, node in self.context.items():
            lines.append("-- %s %s" % (path, json.dumps(node, ensure_ascii=False)))
        return "\n".join(lines)


def _make(path, node, context):
    kind = node["kind"]
    if kind == "dir":
        os.mkdir(path)
    elif kind == "symlink":
        os.symlink(node["target"], path)
    elif kind == "hardlink":
        os.link(os.path.join(context, node["target"]), path)
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        _make_socket(path)
    else:
        data = archive_bytes(node) if kind == "archive" else node["text"].encode()
        with open(path, "wb") as file:
            file.write(data)


def _make_socket(path):
    # The name of a socket has at most 107 bytes, so it is given relative to its directory.
    before = os.getcwd()
    os.chdir(os.path.dirname(path))
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(os.path.basename(path))
    finally:
        os.chdir(before)
