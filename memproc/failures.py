"""What a database's refusal means, and what to do about it. Pure.

Facts: sqlite3 tells by a name (`SQLITE_BUSY`), PostgreSQL by a five-character SQLSTATE, MariaDB and MySQL by a number. A refused
value is the record's fault and is isolated where it is written (`store/landing`). Here are the others.

Rules: *transient*: the same transaction may succeed if it is begun anew, after a random wait that grows ("full jitter": Brooker,
"Exponential Backoff and Jitter", 2015). *Capacity*: a smaller batch may succeed. *Critical*: a person must act; what was
committed stays, and the advice says what to do.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

FIRST_WAIT_SECONDS = 0.05
LONGEST_WAIT_SECONDS = 5.0
MOST_ATTEMPTS = 10

_RESUME = "then go on with --resume"


class Kind(StrEnum):
    """What can be done about a failure."""

    TRANSIENT = "transient"
    CAPACITY = "capacity"
    CRITICAL = "critical"


class Failure(NamedTuple):
    """A failure of the database: its kind, and advice for a person."""

    kind: Kind
    advice: str


_TABLE: tuple[tuple[Kind, str, str], ...] = (
    (Kind.TRANSIENT, "another process holds the database", "SQLITE_BUSY SQLITE_LOCKED 55P03 1205 3572"),
    (Kind.TRANSIENT, "two transactions waited for each other", "40P01 40001 1213 1020"),
    (Kind.TRANSIENT, "the connection was lost", "08000 08003 08006 57P01 57P02 57P03 25P03 1927 2006 2013 2055 4031"),
    (Kind.TRANSIENT, "the server takes no connection now", "08001 08004 53300 1040 1203 2002 2003"),
    (
        Kind.CAPACITY,
        "too much at once",
        "SQLITE_TOOBIG SQLITE_NOMEM 53200 54000 54001 54023 1037 1038 1041 1153 1390 2020",
    ),
    (Kind.CRITICAL, f"the disk is full: make room, {_RESUME}", "SQLITE_FULL 53100 28 1021 1114"),
    (
        Kind.CRITICAL,
        f"the database cannot be written: mind its owner and mode, {_RESUME}",
        "SQLITE_READONLY SQLITE_CANTOPEN SQLITE_PERM 25006 42501 1036 1044 1142 1290 1792",
    ),
    (Kind.CRITICAL, f"reading or writing the disk failed: mind the disk, {_RESUME}", "SQLITE_IOERR 58030 1030"),
    (
        Kind.CRITICAL,
        "the file is damaged: run memproc doctor, and bring back a backup",
        "SQLITE_CORRUPT SQLITE_NOTADB XX001 XX002 1034 1194",
    ),
    (Kind.CRITICAL, "the server knows no such user or password", "28000 28P01 1045 1698"),
    (Kind.CRITICAL, "the server has no such database: create it first", "3D000 1049"),
    (Kind.CRITICAL, "the tables are not those of this memproc: was the store made by another?", "42P01 42703 1054 1146"),
)
_BY_CODE = {code: Failure(kind, advice) for kind, advice, codes in _TABLE for code in codes.split()}
UNKNOWN = Failure(Kind.CRITICAL, "the database refused")


def failure_of(error: BaseException) -> Failure:
    """Return what a driver's error means; one that is not known is critical, as nobody knows what it leaves behind.

    >>> import sqlite3
    >>> failure_of(sqlite3.OperationalError("database is locked")).kind
    <Kind.TRANSIENT: 'transient'>
    """
    for code in _codes_of(error):
        if code in _BY_CODE:
            return _BY_CODE[code]
    return UNKNOWN


def wait_seconds(attempt: int, chance: float) -> float:
    """Return how long to wait before another attempt; `attempt` counts from 0, `chance` is a random number 0..1.

    >>> [wait_seconds(attempt, 1.0) for attempt in (0, 1, 2, 20)]
    [0.05, 0.1, 0.2, 5.0]
    """
    return float(min(FIRST_WAIT_SECONDS * 2**attempt, LONGEST_WAIT_SECONDS)) * chance


def _codes_of(error: BaseException) -> list[str]:
    """Return the codes that a driver gives, the closest first."""
    if name := getattr(error, "sqlite_errorname", None):
        return [name, "_".join(name.split("_")[:2])]  # SQLITE_IOERR_WRITE is an SQLITE_IOERR
    if state := getattr(error, "sqlstate", None):
        return [state]
    if error.args and isinstance(error.args[0], int):
        return [str(error.args[0])]
    told = str(error).lower()
    if "database is locked" in told:
        return ["SQLITE_BUSY"]
    return ["08006"] if "connection" in told else []  # psycopg tells no state where the connection is gone
