"""Notion's export as Markdown and CSV: pages, and the tables of databases.

Facts: the name of each file ends in the 32 digits of its page or database. A page is its title as a heading, below it the
properties that it has as a row of a database, `Name: value` in a line each, and its text. A table has the title of the rows in its
first column; each row is a page too.

Rules: a page is read as any note (`notes.py`), item by item. A page with properties and no item is one fact, its title, as the row
of the table is, so that both are one memory. Tags and the usual times of Notion are those of the facts; other properties go to the
metadata. The digits are no id of a fact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from memproc.formats import generic, notes
from memproc.formats.cells import split_tags
from memproc.formats.draft import Broken, Context, Draft, Format, Item, Part, told_elsewhere, with_raw_times, without_nones
from memproc.sources.texts import is_of_notion
from memproc.validation import fault
from memproc.values import is_blank

_PROPERTY = re.compile(r"([^\s:#*\->\[][^:\n]{0,80}): (\S[^\n]*)")
_CREATED = frozenset(("created", "created time", "created at", "date created", "date"))
_UPDATED = frozenset(("updated", "updated at", "last edited", "last edited time", "last updated"))
_TAGS = frozenset(("tags", "tag", "labels"))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    name, note = item.get("name"), item.get("note")
    if not isinstance(name, str) or not isinstance(note, str) or item.keys() != {"name", "note"}:
        return False
    return is_of_notion(name) and note.lstrip("\ufeff\r\n\t ").startswith("# ")


def is_table(stem: str, rows: Sequence[Item], fields: frozenset[str]) -> bool:
    """Return whether a table is of Notion, and has no column of text. `stem` is its name, `rows` are its first; `fields` are those
    of the schema.
    """
    return is_of_notion(stem) and bool(rows) and not any(generic.matches(row, fields) for row in rows)


def _read(item: Item, context: Context) -> Iterator[Part]:
    note = item.get("note")
    if not isinstance(note, str):
        yield Broken(fault("note", "missing", "a page is text"))
        return
    title, properties, body = _page(note)
    parts = list(notes.read_body(_in_head(properties), title, body, context))
    if properties and title and not any(isinstance(part, Draft) for part in parts):
        yield _row(title, properties)
        parts = [part for part in parts if part != notes.EMPTY]
    yield from parts


def _page(note: str) -> tuple[str, dict[str, str], str]:
    """Return the title of a page, its properties and its text."""
    lines = note.lstrip("\ufeff\r\n\t ").splitlines()
    title = lines.pop(0).removeprefix("# ").strip() if lines else ""
    while lines and not lines[0].strip():
        lines.pop(0)
    end = next((at for at, line in enumerate(lines) if not _PROPERTY.fullmatch(line)), len(lines))
    is_block = end == len(lines) or not lines[end].strip()
    found = [match for line in lines[: end if is_block else 0] if (match := _PROPERTY.fullmatch(line))]
    return title, {match[1]: match[2].strip() for match in found}, "\n".join(lines[len(found) :])


def _in_head(properties: dict[str, str]) -> dict[str, Any]:
    """Return properties under the names that heads of notes have."""
    return {_head_name(name): value for name, value in properties.items()}


def _head_name(name: str) -> str:
    folded = name.casefold()
    return "created" if folded in _CREATED else "updated" if folded in _UPDATED else "tags" if folded in _TAGS else name


def _read_row(item: Item, _context: Context) -> Iterator[Part]:
    (first, title), *others = [*item.items()] or [("", None)]
    if not isinstance(title, str) or is_blank(title):
        yield Broken(fault(first, "missing", "a row of a table of Notion has its title in the first column"))
        return
    yield _row(title.strip(), {name: value for name, value in others if isinstance(value, str) and not is_blank(value)})


def _row(title: str, properties: dict[str, str]) -> Draft:
    head = _in_head(properties)
    created, updated, tags = (head.pop(name, None) for name in ("created", "updated", "tags"))
    tagged = split_tags(tags) if tags else None
    fields = {"content": title, "created_at": created, "updated_at": updated, "tags": tagged, "metadata": head or None}
    return Draft(with_raw_times(without_nones(fields)))


FORMAT = Format(
    name="notion",
    about="Notion's export: pages in markdown",
    matches=_matches,
    read=_read,
    options=("paragraphs",),
)
TABLE = Format(name="notion-table", about="Notion's export: the table of a database", matches=told_elsewhere, read=_read_row)
