"""Compares the facts of a batch with the facts that share a band or a core with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import orjson
from sqlalchemy import select

from memproc.config import Policy
from memproc.dedup.changes.chains import CHAINS, is_replaced, place_of, shared_keys
from memproc.dedup.columns import Prepared
from memproc.dedup.compare.compare import compare_if_changed, compare_if_likely
from memproc.dedup.compare.confidence import features_of, in_order, may_be_alike, may_be_alike_in_length, model_of, side_of
from memproc.dedup.compare.reasons import TELLING, kinds_of
from memproc.dedup.gist.gist import read, shows_english
from memproc.dedup.keys import Key, text_of
from memproc.dedup.looking import Looking
from memproc.dedup.minhash import index
from memproc.dedup.review_candidates import ROUND, ReviewCandidate, crowd_in, for_a_person, is_of, is_worth_more
from memproc.dedup.review_policy import ReviewKind
from memproc.dedup.text.exact import exact_of
from memproc.dedup.text.telling import tells_a_secret
from memproc.store.index.segments import Segments
from memproc.store.reviews.storing import delete_reviews
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

SIDES_KEPT = 500
OF_SECRETS = 0.5  # confidence if passwords differ: any character of them may be intended

_reviews, _observations = tables.reviews.c, tables.observations.c
_CANDIDATES = select(*(_observations[name] for name in ("number", "key", "memory", "length", "date", "as_of", "record")))
_REVIEWS_OF = select(_reviews.number, _reviews.other, _reviews.kind, _reviews.status)


class Comparison(NamedTuple):
    """The numbers of pairs that shared bands and of pairs compared, the pairs for review, and the observations that repeat an older
    value, each with the one that said it before.
    """

    candidates: int = 0
    verified: int = 0
    for_review: Sequence[ReviewCandidate] = ()
    returned: Mapping[Key, Key] = {}


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares new facts with those of one store. Pairs with at least the confidence `review_at` go to review."""

    segments: Segments
    policy: Policy
    review_at: float

    def compare(self, tx: Tx, new: Looking) -> Comparison:
        """Compare the first facts of their cores with the facts that share a band with them, and the others with their core.

        Candidates come in rounds; a fact that finds too few pairs in a round is not in the next one.
        """
        if not len(new.facts):
            return Comparison()
        segments = self.segments.all(tx)
        found_pairs = index.candidates(new.hashes[:, : 1 - CHAINS], np.array(new.numbers, np.uint64), segments, frames=1)
        places: dict[int, Sequence[int]] = dict(enumerate(new.beside, len(new.numbers)))
        places |= {at: [number for _, number in of_one] for at, of_one in groupby(found_pairs, key=itemgetter(0))}
        new_facts = {one.key: one for one in (_new_fact(new.facts.at(at)) for at in places)}
        pairs = {new.facts.key[at]: numbers for at, numbers in places.items()}
        known = _Texts({one.key: one.text for one in new_facts.values()})
        for_review: dict[Key, list[ReviewCandidate]] = {key: [] for key in pairs}
        verified, remaining = 0, dict(pairs)
        for start in range(0, index.MOST_CANDIDATES, ROUND):
            wanted = {number for numbers in remaining.values() for number in numbers[start : start + ROUND]}
            candidate_rows = tx.select_by_keys(_CANDIDATES, _observations.number, wanted)
            candidates = {one.number: one for one in map(_Candidate._make, candidate_rows)}
            for key, numbers_of_one in remaining.items():
                home = new.memories.get(key)
                to_compare = [
                    one
                    for one in filter(None, map(candidates.get, numbers_of_one[start : start + ROUND]))
                    if (home is None or home != one.memory) and _have_same_validity(new_facts[key].json, one.json)
                ]
                verified += len(to_compare)
                for_review[key] += filter(None, [self._candidate_for_review(new_facts[key], one, known) for one in to_compare])
            remaining = {key: numbers for key, numbers in remaining.items() if is_worth_more(for_review[key], start)}
            if not remaining:
                break
        chosen = [candidate for key, found in for_review.items() for candidate in for_a_person(found, len(pairs[key]))]
        crowd = crowd_in(for_review)
        self._close(tx, crowd)
        outside = [candidate for candidate in chosen if not is_of(crowd, candidate)]
        return Comparison(sum(map(len, pairs.values())), verified, outside)

    def _close(self, tx: Tx, crowd: AbstractSet[Key]) -> None:
        """Delete the open reviews of changes between facts of a crowd, which were found before it was one."""
        reviews = tx.select_by_keys(_REVIEWS_OF, _reviews.one, crowd)
        within = [row.number for row in reviews if row.other in crowd and (row.kind, row.status) == ("changed", "open")]
        delete_reviews(tx, within)

    def _candidate_for_review(self, new: _NewFact, stored: _Candidate, known: _Texts) -> ReviewCandidate | None:
        """Return the review of a pair, or None. The checks that need no text of the other fact come first."""
        has_other_date = stored.date is not None and new.date is not None and stored.date != new.date
        if not may_be_alike_in_length(len(new.text), stored.length) or not may_be_alike(
            known.in_order(new.text), known.in_order(text := known.text_of(stored)), lambda: shows_english(new.text)
        ):
            return None
        model = model_of(self.policy.model)
        one, other = known.side_of(text), known.side_of(new.text)
        if one.gist.tokens == other.gist.tokens and (kind := _written_difference(stored.json, new.json)) is not None:
            confidence = model.probability(features_of(one, other))
            return ReviewCandidate(stored.key, new.key, ReviewKind.SIMILAR, confidence, kind) if kind else None
        if has_other_date:
            shared = shared_keys(before := place_of(text, one.gist), after := place_of(new.text, other.gist))
            if any(is_replaced(before, after, key) for key in shared):
                return None  # the chain decides whether they are neighbours in time
            if not shared and (change := compare_if_changed(one, other, model)):
                return ReviewCandidate(stored.key, new.key, ReviewKind.CHANGED, change.confidence, kinds_of(change.differences))
        if alike := compare_if_likely(one, other, model, self.review_at):
            confidence = alike.confidence if not _secrets_differ(stored.json, new.json) else min(alike.confidence, OF_SECRETS)
            return ReviewCandidate(stored.key, new.key, ReviewKind.SIMILAR, confidence, kinds_of(alike.differences))
        return None


class _NewFact(NamedTuple):
    """A new fact to compare: its canonical text, its date in microseconds since 1970, and its record as JSON."""

    key: Key
    text: str
    date: int | None
    json: bytes


def _new_fact(prepared: Prepared) -> _NewFact:
    date = prepared.changed_at if prepared.changed_at is not None else _micros_of(prepared.as_of)
    return _NewFact(prepared.key, prepared.text, date, prepared.json)


def _written_difference(one: str | bytes, other: str | bytes) -> str | None:
    """Return the kind of difference in how two facts of the same words are written, given as JSON: empty if only the day on
    which they were said differs, None if nothing does.
    """
    left, right = (read(exact_of(orjson.loads(record))).telling for record in (one, other))
    if left.marks != right.marks:
        return TELLING
    return "" if left.is_of_a_day else None


def _secrets_differ(one: str | bytes, other: str | bytes) -> bool:
    """Tell whether two facts, given as JSON, state different secrets."""
    texts = [exact_of(orjson.loads(record)) for record in (one, other)]
    return any(map(tells_a_secret, texts)) and read(texts[0]).telling.marks != read(texts[1]).telling.marks


def _have_same_validity(one: bytes, other: str) -> bool:
    """Tell whether two facts, given as JSON, are valid in the same period: two stays in one town are two facts."""
    if b'"valid_' not in one and '"valid_' not in other:
        return True
    left, right = orjson.loads(one), orjson.loads(other)
    return all(left.get(name) == right.get(name) for name in ("valid_from", "valid_to"))


def _micros_of(date: str | None) -> int | None:
    return None if date is None else to_micros(date)


class _Candidate(NamedTuple):
    """A stored fact to compare, a row of `_CANDIDATES`. Its record stays JSON: the length alone excludes many."""

    number: int
    key: Key
    memory: Key | None
    length: int
    changed_at: int | None
    as_of: int | None
    json: str

    @property
    def date(self) -> int | None:
        """When the fact last held, in microseconds since 1970."""
        return self.as_of if self.changed_at is None else self.changed_at


class _Texts:
    """The texts of facts, and the parsed sides of the latest: one of 200 characters takes 15 KB."""

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._texts = dict(texts)
        self.in_order = lru_cache(maxsize=SIDES_KEPT)(in_order)
        self.side_of = lru_cache(maxsize=SIDES_KEPT)(side_of)

    def text_of(self, seen: _Candidate) -> str:
        """Return the canonical text of a candidate."""
        if seen.key not in self._texts:
            self._texts[seen.key] = text_of(orjson.loads(seen.json))
        return self._texts[seen.key]
