# SPDX-License-Identifier: Apache-2.0
"""kaniko's executor, which unpacks images over the root directory of the process: here that of a chroot of its own."""

import os
import shutil

import registry as registries
from bench_parts import programs, workloads

#: $1: the context; $2: what is kept between builds; $3: the root directory; the rest is the command. The mounts end with
#: the process. kaniko, which empties its root directory between stages, lets alone what is mounted there.
_ENTER = """set -e
mount --bind "$1" "$3/workspace"
mount -o remount,bind,ro "$3/workspace"
mount --bind "$2" "$3/kaniko/kept"
mount -t proc proc "$3/proc"
root=$3
shift 3
exec chroot "$root" "$@"
"""


class Kaniko(programs.Program):
    """With a cache of COPY in a directory. The base image comes from a registry, which is all that kaniko knows."""

    key, name, output = "kaniko", "kaniko executor --cache", "an OCI layout, gzip"

    def __init__(self, executor, base, work, stack):
        self.executor, self.base = executor, base
        self.root, self.kept = work + "/kaniko/root", work + "/kaniko/kept"
        shutil.rmtree(work + "/kaniko", ignore_errors=True)
        self.registry = stack.enter_context(registries.Registry(work + "/kaniko/registry"))
        programs.quietly("skopeo", "copy", "--insecure-policy", "--quiet", "--dest-tls-verify=false",
                         "docker-archive:" + base.archive, "docker://%s/%s" % (self.registry.name, workloads.BASE))

    def version(self):
        words = programs.quietly(self.executor, "version").split()
        return words[-1] if words else "unknown"

    def forget(self):
        shutil.rmtree(self.kept, ignore_errors=True)

    def _executor(self, workload, *arguments):
        """In a root directory as a container of kaniko's image has it, which no build before has written to."""
        shutil.rmtree(self.root, ignore_errors=True)
        for name in ("kaniko/kept", "workspace", "proc", "tmp", "etc"):
            os.makedirs(os.path.join(self.root, name))
        shutil.copy(self.executor, self.root + "/kaniko/executor")
        os.makedirs(self.kept + "/cache", exist_ok=True)
        shutil.rmtree(self.kept + "/image", ignore_errors=True)
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _ENTER, "sh", workload.directory, self.kept,
                self.root, "/kaniko/executor", "--force", "--verbosity=error", "--context=dir:///workspace",
                "--dockerfile=/workspace/Dockerfile", "--build-arg=BASE=%s/%s" % (self.registry.name, workloads.BASE),
                "--insecure-pull", "--cache", "--cache-copy-layers", "--cache-repo=oci:/kaniko/kept/cache", *arguments]

    def build(self, workload):
        return self._executor(workload, "--no-push", "--oci-layout-path=/kaniko/kept/image")

    def push(self, workload, registry):
        """There is no other push than one at the end of a build, here one of which all steps are cached."""
        return self._executor(workload, "--insecure", "--destination=%s/%s" % (registry, programs.IMAGE))

    def layers(self):
        return programs.layers_of_layout(self.kept + "/image")
