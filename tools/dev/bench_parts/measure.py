# SPDX-License-Identifier: Apache-2.0
"""Runs a command and says what it took, with what its daemon took meanwhile."""

import contextlib
import os
import shlex
import signal
import socket
import struct
import subprocess
import tempfile
import time

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "tests", "bench")


class Failed(Exception):
    """A program could not do what it was asked, or not in time."""


class Sample:
    """wall and cpu in seconds, peak in bytes."""

    def __init__(self, wall, cpu, peak):
        self.wall, self.cpu, self.peak = wall, cpu, peak


def compiled(name, work):
    """The program of NAME.cpp of tests/bench, compiled once in a work directory."""
    source, program = os.path.join(SOURCES, name + ".cpp"), os.path.join(work, name)
    if not os.path.exists(program) or os.path.getmtime(program) < os.path.getmtime(source):
        subprocess.run([*shlex.split(os.environ.get("CXX", "c++")), "-O2", "-std=c++17", "-static", "-o", program, source],
                       check=True)
    return program


class Daemon:
    """A process that works for its clients, with all its descendants."""

    TICK = os.sysconf("SC_CLK_TCK")

    def __init__(self, pid):
        self.pid = pid

    @classmethod
    def behind(cls, path):
        """The process that listens at the socket `path`."""
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            pid, _, _ = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return cls(pid)

    def _stats(self):
        """{pid: fields of its stat line after the name} of the daemon and its descendants."""
        every = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as file:
                every[int(pid)] = file.read().rpartition(") ")[2].split()
        ours, grown = {self.pid}, True
        while grown:
            more = {pid for pid, fields in every.items() if int(fields[1]) in ours} - ours
            ours, grown = ours | more, bool(more)
        return {pid: every[pid] for pid in ours if pid in every}

    def cpu(self):
        """Seconds of processor time so far, ended children included."""
        return sum(int(ticks) for fields in self._stats().values() for ticks in fields[11:15]) / self.TICK

    def forget_peak(self):
        for pid in self._stats():
            with contextlib.suppress(OSError), open("/proc/%d/clear_refs" % pid, "w", encoding="ascii") as file:
                file.write("5")

    def peak(self):
        """Bytes: the sum of the processes' peaks since forget_peak()."""
        total = 0
        for pid in self._stats():
            with contextlib.suppress(OSError), open("/proc/%d/status" % pid, "rb") as file:
                total += sum(int(line.split()[1]) * 1024 for line in file if line.startswith(b"VmHWM:"))
        return total


def _busy():
    """Seconds so far in which processors worked or waited for a disk, all together."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _, iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + iowait + irq + softirq + steal) / Daemon.TICK


def wait_for_quiet(most):
    """Waits, at most so many seconds, until the machine does next to nothing for a fifth of one."""
    pause, end = 0.2, time.monotonic() + most
    while time.monotonic() < end:
        before = _busy()
        time.sleep(pause)
        if _busy() - before <= 0.1 * pause:
            return


class Meter:
    """Takes samples; `limit`: seconds after which a command is ended and counts as failed; `quiet`: seconds that it may
    take until what the one before left behind in the kernel or a daemon is done."""

    def __init__(self, work, limit, quiet):
        self.program, self.limit, self.quiet = compiled("measure", work), limit, quiet

    def __call__(self, command, environment=None, daemon=None):
        os.sync()  # nobody pays for what the one before left to be written
        wait_for_quiet(self.quiet)
        with tempfile.NamedTemporaryFile("r") as result, tempfile.TemporaryFile() as errors:
            if daemon:
                daemon.forget_peak()
                before = daemon.cpu()
            process = subprocess.Popen([self.program, result.name, *command], env=environment, start_new_session=True,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
            try:
                process.wait(self.limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise Failed("not done in %g s" % self.limit) from None
            words = result.read().split()
            if not words or words[3] != "0":
                errors.seek(0)
                raise Failed("%s: exit %s\n%s" % (" ".join(command), words[3] if words else process.returncode,
                                                  errors.read()[-3000:].decode(errors="replace")))
            wall, cpu, peak = int(words[0]) / 1e9, int(words[1]) / 1e6, int(words[2]) * 1024
            if daemon:
                cpu, peak = cpu + daemon.cpu() - before, peak + daemon.peak()
            return Sample(wall, cpu, peak)
