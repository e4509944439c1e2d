"""What is told of jobs to those who asked to be: counts, numbers and states, and nothing of what records or sources say.

Rules: it is written in the transaction of what it tells. Where nobody asked for it, nothing is read or written for it but whether
there is somebody. Records added one by one are no job of this kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Self

import orjson
from sqlalchemy import bindparam, exists, func, select

from memproc.records import Outcome
from memproc.store.jobs.course import Course
from memproc.store.kinds import JobStatus
from memproc.store.outbox.kinds import EventType
from memproc.store.outbox.telling import Told, Wanted, wanted, write_event
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros, to_micros

ADDED = "add"  # the source of the job that single records belong to
PROGRESS_EVERY_MICROS = 1_000_000
MICROS = 1_000_000

ENDED: Mapping[str, EventType] = MappingProxyType(
    {
        JobStatus.DONE: EventType.COMPLETED,
        JobStatus.PAUSED: EventType.PAUSED,
        JobStatus.CANCELLED: EventType.CANCELLED,
        JobStatus.SKIPPED: EventType.CANCELLED,
        JobStatus.HELD: EventType.PAUSED,
        **dict.fromkeys((JobStatus.FAILED, JobStatus.STOPPED, JobStatus.INTERRUPTED), EventType.FAILED),
    }
)
_jobs, _batches = tables.jobs.c, tables.batches.c
_JOB = select(
    *(_jobs[name] for name in ("identity", "source", "format", "status", "fence", "checkpoint", "started_at", "finished_at"))
).where(_jobs.number == bindparam("job"))
_queue = tables.queue.c
_STATUSES = select(_jobs.number, _jobs.status, exists().where(_queue.number == _jobs.number).label("is_queued"))
_QUEUED = select(_queue.name, _queue.schedule).where(_queue.number == bindparam("job"))
_COUNTED = select(
    func.count().label("batches"),
    func.sum(_batches.records).label("read"),
    *(func.sum(_batches[outcome.value]).label(outcome.value) for outcome in Outcome),
).where(_batches.job == bindparam("job"))


def tell_of_job(tx: Tx, job: int, what: EventType, endpoints: Wanted | None = None, **more: Any) -> None:
    """Write an event on a job as it stands, if anybody wants it; `endpoints` are who wants what, if that is known already."""
    to = (wanted(tx) if endpoints is None else endpoints).get(what, ())
    if to and (data := _data_of(tx, job)) is not None:
        write_event(tx, Told(job, what, {**data, **more}), to)


class Ending(NamedTuple):
    """What is to be told of jobs that end: asked for before that is written, as an end that was told already is no news."""

    jobs: Sequence[int]
    status: str
    endpoints: Wanted
    failing: tuple[int, int] | None  # the first position and the records of a batch that could not be written

    @classmethod
    def of(cls, tx: Tx, jobs: Sequence[int], status: str, failing: tuple[int, int] | None = None) -> Self:
        """Return what is to be told of jobs that are about to end so. That a run of a queued job was interrupted is no end of it:
        it goes on by itself.
        """
        if not jobs or not (endpoints := wanted(tx)):
            return cls((), status, {}, None)
        known = tx.execute(_STATUSES.where(_jobs.number.in_([*jobs]))).all()
        is_cut_off = status == JobStatus.INTERRUPTED
        news = [row.number for row in known if row.status != status and not (is_cut_off and row.is_queued)]
        return cls(news, status, endpoints, failing if status == JobStatus.FAILED else None)

    def tell(self, tx: Tx) -> None:
        """Tell it, now that it is written."""
        for job in self.jobs:
            if self.failing is not None:
                first, records = self.failing
                of_batch = {"task": None, "first_position": first, "records": records}
                for what in (EventType.TASK_STARTED, EventType.TASK_FAILED):
                    write_event(tx, Told(job, what, of_batch), self.endpoints.get(what, ()))
            tell_of_job(tx, job, ENDED[self.status], self.endpoints)


def tell_landed(tx: Tx, row: Mapping[str, Any], told_micros: int) -> int:
    """Tell of a batch that lands, given as its row, and once a second of how far its job is; return when that was told last."""
    if not (endpoints := wanted(tx)):
        return told_micros
    job, now = int(row["job"]), to_micros(tx.now)
    begun = {"task": row["number"], "first_position": row["first_position"], "records": row["records"]}
    began_at = from_micros(now - int(row["seconds"] * MICROS))
    write_event(tx, Told(job, EventType.TASK_STARTED, {**begun, "began_at": began_at}), endpoints.get(EventType.TASK_STARTED, ()))
    counts = {outcome.value: row[outcome.value] for outcome in Outcome}
    done = {**begun, **counts, "errors": orjson.loads(row["errors"]), "began_at": began_at, "seconds": round(row["seconds"], 6)}
    write_event(tx, Told(job, EventType.TASK_COMPLETED, done), endpoints.get(EventType.TASK_COMPLETED, ()))
    if now - told_micros < PROGRESS_EVERY_MICROS or EventType.PROGRESS not in endpoints:
        return told_micros
    tell_of_job(tx, job, EventType.PROGRESS, endpoints)
    return now


def _data_of(tx: Tx, job: int) -> dict[str, Any] | None:
    """Return what is told of a job, None for one of single records."""
    row = tx.run(_JOB, job=job).one()
    if row.source == ADDED and row.identity is None:
        return None
    course = Course.in_checkpoint(row.checkpoint)
    left = None if course is None or row.status != JobStatus.RUNNING else course.left
    counts, queued = tx.run(_COUNTED, job=job).one(), tx.run(_QUEUED, job=job).first()
    return {
        "name": (queued.name or None) if queued else None,
        "schedule": queued.schedule if queued else None,
        "status": row.status,
        "run": row.fence,
        "format": row.format,
        "began_at": row.started_at,
        "ended_at": row.finished_at,
        "share": None if course is None else course.share,
        "seconds_left": None if left is None else [round(left.low, 3), round(left.high, 3)],
        **{name: int(count or 0) for name, count in counts._asdict().items()},
    }
