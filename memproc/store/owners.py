"""Who runs a job: a process on a machine, and whether it still lives.

Facts: a process number is given again, so its start tells one process from a later one of the same number. The clock may jump, and
the start, which is told by it, with it: a live owner may then look dead. That is no harm, as the fence keeps two from writing.
"""

from __future__ import annotations

import os
import platform
from typing import NamedTuple, Self

import orjson
import psutil

ROUNDED_SECONDS = 2.0


class Owner(NamedTuple):
    """A process: the name of its machine, its number, and its start in seconds since 1970."""

    machine: str
    pid: int
    started: float

    @classmethod
    def of_this_process(cls) -> Self:
        """Return the process that runs this."""
        return cls(platform.node(), os.getpid(), psutil.Process().create_time())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return an owner as it was written."""
        return cls(*orjson.loads(text))

    def to_json(self) -> str:
        """Return the owner as it is written."""
        return orjson.dumps([*self]).decode()

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a process of this machine."""
        return self.machine == platform.node()

    @property
    def is_alive(self) -> bool:
        """Whether it lives; asked of processes of this machine only."""
        try:
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - self.started) <= ROUNDED_SECONDS
        except psutil.NoSuchProcess:
            return False
