"""Quarantine: the records that could not be taken, with their raw bytes and every reason. The same one again adds no row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, select
from xxhash import xxh3_128_digest

from memproc.dedup.canonical import canonical
from memproc.dedup.keys import Key
from memproc.records import DEFAULT_NAMESPACE, Fault, Outcome, Plain, Rejected, encode
from memproc.store import tables
from memproc.store.answers import Quarantined
from memproc.store.database import Database, delete_where, take_numbers
from memproc.store.reading import forgotten_among

_QUARANTINED = select(tables.quarantine.c.key, tables.quarantine.c.number)


class Origin(NamedTuple):
    """Where a batch comes from: what is noted of it in quarantine."""

    source: str
    format: str
    namespace: str


def put_in_quarantine(
    database: Database, connection: Connection, rejected: Sequence[tuple[int, Rejected]], batch: int, origin: Origin
) -> list[int]:
    """Write what was rejected; return the positions of what had been rejected before."""
    if not rejected:
        return []
    keyed = [(position, _rejected_key(found, origin), found) for position, found in rejected]
    wanted = {key for _, key, _ in keyed}
    there = dict(tuple(row) for row in database.select_by_keys(connection, _QUARANTINED, tables.quarantine.c.key, wanted))
    there |= dict.fromkeys(forgotten_among(database, connection, wanted), -1)
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
    database.insert_rows(connection, tables.quarantine, rows)
    database.insert_rows(connection, tables.quarantine_parts, parts)
    known = frozenset(again)
    seen = Counter(there[key] for position, key, _ in keyed if position in known and there[key] > 0)
    counted = [(batch, more, row) for row, more in seen.items()]
    database.update_rows(connection, tables.quarantine, ("last_batch",), counted, add=("times_seen",))
    return again


def quarantined(connection: Connection, limit: int | None) -> list[Quarantined]:
    """Return the quarantined records, in the order they came."""
    columns = tables.quarantine.c
    own = ("number", "category", "faults", "position", "source", "format", "times_seen")
    query = (
        select(tables.batches.c.job, *(columns[name] for name in own))
        .join_from(tables.quarantine, tables.batches, columns.batch == tables.batches.c.number)
        .order_by(columns.number)
        .limit(limit)
    )
    return [
        Quarantined(
            number,
            category,
            tuple(Fault(**fault) for fault in orjson.loads(faults)),
            raw_of(connection, number),
            job,
            *rest,
        )
        for job, number, category, faults, *rest in connection.execute(query).all()
    ]


def raw_of(connection: Connection, number: int) -> bytes:
    """Return the raw bytes of a quarantined record."""
    parts = tables.quarantine_parts.c
    return b"".join(connection.execute(select(parts.bytes).where(parts.quarantine == number).order_by(parts.part)).scalars())


def take_texts_out(database: Database, connection: Connection, records: Sequence[Plain]) -> None:
    """Delete quarantined records of the same namespaces that hold one of these texts."""
    texts = {(record["namespace"], canonical(record["content"])) for record in records}
    rejected = tables.quarantine.c
    query = select(rejected.number, rejected.key, rejected.batch, rejected.position, rejected.namespace)
    gone = {}
    for number, key, batch, position, namespace in connection.execute(query).all():
        raw = raw_of(connection, number)
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            value = raw.decode("utf-8", "replace")
        own = value.get("namespace") if isinstance(value, dict) else None
        wheres = {own} if isinstance(own, str) else {namespace or DEFAULT_NAMESPACE}
        if any((where, canonical(text)) in texts for where in wheres for text in _texts_in(value)):
            gone[number] = (key, None, None, batch, position, Outcome.QUARANTINED.value)
    database.insert_rows(connection, tables.forgotten, list(gone.values()))
    delete_where(connection, tables.quarantine, "number", sorted(gone))
    delete_where(connection, tables.quarantine_parts, "quarantine", sorted(gone))


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts_in(item)


def _rejected_key(rejected: Rejected, origin: Origin) -> Key:
    return xxh3_128_digest(encode([rejected.category, origin.namespace]) + rejected.raw)
