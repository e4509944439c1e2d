"""The fields of a memory that another system's shape has no place for: one object, `memproc`, in what the shape leaves to its user.

Rules: only fields of a memory are read back from it, never an id, a text or whose it is. What it holds besides stays where it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from memproc.records import Plain

NAME = "memproc"
_ELSEWHERE = frozenset(("id", "content", "namespace", "source", "metadata", "created_at", "updated_at", "observations"))
_DEFAULT_KIND = ("kind", "fact")


def with_carried(holder: Mapping[str, Any], memory: Plain, placed: frozenset[str], left: Counter[str]) -> dict[str, Any]:
    """Return an object together with the fields of a memory that have no place, or count them where their name is taken.

    `placed` are the fields that have a place, beside those that every shape has.
    """
    skipped = _ELSEWHERE | placed
    rest = {name: value for name, value in memory.items() if name not in skipped and (name, value) != _DEFAULT_KIND}
    if not rest:
        return dict(holder)
    there = holder.get(NAME, {})
    if not isinstance(there, dict) or not there.keys().isdisjoint(rest):
        left.update(rest.keys())
        return dict(holder)
    return {**holder, NAME: {**there, **rest}}


def taken_back(fields: dict[str, Any], schema: frozenset[str]) -> dict[str, Any]:
    """Return the fields of a draft, with those that its metadata carries in their own places; `schema` names them."""
    metadata = fields.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(there := metadata.get(NAME), dict):
        return fields
    found = {name: value for name, value in there.items() if name in schema and name not in _ELSEWHERE and name not in fields}
    if not found:
        return fields
    kept = {**metadata, NAME: {name: value for name, value in there.items() if name not in found}}
    if not kept[NAME]:
        del kept[NAME]
    return {**fields, **found, "metadata": kept}
