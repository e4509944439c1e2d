"""Speakers: which observations of a version suffice to tell what all of them give, so that only these need to be looked at.

Facts: a text that is said a hundred thousand times has few observations on which its memory depends: the one whose text is shown,
the newest for each name in its metadata, one for each tag, and so on. Each of these is the first, or the last, in an order of the
data. So it is that of any part that it is in: who suffices for a whole is found among those who suffice for its parts, and a new
observation need be compared with those alone that sufficed before.

Rules: the `KEPT` with the smallest keys always speak, so where there are no more, nothing is silent. What a decision names speaks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter
from typing import Any

from memproc.dedup.keys import Key
from memproc.dedup.observation import Observation
from memproc.records import Memory, encode, last_changed

KEPT = 8  # with the smallest keys, at least 2; more is more to look at, fewer is more often something to work out

_KEY = attrgetter("key")
_FIELDS = frozenset(Memory.model_fields)
_LAST = "~"  # sorts behind every date


def speakers(observations: Sequence[Observation], named: Collection[Key] = ()) -> list[Observation]:
    """Return those of the observations of a version that suffice, ordered by key: what `named` holds, and the first and the last in
    each of the orders that its memory, and its place among others, depend on.
    """
    ordered = sorted(observations, key=_KEY)
    if len(ordered) <= KEPT:
        return ordered
    kept = {seen.key for seen in ordered[:KEPT]} | {seen.key for seen in ordered if seen.key in named}
    least: dict[Any, tuple[Any, Key]] = {}
    most: dict[Any, tuple[Any, Key]] = {}
    for seen in ordered:  # of equals the first stays, which has the smaller key
        for order, value in _firsts(seen):
            if order not in least or value < least[order][0]:
                least[order] = value, seen.key
        for order, value in _lasts(seen):
            if order not in most or value > most[order][0]:
                most[order] = value, seen.key
    kept.update(key for found in (least, most) for _, key in found.values())
    return [seen for seen in ordered if seen.key in kept]


def _firsts(seen: Observation) -> Iterator[tuple[Any, Any]]:
    """Give the orders in which the first counts, with what each asks of an observation."""
    record = seen.record
    created = record.get("created_at", _LAST)
    yield "began", created
    yield "shown", (-seen.length, created)
    yield "first", last_changed(record) or ""
    for tag in record.get("tags", ()):
        yield ("tag", tag), 0
    for relation in record.get("relations", ()):
        yield ("relation", encode(relation)), 0


def _lasts(seen: Observation) -> Iterator[tuple[Any, Any]]:
    """Give the orders in which the last counts. A date that a source gives may become a later one, and never an earlier."""
    record = seen.record
    yield "rank", seen.rank
    yield "as_of", seen.as_of or ""
    yield "told", last_changed(record) or ""
    for name in ("updated_at", "importance"):
        if name in record:
            yield name, record[name]
    for name in record.get("metadata", ()):
        yield ("metadata", name), seen.rank
    for name in record.keys() - _FIELDS:
        yield ("field", name), seen.rank
