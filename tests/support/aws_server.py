# SPDX-License-Identifier: Apache-2.0
"""Amazon's services on loopback, as far as a login to ECR needs them. Signatures (Signature Version 4) are computed
anew from what arrived; a request with another one is refused as Amazon does. Nothing here knows our code."""

import base64
import hashlib
import hmac
import http.server
import json
import re
import threading
import time
import urllib.parse

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
    r"SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$")


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(secret, method, url, headers, body, date, region, service, signed):
    """The signature that a request should have; `headers` with names in lower case, `signed` the list of names."""
    path, _, query = url.partition("?")
    canonical = "\n".join([
        method, path or "/", "&".join(sorted(query.split("&"))) if query else "",
        *("%s:%s" % (name, " ".join(headers.get(name, "").split())) for name in signed), "",
        ";".join(signed), hashlib.sha256(body).hexdigest()])
    scope = "%s/%s/%s/aws4_request" % (date, region, service)
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = _hmac(key, part)
    return _hmac(key, text).hex()


class AwsServer:
    """Use in a `with`. `identities`: {key ID: (secret, session token or "")}; `requests`: what was asked, in order."""

    def __init__(self, identities):
        self.identities = identities
        self.password = "pass"
        self.repositories = set()
        self.web_token = self.container_token = ""
        self.given_keys = {}        # AccessKeyId, SecretAccessKey, Token of STS, container and instance
        self.redirect = None
        self.requests = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, text = server.handle(self.command, self.path,
                                             {name.lower(): value for name, value in self.headers.items()}, body)
                data = text.encode()
                self.send_response(status)
                if status == 307:
                    self.send_header("Location", server.redirect)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.http.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    def handle(self, method, path, headers, body):
        if path.startswith("/latest/"):
            return self.instance(method, path, headers)
        if path == "/container":
            self.requests.append("container")
            if headers.get("authorization") != self.container_token:
                return 403, "{}"
            return 200, json.dumps(self.given_keys)
        if self.redirect:
            return 307, ""
        if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return self.sts(method, path, headers, body)
        fault = self.check(method, path, headers, body, "ecr")
        if fault:
            return 400, json.dumps({"__type": "com.amazon.coral.service#" + fault, "message": "checked"})
        action = headers["x-amz-target"]
        self.requests.append("ecr " + action)
        return self.ecr(action.split(".")[1], json.loads(body))

    def check(self, method, path, headers, body, service):
        """Name of what is wrong with the signature, or None."""
        found = AUTHORIZATION.match(headers.get("authorization", ""))
        if not found:
            return "IncompleteSignatureException"
        key_id, date, region, named, signed, value = found.groups()
        if key_id not in self.identities:
            return "UnrecognizedClientException"
        secret, token = self.identities[key_id]
        names = signed.split(";")
        wanted = {"host", "x-amz-date"} | {name for name in ("x-amz-target", "x-amz-security-token") if name in headers}
        if named != service or not wanted <= set(names) or names != sorted(names):
            return "IncompleteSignatureException"
        if headers.get("x-amz-security-token", "") != token:
            return "UnrecognizedClientException"
        now = time.strftime("%Y%m%d", time.gmtime())
        if date != headers["x-amz-date"][:8] or abs(int(date) - int(now)) > 8870:   # around midnight and new year
            return "RequestExpired"
        right = signature(secret, method, path, headers, body, date, region, service, names)
        return None if hmac.compare_digest(value, right) else "InvalidSignatureException"

    def ecr(self, action, body):
        if action == "GetAuthorizationToken":
            token = base64.b64encode(("AWS:" + self.password).encode()).decode()
            return 200, json.dumps({"authorizationData": [
                {"authorizationToken": token, "expiresAt": time.time() + 43200.5, "proxyEndpoint": "https://x"}]})
        if action == "DescribeRepositories":
            if body["repositoryNames"][0] in self.repositories:
                return 200, json.dumps({"repositories": []})
            return 400, json.dumps({"__type": "RepositoryNotFoundException", "message": "missing"})
        if action == "CreateRepository":
            assert list(body) == ["repositoryName"], body
            self.repositories.add(body["repositoryName"])
            return 200, json.dumps({"repository": {}})
        return 400, json.dumps({"__type": "UnknownOperationException"})

    def sts(self, method, path, headers, body):
        fields = dict(urllib.parse.parse_qsl(body.decode(), strict_parsing=True))
        action = fields["Action"]
        self.requests.append("sts %s %s" % (action, fields["RoleArn"]))
        if action == "AssumeRole":
            fault = self.check(method, path, headers, body, "sts")
        else:
            fault = None if fields["WebIdentityToken"] == self.web_token else "InvalidIdentityToken"
        if fault:
            return 400, json.dumps({"Error": {"Code": fault, "Message": "checked"}})
        keys = dict(self.given_keys, SessionToken=self.given_keys["Token"])
        return 200, json.dumps({action + "Response": {action + "Result": {"Credentials": keys}}})

    def instance(self, method, path, headers):
        self.requests.append("instance %s %s" % (method, path))
        if path == "/latest/api/token":
            ttl = headers.get("x-aws-ec2-metadata-token-ttl-seconds")
            return (200, "session") if method == "PUT" and ttl == "21600" else (400, "")
        if headers.get("x-aws-ec2-metadata-token") != "session":
            return 401, ""
        if path.endswith("/security-credentials/"):
            return 200, "my-role\n"
        return 200, json.dumps(dict(self.given_keys, Code="Success"))
