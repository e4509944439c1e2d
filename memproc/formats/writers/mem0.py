"""mem0's `get_all()`: `{"results": [...]}`, an item a memory.

Rules: the namespace is the `user_id`, the conversation the `run_id`, tags are `categories`, the end of validity is the
`expiration_date`. Other fields go along in `metadata.memproc`, from which memproc reads them back.

Left out: the source, since what is read from this shape comes from mem0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from memproc.formats import carried, mem0
from memproc.formats.writers.parts import as_list, count_source, id_of
from memproc.records import Plain

_SYSTEM = mem0.FORMAT.name
_PLACED = frozenset(("conversation", "tags", "valid_to"))


def lines(memories: Callable[[], Iterator[Plain]], left: Counter[str]) -> Iterator[bytes]:
    """Give the pieces of the file, one memory after the other."""
    return as_list((_item(memory, left) for memory in memories()), b'{"results": [', b"]}\n")


def _item(memory: Plain, left: Counter[str]) -> dict[str, Any]:
    count_source(memory, _SYSTEM, left)
    return {
        "id": id_of(memory, _SYSTEM),
        "memory": memory["content"],
        "user_id": memory["namespace"],
        "agent_id": None,
        "run_id": memory.get("conversation"),
        "metadata": carried.with_carried(memory.get("metadata", {}), memory, _PLACED, left) or None,
        "categories": memory.get("tags", []),
        "created_at": memory.get("created_at"),
        "updated_at": memory.get("updated_at"),
        "expiration_date": memory.get("valid_to"),
    }
