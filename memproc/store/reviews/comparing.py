"""Comparing the facts of a batch with what shares a band or a core with them."""

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
from memproc.store.reviews.waiting import delete_reviews
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

SIDES_KEPT = 500
OF_SECRETS = 0.5  # of each character of a password nobody can tell whether it is meant

_reviews, _observations = tables.reviews.c, tables.observations.c
_CANDIDATES = select(*(_observations[name] for name in ("number", "key", "memory", "length", "date", "as_of", "record")))
_OPEN = select(_reviews.number, _reviews.other, _reviews.kind, _reviews.status)


class Looked(NamedTuple):
    """What was found: pairs that shared bands, how many of them were compared, which pairs a person should see; and of each new
    observation that tells again what had been replaced, the one that told it before.
    """

    candidates: int = 0
    verified: int = 0
    for_review: Sequence[ReviewCandidate] = ()
    returned: Mapping[Key, Key] = {}


@dataclass(frozen=True, slots=True)
class Comparing:
    """Compares new facts with those of one store. `review_at`: the confidence from which a pair waits for a person."""

    segments: Segments
    policy: Policy
    review_at: float

    def compare(self, tx: Tx, new: Looking) -> Looked:
        """Look up what shares a band with the first facts of their cores, and compare the pairs; and the others with what has their
        core.

        In rounds: who finds less than one alike in each is not in the next.
        """
        if not len(new.facts):
            return Looked()
        segments = self.segments.all(tx)
        found_pairs = index.candidates(new.hashes[:, : 1 - CHAINS], np.array(new.numbers, np.uint64), segments, frames=1)
        places: dict[int, Sequence[int]] = dict(enumerate(new.beside, len(new.numbers)))
        places |= {at: [number for _, number in of_one] for at, of_one in groupby(found_pairs, key=itemgetter(0))}
        own = {one.key: one for one in (_own_of(new.facts.at(at)) for at in places)}
        pairs = {new.facts.key[at]: numbers for at, numbers in places.items()}
        known = _Texts({one.key: one.text for one in own.values()})
        for_review: dict[Key, list[ReviewCandidate]] = {key: [] for key in pairs}
        verified, asked = 0, dict(pairs)
        for start in range(0, index.MOST_CANDIDATES, ROUND):
            wanted = {number for numbers in asked.values() for number in numbers[start : start + ROUND]}
            found = tx.select_by_keys(_CANDIDATES, _observations.number, wanted)
            seen = {one.number: one for one in map(_Candidate._make, found)}
            for key, numbers_of_one in asked.items():
                home = new.memories.get(key)
                there = [
                    one
                    for one in filter(None, map(seen.get, numbers_of_one[start : start + ROUND]))
                    if (home is None or home != one.memory) and _are_of_one_validity(own[key].json, one.json)
                ]
                verified += len(there)
                for_review[key] += filter(None, [self._candidate_for_review(own[key], one, known) for one in there])
            asked = {key: numbers for key, numbers in asked.items() if is_worth_more(for_review[key], start)}
            if not asked:
                break
        kept = [candidate for key, found in for_review.items() for candidate in for_a_person(found, len(pairs[key]))]
        crowd = crowd_in(for_review)
        self._close(tx, crowd)
        return Looked(sum(map(len, pairs.values())), verified, [candidate for candidate in kept if not is_of(crowd, candidate)])

    def _close(self, tx: Tx, crowd: AbstractSet[Key]) -> None:
        """Delete the open reviews of what changed within a crowd, which were found before there was one."""
        found = tx.select_by_keys(_OPEN, _reviews.one, crowd)
        within = [number for number, other, *state in found if other in crowd and state == ["changed", "open"]]
        delete_reviews(tx, within)

    def _candidate_for_review(self, own: _Own, there: _Candidate, known: _Texts) -> ReviewCandidate | None:
        """Return what a person should see of a pair, if anything. What can be told without the other's text comes first."""
        has_moved_on = there.date is not None and own.date is not None and there.date != own.date
        if not may_be_alike_in_length(len(own.text), there.length) or not may_be_alike(
            known.in_order(own.text), known.in_order(text := known.text_of(there)), lambda: shows_english(own.text)
        ):
            return None
        model = model_of(self.policy.model)
        one, other = known.side_of(text), known.side_of(own.text)
        if one.gist.tokens == other.gist.tokens and (told := _telling_of(there.json, own.json)) is not None:
            sure = model.probability(features_of(one, other))
            return ReviewCandidate(there.key, own.key, ReviewKind.SIMILAR, sure, told) if told else None
        if has_moved_on:
            shared = shared_keys(before := place_of(text, one.gist), after := place_of(own.text, other.gist))
            if any(is_replaced(before, after, key) for key in shared):
                return None  # whether they are neighbours in time, their chain tells
            if not shared and (change := compare_if_changed(one, other, model)):
                return ReviewCandidate(there.key, own.key, ReviewKind.CHANGED, change.confidence, kinds_of(change.differences))
        if alike := compare_if_likely(one, other, model, self.review_at):
            sure = alike.confidence if not _tell_other_secrets(there.json, own.json) else min(alike.confidence, OF_SECRETS)
            return ReviewCandidate(there.key, own.key, ReviewKind.SIMILAR, sure, kinds_of(alike.differences))
        return None


class _Own(NamedTuple):
    """What is compared of a new fact: its canonical text, its date, in microseconds since 1970, and its record as JSON."""

    key: Key
    text: str
    date: int | None
    json: bytes


def _own_of(prepared: Prepared) -> _Own:
    date = prepared.changed_at if prepared.changed_at is not None else _micros_of(prepared.as_of)
    return _Own(prepared.key, prepared.text, date, prepared.json)


def _telling_of(one: str | bytes, other: str | bytes) -> str | None:
    """Return the kind by which two facts of the same words are told apart in the way they are written, each given as JSON: empty
    where it is the day that they speak of, None where it is nothing.
    """
    left, right = (read(exact_of(orjson.loads(record))).telling for record in (one, other))
    if left.marks != right.marks:
        return TELLING
    return "" if left.is_of_a_day else None


def _tell_other_secrets(one: str | bytes, other: str | bytes) -> bool:
    """Tell whether one of two facts, each given as JSON, tells a secret that the other tells otherwise."""
    texts = [exact_of(orjson.loads(record)) for record in (one, other)]
    return any(map(tells_a_secret, texts)) and read(texts[0]).telling.marks != read(texts[1]).telling.marks


def _are_of_one_validity(one: bytes, other: str) -> bool:
    """Tell whether two facts, each given as JSON, are valid from and to the same times: two stays in one town are two."""
    if b'"valid_' not in one and '"valid_' not in other:
        return True
    left, right = orjson.loads(one), orjson.loads(other)
    return all(left.get(name) == right.get(name) for name in ("valid_from", "valid_to"))


def _micros_of(date: str | None) -> int | None:
    return None if date is None else to_micros(date)


class _Candidate(NamedTuple):
    """What shares a band with a new fact, a row of `_CANDIDATES`. Its record stays JSON: the lengths tell of many that they are not
    alike.
    """

    number: int
    key: Key
    memory: Key | None
    length: int
    changed_at: int | None
    as_of: int | None
    json: str

    @property
    def date(self) -> int | None:
        """When it was last known to be so, in microseconds since 1970."""
        return self.as_of if self.changed_at is None else self.changed_at


class _Texts:
    """The texts of facts, and what those of late were taken apart into: that of a text of 200 characters takes 15 KB."""

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._texts = dict(texts)
        self.in_order = lru_cache(maxsize=SIDES_KEPT)(in_order)
        self.side_of = lru_cache(maxsize=SIDES_KEPT)(side_of)

    def text_of(self, seen: _Candidate) -> str:
        """Return the canonical text of a candidate."""
        if seen.key not in self._texts:
            self._texts[seen.key] = text_of(orjson.loads(seen.json))
        return self._texts[seen.key]
