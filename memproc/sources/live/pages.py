"""The tables of a program as items, each behind the last one, with what stands of a row in other tables.

Rules: a mark is the number of the table, and the key of the row in it. Embeddings are not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import URL, ColumnElement, Connection, column, inspect, select, table

from memproc.errors import SourceError
from memproc.sources.databases.cells import item_of
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.failing import in_own_words
from memproc.sources.databases.keys import names_in
from memproc.sources.databases.reading import rows_behind
from memproc.sources.databases.selecting import Wanted
from memproc.sources.remote import Mark, Marked

AT_ONCE = 500
Row = dict[str, Any]


class Rows(NamedTuple):
    """The rows of a table that are items: its key, the columns that are not read, and whether a store may lack the table.

    `completed` adds to some rows what stands of them in other tables. Times in `utc` are in UTC where they have no offset.
    """

    name: str
    keys: tuple[str, ...]
    left: tuple[str, ...] = ()
    is_required: bool = True
    completed: Callable[[Connection, Sequence[Row], str | None], None] | None = None
    utc: tuple[str, ...] = ()


class Place(NamedTuple):
    """A database, the schema of its tables, and how messages name it."""

    url: URL
    schema: str | None
    label: str


def read(place: Place, parts: Sequence[Rows], behind: Mark | None) -> Iterator[Marked]:
    """Yield the rows of tables as items, those behind a mark. Raises SourceError if a required table is missing."""
    first, *key = behind or [0]
    with in_own_words(place.label, place.url), closing(Database(place.url)) as database:
        there = _names_in(database, place)
        if lacking := [part.name for part in parts if part.is_required and part.name not in there]:
            raise SourceError(f"{place.label} has no table {lacking[0]}: is it the right database, and the right schema?")
        for number, part in islice(enumerate(parts), first, None):
            if part.name in there:
                for item, at, _ in _rows(database, place, part, key or None):
                    yield Marked(item, [number, *at])
            key = []


def _names_in(database: Database, place: Place) -> set[str]:
    with database.connection() as connection:
        return {name for names in names_in(inspect(connection), place.schema) for name in names}


def _rows(database: Database, place: Place, part: Rows, behind: Sequence[Any] | None) -> Iterator[Marked]:
    wanted = Wanted(f"{place.label}!{part.name}", part.name, None, part.keys, None, place.schema, part.left)
    with closing(rows_behind(place.url, wanted, behind)) as rows:
        while some := [*islice(rows, AT_ONCE)]:
            cells: list[Row] = [{} if one.item.fault else dict(one.item.value) for one in some]  # type: ignore[call-overload]
            for row in cells:
                row.update({name: _in_utc(row[name]) for name in part.utc if name in row})
            if part.completed is not None:
                with database.connection() as connection:
                    part.completed(connection, [row for row in cells if row], place.schema)
            for (item, mark, _), row in zip(some, cells, strict=True):
                yield Marked(item_of(row)._replace(left_out=item.left_out) if row else item, mark)


def looked_up(
    connection: Connection, of: str, wanted: Sequence[str], by: tuple[str, Iterable[Any]], in_schema: str | None
) -> list[Row]:
    """Return columns of the rows of another table whose column `by[0]` is one of the values `by[1]`."""
    name, values = by
    columns: list[ColumnElement[Any]] = [column(one) for one in wanted]
    asked = select(*columns).select_from(table(of, schema=in_schema)).where(column(name).in_({*values}))
    return [dict(row) for row in connection.execute(asked).mappings()]


def _in_utc(value: object) -> object:
    """Return a time without an offset as one in UTC, as its program means it."""
    is_bare = isinstance(value, str) and len(value) >= len("2026-01-31 12:00:00") and value[-1] != "Z" and value[-6] not in "+-"
    return f"{value}Z" if is_bare else value
