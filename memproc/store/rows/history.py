"""History: what was so before, and after what, of one thing: its versions, what it superseded, and the changes that are offered.

Strategy: from a memory, its open and accepted reviews of kind `changed` lead to others, and from these again, until none leads
further. All that these memories were told by is put in the order of time; what says the same as the step before it is no step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import select

from memproc.dedup.cluster import clusters
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Row
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
    memories = _memories_in_chain(tx, rows)
    grouped = in_groups(tx, [row for memory in memories.values() for row in memory.rows])
    every = sorted(grouped, key=lambda row: (row.observation.rank, row.observation.key))
    speaking = speaking_of(tx, every)
    steps: list[Step] = []
    before: Key | None = None
    for row in every:
        seen = row.observation
        is_speaking = seen.key in speaking
        link = _link(row, memories[row.home], is_speaking=is_speaking)
        if seen.group == before and is_speaking:  # told again, with other tags perhaps
            steps[-1] = replace(steps[-1], link=link)
        elif seen.group != before:
            steps.append(Step(seen.date, seen.record["content"], link, row.home.hex(), seen.key.hex(), memories[row.home].review))
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
    newest_first: list[Step] = []
    done: set[str] = set()
    for step in reversed(steps):
        is_now = step.link in ("current", "offered")
        newest_first.append(replace(step, link="told") if is_now and step.memory in done else step)
        if is_now:
            done.add(step.memory)
    return tuple(newest_first[::-1])


def _memories_in_chain(tx: Tx, rows: Sequence[Row]) -> dict[Key, _Told]:
    """Return by id the memories that reviews lead to, the one that was asked for among them."""
    chain = {rows[0].home: _Told(rows, None)}
    fresh = chain
    while fresh and len(chain) < MOST_MEMORIES:
        keys = {row.observation.key for memory in fresh.values() for row in memory.rows}
        columns = (_reviews.one, _reviews.other)
        reviews = {review.number: review for column in columns for review in tx.select_by_keys(_CHANGES, column, keys)}
        fresh = {}
        for number, review in sorted(reviews.items()):
            sides = (review.one, review.other) if (review.kind, review.status) in _STATES else ()
            for side in (side for side in sides if side not in keys):
                members = locate(tx, side.hex())
                if members and members[0].home not in chain:
                    fresh.setdefault(members[0].home, _Told(members, number))
        chain |= fresh
    return chain


def speaking_of(tx: Tx, rows: Sequence[Row]) -> set[Key]:
    """Return the keys of those observations that speak for their memories, and are no history."""
    near = neighbourhood(tx, [row.observation for row in rows], is_whole=True)
    clustered, _ = clusters((row.observation for row in near.rows.values()), near.typo_links, near.decisions, near.spent)
    return {seen.key for cluster in clustered for seen in cluster.speaking}
