"""Chains in the store: what may have replaced what, as the facts of one relation follow each other in time.

A chain is computed afresh from all that is in it whenever something is told in it: what is missing is offered, and what was offered
between facts that are no neighbours any more, and nobody decided, is taken back. So what is offered does not depend on what came
first. Reviews that were decided stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import orjson
from sqlalchemy import Column, Select, select

from memproc.config import Policy
from memproc.dedup.changes.chains import Place, changes_in, hashes_at, is_replaced, most_in, place_of, shared_keys
from memproc.dedup.compare.compare import compare
from memproc.dedup.compare.confidence import model_of, side_of
from memproc.dedup.compare.reasons import kinds_of
from memproc.dedup.keys import Key, scope_number, text_of
from memproc.dedup.minhash import index
from memproc.dedup.neighbourhood import Row
from memproc.dedup.review_candidates import ReviewCandidate
from memproc.records import Plain, last_changed
from memproc.store.index.segments import Segments
from memproc.store.rows.neighbourhood import in_groups
from memproc.store.rows.observations import SPEAKING, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

SUPERSEDED_TOO = 2  # a memory may hold as many facts of a chain again, as they superseded each other

_observations, _reviews = tables.observations.c, tables.reviews.c
_CORES = select(_observations.core)
_MEMORIES = select(tables.merged.c.id, tables.merged.c.record)
_BETWEEN = select(*(_reviews[name] for name in ("number", "one", "other", "kind", "status")))

Homes = tuple[Key, Key]  # of two memories, the earlier first


class Followed(NamedTuple):
    """What is offered anew, and the new observations that tell again what had been replaced since it was told last, each with the
    one that told it then.
    """

    for_review: list[ReviewCandidate]
    returned: dict[Key, Key]


class _Member(NamedTuple):
    """A memory in a chain: its id, the observation that told it last, when that was, and what it says."""

    home: Key
    key: Key
    date: str
    text: str
    place: Place
    hashes: tuple[int, int]


class _Review(NamedTuple):
    """A review between two memories that are in chains."""

    number: int
    homes: Homes
    is_open_change: bool


@dataclass(frozen=True, slots=True)
class Chains:
    """Follows the chains of one store."""

    segments: Segments
    policy: Policy

    def follow(self, tx: Tx, hashes: Iterable[int], told: Collection[Key] = (), first: int | None = None) -> Followed:
        """Find what the chains of some hashes offer now, and take back what they do not any more. `told` are those new
        observations whose content was there; the first that is new has the number `first`.
        """
        buckets, crowded = self._buckets(tx, sorted({*hashes}), first)
        if not buckets:
            return Followed([], {})
        rows = self._rows(tx, {number for bucket in buckets.values() for number in bucket})
        members = self._members(tx, rows)
        there = self._reviews_between(tx, {row.observation.key: row.home for row in rows})
        chains = _by_key(members, buckets.keys())
        wanted: dict[Homes, tuple[_Member, _Member]] = {}
        for (hash_, key), chain in chains.items():
            changes = [] if hash_ in crowded else changes_in([one.place for one in chain], [one.date for one in chain], key)
            wanted |= {(chain[before].home, chain[after].home): (chain[before], chain[after]) for before, after in changes}
        own = {one.home: one for one in members}
        read = {key for _, key in chains}
        past = [
            review
            for review in there
            if review.is_open_change and review.homes not in wanted and own.keys() >= {*review.homes}
            if (keys := _keys_of_change(*(own[home].place for home in review.homes))) and keys <= read
        ]
        gone = {review.number for review in past}
        known = {frozenset(review.homes) for review in there if review.number not in gone}
        tx.delete_by_keys(_reviews.number, sorted(gone))
        for_review = [self._candidate_for_review(*sides) for homes, sides in wanted.items() if frozenset(homes) not in known]
        return Followed(for_review, _returned(rows, told))

    def _buckets(self, tx: Tx, hashes: Sequence[int], first: int | None) -> tuple[dict[int, list[int]], set[int]]:
        """Return by hash the numbers of the facts that share it, and the hashes of which there are too many to be a chain: of these
        only where there were not so many before.
        """
        segments = self.segments.all(tx)
        buckets: dict[int, list[int]] = {}
        crowded: set[int] = set()
        for hash_, size in zip(hashes, index.bucket_sizes(np.array(hashes, np.uint32), segments).tolist(), strict=True):
            most = most_in(hash_) * SUPERSEDED_TOO
            if 1 < size <= most:
                buckets[hash_] = index.in_bucket(hash_, segments)
            elif size > most and first is not None:
                before = [number for number in index.in_bucket(hash_, segments) if number < first]
                if 1 < len(before) <= most:
                    buckets[hash_] = before
                    crowded.add(hash_)
        return buckets, crowded

    def _rows(self, tx: Tx, numbers: Collection[int]) -> list[Row]:
        """Return all that has the core of some facts, in its groups."""
        cores = {core for (core,) in self._select(tx, _CORES, _observations.number, numbers)}
        return in_groups(tx, [*map(to_row, self._select(tx, SPEAKING, _observations.core, cores))])

    def _members(self, tx: Tx, rows: Sequence[Row]) -> list[_Member]:
        """Return the memories that some observations are in, as they speak now, in the order of time; without those of no date."""
        last: dict[Key, Row] = {}
        for row in rows:
            if row.observation.date is not None:
                last[row.home] = max(last.get(row.home, row), row, key=_rank)
        merged = {row.memory for row in last.values() if row.memory is not None}
        spoken: dict[Key, Plain] = {
            key: orjson.loads(record) for key, record in self._select(tx, _MEMORIES, tables.merged.c.id, merged)
        }
        found = [_member(home, row, spoken.get(home, row.observation.record)) for home, row in last.items()]
        return sorted(found, key=lambda one: (one.date, one.home))

    def _reviews_between(self, tx: Tx, homes: Mapping[Key, Key]) -> list[_Review]:
        """Return the reviews between observations, each of which is in the memory that `homes` tells."""
        found = self._select(tx, _BETWEEN, _reviews.one, homes)
        return [
            _Review(number, (homes[one], homes[other]), (kind, status) == ("changed", "open"))
            for number, one, other, kind, status in found
            if other in homes
        ]

    def _candidate_for_review(self, before: _Member, after: _Member) -> ReviewCandidate:
        change = compare(side_of(before.text), side_of(after.text), model_of(self.policy.model))
        return ReviewCandidate(before.key, after.key, "changed", change.confidence, kinds_of(change.differences))

    def _select(self, tx: Tx, query: Select[Any], column: Column[Any], keys: Iterable[Any]) -> Iterable[Any]:
        return tx.select_by_keys(query, column, keys)


def _member(home: Key, row: Row, spoken: Plain) -> _Member:
    """Return a memory in a chain: what it says tx.now, and when that was told last."""
    text = text_of(spoken)
    place = place_of(text)
    date = max(row.observation.date or "", last_changed(spoken) or "")
    return _Member(home, row.observation.key, date, text, place, hashes_at(place, text, scope_number(spoken)))


def _by_key(members: Sequence[_Member], hashes: Collection[int]) -> dict[tuple[int, str], list[_Member]]:
    """Return the chains of some hashes, by hash and key."""
    chains: dict[tuple[int, str], list[_Member]] = defaultdict(list)
    for one in members:
        for hash_, key in zip(one.hashes, (one.place.key, one.place.topic), strict=True):
            if key and hash_ in hashes:
                chains[hash_, key].append(one)
    return chains


def _keys_of_change(one: Place, other: Place) -> set[str]:
    """Return the keys of the chains that may offer one of two facts in place of the other."""
    return {key for key in shared_keys(one, other) if is_replaced(one, other, key)}


def _returned(rows: Sequence[Row], told: Collection[Key]) -> dict[Key, Key]:
    """Return those observations that tell something again, later than ever, after something else had been told in its place; each
    with the last that told it before.
    """
    tellings: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        if row.observation.date is not None:
            tellings[row.observation.group].append(row)
    again = [said for said in tellings.values() if len(said) > 1 and max(said, key=_rank).observation.key in told]
    if not again:
        return {}
    places = {group: place_of(text_of(said[0].observation.record)) for group, said in tellings.items()}
    sharing: dict[str, set[Key]] = defaultdict(set)  # the groups in a chain
    for group, place in places.items():
        for key in filter(None, (place.key, place.topic)):
            sharing[key].add(group)
    found = {}
    for said in again:
        before, last = sorted(said, key=_rank)[-2:]
        own = places[last.observation.group]
        others = {group for key in (own.key, own.topic) for group in sharing.get(key, ())} - {last.observation.group}
        between = (
            group
            for group in others
            if any(before.observation.rank < row.observation.rank < last.observation.rank for row in tellings[group])
        )
        if any(_keys_of_change(own, places[group]) for group in between):
            found[last.observation.key] = before.observation.key
    return found


def _rank(row: Row) -> tuple[tuple[str, str], Key]:
    return row.observation.rank, row.observation.key
