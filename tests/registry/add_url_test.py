#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ADD of a URL: what is fetched, how often, and what is refused.

usage: add_url_test.py --ocibuild PROGRAM
"""

import contextlib
import hashlib
import http.server
import io
import os
import sys
import tarfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import imagefs  # noqa: E402
from registry import run  # noqa: E402

FILE = b"hello\n"
DATE = "Tue, 15 Nov 1994 08:12:31 GMT"
SECONDS = 784887151


class Server(http.server.ThreadingHTTPServer):
    """Answers by `answers`: path -> a list of (status, headers, body), used one after the other, the last for ever."""

    daemon_threads = True

    def __init__(self, **answers):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = {"/" + path: list(parts) for path, parts in answers.items()}
        self.asked = []

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.server_port


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        answers = self.server.answers.get(self.path.partition("?")[0], [(404, {}, b"")])
        status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(**answers):
    with Server(**answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def archive():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        entry = tarfile.TarInfo("bin/tool")
        entry.size = len(FILE)
        tar.addfile(entry, io.BytesIO(FILE))
    return out.getvalue()


def dockerfile(work, *lines):
    """A context with that Dockerfile; the build's arguments."""
    os.makedirs(work + "/context", exist_ok=True)
    with open(work + "/context/Dockerfile", "w", encoding="utf-8") as file:
        file.write("FROM scratch\n" + "".join(line + "\n" for line in lines))
    return ["-t", "app:1", "--retry-delay", "10ms", work + "/context"]


def add(server, path, to="/d/", data=FILE, flags=""):
    return "ADD %s --checksum=%s %s/%s %s" % (flags, sha256(data), server.url, path, to)


def built(client):
    return imagefs.read_layout(client.store, "docker.io/library/app:1")


def a_file_is_fetched_once(client, work):
    """dockerfile.md 9.7: the last part of the path names it, 0600 of root; a known file is not asked for again;
    registry.md X3: --debug lists what was"""
    with serving(f=[(200, {}, FILE)], **{"a%20b": [(200, {}, FILE)]}) as server:
        lines = [add(server, "f?x=1#y"), add(server, "a%20b"), add(server, "f", "/g"),
                 add(server, "f", "/own/", flags="--chown=5:6 --chmod=640")]
        done = client("build", *dockerfile(work, *lines))
        assert "debug: GET %s/a%%20b 200" % server.url in done.stderr, done.stderr
        tree = built(client).tree()
        assert sorted(tree) == ["d", "d/a b", "d/f", "g", "own", "own/f"], sorted(tree)
        content = {"type": "file", "size": 6, "sha256": hashlib.sha256(FILE).hexdigest()}
        assert tree["d/f"] == {"mode": "0600", "uid": 0, "gid": 0, **content}, tree["d/f"]
        assert tree["own/f"] == {"mode": "0640", "uid": 5, "gid": 6, **content}, tree["own/f"]
        history = [entry["created_by"] for entry in built(client).config["history"]]
        assert history[0] == "ADD %s/f?x=1#y /d/ # buildkit" % server.url, history
        asked = len(server.asked)
        client("build", "--offline", *dockerfile(work, *lines))
        client("build", "--no-cache", *dockerfile(work, *lines))
        assert len(server.asked) == asked == 3, server.asked


def a_path_without_a_name(client, work):
    """dockerfile.md 9.7: a URL that ends in no name gives __unnamed__"""
    with serving(**{"": [(200, {}, FILE)]}) as server:
        client("build", *dockerfile(work, add(server, "")))
        assert sorted(built(client).tree()) == ["d", "d/__unnamed__"]


def archives_stay_packed(client, work):
    """dockerfile.md 9.7: an archive is unpacked with --unpack only"""
    packed = archive()
    with serving(t=[(200, {}, packed)]) as server:
        client("build", *dockerfile(work, add(server, "t", data=packed),
                                    add(server, "t", "/u/", packed, flags="--unpack")))
        assert sorted(built(client).tree()) == ["d", "d/t", "u", "u/bin", "u/bin/tool"]


def times_are_those_of_the_server(client, work):
    """dockerfile.md 9.7: with --timestamps=preserve the file has the time of Last-Modified, without one 0"""
    with serving(f=[(200, {"Last-Modified": DATE}, FILE)], g=[(200, {}, FILE)]) as server:
        arguments = dockerfile(work, add(server, "f"), add(server, "g"))
        for _ in range(2):  # the second time from what was kept
            client("build", "--timestamps=preserve", *arguments)
            times = {}
            for layer in built(client).layers:
                with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
                    times.update((member.name, member.mtime) for member in tar)
            assert (times["d/f"], times["d/g"]) == (SECONDS, 0), times


def redirects_are_followed(client, work):
    """dockerfile.md 9.7, registry.md N4: over other hosts too, but not without end"""
    with serving(f=[(200, {}, FILE)]) as target:
        with serving(r=[(302, {"Location": target.url + "/f"}, b"")], loop=[(301, {"Location": "loop"}, b"")]) as server:
            client("build", *dockerfile(work, add(server, "r")))
            assert target.asked == ["/f"] and sorted(built(client).tree()) == ["d", "d/r"]
            text = client.fails("too-many-redirects", 6, "build", *dockerfile(work, add(server, "loop", data=b"")))
            assert "Dockerfile:2:" in text, text


def faults_are_repeated(client, work):
    """dockerfile.md 9.7, registry.md Y2, Y3: a busy server and a cut answer are asked again"""
    cut = (200, {"Content-Length": "6"}, FILE[:3])
    with serving(f=[(503, {}, b""), cut, (200, {}, FILE)]) as server:
        client("build", *dockerfile(work, add(server, "f")))
        assert len(server.asked) == 3
    with serving(g=[(503, {}, b"")]) as server:
        client.fails("add-url-status", 3, "build", "--retry", "1", *dockerfile(work, add(server, "g", data=b"g")))
        assert len(server.asked) == 2


def what_cannot_be_had(client, work):
    """dockerfile.md 9.7, 17.16: another status, another content, no network, no address"""
    with serving(f=[(200, {}, FILE)]) as server:
        text = client.fails("add-url-status", 5, "build", *dockerfile(work, add(server, "none?key=s3cret", data=b"x")))
        assert server.url + "/none?... is answered with status 404" in text, text
        text = client.fails("checksum-mismatch", 1, "build", *dockerfile(work, add(server, "f", data=b"other")))
        assert sha256(FILE) in text and sha256(b"other") in text, text
        assert not os.path.exists(client.store + "/blobs/sha256/" + sha256(FILE)[7:])
        client.fails("add-url-offline", 5, "build", "--offline", *dockerfile(work, add(server, "f")))
    client.secrets.append("s3cret-word")
    client.fails("add-url-invalid", 1, "build", "--build-arg", "WHO=me:s3cret-word",
                 *dockerfile(work, "ARG WHO", "ADD --checksum=%s https://$WHO@h/x /" % sha256(FILE)))
    client.fails("add-url-invalid", 1, "build", *dockerfile(work, "ADD --checksum=%s https://a@h/x /" % sha256(FILE)))


run(a_file_is_fetched_once, a_path_without_a_name, archives_stay_packed, times_are_those_of_the_server,
    redirects_are_followed, faults_are_repeated, what_cannot_be_had)
