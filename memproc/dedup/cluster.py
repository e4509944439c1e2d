"""Clusters: which observations are one memory. A pure function of a set of observations and a set of decisions.

Words: a *unit* is one version of a node, with all observations that say it. Of an identity's units the newest speaks; the
older are its history. A version without any date cannot be placed: it stays visible beside the others.

Strategy: units of one group are one memory. A group with odd tokens joins the group that it would be if one were a slip,
provided exactly one such group is inhabited. So without decisions a memory is a tree of groups, whatever came first. A
person's decisions change that: units merged by hand are placed together, then units in order of their distance from the
root of the tree and of their keys, each in the first block that holds nothing it was held distinct from. Blocks of which one
supersedes the other are one memory, as the versions of an identity are: the newest block speaks, the others are its history.

Every step is ordered by data, so any permutation of the input gives the same clusters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Literal, NamedTuple

from memproc.dedup.keys import Key, Observation

Verdict = Literal["merge", "distinct", "supersedes"]
Mends = Mapping[Key, Collection[Key]]

_KEY = attrgetter("key")


class Decision(NamedTuple):
    """A person's word on two nodes, or on observations of two undated versions of one node: `a` < `b`.

    "supersedes": the one that is newer replaces the other, whichever that is.
    """

    a: Key
    b: Key
    verdict: Verdict


class Cluster(NamedTuple):
    """One memory: its id, the observations that speak for it and those that are history, each ordered by key."""

    id: Key
    speaking: tuple[Observation, ...]
    history: tuple[Observation, ...]

    @property
    def observations(self) -> tuple[Observation, ...]:
        """All observations of the memory."""
        return self.speaking + self.history


class Undated(NamedTuple):
    """Two versions of one identity of which nothing tells the newer."""

    one: Observation
    other: Observation


@dataclass(slots=True)
class _Unit:
    id: Key
    speaking: list[Observation]
    history: list[Observation] = field(default_factory=list)

    @property
    def group(self) -> Key:
        return self.speaking[0].group

    @property
    def handles(self) -> set[Key]:
        """What a decision may name it by."""
        return {self.speaking[0].node, *(seen.key for seen in self.speaking)}


@dataclass(slots=True)
class _Block:
    trees: set[Key]
    units: list[_Unit]
    handles: set[Key]

    @property
    def namespace(self) -> str:
        return str(self.units[0].speaking[0].record["namespace"])


def clusters(
    observations: Iterable[Observation], mends: Mends, decisions: Sequence[Decision] = ()
) -> tuple[list[Cluster], list[Undated]]:
    """Return the clusters of the observations, ordered by id, and the pairs of versions that need a person.

    `observations` must be whole: all of each node and of each group reachable through `mends` and merges. `mends` gives
    for each group with odd tokens the groups it may stand for.
    """
    units, undated = _units(observations)
    trees = _trees({unit.group for unit in units}, mends)
    successions = _successions(units, trees, decisions) if decisions else [[block] for block in _plain_blocks(units, trees)]
    return sorted(map(_cluster, successions)), undated


def pair(one: Key, other: Key, verdict: Verdict) -> Decision:
    """Return a decision with its keys in order."""
    return Decision(min(one, other), max(one, other), verdict)


def principal(observations: Sequence[Observation]) -> Observation:
    """Return the observation of a node for which the node's id stands: of the newest version, else of the smallest content."""
    units, _ = _units(observations)
    return units[0].speaking[0]


def _units(observations: Iterable[Observation]) -> tuple[list[_Unit], list[Undated]]:
    nodes: dict[Key, dict[Key, list[Observation]]] = defaultdict(dict)
    for observation in sorted(observations, key=_KEY):
        nodes[observation.node].setdefault(observation.content, []).append(observation)
    units: list[_Unit] = []
    undated: list[Undated] = []
    for node, versions in nodes.items():
        found = _versions_to_units(node, versions)
        units += found
        undated += [Undated(found[0].speaking[0], unit.speaking[0]) for unit in found[1:]]
    return units, undated


def _versions_to_units(node: Key, versions: dict[Key, list[Observation]]) -> list[_Unit]:
    """Return the units of a node that speak, the principal first: the newest, or the one with the smallest content."""
    if len(versions) == 1:
        return [_Unit(node, said) for said in versions.values()]
    dates = {content: max(filter(None, [seen.date for seen in said]), default=None) for content, said in versions.items()}
    dated = sorted(content for content, date in dates.items() if date)
    undated = sorted(content for content, date in dates.items() if not date)
    newest = max(dated, key=lambda content: dates[content] or "", default=None)  # of equals the first: the smallest key
    principal = undated[0] if newest is None else newest
    others = [content for content in undated if content != principal]
    units = [_Unit(node, versions[principal])]
    units += [_Unit(min(versions[content]).key, versions[content]) for content in others]
    units[0].history += [seen for content in dated if content != newest for seen in versions[content]]
    return units


def _trees(inhabited: set[Key], mends: Mends) -> dict[Key, tuple[Key, int]]:
    """Return for each inhabited group that stands for another the root of its tree and its distance from it.

    There is no cycle: each step turns an odd token into a common word.
    """
    above: dict[Key, Key] = {}
    for group, meant in mends.items():
        if group in inhabited and len(there := [mend for mend in meant if mend in inhabited]) == 1:
            above[group] = there[0]
    trees: dict[Key, tuple[Key, int]] = {}
    for group in above:
        root, depth = group, 0
        while root in above:
            root, depth = above[root], depth + 1
        trees[group] = root, depth
    return trees


def _place_of(group: Key, trees: Mapping[Key, tuple[Key, int]]) -> tuple[Key, int]:
    """Return the root of a group's tree and its distance from it: most groups are a tree by themselves."""
    return trees.get(group) or (group, 0)


def _plain_blocks(units: list[_Unit], trees: dict[Key, tuple[Key, int]]) -> list[list[_Unit]]:
    blocks: dict[Key, list[_Unit]] = defaultdict(list)
    for unit in units:
        root, _ = _place_of(unit.group, trees)
        blocks[root].append(unit)
    return list(blocks.values())


def _successions(units: list[_Unit], trees: dict[Key, tuple[Key, int]], decisions: Sequence[Decision]) -> list[list[list[_Unit]]]:
    """Return the memories under decisions, each as the blocks of units that supersede one another."""
    distinct: dict[Key, set[Key]] = defaultdict(set)
    for decision in decisions:
        if decision.verdict == "distinct":
            distinct[decision.a].add(decision.b)
            distinct[decision.b].add(decision.a)
    blocks = _blocks(units, trees, decisions, distinct)
    part_of = {id(unit): at for at, block in enumerate(blocks) for unit in block.units}
    successions = []
    for joined in _joined_by("supersedes", blocks, decisions, distinct):
        parts: dict[int, list[_Unit]] = defaultdict(list)
        for unit in joined.units:
            parts[part_of[id(unit)]].append(unit)
        successions.append([*parts.values()])
    return successions


def _blocks(
    units: list[_Unit], trees: dict[Key, tuple[Key, int]], decisions: Sequence[Decision], distinct: Mapping[Key, set[Key]]
) -> list[_Block]:
    ordered = sorted(units, key=lambda unit: (_place_of(unit.group, trees)[1], unit.id))
    bundles = [_Block({_place_of(unit.group, trees)[0]}, [unit], unit.handles) for unit in ordered]
    bundles = _joined_by("merge", bundles, decisions, distinct)
    blocks: dict[int, _Block] = {}  # by the number under which one was put last
    in_tree: dict[Key, dict[int, _Block]] = defaultdict(dict)
    for number, bundle in enumerate(bundles):
        for tree in sorted(bundle.trees):
            there = in_tree[tree].items()
            home = next((at for at, block in there if not _are_distinct(block, bundle, distinct)), None)
            if home is not None:
                block = blocks.pop(home)
                for own in block.trees:
                    del in_tree[own][home]
                bundle = _union(block, bundle)  # noqa: PLW2901 - the bundle grows while it finds its homes
        blocks[number] = bundle
        for tree in bundle.trees:
            in_tree[tree][number] = bundle
    return [*blocks.values()]


def _joined_by(
    verdict: Verdict, bundles: list[_Block], decisions: Sequence[Decision], distinct: Mapping[Key, set[Key]]
) -> list[_Block]:
    """Return the bundles with those of which a person said this made one and put first; never across namespaces."""
    said = sorted(decision for decision in decisions if decision.verdict == verdict)
    named = {key for decision in said for key in decision[:2]}
    places: dict[Key, list[int]] = defaultdict(list)
    for place, bundle in enumerate(bundles):
        for key in named & bundle.handles:
            places[key].append(place)
    joined, homes, order = [*bundles], [*range(len(bundles))], [(1, place) for place in range(len(bundles))]

    def first_with(key: Key) -> int | None:
        """Return where the first bundle is now that bears a key."""
        places[key] = [*dict.fromkeys(_home_of(place, homes) for place in places[key])]
        return min(places[key], key=order.__getitem__, default=None)

    for turn, decision in enumerate(said):
        one, other = first_with(decision.a), first_with(decision.b)
        if (
            one is None
            or other is None
            or one == other
            or joined[one].namespace != joined[other].namespace
            or _are_distinct(joined[one], joined[other], distinct)
        ):
            continue
        homes[other], joined[one], order[one] = one, _union(joined[one], joined[other]), (0, turn)
    left = [place for place, home in enumerate(homes) if place == home]
    return [joined[place] for place in sorted(left, key=order.__getitem__)]


def _home_of(place: int, homes: list[int]) -> int:
    """Return where what was at a place is now, and shorten the way there."""
    home = place
    while homes[home] != home:
        home = homes[home]
    while homes[place] != home:
        homes[place], place = home, homes[place]
    return home


def _union(one: _Block, other: _Block) -> _Block:
    """Return both as one: the larger, grown, so that what grows step by step is not copied at each."""
    large, small = (one, other) if len(one.handles) >= len(other.handles) else (other, one)
    large.trees |= small.trees
    large.units += small.units
    large.handles |= small.handles
    return large


def _are_distinct(one: _Block, other: _Block, distinct: Mapping[Key, set[Key]]) -> bool:
    small, large = sorted((one, other), key=lambda block: len(block.handles))
    return any(not distinct[handle].isdisjoint(large.handles) for handle in small.handles if handle in distinct)


def _cluster(succession: list[list[_Unit]]) -> Cluster:
    if len(succession) == 1:
        units, newest, history = succession[0], succession[0], []
    else:
        newest = _newest(succession)
        units = [unit for block in succession for unit in block]
        history = [seen for block in succession if block is not newest for unit in block for seen in unit.speaking]
    history += [seen for unit in units for seen in unit.history]
    earliest = min(units, key=_began) if len(units) > 1 else units[0]
    speaking = sorted([seen for unit in newest for seen in unit.speaking], key=_KEY)
    return Cluster(earliest.id, tuple(speaking), tuple(sorted(history, key=_KEY)))


def _began(unit: _Unit) -> tuple[str, Key]:
    """Return what orders units by the first date at which one was made, those without any last, then by their ids."""
    return min([seen.record.get("created_at", "~") for seen in unit.speaking]), unit.id


def _newest(succession: list[list[_Unit]]) -> list[_Unit]:
    """Return the block with the latest date; of equals the one with the smallest id."""
    dates = [max(seen.date or "" for unit in block for seen in unit.speaking) for block in succession]
    newest = max(dates)
    latest = [block for block, date in zip(succession, dates, strict=True) if date == newest]
    return min(latest, key=lambda block: min(unit.id for unit in block))
