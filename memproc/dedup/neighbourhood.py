"""The part of a store that a batch can touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from memproc.dedup.decision import Decision
from memproc.dedup.keys import Key
from memproc.dedup.observation import Grouped, Observation

Version = tuple[Key, Key]  # a node and a content
Groups = Mapping[Key, Grouped]


class Row(NamedTuple):
    """An observation in the store: its number, the memory it is in (None if it is a memory by itself), the observation, and whether
    it is one of the speakers of its version (`speakers.py`).
    """

    number: int
    memory: Key | None
    observation: Observation
    speaks: bool = True

    @property
    def home(self) -> Key:
        """The id of the memory it is in; a memory of one observation has its node as its id."""
        return self.memory or self.observation.node


class Neighbourhood(NamedTuple):
    """All of the store that a batch can touch: all observations of its nodes and of its cores, by key; by what they merge, by
    content; the decisions on them; and the nodes that are spent. If it is not whole, silent observations are missing.
    """

    rows: Mapping[Key, Row]
    groups: Groups
    decisions: Sequence[Decision]
    spent: AbstractSet[Key] = frozenset()
    is_whole: bool = True

    @property
    def typo_links(self) -> Mapping[Key, frozenset[Key]]:
        """Return for each group with an odd token the groups that it may stand for."""
        links: dict[Key, frozenset[Key]] = {}
        for grouped in self.groups.values():
            if grouped.typo_links:
                links[grouped.group] = links.get(grouped.group, frozenset()).union(grouped.typo_links)
        return links

    @property
    def named(self) -> AbstractSet[Key]:
        """The keys of nodes and observations that decisions name."""
        return {key for decision in self.decisions for key in decision.keys}
