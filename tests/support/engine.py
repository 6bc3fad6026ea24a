# SPDX-License-Identifier: Apache-2.0
"""A private Docker engine in a temporary directory: no bridge, no iptables, nothing shared with the machine's own.

Needs root (dockerd does). Stopped by its pid, and its directory removed, when the `with` block ends.
"""

import os
import shutil
import subprocess
import tempfile
import time


def docker_program():
    """Debian's client beside Debian's daemon; a newer one elsewhere in PATH may lack its build plugin."""
    for candidate in ("/usr/bin/docker", shutil.which("docker")):
        if candidate and os.access(candidate, os.X_OK):
            return candidate
    return None


def available():
    """None, or why no engine can be started here."""
    if os.geteuid() != 0:
        return "dockerd needs root"
    if not shutil.which("dockerd") or not docker_program():
        return "docker.io is not installed"
    return None


class Engine:
    def __enter__(self):
        # A short path: a socket's name has at most 107 bytes.
        self.directory = tempfile.mkdtemp(prefix="engine.", dir="/var/tmp")
        socket = "unix://%s/sock" % self.directory
        self.environment = dict(os.environ, DOCKER_HOST=socket, DOCKER_BUILDKIT="1", BUILDKIT_PROGRESS="plain",
                                DOCKER_CONFIG=self.directory + "/client")
        self.environment.pop("DOCKER_CONTEXT", None)
        with open(self.directory + "/log", "wb") as log:
            self.process = subprocess.Popen(
                ["dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none",
                 "--data-root", self.directory + "/data", "--exec-root", self.directory + "/exec",
                 "--host", socket, "--pidfile", self.directory + "/pid"], stdout=log, stderr=log,
                start_new_session=True)
        try:
            self._wait_until_ready()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _wait_until_ready(self):
        for _ in range(300):
            if self.process.poll() is not None:
                break
            if subprocess.run([docker_program(), "version"], env=self.environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return
            time.sleep(0.1)
        with open(self.directory + "/log", encoding="utf-8", errors="replace") as log:
            raise RuntimeError("dockerd did not start:\n" + log.read()[-4000:])

    def ended(self, seconds):
        """Whether the daemon has ended, or does so within `seconds`: some Dockerfiles make 20.10 panic."""
        try:
            self.process.wait(seconds)
            return True
        except subprocess.TimeoutExpired:
            return False

    def panic(self):
        """The line of the log that says why the daemon ended."""
        with open(self.directory + "/log", encoding="utf-8", errors="replace") as log:
            lines = log.read().splitlines()
        return next((line for line in lines if line.startswith(("panic:", "fatal error:"))), "\n".join(lines[-3:]))

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        with open("/proc/mounts", encoding="utf-8") as mounts:
            points = [line.split()[1] for line in mounts]
        for point in sorted((p for p in points if p.startswith(self.directory + "/")), reverse=True):
            subprocess.run(["umount", "--lazy", point], check=False)
        shutil.rmtree(self.directory, ignore_errors=True)

    def docker(self, *arguments, check=True, **options):
        """Runs the client; returns its standard output as text. Failures carry both streams."""
        done = subprocess.run([docker_program(), *arguments], env=self.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False, **options)
        if check and done.returncode != 0:
            raise RuntimeError("docker %s: exit %d\n%s%s" % (
                " ".join(arguments), done.returncode, done.stdout.decode(errors="replace"),
                done.stderr.decode(errors="replace")))
        return done.stdout.decode(errors="replace").strip()
