"""What batches and jobs tell: outcomes and their proof, how fast it went, and the jobs themselves."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from memproc.config import Settings
from memproc.records import Outcome
from memproc.report.enriched import Enriched, folded
from memproc.report.figures import JobTold, Outcomes, Pace, Proof
from memproc.report.pace import BatchRow, pace_of
from memproc.store.jobs.counting import recount
from memproc.store.kinds import LedgerKind
from memproc.store.reporting.scope import Scope
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

JOBS_TOLD = 50
CHUNK = 10_000

_batches, _jobs, _ledger = tables.batches.c, tables.jobs.c, tables.ledger.c
_COUNTERS = {"read": _batches.records, **{outcome.value: _batches[outcome.value] for outcome in Outcome}}
_COUNTERS |= {name: _batches[name] for name in ("review", "forgotten", "candidates", "verified")}
_MOVES = {LedgerKind.JOINS: -1, LedgerKind.SPLITS: 1, LedgerKind.MEMORIES_FORGOTTEN: -1}


def outcomes_of(tx: Tx, scope: Scope) -> Outcomes:
    """Return what became of the records read, and the proof by the rows."""
    sums = [func.coalesce(func.sum(column), 0).label(name) for name, column in _COUNTERS.items()]
    counted = {name: int(count) for name, count in tx.execute(_in(scope, select(*sums))).one()._asdict().items()}
    before, after = _memories_around(tx, scope)
    found = asdict(recount(tx, scope.job))
    proof = Proof(
        **{name: found["missing_positions" if name == "wrong_positions" else name] for name in Proof.__dataclass_fields__}
    )
    return Outcomes(**counted, memories_before=before, memories_after=after, proof=proof)


def _in(scope: Scope, query: Select[Any]) -> Select[Any]:
    return query if scope.job is None else query.where(_batches.job == scope.job)


def _memories_around(tx: Tx, scope: Scope) -> tuple[int | None, int | None]:
    """Return how many memories there were before the first batch of a job, and after its last one."""
    if not scope.first:
        return None, None
    ends = [
        tx.execute(select(_batches.committed_at).where(_batches.number == end)).scalar_one() for end in (scope.first, scope.last)
    ]
    stored = func.coalesce(func.sum(_batches.stored), 0)
    before = int(tx.execute(select(stored).where(_batches.number < scope.first)).scalar_one())
    after = int(tx.execute(select(stored).where(_batches.number <= scope.last)).scalar_one())
    moves = select(_ledger.batch, _ledger.made_at, _ledger.kind, _ledger.amount).where(_ledger.kind.in_(list(_MOVES)))
    with tx.execute(moves.execution_options(yield_per=CHUNK)) as lines:
        for batch, made_at, kind, amount in lines:
            change = _MOVES[LedgerKind(kind)] * amount
            before += change if (batch < scope.first if batch is not None else made_at < ends[0]) else 0
            after += change if (batch <= scope.last if batch is not None else made_at <= ends[1]) else 0
    return before, after


def categories_of(tx: Tx, scope: Scope) -> Counter[str]:
    """Return how many records were quarantined, by category."""
    found: Counter[str] = Counter()
    query = _in(scope, select(_batches.errors)).where(_batches.quarantined > 0)
    with tx.execute(query.execution_options(yield_per=CHUNK)) as rows:
        for (errors,) in rows:
            found.update(orjson.loads(errors))
    return found


def known_of(tx: Tx, scope: Scope) -> int:
    """Return how many records met an observation that was there or had been forgotten."""
    query = _in(scope, select(_batches.known)).where(_batches.duplicate > 0)
    with tx.execute(query.execution_options(yield_per=CHUNK)) as rows:
        return sum(last - first + 1 for (known,) in rows for first, last in orjson.loads(known))


def pace(tx: Tx, scope: Scope, durability: str) -> Pace:
    """Return how fast batches went."""
    query = _in(scope, select(*(_batches[name] for name in BatchRow._fields))).order_by(_batches.number)
    with tx.execute(query.execution_options(yield_per=CHUNK)) as rows:
        return pace_of((BatchRow(*row) for row in rows), durability)


def enrichment(tx: Tx, scope: Scope) -> tuple[Enriched, ...]:
    """Return what enrichments did, by what batches tell of them; what nothing seals may have been changed by hand."""
    query = _in(scope, select(_batches.measured)).where(_batches.measured.contains('"enriched"'))
    found: list[dict[str, Any]] = []
    with tx.execute(query.order_by(_batches.number).execution_options(yield_per=CHUNK)) as rows:
        for (measured,) in rows:
            with suppress(ValueError, TypeError, KeyError):
                found += [one for one in orjson.loads(measured)["enriched"] if {"name", "version"} <= one.keys()]
    return folded(found)


def jobs_of(tx: Tx, scope: Scope) -> tuple[int, tuple[JobTold, ...], str]:
    """Return how many jobs there are, the job or the newest of them, and the durability that the newest was given."""
    names = ("number", "source", "format", "status", "started_at", "finished_at", "settings")
    query = select(*(_jobs[name] for name in names)).order_by(_jobs.number.desc()).limit(JOBS_TOLD)
    rows = tx.execute(query if scope.job is None else query.where(_jobs.number == scope.job)).all()
    counts = ("read", *(outcome.value for outcome in Outcome))
    sums = [func.coalesce(func.sum(_COUNTERS[name]), 0).label(name) for name in counts]
    of_jobs = select(_batches.job, *sums).where(_batches.job.in_([row.number for row in rows])).group_by(_batches.job)
    counted = {row.job: {name: int(getattr(row, name)) for name in counts} for row in tx.execute(of_jobs)}
    in_all = int(tx.execute(select(func.count()).select_from(tables.jobs)).scalar_one())
    none = dict.fromkeys(counts, 0)
    told = []
    for row in reversed(rows):
        values: dict[str, Any] = {**row._asdict(), **counted.get(row.number, none), "settings": _given(row.settings)}
        told.append(JobTold(**values))
    durability = told[-1].settings.get("durability", Settings().durability) if told else ""
    return in_all, tuple(told), str(durability)


def _given(settings: str) -> dict[str, Any]:
    """Return the settings of a job that are not the defaults."""
    defaults = orjson.loads(orjson.dumps(Settings()))
    found: dict[str, Any] = orjson.loads(settings)
    return {name: value for name, value in found.items() if value != defaults.get(name)}
