"""Lists open reviews with their possible verdicts, and opens reviews again whose decision is withdrawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, get_args

from sqlalchemy import Select, select

from memproc.arguments import LARGEST_NUMBER
from memproc.config import Verdict
from memproc.dedup.compare.reasons import reason_told
from memproc.dedup.decision import Decision
from memproc.dedup.keys import Key, namespace_number
from memproc.dedup.memory import memory_of_one
from memproc.dedup.neighbourhood import Row
from memproc.dedup.observation import Observation
from memproc.dedup.review_policy import ReviewKind
from memproc.dedup.versions import newest_of
from memproc.records import M, Plain
from memproc.store.answers import Review
from memproc.store.rows.decisions import decisions_on, in_force, pairs_of
from memproc.store.rows.memories import OF_MANY, to_memory
from memproc.store.rows.observations import SPEAKING, rows_by_key, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

SHOWN_AT_ONCE = 500
EARLY = (ReviewKind.CHANGED,)  # kinds of review that are listed first

_reviews, _observations = tables.reviews.c, tables.observations.c
_REVIEWS = select(*(_reviews[name] for name in ("number", "kind", "confidence", "reason", "one", "other", "status")))
_PAIRS = select(_reviews.number, _reviews.one, _reviews.other)


class WantedReviews(NamedTuple):
    """Which open reviews are meant: at most `limit`, those of `numbers`, of a `namespace`; with `after`, those behind that number
    by number.
    """

    limit: int | None = None
    numbers: Collection[int] | None = None
    after: int | None = None
    namespace: str | None = None


def open_reviews(tx: Tx, restored: Callable[[Plain], M], wanted: WantedReviews) -> list[Review[M]]:
    """Return the open reviews whose memories are still separate, changes first, then by falling confidence, or by number."""
    query, within = _REVIEWS.where(_reviews.status == "open"), wanted.namespace
    if within is not None:
        query = query.join_from(tables.reviews, tables.observations, _observations.key == _reviews.one)
        query = query.where(_observations.namespace == namespace_number(within))
    most = LARGEST_NUMBER if wanted.limit is None else wanted.limit
    if wanted.numbers is not None:
        chosen = tx.select_by_keys(_REVIEWS, _reviews.number, wanted.numbers)
        rows = [row for row in chosen if row.status == "open" and row.number > (wanted.after or 0)]
    elif wanted.after is not None:
        return _behind(tx, restored, query, wanted.after, most)
    else:
        rows = [*tx.execute(query)]
    rows.sort(key=_listing_order if wanted.after is None else attrgetter("number"))
    found = (review for review in _to_reviews(tx, rows, restored) if within in (None, review.one.namespace))
    return [*islice(found, most)]


def _behind(tx: Tx, restored: Callable[[Plain], M], query: Select[Any], number: int, most: int) -> list[Review[M]]:
    """Return the first reviews behind a number, by number, and read little more than these."""
    query = query.order_by(_reviews.number).limit(min(most, SHOWN_AT_ONCE))
    found: list[Review[M]] = []
    while len(found) < most and (rows := tx.execute(query.where(_reviews.number > number)).all()):
        found += _to_reviews(tx, rows, restored)
        number = rows[-1].number
    return found[:most]


def _listing_order(row: Any) -> tuple[int, bool, float, Key, Key]:
    """Return the sort key of a row: changes first, then by falling confidence, then in the order of a policy."""
    place = EARLY.index(row.kind) if row.kind in EARLY else len(EARLY)
    return place, row.confidence is None, -(row.confidence or 0.0), row.one, row.other


def _to_reviews(tx: Tx, rows: Sequence[Any], restored: Callable[[Plain], M]) -> Iterator[Review[M]]:
    for start in range(0, len(rows), SHOWN_AT_ONCE):
        chunk = rows[start : start + SHOWN_AT_ONCE]
        sides = rows_by_key(tx, {key for row in chunk for key in (row.one, row.other)})
        homes = {side.memory for side in sides.values() if side.memory is not None}
        texts = dict(map(tuple, tx.select_by_keys(OF_MANY, tables.merged.c.id, homes)))
        ranks = dict.fromkeys(homes, ("", ""))
        for member in map(to_row, tx.select_by_keys(SPEAKING, _observations.memory, homes)):
            ranks[member.home] = max(ranks[member.home], member.observation.rank)
        for row in chunk:
            one, other = sides.get(row.one), sides.get(row.other)
            if one is None or other is None or one.home == other.home:
                continue
            latest = [max(side.observation.rank, ranks.get(side.home, ("", ""))) for side in (one, other)]
            verdicts = verdicts_of(dict(zip((row.one, row.other), latest, strict=True)))
            one_shown, other_shown = (_memory_of(side, texts) for side in (one, other))
            reason = reason_told(row.reason, other_shown, one_shown)  # in terms of the memories shown
            memories = restored(one_shown), restored(other_shown)
            yield Review(row.number, row.kind, row.confidence, reason, *memories, verdicts)


def _memory_of(row: Row, texts: Mapping[Key, str]) -> Plain:
    """Return the plain memory that a row is in, given the texts of memories of several nodes."""
    if row.memory is None:
        return memory_of_one(row.observation.node.hex(), row.observation.record)
    return to_memory(row.memory, texts[row.memory])


def verdicts_on(one: Sequence[Row], other: Sequence[Row]) -> tuple[Verdict, ...]:
    """Return the possible verdicts on two memories, given their rows."""
    return verdicts_of({rows[0].observation.key: max(row.observation.rank for row in rows) for rows in (one, other)})


def verdicts_of(ranks: Mapping[Key, tuple[str, str]]) -> tuple[Verdict, ...]:
    """Return the possible verdicts on two memories, given the latest rank of each; supersedes only if one is later."""
    return tuple(verdict for verdict in get_args(Verdict) if verdict != "supersedes" or len(newest_of(ranks)) == 1)


def open_again(tx: Tx, withdrawn: Sequence[Decision], touched: Sequence[Observation]) -> None:
    """Open the reviews that withdrawn decisions had closed; `touched` are the observations that these name.

    If another decision on the pair is in force now, the review is closed with its verdict.
    """
    if not withdrawn:
        return
    pairs = {decision.keys for decision in withdrawn}
    remaining = {pair: in_force(made) for pair, made in decisions_on(tx, pairs).items()}
    handles = {seen.key: {seen.node, seen.key} for seen in touched}
    status: dict[int, str] = {}
    for review in tx.select_by_keys(_PAIRS, _reviews.one, handles):
        for pair in pairs.intersection(pairs_of(handles[review.one], handles.get(review.other, ()))):
            status[review.number] = remaining[pair][0].verdict if remaining[pair] else status.get(review.number, "open")
    tx.update_rows(tables.reviews, [{"number": number, "status": verdict} for number, verdict in sorted(status.items())])
