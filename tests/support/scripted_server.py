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
    "handler": "script" | "proxy" | "socks" | "reset" | a name in HANDLERS; default "script"; "reset" cuts every connection
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

import contextlib
import json
import os
import socket
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# Beside this file; some of the names are for those who import this one.
import scripted_certificates  # noqa: E402
from scripted_answer import Answer, Gate  # noqa: E402
from scripted_connection import Connection, Cut, Handler  # noqa: E402,F401
from scripted_proxy import ProxyHandler, ResetHandler, SocksHandler  # noqa: E402


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


HANDLERS = {"script": ScriptHandler, "proxy": ProxyHandler, "reset": ResetHandler, "socks": SocksHandler}


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

    def port(self, name="main"):
        return self.listeners[name].port

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

    def port_for(self, authority, options):
        """Where a proxy's target "HOST:PORT" is."""
        listener = options.get("to", {}).get(authority)
        return self.listeners[listener].port if listener else int(authority.rpartition(":")[2])

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


@contextlib.contextmanager
def running(listeners, *rules):
    """A Server for a with statement; its certificates are in `server.directory`."""
    with tempfile.TemporaryDirectory(prefix="scripted-") as directory:
        server = Server({"listeners": listeners, "rules": rules}, directory)
        server.directory = directory
        try:
            yield server
        finally:
            for listener in server.listeners.values():
                listener.socket.close()


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
