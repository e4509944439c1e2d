"""The memories that Claude keeps: `memories.json`, or `memories/<account>.json`.

Facts: memories are free markdown: `conversations_memory` of the account, `project_memories` by project, and `memory_files`.

Rules: memories are cut at headings (a line all in bold is one), list items with what is nested in them, and paragraphs. Each is a
fact without an id, tagged with its heading. Headings without a text below them are counted. Fenced code is treated as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, without_nones
from memproc.validation import fault

_MEMORIES = ("conversations_memory", "project_memories", "memory_files")
_SLUG_LIMIT_CHARS = 100
_DEEPEST_HEADING = 6
_BOLD_LEVEL = 7
_LONGEST_NUMBER = 4  # "100." opens a list item; "2024." ends a sentence
_BULLETS = frozenset("-*+•")


class Cut(NamedTuple):
    """A piece of markdown: a heading of a level from 1, or a text (level 0)."""

    level: int
    text: str


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


def cuts_of(markdown: str) -> Iterator[Cut]:
    r"""Yield the headings, list items and paragraphs of a markdown text in order.

    >>> [cut.text for cut in cuts_of("# Home\n- a cat\n  - called Tom\n- a dog\n\nLives in\nBerlin.")]
    ['Home', 'a cat\n- called Tom', 'a dog', 'Lives in\nBerlin.']
    """
    lines: list[str] = []
    item_indent: int | None = None
    for line in [*markdown.splitlines(), ""]:
        text, indent = line.strip(), len(line) - len(line.lstrip())
        is_nested = bool(lines and text) and item_indent is not None and indent > item_indent
        heading, item = _maybe_heading(text), _maybe_item(text)
        if is_nested or (text and heading is None and item is None and not _is_ruler(text)):
            item_indent = item_indent if lines else None
            lines.append(text)
            continue
        if lines:
            yield Cut(0, "\n".join(lines))
        lines, item_indent = ([], None) if item is None else ([item], indent)
        if heading is not None:
            yield heading


def _maybe_heading(text: str) -> Cut | None:
    words = text.lstrip("#")
    level = len(text) - len(words)
    if 1 <= level <= _DEEPEST_HEADING and words[:1].isspace() and words.strip("# \t"):
        return Cut(level, words.strip().rstrip("#").strip())
    bold = text.removesuffix(":")
    inner = bold[2:-2].strip()
    is_bold = bold.startswith("**") and bold.endswith("**") and inner.strip("*: ") and "**" not in inner
    return Cut(_BOLD_LEVEL, inner.removesuffix(":")) if is_bold else None


def _maybe_item(text: str) -> str | None:
    head, _, rest = text.partition(" ")
    is_numbered = len(head) <= _LONGEST_NUMBER and head[:-1].isdigit() and head[-1] in ".)"
    return rest.strip() if rest.strip() and (head in _BULLETS or is_numbered) else None


def _is_ruler(text: str) -> bool:
    """Return whether a line is a thematic break: three or more of one of - * _."""
    return len(text) >= 3 and text[0] in "-*_" and not text.strip(f"{text[0]} ")  # noqa: PLR2004 - as CommonMark has it


MEMORIES = Format(
    name="claude-memories",
    about="Claude.ai data export: memories.json, cut at headings, items and paragraphs",
    matches=_matches_memories,
    read=_read_memories,
)
