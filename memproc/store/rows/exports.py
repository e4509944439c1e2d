"""What exports hold: memories, or every observation whole with the decisions."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter

import orjson
from sqlalchemy import select

from memproc.dedup.memory import in_order
from memproc.formats import own
from memproc.records import Plain
from memproc.store.rows.decisions import all_decisions
from memproc.store.rows.expired import expired_under
from memproc.store.rows.memories import CHUNK, SIGHTINGS, memories_by_id
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx
from memproc.times import from_micros

_observations = tables.observations.c


def marked_memories(tx: Tx, *, expired: bool = False) -> Iterator[Plain]:
    """Give memories, and on request those that have expired, as lines of an export: with the mark of memproc's own format."""
    for memory in memories_by_id(tx, expired=expired):
        yield own.MARK | memory


def whole_observations(tx: Tx) -> Iterator[Plain]:
    """Give the head of a full export, every observation whole, ordered by key, then the decisions in force, what has expired, and
    the tombstones.
    """
    yield own.HEAD
    keys = sorted(tx.execute(select(_observations.key)).scalars())
    for start in range(0, len(keys), CHUNK):
        rows = tx.select_by_keys(SIGHTINGS, _observations.key, keys[start : start + CHUNK])
        for row in sorted(rows, key=attrgetter("key")):
            as_of = None if row.as_of is None else from_micros(row.as_of)
            yield in_order(orjson.loads(row.record)) | own.envelope(row.key, as_of, is_identity=bool(row.is_identity))
    for decision in all_decisions(tx):
        of_policy = {own.POLICY: decision.policy} if decision.policy else {}
        yield {own.DECISION: decision.verdict, "keys": [decision.a.hex(), decision.b.hex()], **of_policy}
    for row in sorted(expired_under(tx, None), key=attrgetter("key", "name")):
        yield {own.DECISION: "expired", "keys": [row.key.hex()], own.POLICY: row.name}
    gone = tables.forgotten.c
    for row in tx.execute(select(gone.key, gone.node, gone.home).order_by(gone.key)):
        yield {"decision": "forgotten", "keys": [row.key.hex()] if row.node == row.home else [row.key.hex(), row.node.hex()]}
