"""Lists of texts: a file with one fact in each item of a list, and the list of memories that ChatGPT shows.

Facts: people keep such lists by hand or have a model write them. ChatGPT's own begins each line with `[2025-01-02] - `, or with
`[unknown] - `.

Rules: each item of a list is a fact without an id, with what is nested in it, tagged with the heading above it. A date in brackets
at its start is its date. Paragraphs are counted, and read on request or where the format is named. `text-lines` has one fact in
each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from memproc.formats.chatgpt.told import dated
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, told_elsewhere, with_raw_times, without_nones
from memproc.sources.markdown import slug
from memproc.validation import fault

_BULLET = re.compile(r"^\s*[-*+•] ")
_NAMES = frozenset(("bullet", "section"))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return isinstance(item.get("bullet"), str) and item.keys() <= _NAMES


def _read(item: Item, context: Context) -> Iterator[Part]:
    text = item.get("bullet")
    if isinstance(text, str):
        yield _fact(text, item)
    elif isinstance(item.get("paragraph"), str):
        is_wanted = not context.is_told or "paragraphs" in context.include
        yield _fact(item["paragraph"], item) if is_wanted else LeftOut("paragraphs")
    else:
        yield _none(item)


def _read_lines(item: Item, _context: Context) -> Iterator[Part]:
    text = next((item[name] for name in ("bullet", "paragraph") if isinstance(item.get(name), str)), None)
    lines = [line for each in (text or "").splitlines() if (line := _BULLET.sub("", each).strip())]
    yield from (_fact(line, item) for line in lines)
    if not lines:
        yield _none(item)


def _none(item: Item) -> Part:
    if "heading" in item:
        return LeftOut("headings")
    return Broken(fault("bullet", "missing", "a list of texts has items of a list, or paragraphs"))


def _fact(text: str, item: Item) -> Draft:
    content, created_at = dated(text)
    section = item.get("section")
    tag = slug(section.rpartition(" > ")[2]) if isinstance(section, str) else ""
    fields: dict[str, Any] = {"content": content, "kind": "fact", "created_at": created_at, "tags": (tag,) if tag else None}
    return Draft(with_raw_times(without_nones({**fields, "metadata": {"section": section} if tag else None})))


FORMAT = Format(
    name="text",
    about="text files with one fact in each item of a list (.txt, .md), or if the format is named in each paragraph",
    matches=_matches,
    read=_read,
    options=("paragraphs",),
)
LINES = FORMAT._replace(
    name="text-lines", about="text files with one fact in each line", matches=told_elsewhere, read=_read_lines, options=()
)
