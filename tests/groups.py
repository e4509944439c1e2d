"""What prepared records merge by, whether they meet others or not."""

from __future__ import annotations

from typing import NamedTuple

from memproc.config import Policy
from memproc.dedup.columns import Prepared
from memproc.dedup.grouping import grouped, in_group
from memproc.dedup.keys import Key
from memproc.dedup.observation import Grouped, Observation


class Merging(NamedTuple):
    """A prepared record, its observation in its group, and what it merges by."""

    prepared: Prepared
    observation: Observation
    found: Grouped

    @property
    def typo_links(self) -> tuple[Key, ...]:
        """The groups that it may stand for."""
        return self.found.typo_links


def merging(prepared: Prepared, policy: Policy | None = None) -> Merging:
    """Return a prepared record with what it merges by, under a policy of a store."""
    found = grouped(prepared.content, prepared.record, policy or Policy())
    return Merging(prepared, in_group(prepared.observation, {prepared.content: found}), found)
