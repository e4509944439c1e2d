"""The ledger: what was merged and decided, when and why; append-only. And the story of a memory, told from it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select

from memproc.dedup.cluster import clusters
from memproc.dedup.decide import Row
from memproc.dedup.keys import Key
from memproc.records import Memory
from memproc.store import tables
from memproc.store.answers import Entry, Sighting, Trace
from memproc.store.database import Database, next_number
from memproc.store.reading import all_decisions

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
_LEDGER = select(*(tables.ledger.c[name] for name in ("number", "made_at", "kind", "subject", "other", "confidence", "reason")))


class Line(NamedTuple):
    """A line to write. `kind`: similar or version (a merge), decision, or an `amount` of joins, splits, memories_forgotten."""

    kind: str
    subject: Key | None = None
    other: Key | None = None
    confidence: float | None = None
    amount: int = 1
    reason: str = ""


def write_lines(database: Database, connection: Connection, batch: int | None, now: str, lines: Sequence[Line]) -> None:
    """Write lines, in order; those of no amount say nothing. `batch` is None for what no batch did."""
    number = next_number(connection, tables.ledger)
    said = [line for line in lines if line.amount]
    database.insert_rows(connection, tables.ledger, [(number + at, batch, now, *line) for at, line in enumerate(said)])


def trace_of(database: Database, connection: Connection, rows: Sequence[Row], memory: Memory) -> Trace:
    """Return the story of a memory, whose observations are `rows`."""
    keys = [row.observation.key for row in rows]
    found, _ = clusters((row.observation for row in rows), {})
    speaking = {seen.key for cluster in found for seen in cluster.speaking}
    sightings = database.select_by_keys(connection, _SIGHTINGS, tables.observations.c.key, keys)
    observations = sorted(Sighting(key.hex(), orjson.loads(record), key in speaking, *rest) for key, record, *rest in sightings)
    handles = {*keys, *(row.observation.node for row in rows)}
    decisions = tuple(decision for decision in all_decisions(connection) if handles & {decision.a, decision.b})
    return Trace(memory, tuple(observations), tuple(_ledger(database, connection, handles)), decisions)


def _ledger(database: Database, connection: Connection, handles: Collection[Key]) -> Iterator[Entry]:
    """Give the lines of the ledger on these nodes and observations, in their order."""
    lines: dict[int, Any] = {}
    for column in (tables.ledger.c.subject, tables.ledger.c.other):
        lines |= {line[0]: line for line in database.select_by_keys(connection, _LEDGER, column, handles)}
    for _, (_, made_at, kind, subject, other, confidence, reason) in sorted(lines.items()):
        yield Entry(made_at, kind, subject and subject.hex(), other and other.hex(), confidence, reason)
