"""Measures what the index of near pairs misses, by comparing every two facts of a store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import select

from memproc.dedup.compare.compare import compare_if_likely
from memproc.dedup.compare.confidence import Model, side_of
from memproc.dedup.keys import Key, text_of
from memproc.dedup.minhash.brute_force import alike
from memproc.dedup.neighbourhood import Row
from memproc.errors import UsageError
from memproc.records import is_event
from memproc.store.answers import IndexRecall
from memproc.store.rows.observations import ROWS, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

Homes = tuple[Key, Key]  # of a pair: the ids of both memories, sorted


def index_recall(tx: Tx, model: Model, least: float) -> IndexRecall:
    """Compare every two facts of a namespace and subject. Raises UsageError if there are too many."""
    rows = [row for row in map(to_row, tx.execute(ROWS)) if not is_event(row.observation.record)]
    scopes: dict[tuple[str, str | None], list[Row]] = defaultdict(list)
    for row in rows:
        scopes[row.observation.record["namespace"], row.observation.record.get("subject")].append(row)
    likely: dict[Homes, float] = {}
    for scope in scopes.values():
        for homes, confidence in _likely(scope, model, least):
            likely[homes] = max(confidence, likely.get(homes, 0.0))
    home_of = {row.observation.key: row.home for row in rows}
    pairs = tx.execute(select(tables.reviews.c.one, tables.reviews.c.other))
    reviewed = {_in_order(home_of.get(one, one), home_of.get(other, other)) for one, other in pairs}
    missed = [(one.hex(), other.hex(), confidence) for (one, other), confidence in likely.items() if (one, other) not in reviewed]
    missed.sort(key=lambda pair: (-pair[2], pair))
    return IndexRecall(len(rows), len(likely), len(likely) - len(missed), tuple(missed))


def _likely(rows: Sequence[Row], model: Model, least: float) -> Iterator[tuple[Homes, float]]:
    """Yield the pairs of separate memories in these rows that likely say the same, with the confidence."""
    texts = [text_of(row.observation.record) for row in rows]
    sides = [*map(side_of, texts)]
    try:
        for one, other in alike(texts):
            homes = _in_order(rows[one].home, rows[other].home)
            if homes[0] != homes[1] and (comparison := compare_if_likely(sides[one], sides[other], model, least)):
                yield homes, comparison.confidence
    except ValueError as error:
        raise UsageError(str(error)) from error


def _in_order(one: Key, other: Key) -> Homes:
    return min(one, other), max(one, other)
