"""The connection: how memproc talks to a database, and nothing about memories.

A writing transaction's first statement raises the store's epoch: on every database that row is the lock. Every statement is
compiled from Core tables, once. Rows go to the driver as tuples in the order of the table's columns. In what databases differ
is in `backends`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any
from weakref import WeakSet, finalize

from sqlalchemy import (
    Column,
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
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoneIsFreeError

from memproc.config import Settings
from memproc.errors import DatabaseError
from memproc.failures import UNKNOWN, Failure, Kind, failure_of
from memproc.store import tables
from memproc.store.backends import WAITS, connected, url_of
from memproc.store.forks import (
    WAIT_SECONDS,
    Gate,
    check_usable,
    cut_off,
    ended_where_begun,
    keep_for_ever,
    make_unusable,
    tell_of_forks,
)

KEYS_A_QUERY = 500
_LOCK = update(tables.store).values(epoch=tables.store.c.epoch + literal_column("1"))
POOL_IS_EMPTY = Failure(Kind.CRITICAL, "too many threads use the store at once: raise pool_size or pool_overflow")


class Database:
    """An engine with memproc's way of reading and writing. Safe to use from several threads."""

    def __init__(self, url: str, settings: Settings | None = None) -> None:
        """Connect to a path or a SQLAlchemy URL; nothing is created before the first use.

        Of the settings count those of the pool of connections, and durability.

        `sqlite://` is a store that lasts until it is closed: a file in a temporary folder, so that threads can share it.
        """
        self._remove_folder: finalize[..., Any] | None = None
        self.url = url_of(url)
        if self.url.get_backend_name() == "sqlite" and self.url.database in (None, "", ":memory:"):
            folder = mkdtemp(prefix="memproc-")
            self._remove_folder = finalize(self, rmtree, folder, ignore_errors=True)
            self.url = url_of(f"{folder}/memories.db")
        self.backend, self.engine = connected(self.url, settings or Settings())
        self._reading = self.engine.execution_options(**self.backend.reading)
        self._writing = self.engine.execution_options(**self.backend.writing)
        self.file = Path(self.url.database) if self.backend.driver == "sqlite" and self.url.database else None
        self._largest_row_bytes: int | None = None
        self._compiled: dict[tuple[object, ...], tuple[str, list[str]]] = {}
        self._gate, self._open = Gate(), WeakSet[Any]()  # the driver's connections that are open
        event.listen(self.engine, "connect", lambda opened, _: self._open.add(opened))
        event.listen(self.engine, "close", lambda closed, _: self._open.discard(closed))
        tell_of_forks(self)

    def before_fork(self) -> None:
        """Close what SQLite has open."""
        if self.file is not None:
            self._gate.shut(WAIT_SECONDS)
            if self._gate.is_empty:
                self.engine.dispose()

    def after_fork(self, *, is_child: bool) -> None:
        """Go on; in the child without the parent's connections, and without its folder."""
        if not is_child:
            if self.file is not None:
                self._gate.open()
            return
        self._gate = Gate()
        for inherited in list(self._open):
            keep_for_ever(inherited)
            if self.file is not None:
                make_unusable(self.file)
            else:
                cut_off(self.backend.descriptor(inherited))
        self._open.clear()
        self.engine.dispose(close=False)
        if self._remove_folder is not None:
            self._remove_folder.detach()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in one consistent reading transaction."""
        with self._connection(self._reading) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a writing transaction that holds the store's lock; commit at the end, roll back on error."""
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
        with self._inside(), told(), ended_where_begun(_prepared(self._writing, self._writing.connect)) as connection:
            try:
                with connection.begin():
                    if self.backend.making:
                        connection.exec_driver_sql(self.backend.making)
                    yield connection
            finally:
                if self.backend.made:  # the lock of a connection that is gone is gone with it
                    with suppress(DBAPIError), connection.begin():
                        connection.exec_driver_sql(self.backend.made)

    def wipe(self) -> None:
        """Bring what was deleted out of the files: SQLite's log holds old pages until it is cut.

        As far as readers let it: pages that another connection still reads stay until the next time.
        """
        if self.backend.driver == "sqlite":
            with self._inside(), self.engine.connect() as connection, suppress(DBAPIError):
                connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
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
        """Insert whole rows, each a tuple in the order of the table's columns."""
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

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        with self._inside(), told(), ended_where_begun(_prepared(engine, engine.begin)) as connection:
            yield connection

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Let a connection be held inside the block, as far as forks allow it."""
        if self.file is not None:
            check_usable(self.file)
        with self._gate.inside():
            yield


@contextmanager
def _prepared(engine: Engine, opened: Callable[[], AbstractContextManager[Connection]]) -> Iterator[Connection]:
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
        raise DatabaseError(failure_of(error), error) from error


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


def next_number(connection: Connection, table: Table) -> int:
    """Return the number of the next row of a table; right because the writer holds the lock."""
    return (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1


def take_numbers(connection: Connection, name: str, count: int) -> int:
    """Return the first of `count` numbers that were never given, by a counter in the store's row. The writer holds the lock."""
    counter = tables.store.c[name]
    connection.execute(update(tables.store).values({name: counter + count}))
    return int(connection.execute(select(counter)).scalar_one()) - count + 1


def make_tables(database: Database, connection: Connection) -> None:
    """Create the tables and views that are missing, on a connection of `making`."""
    tables.metadata.create_all(connection)
    for name, query in tables.views(database.backend).items():
        sql = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
        connection.exec_driver_sql(f"{database.backend.create_view} {name} AS {sql}")
