"""The connection: how memproc talks to a database, and nothing about memories.

Facts: the driver for SQLite begins transactions late and by itself; SQLAlchemy's usual recipe against that makes every read
take the write lock. So here a reading transaction says BEGIN and a writing one BEGIN IMMEDIATE, and its first statement
raises the store's epoch: on every database that row is the lock.

Every statement is compiled from Core tables, once. Rows go to the driver as tuples in the order of the table's columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Select,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from memproc.errors import StoreError, UsageError
from memproc.store import tables

KEYS_A_QUERY = 500
BUSY_SECONDS = 60
CACHE_KIB = 64 * 1024  # the keys are hashes, so a batch touches pages all over the indexes; SQLite's 2 MiB are soon too few

_WRITES = "memproc_writes"


def to_url(where: str | Path) -> str:
    """Return the SQLAlchemy URL of a path or URL. Raises UsageError on a database that is not served."""
    text = str(where)
    url = text if "://" in text else f"sqlite:///{text}"
    try:
        backend = make_url(url).get_backend_name()
    except ArgumentError as error:
        raise UsageError(f"{text!r} is no database URL: give a path, or for example sqlite:///memories.db") from error
    if backend != "sqlite":
        raise UsageError(f"{backend!r} is not served yet: give a path or a sqlite:/// URL")
    return url


class Database:
    """An engine with memproc's way of reading and writing. Safe to use from several threads."""

    def __init__(self, url: str, *, durability: str = "normal") -> None:
        """Connect to a SQLAlchemy URL; nothing is created before the first use.

        `sqlite://` is a store that lasts until it is closed: a file in a temporary folder, so that threads can share it.
        """
        self._folder: TemporaryDirectory[str] | None = None
        if make_url(url).database in (None, "", ":memory:"):
            self._folder = TemporaryDirectory(prefix="memproc-", ignore_cleanup_errors=True)
            url = f"sqlite:///{self._folder.name}/memories.db"
        self.file = Path(make_url(url).database or "")
        try:
            self.engine: Engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        except NoSuchModuleError as error:
            raise UsageError(f"no driver for {url!r}") from error
        _prepare_sqlite(self.engine, "FULL" if durability == "full" else "NORMAL")
        self._compiled: dict[tuple[object, ...], tuple[str, list[str]]] = {}

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Give a connection in one consistent reading transaction."""
        with self._connection(self.engine) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Give a connection in a writing transaction that holds the store's lock; commit at the end, roll back on error."""
        with self._connection(self.engine.execution_options(**{_WRITES: True})) as connection:
            connection.execute(update(tables.store).values(epoch=tables.store.c.epoch + 1))
            yield connection

    def wipe(self) -> None:
        """Bring what was deleted out of the files: SQLite's log holds old pages until it is cut.

        As far as readers let it: pages that another connection still reads stay until the next time.
        """
        with self.engine.connect() as connection, suppress(DBAPIError):
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()
        if self._folder is not None:
            self._folder.cleanup()

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert whole rows, each a tuple in the order of the table's columns."""
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
            connection.exec_driver_sql(sql, [tuple(row[place[name]] for name in order) for row in rows])

    def select_by_keys(self, connection: Connection, query: Select[Any], column: Column[Any], keys: Iterable[Any]) -> Iterator[Any]:
        """Give the rows of `query`, a constant of its module, whose `column` is one of `keys`, in no particular order."""
        wanted = list(keys)
        for start in range(0, len(wanted), KEYS_A_QUERY):
            some = wanted[start : start + KEYS_A_QUERY]
            size = KEYS_A_QUERY if len(some) > KEYS_A_QUERY // 8 else 1 << (len(some) - 1).bit_length()
            padded = some + [some[-1]] * (size - len(some))

            def statement(size: int = size) -> Select[Any]:
                return query.where(column.in_([bindparam(f"key{at}", type_=column.type) for at in range(size)]))

            sql, _ = self._sql(("select", query, column, size), statement)
            yield from connection.exec_driver_sql(sql, tuple(padded))

    def _sql(self, name: tuple[object, ...], make: Any) -> tuple[str, list[str]]:
        if name not in self._compiled:
            compiled = make().compile(dialect=self.engine.dialect)
            self._compiled[name] = str(compiled), list(compiled.positiontup or ())
        return self._compiled[name]

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            if "database is locked" in str(error.orig):
                raise StoreError(f"another process has held the database for {BUSY_SECONDS} s: try again") from error
            raise


def next_number(connection: Connection, table: Table) -> int:
    """Return the number of the next row of a table; right because the writer holds the lock."""
    return (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1


def take_numbers(connection: Connection, name: str, count: int) -> int:
    """Return the first of `count` numbers that were never given, by a counter in the store's row. The writer holds the lock."""
    counter = tables.store.c[name]
    connection.execute(update(tables.store).values({name: counter + count}))
    return int(connection.execute(select(counter)).scalar_one()) - count + 1


def delete_where(connection: Connection, table: Table, column: str, values: Sequence[object]) -> None:
    """Delete the rows whose column holds one of these values."""
    for start in range(0, len(values), KEYS_A_QUERY):
        connection.execute(delete(table).where(table.c[column].in_(values[start : start + KEYS_A_QUERY])))


def make_tables(database: Database) -> None:
    """Create the tables and views that are missing, in one transaction."""
    engine = database.engine.execution_options(**{_WRITES: True})
    with engine.begin() as connection:
        tables.metadata.create_all(connection)
        for name, query in tables.views().items():
            sql = query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True})  # type: ignore[attr-defined]
            connection.exec_driver_sql(f"CREATE VIEW IF NOT EXISTS {name} AS {sql}")


def _prepare_sqlite(engine: Engine, synchronous: str) -> None:
    @event.listens_for(engine, "connect")
    def connected(driver_connection: Any, _record: object) -> None:
        driver_connection.isolation_level = None  # memproc says itself when a transaction begins
        driver_connection.execute("PRAGMA journal_mode=WAL")
        driver_connection.execute(f"PRAGMA synchronous={synchronous}")
        driver_connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        driver_connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten: forgotten is forgotten

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
