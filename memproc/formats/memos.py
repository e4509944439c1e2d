"""MemOS: nodes of its graph of memories.

Facts: `{"nodes": [], "edges": []}` or a list of nodes. A node has `id`, `memory` and, in `metadata`, whose it is (`user_id`), its
session, its times, `tags`, a `status` and an embedding. `archived` is what another memory took the place of.

Rules: a node is a fact under its id. What has no field of its own stays in `metadata`.

Left out: `archived` and `deleted` nodes, which are read on request and tagged; embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator

from memproc.formats.cells import EMBEDDINGS, tags_of, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, beside, with_raw_times
from memproc.validation import fault
from memproc.values import is_blank

_FIELDS = {"namespace": "user_id", "conversation": "session_id", "created_at": "created_at", "updated_at": "updated_at"}
_INSIDE = frozenset(("user_id", "session_id", "memory_type", "status"))
_OUTSIDE = frozenset(("hash", "user_id", "agent_id", "run_id", "app_id"))
_OPTIONS = ("archived", "deleted")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    metadata = item.get("metadata")
    is_node = isinstance(item.get("memory"), str) and isinstance(metadata, dict)
    return is_node and not _INSIDE.isdisjoint(metadata) and _OUTSIDE.isdisjoint(item)  # type: ignore[arg-type]


def _read(item: Item, context: Context) -> Iterator[Part]:
    metadata = item.get("metadata")
    inside = metadata if isinstance(metadata, dict) else {}
    if "memory" not in item:
        yield Broken(fault("memory", "missing", "a node of MemOS has its text in memory"))
        return
    status = inside.get("status")
    is_past = isinstance(status, str) and status in _OPTIONS
    if is_past and status not in context.include:
        yield LeftOut(str(status))
        return
    taken = {field: inside[name] for field, name in _FIELDS.items() if not is_blank(inside.get(name))}
    tags = tags_of(inside.get("tags"))
    used = {*_FIELDS.values(), *(("tags",) if isinstance(tags, list) else ())}
    rest = {name: value for name, value in item.items() if name not in ("id", "memory", "metadata")}
    own = {name: value for name, value in inside.items() if name not in used}
    kept, dropped = without_embeddings(
        {name: value for name, value in beside(own, rest, "memos_").items() if value not in (None, "", [], {})}
    )
    fields = {"content": item["memory"], **taken, "metadata": kept}
    if not is_blank(item.get("id")):
        fields["id"] = item["id"]
    if isinstance(tags, list) or is_past:
        fields["tags"] = [*(tags if isinstance(tags, list) else []), *([status] if is_past else [])]
    yield Draft(with_raw_times(fields), is_identity="id" in fields)
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


FORMAT = Format("memos", "nodes of MemOS", _matches, _read, lists=("nodes",), options=_OPTIONS)
