"""A copy of a store that is in use.

Facts: SQLite's backup starts over whenever another connection writes between two of its steps, so beside a busy writer it never
ends; and a step over the whole file cannot be interrupted. But it keeps the source's reading transaction where there is one. In
WAL mode that is a snapshot which stops no writer.

Strategy: begin to read, copy in steps, check the copy, sync it, and give it its name (`writing`). So the copy is the store as it
was at one moment, with whole batches; writers go on meanwhile, and only the log grows until it is done. VACUUM INTO reads from one
moment too; it writes the tables anew rather than page by page, and is slower where they are large. What takes only bytes one after
the other, as a pipe does, gets them from a temporary copy.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from sqlalchemy import select

from memproc.errors import StoreError, UsageError
from memproc.store.sql import tables
from memproc.store.sql.database import Database
from memproc.store.sql.files import opened_beside
from memproc.writing import beside, plain_file, through

PAGES_A_STEP = 1_000
LOCK_WAIT_SECONDS = 10.0
TOOLS = {"postgresql": "pg_dump", "mysql": "mariadb-dump", "mariadb": "mariadb-dump"}


class DamagedError(StoreError):
    """The store is damaged, so no copy is made of it."""


def backup(database: Database, to: str | Path | IO[bytes], *, overwrite: bool = False) -> int:
    """Copy the database to a file or a stream, as it is now; return how many bytes that has.

    Raises UsageError where the file is there (and `overwrite` is False), is in use or cannot be written, or where the database
    has a tool of its own for this; StoreError where the copy is not whole.
    """
    if database.file is None:
        name = database.url.get_backend_name()
        raise UsageError(f"a store on {name} is copied by the database's own tool: use {TOOLS[name]}")
    if not isinstance(to, str | Path):
        return _sent(database, to)
    file = plain_file(to)
    if file is None:
        with through(to, overwrite=overwrite) as stream:
            return _sent(database, stream)
    _check_target(to, file, overwrite=overwrite)
    with beside(to, file, is_private=True, overwrite=overwrite) as part:
        _copy(database, part.path)
        _check_target(to, file, overwrite=overwrite)
        return part.path.stat().st_size


def _sent(database: Database, to: IO[bytes]) -> int:
    """Copy the database to what only takes bytes one after the other: by a temporary file."""
    with TemporaryDirectory(prefix="memproc-") as folder:
        whole = Path(folder, "copy.db")
        _copy(database, whole)
        with whole.open("rb") as stream:
            shutil.copyfileobj(stream, to)
        return whole.stat().st_size


def _check_target(to: str | Path, file: Path, *, overwrite: bool) -> None:
    if file.exists() and not overwrite:
        raise UsageError(f"{to} is there: give another file, or overwrite it (--force)")
    for end in ("-wal", "-journal"):
        log = file.with_name(file.name + end)
        if log.exists():  # SQLite would take it for a part of the copy
            raise UsageError(f"{log} is there, so {to} is a database in use: close it, or give another file")


def copy_beside(database: Database, file: Path) -> None:
    """Copy a database that is a file to another file, while this process is in a transaction that has not written yet.

    Raises UsageError where something is there or it cannot be written, and StoreError where the copy is not whole.
    """
    _check_target(file, file, overwrite=False)
    with beside(file, file, is_private=True, overwrite=False) as part:
        if database.file is not None:
            with closing(opened_beside(database.file, LOCK_WAIT_SECONDS)) as source:
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it sees one moment
                _copy_of(source, part.path)


def _copy(database: Database, part: Path) -> None:
    """Copy the database to a file and check the copy."""
    with database.read() as source:
        source.execute(select(tables.store.c.epoch)).all()  # from here on this transaction sees one moment
        _copy_of(source.connection.connection.driver_connection, part)


def _copy_of(source: Any, part: Path) -> None:
    """Copy what a connection of SQLite sees in its reading transaction to a file, and check the copy."""
    try:
        with closing(_opened(part, "nolock=1")) as target:
            target.execute("PRAGMA synchronous=OFF")  # the whole is synced at the end
            target.execute("PRAGMA journal_mode=OFF")
            _steps(source, target, pages=PAGES_A_STEP)
        _check(part)
    except sqlite3.Error as error:
        raise StoreError(f"the store cannot be copied: {error}; `memproc doctor` tells whether it is whole") from error


def _opened(part: Path, how: str) -> sqlite3.Connection:
    """Open a copy without SQLite's locks, which may clash with that of who writes it, and without files beside it."""
    return sqlite3.connect(f"{part.absolute().as_uri()}?{how}", isolation_level=None, uri=True)


def _steps(source: Any, target: sqlite3.Connection, *, pages: int) -> None:
    source.backup(target, pages=pages)


def _check(part: Path) -> None:
    with closing(_opened(part, "immutable=1")) as copied:
        verdict = copied.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if verdict != "ok":
        raise DamagedError(f"the store is damaged, and so would be its copy: {verdict}; `memproc doctor` tells more")
