"""What is read of a database: the columns of a table or of a query, and by what its rows are ordered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CHAR, Connection, FromClause, cast, column, select, table, text
from sqlalchemy.sql.elements import ColumnClause

from memproc.errors import SourceError
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.keys import Known, known_of
from memproc.sources.databases.paging import (
    OF_NO_PLACE,
    Expression,
    Selection,
    Start,
    first_repeated,
    first_without_key,
    page,
    same_place,
)

ROWS = "memproc_rows"  # the name of a query inside the statements that page through it
_ADVICE = "name the columns that tell its rows apart, as in --key id"
_SINGLES = {"postgresql": 700, "mysql": 4, "mariadb": 4}  # the codes of floats of single precision in what a query gives


class Wanted(NamedTuple):
    """What a caller wants of a database: a table or a query, the columns that tell rows apart, the one that tells what is new.
    `left` are columns of a table that are not read.
    """

    label: str
    table: str | None
    query: str | None
    key: Sequence[str]
    cursor: str | None
    schema: str | None = None
    left: tuple[str, ...] = ()


def selection_of(database: Database, wanted: Wanted) -> Selection:
    """Return what is read. Raises SourceError where there is no such table or column, or nothing tells the rows apart."""
    with database.connection() as connection:
        if wanted.table is None:
            return _of_query(connection, wanted)
        known = known_of(connection, wanted.table, wanted.schema, wanted.label)
        rows = table(wanted.table, *map(_column, known.columns), schema=wanted.schema)
        _check_named(wanted, known.columns)
        _check_exact(wanted, known.singles)
        made = Selection(rows, [one for one in rows.c if one.name not in wanted.left], (), _maybe(rows, wanted.cursor, known))
        return _with_key(connection, wanted, known, made)


def _with_key(connection: Connection, wanted: Wanted, known: Known, made: Selection) -> Selection:
    """Return a selection of a table with its key."""
    choices = [wanted.key] if wanted.key else known.keys
    equal: list[str] = []  # keys by an index that tells texts apart which their column does not
    for names in choices:
        selection = made._replace(key=[_maybe(made.rows, name, known) for name in names])
        unique = [one for one in known.keys if set(one) <= set(names) and known.may_lack.isdisjoint(one)]
        if wanted.key:
            if all(not known.texts.isdisjoint(one) for one in unique):  # also where none is unique
                _check_key(connection, wanted, selection)
            return selection._replace(is_sure=bool(unique))
        if known.singles.isdisjoint(names) and (unique or _has_none(connection, known, names, selection)):
            if known.texts.isdisjoint(names) or connection.execute(first_repeated(selection)).first() is None:
                return selection
            equal.append(", ".join(names))
    if known.rowid is not None:
        return made._replace(key=[_column(known.rowid)])
    _check_exact(wanted._replace(key=known.keys[0] if known.keys else ()), known.singles)
    if equal:
        raise SourceError(f"{wanted.label} has several rows of the same {equal[0]}, as that column compares texts: {_ADVICE}")
    numbered = f"or number them: --query 'SELECT *, row_number() OVER (ORDER BY ...) AS n FROM {wanted.table}' --key n"
    raise SourceError(f"{wanted.label} has no primary key, and no unique columns that are never NULL: {_ADVICE}; {numbered}")


def _has_none(connection: Connection, known: Known, names: Sequence[str], selection: Selection) -> bool:
    """Return whether a key of SQLite, whose columns may be NULL, never is."""
    is_primary = known.rowid is not None and names == known.keys[0]
    return is_primary and connection.execute(first_without_key(selection)).first() is None


def _of_query(connection: Connection, wanted: Wanted) -> Selection:
    if not wanted.key:
        raise SourceError(f"{wanted.label}: {_ADVICE}")
    inner = (wanted.query or "").strip().removesuffix(";")
    rows: Any = text(f"({_without_binds(inner)}\n) {ROWS}")  # a comment may end the query
    given = connection.execute(select(text("*")).select_from(rows).limit(0))
    names, single = [*given.keys()], _SINGLES.get(connection.dialect.name)
    described = zip(names, given.cursor.description if given.cursor is not None else (), strict=False)
    singles = [name for name, told in described if single is not None and told[1] == single]
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise SourceError(f"{wanted.label} gives {', '.join(repeated)} more than once: give each column a name of its own")
    _check_named(wanted, names)
    _check_exact(wanted, singles)
    cursor = None if wanted.cursor is None else _column(wanted.cursor)
    selection = Selection(rows, [*map(_column, names)], [*map(_column, wanted.key)], cursor, is_sure=False)
    _check_key(connection, wanted, selection)
    return selection


def _without_binds(query: str) -> str:
    """Return a query in which no colon begins the name of a bound value."""
    return re.sub(r"(\\?):", r"\\:", query)


def _check_named(wanted: Wanted, names: Sequence[str]) -> None:
    """Raise SourceError if a key or a cursor is no column."""
    for option, name in [*(("--key", one) for one in wanted.key), ("--cursor", wanted.cursor)]:
        if name is not None and name not in names:
            raise SourceError(f"{wanted.label} has no column {name}, as {option} names it: it has {', '.join(names)}")


def _check_exact(wanted: Wanted, singles: Collection[str]) -> None:
    """Raise SourceError if a key or a cursor is a float of single precision: a driver gives it as another number, so that the
    database would not find it again.
    """
    for option, name in [*(("--key", one) for one in wanted.key), ("--cursor", wanted.cursor)]:
        if name in singles:
            advice = f"name another column, or give --query with CAST({name} AS ...) as a DECIMAL or a double"
            raise SourceError(f"{wanted.label}: {name}, as {option} names it, is a float of single precision: {advice}")


def _check_key(connection: Connection, wanted: Wanted, selection: Selection) -> None:
    """Raise SourceError if rows share a key, or have none: of these some would never be read."""
    told = ", ".join(wanted.key)
    if connection.execute(first_without_key(selection)).first() is not None:
        raise SourceError(f"{wanted.label} has rows whose {told} is NULL: name a key that each row has")
    if connection.execute(first_repeated(selection)).first() is not None:
        raise SourceError(f"{wanted.label} has several rows of the same {told}: name more columns, so that they tell rows apart")
    bare = selection._replace(cursor=None, columns=())
    first = connection.execute(page(bare, Start(), 1)).first()
    if first is not None and connection.execute(same_place(bare, first)).first() is None:
        raise SourceError(f"{wanted.label}: {told} {OF_NO_PLACE}")


def _maybe(rows: FromClause, name: str | None, known: Known) -> Any:
    """Return what rows are ordered by for a column, None for none."""
    if name is None:
        return None
    found: Expression = rows.c[name]
    return cast(found, CHAR) if name in known.sorts_apart else found


def _column(name: str) -> ColumnClause[Any]:
    return column(name)
