"""The ledger: what was merged and decided, when and why; append-only. And the story of a memory, told from it.

Rule: of why two are alike it keeps the kinds of difference, and no word of their texts; the words are told from the records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, or_, select

from memproc.dedup.cluster import clusters
from memproc.dedup.compare.reasons import BETWEEN, reason_told
from memproc.dedup.decide import Row
from memproc.dedup.keys import Key
from memproc.records import Memory, Plain
from memproc.store import tables
from memproc.store.answers import Entry, Sighting, Trace
from memproc.store.database import Database, next_number
from memproc.store.neighbours import neighbourhood
from memproc.store.reading import all_decisions, records_of

_LAST = tables.batches.alias("last")
_SIGHTINGS = (
    select(
        tables.observations.c.key,
        tables.observations.c.record,
        tables.observations.c.outcome,
        tables.observations.c.confidence,
        tables.batches.c.job,
        tables.observations.c.batch,
        tables.observations.c.position,
        tables.batches.c.committed_at,
        _LAST.c.committed_at,
        tables.observations.c.times_seen,
    )
    .join_from(tables.observations, tables.batches, tables.observations.c.batch == tables.batches.c.number)
    .join(_LAST, tables.observations.c.last_batch == _LAST.c.number)
)
_TOMBSTONES = select(
    *(tables.forgotten.c[name] for name in ("key", "node", "outcome")),
    tables.batches.c.job,
    tables.forgotten.c.position,
    tables.batches.c.committed_at,
).join_from(tables.forgotten, tables.batches, tables.forgotten.c.batch == tables.batches.c.number)
_OF_TWO_TEXTS = ("similar", "joined", "review")  # kinds of lines whose reason is what two observations differ in
_NOTED = select(tables.decisions.c.number)
_LEDGER = select(*(tables.ledger.c[name] for name in ("number", "made_at", "kind", "subject", "other", "confidence", "reason")))


class Line(NamedTuple):
    """A line to write. `kind`: similar or version (a merge), review, decision, forgotten, or an `amount` of joins, splits,
    memories_forgotten. `reason` holds kinds of difference, a fixed phrase or a person's note.
    """

    kind: str
    subject: Key | None = None
    other: Key | None = None
    confidence: float | None = None
    amount: int = 1
    reason: str = ""


def write_lines(database: Database, connection: Connection, batch: int | None, now: str, lines: Sequence[Line]) -> None:
    """Write lines, in order; those of no amount say nothing. `batch` is None for what no batch did."""
    if said := [line for line in lines if line.amount]:
        number = next_number(connection, tables.ledger)
        database.insert_rows(connection, tables.ledger, [(number + at, batch, now, *line) for at, line in enumerate(said)])


def take_notes_out(database: Database, connection: Connection, handles: Collection[Key]) -> None:
    """Take out what persons noted on decisions about these nodes and observations; that they were made stays."""
    made = [line for line in _lines_on(database, connection, handles) if line.kind == "decision"]
    verdicts = [(line.reason.partition(":")[0], line.number) for line in made]
    database.update_rows(connection, tables.ledger, ("reason",), verdicts)
    noted = {row[0] for column in ("a", "b") for row in _noted(database, connection, column, handles)}
    database.update_rows(connection, tables.decisions, ("note",), [("", number) for number in sorted(noted)])


def trace_of(database: Database, connection: Connection, rows: Sequence[Row], memory: Memory) -> Trace:
    """Return the story of a memory, whose observations are `rows`."""
    near = neighbourhood(database, connection, [row.observation for row in rows], is_whole=True)
    found, _ = clusters((row.observation for row in near.rows.values()), near.mends, near.decisions, near.spent)
    speaking = {seen.key for cluster in found for seen in cluster.speaking}
    keys = {row.observation.key for row in rows}
    sightings = database.select_by_keys(connection, _SIGHTINGS, tables.observations.c.key, keys)
    observations = sorted(Sighting(key.hex(), orjson.loads(record), key in speaking, *rest) for key, record, *rest in sightings)
    read = [
        Entry(seen.first_seen, "read", seen.observation, None, None, _place(seen.outcome, seen.job, seen.position))
        for seen in observations
    ]
    handles = {*keys, *(row.observation.node for row in rows)}
    decisions = tuple(decision for decision in all_decisions(connection) if handles & {decision.a, decision.b})
    return Trace(memory, tuple(observations), _story(database, connection, read, handles), decisions)


def trace_of_forgotten(database: Database, connection: Connection, key: Key) -> Trace | None:
    """Return what is left of the story of a memory that was forgotten, by one of its ids; None where there was none."""
    gone = tables.forgotten.c
    named = connection.execute(select(gone.key, gone.home).where(or_(gone.key == key, gone.node == key, gone.home == key))).first()
    if named is None:
        return None
    is_of_it = gone.key == named.key if named.home is None else gone.home == named.home
    found: list[Any] = sorted(connection.execute(_TOMBSTONES.where(is_of_it)).all())
    read = [Entry(row[5], "read", row[0].hex(), None, None, _place(row[2], row[3], row[4])) for row in found]
    handles = {handle for row in found for handle in (row[0], row[1]) if handle is not None}
    return Trace(None, (), _story(database, connection, read, handles), ())


def _place(outcome: str, job: int, position: int) -> str:
    return f"{outcome}, job {job}" + (f", position {position}" if position >= 0 else "")


def _story(database: Database, connection: Connection, read: Sequence[Entry], handles: Collection[Key]) -> tuple[Entry, ...]:
    """Return the lines of the ledger on these nodes and observations and when each was read, in the order of time."""
    written = _lines_on(database, connection, handles)
    compared = {key for line in written if line.kind in _OF_TWO_TEXTS for key in (line.subject, line.other)}
    records = records_of(database, connection, compared)
    lines = [
        Entry(
            line.made_at, line.kind, line.subject and line.subject.hex(), line.other and line.other.hex(), line.confidence, reason
        )
        for line in written
        for reason in [_reason_of(line, records)]
    ]
    return tuple(sorted([*read, *lines], key=lambda entry: entry.made_at))  # of one time the first read, then as in the ledger


def _reason_of(line: Any, records: Mapping[Key, Plain]) -> str:
    """Return the reason of a line in words, given the records of the observations that it names."""
    if line.kind not in _OF_TWO_TEXTS:
        return str(line.reason)
    head, between, kept = line.reason.partition(BETWEEN) if line.kind == "review" else ("", "", line.reason)
    return f"{head}{between}{reason_told(kept, records.get(line.subject), records.get(line.other))}"


def _lines_on(database: Database, connection: Connection, handles: Collection[Key]) -> list[Any]:
    lines: dict[int, Any] = {}
    for column in (tables.ledger.c.subject, tables.ledger.c.other):
        lines |= {line[0]: line for line in database.select_by_keys(connection, _LEDGER, column, handles)}
    return [line for _, line in sorted(lines.items())]


def _noted(database: Database, connection: Connection, column: str, handles: Collection[Key]) -> Iterator[Any]:
    return database.select_by_keys(connection, _NOTED, tables.decisions.c[column], handles)
