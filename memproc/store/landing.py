"""One batch into the store: look up, decide, write, in the transaction of the caller.

A record that the database refuses is found by halving: the batch is tried as a whole under a savepoint; if a row is refused,
each half is tried by itself, in order, down to the one record, which goes into quarantine while the rest lands. As the result
does not depend on the batch (law 3), the halves give what the whole would have given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, delete, func, select
from sqlalchemy.exc import DataError, IntegrityError
from xxhash import xxh3_128_digest

from memproc.config import Policy
from memproc.dedup import index
from memproc.dedup.compare import compare, may_be_alike
from memproc.dedup.decide import Incoming, Judged, Plan, Regrouped, Row, decide
from memproc.dedup.gist import gist_of
from memproc.dedup.keys import Key, Prepared, namespace_number, scope_number, text_of
from memproc.dedup.signatures import band_hashes, signatures
from memproc.records import Outcome, Plain, Rejected, encode
from memproc.store import tables
from memproc.store.database import Database, take_numbers
from memproc.store.neighbours import ROWS, neighbourhood, to_row
from memproc.store.segments import Segments
from memproc.times import to_micros
from memproc.validation import fault

REFUSALS = (IntegrityError, DataError, OverflowError, UnicodeError)  # the fault of a value; all else is the database's

_KNOWN = select(tables.observations.c.key, tables.observations.c.number)
_FORGOTTEN = select(tables.forgotten.c.key)
_QUARANTINED = select(tables.quarantine.c.key, tables.quarantine.c.number)
_MENDS = select(tables.mends.c.meant, tables.mends.c.grp)
_REVIEWED = select(tables.reviews.c.one, tables.reviews.c.other)


class Arrived(NamedTuple):
    """A batch as it comes from validation: what was accepted and what was rejected, each with its position."""

    accepted: Sequence[Incoming]
    rejected: Sequence[tuple[int, Rejected]]


class Origin(NamedTuple):
    """Where a batch comes from: what is noted of it in quarantine."""

    source: str
    format: str
    namespace: str


@dataclass(slots=True)
class Landed:
    """What became of a batch: the outcome of every position, and the merges and reviews it made."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    judged: list[Judged] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    known_rejected: list[int] = field(default_factory=list)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)
    reviews: int = 0
    candidates: int = 0
    verified: int = 0

    def add(self, other: Landed) -> None:
        """Add what became of the next part of the same batch."""
        self.outcomes |= other.outcomes
        for name in ("judged", "known", "forgotten", "known_rejected", "rejected"):
            getattr(self, name).extend(getattr(other, name))
        for name in ("reviews", "candidates", "verified"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def count(self, outcome: Outcome) -> int:
        """Return how many records had this outcome."""
        return sum(1 for found in self.outcomes.values() if found is outcome)


class Landing:
    """Lands batches in one store. The caller holds the transaction and sees to it that only one thread is here."""

    def __init__(self, database: Database, segments: Segments, policy: Policy, review_at: float) -> None:
        """Know the store, what it was built with, and from which confidence on a pair waits for review."""
        self._database, self._segments, self._policy, self._review_at = database, segments, policy, review_at

    def land(self, connection: Connection, arrived: Arrived, batch: int, origin: Origin, now: str) -> Landed:
        """Write a batch and all that follows from it; `batch` is its number, `now` the time of the ledger's rows."""
        landed = self._land_accepted(connection, arrived.accepted, batch, now)
        landed.rejected = sorted([*arrived.rejected, *landed.rejected], key=lambda found: found[0])
        landed.known_rejected = self._quarantine(connection, landed.rejected, batch, origin)
        landed.outcomes |= {position: Outcome.QUARANTINED for position, _ in landed.rejected}
        return landed

    def _land_accepted(self, connection: Connection, accepted: Sequence[Incoming], batch: int, now: str) -> Landed:
        if not accepted:
            return Landed()
        try:
            with connection.begin_nested():
                return self._write(connection, accepted, batch, now)
        except REFUSALS as error:
            self._segments.forget_cached()
            if len(accepted) == 1:
                return Landed(rejected=[(accepted[0].position, _refused(accepted[0].prepared, error))])
        middle = len(accepted) // 2
        landed = self._land_accepted(connection, accepted[:middle], batch, now)
        landed.add(self._land_accepted(connection, accepted[middle:], batch, now))
        return landed

    def _write(self, connection: Connection, accepted: Sequence[Incoming], batch: int, now: str) -> Landed:
        keys = {incoming.prepared.observation.key for incoming in accepted}
        known = dict(tuple(row) for row in self._database.select_by_keys(connection, _KNOWN, tables.observations.c.key, keys))
        forgotten = {key for (key,) in self._database.select_by_keys(connection, _FORGOTTEN, tables.forgotten.c.key, keys)}
        observations = [incoming.prepared.observation for incoming in accepted]
        undecided = [seen for seen in observations if seen.key not in known or seen.as_of is not None]
        mended = {group for incoming in accepted for group in incoming.prepared.mends}
        near = neighbourhood(self._database, connection, undecided, mended)
        plan = decide(accepted, frozenset(known) | forgotten, near)
        first = (connection.execute(select(func.max(tables.observations.c.number))).scalar() or 0) + 1
        numbers = {judged.incoming.prepared.observation.key: first + at for at, judged in enumerate(plan.new)}
        self._write_observations(connection, plan, numbers, batch)
        write_regrouped(self._database, connection, Regrouped(*plan[2:7]), near.rows)
        self._write_again(connection, plan, {**known, **numbers}, near.rows, batch)
        landed = self._record(plan, forgotten)
        self._find_reviews(connection, plan, near.rows, numbers, batch, landed)
        self._write_ledger(connection, plan, batch, now)
        return landed

    def _write_observations(self, connection: Connection, plan: Plan, numbers: Mapping[Key, int], batch: int) -> None:
        rows: list[tuple[Any, ...]] = []
        mends: set[tuple[Key, Key]] = set()
        for judged in plan.new:
            position, prepared = judged.incoming
            seen = prepared.observation
            date = seen.record.get("updated_at") or seen.record.get("created_at")
            rows.append(
                (
                    numbers[seen.key],
                    seen.key,
                    seen.node,
                    seen.content,
                    seen.group,
                    plan.membership.get(seen.key),
                    namespace_number(seen.record["namespace"]),
                    int(seen.is_identity),
                    batch,
                    position,
                    judged.outcome.value,
                    judged.confidence,
                    batch,
                    1,
                    None if seen.as_of is None else to_micros(seen.as_of),
                    seen.length,
                    None if date is None else to_micros(date),
                    prepared.json.decode(),
                )
            )
            mends.update((meant, seen.group) for meant in prepared.mends)
        self._database.insert_rows(connection, tables.observations, rows)
        write_mends(self._database, connection, mends)

    def _write_again(
        self, connection: Connection, plan: Plan, numbers: Mapping[Key, int], rows: Mapping[Key, Row], batch: int
    ) -> None:
        """Note of known observations that they were seen again, and the later date of their source."""
        times = Counter(numbers[key] for _, prepared in plan.known if (key := prepared.observation.key) in numbers)
        counted = [(batch, more, number) for number, more in times.items()]
        self._database.update_rows(connection, tables.observations, ("last_batch",), counted, add=("times_seen",))
        dates: dict[int, str] = {}
        for _, (seen, *_) in plan.known:
            row = rows.get(seen.key)
            if row is not None and seen.as_of is not None and seen.as_of > (row.observation.as_of or ""):
                dates[row.number] = max(dates.get(row.number, ""), seen.as_of)
        later = [(to_micros(date), number) for number, date in dates.items()]
        self._database.update_rows(connection, tables.observations, ("as_of",), later)

    def _record(self, plan: Plan, forgotten: set[Key]) -> Landed:
        landed = Landed(judged=list(plan.new))
        landed.outcomes = {judged.incoming.position: judged.outcome for judged in plan.new}
        for position, prepared in plan.known:
            landed.outcomes[position] = Outcome.DUPLICATE
            landed.known.append(position)
            if prepared.observation.key in forgotten:
                landed.forgotten.append(position)
        return landed

    def _find_reviews(
        self, connection: Connection, plan: Plan, rows: Mapping[Key, Row], numbers: Mapping[Key, int], batch: int, landed: Landed
    ) -> None:
        """Index the first fact of each new group; note which are too like an earlier one to ignore and too unlike to merge."""
        reviews = [
            (min(pair.one.key, pair.other.key), max(pair.one.key, pair.other.key), "undated", 0.5, "two versions without a date")
            for pair in plan.undated
        ]
        fresh = _first_of_groups(plan.new, rows)
        if fresh:
            new = [judged.incoming.prepared for judged in fresh]
            own_numbers = np.array([numbers[prepared.observation.key] for prepared in new], np.uint64)
            scopes = np.array([scope_number(prepared.observation.record) for prepared in new], np.uint64)
            hashes = band_hashes(signatures([prepared.text for prepared in new]), scopes, self._policy.recall)
            self._segments.add(connection, index.to_entries(hashes, own_numbers))
            is_stored = np.array([judged.outcome is Outcome.STORED for judged in fresh])
            found = index.candidates(hashes[is_stored], own_numbers[is_stored], self._segments.all(connection))
            landed.candidates = len(found)
            stored = [prepared for prepared, is_one in zip(new, is_stored, strict=True) if is_one]
            reviews += self._verified(connection, [(stored[at], number) for at, number in found], plan, landed)
        landed.reviews = write_reviews(self._database, connection, reviews, batch)

    def _verified(
        self, connection: Connection, pairs: Sequence[tuple[Prepared, int]], plan: Plan, landed: Landed
    ) -> list[tuple[Key, Key, str, float, str]]:
        """Return the review rows of candidate pairs, the best of each record."""
        candidates = {number for _, number in pairs}
        rows = {
            row.number: row
            for row in map(to_row, self._database.select_by_keys(connection, ROWS, tables.observations.c.number, candidates))
        }
        best: dict[Key, tuple[float, Key, str]] = {}
        for prepared, number in pairs:
            row = rows.get(number)
            own = prepared.observation
            if row is None or _are_one(own.key, row, plan):
                continue
            landed.verified += 1
            text = text_of(row.observation.record)
            if not may_be_alike(text, prepared.text, self._review_at):
                continue
            found = compare(text, gist_of(text), prepared.text, prepared.gist or gist_of(prepared.text))
            if found.confidence >= self._review_at:
                best[own.key] = max(best.get(own.key, (0.0, b"", "")), (found.confidence, row.observation.key, found.reason))
        return [(there, key, "similar", confidence, reason) for key, (confidence, there, reason) in best.items()]

    def _write_ledger(self, connection: Connection, plan: Plan, batch: int, now: str) -> None:
        number = next_number(connection, tables.ledger)
        entries: list[tuple[Any, ...]] = [
            (judged.kind, judged.incoming.prepared.observation.key, judged.anchor, judged.confidence, 1, judged.reason)
            for judged in plan.new
            if judged.kind in ("similar", "version")
        ]
        entries += [
            (kind, None, None, None, amount, "") for kind, amount in (("joins", plan.joins), ("splits", plan.splits)) if amount
        ]
        rows = [(number + at, batch, now, *entry) for at, entry in enumerate(entries)]
        self._database.insert_rows(connection, tables.ledger, rows)

    def _quarantine(
        self, connection: Connection, rejected: Sequence[tuple[int, Rejected]], batch: int, origin: Origin
    ) -> list[int]:
        """Write what was rejected; return the positions of what had been rejected before."""
        if not rejected:
            return []
        keyed = [(position, _rejected_key(found, origin), found) for position, found in rejected]
        wanted = {key for _, key, _ in keyed}
        there = dict(tuple(row) for row in self._database.select_by_keys(connection, _QUARANTINED, tables.quarantine.c.key, wanted))
        there |= {key: -1 for (key,) in self._database.select_by_keys(connection, _FORGOTTEN, tables.forgotten.c.key, wanted)}
        number = take_numbers(connection, "rejected", len(wanted - there.keys()))
        again: list[int] = []
        rows: list[tuple[Any, ...]] = []
        parts: list[tuple[int, int, bytes]] = []
        for position, key, found in keyed:
            if key in there:
                again.append(position)
                continue
            there[key] = number + len(rows)
            first = found.faults[0]
            faults = encode([fault._asdict() for fault in found.faults]).decode()
            own = (found.category, first.code, first.path, faults, *origin, len(found.raw), 1, batch)
            parts += [
                (there[key], part, found.raw[at : at + tables.PART_BYTES])
                for part, at in enumerate(range(0, len(found.raw), tables.PART_BYTES))
            ]
            rows.append((there[key], key, batch, position, *own))
        self._database.insert_rows(connection, tables.quarantine, rows)
        self._database.insert_rows(connection, tables.quarantine_parts, parts)
        known = frozenset(again)
        seen = Counter(there[key] for position, key, _ in keyed if position in known and there[key] > 0)
        counted = [(batch, more, row) for row, more in seen.items()]
        self._database.update_rows(connection, tables.quarantine, ("last_batch",), counted, add=("times_seen",))
        return again


def next_number(connection: Connection, table: object) -> int:
    """Return the number of the next row of a table; right because the writer holds the lock."""
    return (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1  # type: ignore[attr-defined]


def write_regrouped(database: Database, connection: Connection, changed: Regrouped, rows: Mapping[Key, Row]) -> None:
    """Write the memories that changed and the membership of the observations that were there."""
    gone = (changed.gone | changed.memories.keys()) & {row.memory for row in rows.values()}
    for start in range(0, len(some := sorted(gone)), 500):
        connection.execute(delete(tables.merged).where(tables.merged.c.id.in_(some[start : start + 500])))
    memories = [
        (key, namespace_number(memory["namespace"]), _date_of(memory), encode(memory).decode())
        for key, memory in changed.memories.items()
    ]
    database.insert_rows(connection, tables.merged, memories)
    moved = [(memory, rows[key].number) for key, memory in changed.membership.items() if key in rows]
    database.update_rows(connection, tables.observations, ("memory",), moved)


def write_mends(database: Database, connection: Connection, mends: Iterable[tuple[Key, Key]]) -> None:
    """Write which groups a group with an odd token may stand for, where it is not written yet."""
    wanted = set(mends)
    there = {tuple(row) for row in database.select_by_keys(connection, _MENDS, tables.mends.c.grp, {group for _, group in wanted})}
    database.insert_rows(connection, tables.mends, sorted(wanted - there))


def write_reviews(database: Database, connection: Connection, rows: Sequence[tuple[Key, Key, str, float, str]], batch: int) -> int:
    """Write the pairs that are not there yet, open; return how many."""
    if not rows:
        return 0
    there = {tuple(row) for row in database.select_by_keys(connection, _REVIEWED, tables.reviews.c.one, {row[0] for row in rows})}
    fresh = {row[:2]: row for row in rows if row[:2] not in there}
    number = take_numbers(connection, "reviews", len(fresh))
    written = [
        (number + at, one, other, kind, "open", confidence, reason, batch)
        for at, (one, other, kind, confidence, reason) in enumerate(fresh.values())
    ]
    database.insert_rows(connection, tables.reviews, written)
    return len(written)


def _first_of_groups(new: Sequence[Judged], rows: Mapping[Key, Row]) -> list[Judged]:
    """Return the first fact of each group that the store did not have."""
    seen = {row.observation.group for row in rows.values()}
    first: dict[Key, Judged] = {}
    for judged in new:
        prepared = judged.incoming.prepared
        if prepared.gist is not None and prepared.observation.group not in seen:
            first.setdefault(prepared.observation.group, judged)
    return list(first.values())


def _are_one(key: Key, row: Row, plan: Plan) -> bool:
    own = plan.membership.get(key)
    return own is not None and own == plan.membership.get(row.observation.key, row.memory)


def _date_of(record: Plain) -> int | None:
    date = record.get("updated_at") or record.get("created_at")
    return None if date is None else to_micros(date)


def _rejected_key(rejected: Rejected, origin: Origin) -> Key:
    return xxh3_128_digest(encode([rejected.category, origin.namespace]) + rejected.raw)


def _refused(prepared: Prepared, error: Exception) -> Rejected:
    cause = getattr(error, "orig", None) or error
    message = f"the database refused this record: {cause}"
    return Rejected("database", (fault("", "refused", message),), prepared.json)


def ranges(positions: Iterable[int]) -> list[list[int]]:
    """Return rising positions as inclusive ranges.

    >>> ranges([1, 2, 3, 7])
    [[1, 3], [7, 7]]
    """
    found: list[list[int]] = []
    for position in sorted(positions):
        if found and position == found[-1][1] + 1:
            found[-1][1] = position
        else:
            found.append([position, position])
    return found
