# SPDX-License-Identifier: Apache-2.0
"""What listens where a container engine would, answers as a test says, and keeps what it was sent."""

import os
import socket
import socketserver
import threading
import time

LOADED = (200, b'{"stream":"Loaded image: app:1\\n"}\n')


class EngineSocket:
    """A Unix socket at `path` until the end of a with statement.

    answer: (status, body) of every request. cut_in: closes after so many bytes of a request's body, without an answer.
    early: answers before it reads the body. slow: waits so many seconds after each chunk of it.
    """

    def __init__(self, path, answer=LOADED, cut_in=None, early=False, slow=0):
        self.path, self.answer, self.cut_in, self.early, self.slow = path, answer, cut_in, early, slow
        self.requests = []  # (request line, {header: value}, body)
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                outer.serve(self.rfile, self.wfile)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self.server = Server(path, Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        os.unlink(self.path)

    def serve(self, incoming, outgoing):
        line = incoming.readline().decode().strip()
        if not line:
            return  # somebody who looked whether anybody listens
        headers = {}
        for text in iter(lambda: incoming.readline().decode().strip(), ""):
            key, _, value = text.partition(":")
            headers[key.lower()] = value.strip()
        body = b"" if self.early else self.read(incoming, headers)
        self.requests.append((line, headers, body))
        if self.cut_in is not None and len(body) >= self.cut_in:
            return
        status, text = self.answer
        outgoing.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" %
                       (status, len(text), text))

    def read(self, incoming, headers):
        """The body, which must come in chunks; to `cut_in` if that is less."""
        assert headers.get("transfer-encoding") == "chunked", headers
        body = b""
        while self.cut_in is None or len(body) < self.cut_in:
            size = int(incoming.readline(), 16)
            body += incoming.read(size)
            incoming.readline()
            time.sleep(self.slow)
            if size == 0:
                break
        return body


def leave_stale(path):
    """A socket that nobody listens to any more."""
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(path)
