"""Review candidates: pairs that may wait for a person, and which of them do. Pure.

Facts: ten thousand records of one template are fifty million pairs, and a list that nobody can read to the end helps nobody. A
record of a template can be recognised: it is like many others, or seems to have changed from many.
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
    """A pair of observations for a person to review. `confidence` is the probability, 0..1, that both say the same, None if it was
    not measured; `reason` holds the kinds of difference, or a fixed phrase.
    """

    one: Key
    other: Key
    kind: str
    confidence: float | None
    reason: str


def for_a_person(of_record: Sequence[ReviewCandidate], candidates: int) -> list[ReviewCandidate]:
    """Return the best of the candidates of one record, and its first change. Nothing if it is of a template: similar to too many
    others, or changed from a whole round of them. `candidates` is how many the index found.
    """
    similar = sorted([candidate for candidate in of_record if candidate.kind == "similar"], key=_rank)
    is_of_template = len(similar) > MOST_REVIEWS and candidates >= index.MOST_CANDIDATES
    changed = changed_of(of_record)
    return [*([] if is_of_template else similar[:MOST_REVIEWS]), *(changed[:1] if len(changed) < ROUND else [])]


def is_worth_more(of_record: Sequence[ReviewCandidate], start: int) -> bool:
    """Tell whether to compare more after `start` candidates: if each round had a similar one, and they are not all changes."""
    return len(of_record) * ROUND > start and not ROUND <= len(changed_of(of_record)) == len(of_record)


def changed_of(candidates: Sequence[ReviewCandidate]) -> list[ReviewCandidate]:
    """Return the candidates that are changes."""
    return [candidate for candidate in candidates if candidate.kind == "changed"]


def crowd_in(for_review: Mapping[Key, Sequence[ReviewCandidate]]) -> set[Key]:
    """Return the observations of templates: those that changed from a whole round of others, and these others."""
    changes = {key: changed_of(of_record) for key, of_record in for_review.items()}
    crowded = {key: changed for key, changed in changes.items() if len(changed) >= ROUND}
    return {*crowded, *(candidate.one for changed in crowded.values() for candidate in changed)}


def is_of(crowd: AbstractSet[Key], candidate: ReviewCandidate) -> bool:
    """Tell whether a candidate is a change within a crowd."""
    return candidate.kind == "changed" and {candidate.one, candidate.other} <= crowd


def _rank(candidate: ReviewCandidate) -> tuple[float, Key]:
    return -(candidate.confidence or 0), candidate.one
