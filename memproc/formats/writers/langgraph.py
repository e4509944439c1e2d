"""Items of a LangGraph store: a JSON list of namespace, key and value, an item a memory.

Rules: the text is the `content` of the value, and metadata stands beside it. Other fields go along in the value's `memproc`, from
which memproc reads them back. The namespace is the path that an item of LangGraph came with, or a path of one part. What memproc's
own store of LangGraph keeps (`MemprocStore`) is written as it was put there.

Left out: the source, since what is read from this shape comes from LangGraph.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from memproc.formats import carried, langgraph, langgraph_places
from memproc.formats.writers.parts import as_list, count_source, id_of
from memproc.records import Plain

_SYSTEM = langgraph.FORMAT.name
_TEXT, _PATH = "content", "namespace_path"


def lines(memories: Callable[[], Iterator[Plain]], left: Counter[str]) -> Iterator[bytes]:
    """Give the pieces of the file, one memory after the other."""
    return as_list((_item(memory, left) for memory in memories()), b"[", b"]\n")


def _item(memory: Plain, left: Counter[str]) -> dict[str, Any]:
    item, labels = langgraph_places.item_in(memory), langgraph_places.path_of(memory["namespace"])
    if item is not None and labels is not None:
        return _as_it_was_put(memory, *item, labels)
    count_source(memory, _SYSTEM, left)
    metadata = dict(memory.get("metadata", {}))
    path = [memory["namespace"]]
    if _is_path(metadata.get(_PATH), memory["namespace"]):
        path = metadata.pop(_PATH)
    if _TEXT in metadata:
        metadata[f"metadata_{_TEXT}"] = metadata.pop(_TEXT)
    return {
        "namespace": path,
        "key": _key(id_of(memory, _SYSTEM), path),
        "value": {_TEXT: memory["content"], **carried.with_carried(dict(sorted(metadata.items())), memory, frozenset(), left)},
        "created_at": memory.get("created_at"),
        "updated_at": memory.get("updated_at"),
    }


def _as_it_was_put(memory: Plain, key: str, value: dict[str, Any], labels: Sequence[str]) -> dict[str, Any]:
    return {
        "namespace": list(labels),
        "key": key,
        "value": value,
        "created_at": memory.get("created_at"),
        "updated_at": memory.get("updated_at", memory.get("created_at")),
        **({"expires_at": memory["valid_to"]} if "valid_to" in memory else {}),
    }


def _is_path(given: Any, namespace: str) -> bool:
    parts = given if isinstance(given, list) and all(isinstance(part, str) for part in given) else []
    return len(parts) > 1 and langgraph.namespace_of(parts) == namespace


def _key(identifier: str, path: list[str]) -> str:
    """Return the key of an item: of an id that the rest of its path was put before, what stands behind that."""
    behind = identifier.removeprefix("".join(f"{part}/" for part in langgraph.path_before(path)))
    return behind if behind and not langgraph.is_made(behind) else identifier
