"""What becomes of a batch: the outcome of each record and the memories that change. A pure function.

The shell looks up what is near the batch (`Neighbourhood`), this module decides (`Plan`), the shell writes the plan.

Rules: a record whose observation is known is `duplicate`. Of the records in a memory that nothing was known of, the first is
`stored`. Any other is `duplicate` if its content was there, else `merged`. So memories = stored - joins + splits, where a
join is one memory less and a split one more among those that were there before.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import NamedTuple, TypeVar

from memproc.dedup.cluster import Cluster, Decision, Undated, clusters, newest_of
from memproc.dedup.compare.compare import benign_confidence, benign_differences, differences_between, differences_in_writing
from memproc.dedup.compare.differences import Difference
from memproc.dedup.compare.reasons import kinds_of
from memproc.dedup.gist.gist import gist_of
from memproc.dedup.grouping import in_group
from memproc.dedup.keys import Columns, Grouped, Key, Observation, Prepared, text_of
from memproc.dedup.memory import memory_of
from memproc.dedup.speakers import KEPT, speakers
from memproc.dedup.text.exact import exact_of
from memproc.records import Outcome, Plain

_GROUP, _NODE, _KEY = attrgetter("group"), attrgetter("node"), attrgetter("key")


Version = tuple[Key, Key]  # its node and content
Groups = Mapping[Key, Grouped]


class Row(NamedTuple):
    """An observation in the store: its number, the memory it is in (None: it is one by itself), the observation, and whether it is
    one of those of its version that suffice.
    """

    number: int
    memory: Key | None
    observation: Observation
    speaks: bool = True

    @property
    def home(self) -> Key:
        """The id of the memory it is in: of one by itself that is its node."""
        return self.memory or self.observation.node


class Neighbourhood(NamedTuple):
    """All of the store that a batch can touch: whole nodes, all that has one core, what that merges by, by content, and which nodes
    are spent. Where it is not whole, silent observations are missing.
    """

    rows: Mapping[Key, Row]
    groups: Groups
    decisions: Sequence[Decision]
    spent: AbstractSet[Key] = frozenset()
    is_whole: bool = True

    @property
    def typo_links(self) -> Mapping[Key, frozenset[Key]]:
        """Return for each group with an odd token the groups that it may stand for."""
        found: dict[Key, frozenset[Key]] = {}
        for own in self.groups.values():
            if own.typo_links:
                found[own.group] = found.get(own.group, frozenset()).union(own.typo_links)
        return found

    @property
    def named(self) -> AbstractSet[Key]:
        """The nodes and observations that decisions name."""
        return {key for decision in self.decisions for key in decision[:2]}


class Incoming(NamedTuple):
    """A record of the batch that was accepted."""

    position: int
    prepared: Prepared


class Judged(NamedTuple):
    """A new observation, what became of it, and in comparison with what. `kind` is "", "duplicate", "similar" or "version";
    `reason` a fixed phrase, or of what is similar the kinds of difference.
    """

    incoming: Incoming
    outcome: Outcome
    kind: str = ""
    anchor: Key | None = None
    confidence: float | None = None
    reason: str = ""


class Joined(NamedTuple):
    """A memory that was there, told by one of its observations, and the new one that made it one with another."""

    bridge: Key
    other: Key
    confidence: float
    reason: str


class Regrouped(NamedTuple):
    """The difference between the memories before and after: `memories` are those of several observations that are new or
    changed, by id, `gone` the ids of those that are no more, `membership` the memory of each observation whose memory
    changes (by key, None for "by itself"). `speaks` tells of the observations that come to be silent, or are no longer. `silent`
    holds the memories of versions whose silent observations, which were not looked at, go with the others.
    """

    memories: Mapping[Key, Plain]
    gone: frozenset[Key]
    membership: Mapping[Key, Key | None]
    joins: int
    splits: int
    speaks: Mapping[Key, bool]
    silent: Mapping[Version, Key | None]


@dataclass(frozen=True)
class Plan:
    """What to write: the new observations, of which those not in `judged`, by their places, are stored as they are; those that were
    there; and what this changes. `undated` needs a person.
    """

    fresh: Columns
    judged: Mapping[int, Judged]
    repeated: Columns
    changed: Regrouped
    undated: tuple[Undated, ...]
    joined: tuple[Joined, ...] = ()


def decide(batch: Columns, known: AbstractSet[Key], neighbourhood: Neighbourhood) -> Plan:
    """Return the plan for a batch, in order. `known` holds the keys that are in the store or were forgotten."""
    new, repeated = _apart(batch, known)
    dates = _latest_dates(repeated)
    new = _with_latest_dates(new, dates)
    rows = _with_later_dates(neighbourhood.rows, dates)
    typo_links = neighbourhood.typo_links
    places = _in_company(new, rows, typo_links, neighbourhood)
    fresh = {new.key[at]: in_group(new.at(at).observation, neighbourhood.groups) for at in places}
    together = [*(row.observation for row in rows.values()), *fresh.values()]
    found, undated = clusters(together, typo_links, neighbourhood.decisions, neighbourhood.spent)
    redated = {key for key, row in rows.items() if row is not neighbourhood.rows[key]}
    changed = regroup(found, rows, redated, neighbourhood)
    judged = _judge(new, places, found, fresh.keys(), neighbourhood.groups)
    moved = _moved_versions(together, fresh.keys(), redated) if undated else frozenset[tuple[Key, Key]]()
    to_place = tuple(pair for pair in undated if not moved.isdisjoint((side.node, side.content) for side in pair))
    joined = _joined(judged.values(), found, rows, neighbourhood.groups) if changed.joins > 0 else ()
    return Plan(new, judged, repeated, changed, to_place, joined)


Shared = TypeVar("Shared", Key, int)


def shared(values: Sequence[Shared], there: Iterable[Shared]) -> set[Shared]:
    """Return which of some values stand among them twice, or are there."""
    own = set(values)
    found = own.intersection(there)
    if len(own) < len(values):
        found.update(value for value, count in Counter(values).items() if count > 1)
    return found


def _apart(batch: Columns, known: AbstractSet[Key]) -> tuple[Columns, Columns]:
    """Return the records that are new, and those whose observations are known, or come before them in the batch."""
    if not shared(batch.key, known):
        return batch, Columns()
    seen = set(known)
    new: list[int] = []
    repeated: list[int] = []
    for at, key in enumerate(batch.key):
        (repeated if key in seen else new).append(at)
        seen.add(key)
    return batch.take(new), batch.take(repeated)


def _moved_versions(
    observations: Sequence[Observation], fresh: AbstractSet[Key], redated: AbstractSet[Key]
) -> frozenset[tuple[Key, Key]]:
    """Return the versions that are new or have another date, each as its node and content."""
    changed = fresh | redated
    known = {(seen.node, seen.content) for seen in observations if seen.key not in changed}
    dated_anew = {(seen.node, seen.content) for seen in observations if seen.key in redated}
    return frozenset({(seen.node, seen.content) for seen in observations} - (known - dated_anew))


def regroup(found: Sequence[Cluster], rows: Mapping[Key, Row], redated: AbstractSet[Key], near: Neighbourhood) -> Regrouped:
    """Return what changes when the observations of `rows`, and new ones, come to form the clusters `found`.

    `redated` holds the keys of observations whose date has changed, so that another may speak; `near` is where the rows were found.
    """
    homes = {key: row.memory or key for key, row in rows.items()}
    before = Counter(homes.values())
    edges = inhabited = 0
    memories: dict[Key, Plain] = {}
    membership: dict[Key, Key | None] = {}
    labels: set[Key | None] = set()
    for cluster in found:
        keys = [seen.key for seen in cluster.observations]
        old = {homes[key] for key in keys if key in homes}
        edges += len(old)
        inhabited += bool(old)
        label = _label(cluster)
        labels.add(label)
        moved = [key for key in keys if key not in rows or rows[key].memory != label]
        membership.update({key: label for key in moved if label or key in rows})
        is_same_set = not moved and old == {label} and before[cluster.id] == len(keys)
        if label and not (is_same_set and redated.isdisjoint(keys)):
            memories[label] = memory_of(cluster)
    joins, splits = edges - inhabited, edges - len(before)
    gone = frozenset([row.memory for row in rows.values() if row.memory and row.memory not in labels])
    speaks, silent = _heard(found, rows, membership, near)
    return Regrouped(memories, gone, membership, joins, splits, speaks, silent)


def _heard(
    found: Sequence[Cluster], rows: Mapping[Key, Row], membership: Mapping[Key, Key | None], near: Neighbourhood
) -> tuple[dict[Key, bool], dict[Version, Key | None]]:
    """Return which observations come to be silent or are no longer, and what becomes of silent ones that were not looked at."""
    speaks: dict[Key, bool] = {}
    silent: dict[Version, Key | None] = {}
    named = near.named
    for cluster in found:
        if len(cluster.observations) < KEPT and not near.is_whole:
            continue
        versions: dict[Version, list[Observation]] = defaultdict(list)
        for seen in cluster.observations:
            versions[seen.node, seen.content].append(seen)
        for version, said in versions.items():
            kept = {seen.key for seen in speakers(said, named)}
            there = [rows[seen.key] for seen in said if seen.key in rows]
            speaks.update({row.observation.key: not row.speaks for row in there if row.speaks is not (row.observation.key in kept)})
            speaks.update({seen.key: False for seen in said if seen.key not in rows and seen.key not in kept})
            moved = next((row for row in there if row.observation.key in membership), None)
            if moved is not None and not near.is_whole and len(there) >= KEPT:
                silent[version] = membership[moved.observation.key]
    return speaks, silent


def _label(cluster: Cluster) -> Key | None:
    """Return the id under which a memory has a row of its own, None for one observation that bears its node's id."""
    seen = cluster.observations
    return cluster.id if len(seen) > 1 or cluster.id != seen[0].node else None


def _latest_dates(repeated: Columns) -> dict[Key, str]:
    dates: dict[Key, str] = {}
    for key, as_of in zip(repeated.key, repeated.as_of, strict=True):
        if as_of is not None:
            dates[key] = max(dates.get(key, ""), as_of)
    return dates


def _with_latest_dates(new: Columns, dates: Mapping[Key, str]) -> Columns:
    """Return the new records, each with the latest date that its source gives for it within the batch."""
    if not dates:
        return new
    own = zip(new.key, new.as_of, strict=True)
    return replace(new, as_of=[max(dates.get(key, ""), as_of or "") or None for key, as_of in own])


def _with_later_dates(rows: Mapping[Key, Row], dates: Mapping[Key, str]) -> dict[Key, Row]:
    """Return the rows with the dates that the batch knows to be later for the same observations."""
    dated = dict(rows)
    for key, date in dates.items():
        row = dated.get(key)
        if row is not None and date > (row.observation.as_of or ""):
            dated[key] = row._replace(observation=row.observation._replace(as_of=date))
    return dated


def _in_company(
    new: Columns, rows: Mapping[Key, Row], typo_links: Mapping[Key, frozenset[Key]], neighbourhood: Neighbourhood
) -> list[int]:
    """Return the places of the new observations that something may hold together with another, or that may not be called by their
    node; the rest are memories by themselves.
    """
    there = [row.observation for row in rows.values()]
    found = neighbourhood.groups
    own = [found[content].group if content in found else content for content in new.content] if found else new.content
    groups, nodes = shared(own, map(_GROUP, there)), shared(new.node, map(_NODE, there))
    if typo_links:
        inhabited = {*own, *map(_GROUP, there)}
        linked = {group for group, meant in typo_links.items() if not inhabited.isdisjoint(meant)}
        groups |= linked.union(*(typo_links[group] for group in linked))
    special = neighbourhood.named | neighbourhood.spent
    nodes |= special
    if not (groups or nodes):
        return []
    told = enumerate(zip(new.key, new.node, own, strict=True))
    return [at for at, (key, node, group) in told if group in groups or node in nodes or key in special]


def _judge(
    new: Columns, places: Iterable[int], found: Sequence[Cluster], fresh: AbstractSet[Key], groups: Groups
) -> dict[int, Judged]:
    """Return the outcome of each new record that is not just stored, by its place, given the `places` and the keys, `fresh`, of
    those in company, and the clusters that these are in.
    """
    homes: dict[Key, tuple[Observation, _There]] = {}  # each with those of its memory that were there before it
    for cluster in found:
        there = _There()
        for seen in cluster.observations:
            if seen.key in fresh:
                homes[seen.key] = seen, there
            else:
                there.add(seen)
    judged = {}
    for at in places:
        own, there = homes[new.key[at]]
        if there.smallest:
            judged[at] = _against(Incoming(new.position[at], new.at(at)), own, there, groups)
        there.add(own)
    return judged


class _There:
    """The observations of one memory that were there before another: the first of each content and of each node, and that with the
    smallest key of each group and of all.
    """

    def __init__(self) -> None:
        self.by_content: dict[Key, Observation] = {}
        self.by_node: dict[Key, Observation] = {}
        self.by_group: dict[Key, Observation] = {}
        self.smallest: Observation | None = None

    def add(self, seen: Observation) -> None:
        self.by_content.setdefault(seen.content, seen)
        self.by_node.setdefault(seen.node, seen)
        self.by_group[seen.group] = min(self.by_group.get(seen.group, seen), seen, key=_KEY)
        self.smallest = min(self.smallest or seen, seen, key=_KEY)


def _against(incoming: Incoming, own: Observation, there: _There, groups: Groups) -> Judged:
    if own.content in there.by_content:
        return Judged(incoming, Outcome.DUPLICATE, "duplicate", there.by_content[own.content].key, 1.0, "same content")
    if own.node in there.by_node:
        seen = there.by_node[own.node]
        reason = "newer version" if newest_of({own.key: own.rank, seen.key: seen.rank}) == [own.key] else "older version"
        return Judged(incoming, Outcome.MERGED, "version", seen.key, 1.0, reason)
    anchor = there.by_group.get(own.group) or there.smallest or own
    return Judged(incoming, Outcome.MERGED, "similar", anchor.key, *_likeness(own, anchor, groups))


def _likeness(own: Observation, anchor: Observation, groups: Groups) -> tuple[float, str]:
    """Return the confidence that two observations of one memory say the same, and the kinds in which they differ."""
    differences = _differences(own, anchor, groups) or differences_in_writing(
        exact_of(own.record), exact_of(anchor.record), (*own.benign, *anchor.benign)
    )
    confidence = benign_confidence(differences)
    return 1.0 if confidence is None else confidence, kinds_of(differences)


def _joined(judged: Iterable[Judged], found: Sequence[Cluster], rows: Mapping[Key, Row], groups: Groups) -> tuple[Joined, ...]:
    """Return the memories that new observations joined to the one that each was compared with."""
    anchors = {one.incoming.prepared.key: one.anchor for one in judged}
    joined = []
    for cluster in found:
        there: dict[Key, list[Observation]] = {}
        for seen in cluster.observations:
            if seen.key in rows:
                there.setdefault(rows[seen.key].memory or seen.key, []).append(seen)
        bridge = next((seen for seen in cluster.observations if seen.key in anchors), None) if len(there) > 1 else None
        if bridge is not None:
            told = next((home for home, others in there.items() if anchors[bridge.key] in {seen.key for seen in others}), None)
            joined += [_joining(bridge, others, groups) for home, others in there.items() if home != told]
    return tuple(joined)


def _joining(bridge: Observation, there: Sequence[Observation], groups: Groups) -> Joined:
    other = min(there, key=lambda seen: (seen.node != bridge.node, seen.group != bridge.group, seen.key))
    if other.node == bridge.node:
        return Joined(bridge.key, other.key, 1.0, "another version")
    return Joined(bridge.key, other.key, *_likeness(bridge, other, groups))


def _differences(own: Observation, anchor: Observation, groups: Groups) -> tuple[Difference, ...]:
    """Return the differences of two facts: without their gists, where their groups tell."""
    if own.group == anchor.group:  # they have one gist
        return benign_differences(own.benign, anchor.benign)
    if _may_stand_for(own, anchor, groups) or _may_stand_for(anchor, own, groups):
        return Difference("typo", "", ""), *benign_differences(own.benign, anchor.benign)
    return differences_between(gist_of(text_of(own.record)), gist_of(text_of(anchor.record)))


def _may_stand_for(one: Observation, other: Observation, groups: Groups) -> bool:
    """Tell whether a typo is all that parts a fact from another group."""
    return one.content in groups and other.group in groups[one.content].typo_links
