"""A database while it is read: its engine, and rows in transactions that cannot write.

Rules: on PostgreSQL a reading is REPEATABLE READ and READ ONLY, on MySQL and MariaDB likewise, with times of the session in UTC.
The rows of a page come through a cursor of the server, some at a time; no statement takes longer than it may. A SQLite file is open
only while a page is read, and all of the page is taken at once: so no other program waits for whoever works on the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import lru_cache, partial
from time import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, Executable, NullPool, Row, create_engine, event
from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from memproc.errors import SourceError
from memproc.sources.databases import sqlite_files
from memproc.sources.databases.failing import is_too_large
from memproc.sources.databases.paging import OF_NO_PLACE
from memproc.sources.databases.urls import EXTRAS, file_of
from memproc.waiting import waiting

AT_ONCE_ROWS, AT_ONCE_BYTES = 200, 4 << 20  # that a server sends, and the most that a page of a SQLite file holds, or nearly so
PAGE_ROWS, FILE_PAGE_ROWS = 10_000, 2_000
FILE_PAGE_BYTES = 16 << 20
STATEMENT_SECONDS = 300.0  # that a statement of a server may take where nothing else is said; of a page it is all its rows
SERVER_WAITS_SECONDS = 3_600  # for memproc, which may be busy with rows before

Rows = Generator[Row[Any]]
Again = Callable[[Row[Any]], Executable]


class Database:
    """A database that is read. Connections are made when they are needed, and again after they were lost."""

    def __init__(self, url: URL, statement_seconds: float | None = None) -> None:
        """Make the engine. A statement may take so many seconds, by default those of `STATEMENT_SECONDS`, here or of files.

        Raises SourceError where the driver is not installed, or there is no file.
        """
        self.url, self.file, self._statement_seconds = url, file_of(url), statement_seconds
        self.page_rows = PAGE_ROWS if self.file is None else FILE_PAGE_ROWS
        self._at_once = AT_ONCE_ROWS
        self._is_immutable = False
        self._connection: Connection | None = None
        if self.file is not None:
            sqlite_files.check_file(self.file)
        self._engine = self._made()

    def _made(self) -> Engine:
        file = self.file
        if file is None:
            return _of_server(self.url, self._statement_seconds or STATEMENT_SECONDS)

        def opens() -> Any:
            return sqlite_files.opened(file, is_immutable=self._is_immutable, statement_seconds=self._statement_seconds)

        return create_engine("sqlite://", creator=opens, poolclass=NullPool)

    def rows(self, statement: Executable, again: Again | None = None) -> Rows:
        """Yield the rows of a page. `again` gives the statement that has to find its last row again. Raises SourceError where it
        does not. Whatever a statement did is rolled back.
        """
        if self.file is not None:
            yield from self._of_file(statement, again)
            return
        size = count = 0
        last: Sequence[Row[Any]] = ()
        is_left = False
        try:
            with self.connection() as connection, closing(connection.begin()):  # closed without a commit, so rolled back
                with waiting():
                    result = connection.execute(statement, execution_options={"yield_per": self._at_once})
                try:
                    parts = result.partitions()
                    while some := _next(parts):
                        size, count, last = size + sum(map(_size, some)), count + len(some), some
                        yield from some
                except GeneratorExit:  # who reads has enough
                    is_left = True
                    raise
                finally:
                    result.close()
                _check_found(connection, last, again)
        except DBAPIError:
            if not is_left:
                raise
        if count:
            self._at_once = max(1, min(AT_ONCE_ROWS, AT_ONCE_BYTES * count // (size + 1)))

    def connection(self) -> Connection:
        """Return a connection, to be used in a `with` block, which closes it."""
        if self.file is not None:
            self._is_immutable = sqlite_files.is_quiet_now(self.file)
        return self._engine.connect()

    def bytes_of(self, table: str, column: str, row: int) -> int | None:
        """Return how many bytes a value of a SQLite file takes, which is not read; None if it is no text and no bytes."""
        with self.connection() as connection:
            opened: Any = connection.connection.dbapi_connection
            try:
                with opened.blobopen(table, column, row, readonly=True) as value:
                    return len(value)
            except sqlite3.Error:
                return None

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _of_file(self, statement: Executable, again: Again | None) -> Sequence[Row[Any]]:
        assert self.file is not None  # noqa: S101 - for the checker of types
        before = sqlite_files.state_of(self.file)
        self._is_immutable = before.is_quiet(time())
        if self._is_immutable:
            try:
                rows = self._taken(statement, again)
            except Exception:
                if sqlite_files.state_of(self.file) == before:
                    raise
            else:
                if sqlite_files.state_of(self.file) == before:
                    return rows
            self._is_immutable = False
        return self._taken(statement, again)

    def _taken(self, statement: Executable, again: Again | None) -> Sequence[Row[Any]]:
        taken: list[Row[Any]] = []
        size = 0
        with self._engine.connect() as connection:
            if again is not None:
                connection.exec_driver_sql("BEGIN")  # so that the row is still there
            result = connection.execute(statement)
            try:
                for row in result:  # one at a time: each may be large
                    taken.append(row)
                    size += _size(row)
                    if size >= FILE_PAGE_BYTES:
                        break
            except DBAPIError as error:
                if not (taken and is_too_large(error)):  # then the row that is too large is the first of the next page
                    raise
            result.close()
            _check_found(connection, taken, again)
        return taken


@lru_cache(maxsize=8)
def _of_server(url: URL, statement_seconds: float) -> Engine:
    """Return the engine of a server, which keeps no connection, but the statements that it has compiled."""
    name = url.get_backend_name()
    try:
        engine = create_engine(url, poolclass=NullPool)
    except (NoSuchModuleError, ImportError) as error:
        extra = EXTRAS.get(name)
        needed = f"pip install 'memproc-sdk[{extra}]'" if extra else "install it, and name it as in dialect+driver://"
        raise SourceError(f"the driver for {url.drivername} is not installed: {needed}") from error
    if name in ("mysql", "mariadb"):
        event.listen(engine, "connect", partial(_mysql_connected, statement_seconds=statement_seconds))
    elif url.drivername == "postgresql+psycopg":
        event.listen(engine, "connect", _psycopg_connected)
    if name == "postgresql":
        limit = f"SET LOCAL statement_timeout = {max(1, int(statement_seconds * 1_000))}"  # a pool of connections is not changed
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(limit))
    if name not in EXTRAS:
        return engine
    options = {"postgresql_readonly": True} if name == "postgresql" else {}
    return engine.execution_options(isolation_level="REPEATABLE READ", **options)


def _next(parts: Iterator[Sequence[Row[Any]]]) -> Sequence[Row[Any]]:
    """Return the next rows that a server sends, none at the end."""
    with waiting():
        return next(parts, ())


def _check_found(connection: Connection, rows: Sequence[Row[Any]], again: Again | None) -> None:
    """Raise SourceError if the last of some rows is not found again: rows behind it would be lost, or never end."""
    if rows and again is not None and connection.execute(again(rows[-1])).first() is None:
        raise SourceError(f"its key {OF_NO_PLACE}")


def _size(row: Row[Any]) -> int:
    """Return about how many bytes a row takes."""
    return sum(len(value) for value in row if value.__class__ is str or value.__class__ is bytes) + 100


def _mysql_connected(connection: Any, _record: object, statement_seconds: float) -> None:
    cursor = connection.cursor()
    cursor.execute("SELECT VERSION()")
    [version] = cursor.fetchone()
    if "mariadb" in str(version).lower():
        cursor.execute(f"SET SESSION max_statement_time = {statement_seconds:.3f}")
    else:
        cursor.execute(f"SET SESSION max_execution_time = {max(1, int(statement_seconds * 1_000))}")
    cursor.execute("SET SESSION TRANSACTION READ ONLY")
    cursor.execute(f"SET SESSION time_zone = '+00:00', SESSION net_write_timeout = {SERVER_WAITS_SECONDS}")
    cursor.close()


def _psycopg_connected(connection: Any, _record: object) -> None:
    """Let a time that Python has no value for, as `infinity`, be the text that PostgreSQL writes."""
    import psycopg  # noqa: PLC0415 - as SQLAlchemy has loaded it by now
    from psycopg.types import datetime as loaders  # noqa: PLC0415 - likewise

    def lenient(loader: type) -> type:
        def load(self: Any, data: Any) -> object:
            try:
                return loader.load(self, data)  # type: ignore[attr-defined]
            except psycopg.DataError:
                return bytes(data).decode()

        return type(loader.__name__, (loader,), {"load": load})

    for name, loader in (("date", "DateLoader"), ("timestamp", "TimestampLoader"), ("timestamptz", "TimestamptzLoader")):
        connection.adapters.register_loader(name, lenient(getattr(loaders, loader)))
