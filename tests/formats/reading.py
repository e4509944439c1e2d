"""Reading one item of a format, as its tests do."""

from __future__ import annotations

from collections import Counter
from typing import Any

from memproc.formats.draft import Broken, Context, Draft, Format, LeftOut
from memproc.validation import validate


def read(known: Format, item: dict[str, Any], *include: str) -> list[Any]:
    """Read one item."""
    return list(known.read(item, Context(include=frozenset(include))))


def draft(known: Format, **item: Any) -> Draft:
    """Read one record into one draft."""
    (part,) = read(known, item)
    assert isinstance(part, Draft)
    return part


def drafts(known: Format, item: dict[str, Any], *include: str) -> list[Draft]:
    """Give the drafts, each of which makes a valid memory."""
    found = [part for part in read(known, item, *include) if isinstance(part, Draft)]
    assert [validate(one.fields).errors for one in found] == [()] * len(found)
    return found


def left_out(known: Format, item: dict[str, Any], *include: str) -> Counter[str]:
    """Count what was left out, by kind."""
    counts: Counter[str] = Counter()
    for part in read(known, item, *include):
        if isinstance(part, LeftOut):
            counts[part.kind] += part.count
    return counts


def faults(known: Format, item: dict[str, Any]) -> list[tuple[str, str]]:
    """Give path and code of each fault."""
    return [(part.fault.path, part.fault.code) for part in read(known, item) if isinstance(part, Broken)]
