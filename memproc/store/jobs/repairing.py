"""Jobs whose rows do not fit the batches, repaired: a rebuild does it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from memproc.store.kinds import JobStatus
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

LOST = "unknown"  # the source and the format of a job whose row was lost
_COMMITTED = select(tables.batches.c.committed_at)


def correct_counts(tx: Tx, counts: Mapping[int, int]) -> None:
    """Write how many batches each job has."""
    tx.update_rows(tables.jobs, [{"number": number, "landed": count, "looked": count} for number, count in counts.items()])


def put_missing(tx: Tx, missing: Mapping[int, tuple[int, int, int]]) -> None:
    """Write rows for jobs that are gone, so that their numbers are not given again: by number how many batches each has, and the
    first and the last.
    """
    unknown = {"source": LOST, "format": LOST, "settings": "{}", "status": JobStatus.INTERRUPTED, "fence": 1}
    for number, (count, *ends) in missing.items():
        first, last = (tx.execute(_COMMITTED.where(tables.batches.c.number == end)).scalar_one() for end in ends)
        row = {"number": number, **unknown, "landed": count, "looked": count, "started_at": first, "finished_at": last}
        tx.insert_rows(tables.jobs, [row])
