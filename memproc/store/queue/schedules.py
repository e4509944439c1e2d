"""Schedules: jobs that are submitted again and again.

Strategy: of each schedule one job waits in the queue for its time, so people see what comes and can steer it like any other. As
soon as it is let go, or is given up, the next one is submitted. What is missed while no worker is at work is one job, however
often its time has come and gone.

Rules: `once` runs what was missed as soon as a worker is there; `skip` does not. Two jobs of one schedule never run at once: the
second waits for the first (`once`) or is skipped.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import orjson
from sqlalchemy import select

from memproc.errors import NotFoundError, UsageError
from memproc.store.kinds import ENDED, QueueState
from memproc.store.queue.choosing import MICROS
from memproc.store.queue.cron import next_after
from memproc.store.queue.rows import QueueRow, change, row_of, rows_by_number, rows_where
from memproc.store.queue.submitting import Order, submit
from memproc.store.queued import Schedule
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros, to_micros

GRACE_MICROS = 60 * MICROS  # who comes so late has not missed it
LOOK_AGAIN_MICROS = 5 * MICROS
_schedules = tables.schedules.c
_ROWS = select(*_schedules)
_GONE_ON = (QueueState.READY, QueueState.RUNNING, *ENDED)


def begin_schedule(tx: Tx, order: Order, *, cron: str, time_zone: str, missed: str) -> QueueRow:
    """Write a schedule, and submit the first of its jobs, not before the moment of the order."""
    number = tx.next_number(tables.schedules)
    start = max(to_micros(tx.now), (order.not_before or 0) - 1)
    template = orjson.dumps(asdict(order), option=orjson.OPT_SORT_KEYS).decode()
    row = {"number": number, "name": order.name, "cron": cron, "time_zone": time_zone, "missed": missed, "template": template}
    tx.insert_rows(tables.schedules, [row])
    return _submit_next(tx, number, replace(order, not_before=next_after(cron, time_zone, start)))


def _submit_next(tx: Tx, schedule: int, order: Order) -> QueueRow:
    row = submit(tx, replace(order, schedule=schedule))
    tx.update_rows(tables.schedules, [{"number": schedule, "last_job": row.number}])
    return row


def follow(tx: Tx, number: int) -> None:
    """Submit the next job of a schedule, if the one that waited for its time waits no longer."""
    row = row_of(tx, number)
    schedule = None if row.schedule is None else tx.execute(_ROWS.where(_schedules.number == row.schedule)).first()
    if schedule is None or schedule.ended_at is not None or schedule.last_job != number or row.state not in _GONE_ON:
        return
    after = max(to_micros(tx.now), row.not_before or 0)
    order = Order(**orjson.loads(schedule.template))
    _submit_next(tx, schedule.number, replace(order, not_before=next_after(schedule.cron, schedule.time_zone, after)))


def let_go(tx: Tx, row: QueueRow) -> bool:
    """Tell whether a job of a schedule may go on now that its time has come; else it waits a little, or was skipped."""
    schedule = tx.execute(_ROWS.where(_schedules.number == row.schedule)).first()
    if schedule is None or row.attempts:
        return True
    own = (tables.queue.c.schedule == row.schedule) & (tables.queue.c.number != row.number)
    before = [one for one in rows_where(tx, own) if one.state in (QueueState.READY, QueueState.RUNNING) or _is_again(one)]
    is_late = to_micros(tx.now) - (row.not_before or 0) > GRACE_MICROS
    if schedule.missed == "skip" and (before or is_late):
        why = f"job {before[0].number} of the schedule goes on" if before else "its time was missed"
        change(tx, row, QueueState.SKIPPED, by="", why=why, error=why)
        return False
    if before:
        tx.update_rows(tables.queue, [{"number": row.number, "not_before": to_micros(tx.now) + LOOK_AGAIN_MICROS}])
    return not before


def _is_again(row: QueueRow) -> bool:
    """Tell whether a job waits for its next attempt."""
    return row.state == QueueState.LATER and row.attempts > 0


def schedules(tx: Tx) -> list[Schedule]:
    """Return all schedules, the oldest first."""
    rows = tx.execute(_ROWS.order_by(_schedules.number)).all()
    waiting = {row.number: row for row in rows_by_number(tx, [row.last_job for row in rows]) if row.state not in _GONE_ON}
    return [_told(row, waiting) for row in rows]


def _told(row: Any, waiting: dict[int, QueueRow]) -> Schedule:
    job = waiting.get(row.last_job) if row.ended_at is None else None
    next_at = None if job is None or job.not_before is None else from_micros(job.not_before)
    number = None if job is None else job.number
    return Schedule(row.number, row.name, row.cron, row.time_zone, row.missed, number, next_at, row.ended_at)


def end_schedule(tx: Tx, number: int, *, by: str, why: str) -> list[Schedule]:
    """Submit no more jobs of a schedule, and cancel the one that waits for its time. Raises NotFoundError, and UsageError where
    it has ended.
    """
    row = tx.execute(_ROWS.where(_schedules.number == number)).first()
    if row is None:
        raise NotFoundError(f"no schedule {number}")
    if row.ended_at is not None:
        raise UsageError(f"schedule {number} has ended already, at {row.ended_at}")
    tx.update_rows(tables.schedules, [{"number": number, "ended_at": tx.now}])
    job = row_of(tx, row.last_job)
    if job.state not in _GONE_ON:
        change(tx, job, QueueState.CANCELLED, by=by, why=why or f"schedule {number} was ended")
    return [one for one in schedules(tx) if one.number == number]
