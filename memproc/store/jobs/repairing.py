"""Jobs whose rows do not fit the batches, repaired: a rebuild does it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from memproc.store.jobs.jobs import ended_as
from memproc.store.kinds import JobStatus
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

LOST = "unknown"  # the source and the format of a job whose row was lost
_COMMITTED = select(tables.batches.c.committed_at)


def end_left(tx: Tx, numbers: Iterable[int]) -> None:
    """Write that jobs whose process is gone were interrupted."""
    for number in numbers:
        tx.change_row(tables.jobs, number, ended_as(JobStatus.INTERRUPTED, tx.now))


def correct_counts(tx: Tx, counts: Mapping[int, int]) -> None:
    """Write how many batches each job has."""
    for number, count in counts.items():
        tx.change_row(tables.jobs, number, {"landed": count, "looked": count})


def put_missing(tx: Tx, missing: Mapping[int, tuple[int, int, int]]) -> None:
    """Write rows for jobs that are gone, so that their numbers are not given again: by number how many batches each has, and the
    first and the last.
    """
    for number, (count, *ends) in missing.items():
        first, last = (tx.execute(_COMMITTED.where(tables.batches.c.number == end)).scalar_one() for end in ends)
        row = (number, None, None, LOST, LOST, "{}", JobStatus.INTERRUPTED, None, None, 1, None, count, count, None, first, last)
        tx.insert_rows(tables.jobs, [row])
