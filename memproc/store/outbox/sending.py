"""What is due is taken, and noted when it was sent: by several senders at once, any of which may be killed.

Rules: a sender takes a line by its first open delivery, which is due again when its lease ends; what a sender notes whose line was
taken by another one meanwhile is void. So an event is sent at least once, and of one job to one endpoint none before an earlier one
was delivered or given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select

from memproc.store.outbox.endpoints import Endpoint, change_endpoint, disable_endpoint, endpoints
from memproc.store.outbox.kinds import DeliveryStatus, EndpointKind
from memproc.store.outbox.telling import ACTIVE, first_open
from memproc.store.outbox.waits import Waits
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

MOST_OF_A_LINE = 16
GONE = 410

_deliveries, _events = tables.webhook_deliveries.c, tables.webhook_events.c
_EVENTS = select(_events.number, _events.id, _events.job, _events.type, _events.payload)
_HEADS = select(_deliveries.number, _deliveries.claims, _deliveries.is_open)
_OPEN = select(_deliveries.number, _deliveries.event, _deliveries.attempts).where(_deliveries.is_open == 1)


class Waiting(NamedTuple):
    """A delivery that is to be made: its number and attempts so far, and the event."""

    number: int
    attempts: int
    event: int
    id: str
    job: int
    type: str
    payload: str


class Line(NamedTuple):
    """Deliveries that one sender makes one after the other: their endpoint, when the lease of the sender ends, in microseconds, and
    the claim on the first of them.
    """

    endpoint: Endpoint
    until: int
    claims: int
    waiting: tuple[Waiting, ...]


class Sent(NamedTuple):
    """What became of a delivery: the status of HTTP, if there was one, why it failed, if it did, and the seconds that the receiver
    asks to wait.
    """

    number: int
    answer: int | None
    why: str | None = None
    asked_seconds: float = 0.0


@dataclass(slots=True)
class Made:
    """What a sender did with a line, in order; a failure is the last of it. By `chance`, 0 to 1, is waited after it."""

    line: Line
    chance: float
    sent: list[Sent] = field(default_factory=list)


def take(tx: Tx, kind: EndpointKind, most_lines: int, lease_micros: int) -> list[Line]:
    """Take lines that are due, those that are so for longest first."""
    now = to_micros(tx.now)
    able = {one.number: one for one in endpoints(tx, kind) if one.status == ACTIVE and (one.held_until or 0) <= now}
    if not able:
        return []
    due = select(_deliveries.number, _deliveries.endpoint, _deliveries.job, _deliveries.claims).where(
        _deliveries.due_at <= now, _deliveries.endpoint.in_([*able])
    )
    heads = tx.execute(due.order_by(_deliveries.due_at, _deliveries.number).limit(most_lines)).all()
    lines = []
    for head in heads:
        of_line = _OPEN.where(_deliveries.endpoint == head.endpoint, _deliveries.job == head.job)
        rows = tx.execute(of_line.order_by(_deliveries.number).limit(MOST_OF_A_LINE)).all()
        lines.append(Line(able[head.endpoint], now + lease_micros, head.claims + 1, tuple(_with_events(tx, rows))))
    taken = [{"number": head.number, "claims": head.claims + 1, "due_at": now + lease_micros} for head in heads]
    tx.update_rows(tables.webhook_deliveries, taken)
    return lines


def _with_events(tx: Tx, rows: Sequence[Any]) -> Iterable[Waiting]:
    events = {row.number: row for row in tx.select_by_keys(_EVENTS, _events.number, [row.event for row in rows])}
    for row in rows:
        event = events[row.event]
        yield Waiting(row.number, row.attempts, row.event, f"msg_{event.id.hex()}", event.job, event.type, event.payload)


def note(tx: Tx, made: Sequence[Made], waits: Waits) -> None:
    """Write what became of lines that were taken; what is left of each is due now, or after a failure when it is tried again."""
    heads = [one.line.waiting[0].number for one in made]
    found = {row.number: row for row in tx.select_by_keys(_HEADS, _deliveries.number, heads)}
    for one in made:
        head = found.get(one.line.waiting[0].number)
        if head is not None and head.is_open and head.claims == one.line.claims:
            _note_line(tx, one, waits)
    numbers = {one.line.endpoint.number for one in made}
    for endpoint in [one for one in endpoints(tx, EndpointKind.WEBHOOK) if one.number in numbers and one.status == ACTIVE]:
        _note_endpoint(
            tx, endpoint, [sent for one in made if one.line.endpoint.number == endpoint.number for sent in one.sent], waits
        )


def _note_line(tx: Tx, made: Made, waits: Waits) -> None:
    now, line = to_micros(tx.now), made.line
    attempts = {one.number: one.attempts + 1 for one in line.waiting}
    ended = {"is_open": 0, "due_at": None, "ended_at": tx.now}
    rows = []
    for sent in made.sent:
        row: dict[str, Any] = {"number": sent.number, "attempts": attempts[sent.number], "answer": sent.answer, "why": sent.why}
        if sent.why is None:
            rows.append({**row, **ended, "status": DeliveryStatus.DELIVERED})
        elif row["attempts"] >= waits.most_attempts:
            rows.append({**row, **ended, "status": DeliveryStatus.DEAD})
        else:
            due_at = now + waits.after(row["attempts"], made.chance, sent.asked_seconds)
            rows.append({**row, "is_open": 1, "due_at": due_at, "ended_at": None, "status": DeliveryStatus.WAITING})
    tx.update_rows(tables.webhook_deliveries, rows)
    following = first_open(tx, line.endpoint.number, line.waiting[0].job)
    if following is not None and not any(row["number"] == following and row["is_open"] for row in rows):
        tx.update_rows(tables.webhook_deliveries, [{"number": following, "due_at": now}])


def _note_endpoint(tx: Tx, endpoint: Endpoint, sent: Sequence[Sent], waits: Waits) -> None:
    """Write how an endpoint does: what was sent to it is given in the order in which lines ended."""
    now, failures, held = to_micros(tx.now), endpoint.failures, endpoint.held_until
    since = endpoint.failing_since
    for one in sent:
        failures, since = (0, None) if one.why is None else (failures + 1, since or now)
        if one.why is not None and (hold := waits.hold(failures, 1.0, one.asked_seconds)):
            held = max(held or 0, now + hold)
    if failures == 0:
        held = None
    values = {"failures": failures, "failing_since": since, "held_until": held}
    if values != {name: getattr(endpoint, name) for name in values}:
        change_endpoint(tx, endpoint.number, **values)
    if any(one.answer == GONE for one in sent):
        disable_endpoint(tx, endpoint.number, "its receiver answered 410 Gone: it wants no more")
    elif since is not None and (now - since) / 1_000_000 > waits.disabled_after_seconds:
        days = f"{waits.disabled_after_seconds / 86_400:g} days"
        disable_endpoint(tx, endpoint.number, f"nothing came through for {days}: {sent[-1].why}")


def next_due(tx: Tx, kind: EndpointKind) -> int | None:
    """Return when the next delivery is due, in microseconds, None where none waits."""
    able = {one.number: one.held_until or 0 for one in endpoints(tx, kind) if one.status == ACTIVE}
    due = select(_deliveries.due_at).where(_deliveries.due_at.is_not(None)).order_by(_deliveries.due_at).limit(1)
    found = [
        max(first, held)
        for number, held in able.items()
        if (first := tx.execute(due.where(_deliveries.endpoint == number)).scalar()) is not None
    ]
    return min(found, default=None)
