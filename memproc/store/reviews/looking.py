"""Reviews: pairs that are too alike to ignore and too unlike to merge, looked for when a batch has landed.

Rules: the job counts the batches that were looked at, in the transaction that writes what was found. So who was killed behind a
batch looks at it when the job goes on, or any other begins, and finds the same: the rows tell what the plan told. No record is
lost where memproc itself breaks on comparing it; that it was not compared is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import orjson
from loguru import logger
from sqlalchemy import delete, func, literal_column, select
from sqlalchemy.exc import DBAPIError

from memproc.config import Policy
from memproc.dedup.changes.chains import CHAINS, is_replaced, place_of, shared_keys
from memproc.dedup.compare.compare import compare_if_changed, compare_if_likely
from memproc.dedup.compare.confidence import features_of, may_be_alike, may_be_alike_in_length, model_of
from memproc.dedup.compare.reasons import TELLING, kinds_of
from memproc.dedup.decide import Row
from memproc.dedup.doubts import ROUND, Doubt, crowd_in, for_a_person, is_of, is_worth_more
from memproc.dedup.gist.gist import read, shows_english
from memproc.dedup.keys import Key, Prepared
from memproc.dedup.looking import Looking, looking
from memproc.dedup.minhash import index
from memproc.dedup.text.exact import exact_of
from memproc.dedup.text.telling import tells_a_secret
from memproc.errors import DatabaseError
from memproc.failures import Kind, failure_of
from memproc.intake import isolated
from memproc.store.index.segments import Segments
from memproc.store.reviews.chains import Chains
from memproc.store.reviews.comparing import _Texts
from memproc.store.reviews.waiting import write_reviews
from memproc.store.rows.ledger import Line, write_lines
from memproc.store.rows.observations import ROWS, SPEAKING, to_row
from memproc.store.rows.state import standing
from memproc.store.sql import tables
from memproc.store.sql.database import is_of_memproc, is_of_value
from memproc.store.sql.opening import check_policy
from memproc.store.sql.tx import Tx
from memproc.times import to_micros

LOOKED_AT_ONCE = 2_000
SIDES_KEPT = 500
OF_SECRETS = 0.5  # of each character of a password nobody can tell whether it is meant
FOUND_OTHERWISE = ("undated", "meaning")  # the kinds that the index does not find

RETURNED = "returned"  # of a value that is told again after another had replaced it

_reviews, _observations, _batches = tables.reviews.c, tables.observations.c, tables.batches.c
_TOLD = select(_batches.review, _batches.seconds)
_HOMES = select(_observations.key, _observations.memory)
_CANDIDATES = select(*(_observations[name] for name in ("number", "key", "memory", "length", "date", "as_of", "record")))
_OPEN = select(_reviews.number, _reviews.other, _reviews.kind, _reviews.status)


class Looked(NamedTuple):
    """What was found: pairs that shared bands, how many of them were compared, what is left to doubt; and of each new observation
    that tells again what had been replaced, the one that told it before.
    """

    candidates: int = 0
    verified: int = 0
    doubts: Sequence[Doubt] = ()
    returned: Mapping[Key, Key] = {}


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
        there = standing(tx, job)
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
            reviews, seconds = tx.execute(_TOLD.where(_batches.number == batch)).one()
            counts = {"review": reviews + found.reviews, "candidates": found.candidates, "verified": found.verified}
            tx.change_row(tables.batches, batch, {**counts, "seconds": seconds + perf_counter() - started})
            broken += found.broken
        tx.update_rows(tables.jobs, ("looked",), [(there.landed, job)])
        return replace(found, broken=broken)

    def look_at(self, tx: Tx, parts: Sequence[Looking], batch: int) -> Compared:
        """Look at the parts of a batch, and write what is found."""
        compared = Compared()

        def look(part: Looking, keys: Sequence[Key]) -> None:
            with tx.savepoint():
                looked = self.look(tx, part.only(frozenset(keys)) if len(keys) < len(part.keys) else part)
                reviews = write_reviews(tx, looked.doubts, batch)
                lines = [Line(RETURNED, key, before, 1.0, 1, RETURNED) for key, before in looked.returned.items()]
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
        alike = self._compare(tx, new)
        if not new.dated:
            return alike
        hashes = (hash_ for chains in new.dated.values() for hash_ in chains)
        followed = self._chains.follow(tx, hashes, new.again, new.first_number)
        return alike._replace(doubts=[*followed.doubts, *alike.doubts], returned=followed.returned)

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
            doubts = self.look(tx, new).doubts
            write_reviews(tx, doubts, newest)

    def _compare(self, tx: Tx, new: Looking) -> Looked:
        """Look up what shares a band with the first facts of their cores, and compare the pairs; and the others with what has their
        core.

        In rounds: who finds less than one alike in each is not in the next.
        """
        if not len(new.facts):
            return Looked()
        segments = self.segments.all(tx)
        found_pairs = index.candidates(new.hashes[:, : 1 - CHAINS], np.array(new.numbers, np.uint64), segments, frames=1)
        places: dict[int, Sequence[int]] = dict(enumerate(new.beside, len(new.numbers)))
        places |= {at: [number for _, number in of_one] for at, of_one in groupby(found_pairs, key=itemgetter(0))}
        own = {one.key: one for one in (_own_of(new.facts.at(at)) for at in places)}
        pairs = {new.facts.key[at]: numbers for at, numbers in places.items()}
        known = _Texts({one.key: one.text for one in own.values()})
        doubts: dict[Key, list[Doubt]] = {key: [] for key in pairs}
        verified, asked = 0, dict(pairs)
        for start in range(0, index.MOST_CANDIDATES, ROUND):
            wanted = {number for numbers in asked.values() for number in numbers[start : start + ROUND]}
            found = tx.select_by_keys(_CANDIDATES, _observations.number, wanted)
            seen = {one.number: one for one in map(_Candidate._make, found)}
            for key, numbers_of_one in asked.items():
                home = new.memories.get(key)
                there = [
                    one
                    for one in filter(None, map(seen.get, numbers_of_one[start : start + ROUND]))
                    if (home is None or home != one.memory) and _are_of_one_validity(own[key].json, one.json)
                ]
                verified += len(there)
                doubts[key] += filter(None, [self._doubt(own[key], one, known) for one in there])
            asked = {key: numbers for key, numbers in asked.items() if is_worth_more(doubts[key], start)}
            if not asked:
                break
        kept = [doubt for key, found in doubts.items() for doubt in for_a_person(found, len(pairs[key]))]
        crowd = crowd_in(doubts)
        self._close(tx, crowd)
        return Looked(sum(map(len, pairs.values())), verified, [doubt for doubt in kept if not is_of(crowd, doubt)])

    def _close(self, tx: Tx, crowd: AbstractSet[Key]) -> None:
        """Delete the open reviews of what changed within a crowd, which were found before there was one."""
        found = tx.select_by_keys(_OPEN, _reviews.one, crowd)
        within = [number for number, other, *state in found if other in crowd and state == ["changed", "open"]]
        tx.delete_by_keys(tables.reviews.c.number, within)

    def _doubt(self, own: _Own, there: _Candidate, known: _Texts) -> Doubt | None:
        """Return what is to be doubted of a pair, if anything is. What can be told without the other's text comes first."""
        has_moved_on = there.date is not None and own.date is not None and there.date != own.date
        if not may_be_alike_in_length(len(own.text), there.length) or not may_be_alike(
            known.in_order(own.text), known.in_order(text := known.text_of(there)), lambda: shows_english(own.text)
        ):
            return None
        model = model_of(self.policy.model)
        one, other = known.side_of(text), known.side_of(own.text)
        if one.gist.tokens == other.gist.tokens and (told := _telling_of(there.json, own.json)) is not None:
            sure = model.probability(features_of(one, other))
            return Doubt(there.key, own.key, "similar", sure, told) if told else None
        if has_moved_on:
            shared = shared_keys(before := place_of(text, one.gist), after := place_of(own.text, other.gist))
            if any(is_replaced(before, after, key) for key in shared):
                return None  # whether they are neighbours in time, their chain tells
            if not shared and (change := compare_if_changed(one, other, model)):
                return Doubt(there.key, own.key, "changed", change.confidence, kinds_of(change.differences))
        if alike := compare_if_likely(one, other, model, self.review_at):
            sure = alike.confidence if not _tell_other_secrets(there.json, own.json) else min(alike.confidence, OF_SECRETS)
            return Doubt(there.key, own.key, "similar", sure, kinds_of(alike.differences))
        return None


class _Own(NamedTuple):
    """What is compared of a new fact: its canonical text, its date, in microseconds since 1970, and its record as JSON."""

    key: Key
    text: str
    date: int | None
    json: bytes


def _own_of(prepared: Prepared) -> _Own:
    date = prepared.changed_at if prepared.changed_at is not None else _micros_of(prepared.as_of)
    return _Own(prepared.key, prepared.text, date, prepared.json)


def _telling_of(one: str | bytes, other: str | bytes) -> str | None:
    """Return the kind by which two facts of the same words are told apart in the way they are written, each given as JSON: empty
    where it is the day that they speak of, None where it is nothing.
    """
    left, right = (read(exact_of(orjson.loads(record))).telling for record in (one, other))
    if left.marks != right.marks:
        return TELLING
    return "" if left.is_of_a_day else None


def _tell_other_secrets(one: str | bytes, other: str | bytes) -> bool:
    """Tell whether one of two facts, each given as JSON, tells a secret that the other tells otherwise."""
    texts = [exact_of(orjson.loads(record)) for record in (one, other)]
    return any(map(tells_a_secret, texts)) and read(texts[0]).telling.marks != read(texts[1]).telling.marks


def _are_of_one_validity(one: bytes, other: str) -> bool:
    """Tell whether two facts, each given as JSON, are valid from and to the same times: two stays in one town are two."""
    if b'"valid_' not in one and '"valid_' not in other:
        return True
    left, right = orjson.loads(one), orjson.loads(other)
    return all(left.get(name) == right.get(name) for name in ("valid_from", "valid_to"))


def _micros_of(date: str | None) -> int | None:
    return None if date is None else to_micros(date)


class _Candidate(NamedTuple):
    """What shares a band with a new fact, a row of `_CANDIDATES`. Its record stays JSON: the lengths tell of many that they are not
    alike.
    """

    number: int
    key: Key
    memory: Key | None
    length: int
    changed_at: int | None
    as_of: int | None
    json: str

    @property
    def date(self) -> int | None:
        """When it was last known to be so, in microseconds since 1970."""
        return self.as_of if self.changed_at is None else self.changed_at


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
