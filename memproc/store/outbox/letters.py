"""Deliveries as people look at them: listed, sent again, and removed when they are old."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from memproc.errors import NotFoundError
from memproc.store.outbox.endpoints import change_endpoint, endpoint_at
from memproc.store.outbox.kinds import DeliveryStatus, EndpointKind
from memproc.store.outbox.telling import ACTIVE, first_open
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros, to_micros

PRUNED_AT_ONCE = 500

_deliveries, _events = tables.webhook_deliveries.c, tables.webhook_events.c
_WEBHOOKS = select(tables.webhook_endpoints.c.number).where(tables.webhook_endpoints.c.kind == EndpointKind.WEBHOOK)
_LISTED = (
    select(
        *(_deliveries[name] for name in ("number", "endpoint", "job", "status", "attempts", "answer", "why", "due_at", "ended_at")),
        *(_events[name] for name in ("id", "type", "told_at")),
    )
    .join_from(tables.webhook_deliveries, tables.webhook_events, _events.number == _deliveries.event)
    .where(_deliveries.endpoint.in_(_WEBHOOKS))
    .order_by(_deliveries.number.desc())
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to a webhook. `id` is what its receiver knows it by, `answer` the status of HTTP of the last attempt, and
    `why` tells why that failed. `due_at` is None where it is ended, or waits behind another one of its job.
    """

    number: int
    webhook: int
    id: str
    type: str
    job: int
    status: str
    attempts: int
    answer: int | None
    why: str | None
    told_at: str
    due_at: str | None
    ended_at: str | None


def listed(tx: Tx, *, webhook: int | None = None, job: int | None = None, status: str | None = None, limit: int) -> list[Delivery]:
    """Return deliveries, the newest first."""
    query = _LISTED
    for column, value in ((_deliveries.endpoint, webhook), (_deliveries.job, job), (_deliveries.status, status)):
        if value is not None:
            query = query.where(column == value)
    return [_read(row) for row in tx.execute(query.limit(limit))]


def counted(tx: Tx) -> dict[int, dict[str, int]]:
    """Return how many deliveries each webhook has, by status."""
    query = select(_deliveries.endpoint, _deliveries.status, func.count().label("many"))
    found: dict[int, dict[str, int]] = {}
    for row in tx.execute(query.group_by(_deliveries.endpoint, _deliveries.status)):
        found.setdefault(row.endpoint, {})[row.status] = row.many
    return found


def resend(tx: Tx, numbers: list[int] | None, webhook: int | None) -> int:
    """Send dead letters again: those of these numbers, else all, or all of one webhook; return how many. Each comes behind what
    waits of its job, under the id that it had. A webhook that was disabled is told of jobs again.

    Raises NotFoundError on a number that no dead letter has.
    """
    query = select(_deliveries.number, _deliveries.event, _deliveries.endpoint, _deliveries.job)
    query = query.where(_deliveries.status == DeliveryStatus.DEAD)
    if webhook is not None:
        query = query.where(_deliveries.endpoint == endpoint_at(tx, webhook).number)
    dead = [row for row in tx.execute(query.order_by(_deliveries.number)) if numbers is None or row.number in numbers]
    if missing := sorted({*(numbers or ())} - {row.number for row in dead}):
        raise NotFoundError(
            f"no dead letter {missing[0]}: `memproc webhooks deliveries DB --status dead` lists those that there are"
        )
    for number in {row.endpoint for row in dead} | ({webhook} if webhook is not None else set()):
        if endpoint_at(tx, number).status != ACTIVE:
            change_endpoint(tx, number, status=ACTIVE, why=None, failures=0, failing_since=None, held_until=None)
    at = tx.next_number(tables.webhook_deliveries)
    for row in dead:
        due_at = None if first_open(tx, row.endpoint, row.job) else to_micros(tx.now)
        again = {"number": at, "event": row.event, "endpoint": row.endpoint, "job": row.job, "is_open": 1, "due_at": due_at}
        tx.insert_rows(tables.webhook_deliveries, [{**again, "status": DeliveryStatus.WAITING, "claims": 0, "attempts": 0}])
        at += 1
    tx.update_rows(tables.webhook_deliveries, [{"number": row.number, "status": DeliveryStatus.RESENT} for row in dead])
    return len(dead)


def prune(tx: Tx, before: str) -> int:
    """Remove some of the events that were told before a moment and of which nothing waits; return how many. The newest stays, so
    that no number is given twice.
    """
    newest = [tx.next_number(table) - 1 for table in (tables.webhook_events, tables.webhook_deliveries)]
    oldest = select(_events.number, _events.told_at).where(_events.number < newest[0]).order_by(_events.number)
    old = [row.number for row in tx.execute(oldest.limit(PRUNED_AT_ONCE)) if row.told_at < before]
    if not old:
        return 0
    kept = select(_deliveries.event).where(
        _deliveries.event.in_(old), (_deliveries.is_open == 1) | (_deliveries.number == newest[1])
    )
    gone = [*{*old} - {*tx.execute(kept).scalars()}]
    tx.delete_by_keys(tables.webhook_deliveries.c.event, gone)
    tx.delete_by_keys(tables.webhook_events.c.number, gone)
    return len(gone)


def _read(row: Any) -> Delivery:
    found = row._asdict()
    due_at = None if row.due_at is None else from_micros(row.due_at)
    return Delivery(webhook=found.pop("endpoint"), **{**found, "id": f"msg_{row.id.hex()}", "due_at": due_at})
