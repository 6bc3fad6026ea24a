# SPDX-License-Identifier: Apache-2.0
"""Reads and writes images without the program under test: OCI layouts, docker-save tars, flattened trees.

Everything read is verified (digest and size of every blob, diff_id of every layer), so that a test which
looks at an image through this module also proves that its documents agree with its bytes.
"""

import gzip
import hashlib
import io
import json
import os
import subprocess
import tarfile


class ImageError(Exception):
    """The image contradicts itself; the text names the blob."""


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def unpacked(blob):
    """The tar inside a layer blob."""
    if blob[:2] == b"\x1f\x8b":
        return gzip.decompress(blob)
    if blob[:4] == b"\x28\xb5\x2f\xfd":
        return subprocess.run(["zstd", "-dc"], input=blob, stdout=subprocess.PIPE, check=True).stdout
    return blob


class Image:
    """One image: `manifest_digest` (None for docker-save), `config` (parsed), `layers` (uncompressed tars)."""

    def __init__(self, manifest_digest, config_bytes, layers):
        self.manifest_digest = manifest_digest
        self.image_id = sha256(config_bytes)
        self.config = json.loads(config_bytes)
        self.layers = layers
        diff_ids = self.config.get("rootfs", {}).get("diff_ids") or []
        if [sha256(layer) for layer in layers] != diff_ids:
            raise ImageError("diff_ids %s do not fit the layers" % diff_ids)
        history = self.config.get("history") or []
        filled = [entry for entry in history if not entry.get("empty_layer")]
        if history and len(filled) != len(layers):
            raise ImageError("%d history entries with a layer, %d layers" % (len(filled), len(layers)))

    def tree(self):
        return flatten(self.layers)


def _checked(data, descriptor):
    if len(data) != descriptor["size"]:
        raise ImageError("%s: %d bytes, descriptor says %d" % (descriptor["digest"], len(data), descriptor["size"]))
    if sha256(data) != descriptor["digest"]:
        raise ImageError("%s: the bytes have digest %s" % (descriptor["digest"], sha256(data)))
    return data


def _image_of(read_blob, descriptor):
    manifest = json.loads(_checked(read_blob(descriptor["digest"]), descriptor))
    if manifest.get("schemaVersion") != 2:
        raise ImageError("schemaVersion is %r" % manifest.get("schemaVersion"))
    if manifest.get("mediaType", descriptor["mediaType"]) != descriptor["mediaType"]:
        raise ImageError("mediaType of manifest and descriptor differ")
    config = _checked(read_blob(manifest["config"]["digest"]), manifest["config"])
    layers = [unpacked(_checked(read_blob(layer["digest"]), layer)) for layer in manifest["layers"] or []]
    return Image(descriptor["digest"], config, layers)


def _pick(index, name):
    found = [m for m in index["manifests"]
             if name is None or m.get("annotations", {}).get("org.opencontainers.image.ref.name") == name]
    if len(found) != 1:
        names = [m.get("annotations", {}).get("org.opencontainers.image.ref.name") for m in index["manifests"]]
        raise ImageError("%d images are called %r; the layout has %s" % (len(found), name, names))
    return found[0]


def read_layout(directory, name=None):
    """The image `name` (the only one if None) of an OCI layout directory."""
    with open(os.path.join(directory, "oci-layout"), encoding="utf-8") as file:
        if json.load(file)["imageLayoutVersion"] != "1.0.0":
            raise ImageError("not an OCI layout 1.0.0")
    with open(os.path.join(directory, "index.json"), encoding="utf-8") as file:
        index = json.load(file)

    def read_blob(digest):
        with open(os.path.join(directory, "blobs", *digest.split(":")), "rb") as blob:
            return blob.read()

    return _image_of(read_blob, _pick(index, name))


def _members(path):
    with tarfile.open(path) as archive:
        return {m.name.removeprefix("./"): archive.extractfile(m).read()
                for m in archive.getmembers() if m.isfile()}


def read_oci_archive(path, name=None):
    files = _members(path)
    return _image_of(lambda digest: files["blobs/" + digest.replace(":", "/")],
                     _pick(json.loads(files["index.json"]), name))


def read_docker_archive(path):
    """The only image of a docker-save tar."""
    links = {}
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            if member.issym():
                links[member.name] = os.path.normpath(os.path.join(os.path.dirname(member.name), member.linkname))
    files = _members(path)
    (entry,) = json.loads(files["manifest.json"])
    layers = [unpacked(files[links.get(name, name)]) for name in entry["Layers"]]
    return Image(None, files[entry["Config"]], layers)


# --- flattening ------------------------------------------------------------------------------------------------

TYPES = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.CONTTYPE: "file", tarfile.DIRTYPE: "dir",
         tarfile.SYMTYPE: "symlink", tarfile.FIFOTYPE: "fifo", tarfile.CHRTYPE: "char", tarfile.BLKTYPE: "block"}


def _node(archive, member):
    kind = TYPES[member.type]
    node = {"type": kind, "mode": "%04o" % (member.mode & 0o7777), "uid": member.uid, "gid": member.gid}
    if kind == "symlink":
        node["target"] = member.linkname
        del node["mode"]  # a link has none that anything looks at
    elif kind == "file":
        data = archive.extractfile(member).read()
        node["size"] = len(data)
        node["sha256"] = hashlib.sha256(data).hexdigest()
    elif kind in ("char", "block"):
        node["device"] = "%d:%d" % (member.devmajor, member.devminor)
    capability = member.pax_headers.get("SCHILY.xattr.security.capability")
    if capability is not None:
        node["capability"] = capability.encode("utf-8", "surrogateescape").hex()
    return node


def _remove(tree, path):
    for name in [p for p in tree if p == path or p.startswith(path + "/")]:
        del tree[name]


def _apply(tree, layer):
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        members = [(os.path.normpath("/" + m.name).lstrip("/"), m) for m in archive.getmembers()]
        # Whiteouts speak of lower layers only, wherever they stand in the tar.
        for path, _ in members:
            parent, name = os.path.split(path)
            if name == ".wh..wh..opq":
                for below in [p for p in tree if p.startswith(parent + "/") or not parent]:
                    del tree[below]
            elif name.startswith(".wh."):
                _remove(tree, os.path.join(parent, name[4:]))
        for path, member in members:
            if not path or os.path.basename(path).startswith(".wh."):
                continue
            if member.islnk():
                tree[path] = tree[os.path.normpath("/" + member.linkname).lstrip("/")]
                continue
            node = _node(archive, member)
            if not (node["type"] == "dir" and tree.get(path, {}).get("type") == "dir"):
                _remove(tree, path)
            tree[path] = node


def flatten(layers):
    """{path: facts} of the root file system; names of one inode carry the first of them as "same_file_as"."""
    tree = {}
    for layer in layers:
        _apply(tree, layer)
    first, result = {}, {}
    for path in sorted(tree, key=os.fsencode):
        node = tree[path]
        owner = first.setdefault(id(node), path)
        result[path] = node if owner == path else dict(node, same_file_as=owner)
    return result


def scan_directory(root):
    """The same facts of an unpacked tree on disk; owners as the file system has them."""
    result, first = {}, {}
    for directory, names, files in os.walk(root):
        for name in names + files:
            full = os.path.join(directory, name)
            path = os.path.relpath(full, root)
            stat = os.lstat(full)
            kind = {0o040000: "dir", 0o100000: "file", 0o120000: "symlink", 0o010000: "fifo", 0o020000: "char",
                    0o060000: "block"}[stat.st_mode & 0o170000]
            node = {"type": kind, "mode": "%04o" % (stat.st_mode & 0o7777), "uid": stat.st_uid, "gid": stat.st_gid}
            if kind == "symlink":
                node["target"] = os.readlink(full)
                del node["mode"]
            elif kind == "file":
                with open(full, "rb") as file:
                    data = file.read()
                node["size"] = len(data)
                node["sha256"] = hashlib.sha256(data).hexdigest()
                if stat.st_nlink > 1:
                    first.setdefault(stat.st_ino, []).append(path)
            elif kind in ("char", "block"):
                node["device"] = "%d:%d" % (os.major(stat.st_rdev), os.minor(stat.st_rdev))
            result[path] = node
    for names in first.values():
        names.sort(key=os.fsencode)
        for name in names[1:]:
            result[name]["same_file_as"] = names[0]
    return result


# --- writing ---------------------------------------------------------------------------------------------------

def _add(archive, name, data):
    member = tarfile.TarInfo(name)
    member.size = len(data)
    archive.addfile(member, io.BytesIO(data))


def host_architecture():
    """This machine in Go's words, as image configs have it."""
    machine = os.uname().machine
    return {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}.get(machine, machine)


def write_docker_archive(path, tag, layers, config=None, history=(), architecture=None):
    """A docker-save tar with the given uncompressed layer tars. The same arguments give the same bytes."""
    document = {"architecture": architecture or host_architecture(),
                "os": "linux", "created": "1970-01-01T00:00:00Z", "config": config or {},
                "rootfs": {"type": "layers", "diff_ids": [sha256(layer) for layer in layers]},
                "history": list(history) or [{"created": "1970-01-01T00:00:00Z", "created_by": "layer %d" % i}
                                             for i in range(1, len(layers) + 1)]}
    config_bytes = json.dumps(document, sort_keys=True).encode()
    config_name = sha256(config_bytes)[7:] + ".json"
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        names = []
        for layer in layers:
            names.append(sha256(layer)[7:] + "/layer.tar")
            _add(archive, names[-1], layer)
        _add(archive, config_name, config_bytes)
        _add(archive, "manifest.json",
             json.dumps([{"Config": config_name, "RepoTags": [tag], "Layers": names}]).encode())


def write_layout(directory, archive):
    """An OCI layout with the only image of a docker-save tar, its config bytes unchanged; returns the manifest's digest."""
    files = _members(archive)
    (entry,) = json.loads(files["manifest.json"])
    os.makedirs(directory + "/blobs/sha256")

    def blob(kind, data):
        with open("%s/blobs/sha256/%s" % (directory, sha256(data)[7:]), "wb") as file:
            file.write(data)
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": sha256(data), "size": len(data)}

    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": blob("config.v1+json", files[entry["Config"]]),
                "layers": [blob("layer.v1.tar", files[name]) for name in entry["Layers"]]}
    described = blob("manifest.v1+json", json.dumps(manifest).encode())
    for name, document in (("index.json", {"schemaVersion": 2, "manifests": [described]}),
                           ("oci-layout", {"imageLayoutVersion": "1.0.0"})):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            json.dump(document, file)
    return described["digest"]


class LayerTar:
    """Makes a layer tar by hand: entries appear as they are given, with time 1."""

    def __init__(self):
        self._buffer = io.BytesIO()
        self._archive = tarfile.open(fileobj=self._buffer, mode="w", format=tarfile.PAX_FORMAT)

    def _put(self, name, kind, mode, owner, data=b"", link="", numbers=(0, 0)):
        member = tarfile.TarInfo(name)
        member.devmajor, member.devminor = numbers
        member.type, member.mode, member.mtime, member.linkname = kind, mode, 1, link
        member.uid, member.gid = owner
        member.size = len(data)
        self._archive.addfile(member, io.BytesIO(data))
        return self

    def dir(self, name, mode=0o755, owner=(0, 0)):
        return self._put(name, tarfile.DIRTYPE, mode, owner)

    def file(self, name, text="", mode=0o644, owner=(0, 0)):
        return self._put(name, tarfile.REGTYPE, mode, owner, text.encode())

    def link(self, name, target, owner=(0, 0)):
        return self._put(name, tarfile.SYMTYPE, 0o777, owner, link=target)

    def hard_link(self, name, target, mode=0o644, owner=(0, 0)):
        """`mode` and `owner` should be the target's: some engines apply them to it."""
        return self._put(name, tarfile.LNKTYPE, mode, owner, link=target)

    def device(self, name, numbers, mode=0o666):
        return self._put(name, tarfile.CHRTYPE, mode, (0, 0), numbers=numbers)

    def bytes(self):
        self._archive.close()
        return self._buffer.getvalue()
