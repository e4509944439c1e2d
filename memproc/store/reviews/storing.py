"""Writes, settles and deletes the rows of reviews."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import select

from memproc.dedup.compare.reasons import BETWEEN
from memproc.dedup.keys import Key
from memproc.dedup.review_candidates import ReviewCandidate
from memproc.dedup.review_policy import ReviewKind
from memproc.dedup.versions import Undated
from memproc.store.kinds import LedgerKind
from memproc.store.rows.ledger import LedgerEntry, write_lines
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_reviews = tables.reviews.c
UNDATED_REASON = "two versions, and no date tells which is newer"
UNDATED_CONFIDENCE = 0.5  # either version may be the newer
_PAIRS = select(_reviews.number, _reviews.one, _reviews.other)


def write_reviews(tx: Tx, for_review: Sequence[ReviewCandidate], batch: int) -> int:
    """Write pairs without a review as open reviews, each with a line in the ledger; return how many."""
    if not for_review:
        return 0
    reviews = tx.select_by_keys(_PAIRS, _reviews.one, {candidate.one for candidate in for_review})
    existing = {(review.one, review.other) for review in reviews}
    fresh = {candidate[:2]: candidate for candidate in for_review if candidate[:2] not in existing}
    numbered = enumerate(fresh.values(), tx.take_numbers("reviews", len(fresh)))
    rows = [{"number": number, **pair._asdict(), "status": "open", "batch": batch} for number, pair in numbered]
    tx.insert_rows(tables.reviews, rows)
    lines = [
        LedgerEntry(LedgerKind.REVIEW, pair.other, pair.one, pair.confidence, 1, f"{pair.kind}{BETWEEN}{pair.reason}")
        for pair in fresh.values()
    ]
    write_lines(tx, batch, lines)
    return len(rows)


def undated_candidates(undated: Iterable[Undated]) -> list[ReviewCandidate]:
    """Return pairs of versions without a known order as candidates for review."""
    candidates = []
    for pair in undated:
        one, other = sorted((pair.one.key, pair.other.key))
        candidates.append(ReviewCandidate(one, other, ReviewKind.UNDATED, UNDATED_CONFIDENCE, UNDATED_REASON))
    return candidates


def settle_reviews(tx: Tx, verdicts: Mapping[int, str]) -> None:
    """Set the status of reviews by number, to a verdict or "open"."""
    tx.update_rows(tables.reviews, [{"number": number, "status": verdict} for number, verdict in sorted(verdicts.items())])


def delete_reviews(tx: Tx, numbers: Iterable[int]) -> None:
    """Delete reviews by number."""
    tx.delete_by_keys(tables.reviews.c.number, numbers)


def delete_reviews_of(tx: Tx, keys: Collection[Key]) -> None:
    """Delete the reviews of these observations."""
    for column in ("one", "other"):
        tx.delete_by_keys(tables.reviews.c[column], keys)
