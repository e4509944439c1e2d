"""Counting the rows: what there is, what each job did, and the proof that no record was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, literal, select, true, union_all

from memproc.records import Outcome
from memproc.report.report import Report
from memproc.store.answers import Job, Recount
from memproc.store.jobs.course import course_of
from memproc.store.jobs.owners import Owner
from memproc.store.kinds import JobStatus, LedgerKind
from memproc.store.rows.decisions import all_decisions
from memproc.store.rows.expired import count_expired
from memproc.store.rows.observations import home_in
from memproc.store.rows.relations import count_relations
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

IMPORTED = "imported"  # the outcome on a tombstone that came without the record it speaks of

CHUNK = 10_000

_observations, _batches = tables.observations.c, tables.batches.c
# What batches count: the columns that sum up to what is told by these names.
_OUTCOMES = {"read": _batches.records, **{outcome.value: _batches[outcome.value] for outcome in Outcome}}
_COMPARED = {name: _batches[name] for name in ("review", "candidates", "verified", "forgotten")}
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
        home_in(_one) != home_in(_other),
    )
)


def count_memories(tx: Tx) -> int:
    """Return how many memories there are."""
    alone = select(func.count()).select_from(tables.observations).where(_observations.memory.is_(None))
    of_many = select(func.count()).select_from(tables.merged)
    return int(tx.execute(alone).scalar_one() + tx.execute(of_many).scalar_one())


def stats(tx: Tx) -> dict[str, int]:
    """Return counts: memories, those of them that have expired, observations by outcome, and what else there is."""
    outcomes = select(tables.observations.c.outcome, func.count()).group_by(tables.observations.c.outcome)
    counted: dict[str, int] = dict(tuple(row) for row in tx.execute(outcomes))
    others = {name: tx.execute(select(func.count()).select_from(table)).scalar_one() for name, table in _COUNTED.items()}
    relations, dangling = count_relations(tx)
    in_quarantine = tx.execute(select(func.count()).where(tables.quarantine.c.status == "open")).scalar_one()
    return {
        "memories": count_memories(tx),
        "expired": count_expired(tx),
        "observations": sum(counted.values()),
        **{outcome.value: counted.get(outcome.value, 0) for outcome in (Outcome.STORED, Outcome.DUPLICATE, Outcome.MERGED)},
        "relations": relations,
        "dangling": dangling,
        "open_reviews": tx.execute(_WAITING).scalar_one(),
        "decisions": len(all_decisions(tx)),
        "quarantine": in_quarantine,
        **others,
    }


def jobs(tx: Tx, ask: Callable[[int, str | None], None], numbers: Collection[int] | None = None) -> list[Job]:
    """Return the ingestions, all or those of some `numbers`, the oldest first, with what their batches counted."""
    columns = tables.jobs.c
    is_meant = true() if numbers is None else columns.number.in_(numbers)
    is_of_meant = true() if numbers is None else _batches.job.in_(numbers)
    summed = [func.sum(column).label(name) for name, column in _OUTCOMES.items()]
    sums = (
        select(_batches.job, func.max(_batches.committed_at).label("landed_at"), *summed).where(is_of_meant).group_by(_batches.job)
    )
    counts = {
        row.job: {name: int(getattr(row, name)) for name in _OUTCOMES} | {"landed_at": row.landed_at} for row in tx.execute(sums)
    }
    none = {**dict.fromkeys(_OUTCOMES, 0), "landed_at": None}
    names = ("number", "source", "format", "status", "request", "started_at", "finished_at")
    more = columns.owner, columns.fence, columns.checkpoint
    result = []
    for row in tx.execute(select(*more, *(columns[name] for name in names)).where(is_meant).order_by(columns.number)):
        owner = Owner.from_json(row.owner) if row.owner else None
        is_alive = owner.is_alive if owner and owner.is_here else None
        values: dict[str, Any] = {name: getattr(row, name) for name in names} | counts.get(row.number, none)
        is_running = row.status == JobStatus.RUNNING and is_alive is not False
        how_far = course_of(row.checkpoint, values["landed_at"] if is_running else None, tx.now)
        result.append(Job(**values, **how_far, is_alive=is_alive, runs=row.fence, _ask=ask))
    return result


def count_into(tx: Tx, report: Report) -> None:
    """Write into a report what the batches of its job counted, in all its runs."""
    sums = [func.coalesce(func.sum(column), 0).label(name) for name, column in (_OUTCOMES | _COMPARED).items()]
    counted = select(*sums, func.count().label("batches")).where(_batches.job == report.job)
    for name, count in tx.execute(counted).one()._asdict().items():
        setattr(report, name, int(count))
    report.errors = Counter()
    for errors in tx.execute(select(_batches.errors).where(_batches.job == report.job)).scalars():
        report.errors.update(orjson.loads(errors))


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
    names = ("number", "job", "first_position", "records", "known", "known_rejected", "forgotten")
    query = select(*(_batches[name] for name in (*names, *(outcome.value for outcome in Outcome))))
    batches = {row.number: row for row in tx.execute(query if job is None else query.where(_batches.job == job))}
    arms = []
    for table, outcome in _PLACES:
        arm = select(table.c.batch, table.c.position, outcome.label("outcome")).where(outcome != IMPORTED)
        if job is not None:
            arm = arm.join_from(table, tables.batches, table.c.batch == _batches.number).where(_batches.job == job)
        arms.append(arm)
    both = union_all(*arms).subquery()
    ordered = select(both.c.batch, both.c.position, both.c.outcome).order_by(both.c.batch).execution_options(yield_per=CHUNK)
    with tx.execute(ordered) as places:
        for batch, rows in groupby(places, key=itemgetter(0)):
            yield _count(batches.pop(batch, None), [(position, Outcome(outcome)) for _, position, outcome in rows])
    for batch_without_rows in batches.values():
        yield _count(batch_without_rows, [])


def _count(batch: Any, places: Sequence[tuple[int, Outcome]]) -> BatchCount:
    counts = Counter(outcome for _, outcome in places)
    if batch is None:
        return BatchCount(None, 0, counts, len(places), Counter())
    repeated = _spread(orjson.loads(batch.known))
    rejected_again = [position for ranges in orjson.loads(batch.known_rejected).values() for position in _spread(ranges)]
    counts += Counter({Outcome.DUPLICATE: len(repeated), Outcome.QUARANTINED: len(rejected_again)})
    positions = [position for position, _ in places] + repeated + rejected_again
    due = range(batch.first_position, batch.first_position + batch.records)
    wrong = len(set(due) ^ set(positions)) + len(positions) - len(set(positions))
    told = Counter({outcome: getattr(batch, outcome.value) for outcome in Outcome})
    return BatchCount(batch.job, batch.records, counts, wrong, told, len(repeated) - batch.forgotten)


def _spread(ranges: Sequence[Sequence[int]]) -> list[int]:
    return [position for first, last in ranges for position in range(first, last + 1)]
