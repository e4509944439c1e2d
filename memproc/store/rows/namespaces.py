"""Which namespaces there are.

Facts: an index has observations by the number of their namespace. MariaDB jumps in it from group to group by itself, but reads it
from its beginning in a statement within a recursive one; SQLite and PostgreSQL do the reverse.

Strategy: one statement gives some hundred namespaces, jumping from the first observation of each to that of the next one. What it
costs grows with the namespaces, and not with the memories.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from sqlalchemy import BigInteger, FromClause, Select, bindparam, literal_column, select

from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

AT_ONCE = 500
_ONE = literal_column("1", BigInteger)
_LEAST = -(1 << 63)
_there, _next, _record = (tables.observations.alias(name).c for name in ("there", "next", "first"))
_BEHIND = select(_there.namespace.label("number")).where(_there.namespace > bindparam("behind", type_=BigInteger))


def namespaces(tx: Tx) -> Iterator[str]:
    """Give the name of each namespace that has an observation, in no order that means something."""
    query = _OF_GROUPS if tx.connection.dialect.name in ("mysql", "mariadb") else _OF_STEPS
    behind = _LEAST
    while rows := tx.execute(query, {"behind": behind}).all():
        yield from (orjson.loads(row.record)["namespace"] for row in rows)
        behind = rows[-1].number


def _steps() -> FromClause:
    first = _BEHIND.add_columns(_ONE.label("step")).order_by(_there.namespace).limit(1).subquery()
    steps = select(first.c.number, first.c.step).cte("steps", recursive=True)
    behind = select(_next.namespace).where(_next.namespace > steps.c.number).order_by(_next.namespace).limit(1)
    goes_on = steps.c.number.is_not(None), steps.c.step < bindparam("at_once", AT_ONCE)
    return steps.union_all(select(behind.scalar_subquery(), steps.c.step + _ONE).where(*goes_on))


def _with_records(numbers: FromClause) -> Select[tuple[int, str]]:
    record = select(_record.record).where(_record.namespace == numbers.c.number).limit(1).scalar_subquery()
    query = select(numbers.c.number, record.label("record")).where(numbers.c.number.is_not(None))
    return query.order_by(numbers.c.number)


_OF_STEPS = _with_records(_steps())
_OF_GROUPS = _with_records(_BEHIND.group_by(_there.namespace).order_by(_there.namespace).limit(AT_ONCE).subquery())
