# SPDX-License-Identifier: Apache-2.0
"""What the project promises of itself, each against what the machine can do at best or against the other programs."""

import statistics

from bench_parts import report

#: An unchanged build may take so many times as long as a bare walk over the context.
UNCHANGED = 2.0
#: A cold build may take so many times as long as the slower of compressing and hashing alone.
COLD = 1.3
#: {row: {case: so many times as long as the best other program that leaves an image in the same form}}.
PEERS = {"small-files": {"cold": 1 / 10, "unchanged": 1 / 15, "changed": 1 / 40},
         "mixed": {"cold": 1 / 10, "unchanged": 1 / 15, "changed": 1 / 20},
         "binary": {"cold": 1 / 5, "unchanged": 1 / 8, "changed": 1 / 8},
         "ten-layers": {"cold": 1 / 8, "unchanged": 1 / 20, "changed": 1 / 10}}
#: Seconds of an unchanged build of the row `binary`.
AT_ONCE = 0.010
#: Bytes that a build may have resident.
PEAK = 64 << 20


class Target:
    """`value` and `limit` in `unit`; reached if value <= allowed * limit."""

    def __init__(self, name, row, value, limit, allowed, unit="s"):
        self.name, self.row, self.value, self.limit, self.allowed, self.unit = name, row, value, limit, allowed, unit

    def facts(self):
        return {"name": self.name, "row": self.row, "value": self.value, "limit": self.limit, "unit": self.unit,
                "ratio": self.value / self.limit, "allowed": self.allowed,
                "reached": self.value <= self.allowed * self.limit}


def _median(results, row, case, key, field="wall"):
    samples = results.samples.get((row, case, key))
    return statistics.median(getattr(sample, field) for sample in samples) if samples else None


def _against_limits(row, workload, results, limits):
    ours, walk = (_median(results, row, "unchanged", key) for key in ("ocibuild", "bare-walk"))
    if row == "small-files" and ours and walk:
        yield Target("unchanged build / bare walk that stats each file once", row, ours, walk, UNCHANGED)
    if row == "binary" and ours:
        yield Target("unchanged build", row, ours, AT_ONCE, 1.0)
    ours = _median(results, row, "cold", "ocibuild")
    limit = limits(workload) if ours else None
    if limit:
        yield Target("cold build / slower of compressing on all CPUs (%.2f s), hashing the tar twice (%.2f s)" % limit,
                     row, ours, max(limit), COLD)


def _against_peers(row, tools, results):
    own = next((tool for tool in tools if tool.key == "ocibuild"), None)
    for case, allowed in PEERS.get(row, {}).items():
        ours = _median(results, row, case, "ocibuild")
        best = report.best_peer(case, own, tools, lambda key, case=case: _median(results, row, case, key)) if own else None
        if ours and best:
            yield Target("%s build / best other program that leaves a compressed image" % case, row, ours, best, allowed)
    ours, theirs = (results.layers.get((row, key)) for key in ("ocibuild", "buildkit"))
    if ours and theirs:
        yield Target("compressed layers / those of BuildKit", row, ours / 1e6, theirs / 1e6, 1.0, "MB")


def _memory(row, results):
    peaks = [_median(results, row, case, "ocibuild", "peak") for case in ("cold", "unchanged", "changed")]
    if any(peaks):
        yield Target("peak resident memory of a build", row, max(filter(None, peaks)) / (1 << 20), PEAK / (1 << 20), 1.0,
                     "MiB")


def reached(workloads, tools, results, limits):
    """`limits(workload)`: (seconds of compressing, of hashing twice) for its tar, or None if that is not known."""
    return [target for workload in workloads for part in (_against_limits(workload.name, workload, results, limits),
                                                          _against_peers(workload.name, tools, results),
                                                          _memory(workload.name, results)) for target in part]


def table(targets):
    lines = ["| target | row | ours | limit | | ratio | allowed | |", "|---|---|---:|---:|---|---:|---:|---|"]
    for target in targets:
        facts = target.facts()
        lines.append("| %s | %s | %.4g | %.4g | %s | %.3f | %.3f | %s |" % (
            target.name, target.row, target.value, target.limit, target.unit, facts["ratio"], target.allowed,
            "reached" if facts["reached"] else "missed"))
    return "\n".join(lines) + "\n"
