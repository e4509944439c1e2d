"""Speakers: observations of a version that suffice to compute its memory, so that the others, the silent ones, need not be read.

Facts: the memory of a text that was said a hundred thousand times depends on few observations: the one whose text is shown, the
newest for each name in its metadata, one for each tag, and so on. Each of these is the first, or the last, in an order of the data,
and so also in any subset that it is in. So the speakers of a set are among the speakers of its parts, and a new observation is
compared with the earlier speakers alone.

Rules: the `KEPT` observations with the smallest keys always speak, so if there are no more, none is silent. An observation that a
decision names also speaks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from operator import attrgetter
from typing import Any

from memproc.dedup.keys import Key
from memproc.dedup.observation import Observation
from memproc.records import Memory, encode, last_changed

KEPT = 8  # with the smallest keys, at least 2: with more, more is read; with fewer, speakers are computed more often

_KEY = attrgetter("key")
_FIELDS = frozenset(Memory.model_fields)
_LAST = "~"  # sorts after every date


def speakers(observations: Sequence[Observation], named: Collection[Key] = ()) -> list[Observation]:
    """Return the speakers among the observations of a version, ordered by key: those that `named` holds, and the first and the last
    in each of the orders on which its memory, and its place among other versions, depend.
    """
    ordered = sorted(observations, key=_KEY)
    if len(ordered) <= KEPT:
        return ordered
    kept = {seen.key for seen in ordered[:KEPT]} | {seen.key for seen in ordered if seen.key in named}
    least: dict[Any, tuple[Any, Key]] = {}
    most: dict[Any, tuple[Any, Key]] = {}
    for seen in ordered:  # of equal ones the first stays, which has the smaller key
        for order, value in _firsts(seen):
            if order not in least or value < least[order][0]:
                least[order] = value, seen.key
        for order, value in _lasts(seen):
            if order not in most or value > most[order][0]:
                most[order] = value, seen.key
    kept.update(key for found in (least, most) for _, key in found.values())
    return [seen for seen in ordered if seen.key in kept]


def _firsts(seen: Observation) -> Iterator[tuple[Any, Any]]:
    """Give the orders in which the first observation counts, each with the sort key of one observation."""
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
    """Give the orders in which the last observation counts. The date of a source may become later, but never earlier."""
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
