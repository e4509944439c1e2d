"""The knowledge graph of the MCP memory server, `memory.jsonl`: entities with observations, then relations.

Rules: an entity is what a memory is about, its subject, or the namespace where that is unknown. The text of a memory is an
observation of it, a relation goes from it to the target. An entity has each observation once. The whole graph is held in memory,
because an entity is one line, and its memories stand anywhere in a store. Lines are ordered by name and text.

Left out: what the shape has no place for, which is all else, ids and times too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator

import orjson

from memproc.formats import mcp_memory
from memproc.formats.own import PROVENANCE
from memproc.formats.writers.parts import count_source
from memproc.records import DEFAULT_NAMESPACE, Plain

_TYPE = "entityType"
_UNKNOWN_TYPE = "entity"
_HELD = frozenset(("id", "content", "subject", "relations", "namespace", "kind", "source", "metadata", PROVENANCE))


def lines(memories: Callable[[], Iterator[Plain]], left: Counter[str]) -> Iterator[bytes]:
    """Give the lines of the file."""
    observations: dict[str, set[str]] = defaultdict(set)
    types: dict[str, str] = {}
    relations: set[tuple[str, str, str]] = set()
    for memory in memories():
        _count(memory, left)
        name = memory.get("subject") or memory["namespace"]
        if memory["content"] in observations[name]:
            left["texts said before"] += 1
        observations[name].add(memory["content"])
        kind = memory.get("metadata", {}).get(_TYPE)
        if isinstance(kind, str) and kind:
            types[name] = min(kind, types.get(name, kind))
        relations |= {(name, relation["target"], relation["type"]) for relation in memory.get("relations", ())}
    for name in sorted(observations):
        entity = {"name": name, _TYPE: types.get(name, _UNKNOWN_TYPE), "observations": sorted(observations[name])}
        yield orjson.dumps({"type": "entity", **entity}) + b"\n"
    for source, target, kind in sorted(relations):
        yield orjson.dumps({"type": "relation", "from": source, "to": target, "relationType": kind}) + b"\n"


def _count(memory: Plain, left: Counter[str]) -> None:
    """Count what is left out of a memory."""
    count_source(memory, mcp_memory.FORMAT.name, left)
    left.update(memory.keys() - _HELD)
    if any(seen.get("id") is not None for seen in memory.get(PROVENANCE, ())):
        left["id"] += 1
    if memory["namespace"] != DEFAULT_NAMESPACE and memory.get("subject"):
        left["namespace"] += 1
    if memory["kind"] != "fact":
        left["kind"] += 1
    if memory.get("metadata", {}).keys() - {_TYPE}:
        left["metadata"] += 1
    left.update(
        "details of relations" for relation in memory.get("relations", ()) if relation.keys() - {"type", "target", "target_kind"}
    )
