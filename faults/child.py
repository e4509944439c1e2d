"""What is done to a store in a process of its own: one task, which may kill itself at a named point.

Processes are forked from a server that has imported memproc and has no threads, no connections and no locks. So a child is there
within hundredths of a second, and hundreds of kills do not wait for hundreds of imports.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import cycle
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest.mock import patch

import memproc
from faults.points import POINTS, Trap, Verb
from memproc.times import to_text

LONGEST_SECONDS: Final = 600
CONTEXT: Final = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["faults.child", "faults.warm"])


class Task(NamedTuple):
    """What to do: `path` is the source, or a file that names what to forget. It is done in batches of `batch_size`, and ended by
    SIGKILL when `point` (a place in POINTS) was met `times` times. By turns the clock is wrong by `clock_days`.
    """

    verb: Verb
    url: str
    path: str = ""
    batch_size: int = 250
    point: int | None = None
    times: int = 1
    clock_days: Sequence[int] = ()
    start: Barrier | None = None


def started(task: Task) -> ForkServerProcess:
    """Return a process that has begun with a task."""
    process = CONTEXT.Process(target=run, args=(task,))
    process.start()
    return process


def is_killed(process: ForkServerProcess, seconds: float | None = None) -> bool:
    """Wait for a process, and kill it after so many seconds where they are given; tell whether it was killed, by itself or here.

    Raises AssertionError where it failed, or where nothing ends it.
    """
    process.join(LONGEST_SECONDS if seconds is None else seconds)
    is_late = process.is_alive()
    if is_late:
        process.kill()
        process.join(LONGEST_SECONDS)
    assert not (is_late and seconds is None), f"the process did not end in {LONGEST_SECONDS} s"
    assert process.exitcode in (0, -signal.SIGKILL), f"the process failed with {process.exitcode}: see what it said above"
    return process.exitcode != 0


def run(task: Task) -> None:
    """Do a task to its end, or to its point."""
    with ExitStack() as stack:
        if task.point is not None:
            stack.enter_context(Trap(POINTS[task.point], task.times, _die).watching())
        if task.clock_days:
            stack.enter_context(wrong_clock(task.clock_days))
        if task.start is not None:
            task.start.wait(LONGEST_SECONDS)
        DEEDS[task.verb](task)


def ingest(task: Task) -> None:
    """Ingest the source, or go on with it."""
    memproc.ingest(task.path, task.url, resume=True, settings=memproc.Settings(batch_size=task.batch_size))


def replay(task: Task) -> None:
    """Replay what is in quarantine, mended where it can be."""
    with memproc.open(task.url, settings=memproc.Settings(batch_size=task.batch_size)) as store:
        store.replay(transform=mended)


def forget(task: Task) -> None:
    """Forget the memories that the file names, those that are still there."""
    with memproc.open(task.url) as store:
        for identifier in Path(task.path).read_text().split():
            if store.get(identifier) is not None:
                store.forget(identifier)


def rebuild(task: Task) -> None:
    """Compute everything again."""
    with memproc.open(task.url) as store:
        store.rebuild()


def mended(value: Any) -> Any:
    """Return a record with its importance in range, None for what cannot be mended."""
    return {**value, "importance": 0.5} if isinstance(value, dict) else None


def wrong_clock(days: Sequence[int]) -> Any:
    """Return a context in which memproc's clock is wrong by these numbers of days, by turns."""
    turns = cycle(days)
    return patch("memproc.store.sql.tx.time_now", lambda: to_text(datetime.now(UTC) + timedelta(days=next(turns))))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


DEEDS: Final[Mapping[Verb, Callable[[Task], None]]] = {
    Verb.INGEST: ingest,
    Verb.REPLAY: replay,
    Verb.FORGET: forget,
    Verb.REBUILD: rebuild,
}
