# SPDX-License-Identifier: Apache-2.0
"""Measures every program with every workload: all of them alternately, so that a slow minute hits all."""

import collections
import contextlib
import itertools
import shutil
import sys

import registry as registries
from bench_parts import measure, programs

#: Those of `AT_REGISTRY` need a registry.
CASES = ("cold", "unchanged", "changed", "push", "push-unchanged", "imported")
AT_REGISTRY = {"push", "push-unchanged", "imported"}


def say(text):
    print("bench: " + text, file=sys.stderr, flush=True)


class Results:
    """`samples`: {(row, case, program key): [Sample]}; `layers`: {(row, program key): bytes};
    `left_out`: [(row, program key, reason)]."""

    def __init__(self):
        self.samples, self.layers, self.left_out = collections.defaultdict(list), {}, []

    def leave_out(self, row, key, reason):
        say("%s, %s: %s" % (row, key, reason))
        self.left_out.append((row, key, reason.split("\n", maxsplit=1)[0]))


class Run:
    """One run over all rows. `extra`: commands measured once a round of every row, {key: workload -> command}.
    `limits`: taken once a round of cold builds (micro.Limits)."""

    def __init__(self, work, meter, tools, cases, extra, limits):
        self.work, self.meter, self.tools, self.cases = work, meter, tools, cases
        self.extra, self.limits = extra, limits
        self.results, self.edits = Results(), itertools.count(1)

    def row(self, workload, runs):
        tools = list(self.tools)
        no_limits = contextlib.nullcontext(lambda: None)
        with self.limits.beside(workload) if "cold" in self.cases else no_limits as take_limits:
            for number in range(runs):
                say("%s, run %d of %d" % (workload.name, number + 1, runs))
                workload.settle()
                take_limits()
                self._round(tools, workload)

    def _round(self, tools, workload):
        self._each(tools, workload, self._cold)
        if "unchanged" in self.cases:
            self._each(tools, workload, self._unchanged)
            self._extra(workload)
        if "push" in self.cases or "push-unchanged" in self.cases:
            self._each(tools, workload, self._push)
        if "changed" in self.cases:
            self._each(tools, workload, self._changed)
        if "imported" in self.cases:
            self._each(tools, workload, self._imported)

    def _each(self, tools, workload, action):
        for tool in list(tools):
            try:
                action(tool, workload)
            except measure.Failed as failure:
                tools.remove(tool)
                self.results.leave_out(workload.name, tool.key, str(failure))

    def _take(self, tool, workload, case, command):
        """`case`: None for what is only run."""
        workload.read()
        sample = self.meter(command, tool.environment, tool.daemon)
        if case in self.cases:
            self.results.samples[workload.name, case, tool.key].append(sample)

    def _cold(self, tool, workload):
        tool.forget()
        self._take(tool, workload, "cold", tool.build(workload))
        size = tool.layers()
        if size is not None:
            self.results.layers[workload.name, tool.key] = size

    # Minutes of other programs lie between two commands of one, in which a kernel may take files out of memory, those
    # of the program too. What is measured is the second of two commands without such minutes between them.

    def _unchanged(self, tool, workload):
        for case in (None, "unchanged"):
            self._take(tool, workload, case, tool.build(workload))

    def _changed(self, tool, workload):
        for case in (None, "changed"):
            workload.change(next(self.edits))
            self._take(tool, workload, case, tool.build(workload))

    def _extra(self, workload):
        for key, command in self.extra.items():
            workload.read()
            self.meter(command(workload))
            self.results.samples[workload.name, "unchanged", key].append(self.meter(command(workload)))

    def _new_registry(self):
        directory = self.work + "/registry"
        shutil.rmtree(directory, ignore_errors=True)
        return registries.Registry(directory)

    def _push(self, tool, workload):
        """To a registry that has nothing, and once more."""
        with self._new_registry() as registry:
            command = tool.push(workload, registry.name)
            if command is None:
                return
            self._take(tool, workload, "push", command)
            self._take(tool, workload, "push-unchanged", command)
            self.results.layers.setdefault((workload.name, tool.key), _pushed_layers(registry))

    def _imported(self, tool, workload):
        """Where nothing is but the base image, with the cache of a build elsewhere."""
        with self._new_registry() as registry:
            command = tool.exported(workload, registry.name)
            if command is None:
                return
            programs.quietly(*command, environment=tool.environment)
            tool.forget()
            self._take(tool, workload, "imported", tool.imported(workload, registry.name))


def _pushed_layers(registry):
    """Compressed bytes of the layers of the image that `registry` was given."""
    types = ("application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json",
             "application/vnd.oci.image.index.v1+json")
    name, _, tag = programs.IMAGE.partition(":")

    def manifest(reference):
        return registry.get("/v2/%s/manifests/%s" % (name, reference), ", ".join(types))
    return programs.layers_in(manifest, programs.json.loads(manifest(tag)))


def available_registry():
    """None, or why nothing can be pushed here."""
    return None if shutil.which("docker-registry") else "docker-registry is not installed"


def make(workloads, work, scale):
    for workload in workloads:
        say("the files of %s" % workload.name)
        workload.make(work, scale)
