"""What is told once, and cannot be computed again: values of the wrong kind, broken seals, and where observations came from.

Strategy: a row with a seal is compared with it. An observation has none, as one for each record would cost too much; what its
record does not give is told by the row of its batch, the ledger and the other observations: their order, how many of each outcome
there are, how sure a merge was, how often records were met again. The date of a source, which decides what version speaks, has a
seal of its own.
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
from memproc.store.checkup.findings import MOST_EXAMPLES, Found
from memproc.store.jobs.counting import IMPORTED, BatchCount
from memproc.store.kinds import LedgerKind
from memproc.store.sql import tables
from memproc.store.sql.seals import is_sealed, is_whole, seal_of_date
from memproc.store.sql.tx import DatabaseInfo, Tx

CHUNK = 2_000
PARTS_AT_ONCE = 16
KEY_BYTES = 16
KEPT = (tables.decisions, tables.ledger, tables.batches)  # of which no row is ever deleted

# As SQLite names the kinds of what it holds, whatever a column was made for.
_KINDS = ((BigInteger, "integer"), (SmallInteger, "integer"), (Double, "real"), (Text, "text"), (LargeBinary, "blob"))
_observations, _forgotten, _ledger = tables.observations.c, tables.forgotten.c, tables.ledger.c
_TOLD = ("number", "key", "batch", "position", "outcome", "confidence", "last_batch", "times_seen", "as_of", "as_of_seal")
_ARRIVED = select(*(_observations[name] for name in _TOLD))
_LINES = select(_ledger.subject, _ledger.batch, _ledger.confidence, _ledger.kind)
_MERGES = (LedgerKind.SIMILAR, LedgerKind.VERSION)
_REPEATS = select(tables.batches.c.number, tables.batches.c.duplicate)


def check_values(tx: Tx, found: Found) -> None:
    """See whether each value is of the kind that its column holds: SQLite takes any, and no database minds how long a key is."""
    for table in tables.metadata.sorted_tables:
        wrong = or_(false(), *(condition for column in table.columns for condition in _misfits(tx.database, column)))
        if count := tx.execute(select(func.count()).select_from(table).where(wrong)).scalar_one():
            rows = tx.execute(select(*table.primary_key.columns).where(wrong).limit(MOST_EXAMPLES))
            found.add("values", *(_name(table, row) for row in rows), count=count)


def _misfits(database: DatabaseInfo, column: Column[Any]) -> Iterator[ColumnElement[bool]]:
    if isinstance(column.type, LargeBinary) and column.type.length == KEY_BYTES:
        yield func.length(column) != KEY_BYTES
    if database.file is not None:
        kind = next(kind for of_column, kind in _KINDS if isinstance(column.type, of_column))
        yield func.typeof(column).not_in([kind, "null"] if column.nullable else [kind])


def check_seals(tx: Tx, found: Found) -> None:
    """Compare each row that has a seal with it, and see whether rows are missing where none is ever deleted."""
    for table in filter(is_sealed, tables.metadata.sorted_tables):
        at_once = PARTS_AT_ONCE if table is tables.quarantine_parts else CHUNK
        own = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=at_once)
        with tx.execute(own) as rows:
            places = [table.columns.keys().index(column.name) for column in table.primary_key.columns]
            found.add("seals", *(_name(table, [row[at] for at in places]) for row in rows if not is_whole(table, row)))
    for table in KEPT:
        count, last = tx.execute(select(func.count(), func.max(table.c.number)).select_from(table)).one()
        if missing := abs((last or 0) - count):
            found.add("gaps", table.name, count=missing)


def check_arrival(tx: Tx, batches: Sequence[BatchCount], found: Found) -> None:
    """Compare what is told of the arrival of each observation with what batches, ledger and the others tell."""
    repeats = dict(tuple(row) for row in tx.execute(_REPEATS))
    again, last = 0, (0, 0)
    for rows in tx.in_chunks(_ARRIVED, _observations.number, CHUNK):
        merged = {row.key for row in rows if row.outcome == Outcome.MERGED.value}
        said = tx.select_by_keys(_LINES, _ledger.subject, merged)
        lines = {(subject, batch): sure for subject, batch, sure, kind in said if kind in _MERGES}
        for row in rows:
            place = row.batch, row.position
            if place <= last or not (_is_sure(row, lines) and _is_seen(row, repeats) and _is_dated(row)):
                found.add("arrival", row.key)
            last, again = place, again + row.times_seen - 1
    is_of_record = _forgotten.outcome.not_in((IMPORTED, Outcome.QUARANTINED.value))
    again += int(tx.execute(select(func.sum(_forgotten.times_seen - 1)).where(is_of_record)).scalar() or 0)
    if not found.has("arrival", "conservation") and (lost := abs(sum(batch.again for batch in batches) - again)):
        found.add("arrival", "times_seen", count=lost)


def _is_sure(row: Any, lines: Mapping[tuple[Key, int], float]) -> bool:
    """Tell whether the confidence is that of the outcome; of a merge the ledger has it too."""
    if row.outcome == Outcome.MERGED.value:
        return bool(lines.get((row.key, row.batch)) == row.confidence)
    return bool(row.confidence == (1.0 if row.outcome == Outcome.DUPLICATE.value else None))


def _is_seen(row: Any, repeats: Mapping[int, int]) -> bool:
    """Tell whether it may have been read so often, and last in that batch."""
    if row.times_seen == 1:
        return bool(row.last_batch == row.batch)
    return bool(row.times_seen > 1 and row.last_batch >= row.batch and repeats.get(row.last_batch))


def _is_dated(row: Any) -> bool:
    return bool(row.as_of_seal == (None if row.as_of is None else seal_of_date(row.key, row.as_of)))


def _name(table: Table, key: Sequence[Any]) -> str:
    """Return how a row is told: its table and its key."""
    return " ".join([table.name, *(one.hex() if isinstance(one, bytes) else str(one) for one in key)])
