# SPDX-License-Identifier: Apache-2.0
"""A registry in memory that checks what a correct client does and misbehaves as a test says; for scripted_server.py.

    server = FaultyRegistry()                 two ports: server.name is the registry's, "other" stands for a CDN
    server.faults.append(Fault("PUT", "blobs/uploads", times=1, status=500))

A fault is chosen by the method and a part of the path; its keys are those of an answer of scripted_server.py ("reset_in",
"reset_out", "cut_out", "corrupt", "length", "drip", "status", "headers", "body" …) on top of what the registry would say.
"more_headers", "headers_instead": besides or in place of the true answer's. "break_upload": n resets after n bytes of an upload, which the registry keeps. "skip": the first n such requests are spared. "expects": only
requests with Expect count. A fault with "status" or "reset_in" takes the place of the answer and changes
nothing in the registry; the others spoil the true answer on its way.

Order is enforced: a manifest that names what is not there is 400 MANIFEST_BLOB_UNKNOWN, an upload's address is good once.
"""

import contextlib
import hashlib
import json
import os
import random
import re
import socket
import sys
import tempfile
import threading
from urllib.parse import unquote

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scripted_server  # noqa: E402

MANIFEST_KEYS = ("config", "layers", "manifests")


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class Fault:
    def __init__(self, method, path, times=1 << 30, skip=0, expects=False, **answer):
        self.method, self.path, self.times, self.skip, self.answer = method, path, times, skip, answer
        self.expects = expects
        self.met = 0  # requests that it has spoiled

    def takes(self, request):
        if self.method != "*" and not re.fullmatch(self.method, request.method) or not re.search(self.path, request.target):
            return False
        if self.expects and not request.header("Expect"):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times <= 0:
            return False
        self.times -= 1
        self.met += 1
        return True


class RegistryHandler(scripted_server.Handler):
    """/v2/NAME/{manifests,blobs,blobs/uploads}. `settings` of the FaultyRegistry: "refuses": what whole bodies get
    ({"PUT": 404}), "piece": most bytes of a PATCH (413 above), "forgets": a cut PATCH ends its session, "relative":
    Locations without a host, "uploads_elsewhere": Locations on the other port, "cdn": blobs by redirect to it,
    "patch_status", "range": what every PATCH is answered with; "calls_itself": the origin in Locations,
    "discards": of a whole body over 1 MiB only the digest is looked at,
    "cdn_auth": there everybody needs, and gets, a token,
    "no_mounts": a mount opens a session, as everywhere for a blob that its source lacks."""

    def handle(self, request, connection):
        registry = self.server.registry
        gate = {"main": registry.gate, "other": registry.cdn_gate}.get(self.name)
        if gate and not gate.admits(request, connection):
            return
        with registry.lock:
            fault = next((fault for fault in registry.faults if fault.takes(request)), None)
            if fault is None and registry.random and registry.random.random() < registry.failing:
                fault = random_fault(registry.random, request)
        if fault and ("status" in fault.answer or "reset_in" in fault.answer or "silent" in fault.answer):
            scripted_server.Answer(fault.answer, request, connection).send()
            return
        self.answer(request, connection, fault.answer if fault else {})

    def answer(self, request, connection, spoiled):
        match = re.fullmatch(r"/v2/([a-z0-9/-]+?)/(manifests|blobs|tags)/(.+)", request.path)
        if not match:
            return self.say(request, connection, 404, code="NAME_INVALID")
        name, kind, what = match.groups()
        if kind == "tags":
            answer = self.tags(request, name)
        elif kind == "manifests":
            answer = self.manifest(request, name, unquote(what))
        elif what.startswith("uploads/"):
            answer = self.upload(request, connection, name, what[len("uploads/"):], spoiled.get("break_upload"))
        else:
            answer = self.blob(request, name, unquote(what))
        status, headers, body = answer
        rule = {"status": status, "headers": headers, "binary": body, **spoiled}
        rule["headers"] = spoiled.get("headers_instead", [*headers, *spoiled.get("more_headers", [])])
        with self.server.registry.giving(kind == "blobs" and request.method == "GET"):
            scripted_server.Answer(rule, request, connection).send()

    def say(self, request, connection, status, code):
        connection.answer(request, status, [["Content-Type", "application/json"]], error(code))

    def manifest(self, request, name, reference):
        registry = self.server.registry
        body = []
        request.read_body(sink=body.append)
        with registry.lock:
            if request.method != "PUT":
                digest = registry.tags.get((name, reference), reference)
                found = registry.manifests.get((name, digest))
                if found is None:
                    return 404, [], error("MANIFEST_UNKNOWN")
                kind, data = found
                return 200, [["Content-Type", kind], ["Docker-Content-Digest", digest]], data
            data = b"".join(body)
            for descriptor in named_by(data):
                if descriptor not in registry.blobs.get(name, {}) and (name, descriptor) not in registry.manifests:
                    return 400, [], error("MANIFEST_BLOB_UNKNOWN")
            digest = sha256(data)
            registry.manifests[name, digest] = request.header("Content-Type"), data
            if not reference.startswith("sha256:"):
                registry.tags[name, reference] = digest
            elif reference != digest:
                return 400, [], error("DIGEST_INVALID")
            return 201, [["Docker-Content-Digest", digest]], b""

    def tags(self, request, name):
        """All tags, or "page" of them at a time with a Link to the next."""
        request.read_body()
        settings = self.server.registry.settings
        tags = sorted(tag for known, tag in self.server.registry.tags if known == name)
        (last,) = request.query.get("last", [""])
        left = [tag for tag in tags if tag > last]
        shown = left[:settings.get("page", len(left))]
        more = [["Link", '</v2/%s/tags/list?n=1000&last=%s>; rel="next"' % (name, shown[-1])]] if shown != left else []
        return 200, [["Content-Type", "application/json"], *more], json.dumps({"name": name, "tags": shown}).encode()

    def blob(self, request, name, digest):
        registry = self.server.registry
        request.read_body()
        with registry.lock:
            data = registry.blobs.get(name, {}).get(digest)
        if data is None:
            return 404, [], error("BLOB_UNKNOWN")
        if "cdn" in registry.settings and self.name == "main" and request.method == "GET":
            return 307, [["Location", "{other}%s?sig=a%%2Fb+c&x" % request.path]], b""
        return 200, [["Docker-Content-Digest", digest]], data

    def upload(self, request, connection, name, session, break_after):
        registry, settings = self.server.registry, self.server.registry.settings
        if request.method == "POST":
            request.read_body()
            return self.opened(request, name)
        with registry.lock:
            held = registry.sessions.pop(session, None)  # each answer has a new address; the old one is dead
        if held is None:
            request.read_body()
            return 404, [], error("BLOB_UPLOAD_UNKNOWN")
        if request.method == "DELETE":
            return 204, [], b""
        if request.method == "GET":
            request.read_body()
            return self.moved(204, name, held)
        length = int(request.header("Content-Length") or 0)
        refused = settings.get("refuses", {}).get(request.method) if length else None
        if refused is None and length > settings.get("piece", length):
            refused = 413
        if refused:
            request.read_body()
            return refused, [], error("UNSUPPORTED")
        body = []
        discards = settings.get("discards") and length > 1 << 20
        try:
            request.read_body(sink=None if discards else body.append, limit=break_after)
            if break_after is not None:
                connection.reset()
        except scripted_server.Cut:
            if not settings.get("forgets"):
                with registry.lock:
                    registry.sessions[session] = held + b"".join(body)
            raise
        if discards and request.entry["sha256"] == request.query["digest"][0][7:]:
            with registry.lock:
                registry.blobs.setdefault(name, {})[request.query["digest"][0]] = range(length)
            return 201, [], b""
        held += b"".join(body)
        if request.method == "PATCH":
            return self.moved(settings.get("patch_status", 202), name, held)
        (digest,) = request.query["digest"]
        if sha256(held) != digest:
            return 400, [], error("DIGEST_INVALID")
        with registry.lock:
            registry.blobs.setdefault(name, {})[digest] = held
        return 201, [["Docker-Content-Digest", digest]], b""

    def opened(self, request, name):
        """A session, unless a mount makes it needless."""
        registry = self.server.registry
        (digest,), (source,) = request.query.get("mount", [""]), request.query.get("from", [""])
        with registry.lock:
            data = registry.blobs.get(source, {}).get(digest)
            if data is None or "no_mounts" in registry.settings:
                return self.moved(202, name, b"")
            registry.blobs.setdefault(name, {})[digest] = data
        return 201, [["Location", "{main}/v2/%s/blobs/%s" % (name, digest)]], b""

    def moved(self, status, name, held):
        registry = self.server.registry
        with registry.lock:
            registry.count += 1
            session = "s%d" % registry.count
            registry.sessions[session] = held
        origin = "{other}" if "uploads_elsewhere" in registry.settings else "{main}"
        prefix = "" if "relative" in registry.settings else registry.settings.get("calls_itself", origin)
        return status, [["Location", "%s/v2/%s/blobs/uploads/%s?_state=a%%2Fb+c" % (prefix, name, session)],
                        ["Range", registry.settings.get("range", "0-%d" % max(0, len(held) - 1))]], b""


def error(code):
    return json.dumps({"errors": [{"code": code, "message": code.lower().replace("_", " ")}]}).encode()


def named_by(data):
    document = json.loads(data)
    return [entry["digest"] for key in MANIFEST_KEYS for entry in
            (document.get(key, []) if isinstance(document.get(key, []), list) else [document[key]])
            if not ("urls" in entry and ("foreign" in entry["mediaType"] or "nondistributable" in entry["mediaType"]))]


OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def put(registry, name, media_type, document):
    """A manifest or index as it is; its descriptor."""
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    registry.manifests[name, sha256(data)] = media_type, data
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data)}


def blob(registry, name, data, media_type="application/vnd.oci.image.layer.v1.tar+gzip"):
    registry.blobs.setdefault(name, {})[sha256(data)] = data
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data)}


def seeded(registry, image, architecture="amd64", layer=None):
    """An image that nobody pushed, under NAME:TAG or, without a tag, by its digest; its descriptor."""
    name, _, tag = image.partition(":")
    layers = [blob(registry, name, random.Random(image).randbytes(20000) if layer is None else layer)]
    config = json.dumps({"os": "linux", "architecture": architecture, "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [entry["digest"] for entry in layers]}}).encode()
    document = {"schemaVersion": 2, "mediaType": OCI, "layers": layers,
                "config": blob(registry, name, config, "application/vnd.oci.image.config.v1+json")}
    descriptor = put(registry, name, OCI, document)
    if tag:
        registry.tags[name, tag] = descriptor["digest"]
    return descriptor


def put_index(registry, image, entries):
    """An index of [(descriptor, architecture)] under NAME:TAG; its descriptor."""
    name, _, tag = image.partition(":")
    manifests = [{**descriptor, "platform": {"os": "linux", "architecture": architecture}}
                 for descriptor, architecture in entries]
    descriptor = put(registry, name, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests})
    if tag:
        registry.tags[name, tag] = descriptor["digest"]
    return descriptor


def random_fault(source, request):
    """What networks do to a request; never a wrong answer that a client could not see."""
    kind = source.randrange(6)
    if kind == 0:
        return Fault("*", "", status=source.choice([500, 502, 503, 504]), body="<html><title>bad gateway</title></html>")
    if kind == 1:
        return Fault("*", "", status=429, headers=[["Retry-After", "0"]])
    if kind == 2:
        return Fault("*", "", reset_in=source.randrange(3000))
    if kind == 3:
        return Fault("*", "", reset_out=source.randrange(3000))
    if kind == 4:
        return Fault("*", "", cut_out=source.randrange(3000))
    return Fault("*", "", corrupt=source.randrange(3000)) if "/blobs/sha256" in request.path else (
        Fault("*", "", status=503))


class FaultyRegistry:
    """The registry with its state, in this process. auth: options of scripted_server.Gate for its port. tls: a
    certificate of scripted_certificates.KINDS; its name is then registry.test, since loopback counts as insecure.
    proxies: {NAME: options} of scripted_server.ProxyHandler."""

    def __init__(self, auth=None, seed=None, failing=0.3, tls=None, proxies=None, **settings):
        self.faults, self.settings, self.lock = [], settings, threading.RLock()
        self.blobs, self.manifests, self.tags, self.sessions, self.count = {}, {}, {}, {}, 0
        self.at_once = self.most_at_once = 0  # blobs given
        self.random, self.failing = (random.Random(seed) if seed is not None else None), failing
        self.directory = tempfile.TemporaryDirectory(prefix="scripted-")
        scripted_server.HANDLERS["registry"] = RegistryHandler
        self.gate = None
        main = {"handler": "registry", **({"tls": tls, "name": "registry.test"} if tls else {})}
        listeners = {"main": main, "other": {"handler": "registry"}}
        for proxy, options in (proxies or {}).items():
            listeners[proxy] = {"handler": "proxy", **options}
        self.server = scripted_server.Server({"listeners": listeners}, self.directory.name)
        self.server.registry = self
        self.cdn_gate = scripted_server.Gate(self.server, {"kind": "bearer"}) if "cdn_auth" in settings else None
        if auth:
            self.gate = scripted_server.Gate(self.server, auth)
        self.port = self.server.listeners["main"].port
        self.name = "%s:%d" % ("registry.test" if tls else "127.0.0.1", self.port)
        self.resolve = ["--resolve", "registry.test:%d:127.0.0.1" % self.port]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for listener in self.server.listeners.values():
            # Wakes the thread that accepts: it would take the next registry's connections by the number of its file.
            listener.socket.shutdown(socket.SHUT_RDWR)
            listener.socket.close()
        self.directory.cleanup()

    def record(self, listener="main"):
        return [entry for entry in self.server.command("record") if entry["listener"] == listener]

    @contextlib.contextmanager
    def giving(self, counts):
        """While an answer is sent; most_at_once of those that count were sent at a time."""
        with self.lock:
            self.at_once += counts
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            yield
        finally:
            with self.lock:
                self.at_once -= counts

    def asked(self, method, pattern, listener="main"):
        """Targets of the requests of that method whose target fits, in order."""
        return [entry["target"] for entry in self.record(listener)
                if entry["method"] == method and re.search(pattern, entry["target"])]

    def consistent(self):
        """Every tag names a manifest that is whole, and all it names is there; every blob is what its digest says."""
        for name, blobs in self.blobs.items():
            for digest, data in blobs.items():
                assert sha256(data) == digest, digest
        for (name, tag), digest in self.tags.items():
            _, data = self.manifests[name, digest]
            assert sha256(data) == digest, tag
            for blob in named_by(data):
                assert blob in self.blobs[name] or (name, blob) in self.manifests, (tag, blob)
