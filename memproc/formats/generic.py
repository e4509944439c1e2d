"""Any JSON objects or table rows: fields by their usual names, or where the caller's mapping says.

Rules: of the usual names of a field the first that shows something is taken; what no field takes goes to `metadata` under its own
name. Table cells are text: tags are split at commas or semicolons, numbers are read, an empty cell is no value. An id makes
an identity only within a named source, as the ids of two files may have nothing to do with each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats.draft import Broken, Context, Draft, Format, Item, Part, with_raw_times
from memproc.validation import fault
from memproc.values import is_blank, is_empty, shown

USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "uuid", "_id"),
    "content": ("content", "text", "memory", "fact", "note", "message", "body", "value", "observation"),
    "namespace": ("namespace", "user_id", "userId", "user", "tenant"),
    "source": ("source",),
    "subject": ("subject", "speaker", "entity", "person"),
    "conversation": ("conversation", "conversation_id", "session_id", "thread_id", "chat_id"),
    "kind": ("kind", "type", "memory_type"),
    "created_at": ("created_at", "createdAt", "timestamp", "created", "date", "time"),
    "updated_at": ("updated_at", "updatedAt", "updated", "modified"),
    "valid_from": ("valid_from", "valid_at"),
    "valid_to": ("valid_to", "invalid_at", "expiration_date"),
    "tags": ("tags", "labels", "categories"),
    "importance": ("importance",),
    "emotion": ("emotion",),
    "relations": ("relations",),
    "metadata": ("metadata",),
}
_TEXT_FIELDS = ("namespace", "source", "subject", "conversation", "kind")


def matches(item: Item, _fields: frozenset[str]) -> bool:
    """Tell whether an item has a text under one of the usual names."""
    return any(isinstance(item.get(name), str) for name in USUAL_NAMES["content"])


def read(item: Item, context: Context) -> Iterator[Part]:
    """Give the memory of one object or row."""
    rest = {name: value for name, value in item.items() if value is not None and value != ""}
    fields: dict[str, Any] = {}
    for field, usual in USUAL_NAMES.items():
        for name in (context.mapping[field],) if field in context.mapping else usual:
            found = _take(rest, name)
            if not (is_empty if field == "content" else is_blank)(found):
                fields[field] = found
                break
    if "content" not in fields:
        names = context.mapping.get("content", ", ".join(USUAL_NAMES["content"]))
        yield Broken(fault("content", "missing", f"has no text under {names}"))
        return
    for field in _TEXT_FIELDS:
        if isinstance(fields.get(field), int | float) and not isinstance(fields[field], bool):
            fields[field] = str(fields[field])
    if isinstance(fields.get("tags"), str):
        fields["tags"] = split_tags(fields["tags"])
    if isinstance(fields.get("importance"), str):
        fields["importance"] = _number(fields["importance"])
    if isinstance(fields.get("emotion"), str):
        fields["emotion"] = {"label": fields["emotion"], "source": "import"}
    metadata = fields.pop("metadata", {})
    named = metadata if isinstance(metadata, dict) else {"metadata": metadata}
    fields["metadata"] = {**{f"record_{name}" if name in named else name: value for name, value in rest.items()}, **named}
    yield Draft(with_raw_times(fields), is_identity=context.source is not None or "source" in fields)


def split_tags(text: str) -> list[str]:
    """Return the tags in a text that separates them by commas or semicolons.

    >>> split_tags("tea; morning,home")
    ['tea', 'morning', 'home']
    """
    return [tag for part in text.replace(";", ",").split(",") if (tag := shown(part))]


def _take(rest: dict[str, Any], path: str) -> object:
    """Take the value at a dotted path out of `rest`; a name that holds dots itself goes first."""
    if path in rest:
        return rest.pop(path)
    head, *names = path.split(".")
    value: object = rest.get(head)
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if names else None


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


def _never(_item: Item, _fields: frozenset[str]) -> bool:
    return False


FORMAT = Format(
    "json", "any JSON objects: usual names of fields, or a mapping", matches, read, ("memories", "items", "data", "records")
)
TABLE = FORMAT._replace(name="csv", about="rows of a table: usual names of columns, or a mapping", matches=_never)
