"""Checks what cannot be computed again: kinds of values, seals, and where observations came from.

Strategy: a row with a seal is compared with it. Observations have no seal, as one for each record would cost too much; what their
records do not give is checked against the rows of their batches, the ledger and other observations: the order, the number of each
outcome, the confidence of merges, and how often records were seen again. The date of a source, which decides which version speaks,
has a seal of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Double,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    false,
    func,
    or_,
    select,
)

from memproc.dedup.keys import Key
from memproc.records import Outcome
from memproc.store.checkup.findings import MOST_EXAMPLES, Findings
from memproc.store.jobs.counting import IMPORTED, BatchCount
from memproc.store.kinds import LedgerKind
from memproc.store.sql import tables
from memproc.store.sql.seals import is_sealed, is_whole, seal_of_date
from memproc.store.sql.tx import DatabaseInfo, Tx

ROWS_AT_ONCE = 2_000
PARTS_AT_ONCE = 16
KEY_BYTES = 16
APPEND_ONLY = (tables.decisions, tables.ledger, tables.batches)

# The storage classes of SQLite, which any column may hold.
_KINDS = ((BigInteger, "integer"), (SmallInteger, "integer"), (Double, "real"), (Text, "text"), (LargeBinary, "blob"))
_observations, _forgotten, _ledger = tables.observations.c, tables.forgotten.c, tables.ledger.c
_CHECKED = ("number", "key", "batch", "position", "outcome", "confidence", "last_batch", "times_seen", "as_of", "as_of_seal")
_OBSERVATIONS = select(*(_observations[name] for name in _CHECKED))
_LINES = select(_ledger.subject, _ledger.batch, _ledger.confidence, _ledger.kind)
_MERGES = (LedgerKind.SIMILAR, LedgerKind.VERSION)
_REPEATS = select(tables.batches.c.number, tables.batches.c.duplicate)


def check_values(tx: Tx, findings: Findings) -> None:
    """Check the kind of every value, which SQLite does not enforce, and the length of every key, which no database does."""
    for table in tables.metadata.sorted_tables:
        wrong = or_(false(), *(condition for column in table.columns for condition in _misfits(tx.database, column)))
        if count := tx.execute(select(func.count()).select_from(table).where(wrong)).scalar_one():
            rows = tx.execute(select(*table.primary_key.columns).where(wrong).limit(MOST_EXAMPLES))
            findings.add("values", *(_name(table, row) for row in rows), count=count)


def _misfits(database: DatabaseInfo, column: Column[Any]) -> Iterator[ColumnElement[bool]]:
    if isinstance(column.type, LargeBinary) and column.type.length == KEY_BYTES:
        yield func.length(column) != KEY_BYTES
    if database.file is not None:
        kind = next(kind for of_column, kind in _KINDS if isinstance(column.type, of_column))
        yield func.typeof(column).not_in([kind, "null"] if column.nullable else [kind])


def check_seals(tx: Tx, findings: Findings) -> None:
    """Compare each row with its seal, and check that append-only tables have no gaps."""
    for table in filter(is_sealed, tables.metadata.sorted_tables):
        at_once = PARTS_AT_ONCE if table is tables.quarantine_parts else ROWS_AT_ONCE
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=at_once)
        key = table.primary_key.columns.keys()
        with tx.execute(query) as rows:
            broken = (row for row in rows if not is_whole(table, row._asdict()))
            findings.add("seals", *(_name(table, [getattr(row, name) for name in key]) for row in broken))
    for table in APPEND_ONLY:
        count, last = tx.execute(select(func.count(), func.max(table.c.number)).select_from(table)).one()
        if missing := abs((last or 0) - count):
            findings.add("gaps", table.name, count=missing)


def check_arrival(tx: Tx, batches: Sequence[BatchCount], findings: Findings) -> None:
    """Check the arrival of each observation against batches, ledger and other observations."""
    repeats = dict(tuple(row) for row in tx.execute(_REPEATS))
    again, last = 0, (0, 0)
    for rows in tx.in_chunks(_OBSERVATIONS, _observations.number, ROWS_AT_ONCE):
        merged = {row.key for row in rows if row.outcome == Outcome.MERGED.value}
        ledger_rows = tx.select_by_keys(_LINES, _ledger.subject, merged)
        lines = {(line.subject, line.batch): line.confidence for line in ledger_rows if line.kind in _MERGES}
        for row in rows:
            place = row.batch, row.position
            if place <= last or not (
                _has_valid_confidence(row, lines) and _has_valid_sightings(row, repeats) and _has_valid_date(row)
            ):
                findings.add("arrival", row.key)
            last, again = place, again + row.times_seen - 1
    is_of_record = _forgotten.outcome.not_in((IMPORTED, Outcome.QUARANTINED.value))
    again += int(tx.execute(select(func.sum(_forgotten.times_seen - 1)).where(is_of_record)).scalar() or 0)
    if not findings.has("arrival", "conservation") and (lost := abs(sum(batch.again for batch in batches) - again)):
        findings.add("arrival", "times_seen", count=lost)


def _has_valid_confidence(row: Any, lines: Mapping[tuple[Key, int], float]) -> bool:
    """Tell whether the confidence fits the outcome; that of a merge is also in the ledger."""
    if row.outcome == Outcome.MERGED.value:
        return bool(lines.get((row.key, row.batch)) == row.confidence)
    return bool(row.confidence == (1.0 if row.outcome == Outcome.DUPLICATE.value else None))


def _has_valid_sightings(row: Any, repeats: Mapping[int, int]) -> bool:
    """Tell whether the row may have been seen this often, and last in this batch."""
    if row.times_seen == 1:
        return bool(row.last_batch == row.batch)
    return bool(row.times_seen > 1 and row.last_batch >= row.batch and repeats.get(row.last_batch))


def _has_valid_date(row: Any) -> bool:
    return bool(row.as_of_seal == (None if row.as_of is None else seal_of_date(row.key, row.as_of)))


def _name(table: Table, key: Sequence[Any]) -> str:
    """Return the name of a row in findings: its table and key."""
    return " ".join([table.name, *(one.hex() if isinstance(one, bytes) else str(one) for one in key)])
