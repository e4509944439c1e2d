"""The memory of a cluster: computed afresh from the set of observations that speak for it, never from an earlier memory.

Rules: the text is that of the longest canonical text, then of the earliest observation, then of the smallest key; what
belongs to a text (emotion, kind, conversation, source) comes with it. Tags and relations are united; the earliest
`created_at`, the latest `updated_at`, the highest importance. Metadata and the fields of a subclass: name by name, the newest
wins, of equals the one with the smaller key.
"""

from __future__ import annotations

from collections.abc import Iterable

from memproc.dedup.cluster import Cluster
from memproc.dedup.keys import Observation
from memproc.records import Memory, Plain, encode

FIELDS = tuple(Memory.model_fields)
_NAMES = frozenset(FIELDS)
_OF_THE_TEXT = ("content", "namespace", "source", "subject", "conversation", "kind", "valid_from", "valid_to", "emotion")
_LAST = "~"  # sorts behind every date


def memory_of(cluster: Cluster) -> Plain:
    """Return the plain memory of a cluster, `id` being its own as 32 hexadecimal digits."""
    records = [seen.record for seen in cluster.speaking]
    shown = _shown(cluster.speaking)
    by_falling_key = cluster.speaking[::-1]
    newest_last = sorted(by_falling_key, key=lambda seen: seen.date or "")  # of equals the one with the smaller key
    memory: Plain = {name: shown[name] for name in _OF_THE_TEXT if name in shown}
    memory["id"] = cluster.id.hex()
    memory["created_at"] = min((record["created_at"] for record in records if "created_at" in record), default=None)
    memory["updated_at"] = max((record["updated_at"] for record in records if "updated_at" in record), default=None)
    memory["importance"] = max((record["importance"] for record in records if "importance" in record), default=None)
    memory["tags"] = sorted({tag for record in records for tag in record.get("tags", ())})
    memory["relations"] = _united(records)
    memory["metadata"] = {name: value for seen in newest_last for name, value in seen.record.get("metadata", {}).items()}
    extra = {name: value for seen in newest_last for name, value in seen.record.items() if name not in _NAMES}
    return in_order({**memory, **extra})


def memory_of_one(observation_id: str, record: Plain) -> Plain:
    """Return the memory of a single observation: what `memory_of` would give, without looking for others."""
    memory = {**record, "id": observation_id}
    if "tags" in record:
        memory["tags"] = sorted(set(record["tags"]))
    if "relations" in record:
        memory["relations"] = _united([record])
    return in_order(memory)


def in_order(record: Plain) -> Plain:
    """Return the fields that say something, in the order of `Memory`, then those of a subclass by name."""
    extra = sorted(record.keys() - _NAMES)
    return {name: record[name] for name in (*FIELDS, *extra) if name in record and _says_something(record[name])}


def _says_something(value: object) -> bool:
    return bool(value) or value not in (None, [], {}, ())


def _united(records: Iterable[Plain]) -> list[Plain]:
    """Return the relations of all records, each once, in the order of their JSON text."""
    relations = {encode(relation): relation for record in records for relation in record.get("relations", ())}
    return [relations[text] for text in sorted(relations)]


def _shown(speaking: tuple[Observation, ...]) -> Plain:
    """Return the record whose text is shown."""

    def rank(seen: Observation) -> tuple[int, str, bytes, bytes]:
        return -seen.length, seen.record.get("created_at", _LAST), seen.content, seen.key

    return min(speaking, key=rank).record
