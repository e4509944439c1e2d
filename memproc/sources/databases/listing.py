"""The tables of a database: their rows, columns and keys, for whoever has not named one yet."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, func, inspect, select, table
from sqlalchemy.exc import SAWarning, SQLAlchemyError

from memproc.errors import MemprocError, SourceError, refuse_url
from memproc.in_use import SQLITE_START
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.failing import words_of
from memproc.sources.databases.keys import known_of, names_in
from memproc.sources.databases.reading import rows_behind
from memproc.sources.databases.selecting import Wanted
from memproc.sources.databases.sqlite_files import advice_on
from memproc.sources.databases.urls import label_of, url_of
from memproc.sources.files import check_not_in_use, open_path

LOOKED_AT = 20
NO_DATABASES = ("http", "https", "ftp", "file", "s3", "gs")


class TableSeen(NamedTuple):
    """A table or a view: how many rows it has, its columns, its key (empty where nothing tells its rows apart), its first rows."""

    name: str
    rows: int
    columns: tuple[str, ...]
    key: tuple[str, ...]
    first: tuple[Mapping[str, Any], ...]


def is_database(where: str) -> bool:
    """Return whether this is the URL of a database, or the path of a SQLite file."""
    if "://" in where:
        return where.partition("://")[0].lower() not in NO_DATABASES
    path = Path(where)
    if not path.is_file():
        return False
    check_not_in_use(path)
    with open_path(path) as stream:
        return stream.read(len(SQLITE_START)) == SQLITE_START


def tables_of(where: str) -> Iterator[TableSeen]:
    """Yield the tables of a database. Raises SourceError if it cannot be read, UsageError if it is none."""
    url = url_of(where)
    label = label_of(url)
    try:
        with closing(Database(url)) as database:
            for name in [name for names in _names(database) for name in names]:
                yield _seen(database, name, label)
    except MemprocError:
        raise
    except Exception as error:  # noqa: BLE001 - a driver raises errors of many kinds
        raise SourceError(f"{label} cannot be read: {words_of(error, url)}") from None


def refuse_without_table(where: str) -> None:
    """Raise SourceError for the URL of a database without a table: it tells which tables there are."""
    if where.partition("://")[0].lower() in NO_DATABASES:
        refuse_url(where)
    url = url_of(where)
    raise SourceError(f"{label_of(url)} {advice_on(_all_names(url))}")


def _all_names(url: URL) -> list[str]:
    try:
        with closing(Database(url)) as database:
            return [name for names in _names(database) for name in names]
    except SQLAlchemyError as error:
        raise SourceError(f"{label_of(url)} cannot be read: {words_of(error, url)}") from None


def _names(database: Database) -> tuple[list[str], list[str]]:
    with database.connection() as connection:
        return names_in(inspect(connection))


def _seen(database: Database, name: str, label: str) -> TableSeen:
    with warnings.catch_warnings(), database.connection() as connection:
        warnings.simplefilter("ignore", SAWarning)
        count = connection.execute(select(func.count()).select_from(table(name))).scalar_one()
        known = known_of(connection, name, None, label)
    unique = next((one for one in known.keys if known.may_lack.isdisjoint(one)), ())
    key = tuple(unique) or (tuple(known.keys[0]) if known.keys and known.rowid else ()) or ((known.rowid,) if known.rowid else ())
    first: list[Any] = []
    if key:
        wanted = Wanted(f"{label}!{name}", name, None, (), None)
        with closing(rows_behind(database.url, wanted, None)) as rows:
            first = [one.item.value for one in islice(rows, LOOKED_AT)]
    return TableSeen(name, count, tuple(known.columns), key, tuple(first))
