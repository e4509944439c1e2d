"""One batch into the store: look up, decide, write, in the transaction of the caller.

The batch is tried as a whole under a savepoint. If the database refuses it, the rows that it refuses by themselves are found by
trial, and the rest is looked up and decided anew; what is refused otherwise is found by halving, and so is what memproc itself
breaks on. As the result does not depend on the batch (law 3), the rest and the halves give what the whole would have given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress, count, repeat
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import bindparam, literal_column, select, update

from memproc.config import Policy
from memproc.dedup.compare.unrelated import have_nothing_in_common
from memproc.dedup.decide import Judged, Plan, Regrouped, Row, decide, shared
from memproc.dedup.grouping import Link
from memproc.dedup.keys import Columns, Key, Observation, Prepared, is_confirmed, namespace_number
from memproc.dedup.looking import Looking, first_of_cores, looking_planned
from memproc.failures import is_key_conflict
from memproc.formats import own
from memproc.intake import internal
from memproc.records import Outcome, Plain, Rejected, encode, last_changed
from memproc.store.index.segments import Segments
from memproc.store.quarantine.records import Again, Origin, put_in_quarantine
from memproc.store.quarantine.triage import settle
from memproc.store.reviews.looking import RETURNED, Compared, Fresh, undated_doubts, write_reviews
from memproc.store.rows.ledger import Line, write_lines
from memproc.store.rows.memories import forgotten_among
from memproc.store.rows.neighbourhood import neighbourhood
from memproc.store.rows.state import Standing, standing
from memproc.store.sql import tables
from memproc.store.sql.database import is_of_memproc, is_of_value
from memproc.store.sql.seals import seal_of_date
from memproc.store.sql.tx import Tx
from memproc.taken import Taken
from memproc.times import to_micros
from memproc.validation import fault, redacted

COLLIDES = "report it: two records with one hash were made on purpose, or memproc is wrong; a space more in the text parts them"
KEY_TAKEN = "run memproc doctor: the record is in the store, and was not found; or a unique key was added to its tables"

_KNOWN = select(*(tables.observations.c[name] for name in ("key", "number", "is_identity", "record")))
_WITH_OTHERS = (
    update(tables.observations)
    .where(tables.observations.c.node == bindparam("node"), tables.observations.c.speaks == literal_column("0"))
    .where(tables.observations.c.content == bindparam("content"))
    .values(memory=bindparam("new_memory"))
)
_MENDS = select(tables.mends.c.meant, tables.mends.c.core)
_NONE_MET: Mapping[int, Judged] = {}
_NOTHING_CHANGED = Regrouped({}, frozenset(), {}, 0, 0, {}, {})


class Arrived(NamedTuple):
    """A batch as it comes from validation: its records, the first of which has the position `first`. Of a replay `replayed` says
    which positions each quarantined record gave, by its number.
    """

    records: Taken
    first: int
    replayed: Mapping[int, Sequence[int]] | None = None


@dataclass(slots=True)
class Landed:
    """What became of a batch: how many records were `new`, those of them that were not just stored, the positions of the others,
    and the merges and reviews it made.
    """

    new: int = 0
    judged: list[Judged] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    forgotten: list[int] = field(default_factory=list)
    known_rejected: Again = field(default_factory=dict)
    rejected: list[tuple[int, Rejected]] = field(default_factory=list)
    reviews: int = 0
    candidates: int = 0
    verified: int = 0
    membership: dict[Key, Key | None] = field(default_factory=dict)  # of the observations whose memory changed: None for by itself
    met: int = 0  # records that met others, so that what they merge by was asked
    untaken: int = 0  # decisions that were not acted on, as they name what is not of the namespace
    batch: int = 0
    epoch: int = 0
    looking: list[Looking] = field(default_factory=list)  # what is to be looked at for reviews when it has landed
    uncompared: int = 0  # records that memproc itself broke on as it compared them
    reused: dict[Key, str] = field(default_factory=dict)  # by node the ids that came with texts which have nothing in common
    request: str | None = None

    @property
    def fresh(self) -> Fresh:
        """What is to be looked at, in a transaction of its own."""
        return Fresh(self.batch, self.epoch, self.looking)

    def add(self, other: Landed) -> None:
        """Add what became of the next part of the same batch."""
        self.membership |= other.membership
        self.reused |= other.reused
        for name in ("judged", "known", "forgotten", "rejected", "looking"):
            getattr(self, name).extend(getattr(other, name))
        for name in ("new", "reviews", "candidates", "verified", "met", "untaken", "uncompared"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.request = self.request or other.request

    def looked(self, found: Compared) -> None:
        """Take what was found as it was looked at."""
        self.candidates, self.verified, self.reviews = found.candidates, found.verified, self.reviews + found.reviews
        self.uncompared = len(found.broken)
        returned = found.returned
        self.judged = [one._replace(reason=RETURNED) if one.incoming.prepared.key in returned else one for one in self.judged]

    @property
    def similar(self) -> list[Judged]:
        """The merges by likeness."""
        return [judged for judged in self.judged if judged.kind == "similar"]

    def counts(self) -> Counter[Outcome]:
        """Return how many records had each outcome."""
        counted = Counter([judged.outcome for judged in self.judged])
        counted[Outcome.STORED] = self.new - len(self.judged)
        counted[Outcome.DUPLICATE] += len(self.known)
        counted[Outcome.QUARANTINED] = len(self.rejected)
        return counted


class Landing:
    """Lands batches in one store. The caller holds the transaction and sees to it that only one thread is here."""

    def __init__(
        self,
        segments: Segments,
        policy: Policy,
        job: int,
        *,
        redacts: bool = False,
    ) -> None:
        """Know the store, what it was built with, and the job that lands.

        With `redacts` nothing is told of what a rejected record holds, whoever rejected it.
        """
        self._segments, self._job, self._redacts = segments, job, redacts
        self._recall = policy.recall

    def land(self, tx: Tx, arrived: Arrived, there: Standing, origin: Origin) -> Landed:
        """Write the next batch and all that follows from it; `there` tells how the store stands, `now` is the time of the ledger's
        rows.
        """
        batch = there.batch + 1
        records = arrived.records.moved(arrived.first)
        accepted = records.accepted
        landed = self._land_accepted(tx, accepted, there, batch)
        landed.batch, landed.epoch = batch, there.epoch
        landed.rejected = sorted([*records.rejected, *landed.rejected], key=lambda found: found[0])
        if self._redacts:
            landed.rejected = [(at, own._replace(faults=tuple(map(redacted, own.faults)))) for at, own in landed.rejected]
        if arrived.replayed is None:
            landed.known_rejected = put_in_quarantine(tx, landed.rejected, batch, origin)
        else:
            became = {at: (key, Outcome.STORED) for at, key in zip(accepted.position, accepted.key, strict=True)}
            became |= {at: (became[at][0], Outcome.DUPLICATE) for at in landed.known}
            became |= {one.incoming.position: (one.incoming.prepared.key, one.outcome) for one in landed.judged}
            replayed, again = arrived.replayed, landed.rejected
            landed.known_rejected = settle(tx, replayed, became, again, batch)
        return landed

    def _land_accepted(self, tx: Tx, accepted: Columns, there: Standing, batch: int) -> Landed:
        """Write a batch; where the database refuses it, without the rows that it refuses by themselves, or else by halves; where
        deciding breaks, by halves.
        """
        if not len(accepted):
            return Landed()
        try:
            with tx.savepoint():
                return self._write(tx, accepted, there, batch)
        except Exception as error:
            is_internal = not is_of_value(error)
            if is_internal and not is_of_memproc(error):
                raise
            self._segments.forget_cached()
            if len(accepted) == 1:
                why = _broken_on if is_internal else _refused
                return Landed(rejected=[(accepted.position[0], why(accepted.at(0), error))])
        if not is_internal and (refused := self._refused_rows(tx, accepted, there, batch)):
            rest = accepted.take([at for at in range(len(accepted)) if at not in refused])
            landed = self._land_accepted(tx, rest, there, batch)
            landed.rejected += [(accepted.position[at], _refused(accepted.at(at), why)) for at, why in refused.items()]
            return landed
        middle = len(accepted) // 2
        landed = self._land_accepted(tx, accepted.cut(0, middle), there, batch)
        there = standing(tx, self._job)
        landed.add(self._land_accepted(tx, accepted.cut(middle), there, batch))
        return landed

    def _refused_rows(self, tx: Tx, columns: Columns, there: Standing, batch: int) -> dict[int, Exception]:
        """Return the places of the records whose rows the database refuses, found by bisection; nothing stays written."""
        known, forgotten = self._met_before(tx, columns, there)
        before = known.keys() | forgotten
        fresh = {key: at for at, key in enumerate(columns.key) if key not in before}
        rows = _rows_of(columns.take(fresh.values()), there.observation + 1, batch)
        refused: dict[Key, Exception] = {}
        trial = tx.savepoint()
        self._try_rows(tx, rows, refused)
        trial.rollback()
        return {at: refused[key] for at, key in enumerate(columns.key) if key in refused}

    def _try_rows(self, tx: Tx, rows: Sequence[tuple[Any, ...]], refused: dict[Key, Exception]) -> None:
        try:
            with tx.savepoint():
                tx.insert_rows(tables.observations, rows)
        except Exception as error:
            if not is_of_value(error):
                raise
            if len(rows) == 1:
                _, key, *_ = rows[0]
                refused[key] = error
                return
        else:
            return
        middle = len(rows) // 2
        self._try_rows(tx, rows[:middle], refused)
        self._try_rows(tx, rows[middle:], refused)

    def _met_before(self, tx: Tx, columns: Columns, there: Standing) -> tuple[dict[Key, Any], set[Key]]:
        """Return the rows of those observations of a batch that the store has, and the keys of those that were forgotten."""
        keys = {*columns.key}
        known = {row.key: row for row in tx.select_by_keys(_KNOWN, tables.observations.c.key, keys)}
        return known, forgotten_among(tx, keys - known.keys()) if there.has_forgotten else set()

    def _write(self, tx: Tx, columns: Columns, there: Standing, batch: int) -> Landed:
        known, forgotten = self._met_before(tx, columns, there)
        own = enumerate(zip(columns.key, columns.as_of, strict=True))
        undecided = columns.take([at for at, (key, as_of) in own if key not in known or as_of is not None]) if known else columns
        near = neighbourhood(tx, there=there, fresh=undecided)
        if colliding := _colliding(columns, known, near.rows):
            rest = columns.take([at for at in range(len(columns)) if at not in colliding])
            landed = self._write(tx, rest, there, batch)
            landed.rejected += [(columns.position[at], _collided(columns.at(at))) for at in colliding]
            return landed
        plan = decide(columns, known.keys() | forgotten, near)
        numbers = dict(zip(plan.fresh.key, count(there.observation + 1)))
        self._write_observations(tx, plan, there.observation + 1, batch)
        write_regrouped(tx, plan.changed, near.rows)
        self._write_again(tx, plan, {key: row.number for key, row in known.items()} | numbers, near.rows, batch)
        landed = Landed(len(plan.fresh), [*plan.judged.values()], plan.repeated.position, membership={**plan.changed.membership})
        landed.forgotten = [*compress(landed.known, map(forgotten.__contains__, plan.repeated.key))]
        landed.reused = _reused(plan, near.rows)
        landed.met = sum([content in near.groups for content in columns.content]) if near.groups else 0
        if any(columns.is_near):
            firsts = first_of_cores(plan, near.rows.values())
            first_numbers = [there.observation + 1 + at for at in firsts]
            hashes = self._segments.index(tx, first_numbers, plan.fresh.take(firsts), self._recall)
            landed.looking = [looking_planned(plan, near.rows, there.observation + 1, firsts, hashes)]
        landed.reviews = write_reviews(tx, undated_doubts(plan.undated), batch)
        write_lines(tx, batch, _lines(plan))
        return landed

    def _write_observations(self, tx: Tx, plan: Plan, first: int, batch: int) -> None:
        rows = _rows_of(plan.fresh, first, batch, plan.judged, plan.changed)
        tx.insert_rows(tables.observations, rows)
        links = {(meant, core) for core, mends in zip(plan.fresh.core, plan.fresh.mends, strict=True) for meant in mends}
        write_mends(tx, links)

    def _write_again(self, tx: Tx, plan: Plan, numbers: Mapping[Key, int], rows: Mapping[Key, Row], batch: int) -> None:
        """Note of known observations that they were seen again, and the later date of their source."""
        again = plan.repeated
        times = Counter([numbers[key] for key in again.key if key in numbers])
        counted = [(batch, more, number) for number, more in times.items()]
        tx.update_rows(tables.observations, ("last_batch",), counted, add=("times_seen",))
        dates: dict[int, int] = {}
        keys: dict[int, Key] = {}
        for key, as_of in zip(again.key, again.as_of, strict=True):
            row = rows.get(key)
            if row is not None and as_of is not None and as_of > (row.observation.as_of or ""):
                dates[row.number] = max(dates.get(row.number, -(2**63)), to_micros(as_of))
                keys[row.number] = key
        later = [(as_of, seal_of_date(keys[number], as_of), number) for number, as_of in dates.items()]
        tx.update_rows(tables.observations, ("as_of", "as_of_seal"), later)


def _colliding(columns: Columns, known: Mapping[Key, Any], rows: Mapping[Key, Row]) -> set[int]:
    """Return the places of the records that share a key with another and not what it is the key of."""
    met: dict[Key, Observation | Prepared] = {}  # by content, and by node where that is another
    for row in rows.values():
        met[row.observation.content] = met[row.observation.node] = row.observation
    names = columns.content
    if columns.node != names:
        names = [*names, *(node for node, content in zip(columns.node, names, strict=True) if node != content)]
    keys, names_met = shared(columns.key, known), shared(names, met)
    if not (keys or names_met):
        return set()
    found: set[int] = set()
    texts = {key: (bool(row.is_identity), row.record) for key, row in known.items()}
    for at, own_names in enumerate(zip(columns.content, columns.node, strict=True)):
        if columns.key[at] in keys or not names_met.isdisjoint(own_names):
            prepared = columns.at(at)
            own = (prepared.is_identity, prepared.json.decode())
            others = [met.setdefault(name, prepared) for name in own_names]
            if texts.setdefault(prepared.key, own) != own or not all(_is_confirmed(prepared, other) for other in others):
                found.add(at)
    return found


def _is_confirmed(prepared: Prepared, other: Observation | Prepared) -> bool:
    if other is prepared or other.key == prepared.key:  # equal keys were compared
        return True
    return is_confirmed(prepared.observation, other.observation if isinstance(other, Prepared) else other)


def _collided(prepared: Prepared) -> Rejected:
    found = fault("", "hash_collision", "has the hash of another record, which says something else")._replace(hint=COLLIDES)
    return Rejected("dedup_conflict", (found,), own.whole_line(prepared.observation))


def _reused(plan: Plan, rows: Mapping[Key, Row]) -> dict[Key, str]:
    """Return by node the ids of new observations whose text has nothing in common with that of a version before."""
    columns = plan.fresh
    fresh = [*compress(range(len(columns)), columns.is_identity)]
    nodes = {columns.node[at] for at in fresh}
    versions = sorted([row for row in rows.values() if row.observation.node in nodes], reverse=True, key=lambda row: row.number)
    there = {row.observation.node: row.observation.record["content"] for row in versions}  # of each the first that came
    reused: dict[Key, str] = {}
    for at in fresh:
        node, text = columns.node[at], columns.text[at]
        before = there.setdefault(node, text)
        if before is not text and node not in reused and have_nothing_in_common(before, text):
            reused[node] = columns.at(at).record["id"]
    return reused


def _rows_of(
    columns: Columns, first: int, batch: int, judged: Mapping[int, Judged] = _NONE_MET, changed: Regrouped = _NOTHING_CHANGED
) -> list[tuple[Any, ...]]:
    """Return the rows of new observations, numbered from `first` on; those not in `judged`, by their places, are just stored."""
    many, speaks = len(columns), changed.speaks
    outcomes: list[str] = [Outcome.STORED.value] * many
    confidences: list[float | None] = [None] * many
    for at, one in judged.items():
        outcomes[at], confidences[at] = one.outcome.value, one.confidence
    as_of = [None if date is None else to_micros(date) for date in columns.as_of]
    seals = [None if date is None else seal_of_date(key, date) for key, date in zip(columns.key, as_of, strict=True)]
    return [
        *zip(
            range(first, first + many),
            *columns.lists[:4],  # its keys
            map(changed.membership.get, columns.key),
            [int(speaks.get(key, True)) for key in columns.key] if speaks else repeat(1),
            columns.namespace,
            map(int, columns.is_identity),
            repeat(batch),
            columns.position,
            outcomes,
            confidences,
            repeat(batch),
            repeat(1),
            as_of,
            seals,
            map(len, columns.text),
            columns.changed_at,
            map(bytes.decode, columns.json),
            strict=False,  # what repeats has no end
        )
    ]


def batch_row(landed: Landed, place: tuple[int, int, int, int], started: float, now: str) -> tuple[Any, ...]:
    """Return the row of a batch; `place` is its number, its job, its first position and how many records it read."""
    outcomes = landed.counts()
    counts = [outcomes[outcome] for outcome in Outcome]
    looked = (landed.reviews, landed.candidates, landed.verified, len(landed.forgotten))
    errors = encode(Counter(found.category for _, found in landed.rejected)).decode()
    known = encode(ranges(landed.known)).decode()
    known_rejected = encode({str(number): ranges(at) for number, at in landed.known_rejected.items()}).decode()
    return (*place, *counts, *looked, errors, known, known_rejected, perf_counter() - started, now)


def write_regrouped(tx: Tx, changed: Regrouped, rows: Mapping[Key, Row]) -> None:
    """Write the memories that changed and the membership of the observations that were there."""
    gone = (changed.gone | changed.memories.keys()) & {row.memory for row in rows.values()}
    tx.delete_by_keys(tables.merged.c.id, sorted(gone))
    tx.insert_rows(tables.merged, [merged_row(key, memory) for key, memory in changed.memories.items()])
    for (node, content), memory in changed.silent.items():
        tx.run(_WITH_OTHERS, node=node, content=content, new_memory=memory)
    moved = [(memory, rows[key].number) for key, memory in changed.membership.items() if key in rows]
    tx.update_rows(tables.observations, ("memory",), moved)
    heard = [(int(speaks), rows[key].number) for key, speaks in changed.speaks.items() if key in rows]
    tx.update_rows(tables.observations, ("speaks",), heard)


def merged_row(key: Key, memory: Plain) -> tuple[Key, int, int | None, str]:
    """Return the row of a memory of several observations."""
    return key, namespace_number(memory["namespace"]), date_of(memory), encode(memory).decode()


def write_mends(tx: Tx, links: Iterable[Link]) -> None:
    """Write which cores the core of a text with an odd token may stand for, where it is not written yet."""
    wanted = set(links)
    there = {tuple(row) for row in tx.select_by_keys(_MENDS, tables.mends.c.core, {core for _, core in wanted})}
    tx.insert_rows(tables.mends, sorted(wanted - there))


def _lines(plan: Plan) -> list[Line]:
    merges = [
        Line(judged.kind, judged.incoming.prepared.key, judged.anchor, judged.confidence, 1, judged.reason)
        for judged in plan.judged.values()
        if judged.kind in ("similar", "version")
    ]
    merges += [Line("joined", found.bridge, found.other, found.confidence, 1, found.reason) for found in plan.joined]
    return [*merges, Line("joins", amount=plan.changed.joins), Line("splits", amount=plan.changed.splits)]


def date_of(record: Plain) -> int | None:
    """Return when a plain record was last changed, in microseconds since 1970."""
    date = last_changed(record)
    return None if date is None else to_micros(date)


def _broken_on(prepared: Prepared, error: Exception) -> Rejected:
    return internal(own.whole_line(prepared.observation), error)


def _refused(prepared: Prepared, error: Exception) -> Rejected:
    cause = getattr(error, "orig", None) or error
    said = str(cause).partition("\n")[0]  # PostgreSQL shows the whole row behind that
    line = own.whole_line(prepared.observation)
    if is_key_conflict(cause):  # what has the key was not found when it was looked for
        found = fault("", "key_taken", f"another row of the store has its key: {said}")._replace(hint=KEY_TAKEN)
        return Rejected("dedup_conflict", (found,), line)
    return Rejected("database", (fault("", "refused", f"the database refused this record: {said}"),), line)


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
