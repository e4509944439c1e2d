"""Notices as rows: what is to be told to a person, in which message it went out, and the rules that they come from.

Rules: a notice is written with the note that its event was read, and once for each rule and channel. It is sent in a message whose
mark it keeps: who is killed while he sends leaves it to others under the same mark, so that a mail that is sent twice has one id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

import orjson
from sqlalchemy import func, select

from memproc.records import encode
from memproc.store.outbox.endpoints import add_endpoint, endpoints, remove_endpoint
from memproc.store.outbox.kinds import ENDS, EndpointKind
from memproc.store.outbox.sending import Made, Sent, Waiting, note, take
from memproc.store.outbox.waits import MICROS, Waits
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

MOST_IN_A_MESSAGE, LINES_AT_ONCE = 500, 64
WAITING, SENT, DEAD = "waiting", "sent", "dead"
THE_RULES = 1  # the number of the only row of rules

_notices, _rules = tables.notices.c, tables.notice_rules.c
_LISTED = (
    "number",
    "rule",
    "channel",
    "facts",
    "is_urgent",
    "status",
    "message",
    "due_at",
    "attempts",
    "why",
    "told_at",
    "ended_at",
)


class Found(NamedTuple):
    """What a rule found: its name, a channel, whether it may disturb in quiet hours, and the facts that are told."""

    rule: str
    channel: str
    is_urgent: bool
    facts: dict[str, Any]


class Notice(NamedTuple):
    """A notice as it stands in its row."""

    number: int
    rule: str
    channel: str
    facts: dict[str, Any]
    is_urgent: bool
    status: str
    message: str | None
    due_at: int | None
    attempts: int
    why: str | None
    told_at: str
    ended_at: str | None


def keep_rules(tx: Tx, rules: str | None) -> None:
    """Keep rules in place of those that there are, or with None keep none, and read no more events."""
    there = endpoints(tx, EndpointKind.NOTICES)
    kept = kept_rules(tx)
    if rules is None:
        for one in there:
            remove_endpoint(tx, one.number)
    elif not there:
        add_endpoint(tx, EndpointKind.NOTICES, [str(one) for one in ENDS])
    row = {"number": THE_RULES, "rules": rules or "", "kept_at": tx.now}
    if kept is None:
        tx.insert_rows(tables.notice_rules, [row])
    else:
        tx.update_rows(tables.notice_rules, [row])


def kept_rules(tx: Tx) -> str | None:
    """Return the rules that are kept, "" where they were cleared, None where there never were any."""
    found: str | None = tx.execute(select(_rules.rules)).scalar()
    return found


def read_events(tx: Tx) -> list[Waiting]:
    """Return events that nobody has read for notices, some at a time, and note that they are read."""
    lines = take(tx, EndpointKind.NOTICES, LINES_AT_ONCE, MICROS)
    note(tx, [Made(line, 1.0, [Sent(one.number, None) for one in line.waiting]) for line in lines], Waits())
    return [waiting for line in lines for waiting in line.waiting]


def write_notices(tx: Tx, event: int, found: Sequence[Found]) -> None:
    """Write what rules found in an event."""
    first = tx.next_number(tables.notices)
    row = {"event": event, "is_open": 1, "status": WAITING, "due_at": to_micros(tx.now), "attempts": 0, "told_at": tx.now}
    named = ({"rule": one.rule, "channel": one.channel, "is_urgent": int(one.is_urgent)} for one in found)
    rows = [
        {"number": at, **row, **names, "facts": encode(one.facts).decode()}
        for at, (names, one) in enumerate(zip(named, found, strict=True), first)
    ]
    tx.insert_rows(tables.notices, rows)


def open_notices(tx: Tx) -> list[Notice]:
    """Return the notices that wait, the oldest first."""
    query = select(*(_notices[name] for name in _LISTED)).where(_notices.is_open == 1)
    return [_read(row) for row in tx.execute(query.order_by(_notices.number).limit(MOST_IN_A_MESSAGE))]


def listed_notices(tx: Tx, limit: int) -> list[Notice]:
    """Return notices, the newest first."""
    query = select(*(_notices[name] for name in _LISTED)).order_by(_notices.number.desc())
    return [_read(row) for row in tx.execute(query.limit(limit))]


def last_sent(tx: Tx) -> dict[str, int]:
    """Return when each channel was sent something last, in microseconds."""
    query = select(_notices.channel, func.max(_notices.ended_at).label("last")).where(_notices.status == SENT)
    return {row.channel: to_micros(row.last) for row in tx.execute(query.group_by(_notices.channel))}


def claim(tx: Tx, notices: Sequence[Notice], lease_micros: int) -> list[Notice]:
    """Take notices to send them in one message, which gets a mark unless it has one; others leave them alone for the lease."""
    mark, due_at = next((one.message for one in notices if one.message), None) or uuid4().hex, to_micros(tx.now) + lease_micros
    taken = [one._replace(message=mark, due_at=due_at, attempts=one.attempts + 1) for one in notices]
    changed = [{"number": one.number, "message": mark, "due_at": due_at, "attempts": one.attempts} for one in taken]
    tx.update_rows(tables.notices, changed)
    return taken


def note_message(tx: Tx, notices: Sequence[Notice], why: str | None, waits: Waits, chance: float) -> None:
    """Write what became of a message: it was sent, or `why` it was not. Void where another process has taken it meanwhile."""
    query = select(_notices.number, _notices.attempts, _notices.is_open)
    there = {row.number: row for row in tx.select_by_keys(query, _notices.number, [one.number for one in notices])}
    own = [one for one in notices if there[one.number].is_open and there[one.number].attempts == one.attempts]
    ended = {"is_open": 0, "due_at": None, "ended_at": tx.now, "why": why}
    rows: list[dict[str, Any]] = []
    for one in own:
        if why is not None and one.attempts < waits.most_attempts:
            due_at = to_micros(tx.now) + waits.after(one.attempts, chance)
            rows.append({"number": one.number, "is_open": 1, "due_at": due_at, "ended_at": None, "why": why, "status": WAITING})
        else:
            rows.append({"number": one.number, **ended, "status": SENT if why is None else DEAD})
    tx.update_rows(tables.notices, rows)


def give_up(tx: Tx, notices: Sequence[Notice], why: str) -> None:
    """Write that notices cannot be sent any more."""
    ended = {"is_open": 0, "due_at": None, "ended_at": tx.now, "why": why, "status": DEAD}
    tx.update_rows(tables.notices, [{"number": one.number, **ended} for one in notices])


def prune_notices(tx: Tx, before: str) -> int:
    """Remove some of the notices that were told before a moment and have ended; return how many. The newest stays, so that no
    number is given twice.
    """
    ended = select(_notices.number, _notices.told_at).where(
        _notices.is_open == 0, _notices.number < tx.next_number(tables.notices) - 1
    )
    old = [row.number for row in tx.execute(ended.order_by(_notices.number).limit(MOST_IN_A_MESSAGE)) if row.told_at < before]
    tx.delete_by_keys(tables.notices.c.number, old)
    return len(old)


def _read(row: Any) -> Notice:
    return Notice(**{**row._asdict(), "facts": orjson.loads(row.facts), "is_urgent": bool(row.is_urgent)})
