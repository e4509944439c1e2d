"""mcp-memory-service: rows of its table `memories`, and the `memories` of its export.

Facts: a memory has a `content_hash`, by which the service knows it, and `tags`, in the table a comma-separated text. Times are
epochs in seconds, with ISO text beside them. `metadata` is JSON text in the table; feelings stand in it as `emotion`,
`emotional_valence` and `emotional_arousal`. A deleted memory stays in the table with the time in `deleted_at`; one that was
rewritten has the hash of the new one in `superseded_by`. The service has no users; a table may hold several stores, the usual one
is called `default`. Where no tag is given, it writes `untagged`.

Rules: a memory is a fact under its hash. A store that is not the usual one is the namespace. The type of a memory (note, decision,
observation) is metadata.

Left out, and read on request: `deleted`; `superseded`, as what was true before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats.cells import EMBEDDINGS, object_of, tags_of, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, beside, with_raw_times, without_nones
from memproc.validation import fault
from memproc.values import is_blank

_OPTIONS = ("deleted", "superseded")
_NO_TAG = "untagged"
_USUAL_STORE = "default"
_KNOWN = frozenset(("id", "content", "content_hash", "tags", "tags_str", "metadata", "store", "export_source", "embedding_pending"))
_TIMES = frozenset(("created_at", "created_at_iso", "updated_at", "updated_at_iso", "timestamp", "last_accessed"))
_FIRST = {"version": 1, "confidence": 1.0}  # values of a memory of which nothing was made yet
_SCALE = "shodh"  # valence from -1 to 1, arousal from 0 to 1
_FEELINGS = {"emotion": "label", "emotional_valence": "valence", "emotional_arousal": "arousal"}


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return isinstance(item.get("content"), str) and isinstance(item.get("content_hash"), str)


def _read(item: Item, context: Context) -> Iterator[Part]:
    for kind, name in (("deleted", "deleted_at"), ("superseded", "superseded_by")):
        if not is_blank(item.get(name)) and kind not in context.include:
            yield LeftOut(kind)
            return
    given = object_of(item.get("metadata"))
    own: dict[str, Any] = given if isinstance(given, dict) else {}
    if is_blank(item.get("content")):
        yield Broken(fault("content", "missing", "a memory has its text in content"))
        return
    rest = {name: value for name, value in item.items() if name not in _KNOWN | _TIMES and value not in (None, "", [], {})}
    rest = {name: value for name, value in rest.items() if _FIRST.get(name) != value}
    if not isinstance(given, dict) and not is_blank(given):
        rest["metadata_text"] = given
    metadata, dropped = without_embeddings(beside({n: v for n, v in own.items() if n not in _FEELINGS}, rest, "service_"))
    tags = tags_of(item["tags"] if not is_blank(item.get("tags")) else item.get("tags_str"))
    store = item.get("store")
    fields = {
        "content": item["content"],
        "id": item.get("content_hash"),
        "namespace": None if store == _USUAL_STORE or is_blank(store) else store,
        "tags": [tag for tag in tags if tag != _NO_TAG] if isinstance(tags, list) else tags,
        "created_at": _time(item, "created_at"),
        "updated_at": _time(item, "updated_at"),
        "valid_to": item.get("deleted_at"),
        "emotion": _feelings(own) or None,
        "metadata": metadata or None,
    }
    yield Draft(with_raw_times(without_nones(fields)), is_identity=not is_blank(item.get("content_hash")))
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


def _feelings(metadata: Item) -> dict[str, Any]:
    """Return the feelings in metadata, with the scale that their numbers are on."""
    felt = {field: metadata[name] for name, field in _FEELINGS.items() if not is_blank(metadata.get(name))}
    return {**felt, "vocabulary": _SCALE} if felt.keys() - {"label"} else felt


def _time(item: Item, name: str) -> object:
    """Return a time: the epoch, which has an offset, before the text, which may have none."""
    return item[name] if not is_blank(item.get(name)) else item.get(f"{name}_iso")


FORMAT = Format(
    "mcp-memory-service", "memories of mcp-memory-service: rows of its table, and its export", _matches, _read, options=_OPTIONS
)
