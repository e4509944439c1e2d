"""The stages of landing, timed in a real ingestion: functions of memproc are wrapped with timers for as long as it runs.

Rules
-----
- The time of a stage is its own: what it calls that is another stage counts there. So the stages and the rest are the whole.
- The bare calls of a database stage are its own statements with the same values, by `sqlite3` alone, into a second store, in the
  order they had. What follows one another and differs in its values only is one `executemany`, or one SELECT of up to 500 keys:
  so a stage that asks or writes row by row has a bare call that does not.
- What else a stage needs is noted as it is called, and timed afterwards: see `_BARE`.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial, wraps
from itertools import chain, groupby
from time import process_time
from typing import TYPE_CHECKING, Any, Final, NamedTuple, ParamSpec, TypeVar
from unittest.mock import patch

import numpy as np
from rapidfuzz import fuzz
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine.default import DefaultDialect

import memproc
from benchmarks.database import BATCH_RECORDS, PRAGMAS
from memproc.dedup.minhash import index
from memproc.dedup.minhash.index import Entries
from memproc.dedup.minhash.minhash import Hashes
from memproc.ingest.batches import Pieces
from memproc.intake import Intake
from memproc.store.changes import landing
from memproc.store.changes.landing import Landing
from memproc.store.index.segments import Segments
from memproc.store.reviews import looking as reviews
from memproc.store.reviews.looking import Reviewer
from memproc.store.rows import neighbourhood as neighbours
from memproc.store.sql.backends import WRITES
from memproc.store.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from memproc.config import Dedup
    from memproc.dedup.keys import Columns, Observation

Given = ParamSpec("Given")
Result = TypeVar("Result")

PREPARE: Final = "prepare"
IN: Final = " IN ("
KEYS_A_QUERY: Final = 500
COMMIT: Final = "commit"
REST: Final = "the rest of the run"
ATTEMPTS: Final = 3  # of a bare call that reads nothing
_SHIFT: Final = np.uint64(32)


class Timed(NamedTuple):
    """A stage, what its bare call is, and the function that is the stage."""

    name: str
    bare: str
    owner: object
    function: str


STAGES: Final = (
    Timed("look up what was met", "SELECT ... IN", Landing, "_met_before"),
    Timed("look up neighbours", "SELECT ... IN", landing, "neighbourhood"),
    Timed("groups of what meets", "Counter of the cores", neighbours, "group_all"),
    Timed("confirm the keys", "dict of the JSON", landing, "_colliding"),
    Timed("decide", "Counter of the cores", landing, "decide"),
    Timed("write rows", "executemany", Landing, "_write_observations"),
    Timed("write memories", "executemany", landing, "write_regrouped"),
    Timed("note what is seen again", "executemany", Landing, "_write_again"),
    Timed("index", "np.sort, INSERT", Segments, "index"),
    Timed("candidates", "np.searchsorted", index, "candidates"),
    Timed("reviews", "fuzz.ratio, SELECT ... IN", Reviewer, "look"),
    Timed("write reviews", "executemany", reviews, "write_reviews"),
    Timed("ledger", "executemany", landing, "write_lines"),
    Timed("merge the index", "the same statements", Segments, "unite"),
    Timed("batch and job", "the same statements", Store, "land"),
    Timed(COMMIT, "COMMIT", DefaultDialect, "do_commit"),
)
_PREPARING: Final = (
    Timed(PREPARE, "", Intake, "take_all"),
    Timed(PREPARE, "", Pieces, "next_chunk"),
)


class Statement(NamedTuple):
    """A statement that a stage made, and its values: one set of them or, with `is_many`, several."""

    stage: str
    sql: str
    values: Any
    is_many: bool


@dataclass(slots=True)
class Noted:
    """What was done in an ingestion: its statements in order, and by function what it was called with."""

    statements: list[Statement] = field(default_factory=list)
    calls: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)


class Round(NamedTuple):
    """CPU seconds of one ingestion, by stage: its own and those of the bare calls."""

    own: dict[str, float]
    bare: dict[str, float]


class Timers:
    """The CPU time of each stage without that of the stages which it calls."""

    def __init__(self) -> None:
        """Begin in what is no stage."""
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._under = [REST]
        self._since = process_time()

    @property
    def stage(self) -> str:
        """The stage under way."""
        return self._under[-1]

    def stop(self) -> None:
        """Count the time up to now."""
        now = process_time()
        self.seconds[self.stage] += now - self._since
        self._since = now

    def timed(self, stage: str, function: Callable[Given, Result]) -> Callable[Given, Result]:
        """Return the function, its time counted for a stage."""

        @wraps(function)
        def run(*given: Given.args, **named: Given.kwargs) -> Result:
            self.stop()
            self._under.append(stage)
            try:
                return function(*given, **named)
            finally:
                self.stop()
                self._under.pop()

        return run


def landing_round(path: Path, folder: Path, dedup: Dedup, begin: Callable[[], object]) -> Round:
    """Ingest a file into a new store in an empty folder, `begin` before it, and do the bare calls of the same after it."""
    settings = memproc.Settings(dedup=dedup, batch_size=BATCH_RECORDS)
    noted = Noted()
    with Store(folder / "own.db", settings=settings) as store:
        begin()
        timers = Timers()
        with _watched(timers, noted):
            memproc.ingest(path, into=store)
            timers.stop()
    Store(folder / "bare.db", settings=settings).close()
    bare = _replayed(noted.statements, folder / "bare.db")
    for stage, function, bare_call in _BARE:
        runs = [bare_call(*given) for given in noted.calls.get(function, ())]
        bare[stage] += sum(min(_seconds(run) for _ in range(ATTEMPTS)) for run in runs)
    return Round(timers.seconds, bare)


@contextmanager
def _watched(timers: Timers, noted: Noted) -> Iterator[None]:
    """Time the stages and note what they do, within the block."""

    def note(_connection: object, _cursor: object, sql: str, values: Any, _context: object, is_many: bool) -> None:  # noqa: FBT001
        noted.statements.append(Statement(timers.stage, sql, values, is_many))

    def note_begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITES, False):  # by the driver's own connection: no cursor shows it
            noted.statements.append(Statement(timers.stage, "BEGIN IMMEDIATE", (), is_many=False))

    def note_commit(*_given: object) -> None:
        noted.statements.append(Statement(COMMIT, "COMMIT", (), is_many=False))

    with ExitStack() as stack:
        for owner, name in (
            (index, "to_entries"),
            (index, "candidates"),
            (reviews, "may_be_alike"),
            (landing, "decide"),
            (landing, "_colliding"),
            (neighbours, "group_all"),
        ):
            stack.enter_context(patch.object(owner, name, _noting(getattr(owner, name), noted.calls.setdefault(name, []))))
        for stage in (*STAGES, *_PREPARING):
            wrapped = timers.timed(stage.name, getattr(stage.owner, stage.function))
            stack.enter_context(patch.object(stage.owner, stage.function, wrapped))
        for name, listener in (("before_cursor_execute", note), ("begin", note_begin), ("commit", note_commit)):
            event.listen(Engine, name, listener)
            stack.callback(event.remove, Engine, name, listener)
        yield


def _noting(function: Callable[Given, Result], calls: list[tuple[Any, ...]]) -> Callable[Given, Result]:
    @wraps(function)
    def noted(*given: Given.args, **named: Given.kwargs) -> Result:
        calls.append(given)
        return function(*given, **named)

    return noted


def _replayed(statements: Sequence[Statement], database: Path) -> defaultdict[str, float]:
    """Return the CPU seconds of each stage's statements by the bare driver."""
    seconds: defaultdict[str, float] = defaultdict(float)
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        cursor = connection.cursor()
        for stage, sql, values, is_many in chain.from_iterable(map(_together, _alike(statements))):
            started = process_time()
            if is_many:
                cursor.executemany(sql, values)
            else:
                cursor.execute(sql, values).fetchall()
            seconds[stage] += process_time() - started
    return seconds


def _alike(statements: Iterable[Statement]) -> Iterator[list[Statement]]:
    """Give the statements in runs that one statement could be in place of."""
    return (list(run) for _, run in groupby(statements, key=lambda one: (one.stage, one.sql.partition(IN)[0])))


def _together(run: Sequence[Statement]) -> Iterator[Statement]:
    """Give a run of statements that differ in their values only as few."""
    first = run[0]
    head, is_in, rest = first.sql.partition(IN)
    if first.sql.startswith("SELECT") and is_in and rest.endswith("?)"):
        keys = [*dict.fromkeys(chain.from_iterable(one.values for one in run))]
        for start in range(0, len(keys), KEYS_A_QUERY):
            some = keys[start : start + KEYS_A_QUERY]
            yield Statement(first.stage, f"{head}{IN}{', '.join('?' * len(some))})", some, is_many=False)
    elif first.sql.startswith(("INSERT", "UPDATE")):
        rows = [row for one in run for row in (one.values if one.is_many else [one.values])]
        yield first._replace(values=rows, is_many=True)
    else:
        yield from run


def _sorting(hashes: Hashes, numbers: Entries) -> Callable[[], object]:
    entries = ((hashes.astype(np.uint64) << _SHIFT) | numbers[:, None]).ravel()
    return partial(np.sort, entries)


def _searching(hashes: Hashes, _numbers: Entries, segments: Sequence[Entries]) -> Callable[[], object]:
    wanted = np.sort(hashes.astype(np.uint64).ravel() << _SHIFT)
    return lambda: [np.searchsorted(segment, wanted) for segment in segments]


def _comparing(one: str, other: str, _is_sentence: object) -> Callable[[], object]:
    return partial(fuzz.ratio, one, other)


def _counting(batch: Columns, *_given: object) -> Callable[[], object]:
    return lambda: Counter(batch.core)


def _counting_seen(observations: Sequence[Observation], fresh: Columns, *_given: object) -> Callable[[], object]:
    return lambda: Counter([*(seen.core for seen in observations), *fresh.core])


def _mapping(columns: Columns, *_given: object) -> Callable[[], object]:
    return lambda: dict(zip(columns.key, columns.json, strict=True))


def _seconds(run: Callable[[], object]) -> float:
    started = process_time()
    run()
    return process_time() - started


# The stage, the function whose calls were noted, and what makes the bare call of the same arguments.
_BARE: Final[tuple[tuple[str, str, Callable[..., Callable[[], object]]], ...]] = (
    ("confirm the keys", "_colliding", _mapping),
    ("decide", "decide", _counting),
    ("groups of what meets", "group_all", _counting_seen),
    ("index", "to_entries", _sorting),
    ("candidates", "candidates", _searching),
    ("reviews", "may_be_alike", _comparing),
)
