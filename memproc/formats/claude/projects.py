"""Claude.ai's projects: `projects.json`, or `projects/<uuid>.json` for each.

Facts: a project has a name, a description, the `prompt_template` that a person wrote as its instructions, and documents in `docs`,
each with a uuid, a file name and its text.

Rules: the creator's account is the namespace. The description, the instructions (tag `custom-instructions`) and each document (tag
`project-doc`, under its own uuid) are facts; `metadata.project` is the project's uuid, as in what `memories.json` says of it.

Left out: whether a project is private or the one that Claude starts with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats.claude.designs import project_of
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.validation import fault
from memproc.values import is_blank, is_empty

_TEXTS: dict[str, dict[str, Any]] = {
    "description": {"tags": ("project",)},
    "prompt_template": {"tags": ("custom-instructions",), "subject": "assistant"},
}


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    docs = item.get("docs")
    return isinstance(docs, list) and ("prompt_template" in item or any(map(_is_document, docs)))


def _is_document(value: object) -> bool:
    return isinstance(value, dict) and {"filename", "content"} <= value.keys()


def _read(item: Item, _context: Context) -> Iterator[Part]:
    creator = item.get("creator")
    shared = {
        "namespace": creator.get("uuid") if isinstance(creator, dict) else None,
        "kind": "fact",
        "created_at": item.get("created_at"),
        "updated_at": item.get("updated_at"),
        "metadata": project_of(item),
    }
    said = {name: fields for name, fields in _TEXTS.items() if not is_empty(item.get(name))}
    for name, fields in said.items():
        yield Draft(with_raw_times(without_nones({**shared, **fields, "content": item[name]})), raw=item[name])
    documents = listed(item.get("docs"))
    for number, document in enumerate(documents):
        yield _document(number, document, shared)
    if not (said or documents):
        yield LeftOut("empty")


def _document(number: int, document: object, shared: dict[str, Any]) -> Part:
    if not isinstance(document, dict):
        return Broken(fault(f"docs.{number}", "dict_type", "a document is an object"), document)
    if is_empty(document.get("content")):
        return LeftOut("empty")
    times = {name: document.get(name) for name in ("created_at", "updated_at")}
    metadata = {**shared["metadata"], **without_nones({"file_name": document.get("filename")})}
    own = {"id": document.get("uuid"), "content": document["content"], "tags": ("project-doc",), "metadata": metadata}
    fields = with_raw_times(without_nones({**shared, **times, **own}))
    return Draft(fields, is_identity=not is_blank(fields.get("id")), raw=document)


PROJECTS = Format(
    name="claude-projects",
    about="Claude.ai data export: projects.json, or one file for each project",
    matches=_matches,
    read=_read,
    lists=("projects",),
)
