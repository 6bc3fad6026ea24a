# SPDX-License-Identifier: Apache-2.0
"""The results as Markdown tables and as JSON."""

import os
import statistics


def machine(work):
    """{what: value} of where this was measured."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown CPU")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return {"cpu": model, "cpus": os.cpu_count(), "memory_gb": round(memory), "kernel": os.uname().release,
            "file_system": _file_system(work), "load": round(os.getloadavg()[0], 1)}


def _file_system(path):
    """The type of the file system that holds `path`."""
    path, best = os.path.realpath(path), ("", "unknown")
    with open("/proc/mounts", encoding="utf-8") as mounts:
        for line in mounts:
            point, kind = line.split()[1:3]
            inside = path == point or path.startswith(point.rstrip("/") + "/")
            if inside and len(point) >= len(best[0]):
                best = (point, kind)
    return best[1]


def note(facts, command, runs):
    where = "%(cpu)s, %(cpus)d CPUs, %(memory_gb)d GB, Linux %(kernel)s, %(file_system)s; load before: %(load).1f"
    return where % facts + "; medians of %d run%s of\n`%s`" % (runs, "s" * (runs != 1), command)


def _median(samples, field):
    return statistics.median(getattr(sample, field) for sample in samples)


def _seconds(value):
    return "%.3f" % value if value < 1 else "%.2f" % value if value < 100 else "%.0f" % value


def best_peer(case, tool, tools, wall):
    """The least `wall(key)` among other makers' programs that do the same as `tool` in that case, None if none does."""
    same = [peer.key for peer in tools if not peer.key.startswith("ocibuild")
            and ("push" in case or peer.compressed == tool.compressed)]
    return min((seconds for seconds in map(wall, same) if seconds is not None), default=None)


def row_table(workload, scale, tools, cases, results):
    """One table: a line for each case and program. The last column is the time over the best other program's; builds
    are compared with those that leave layers in the same form, compressed or not."""
    scaled = " (times %g)" % scale if scale != 1 else ""
    lines = ["### %s: %s%s" % (workload.name, workload.title, scaled), "",
             "| case | program | wall s | CPU s | peak MB | layers MB | wall / best peer |",
             "|---|---|---:|---:|---:|---:|---:|"]
    for case in cases:
        taken = {tool.key: results.samples[workload.name, case, tool.key] for tool in tools
                 if results.samples.get((workload.name, case, tool.key))}
        for tool in tools:
            samples = taken.get(tool.key)
            if not samples:
                continue
            best = best_peer(case, tool, tools, lambda key: _median(taken[key], "wall") if key in taken else None)
            wall, size = _median(samples, "wall"), results.layers.get((workload.name, tool.key))
            lines.append("| %s | %s | %s | %s | %.0f | %s | %s |" % (
                case, tool.name, _seconds(wall), _seconds(_median(samples, "cpu")), _median(samples, "peak") / 1e6,
                "%.1f" % (size / 1e6) if size is not None else "", "%.3f" % (wall / best) if best else ""))
    for row, key, reason in results.left_out:
        if row == workload.name:
            lines += ["", "Left out from where it failed: %s (%s)." % (key, reason)]
    return "\n".join(lines) + "\n"


def tools_table(tools):
    lines = ["| program | a build leaves | version |", "|---|---|---|"]
    return "\n".join(lines + ["| %s | %s | %s |" % (tool.name, tool.output, tool.version()) for tool in tools]) + "\n"


def document(tools, cases, results, targets):
    """What --json writes besides where and how."""
    names = {tool.key: tool for tool in tools}
    return {
        "programs": {tool.key: {"name": tool.name, "output": tool.output, "version": tool.version()} for tool in tools},
        "results": [{"row": row, "case": case, "program": key, "wall_s": [sample.wall for sample in samples],
                     "cpu_s": [sample.cpu for sample in samples], "peak_bytes": [sample.peak for sample in samples],
                     "layers_bytes": results.layers.get((row, key))}
                    for (row, case, key), samples in results.samples.items() if key in names and case in cases],
        "left_out": [{"row": row, "program": key, "reason": reason} for row, key, reason in results.left_out],
        "targets": [target.facts() for target in targets]}
