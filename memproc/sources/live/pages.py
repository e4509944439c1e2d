"""Rows of tables, a page at a time, each page behind the last key of the one before.

Rules: a page is one short query, so that the program whose table it is can write in between. A column that a table does not have
(it differs by the version of the program) is not asked for; embeddings never are. A mark is the number of the table, and the key.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Engine, Select, column, false, func, inspect, select, table, text, tuple_
from sqlalchemy.exc import SAWarning

from memproc.errors import SourceError
from memproc.sources.decoding import decode
from memproc.sources.items import Item
from memproc.sources.raw import raw_bytes
from memproc.sources.remote import Mark, Marked

PAGE = 1_000
Row = dict[str, Any]


class Rows(NamedTuple):
    """The rows of a table that are items: the names of its key, the columns that are not read, and whether a store may lack it.

    `completed` adds to the rows of a page what stands in other tables. `has_utc` tells that times without an offset are UTC.
    """

    name: str
    keys: tuple[str, ...]
    left: frozenset[str] = frozenset()
    is_required: bool = True
    completed: Callable[[Connection, Sequence[Row], str | None], None] | None = None
    has_utc: tuple[str, ...] = ()


def read(engine: Engine, parts: Sequence[Rows], behind: Mark | None, *, schema: str | None, label: str) -> Iterator[Marked]:
    """Yield the rows of tables as items, those behind a mark. Raises SourceError if a required table is missing."""
    first, *key = behind or [0]
    existing = _tables(engine, schema)
    if lacking := [part.name for part in parts if part.is_required and part.name not in existing]:
        raise SourceError(f"{label} has no table {lacking[0]}: is it the right database, and the right schema?")
    for number, part in islice(enumerate(parts), first, None):
        if part.name in existing:
            for row, place in _rows(engine, part, key, schema):
                yield Marked(item_of_row(row), [number, *place])
        key = []


def _tables(engine: Engine, schema: str | None) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # on types of columns that SQLAlchemy does not know
        return {*inspect(engine).get_table_names(schema=schema)}


def _rows(engine: Engine, part: Rows, behind: Sequence[Any], schema: str | None) -> Iterator[tuple[Row, list[Any]]]:
    """Yield rows with their keys, those behind a key."""
    names = _names(engine, part, schema)
    keys = [column(name) for name in part.keys]
    of_page = select(*map(column, names)).select_from(table(part.name, schema=schema)).order_by(*keys).limit(PAGE)
    while True:
        with engine.connect() as connection:
            page = [dict(row) for row in connection.execute(_behind(of_page, keys, behind)).mappings()]
            places = [[_plain(row[name]) for name in part.keys] for row in page]
            for row in page:
                row.update({name: _in_utc(row.get(name)) for name in part.has_utc if name in row})
            if part.completed is not None and page:
                part.completed(connection, page, schema)
        yield from zip(page, places, strict=True)
        if len(page) < PAGE:
            return
        behind = places[-1]


def _behind(of_page: Select[Any], keys: Sequence[Any], behind: Sequence[Any]) -> Select[Any]:
    if not behind:
        return of_page
    return of_page.where(keys[0] > behind[0] if len(keys) == 1 else tuple_(*keys) > tuple_(*behind))


def _names(engine: Engine, part: Rows, schema: str | None) -> list[str]:
    nothing = select(text("*")).select_from(table(part.name, schema=schema)).where(false())
    with engine.connect() as connection:
        return [name for name in connection.execute(nothing).keys() if name not in part.left]


def looked_up(connection: Connection, of: str, wanted: Sequence[str], by: tuple[str, Sequence[Any]], schema: str | None) -> list[Row]:
    """Return columns of the rows of another table whose column `by[0]` is one of the values `by[1]`."""
    name, values = by
    asked = select(*map(column, wanted)).select_from(table(of, schema=schema)).where(column(name).in_({*values}))
    return [dict(row) for row in connection.execute(asked).mappings()]


def count_of(engine: Engine, name: str, schema: str | None) -> int:
    """Return how many rows a table has."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table(name, schema=schema))).scalar_one())


def item_of_row(row: Mapping[str, Any]) -> Item:
    """Return a row as an item: what it holds as JSON values. What is none is kept as its bytes, and told."""
    cells = {name: _plain(value) for name, value in row.items() if value is not None}
    try:
        raw = orjson.dumps(cells, default=_plain)
    except TypeError:  # a lone surrogate, a number beyond 64 bits
        raw = raw_bytes(cells)
    return decode(raw)


def _in_utc(value: object) -> object:
    """Return a time without an offset as one in UTC: as its program writes it."""
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    if isinstance(value, str) and len(value) >= len("2026-01-31 12:00:00") and value[-6:-5] not in ("+", "-") and value[-1:] != "Z":
        return f"{value}Z"
    return value


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    if isinstance(value, bytes | memoryview):  # JSON, where a program wrote its bytes
        return bytes(value).decode("utf-8", "surrogateescape")
    return value.isoformat() if isinstance(value, datetime) else str(value)
