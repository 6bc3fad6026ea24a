#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tools/dev/module-deps accepts this repository and refuses each kind of include that it is there to refuse."""

import os
import subprocess
import sys
import tempfile

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
TABLE = """# The map

## Who may include whom

| module | may include |
|---|---|
| support | |
| oci | support |
| compress | support |
| tar | oci support |
"""

ALLOWED = {
    "lib/tar/a.cpp": '"tar/a.hpp" "oci/b.hpp" "support/c.hpp" <ocibuild/error.hpp> <archive.h> <vector> <sys/stat.h>',
    "lib/oci/a_json.cpp": "<nlohmann/json.hpp>",
    "lib/oci/hasher.cpp": "<openssl/evp.h>",
    "lib/support/json.hpp": "<nlohmann/json_fwd.hpp>",
    "lib/compress/a.cpp": "<zlib.h> <libdeflate.h> <zstd.h>",
    "lib/include/ocibuild/a.hpp": "<string> <ocibuild/error.hpp>",
    "tools/ocibuild/main.cpp": '<ocibuild/ocibuild.hpp> "console.hpp" <unistd.h>',
    "tools/ocibuild/file_toml.cpp": "<toml++/toml.h>",
    "tools/ocibuild/list_json.cpp": "<nlohmann/json.hpp>",
}

REFUSED = {
    "lib/oci/up.cpp": '"tar/a.hpp"',
    "lib/oci/relative.cpp": '"hasher.hpp"',
    "lib/oci/quoted.cpp": '"ocibuild/error.hpp"',
    "lib/oci/archive.cpp": "<archive.h>",
    "lib/oci/archive_entry.cpp": "<archive_entry.h>",
    "lib/oci/json.cpp": "<nlohmann/json.hpp>",
    "lib/support/json.hpp": "<nlohmann/json.hpp>",
    "lib/tar/openssl.cpp": "<openssl/evp.h>",
    "lib/tar/zlib.cpp": "<zlib.h>",
    "lib/oci/a_toml.cpp": "<toml++/toml.h>",
    "tools/ocibuild/toml.cpp": "<toml++/toml.h>",
    "lib/tar/unknown.cpp": "<some/library.hpp>",
    "lib/tar/process.cpp": "<boost/process/v2.hpp>",
    "lib/include/ocibuild/system.hpp": "<unistd.h>",
    "lib/include/ocibuild/private.hpp": '"support/text.hpp"',
    "lib/unlisted/a.cpp": "<vector>",
    "tools/ocibuild/private.cpp": '"support/text.hpp"',
    "tools/ocibuild/curl.cpp": "<curl/curl.h>",
    "examples/private.cpp": '"oci/digest.hpp"',
}


def verdict(root):
    return subprocess.run([os.path.join(ROOT, "tools", "dev", "module-deps"), root], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def tree(root, files, table=TABLE):
    for top in ("lib/support", "tools", "examples"):
        os.makedirs(os.path.join(root, top), exist_ok=True)
    with open(os.path.join(root, "lib/README.md"), "w", encoding="ascii") as file:
        file.write(table)
    for path, includes in files.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="ascii") as file:
            file.write("// a comment\n" + "".join("#include %s\n" % word for word in includes.split()))


def main():
    problems = []

    def check(name, files, accepted, table=TABLE):
        with tempfile.TemporaryDirectory() as root:
            tree(root, files, table)
            done = verdict(root)
            if (done.returncode == 0) != accepted:
                problems.append("%s: %s\n%s" % (name, "refused" if accepted else "accepted", done.stdout))

    check("what is allowed", ALLOWED, True)
    for path, includes in REFUSED.items():
        check("%s with %s" % (path, includes), {path: includes}, False)
    check("a circle in the table", {}, False, TABLE.replace("| support | |", "| support | tar |"))
    check("no table", {}, False, "# The map\n")
    own = verdict(ROOT)
    if own.returncode != 0:
        problems.append("this repository:\n" + own.stdout)
    sys.exit("\n".join(problems) or 0)


main()
