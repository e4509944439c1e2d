"""Two processes that ingest overlapping parts of one source at once: the same store as one, and neither is starved.

There is no store before: both find none at the same moment and make it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import select

import memproc
from faults.child import CONTEXT, Task, is_killed, started
from faults.points import Verb
from faults.stores import NewStore, check_whole, exported, filled
from memproc.store.sql import tables

BATCHES: Final = 200  # so that both are at work for long enough to be compared
OVERLAP: Final = 0.2


class Written(NamedTuple):
    """What two writers did: the records each read, and which share of its own the slower had landed when the quicker was done."""

    read: tuple[int, int]
    slower_share: float

    def __str__(self) -> str:
        """Return the figures as a line."""
        share = f"the slower had landed {self.slower_share:.0%} of its own when the other was done"
        return f"two writers read {self.read}: the same store as one; {share}"


def write_at_once(new_store: NewStore, source: Path, folder: Path) -> Written:
    """Ingest both parts at once. Raises AssertionError where the store is not that of one writer."""
    lines = source.read_bytes().splitlines(keepends=True)
    half, shared = len(lines) // 2, int(len(lines) * OVERLAP / 2)
    parts = [folder / "first.jsonl", folder / "second.jsonl"]
    parts[0].write_bytes(b"".join(lines[: half + shared]))
    parts[1].write_bytes(b"".join(lines[half - shared :]))
    url, start = new_store(), CONTEXT.Barrier(2)
    tasks = [Task(Verb.INGEST, url, str(part), max(len(lines) // BATCHES, 1), start=start) for part in parts]
    for process in [started(task) for task in tasks]:
        assert not is_killed(process)
    assert exported(url) == exported(filled(new_store(), source))
    check_whole(url)
    with memproc.open(url) as store:
        return _shares(store)


def _shares(store: memproc.Store) -> Written:
    batches = tables.batches.c
    with store._opened.database.read() as tx:  # noqa: SLF001 - times of batches are no matter of users
        rows = tx.execute(select(batches.job, batches.records, batches.committed_at)).all()
    jobs = sorted({job for job, _, _ in rows})
    ends = {job: max(at for own, _, at in rows if own == job) for job in jobs}
    slower = max(jobs, key=lambda job: ends[job])
    landed = sum(records for job, records, at in rows if job == slower and at <= min(ends.values()))
    read = {job: sum(records for own, records, _ in rows if own == job) for job in jobs}
    return Written((read[jobs[0]], read[jobs[1]]), landed / read[slower])
