"""Memories of records that the gate has let in before: what is stored is not judged again.

Facts: judging is two fifths of reading a page of memories, and each value has its stored form already.

Rules: only plain fields of `Memory` itself are taken so, each in exactly the form that it is stored in. A record with anything else
(an emotion, relations, a field of another schema, what somebody wrote into the database) goes through the gate as before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from memproc.records import Memory, Plain

_TIME_LENGTH = len("2025-01-15T08:00:00.000000Z")
_DEFAULTS: Mapping[str, Any] = {name: field.default for name, field in Memory.model_fields.items() if name != "metadata"}


def maybe_memory(record: Plain) -> Memory | None:
    """Return the memory of a stored record, None where the gate has to judge it."""
    fields = {**_DEFAULTS, "metadata": {}}
    for name, value in record.items():
        read = _READ.get(name)
        found = None if read is None else read(value)
        if found is None:
            return None
        fields[name] = found
    if "content" not in record:
        return None
    memory = Memory.__new__(Memory)
    for name, value in (("dict", fields), ("pydantic_fields_set", {*record}), ("pydantic_extra", None), ("pydantic_private", None)):
        object.__setattr__(memory, f"__{name}__", value)
    return memory


def _text(value: object) -> str | None:
    return value if value.__class__ is str and value and value.strip() == value else None


def _content(value: object) -> str | None:
    return value if value.__class__ is str and value.strip() else None


def _time(value: object) -> datetime | None:
    if value.__class__ is not str or len(value) != _TIME_LENGTH or value[-1] != "Z":
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _share(value: object) -> float | None:
    return value if value.__class__ is float and 0.0 <= value <= 1.0 else None


def _tags(value: object) -> tuple[str, ...] | None:
    return tuple(value) if value.__class__ is list and all(map(_text, value)) else None


def _object(value: object) -> object:
    return value if value.__class__ is dict else None


_READ: Mapping[str, Callable[[object], object]] = {
    **dict.fromkeys(("id", "namespace", "source", "subject", "conversation", "kind"), _text),
    **dict.fromkeys(("created_at", "updated_at", "valid_from", "valid_to"), _time),
    "content": _content,
    "tags": _tags,
    "importance": _share,
    "metadata": _object,
}
