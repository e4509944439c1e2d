"""Which rows a report is of: those of one job, or all."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Column, ColumnElement, func, select, true

from memproc.errors import NotFoundError
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_batches = tables.batches.c


class Scope(NamedTuple):
    """A job with its first and last batch (0 if it has none), and whether no other job has a batch between these; or no job."""

    job: int | None = None
    first: int = 0
    last: int = 0
    is_compact: bool = False

    def has(self, batch: Column[int]) -> ColumnElement[bool]:
        """Tell whether a row is of the job, by the batch that it names; of all, each is."""
        if self.job is None:
            return true()
        if self.is_compact:
            return batch.between(self.first, self.last)
        return batch.in_(select(_batches.number).where(_batches.job == self.job))


def scope_of(tx: Tx, job: int | None) -> Scope:
    """Return the rows of a job, or of all. Raises NotFoundError if there is no such job."""
    if job is None:
        return Scope()
    if tx.execute(select(tables.jobs.c.number).where(tables.jobs.c.number == job)).first() is None:
        raise NotFoundError(f"no job {job}")
    ends = select(func.coalesce(func.min(_batches.number), 0), func.coalesce(func.max(_batches.number), 0), func.count())
    first, last, count = tx.execute(ends.where(_batches.job == job)).one()
    return Scope(job, first, last, is_compact=last - first + 1 == count)
