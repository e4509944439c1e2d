"""The connection: how memproc talks to a database, and nothing about memories.

A writing transaction's first statement raises the store's epoch: on every database that row is the lock. Every statement is
compiled from Core tables, once. Rows go to the driver as tuples in the order of the table's columns; where a table has seals, they
are given and kept here. In what databases differ is in `backends`.

What is deleted from a SQLite file leaves its bytes in the log until that is cut, which no reader may stand in the way of. Nobody
waits for a reader for long: who deletes notes it in the store's row and waits a moment; who read for longer than that moment, and
who opens or closes the store, cuts the log if it is noted there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import WeakSet, finalize

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    bindparam,
    event,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import DBAPIError

from memproc.config import Settings
from memproc.errors import DatabaseError, UsageError
from memproc.failures import CHANGED_WHILE_READ, READ_ONLY, REMOVED, failure_of
from memproc.in_use import Held
from memproc.masking import secrets_of, url_shown, without
from memproc.store.sql import forks, tables
from memproc.store.sql.backends import WAITS, connected, to_wal
from memproc.store.sql.driver_errors import translated
from memproc.store.sql.files import check_place, is_read_only, opened_beside, state_of
from memproc.store.sql.naming import Names
from memproc.store.sql.statements import Statements
from memproc.store.sql.tx import DatabaseInfo, Tx, time_now
from memproc.store.sql.urls import url_of

BRIEFLY_SECONDS = 0.1
_ONE: ColumnElement[int] = literal_column("1")
LOCK = update(tables.store).values(epoch=tables.store.c.epoch + _ONE, tally=tables.store.c.tally + _ONE)
_UNWIPED = select(tables.store.c.unwiped)
_WIPED = update(tables.store).where(tables.store.c.unwiped == bindparam("epoch")).values(unwiped=literal_column("0"))


class Database:
    """An engine with memproc's way of reading and writing. Safe to use from several threads."""

    def __init__(self, where: str | Path, settings: Settings | None = None) -> None:
        """Connect to a path or a SQLAlchemy URL; nothing is created before the first use.

        Of the settings count those of the pool of connections, those of the tables' names, and durability.

        `sqlite://` is a store that lasts until it is closed: a file in a temporary folder, so that threads can share it. Raises
        UsageError where there can be no database.
        """
        self._remove_folder: finalize[..., Any] | None = None
        self.url, chosen = url_of(where), settings or Settings()
        if self.url.get_backend_name() == "sqlite" and self.url.database is None:
            folder = mkdtemp(prefix="memproc-")
            self._remove_folder = finalize(self, rmtree, folder, ignore_errors=True)
            self.url = url_of(Path(folder, "memories.db"))
        self.file = _file_of(self.url)
        self._held = Held(self.file) if self.file is not None else None
        if self.file is not None:
            check_place(self.file)
        self.is_read_only = self.file is not None and is_read_only(self.file)
        self.backend, self.engine = connected(self.url, chosen)
        self.names, self.schema = Names(chosen.table_prefix), chosen.table_schema
        self.names.put_into(self.engine)
        if (held := self._held) is not None:
            event.listen(self.engine, "connect", lambda _opened, _record: held.hold())
        self._reading = self.engine.execution_options(**self.backend.reading)
        self._writing = self.engine.execution_options(**self.backend.writing)
        self.is_unwiped = False  # whether bytes of what was deleted could not be brought out of the files yet, as far as is known
        self._largest_row_bytes: int | None = None
        statements = Statements(self.engine.dialect)
        self.info = DatabaseInfo(str(self), self.file, self.backend, self.names, self.schema, statements, self.largest_row_bytes)
        self._gate, self._open = forks.Gate(), WeakSet[Any]()  # the driver's connections that are open
        event.listen(self.engine, "connect", lambda opened, _: self._open.add(opened))
        event.listen(self.engine, "close", lambda closed, _: self._open.discard(closed))
        forks.tell_of_forks(self)

    def before_fork(self) -> None:
        """Close what SQLite has open."""
        if self.file is not None:
            self._gate.shut(forks.WAIT_SECONDS)
            if self._gate.is_empty:
                self.engine.dispose()

    def after_fork(self, *, is_child: bool) -> None:
        """Go on; in the child without the parent's connections, and without its folder."""
        if not is_child:
            if self.file is not None:
                self._gate.open()
            return
        self._gate = forks.Gate()
        for inherited in list(self._open):
            forks.keep_for_ever(inherited)
            if self.file is not None:
                forks.make_unusable(self.file)
            else:
                forks.cut_off(self.backend.descriptor(inherited))
        self._open.clear()
        self.engine.dispose(close=False)
        if self._remove_folder is not None:
            self._remove_folder.detach()

    def __str__(self) -> str:
        """Return where it is, without passwords."""
        return str(self.file) if self.file is not None else url_shown(self.url)

    @contextmanager
    def read(self) -> Iterator[Tx]:
        """Give one consistent reading transaction.

        Raises DatabaseError where another process changed meanwhile what this one may only read.
        """
        before = self._state()
        with self._begun(self._reading) as tx:
            yield tx
            if self._state() != before:
                raise DatabaseError(CHANGED_WHILE_READ, self)
            self._check_there()

    @contextmanager
    def write(self) -> Iterator[Tx]:
        """Give a writing transaction that holds the store's lock; commit at the end, roll back on error.

        Raises DatabaseError where the file was removed meanwhile: what is written into it is nowhere once it is closed.
        """
        self._check_writable()
        with self._begun(self._writing) as tx:
            tx.run(LOCK)
            tx.now = time_now()  # not while it waited for the lock
            yield tx
            self._check_there()

    @contextmanager
    def write_if_free(self) -> Iterator[Tx]:
        """Do as `write`, but raise DatabaseError at once where another transaction holds the lock."""
        with self._begun(self._writing.execution_options(**{WAITS: False})) as tx:
            tx.execute(select(tables.store.c.epoch).with_for_update(nowait=True))  # SQLite has the lock by now
            tx.run(LOCK)
            tx.now = time_now()  # not while it waited for the lock
            yield tx

    @contextmanager
    def making(self) -> Iterator[Tx]:
        """Give a transaction that may make tables, while no other process does; the store's row, which is the lock
        of other transactions, may not be there yet.
        """
        self._check_writable()
        with (
            self._inside(),
            translated(),
            forks.ended_where_begun(self._prepared(self._writing, self._begun_to_make)) as connection,
        ):
            yield Tx(connection, self.info)

    def to_wal(self) -> None:
        """Let SQLite write its log ahead, where it may write: it remembers that. Other databases do so anyway."""
        if self.file is not None and not self.is_read_only:
            with translated(), self._prepared(self.engine, self.engine.connect) as connection:
                to_wal(connection.connection.driver_connection)

    def wipe(self, wait_seconds: float = 0.0) -> None:
        """Bring what was deleted out of the files, if that is due: SQLite's log holds old pages until it is cut.

        Where somebody still reads what was before, it stays due, for the next who calls this.
        """
        if self.file is None or not os.path.exists(self.file):  # noqa: PTH110 - raises nothing where it may not be looked at
            return
        compiled = (self.info.statements.constant(query)[0] for query in (_UNWIPED, _WIPED))
        unwiped, wiped = map(self.names.put_in, compiled)
        waited_seconds = 0.0 if self.is_unwiped else wait_seconds
        with self._inside(), suppress(sqlite3.Error), closing(opened_beside(self.file, waited_seconds)) as connection:
            ((epoch,),) = connection.execute(unwiped)
            self.is_unwiped = bool(epoch)
            if epoch:
                connection.execute("PRAGMA synchronous=NORMAL")
                ((is_busy, *_),) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if not is_busy:
                    connection.execute(wiped, (epoch,))
                    self.is_unwiped = False

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        if self._held is not None:
            self._held.release()
        if self._remove_folder is not None:
            self._remove_folder()

    def largest_row_bytes(self) -> int | None:
        """Return how many bytes a row may hold; None where there is no limit. A server ends the connection at a larger one."""
        if self._largest_row_bytes is None and self.backend.largest_packet:
            with self._inside(), self.engine.connect() as connection:
                limit = connection.exec_driver_sql(self.backend.largest_packet).scalar_one()
            self._largest_row_bytes = int(limit) // 2  # binary and quoted text are longer as they are sent
        return self._largest_row_bytes

    def _state(self) -> tuple[int, ...]:
        return state_of(self.file) if self.is_read_only and self.file is not None else ()

    def _check_there(self) -> None:
        try:
            if self.file is not None:
                os.stat(self.file)  # noqa: PTH116 - a write must not wait for the making of a path
        except FileNotFoundError:
            raise DatabaseError(REMOVED, self) from None
        except OSError:  # it may not be looked at, and may well be there
            pass

    def _check_writable(self) -> None:
        if self.is_read_only:
            raise DatabaseError(READ_ONLY, self)

    @contextmanager
    def _begun(self, engine: Engine) -> Iterator[Tx]:
        with self._inside(), translated(), forks.ended_where_begun(self._prepared(engine, engine.begin)) as connection:
            yield Tx(connection, self.info)

    @contextmanager
    def _begun_to_make(self) -> Iterator[Connection]:
        with self._writing.connect() as connection:
            try:
                with connection.begin():
                    if self.backend.making:
                        connection.exec_driver_sql(self.backend.making)
                    yield connection
            finally:
                if self.backend.made:  # the lock of a connection that is gone is gone with it
                    with suppress(DBAPIError), connection.begin():
                        connection.exec_driver_sql(self.backend.made)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Let a connection be held inside the block, as far as forks allow it."""
        if self.file is not None:
            forks.check_usable(self.file)
        with self._gate.inside():
            yield

    @contextmanager
    def _prepared(self, engine: Engine, opened: Callable[[], AbstractContextManager[Connection]]) -> Iterator[Connection]:
        """Give a connection; what the driver raises while it is prepared or given back, SQLAlchemy lets through as it is."""
        of_caller: BaseException | None = None
        try:
            with opened() as connection:
                try:
                    yield connection
                except BaseException as error:
                    of_caller = error
                    raise
        except engine.dialect.loaded_dbapi.Error as error:
            if error is of_caller:
                raise
            raise DatabaseError(failure_of(error), without(secrets_of(self.url), str(error))) from error
        except (TypeError, ValueError, OSError) as error:  # of an option or a name in the URL that the driver can do nothing with
            if error is of_caller:
                raise
            said = without(secrets_of(self.url), str(error))
            raise UsageError(f"{self}: the driver does not take this URL: {said}") from None


def held_for(where: str | Path) -> Held | None:
    """Return the file of the database at a path or URL, to be held before it is opened; None where it is not in one."""
    file = _file_of(url_of(where))
    return None if file is None else Held(file)


def _file_of(url: URL) -> Path | None:
    return Path(url.database) if url.drivername == "sqlite" and url.database else None
