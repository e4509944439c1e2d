"""Adds facts to the index of near pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memproc.config import Policy
from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.observation import Observation
from memproc.dedup.preparing import prepare
from memproc.store.index.segments import Segments
from memproc.store.sql.tx import Tx


def prepare_again(seen: Observation, policy: Policy) -> Prepared:
    """Compute the keys of a stored observation under a policy."""
    return prepare(seen.record, is_identity=seen.is_identity, as_of=seen.as_of, policy=policy)


def index_facts(tx: Tx, segments: Segments, numbered: Iterable[tuple[int, Prepared]]) -> None:
    """Index facts, each with its number, except those outside the near tier."""
    near = [(number, prepared) for number, prepared in numbered if prepared.is_near]
    if near:
        segments.index(tx, [number for number, _ in near], Columns.of(prepared for _, prepared in near), tx.policy.recall)


def index_again(tx: Tx, segments: Segments, survivors: Sequence[tuple[int, Prepared]]) -> None:
    """Index the first surviving observation of each core."""
    first = {fact.core: (number, fact) for number, fact in sorted(survivors, reverse=True)}
    segments.remove(tx, [number for number, _ in first.values()])
    index_facts(tx, segments, first.values())
