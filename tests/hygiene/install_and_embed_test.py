#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An installed library is all that a program needs: examples/build_image.cpp is compiled by way of pkg-config
against an installation in a temporary directory, and builds an image. So are the programs of docs/embedding.md.

usage: install_and_embed_test.py BUILD_DIRECTORY COMPILER [ARGUMENT]...
"""

import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
import imagefs  # noqa: E402


def found(top, name):
    for directory, _, names in os.walk(top):
        if name in names:
            return directory
    sys.exit("%s was not installed" % name)


def output(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, **options).stdout


def programs_of_the_manual():
    """(name, text) of each whole program in docs/embedding.md, and of the one in README.md."""
    for page in (os.path.join("docs", "embedding.md"), "README.md"):
        with open(os.path.join(ROOT, page), encoding="utf-8") as file:
            for name, text in re.findall(r"^```cpp ?(\S*)\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL):
                yield name or "readme.cpp", text


def main():
    build, compiler = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as work:
        place = work + "/installed"
        subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", place], check=True)
        environment = dict(os.environ, PKG_CONFIG_PATH=found(place, "ocibuild.pc"), PKG_CONFIG_SYSROOT_DIR=place)
        flags = output("pkg-config", "--cflags", "--libs", "ocibuild", env=environment).split()
        if not any(flag.startswith("-I" + place) for flag in flags):
            sys.exit("pkg-config does not point into the installation: %s" % flags)
        program = work + "/build_image"
        subprocess.run([*compiler, "-Wall", "-Wextra", "-Werror", os.path.join(ROOT, "examples", "build_image.cpp"),
                        "-o", program, *flags], check=True)

        os.mkdir(work + "/context")
        with open(work + "/context/Dockerfile", "w", encoding="ascii") as file:
            file.write("FROM scratch\nCOPY Dockerfile /\n")
        environment = {"LD_LIBRARY_PATH": found(place, "libocibuild.so")}
        digest = output(program, work + "/store", work + "/context", "embedded:1", env=environment).strip()
        image = imagefs.read_layout(work + "/store", "docker.io/library/embedded:1")
        assert image.manifest_digest == digest, (image.manifest_digest, digest)
        assert list(image.tree()) == ["Dockerfile"], image.tree()

        for name, text in programs_of_the_manual():
            # The store of README.md is not ours to write to.
            with open(os.path.join(work, name), "w", encoding="utf-8") as file:
                file.write(text.replace("/var/tmp/images", work + "/images"))
            made = program + "-" + name
            subprocess.run([*compiler, "-Wall", "-Wextra", "-Werror", os.path.join(work, name), "-o", made, *flags],
                           check=True)
            printed = output(made, env=environment, cwd=work + "/context").strip()
            assert printed == "copy-source-missing" or re.fullmatch("sha256:[0-9a-f]{64}", printed), (name, printed)

        # The installed program works too, and an error is an error.
        installed = os.path.join(found(place, "ocibuild"), "ocibuild")
        assert "ocibuild" in output(installed, "version", env=environment)
        failing = subprocess.run([program, work + "/store", work, "x:1"], env=environment, stderr=subprocess.PIPE,
                                 check=False)
        assert failing.returncode == 1, failing


main()
