"""Writes one batch: looks up its neighbourhood, decides, and writes the rows, in the caller's transaction.

The whole batch is tried under a savepoint. If the database refuses it, inserting rows on trial finds those that it refuses by
themselves, and the rest is looked up and decided again. Halving finds the records behind other refusals and behind errors in
memproc. As the result does not depend on the batch (law 3), the parts together give the same result as the whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress, count
from operator import itemgetter
from typing import Any

from sqlalchemy import select

from memproc.dedup.columns import Columns, Prepared
from memproc.dedup.decide import Plan, decide
from memproc.dedup.keys import Key
from memproc.dedup.looking import first_of_cores, looking_planned
from memproc.dedup.neighbourhood import Row
from memproc.failures import is_key_conflict
from memproc.formats import own
from memproc.intake import internal
from memproc.records import Category, Outcome, Rejected
from memproc.report.measured import Stage, StageClock
from memproc.store.changes.collisions import collided, colliding_in, reused_ids
from memproc.store.changes.landed import Arrived, Landed, Replaced
from memproc.store.changes.replacing import can_replace_at_once, plan_replacing, write_replaced
from memproc.store.index.segments import Segments
from memproc.store.kinds import LedgerKind
from memproc.store.quarantine.records import Origin, put_in_quarantine
from memproc.store.quarantine.triage import settle
from memproc.store.reviews.storing import undated_candidates, write_reviews
from memproc.store.rows.ledger import LedgerEntry, moves, write_lines
from memproc.store.rows.memories import write_regrouped
from memproc.store.rows.neighbourhood import neighbourhood_of_batch
from memproc.store.rows.observations import columns_of_new, forgotten_among, insert_observations, note_dates, note_seen_again
from memproc.store.rows.state import StoreState, store_state
from memproc.store.rows.typo_links import write_typo_links
from memproc.store.sql import tables
from memproc.store.sql.driver_errors import is_of_memproc, is_of_value
from memproc.store.sql.tx import Tx
from memproc.times import to_micros
from memproc.validation import fault, redacted

KEY_TAKEN = "run memproc doctor: the record is in the store, and was not found; or a unique key was added to its tables"

_KNOWN = select(*(tables.observations.c[name] for name in ("key", "number", "is_identity", "record")))


class Landing:
    """Writes batches of one job to one store. The caller holds the transaction and allows one thread at a time."""

    def __init__(self, segments: Segments, job: int, clock: StageClock, *, redacts: bool = False) -> None:
        """Tell the clock which stage begins. With `redacts` no message quotes a rejected record."""
        self._segments, self._job, self._clock, self._redacts = segments, job, clock, redacts
        self._replaced: Replaced | None = None

    def land(self, tx: Tx, arrived: Arrived, state: StoreState, origin: Origin) -> Landed:
        """Write the next batch and everything that follows from it."""
        batch, self._replaced = state.batch + 1, arrived.replaced
        records = arrived.records.moved(arrived.first)
        accepted = records.accepted
        landed = self._land_accepted(tx, accepted, state, batch)
        self._clock.begin(Stage.WRITING)
        landed.batch, landed.epoch = batch, state.epoch
        landed.rejected = sorted([*records.rejected, *landed.rejected], key=itemgetter(0))
        if self._redacts:
            landed.rejected = [(at, replace(one, faults=tuple(map(redacted, one.faults)))) for at, one in landed.rejected]
        if arrived.replayed is None:
            landed.known_rejected = put_in_quarantine(tx, landed.rejected, batch, origin)
        else:
            became = {at: (key, Outcome.STORED) for at, key in zip(accepted.position, accepted.key, strict=True)}
            became |= {at: (became[at][0], Outcome.DUPLICATE) for at in landed.known}
            became |= {one.incoming.position: (one.incoming.prepared.key, one.outcome) for one in landed.judged}
            landed.known_rejected = settle(tx, arrived.replayed, became, landed.rejected, batch)
        return landed

    def _land_accepted(self, tx: Tx, accepted: Columns, state: StoreState, batch: int) -> Landed:
        """Write the accepted records. If that fails, write them without the rows that the database refuses, or by halves."""
        if not len(accepted):
            return Landed()
        try:
            with tx.savepoint():
                return self._write(tx, accepted, state, batch)
        except Exception as error:
            is_internal = not is_of_value(error)
            if is_internal and not is_of_memproc(error):
                raise
            self._segments.forget_cached()
            if len(accepted) == 1:
                rejected = _broken_on if is_internal else _refused
                return Landed(rejected=[(accepted.position[0], rejected(accepted.at(0), error))])
        if not is_internal and (refused := self._refused_rows(tx, accepted, state, batch)):
            rest = accepted.take([at for at in range(len(accepted)) if at not in refused])
            landed = self._land_accepted(tx, rest, state, batch)
            landed.rejected += [(accepted.position[at], _refused(accepted.at(at), why)) for at, why in refused.items()]
            return landed
        middle = len(accepted) // 2
        landed = self._land_accepted(tx, accepted.cut(0, middle), state, batch)
        state = store_state(tx, self._job)
        landed.add(self._land_accepted(tx, accepted.cut(middle), state, batch))
        return landed

    def _refused_rows(self, tx: Tx, columns: Columns, state: StoreState, batch: int) -> dict[int, Exception]:
        """Return by place the errors of the records whose rows the database refuses, by inserting rows and rolling back."""
        known, forgotten = self._known_and_forgotten(tx, columns, state)
        before = known.keys() | forgotten
        fresh = {key: at for at, key in enumerate(columns.key) if key not in before}
        rows = columns_of_new(columns.take(fresh.values()), state.observation + 1, batch)
        refused: dict[Key, Exception] = {}
        trial = tx.savepoint()
        self._try_rows(tx, rows, refused)
        trial.rollback()
        return {at: refused[key] for at, key in enumerate(columns.key) if key in refused}

    def _try_rows(self, tx: Tx, rows: Mapping[str, Sequence[Any]], refused: dict[Key, Exception]) -> None:
        try:
            with tx.savepoint():
                insert_observations(tx, rows)
        except Exception as error:
            if not is_of_value(error):
                raise
            if len(rows["key"]) == 1:
                refused[rows["key"][0]] = error
                return
        else:
            return
        middle = len(rows["key"]) // 2
        self._try_rows(tx, {name: values[:middle] for name, values in rows.items()}, refused)
        self._try_rows(tx, {name: values[middle:] for name, values in rows.items()}, refused)

    def _known_and_forgotten(self, tx: Tx, columns: Columns, state: StoreState) -> tuple[dict[Key, Any], set[Key]]:
        """Return the stored rows of a batch's observations, and the keys of its forgotten ones."""
        keys = {*columns.key}
        known = {row.key: row for row in tx.select_by_keys(_KNOWN, tables.observations.c.key, keys)}
        return known, forgotten_among(tx, keys - known.keys()) if state.has_forgotten else set()

    def _write(self, tx: Tx, columns: Columns, state: StoreState, batch: int) -> Landed:
        self._clock.begin(Stage.LOOKUP)
        known, forgotten = self._known_and_forgotten(tx, columns, state)
        keys = enumerate(zip(columns.key, columns.as_of, strict=True))
        undecided = columns.take([at for at, (key, as_of) in keys if key not in known or as_of is not None]) if known else columns
        replaced = self._replaced
        near = neighbourhood_of_batch(tx, undecided, state, [row.observation for row in replaced.rows] if replaced else [])
        if colliding := colliding_in(columns, known, near.rows):
            rest = columns.take([at for at in range(len(columns)) if at not in colliding])
            landed = self._write(tx, rest, state, batch)
            landed.rejected += [(columns.position[at], collided(columns.at(at))) for at in colliding]
            return landed
        if replaced is not None and (known or forgotten or not can_replace_at_once(columns, near, replaced)):
            replaced = None
        self._clock.begin(Stage.DECIDING)
        plan = plan_replacing(columns, near, replaced) if replaced else decide(columns, known.keys() | forgotten, near)
        self._clock.begin(Stage.WRITING)
        numbers = dict(zip(plan.fresh.key, count(state.observation + 1)))
        self._write_observations(tx, plan, state.observation + 1, batch)
        write_regrouped(tx, plan.changed, near.rows)
        self._note_seen_again(tx, plan, {key: row.number for key, row in known.items()} | numbers, near.rows, batch)
        landed = Landed(len(plan.fresh), [*plan.judged.values()], plan.repeated.position, membership={**plan.changed.membership})
        landed.forgotten = [*compress(landed.known, map(forgotten.__contains__, plan.repeated.key))]
        landed.reused = reused_ids(plan, near.rows)
        landed.met = sum([content in near.groups for content in columns.content]) if near.groups else 0
        if any(columns.is_near):
            firsts = first_of_cores(plan, near.rows.values())
            first_numbers = [state.observation + 1 + at for at in firsts]
            hashes = self._segments.index(tx, first_numbers, plan.fresh.take(firsts), tx.policy.recall)
            landed.looking = [looking_planned(plan, near.rows, state.observation + 1, firsts, hashes)]
        landed.reviews = write_reviews(tx, undated_candidates(plan.undated), batch)
        if replaced:
            write_replaced(tx, plan, replaced, landed)
        else:
            write_lines(tx, batch, _ledger_lines(plan))
        return landed

    def _write_observations(self, tx: Tx, plan: Plan, first: int, batch: int) -> None:
        insert_observations(tx, columns_of_new(plan.fresh, first, batch, plan.judged, plan.changed))
        links = {
            (meant, core) for core, typo_links in zip(plan.fresh.core, plan.fresh.typo_links, strict=True) for meant in typo_links
        }
        write_typo_links(tx, links)

    def _note_seen_again(self, tx: Tx, plan: Plan, numbers: Mapping[Key, int], rows: Mapping[Key, Row], batch: int) -> None:
        """Count known observations as seen again, and store a later date of their source."""
        again = plan.repeated
        times = Counter([numbers[key] for key in again.key if key in numbers])
        note_seen_again(tx, times, batch)
        dates: dict[int, tuple[Key, int]] = {}
        for key, as_of in zip(again.key, again.as_of, strict=True):
            row = rows.get(key)
            if row is not None and as_of is not None and as_of > (row.observation.as_of or ""):
                dates[row.number] = max(dates.get(row.number, (key, -(2**63))), (key, to_micros(as_of)))
        note_dates(tx, dates)


def _ledger_lines(plan: Plan) -> list[LedgerEntry]:
    merges = [
        LedgerEntry(LedgerKind(judged.kind), judged.incoming.prepared.key, judged.anchor, judged.confidence, 1, judged.reason)
        for judged in plan.judged.values()
        if judged.kind in ("similar", "version")
    ]
    merges += [
        LedgerEntry(LedgerKind.JOINED, joined.bridge, joined.other, joined.confidence, 1, joined.reason) for joined in plan.joined
    ]
    return [*merges, *moves(plan.changed)]


def _broken_on(prepared: Prepared, error: Exception) -> Rejected:
    return internal(own.whole_line(prepared.observation), error)


def _refused(prepared: Prepared, error: Exception) -> Rejected:
    cause = getattr(error, "orig", None) or error
    message = str(cause).partition("\n")[0]  # PostgreSQL adds the whole row after it
    line = own.whole_line(prepared.observation)
    if is_key_conflict(cause):  # the look-up did not find the row that has the key
        found = replace(fault("", "key_taken", "another row of the store has its key: ", message), hint=KEY_TAKEN)
        return Rejected(Category.DEDUP_CONFLICT, (found,), line)
    return Rejected(Category.DATABASE, (fault("", "refused", "the database refused this record: ", message),), line)
