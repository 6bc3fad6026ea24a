# SPDX-License-Identifier: Apache-2.0
"""What scripted_server.py answers: one scripted answer, and logins that stand before it."""

import base64
import json
import socket
import threading
import time
from urllib.parse import parse_qs

from scripted_connection import PIECE, Cut, pattern_bytes


class Gate:
    """Basic or Bearer in front of a listener. Keys: "kind": "basic" or "bearer"; "user", "password" (absent: anyone gets
    a token); "realm": path of the token endpoint on the same listener, or a URL; "service", "scope"; "token_uses": n
    (a token dies after n requests); "refresh_token": taken by POST; "rotates": each answer has a new one that replaces it;
    "expires_in"; "open": path prefix that needs nothing."""

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
        if self.options.get("rotates"):
            self.options["refresh_token"] = answer["refresh_token"] = "r3fresh-%d" % len(self.uses)
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
