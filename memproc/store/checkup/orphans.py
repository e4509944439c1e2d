"""Rows that name what is not there: found by a check-up, and taken out by a rebuild where they can be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, ColumnElement, delete, exists, func, select

from memproc.store.jobs.jobs import FINISHED, LEASE_MICROS, sealed
from memproc.store.jobs.owners import Owner
from memproc.store.jobs.repairing import correct_counts, end_left, put_missing
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
# A decision's line may name a node that a rebuild with other settings gave another key; the others name records.
_ON_RECORDS = _ledger.kind != LedgerKind.DECISION

# The code by which rows are told that name what is not there, the column that shows which, and the condition that they meet.
ORPHANS: tuple[tuple[str, Column[Any], ColumnElement[bool]], ...] = (
    ("orphaned_memories", tables.merged.c.id, ~exists().where(_observations.memory == tables.merged.c.id)),
    ("orphaned_reviews", _reviews.number, _is_no_observation(_reviews.one) | _is_no_observation(_reviews.other)),
    ("orphaned_parts", _parts.quarantine, ~exists().where(tables.quarantine.c.number == _parts.quarantine)),
    ("quarantine_texts", _texts.quarantine, ~exists().where(tables.quarantine.c.number == _texts.quarantine)),
    ("ledger", _ledger.number, _ON_RECORDS & (_is_unknown(_ledger.subject) | _is_unknown(_ledger.other))),
)
KEPT = "ledger"  # what happened stays told
# The counters in the store's row, and the numbers that they must not be behind.
COUNTED = {"segments": tables.segments.c.number, "reviews": _reviews.number, "rejected": tables.quarantine.c.number}
_store = tables.store.c


def orphans_in(tx: Tx) -> Iterator[tuple[str, int, list[Any]]]:
    """Give for each kind of orphans that there are its code, how many, and the first few by which they can be found."""
    for code, shown, condition in ORPHANS:
        count = tx.execute(select(func.count(shown)).where(condition)).scalar_one()
        if count:
            yield code, count, [*tx.execute(select(shown).where(condition).order_by(shown).limit(5)).scalars()]


def counters_apart(tx: Tx) -> int:
    """Return by how much the counters in the store's row are apart from what they sum up to."""
    return abs(int(tx.execute(select(_store.tally - COUNTERS)).scalar_one()))


def counters_behind(tx: Tx) -> dict[str, int]:
    """Return, by counter, the largest number that was given where the counter is behind it."""
    behind = {}
    for name, number in COUNTED.items():
        counter = tx.execute(select(_store[name])).scalar_one()
        given = tx.execute(select(func.max(number))).scalar() or 0
        if given > counter:
            behind[name] = given
    return behind


def jobs_left(tx: Tx) -> list[int]:
    """Return the jobs that are marked as running though their process is gone.

    Of one on another machine only its lease could tell, and a store that is copied or restored keeps no lease.
    """
    jobs = tables.jobs.c
    running = select(jobs.number, jobs.owner).where(jobs.status == JobStatus.RUNNING).order_by(jobs.number)
    owners = [(number, Owner.from_json(text) if text else None) for number, text in tx.execute(running)]
    return [number for number, owner in owners if owner is None or (owner.is_here and not owner.is_alive)]


def jobs_missing(tx: Tx) -> dict[int, tuple[int, int, int]]:
    """Return the jobs that batches name and that are not there: how many batches each has, and the first and the last."""
    own = tables.batches.c
    counted = select(own.job, func.count(), func.min(own.number), func.max(own.number)).group_by(own.job)
    query = counted.where(~exists().where(tables.jobs.c.number == own.job)).order_by(own.job)
    return {job: (count, first, last) for job, count, first, last in tx.execute(query)}


def jobs_miscounted(tx: Tx) -> dict[int, int]:
    """Return the jobs that have other numbers of batches than they say, or looked at more, and how many they have."""
    jobs, own = tables.jobs.c, tables.batches.c
    query = (
        select(jobs.number, jobs.landed, jobs.looked, func.count(own.number))
        .join_from(tables.jobs, tables.batches, own.job == jobs.number, isouter=True)
        .group_by(jobs.number, jobs.landed, jobs.looked)
        .order_by(jobs.number)
    )
    return {job: count for job, landed, looked, count in tx.execute(query) if landed != count or not 0 <= looked <= landed}


def jobs_misplaced(tx: Tx) -> list[int]:
    """Return the jobs whose place to go on is not what was written with their last batch; one that is finished has none."""
    jobs = tables.jobs.c
    query = select(jobs.number, jobs.status, jobs.identity, jobs.landed, jobs.checkpoint).order_by(jobs.number)
    return [job.number for job in tx.execute(query) if not _is_placed(job)]


def _is_placed(job: Any) -> bool:
    if job.checkpoint is None:
        return job.status in FINISHED or job.identity is None or job.landed == 0
    return job.status not in FINISHED and job.checkpoint == sealed(job.number, job.landed, job.checkpoint.partition(" ")[2])


def jobs_misheld(tx: Tx) -> list[int]:
    """Return the jobs that are held though they have ended, or not for as long as their last batch, or their begin, held them."""
    jobs, own = tables.jobs.c, tables.batches.c
    last = select(own.job, func.max(own.committed_at).label("at")).group_by(own.job).subquery()
    query = (
        select(jobs.number, jobs.status, jobs.lease_until, func.coalesce(last.c.at, jobs.started_at).label("since"))
        .join_from(tables.jobs, last, last.c.job == jobs.number, isouter=True)
        .order_by(jobs.number)
    )
    return [job.number for job in tx.execute(query) if not _is_held_right(job)]


def _is_held_right(job: Any) -> bool:
    if job.status != JobStatus.RUNNING or job.lease_until is None:
        return job.status != JobStatus.RUNNING and job.lease_until is None
    try:
        return bool(job.lease_until >= to_micros(job.since) + LEASE_MICROS)
    except ValueError:  # that is no time
        return False


def clear_orphans(tx: Tx) -> None:
    """Delete the orphans that may go, bring the counters up to the numbers given, end the jobs that have no process, and put rows
    for jobs that are gone, so that their numbers are not given again.
    """
    for code, shown, condition in ORPHANS:
        if code != KEPT:
            tx.execute(delete(shown.table).where(condition))
    if behind := counters_behind(tx):
        tx.raise_counters(behind)
    if counters_apart(tx):
        tx.sum_counters()
    end_left(tx, jobs_left(tx))
    correct_counts(tx, jobs_miscounted(tx))
    put_missing(tx, jobs_missing(tx))
