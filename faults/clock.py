"""A clock that jumps: back by a year and on by ten between any two looks at it, under kills; and a live process that looks dead.

The start of a process is told by the clock too. So after a jump the owner of a job may look dead while it lives, and another takes
its job over. The first must then be refused, or both would land the same records.
"""

from __future__ import annotations

import os
import random
import signal
from multiprocessing.synchronize import Event
from pathlib import Path
from time import sleep
from typing import Final
from unittest.mock import patch

import psutil

import memproc
from faults.child import CONTEXT, Task, is_killed, started
from faults.points import POINTS, Verb
from faults.stores import NewStore, check_whole, exported, filled

BATCHES: Final = 40
JUMPS_DAYS: Final = ((-365, 0, 3_650), (3_650, -365), (0, -1, 0, 1), (-20_000, 0))
_STRUCK: Final = [
    place
    for place, point in enumerate(POINTS)
    if point.verb is Verb.INGEST and point.name in ("after COMMIT", "checkpoint", "behind the lock")
]
TAKEN_OVER: Final = 3
LIMIT_SECONDS: Final = 60


def jump(new_store: NewStore, source: Path, records: int, kills: int, seed: int) -> int:
    """Ingest under a clock that jumps; return the kills. Raises AssertionError where something is lost, or stands there twice."""
    chance = random.Random(seed)
    expected = exported(filled(new_store(), source))
    url, killed = new_store(), 0
    size = max(records // BATCHES, 1)
    for number in range(kills):
        days = JUMPS_DAYS[number % len(JUMPS_DAYS)]
        task = Task(Verb.INGEST, url, str(source), size, chance.choice(_STRUCK), chance.randint(1, 6), days)
        killed += is_killed(started(task))
    assert not is_killed(started(Task(Verb.INGEST, url, str(source), size, clock_days=JUMPS_DAYS[0])))
    _check(url, records, expected)
    _take_over_from_the_living(new_store(), source, records, expected)
    return killed


def slow(task: Task, has_landed: Event) -> None:
    """Ingest, and say when something has landed; then wait for the other before each batch. End with 3 when refused."""

    def landed(event: memproc.Event) -> None:
        if isinstance(event, memproc.BatchLanded):
            has_landed.set()
            sleep(0.2)

    try:
        memproc.ingest(task.path, task.url, settings=memproc.Settings(batch_size=task.batch_size), on_event=landed)
    except memproc.StoreError as error:
        assert "was taken over by another process" in str(error), error
        os._exit(TAKEN_OVER)


def _take_over_from_the_living(url: str, source: Path, records: int, expected: bytes) -> None:
    """Stop a process in the middle, take its job over under a clock that went on, and let it go on: it is refused."""
    has_landed = CONTEXT.Event()
    task = Task(Verb.INGEST, url, str(source), max(records // BATCHES, 1))
    process = CONTEXT.Process(target=slow, args=(task, has_landed))
    process.start()
    assert has_landed.wait(LIMIT_SECONDS)
    sleep(0.1)  # it has committed, and sleeps: stopped now, it holds no lock
    os.kill(process.pid or 0, signal.SIGSTOP)
    begun = psutil.Process.create_time
    try:
        with patch("psutil.Process.create_time", lambda own: begun(own) + 3_600):
            report = memproc.ingest(source, url, resume=True, settings=memproc.Settings(batch_size=task.batch_size))
    finally:
        os.kill(process.pid or 0, signal.SIGCONT)
    process.join(LIMIT_SECONDS)
    assert process.exitcode == TAKEN_OVER, process.exitcode
    assert report.read == records, report
    _check(url, records, expected)


def _check(url: str, records: int, expected: bytes) -> None:
    with memproc.open(url) as store:
        (job,) = store.jobs()
        assert (job.status, job.read) == ("done", records), job
    assert exported(url) == expected
    check_whole(url)
