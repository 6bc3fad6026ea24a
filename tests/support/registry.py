# SPDX-License-Identifier: Apache-2.0
"""Real registries (Debian's docker-registry) on loopback, a token server for them, and ocibuild as their client."""

import base64
import crypt
import http.server
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from urllib.parse import parse_qs, urlsplit

import peer
import scripted_certificates

USER = "ann"
PASSWORD = "p4ss-hUsH:+%word"  # a colon, a plus and a percent sign, which careless encodings lose


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_for_listener(process, port, name, log_file):
    """Returns once the process takes connections; raises with its log when it does not."""
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.05)
    with open(log_file, encoding="utf-8", errors="replace") as log:
        raise RuntimeError(name + " did not start:\n" + log.read())


class Registry:
    """docker-registry with its storage in `directory`; stopped at the end of a with statement.

    htpasswd: wants USER and PASSWORD. tokens: a TokenServer that gives its tokens. tls: its certificate is of the CA
    `self.ca`. mirror_of: is a pull-through cache of that Registry.
    """

    def __init__(self, directory, htpasswd=False, tokens=None, tls=False, mirror_of=None):
        peer.require("docker-registry", "openssl")
        os.makedirs(directory)
        self.directory, self.port, self.ca = directory, free_port(), None
        self.name = "127.0.0.1:%d" % self.port
        config = {"version": 0.1, "log": {"accesslog": {"disabled": False}, "level": "error"},
                  "storage": {"filesystem": {"rootdirectory": directory + "/data"}, "delete": {"enabled": True}},
                  "http": {"addr": self.name, "secret": "registry"},
                  "validation": {"manifests": {"urls": {"allow": ["^http"]}}}}  # else no layer may have any
        if htpasswd:
            with open(directory + "/htpasswd", "w", encoding="ascii") as file:
                file.write("%s:%s\n" % (USER, crypt.crypt(PASSWORD, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=32))))
            config["auth"] = {"htpasswd": {"realm": "Registry, \"quoted\"", "path": directory + "/htpasswd"}}
        if tokens:
            config["auth"] = {"token": {"realm": tokens.url + "/token", "service": "scripted", "issuer": "issuer",
                                        "rootcertbundle": tokens.certificate}}
        if tls:
            certificates = scripted_certificates.Certificates(directory)
            certificate, key = certificates.pair("good")
            self.ca = certificates.authority("ca")
            config["http"]["tls"] = {"certificate": certificate, "key": key}
        if mirror_of:
            config["proxy"] = {"remoteurl": mirror_of.url}
        self.url = "%s://%s" % ("https" if tls else "http", self.name)
        with open(directory + "/config.json", "w", encoding="ascii") as file:
            json.dump(config, file)  # YAML is a superset of JSON
        with open(directory + "/log", "wb") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", directory + "/config.json"], stdout=log,
                                            stderr=log, env={"PATH": os.environ["PATH"], "HOME": directory})
        self._wait()

    def _wait(self):
        wait_for_listener(self.process, self.port, "docker-registry", self.directory + "/log")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        self.process.wait(20)

    def requests(self):
        """("PUT", "/v2/a/manifests/1", 201) of each request so far, in order."""
        time.sleep(0.05)  # the line is written after the answer
        with open(self.directory + "/log", encoding="utf-8", errors="replace") as log:
            found = re.findall(r'"([A-Z]+) (\S+) HTTP/[0-9.]+" (\d+)', log.read())
        return [(method, target, int(status)) for method, target, status in found]

    def since(self, before):
        """The requests after the first len(before), each as "PUT manifests/1"."""
        return ["%s %s" % (method, re.sub(r"^/v2/(t/)?[a-z0-9]+/", "", target.split("?")[0]))
                for method, target, _ in self.requests()[len(before):]]

    def get(self, path, accept="*/*"):
        """A body, asked for without any client of ours; only where nothing is wanted for it."""
        context = ssl.create_default_context(cafile=self.ca) if self.ca else None
        request = urllib.request.Request(self.url + path, headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.read()


class TokenServer:
    """Gives tokens that a docker-registry with `tokens` takes: pulls to everybody, pushes to USER. Plain HTTP."""

    def __init__(self, directory):
        os.makedirs(directory)
        self.directory, self.asked, self.given = directory, [], []
        self.certificate = directory + "/token.crt"
        peer.call("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=issuer", "-days", "30",
                  "-keyout", directory + "/token.key", "-out", self.certificate)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, request):
        query = parse_qs(urlsplit(request.path).query)
        basic = "Basic " + base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        given = request.headers.get("Authorization")
        self.asked.append((query, given is not None))
        if given not in (None, basic):
            request.send_response(401)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.rsplit(":", 2)
            allowed = [action for action in actions.split(",") if action == "pull" or given]
            access.append({"type": kind, "name": name, "actions": allowed})
        body = json.dumps({"token": self.token(access), "expires_in": 300}).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def token(self, access):
        def encoded(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=")
        with open(self.certificate, encoding="ascii") as file:
            der = "".join(line.strip() for line in file if "-----" not in line)
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [der]}
        claims = {"iss": "issuer", "sub": USER, "aud": "scripted", "exp": now + 300, "nbf": now - 60, "iat": now,
                  "jti": str(len(self.given)), "access": access}
        signed = encoded(json.dumps(head).encode()) + b"." + encoded(json.dumps(claims).encode())
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.directory + "/token.key"], input=signed,
                                   stdout=subprocess.PIPE, check=True).stdout
        token = (signed + b"." + encoded(signature)).decode()
        self.given.append(token)
        return token

    def stop(self):
        self.server.shutdown()


class Client:
    """ocibuild with a home and a store of its own, always with --debug. No secret may be in anything it prints or writes."""

    def __init__(self, program, work):
        self.program, self.work, self.home, self.store = program, work, work + "/home", work + "/store"
        os.makedirs(self.home, exist_ok=True)
        self.secrets = [PASSWORD, base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()]

    def __call__(self, command, *arguments, exit_code=0, stdin="", store=None, **variables):
        """What was printed and the exit code; fails if that is not `exit_code` (None: any)."""
        environment = {"PATH": os.environ["PATH"], "HOME": self.home, "SOURCE_DATE_EPOCH": "1", **variables}
        root = [] if command in ("login", "logout") else ["--root", store or self.store]
        done = subprocess.run([self.program, command, "--debug", *root, *arguments], env=environment, input=stdin,
                              capture_output=True, text=True, check=False, timeout=300)
        for where, text in self._left_behind(done, arguments, store or self.store):
            for secret in self.secrets:
                if secret in text:
                    raise AssertionError("%s leaves a secret in %s:\n%s" % (command, where, text))
        if exit_code is not None and done.returncode != exit_code:
            raise AssertionError("%s %s: exit %d, expected %d\n%s" % (command, " ".join(arguments), done.returncode,
                                                                      exit_code, done.stderr))
        return done

    @staticmethod
    def _left_behind(done, arguments, store):
        """Everything that a command wrote but blobs and logins: streams, also the base64 in JSON progress, files and records."""
        printed = done.stdout + done.stderr
        yield "its output", printed
        if "rawjson" in " ".join(arguments):
            for data in re.findall(r'"(?:data|short|detail)":"([^"]+)"', printed):
                yield "its progress", base64.b64decode(data).decode("utf-8", "replace")
        files = [arguments[i + 1] for i, word in enumerate(arguments[:-1]) if re.fullmatch("--(metadata-|iid|digest|name-)file", word)]
        for top, _, names in os.walk(store):
            if not top.startswith(store + "/blobs"):
                files += [os.path.join(top, name) for name in names]
        for path in files:
            if os.path.isfile(path):
                with open(path, encoding="utf-8", errors="replace") as file:
                    yield path, file.read()

    def fails(self, error_id, exit_code, command, *arguments, **more):
        """The command ends with that error; its standard error."""
        done = self(command, *arguments, exit_code=exit_code, **more)
        if "error[%s]:" % error_id not in done.stderr:
            raise AssertionError("no error[%s] but:\n%s" % (error_id, done.stderr))
        return done.stderr

    def context(self, base="scratch", **files):
        """A build context whose image has one layer for each file on top of `base`."""
        context = os.path.join(self.work, "context")
        os.makedirs(context, exist_ok=True)
        with open(context + "/Dockerfile", "w", encoding="ascii") as file:
            file.write("FROM %s\n" % base + "".join("COPY %s /%s\n" % (key, key) for key in files) + "CMD [\"/a\"]\n")
        for key, content in files.items():
            with open(os.path.join(context, key), "wb") as file:
                file.write(content)
        return context

    def build(self, name, platform=None, **files):
        """An image with one layer for each file, FROM scratch; its manifest's digest."""
        context = self.context(**files)
        words = ["--platform", platform] if platform else []
        self("build", "-t", name, "--metadata-file", context + ".json", *words, context)
        with open(context + ".json", encoding="utf-8") as file:
            return json.load(file)["containerimage.digest"]


def run(*tests):
    """As peer.run, for test(client, work)."""
    peer.run(*[_with_client(test) for test in tests])


def _with_client(test):
    def with_client(options, work):
        test(Client(options.ocibuild, work), work)
    with_client.__name__ = test.__name__
    return with_client


if __name__ == "__main__":
    sys.exit(__doc__)
