"""Running a command in a process of its own and measuring it from outside.

Facts
-----
- On Linux the peak of a child counts from the memory of the parent that starts it. The measuring process therefore stays
  small: what a child prints goes to a file.
- `wait4` tells the peak of the largest process, not of a child and its children together. Where there are any, their memory is
  asked for five times a second, by proportional shares where the system tells them, so that pages they share count once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread, Timer
from time import perf_counter
from typing import Any, Final

import orjson
import psutil

# The unit of ru_maxrss, see getrusage(2).
MAXRSS_BYTES: Final = 1 if sys.platform == "darwin" else 1024
SAMPLE_SECONDS: Final = 0.2
LIMIT_SECONDS: Final = 6 * 3_600  # no measured process takes so long


class ChildError(Exception):
    """The process failed; the message is the last line that it wrote to standard error."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Where a process printed to, what it took from start to end, and the peak resident memory of it and its children.

    `cpu_seconds` are those of the process and of the children that it waited for.
    """

    printed: Path
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int

    def value(self) -> Any:
        """Give what it printed, as JSON."""
        return orjson.loads(self.printed.read_bytes())


def run_python(*arguments: str, to: Path) -> Measurement:
    """Run this interpreter with the arguments; it prints to a file.

    Raises ChildError when the process fails, or is killed after LIMIT_SECONDS.
    """
    errors = to.with_suffix(".stderr")
    with to.open("wb") as printed, errors.open("wb") as complained:
        started = perf_counter()
        process = subprocess.Popen([sys.executable, *arguments], stdout=printed, stderr=complained)  # noqa: S603 - our own modules
        with _ended_at_last(process.pid), _family_watched(process.pid) as sampled:
            _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        told = errors.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
        raise ChildError(f"ended with {process.returncode}: {told[-1]}")
    return Measurement(to, wall_seconds, usage.ru_utime + usage.ru_stime, max(usage.ru_maxrss * MAXRSS_BYTES, *sampled))


@contextmanager
def _ended_at_last(pid: int) -> Iterator[None]:
    """Kill a process that is not ended when its time is over."""
    timer = Timer(LIMIT_SECONDS, os.kill, (pid, signal.SIGKILL))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def _family_watched(pid: int) -> Iterator[list[int]]:
    """Give a list that holds, at the end, samples of the bytes that a process and its children held together."""
    samples = [0]
    done = Event()

    def sample() -> None:
        with suppress(psutil.Error):
            parent = psutil.Process(pid)
            while not done.wait(SAMPLE_SECONDS):
                if family := parent.children(recursive=True):
                    samples.append(sum(map(_bytes_of, (parent, *family))))

    thread = Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join(LIMIT_SECONDS)


def _bytes_of(process: psutil.Process) -> int:
    with suppress(psutil.Error):  # it may have ended meanwhile
        memory = process.memory_full_info()
        return int(getattr(memory, "pss", memory.rss))
    return 0
