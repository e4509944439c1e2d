"""The log of what was asked of a served store: who, what, of what, and how it ended. No text of a memory is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_audit = tables.audit.c
_LINES = select(tables.audit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What was asked: when, by whom, the method and the route, the ids in its path, the namespace if it is known, the status of the
    answer, the id that the answer bears, and the address that the request came from. `number` is 0 until it is written.
    """

    made_at: str
    who: str
    method: str
    route: str
    target: str
    namespace: str
    status: int
    request: str
    address: str
    number: int = 0


def write(tx: Tx, lines: Sequence[Line]) -> None:
    """Write lines, in their order."""
    first = tx.next_number(tables.audit)
    tx.insert_rows(tables.audit, [{**asdict(line), "number": first + at} for at, line in enumerate(lines)])


def lines_before(tx: Tx, number: int | None, limit: int) -> list[Line]:
    """Return at most so many lines older than one, or the newest ones; the newest first."""
    query = _LINES.order_by(_audit.number.desc()).limit(limit)
    rows = tx.execute(query if number is None else query.where(_audit.number < number))
    return [Line(**{name: getattr(row, name) for name in Line.__dataclass_fields__}) for row in rows]
