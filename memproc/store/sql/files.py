"""The file of a SQLite store: whether it can be one, whether it may be written, and how it is read where it may not.

Facts: SQLite makes a file by opening it, waits for ever at a pipe, and says "unable to open database file" of whatever else is
wrong. In WAL mode the newest commits may lie in the file that ends in -wal; to read these it needs the one that ends in -shm, which
it makes anew where it may. A file that nobody writes, with nothing in its log, can be read as *immutable*, without locks and
without files beside it; but if it is written meanwhile, what is read is of no moment.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import quote

from memproc.errors import StoreError, UsageError

LEAST_BYTES = 512  # of a database; SQLite takes what is smaller for an empty one, and writes over it
SEARCHED_BYTES = 1024 * 1024  # at its beginning a database names its tables


def check_place(file: Path) -> None:
    """Raise UsageError where no file can be, or something else than a file is, or one that may not be read."""
    try:
        mode = file.stat().st_mode
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise UsageError(f"{file} has no place: there is no folder {file.parent}, make it first") from None
    except NotADirectoryError:
        raise UsageError(f"{file} has no place: {file.parent} is no folder") from None
    except PermissionError:
        raise UsageError(f"{file} may not be looked at: mind the owner and mode of its folder") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{str(file)!r} cannot be the path of a file: {getattr(error, 'strerror', None) or error}") from None
    else:
        if stat.S_ISDIR(mode):
            raise UsageError(f"{file} is a folder: give the path of a file in it")
        if not stat.S_ISREG(mode):
            raise UsageError(f"{file} is a pipe, a device or the like: give the path of a file")
        if not os.access(file, os.R_OK):
            raise UsageError(f"{file} may not be read: mind its owner and mode")


def check_database(file: Path) -> None:
    """Raise UsageError where a file is there and is no database; an empty one may become one."""
    if is_there(file) and not _is_database(file):
        raise UsageError(f"{file} is no SQLite database: give another file (if it was a store, `memproc doctor` tells more)")


def was_database_of(file: Path, name: str) -> bool:
    """Tell whether a file may be a damaged database: its beginning holds the name of one of its tables."""
    return name.encode() in _head(file, SEARCHED_BYTES)


def check_makable(file: Path) -> None:
    """Raise UsageError where a store may not be made in a file."""
    if not file.exists() and not _may_write(file.parent):
        raise UsageError(f"{file} cannot be made: its folder may not be written")


def is_there(file: Path) -> bool:
    """Tell whether there is a file with anything in it."""
    return file.is_file() and file.stat().st_size > 0


def is_read_only(file: Path) -> bool:
    """Tell whether a database may only be read: by its mode, its owner or its mount, or as no log can be made beside it."""
    if not file.exists():
        return False
    has_log = _beside(file, "-wal").exists() and _beside(file, "-shm").exists()
    return not _may_write(file) or not (has_log or _may_write(file.parent))


def uri_to_read(file: Path) -> str:
    """Return the URI by which SQLite reads a file that may not be written. Raises StoreError where it cannot read all of it."""
    uri = f"file:{quote(os.fsencode(file))}?mode=ro"
    logs = [log for log in (_beside(file, "-wal"), _beside(file, "-journal")) if is_there(log)]
    if not logs:
        return f"{uri}&immutable=1"
    if not _beside(file, "-shm").exists() and not _may_write(file.parent):
        raise StoreError(
            f"the newest commits of {file} lie in {logs[0]}, and SQLite cannot read them where it may not write: "
            "copy both files to a folder that may be written, and open the copy"
        )
    return uri


def opened_beside(file: Path, wait_seconds: float) -> sqlite3.Connection:
    """Return a connection to a SQLite file that is there, outside of the pool, which waits for others no longer than that."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=rw", uri=True, timeout=wait_seconds, isolation_level=None)


def state_of(file: Path) -> tuple[int, ...]:
    """Return what changes when a database is written."""
    return tuple(one for path in (file, _beside(file, "-wal")) for one in _seen(path))


def make_private(file: Path) -> None:
    """Make an empty file that is its owner's alone; SQLite gives what it makes beside it the same mode."""
    with suppress(OSError):  # another process was quicker, or SQLite says better what is wrong
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def remove_empty(file: Path) -> None:
    """Remove the file that a store was to be made in and was not, unless somebody uses it."""
    with suppress(sqlite3.Error, OSError), closing(sqlite3.connect(file, isolation_level=None, timeout=0)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")  # refused as long as another connection is open
        connection.execute("BEGIN EXCLUSIVE")
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
            file.unlink()


def _is_database(file: Path) -> bool:
    """Tell whether a file is a database. SQLite is asked: whoever opens and closes it otherwise drops the locks that this process
    has on it, as for an application whose database it is.
    """
    if file.stat().st_size < LEAST_BYTES:
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(os.fsencode(file))}?mode=ro", uri=True)) as connection:
            connection.execute("PRAGMA schema_version")
    except sqlite3.Error as error:
        return getattr(error, "sqlite_errorname", "") != "SQLITE_NOTADB"
    return True


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def _head(file: Path, count: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(count)


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK | os.X_OK if path.is_dir() else os.W_OK)


def _seen(path: Path) -> Iterator[int]:
    with suppress(FileNotFoundError):
        seen = path.stat()
        yield from (seen.st_mtime_ns, seen.st_size)
