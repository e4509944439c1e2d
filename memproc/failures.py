"""What an error of a database driver means, and what to do about it. Pure.

Facts: sqlite3 gives a name (`SQLITE_BUSY`), PostgreSQL a five-character SQLSTATE, MariaDB and MySQL a number and an SQLSTATE, which
says less: most of their failures have HY000. When a connection is refused or lost, psycopg gives neither, and only the English
message of the server is left; the same holds for sqlite3 when a table is not as expected.

Rules: *data*: a value is refused because of its type, a key, a check or a trigger; the record is isolated where it is written
(`store/changes/landing.py`). *Transient*: the same transaction may succeed when it is retried, after a random wait that grows
("full jitter": Brooker, "Exponential Backoff and Jitter", 2015). *Capacity*: a smaller batch may succeed. *Critical*: a person must
act; committed batches stay, and the advice says what to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 5.0
MOST_RETRIES = 9  # where nothing else is said


class Kind(StrEnum):
    """What can be done about a failure."""

    DATA = "data"
    TRANSIENT = "transient"
    CAPACITY = "capacity"
    CRITICAL = "critical"


class Failure(NamedTuple):
    """A failure of the database: its kind, and advice for a person."""

    kind: Kind
    advice: str


_TABLE: tuple[tuple[Kind, str, str], ...] = (
    # "22..." stands for a whole class of SQLSTATE: 22 data, 23 constraints, 44 views with a check, 45 and P0 raised by triggers.
    (
        Kind.DATA,
        "the database refused a value",
        "SQLITE_CONSTRAINT SQLITE_MISMATCH 22... 23... 27... 44... 45... P0... 1364 1643 1644 1690 3819 4025",
    ),
    (Kind.TRANSIENT, "another process holds the database", "SQLITE_BUSY SQLITE_LOCKED 55P03 1205 3572"),
    (Kind.TRANSIENT, "two transactions waited for each other", "40P01 40001 1213 1020"),
    (Kind.TRANSIENT, "the statement was cancelled", "SQLITE_INTERRUPT 57014 1317"),
    (
        Kind.TRANSIENT,
        "the connection was lost",
        "08000 08003 08006 57P01 57P02 57P05 25P03 25P04 0 1053 1158 1159 1160 1161 1927 2006 2013 2055 4031",
    ),
    (Kind.TRANSIENT, "the server takes no connection now", "08001 08004 53300 57P03 1040 1203 1226 2002 2003"),
    (
        Kind.CAPACITY,
        "too much at once",
        "SQLITE_TOOBIG SQLITE_NOMEM 53200 54000 54001 54023 1037 1038 1041 1153 1390 1969 2020 3024",
    ),
    (Kind.CRITICAL, "the disk is full: make room", "SQLITE_FULL 53100 28 1021 1114"),
    (
        Kind.CRITICAL,
        "the database cannot be opened or written: mind its owner and mode",
        "SQLITE_READONLY SQLITE_CANTOPEN SQLITE_PERM 25006 1036 1290 1792 1836",
    ),
    (Kind.CRITICAL, "the user may not do that in the database: give it the rights", "42501 1044 1142 1143 1227"),
    (Kind.CRITICAL, "reading or writing the disk failed: mind the disk", "SQLITE_IOERR 58030 1030"),
    (
        Kind.CRITICAL,
        "the file is damaged: run memproc doctor, and bring back a backup",
        "SQLITE_CORRUPT SQLITE_NOTADB XX001 XX002 1034 1194 1195 1712",
    ),
    (Kind.CRITICAL, "the server knows no such user or password: mind the URL", "28000 28P01 1045 1698"),
    (Kind.CRITICAL, "the server has no such database: create it first", "3D000 1049"),
    (Kind.CRITICAL, "no schema of the search path is there: create one, or name one with table_schema", "3F000"),
    (
        Kind.CRITICAL,
        "the tables are not those of this memproc: `memproc doctor` tells which",
        "42P01 42703 42P10 42804 1054 1136 1146",
    ),
)
_BY_CODE = {code: Failure(kind, advice) for kind, advice, codes in _TABLE for code in codes.split()}
UNKNOWN = Failure(Kind.CRITICAL, "the database refused")
READ_ONLY = Failure(
    Kind.CRITICAL, "the store is read-only: give this user the right to write its file and its folder, or copy it to where he may"
)
REMOVED = Failure(
    Kind.CRITICAL,
    "the file of the store was removed while it was open, and what is written now is nowhere: bring it back, open anew",
)
CHANGED_WHILE_READ = Failure(Kind.TRANSIENT, "another process wrote what was read meanwhile")
DAMAGED = _BY_CODE["SQLITE_CORRUPT"]
LOST = _BY_CODE["08006"]

_KEY_CONFLICTS = frozenset(["SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY", "23505", "1062", "1586"])

# For errors without a code: words that all occur in the message, and a code of the same meaning. The first match counts.
_TOLD: tuple[tuple[tuple[str, ...], str], ...] = (
    (("database is locked",), "SQLITE_BUSY"),
    (("no such table",), "42P01"),
    (("no such column",), "42703"),
    (("has no column named",), "42703"),
    (("fatal:", 'role "', "does not exist"), "28000"),
    (("fatal:", 'database "', "does not exist"), "3D000"),
    (("authentication failed",), "28P01"),
    (("no password supplied",), "28P01"),
    (("pg_hba.conf",), "28000"),
    (("not permitted to log in",), "28000"),
    (("permission denied for database",), "42501"),
    (("too many clients",), "53300"),
    (("too many connections",), "53300"),
    (("connection slots",), "53300"),
    (("the database system is",), "57P03"),  # starting up, shutting down, in recovery mode, not yet accepting connections
    (("terminating connection",), "57P01"),
    (("failed to resolve host",), "08001"),
    (("fatal:",), ""),  # the server refuses for a reason that is not known here
    (("connection",), "08006"),
)


def failure_of(error: BaseException) -> Failure:
    """Return what an error of a driver means. An unknown error is critical, because its consequences are unknown.

    >>> import sqlite3
    >>> failure_of(sqlite3.OperationalError("database is locked")).kind
    <Kind.TRANSIENT: 'transient'>
    """
    return next((_BY_CODE[code] for code in _codes_of(error) if code in _BY_CODE), UNKNOWN)


def is_key_conflict(error: BaseException) -> bool:
    """Return whether another row has the same unique key."""
    return not _KEY_CONFLICTS.isdisjoint(_codes_of(error))


def wait_seconds(attempt: int, chance: float) -> float:
    """Return how long to wait before the next attempt; `attempt` counts from 0, `chance` is a random number 0 to 1.

    >>> [wait_seconds(attempt, 1.0) for attempt in (0, 1, 2, 20)]
    [0.05, 0.1, 0.2, 5.0]
    """
    return float(min(FIRST_WAIT_SECONDS * 2**attempt, LONGEST_WAIT_SECONDS)) * chance


def _codes_of(error: BaseException) -> Iterator[str]:
    """Yield the codes of an error, the most specific first."""
    if name := getattr(error, "sqlite_errorname", None):
        yield from (name, "_".join(name.split("_")[:2]))  # SQLITE_IOERR_WRITE is an SQLITE_IOERR
    if error.args and isinstance(error.args[0], int):
        yield str(error.args[0])
    if state := getattr(error, "sqlstate", None):
        yield from (state, f"{state[:2]}...")
    else:
        told = str(error).lower()
        yield next((code for words, code in _TOLD if all(word in told for word in words)), "")
