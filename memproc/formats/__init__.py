"""The formats, and how to tell which one a source is in.

A table, first match first: the more particular shapes stand before the more general.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from memproc.errors import UsageError
from memproc.formats import chatgpt, claude, generic, legacy, locomo, mem0, own
from memproc.formats.draft import Format, Item
from memproc.records import is_mapping

FORMATS: tuple[Format, ...] = (
    own.FORMAT,
    own.FULL,
    chatgpt.FORMAT,
    claude.CONVERSATIONS,
    claude.MEMORIES,
    locomo.FORMAT,
    mem0.FORMAT,
    legacy.FORMAT,
    generic.FORMAT,
    generic.TABLE,
)
_BY_LINE = (own.FORMAT.name, generic.FORMAT.name)
LISTS = frozenset(name for known in FORMATS for name in known.lists)


def format_named(name: str) -> Format:
    """Return a format by name. Raises UsageError on an unknown one."""
    for known in FORMATS:
        if known.name == name:
            return known
    raise UsageError(f"format {name!r} is unknown: choose one of {', '.join(known.name for known in FORMATS)}")


def detect(items: Sequence[object], fields: frozenset[str]) -> Format | None:
    """Return the first format that at least half of the objects among `items` have the shape of, None if there is none.

    `fields` holds the names of the fields of the schema in use.
    """
    objects = [item for item in items if is_mapping(item)]
    for known in FORMATS:
        if objects and sum(_is_in(known, item, fields) for item in objects) * 2 >= len(objects):
            return known
    return None


def of_line(told: Format, item: Item) -> Format:
    """Return the format of one item where its source was told to be in the format `told`.

    Each line of JSON with usual names tells by itself whether it is memproc's own, so that it is read alike in any company.
    """
    if told.name not in _BY_LINE:
        return told
    return own.FORMAT if own.is_marked(item) else generic.FORMAT


def _is_in(known: Format, item: Any, fields: frozenset[str]) -> bool:
    """Tell whether an item has the shape of a format; one that cannot be looked at has none."""
    try:
        return known.matches(item, fields)
    except Exception:  # noqa: BLE001 - a mapping of the caller's may raise anything; what reads it says so
        return False
