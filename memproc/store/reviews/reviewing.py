"""Finds the reviews of committed batches: pairs too alike to ignore and too different to merge.

Rules: the transaction that writes the reviews of a batch also counts it as reviewed in its job. So if a process is killed after it
committed a batch, the next run of this or another job reviews the batch and finds the same, because its rows give the same plan.
If memproc itself fails to compare a record, the record stays stored, and the failure is logged and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple

import orjson
from loguru import logger
from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.exc import DBAPIError

from memproc.config import Policy
from memproc.dedup.keys import Key
from memproc.dedup.looking import Looking, looking
from memproc.dedup.neighbourhood import Row
from memproc.dedup.review_policy import ReviewKind
from memproc.errors import DatabaseError
from memproc.failures import Kind, failure_of
from memproc.intake import isolated
from memproc.report.rebuild_steps import told_step
from memproc.store.index.segments import Segments
from memproc.store.jobs.batches import add_compared
from memproc.store.jobs.jobs import note_looked
from memproc.store.kinds import LedgerKind
from memproc.store.reviews.comparing import Comparing, Comparison
from memproc.store.reviews.offering import Chains
from memproc.store.reviews.storing import write_reviews
from memproc.store.rows.ledger import LedgerEntry, write_lines
from memproc.store.rows.observations import ROWS, SPEAKING, to_row
from memproc.store.rows.state import store_state
from memproc.store.sql import tables
from memproc.store.sql.driver_errors import is_of_memproc, is_of_value
from memproc.store.sql.opening import check_policy
from memproc.store.sql.tx import Tx

CORES_AT_ONCE = 2_000
NOT_FROM_INDEX = (ReviewKind.UNDATED, ReviewKind.MEANING)  # kinds of review that the index does not find

RETURNED = LedgerKind.RETURNED

_reviews, _observations, _batches = tables.reviews.c, tables.observations.c, tables.batches.c
_MEMORY_OF = select(_observations.key, _observations.memory)


class Fresh(NamedTuple):
    """What to compare of a batch that was just committed: its number, the epoch of its transaction, and the parts."""

    batch: int
    epoch: int
    parts: Sequence[Looking]


@dataclass(slots=True)
class Reviewed:
    """The result of reviewing a batch: the numbers of pairs that shared bands, of pairs compared, and of new reviews; observations
    that repeat an older value, with the one that said it before; and the keys of observations that could not be compared.
    """

    candidates: int = 0
    verified: int = 0
    reviews: int = 0
    returned: dict[Key, Key] = field(default_factory=dict)
    broken: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Finds reviews in one store: pairs with at least the confidence `review_at`, and changes."""

    segments: Segments
    policy: Policy
    review_at: float
    redacts: bool = False

    def catch_up(self, tx: Tx, job: int, fresh: Fresh | None = None) -> Reviewed:
        """Review the batches of a job that are not reviewed yet; the `fresh` one need not be read again. Return the result of the
        newest batch, with the failures of all.
        """
        state = store_state(tx, job)
        check_policy(state.policy, self.policy)
        tx.policy = self.policy
        self.segments.at(state.epoch, state.segment)
        reviewed, broken = Reviewed(), list[Key]()
        for batch in _newest_batches(tx, job, state.landed - state.looked):
            started = perf_counter()
            if fresh is None or fresh.batch != batch:
                parts = self._plan_from_rows(tx, batch, broken)
            elif state.epoch - fresh.epoch > 1:  # another transaction has written in between
                parts = [self._refreshed(tx, part) for part in fresh.parts]
            else:
                parts = [*fresh.parts]
            reviewed = self.review_parts(tx, parts, batch)
            add_compared(tx, batch, (reviewed.reviews, reviewed.candidates, reviewed.verified), perf_counter() - started)
            broken += reviewed.broken
        note_looked(tx, job, state.landed)
        return replace(reviewed, broken=broken)

    def review_parts(self, tx: Tx, parts: Sequence[Looking], batch: int) -> Reviewed:
        """Compare the parts of a batch, and write its reviews."""
        reviewed = Reviewed()

        def review(part: Looking, keys: Sequence[Key]) -> None:
            with tx.savepoint():
                comparison = self.find(tx, part.only(frozenset(keys)) if len(keys) < len(part.keys) else part)
                reviews = write_reviews(tx, comparison.for_review, batch)
                lines = [LedgerEntry(RETURNED, key, before, 1.0, 1, RETURNED) for key, before in comparison.returned.items()]
                write_lines(tx, batch, lines)
            reviewed.candidates += comparison.candidates
            reviewed.verified += comparison.verified
            reviewed.reviews += reviews
            reviewed.returned |= comparison.returned

        for part in parts:
            keys = part.keys
            for at, error in isolated(partial(review, part), keys, _is_of_single_facts).items():
                self._log_failure(error, keys[at])
                reviewed.broken.append(keys[at])
        return reviewed

    def _log_failure(self, error: Exception, key: Key) -> None:
        """Log that an observation was not compared; with `redacts` without the message of the error."""
        shown = type(error).__name__ if self.redacts else repr(error)
        logger.opt(exception=None if self.redacts else error).warning("{} was not compared: {}", key.hex(), shown)

    def _refreshed(self, tx: Tx, new: Looking) -> Looking:
        """Return the facts that still exist, with their present memories."""
        memories = {row.key: row.memory for row in tx.select_by_keys(_MEMORY_OF, _observations.key, new.keys)}
        return new.only(memories.keys())._replace(memories=memories)

    def _plan_from_rows(self, tx: Tx, batch: int, broken: list[Key]) -> list[Looking]:
        """Return the parts to compare of a batch of another process, from its rows; add the keys of unreadable rows to `broken`."""
        is_read_again = (_observations.last_batch == batch) & _observations.as_of.is_not(None)
        rows_of_batch = tx.execute(ROWS.where((_observations.batch == batch) | is_read_again)).all()
        outcome_of_new = select(_observations.number, _observations.outcome).where(_observations.batch == batch)
        outcomes = dict(tuple(row) for row in tx.execute(outcome_of_new))
        members = self._parse_rows(tx.select_by_keys(SPEAKING, _observations.core, {row.core for row in rows_of_batch}), [])
        rows = self._parse_rows(rows_of_batch, broken)
        parts: list[Looking] = []
        first = min(outcomes, default=None)
        failed = isolated(lambda chunk: parts.append(looking(chunk, members, self.policy, outcomes, first)), rows)
        for at, error in failed.items():
            self._log_failure(error, rows[at].observation.key)
            broken.append(rows[at].observation.key)
        return parts

    def _parse_rows(self, selected: Iterable[Any], broken: list[Key]) -> list[Row]:
        """Parse rows; add the keys of those whose records are unreadable to `broken`."""
        rows = []
        for row in selected:
            try:
                rows.append(to_row(row))
            except orjson.JSONDecodeError as error:
                self._log_failure(error, row.key)
                broken.append(row.key)
        return rows

    def find(self, tx: Tx, new: Looking) -> Comparison:
        """Find the pairs of a batch that are alike, and the changes in its chains."""
        alike = Comparing(self.segments, self.policy, self.review_at).compare(tx, new)
        if not new.dated:
            return alike
        hashes = (hash_ for chains in new.dated.values() for hash_ in chains)
        followed = self._chains.follow(tx, hashes, new.again, new.first_number)
        return alike._replace(for_review=[*followed.for_review, *alike.for_review], returned=followed.returned)

    @property
    def _chains(self) -> Chains:
        return Chains(self.segments, self.policy)

    def find_again(self, tx: Tx) -> None:
        """Delete the open reviews that the index finds, and find those of the whole store again with the present model."""
        is_from_index = (_reviews.status == "open") & _reviews.kind.not_in(NOT_FROM_INDEX)
        tx.execute(delete(tables.reviews).where(is_from_index))
        newest = tx.next_number(tables.batches) - 1
        parts = _all_cores(tx)
        for cores in told_step("reviews", parts, sum(map(len, parts))):
            rows = [*map(to_row, tx.select_by_keys(SPEAKING, _observations.core, cores))]
            new = looking(rows, rows, self.policy)
            write_reviews(tx, self.find(tx, new).for_review, newest)


def _is_of_single_facts(error: Exception) -> bool:
    """Tell whether halving may find the facts behind an error: memproc failed, or the database refused a value or their number."""
    if isinstance(error, DBAPIError | DatabaseError):
        failure = error.failure if isinstance(error, DatabaseError) else failure_of(error.orig or error)
        return is_of_value(error) or failure.kind in (Kind.DATA, Kind.CAPACITY)
    return is_of_memproc(error) or is_of_value(error)


def _newest_batches(tx: Tx, job: int, count: int) -> list[int]:
    """Return the numbers of the newest batches of a job, the oldest first."""
    newest = select(_batches.number).where(_batches.job == job).order_by(_batches.number.desc()).limit(count)
    return sorted(tx.execute(newest).scalars()) if count > 0 else []


def _all_cores(tx: Tx) -> list[Sequence[int]]:
    """Return every core of the store once, in chunks, in the order of arrival."""
    speaking = select(_observations.core).where(_observations.speaks == literal_column("1"))
    query = speaking.group_by(_observations.core).order_by(func.min(_observations.number))
    cores = tx.execute(query).scalars().all()
    return [cores[start : start + CORES_AT_ONCE] for start in range(0, len(cores), CORES_AT_ONCE)]
