"""Chains: facts of one relation or one frame in the order of time, each of which may replace the one before.

Facts: a weight that is recorded ten times has nine changes; compared in pairs it would have forty-five. A frame that many facts
share is a template ("Reminder 17 is due") and no change at all; a weight or a home is no template, however often it is stated.

Strategy: each fact with a date has two keys: that of its relation, or without one that of its frame; and that of its topic, which
what is over shares with what was before ("plays tennis", "gave up tennis"). The facts of one key are ordered by date, each memory
at the place where it was said last. Each fact is compared with the nearest one before it that it may have replaced.

Rules: a fact that says several things, in several sentences, is in no chain: most turns of a talk are like that, and hardly any
memories. A chain of a relation or a measured amount has at most `MOST_IN_CHAIN` memories, one of any other frame `MOST_OF_FRAME`.
Longer ones are templates, or nobody would read them. Facts of the same date do not replace each other. So the changes depend only
on the set of facts, never on what came first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from xxhash import xxh3_64_intdigest

from memproc.dedup.changes.frame import LONGEST_CHARS, frame_of, is_change
from memproc.dedup.changes.relation import ROLE, Relation
from memproc.dedup.changes.relation_list import EVERY_FACET, STATE
from memproc.dedup.changes.relations import relation_of
from memproc.dedup.gist.gist import Gist, gist_of
from memproc.dedup.text.chunks import ends_inside
from memproc.dedup.text.cues import CUE
from memproc.dedup.text.memo import Memo

CHAINS = 2  # hashes of a fact: of its relation or frame, and of its topic
MOST_WORDS = 20  # of a fact in a chain: longer ones say more than what may change
MOST_IN_CHAIN = 32
MOST_OF_FRAME = 4
_NO_TOPIC = 0x5BD1E994  # makes the second hash of a fact without a topic differ from its first
_MEASURES = Memo(lambda token: CUE[token].startswith(("unit:", "percent:")))
_ABOUT, _MEASURED, _FRAME, _TOPIC = "\n1", "\n2", "\n3", "\n4"  # the kind of a key; no canonical text holds a line end
_MAY_END = re.compile("[.!?…。؟] ")
_LONG = 1  # the last bit of a hash: set for a chain that may be long


class Place(NamedTuple):
    """The place of a fact in chains: its two keys, each empty if it has none, its relation and its gist."""

    key: str
    topic: str
    relation: Relation | None
    gist: Gist


def place_of(text: str, gist: Gist | None = None) -> Place:
    """Return the place of a canonical text in chains. It is quicker if the gist is given."""
    gist = gist or gist_of(text)
    return _place_of(text, gist) if tells_one_thing(text) else Place("", "", None, gist)


def _place_of(text: str, gist: Gist) -> Place:
    relation = relation_of(gist.tokens)
    if relation is not None and relation.about:
        key = _ABOUT + relation.about
    else:
        framed = frame_of(text, gist)
        key = framed and (_MEASURED if _is_measure(gist.tokens) else _FRAME) + framed
    topic = _TOPIC + relation.topic if relation is not None and relation.topic else ""
    return Place(key, topic, relation, gist)


def tells_one_thing(text: str) -> bool:
    """Tell whether a canonical text is one short sentence. If a text says several things, nobody can tell which of them changed.

    >>> tells_one_thing("dr. smith lives on elm st. in rome."), tells_one_thing("moved to rome. she likes it")
    (True, False)
    """
    if len(text) > LONGEST_CHARS or text.count(" ") >= MOST_WORDS:
        return False
    return _MAY_END.search(text) is None or not ends_inside(text)


def chain_hashes(text: str, scope: int, *, is_dated: bool) -> tuple[int, int]:
    """Return 32-bit hashes, within its scope, of the two keys of a fact, given its canonical text; for a missing key, of the text
    itself. A fact without a date is in no chain, since nothing tells whether it was before or after another one.
    """
    if is_dated and tells_one_thing(text):
        return hashes_at(_place_of(text, gist_of(text)), text, scope)
    of_text = _hash(f"{_FRAME}\n{text}", scope)
    return of_text, of_text ^ _NO_TOPIC


def hashes_at(place: Place, text: str, scope: int) -> tuple[int, int]:
    """Return the hashes of the two keys of a canonical text, given its place; for a missing key, the hash of the text."""
    of_text = _hash(f"{_FRAME}\n{text}", scope) if not place.key or not place.topic else 0
    return _hash(place.key, scope) if place.key else of_text, _hash(place.topic, scope) if place.topic else of_text ^ _NO_TOPIC


def _hash(key: str, scope: int) -> int:
    hash_ = xxh3_64_intdigest(key.encode("utf-8", "surrogatepass"), scope) >> 32
    return hash_ & ~_LONG if key.startswith(_FRAME) else hash_ | _LONG


def most_in(hash_: int) -> int:
    """Return the highest number of facts that a chain may have, by its hash."""
    return MOST_IN_CHAIN if hash_ & _LONG else MOST_OF_FRAME


def shared_keys(one: Place, other: Place) -> tuple[str, ...]:
    """Return the keys of chains that two facts share."""
    return tuple([key for key, there in ((one.key, other.key), (one.topic, other.topic)) if key and key == there])


def is_replaced(one: Place, other: Place, key: str) -> bool:
    """Tell whether one of two facts that share a key may have replaced the other; symmetric."""
    before, after = one.relation, other.relation
    if before is not None and after is not None and key.startswith(_TOPIC):
        return _is_ended(before, after)
    if before is not None and after is not None and key.startswith(_ABOUT) and _has_other_value(before, after):
        return True
    is_of_frame = not key.startswith(_ABOUT) or frame_of("", one.gist) == frame_of("", other.gist) != ""
    return is_of_frame and is_change(one.gist.tokens, other.gist.tokens)


def changes_in(places: Sequence[Place], dates: Sequence[str], key: str) -> list[tuple[int, int]]:
    """Return the changes in a chain as pairs of positions, before and after: for each fact at most one, with the nearest fact
    before it that it may have replaced. `places` share the key and are ordered by their `dates`. Nothing if the chain is too long.

    >>> homes = [place_of(f"lives in {city}") for city in ("rome", "oslo", "rome")]
    >>> changes_in(homes, ["2021", "2022", "2023"], homes[0].key)
    [(0, 1), (1, 2)]
    """
    if len(places) > (MOST_OF_FRAME if key.startswith(_FRAME) else MOST_IN_CHAIN):
        return []
    changes = []
    for at, place in enumerate(places):
        earlier = (before for before in range(at - 1, -1, -1) if dates[before] < dates[at])
        before = next((before for before in earlier if is_replaced(places[before], place, key)), None)
        if before is not None:
            changes.append((before, at))
    return changes


def _has_other_value(one: Relation, other: Relation) -> bool:
    is_of_all = EVERY_FACET in (one.facet, other.facet)
    if one.facet != other.facet and not is_of_all:
        return False
    is_same = one.value <= other.value or one.value >= other.value
    if one.is_over is not other.is_over:
        return is_same or one.facet == other.facet == STATE
    if one.is_over:
        return False
    return one.facet != other.facet or (one.value != other.value if one.facet == ROLE.facet else not is_same)


def _is_ended(one: Relation, other: Relation) -> bool:
    """Tell whether one says that what the other states is over."""
    if one.is_over is other.is_over or not (one.value <= other.value or one.value >= other.value):
        return False
    return "" in (one.by, other.by) or one.by == other.by


def _is_measure(tokens: Sequence[str]) -> bool:
    """Tell whether tokens hold an amount with its unit, or end with a number as in "he is 16"."""
    if any(map(_MEASURES.__getitem__, tokens)):
        return True
    return len(tokens) > 2 and tokens[-1].isdigit() and tokens[-2] in ("is", "am", "are", "was")  # noqa: PLR2004
