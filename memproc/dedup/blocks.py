"""Blocks: which units are one memory, by their groups and by the decisions of people.

Strategy: units of one group are one memory. A group with odd tokens joins the group that it would be in if one of them were a typo,
provided exactly one such group has a unit. So without decisions a memory is a tree of groups, whatever came first. Decisions
change that: units that a person merged are placed together. Then the units are placed in the order of their distance from the root
of the tree and of their keys, each in the first block that holds nothing from which it was kept distinct. Blocks of which one
supersedes the other form one *succession*.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from memproc.config import Verdict
from memproc.dedup.decision import Decision
from memproc.dedup.keys import Key
from memproc.dedup.versions import Unit

TypoLinks = Mapping[Key, Collection[Key]]


@dataclass(slots=True)
class Block:
    """Units of one memory or of a part of one, with the roots of their trees and the keys by which decisions may name them."""

    trees: set[Key]
    units: list[Unit]
    handles: set[Key]

    @property
    def namespace(self) -> str:
        """The namespace of its units."""
        return str(self.units[0].speaking[0].record["namespace"])


def trees_of(inhabited: set[Key], typo_links: TypoLinks) -> dict[Key, tuple[Key, int]]:
    """Return the root of its tree and its distance from it, by group, for each group that stands for another one.

    `inhabited` holds the groups that have units. There is no cycle: each step turns an odd token into a common word.
    """
    above: dict[Key, Key] = {}
    for group, meant in typo_links.items():
        if group in inhabited and len(possible := [other for other in meant if other in inhabited]) == 1:
            above[group] = possible[0]
    trees: dict[Key, tuple[Key, int]] = {}
    for group in above:
        root, depth = group, 0
        while root in above:
            root, depth = above[root], depth + 1
        trees[group] = root, depth
    return trees


def _place_of(group: Key, trees: Mapping[Key, tuple[Key, int]]) -> tuple[Key, int]:
    """Return the root of a group's tree and its distance from it; most groups are a tree by themselves."""
    return trees.get(group) or (group, 0)


def plain_blocks(units: list[Unit], trees: dict[Key, tuple[Key, int]]) -> list[list[Unit]]:
    """Return the units of each tree, which are one memory where there are no decisions."""
    blocks: dict[Key, list[Unit]] = defaultdict(list)
    for unit in units:
        root, _ = _place_of(unit.group, trees)
        blocks[root].append(unit)
    return list(blocks.values())


def successions_of(units: list[Unit], trees: dict[Key, tuple[Key, int]], decisions: Sequence[Decision]) -> list[list[list[Unit]]]:
    """Return the successions under some decisions, each as its blocks of units."""
    distinct: dict[Key, set[Key]] = defaultdict(set)
    for decision in decisions:
        if decision.verdict == "distinct":
            distinct[decision.a].add(decision.b)
            distinct[decision.b].add(decision.a)
    blocks = _blocks(units, trees, decisions, distinct)
    part_of = {id(unit): at for at, block in enumerate(blocks) for unit in block.units}
    successions = []
    for joined in _joined_by("supersedes", blocks, decisions, distinct):
        parts: dict[int, list[Unit]] = defaultdict(list)
        for unit in joined.units:
            parts[part_of[id(unit)]].append(unit)
        successions.append([*parts.values()])
    return successions


def _blocks(
    units: list[Unit], trees: dict[Key, tuple[Key, int]], decisions: Sequence[Decision], distinct: Mapping[Key, set[Key]]
) -> list[Block]:
    ordered = sorted(units, key=lambda unit: (_place_of(unit.group, trees)[1], unit.id))
    bundles = [Block({_place_of(unit.group, trees)[0]}, [unit], unit.handles) for unit in ordered]
    bundles = _joined_by("merge", bundles, decisions, distinct)
    blocks: dict[int, Block] = {}  # by the number under which one was put last
    in_tree: dict[Key, dict[int, Block]] = defaultdict(dict)
    for number, bundle in enumerate(bundles):
        for tree in sorted(bundle.trees):
            home = next((at for at, block in in_tree[tree].items() if not _are_distinct(block, bundle, distinct)), None)
            if home is not None:
                block = blocks.pop(home)
                for root in block.trees:
                    del in_tree[root][home]
                bundle = _union(block, bundle)  # noqa: PLW2901 - the bundle grows while it finds its homes
        blocks[number] = bundle
        for tree in bundle.trees:
            in_tree[tree][number] = bundle
    return [*blocks.values()]


def _joined_by(
    verdict: Verdict, bundles: list[Block], decisions: Sequence[Decision], distinct: Mapping[Key, set[Key]]
) -> list[Block]:
    """Return the bundles, joined where a decision has this verdict; the joined ones come first. Never joins across namespaces."""
    said = sorted(decision for decision in decisions if decision.verdict == verdict)
    named = {key for decision in said for key in decision.keys}
    places: dict[Key, list[int]] = defaultdict(list)
    for place, bundle in enumerate(bundles):
        for key in named & bundle.handles:
            places[key].append(place)
    joined, homes, order = [*bundles], [*range(len(bundles))], [(1, place) for place in range(len(bundles))]

    def first_with(key: Key) -> int | None:
        """Return the place of the first bundle that has a key."""
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
    """Return the place of the bundle that took in the one at a place, and shorten the path to it (union-find)."""
    home = place
    while homes[home] != home:
        home = homes[home]
    while homes[place] != home:
        homes[place], place = home, homes[place]
    return home


def _union(one: Block, other: Block) -> Block:
    """Return both as one. The larger one is extended in place, so that a block that grows in steps is not copied at each."""
    large, small = (one, other) if len(one.handles) >= len(other.handles) else (other, one)
    large.trees |= small.trees
    large.units += small.units
    large.handles |= small.handles
    return large


def _are_distinct(one: Block, other: Block, distinct: Mapping[Key, set[Key]]) -> bool:
    small, large = sorted((one, other), key=lambda block: len(block.handles))
    return any(not distinct[handle].isdisjoint(large.handles) for handle in small.handles if handle in distinct)
