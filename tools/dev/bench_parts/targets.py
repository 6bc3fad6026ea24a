# SPDX-License-Identifier: Apache-2.0
"""What the project promises of itself, each against what the machine can do at best."""

import statistics

#: An unchanged build may take so many times as long as a bare walk over the context.
UNCHANGED = 2.0
#: A cold build may take so many times as long as the slower of compressing and hashing alone.
COLD = 1.3


class Target:
    """`value` and `limit` in seconds; reached if value <= allowed * limit."""

    def __init__(self, name, row, value, limit, allowed):
        self.name, self.row, self.value, self.limit, self.allowed = name, row, value, limit, allowed

    def facts(self):
        return {"name": self.name, "row": self.row, "value_s": self.value, "limit_s": self.limit,
                "ratio": self.value / self.limit, "allowed": self.allowed,
                "reached": self.value <= self.allowed * self.limit}


def _wall(results, row, case, key):
    samples = results.samples.get((row, case, key))
    return statistics.median(sample.wall for sample in samples) if samples else None


def reached(workloads, results, limits):
    """`limits(workload)`: (seconds of compressing, of hashing twice) for its tar, or None if that is not known."""
    out = []
    for workload in workloads:
        ours, walk = (_wall(results, workload.name, "unchanged", key) for key in ("ocibuild", "bare-walk"))
        if workload.name == "small-files" and ours and walk:
            out.append(Target("unchanged build / bare walk that stats each file once", workload.name, ours, walk,
                              UNCHANGED))
        ours = _wall(results, workload.name, "cold", "ocibuild")
        limit = limits(workload) if ours else None
        if limit:
            out.append(Target("cold build / slower of compressing on all CPUs (%.2f s), hashing the tar twice (%.2f s)"
                              % limit, workload.name, ours, max(limit), COLD))
    return out


def table(targets):
    lines = ["| target | row | s | limit s | ratio | allowed | |", "|---|---|---:|---:|---:|---:|---|"]
    for target in targets:
        facts = target.facts()
        lines.append("| %s | %s | %.3f | %.3f | %.2f | %.1f | %s |" % (
            target.name, target.row, target.value, target.limit, facts["ratio"], target.allowed,
            "reached" if facts["reached"] else "missed"))
    return "\n".join(lines) + "\n"
