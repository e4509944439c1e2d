"""What rules measure of jobs in a store: of one, and of those before it that read the same source.

Facts: what a gate measured while a job ran is kept, and is of each accepted record. Of other jobs the rows tell it: of the
observations that a job brought, which are the records that were not known before.

Rules: jobs have the same source whose format and names of sources are equal but for digits, so `export-2026-12-01.json` and
`export-2026-12-02.json` are. Only those that are done count.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice

from sqlalchemy import func, select

from memproc.errors import NotFoundError
from memproc.gates.facts import Facts, Measuring
from memproc.gates.judging import History
from memproc.gates.rule import Gate, Rule
from memproc.store.jobs.gating import kept_of
from memproc.store.kinds import JobStatus
from memproc.store.reporting.batches import CHUNK
from memproc.store.reporting.scope import scope_of
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_DIGITS = re.compile(r"\d+")
_COUNTED = ("stored", "duplicate", "merged", "quarantined", "review")
_batches, _jobs, _observations = tables.batches.c, tables.jobs.c, tables.observations.c


def counts_of(tx: Tx, job: int) -> dict[str, int]:
    """Return what the batches of a job counted."""
    sums = {"read": _batches.records, **{name: _batches[name] for name in _COUNTED}}
    summed = [func.coalesce(func.sum(column), 0).label(name) for name, column in sums.items()]
    row = tx.execute(select(*summed).where(_batches.job == job)).one()
    return {name: int(count) for name, count in row._asdict().items()}


def measure_rows(tx: Tx, job: int, measuring: Measuring) -> None:
    """Take the observations that a job brought into account."""
    if not measuring.is_needed:
        return
    query = select(_observations.record).where(scope_of(tx, job).has(_observations.batch)).order_by(_observations.number)
    with tx.execute(query.execution_options(yield_per=CHUNK)) as rows:
        measuring.note(rows.scalars())


def facts_of(tx: Tx, job: int, rules: Iterable[Rule]) -> Facts:
    """Return what some rules are about of a job. Raises NotFoundError if there is no such job."""
    ended = tx.execute(select(_jobs.started_at, _jobs.finished_at).where(_jobs.number == job)).first()
    if ended is None:
        raise NotFoundError(f"no job {job}")
    asked = tuple(rules)
    counts, kept = counts_of(tx, job), kept_of(tx, job)
    if kept is not None and all(Facts(counts, 0, kept.facts.values).has(rule) for rule in asked):
        return Facts(counts, kept.facts.looked_at, kept.facts.values)
    measuring = Measuring(asked)
    measure_rows(tx, job, measuring)
    return measuring.facts(counts, ended.finished_at or ended.started_at)


def history_of(tx: Tx, gate: Gate, named: tuple[str, str], before: int | None = None) -> History:
    """Return what earlier jobs had of what drifts, the newest first; `named` are the sources of a job and their format, `before`
    its number, None for one that is still to come.
    """
    rules = gate.drifting
    if not rules:
        return {}
    levels: dict[str, list[float]] = defaultdict(list)
    for job in _like(tx, named, before, max(rule.jobs for rule in rules)):
        facts = facts_of(tx, job, rules)
        for rule in rules:
            value = facts.value_of(rule)
            if value is not None:
                levels[rule.key].append(value.level)
    return levels


def names_of(tx: Tx, job: int) -> tuple[str, str]:
    """Return the sources of a job and their format."""
    row = tx.execute(select(_jobs.source, _jobs.format).where(_jobs.number == job)).one()
    return row.source, row.format


def _like(tx: Tx, named: tuple[str, str], before: int | None, most: int) -> Sequence[int]:
    """Return the newest jobs with the same source that are done."""
    query = select(_jobs.number, _jobs.source, _jobs.format).where(_jobs.status == JobStatus.DONE)
    if before is not None:
        query = query.where(_jobs.number < before)
    wanted = _without_digits(named)
    with tx.execute(query.order_by(_jobs.number.desc()).execution_options(yield_per=CHUNK)) as rows:
        alike = (row.number for row in rows if _without_digits((row.source, row.format)) == wanted)
        return [*islice(alike, most)]


def _without_digits(named: tuple[str, str]) -> tuple[str, str]:
    return _DIGITS.sub("0", named[0]), named[1]
