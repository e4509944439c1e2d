"""The databases that are served, and in what they differ: names of drivers, how a transaction begins, a few words of SQL.

Facts: the driver for SQLite begins transactions late and by itself; SQLAlchemy's usual recipe against that makes every read
take the write lock. So a reading transaction says BEGIN and a writing one BEGIN IMMEDIATE. PostgreSQL and MariaDB lock the
store's row instead, and write at READ COMMITTED: at REPEATABLE READ who waited for the lock would fail, or decide by a snapshot
from before it. They read at REPEATABLE READ, so that what is read in several statements is of one moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from sqlite3 import SQLITE_BUSY, OperationalError
from sqlite3 import Connection as SqliteConnection
from time import monotonic, sleep
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    ExceptionContext,
    LargeBinary,
    NullPool,
    cast,
    create_engine,
    event,
    func,
)
from sqlalchemy.exc import NoSuchModuleError

from memproc.config import Settings
from memproc.errors import UsageError
from memproc.masking import secrets_of, without
from memproc.store.sql.files import is_read_only, uri_to_read
from memproc.store.sql.statements import Compiled

WRITES, WAITS = "memproc_writes", "memproc_waits"
TRY_EVERY_SECONDS = 0.001
CONTENDED_SECONDS = 1.0
BUSY_SECONDS = 60
CACHE_KIB = 64 * 1024  # the keys are hashes, so a batch touches pages all over the indexes; SQLite's 2 MiB are soon too few
CREATION_LOCK = 7_236_828_783  # any number that nobody else takes


class Backend(NamedTuple):
    """A kind of database. `driver` is used, and `drivers` may be named in a URL. `gap_seconds`: for how long an ingestion leaves
    the lock free between batches. `largest_packet` asks how many bytes a statement may hold, where there is a limit. `making` is
    run before a store is made, so that two processes do not make it at once, and `made` when that is committed; `is_making` asks
    whether the first got its lock, where it may have waited in vain. `is_ascii` tells whether a text is. `names` asks for
    the names that tables, views and indexes can no longer have; where `undoes_making` is False, what was made stays when the
    transaction is rolled back. `descriptor` gives that of a driver's connection to a server, -1 where it is closed.
    """

    driver: str
    drivers: tuple[str, ...]
    extra: str
    connect: Callable[[URL, Settings], Engine]
    reading: dict[str, Any]
    writing: dict[str, Any]
    hexadecimal: Callable[[Column[bytes]], ColumnElement[str]]
    json_text: Callable[[Column[str], str], ColumnElement[str]]
    is_ascii: Callable[[Column[str]], ColumnElement[bool]]
    names: str
    descriptor: Callable[[Any], int]
    gap_seconds: float = 0.0
    undoes_making: bool = True
    largest_packet: str = ""
    making: str = ""
    is_making: str = ""
    made: str = ""


def connected(url: URL, settings: Settings) -> tuple[Backend, Engine]:
    """Return the backend of a URL and an engine for it. Raises UsageError where its driver is not installed."""
    backend = BACKENDS[url.get_backend_name()]
    try:
        engine = backend.connect(url, settings)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        needed = f": pip install 'memproc-sdk[{backend.extra}]'" if backend.extra else ""
        raise UsageError(f"the driver for {url.drivername} is not installed{needed}") from error
    engine.update_execution_options(compiled_cache=Compiled(engine.dialect))
    if secrets := secrets_of(url):
        _hide(engine, secrets)
    return backend, engine


def _hide(engine: Engine, secrets: tuple[str, ...]) -> None:
    """Let no error of the driver tell a secret, nor that of SQLAlchemy about it."""

    @event.listens_for(engine, "handle_error")
    def failed(context: ExceptionContext) -> None:
        for error in (context.original_exception, context.sqlalchemy_exception):
            if error is not None:
                error.args = tuple(without(secrets, one) if isinstance(one, str) else one for one in error.args)


def _pool(settings: Settings) -> dict[str, Any]:
    return {
        "pool_size": settings.pool_size,
        "max_overflow": settings.pool_overflow,
        "pool_timeout": settings.pool_timeout_seconds,
        "pool_recycle": settings.pool_recycle_seconds,
        "pool_pre_ping": True,  # a server may have ended a connection meanwhile
    }


class _Referable(SqliteConnection):
    """A connection that weak references may lead to."""


def _sqlite(url: URL, settings: Settings) -> Engine:
    if settings.table_schema is not None:
        raise UsageError(f"table_schema={settings.table_schema!r} is for PostgreSQL: give another file, or a table_prefix")
    file = Path(url.database or "")
    if is_read_only(file):  # each transaction looks anew how it can be read, for another process may write it

        def to_read() -> sqlite3.Connection:
            return sqlite3.connect(uri_to_read(file), uri=True, check_same_thread=False, timeout=BUSY_SECONDS, factory=_Referable)

        engine = create_engine(url, creator=to_read, poolclass=NullPool)
    else:
        engine = create_engine(
            url, connect_args={"timeout": BUSY_SECONDS, "factory": _Referable}, **_pool(settings) | {"pool_pre_ping": False}
        )
    synchronous = "FULL" if settings.durability == "full" else "NORMAL"

    @event.listens_for(engine, "connect")
    def connected(driver_connection: Any, _record: object) -> None:
        driver_connection.isolation_level = None  # memproc says itself when a transaction begins
        driver_connection.execute(f"PRAGMA synchronous={synchronous}")
        driver_connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        driver_connection.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten: forgotten is forgotten

    turns = _Turns()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(WRITES, False):
            turns.begin(connection.connection.driver_connection, is_patient=options.get(WAITS, True))
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


class _Turns:
    """How a process waits for SQLite's one writing lock, so that each gets its turn.

    SQLite's own way is to try again after a wait that grows to 100 ms: who has waited long then tries seldom, and who has just had
    the lock takes it again. So all try equally often here, and who had to wait lately does not take the lock again at once.
    """

    def __init__(self) -> None:
        self._waited_at = -CONTENDED_SECONDS

    def begin(self, connection: Any, *, is_patient: bool) -> None:
        """Begin a writing transaction; wait for the lock as long as the connection is set to wait for any."""
        (busy_milliseconds,) = connection.execute("PRAGMA busy_timeout").fetchone()
        began = monotonic()
        deadline = began + (busy_milliseconds / 1_000 if is_patient else 0.0)
        if is_patient and began - self._waited_at < CONTENDED_SECONDS:
            sleep(TRY_EVERY_SECONDS)
        connection.execute("PRAGMA busy_timeout=0")
        try:
            while not _is_done(connection, "BEGIN IMMEDIATE", is_last=monotonic() >= deadline):
                self._waited_at = monotonic()
                sleep(TRY_EVERY_SECONDS)
        finally:
            connection.execute(f"PRAGMA busy_timeout={busy_milliseconds}")


def _is_done(connection: Any, statement: str, *, is_last: bool) -> bool:
    """Execute a statement of SQLite; tell whether nobody else was in its way, or raise if it was the last attempt."""
    try:
        connection.execute(statement)
    except OperationalError as error:
        if error.sqlite_errorcode & 0xFF != SQLITE_BUSY or is_last:
            raise
        return False
    return True


def to_wal(driver_connection: Any) -> None:
    """Turn to write-ahead logging; SQLite does not wait by itself for another connection that is about to do the same."""
    deadline = monotonic() + BUSY_SECONDS
    while not _is_done(driver_connection, "PRAGMA journal_mode=WAL", is_last=monotonic() > deadline):
        sleep(0.01)


def _postgresql(url: URL, settings: Settings) -> Engine:
    engine = create_engine(url, paramstyle="format", **_pool(settings))

    @event.listens_for(engine, "connect")
    def connected(driver_connection: Any, _record: object) -> None:
        with driver_connection.cursor() as cursor:
            cursor.execute(f"SET synchronous_commit TO {'on' if settings.durability == 'full' else 'off'}")
            if settings.table_schema is not None:
                name = settings.table_schema.replace('"', '""')
                cursor.execute(f'SET search_path TO "{name}"')
        driver_connection.commit()

    return engine


def _mysql(url: URL, settings: Settings) -> Engine:
    if settings.table_schema is not None:
        raise UsageError(
            f"table_schema={settings.table_schema!r} is for PostgreSQL: here a schema is a database, so name it in the URL, "
            "or give a table_prefix"
        )
    return create_engine(url.update_query_dict({"charset": "utf8mb4"}), paramstyle="format", **_pool(settings))


def _lower_hex(key: Column[bytes]) -> ColumnElement[str]:
    return func.lower(func.hex(key))


# Making a table commits, so no transaction can be the lock. The name is that of the whole server, and of 64 characters at most.
_LOCK_OF_DATABASE = "SHA1(CONCAT('memproc ', DATABASE()))"


def _has_as_many_bytes(text: Column[str]) -> ColumnElement[bool]:
    return func.octet_length(text) == func.char_length(text)


_MYSQL = Backend(
    driver="mysql+pymysql",
    drivers=("mysql+pymysql",),
    extra="mysql",
    connect=_mysql,
    reading={"isolation_level": "REPEATABLE READ"},
    writing={"isolation_level": "READ COMMITTED"},
    hexadecimal=_lower_hex,
    json_text=lambda record, name: func.json_unquote(func.json_extract(record, f"$.{name}")),
    is_ascii=_has_as_many_bytes,
    names="SELECT lower(table_name) FROM information_schema.tables WHERE table_schema = DATABASE()",
    undoes_making=False,
    descriptor=lambda connection: connection._sock.fileno() if connection.open else -1,  # noqa: SLF001 - it has no public name
    largest_packet="SELECT @@max_allowed_packet",
    making=f"DO GET_LOCK({_LOCK_OF_DATABASE}, {BUSY_SECONDS})",
    is_making=f"SELECT IS_USED_LOCK({_LOCK_OF_DATABASE}) = CONNECTION_ID()",
    made=f"DO RELEASE_LOCK({_LOCK_OF_DATABASE})",
)
BACKENDS: dict[str, Backend] = {
    "sqlite": Backend(
        driver="sqlite",
        drivers=("sqlite+pysqlite",),
        extra="",
        connect=_sqlite,
        reading={},
        writing={WRITES: True},
        hexadecimal=_lower_hex,
        json_text=lambda record, name: func.json_extract(record, f"$.{name}"),
        is_ascii=lambda text: func.length(cast(text, LargeBinary)) == func.length(text),  # 3.43 is the first with `octet_length`
        names="SELECT lower(name) FROM sqlite_master WHERE type IN ('table', 'view', 'index')",
        descriptor=lambda _connection: -1,
        gap_seconds=0.01,  # measured: two writers then share the lock evenly
    ),
    "postgresql": Backend(
        driver="postgresql+psycopg",
        drivers=("postgresql+psycopg",),
        extra="postgres",
        connect=_postgresql,
        reading={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
        writing={"isolation_level": "READ COMMITTED"},
        hexadecimal=lambda key: func.encode(key, "hex"),
        json_text=lambda record, name: func.json_extract_path_text(cast(record, JSON), name),
        is_ascii=_has_as_many_bytes,
        names=(
            "SELECT relname FROM pg_class JOIN pg_namespace own ON relnamespace = own.oid WHERE nspname = current_schema() UNION "
            "SELECT typname FROM pg_type JOIN pg_namespace own ON typnamespace = own.oid WHERE nspname = current_schema()"
        ),
        descriptor=lambda connection: -1 if connection.closed else connection.fileno(),
        making=f"SELECT pg_advisory_xact_lock({CREATION_LOCK})",
    ),
    "mysql": _MYSQL,
    "mariadb": _MYSQL._replace(driver="mariadb+pymysql", drivers=("mariadb+pymysql",)),
}
