# SPDX-License-Identifier: Apache-2.0
"""Listeners of scripted_server.py that are no web servers: proxies, and a port that only cuts."""

import base64
import socket
import threading
from urllib.parse import urlsplit

from scripted_connection import PIECE, Cut, Handler


class ResetHandler(Handler):
    """Cuts every connection at its first bytes: a port that speaks neither TLS nor HTTP."""

    def accept(self, connection):
        connection.sock.recv(1)
        connection.reset()


class ProxyHandler(Handler):
    """An HTTP proxy; every target host is 127.0.0.1. Keys: "to": {"HOST:PORT": LISTENER} for targets on another port; "password": "user:password" wanted; "offer": list of
    Proxy-Authenticate values (default Basic); "refuse": status that CONNECT and all else gets, with an HTML page."""

    def handle(self, request, connection):
        options = self.options
        if "password" in options:
            wanted = "Basic " + base64.b64encode(options["password"].encode()).decode()
            if request.header("Proxy-Authorization") != wanted:
                offers = options.get("offer", ['Basic realm="proxy"'])
                connection.answer(request, 407, [["Proxy-Authenticate", offer] for offer in offers], b"password, please\n")
                return
        if "refuse" in options:
            connection.answer(request, options["refuse"], [["Content-Type", "text/html"]],
                              b"<html><head><title>Access Denied</title></head></html>")
            return
        authority = request.target if request.method == "CONNECT" else urlsplit(request.target).netloc
        try:
            port = self.server.port_for(authority, options)
            target = socket.create_connection(("127.0.0.1", port), timeout=10)
        except (OSError, ValueError):
            connection.answer(request, 502, [["Content-Type", "text/html"]], b"<title>no such target</title>")
            return
        if request.method == "CONNECT":
            request.entry["status"] = 200
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            self._forward(request, target)
        self.relay(connection, target)

    @staticmethod
    def _forward(request, target):
        """An absolute-form request in origin form; the connection is then the origin's."""
        parts = urlsplit(request.target)
        path = (parts.path or "/") + ("?" + parts.query if parts.query else "")
        head = "%s %s HTTP/1.1\r\n" % (request.method, path)
        head += "".join("%s: %s\r\n" % (name, value) for name, value in request.headers
                        if not name.lower().startswith("proxy-"))
        target.sendall((head + "Connection: close\r\n\r\n").encode("latin-1"))
        request.read_body(sink=target.sendall)

    @staticmethod
    def relay(connection, target):
        def copy(source, sink):
            try:
                while piece := source(PIECE):
                    sink.sendall(piece)
                sink.shutdown(socket.SHUT_WR)
            except (OSError, ValueError):
                pass
        back = threading.Thread(target=copy, args=(target.recv, connection.sock), daemon=True)
        back.start()
        copy(connection.reader.read1, target)
        back.join()
        target.close()
        raise Cut()


class SocksHandler(Handler):
    """A SOCKS5 proxy; every target is 127.0.0.1. "password": "user:password" wanted. Each target is recorded as a request
    with the method "SOCKS"; one that the client has resolved itself shows as an address."""

    def accept(self, connection):
        reader, wanted = connection.reader, self.options.get("password")
        _, count = reader.read(2)
        offered = reader.read(count)
        method = 2 if wanted else 0
        connection.send(bytes([5, method if method in offered else 0xFF]))
        if wanted:
            _, length = reader.read(2)
            user = reader.read(length)
            given = user + b":" + reader.read(reader.read(1)[0])
            connection.send(bytes([1, 0 if given == wanted.encode() else 1]))
            if given != wanted.encode():
                raise Cut()
        _, _, _, kind = reader.read(4)
        host = socket.inet_ntoa(reader.read(4)) if kind == 1 else reader.read(reader.read(1)[0]).decode()
        authority = "%s:%d" % (host, int.from_bytes(reader.read(2), "big"))
        self.server.remember({"listener": self.name, "method": "SOCKS", "target": authority, "headers": []})
        target = socket.create_connection(("127.0.0.1", self.server.port_for(authority, self.options)), timeout=10)
        connection.send(bytes([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
        ProxyHandler.relay(connection, target)
