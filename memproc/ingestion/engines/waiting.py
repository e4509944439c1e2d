"""Waiting for workers, and for what ends them: never for ever, and never less than a slow one needs.

Facts: a pool may die without a word. Where a worker of Dask ends again and again before it has begun, its nanny gives up, and what
was sent to it waits for ever; so it does where a scheduler is gone. Asking such a cluster whether it lives may take for ever, too.

Rules: between looks of `LOOK_SECONDS` a pool is asked whether it lives. One that does is waited for, however slow. One that does
not is given up when it did not come back for so long: for as long as its kind needs to begin a worker anew, and longer where
results took long so far. What cannot be asked is given up after a long time without a result.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import psutil

LOOK_SECONDS = 1.0
TIMES_THE_LONGEST = 20.0  # so many times as long as the longest wait so far, at least
ANSWER_SECONDS = 30.0
END_SECONDS = 10.0


class PoolDiedError(Exception):
    """A pool is gone, and what was sent to it will never be done."""


class Patience:
    """How long a pool is waited for that does not seem to live, by how long its results took so far."""

    def __init__(self, least_seconds: float) -> None:
        """Know how long it is waited for at least."""
        self._least_seconds, self._longest_seconds = least_seconds, 0.0

    @property
    def seconds(self) -> float:
        """How long that is by now."""
        return max(self._least_seconds, TIMES_THE_LONGEST * self._longest_seconds)

    def wait(self, future: Future[Any], is_alive: Callable[[], bool]) -> None:
        """Wait until a call is done, as long as its pool lives. Raises PoolDiedError where it does not any more."""
        began = lived = monotonic()
        while not wait([future], LOOK_SECONDS).done:
            if is_alive():
                lived = monotonic()
            elif monotonic() - lived > self.seconds:
                raise PoolDiedError(f"nothing was heard of the workers for {monotonic() - lived:.0f} seconds")
        self._longest_seconds = max(self._longest_seconds, monotonic() - began)


def answered(call: Callable[[], object], within_seconds: float = ANSWER_SECONDS) -> bool:
    """Make a call that may never return; tell whether it returned in time something that is true.

    An error is an answer, too, and no.
    """
    answers: list[object] = []

    def ask() -> None:
        with suppress(Exception):
            answers.append(call())

    asking = threading.Thread(target=ask, name="memproc-ask", daemon=True)
    asking.start()
    asking.join(within_seconds)
    return bool(answers and answers[0])


def ended(call: Callable[[], object], processes: Iterable[int], within_seconds: float = END_SECONDS) -> None:
    """Make a call that ends processes, which may never return; kill those that are there all the same when it had its time."""
    known = []
    for number in processes:
        with suppress(psutil.NoSuchProcess):
            known.append(psutil.Process(number))  # with its start, as a number is given again
    answered(call, within_seconds)
    for process in _there_after(known, LOOK_SECONDS):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _there_after(known, within_seconds)


def _there_after(processes: Iterable[psutil.Process], most_seconds: float) -> list[psutil.Process]:
    """Wait until processes are gone, and return those that are not; how they ended is for others to ask."""
    deadline = monotonic() + most_seconds
    while (there := [*filter(is_there, processes)]) and monotonic() < deadline:
        sleep(0.01)
    return there


def is_there(process: psutil.Process) -> bool:
    """Tell whether a process is still at work."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
