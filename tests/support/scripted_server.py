#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP servers and proxies on 127.0.0.1 that misbehave as a script says, and remember what they were asked.

usage: scripted_server.py SCRIPT.json       SCRIPT.json: "-" takes the first line of standard input

Prints one line of JSON when it listens: {"ports": {LISTENER: PORT}, "directory": certificates}. Then each line on standard
input is a command and gets one line of JSON back; at the end of standard input the server ends, so it dies with its test:

    record              all requests since the start or the last "clear", as far as their bodies were read
    clear               forgets them
    rules [...]         replaces the rules
    close LISTENER      cuts the idle connections of a listener without a word

The script: {"listeners": {NAME: {...}}, "rules": [...], "directory": where certificates are kept}. A listener:

    "tls": "good" | "wrong-name" | "expired" | "not-yet-valid" | "other-ca"     HTTPS with such a certificate
    "client_ca": true             asks for a certificate made by the good CA
    "handler": "script" | "proxy" | "reset" | a name in HANDLERS; default "script"; "reset" cuts every connection
    other keys belong to the handler: see the classes below

A rule: {"on": LISTENER, "method": "GET", "path": "/v2/*", "times": 2, ...answer}; the first that fits and is not used up
answers; without one the answer is 404. In header values {NAME} becomes the URL of a listener. An answer:

    "status", "headers": [[name, value], ...], "body": text, "body_size": n bytes of a fixed pattern, "chunked": true
    "length": n                   Content-Length that lies                "corrupt": n     flips byte n of the body
    "reset_in": n                 resets after n bytes of the request's body; then nothing is answered
    "reset_out": n, "cut_out": n  resets, or closes, after n bytes of the answer's body; 0: after the head
    "stall_out": n                sends nothing more after n bytes        "drip": [bytes, seconds]
    "early": true                 answers before the request's body is read; then closes ("unread": true: with a reset)
    "continue": false             never says "100 Continue"               "silent": true   never answers
    "close": true                 closes after the answer without having said so
    "ignore_range": true          sends the whole body to a Range request; otherwise ranges are honoured
    "raw": text                   sent instead of everything
"""

import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import parse_qs, urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scripted_certificates  # noqa: E402  (beside this file)

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
        self.path = target.split("?")[0]
        self.query = parse_qs(urlsplit(target).query, keep_blank_values=True)
        self.entry = {"listener": connection.listener.name, "connection": connection.number, "method": method,
                      "target": target, "headers": headers, "body_size": 0, "body": "", "sha256": "", "status": 0}
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


class ScriptHandler(Handler):
    """Answers by the rules. Keys: "auth" (see Gate) stands before them."""

    def __init__(self, server, name, options):
        super().__init__(server, name, options)
        self.gate = Gate(server, options["auth"]) if "auth" in options else None

    def handle(self, request, connection):
        if self.gate and not self.gate.admits(request, connection):
            return
        rule = self.server.take_rule(self.name, request)
        if rule is None:
            connection.answer(request, 404, body=b"no rule\n")
        else:
            Answer(rule, request, connection).send()


class Gate:
    """Basic or Bearer in front of a listener. Keys: "kind": "basic" or "bearer"; "user", "password" (absent: anyone gets
    a token); "realm": path of the token endpoint on the same listener, or a URL; "service", "scope"; "token_uses": n
    (a token dies after n requests); "expires_in"; "open": path prefix that needs nothing."""

    def __init__(self, server, options):
        self.server, self.options = server, options
        self.uses, self.lock = {}, threading.Lock()

    def admits(self, request, connection):
        """True: go on. Otherwise the answer has been sent."""
        options = self.options
        if options["kind"] == "bearer" and request.path == options.get("realm", "/token"):
            self._token(request, connection)
            return False
        if "open" in options and request.path.startswith(options["open"]):
            return True
        given = request.header("Authorization") or ""
        if self._basic(given) if options["kind"] == "basic" else self._bearer(given):
            return True
        connection.answer(request, 401, [["WWW-Authenticate", self._challenge(connection, given)],
                                         ["Content-Type", "application/json"]],
                          b'{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}')
        return False

    def _basic(self, given):
        wanted = "%s:%s" % (self.options["user"], self.options["password"])
        return given == "Basic " + base64.b64encode(wanted.encode()).decode()

    def _bearer(self, given):
        token = given[len("Bearer "):] if given.startswith("Bearer ") else ""
        with self.lock:
            if self.uses.get(token, 0) <= 0:
                return False
            self.uses[token] -= 1
            return True

    def _challenge(self, connection, given):
        options = self.options
        if options["kind"] == "basic":
            return 'Basic realm="Scripted, \\"quoted\\""'
        realm = options.get("realm", "/token")
        if realm.startswith("/"):
            realm = connection.listener.url + realm
        text = 'Bearer realm="%s",service="%s"' % (self.server.expand(realm), options.get("service", "scripted"))
        if "scope" in options:
            text += ',scope="%s"' % options["scope"]
        return text + (',error="invalid_token"' if given else "")

    def _token(self, request, connection):
        request.read_body()
        form = parse_qs(request.entry["body"])
        known = "user" not in self.options or self._basic(request.header("Authorization") or "") or (
            form.get("refresh_token") == [self.options.get("refresh_token")])
        if not known:
            connection.answer(request, 401, [], b'{"details":"incorrect username or password"}')
            return
        with self.lock:
            token = "token-%d" % (len(self.uses) + 1)
            self.uses[token] = self.options.get("token_uses", 1 << 30)
        answer = {"token": token, "expires_in": self.options.get("expires_in", 300)}
        connection.answer(request, 200, [["Content-Type", "application/json"]], json.dumps(answer).encode())


class Answer:
    """One scripted answer; the keys are those of the module's text."""

    def __init__(self, rule, request, connection):
        self.rule, self.request, self.connection = rule, request, connection

    def send(self):
        rule, request, connection = self.rule, self.request, self.connection
        say_continue = rule.get("continue", True)
        if "reset_in" in rule:
            request.read_body(limit=rule["reset_in"], say_continue=say_continue)
            connection.reset()
        if not rule.get("early"):
            request.read_body(say_continue=say_continue)
        if rule.get("silent"):
            connection.wait_for_end()
        request.entry["status"] = rule.get("status", 200)
        if "raw" in rule:
            connection.send(rule["raw"].encode("latin-1"))
            raise Cut()
        self._send_answer()
        if rule.get("early") and not request.body_done:
            if rule.get("unread"):
                connection.reset()
            self._drain()
        if rule.get("close"):
            raise Cut()

    def _drain(self):
        """Reads what a client that did not stop has still sent, so that closing makes no reset; notes how much."""
        self.connection.sock.shutdown(socket.SHUT_WR)
        self.connection.sock.settimeout(5)
        try:
            while piece := self.connection.reader.read1(PIECE):
                self.request.entry["body_size"] += len(piece)
        except OSError:
            pass
        raise Cut()

    def _send_answer(self):
        rule = self.rule
        size = rule["body_size"] if "body_size" in rule else len(self._own_body())
        begin, status, extra = 0, rule.get("status", 200), []
        wanted = self.request.header("Range")
        if wanted and status == 200 and not rule.get("ignore_range"):
            begin = int(wanted[len("bytes="):].split("-")[0])
            status = 206
            extra = [["Content-Range", "bytes %d-%d/%d" % (begin, size - 1, size)]]
        headers = [list(header) for header in rule.get("headers", [])] + extra
        chunked = rule.get("chunked", False)
        if chunked:
            headers.append(["Transfer-Encoding", "chunked"])
        else:
            headers.append(["Content-Length", str(rule.get("length", size - begin))])
        expand = self.connection.listener.server.expand
        head = "HTTP/1.1 %d Scripted\r\n" % status
        head += "".join("%s: %s\r\n" % (name, expand(value)) for name, value in headers)
        self.connection.send((head + "\r\n").encode("latin-1"))
        if self.request.method != "HEAD":
            self._send_body(begin, size, chunked)

    def _send_body(self, begin, size, chunked):
        rule, connection = self.rule, self.connection
        stop = next((begin + rule[key] for key in ("reset_out", "cut_out", "stall_out") if key in rule), size)
        step, pause = rule.get("drip", [PIECE, 0])
        position = begin
        while position < min(stop, size):
            end = min(position + step, stop, size)
            piece = self._bytes(position, end)
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            position = end
            if pause:
                time.sleep(pause)
        if "reset_out" in rule:
            connection.reset()
        if "cut_out" in rule:
            raise Cut()
        if "stall_out" in rule:
            connection.wait_for_end()
        if chunked:
            connection.send(b"0\r\n\r\n")

    def _own_body(self):
        return self.rule["binary"] if "binary" in self.rule else self.rule.get("body", "").encode()

    def _bytes(self, begin, end):
        rule = self.rule
        data = pattern_bytes(begin, end) if "body_size" in rule else self._own_body()[begin:end]
        at = rule.get("corrupt", -1) - begin
        if 0 <= at < len(data):
            data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
        return data


class ResetHandler(Handler):
    """Cuts every connection at its first bytes: a port that speaks neither TLS nor HTTP."""

    def accept(self, connection):
        connection.sock.recv(1)
        connection.reset()


class ProxyHandler(Handler):
    """An HTTP proxy; every target host is 127.0.0.1. Keys: "password": "user:password" wanted; "offer": list of
    Proxy-Authenticate values (default Basic); "refuse": status that CONNECT and all else gets, with an HTML page;
    "to": the listener that stands for every target."""

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
            port = self.server.listeners[options["to"]].port if "to" in options else int(authority.rpartition(":")[2])
            target = socket.create_connection(("127.0.0.1", port), timeout=10)
        except (OSError, ValueError):
            connection.answer(request, 502, [["Content-Type", "text/html"]], b"<title>no such target</title>")
            return
        if request.method == "CONNECT":
            request.entry["status"] = 200
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            self._forward(request, target)
        self._relay(connection, target)

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
    def _relay(connection, target):
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


HANDLERS = {"script": ScriptHandler, "proxy": ProxyHandler, "reset": ResetHandler}


class Listener:
    def __init__(self, server, name, options):
        self.server, self.name = server, name
        self.tls = None
        if "tls" in options:
            self.tls = server.certificates.server_context(options["tls"], options.get("client_ca", False))
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.url = "%s://%s:%d" % ("https" if self.tls else "http", options.get("name", "127.0.0.1"), self.port)
        self.handler = HANDLERS[options.get("handler", "script")](server, name, options)
        self.connections, self.count, self.lock = set(), 0, threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:  # closed
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.count += 1
            threading.Thread(target=self._serve, args=(sock, self.count), daemon=True).start()

    def _serve(self, sock, number):
        connection = Connection(sock, self, number)
        try:
            self.handler.accept(connection)
            if self.tls:
                connection.sock = self.tls.wrap_socket(sock, server_side=True)
                connection.reader = connection.sock.makefile("rb")
            with self.lock:
                self.connections.add(connection)
            while True:
                connection.idle = True
                request = connection.read_request()
                self.server.remember(request.entry)
                self.handler.handle(request, connection)
        except (Cut, OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.connections.discard(connection)
            connection.close()

    def cut_idle(self):
        with self.lock:
            idle = [connection for connection in self.connections if connection.idle]
        for connection in idle:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Server:
    def __init__(self, script, directory):
        self.lock = threading.Lock()
        self.record, self.rules = [], []
        self.certificates = scripted_certificates.Certificates(directory)
        self.set_rules(script.get("rules", []))
        self.listeners = {}
        for name, options in script.get("listeners", {"main": {}}).items():
            self.listeners[name] = Listener(self, name, options)

    def set_rules(self, rules):
        with self.lock:
            self.rules = [dict(rule, left=rule.get("times", 1 << 60)) for rule in rules]

    def take_rule(self, listener, request):
        with self.lock:
            for rule in self.rules:
                path = rule.get("path", "*")
                fits = (request.path.startswith(path[:-1]) if path.endswith("*") else path in (request.path,
                                                                                               request.target))
                if fits and rule.get("on", "main") == listener and rule["left"] > 0 and (
                        rule.get("method", request.method) == request.method):
                    rule["left"] -= 1
                    return rule
        return None

    def expand(self, text):
        for name, listener in self.listeners.items():
            text = text.replace("{%s}" % name, listener.url)
        return text

    def remember(self, entry):
        with self.lock:
            self.record.append(entry)

    def command(self, line):
        word, _, rest = line.strip().partition(" ")
        if word == "record":
            with self.lock:
                return list(self.record)
        if word == "clear":
            with self.lock:
                self.record.clear()
        elif word == "rules":
            self.set_rules(json.loads(rest))
        elif word == "close":
            self.listeners[rest].cut_idle()
        else:
            return {"error": "unknown command %r" % word}
        return {}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.split("\n\n")[1])
    if sys.argv[1] == "-":
        script = json.loads(sys.stdin.readline())
    else:
        with open(sys.argv[1], encoding="utf-8") as file:
            script = json.load(file)
    with tempfile.TemporaryDirectory(prefix="scripted-") as directory:
        directory = script.get("directory", directory)
        server = Server(script, directory)
        ports = {name: listener.port for name, listener in server.listeners.items()}
        print(json.dumps({"ports": ports, "directory": directory}), flush=True)
        for line in sys.stdin:
            print(json.dumps(server.command(line)), flush=True)


if __name__ == "__main__":
    main()
