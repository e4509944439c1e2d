"""Waiting for workers and for their end: never forever, but long enough for slow ones.

Facts: a pool may die without raising an error. If a Dask worker dies repeatedly before it has started, its nanny gives up, and the
calls sent to it stay pending forever, as they do if the scheduler is gone. Even asking such a cluster may block forever.

Rules: every `LOOK_SECONDS` the pool is asked whether it lives. A living pool is waited for, however slow. Otherwise it is given up
after the time that its kind needs to restart a worker, or longer if results took long so far. A pool that cannot be asked is given
up after a long time without a result.
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
TIMES_THE_LONGEST = 20.0  # the patience, in longest waits so far
ANSWER_SECONDS = 30.0
END_SECONDS = 10.0


class PoolDiedError(Exception):
    """A pool is gone, and its pending calls will never finish."""


class Patience:
    """How long to wait for a pool that seems dead, given how long its results took so far."""

    def __init__(self, least_seconds: float) -> None:
        self._least_seconds, self._longest_seconds = least_seconds, 0.0

    @property
    def seconds(self) -> float:
        """The current limit."""
        return max(self._least_seconds, TIMES_THE_LONGEST * self._longest_seconds)

    def wait(self, future: Future[Any], is_alive: Callable[[], bool]) -> None:
        """Wait until a call is done. Raises PoolDiedError if its pool has not lived for `seconds`."""
        began = lived = monotonic()
        while not wait([future], LOOK_SECONDS).done:
            if is_alive():
                lived = monotonic()
            elif monotonic() - lived > self.seconds:
                raise PoolDiedError(f"nothing was heard of the workers for {monotonic() - lived:.0f} seconds")
        self._longest_seconds = max(self._longest_seconds, monotonic() - began)


def answered(call: Callable[[], object], within_seconds: float = ANSWER_SECONDS) -> bool:
    """Make a call that may never return; tell whether it returned a true value in time. An exception counts as false."""
    answers: list[object] = []

    def ask() -> None:
        with suppress(Exception):
            answers.append(call())

    asking = threading.Thread(target=ask, name="memproc-ask", daemon=True)
    asking.start()
    asking.join(within_seconds)
    return bool(answers and answers[0])


def end_or_kill(call: Callable[[], object], processes: Iterable[int], within_seconds: float = END_SECONDS) -> None:
    """Make a call that ends processes and may never return; then kill those still running."""
    known = []
    for number in processes:
        with suppress(psutil.NoSuchProcess):
            known.append(psutil.Process(number))  # remembers its start time: ids are reused
    answered(call, within_seconds)
    for process in _still_running_after(known, LOOK_SECONDS):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    _still_running_after(known, within_seconds)


def _still_running_after(processes: Iterable[psutil.Process], most_seconds: float) -> list[psutil.Process]:
    """Wait until processes have ended, at most this long; return those still running. Does not reap them."""
    deadline = monotonic() + most_seconds
    while (running := [*filter(is_there, processes)]) and monotonic() < deadline:
        sleep(0.01)
    return running


def is_there(process: psutil.Process) -> bool:
    """Tell whether a process still runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
