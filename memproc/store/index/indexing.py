"""Putting facts into the index of near pairs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from memproc.config import Policy
from memproc.dedup.keys import Columns, Observation, Prepared, prepare
from memproc.store.index.segments import Segments
from memproc.store.sql.tx import Tx


def prepare_again(seen: Observation, policy: Policy) -> Prepared:
    """Return an observation of the store with its keys under a policy."""
    return prepare(seen.record, is_identity=seen.is_identity, as_of=seen.as_of, policy=policy)


def index_facts(tx: Tx, segments: Segments, numbered: Iterable[tuple[int, Prepared]]) -> None:
    """Index facts, each with its number, but for those that take no part in the near tier."""
    near = [(number, prepared) for number, prepared in numbered if prepared.is_near]
    if near:
        segments.index(tx, [number for number, _ in near], Columns.of(prepared for _, prepared in near), tx.policy.recall)


def index_again(tx: Tx, segments: Segments, survivors: Sequence[tuple[int, Prepared]]) -> None:
    """Index the first observation that is left of each core."""
    first = {found.core: (number, found) for number, found in sorted(survivors, reverse=True)}
    segments.remove(tx, [number for number, _ in first.values()])
    index_facts(tx, segments, first.values())
