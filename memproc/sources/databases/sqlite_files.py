"""SQLite files of other applications: read without a lock and without leaving files behind, where that can be.

Facts: who reads a file keeps others from writing it meanwhile, unless it is in WAL mode. In WAL mode SQLite makes files beside it
(-wal, -shm), which who may only read cannot remove. A file read as *immutable* needs neither; but if it is written meanwhile, what
is read is of no moment. The time of the last change of a file is exact to some milliseconds only.

Strategy: a file that nobody has written for a moment, with nothing in a log beside it, is read as immutable, and what was read is
thrown away if it has changed meanwhile. Any other is read with locks, for as long as a page takes.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from time import monotonic, time
from typing import NamedTuple
from urllib.parse import quote

from memproc.errors import SourceError
from memproc.in_use import SQLITE_START
from memproc.sources.files import check_not_in_use
from memproc.sources.labels import path_shown

BUSY_SECONDS = 30.0
QUIET_SECONDS = 2.0
NAMES_SHOWN = 20
LEAST_START = 8
LONGEST_BYTES = 64 << 20  # of a value, and of a row
STATEMENT_SECONDS = 60.0  # that a statement may take where nothing else is said
STEPS_A_LOOK = 20_000  # of SQLite's machine between two looks at the clock
_OF_STORES = "memproc_observations"


class State(NamedTuple):
    """What changes when a database is written: times in nanoseconds and sizes of the file and the logs beside it."""

    file: tuple[int, int]
    logs: tuple[tuple[int, int], ...]

    def is_quiet(self, now: float) -> bool:
        """Return whether nobody seems to write the file at a time, in seconds."""
        is_old = self.file[0] < (now - QUIET_SECONDS) * 1e9
        return is_old and not any(size for _, size in self.logs)


def state_of(file: Path) -> State:
    """Return the state of a database file."""
    return State(_seen(file), tuple(_seen(file.with_name(file.name + end)) for end in ("-wal", "-journal")))


def is_quiet_now(file: Path) -> bool:
    """Return whether nobody seems to write a file at the moment."""
    return state_of(file).is_quiet(time())


def check_file(file: Path) -> None:
    """Raise SourceError where there is no file, or an open store uses it."""
    check_not_in_use(file)
    if not file.is_file():
        told = "is a directory" if file.is_dir() else "does not exist"
        raise SourceError(f"{path_shown(file)} {told}: give the path of a SQLite file")


def opened(file: Path, *, is_immutable: bool, statement_seconds: float | None = None) -> sqlite3.Connection:
    """Return a connection that only reads, for a statement or two: these have an end, and no value is longer than the limit."""
    check_file(file)
    uri = f"file:{quote(os.fsencode(file))}?mode=ro{'&immutable=1' if is_immutable else ''}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_BYTES)
    end = monotonic() + (statement_seconds or STATEMENT_SECONDS)
    connection.set_progress_handler(lambda: monotonic() > end, STEPS_A_LOOK)
    connection.execute("PRAGMA query_only=ON")
    return connection


def refuse_if_database(path: Path, label: str, start: bytes) -> None:
    """Raise SourceError for a SQLite file that was given without the name of a table: it tells which there are. `start` are its
    first bytes, 8 or more.
    """
    if start[:LEAST_START] != SQLITE_START[:LEAST_START]:
        return
    try:
        with closing(opened(path, is_immutable=is_quiet_now(path))) as connection:
            query = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            names = [name for (name,) in connection.execute(query)]
    except sqlite3.Error as error:
        raise SourceError(f"{label} is a SQLite file that cannot be read: {error}") from None
    raise SourceError(f"{label} {advice_on(names)}")


def advice_on(names: list[str]) -> str:
    """Return what a database with these tables is, and what to do."""
    if _OF_STORES in names:
        return "holds a store of memproc: `memproc export` writes that, and --table reads another table beside it"
    if not names:
        return "is a database without tables"
    told = ", ".join(sorted(names)[:NAMES_SHOWN]) + (", ..." if len(names) > NAMES_SHOWN else "")
    return f"is a database: name one of its tables, as in --table {min(names)}; `memproc inspect` tells more. It has {told}"


def _seen(path: Path) -> tuple[int, int]:
    with suppress(OSError):
        seen = path.stat()
        return seen.st_mtime_ns, seen.st_size
    return 0, 0


def _text(given: bytes) -> str:
    """Return a text; one that is no UTF-8 is kept so that validation tells it."""
    return str(given, "utf-8", "surrogateescape")
