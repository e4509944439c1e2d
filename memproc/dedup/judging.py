"""Judging: the outcome of each new record, and what it was compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from operator import attrgetter
from typing import NamedTuple

from memproc.dedup.cluster import Cluster
from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.compare.compare import benign_confidence, benign_differences, differences_between, differences_in_writing
from memproc.dedup.compare.differences import Difference
from memproc.dedup.compare.reasons import kinds_of
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.keys import Key, text_of
from memproc.dedup.neighbourhood import Groups, Row
from memproc.dedup.observation import Observation
from memproc.dedup.text.exact import exact_of
from memproc.dedup.versions import newest_of
from memproc.records import Outcome

_KEY = attrgetter("key")


class Incoming(NamedTuple):
    """A record of the batch that was accepted."""

    position: int
    prepared: Prepared


class Judged(NamedTuple):
    """A new observation, its outcome, and the observation it was compared with, `anchor`. `kind` is "", "duplicate", "similar" or
    "version"; `reason` is a fixed phrase, or for "similar" the kinds of difference.
    """

    incoming: Incoming
    outcome: Outcome
    kind: str = ""
    anchor: Key | None = None
    confidence: float | None = None
    reason: str = ""


class Joined(NamedTuple):
    """A memory that a new observation, `bridge`, joined to another one; `other` is an observation of that memory."""

    bridge: Key
    other: Key
    confidence: float
    reason: str


def judge(
    new: Columns, places: Iterable[int], clusters: Sequence[Cluster], fresh: AbstractSet[Key], groups: Groups
) -> dict[int, Judged]:
    """Return the outcome of each new record that is not simply stored, by its place.

    `places` and `fresh` are the places and the keys of the new observations that meet others, and `clusters` those they are in.
    """
    homes: dict[Key, tuple[Observation, _Present]] = {}
    for cluster in clusters:
        present = _Present()
        for observation in cluster.observations:
            if observation.key in fresh:
                homes[observation.key] = observation, present
            else:
                present.add(observation)
    judged = {}
    for at in places:
        observation, present = homes[new.key[at]]
        if present.smallest:
            judged[at] = _against(Incoming(new.position[at], new.at(at)), observation, present, groups)
        present.add(observation)
    return judged


class _Present:
    """The observations of one memory that came before another one: the first of each content and of each node, and the one with the
    smallest key, of each group and of all.
    """

    def __init__(self) -> None:
        self.by_content: dict[Key, Observation] = {}
        self.by_node: dict[Key, Observation] = {}
        self.by_group: dict[Key, Observation] = {}
        self.smallest: Observation | None = None

    def add(self, observation: Observation) -> None:
        self.by_content.setdefault(observation.content, observation)
        self.by_node.setdefault(observation.node, observation)
        self.by_group[observation.group] = min(self.by_group.get(observation.group, observation), observation, key=_KEY)
        self.smallest = min(self.smallest or observation, observation, key=_KEY)


def _against(incoming: Incoming, new: Observation, present: _Present, groups: Groups) -> Judged:
    if new.content in present.by_content:
        return Judged(incoming, Outcome.DUPLICATE, "duplicate", present.by_content[new.content].key, 1.0, "same content")
    if new.node in present.by_node:
        version = present.by_node[new.node]
        reason = "newer version" if newest_of({new.key: new.rank, version.key: version.rank}) == [new.key] else "older version"
        return Judged(incoming, Outcome.MERGED, "version", version.key, 1.0, reason)
    anchor = present.by_group.get(new.group) or present.smallest or new
    return Judged(incoming, Outcome.MERGED, "similar", anchor.key, *_likeness(new, anchor, groups))


def _likeness(new: Observation, anchor: Observation, groups: Groups) -> tuple[float, str]:
    """Return the confidence that two observations of one memory say the same, and the kinds in which they differ."""
    differences = _differences(new, anchor, groups) or differences_in_writing(
        exact_of(new.record), exact_of(anchor.record), (*new.benign, *anchor.benign)
    )
    confidence = benign_confidence(differences)
    return 1.0 if confidence is None else confidence, kinds_of(differences)


def joined_by_new(
    judged: Iterable[Judged], clusters: Sequence[Cluster], rows: Mapping[Key, Row], groups: Groups
) -> tuple[Joined, ...]:
    """Return the stored memories that new observations joined with the one that each was compared with."""
    anchors = {one.incoming.prepared.key: one.anchor for one in judged}
    joined = []
    for cluster in clusters:
        homes: dict[Key, list[Observation]] = {}
        for observation in cluster.observations:
            if observation.key in rows:
                homes.setdefault(rows[observation.key].memory or observation.key, []).append(observation)
        bridge = next((seen for seen in cluster.observations if seen.key in anchors), None) if len(homes) > 1 else None
        if bridge is not None:
            compared = next((home for home, others in homes.items() if anchors[bridge.key] in {seen.key for seen in others}), None)
            joined += [_joining(bridge, others, groups) for home, others in homes.items() if home != compared]
    return tuple(joined)


def _joining(bridge: Observation, others: Sequence[Observation], groups: Groups) -> Joined:
    other = min(others, key=lambda seen: (seen.node != bridge.node, seen.group != bridge.group, seen.key))
    if other.node == bridge.node:
        return Joined(bridge.key, other.key, 1.0, "another version")
    return Joined(bridge.key, other.key, *_likeness(bridge, other, groups))


def _differences(new: Observation, anchor: Observation, groups: Groups) -> tuple[Difference, ...]:
    """Return the differences of two facts, without making their gists where their groups suffice."""
    if new.group == anchor.group:  # they have one gist
        return benign_differences(new.benign, anchor.benign)
    if _may_stand_for(new, anchor, groups) or _may_stand_for(anchor, new, groups):
        return Difference("typo", "", ""), *benign_differences(new.benign, anchor.benign)
    return differences_between(gist_of(text_of(new.record)), gist_of(text_of(anchor.record)))


def _may_stand_for(one: Observation, other: Observation, groups: Groups) -> bool:
    """Tell whether one typo is all that separates a fact from another group."""
    return one.content in groups and other.group in groups[one.content].typo_links
