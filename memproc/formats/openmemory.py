"""OpenMemory, mem0's local server: its export, or rows of its table of memories.

Facts: the export is one object, `{"user": {}, "memories": [], "apps": [], "categories": []}`. A memory has `content`, a `state`
(active, paused, archived or deleted) and the ids of its user, its app and its categories, whose names are in the other lists.

Rules: a memory is a fact of the user by name. Its categories are tags; the name of its app stays in `metadata`.

Left out: `deleted` and `archived` memories, which are read on request and tagged; embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats.cells import EMBEDDINGS, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, beside, listed, with_raw_times
from memproc.validation import fault
from memproc.values import is_blank

_LISTS = ("apps", "categories")
_USED = frozenset(("id", "content", "user_id", "app_id", "category_ids", "metadata", "created_at", "updated_at"))
_OPTIONS = ("archived", "deleted")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return _is_whole(item) or (isinstance(item.get("content"), str) and "state" in item and "app_id" in item)


def _is_whole(item: Item) -> bool:
    return isinstance(item.get("user"), dict) and isinstance(item.get("memories"), list) and any(name in item for name in _LISTS)


def _read(item: Item, context: Context) -> Iterator[Part]:
    if not _is_whole(item):
        yield from _of_memory(item, {}, context)
        return
    user = item["user"]
    names = {one["id"]: one.get("name") for name in _LISTS for one in listed(item.get(name)) if _has_id(one)}
    if _has_id(user):
        names[user["id"]] = user.get("user_id")
    for memory in item["memories"]:
        if isinstance(memory, dict):
            yield from _of_memory(memory, names, context)
        else:
            yield Broken(fault("", "not_a_mapping", "a memory of OpenMemory is an object"), memory)
    if not item["memories"]:
        yield LeftOut("empty")


def _of_memory(memory: Item, names: Mapping[str, Any], context: Context) -> Iterator[Part]:
    state = memory.get("state")
    is_past = isinstance(state, str) and state in _OPTIONS
    if is_past and state not in context.include:
        yield LeftOut(str(state))
        return
    app, user = (_named(memory.get(name), names) for name in ("app_id", "user_id"))
    tags = [_named(one, names) for one in listed(memory.get("category_ids"))] + ([state] if is_past else [])
    own = memory.get("metadata")
    rest = {name: value for name, value in memory.items() if name not in _USED and value not in (None, "", [], {})} | {"app": app}
    metadata, dropped = without_embeddings(beside(own if isinstance(own, dict) else {}, rest, "openmemory_"))
    fields = {
        "content": memory.get("content"),
        "id": memory.get("id"),
        "namespace": user,
        "tags": tags or None,
        "created_at": memory.get("created_at"),
        "updated_at": memory.get("updated_at"),
        "metadata": {name: value for name, value in metadata.items() if value is not None} or None,
    }
    kept = {name: value for name, value in fields.items() if name == "content" or not is_blank(value)}
    yield Draft(with_raw_times(kept), is_identity="id" in kept, raw=memory)
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


def _has_id(one: object) -> bool:
    return isinstance(one, dict) and isinstance(one.get("id"), str)


def _named(found: object, names: Mapping[str, Any]) -> object:
    return names.get(found) or found if isinstance(found, str) else found


FORMAT = Format("openmemory", "the export of OpenMemory, mem0's local server", _matches, _read, options=_OPTIONS)
