"""Versions of nodes, and which of them is the newest.

A *unit* is one version of a node, with all observations that say it. Of an identity's units the newest speaks, and the older ones
are its history. Dates decide which is newer; of equal dates, the dates that the sources give for themselves. Where neither decides,
because a version has no date or both have the same one, each stays visible, and the pair waits for a person. Where somebody
decided that one telling of a version replaces another, the older tellings are history too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import NamedTuple

from memproc.dedup.decision import Decision
from memproc.dedup.keys import Key
from memproc.dedup.observation import Observation
from memproc.records import last_changed

_KEY = attrgetter("key")


class Undated(NamedTuple):
    """Two versions of one identity of which no date tells which is newer."""

    one: Observation
    other: Observation


@dataclass(slots=True)
class Unit:
    """One version of a node: the observations that speak, and its history. `id` is the id of a memory that begins with this unit:
    its node, or if several memories share the node, one of its observations. `retired` are keys of its history that decisions may
    still name it by.
    """

    id: Key
    speaking: list[Observation]
    history: list[Observation] = field(default_factory=list)
    retired: set[Key] = field(default_factory=set)

    @property
    def group(self) -> Key:
        """The group of its observations."""
        return self.speaking[0].group

    @property
    def node(self) -> Key:
        """The node of which it is a version."""
        return self.speaking[0].node

    @property
    def handles(self) -> set[Key]:
        """The keys by which a decision may name it."""
        return {self.node, *(seen.key for seen in self.speaking), *self.retired}


def principal(observations: Sequence[Observation]) -> Observation:
    """Return the observation that a node's key stands for: of the newest version or, without dates, of the smallest content."""
    units, _ = units_of(observations, ())
    return units[0].speaking[0]


def are_told_apart(one: Observation, other: Observation, versions: Iterable[Observation]) -> bool:
    """Tell whether two observations of a node speak for two versions of which none is newer; `versions` holds all of the node."""
    units, _ = units_of(versions, ())
    speaking = [unit for unit in units if not {one.key, other.key}.isdisjoint(seen.key for seen in unit.speaking)]
    return len(speaking) > 1


def newest_of(ranks: Mapping[Key, tuple[str, str]]) -> list[Key]:
    """Return, in order, the keys of those than which no other is surely newer; `ranks` holds the `Observation.rank` of each.

    The later date is newer; of equal dates, the later date of the source. What has no date, or among equal dates no date of its
    source, cannot be placed in time. Keys that are surely newer than another come first.
    """
    latest = max(date for date, _ in ranks.values())
    latest_of_sources = max(as_of for date, as_of in ranks.values() if date == latest)
    newest = [key for key, (date, as_of) in ranks.items() if date == latest and as_of in ("", latest_of_sources)]
    undated = [key for key, (date, _) in ranks.items() if latest and not date]
    return sorted(newest, key=lambda key: (not ranks[key][1], key)) + sorted(undated)


def units_of(
    observations: Iterable[Observation], spent: Collection[Key], decisions: Collection[Decision] = ()
) -> tuple[list[Unit], list[Undated]]:
    """Return the units of some observations that speak, those of each node side by side, and the versions that neither a date nor a
    decision orders.

    The unit of a node that has one alone is called by the node, unless that is in `spent`.
    """
    nodes: dict[Key, dict[Key, list[Observation]]] = defaultdict(dict)
    for observation in sorted(observations, key=_KEY):
        nodes[observation.node].setdefault(observation.content, []).append(observation)
    units: list[Unit] = []
    undated: list[Undated] = []
    replaced = _replaced(nodes, decisions) if decisions else {}
    for node, versions in nodes.items():
        units_of_node = _versions_to_units(versions, replaced.get(node, ()))
        if len(units_of_node) == 1 and node not in spent:
            units_of_node[0].id = node
        units += units_of_node
        undated += [Undated(units_of_node[0].speaking[0], unit.speaking[0]) for unit in units_of_node[1:]]
    return units, undated


def retire(units: Iterable[Unit], decisions: Iterable[Decision]) -> None:
    """Move to the history of each unit what is older than an observation of it that replaces another one of it by a decision.

    So of one text that was told with other tags, or another importance, the newer telling speaks alone.
    """
    pairs = [made.keys for made in decisions if made.verdict == "supersedes"]
    named = {key for keys in pairs for key in keys}
    for unit in units if pairs else ():
        ranks = {seen.key: seen.rank for seen in unit.speaking if seen.key in named}
        replacing = [max(ranks[a], ranks[b]) for a, b in pairs if a in ranks and b in ranks and ranks[a] != ranks[b]]
        if replacing:
            since = max(replacing)
            retired = [seen for seen in unit.speaking if seen.rank < since]
            unit.history += retired
            unit.retired |= {seen.key for seen in retired}
            unit.speaking = [seen for seen in unit.speaking if seen.rank >= since]


def _replaced(nodes: Mapping[Key, Mapping[Key, list[Observation]]], decisions: Iterable[Decision]) -> dict[Key, set[Key]]:
    """Return by node the contents of its versions without a date that one with a date replaces by a decision."""
    pairs = [made.keys for made in decisions if made.verdict == "supersedes"]
    named = {key for keys in pairs for key in keys}
    if not named:
        return {}
    found = {seen.key: seen for versions in nodes.values() for said in versions.values() for seen in said if seen.key in named}
    replaced: dict[Key, set[Key]] = defaultdict(set)
    for keys in pairs:
        both = sorted([found[key] for key in keys if key in found], key=attrgetter("rank"))
        if len(both) == len(keys) and both[0].node == both[1].node and not both[0].date and both[1].date:
            replaced[both[0].node].add(both[0].content)
    return replaced


def _versions_to_units(versions: dict[Key, list[Observation]], replaced: Collection[Key] = ()) -> list[Unit]:
    """Return the units of a node that speak. The first holds the principal observation and the history of the node; so are versions
    without a date whose contents are in `replaced`.
    """
    if len(versions) == 1:
        return [Unit(_earliest(said).key, said) for said in versions.values()]
    ranks = {content: max(seen.rank for seen in said) for content, said in versions.items()}
    newest = newest_of({content: rank for content, rank in ranks.items() if rank[0] or content not in replaced})
    older = sorted(versions.keys() - {*newest})
    units = [Unit(_earliest(versions[content]).key, versions[content]) for content in newest]
    units[0].history += [seen for content in older for seen in versions[content]]
    units[0].id = _earliest([*units[0].speaking, *units[0].history]).key
    return units


def _earliest(observations: Iterable[Observation]) -> Observation:
    """Return the earliest by its own date, without one first. The date of the source does not count: it may still become later."""
    return min(observations, key=lambda seen: (last_changed(seen.record) or "", seen.key))
