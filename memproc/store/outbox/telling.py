"""Writes events, in the transaction of what they tell, for the endpoints that want them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from sqlalchemy import bindparam, func, literal_column, select

from memproc.records import encode
from memproc.store.outbox.kinds import DeliveryStatus, EventType
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

ACTIVE, DISABLED, REMOVED = "active", "disabled", "removed"

_endpoints, _deliveries = tables.webhook_endpoints.c, tables.webhook_deliveries.c
_WANTED = select(_endpoints.number, _endpoints.events).where(_endpoints.status == ACTIVE)
_OPEN_IN_LINE = select(func.min(_deliveries.number)).where(
    _deliveries.endpoint == bindparam("of_endpoint"),
    _deliveries.job == bindparam("of_job"),
    _deliveries.is_open == literal_column("1"),
)

Wanted = Mapping[str, tuple[int, ...]]
"""By the type of an event, the endpoints that want it."""


class Told(NamedTuple):
    """An event to write: its job (0 for none), type, and what its payload says."""

    job: int
    type: EventType
    data: Mapping[str, Any]


def wanted(tx: Tx) -> Wanted:
    """Return which types of events are wanted, and by whom."""
    found: dict[str, tuple[int, ...]] = {}
    for row in tx.execute(_WANTED.order_by(_endpoints.number)):
        for event in orjson.loads(row.events):
            found[event] = (*found.get(event, ()), row.number)
    return found


def write_event(tx: Tx, told: Told, endpoints: tuple[int, ...]) -> None:
    """Write an event, and that it is to be delivered to these endpoints. `sequence` rises with each event of the store."""
    if not endpoints:
        return
    number = tx.next_number(tables.webhook_events)
    data = {"job": told.job, **told.data, "sequence": number}
    payload = encode({"type": told.type, "timestamp": tx.now, "data": data}).decode()
    event = {"number": number, "id": uuid4().bytes, "job": told.job, "type": told.type, "payload": payload, "told_at": tx.now}
    tx.insert_rows(tables.webhook_events, [event])
    first = tx.next_number(tables.webhook_deliveries)
    row = {"event": number, "job": told.job, "is_open": 1, "status": DeliveryStatus.WAITING, "claims": 0, "attempts": 0}
    due = {endpoint: None if first_open(tx, endpoint, told.job) else to_micros(tx.now) for endpoint in endpoints}
    rows = [{"number": at, **row, "endpoint": endpoint, "due_at": due[endpoint]} for at, endpoint in enumerate(endpoints, first)]
    tx.insert_rows(tables.webhook_deliveries, rows)


def first_open(tx: Tx, endpoint: int, job: int) -> int | None:
    """Return the number of the first delivery of a line that is not ended."""
    found = tx.run(_OPEN_IN_LINE, of_endpoint=endpoint, of_job=job).scalar()
    return None if found is None else int(found)
