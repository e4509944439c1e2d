"""Statements that go to SQLite's driver by themselves, past SQLAlchemy.

Facts: SQLite answers a small statement within ten microseconds. SQLAlchemy takes ten times as long to send it, whatever is in it,
and a record that is added by itself takes fifteen statements. On a server the network takes longer than either.

Rules: what is sent is what SQLAlchemy compiled, within the transaction that it began. Errors are raised as those of SQLAlchemy, so
nobody need know which way a statement went. Whoever listens to the statements of an engine hears them all: then none goes past it.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, NoResultFound

SHAPES_KEPT = 500
_NAME = "memproc_part"  # one does for all: SQLite takes the newest of a name, and who goes back to one takes it away, too


class Found(list[Any]):
    """The rows that a statement gave, as named tuples."""

    def all(self) -> Self:
        """Return the rows."""
        return self

    def first(self) -> Any:
        """Return the first row, None where there is none."""
        return self[0] if self else None

    def one(self) -> Any:
        """Return the first row. Raises NoResultFound where there is none."""
        if not self:
            raise NoResultFound("no row was found where one is required")
        return self[0]

    def scalar(self) -> Any:
        """Return the first value of the first row, None where there is none."""
        return self[0][0] if self else None

    def scalar_one(self) -> Any:
        """Return the first value of the first row. Raises NoResultFound where there is none."""
        return self.one()[0]


class Driver:
    """A connection of SQLite's driver, within a transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @property
    def is_in_transaction(self) -> bool:
        """Whether the transaction is open: SQLite undoes it by itself where the disk is full or fails."""
        return self._connection.in_transaction

    def send(self, sql: str, values: Sequence[Any] = ()) -> Found:
        """Execute a statement, and return its rows. Raises DBAPIError."""
        try:
            cursor = self._connection.execute(sql, values)
            rows = cursor.fetchall()
            return Found(map(_shape(tuple([column[0] for column in cursor.description]))._make, rows)) if rows else Found()
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, tuple(values), error, sqlite3.Error) from error

    def send_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Execute a statement that gives no rows for each of some rows of values. Raises DBAPIError."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            raise DBAPIError.instance(sql, [*map(tuple, rows)], error, sqlite3.Error) from error


class Savepoint:
    """A part of a transaction that is undone by itself where the block raises. The newest one ends first."""

    def __init__(self, driver: Driver) -> None:
        """Begin it."""
        self._driver, self._is_open = driver, True
        driver.send(f"SAVEPOINT {_NAME}")

    def rollback(self) -> None:
        """Undo it, unless all of the transaction is undone."""
        was_open, self._is_open = self._is_open, False
        if was_open and self._driver.is_in_transaction:
            self._driver.send(f"ROLLBACK TO {_NAME}")
            self._driver.send(f"RELEASE {_NAME}")

    def __enter__(self) -> Self:
        """Return it."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Keep what was done in it, or undo that."""
        if kind is not None:
            self.rollback()
        elif self._is_open:
            self._is_open = False
            self._driver.send(f"RELEASE {_NAME}")


def driver_of(connection: Connection) -> Driver | None:
    """Return SQLite's driver of a connection; None on another database, or where somebody listens to what is sent."""
    if connection.dialect.name != "sqlite":
        return None
    heard = connection.dispatch
    if heard.before_cursor_execute or heard.after_cursor_execute or connection.dialect.dispatch.handle_error:
        return None
    driver_connection = connection.connection.driver_connection
    return Driver(driver_connection) if isinstance(driver_connection, sqlite3.Connection) else None


@lru_cache(maxsize=SHAPES_KEPT)
def _shape(names: tuple[str, ...]) -> Any:
    """Return the class of rows with these names; one that is no name in Python goes by its place."""
    return namedtuple("Found", names, rename=True)  # noqa: PYI024 - the names are found out now
