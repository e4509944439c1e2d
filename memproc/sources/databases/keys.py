"""What tells the rows of a table apart: its primary key, else a unique column, else what a SQLite file numbers its rows by."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from difflib import get_close_matches
from typing import Any, NamedTuple

from sqlalchemy import Connection, Inspector, inspect, literal_column, select, types
from sqlalchemy import table as from_table
from sqlalchemy.dialects.mysql import ENUM, FLOAT, SET
from sqlalchemy.exc import OperationalError, SAWarning

from memproc.errors import SourceError

ROWIDS = ("rowid", "_rowid_", "oid")  # names of SQLite for the number of a row, where no column has them
NAMES_SHOWN = 20
_NO_TEXTS = (types.Integer, types.Numeric, types.Date, types.DateTime, types.Time, types.Boolean, types.Uuid, types.LargeBinary)


class Known(NamedTuple):
    """What a database tells of a table: its columns, the keys that tell rows apart by a rule of the database, and columns whose
    values sort otherwise than they compare. `may_lack` are columns that may be NULL, `texts` those whose values may be texts: an
    index compares these by its own collation, which may be another than the column's. `singles` are floats of single precision.
    """

    columns: Sequence[str]
    keys: Sequence[Sequence[str]]
    may_lack: frozenset[str] = frozenset()
    sorts_apart: frozenset[str] = frozenset()
    rowid: str | None = None
    texts: frozenset[str] = frozenset()
    singles: frozenset[str] = frozenset()


def known_of(connection: Connection, table: str, schema: str | None, label: str) -> Known:
    """Return what a database tells of a table or a view. Raises SourceError if there is none of that name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SAWarning)  # of types that SQLAlchemy does not know: none is needed here
        inspector = inspect(connection)
        tables, views = names_in(inspector, schema)
        if table not in (*tables, *views) and not inspector.has_table(table, schema):
            raise SourceError(f"{label} has no table {table}{_instead(table, [*tables, *views])}")
        columns = inspector.get_columns(table, schema)
        keys = [*_keys_of(inspector, table, schema)]
    names = [str(one["name"]) for one in columns]
    may_lack = frozenset(str(one["name"]) for one in columns if one.get("nullable", True))
    sorts_apart = frozenset(str(one["name"]) for one in columns if isinstance(one["type"], ENUM | SET))
    is_sqlite = connection.dialect.name == "sqlite"
    rowid = _rowid_of(connection, table, names) if is_sqlite and table not in views else None
    keys = [one for one in keys if None not in one]
    texts = frozenset(str(one["name"]) for one in columns if not isinstance(one["type"], _NO_TEXTS))
    if is_sqlite:  # where a column holds values of any type, but for the one that is the number of the row
        texts = frozenset(names).difference(*(one for one in keys[:1] if len(one) == 1 and one[0] not in texts))
    singles = frozenset(str(one["name"]) for one in columns if not is_sqlite and isinstance(one["type"], types.REAL | FLOAT))
    return Known(names, keys, may_lack, sorts_apart, rowid, texts, singles)


def names_in(inspector: Inspector, schema: str | None = None) -> tuple[list[str], list[str]]:
    """Return the names of the tables and of the views of a database."""
    views: list[str] = []
    with suppress(NotImplementedError):
        views = sorted(inspector.get_view_names(schema))
    return sorted(inspector.get_table_names(schema)), views


def _rowid_of(connection: Connection, of: str, names: Sequence[str]) -> str | None:
    """Return the name of the number of a row in SQLite, None where the rows of a table have none."""
    name = next((one for one in ROWIDS if one not in map(str.lower, names)), None)
    if name is None:
        return None
    try:
        connection.execute(select(literal_column(name)).select_from(from_table(of)).limit(0))
    except OperationalError:  # it is WITHOUT ROWID
        return None
    return name


def _keys_of(inspector: Inspector, table: str, schema: str | None) -> Iterator[list[Any]]:
    """Yield the columns of the primary key, then those of unique constraints and indexes."""
    if primary := inspector.get_pk_constraint(table, schema).get("constrained_columns"):
        yield [*primary]
    with suppress(NotImplementedError):
        yield from ([*one["column_names"]] for one in inspector.get_unique_constraints(table, schema))
    with suppress(NotImplementedError):
        for one in inspector.get_indexes(table, schema):
            is_partial = any(name.endswith("_where") for name in one.get("dialect_options", {}))
            if one["unique"] and not is_partial and not one.get("expressions"):
                yield [*one["column_names"]]


def _instead(table: str, names: Sequence[str]) -> str:
    near = get_close_matches(table, names, 3)
    if near:
        return f": did you mean {' or '.join(near)}?"
    return f": it has {', '.join(names[:NAMES_SHOWN])}" if names else ": there is none in it"
