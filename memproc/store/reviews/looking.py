"""Reviews: pairs that are too alike to ignore and too unlike to merge, looked for when a batch has landed.

Rules: the job counts the batches that were looked at, in the transaction that writes what was found. So who was killed behind a
batch looks at it when the job goes on, or any other begins, and finds the same: the rows tell what the plan told. No record is
lost where memproc itself breaks on comparing it; that it was not compared is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from memproc.store.index.segments import Segments
from memproc.store.jobs.batches import add_compared
from memproc.store.jobs.jobs import note_looked
from memproc.store.kinds import LedgerKind
from memproc.store.reviews.chains import Chains
from memproc.store.reviews.comparing import Comparing, Looked
from memproc.store.reviews.waiting import write_reviews
from memproc.store.rows.ledger import LedgerEntry, write_lines
from memproc.store.rows.observations import ROWS, SPEAKING, to_row
from memproc.store.rows.state import store_state
from memproc.store.sql import tables
from memproc.store.sql.driver_errors import is_of_memproc, is_of_value
from memproc.store.sql.opening import check_policy
from memproc.store.sql.tx import Tx

LOOKED_AT_ONCE = 2_000
FOUND_OTHERWISE = (ReviewKind.UNDATED, ReviewKind.MEANING)  # the kinds that the index does not find

RETURNED = LedgerKind.RETURNED

_reviews, _observations, _batches = tables.reviews.c, tables.observations.c, tables.batches.c
_HOMES = select(_observations.key, _observations.memory)


class Fresh(NamedTuple):
    """What is to be looked at of a batch that just landed: its number, the epoch of its transaction, and its parts."""

    batch: int
    epoch: int
    parts: Sequence[Looking]


@dataclass(slots=True)
class Compared:
    """What looking at a batch came to: how many pairs shared bands, were compared, and wait now; what was told again, each with
    what told it before; and the keys of what memproc itself broke on.
    """

    candidates: int = 0
    verified: int = 0
    reviews: int = 0
    returned: dict[Key, Key] = field(default_factory=dict)
    broken: list[Key] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Looks for reviews in one store. `review_at`: the confidence from which a pair waits for a person."""

    segments: Segments
    policy: Policy
    review_at: float
    redacts: bool = False

    def catch_up(self, tx: Tx, job: int, fresh: Fresh | None = None) -> Compared:
        """Look at those batches of a job that were not looked at, of which the `fresh` one need not be read again; return what was
        found of the newest.
        """
        there = store_state(tx, job)
        check_policy(there.policy, self.policy)
        tx.policy = self.policy
        self.segments.at(there.epoch, there.segment)
        found, broken = Compared(), list[Key]()
        for batch in _newest_batches(tx, job, there.landed - there.looked):
            started = perf_counter()
            if fresh is None or fresh.batch != batch:
                parts = self._told_by_rows(tx, batch, broken)
            elif there.epoch - fresh.epoch > 1:  # somebody has written in between
                parts = [self._as_it_is_now(tx, part) for part in fresh.parts]
            else:
                parts = [*fresh.parts]
            found = self.look_at(tx, parts, batch)
            add_compared(tx, batch, (found.reviews, found.candidates, found.verified), perf_counter() - started)
            broken += found.broken
        note_looked(tx, job, there.landed)
        return replace(found, broken=broken)

    def look_at(self, tx: Tx, parts: Sequence[Looking], batch: int) -> Compared:
        """Look at the parts of a batch, and write what is found."""
        compared = Compared()

        def look(part: Looking, keys: Sequence[Key]) -> None:
            with tx.savepoint():
                looked = self.look(tx, part.only(frozenset(keys)) if len(keys) < len(part.keys) else part)
                reviews = write_reviews(tx, looked.for_review, batch)
                lines = [LedgerEntry(RETURNED, key, before, 1.0, 1, RETURNED) for key, before in looked.returned.items()]
                write_lines(tx, batch, lines)
            compared.candidates += looked.candidates
            compared.verified += looked.verified
            compared.reviews += reviews
            compared.returned |= looked.returned

        for part in parts:
            keys = part.keys
            for at, error in isolated(partial(look, part), keys, _is_of_some).items():
                self._tell_of(error, keys[at])
                compared.broken.append(keys[at])
        return compared

    def _tell_of(self, error: Exception, key: Key) -> None:
        """Log what memproc broke on, or the database refused; with `redacts` without the words of the error."""
        told = type(error).__name__ if self.redacts else repr(error)
        logger.opt(exception=None if self.redacts else error).warning("{} was not compared: {}", key.hex(), told)

    def _as_it_is_now(self, tx: Tx, new: Looking) -> Looking:
        """Return those of some facts that are still there, in the memories that they are in by now."""
        found = tx.select_by_keys(_HOMES, _observations.key, new.keys)
        memories = {row.key: row.memory for row in found}
        return new.only(memories.keys())._replace(memories=memories)

    def _told_by_rows(self, tx: Tx, batch: int, broken: list[Key]) -> list[Looking]:
        """Return what is to be looked at of a batch that landed in another process, in parts; note the keys of `broken` rows."""
        is_read_again = (_observations.last_batch == batch) & _observations.as_of.is_not(None)
        query = ROWS.add_columns(_observations.batch, _observations.outcome)
        found = tx.execute(query.where((_observations.batch == batch) | is_read_again)).all()
        own = {row.number: row.outcome for row in found if row.batch == batch}
        cores = {row.core for row in found}
        members = self._readable(tx.select_by_keys(SPEAKING, _observations.core, cores), [])
        rows = self._readable((row[: -len(("batch", "outcome"))] for row in found), broken)
        parts: list[Looking] = []
        first = min(own, default=None)
        failed = isolated(lambda some: parts.append(looking(some, members, self.policy, own, first)), rows)
        for at, error in failed.items():
            self._tell_of(error, rows[at].observation.key)
            broken.append(rows[at].observation.key)
        return parts

    def _readable(self, found: Iterable[Any], broken: list[Key]) -> list[Row]:
        """Return those of some rows whose records can be read; note the keys of others."""
        rows = []
        for one in found:
            try:
                rows.append(to_row(one))
            except orjson.JSONDecodeError as error:
                _, _, key, *_ = one
                self._tell_of(error, key)
                broken.append(key)
        return rows

    def look(self, tx: Tx, new: Looking) -> Looked:
        """Look for what the facts of a batch are like, and what of its chains has changed."""
        alike = Comparing(self.segments, self.policy, self.review_at).compare(tx, new)
        if not new.dated:
            return alike
        hashes = (hash_ for chains in new.dated.values() for hash_ in chains)
        followed = self._chains.follow(tx, hashes, new.again, new.first_number)
        return alike._replace(for_review=[*followed.for_review, *alike.for_review], returned=followed.returned)

    @property
    def _chains(self) -> Chains:
        return Chains(self.segments, self.policy)

    def look_again(self, tx: Tx) -> None:
        """Find the open reviews of the whole store anew, as another model would have."""
        is_found = (_reviews.status == "open") & _reviews.kind.not_in(FOUND_OTHERWISE)
        tx.execute(delete(tables.reviews).where(is_found))
        newest = tx.next_number(tables.batches) - 1
        for cores in _all_cores(tx):
            rows = [*map(to_row, tx.select_by_keys(SPEAKING, _observations.core, cores))]
            new = looking(rows, rows, self.policy)
            for_review = self.look(tx, new).for_review
            write_reviews(tx, for_review, newest)


def _is_of_some(error: Exception) -> bool:
    """Tell whether it is of some of the facts that something went wrong: memproc broke on them, or the database refused a value, or
    so much at once.
    """
    if isinstance(error, DBAPIError | DatabaseError):
        failure = error.failure if isinstance(error, DatabaseError) else failure_of(error.orig or error)
        return is_of_value(error) or failure.kind in (Kind.DATA, Kind.CAPACITY)
    return is_of_memproc(error) or is_of_value(error)


def _newest_batches(tx: Tx, job: int, count: int) -> list[int]:
    """Return the numbers of the newest batches of a job, in their order."""
    newest = select(_batches.number).where(_batches.job == job).order_by(_batches.number.desc()).limit(count)
    return sorted(tx.execute(newest).scalars()) if count > 0 else []


def _all_cores(tx: Tx) -> Iterator[list[int]]:
    """Give every core of the store once, some at a time, in the order of what came first."""
    speaking = select(_observations.core).where(_observations.speaks == literal_column("1"))
    query = speaking.group_by(_observations.core).order_by(func.min(_observations.number))
    cores = tx.execute(query).scalars().all()
    return ([*cores[start : start + LOOKED_AT_ONCE]] for start in range(0, len(cores), LOOKED_AT_ONCE))
