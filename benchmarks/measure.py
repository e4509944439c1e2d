"""Running a command in a process of its own and measuring it from outside.

Fact: on Linux the peak of a child counts from the memory of the parent that starts it. The measuring
process therefore stays small, and keeps what a child prints undecoded until all measurements are made.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from tempfile import TemporaryFile
from time import perf_counter
from typing import Final

# The unit of ru_maxrss, see getrusage(2).
MAXRSS_BYTES: Final = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a process printed, its wall time from start to end, and its peak resident memory."""

    output: bytes
    wall_seconds: float
    peak_bytes: int


def run_python(*arguments: str) -> Measurement:
    """Run this interpreter with the arguments.

    Raises subprocess.CalledProcessError when the process fails; what it writes to stderr is shown.
    """
    command = [sys.executable, *arguments]
    started = perf_counter()
    with TemporaryFile() as printed:
        process = subprocess.Popen(command, stdout=printed)  # noqa: S603 - our own modules
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = perf_counter() - started
        printed.seek(0)
        output = printed.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Measurement(output, wall_seconds, usage.ru_maxrss * MAXRSS_BYTES)
