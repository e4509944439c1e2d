"""What people are told of the queue."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from memproc.store.kinds import QueueState
from memproc.store.queue.rows import QueueRow, needs_of, row_of, rows_where
from memproc.store.queue.submitting import PRIORITIES
from memproc.store.queue.workers import workers_seen
from memproc.store.queued import JobAttempt, JobChange, JobHistory, QueuedJob, QueueStats, TenantUse
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros, to_micros

MICROS = 1_000_000
_queue, _attempts, _changes = tables.queue.c, tables.queue_attempts.c, tables.queue_changes.c
_WAITS_FOR = {QueueState.BLOCKED: "jobs", QueueState.LATER: "time", QueueState.READY: "a worker"}


def listed(tx: Tx, state: str | None = None) -> list[QueuedJob]:
    """Return the jobs of the queue, the oldest first; with a `state` those in it."""
    states = [int(one) for one in QueueState if state in (None, one.told)]
    return _told(tx, rows_where(tx, _queue.state.in_(states)))


def told_of(tx: Tx, row: QueueRow) -> QueuedJob:
    """Return a job of the queue as people are told of it."""
    (told,) = _told(tx, [row])
    return told


def history_of(tx: Tx, number: int) -> JobHistory:
    """Return a job with its attempts and changes. Raises NotFoundError."""
    row = row_of(tx, number)
    own: Select[Any] = select(tables.queue_attempts).where(_attempts.job == number).order_by(_attempts.number)
    attempts = tuple(
        JobAttempt(
            number,
            one.attempt,
            one.worker,
            from_micros(one.began),
            _moment(one.ended),
            one.outcome,
            one.cpu_seconds,
            one.peak_bytes,
        )
        for one in tx.execute(own)
    )
    lines: Select[Any] = select(tables.queue_changes).where(_changes.job == number).order_by(_changes.number)
    changes = tuple(
        JobChange(number, one.made_at, one.made_by, _name_of(one.was), QueueState(one.became).told, one.why)
        for one in tx.execute(lines)
    )
    return JobHistory(told_of(tx, row), attempts, changes)


def stats_of(tx: Tx) -> QueueStats:
    """Return the queue in figures."""
    states: Counter[str] = Counter()
    for state, count in tx.execute(select(_queue.state, func.count()).group_by(_queue.state)):
        states[QueueState(state).told] += count
    columns = _queue.number, _queue.ready_at, _queue.deadline, _queue.began_at, _queue.ended_at, _queue.state
    waits, due = list[float](), list[bool]()
    first: dict[int, int] = dict(
        tuple(row) for row in tx.execute(select(_attempts.job, func.min(_attempts.began)).group_by(_attempts.job))
    )
    ready = _first_ready(tx)
    for row in tx.execute(select(*columns)):
        if row.number in first and row.number in ready:
            waits.append(max(0, first[row.number] - ready[row.number]) / MICROS)
        if row.deadline is not None and row.ended_at is not None:
            due.append(row.state == QueueState.DONE and to_micros(row.ended_at) <= row.deadline)
    mean, longest = (sum(waits) / len(waits), max(waits)) if waits else (None, None)
    met = sum(due) / len(due) if due else None
    return QueueStats(dict(states), mean, longest, len(due), met, _tenants(tx), workers_seen(tx))


def _first_ready(tx: Tx) -> dict[int, int]:
    """Return by job when it was first ready."""
    lines = select(_changes.job, func.min(_changes.made_at)).where(_changes.became == int(QueueState.READY)).group_by(_changes.job)
    return {job: to_micros(at) for job, at in tx.execute(lines)}


def _tenants(tx: Tx) -> tuple[TenantUse, ...]:
    names = {row.of_namespace: row.namespace for row in tx.execute(select(_queue.of_namespace, _queue.namespace).distinct())}
    sums = func.count(), func.coalesce(func.sum(_attempts.cpu_seconds), 0.0), func.coalesce(func.max(_attempts.peak_bytes), 0)
    rows = tx.execute(select(_attempts.of_namespace, *sums).group_by(_attempts.of_namespace)).all()
    total = sum(float(row[2]) for row in rows)
    uses = (
        TenantUse(names.get(row[0]) or None, int(row[1]), float(row[2]), float(row[2]) / total if total else 0.0, int(row[3]))
        for row in rows
    )
    return tuple(sorted(uses, key=lambda use: use.namespace or ""))


def _told(tx: Tx, rows: list[QueueRow]) -> list[QueuedJob]:
    needs = needs_of(tx, [row.number for row in rows])
    return [_of_row(row, tuple(needs.get(row.number, ()))) for row in rows]


def _of_row(row: QueueRow, needs: tuple[int, ...]) -> QueuedJob:
    state = QueueState(row.state)
    met = None
    if row.deadline is not None and row.ended_at is not None:
        met = state is QueueState.DONE and to_micros(row.ended_at) <= row.deadline
    same: tuple[str, ...] = ("number", "kind", "name", "submitter", "schedule", "attempts", "failures", "retries", "retry_of")
    same += ("submitted_at", "began_at", "ended_at", "error")
    values: dict[str, Any] = {name: getattr(row, name) for name in same}
    return QueuedJob(
        **values,
        state=state.told,
        waits_for=_WAITS_FOR.get(state),
        priority=PRIORITIES[row.priority],  # type: ignore[arg-type]
        namespace=row.namespace or None,
        work=orjson.loads(row.work),
        needs=needs,
        if_failed=row.what_if_failed,  # type: ignore[arg-type]
        not_before=_moment(row.not_before),
        deadline=_moment(row.deadline),
        deadline_met=met,
    )


def _moment(micros: int | None) -> str | None:
    return None if micros is None else from_micros(micros)


def _name_of(state: int | None) -> str | None:
    return None if state is None else QueueState(state).told
