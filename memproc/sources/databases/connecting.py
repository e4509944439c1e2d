"""A database while it is read: its engine, and rows in transactions that cannot write.

Rules: on PostgreSQL a reading is REPEATABLE READ and READ ONLY, on MySQL and MariaDB likewise, with times of the session in UTC.
The rows of a page come through a cursor of the server, some at a time. A SQLite file is open only while a page is read, and all of
the page is taken at once: so no other program waits for whoever works on the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from functools import lru_cache
from time import time
from typing import Any

from sqlalchemy import URL, Connection, Engine, Executable, NullPool, Row, create_engine, event
from sqlalchemy.exc import DBAPIError, NoSuchModuleError

from memproc.errors import SourceError
from memproc.sources.databases import sqlite_files
from memproc.sources.databases.paging import OF_NO_PLACE
from memproc.sources.databases.urls import EXTRAS, file_of

AT_ONCE_ROWS, AT_ONCE_BYTES = 200, 4 << 20  # that a server sends, and the most that a page of a SQLite file holds, or nearly so
PAGE_ROWS, FILE_PAGE_ROWS = 10_000, 2_000
FILE_PAGE_BYTES = 16 << 20
SERVER_WAITS_SECONDS = 3_600  # for memproc, which may be busy with rows before

Rows = Generator[Row[Any]]
Again = Callable[[Row[Any]], Executable]


class Database:
    """A database that is read. Connections are made when they are needed, and again after they were lost."""

    def __init__(self, url: URL) -> None:
        """Make the engine. Raises SourceError where the driver is not installed, or there is no file."""
        self.url, self.file = url, file_of(url)
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
            return _of_server(self.url)
        opens = sqlite_files.opened
        return create_engine("sqlite://", creator=lambda: opens(file, is_immutable=self._is_immutable), poolclass=NullPool)

    def rows(self, statement: Executable, again: Again | None = None) -> Rows:
        """Yield the rows of a page. `again` gives the statement that has to find its last row again. Raises SourceError where it
        does not. Whatever a statement did is rolled back.
        """
        if self.file is not None:
            yield from self._of_file(statement, again)
            return
        size = count = 0
        some: Sequence[Row[Any]] = ()
        is_left = False
        try:
            with self.connection() as connection, closing(connection.begin()):  # closed without a commit, so rolled back
                result = connection.execute(statement, execution_options={"yield_per": self._at_once})
                try:
                    for some in result.partitions():
                        size, count = size + sum(map(_size, some)), count + len(some)
                        yield from some
                except GeneratorExit:  # who reads has enough
                    is_left = True
                    raise
                finally:
                    result.close()
                _check_found(connection, some, again)
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
            for row in result:  # one at a time: each may be large
                taken.append(row)
                size += _size(row)
                if size >= FILE_PAGE_BYTES:
                    break
            result.close()
            _check_found(connection, taken, again)
        return taken


@lru_cache(maxsize=8)
def _of_server(url: URL) -> Engine:
    """Return the engine of a server, which keeps no connection, but the statements that it has compiled."""
    name = url.get_backend_name()
    try:
        engine = create_engine(url, poolclass=NullPool)
    except (NoSuchModuleError, ImportError) as error:
        extra = EXTRAS.get(name)
        needed = f"pip install 'memproc-sdk[{extra}]'" if extra else "install it, and name it as in dialect+driver://"
        raise SourceError(f"the driver for {url.drivername} is not installed: {needed}") from error
    if name in ("mysql", "mariadb"):
        event.listen(engine, "connect", _mysql_connected)
    elif url.drivername == "postgresql+psycopg":
        event.listen(engine, "connect", _psycopg_connected)
    if name not in EXTRAS:
        return engine
    options = {"postgresql_readonly": True} if name == "postgresql" else {}
    return engine.execution_options(isolation_level="REPEATABLE READ", **options)


def _check_found(connection: Connection, rows: Sequence[Row[Any]], again: Again | None) -> None:
    """Raise SourceError if the last of some rows is not found again: rows behind it would be lost, or never end."""
    if rows and again is not None and connection.execute(again(rows[-1])).first() is None:
        raise SourceError(f"its key {OF_NO_PLACE}")


def _size(row: Row[Any]) -> int:
    """Return about how many bytes a row takes."""
    return sum(len(value) for value in row if value.__class__ is str or value.__class__ is bytes) + 100


def _mysql_connected(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
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
