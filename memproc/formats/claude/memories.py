"""The memories that Claude keeps: `memories.json`, or `memories/<account>.json`.

Facts: memories are free markdown: `conversations_memory` of the account, `project_memories` by project, and `memory_files`.

Rules: memories are cut at headings (a line all in bold is one), list items with what is nested in them, and paragraphs. Each is a
fact without an id, tagged with its heading. Headings without a text below them are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from memproc.formats.claude.markdown import Cut, cuts_of
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, without_nones
from memproc.validation import fault

_MEMORIES = ("conversations_memory", "project_memories", "memory_files")
_SLUG_LIMIT_CHARS = 100


def _matches_memories(item: Item, _fields: frozenset[str]) -> bool:
    return any(name in item for name in _MEMORIES)


def _read_memories(item: Item, _context: Context) -> Iterator[Part]:
    account = without_nones({"account": item.get("account_uuid")})
    documents = list(_documents(item))
    for path, text, origin in documents:
        if isinstance(text, str):
            yield from _read_markdown(text, {**account, **origin})
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


def _read_markdown(markdown: str, origin: Mapping[str, Any]) -> Iterator[Part]:
    cuts = list(cuts_of(markdown))
    sections: list[Cut] = []
    for cut, following in pairwise([*cuts, Cut(1, "")]):
        if not cut.level:
            yield _memory(cut.text, sections, origin)
            continue
        sections = [*(section for section in sections if section.level < cut.level), cut]
        if 0 < following.level <= cut.level:
            yield LeftOut("headings")
    if not cuts:
        yield LeftOut("empty")


def _memory(text: str, sections: list[Cut], origin: Mapping[str, Any]) -> Draft:
    tag = _slug(sections[-1].text) if sections else ""
    section = {"section": " > ".join(heading.text for heading in sections)} if sections else {}
    return Draft({"content": text, "kind": "fact", "tags": (tag,) if tag else (), "metadata": {**origin, **section}}, raw=text)


def _slug(heading: str) -> str:
    """Return a heading as a tag.

    >>> _slug("Work & projects:")
    'work-projects'
    """
    words = "".join(character if character.isalnum() else " " for character in heading.lower()).split()
    return "-".join(words)[:_SLUG_LIMIT_CHARS]


MEMORIES = Format(
    name="claude-memories",
    about="Claude.ai data export: memories.json, cut at headings, items and paragraphs",
    matches=_matches_memories,
    read=_read_memories,
)
