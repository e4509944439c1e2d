"""Rows that refer to something missing: a check-up finds them, and a rebuild deletes them if possible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, delete, exists, func, select

from memproc.store.jobs.jobs import FINISHED, LEASE_MICROS, end, sealed
from memproc.store.jobs.owners import Owner
from memproc.store.jobs.repairing import correct_counts, put_missing
from memproc.store.kinds import JobStatus, LedgerKind
from memproc.store.sql import tables
from memproc.store.sql.tx import COUNTERS, Tx
from memproc.times import to_micros

_observations = tables.observations.c
_forgotten = tables.forgotten.c


def _is_no_observation(key: ColumnElement[bytes]) -> ColumnElement[bool]:
    return ~exists().where(_observations.key == key)


def _is_unknown(key: ColumnElement[bytes]) -> ColumnElement[bool]:
    is_elsewhere = exists().where(_forgotten.key == key) | exists().where(tables.quarantine.c.key == key)
    return key.is_not(None) & _is_no_observation(key) & ~is_elsewhere


_reviews, _ledger, _parts, _texts = tables.reviews.c, tables.ledger.c, tables.quarantine_parts.c, tables.quarantine_texts.c
# Lines on decisions may name nodes whose keys a rebuild with other settings changed; all others name records.
_ON_RECORDS = _ledger.kind != LedgerKind.DECISION

# The code of the finding, the column that identifies the rows, and the condition for orphans.
ORPHANS: tuple[tuple[str, Column[Any], ColumnElement[bool]], ...] = (
    ("orphaned_memories", tables.merged.c.id, ~exists().where(_observations.memory == tables.merged.c.id)),
    ("orphaned_reviews", _reviews.number, _is_no_observation(_reviews.one) | _is_no_observation(_reviews.other)),
    ("orphaned_parts", _parts.quarantine, ~exists().where(tables.quarantine.c.number == _parts.quarantine)),
    ("quarantine_texts", _texts.quarantine, ~exists().where(tables.quarantine.c.number == _texts.quarantine)),
    ("ledger", _ledger.number, _ON_RECORDS & (_is_unknown(_ledger.subject) | _is_unknown(_ledger.other))),
)
NEVER_DELETED = "ledger"
# The counters in the store's row, and the columns whose numbers they must not be behind.
NUMBERED_BY = {"segments": tables.segments.c.number, "reviews": _reviews.number, "rejected": tables.quarantine.c.number}
_store = tables.store.c


def orphans_in(tx: Tx) -> Iterator[tuple[str, int, list[Any]]]:
    """Yield each code with orphans, their number, and the first few identifiers."""
    for code, shown, condition in ORPHANS:
        count = tx.execute(select(func.count(shown)).where(condition)).scalar_one()
        if count:
            yield code, count, [*tx.execute(select(shown).where(condition).order_by(shown).limit(5)).scalars()]


def counters_apart(tx: Tx) -> int:
    """Return by how much the sum of the counters in the store's row is wrong."""
    return abs(int(tx.execute(select(_store.tally - COUNTERS)).scalar_one()))


def counters_behind(tx: Tx) -> dict[str, int]:
    """Return the counters that are behind, each with the largest number in use."""
    behind = {}
    for name, number in NUMBERED_BY.items():
        counter = tx.execute(select(_store[name])).scalar_one()
        largest = tx.execute(select(func.max(number))).scalar() or 0
        if largest > counter:
            behind[name] = largest
    return behind


def jobs_left(tx: Tx) -> list[int]:
    """Return the jobs that are marked as running although their process has ended.

    Jobs of other machines are left out: only a lease could tell, and a copied or restored store keeps none.
    """
    jobs = tables.jobs.c
    running = select(jobs.number, jobs.owner).where(jobs.status == JobStatus.RUNNING).order_by(jobs.number)
    owners = [(number, Owner.from_json(text) if text else None) for number, text in tx.execute(running)]
    return [number for number, owner in owners if owner is None or (owner.is_here and not owner.is_alive)]


def jobs_missing(tx: Tx) -> dict[int, tuple[int, int, int]]:
    """Return the missing jobs that batches name, each with the number of batches, the first and the last."""
    batches = tables.batches.c
    counts = (func.count().label("batches"), func.min(batches.number).label("first"), func.max(batches.number).label("last"))
    query = select(batches.job, *counts).where(~exists().where(tables.jobs.c.number == batches.job))
    rows = tx.execute(query.group_by(batches.job).order_by(batches.job))
    return {row.job: (row.batches, row.first, row.last) for row in rows}


def jobs_miscounted(tx: Tx) -> dict[int, int]:
    """Return the jobs whose counts of landed or reviewed batches are wrong, with the true number of batches."""
    jobs, batches = tables.jobs.c, tables.batches.c
    query = (
        select(jobs.number, jobs.landed, jobs.looked, func.count(batches.number).label("batches"))
        .join_from(tables.jobs, tables.batches, batches.job == jobs.number, isouter=True)
        .group_by(jobs.number, jobs.landed, jobs.looked)
        .order_by(jobs.number)
    )
    rows = tx.execute(query)
    return {row.number: row.batches for row in rows if row.landed != row.batches or not 0 <= row.looked <= row.landed}


def jobs_misplaced(tx: Tx) -> list[int]:
    """Return the jobs whose checkpoint is not that of their last batch; a finished job has one only if others follow it."""
    jobs = tables.jobs.c
    query = select(jobs.number, jobs.status, jobs.identity, jobs.landed, jobs.checkpoint).order_by(jobs.number)
    return [job.number for job in tx.execute(query) if not _has_valid_checkpoint(job)]


def _has_valid_checkpoint(job: Any) -> bool:
    if job.checkpoint is None:
        return job.status in FINISHED or job.identity is None or job.landed == 0
    is_sealed = job.checkpoint == sealed(job.number, job.landed, job.checkpoint.partition(" ")[2])
    return bool(is_sealed) and job.status != JobStatus.CANCELLED


def jobs_misheld(tx: Tx) -> list[int]:
    """Return the ended jobs with a lease, and the jobs whose lease is shorter than their last batch, or start, set it."""
    jobs, batches = tables.jobs.c, tables.batches.c
    last = select(batches.job, func.max(batches.committed_at).label("at")).group_by(batches.job).subquery()
    query = (
        select(jobs.number, jobs.status, jobs.lease_until, func.coalesce(last.c.at, jobs.started_at).label("since"))
        .join_from(tables.jobs, last, last.c.job == jobs.number, isouter=True)
        .order_by(jobs.number)
    )
    return [job.number for job in tx.execute(query) if not _has_valid_lease(job)]


def _has_valid_lease(job: Any) -> bool:
    if job.status != JobStatus.RUNNING or job.lease_until is None:
        return job.status != JobStatus.RUNNING and job.lease_until is None
    try:
        return bool(job.lease_until >= to_micros(job.since) + LEASE_MICROS)
    except ValueError:  # not a time
        return False


def clear_orphans(tx: Tx) -> None:
    """Delete orphans, raise counters that are behind, end jobs without a process, and add rows for missing jobs, so that no number
    is used again.
    """
    for code, shown, condition in ORPHANS:
        if code != NEVER_DELETED:
            tx.execute(delete(shown.table).where(condition))
    if behind := counters_behind(tx):
        tx.raise_counters(behind)
    if counters_apart(tx):
        tx.sum_counters()
    end(tx, jobs_left(tx), JobStatus.INTERRUPTED)
    correct_counts(tx, jobs_miscounted(tx))
    put_missing(tx, jobs_missing(tx))
