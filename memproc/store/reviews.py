"""Reviews: pairs that are too alike to ignore and too unlike to merge, found when a new memory is stored."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import groupby, islice
from operator import itemgetter
from typing import NamedTuple

import numpy as np
import orjson
from sqlalchemy import Connection, delete, select

from memproc.config import Policy
from memproc.dedup.changes.chains import CHAINS, chain_hashes, is_replaced, place_of, shared_keys
from memproc.dedup.cluster import Undated
from memproc.dedup.compare.compare import compare_if_changed, compare_if_likely
from memproc.dedup.compare.confidence import features_of, in_order, may_be_alike, may_be_alike_in_length, model_of, side_of
from memproc.dedup.compare.reasons import BETWEEN, TELLING, kinds_of
from memproc.dedup.decide import Judged, Plan, Row
from memproc.dedup.doubts import ROUND, Doubt, crowd_in, for_a_person, is_of, is_worth_more
from memproc.dedup.gist.gist import gist_of, read
from memproc.dedup.keys import Key, Prepared, scope_number, text_of
from memproc.dedup.minhash import index
from memproc.dedup.minhash.signatures import Hashes
from memproc.dedup.signing import sign
from memproc.dedup.text.exact import exact_of
from memproc.dedup.text.telling import tells_a_secret
from memproc.records import Outcome, encode
from memproc.store import tables
from memproc.store.chains import Chains
from memproc.store.database import Database, next_number, take_numbers
from memproc.store.ledger import Line, write_lines
from memproc.store.neighbours import ROWS, SPEAKING, to_row
from memproc.store.segments import Segments
from memproc.times import to_micros

LOOKED_AT_ONCE = 2_000
SIDES_KEPT = 500
MOST_IN_CORE = 8
OF_SECRETS = 0.5  # of each character of a password nobody can tell whether it is meant
FOUND_OTHERWISE = ("undated", "meaning")  # the kinds that the index does not find
UNDATED_CONFIDENCE = 0.5  # which of two versions is the newer, nothing tells

_reviews = tables.reviews.c
_CANDIDATES = select(
    *(tables.observations.c[name] for name in ("number", "key", "node", "memory", "length", "date", "as_of", "record"))
)
_OPEN = select(_reviews.number, _reviews.other, _reviews.kind, _reviews.status)
_PAIRS = select(_reviews.number, _reviews.one, _reviews.other)


class Looked(NamedTuple):
    """What was found: pairs that shared bands, how many of them were compared, what is left to doubt, and the new observations that
    tell again what had been replaced.
    """

    candidates: int
    verified: int
    doubts: list[Doubt]
    returned: frozenset[Key] = frozenset()


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Looks for reviews in one store. `review_at`: the confidence from which a pair waits for a person."""

    database: Database
    segments: Segments
    policy: Policy
    review_at: float

    def look(self, connection: Connection, plan: Plan, rows: Mapping[Key, Row], numbers: Mapping[Key, int]) -> Looked:
        """Index the first fact of each new core, and look for what each that was stored is like.

        `rows` are the neighbours that the plan was made with, `numbers` those of its new observations.
        """
        doubts = [_undated(pair) for pair in plan.undated]
        first = _first_of_cores(plan.new, rows)
        beside = _beside_in_core(plan, rows, numbers)
        looked = self._look_for_alike(connection, plan, first, numbers, beside)
        dated = [one for one in (*(judged.incoming.prepared for judged in plan.new), *_dated_again(plan)) if _is_in_chains(one)]
        if not dated:
            return looked._replace(doubts=doubts + looked.doubts)
        hashes = (hash_ for one in dated for hash_ in one.chains)
        followed = self._chains.follow(connection, hashes, {one.key for one in dated}, min(numbers.values(), default=None))
        return looked._replace(doubts=[*doubts, *followed.doubts, *looked.doubts], returned=followed.returned)

    @property
    def _chains(self) -> Chains:
        return Chains(self.database, self.segments, self.policy)

    def _look_for_alike(
        self,
        connection: Connection,
        plan: Plan,
        first: Sequence[Judged],
        numbers: Mapping[Key, int],
        beside: Beside,
    ) -> Looked:
        """Look for what shares a band with the `first` fact of each new core; and compare the others with what has their core."""
        if not first and not beside:
            return Looked(0, 0, [])
        numbered = [(numbers[judged.incoming.prepared.key], judged.incoming.prepared) for judged in first]
        hashes = self.segments.index(connection, numbered, self.policy.recall)
        stored = [at for at, judged in enumerate(first) if judged.outcome is Outcome.STORED]
        new = [numbered[at] for at in stored]
        own_numbers = [number for number, _ in new]
        are_one = partial(_are_one, plan)
        return self._compare(connection, own_numbers, hashes[stored], lambda at: _own_of(new[at][1]), are_one, beside)

    def look_again(self, connection: Connection, now: str) -> None:
        """Find the open reviews of the whole store anew, as another model would have."""
        is_found = (_reviews.status == "open") & _reviews.kind.not_in(FOUND_OTHERWISE)
        connection.execute(delete(tables.reviews).where(is_found))
        indexed = np.unique(np.concatenate([np.empty(0, np.uint64), *self.segments.all(connection)]) & index.NUMBER_BITS).tolist()
        for start in range(0, len(indexed), LOOKED_AT_ONCE):
            some = indexed[start : start + LOOKED_AT_ONCE]
            found = self.database.select_by_keys(connection, ROWS, tables.observations.c.number, some)
            rows = sorted(map(to_row, found), key=lambda row: row.number)
            records = [row.observation.record for row in rows]
            texts = [*map(text_of, records)]
            scopes = [*map(scope_number, records)]
            told = zip(rows, texts, scopes, strict=True)
            chains = [chain_hashes(text, scope, is_dated=bool(row.observation.date)) for row, text, scope in told]
            hashes = sign(texts, scopes, chains, self.policy.recall)
            homes = {row.observation.key: row.home for row in rows}
            beside = self._beside(connection, rows, homes)
            looked = self._compare(connection, some, hashes, _owns_in(rows, texts), partial(_are_at_home, homes), beside)
            followed = self._chains.follow(connection, (hash_ for own in chains for hash_ in own))
            doubts = [*followed.doubts, *looked.doubts]
            write_reviews(self.database, connection, doubts, next_number(connection, tables.batches) - 1, now)

    def _beside(self, connection: Connection, firsts: Sequence[Row], homes: dict[Key, Key]) -> Beside:
        """Return what is compared of those that have the core of one of the `firsts`; note the homes of all."""
        cores = {row.observation.core for row in firsts}
        rows = [*map(to_row, self.database.select_by_keys(connection, SPEAKING, tables.observations.c.core, cores))]
        homes |= {row.observation.key: row.home for row in rows}
        earlier = _earlier_in_core((row.number, row.observation.core, row.home) for row in rows)
        late = [row for row in rows if row.number in earlier]
        owns = _owns_in(late, [text_of(row.observation.record) for row in late])
        return {row.observation.key: (owns(at), earlier[row.number]) for at, row in enumerate(late)}

    def _compare(
        self,
        connection: Connection,
        own_numbers: Sequence[int],
        hashes: Hashes,
        own_at: Callable[[int], _Own],
        are_one: Callable[[Key, _Candidate], bool],
        beside: Beside,
    ) -> Looked:
        """Look up what shares a band with some observations, given their numbers and band hashes, and compare the pairs; and those
        with what stands beside them.

        In rounds: who finds less than one alike in each is not in the next.
        """
        segments = self.segments.all(connection)
        found_pairs = index.candidates(hashes[:, : 1 - CHAINS], np.array(own_numbers, np.uint64), segments, frames=1)
        new: dict[Key, _Own] = {key: own for key, (own, _) in beside.items()}
        pairs: dict[Key, Sequence[int]] = {key: numbers for key, (_, numbers) in beside.items()}
        for at, candidates in groupby(found_pairs, key=itemgetter(0)):
            own = own_at(at)
            new[own.key] = own
            pairs[own.key] = [number for _, number in candidates]
        known = _Texts({own.key: own.text for own in new.values()})
        doubts: dict[Key, list[Doubt]] = {key: [] for key in pairs}
        verified, asked = 0, dict(pairs)
        for start in range(0, index.MOST_CANDIDATES, ROUND):
            wanted = {number for numbers in asked.values() for number in numbers[start : start + ROUND]}
            found = self.database.select_by_keys(connection, _CANDIDATES, tables.observations.c.number, wanted)
            seen = {one.number: one for one in map(_Candidate._make, found)}
            for key, numbers in asked.items():
                found_there = filter(None, map(seen.get, numbers[start : start + ROUND]))
                there = [one for one in found_there if not are_one(key, one) and _are_of_one_validity(new[key].json, one.json)]
                verified += len(there)
                doubts[key] += filter(None, [self._doubt(new[key], one, known) for one in there])
            asked = {key: numbers for key, numbers in asked.items() if is_worth_more(doubts[key], start)}
            if not asked:
                break
        kept = [doubt for key, found in doubts.items() for doubt in for_a_person(found, len(pairs[key]))]
        crowd = crowd_in(doubts)
        self._close(connection, crowd)
        return Looked(sum(map(len, pairs.values())), verified, [doubt for doubt in kept if not is_of(crowd, doubt)])

    def _close(self, connection: Connection, crowd: AbstractSet[Key]) -> None:
        """Delete the open reviews of what changed within a crowd, which were found before there was one."""
        found = self.database.select_by_keys(connection, _OPEN, _reviews.one, crowd)
        within = [number for number, other, *state in found if other in crowd and state == ["changed", "open"]]
        self.database.delete_by_keys(connection, tables.reviews.c.number, within)

    def _doubt(self, own: _Own, there: _Candidate, known: _Texts) -> Doubt | None:
        """Return what is to be doubted of a pair, if anything is. What can be told without the other's text comes first."""
        has_moved_on = there.date is not None and own.date is not None and there.date != own.date
        if not may_be_alike_in_length(len(own.text), there.length) or not may_be_alike(
            known.in_order(own.text), known.in_order(text := known.text_of(there)), lambda: gist_of(own.text).is_english
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


Beside = Mapping[Key, tuple[_Own, Sequence[int]]]  # what is compared of a fact, and the numbers of others of its core


def _own_of(prepared: Prepared) -> _Own:
    date = prepared.changed_at if prepared.changed_at is not None else _micros_of(prepared.as_of)
    return _Own(prepared.key, prepared.text, date, prepared.json)


def _owns_in(rows: Sequence[Row], texts: Sequence[str]) -> Callable[[int], _Own]:
    def own_at(at: int) -> _Own:
        seen = rows[at].observation
        return _Own(seen.key, texts[at], _micros_of(seen.date), encode(seen.record))

    return own_at


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
    node: Key
    memory: Key | None
    length: int
    changed_at: int | None
    as_of: int | None
    json: str

    @property
    def date(self) -> int | None:
        """When it was last known to be so, in microseconds since 1970."""
        return self.as_of if self.changed_at is None else self.changed_at


class _Texts:
    """The texts of facts, and what those of late were taken apart into: that of a text of 200 characters takes 15 KB."""

    def __init__(self, texts: Mapping[Key, str]) -> None:
        self._texts = dict(texts)
        self.in_order = lru_cache(maxsize=SIDES_KEPT)(in_order)
        self.side_of = lru_cache(maxsize=SIDES_KEPT)(side_of)

    def text_of(self, seen: _Candidate) -> str:
        """Return the canonical text of a candidate."""
        if seen.key not in self._texts:
            self._texts[seen.key] = text_of(orjson.loads(seen.json))
        return self._texts[seen.key]


def write_reviews(database: Database, connection: Connection, doubts: Sequence[Doubt], batch: int, now: str) -> int:
    """Write the pairs that are not there yet as open reviews, and a line on each in the ledger; return how many."""
    if not doubts:
        return 0
    found = database.select_by_keys(connection, _PAIRS, _reviews.one, {doubt.one for doubt in doubts})
    there = {(one, other) for _, one, other in found}
    fresh = {doubt[:2]: doubt for doubt in doubts if doubt[:2] not in there}
    number = take_numbers(connection, "reviews", len(fresh))
    rows = [
        (number + at, one, other, kind, "open", confidence, reason, batch)
        for at, (one, other, kind, confidence, reason) in enumerate(fresh.values())
    ]
    database.insert_rows(connection, tables.reviews, rows)
    lines = [Line("review", other, one, sure, 1, f"{kind}{BETWEEN}{reason}") for one, other, kind, sure, reason in fresh.values()]
    write_lines(database, connection, batch, now, lines)
    return len(rows)


def _undated(pair: Undated) -> Doubt:
    one, other = sorted((pair.one.key, pair.other.key))
    return Doubt(one, other, "undated", UNDATED_CONFIDENCE, "two versions, and no date tells which is newer")


def _first_of_cores(new: Sequence[Judged], rows: Mapping[Key, Row]) -> list[Judged]:
    """Return the first fact of each core that the store did not have, if it takes part in the near tier."""
    seen = {row.observation.core for row in rows.values()}
    first: dict[int, Judged] = {}
    for judged in new:
        prepared = judged.incoming.prepared
        if prepared.core not in seen:
            first.setdefault(prepared.core, judged)
    return [judged for judged in first.values() if judged.incoming.prepared.is_near]


def _beside_in_core(plan: Plan, rows: Mapping[Key, Row], numbers: Mapping[Key, int]) -> Beside:
    """Return what is compared of those that were stored though another has their core."""
    homes = plan.changed.membership
    fresh = [judged.incoming.prepared for judged in plan.new]
    cores = Counter([*(row.observation.core for row in rows.values()), *(prepared.core for prepared in fresh)])
    stored = [one.incoming.prepared for one in plan.new if one.outcome is Outcome.STORED]
    late = [prepared for prepared in stored if prepared.is_near and cores[prepared.core] > 1]
    if not late:
        return {}
    there = [(row.number, row.observation.core, homes.get(key, row.memory) or row.observation.node) for key, row in rows.items()]
    new = [(numbers[prepared.key], prepared.core, homes.get(prepared.key) or prepared.node) for prepared in fresh]
    earlier = _earlier_in_core(there + new)
    owns = [(prepared, earlier.get(numbers[prepared.key])) for prepared in late]
    return {prepared.key: (_own_of(prepared), others) for prepared, others in owns if others}


def _earlier_in_core(members: Iterable[tuple[int, int, Key]]) -> dict[int, list[int]]:
    """Return by number, of the first observation of each memory, those of the memories of its core that began before it, the first
    `MOST_IN_CORE`: they hold the same words but for what says nothing, in another order or form. `members` are numbers, cores and
    memories.
    """
    first: dict[int, dict[Key, int]] = defaultdict(dict)  # by core and memory
    earlier: dict[int, list[int]] = {}
    for number, core, home in sorted(members):
        homes = first[core]
        if home not in homes:
            if homes:
                earlier[number] = [*islice(homes.values(), MOST_IN_CORE)]
            homes[home] = number
    return earlier


def _are_one(plan: Plan, key: Key, there: _Candidate) -> bool:
    """Tell whether a new observation and one in the store are one memory by now."""
    own = plan.changed.membership.get(key)
    return own is not None and own == plan.changed.membership.get(there.key, there.memory)


def _is_in_chains(prepared: Prepared) -> bool:
    """Tell whether a new observation is a fact with a date."""
    return prepared.is_near and (prepared.changed_at is not None or prepared.as_of is not None)


def _dated_again(plan: Plan) -> Iterator[Prepared]:
    """Give the observations that were there and of which the source gives a date, which may be a later one."""
    return (incoming.prepared for incoming in plan.known if incoming.prepared.as_of is not None)


def _are_at_home(homes: Mapping[Key, Key], key: Key, there: _Candidate) -> bool:
    """Tell whether two observations are one memory, by the memory that each is in."""
    return homes[key] == (there.memory or there.node)
