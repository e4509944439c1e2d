"""Notes that memproc writes: one memory a file, its fields in the head, its text below.

Facts: the head has the mark of memproc's own format and a line a field, its value JSON, which is YAML too. The text stands below as
it is. Relations stand at the end, behind a comment that no reader of markdown shows: `- type [[target]]`, with the kind of the
target in parentheses if it is no entity.

Rules: a person may edit the note: a value that is no JSON is read as in any head, and names that are no fields go to `metadata`.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from memproc.formats.cells import tags_of
from memproc.formats.draft import Broken, Draft, beside
from memproc.formats.own import VERSION, version_fault
from memproc.sources.front_matter import fields_of, split_head

RULER = "---\n"
DIVIDER = "<!-- relations -->"
NAMES = {"created_at": "created", "updated_at": "updated"}  # as in notes of others
RELATION = re.compile(r"- (?P<type>[^\[\]\n]+) \[\[(?P<target>[^\n]+)\]\](?: \((?P<kind>memory|external)\))?")
_FIELDS = {name: field for field, name in NAMES.items()}
_JSON = ('"', "{", "[")
_MOST_DIGITS = 9
_BEFORE_LINKS = "\n" + DIVIDER + "\n"


def is_own(head: str | None) -> bool:
    """Return whether a head is that of a note that memproc wrote."""
    version = "" if head is None else str(fields_of(head).get(VERSION, ""))
    return version.isdecimal() and len(version) <= _MOST_DIGITS


def read(note: str, schema: frozenset[str]) -> Draft | Broken:
    """Return the memory of a note, which has a head of its own. `schema` names the fields there are."""
    head, body = split_head(note)
    named = fields_of(head or "") | json_values(head or "")
    if (refused := version_fault({VERSION: int(str(named.pop(VERSION)))})) is not None:
        return Broken(refused)
    text, divider, links = below_head(note, body).rpartition(_BEFORE_LINKS)
    content = text if divider else links.removesuffix("\n")
    fields = {_FIELDS.get(name, name): value for name, value in named.items()}
    rest = {name: fields.pop(name) for name in [*fields] if name not in schema and name not in ("id", "content")}
    fields["tags"] = tags_of(fields.get("tags", []))
    if divider:
        fields["relations"] = [_relation(found) for line in links.splitlines() if (found := RELATION.fullmatch(line.strip()))]
    metadata = fields.pop("metadata", {})
    if rest or metadata:
        fields["metadata"] = beside(metadata, rest, "note_") if isinstance(metadata, dict) else metadata
    return Draft({**fields, "content": content}, is_identity=True)


def below_head(note: str, body: str) -> str:
    """Return what stands below the head of a note, to the letter; `body` is that with the line ends of this system."""
    _, ruler, behind = note.removeprefix("\ufeff").partition("\n" + RULER)
    return behind if ruler else body


def json_values(head: str) -> dict[str, Any]:
    """Return the values of a head that are JSON, by their names."""
    found: dict[str, Any] = {}
    for line in head.split("\n"):
        name, _, value = line.partition(": ")
        if value.startswith(_JSON) or name == "importance":
            try:
                found[name] = orjson.loads(value)
            except orjson.JSONDecodeError:
                continue
    return found


def _relation(found: re.Match[str]) -> dict[str, str]:
    return {"type": found["type"], "target": found["target"], "target_kind": found["kind"] or "entity"}
