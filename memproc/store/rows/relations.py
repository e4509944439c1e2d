"""Where the relations of memories lead, found when it is asked for: their targets may come later, change, or be forgotten.

Rules: a target is the id of a memory, a node or an observation, or else the caller's own id of a record of the same namespace and
source. Nothing leads into another namespace. Where the caller's id names several memories, as it may without a named source, or
none, the relation dangles. Chains of relations may be circles: each is one step, and nothing follows them further.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Select, literal_column, select

from memproc.dedup.keys import Key, identity_key, namespace_number
from memproc.formats.own import LEADS_TO
from memproc.records import Plain
from memproc.store.rows.memories import CHUNK, OF_MANY, memories_by_id, to_memory
from memproc.store.rows.observations import to_key
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

KEY_BYTES = 16

_observations, _merged = tables.observations.c, tables.merged.c
_HOMES = select(_observations.node, _observations.key, _observations.memory, _observations.namespace)
_ALONE = select(_observations.node, _observations.record).where(_observations.memory.is_(None))
_OWN_IDS = select(_observations.node, _observations.memory, _observations.record).where(
    _observations.is_identity == literal_column("0"), _observations.record.like(literal_column("'%\"id\":%'"))
)
_HAS_RELATIONS: ColumnElement[str] = literal_column("'%\"relations\":%'")


@dataclass(frozen=True, slots=True)
class Related:
    """What a memory is related to: `memory` is the id of the memory that the relation leads to now, or None."""

    type: str
    target: str
    target_kind: str
    memory: str | None
    weight: float | None


class _Asked(NamedTuple):
    """A target, and whose memory asks for it."""

    namespace: str
    source: str
    conversation: str
    target: str


def count_relations(tx: Tx) -> tuple[int, int]:
    """Return how many relations to memories there are, and how many of them lead to none."""
    count = dangling = 0
    alone = select(_observations.node).where(_observations.memory.is_(None), _observations.record.like(_HAS_RELATIONS))
    of_many = select(_merged.id).where(_merged.record.like(_HAS_RELATIONS))
    for query, whole, key in ((alone, _ALONE, _observations.node), (of_many, OF_MANY, _merged.id)):
        ids = tx.execute(query).scalars().all()
        memories = (to_memory(*row) for row in tx.select_by_keys(whole, key, ids))
        for memory in linked(tx, memories):
            leads = [relation[LEADS_TO] for relation in memory.get("relations", ()) if relation["target_kind"] == "memory"]
            count, dangling = count + len(leads), dangling + leads.count(None)
    return count, dangling


def related_to(tx: Tx, memory: Plain) -> tuple[Related, ...]:
    """Return what a memory is related to."""
    (found,) = linked(tx, [memory])
    return tuple(
        Related(one["type"], one["target"], one["target_kind"], one[LEADS_TO], one.get("weight"))
        for one in found.get("relations", ())
    )


def linked_memories(tx: Tx, *, expired: bool = False) -> Iterator[Plain]:
    """Give memories as `memories_by_id` does, each relation with the id of the memory it leads to, or None."""
    yield from linked(tx, memories_by_id(tx, expired=expired))


def linked(tx: Tx, memories: Iterable[Plain]) -> Iterator[Plain]:
    """Give memories, each relation with the id of the memory it leads to, or None."""
    all_of_them, own_ids = iter(memories), _OwnIds(tx)
    while some := [*islice(all_of_them, CHUNK)]:
        homes = _leads(tx, {asked for memory in some for asked in _asked_by(memory)}, own_ids)
        for memory in some:
            if "relations" not in memory:
                yield memory
                continue
            relations = [
                {**one, LEADS_TO: homes.get(_asked(memory, one["target"])) if one["target_kind"] == "memory" else None}
                for one in memory["relations"]
            ]
            yield {**memory, "relations": relations}


class _OwnIds:
    """Which memories have records with the caller's ids that are no identity: read once, or for one target only what it needs."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._homes: dict[tuple[str, str, str], set[Key]] | None = None

    def lead(self, asked: Collection[_Asked]) -> dict[_Asked, str]:
        """Return for targets the ids of the memories, where there is just one."""
        if not asked:
            return {}
        if len(asked) == 1 and self._homes is None:
            (only,) = asked
            homes = self._read(_OWN_IDS.where(_observations.record.contains(orjson.dumps(only.target).decode(), autoescape=True)))
        else:
            homes = self._homes = self._read(_OWN_IDS) if self._homes is None else self._homes
        several = {one: homes.get((one.namespace, one.source, one.target), set()) for one in asked}
        return {one: min(found).hex() for one, found in several.items() if len(found) == 1}

    def _read(self, query: Select[Any]) -> dict[tuple[str, str, str], set[Key]]:
        homes: dict[tuple[str, str, str], set[Key]] = defaultdict(set)
        for row in self._tx.execute(query):
            record = orjson.loads(row.record)
            if "id" in record:
                homes[record["namespace"], record.get("source", ""), record["id"]].add(row.memory or row.node)
        return homes


def _asked_by(memory: Plain) -> Iterator[_Asked]:
    for relation in memory.get("relations", ()):
        if relation["target_kind"] == "memory":
            yield _asked(memory, relation["target"])


def _asked(memory: Plain, target: str) -> _Asked:
    return _Asked(memory["namespace"], memory.get("source", ""), memory.get("conversation", ""), target)


def _leads(tx: Tx, asked: set[_Asked], own_ids: _OwnIds) -> dict[_Asked, str]:
    """Return for targets the ids of the memories they lead to; those that lead to none are left out."""
    if not asked:
        return {}
    keys = {one: _keys_of(one) for one in asked}
    wanted = {key for several in keys.values() for key in several}
    homes: dict[tuple[Key, int], set[Key]] = defaultdict(set)
    for column in (_observations.node, _observations.key):
        for row in tx.select_by_keys(_HOMES, column, wanted):
            homes[getattr(row, column.name), row.namespace].add(row.memory or row.node)
    found: dict[_Asked, str] = {}
    for one in asked:
        own = namespace_number(one.namespace)
        several = next((homes[key, own] for key in keys[one] if (key, own) in homes), None)
        if several:  # of several versions of one id the one that the id stands for
            found[one] = (keys[one][0] if keys[one][0] in several else min(several)).hex()
    return found | own_ids.lead(asked - found.keys())


def _keys_of(asked: _Asked) -> list[Key]:
    """Return the keys that a target may stand for, the likeliest first."""
    key = to_key(asked.target)
    record = {"namespace": asked.namespace, "source": asked.source, "id": asked.target}
    said = {**record, "kind": "message"}
    in_conversation = [identity_key({**said, "conversation": asked.conversation})] if asked.conversation else []
    return [*([key] if len(key) == KEY_BYTES else []), identity_key(record), *in_conversation, identity_key(said)]
