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


class Doubt(NamedTuple):
    """A pair of observations for a person to look at; `confidence` 0..1 that both say the same, None where nothing measured it.
    `reason` is what is kept of why: the kinds of difference, or a fixed phrase.
    """

    one: Key
    other: Key
    kind: str
    confidence: float | None
    reason: str


def for_a_person(found: Sequence[Doubt], candidates: int) -> list[Doubt]:
    """Return the best doubts of one record, and the first change. None where it is of a template: like too many to look at them
    all, or changed from a whole round of others.
    """
    similar = sorted([doubt for doubt in found if doubt.kind == "similar"], key=_rank)
    is_of_template = len(similar) > MOST_REVIEWS and candidates >= index.MOST_CANDIDATES
    changed = changed_of(found)
    return [*([] if is_of_template else similar[:MOST_REVIEWS]), *(changed[:1] if len(changed) < ROUND else [])]


def is_worth_more(found: Sequence[Doubt], start: int) -> bool:
    """Tell whether to look further behind a round: who was alike in each may be again, who changed from a whole round may not."""
    return len(found) * ROUND > start and not ROUND <= len(changed_of(found)) == len(found)


def changed_of(found: Sequence[Doubt]) -> list[Doubt]:
    """Return those that are of a change."""
    return [doubt for doubt in found if doubt.kind == "changed"]


def crowd_in(doubts: Mapping[Key, Sequence[Doubt]]) -> set[Key]:
    """Return the observations of templates: those that changed from a whole round of others, and what they changed from."""
    found = {key: changed_of(of_one) for key, of_one in doubts.items()}
    crowded = {key: changed for key, changed in found.items() if len(changed) >= ROUND}
    return {*crowded, *(doubt.one for changed in crowded.values() for doubt in changed)}


def is_of(crowd: AbstractSet[Key], doubt: Doubt) -> bool:
    """Tell whether a change is one within a crowd."""
    return doubt.kind == "changed" and {doubt.one, doubt.other} <= crowd


def _rank(doubt: Doubt) -> tuple[float, Key]:
    return -(doubt.confidence or 0), doubt.one
