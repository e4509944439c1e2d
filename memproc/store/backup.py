"""A copy of a store that is in use.

Facts: SQLite's backup starts over whenever another connection writes between two of its steps, so beside a busy writer it never
ends; and a step over the whole file cannot be interrupted. But it keeps the source's reading transaction where there is one. In
WAL mode that is a snapshot which stops no writer.

Strategy: begin to read, copy in steps, check the copy, sync it, and give it its name. So the copy is the store as it was at one
moment, with whole batches; writers go on meanwhile, and only the log grows until it is done. VACUUM INTO reads from one moment
too; it writes the tables anew rather than page by page, and is slower where they are large.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import select

from memproc.errors import StoreError, UsageError
from memproc.store import tables
from memproc.store.database import Database

PAGES_A_STEP = 1_000
TOOLS = {"postgresql": "pg_dump", "mysql": "mariadb-dump", "mariadb": "mariadb-dump"}


def backup(database: Database, to: Path, *, overwrite: bool = False) -> int:
    """Copy the database to a file, as it is now; return how many bytes that has.

    Raises UsageError where the file is there (and `overwrite` is False), is in use or cannot be written, or where the database
    has a tool of its own for this; StoreError where the copy is not whole.
    """
    file = database.file
    if file is None:
        name = database.url.get_backend_name()
        raise UsageError(f"a store on {name} is copied by the database's own tool: use {TOOLS[name]}")
    _check_target(file, to, overwrite=overwrite)
    with _written_beside(to) as part:
        _copy(database, part)
        _check(part)
        _sync(part)
        shutil.copymode(file, part)  # the last, as the store may be one that may not be written
        _check_target(file, to, overwrite=overwrite)
        part.replace(to)
        _sync_names(to.parent)
        return to.stat().st_size


def _check_target(file: Path, to: Path, *, overwrite: bool) -> None:
    if to.exists() and to.samefile(file):
        raise UsageError(f"{to} is the store itself: give another file")
    if to.is_dir() or (to.exists() and not overwrite):
        raise UsageError(f"{to} is there: give another file, or overwrite it (--force)")
    for end in ("-wal", "-journal"):
        beside = to.with_name(to.name + end)
        if beside.exists():  # SQLite would take it for a part of the copy
            raise UsageError(f"{beside} is there, so {to} is a database in use: close it, or give another file")


@contextmanager
def _written_beside(to: Path) -> Iterator[Path]:
    """Give a new file in the folder of `to`, for a copy that is not whole yet; in the end it is gone, unless it was renamed."""
    try:
        handle, name = tempfile.mkstemp(prefix=f"{to.name}.", suffix=".part", dir=to.parent)
    except OSError as error:
        raise UsageError(f"{to} cannot be written: {error.strerror}") from error
    os.close(handle)
    try:
        yield Path(name)
    except OSError as error:
        raise StoreError(f"{to} cannot be written: {error.strerror}") from error
    except sqlite3.Error as error:
        raise StoreError(f"the store cannot be copied: {error}; `memproc doctor` tells whether it is whole") from error
    finally:
        for end in ("", "-wal", "-shm"):
            Path(name + end).unlink(missing_ok=True)


def _copy(database: Database, part: Path) -> None:
    with database.read() as source, closing(sqlite3.connect(part, isolation_level=None)) as target:
        source.execute(select(tables.store.c.epoch)).all()  # from here on this transaction sees one moment
        target.execute("PRAGMA synchronous=OFF")  # the whole is synced at the end
        target.execute("PRAGMA journal_mode=OFF")
        _steps(source.connection.driver_connection, target, pages=PAGES_A_STEP)


def _steps(source: Any, target: sqlite3.Connection, *, pages: int) -> None:
    source.backup(target, pages=pages)


def _check(part: Path) -> None:
    with closing(sqlite3.connect(part, isolation_level=None)) as copied:
        found = copied.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreError(f"the store is damaged, and so would be its copy: {found}; `memproc doctor` tells more")


def _sync(file: Path) -> None:
    """Push a file to the disk."""
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _sync_names(folder: Path) -> None:
    """Push the names in a folder to the disk, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
