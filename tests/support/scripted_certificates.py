# SPDX-License-Identifier: Apache-2.0
"""A private CA and the certificates that scripted_server.py shows, made by openssl when first wanted."""

import os
import ssl
import subprocess

NAMES = "DNS:registry.test,DNS:*.registry.test,DNS:localhost,IP:127.0.0.1"
# Valid dates that OpenSSL 3.0 can set only through "openssl ca".
VALID = ("20200101000000Z", "20990101000000Z")
KINDS = {
    "good": ("ca", NAMES, VALID),
    "wrong-name": ("ca", "DNS:elsewhere.test", VALID),
    "expired": ("ca", NAMES, ("20200101000000Z", "20210101000000Z")),
    "not-yet-valid": ("ca", NAMES, ("20980101000000Z", "20990101000000Z")),
    "other-ca": ("other", NAMES, VALID),
    "hub": ("ca", "DNS:registry-1.docker.io", VALID),
    "client": ("ca", "DNS:client.test", VALID),
}
CONFIG = """
[ca]
default_ca = this
[this]
database = {directory}/{name}.index
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[req]
distinguished_name = any_name
[any_name]
[leaf]
subjectAltName = {names}
[authority]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign,cRLSign
"""


class Certificates:
    """KIND.crt and KIND.key of KINDS, ca.crt and other.crt, in `directory`."""

    def __init__(self, directory):
        self.directory = directory

    def path(self, name):
        return os.path.join(self.directory, name)

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.directory)

    def _config(self, name, names):
        with open(self.path(name + ".cnf"), "w", encoding="utf-8") as file:
            file.write(CONFIG.format(directory=self.directory, name=name, names=names))
        with open(self.path(name + ".index"), "w", encoding="utf-8"):
            pass
        return self.path(name + ".cnf")

    def authority(self, name):
        if not os.path.exists(self.path(name + ".crt")):
            self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                          "-subj", "/CN=Scripted %s" % name, "-days", "3650", "-extensions", "authority",
                          "-config", self._config(name, NAMES), "-keyout", name + ".key", "-out", name + ".crt")
        return self.path(name + ".crt")

    def pair(self, kind):
        """(certificate, key) of a kind."""
        authority, names, (begin, end) = KINDS[kind]
        self.authority(authority)
        certificate, key = self.path(kind + ".crt"), self.path(kind + ".key")
        if not os.path.exists(certificate):
            config = self._config(kind, names)
            self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-config", config,
                          "-subj", "/CN=scripted %s" % kind, "-keyout", kind + ".key", "-out", kind + ".csr")
            self._openssl("ca", "-batch", "-notext", "-config", config, "-extensions", "leaf", "-startdate", begin,
                          "-enddate", end, "-cert", authority + ".crt", "-keyfile", authority + ".key",
                          "-outdir", self.directory, "-in", kind + ".csr", "-out", kind + ".crt")
        return certificate, key

    def server_context(self, kind, ask_client):
        self.authority("ca")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair(kind))
        context.set_alpn_protocols(["h2", "http/1.1"])
        if ask_client:
            self.pair("client")
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.authority("ca"))
        return context
