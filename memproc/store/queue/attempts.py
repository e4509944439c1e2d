"""The runs of queued jobs: who ran them, how they ended, what they used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select

from memproc.store.queue.rows import QueueRow
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

_attempts = tables.queue_attempts.c


def begin_attempt(tx: Tx, row: QueueRow, attempt: int, worker: str) -> None:
    """Write that a run begins."""
    what = {"job": row.number, "attempt": attempt, "worker": worker, "of_namespace": row.of_namespace, "began": to_micros(tx.now)}
    tx.insert_rows(tables.queue_attempts, [{"number": tx.next_number(tables.queue_attempts), **what}])


def end_attempt(tx: Tx, job: int, attempt: int, outcome: str, used: Mapping[str, Any] | None = None) -> None:
    """Write how a run ended, and what it used, where that is known."""
    own = (_attempts.job == job) & (_attempts.attempt == attempt)
    row = tx.execute(select(_attempts.number, _attempts.ended).where(own)).first()
    if row is None:
        return
    ended = {} if row.ended is not None else {"ended": to_micros(tx.now), "outcome": outcome}
    if values := {**ended, **(used or {})}:
        tx.update_rows(tables.queue_attempts, [{"number": row.number, **values}])


def used_since(tx: Tx, since: int) -> dict[int, float]:
    """Return by namespace how many seconds its runs took that began since then; those that go on count from their beginning."""
    until = func.coalesce(_attempts.ended, to_micros(tx.now))
    query = select(_attempts.of_namespace, func.sum(until - _attempts.began)).where(_attempts.began >= since)
    return {namespace: float(micros) / 1e6 for namespace, micros in tx.execute(query.group_by(_attempts.of_namespace))}
