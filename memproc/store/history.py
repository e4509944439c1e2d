"""Where memories come from, what waits for a person, and what could not be taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, select

from memproc.dedup.cluster import clusters
from memproc.dedup.decide import Row
from memproc.dedup.keys import Key
from memproc.records import Fault, Memory, Plain
from memproc.store import tables
from memproc.store.answers import Entry, Quarantined, Review, Sighting, Trace
from memproc.store.database import Database
from memproc.store.reading import all_decisions, locate, memory_at, raw_of_quarantined

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


def open_reviews(connection: Connection, to_memory: Callable[[Plain], Memory]) -> list[Review]:
    """Return the open reviews, the surest first, of memories that are not one by now."""
    reviews = tables.reviews.c
    query = select(reviews.number, reviews.kind, reviews.confidence, reviews.reason, reviews.one, reviews.other)
    ordered = query.where(reviews.status == "open").order_by(reviews.confidence.desc(), reviews.number)
    found = []
    for number, kind, confidence, reason, one, other in connection.execute(ordered).all():
        sides = [locate(connection, key.hex()) for key in (one, other)]
        if all(sides):
            memories = [memory_at(connection, rows) for rows in sides]
            if memories[0]["id"] != memories[1]["id"]:
                found.append(Review(number, kind, confidence, reason, *map(to_memory, memories)))
    return found


def quarantined(connection: Connection, limit: int | None) -> list[Quarantined]:
    """Return the quarantined records, in the order they came."""
    columns = tables.quarantine.c
    own = ("number", "category", "faults", "position", "source", "format", "times_seen")
    query = (
        select(tables.batches.c.job, *(columns[name] for name in own))
        .join_from(tables.quarantine, tables.batches, columns.batch == tables.batches.c.number)
        .order_by(columns.number)
        .limit(limit)
    )
    return [
        Quarantined(
            number,
            category,
            tuple(Fault(**fault) for fault in orjson.loads(faults)),
            raw_of_quarantined(connection, number),
            job,
            *rest,
        )
        for job, number, category, faults, *rest in connection.execute(query).all()
    ]


def _ledger(database: Database, connection: Connection, handles: Collection[Key]) -> Iterator[Entry]:
    """Give the lines of the ledger on these nodes and observations, in their order."""
    lines: dict[int, Any] = {}
    for column in (tables.ledger.c.subject, tables.ledger.c.other):
        lines |= {line[0]: line for line in database.select_by_keys(connection, _LEDGER, column, handles)}
    for _, (_, made_at, kind, subject, other, confidence, reason) in sorted(lines.items()):
        yield Entry(made_at, kind, subject and subject.hex(), other and other.hex(), confidence, reason)
