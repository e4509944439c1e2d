"""Reading the store: memories by id, in order or by what they say; where each comes from; and the proof that none is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import Select, func, select, union_all

from memproc.dedup.cluster import Decision, principal
from memproc.dedup.decide import Row
from memproc.dedup.keys import Key, namespace_number
from memproc.dedup.memory import in_order, memory_of_one
from memproc.formats import own
from memproc.records import Plain
from memproc.store.rows.neighbourhood import DECISIONS, ROWS, SPEAKING, in_force, to_row
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros

CHUNK = 500

_observations = tables.observations.c
_merged = tables.merged.c
_FORGOTTEN = select(tables.forgotten.c.key)
_RECORDS = select(_observations.key, _observations.record)
OF_MANY = select(_merged.id, _merged.record)
_SEEN = ("memory", "node", "key", "position", "outcome", "confidence", "is_identity", "as_of", "record")
_SIGHTINGS = select(*(_observations[name] for name in _SEEN))


def forgotten_among(tx: Tx, keys: Iterable[Key]) -> set[Key]:
    """Return those of the keys that were forgotten."""
    if tx.execute(_FORGOTTEN.limit(1)).first() is None:
        return set()
    return {key for (key,) in tx.select_by_keys(_FORGOTTEN, tables.forgotten.c.key, keys)}


def records_of(tx: Tx, keys: Iterable[Key]) -> dict[Key, Plain]:
    """Return the records of observations by their keys; those that are not there are left out."""
    found = tx.select_by_keys(_RECORDS, _observations.key, {*keys})
    return {key: orjson.loads(record) for key, record in found}


def to_key(identifier: str) -> Key:
    """Return the key that an id is the hexadecimal form of; an empty one, which nothing has, for what is no such form."""
    try:
        return bytes.fromhex(identifier)
    except ValueError:
        return b""


def named_by(tx: Tx, identifier: str) -> Row | None:
    """Return the row that an id (of a memory, a node or an observation) names, None where there is none."""
    key = to_key(identifier)
    named = _of_node(tx, key) or [*map(to_row, tx.execute(ROWS.where(_observations.key == key)))]
    return named[0] if named else None


def locate(tx: Tx, identifier: str, rows: Select[Any] = ROWS) -> list[Row]:
    """Return the rows of the memory that an id is in, the row it names first; of `SPEAKING` only those that suffice.

    The list is empty where there is none.
    """
    first = named_by(tx, identifier)
    if first is None or first.memory is None:
        return [first] if first else []
    rest = map(to_row, tx.execute(rows.where(_observations.memory == first.memory).order_by(_observations.key)))
    return [first, *(row for row in rest if row.number != first.number)]


def _of_node(tx: Tx, node: Key) -> list[Row]:
    """Return the rows of a node, first the one that its key stands for; nothing where that was forgotten.

    Where versions of a node are told apart, its key stands for those in the memory of the one that came first: whoever holds it as
    an id was shown that.
    """
    named = [*map(to_row, tx.execute(SPEAKING.where(_observations.node == node)))]
    if len(named) > 1:
        if len({row.memory for row in named}) > 1:
            first = ROWS.where(_observations.node == node).order_by(_observations.number).limit(1)
            (shown,) = map(to_row, tx.execute(first))
            named = [row for row in named if row.number == shown.number or row.memory == shown.memory is not None]
        speaks = principal([row.observation for row in named])
        named.sort(key=lambda row: row.observation.key != speaks.key)
    return [] if named and named[0].observation.is_identity and _began_with_what_is_gone(tx, node) else named


def _began_with_what_is_gone(tx: Tx, node: Key) -> bool:
    """Tell whether the first that came of a node was forgotten, while another stayed."""
    gone = tables.forgotten.c
    apart = select(gone.batch, gone.position).where(gone.node == node, gone.home != node).order_by(gone.batch, gone.position)
    there = select(_observations.batch, _observations.position).where(_observations.node == node)
    forgotten = tx.execute(apart.limit(1)).first()
    if forgotten is None:
        return False
    first = tx.execute(there.order_by(_observations.batch, _observations.position).limit(1)).one()
    return tuple(forgotten) < tuple(first)


def memory_at(tx: Tx, row: Row) -> Plain:
    """Return the plain memory that a row is in."""
    if row.memory is None:
        return memory_of_one(row.observation.node.hex(), row.observation.record)
    return to_memory(row.memory, tx.execute(select(_merged.record).where(_merged.id == row.memory)).scalar_one())


def to_memory(key: Key, record: str) -> Plain:
    """Return a plain memory from a row of `merged` or of an observation that is one by itself."""
    return memory_of_one(key.hex(), orjson.loads(record))


def newest_memories(tx: Tx, namespace: str | None, since: int | None) -> Generator[Plain, None, None]:
    """Give the memories of a namespace that changed since, in microseconds, newest first, then by id."""
    arms = []
    for table, key in ((tables.observations, _observations.node), (tables.merged, _merged.id)):
        chosen = select(key.label("id"), table.c.record, table.c.date)
        if table is tables.observations:
            chosen = chosen.where(_observations.memory.is_(None))
        if namespace is not None:
            chosen = chosen.where(table.c.namespace == namespace_number(namespace))
        if since is not None:
            chosen = chosen.where(table.c.date >= since)
        arms.append(chosen)
    both = union_all(*arms).subquery()
    ordered = select(both.c.id, both.c.record).order_by(func.coalesce(both.c.date, -(2**62)).desc(), both.c.id)
    with tx.execute(ordered.execution_options(yield_per=CHUNK)) as found:
        for key, record in found:
            yield to_memory(key, record)


def memories_by_id(tx: Tx) -> Iterator[Plain]:
    """Give every memory with its `observations`, ordered by id."""
    alone = tx.execute(select(_observations.node).where(_observations.memory.is_(None))).scalars().all()
    of_many = tx.execute(select(_merged.id)).scalars().all()
    keys = sorted([*((key, False) for key in alone), *((key, True) for key in of_many)])
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        many = [key for key, is_many in some if is_many]
        texts = dict(map(tuple, tx.select_by_keys(OF_MANY, _merged.id, many)))
        seen: dict[Key, list[Any]] = defaultdict(list)
        for row in tx.select_by_keys(_SIGHTINGS, _observations.memory, many):
            seen[row.memory].append(row)
        single = (key for key, is_many in some if not is_many)
        for row in tx.select_by_keys(_SIGHTINGS, _observations.node, single):
            if row.memory is None:
                seen[row.node].append(row)
        for key, is_many in some:
            memory = to_memory(key, texts[key] if is_many else seen[key][0].record)
            yield {**memory, "observations": [_sighting(row) for row in sorted(seen[key], key=attrgetter("key"))]}


def marked_memories(tx: Tx) -> Iterator[Plain]:
    """Give every memory as a line of an export: with the mark of memproc's own format."""
    for memory in memories_by_id(tx):
        yield own.MARK | memory


def whole_observations(tx: Tx) -> Iterator[Plain]:
    """Give the head of a full export, every observation whole, ordered by key, then the decisions in force, then the tombstones."""
    yield own.HEAD
    keys = sorted(tx.execute(select(_observations.key)).scalars())
    for start in range(0, len(keys), CHUNK):
        rows = tx.select_by_keys(_SIGHTINGS, _observations.key, keys[start : start + CHUNK])
        for row in sorted(rows, key=attrgetter("key")):
            as_of = None if row.as_of is None else from_micros(row.as_of)
            yield in_order(orjson.loads(row.record)) | own.envelope(row.key, as_of, is_identity=bool(row.is_identity))
    for decision in all_decisions(tx):
        of_policy = {own.POLICY: decision.policy} if decision.policy else {}
        yield {own.DECISION: decision.verdict, "keys": [decision.a.hex(), decision.b.hex()], **of_policy}
    gone = tables.forgotten.c
    for key, node, home in sorted(map(tuple, tx.execute(select(gone.key, gone.node, gone.home)))):
        yield {"decision": "forgotten", "keys": [key.hex()] if node == home else [key.hex(), node.hex()]}


def all_decisions(tx: Tx) -> list[Decision]:
    """Return the decisions in force, sorted."""
    return in_force(decisions_ever(tx))


def decisions_ever(tx: Tx) -> dict[int, Decision]:
    """Return all that was ever decided, and withdrawn, by its number."""
    return {number: Decision(*made) for number, *made in tx.execute(DECISIONS)}


def _sighting(row: Any) -> Plain:
    fields = orjson.loads(row.record)
    head = {"id": fields.get("id"), "observation": row.key.hex(), "source": fields.get("source")}
    return {**head, "position": row.position, "outcome": row.outcome, "confidence": row.confidence}
