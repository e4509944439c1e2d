"""Markdown, cut where its author cut it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from math import inf
from typing import NamedTuple

_SLUG_LIMIT_CHARS = 100
_DEEPEST_HEADING = 6
_BOLD_LEVEL = 7
_LONGEST_NUMBER = 4  # "100." opens a list item; "2024." ends a sentence
_BULLETS = frozenset("-*+•")


class Cut(NamedTuple):
    """A piece of markdown: a heading of a level from 1, or a text (level 0), which may be an item of a list."""

    level: int
    text: str
    is_item: bool = False


def slug(heading: str) -> str:
    """Return a heading as a tag.

    >>> slug("Work & projects:")
    'work-projects'
    """
    words = "".join(character if character.isalnum() else " " for character in heading.lower()).split()
    return "-".join(words)[:_SLUG_LIMIT_CHARS]


def cuts_of(markdown: Iterable[str], limit_chars: float = inf) -> Iterator[Cut]:
    r"""Yield the headings, list items and paragraphs in the lines of a markdown text, in order. Of one that is longer than a
    limit what is behind the line that passes it is left out.

    >>> [cut.text for cut in cuts_of(["# Home", "- a cat", "  - called Tom", "- a dog", "", "Lives in", "Berlin."])]
    ['Home', 'a cat\n- called Tom', 'a dog', 'Lives in\nBerlin.']
    """
    lines: list[str] = []
    size = 0
    item_indent: int | None = None
    for line in chain(markdown, ("",)):
        text, indent = line.strip(), len(line) - len(line.lstrip())
        is_nested = bool(lines and text) and item_indent is not None and indent > item_indent
        heading, item = _maybe_heading(text), _maybe_item(text)
        if is_nested or (text and heading is None and item is None and not _is_ruler(text)):
            item_indent = item_indent if lines else None
            if size <= limit_chars:
                lines.append(text)
                size += len(text) + 1
            continue
        if lines:
            yield Cut(0, "\n".join(lines), is_item=item_indent is not None)
        size = 0 if item is None else len(item)
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
