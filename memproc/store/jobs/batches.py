"""Batches as rows: what each counted, and what was compared after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from memproc.report.figures import Pace
from memproc.report.pace import BatchRow as PaceRow
from memproc.report.pace import pace_of
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx


class BatchRow(NamedTuple):
    """What is told of a batch: a value for each column of this name."""

    number: int
    first_position: int
    records: int
    stored: int
    duplicate: int
    merged: int
    quarantined: int
    review: int
    seconds: float
    committed_at: str


_batches = tables.batches.c
_PACE = select(*(_batches[name] for name in PaceRow._fields)).order_by(_batches.number)
_OF_JOB = select(*(_batches[name] for name in BatchRow._fields))


def insert_batch(tx: Tx, row: Mapping[str, Any]) -> None:
    """Write the row of a batch that lands now."""
    tx.insert_rows(tables.batches, [{**row, "committed_at": tx.now}])


def batches_of(tx: Tx, job: int, after: int, limit: int) -> list[BatchRow]:
    """Return at most so many batches of a job, in their order, behind the one of a number."""
    rows = tx.execute(_OF_JOB.where(_batches.job == job, _batches.number > after).order_by(_batches.number).limit(limit))
    return [BatchRow(**row._asdict()) for row in rows]


def pace_of_job(tx: Tx, job: int) -> Pace:
    """Return how fast the batches of a job went; nothing is advised."""
    return pace_of((PaceRow(*row) for row in tx.execute(_PACE.where(_batches.job == job))), "")


def add_compared(tx: Tx, number: int, counts: tuple[int, int, int], seconds: float) -> None:
    """Add to a batch what was found when it was compared: reviews, candidates and pairs verified, and how long that took."""
    reviews, candidates, verified = counts
    row = {"number": number, "review": reviews, "candidates": candidates, "verified": verified, "seconds": seconds}
    tx.update_rows(tables.batches, [row], add=("review", "seconds"))
