"""Counting the rows: what there is, what each job did, and the proof that no record was lost."""

from __future__ import annotations

import orjson
from sqlalchemy import Connection, func, literal, select

from memproc.records import Outcome
from memproc.store import tables
from memproc.store.answers import Job, Recount
from memproc.store.reading import all_decisions

IMPORTED = "imported"  # the outcome on a tombstone that came without the record it speaks of

_observations = tables.observations.c
_COUNTED = (tables.quarantine, tables.forgotten, tables.jobs, tables.batches)
# Where the position and the outcome of a record are to be found.
_PLACES = (
    (tables.observations, _observations.outcome),
    (tables.forgotten, tables.forgotten.c.outcome),
    (tables.quarantine, literal(Outcome.QUARANTINED.value)),
)


def count_memories(connection: Connection) -> int:
    """Return how many memories there are."""
    alone = select(func.count()).select_from(tables.observations).where(_observations.memory.is_(None))
    of_many = select(func.count()).select_from(tables.merged)
    return int(connection.execute(alone).scalar_one() + connection.execute(of_many).scalar_one())


def stats(connection: Connection) -> dict[str, int]:
    """Return counts: memories, observations by outcome, and what else there is."""
    outcomes = select(tables.observations.c.outcome, func.count()).group_by(tables.observations.c.outcome)
    counted: dict[str, int] = {row[0]: row[1] for row in connection.execute(outcomes)}
    others = {str(table.name): connection.execute(select(func.count()).select_from(table)).scalar_one() for table in _COUNTED}
    open_reviews = select(func.count()).select_from(tables.reviews).where(tables.reviews.c.status == "open")
    return {
        "memories": count_memories(connection),
        "observations": sum(counted.values()),
        **{outcome.value: counted.get(outcome.value, 0) for outcome in (Outcome.STORED, Outcome.DUPLICATE, Outcome.MERGED)},
        "open_reviews": connection.execute(open_reviews).scalar_one(),
        "decisions": len(all_decisions(connection)),
        **others,
    }


def jobs(connection: Connection) -> list[Job]:
    """Return the ingestions, the oldest first, with what their batches counted."""
    own_columns, batches = tables.jobs.c, tables.batches.c
    counted = (batches.records, batches.stored, batches.duplicate, batches.merged, batches.quarantined)
    own = tuple(own_columns[name] for name in ("number", "source", "format", "status", "started_at", "finished_at"))
    query = (
        select(*own, *(func.coalesce(func.sum(column), 0) for column in counted))
        .join_from(tables.jobs, tables.batches, own_columns.number == batches.job, isouter=True)
        .group_by(*own)
        .order_by(own_columns.number)
    )
    return [Job(*row) for row in connection.execute(query)]


def recount(connection: Connection, job: int | None) -> Recount:
    """Count one job, or everything, from the rows."""
    batches = tables.batches.c
    query = select(batches.number, batches.first_position, batches.records, batches.known, batches.known_rejected)
    seen: dict[int, list[int]] = {}
    counts = dict.fromkeys(Outcome, 0)
    read = wrong = 0
    asked = connection.execute(query if job is None else query.where(batches.job == job)).all()
    for batch, _, _, known, known_rejected in asked:
        repeated, rejected_again = _spread(known), _spread(known_rejected)
        seen[batch] = repeated + rejected_again
        counts[Outcome.DUPLICATE] += len(repeated)
        counts[Outcome.QUARANTINED] += len(rejected_again)
    for table, outcome in _PLACES:
        places = select(table.c.batch, table.c.position, outcome)
        if job is not None:
            places = places.join_from(table, tables.batches, table.c.batch == batches.number).where(batches.job == job)
        for batch, position, name in connection.execute(places):
            if name != IMPORTED:
                seen.setdefault(batch, []).append(position)
                counts[Outcome(name)] += 1
    for batch, first, records, _, _ in asked:
        read += records
        positions = seen.pop(batch)
        wrong += len(set(range(first, first + records)) ^ set(positions)) + len(positions) - len(set(positions))
    wrong += sum(map(len, seen.values()))  # of batches that there are not
    ledger = tables.ledger.c
    amounts = dict(tuple(row) for row in connection.execute(select(ledger.kind, func.sum(ledger.amount)).group_by(ledger.kind)))
    joins, splits, forgotten = (int(amounts.get(kind, 0)) for kind in ("joins", "splits", "memories_forgotten"))
    memories = count_memories(connection)
    is_whole = read == sum(counts.values()) and wrong == 0
    if job is None:
        is_whole = is_whole and memories == counts[Outcome.STORED] - joins + splits - forgotten
    stored, duplicate, merged, quarantined = (counts[outcome] for outcome in Outcome)
    return Recount(read, stored, duplicate, merged, quarantined, wrong, memories, joins, splits, forgotten, is_whole)


def _spread(ranges: str) -> list[int]:
    return [position for first, last in orjson.loads(ranges) for position in range(first, last + 1)]
