"""Submitting: a job that waits, written with all that the queue has to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from memproc.errors import NotFoundError
from memproc.store.jobs.telling import tell_of_job
from memproc.store.jobs.waiting import insert_waiting, note_status
from memproc.store.kinds import JobStatus, QueueState
from memproc.store.outbox.kinds import EventType
from memproc.store.queue.rows import STATUS, QueueRow, hash_of, note_change, states_of, waits_behind
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

PRIORITIES = ("high", "normal", "low")
_AS_ORDERED = (
    *("kind", "name", "namespace", "submitter", "priority", "not_before", "deadline", "retries", "what_if_failed"),
    *("retry_of", "schedule"),
)
_NOTHING_YET: dict[str, Any] = {
    **dict.fromkeys(("state", "attempts", "failures", "losses", "landed"), 0),
    **dict.fromkeys(("ready_at", "wanted", "began_at", "ended_at", "error")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is submitted. Times are in microseconds since 1970."""

    kind: str
    work: Mapping[str, Any]
    shown: str  # what is read, without passwords
    origin: str  # what is limited: the name of a source, a host, or a path
    format: str = ""
    settings: str = "{}"
    name: str = ""
    namespace: str = ""
    submitter: str = ""
    priority: int = 1
    after: Sequence[int] = ()
    not_before: int | None = None
    deadline: int | None = None
    retries: int = 0
    what_if_failed: str = "wait"
    retry_of: int | None = None
    schedule: int | None = None
    is_held: bool = False


def submit(tx: Tx, order: Order) -> QueueRow:
    """Write a job that waits, and return its row. Raises NotFoundError where it shall run after a job that there is not."""
    after = sorted({*order.after})
    known = states_of(tx, after)
    if missing := [number for number in after if number not in known]:
        raise NotFoundError(f"no job {missing[0]}: a job runs after others that were submitted before it")
    number = insert_waiting(tx, order.shown, order.format, order.settings)
    tx.insert_rows(tables.queue_needs, [{"job": number, "needs": need} for need in after])
    row = QueueRow(
        number=number,
        work=orjson.dumps(order.work, option=orjson.OPT_SORT_KEYS).decode(),
        of_namespace=hash_of(order.namespace),
        of_submitter=hash_of(order.submitter),
        of_origin=hash_of(order.origin),
        submitted_at=tx.now,
        **{name: getattr(order, name) for name in _AS_ORDERED},
        **_NOTHING_YET,
    )
    state, why = (QueueState.HELD, "held when it was submitted") if order.is_held else waits_behind(tx, row, after)
    ready = to_micros(tx.now) if state is QueueState.READY else None
    ended: dict[str, Any] = {"ended_at": tx.now, "error": why} if state is QueueState.SKIPPED else {}
    row = row._replace(state=int(state), ready_at=ready, **ended)
    tx.insert_rows(tables.queue, [row._asdict()])
    tell_of_job(tx, number, EventType.CREATED)
    if (status := STATUS[state]) is not JobStatus.WAITING:
        note_status(tx, number, status)
    note_change(tx, (number, None, state), by=order.submitter, why=why or "submitted")
    return row
