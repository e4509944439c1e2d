"""A row of a SQLite file that is larger than may be held: what it is, found out without holding it.

Facts: a statement ends with SQLITE_TOOBIG at such a row, and so does one that sorts rows among which it is. Even `substr` and
`length` of a value hold all of it, but a column that is not named is not read. Where a table numbers its rows, the size of a value
can be asked for without reading it.

Strategy: its key alone is read, then its other columns one by one. The row is one rejected record, by its key.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import orjson
from sqlalchemy import TableClause, literal_column
from sqlalchemy.exc import DBAPIError, OperationalError

from memproc.records import Category
from memproc.sources.databases.cells import json_of
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.failing import is_too_large
from memproc.sources.databases.keys import ROWIDS
from memproc.sources.databases.paging import Expression, Selection, Start, of_place, page
from memproc.sources.databases.sqlite_files import LONGEST_BYTES
from memproc.sources.items import Item
from memproc.validation import excerpt, fault

ROW_TOO_LARGE = "row_too_large"


class Passed(NamedTuple):
    """A row that was read by itself: the values it is ordered by, and its columns, or the item that stands for it; None if it was
    removed meanwhile.
    """

    place: Sequence[Any]
    found: Sequence[Any] | Item | None


def row_behind(database: Database, selection: Selection, start: Start) -> Passed | None:
    """Return the first row behind a place, by itself; None if there is none."""
    keys = [*database.rows(page(selection._replace(columns=()), start, 1))]
    if not keys:
        return None
    place = [*keys[0]]
    try:
        rows = [*database.rows(of_place(selection, selection.columns, place))]
    except DBAPIError as error:
        if not is_too_large(error):
            raise
        return Passed(place, _rejected(database, selection, place))
    return Passed(place, rows[0] if rows else None)


def _rejected(database: Database, selection: Selection, place: Sequence[Any]) -> Item:
    """Return the item of a row that is too large, by its key."""
    told = [f"{excerpt(str(one.name))}{_size_told(database, selection, place, one)}" for one in _large(database, selection, place)]
    what = f"{', '.join(told)} is" if told else "a row is"
    names = (str(getattr(one, "name", "key")) for one in selection.order)
    raw = orjson.dumps({name: json_of(value) for name, value in zip(names, place, strict=True)}, default=str)
    message = f"{what} larger than {LONGEST_BYTES >> 20} MiB; the key of the row is kept"
    return Item(None, raw, fault("", ROW_TOO_LARGE, message), Category.RESOURCE)


def _large(database: Database, selection: Selection, place: Sequence[Any]) -> list[Expression]:
    """Return the columns that cannot be read."""
    found = []
    for one in selection.columns:
        try:
            _ = [*database.rows(of_place(selection, [one], place))]
        except DBAPIError as error:
            if not is_too_large(error):
                raise
            found.append(one)
    return found


def _size_told(database: Database, selection: Selection, place: Sequence[Any], column: Expression) -> str:
    """Return what to tell of the size of a value: nothing where that cannot be known without holding it."""
    if not isinstance(selection.rows, TableClause):
        return ""
    for name in ROWIDS:
        number: Expression = literal_column(name)
        with suppress(OperationalError):
            [(at,)] = database.rows(of_place(selection, [number], place))
            if not isinstance(at, int):  # of a view
                return ""
            size = database.bytes_of(selection.rows.name, str(column.name), at)
            return "" if size is None else f" ({size:,} bytes)"
    return ""
