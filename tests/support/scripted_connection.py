# SPDX-License-Identifier: Apache-2.0
"""Connections and requests of scripted_server.py."""

import hashlib
import re
import socket
import ssl
import struct
from urllib.parse import parse_qs, urlsplit

PATTERN = bytes((i * 7 + i // 256) % 256 for i in range(65536))
PIECE = 65536


def pattern_bytes(begin, end):
    """Bytes begin..end of the endless pattern that "body_size" stands for."""
    start = begin % len(PATTERN)
    out = PATTERN[start:start + end - begin]
    while len(out) < end - begin:
        out += PATTERN[:end - begin - len(out)]
    return out


class Cut(Exception):
    """The connection ends here, as the script wants or because the client has left."""


class Request:
    """One request as it came; the body is read when somebody wants it."""

    def __init__(self, method, target, headers, connection):
        self.method, self.target, self.headers, self.connection = method, target, headers, connection
        # Of a proxy whose connection is kept the target is a whole address.
        self.path = re.sub("^https?://[^/]*", "", target).split("?")[0]
        self.query = parse_qs(urlsplit(target).query, keep_blank_values=True)
        self.entry = {"listener": connection.listener.name, "connection": connection.number, "method": method,
                      "target": target, "headers": headers, "body_size": 0, "body": "", "sha256": "", "status": 0,
                      "protocol": connection.protocol}
        self.body_done = False

    def header(self, name, default=None):
        return next((value for key, value in self.headers if key.lower() == name.lower()), default)

    def read_body(self, limit=None, keep=4096, sink=None, say_continue=True):
        """Reads the body, or `limit` bytes of it; `sink` gets the pieces."""
        if self.body_done:
            return
        if say_continue and (self.header("Expect") or "").lower() == "100-continue":
            self.connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        digest, kept = hashlib.sha256(), b""
        for piece in self._pieces(limit):
            digest.update(piece)
            kept += piece[:max(0, keep - len(kept))]
            self.entry["body_size"] += len(piece)
            if sink:
                sink(piece)
        self.entry["body"] = kept.decode("latin-1")
        self.entry["sha256"] = digest.hexdigest()
        self.body_done = limit is None

    def _pieces(self, limit):
        reader = self.connection.reader
        if (self.header("Transfer-Encoding") or "").lower() == "chunked":
            while size := int(reader.readline().split(b";")[0] or b"0", 16):
                yield reader.read(size)
                reader.readline()
            reader.readline()
            return
        left = int(self.header("Content-Length") or 0)
        if limit is not None:
            left = min(left, limit)
        while left > 0:
            piece = reader.read1(min(left, PIECE))
            if not piece:
                raise Cut()
            left -= len(piece)
            yield piece


class Connection:
    """One accepted connection: sends answers, and can end badly."""

    def __init__(self, sock, listener, number):
        self.sock, self.listener, self.number = sock, listener, number
        self.reader = sock.makefile("rb")
        self.idle = True

    @property
    def protocol(self):
        """What client and server agreed on in the TLS handshake (ALPN); the server offers HTTP/2 first."""
        return self.sock.selected_alpn_protocol() or "" if isinstance(self.sock, ssl.SSLSocket) else ""

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Cut() from error

    def reset(self):
        """RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Cut()

    def wait_for_end(self):
        """Nothing more until the client leaves."""
        try:
            while self.sock.recv(PIECE):
                pass
        except OSError:
            pass
        raise Cut()

    def read_request(self):
        if not self.reader.peek(1)[:1].isalpha():  # TLS, or the end
            self.send(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            raise Cut()
        line = self.reader.readline(65537)
        if not line.strip():
            raise Cut()
        self.idle = False
        method, target, _ = line.decode("latin-1").split(" ", 2)
        headers = []
        while (line := self.reader.readline(65537)).strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers.append([name.strip(), value.strip()])
        return Request(method, target, headers, self)

    def answer(self, request, status, headers=(), body=b""):
        """A plain, well-formed answer."""
        request.read_body()
        request.entry["status"] = status
        head = "HTTP/1.1 %d Scripted\r\n" % status
        head += "".join("%s: %s\r\n" % (name, self.listener.server.expand(value)) for name, value in headers)
        head += "Content-Length: %d\r\n\r\n" % len(body)
        self.send(head.encode("latin-1") + (b"" if request.method == "HEAD" else body))

    def close(self):
        try:
            self.reader.close()
            self.sock.close()
        except OSError:
            pass


class Handler:
    """What a listener does with its requests. Subclasses are named in HANDLERS; `options` are the listener's keys."""

    def __init__(self, server, name, options):
        self.server, self.name, self.options = server, name, options

    def accept(self, connection):
        """A new connection, before TLS. Raises Cut to end it."""

    def handle(self, request, connection):
        raise NotImplementedError
