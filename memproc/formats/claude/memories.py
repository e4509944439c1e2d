"""The memories that Claude keeps: `memories.json`, or `memories/<account>.json`.

Facts: memories are free markdown: `conversations_memory` of the account, `project_memories` by project, and `memory_files`, each
with a path, a date and a head that names and describes the file. Facts in files begin with `[stated]` or `[inferred]`.

Rules: the account is the namespace. A head is no fact: it goes to `metadata`, how a fact is known to its tags. Memories are cut at
headings (a line all in bold is one), list items with what is nested in them, and paragraphs. Each is a fact without an id, tagged
with its heading. Headings without a text below them are counted. Fenced code is treated as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.sources.front_matter import fields_of, split_head
from memproc.sources.markdown import Cut, cuts_of, slug
from memproc.validation import fault

_MEMORIES = ("conversations_memory", "project_memories", "memory_files")
_TIMES = ("created_at", "updated_at")
_KNOWN_BY = ("stated", "inferred")


def _matches_memories(item: Item, _fields: frozenset[str]) -> bool:
    return any(name in item for name in _MEMORIES)


def _read_memories(item: Item, _context: Context) -> Iterator[Part]:
    documents = list(_documents(item))
    for path, text, origin in documents:
        if isinstance(text, str):
            yield from _read_markdown(text, {"namespace": item.get("account_uuid"), **_dated(origin)})
        elif text is None:
            yield LeftOut("empty")
        else:
            yield Broken(fault(path, "string_type", "memories are markdown text"), text)
    if not documents:
        yield LeftOut("empty")


def _documents(item: Item) -> Iterator[tuple[str, object, dict[str, Any]]]:
    """Yield the path, the text and the origin of each document of memories."""
    if "conversations_memory" in item:
        yield "conversations_memory", item["conversations_memory"], {}
    for name, origin in (("project_memories", "project"), ("memory_files", "file")):
        given = item.get(name)
        keyed = given.items() if isinstance(given, dict) else enumerate(listed(given))
        for key, document in keyed:
            notes = {origin: key} if isinstance(key, str) else {}
            if isinstance(document, dict) and "content" in document:
                rest = {field: value for field, value in document.items() if field != "content"}
                yield f"{name}.{key}", document["content"], {**rest, **notes}
            else:
                yield f"{name}.{key}", document, notes


def _dated(origin: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that all facts of a document share: its times, and its origin as metadata."""
    metadata = {name: value for name, value in origin.items() if name not in _TIMES and value not in (None, "", [], {})}
    return {"metadata": metadata, **{name: origin.get(name) for name in _TIMES}}


def _read_markdown(markdown: str, shared: Mapping[str, Any]) -> Iterator[Part]:
    head, body = split_head(markdown)
    if head is not None:
        shared = {**shared, "metadata": {**fields_of(head), **shared["metadata"]}}
    cuts = list(cuts_of(body.splitlines()))
    sections: list[Cut] = []
    for cut, following in pairwise([*cuts, Cut(1, "")]):
        if not cut.level:
            yield _memory(cut.text, sections, shared)
            continue
        sections = [*(section for section in sections if section.level < cut.level), cut]
        if 0 < following.level <= cut.level:
            yield LeftOut("headings")
    if not cuts:
        yield LeftOut("empty")


def _memory(text: str, sections: list[Cut], shared: Mapping[str, Any]) -> Draft:
    known = next((how for how in _KNOWN_BY if text.startswith(f"[{how}] ") and text[len(how) + 2 :].strip()), "")
    tags = [tag for tag in (slug(sections[-1].text) if sections else "", known) if tag]
    section = {"section": " > ".join(heading.text for heading in sections)} if sections else {}
    content = text[len(known) + 2 :].strip() if known else text
    fields = {**shared, "content": content, "kind": "fact", "tags": tuple(tags), "metadata": {**shared["metadata"], **section}}
    return Draft(with_raw_times(without_nones(fields)), raw=text)


MEMORIES = Format(
    name="claude-memories",
    about="Claude.ai data export: memories.json, cut at headings, items and paragraphs",
    matches=_matches_memories,
    read=_read_memories,
)
