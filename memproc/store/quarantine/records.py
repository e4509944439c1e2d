"""Quarantine: the records that could not be taken, with their raw bytes and every reason. The same one again adds no row.

Rules: a row is for ever, as it says what became of a position (law 1); only forgetting makes a tombstone of it. So a record that
was replayed or discarded keeps its row under another status. Read again from its source, it is counted as quarantined there and
stays what it is: what a person decided stands.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import orjson
from sqlalchemy import case, func, select
from xxhash import xxh3_128_digest

from memproc.config import QuarantineStatus
from memproc.dedup.keys import Key, key_of
from memproc.records import Category, Fault, Outcome, Plain, Rejected, encode
from memproc.store.enriching.kept import take_rejected_out
from memproc.store.quarantine.texts import add_texts, holders_of, text_as_sought
from memproc.store.rows.observations import forgotten_among
from memproc.store.rows.tombstones import Tombstone, write_tombstones
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.validation import alike

REPLAY = "replay"  # the source of the job that a replay is
FORGOTTEN = 0  # in place of the number of a rejected record that was forgotten
OPEN, REPLAYED, DISCARDED = STATUSES = get_args(QuarantineStatus)

Again = Mapping[int, Sequence[int]]  # by the number of a record that was rejected before, the positions of it in a batch

_QUARANTINED = select(tables.quarantine.c.key, tables.quarantine.c.number)
_BECAME = select(tables.ledger.c.subject, tables.ledger.c.kind)
_PLACED = select(*(tables.quarantine.c[name] for name in ("number", "key", "batch", "position", "times_seen")))


class Origin(NamedTuple):
    """Where a batch comes from, a value for each column of this name in quarantine. `context` is what the caller said of it, as
    JSON.
    """

    source: str
    format: str
    namespace: str
    context: str = "{}"


class Reasons(NamedTuple):
    """Why a record could not be taken, as the columns of these names hold it."""

    category: str
    code: str
    path: str
    message: str
    pattern: Key
    faults: str


REASONED = select(*(tables.quarantine.c[name] for name in ("number", "status", *Reasons._fields)))


def reasons_of(rejected: Rejected) -> Reasons:
    """Return the reasons of a rejected record: those of its first fault, and all faults as JSON."""
    first = rejected.faults[0]
    pattern = xxh3_128_digest(encode([rejected.category, first.code, *alike(first)]))
    faults = encode([{**fault.as_dict(), "value": fault.value} for fault in rejected.faults]).decode()
    return Reasons(rejected.category.value, first.code, first.path, first.message, pattern, faults)


def reasons_in(row: Any) -> Reasons:
    """Return the reasons that a row has."""
    return Reasons(**{name: getattr(row, name) for name in Reasons._fields})


def reasons_told(row: Any) -> Reasons | None:
    """Return the reasons that a row should have by its category and its faults, None where the faults are none. The words of one
    that was discarded are gone, and with them what its pattern was made of. Nor can the pattern be made again of faults that were
    written before they had a value.
    """
    try:
        faults = orjson.loads(row.faults)
        reasons = reasons_of(Rejected(Category(row.category), tuple(Fault(**fault) for fault in faults), b""))
        has_pattern = row.status != DISCARDED and "value" in faults[0]
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    return reasons._replace(pattern=reasons.pattern if has_pattern else row.pattern, faults=row.faults)


def mend_reasons(tx: Tx) -> None:
    """Write again what the faults of rejected records give."""
    mended = []
    for row in tx.execute(REASONED):
        reasons = reasons_told(row)
        if reasons is not None and reasons != reasons_in(row):
            own = {"code": reasons.code, "path": reasons.path, "message": reasons.message, "pattern": reasons.pattern}
            mended.append({"number": row.number, **own})
    tx.update_rows(tables.quarantine, mended)


def put_in_quarantine(tx: Tx, rejected: Sequence[tuple[int, Rejected]], batch: int, origin: Origin) -> Again:
    """Write what was rejected; return what had been rejected before."""
    if not rejected:
        return {}
    keys: dict[tuple[str, bytes], Key] = {}  # many parts of one record may be rejected, each with all its bytes
    for _, record in rejected:
        if (record.category, record.raw) not in keys:
            keys[record.category, record.raw] = key_of(encode([record.category, origin.namespace]) + record.raw)
    keyed = [(at, keys[record.category, record.raw], record) for at, record in rejected]
    wanted = {key for _, key, _ in keyed}
    numbers = dict(tuple(row) for row in tx.select_by_keys(_QUARANTINED, tables.quarantine.c.key, wanted))
    numbers |= dict.fromkeys(forgotten_among(tx, wanted), FORGOTTEN)
    first = tx.take_numbers("rejected", len(wanted - numbers.keys()))
    again: dict[int, list[int]] = defaultdict(list)
    fresh: dict[int, bytes] = {}
    rows: list[dict[str, Any]] = []
    seen = {"batch": batch, "times_seen": 1, "last_batch": batch, "status": OPEN}
    for position, key, record in keyed:
        if key in numbers:
            again[numbers[key]].append(position)
            continue
        number = numbers[key] = first + len(rows)
        fresh[number] = record.raw
        own = {"number": number, "key": key, "position": position, "raw_bytes": len(record.raw)}
        rows.append({**own, **seen, **origin._asdict(), **reasons_of(record)._asdict()})
    tx.insert_rows(tables.quarantine, rows)
    parts = [
        {"quarantine": number, "part": part, "bytes": raw[at : at + tables.PART_BYTES]}
        for number, raw in fresh.items()
        for part, at in enumerate(range(0, len(raw), tables.PART_BYTES))
    ]
    tx.insert_rows(tables.quarantine_parts, parts)
    add_texts(tx, ((number, raw, origin.namespace) for number, raw in fresh.items()))
    met_again = [
        {"number": number, "last_batch": batch, "times_seen": len(positions)}
        for number, positions in again.items()
        if number != FORGOTTEN
    ]
    tx.update_rows(tables.quarantine, met_again, add=("times_seen",))
    return again


def rejected_in(tx: Tx, job: int) -> Counter[int]:
    """Return how often a job rejected each record, new or known, by its number; of what was forgotten since, all together.

    This is what is counted wherever rejected records are counted; the sum is what the batches of the job count as quarantined.
    """
    rows, gone, batches = tables.quarantine, tables.forgotten, tables.batches.c
    first = select(rows.c.number).join_from(rows, tables.batches, rows.c.batch == batches.number).where(batches.job == job)
    counts = Counter(tx.execute(first).scalars())
    of_job = select(func.count()).join_from(gone, tables.batches, gone.c.batch == batches.number).where(batches.job == job)
    counts[FORGOTTEN] += tx.execute(of_job.where(gone.c.outcome == Outcome.QUARANTINED.value)).scalar_one()
    known = select(batches.known_rejected).where(batches.job == job, batches.quarantined > 0)
    for text in tx.execute(known).scalars():
        for number, ranges in orjson.loads(text).items():
            counts[int(number)] += sum(last - first + 1 for first, last in ranges)
    return counts


def sightings(tx: Tx) -> dict[int, tuple[int, int]]:
    """Return, by number, how often batches met each rejected record again, a replay in vain counting once, and the last."""
    jobs, batches = tables.jobs.c, tables.batches.c
    is_replay = case(((jobs.source == REPLAY) & jobs.identity.is_(None), 1), else_=0).label("is_replay")
    query = select(batches.number, batches.known_rejected, is_replay).where(batches.quarantined > 0).order_by(batches.number)
    met: dict[int, tuple[int, int]] = {}
    for batch in tx.execute(query.join_from(tables.batches, tables.jobs, batches.job == jobs.number)):
        for number, ranges in orjson.loads(batch.known_rejected).items():
            times = 1 if batch.is_replay else sum(last - first + 1 for first, last in ranges)
            met[int(number)] = met.get(int(number), (0, 0))[0] + times, batch.number
    return met


def raw_of(tx: Tx, number: int) -> bytes:
    """Return the raw bytes of a quarantined record."""
    parts = tables.quarantine_parts.c
    return b"".join(tx.execute(select(parts.bytes).where(parts.quarantine == number).order_by(parts.part)).scalars())


def take_texts_out(tx: Tx, records: Sequence[Plain], keys: Collection[Key]) -> None:
    """Delete quarantined records of the same namespaces that hold one of these texts, whatever their status, and those that a
    replay made these observations (`keys`) of: a person may have mended the very text.
    """
    texts = {text_as_sought(record["namespace"], record["content"]) for record in records}
    became = tx.select_by_keys(_BECAME, tables.ledger.c.other, keys)
    replayed = {key for key, kind in became if kind == REPLAYED}
    gone = {row.number: row for row in tx.select_by_keys(_PLACED, tables.quarantine.c.key, replayed)}
    take_out(tx, {*gone, *holders_of(tx, texts)})


def take_out(tx: Tx, numbers: Collection[int]) -> int:
    """Delete quarantined records, whatever their status, and keep their hashes; return how many there were."""
    gone = {row.number: row for row in tx.select_by_keys(_PLACED, tables.quarantine.c.number, numbers)}
    take_rejected_out(tx, (raw_of(tx, number) for number in gone))
    outcome = Outcome.QUARANTINED.value
    tombstones = [Tombstone(row.key, None, None, row.batch, row.position, outcome, row.times_seen) for row in gone.values()]
    write_tombstones(tx, tombstones)
    tx.delete_by_keys(tables.quarantine.c.number, sorted(gone))
    for table in (tables.quarantine_parts, tables.quarantine_texts):
        tx.delete_by_keys(table.c.quarantine, sorted(gone))
    return len(gone)
