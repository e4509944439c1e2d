"""What accepted records hold, field by field, folded in one pass and bounded memory. Pure.

Strategy: a field counts its different values (`distinct`), and keeps a table of the frequent ones, from which the rarer half goes
whenever it is full, so a value that makes up a fair share of all stays. Its number is then the least that it has.

Rules: of a list its elements count, of a mapping its names, of a relation its type; the parts of an emotion are fields of their
own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from memproc.records import Plain
from memproc.report.distinct import DistinctCount
from memproc.report.figures import ErrorPattern, FieldSeen, Quality

TABLE = 2_000  # values of a field whose numbers are kept
MOST_FIELDS = 200
OTHERS = "(other fields)"
SHOWN_VALUES, SHOWN_EXAMPLES, SHOWN_CHARACTERS = 5, 3, 80
WHOLE = "(whole record)"  # where a fault is of no field
_ORDERED = ("created_at", "updated_at", "valid_from", "valid_to")


class _Field:
    """What is known of a field so far."""

    def __init__(self) -> None:
        self.present = self.elements = 0
        self.least: Any = None
        self.greatest: Any = None
        self.examples: list[str] = []
        self._distinct = DistinctCount()
        self._table: Counter[str] = Counter()

    def note(self, value: Any, *, is_ordered: bool) -> None:
        self.present += 1
        for element in _elements(value):
            self.elements += 1
            text = element if isinstance(element, str) else orjson.dumps(element).decode()
            if is_ordered or (isinstance(element, int | float) and not isinstance(element, bool)):
                self._widen(element)
            self._distinct.note(text)
            shown = shortened(text)
            self._table[shown] += 1
            if len(self._table) > TABLE:
                self._table = Counter(dict(self._table.most_common(TABLE // 2)))
            if len(self.examples) < SHOWN_EXAMPLES and shown not in self.examples:
                self.examples.append(shown)

    def _widen(self, element: Any) -> None:
        if self.least is None or type(element) is type(self.least) or not isinstance(element, str):
            self.least = element if self.least is None else min(self.least, element)
            self.greatest = element if self.greatest is None else max(self.greatest, element)

    def told(self, name: str, records: int, rejected: Mapping[str, int]) -> FieldSeen:
        distinct = min(self._distinct.count, self.elements)
        least, greatest = ("" if end is None else shortened(str(end)) for end in (self.least, self.greatest))
        frequent = tuple((value, count) for value, count in self._table.most_common(SHOWN_VALUES) if count > 1)
        counts = (self.present, records - self.present, distinct, self._distinct.is_estimated)
        return FieldSeen(name, *counts, least, greatest, frequent, tuple(self.examples), dict(rejected))


def _elements(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value
    elif isinstance(value, list | tuple):
        yield from (one.get("type", "") if isinstance(one, Mapping) else one for one in value)
    else:
        yield value


def shortened(text: str, most: int = SHOWN_CHARACTERS) -> str:
    """Return the beginning of a text.

    >>> shortened("a long text", 7)
    'a long…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def quality_of(texts: Iterable[str], records: int, every: int, patterns: Iterable[ErrorPattern]) -> Quality:
    """Return what records hold, given as JSON: each, or every `every`-th of `records`; `patterns` are those of quarantined ones."""
    fields: dict[str, _Field] = {}
    looked_at = 0
    for text in texts:
        looked_at += 1
        for name, value in _named(orjson.loads(text)):
            known = fields.get(name)
            if known is None:
                name = name if len(fields) < MOST_FIELDS else OTHERS  # noqa: PLW2901 - the rest of the loop is of that field
                known = fields.setdefault(name, _Field())
            known.note(value, is_ordered=name in _ORDERED)
    rejected: dict[str, Counter[str]] = {}
    for pattern in patterns:
        name = shortened(pattern.path.split(".")[0]) or WHOLE
        rejected.setdefault(name, Counter())[pattern.code] += pattern.records
    names = sorted({*fields, *rejected}, key=lambda name: (name == WHOLE, -fields.get(name, _Field()).present, name))
    told = (fields.get(name, _Field()).told(name, looked_at, rejected.get(name, {})) for name in names)
    return Quality(records, looked_at, every, tuple(told))


def _named(record: Plain) -> Iterator[tuple[str, Any]]:
    for name, value in record.items():
        if name == "emotion" and isinstance(value, Mapping):
            yield from ((f"emotion.{part}", one) for part, one in value.items())
        else:
            yield name, value
