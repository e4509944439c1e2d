"""Finding memories: the newest first, a page at a time.

Strategy: memories of one observation and those of several are read side by side, each in the order of an index of its namespace,
some at a time, and put together. What a memory has to be or to hold is looked for by the database in the text of the record, so
that only what is likely is read; whether it is so, the caller tells. Those without a date come last.

Rules: a page begins behind a date and an id, not behind a count. So what others write meanwhile shifts nothing: what stays as it is
is given once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Column, ColumnElement, Select, func, select

from memproc.dedup.keys import Key, namespace_number
from memproc.errors import UsageError
from memproc.records import Plain
from memproc.store.rows.expired import has_expired
from memproc.store.rows.memories import to_memory
from memproc.store.rows.observations import to_key
from memproc.store.sql import tables
from memproc.store.sql.backends import Backend
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import IS_EXPIRED

FIRST_AT_ONCE, MOST_AT_ONCE = 128, 8_192
KEY_BYTES = 16
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


def found_memories(tx: Tx, wanted: Wanted) -> Iterator[Plain]:
    """Give memories that may be meant, the newest first, then by id, the largest first."""
    is_whole = wanted.expired or not has_expired(tx)
    backend = tx.database.backend
    alone = _arm(backend, tables.observations.c.node, wanted).where(tables.observations.c.memory.is_(None))
    of_many = _arm(backend, tables.merged.c.id, wanted)
    if not is_whole:
        alone = alone.where(~IS_EXPIRED[tables.observations])
        of_many = of_many.where(~IS_EXPIRED[tables.merged])
    arms = (
        _in_order(tx, query, key, wanted) for query, key in ((alone, tables.observations.c.node), (of_many, tables.merged.c.id))
    )
    for row in merge(*arms, key=lambda row: Place(row.date, row.id).rank, reverse=True):
        yield to_memory(row.id, row.record)


def _arm(backend: Backend, key: Column[bytes], wanted: Wanted) -> Select[Any]:
    table = key.table.c
    query = select(key.label("id"), table.date, table.record)
    if wanted.namespace is not None:
        query = query.where(table.namespace == namespace_number(wanted.namespace))
    for text in wanted.holds:
        query = query.where(table.record.contains(orjson.dumps(text).decode(), autoescape=True))
    if wanted.text:
        query = query.where(_may_hold(backend, table.record, wanted.text))
    return query


def _may_hold(backend: Backend, record: Column[str], words: str) -> ColumnElement[bool]:
    """Return whether the content of a record may hold a canonical text.

    Of a content in ASCII the canonical text has the same letters and digits in the same places, but for case; any other is let
    through. In the text of a record such a run stands as it is, for what JSON escapes is neither.
    """
    is_other = ~backend.is_ascii(record)
    if not words.isascii():
        return is_other
    run = max(_RUNS.findall(words), key=len, default="")
    return is_other | func.lower(record).contains(run.lower(), autoescape=True)


def _in_order(tx: Tx, query: Select[Any], key: Column[bytes], wanted: Wanted) -> Iterator[Any]:
    """Give the rows of a query, those with a date first, some at a time."""
    date, after = key.table.c.date, wanted.after
    dated, undated = (
        query.where(date.is_not(None)).order_by(date.desc(), key.desc()),
        query.where(date.is_(None)).order_by(key.desc()),
    )
    if wanted.since is not None:
        dated = dated.where(date >= wanted.since)
    if wanted.until is not None:
        dated = dated.where(date < wanted.until)
    if after is None or after.date is not None:
        yield from _in_chunks(tx, dated, key, after, wanted.at_once)
        after = None
    if wanted.since is None and wanted.until is None:
        yield from _in_chunks(tx, undated, key, after, wanted.at_once)


def _in_chunks(tx: Tx, query: Select[Any], key: Column[bytes], after: Place | None, size: int) -> Iterator[Any]:
    """Give the rows of a query behind a place, by a statement for each few, which become more."""
    date = key.table.c.date
    while True:
        behind = query.limit(size)
        if after is not None and after.date is None:
            behind = behind.where(key < after.id)
        elif after is not None:  # the first condition is for the index: MariaDB takes no other
            behind = behind.where(date <= after.date, (date < after.date) | (key < after.id))
        rows = tx.execute(behind).all()
        yield from rows
        if len(rows) < size:
            return
        after, size = Place(rows[-1].date, rows[-1].id), min(4 * size, MOST_AT_ONCE)
