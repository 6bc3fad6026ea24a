# SPDX-License-Identifier: Apache-2.0
"""What a case directory means, shared by `run` and `regenerate`.

<case>/Dockerfile       what is built
<case>/context/         the build context as git stores it (may be absent)
<case>/setup.sh         optional; run in the staged context for what git cannot store: modes, links, odd names
<case>/args             optional; one flag of the build a line (--target=x, --build-arg=K=V)
<case>/expected.json    config and flattened root file system as the real engine made them
<case>/engine           optional; "buildkit-head" where Docker 20.10 is too old: then expected.json is that engine's
<case>/rules            the numbers of docs/reference that the case shows: "dockerfile.md 7.12 8.6"
<case>/notes.md         optional; why the case is there, or where engines are known to differ
"""

import os
import re
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))

CONFIG_FIELDS = ("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal",
                 "Healthcheck", "OnBuild", "Shell")

# Docker 20.10 and later versions write the same text for these; not for ARG, EXPOSE and HEALTHCHECK. The flags of COPY
# appear in it since later versions, so they are left out of the comparison.
COMPARED_HISTORY = ("ADD", "CMD", "COPY", "ENTRYPOINT", "ENV", "LABEL", "MAINTAINER", "SHELL", "STOPSIGNAL", "USER",
                    "VOLUME", "WORKDIR")
COPY_FLAGS = re.compile(r"^(COPY|ADD) (--parents |--(chown|chmod)=\S+ )+")


def all_cases():
    return sorted(name for name in os.listdir(HERE) if os.path.isfile(os.path.join(HERE, name, "Dockerfile")))


def engine(case):
    """What made expected.json: "docker-20.10", or a later engine that the case names."""
    path = os.path.join(HERE, case, "engine")
    if not os.path.exists(path):
        return "docker-20.10"
    with open(path, encoding="utf-8") as file:
        return file.read().strip()


def stage(case, destination, among=HERE):
    """Makes the case's context in `destination`, with the same modes under every umask."""
    source = os.path.join(among, case, "context")
    if os.path.isdir(source):
        shutil.copytree(source, destination, symlinks=True)
    else:
        os.mkdir(destination)
    for directory, _, files in os.walk(destination):
        os.chmod(directory, 0o755)
        for name in files:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                os.chmod(path, 0o755 if os.stat(path).st_mode & 0o100 else 0o644)
    setup = os.path.join(among, case, "setup.sh")
    if os.path.exists(setup):
        subprocess.run(["bash", "-euc", 'umask 022; source "$1"', "setup", setup], cwd=destination, check=True)


def dockerfile(case):
    return os.path.join(HERE, case, "Dockerfile")


def arguments(case):
    path = os.path.join(HERE, case, "args")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        return [line for line in file.read().splitlines() if line]


def facts(config, tree):
    """The part of an image on which engines must agree."""
    run = config.get("config") or {}
    texts = [COPY_FLAGS.sub(r"\1 ", entry.get("created_by", "")) for entry in config.get("history") or []]
    result = {"architecture": config["architecture"], "os": config["os"],
              "config": {field: run[field] for field in CONFIG_FIELDS if run.get(field)},
              "history": [text for text in texts if text.split(" ")[0] in COMPARED_HISTORY],
              "tree": tree}
    if config.get("author"):
        result["author"] = config["author"]
    return result
