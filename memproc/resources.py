"""The memory and cores that the machine or its cgroup allow, and what a process uses of them.

Facts: a cgroup (version 2) may be nested in others, and the lowest of their limits holds. `memory.max` is a number of bytes or
`max`, `cpu.max` a quota and a period in microseconds. The path of a process's cgroup is in /proc/self/cgroup after `0::`, as seen
from its namespace. Memory that processes share, such as pages of a forked child, is counted once for each, so the sum is rather too
high.

Nothing here raises: a limit that cannot be read is no limit, and a figure that the system does not give is None.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import psutil

MEBIBYTE = 1024 * 1024
ALLOWED_SHARE = 0.8  # of the memory that the cgroup or the machine allows, if no limit is set
CHILDREN_EVERY_SECONDS = 1.0  # finding the children of a process means looking at all processes

Told = TypeVar("Told")

_ROOT = Path("/")
_MOUNTS = ("sys/fs/cgroup", "sys/fs/cgroup/unified")  # the second where both versions are mounted


def allowed_bytes(root: Path = _ROOT) -> int:
    """Return how much memory the cgroup and the machine allow. `root` is the folder of `proc` and `sys`."""
    limits = [int(text) for text in _read(root, "memory.max") if text.strip().isdecimal()]
    return min([*limits, psutil.virtual_memory().total])


def used_share(root: Path = _ROOT) -> float:
    """Return how much of the memory that is allowed is in use, 0 to 1, by whom ever: of the cgroup and each around it, but for
    files that it may forget at once, and of the machine; the highest of these.
    """
    memory = psutil.virtual_memory()
    shares = [(memory.total - memory.available) / memory.total]
    for limit, used, stat in zip(*(_read(root, name) for name in ("memory.max", "memory.current", "memory.stat")), strict=False):
        if limit.strip().isdecimal() and used.strip().isdecimal():
            forgotten = re.search(r"^inactive_file (\d+)$", stat, re.MULTILINE)
            shares.append((int(used) - int(forgotten[1] if forgotten else 0)) / max(1, int(limit)))
    return min(1.0, max(0.0, *shares))


def allowed_cores(root: Path = _ROOT) -> int:
    """Return how many cores this process may use, 1 or more: those it is bound to, or its quota of time rounded up."""
    quotas = [ceil(quota) for text in _read(root, "cpu.max") if (quota := _cores(text)) is not None]
    return max(1, min([*quotas, _bound_cores()]))


def peak_rss_bytes() -> int:
    """Return the peak memory of this process, as far as the system reports it."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    if (peak := _high_water_mark()) is not None:
        return peak
    import resource  # noqa: PLC0415 - it is not there on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _high_water_mark() -> int | None:
    """Return what Linux calls VmHWM, the peak of this program, or None elsewhere. `getrusage` would give the peak of the process
    that started it where that was higher.
    """
    try:
        status = Path("/proc/self/status").read_bytes()
    except OSError:
        return None
    found = re.search(rb"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


class Watch:
    """Measures what this process and its children use from now on; looked at after each batch."""

    def __init__(self, limit_bytes: int | None = None) -> None:
        """Start measuring. The default limit is 80 % of what the cgroup and the machine allow."""
        self.limit_bytes = limit_bytes or int(allowed_bytes() * ALLOWED_SHARE)
        self._own = psutil.Process()
        self._children = _children(self._own)
        self._looked_for_at = perf_counter()
        self._before = _used(self._own, self._children)
        self._highest = peak_rss_bytes()
        self.peak_bytes = self.held_bytes = 0
        self.look()

    def look(self) -> int:
        """Return the peak memory since the last look, as far as the system reports it: a batch may have freed its memory by now."""
        highest = peak_rss_bytes()
        own = highest if highest > self._highest else self._own.memory_info().rss
        self._highest = highest
        if perf_counter() - self._looked_for_at > CHILDREN_EVERY_SECONDS:
            self._children, self._looked_for_at = _children(self._own), perf_counter()
        self.held_bytes = own + sum(_asked(lambda one: one.memory_info().rss, child, 0) for child in self._children)
        self.peak_bytes = max(self.peak_bytes, self.held_bytes)
        return self.held_bytes

    @property
    def share(self) -> float:
        """The memory used at the last look, as a share of the limit."""
        return self.held_bytes / self.limit_bytes

    def told(self) -> dict[str, Any]:
        """Return what was used since the start, as JSON values."""
        cpu_seconds, *bytes_since = self._before
        now, *bytes_now = _used(self._own, _children(self._own))
        read, written = (
            None if first is None or last is None else max(0, last - first)
            for first, last in zip(bytes_since, bytes_now, strict=True)
        )
        return {
            "cpu_seconds": round(max(0.0, now - cpu_seconds), 3),
            "peak_rss_mb": _mb(self.peak_bytes),
            "max_memory_mb": _mb(self.limit_bytes),
            "read_bytes": read,
            "written_bytes": written,
        }


def _used(own: psutil.Process, children: Sequence[psutil.Process]) -> tuple[float, int | None, int | None]:
    """Return what a process and its children have used so far: CPU seconds, and bytes read from and written to disk."""
    times = own.cpu_times()
    ended = times.children_user + times.children_system
    alive = sum(_asked(lambda one: sum(one.cpu_times()[:2]), child, 0.0) for child in children)
    told = [_asked(lambda one: one.io_counters(), one, None) for one in (own, *children)]
    counters = [(found.read_bytes, found.write_bytes) for found in told if found is not None]
    read, written = (sum(each) for each in zip(*counters, strict=True)) if counters else (None, None)
    return times.user + times.system + ended + alive, read, written


def _read(root: Path, name: str) -> Iterator[str]:
    """Yield the text of a file in the cgroup of this process and in each cgroup around it."""
    path = _cgroup_path(root)
    for mount in (root / mount for mount in _MOUNTS):
        inner = mount / path
        for folder in (inner, *inner.parents):
            if text := _text(folder / name):
                yield text
            if folder == mount:
                break


def _cgroup_path(root: Path) -> str:
    """Return the path of this process's cgroup below the mount, or the mount itself if it is not known."""
    for line in _text(root / "proc/self/cgroup").splitlines():
        if line.startswith("0::/") and ".." not in line:  # a path outside the namespace cannot be followed
            return line.removeprefix("0::").strip("/")
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""


def _cores(text: str) -> float | None:
    """Return how many cores the text of a `cpu.max` allows, None if it sets no limit.

    >>> _cores("150000 100000"), _cores("max 100000"), _cores("odd")
    (1.5, None, None)
    """
    match text.split():
        case [quota, period] if quota.isdecimal() and period.isdecimal() and int(period) > 0:
            return int(quota) / int(period)
        case _:
            return None


def _bound_cores() -> int:
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _children(process: psutil.Process) -> list[psutil.Process]:
    return _asked(lambda one: one.children(recursive=True), process, [])


def _asked(question: Callable[[psutil.Process], Told], process: psutil.Process, otherwise: Told) -> Told:
    """Return what the system reports of a process, or `otherwise`: the process may have ended, and neither macOS nor some
    containers report bytes read and written.
    """
    try:
        return question(process)
    except (psutil.Error, OSError, AttributeError):
        return otherwise


def _mb(size_bytes: int) -> float:
    return round(size_bytes / MEBIBYTE, 1)
