"""Submitting: a job that waits, written with all that the queue has to know of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from memproc.errors import NotFoundError
from memproc.store.jobs.telling import tell_of_job
from memproc.store.jobs.waiting import insert_waiting
from memproc.store.kinds import QueueState
from memproc.store.outbox.kinds import EventType
from memproc.store.queue.rows import QueueRow, change, hash_of, note_change, row_of, states_of, waits_in
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

PRIORITIES = ("high", "normal", "low")


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
    row = {
        "number": number,
        "kind": order.kind,
        "work": orjson.dumps(order.work, option=orjson.OPT_SORT_KEYS).decode(),
        "of_namespace": hash_of(order.namespace),
        "of_submitter": hash_of(order.submitter),
        "of_origin": hash_of(order.origin),
        "state": int(QueueState.BLOCKED),
        "submitted_at": tx.now,
        **dict.fromkeys(("attempts", "failures", "losses", "landed"), 0),
    }
    same = (
        "name",
        "namespace",
        "submitter",
        "priority",
        "not_before",
        "deadline",
        "retries",
        "what_if_failed",
        "retry_of",
        "schedule",
    )
    tx.insert_rows(tables.queue, [{**row, **{name: getattr(order, name) for name in same}}])
    note_change(tx, (number, None, QueueState.BLOCKED), by=order.submitter, why="submitted")
    tell_of_job(tx, number, EventType.CREATED)
    written = row_of(tx, number)
    state, why = (QueueState.HELD, "held when it was submitted") if order.is_held else waits_in(tx, written)
    return written if state is QueueState.BLOCKED else change(tx, written, state, by=order.submitter, why=why)
