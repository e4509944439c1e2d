"""What ledger, reviews and observations tell of duplicates: merges and how sure they were, open pairs, the largest memories."""

from __future__ import annotations

from collections import Counter

import orjson
from sqlalchemy import case, func, select

from memproc.dedup.review_policy import ReviewKind
from memproc.report.figures import Cluster, Duplicates, Outcomes, ReviewCount
from memproc.report.likeness import Sureness
from memproc.report.quality import shortened
from memproc.store.kinds import LedgerKind
from memproc.store.reporting.batches import CHUNK, known_of
from memproc.store.reporting.scope import Scope
from memproc.store.rows.memories import OF_MANY
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

LARGEST_SHOWN, TEXT_SHOWN = 10, 160
_ledger, _reviews, _observations = tables.ledger.c, tables.reviews.c, tables.observations.c


def duplicates_of(tx: Tx, scope: Scope, outcomes: Outcomes) -> Duplicates:
    """Return what was known or alike."""
    lines = select(_ledger.kind, func.count().label("lines"), func.sum(_ledger.amount).label("amount"))
    by_kind = {row.kind: row for row in tx.execute(lines.where(scope.has(_ledger.batch)).group_by(_ledger.kind))}
    found = Counter({kind: int(row.lines) for kind, row in by_kind.items()})
    moves = Counter({kind: int(row.amount) for kind, row in by_kind.items()})
    known = known_of(tx, scope) - outcomes.forgotten
    sure = _sureness(tx, scope)
    return Duplicates(
        known=known,
        same_content=outcomes.duplicate - known - outcomes.forgotten,
        forgotten=outcomes.forgotten,
        similar=found[LedgerKind.SIMILAR],
        versions=found[LedgerKind.VERSION],
        returned=found[LedgerKind.RETURNED],
        joins=moves[LedgerKind.JOINS],
        splits=moves[LedgerKind.SPLITS],
        merge_at=tx.policy.merge_at,
        reviews=_reviews_of(tx, scope),
        histogram=sure.histogram(),
        thresholds=sure.thresholds(),
        clusters=_largest(tx, scope),
    )


def _reviews_of(tx: Tx, scope: Scope) -> tuple[ReviewCount, ...]:
    counted = select(_reviews.kind, _reviews.status, func.count()).where(scope.has(_reviews.batch))
    return tuple(ReviewCount(*row) for row in sorted(map(tuple, tx.execute(counted.group_by(_reviews.kind, _reviews.status)))))


def _sureness(tx: Tx, scope: Scope) -> Sureness:
    sure = Sureness()
    merges = select(_ledger.confidence).where(_ledger.kind == LedgerKind.SIMILAR, _ledger.confidence.is_not(None))
    with tx.execute(merges.where(scope.has(_ledger.batch)).execution_options(yield_per=CHUNK)) as rows:
        sure.note_merges(rows.scalars())
    pairs = select(_reviews.confidence).where(
        _reviews.kind == ReviewKind.SIMILAR, _reviews.status == "open", _reviews.confidence.is_not(None)
    )
    with tx.execute(pairs.where(scope.has(_reviews.batch)).execution_options(yield_per=CHUNK)) as rows:
        sure.note_reviews(rows.scalars())
    return sure


def _largest(tx: Tx, scope: Scope) -> tuple[Cluster, ...]:
    """Return the memories of the most observations, in a job those to which it brought one."""
    of_job = func.sum(case((scope.has(_observations.batch), 1), else_=0))
    count = func.count()
    query = select(_observations.memory, count, of_job).where(_observations.memory.is_not(None)).group_by(_observations.memory)
    ordered = query.having(of_job > 0).order_by(count.desc(), _observations.memory).limit(LARGEST_SHOWN)
    rows = tx.execute(ordered).all()
    texts = dict(map(tuple, tx.select_by_keys(OF_MANY, tables.merged.c.id, [row[0] for row in rows]))) if rows else {}
    return tuple(
        Cluster(memory.hex(), int(all_of_it), int(brought), shortened(str(orjson.loads(texts[memory])["content"]), TEXT_SHOWN))
        for memory, all_of_it, brought in rows
        if memory in texts
    )
