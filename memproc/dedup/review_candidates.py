"""Doubts: pairs that may wait for a person, and which of them do. Pure.

Facts: ten thousand records of one template are fifty million pairs, and a list that nobody can read through helps nobody. A
template shows: a record of it is like many others, or has changed from many.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from memproc.dedup.keys import Key
from memproc.dedup.minhash import index

MOST_REVIEWS = 16  # of one record
ROUND = 4  # how many candidates of a record are compared at once


class ReviewCandidate(NamedTuple):
    """A pair of observations for a person to look at; `confidence` 0..1 that both say the same, None where nothing measured it.
    `reason` is what is kept of why: the kinds of difference, or a fixed phrase.
    """

    one: Key
    other: Key
    kind: str
    confidence: float | None
    reason: str


def for_a_person(found: Sequence[ReviewCandidate], candidates: int) -> list[ReviewCandidate]:
    """Return the best candidates of one record, and the first change. None where it is of a template: like too many to look at them
    all, or changed from a whole round of others.
    """
    similar = sorted([candidate for candidate in found if candidate.kind == "similar"], key=_rank)
    is_of_template = len(similar) > MOST_REVIEWS and candidates >= index.MOST_CANDIDATES
    changed = changed_of(found)
    return [*([] if is_of_template else similar[:MOST_REVIEWS]), *(changed[:1] if len(changed) < ROUND else [])]


def is_worth_more(found: Sequence[ReviewCandidate], start: int) -> bool:
    """Tell whether to look further behind a round: who was alike in each may be again, who changed from a whole round may not."""
    return len(found) * ROUND > start and not ROUND <= len(changed_of(found)) == len(found)


def changed_of(found: Sequence[ReviewCandidate]) -> list[ReviewCandidate]:
    """Return those that are of a change."""
    return [candidate for candidate in found if candidate.kind == "changed"]


def crowd_in(for_review: Mapping[Key, Sequence[ReviewCandidate]]) -> set[Key]:
    """Return the observations of templates: those that changed from a whole round of others, and what they changed from."""
    found = {key: changed_of(of_one) for key, of_one in for_review.items()}
    crowded = {key: changed for key, changed in found.items() if len(changed) >= ROUND}
    return {*crowded, *(candidate.one for changed in crowded.values() for candidate in changed)}


def is_of(crowd: AbstractSet[Key], candidate: ReviewCandidate) -> bool:
    """Tell whether a change is one within a crowd."""
    return candidate.kind == "changed" and {candidate.one, candidate.other} <= crowd


def _rank(candidate: ReviewCandidate) -> tuple[float, Key]:
    return -(candidate.confidence or 0), candidate.one
