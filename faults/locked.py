"""A database that another process keeps locked while one wants to write: it waits, and lands all.

Twice: as the database waits, and with a database that gives up after a moment, so that memproc has to begin anew by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from pathlib import Path
from time import perf_counter, sleep
from typing import Any, Final

from sqlalchemy.pool import Pool

import memproc
from faults.child import CONTEXT
from faults.points import listening
from faults.stores import NewStore, check_whole, exported, filled
from memproc.store.sql.urls import url_of

LIMIT_SECONDS: Final = 60
LONGEST_PATIENCE_SECONDS: Final = 1.0  # MariaDB counts whole seconds
_PATIENCE: Final = {
    "sqlite": "PRAGMA busy_timeout = 100",
    "postgresql": "SET lock_timeout = '100ms'",
    "mysql": "SET innodb_lock_wait_timeout = 1",
    "mariadb": "SET innodb_lock_wait_timeout = 1",
}


def wait_for_locks(new_store: NewStore, source: Path, hold_seconds: float) -> list[float]:
    """Ingest while the lock is held for so long; return how long each ingestion took.

    Raises AssertionError where one fails or did not wait.
    """
    expected = exported(filled(new_store(), source))
    seconds = [_ingest(new_store(), source, hold_seconds, expected)]
    url = new_store()
    with _impatient(_PATIENCE[url_of(url).get_backend_name()]):
        seconds.append(_ingest(url, source, hold_seconds + LONGEST_PATIENCE_SECONDS, expected))
    return seconds


def hold(url: str, seconds: float, is_held: Event, is_wanted: Event, is_over: Event) -> None:
    """Keep the lock of a store for so long after somebody wants it."""
    with memproc.open(url) as store, store._opened.database.write():  # noqa: SLF001 - nobody else keeps a lock and does nothing
        is_held.set()
        assert is_wanted.wait(LIMIT_SECONDS)
        sleep(seconds)
        is_over.set()


def _ingest(url: str, source: Path, hold_seconds: float, expected: bytes) -> float:
    memproc.open(url).close()
    is_held, is_wanted, is_over = CONTEXT.Event(), CONTEXT.Event(), CONTEXT.Event()
    holder = CONTEXT.Process(target=hold, args=(url, hold_seconds, is_held, is_wanted, is_over))
    holder.start()
    assert is_held.wait(LIMIT_SECONDS)
    is_wanted.set()
    started = perf_counter()
    memproc.ingest(source, url)
    seconds = perf_counter() - started
    assert is_over.is_set(), "nobody had to wait"
    holder.join(LIMIT_SECONDS)
    assert holder.exitcode == 0, holder.exitcode
    assert exported(url) == expected
    check_whole(url)
    return seconds


@contextmanager
def _impatient(statement: str) -> Iterator[None]:
    """Let every new connection give up waiting for locks after a moment."""

    def connected(driver_connection: Any, _record: object) -> None:
        driver_connection.cursor().execute(statement)
        driver_connection.commit()

    with listening(Pool, "connect", connected):
        yield
