"""The faults of a check without a store, equal ones together: how many, and where the first of them are.

Rules: faults are equal where they are in one file, at one path (but for positions in lists), with one code and one message (but
for the value that it shows). Of each group the first places are kept, of very many groups the first: memory is bounded, and every
fault is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from memproc.dates import RefusedDates, forms_told, told_forms
from memproc.records import Fault
from memproc.report.report import counted
from memproc.validation import alike

MOST_GROUPS = 1_000
FIELDS_KEPT = 1_000  # paths that are counted
OTHERS = "(others)"
RECORD = "record"  # what a fault without a path is about


class Spot(NamedTuple):
    """Where a record stands: its file, as messages name it, the file on disk that this is in (None for a stream), the number of the
    record in the file from 1, that of its first line if known, and the number of the record from 0 over all files.
    """

    file: str
    path: str | None
    record: int
    line: int | None
    position: int

    def told(self) -> str:
        """Return the spot as text.

        >>> Spot("a.jsonl", "a.jsonl", 2, 3, 1).told(), Spot("a.json", "a.json", 2, None, 1).told()
        ('a.jsonl:3', 'a.json: record 2')
        """
        return f"{self.file}:{self.line}" if self.line else f"{self.file}: record {self.record}"


@dataclass(slots=True)
class Group:
    """Equal faults: the first of them, how many there are, and the first of them with their spots."""

    first: Fault
    count: int = 0
    kept: list[tuple[Spot, Fault]] = field(default_factory=list)

    @property
    def more(self) -> int:
        """How many of them are only counted."""
        return self.count - len(self.kept)

    def told(self) -> str:
        """Return the group as one line of text."""
        spot, first = self.kept[0][0], self.first
        fault = f"{first.path or RECORD}: {first.message} [{first.code}] - {first.hint}"
        if self.count == 1:
            return f"{spot.told()}: {fault}"
        has_lines = all(one.line for one, _ in self.kept)
        spots = dict.fromkeys(str(one.line if has_lines else one.record) for one, _ in self.kept)
        more = ", ..." if self.more else ""
        places = f"{'lines' if has_lines else 'records'} {', '.join(spots)}{more}"
        return f"{spot.file}: {counted(self.count, 'fault')}, {places}: {fault}"

    def as_dict(self) -> dict[str, Any]:
        """Return the group as JSON values."""
        spots = [spot for spot, _ in self.kept]
        lines, records = [spot.line for spot in spots if spot.line], [spot.record for spot in spots]
        told = {name: value for name, value in self.first.as_dict().items() if name != "traceback"}
        return {"file": spots[0].file, **told, "count": self.count, "lines": lines, "records": records}


@dataclass(slots=True)
class Checks:
    """The result of a check: records read, invalid ones, and the groups of their faults, of each of which at most `most_shown` are
    kept. `fields` counts faults by path, `broken` are files that could not be read to their end, and why. `forms` counts the dates
    that were read by an assumption, by form, and `refused` those that could not be read.
    """

    most_shown: int
    read: int = 0
    invalid: int = 0
    groups: dict[tuple[str, str, str, str], Group] = field(default_factory=dict)
    fields: Counter[str] = field(default_factory=Counter)
    beyond: int = 0  # faults in more groups than are kept
    broken: dict[str, str] = field(default_factory=dict)
    not_read: list[str] = field(default_factory=list)
    forms: Counter[str] = field(default_factory=Counter)
    refused: RefusedDates = field(default_factory=RefusedDates)

    @property
    def valid(self) -> int:
        """How many records are valid."""
        return self.read - self.invalid

    @property
    def is_valid(self) -> bool:
        """Whether all records are, and all files were read to their end."""
        return not self.invalid and not self.broken

    def note(self, spot: Spot, faults: tuple[Fault, ...]) -> None:
        """Add the faults of an invalid record."""
        self.invalid += 1
        for one in faults:
            if one.code == "date_unparsable" and one.value:
                self.refused.note(one.value)
            path, message = alike(one)
            name = path or RECORD
            self.fields[name if name in self.fields or len(self.fields) < FIELDS_KEPT else OTHERS] += 1
            key = (spot.file, path, one.code, message)
            if key not in self.groups and len(self.groups) >= MOST_GROUPS:
                self.beyond += 1
                continue
            group = self.groups.setdefault(key, Group(one))
            group.count += 1
            if len(group.kept) < self.most_shown:
                group.kept.append((spot, one))

    def shown(self) -> Iterator[tuple[Spot, Fault]]:
        """Yield the faults that are kept, in the order of the records."""
        yield from sorted((one for group in self.groups.values() for one in group.kept), key=lambda one: one[0].position)

    def not_shown(self) -> Iterator[str]:
        """Yield in words which faults are only counted."""
        for group in self.groups.values():
            if group.more:
                like = f"{group.first.path or RECORD}: {group.first.code} in {group.kept[0][0].file}"
                yield f"{group.more} more of {like}: --max-shown shows more"
        if self.beyond:
            yield f"{counted(self.beyond, 'fault')} of other kinds: mend those that are told first"

    def as_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        errors = [
            {"position": spot.position, "file": spot.file, "record": spot.record, "line": spot.line, **one.as_dict()}
            for spot, one in self.shown()
        ]
        return {
            "read": self.read,
            "valid": self.valid,
            "invalid": self.invalid,
            "fields": dict(self.fields.most_common()),
            "groups": [group.as_dict() for group in self.groups.values()],
            "errors": errors,
            "not_shown": self.beyond + sum(group.more for group in self.groups.values()),
            "broken": self.broken,
            "not_read": self.not_read,
            "dates_read": dict(told_forms(self.forms)),
            "dates_refused": dict(self.refused.forms.most_common()),
        }

    def __str__(self) -> str:
        """Return the result as lines of text: a group a line, a summary by field, a count."""
        lines = [group.told() for group in self.groups.values()]
        lines += [f"{counted(self.beyond, 'fault')} of other kinds are not shown"] if self.beyond else []
        lines += [f"{file}: {why}" for file, why in self.broken.items()]
        if len(self.fields) > 1 or sum(group.count for group in self.groups.values()) > 1:
            lines.append("faults by field: " + ", ".join(f"{name} {count}" for name, count in self.fields.most_common()))
        lines += [f"dates read: {forms_told(read)}"] if (read := told_forms(self.forms)) else []
        lines += [self.refused.told()] if self.refused.forms else []
        return "\n".join([*lines, f"{self.valid} of {self.read} records are valid"])
