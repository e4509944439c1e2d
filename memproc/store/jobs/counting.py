"""Counting the rows: what there is, what each job did, and the proof that no record was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, literal, select, union_all

from memproc.records import Outcome
from memproc.store.answers import Job, Recount
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import LedgerKind
from memproc.store.rows.decisions import all_decisions
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

IMPORTED = "imported"  # the outcome on a tombstone that came without the record it speaks of

CHUNK = 10_000

_observations = tables.observations.c
_COUNTED = {"forgotten": tables.forgotten, "jobs": tables.jobs, "batches": tables.batches}
# Where the position and the outcome of a record are to be found.
_PLACES = (
    (tables.observations, _observations.outcome),
    (tables.forgotten, tables.forgotten.c.outcome),
    (tables.quarantine, literal(Outcome.QUARANTINED.value)),
)
_one, _other = tables.observations.alias("one"), tables.observations.alias("other")
_WAITING = (  # open reviews of memories that are not one by now
    select(func.count())
    .join_from(tables.reviews, _one, _one.c.key == tables.reviews.c.one)
    .join(_other, _other.c.key == tables.reviews.c.other)
    .where(
        tables.reviews.c.status == "open",
        func.coalesce(_one.c.memory, _one.c.node) != func.coalesce(_other.c.memory, _other.c.node),
    )
)


def count_memories(tx: Tx) -> int:
    """Return how many memories there are."""
    alone = select(func.count()).select_from(tables.observations).where(_observations.memory.is_(None))
    of_many = select(func.count()).select_from(tables.merged)
    return int(tx.execute(alone).scalar_one() + tx.execute(of_many).scalar_one())


def stats(tx: Tx) -> dict[str, int]:
    """Return counts: memories, observations by outcome, and what else there is."""
    outcomes = select(tables.observations.c.outcome, func.count()).group_by(tables.observations.c.outcome)
    counted: dict[str, int] = {row[0]: row[1] for row in tx.execute(outcomes)}
    others = {name: tx.execute(select(func.count()).select_from(table)).scalar_one() for name, table in _COUNTED.items()}
    in_quarantine = tx.execute(select(func.count()).where(tables.quarantine.c.status == "open")).scalar_one()
    return {
        "memories": count_memories(tx),
        "observations": sum(counted.values()),
        **{outcome.value: counted.get(outcome.value, 0) for outcome in (Outcome.STORED, Outcome.DUPLICATE, Outcome.MERGED)},
        "open_reviews": tx.execute(_WAITING).scalar_one(),
        "decisions": len(all_decisions(tx)),
        "quarantine": in_quarantine,
        **others,
    }


def jobs(tx: Tx, ask: Callable[[int, str | None], None]) -> list[Job]:
    """Return the ingestions, the oldest first, with what their batches counted."""
    own, batches = tables.jobs.c, tables.batches.c
    counted = (batches.records, batches.stored, batches.duplicate, batches.merged, batches.quarantined)
    sums = select(batches.job, *(func.sum(column) for column in counted)).group_by(batches.job)
    counts = {job: [*map(int, row)] for job, *row in tx.execute(sums)}
    names = ("number", "source", "format", "status", "request", "started_at", "finished_at", "owner", "fence")
    found = []
    for row in tx.execute(select(*(own[name] for name in names)).order_by(own.number)):
        told: list[Any] = [*row]
        fence, owner = told.pop(), told.pop()
        here = Owner.from_json(owner) if owner else None
        is_alive = here.is_alive if here and here.is_here else None
        told += [is_alive, fence, *counts.get(told[0], [0] * len(counted)), ask]
        found.append(Job(*told))
    return found


class BatchCount(NamedTuple):
    """What the rows say of one batch: its job (None where there is no such batch), the outcomes of its `read` records, how many
    positions are missing, there twice or not its own, which outcomes its own row tells, and how many of its records met an
    observation that was there and had not been forgotten.
    """

    job: int | None
    read: int
    counts: Counter[Outcome]
    wrong: int
    told: Counter[Outcome]
    again: int = 0


def recount(tx: Tx, job: int | None) -> Recount:
    """Count one job, or everything, from the rows."""
    counts: Counter[Outcome] = Counter()
    read = wrong = 0
    for batch in count_batches(tx, job):
        read += batch.read
        wrong += batch.wrong
        counts += batch.counts
    joins, splits, forgotten = moves(tx)
    memories = count_memories(tx)
    is_whole = read == counts.total() and wrong == 0
    if job is None:
        is_whole = is_whole and memories == counts[Outcome.STORED] - joins + splits - forgotten
    stored, duplicate, merged, quarantined = (counts[outcome] for outcome in Outcome)
    return Recount(read, stored, duplicate, merged, quarantined, wrong, memories, joins, splits, forgotten, is_whole)


def moves(tx: Tx) -> tuple[int, int, int]:
    """Return how many memories the ledger says were joined, split off and forgotten."""
    ledger = tables.ledger.c
    amounts = dict(tuple(row) for row in tx.execute(select(ledger.kind, func.sum(ledger.amount)).group_by(ledger.kind)))
    joins, splits, forgotten = (
        int(amounts.get(kind, 0)) for kind in (LedgerKind.JOINS, LedgerKind.SPLITS, LedgerKind.MEMORIES_FORGOTTEN)
    )
    return joins, splits, forgotten


def memories_told(tx: Tx) -> int:
    """Return how many memories there should be, by what was stored and what the ledger tells."""
    stored = 0
    for table in (tables.observations, tables.forgotten):
        query = select(func.count()).select_from(table).where(table.c.outcome == Outcome.STORED.value)
        stored += tx.execute(query).scalar_one()
    joins, splits, forgotten = moves(tx)
    return stored - joins + splits - forgotten


def count_batches(tx: Tx, job: int | None = None) -> Iterator[BatchCount]:
    """Count each batch of a job, or of all, from the rows, and those that rows name and that there are not."""
    columns = tables.batches.c
    names = ("number", "job", "first_position", "records", "known", "known_rejected", "forgotten")
    query = select(*(columns[name] for name in (*names, *(outcome.value for outcome in Outcome))))
    asked = {row[0]: row[1:] for row in tx.execute(query if job is None else query.where(columns.job == job))}
    arms = []
    for table, outcome in _PLACES:
        arm = select(table.c.batch, table.c.position, outcome.label("outcome")).where(outcome != IMPORTED)
        if job is not None:
            arm = arm.join_from(table, tables.batches, table.c.batch == columns.number).where(columns.job == job)
        arms.append(arm)
    both = union_all(*arms).subquery()
    ordered = select(both).order_by(both.c.batch).execution_options(yield_per=CHUNK)
    with tx.execute(ordered) as places:
        for batch, rows in groupby(places, key=itemgetter(0)):
            yield _count(asked.pop(batch, None), [(position, Outcome(outcome)) for _, position, outcome in rows])
    for left in asked.values():
        yield _count(left, [])


def _count(asked: Sequence[Any] | None, places: Sequence[tuple[int, Outcome]]) -> BatchCount:
    counts = Counter(outcome for _, outcome in places)
    if asked is None:
        return BatchCount(None, 0, counts, len(places), Counter())
    job, first, records, known, known_rejected, forgotten, *told = asked
    repeated = _spread(orjson.loads(known))
    rejected_again = [position for found in orjson.loads(known_rejected).values() for position in _spread(found)]
    counts += Counter({Outcome.DUPLICATE: len(repeated), Outcome.QUARANTINED: len(rejected_again)})
    positions = [position for position, _ in places] + repeated + rejected_again
    wrong = len(set(range(first, first + records)) ^ set(positions)) + len(positions) - len(set(positions))
    return BatchCount(job, records, counts, wrong, Counter(dict(zip(Outcome, told, strict=True))), len(repeated) - forgotten)


def _spread(ranges: Sequence[Sequence[int]]) -> list[int]:
    return [position for first, last in ranges for position in range(first, last + 1)]
