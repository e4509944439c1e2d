"""Several workers on one machine: as many as the queue is long, between bounds.

Facts: each worker is a process of its own, so that jobs do not share one interpreter, and a killed one takes no other down. What a
worker is told stands in no list of processes: it reads that from its standard input, which stays open while who began it lives.

Rules: there is a worker for each job that runs or is ready, at least `least` and at most `most`. One that is killed is replaced.
One too many is told to end when it has been so for a while and runs nothing. Where workers end as soon as they begin, it ends too.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import IO, NamedTuple

import orjson
from loguru import logger

from memproc.config import Settings
from memproc.errors import EngineError
from memproc.records import Memory
from memproc.service.stopping import Stop
from memproc.service.worker import Ran
from memproc.store.queue.claiming import QueueLength, is_idle, length_of
from memproc.store.store import Store, opened_by

WORKER = ("-m", "memproc.service.child")
LOOK_SECONDS = 0.2
IDLE_SECONDS = 5.0  # a worker too many is kept so long: the next job may come
AT_ONCE_SECONDS = 5.0  # who lives no longer has failed to begin
MOST_FAILURES = 3
END_SECONDS = 600.0  # that workers are waited for, which end their batches
KILLED_SECONDS = 30.0


class Bounds(NamedTuple):
    """How many workers there are at least and at most."""

    least: int
    most: int


def wanted_workers(length: QueueLength, bounds: Bounds) -> int:
    """Return how many workers a queue of some length wants.

    >>> wanted_workers(QueueLength(ready=5, running=1), Bounds(1, 4)), wanted_workers(QueueLength(0, 0), Bounds(1, 4))
    (4, 1)
    """
    return max(bounds.least, min(bounds.most, length.ready + length.running))


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    is_ending: bool = False

    def end(self) -> None:
        """Tell it to end behind its batch."""
        self.is_ending = True
        if self.process.poll() is None:
            self.process.terminate()

    def close(self) -> None:
        """Leave nothing open of one that has ended."""
        if self.process.stdin is not None:
            with suppress(BrokenPipeError):
                self.process.stdin.close()


class Supervisor:
    """The workers of one machine on a store."""

    def __init__(self, store: Store[Memory], url: str, bounds: Bounds, *, on_run: Callable[[Ran], object]) -> None:
        self._opened, self._url, self._bounds, self._on_run = opened_by(store), url, bounds, on_run
        self._settings: Settings = store.settings
        self._children: list[_Child] = []
        self._failures = 0
        self._too_many_since: float | None = None

    def work(self, stop: Stop, *, until_empty: bool = False) -> None:
        """Keep workers at work until it is told to stop, or with `until_empty` until none has anything to do.

        Raises EngineError where they cannot begin.
        """
        transactions = self._opened.transactions
        try:
            while not stop.is_wanted and not (until_empty and transactions.read(is_idle)):
                self._look_after()
                self._scale(transactions.read(length_of))
                stop.wait(LOOK_SECONDS)
        finally:
            self._end_all()

    def _look_after(self) -> None:
        """Forget those that have ended; those that were not told to have failed, or were killed."""
        for child in [child for child in self._children if child.process.poll() is not None]:
            self._children.remove(child)
            child.close()
            if child.is_ending:
                continue
            is_at_once = time.monotonic() - child.began < AT_ONCE_SECONDS
            self._failures = self._failures + 1 if is_at_once and (child.process.returncode or 0) > 0 else 0
            logger.warning("worker {} ended with {}: another one takes its place", child.process.pid, child.process.returncode)
        if self._failures >= MOST_FAILURES:
            raise EngineError(f"workers end as soon as they begin, {self._failures} times in a row: see what they say")

    def _scale(self, length: QueueLength) -> None:
        """Begin workers that are missing, and end those that are too many."""
        at_work = [child for child in self._children if not child.is_ending]
        wanted = wanted_workers(length, self._bounds)
        for _ in range(wanted - len(at_work)):
            self._children.append(self._begin())
        if len(at_work) <= wanted:
            self._too_many_since = None
            return
        now = time.monotonic()
        self._too_many_since = self._too_many_since or now
        if now - self._too_many_since >= IDLE_SECONDS:
            idle = [child for child in at_work if child.process.pid not in length.at_work]
            for child in idle[: len(at_work) - wanted]:
                child.end()

    def _begin(self) -> _Child:
        command = [sys.executable, *WORKER]
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        if process.stdin is not None and process.stdout is not None:
            with suppress(BrokenPipeError):  # it has ended already, and is told of as such
                process.stdin.write(orjson.dumps({"where": self._url, "settings": asdict(self._settings)}) + b"\n")
                process.stdin.flush()
            threading.Thread(target=self._hear, args=(process.stdout,), daemon=True).start()
        return _Child(process)

    def _hear(self, told: IO[bytes]) -> None:
        with told:
            for line in told:
                self._on_run(Ran(**orjson.loads(line)))

    def _end_all(self) -> None:
        """Tell all workers to end, wait for them, and kill those that do not come to an end."""
        for child in self._children:
            child.end()
        until = time.monotonic() + END_SECONDS
        for child in self._children:
            try:
                child.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait(KILLED_SECONDS)
            child.close()
        self._children.clear()
