"""The story of a memory, told from the ledger and the rows of its observations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import or_, select

from memproc.dedup.compare.reasons import BETWEEN, reason_told
from memproc.dedup.keys import Key
from memproc.dedup.neighbourhood import Row
from memproc.records import M, Plain
from memproc.report.read_from import place_in
from memproc.store.answers import Entry, ObservationSeen, Trace
from memproc.store.kinds import LedgerKind
from memproc.store.rows.decisions import all_decisions
from memproc.store.rows.history import speaking_of
from memproc.store.rows.ledger import entry_of, lines_on
from memproc.store.rows.observations import records_of
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_LAST = tables.batches.alias("last")
_seen, _gone, _batches = tables.observations.c, tables.forgotten.c, tables.batches.c
_AS_THEY_ARE = ("outcome", "confidence", "batch", "position", "times_seen")  # columns whose values are told as they are
_SIGHTINGS = (
    select(_seen.key, _seen.record, *(_seen[name] for name in _AS_THEY_ARE))
    .add_columns(_batches.job, _batches.first_position, _batches.measured)
    .add_columns(_batches.committed_at.label("first_seen"), _LAST.c.committed_at.label("last_seen"))
    .join_from(tables.observations, tables.batches, _seen.batch == _batches.number)
    .join(_LAST, _seen.last_batch == _LAST.c.number)
)
_TOMBSTONES = select(_gone.key, _gone.node, _gone.outcome, _batches.job, _gone.position, _batches.committed_at).join_from(
    tables.forgotten, tables.batches, _gone.batch == _batches.number
)
# Kinds of lines whose reason is what two observations differ in.
_OF_TWO_TEXTS = (LedgerKind.SIMILAR, LedgerKind.JOINED, LedgerKind.REVIEW)


def trace_of(tx: Tx, rows: Sequence[Row], memory: M) -> Trace[M]:
    """Return the story of a memory, whose observations are `rows`."""
    speaking = speaking_of(tx, rows)
    keys = {row.observation.key for row in rows}
    observations = sorted(
        ObservationSeen(
            observation=row.key.hex(),
            record=orjson.loads(row.record),
            speaks=row.key in speaking,
            job=row.job,
            place=place_in(row.measured, row.position - row.first_position),
            first_seen=row.first_seen,
            last_seen=row.last_seen,
            **{name: getattr(row, name) for name in _AS_THEY_ARE},
        )
        for row in tx.select_by_keys(_SIGHTINGS, _seen.key, keys)
    )
    read = [
        Entry(seen.first_seen, "read", seen.observation, None, None, _place(seen.outcome, seen.job, seen.position, seen.place))
        for seen in observations
    ]
    handles = {*keys, *(row.observation.node for row in rows)}
    decisions = tuple(decision for decision in all_decisions(tx) if handles & {decision.a, decision.b})
    return Trace(memory, tuple(observations), _story(tx, read, handles), decisions)


def trace_of_forgotten(tx: Tx, key: Key) -> Trace[Any] | None:
    """Return what is left of the story of a memory that was forgotten, by one of its ids; None where there was none."""
    is_named = or_(_gone.key == key, _gone.node == key, _gone.home == key)
    named = tx.execute(select(_gone.key, _gone.home).where(is_named)).first()
    if named is None:
        return None
    is_of_it = _gone.key == named.key if named.home is None else _gone.home == named.home
    rows = tx.execute(_TOMBSTONES.where(is_of_it).order_by(_gone.key)).all()
    read = [Entry(row.committed_at, "read", row.key.hex(), None, None, _place(row.outcome, row.job, row.position)) for row in rows]
    handles = {handle for row in rows for handle in (row.key, row.node) if handle is not None}
    return Trace(None, (), _story(tx, read, handles), ())


def _place(outcome: str, job: int, position: int, place: str | None = None) -> str:
    where = f", position {position}" if position >= 0 else ""
    return f"{outcome}, job {job}{where}" + (f" ({place})" if place else "")


def _story(tx: Tx, read: Sequence[Entry], handles: Collection[Key]) -> tuple[Entry, ...]:
    """Return the lines of the ledger on these nodes and observations and when each was read, in the order of time."""
    written = lines_on(tx, handles)
    compared = {key for line in written if line.kind in _OF_TWO_TEXTS for key in (line.subject, line.other)}
    records = records_of(tx, compared)
    lines = [entry_of(line, _reason_of(line, records)) for line in written]
    return tuple(sorted([*read, *lines], key=lambda entry: entry.made_at))  # of one time the first read, then as in the ledger


def _reason_of(line: Any, records: Mapping[Key, Plain]) -> str:
    """Return the reason of a line in words, given the records of the observations that it names."""
    if line.kind not in _OF_TWO_TEXTS:
        return str(line.reason)
    head, between, kept = line.reason.partition(BETWEEN) if line.kind == LedgerKind.REVIEW else ("", "", line.reason)
    return f"{head}{between}{reason_told(kept, records.get(line.subject), records.get(line.other))}"
