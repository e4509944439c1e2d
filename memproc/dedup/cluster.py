"""Clusters: which observations are one memory. A pure function of a set of observations and a set of decisions.

Strategy: observations become units (`versions.py`), units become blocks and successions (`blocks.py`), and each succession
becomes a memory here. Its newest block speaks and the others are its history, as with the versions of an identity.

Rules: the id of a memory is the node that it begins with. Where versions of one node are in several memories, the id of each is its
earliest observation instead: whoever was given the node's id was shown one of them, and must not be shown another. That remains so
when one of the versions is forgotten: the node is *spent*.

Every step is ordered by data, so any permutation of the input gives the same clusters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import NamedTuple

from memproc.dedup.blocks import TypoLinks, plain_blocks, successions_of, trees_of
from memproc.dedup.decision import Decision
from memproc.dedup.keys import Key
from memproc.dedup.observation import Observation
from memproc.dedup.versions import Undated, Unit, newest_of, retire, units_of

_KEY = attrgetter("key")


class Cluster(NamedTuple):
    """One memory: its id, the observations that speak for it and those that are history, each ordered by key."""

    id: Key
    speaking: tuple[Observation, ...]
    history: tuple[Observation, ...]

    @property
    def observations(self) -> tuple[Observation, ...]:
        """All observations of the memory."""
        return self.speaking + self.history


def clusters(
    observations: Iterable[Observation], typo_links: TypoLinks, decisions: Sequence[Decision] = (), spent: Collection[Key] = ()
) -> tuple[list[Cluster], list[Undated]]:
    """Return the clusters of the observations, ordered by id, and the pairs of versions that need a person.

    `observations` must be complete: all of each node and of each group that is reachable through `typo_links` and merges.
    `typo_links` gives, for each group with odd tokens, the groups it may stand for. No memory gets a node of `spent` as its id.
    """
    units, undated = units_of(observations, spent, decisions)
    if decisions:
        retire(units, decisions)
    trees = trees_of({unit.group for unit in units}, typo_links)
    successions = successions_of(units, trees, decisions) if decisions else [[block] for block in plain_blocks(units, trees)]
    memories = [memory for succession in successions for memory in _told_apart(succession, decisions)]
    whole = _whole_nodes(memories, spent) if undated else {}
    ordered = sorted(_cluster(memory, whole) for memory in memories)
    home_of = {seen.key: cluster.id for cluster in ordered for seen in cluster.observations} if undated else {}
    return ordered, [pair for pair in undated if home_of[pair.one.key] != home_of[pair.other.key]]


def _whole_nodes(memories: Sequence[list[list[Unit]]], spent: Collection[Key]) -> dict[Key, Key]:
    """Return the node of each unit, by the unit's id, where all units of that node are in one memory."""
    places: dict[Key, set[int]] = defaultdict(set)
    for at, memory in enumerate(memories):
        for block in memory:
            for unit in block:
                places[unit.node].add(at)
    units = (unit for memory in memories for block in memory for unit in block)
    return {unit.id: unit.node for unit in units if len(places[unit.node]) == 1 and unit.node not in spent}


def _cluster(succession: list[list[Unit]], whole: Mapping[Key, Key]) -> Cluster:
    newest, *older = succession
    units = [unit for block in succession for unit in block]
    history = [seen for block in older for unit in block for seen in unit.speaking]
    history += [seen for unit in units for seen in unit.history]
    began = _began_first if older else _began
    earliest = min(units, key=began) if len(units) > 1 else units[0]
    speaking = sorted([seen for unit in newest for seen in unit.speaking], key=_KEY)
    return Cluster(whole.get(earliest.id, earliest.id), tuple(speaking), tuple(sorted(history, key=_KEY)))


def _began(unit: Unit) -> tuple[str, Key]:
    """Return a sort key of units: the first date of creation of an observation, no date last, then the id."""
    return min([seen.record.get("created_at", "~") for seen in unit.speaking]), unit.id


def _began_first(unit: Unit) -> tuple[str, tuple[str, str], Key]:
    """Return a sort key of the units of a succession: what replaces another one carries its date of creation on, and is later."""
    created, node = _began(unit)
    return created, min(seen.rank for seen in (*unit.speaking, *unit.history)), node


def _told_apart(succession: list[list[Unit]], decisions: Sequence[Decision]) -> list[list[list[Unit]]]:
    """Return a succession with its newest block first. Where several blocks are newest, because no date orders them, return one
    succession for each, with the blocks that it superseded. What has no date is older than what has one: somebody decided that one
    of them replaces the other.
    """
    if len(succession) == 1:
        return [succession]
    blocks = {min(unit.id for unit in block): block for block in succession}
    newest = newest_of({key: max(seen.rank for unit in block for seen in unit.speaking) for key, block in blocks.items()})
    newest = [key for key in newest if any(seen.date for unit in blocks[key] for seen in unit.speaking)] or newest
    homes = _nearest(newest, blocks, decisions) if len(newest) > 1 else {}
    older = sorted(blocks.keys() - {*newest})
    return [[blocks[key], *(blocks[other] for other in older if homes.get(other, newest[0]) == key)] for key in newest]


def _nearest(newest: Sequence[Key], blocks: Mapping[Key, list[Unit]], decisions: Sequence[Decision]) -> dict[Key, Key]:
    """Return for each block the nearest of the newest blocks: the one that the fewest decisions connect it with."""
    called = {handle: key for key in sorted(blocks, reverse=True) for unit in blocks[key] for handle in unit.handles}
    links: dict[Key, set[Key]] = defaultdict(set)
    for decision in decisions:
        if decision.verdict == "supersedes" and decision.a in called and decision.b in called:
            links[called[decision.a]].add(called[decision.b])
            links[called[decision.b]].add(called[decision.a])
    homes = {key: key for key in newest}
    front = [*newest]
    for key in front:  # it grows while it is iterated
        for other in sorted(links[key] - homes.keys()):
            homes[other] = homes[key]
            front.append(other)
    return homes
