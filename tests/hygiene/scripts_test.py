#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""There is one list of Debian packages, without duplicates, and every script starts as it must."""

import os
import subprocess
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def repository_files():
    done = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"],
                          stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:  # an unpacked release has no .git
        print("skipped: not a git work tree")
        sys.exit(77)
    return [path for path in done.stdout.splitlines() if os.path.isfile(os.path.join(ROOT, path))]


def main():
    problems = []
    listed = subprocess.run([ROOT + "/tools/dev/packages", "--list"], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.split()
    problems += ["tools/dev/packages lists %s twice" % name for name in sorted(set(listed)) if listed.count(name) > 1]
    for path in repository_files():
        with open(os.path.join(ROOT, path), "rb") as file:
            text = file.read()
        # In two words, so that this file is not found.
        if path != "tools/dev/packages" and b"apt-get " + b"install" in text:
            problems.append("%s installs packages; tools/dev/packages is the one place" % path)
        if text.startswith(b"#!"):
            if b"SPDX-License-Identifier: Apache-2.0" not in text[:200]:
                problems.append("%s: no SPDX line" % path)
            if b"bash" in text.split(b"\n")[0] and b"\nset -euo pipefail\n" not in text:
                problems.append("%s: no set -euo pipefail" % path)
            if not os.access(os.path.join(ROOT, path), os.X_OK):
                problems.append("%s: not executable" % path)
    sys.exit("\n".join(problems) or 0)


main()
