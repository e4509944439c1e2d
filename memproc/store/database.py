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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from functools import cache
from operator import itemgetter
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import WeakSet, finalize

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    Executable,
    Select,
    Table,
    bindparam,
    delete,
    event,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoneIsFreeError

from memproc.config import Settings
from memproc.errors import DatabaseError, MemprocError, UsageError
from memproc.failures import CHANGED_WHILE_READ, READ_ONLY, UNKNOWN, Failure, Kind, failure_of
from memproc.in_use import Held
from memproc.store import forks, tables
from memproc.store.backends import WAITS, connected, to_wal, url_of
from memproc.store.files import check_place, is_read_only, state_of
from memproc.store.masking import secrets_of, url_shown, without
from memproc.store.naming import Names
from memproc.store.seals import SEAL, is_sealed, resealed, seal_of, sealed_columns

KEYS_A_QUERY = 500
BRIEFLY_SECONDS = 0.1
_ONE: ColumnElement[int] = literal_column("1")
_LOCK = update(tables.store).values(epoch=tables.store.c.epoch + _ONE, tally=tables.store.c.tally + _ONE)
_UNWIPED = select(tables.store.c.unwiped)
_WIPED = update(tables.store).where(tables.store.c.unwiped == bindparam("epoch")).values(unwiped=literal_column("0"))
POOL_IS_EMPTY = Failure(Kind.CRITICAL, "too many threads use the store at once: raise pool_size or pool_overflow")


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
        self._compiled: dict[tuple[object, ...], tuple[str, list[str]]] = {}
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
    def read(self) -> Iterator[Connection]:
        """Give a connection in one consistent reading transaction.

        Raises DatabaseError where another process changed meanwhile what this one may only read.
        """
        before = self._state()
        with self._connection(self._reading) as connection:
            yield connection
            if self._state() != before:
                raise DatabaseError(CHANGED_WHILE_READ, self)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a writing transaction that holds the store's lock; commit at the end, roll back on error."""
        self._check_writable()
        with self._connection(self._writing) as connection:
            self.run(connection, _LOCK)
            yield connection

    @contextmanager
    def write_if_free(self) -> Iterator[Connection]:
        """Do as `write`, but raise DatabaseError at once where another transaction holds the lock."""
        with self._connection(self._writing.execution_options(**{WAITS: False})) as connection:
            connection.execute(select(tables.store.c.epoch).with_for_update(nowait=True))  # SQLite has the lock by now
            self.run(connection, _LOCK)
            yield connection

    @contextmanager
    def making(self) -> Iterator[Connection]:
        """Give a connection in a transaction that may make tables, while no other process does; the store's row, which is the lock
        of other transactions, may not be there yet.
        """
        self._check_writable()
        with self._inside(), told(), forks.ended_where_begun(self._prepared(self._writing, self._writing.connect)) as connection:
            try:
                with connection.begin():
                    if self.backend.making:
                        connection.exec_driver_sql(self.backend.making)
                    yield connection
            finally:
                if self.backend.made:  # the lock of a connection that is gone is gone with it
                    with suppress(DBAPIError), connection.begin():
                        connection.exec_driver_sql(self.backend.made)

    def to_wal(self) -> None:
        """Let SQLite write its log ahead, where it may write: it remembers that. Other databases do so anyway."""
        if self.file is not None and not self.is_read_only:
            with told(), self._prepared(self.engine, self.engine.connect) as connection:
                to_wal(connection.connection.driver_connection)

    def note_deleted(self, connection: Connection) -> None:
        """Note that what is deleted in this transaction is to be brought out of the files when it is committed."""
        if self.file is not None:
            connection.execute(update(tables.store).values(unwiped=tables.store.c.epoch))

    def wipe(self, wait_seconds: float = 0.0) -> None:
        """Bring what was deleted out of the files, if that is due: SQLite's log holds old pages until it is cut.

        Where somebody still reads what was before, it stays due, for the next who calls this.
        """
        if self.file is None or not os.path.exists(self.file):  # noqa: PTH110 - raises nothing where it may not be looked at
            return
        compiled = (self._sql(("run", query), lambda query=query: query)[0] for query in (_UNWIPED, _WIPED))
        unwiped, wiped = map(self.names.put_in, compiled)
        waited_seconds = 0.0 if self.is_unwiped else wait_seconds
        with self._inside(), suppress(sqlite3.Error), closing(_beside(self.file, waited_seconds)) as connection:
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

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert whole rows, each a tuple in the order of the table's columns; a seal that is not given is made."""
        if is_sealed(table):
            whole = len(table.columns)
            rows = [row if len(row) == whole else (*row, seal_of(table, row)) for row in rows]
        limit = self.largest_row_bytes()
        if limit is not None and any(_characters(row) > limit // 4 and _bytes(row) > limit for row in rows):
            raise DatabaseError(Failure(Kind.CAPACITY, "too much at once"), f"a row of more than {limit:,} bytes")
        if rows:
            sql, _ = self._sql(("insert", table), lambda: insert(table))
            connection.exec_driver_sql(sql, list(rows))

    def update_rows(
        self,
        connection: Connection,
        table: Table,
        names: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
        *,
        add: Sequence[str] = (),
    ) -> None:
        """Set the columns `names` and raise the columns `add`: each row holds their values, then that of the primary key."""
        if is_sealed(table) and not {*names, *add}.isdisjoint(sealed_columns(table)):
            names, rows, add = self._resealed(connection, table, names, rows, add)
        if rows:
            (key,) = table.primary_key.columns

            def statement() -> Any:
                values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
                values |= {name: table.c[name] + bindparam(f"new_{name}") for name in add}
                return update(table).where(key == bindparam("the_key")).values(values)

            sql, order = self._sql(("update", table, *names, *add), statement)
            place = {f"new_{name}": at for at, name in enumerate((*names, *add))} | {"the_key": len(names) + len(add)}
            in_place = itemgetter(*[place[name] for name in order])
            connection.exec_driver_sql(sql, [*map(in_place, rows)])

    def _resealed(
        self, connection: Connection, table: Table, names: Sequence[str], rows: Sequence[tuple[Any, ...]], add: Sequence[str]
    ) -> tuple[Sequence[str], list[tuple[Any, ...]], tuple[str, ...]]:
        """Return what `update_rows` is to write where rows have seals: all values as they will be, and the seals of these."""
        (key,) = table.primary_key.columns
        place, at_key = {name: at for at, name in enumerate(table.columns.keys())}, table.columns.keys().index(key.name)
        there = {row[at_key]: tuple(row) for row in self.select_by_keys(connection, _whole(table), key, {row[-1] for row in rows})}
        for *values, own in (row for row in rows if row[-1] in there):
            new = dict(zip((*names, *add), values, strict=True))
            new |= {name: there[own][place[name]] + new[name] for name in add}
            there[own] = resealed(table, there[own], new)
        written = (*names, *add, SEAL)
        return written, [(*(row[place[name]] for name in written), own) for own, row in there.items()], ()

    def select_by_keys(self, connection: Connection, query: Select[Any], column: Column[Any], keys: Iterable[Any]) -> Iterator[Any]:
        """Give the rows of `query`, a constant of its module, whose `column` is one of `keys`, in no particular order."""
        for some in _in_parts(keys):
            yield from connection.exec_driver_sql(self._sql_by_keys(query, column, len(some)), some).all()

    def delete_by_keys(self, connection: Connection, column: Column[Any], keys: Iterable[Any]) -> None:
        """Delete the rows of a table whose `column` is one of `keys`."""
        for some in _in_parts(keys):
            connection.exec_driver_sql(self._sql_by_keys(None, column, len(some)), some)

    def _sql_by_keys(self, query: Select[Any] | None, column: Column[Any], count: int) -> str:
        """Return what gives the rows of a query whose column is one of so many keys; without a query what deletes them."""

        def statement() -> Any:
            is_one_of = column.in_([bindparam(f"key{at}", type_=column.type) for at in range(count)])
            return delete(column.table).where(is_one_of) if query is None else query.where(is_one_of)

        sql, _ = self._sql(("by keys", query, column, count), statement)
        return sql

    def run(self, connection: Connection, statement: Executable, **values: object) -> CursorResult[Any]:
        """Execute a statement, a constant of its module, with a value for each of its parameters."""
        sql, order = self._sql(("run", statement), lambda: statement)
        return connection.exec_driver_sql(sql, tuple(values[name] for name in order))

    def _sql(self, name: tuple[object, ...], make: Any) -> tuple[str, list[str]]:
        if name not in self._compiled:
            compiled = make().compile(dialect=self.engine.dialect)
            self._compiled[name] = str(compiled), list(compiled.positiontup or ())
        return self._compiled[name]

    def _state(self) -> tuple[int, ...]:
        return state_of(self.file) if self.is_read_only and self.file is not None else ()

    def _check_writable(self) -> None:
        if self.is_read_only:
            raise DatabaseError(READ_ONLY, self)

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        with self._inside(), told(), forks.ended_where_begun(self._prepared(engine, engine.begin)) as connection:
            yield connection

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


@contextmanager
def told() -> Iterator[None]:
    """Tell what an error of the driver means."""
    try:
        yield
    except DBAPIError as error:
        raise _failure(error) from error
    except NoneIsFreeError as error:
        raise DatabaseError(POOL_IS_EMPTY, error) from error


def is_of_value(error: Exception) -> bool:
    """Tell whether it is a value that the database or its driver refused, and not the database that failed."""
    if isinstance(error, DBAPIError):
        return isinstance(error, IntegrityError | DataError) or failure_of(error.orig or error).kind is Kind.DATA
    return isinstance(error, OverflowError | UnicodeError)


def is_of_memproc(error: Exception) -> bool:
    """Tell whether memproc itself broke, from what the database or the machine says."""
    return not isinstance(error, SQLAlchemyError | MemprocError | OSError)


def _failure(error: DBAPIError) -> DatabaseError:
    """Return what an error of the driver means, or the error before it: on a full disk SQLite ends the transaction, and what is
    told last is that a savepoint is gone.
    """
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, DBAPIError) and (failure := failure_of(one.orig or one)) is not UNKNOWN:
            return DatabaseError(failure, one.orig)
        one = one.__context__
    return DatabaseError(UNKNOWN, error.orig)


def _in_parts(keys: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """Give keys as many at a time as a query names, in few sizes: the last is given again until there are enough."""
    wanted = list(keys)
    for start in range(0, len(wanted), KEYS_A_QUERY):
        some = wanted[start : start + KEYS_A_QUERY]
        size = KEYS_A_QUERY if len(some) > KEYS_A_QUERY // 8 else 1 << (len(some) - 1).bit_length()
        yield (*some, *some[-1:] * (size - len(some)))


def _characters(row: Sequence[Any]) -> int:
    return sum(len(value) for value in row if isinstance(value, str | bytes))


def _bytes(row: Sequence[Any]) -> int:
    return sum(len(value.encode() if isinstance(value, str) else value) for value in row if isinstance(value, str | bytes))


@cache
def _whole(table: Table) -> Select[Any]:
    """Return the query of all rows of a table: one constant for each, as statements are compiled once."""
    return select(table)


def _beside(file: Path, wait_seconds: float) -> sqlite3.Connection:
    """Return a connection to a SQLite file that is there, outside of the pool, which waits for others no longer than that."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=wait_seconds, isolation_level=None)


def in_chunks(connection: Connection, query: Select[Any], number: Column[int], size: int) -> Iterator[Sequence[Any]]:
    """Give the rows of a query in the order of `number`, one of its columns, so many at a time, by a statement each."""
    last, ordered = -(2**63), query.order_by(number).limit(size)
    while rows := connection.execute(ordered.where(number > last)).all():
        yield rows
        last = rows[-1].number


def change_row(connection: Connection, table: Table, number: int, values: Mapping[str, Any]) -> None:
    """Set some columns of one row of a table with seals, and its seal with them."""
    (key,) = table.primary_key.columns
    row = connection.execute(select(table).where(key == number)).one()
    connection.execute(update(table).where(key == number).values({**values, SEAL: resealed(table, row, values)[-1]}))


def next_number(connection: Connection, table: Table) -> int:
    """Return the number of the next row of a table; right because the writer holds the lock."""
    return (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1


def take_numbers(connection: Connection, name: str, count: int) -> int:
    """Return the first of `count` numbers that were never given, by a counter in the store's row. The writer holds the lock."""
    counter = tables.store.c[name]
    connection.execute(update(tables.store).values({name: counter + count, "tally": tables.store.c.tally + count}))
    return int(connection.execute(select(counter)).scalar_one()) - count + 1
