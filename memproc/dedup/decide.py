"""What becomes of a batch: the outcome of each record and the memories that change. A pure function.

The shell looks up what is near the batch (`Neighbourhood`), this module decides (`Plan`), the shell writes the plan.

Rules: a record whose observation is known is `duplicate`. Of the records in a memory that nothing was known of, the first is
`stored`. Any other is `duplicate` if its content was there, else `merged`. So memories = stored - joins + splits, where a
join is one memory less and a split one more among those that were there before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from memproc.dedup.cluster import Cluster, Decision, Undated, clusters
from memproc.dedup.compare import benign_confidence, differences_between, reason_of
from memproc.dedup.gist import Gist, gist_of
from memproc.dedup.keys import Key, Observation, Prepared, text_of
from memproc.dedup.memory import memory_of
from memproc.records import Outcome, Plain


class Row(NamedTuple):
    """An observation in the store: its number, the memory it is in (None: it is one by itself), the observation."""

    number: int
    memory: Key | None
    observation: Observation

    @property
    def home(self) -> Key:
        """The id of the memory it is in: of one by itself that is its node."""
        return self.memory or self.observation.node


class Neighbourhood(NamedTuple):
    """All of the store that a batch can touch: whole nodes, whole groups, and what leads from one to another."""

    rows: Mapping[Key, Row]
    mends: Mapping[Key, frozenset[Key]]
    decisions: Sequence[Decision]


class Incoming(NamedTuple):
    """A record of the batch that was accepted."""

    position: int
    prepared: Prepared


class Judged(NamedTuple):
    """A new observation, what became of it, and in comparison with what. `kind` is "", "duplicate", "similar" or "version"."""

    incoming: Incoming
    outcome: Outcome
    kind: str = ""
    anchor: Key | None = None
    confidence: float | None = None
    reason: str = ""


class Regrouped(NamedTuple):
    """The difference between the memories before and after: `memories` are those of several observations that are new or
    changed, by id, `gone` the ids of those that are no more, `membership` the memory of each observation whose memory
    changes (by key, None for "by itself").
    """

    memories: Mapping[Key, Plain]
    gone: frozenset[Key]
    membership: Mapping[Key, Key | None]
    joins: int
    splits: int


class Plan(NamedTuple):
    """What to write: the new observations, those that were there, and what this changes; `undated` needs a person."""

    new: tuple[Judged, ...]
    known: tuple[Incoming, ...]
    changed: Regrouped
    undated: tuple[Undated, ...]


def decide(batch: Sequence[Incoming], known: frozenset[Key], neighbourhood: Neighbourhood) -> Plan:
    """Return the plan for a batch, in order. `known` holds the keys that are in the store or were forgotten."""
    seen = set(known)
    new: list[Incoming] = []
    repeated: list[Incoming] = []
    for incoming in batch:
        key = incoming.prepared.observation.key
        (repeated if key in seen else new).append(incoming)
        seen.add(key)
    new = _with_latest_dates(new, repeated)
    rows = _with_later_dates(neighbourhood.rows, [incoming.prepared.observation for incoming in batch])
    mends = dict(neighbourhood.mends)
    for _, prepared in new:
        if prepared.mends:
            group = prepared.observation.group
            mends[group] = mends.get(group, frozenset()).union(prepared.mends)
    company = _in_company([i.prepared.observation for i in new], rows, mends, neighbourhood.decisions)
    together = [row.observation for row in rows.values()] + company
    found, undated = clusters(together, mends, neighbourhood.decisions)
    changed = regroup(found, rows, {key for key, row in rows.items() if row is not neighbourhood.rows[key]})
    judged = _judge(new, found)
    is_new = {observation.key for observation in company}
    fresh = tuple(pair for pair in undated if pair.one.key in is_new or pair.other.key in is_new)
    return Plan(judged, tuple(repeated), changed, fresh)


def regroup(found: Sequence[Cluster], rows: Mapping[Key, Row], redated: set[Key]) -> Regrouped:
    """Return what changes when the observations of `rows`, and new ones, come to form the clusters `found`.

    `redated` holds the keys of observations whose date has changed, so that another may speak.
    """
    before = Counter(row.memory or key for key, row in rows.items())
    old_in = {
        cluster.id: {rows[seen.key].memory or seen.key for seen in cluster.observations if seen.key in rows} for cluster in found
    }
    edges = sum(map(len, old_in.values()))
    joins = edges - sum(1 for old in old_in.values() if old)
    splits = edges - len(before)
    memories: dict[Key, Plain] = {}
    membership: dict[Key, Key | None] = {}
    for cluster in found:
        seen = cluster.observations
        label = _label(cluster)
        moved = [s.key for s in seen if s.key not in rows or rows[s.key].memory != label]
        membership.update({key: label for key in moved if label or key in rows})
        is_same_set = not moved and old_in[cluster.id] == {label} and before[cluster.id] == len(seen)
        if label and not (is_same_set and redated.isdisjoint(s.key for s in seen)):
            memories[label] = memory_of(cluster)
    stays = set(map(_label, found))
    gone = frozenset(row.memory for row in rows.values() if row.memory and row.memory not in stays)
    return Regrouped(memories, gone, membership, joins, splits)


def _label(cluster: Cluster) -> Key | None:
    """Return the id under which a memory has a row of its own, None for one observation that bears its node's id."""
    seen = cluster.observations
    return cluster.id if len(seen) > 1 or cluster.id != seen[0].node else None


def _with_latest_dates(new: list[Incoming], repeated: list[Incoming]) -> list[Incoming]:
    """Return the new records, each with the latest date that its source gives for it within the batch."""
    dates: dict[Key, str] = {}
    for _, (seen, *_) in repeated:
        if seen.as_of is not None:
            dates[seen.key] = max(dates.get(seen.key, ""), seen.as_of)
    return [_dated(incoming, dates) for incoming in new] if dates else new


def _dated(incoming: Incoming, dates: Mapping[Key, str]) -> Incoming:
    seen = incoming.prepared.observation
    later = max(dates.get(seen.key, ""), seen.as_of or "") or None
    return incoming._replace(prepared=incoming.prepared._replace(observation=seen._replace(as_of=later)))


def _with_later_dates(rows: Mapping[Key, Row], batch: Sequence[Observation]) -> dict[Key, Row]:
    """Return the rows with the dates that the batch knows to be later for the same observations."""
    dated = dict(rows)
    for again in batch:
        row = dated.get(again.key)
        if row is not None and (again.as_of or "") > (row.observation.as_of or ""):
            dated[again.key] = row._replace(observation=row.observation._replace(as_of=again.as_of))
    return dated


def _in_company(
    new: Sequence[Observation], rows: Mapping[Key, Row], mends: Mapping[Key, frozenset[Key]], decisions: Sequence[Decision]
) -> list[Observation]:
    """Return the new observations that something may hold together with another; the rest are memories by themselves."""
    together = [*(row.observation for row in rows.values()), *new]
    groups = Counter(map(attrgetter("group"), together))
    nodes = Counter(map(attrgetter("node"), together))
    inhabited = set(groups)
    linked = {group for group, meant in mends.items() if not meant.isdisjoint(inhabited)}
    linked.update(*(mends[group] for group in linked))
    decided = {key for decision in decisions for key in decision[:2]}
    return [
        seen
        for seen in new
        if groups[seen.group] > 1 or nodes[seen.node] > 1 or seen.group in linked or not decided.isdisjoint((seen.node, seen.key))
    ]


def _judge(new: Sequence[Incoming], found: Sequence[Cluster]) -> tuple[Judged, ...]:
    """Return the outcome of each new record, given the clusters that those in company are in."""
    home_of = {seen.key: cluster.id for cluster in found for seen in cluster.observations}
    prepared = {incoming.prepared.observation.key: incoming.prepared for incoming in new}
    there = {cluster.id: [seen for seen in cluster.observations if seen.key not in prepared] for cluster in found}
    judged = []
    for incoming in new:
        own = incoming.prepared.observation
        company = there.get(home_of.get(own.key, b""), [])
        judged.append(_against(incoming, company, prepared) if company else Judged(incoming, Outcome.STORED))
        company.append(own)
    return tuple(judged)


def _against(incoming: Incoming, there: Sequence[Observation], prepared: Mapping[Key, Prepared]) -> Judged:
    own = incoming.prepared.observation
    same = next((seen for seen in there if seen.content == own.content), None)
    if same is not None:
        return Judged(incoming, Outcome.DUPLICATE, "duplicate", same.key, 1.0, "same content")
    version = next((seen for seen in there if seen.node == own.node), None)
    if version is not None:
        reason = "newer version" if (own.date or "") > (version.date or "") else "older version"
        return Judged(incoming, Outcome.MERGED, "version", version.key, 1.0, reason)
    anchor = min(there, key=lambda seen: (seen.group != own.group, seen.key))
    differences = differences_between(incoming.prepared.gist or Gist(()), _gist(anchor, prepared))
    confidence = benign_confidence(differences)
    return Judged(
        incoming, Outcome.MERGED, "similar", anchor.key, 1.0 if confidence is None else confidence, reason_of(differences)
    )


def _gist(seen: Observation, prepared: Mapping[Key, Prepared]) -> Gist:
    other = prepared.get(seen.key)
    return (other and other.gist) or gist_of(text_of(seen.record))
