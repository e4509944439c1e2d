"""History: what was so before, and after what, of one thing: its versions, what it superseded, and the changes that are offered.

Strategy: from a memory, its open and accepted reviews of kind `changed` lead to others, and from these again, until none leads
further. All that these memories were told by is put in the order of time; what says the same as the step before it is no step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import select

from memproc.dedup.cluster import clusters
from memproc.dedup.decide import Row
from memproc.dedup.keys import Key
from memproc.store.answers import Link, Step
from memproc.store.rows.neighbourhood import in_groups, neighbourhood
from memproc.store.rows.observations import locate
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

MOST_MEMORIES = 1_000  # of one history

_reviews = tables.reviews.c
_CHANGES = select(*(_reviews[name] for name in ("number", "one", "other", "kind", "status")))
_STATES = (("changed", "open"), ("changed", "supersedes"))  # of reviews of changes that are open or were accepted


class _Told(NamedTuple):
    """A memory of a chain: its observations, and the review by which it was found, None for the one that was asked for."""

    rows: Sequence[Row]
    review: int | None


def history_of(tx: Tx, rows: Sequence[Row]) -> tuple[Step, ...]:
    """Return the steps of the memory whose observations are `rows`, the oldest first, those without a date before all."""
    told = _memories_in_chain(tx, rows)
    rows_told = in_groups(tx, [row for one in told.values() for row in one.rows])
    every = sorted(rows_told, key=lambda row: (row.observation.rank, row.observation.key))
    speaking = speaking_of(tx, every)
    steps: list[Step] = []
    before: Key | None = None
    for row in every:
        seen = row.observation
        if seen.group != before:
            link = _link(row, told[row.home], is_speaking=seen.key in speaking)
            steps.append(Step(seen.date, seen.record["content"], link, row.home.hex(), seen.key.hex(), told[row.home].review))
        before = seen.group
    return _with_what_was_told_before(steps)


def _link(row: Row, told: _Told, *, is_speaking: bool) -> Link:
    """Return how an observation is linked with what was asked for."""
    if is_speaking:
        return "current" if told.review is None else "offered"
    has_newer_version = any(other.observation.node == row.observation.node and other is not row for other in told.rows)
    return "version" if row.observation.is_identity and has_newer_version else "superseded"


def _with_what_was_told_before(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps, of which the last of each memory alone is how it speaks now: what it said before is `told`."""
    found: list[Step] = []
    done: set[str] = set()
    for step in reversed(steps):
        is_now = step.link in ("current", "offered")
        found.append(replace(step, link="told") if is_now and step.memory in done else step)
        if is_now:
            done.add(step.memory)
    return tuple(found[::-1])


def _memories_in_chain(tx: Tx, rows: Sequence[Row]) -> dict[Key, _Told]:
    """Return by id the memories that reviews lead to, the one that was asked for among them."""
    found = {rows[0].home: _Told(rows, None)}
    fresh: Mapping[Key, _Told] = found
    while fresh and len(found) < MOST_MEMORIES:
        keys = {row.observation.key for one in fresh.values() for row in one.rows}
        changes = [
            (number, *sides)
            for column in (_reviews.one, _reviews.other)
            for number, *sides, kind, status in tx.select_by_keys(_CHANGES, column, keys)
            if (kind, status) in _STATES
        ]
        fresh = {}
        for number, *sides in sorted(changes):
            for side in sides:
                there = locate(tx, side.hex()) if side not in keys else []
                if there and there[0].home not in found and there[0].home not in fresh:
                    fresh[there[0].home] = _Told(there, number)
        found |= fresh
    return found


def speaking_of(tx: Tx, rows: Sequence[Row]) -> set[Key]:
    """Return the keys of those observations that speak for their memories, and are no history."""
    near = neighbourhood(tx, [row.observation for row in rows], is_whole=True)
    found, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
    return {seen.key for cluster in found for seen in cluster.speaking}
