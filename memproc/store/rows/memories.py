"""Reading the store: memories by id, in order or by what they say; where each comes from; and the proof that none is lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, literal_column, select, update

from memproc.dedup.keys import Key, namespace_number
from memproc.dedup.memory import memory_of_one
from memproc.dedup.neighbourhood import Row
from memproc.dedup.regrouping import Regrouped
from memproc.records import Plain, encode, last_changed
from memproc.store.rows.expired import has_expired
from memproc.store.rows.observations import set_memories, set_speaking
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.store.sql.views import IS_EXPIRED
from memproc.times import to_micros

CHUNK = 500

_observations = tables.observations.c
_merged = tables.merged.c
OF_MANY = select(_merged.id, _merged.record)
_SEEN = ("memory", "node", "key", "position", "outcome", "confidence", "is_identity", "as_of", "record")
SIGHTINGS = select(*(_observations[name] for name in _SEEN))


_WITH_OTHERS = (
    update(tables.observations)
    .where(tables.observations.c.node == bindparam("node"), tables.observations.c.speaks == literal_column("0"))
    .where(tables.observations.c.content == bindparam("content"))
    .values(memory=bindparam("new_memory"))
)


def memory_at(tx: Tx, row: Row) -> Plain:
    """Return the plain memory that a row is in."""
    if row.memory is None:
        return memory_of_one(row.observation.node.hex(), row.observation.record)
    ((_, record),) = tx.select_by_keys(OF_MANY, _merged.id, [row.memory])
    return to_memory(row.memory, record)


def to_memory(key: Key, record: str) -> Plain:
    """Return a plain memory from a row of `merged` or of an observation that is one by itself."""
    return memory_of_one(key.hex(), orjson.loads(record))


def memories_by_id(tx: Tx, *, expired: bool = False) -> Iterator[Plain]:
    """Give every memory with its `observations`, ordered by id; those that have expired only on request."""
    one, many_of = select(_observations.node).where(_observations.memory.is_(None)), select(_merged.id)
    if not expired and has_expired(tx):
        one, many_of = one.where(~IS_EXPIRED[tables.observations]), many_of.where(~IS_EXPIRED[tables.merged])
    alone, of_many = (tx.execute(query).scalars().all() for query in (one, many_of))
    keys = sorted([*((key, False) for key in alone), *((key, True) for key in of_many)])
    for start in range(0, len(keys), CHUNK):
        some = keys[start : start + CHUNK]
        many = [key for key, is_many in some if is_many]
        texts = dict(map(tuple, tx.select_by_keys(OF_MANY, _merged.id, many)))
        seen: dict[Key, list[Any]] = defaultdict(list)
        for row in tx.select_by_keys(SIGHTINGS, _observations.memory, many):
            seen[row.memory].append(row)
        single = (key for key, is_many in some if not is_many)
        for row in tx.select_by_keys(SIGHTINGS, _observations.node, single):
            if row.memory is None:
                seen[row.node].append(row)
        for key, is_many in some:
            memory = to_memory(key, texts[key] if is_many else seen[key][0].record)
            yield {**memory, "observations": [_sighting(row) for row in sorted(seen[key], key=attrgetter("key"))]}


def _sighting(row: Any) -> Plain:
    fields = orjson.loads(row.record)
    head = {"id": fields.get("id"), "observation": row.key.hex(), "source": fields.get("source")}
    return {**head, "position": row.position, "outcome": row.outcome, "confidence": row.confidence}


def write_regrouped(tx: Tx, changed: Regrouped, rows: Mapping[Key, Row]) -> None:
    """Write the memories that changed and the membership of the observations that were there."""
    gone = (changed.gone | changed.memories.keys()) & {row.memory for row in rows.values()}
    delete_merged(tx, sorted(gone))
    tx.insert_rows(tables.merged, [merged_row(key, memory) for key, memory in changed.memories.items()])
    for (node, content), memory in changed.silent.items():
        tx.run(_WITH_OTHERS, node=node, content=content, new_memory=memory)
    set_memories(tx, {rows[key].number: memory for key, memory in changed.membership.items() if key in rows})
    set_speaking(tx, {rows[key].number: speaks for key, speaks in changed.speaks.items() if key in rows})


def delete_merged(tx: Tx, ids: Iterable[Key]) -> None:
    """Delete the rows of memories of several observations."""
    tx.delete_by_keys(tables.merged.c.id, ids)


def clear_merged(tx: Tx) -> None:
    """Delete the rows of all memories of several observations, before they are computed anew."""
    tx.execute(delete(tables.merged))


def merged_row(key: Key, memory: Plain) -> dict[str, Any]:
    """Return the row of a memory of several observations."""
    namespace = namespace_number(memory["namespace"])
    return {"id": key, "namespace": namespace, "date": date_of(memory), "record": encode(memory).decode()}


def date_of(record: Plain) -> int | None:
    """Return when a plain record was last changed, in microseconds since 1970."""
    date = last_changed(record)
    return None if date is None else to_micros(date)
