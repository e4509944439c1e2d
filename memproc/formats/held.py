"""A memory whose fields stand in one JSON object beside its text: so notes that memproc wrote hold what notes have no place for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard

from memproc.formats.draft import Broken, Draft, beside
from memproc.formats.own import VERSION, version_fault
from memproc.validation import fault


def is_held(held: object) -> TypeGuard[dict[str, Any]]:
    """Return whether an object has the mark of memproc's own format."""
    return isinstance(held, dict) and VERSION in held


def draft_of(held: Mapping[str, Any], content: str, schema: frozenset[str], more: Mapping[str, Any]) -> Draft | Broken:
    """Return the memory of an object and a text. `schema` names the fields there are, `more` is for the metadata."""
    version = held.get(VERSION)
    if not isinstance(version, int):
        return Broken(fault("memproc", "version", "the version of memproc's format is a number"))
    if (refused := version_fault({VERSION: version})) is not None:
        return Broken(refused)
    fields = {name: value for name, value in held.items() if name in schema or name == "id"}
    rest = {name: value for name, value in held.items() if name not in fields and name != VERSION}
    metadata = fields.pop("metadata", {})
    if rest or more or metadata:
        fields["metadata"] = beside(metadata, {**more, **rest}, "note_") if isinstance(metadata, dict) else metadata
    return Draft({**fields, "content": content}, is_identity=True)
