"""Offers changes: pairs of facts of one relation, of which the later may have replaced the earlier, as reviews.

The facts of a relation in order of time are a chain. Each new fact in a chain computes it again: missing reviews of neighbours are
offered, and open reviews of facts that are no longer neighbours are deleted. So the offers do not depend on the order of arrival.
Decided reviews stay.
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

SUPERSEDED_TOO = 2  # as many facts again may be in memories, superseded by each other

_observations, _reviews = tables.observations.c, tables.reviews.c
_CORES = select(_observations.core)
_MEMORIES = select(tables.merged.c.id, tables.merged.c.record)
_BETWEEN = select(*(_reviews[name] for name in ("number", "one", "other", "kind", "status")))

Homes = tuple[Key, Key]  # ids of two memories, the earlier first


class Followed(NamedTuple):
    """The pairs to offer, and the new observations that repeat a value replaced since, each with the last one that said it."""

    for_review: list[ReviewCandidate]
    returned: dict[Key, Key]


class _Member(NamedTuple):
    """A memory in a chain: its id, its last observation, the date of that, and its text."""

    home: Key
    key: Key
    date: str
    text: str
    place: Place
    hashes: tuple[int, int]


class _Review(NamedTuple):
    """A review of two memories in chains."""

    number: int
    homes: Homes
    is_open_change: bool


@dataclass(frozen=True, slots=True)
class Chains:
    """Updates the chains of one store."""

    segments: Segments
    policy: Policy

    def follow(self, tx: Tx, hashes: Iterable[int], repeats: Collection[Key] = (), first: int | None = None) -> Followed:
        """Return what the chains of these hashes offer now, and delete their obsolete open reviews. `repeats` are the new
        observations of known content; `first` is the number of the first new observation.
        """
        buckets, crowded = self._buckets(tx, sorted({*hashes}), first)
        if not buckets:
            return Followed([], {})
        rows = self._rows(tx, {number for bucket in buckets.values() for number in bucket})
        members = self._members(tx, rows)
        reviews = self._reviews_between(tx, {row.observation.key: row.home for row in rows})
        chains = _by_key(members, buckets.keys())
        wanted: dict[Homes, tuple[_Member, _Member]] = {}
        for (hash_, key), chain in chains.items():
            changes = [] if hash_ in crowded else changes_in([one.place for one in chain], [one.date for one in chain], key)
            wanted |= {(chain[before].home, chain[after].home): (chain[before], chain[after]) for before, after in changes}
        members_by_home = {one.home: one for one in members}
        keys_read = {key for _, key in chains}
        obsolete = [
            review
            for review in reviews
            if review.is_open_change and review.homes not in wanted and members_by_home.keys() >= {*review.homes}
            if (keys := _keys_of_change(*(members_by_home[home].place for home in review.homes))) and keys <= keys_read
        ]
        deleted = {review.number for review in obsolete}
        known = {frozenset(review.homes) for review in reviews if review.number not in deleted}
        tx.delete_by_keys(_reviews.number, sorted(deleted))
        for_review = [self._candidate_for_review(*sides) for homes, sides in wanted.items() if frozenset(homes) not in known]
        return Followed(for_review, _returned(rows, repeats))

    def _buckets(self, tx: Tx, hashes: Sequence[int], first: int | None) -> tuple[dict[int, list[int]], set[int]]:
        """Return by hash the numbers of the facts that share it, and the hashes that are too frequent for a chain; the latter only
        if they were not before this batch, with the facts before it.
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
        """Return everything with the cores of these facts, with its groups."""
        cores = {core for (core,) in self._select(tx, _CORES, _observations.number, numbers)}
        return in_groups(tx, [*map(to_row, self._select(tx, SPEAKING, _observations.core, cores))])

    def _members(self, tx: Tx, rows: Sequence[Row]) -> list[_Member]:
        """Return the dated memories that observations are in, with their present text, in order of time."""
        last: dict[Key, Row] = {}
        for row in rows:
            if row.observation.date is not None:
                last[row.home] = max(last.get(row.home, row), row, key=_rank)
        merged = {row.memory for row in last.values() if row.memory is not None}
        spoken: dict[Key, Plain] = {
            key: orjson.loads(record) for key, record in self._select(tx, _MEMORIES, tables.merged.c.id, merged)
        }
        members = [_member(home, row, spoken.get(home, row.observation.record)) for home, row in last.items()]
        return sorted(members, key=lambda one: (one.date, one.home))

    def _reviews_between(self, tx: Tx, homes: Mapping[Key, Key]) -> list[_Review]:
        """Return the reviews between observations; `homes` maps these to their memories."""
        rows = self._select(tx, _BETWEEN, _reviews.one, homes)
        return [
            _Review(row.number, (homes[row.one], homes[row.other]), (row.kind, row.status) == ("changed", "open"))
            for row in rows
            if row.other in homes
        ]

    def _candidate_for_review(self, before: _Member, after: _Member) -> ReviewCandidate:
        change = compare(side_of(before.text), side_of(after.text), model_of(self.policy.model))
        return ReviewCandidate(before.key, after.key, "changed", change.confidence, kinds_of(change.differences))

    def _select(self, tx: Tx, query: Select[Any], column: Column[Any], keys: Iterable[Any]) -> Iterable[Any]:
        return tx.select_by_keys(query, column, keys)


def _member(home: Key, row: Row, spoken: Plain) -> _Member:
    """Return a memory in a chain, with its present text and the last date of that."""
    text = text_of(spoken)
    place = place_of(text)
    date = max(row.observation.date or "", last_changed(spoken) or "")
    return _Member(home, row.observation.key, date, text, place, hashes_at(place, text, scope_number(spoken)))


def _by_key(members: Sequence[_Member], hashes: Collection[int]) -> dict[tuple[int, str], list[_Member]]:
    """Return the chains of these hashes, by hash and key."""
    chains: dict[tuple[int, str], list[_Member]] = defaultdict(list)
    for one in members:
        for hash_, key in zip(one.hashes, (one.place.key, one.place.topic), strict=True):
            if key and hash_ in hashes:
                chains[hash_, key].append(one)
    return chains


def _keys_of_change(one: Place, other: Place) -> set[str]:
    """Return the keys of the chains in which one fact may replace the other."""
    return {key for key in shared_keys(one, other) if is_replaced(one, other, key)}


def _returned(rows: Sequence[Row], repeats: Collection[Key]) -> dict[Key, Key]:
    """Return the observations in `repeats` whose value another had replaced meanwhile, each with the last one before with that
    value.
    """
    rows_by_group: dict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        if row.observation.date is not None:
            rows_by_group[row.observation.group].append(row)
    repeated = [group for group in rows_by_group.values() if len(group) > 1 and max(group, key=_rank).observation.key in repeats]
    if not repeated:
        return {}
    places = {group: place_of(text_of(rows_of_group[0].observation.record)) for group, rows_of_group in rows_by_group.items()}
    sharing: dict[str, set[Key]] = defaultdict(set)  # the groups in a chain
    for group, place in places.items():
        for key in filter(None, (place.key, place.topic)):
            sharing[key].add(group)
    returned = {}
    for rows_of_group in repeated:
        before, last = sorted(rows_of_group, key=_rank)[-2:]
        place = places[last.observation.group]
        others = {group for key in (place.key, place.topic) for group in sharing.get(key, ())} - {last.observation.group}
        between = (
            group
            for group in others
            if any(before.observation.rank < row.observation.rank < last.observation.rank for row in rows_by_group[group])
        )
        if any(_keys_of_change(place, places[group]) for group in between):
            returned[last.observation.key] = before.observation.key
    return returned


def _rank(row: Row) -> tuple[tuple[str, str], Key]:
    return row.observation.rank, row.observation.key
