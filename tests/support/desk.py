# SPDX-License-Identifier: Apache-2.0
"""Where somebody sits and types commands: a directory with a Dockerfile, and a store."""

import os
import re
import subprocess

import peer


class Desk:
    def __init__(self, options, work):
        self.program, self.work = options.ocibuild, work
        self.write("Dockerfile", "FROM scratch\nCOPY app /bin/app\n")
        self.write("app", "x")

    def write(self, name, text):
        path = os.path.join(self.work, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, *words, front=(), stdin=subprocess.DEVNULL):
        environment = {"HOME": self.work, "PATH": os.environ["PATH"], "OCIBUILD_ROOT": self.work + "/store"}
        return subprocess.run([*front, self.program, *words], cwd=self.work, env=environment, stdin=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False, timeout=60)

    def fails(self, error_id, status, *words, **more):
        done = self.run(*words, **more)
        found = re.findall(r"^error\[(.*?)\]", done.stderr, re.MULTILINE)
        peer.equal((found, done.returncode), ([error_id], status), done.stderr)
