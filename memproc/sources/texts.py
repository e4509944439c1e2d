"""The items of a plain text or a markdown file: what stands in its lists and paragraphs, or the whole of a note.

Rules: an item of a list is `{"bullet": text}` with what is nested in it, a paragraph `{"paragraph": text}`, each with the headings
above it as `section`; a heading that nothing stands below is `{"heading": text}`. A line that begins with a date in brackets, or
with `[unknown]`, is an item of a list too: so ChatGPT shows its memories. A markdown file with a head is one item, `{"note":
text}`; in an export of mem0's plugin each part with a head is one, `{"part": text}`. What is longer than a record may be, or no
UTF-8, is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import IO

import orjson

from memproc.records import Category
from memproc.sources.front_matter import fields_of, split_head
from memproc.sources.items import Item
from memproc.sources.markdown import Cut, cuts_of
from memproc.sources.rows import TOO_LONG
from memproc.sources.whatsapp import is_whatsapp, messages_of
from memproc.validation import fault

TEXT_SUFFIXES = (".txt", ".md", ".markdown")
_DATED = re.compile(r"\[(?:\d{4}-\d\d-\d\d|unknown)\] ?- ", re.IGNORECASE)
_JSON = re.compile(r"\s*(?:\{|\[\s*[\[{\"\d])")
_WIKI = re.compile(r"^[ \t]*[-*+] (?:\[[^\]\s]+\] |\w[\w ]*\[\[)", re.MULTILINE)
_OF_NOTION = re.compile(r"(?:.*\s)?[0-9a-f]{32}(?:_all)?", re.DOTALL | re.IGNORECASE)
_PLUGIN = frozenset(("id", "created_at"))
_RULER = "---"
_LONGEST_HEAD_LINES = 200


def maybe_texts(stream: IO[bytes], start: bytes, suffix: str, name: str, limit_bytes: int) -> Iterator[Item] | None:
    """Return the items of a text that begins with `start`, of a file of this name; None if it is JSON or something else."""
    shown = start.decode("utf-8", "ignore")
    if suffix not in TEXT_SUFFIXES or not shown.strip():
        return None
    first = next(line for line in shown.splitlines() if line.strip())
    if is_whatsapp(shown):
        return messages_of(_lines(stream, limit_bytes), shown, limit_bytes)
    head = split_head(shown)[0]
    if head is None and not _DATED.match(first.lstrip()) and (_JSON.match(shown) or '\n{"' in shown) and not shown.startswith("[["):
        return None
    if head is not None and fields_of(head).keys() >= _PLUGIN:
        return (text_item({"part": text, "name": name}, limit_bytes) for text in _parts(_lines(stream, limit_bytes), limit_bytes))
    if head is not None or (suffix != ".txt" and (is_of_notion(name) or _WIKI.search(shown))):
        return iter(
            (text_item({"note": stream.read(limit_bytes + 1).decode("utf-8", "surrogateescape"), "name": name}, limit_bytes),)
        )
    return _cuts(stream, limit_bytes)


def is_of_notion(name: str) -> bool:
    """Return whether a file of this name, without its suffix, is of an export of Notion: it ends in the 32 digits of its page."""
    return _OF_NOTION.fullmatch(name) is not None


def _lines(stream: IO[bytes], limit_bytes: int) -> Iterator[str]:
    """Yield the lines of a text. Of one that is longer than a record the start is followed by dots that make it longer still."""
    while line := stream.readline(limit_bytes + 1):
        is_cut = len(line) > limit_bytes and not line.endswith(b"\n")
        while is_cut and (more := stream.readline(limit_bytes)) and not more.endswith(b"\n"):
            pass
        yield line.decode("utf-8", "surrogateescape").rstrip("\r\n") + "." * (is_cut * limit_bytes)


def _cuts(stream: IO[bytes], limit_bytes: int) -> Iterator[Item]:
    marked = (f"- {line.strip()}" if _DATED.match(line.lstrip()) else line for line in _lines(stream, limit_bytes))
    sections: list[Cut] = []
    for cut, following in pairwise(_and_end(cuts_of(marked, limit_bytes))):
        if cut.level:
            sections = [*(section for section in sections if section.level < cut.level), cut]
            if 0 < following.level <= cut.level:
                yield text_item({"heading": cut.text}, limit_bytes)
            continue
        section = {"section": " > ".join(heading.text for heading in sections)} if sections else {}
        yield text_item({"bullet" if cut.is_item else "paragraph": cut.text, **section}, limit_bytes)


def _and_end(cuts: Iterator[Cut]) -> Iterator[Cut]:
    yield from cuts
    yield Cut(1, "")


def _parts(lines: Iterator[str], limit_chars: int) -> Iterator[str]:
    """Yield each part with a head of its own. A ruler in a text does not begin one: no head follows it."""
    part: list[str] = []
    size = 0
    opened = -1  # where in the part a head may have begun
    for line in lines:
        if line.rstrip() == _RULER and opened >= 0 and split_head("\n".join([*part[opened:], line]))[0] is not None:
            if "\n".join(part[:opened]).strip():
                yield "\n".join(part[:opened])
            part, opened = part[opened:], -1
            size = sum(map(len, part))
        elif line.rstrip() == _RULER:
            opened = len(part)
        elif len(part) - opened > _LONGEST_HEAD_LINES:
            opened = -1
        if size <= limit_chars or opened >= 0:
            part.append(line)
            size += len(line) + 1
    if "\n".join(part).strip():
        yield "\n".join(part)


def text_item(value: dict[str, str], limit_bytes: int) -> Item:
    """Return the item of a piece of a text, or its fault."""
    text = next(iter(value.values()))
    raw = text.encode("utf-8", "surrogateescape")
    if len(raw) > limit_bytes:
        message = f"the text is longer than {limit_bytes} bytes; its start is kept"
        return Item(None, raw[:limit_bytes], fault("", TOO_LONG, message), Category.RESOURCE)
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return Item(None, raw, fault("", "not_utf8", f"no valid UTF-8: {error.reason} at ", f"byte {error.start}"))
    return Item(value, orjson.dumps(value))
