"""Regrouping: how the memories of a store change when its observations form other clusters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from memproc.dedup.cluster import Cluster
from memproc.dedup.keys import Key
from memproc.dedup.memory import memory_of
from memproc.dedup.neighbourhood import Neighbourhood, Row, Version
from memproc.dedup.observation import Observation
from memproc.dedup.speakers import KEPT, speakers
from memproc.records import Plain


class Regrouped(NamedTuple):
    """The difference between the memories before and after.

    `memories` holds the new and changed memories of several observations, by id; `gone` the ids of those that no longer exist.
    `membership` gives the new memory of each observation whose memory changes, by key (None if it is a memory by itself). `speaks`
    tells, by key, of each observation that becomes or ceases to be silent whether it speaks now. `silent` gives the new memory of
    versions whose silent observations, which were not read, move with the others.
    """

    memories: Mapping[Key, Plain]
    gone: frozenset[Key]
    membership: Mapping[Key, Key | None]
    joins: int
    splits: int
    speaks: Mapping[Key, bool]
    silent: Mapping[Version, Key | None]


def regroup(clusters: Sequence[Cluster], rows: Mapping[Key, Row], redated: AbstractSet[Key], near: Neighbourhood) -> Regrouped:
    """Return what changes when the observations of `rows`, and new ones, form these clusters.

    `redated` holds the keys of observations whose date has changed, so that another one may speak; `near` is the neighbourhood that
    the rows are from.
    """
    homes = {key: row.memory or key for key, row in rows.items()}
    before = Counter(homes.values())
    edges = inhabited = 0
    memories: dict[Key, Plain] = {}
    membership: dict[Key, Key | None] = {}
    labels: set[Key | None] = set()
    for cluster in clusters:
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
    speaks, silent = _speaking_and_silent(clusters, rows, membership, near)
    return Regrouped(memories, gone, membership, joins, splits, speaks, silent)


def _speaking_and_silent(
    clusters: Sequence[Cluster], rows: Mapping[Key, Row], membership: Mapping[Key, Key | None], near: Neighbourhood
) -> tuple[dict[Key, bool], dict[Version, Key | None]]:
    """Return `speaks` and `silent` of the `Regrouped`."""
    speaks: dict[Key, bool] = {}
    silent: dict[Version, Key | None] = {}
    named = near.named
    for cluster in clusters:
        if len(cluster.observations) < KEPT and not near.is_whole:
            continue
        tellings: dict[tuple[Version, bool], list[Observation]] = defaultdict(list)
        for is_history, observations in enumerate((cluster.speaking, cluster.history)):
            for seen in observations:
                tellings[(seen.node, seen.content), bool(is_history)].append(seen)
        for (version, _), said in tellings.items():
            kept = {seen.key for seen in speakers(said, named)}
            stored = [rows[seen.key] for seen in said if seen.key in rows]
            turned = [row for row in stored if row.speaks is not (row.observation.key in kept)]
            speaks.update({row.observation.key: not row.speaks for row in turned})
            speaks.update({seen.key: False for seen in said if seen.key not in rows and seen.key not in kept})
            moved = next((row for row in stored if row.observation.key in membership), None)
            if moved is not None and not near.is_whole and len(stored) >= KEPT:
                silent[version] = membership[moved.observation.key]
    return speaks, silent


def _label(cluster: Cluster) -> Key | None:
    """Return the id under which a memory has a row; None for a single observation whose id is its node, which has no row."""
    observations = cluster.observations
    return cluster.id if len(observations) > 1 or cluster.id != observations[0].node else None
