"""The named points at which a suite strikes, and a trap that strikes there.

The points are told by SQLAlchemy's events and by the statements that memproc sends, so nothing in memproc knows of them.

Facts: "between the last statement and COMMIT" is told by the commit of a transaction that wrote the row of a batch, which is its
last statement; the commits of jobs, of the index and of reads are none of these. SQLAlchemy says nothing behind a COMMIT, but the
connection goes back to its pool there before anything else is done. Rows go to the driver in one call, so half of them are sent
by the trap itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum, StrEnum, auto
from typing import Any, Final, NamedTuple

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from memproc.store.sql.tables import PREFIX


class Verb(StrEnum):
    """What is disturbed."""

    INGEST = "ingest"
    REPLAY = "replay"
    FORGET = "forget"
    REBUILD = "rebuild"
    WORK = "work"


class Moment(Enum):
    """When the trap strikes: at a statement, or at the end of the transaction that held it."""

    BEFORE = auto()
    WITHIN = auto()
    BEHIND = auto()
    COMMIT = auto()
    COMMITTED = auto()


class Point(NamedTuple):
    """A point: what is done there, its name, and the statement (a regular expression for its beginning) that tells it."""

    verb: Verb
    name: str
    moment: Moment
    statement: str

    def __str__(self) -> str:
        """Return the name as tables show it."""
        return f"{self.verb}: {self.name}"


_BATCH: Final = "insert into batches"
MAKING: Final = Point(Verb.INGEST, "while the store is made", Moment.BEFORE, "create (or replace )?view")
ENDING: Final = Point(
    Verb.INGEST, "before the end of the job is written", Moment.BEFORE, "update jobs set (?!.*fence=).*finished_at="
)
POINTS: Final = (
    MAKING,
    Point(Verb.INGEST, "behind the lock", Moment.BEHIND, "update store set epoch"),
    Point(Verb.INGEST, "checkpoint", Moment.BEHIND, "update jobs set .*checkpoint="),
    Point(Verb.INGEST, "in the middle of the rows", Moment.WITHIN, "insert into observations"),
    Point(Verb.INGEST, "before memories", Moment.BEFORE, "insert into merged"),
    Point(Verb.INGEST, "before the index", Moment.BEFORE, "insert into segments"),
    Point(Verb.INGEST, "before reviews", Moment.BEFORE, "insert into reviews"),
    Point(Verb.INGEST, "before the ledger", Moment.BEFORE, "insert into ledger"),
    Point(Verb.INGEST, "quarantine", Moment.BEFORE, "insert into quarantine_parts"),
    Point(Verb.INGEST, "before the batch's row", Moment.BEFORE, _BATCH),
    Point(Verb.INGEST, "between the last statement and COMMIT", Moment.COMMIT, _BATCH),
    Point(Verb.INGEST, "after COMMIT", Moment.COMMITTED, _BATCH),
    Point(Verb.INGEST, "before reviews are counted", Moment.BEFORE, "update batches set .*candidates="),
    Point(Verb.INGEST, "between reviews and COMMIT", Moment.COMMIT, "update jobs set looked="),
    Point(Verb.INGEST, "segment merge", Moment.BEHIND, "delete from segments"),
    ENDING,
    Point(Verb.REPLAY, "before quarantine is settled", Moment.BEFORE, "update quarantine set status"),
    Point(Verb.REPLAY, "in the middle of the rows", Moment.WITHIN, "insert into observations"),
    Point(Verb.REPLAY, "before COMMIT", Moment.COMMIT, _BATCH),
    Point(Verb.REPLAY, "after COMMIT", Moment.COMMITTED, _BATCH),
    Point(Verb.FORGET, "behind the rows", Moment.BEHIND, "delete from observations"),
    Point(Verb.FORGET, "before the ledger", Moment.BEFORE, "insert into ledger"),
    Point(Verb.FORGET, "before COMMIT", Moment.COMMIT, "delete from observations"),
    Point(Verb.FORGET, "after COMMIT", Moment.COMMITTED, "delete from observations"),
    Point(Verb.REBUILD, "behind the old memories", Moment.BEHIND, "delete from merged"),
    Point(Verb.REBUILD, "in the middle of the memories", Moment.WITHIN, "insert into merged"),
    Point(Verb.REBUILD, "before COMMIT", Moment.COMMIT, "update observations set memory"),
    Point(Verb.REBUILD, "after COMMIT", Moment.COMMITTED, "update observations set memory"),
)

_SEEN, _COMMITTED = "faults_seen", "faults_committed"


class Trap:
    """Strikes when its point is met for the `times`-th time, once. `times` may be changed meanwhile, and so may the point."""

    def __init__(self, point: Point, times: int, strike: Callable[[], None]) -> None:
        """Know what to do, and when; nothing is watched yet."""
        self._strike = strike
        self.struck = False
        self.arm(point, times)

    def arm(self, point: Point, times: int) -> None:
        """Wait for a point."""
        self.point, self._left, self.struck = point, times, False
        self._is_told = re.compile(point.statement).match

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch all engines of this process."""
        with (
            listening(Engine, "begin", self._begun),
            listening(Engine, "before_cursor_execute", self._before),
            listening(Engine, "after_cursor_execute", self._behind),
            listening(Engine, "commit", self._committing),
            listening(Pool, "checkin", self._given_back),
        ):
            yield

    def _meet(self, first: Callable[[], object] = bool) -> None:
        if self.struck:
            return
        self._left -= 1
        if self._left <= 0:
            self.struck = True
            first()
            self._strike()

    def _begun(self, connection: Any) -> None:
        connection.info[_SEEN], connection.info[_COMMITTED] = False, False

    def _before(self, connection: Any, cursor: Any, statement: str, parameters: Any, _context: object, is_many: bool) -> None:  # noqa: FBT001
        if not self._is_told(plain(statement)):
            return
        connection.info[_SEEN] = True
        if self.point.moment is Moment.BEFORE:
            self._meet()
        elif self.point.moment is Moment.WITHIN and is_many:
            self._meet(lambda: cursor.executemany(statement, parameters[: len(parameters) // 2]))

    def _behind(self, _connection: Any, _cursor: object, statement: str, *_rest: object) -> None:
        if self.point.moment is Moment.BEHIND and self._is_told(plain(statement)):
            self._meet()

    def _committing(self, connection: Any) -> None:
        connection.info[_COMMITTED] = connection.info.get(_SEEN, False)
        if self.point.moment is Moment.COMMIT and connection.info[_COMMITTED]:
            self._meet()

    def _given_back(self, _driver_connection: object, record: Any) -> None:
        if record.info.pop(_COMMITTED, False) and self.point.moment is Moment.COMMITTED:
            self._meet()


@contextmanager
def listening(target: Any, name: str, hear: Callable[..., object]) -> Iterator[None]:
    """Call a function at an event of SQLAlchemy's meanwhile."""
    event.listen(target, name, hear)
    try:
        yield
    finally:
        event.remove(target, name, hear)


def plain(statement: str) -> str:
    """Return a statement in one line and lower case, its tables named without their prefix."""
    return " ".join(statement.lower().replace('"', "").replace("`", "").replace(PREFIX, "").split())
