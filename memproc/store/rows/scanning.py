"""Finding memories by reading them in their order, the newest first: what serves where most have what is looked for.

Strategy: memories of one observation and those of several are read side by side, each in the order of an index of its namespace,
some at a time, and put together. What a memory has to be or to hold is looked for by the database in the text of the record, so
that only what is likely is read; whether it is so, the caller tells. Those without a date come last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from heapq import merge
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, Select, bindparam, literal_column, select

from memproc.store.rows.expired import has_expired
from memproc.store.rows.wanted import Place, Wanted, may_hold, pattern_of, pattern_of_value
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import IS_EXPIRED

MOST_AT_ONCE = 8_192
MOST_SHAPES = 500


class _Shape(NamedTuple):
    """What a query asks for, but for the values: memories of several observations or of one, with a date or without, and so on."""

    of_many: bool
    is_dated: bool
    has_namespace: bool
    since: bool
    until: bool
    holds: int
    is_ascii: Callable[[Column[str]], ColumnElement[bool]] | None  # where a text is looked for
    run: bool
    is_whole: bool
    is_behind: bool


def scanned(tx: Tx, wanted: Wanted) -> Iterator[Any]:
    """Give rows (id, date, record) of memories that may be meant, the newest first, then by id, the largest first."""
    shape = _Shape(
        of_many=False,
        is_dated=True,
        has_namespace=wanted.namespace is not None,
        since=wanted.since is not None,
        until=wanted.until is not None,
        holds=len(wanted.holds),
        is_ascii=tx.database.backend.is_ascii if wanted.is_text_asked else None,
        run=bool(wanted.run),
        is_whole=wanted.expired or not has_expired(tx),
        is_behind=False,
    )
    values: dict[str, Any] = {f"hold{at}": pattern_of_value(value) for at, value in enumerate(wanted.holds.values())}
    values |= {"since": wanted.since, "until": wanted.until, "run": pattern_of(wanted.run), "namespace": wanted.namespace_number}
    arms = (_in_order(tx, shape._replace(of_many=of_many), wanted, values) for of_many in (False, True))
    return merge(*arms, key=lambda row: Place(row.date, row.id).rank, reverse=True)


@lru_cache(maxsize=MOST_SHAPES)
def _query(shape: _Shape) -> Select[Any]:
    """Return a query with a parameter for each value: one constant for each shape, as statements are compiled once."""
    key = tables.merged.c.id if shape.of_many else tables.observations.c.node
    table, date = key.table.c, key.table.c.date
    query = select(key.label("id"), date, table.record)
    if not shape.of_many:
        query = query.where(tables.observations.c.memory.is_(None))
    if not shape.is_whole:
        query = query.where(~IS_EXPIRED[key.table])
    if shape.has_namespace:
        query = query.where(table.namespace == bindparam("namespace"))
    for at in range(shape.holds):
        query = query.where(table.record.like(bindparam(f"hold{at}"), escape="/"))
    if shape.is_ascii is not None:
        query = query.where(may_hold(table.record, shape.is_ascii, has_run=shape.run))
    if shape.is_dated:
        query = query.where(date.is_not(None)).order_by(date.desc(), key.desc())
    else:
        query = query.where(date.is_(None)).order_by(key.desc())
    if shape.since:
        query = query.where(date >= bindparam("since"))
    if shape.until:
        query = query.where(date < bindparam("until"))
    if shape.is_behind and shape.is_dated:  # the first condition is for the index: MariaDB takes no other
        is_before = (date < bindparam("date")) | (key < bindparam("id"))
        query = query.where(date <= bindparam("date"), is_before)
    elif shape.is_behind:
        query = query.where(key < bindparam("id"))
    return query.limit(bindparam("size", type_=date.type)).offset(literal_column("0"))  # else SQLite gets a parameter for none


def _in_order(tx: Tx, shape: _Shape, wanted: Wanted, values: Mapping[str, Any]) -> Iterator[Any]:
    """Give the rows of a query, those with a date first, some at a time."""
    after = wanted.after
    if after is None or after.date is not None:
        yield from _in_chunks(tx, shape, values, after, wanted.at_once)
        after = None
    if wanted.since is None and wanted.until is None:
        yield from _in_chunks(tx, shape._replace(is_dated=False), values, after, wanted.at_once)


def _in_chunks(tx: Tx, shape: _Shape, values: Mapping[str, Any], after: Place | None, size: int) -> Iterator[Any]:
    """Give the rows of a query behind a place, by a statement for each few, which become more."""
    while True:
        behind = {} if after is None else {"date": after.date, "id": after.id}
        rows = tx.run(_query(shape._replace(is_behind=after is not None)), **values, **behind, size=size).all()
        yield from rows
        if len(rows) < size:
            return
        after, size = Place(rows[-1].date, rows[-1].id), min(4 * size, MOST_AT_ONCE)
