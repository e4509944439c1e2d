"""Finding memories: the newest first, a page at a time.

Strategy: memories of one observation and those of several are read side by side, each in the order of an index of its namespace,
some at a time, and put together. What a memory has to be or to hold is looked for by the database in the text of the record, so
that only what is likely is read; whether it is so, the caller tells. Those without a date come last.

Rules: a page begins behind a date and an id, not behind a count. So what others write meanwhile shifts nothing: what stays as it is
is given once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import merge
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Column, ColumnElement, Select, bindparam, func, literal_column, select

from memproc.dedup.keys import Key, namespace_number
from memproc.errors import UsageError
from memproc.records import Plain
from memproc.store.rows.expired import has_expired
from memproc.store.rows.memories import to_memory
from memproc.store.rows.observations import to_key
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import IS_EXPIRED

FIRST_AT_ONCE, MOST_AT_ONCE = 128, 8_192
MOST_SHAPES = 500
KEY_BYTES = 16
LONGEST_PATTERN = 1_000  # characters of a text that the database looks for: SQLite refuses patterns of more than 50,000 bytes
_RUNS = re.compile("[A-Za-z0-9]+")
_DATE = re.compile("(-?[0-9]{1,18})?")
_BEFORE_ALL_DATES = -(2**62)


class Place(NamedTuple):
    """Where a memory stands among all, the newest first: its date in microseconds since 1970, or None, and its id."""

    date: int | None
    id: Key

    @property
    def rank(self) -> tuple[int, Key]:
        """What orders places: the later ones of two stand first."""
        return _BEFORE_ALL_DATES if self.date is None else self.date, self.id

    def __str__(self) -> str:
        """Return it as a cursor."""
        return f"{'' if self.date is None else self.date}.{self.id.hex()}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the database is to look for: a namespace, dates from `since` until before `until` in microseconds since 1970, texts that
    the record must hold, the canonical text that its content must hold, the place behind which to begin, whether also what has
    expired, and about how many will be taken.
    """

    namespace: str | None = None
    since: int | None = None
    until: int | None = None
    holds: Sequence[str] = ()
    text: str = ""
    after: Place | None = None
    expired: bool = False
    at_once: int = FIRST_AT_ONCE


def place_of(cursor: str) -> Place:
    """Return the place that a cursor names. Raises UsageError on what is no cursor.

    >>> str(place_of("12.000102030405060708090a0b0c0d0e0f"))
    '12.000102030405060708090a0b0c0d0e0f'
    """
    date, _, identifier = cursor.partition(".")
    key = to_key(identifier)
    if len(key) != KEY_BYTES or not _DATE.fullmatch(date):
        raise UsageError(f"after={cursor!r}: give the last memory of the page before, or what store.cursor gives for it")
    return Place(int(date) if date else None, key)


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


def found_memories(tx: Tx, wanted: Wanted) -> Iterator[Plain]:
    """Give memories that may be meant, the newest first, then by id, the largest first."""
    run = max(_RUNS.findall(wanted.text), key=len, default="").lower() if wanted.text.isascii() else ""
    is_asked = bool(run) or not wanted.text.isascii()
    shape = _Shape(
        of_many=False,
        is_dated=True,
        has_namespace=wanted.namespace is not None,
        since=wanted.since is not None,
        until=wanted.until is not None,
        holds=len(wanted.holds),
        is_ascii=tx.database.backend.is_ascii if is_asked else None,
        run=bool(run),
        is_whole=wanted.expired or not has_expired(tx),
        is_behind=False,
    )
    values: dict[str, Any] = {f"hold{at}": _holding(orjson.dumps(_unicode(text)).decode()) for at, text in enumerate(wanted.holds)}
    values |= {"since": wanted.since, "until": wanted.until, "run": _holding(run)}
    if wanted.namespace is not None:
        values["namespace"] = namespace_number(_unicode(wanted.namespace))
    arms = (_in_order(tx, shape._replace(of_many=of_many), wanted, values) for of_many in (False, True))
    for row in merge(*arms, key=lambda row: Place(row.date, row.id).rank, reverse=True):
        yield to_memory(row.id, row.record)


def _unicode(text: str) -> str:
    """Return a text that can be looked for. What holds one with lone surrogates no record can be, which the caller tells."""
    return text.encode("utf-8", "replace").decode()


def _holding(text: str) -> str:
    """Return the pattern of what holds a text, or the beginning of a long one."""
    return "%" + text[:LONGEST_PATTERN].replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


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
        query = query.where(_may_hold(table.record, shape.is_ascii, has_run=shape.run))
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


def _may_hold(record: Column[str], is_ascii: Callable[[Column[str]], ColumnElement[bool]], *, has_run: bool) -> ColumnElement[bool]:
    """Return whether the content of a record may hold a canonical text, which has a run of letters and digits, or is not ASCII.

    Of a content in ASCII the canonical text has the same letters and digits in the same places, but for case; any other is let
    through. In the text of a record such a run stands as it is, for what JSON escapes is neither.
    """
    return ~is_ascii(record) | func.lower(record).like(bindparam("run"), escape="/") if has_run else ~is_ascii(record)


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
