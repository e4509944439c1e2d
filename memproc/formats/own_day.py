"""Notes that memproc writes with all memories of a day: `2025-01-03.md`.

Facts: the head names the day. Each memory is a comment, which no reader of markdown shows, with its fields as JSON, and its text
below as it is. A line of a text that looks like such a comment has a backslash in front.

Rules: a person may edit the texts, and take memories out. A text without a comment before it is counted, as paragraphs are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from memproc.formats.draft import Broken, LeftOut, Part
from memproc.formats.held import draft_of, is_held
from memproc.sources.front_matter import fields_of
from memproc.validation import fault

DAY = "memproc_day"
_MEMORY = re.compile(r"^<!-- memproc (.*) -->\r?$\n?", re.MULTILINE)
_LIKE_ONE = re.compile(r"^(\\*<!-- memproc )", re.MULTILINE)
_ESCAPED = re.compile(r"^\\(\\*<!-- memproc )", re.MULTILINE)
_END = "\n\n"


def written(held: bytes, content: str) -> str:
    """Return a memory as it stands in a note: its fields as JSON, and its text."""
    inside = held.decode().replace(">", "\\u003e")
    escaped = _LIKE_ONE.sub(r"\\\1", content)
    return f"<!-- memproc {inside} -->\n{escaped}{_END}"


def is_day(head: str | None) -> bool:
    """Return whether a head is that of a note of a day that memproc wrote."""
    return head is not None and DAY in fields_of(head)


def read(body: str, schema: frozenset[str]) -> Iterator[Part]:
    """Yield the memories of a note, given what stands below its head. `schema` names the fields there are."""
    before, *pieces = _MEMORY.split(body)
    if before.strip():
        yield LeftOut("paragraphs")
    for held, text in zip(pieces[::2], pieces[1::2], strict=True):
        content = _ESCAPED.sub(r"\1", text.removesuffix(_END) if text.endswith(_END) else text.rstrip())
        try:
            value = orjson.loads(held)
        except orjson.JSONDecodeError:
            value = None
        if is_held(value):
            part = draft_of(value, content, schema, {})
        else:
            part = Broken(fault("memproc", "json_invalid", "the comment before a memory holds its fields as JSON"))
        yield part._replace(raw={"memproc": held, "content": content})
