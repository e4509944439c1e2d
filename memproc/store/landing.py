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

from sqlalchemy import Connection, select
from sqlalchemy.exc import DataError, IntegrityError

from memproc.config import Policy
from memproc.dedup.decide import Incoming, Judged, Plan, Regrouped, Row, decide
from memproc.dedup.keys import Key, Prepared, namespace_number
from memproc.records import Outcome, Plain, Rejected, encode, last_changed
from memproc.store import tables
from memproc.store.database import Database, delete_where, next_number
from memproc.store.ledger import Line, write_lines
from memproc.store.neighbours import neighbourhood
from memproc.store.quarantine import Origin, put_in_quarantine
from memproc.store.reading import forgotten_among
from memproc.store.reviews import Reviewer, write_reviews
from memproc.store.segments import Segments
from memproc.times import to_micros
from memproc.validation import fault

REFUSALS = (IntegrityError, DataError, OverflowError, UnicodeError)  # the fault of a value; all else is the database's

_KNOWN = select(tables.observations.c.key, tables.observations.c.number)
_MENDS = select(tables.mends.c.meant, tables.mends.c.grp)


class Arrived(NamedTuple):
    """A batch as it comes from validation: what was accepted and what was rejected, each with its position."""

    accepted: Sequence[Incoming]
    rejected: Sequence[tuple[int, Rejected]]


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

    @property
    def similar(self) -> list[Judged]:
        """The merges by likeness."""
        return [judged for judged in self.judged if judged.kind == "similar"]

    def count(self, outcome: Outcome) -> int:
        """Return how many records had this outcome."""
        return sum(1 for found in self.outcomes.values() if found is outcome)


class Landing:
    """Lands batches in one store. The caller holds the transaction and sees to it that only one thread is here."""

    def __init__(self, database: Database, segments: Segments, policy: Policy, review_at: float) -> None:
        """Know the store, what it was built with, and from which confidence on a pair waits for review."""
        self._database, self._segments = database, segments
        self._reviewer = Reviewer(database, segments, policy, review_at)

    def land(self, connection: Connection, arrived: Arrived, batch: int, origin: Origin, now: str) -> Landed:
        """Write a batch and all that follows from it; `batch` is its number, `now` the time of the ledger's rows."""
        landed = self._land_accepted(connection, arrived.accepted, batch, now)
        landed.rejected = sorted([*arrived.rejected, *landed.rejected], key=lambda found: found[0])
        landed.known_rejected = put_in_quarantine(self._database, connection, landed.rejected, batch, origin)
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
        forgotten = forgotten_among(self._database, connection, keys)
        observations = [incoming.prepared.observation for incoming in accepted]
        undecided = [seen for seen in observations if seen.key not in known or seen.as_of is not None]
        mended = {group for incoming in accepted for group in incoming.prepared.mends}
        near = neighbourhood(self._database, connection, undecided, mended)
        plan = decide(accepted, frozenset(known) | forgotten, near)
        first = next_number(connection, tables.observations)
        numbers = {judged.incoming.prepared.observation.key: first + at for at, judged in enumerate(plan.new)}
        self._write_observations(connection, plan, numbers, batch)
        write_regrouped(self._database, connection, plan.changed, near.rows)
        self._write_again(connection, plan, {**known, **numbers}, near.rows, batch)
        landed = self._record(plan, forgotten)
        looked = self._reviewer.look(connection, plan, near.rows, numbers)
        landed.candidates, landed.verified = looked.candidates, looked.verified
        landed.reviews = write_reviews(self._database, connection, looked.doubts, batch, now)
        write_lines(self._database, connection, batch, now, _lines(plan))
        return landed

    def _write_observations(self, connection: Connection, plan: Plan, numbers: Mapping[Key, int], batch: int) -> None:
        rows: list[tuple[Any, ...]] = []
        mends: set[tuple[Key, Key]] = set()
        for judged in plan.new:
            position, prepared = judged.incoming
            seen = prepared.observation
            rows.append(
                (
                    numbers[seen.key],
                    seen.key,
                    seen.node,
                    seen.content,
                    seen.group,
                    plan.changed.membership.get(seen.key),
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
                    _date_of(seen.record),
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


def write_regrouped(database: Database, connection: Connection, changed: Regrouped, rows: Mapping[Key, Row]) -> None:
    """Write the memories that changed and the membership of the observations that were there."""
    gone = (changed.gone | changed.memories.keys()) & {row.memory for row in rows.values()}
    delete_where(connection, tables.merged, "id", sorted(gone))
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


def _lines(plan: Plan) -> list[Line]:
    merges = [
        Line(judged.kind, judged.incoming.prepared.observation.key, judged.anchor, judged.confidence, 1, judged.reason)
        for judged in plan.new
        if judged.kind in ("similar", "version")
    ]
    return [*merges, Line("joins", amount=plan.changed.joins), Line("splits", amount=plan.changed.splits)]


def _date_of(record: Plain) -> int | None:
    date = last_changed(record)
    return None if date is None else to_micros(date)


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
