# SPDX-License-Identifier: Apache-2.0
"""What the tests against other engines share: options, skipping, the program, the example, a Debian base."""

import argparse
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import imagefs

SKIPPED = 77  # what Meson shows as SKIP
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLE = os.path.join(ROOT, "examples", "fluidity")
GREETING = "hello from an image that ocibuild made\n"


def skip(reason):
    print("skipped:", reason)
    sys.exit(SKIPPED)


def require(*programs, root=False):
    """Skips the test unless the programs are installed (and we are root)."""
    for program in programs:
        if not shutil.which(program):
            skip("%s is not installed; tools/dev/packages installs it" % program)
    if root and os.geteuid() != 0:
        skip("needs root")


def call(*command, **options):
    """Runs a command; returns its standard output as text. What it printed is in the error if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError("%s: exit %d\n%s%s" % (" ".join(command), done.returncode,
                                                  done.stdout.decode(errors="replace")[-4000:],
                                                  done.stderr.decode(errors="replace")[-4000:]))
    return done.stdout.decode(errors="replace")


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError("%s: %r, expected %r" % (what, actual, expected))


class Program:
    """ocibuild with a store of its own."""

    def __init__(self, path, store):
        self.path, self.store = path, store

    def __call__(self, command, *arguments, **options):
        return call(self.path, command, "--root", self.store, *arguments, **options)

    def image(self, name):
        """The stored image `name`, every byte of it verified."""
        return imagefs.read_layout(self.store, "docker.io/library/" + name)


def stage_example(server, directory):
    """The example's context with the server in it, made anew, independent of the source tree's modes."""
    os.makedirs(directory + "/build")
    os.makedirs(directory + "/configs")
    for name, mode in (("Dockerfile", 0o644), (".dockerignore", 0o644), ("configs/server.yaml", 0o644)):
        shutil.copyfile(os.path.join(EXAMPLE, name), os.path.join(directory, name))
        os.chmod(os.path.join(directory, name), mode)
    shutil.copyfile(server, directory + "/build/fluidity-server")
    os.chmod(directory + "/build/fluidity-server", 0o755)
    for name in ("", "/build", "/configs"):
        os.chmod(directory + name, 0o755)
    return directory


def apt_mirror():
    """The mirror this machine installs from."""
    for line in call("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages").split("\n"):
        uri, _, codename = line.partition(" ")
        if codename.strip() == "bookworm" and "debian" in uri:
            return uri
    return "http://deb.debian.org/debian"


def debian_base(cache):
    """A docker-save tar `debian-base:1` with a minimal Debian, made once per build directory."""
    path = os.path.join(cache, "debian-base.tar")
    if os.path.exists(path):
        return path
    require("mmdebstrap", "apt-get", root=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        rootfs = os.path.join(work, "rootfs.tar")
        home = 'mkdir -m 750 "$1/home/u" && chown 1000:1000 "$1/home/u"'
        call("mmdebstrap", "--quiet", "--variant=minbase", "--customize-hook=" + home,
             "--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/locale/*",
             "bookworm", rootfs, apt_mirror(), env=dict(os.environ, SOURCE_DATE_EPOCH="1"))
        with open(rootfs, "rb") as file:
            layer = file.read()
        imagefs.write_docker_archive(work + "/image.tar", "debian-base:1", [layer],
                                     {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                                      "Cmd": ["bash"]})
        os.rename(work + "/image.tar", path)
    return path


FETCH = "import sys, urllib.request; sys.stdout.write(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"


def expect_served(pid):
    """The server of process `pid` answers in that process's network namespace."""
    failure = None
    for _ in range(100):
        try:
            page = call("nsenter", "--target", str(pid), "--net", "/usr/bin/python3", "-c", FETCH,
                        "http://127.0.0.1:8443/")
            return equal(page, GREETING, "GET /")
        except RuntimeError as error:
            failure = error
            time.sleep(0.1)
    raise failure


def remove_tree(top):
    """Also when an engine has left mounts in it, or is still busy tidying up there."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        points = [line.split()[1] for line in mounts]
    for point in sorted((p for p in points if p.startswith(top + "/")), reverse=True):
        subprocess.run(["umount", "--lazy", point], check=False)
    for _ in range(50):
        shutil.rmtree(top, ignore_errors=True)
        if not os.path.exists(top):
            return
        time.sleep(0.1)
    print("cannot remove", top)


class Options:
    """What Meson passes to every test, and a directory that is gone afterwards."""

    def __init__(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("--ocibuild", required=True)
        parser.add_argument("--server", default="", help="the static program of examples/fluidity")
        parser.add_argument("--cache", default="/var/tmp", help="directory for what is costly to make")
        given = parser.parse_args()
        self.ocibuild = os.path.abspath(given.ocibuild)
        self.server = os.path.abspath(given.server)
        # Several build directories can share what is costly to make.
        self.cache = os.path.abspath(os.environ.get("OCIBUILD_TEST_CACHE", given.cache))
        os.makedirs(self.cache, exist_ok=True)

    def program(self, work):
        return Program(self.ocibuild, work + "/store")


def run(*tests):
    """Runs test(options, work) each in a fresh directory; its function name says what it shows."""
    options, failed = Options(), 0
    for test in tests:
        # Outside /tmp, which may be a small tmpfs.
        # Hexadecimal, because podman makes an image name of a path and "._" would be none.
        work = "/var/tmp/peer." + secrets.token_hex(6)
        os.mkdir(work)
        os.chmod(work, 0o755)
        try:
            test(options, work)
            print("ok", test.__name__, flush=True)
        except Exception:  # one red test must not hide the others
            failed += 1
            print("FAILED", test.__name__, flush=True)
            traceback.print_exc(file=sys.stdout)
        finally:
            remove_tree(work)
    sys.exit(1 if failed else 0)
