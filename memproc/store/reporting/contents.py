"""What observations hold: by field, and by namespace, source, kind and format.

Facts: for a million records, reading each and looking at its fields takes most of a minute; grouping them by a name inside the
record takes the database some seconds. So fields are looked at in at most `LOOKED_AT` records, evenly chosen, and names are counted
in all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, or_, select

from memproc.report.figures import Counted, ErrorPattern, NameCount, Quality
from memproc.report.quality import quality_of, shortened
from memproc.store.reporting.batches import CHUNK
from memproc.store.reporting.scope import Scope
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

LOOKED_AT = 100_000
NAMES_SHOWN = 20
DEFAULT_KIND = "fact"  # of a record that names none

_observations, _batches, _jobs = tables.observations.c, tables.batches.c, tables.jobs.c


def quality(tx: Tx, scope: Scope, patterns: Iterable[ErrorPattern]) -> Quality:
    """Return what the observations hold by field; `patterns` are those of the quarantined records."""
    records = int(
        tx.execute(select(func.count()).select_from(tables.observations).where(scope.has(_observations.batch))).scalar_one()
    )
    every = max(1, -(-records // LOOKED_AT))
    query = select(_observations.record).where(scope.has(_observations.batch))
    if every > 1:
        query = query.where(_observations.number % every == 0)
    with tx.execute(query.order_by(_observations.number).execution_options(yield_per=CHUNK)) as rows:
        return quality_of(rows.scalars(), records, every, patterns)


def counts_of(tx: Tx, scope: Scope) -> tuple[Counted, ...]:
    """Return the observations by namespace, source, kind and format, before the job and of it."""
    named = tx.database.backend.json_text
    by_hash = _by(tx, scope, "namespace", _observations.namespace)
    names = _names_of(tx, [one.name for one in by_hash.names])
    namespaces = tuple(NameCount(names[one.name], one.before, one.here) for one in by_hash.names)
    source = _by(tx, scope, "source", named(_observations.record, "source"))
    kind = _by(tx, scope, "kind", func.coalesce(named(_observations.record, "kind"), DEFAULT_KIND))
    return Counted("namespace", namespaces, by_hash.more), source, kind, _by_format(tx, scope)


def _by(tx: Tx, scope: Scope, by: str, name: ColumnElement[Any]) -> Counted:
    """Count the observations by a name; that of a namespace is its number."""
    return _counted(tx, by, select(name.label("name"), *_sums(scope, _observations.batch, literal(1))).where(_up_to(scope)))


def _by_format(tx: Tx, scope: Scope) -> Counted:
    of_batch = select(_observations.batch, func.count().label("records")).group_by(_observations.batch).subquery()
    joined = of_batch.join(tables.batches, of_batch.c.batch == _batches.number).join(tables.jobs, _batches.job == _jobs.number)
    sums = _sums(scope, of_batch.c.batch, of_batch.c.records)
    query = select(_jobs.format.label("name"), *sums).select_from(joined)
    return _counted(tx, "format", query if not scope.last else query.where(of_batch.c.batch <= scope.last))


def _up_to(scope: Scope) -> ColumnElement[bool]:
    return _observations.batch <= scope.last if scope.job is not None else scope.has(_observations.batch)


def _sums(scope: Scope, batch: Any, amount: ColumnElement[int]) -> tuple[Any, Any]:
    before = case((batch < scope.first, amount), else_=0)
    here = case((scope.has(batch), amount), else_=0)
    return tuple(
        cast(func.coalesce(func.sum(each), 0), BigInteger).label(name) for name, each in (("before", before), ("here", here))
    )  # type: ignore[return-value]


def _counted(tx: Tx, by: str, query: Any) -> Counted:
    grouped = query.group_by("name").subquery().c
    in_all = func.count().over().label("in_all")
    there = select(grouped.name, grouped.before, grouped.here, in_all).where(or_(grouped.before > 0, grouped.here > 0))
    rows = tx.execute(there.order_by(grouped.here.desc(), grouped.before.desc(), grouped.name).limit(NAMES_SHOWN)).all()
    names = tuple(NameCount(_shown(row.name), int(row.before), int(row.here)) for row in rows)
    return Counted(by, names, int(rows[0].in_all) - len(names) if rows else 0)


def _shown(name: Any) -> Any:
    return shortened(name) if isinstance(name, str) else name


def _names_of(tx: Tx, numbers: Iterable[Any]) -> dict[Any, str]:
    """Return what namespaces are called, by their numbers."""
    found = {}
    for number in numbers:
        query = select(_observations.record).where(_observations.namespace == number).limit(1)
        found[number] = shortened(str(orjson.loads(tx.execute(query).scalar_one())["namespace"]))
    return found
