"""Clusters: which observations are one memory. A pure function of a set of observations and a set of decisions.

Words: a *unit* is one version of a node, with all observations that say it. Of an identity's units the newest speaks; the
older are its history. Dates decide which is newer, and of equal dates those that the sources give for themselves; where neither
does, because a version has no date or both have the same, each stays visible, and the pair waits for a person.

A memory is called by the node that it begins with. Where versions of one node are told apart, each memory is called by its earliest
observation instead: who was given the node's id was shown one of them, and must not be shown another. So it stays when one of them
was forgotten, and the node is *spent*.

Strategy: units of one group are one memory. A group with odd tokens joins the group that it would be if one were a typo,
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
from memproc.records import last_changed

Verdict = Literal["merge", "distinct", "supersedes"]
Mends = Mapping[Key, Collection[Key]]

_KEY = attrgetter("key")


class Decision(NamedTuple):
    """A person's word on two nodes, or on observations of two undated versions of one node: `a` < `b`.

    "supersedes": the one that is newer replaces the other, whichever that is. `policy` names the policy that spoke in a person's
    place; it is empty where a person decided on this very pair.
    """

    a: Key
    b: Key
    verdict: Verdict
    policy: str = ""


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
    """`id` is what a memory is called by that begins with it: its node, or where that stands for several, an observation of it."""

    id: Key
    speaking: list[Observation]
    history: list[Observation] = field(default_factory=list)

    @property
    def group(self) -> Key:
        return self.speaking[0].group

    @property
    def node(self) -> Key:
        return self.speaking[0].node

    @property
    def handles(self) -> set[Key]:
        """What a decision may name it by."""
        return {self.node, *(seen.key for seen in self.speaking)}


@dataclass(slots=True)
class _Block:
    trees: set[Key]
    units: list[_Unit]
    handles: set[Key]

    @property
    def namespace(self) -> str:
        return str(self.units[0].speaking[0].record["namespace"])


def clusters(
    observations: Iterable[Observation], typo_links: Mends, decisions: Sequence[Decision] = (), spent: Collection[Key] = ()
) -> tuple[list[Cluster], list[Undated]]:
    """Return the clusters of the observations, ordered by id, and the pairs of versions that need a person.

    `observations` must be whole: all of each node and of each group reachable through `typo_links` and merges. `typo_links` gives
    for each group with odd tokens the groups it may stand for. No memory is called by a node of `spent`.
    """
    units, undated = _units(observations, spent)
    trees = _trees({unit.group for unit in units}, typo_links)
    successions = _successions(units, trees, decisions) if decisions else [[block] for block in _plain_blocks(units, trees)]
    memories = [memory for succession in successions for memory in _told_apart(succession, decisions)]
    whole = _whole_nodes(memories, spent) if undated else {}
    found = sorted(_cluster(memory, whole) for memory in memories)
    home_of = {seen.key: cluster.id for cluster in found for seen in cluster.observations} if undated else {}
    return found, [pair for pair in undated if home_of[pair.one.key] != home_of[pair.other.key]]


def pair(one: Key, other: Key, verdict: Verdict, policy: str = "") -> Decision:
    """Return a decision with its keys in order."""
    return Decision(min(one, other), max(one, other), verdict, policy)


def principal(observations: Sequence[Observation]) -> Observation:
    """Return the observation of a node for which the node's key stands: of the newest version, else of the smallest content."""
    units, _ = _units(observations, ())
    return units[0].speaking[0]


def are_told_apart(own: Observation, other: Observation, versions: Iterable[Observation]) -> bool:
    """Tell whether two observations of a node, whose `versions` are given, speak for two versions of which none is newer."""
    units, _ = _units(versions, ())
    told = [unit for unit in units if not {own.key, other.key}.isdisjoint(seen.key for seen in unit.speaking)]
    return len(told) > 1


def newest_of(ranks: Mapping[Key, tuple[str, str]]) -> list[Key]:
    """Return the keys of those than which none is surely newer, in order; `ranks` are those of `Observation.rank`.

    A later date is newer, and of equal dates that of the source; what has no date, or of equals no date of its source, cannot be
    placed. Those that are surely newer than another come first.
    """
    latest = max(date for date, _ in ranks.values())
    latest_of_sources = max(as_of for date, as_of in ranks.values() if date == latest)
    newest = [key for key, (date, as_of) in ranks.items() if date == latest and as_of in ("", latest_of_sources)]
    undated = [key for key, (date, _) in ranks.items() if latest and not date]
    return sorted(newest, key=lambda key: (not ranks[key][1], key)) + sorted(undated)


def _units(observations: Iterable[Observation], spent: Collection[Key]) -> tuple[list[_Unit], list[Undated]]:
    nodes: dict[Key, dict[Key, list[Observation]]] = defaultdict(dict)
    for observation in sorted(observations, key=_KEY):
        nodes[observation.node].setdefault(observation.content, []).append(observation)
    units: list[_Unit] = []
    undated: list[Undated] = []
    for node, versions in nodes.items():
        found = _versions_to_units(versions)
        if len(found) == 1 and node not in spent:
            found[0].id = node
        units += found
        undated += [Undated(found[0].speaking[0], unit.speaking[0]) for unit in found[1:]]
    return units, undated


def _versions_to_units(versions: dict[Key, list[Observation]]) -> list[_Unit]:
    """Return the units of a node that speak, the principal first: one of those than which none is newer, with the history."""
    if len(versions) == 1:
        return [_Unit(_earliest(said).key, said) for said in versions.values()]
    newest = newest_of({content: max(seen.rank for seen in said) for content, said in versions.items()})
    older = sorted(versions.keys() - {*newest})
    units = [_Unit(_earliest(versions[content]).key, versions[content]) for content in newest]
    units[0].history += [seen for content in older for seen in versions[content]]
    units[0].id = _earliest([*units[0].speaking, *units[0].history]).key
    return units


def _earliest(observations: Iterable[Observation]) -> Observation:
    """Return the first by its own date, those without any before; that of its source may become a later one."""
    return min(observations, key=lambda seen: (last_changed(seen.record) or "", seen.key))


def _trees(inhabited: set[Key], typo_links: Mends) -> dict[Key, tuple[Key, int]]:
    """Return for each inhabited group that stands for another the root of its tree and its distance from it.

    There is no cycle: each step turns an odd token into a common word.
    """
    above: dict[Key, Key] = {}
    for group, meant in typo_links.items():
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


def _whole_nodes(memories: Sequence[list[list[_Unit]]], spent: Collection[Key]) -> dict[Key, Key]:
    """Return for the id of each unit whose node has several, all of them in one memory, that node."""
    places: dict[Key, set[int]] = defaultdict(set)
    for at, memory in enumerate(memories):
        for block in memory:
            for unit in block:
                places[unit.node].add(at)
    units = (unit for memory in memories for block in memory for unit in block)
    return {unit.id: unit.node for unit in units if len(places[unit.node]) == 1 and unit.node not in spent}


def _cluster(succession: list[list[_Unit]], whole: Mapping[Key, Key]) -> Cluster:
    newest, *older = succession
    units = [unit for block in succession for unit in block]
    history = [seen for block in older for unit in block for seen in unit.speaking]
    history += [seen for unit in units for seen in unit.history]
    earliest = min(units, key=_began) if len(units) > 1 else units[0]
    speaking = sorted([seen for unit in newest for seen in unit.speaking], key=_KEY)
    return Cluster(whole.get(earliest.id, earliest.id), tuple(speaking), tuple(sorted(history, key=_KEY)))


def _began(unit: _Unit) -> tuple[str, Key]:
    """Return what orders units by the first date at which one was made, those without any last, then by their ids."""
    return min([seen.record.get("created_at", "~") for seen in unit.speaking]), unit.id


def _told_apart(succession: list[list[_Unit]], decisions: Sequence[Decision]) -> list[list[list[_Unit]]]:
    """Return a succession with the block first that is newer than all others; of several than which none is newer, each goes by
    itself, and takes what it superseded.
    """
    if len(succession) == 1:
        return [succession]
    blocks = {min(unit.id for unit in block): block for block in succession}
    newest = newest_of({key: max(seen.rank for unit in block for seen in unit.speaking) for key, block in blocks.items()})
    homes = _nearest(newest, blocks, decisions) if len(newest) > 1 else {}
    older = sorted(blocks.keys() - {*newest})
    return [[blocks[key], *(blocks[other] for other in older if homes.get(other, newest[0]) == key)] for key in newest]


def _nearest(newest: Sequence[Key], blocks: Mapping[Key, list[_Unit]], decisions: Sequence[Decision]) -> dict[Key, Key]:
    """Return for each block the first of the newest that fewest decisions lead to from it."""
    called = {handle: key for key in sorted(blocks, reverse=True) for unit in blocks[key] for handle in unit.handles}
    links: dict[Key, set[Key]] = defaultdict(set)
    for decision in decisions:
        if decision.verdict == "supersedes" and decision.a in called and decision.b in called:
            links[called[decision.a]].add(called[decision.b])
            links[called[decision.b]].add(called[decision.a])
    homes = {key: key for key in newest}
    front = [*newest]
    for key in front:  # it grows as it is gone through
        for other in sorted(links[key] - homes.keys()):
            homes[other] = homes[key]
            front.append(other)
    return homes
