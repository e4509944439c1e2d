"""The names that fields of a memory usually have in JSON and tables, and which field a name belongs to.

Rules: names are compared without case, spaces, `_` and `-`. The field's own name ranks first, then the others in their order, each
before its other spellings. A name of the schema in use belongs to its own field.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

USUAL_NAMES: dict[str, tuple[str, ...]] = {
    "id": ("id", "uuid", "_id"),
    "content": ("content", "text", "memory", "fact", "note", "message", "body", "value", "observation"),
    "namespace": ("namespace", "user_id", "user", "username", "owner", "tenant"),
    "source": ("source",),
    "subject": ("subject", "speaker", "entity", "person"),
    "conversation": ("conversation", "conversation_id", "session_id", "thread_id", "chat_id"),
    "kind": ("kind", "type", "memory_type"),
    "created_at": ("created_at", "timestamp", "created", "date", "time"),
    "updated_at": ("updated_at", "updated", "modified"),
    "valid_from": ("valid_from", "valid_at"),
    "valid_to": ("valid_to", "invalid_at", "expiration_date"),
    "tags": ("tags", "labels", "categories"),
    "importance": ("importance",),
    "emotion": ("emotion",),
    "relations": ("relations",),
    "metadata": ("metadata",),
}
_BETWEEN = str.maketrans("", "", " _-\t\n\r\xa0\ufeff")

Claim = tuple[str, int]  # a field, and the rank of a name among the names of that field
NO_CLAIM: Claim = ("", 0)


@lru_cache(maxsize=4_000)
def folded(name: str) -> str:
    """Return a name as it is compared with others.

    >>> folded("User ID") == folded("user_id") == folded("userId")
    True
    """
    return name.casefold().translate(_BETWEEN)


@lru_cache(maxsize=10_000)
def claim_on(name: object, fields: frozenset[str]) -> Claim:
    """Return the field that a name belongs to, with its rank, or `NO_CLAIM`. `fields` are those of the schema."""
    claims = _claims(fields)
    found = claims.get(name)  # type: ignore[call-overload]
    if found is not None or not isinstance(name, str):
        return found or NO_CLAIM
    field, rank = _spellings(fields).get(folded(name), NO_CLAIM)
    return (field, rank + 1) if field else NO_CLAIM


@lru_cache(maxsize=100)
def _claims(fields: frozenset[str]) -> Mapping[str, Claim]:
    usual = {name: (field, 2 * rank) for field, names in USUAL_NAMES.items() for rank, name in enumerate(names)}
    return {**usual, **{field: (field, 0) for field in fields}}


@lru_cache(maxsize=100)
def _spellings(fields: frozenset[str]) -> Mapping[str, Claim]:
    """Return the claims by folded name. A field of the schema keeps its spellings from being taken for a usual name."""
    claims = _claims(fields)
    return {folded(name): claims[name] for name in sorted(claims, key=lambda name: (name in fields, -claims[name][1]))}
