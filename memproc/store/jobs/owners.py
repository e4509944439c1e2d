"""Who runs a job: a run of a process on a machine, and whether it still goes on.

Facts: a process number is given again, so its start tells one process from a later one of the same number. The clock may jump, and
the start, which is told by it, with it: a live owner may then look dead. That is no harm, as the fence keeps two from writing. A
process may live on after a run that could not write how it ended, so it knows its runs by marks of their own.
"""

from __future__ import annotations

import os
import platform
from typing import NamedTuple, Self
from uuid import uuid4

import orjson
import psutil

ROUNDED_SECONDS = 2.0

_going_on: set[str] = set()  # the runs of this process
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_going_on.clear)


class Owner(NamedTuple):
    """A run of a process: the name of its machine, its number, its start in seconds since 1970, and the mark of the run."""

    machine: str
    pid: int
    started: float
    run: str = ""

    @classmethod
    def of_this_process(cls) -> Self:
        """Return the process that runs this, without a run."""
        return cls(platform.node(), os.getpid(), psutil.Process().create_time())

    @classmethod
    def of_new_run(cls) -> Self:
        """Return a run that begins in this process, and goes on until `end`."""
        owner = cls.of_this_process()._replace(run=uuid4().hex)
        _going_on.add(owner.run)
        return owner

    def end(self) -> None:
        """Note that the run is over, whatever its job says of it."""
        _going_on.discard(self.run)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return an owner as it was written."""
        return cls(*orjson.loads(text))

    def to_json(self) -> str:
        """Return the owner as it is written."""
        return orjson.dumps([*self]).decode()

    @property
    def is_this_process(self) -> bool:
        """Whether it is a run of the process that asks, and not of one that this was forked from."""
        return self.pid == os.getpid()

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, a process of this machine."""
        return self.machine == platform.node()

    @property
    def is_alive(self) -> bool:
        """Whether it goes on, as far as can be told; asked of processes of this machine only."""
        if self.pid == os.getpid():
            return self.run in _going_on
        try:
            process = psutil.Process(self.pid)
            return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - self.started) <= ROUNDED_SECONDS
        except psutil.NoSuchProcess:
            return False
