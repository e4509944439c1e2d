"""The history of mem0: a row for each change of a memory, as its `history()` and its table `history` have it.

Facts: a row has `memory_id`, `old_memory`, `new_memory` and an `event`: ADD, UPDATE or DELETE. Its own `id` is that of the change.
It does not tell whose the memory is.

Rules: each change is a version of the memory, dated when it was made. What was deleted is no longer true from then on.

Left out: changes to nothing (`NONE`).
"""

from __future__ import annotations

from collections.abc import Iterator

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, with_raw_times
from memproc.validation import fault
from memproc.values import is_blank

_USED = frozenset(("memory_id", "old_memory", "new_memory", "created_at", "updated_at", "is_deleted"))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return "memory_id" in item and "event" in item and ("new_memory" in item or "old_memory" in item)


def _read(item: Item, _context: Context) -> Iterator[Part]:
    event, new, old = item.get("event"), item.get("new_memory"), item.get("old_memory")
    is_deleted = event == "DELETE" or (item.get("is_deleted") in (1, True, "1") and is_blank(new))
    content = old if is_deleted else new
    if event == "NONE":
        yield LeftOut("changes to nothing")
        return
    if is_blank(content):
        yield Broken(fault("old_memory" if is_deleted else "new_memory", "missing", "a change has the text in it"))
        return
    changed = next((item[name] for name in ("updated_at", "created_at") if not is_blank(item.get(name))), None)
    metadata = {f"history_{n}": v for n, v in item.items() if n not in _USED and not is_blank(v) and v not in ([], {})}
    fields = {
        "content": content,
        "id": item.get("memory_id"),
        "created_at": item.get("created_at"),
        "updated_at": changed,
        "valid_to": changed if is_deleted else None,
        "metadata": metadata,
    }
    kept = {name: value for name, value in fields.items() if not is_blank(value)}
    yield Draft(with_raw_times(kept), is_identity="id" in kept)


FORMAT = Format("mem0-history", "the changes of mem0's memories, as history() gives them", _matches, _read)
