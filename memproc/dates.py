"""Dates that can be read in more than one way, or in none: how a caller says that they are written, and which forms were refused.

Rule: nothing is read on a guess. `03/04/2024` is a date only if the caller says which of the two is the day, and so is
`25/12/2024`: where it stands, others stand that go both ways, and a table of which half is read is worse than one that is refused.
What was refused is counted by its form, with what the values themselves tell of their order, and so is what was read by an
assumption: readers keep its text beside the memory.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, Self

from memproc.times import DAY_OR_MONTH
from memproc.values import BLANKS

FIELDS = ("created_at", "updated_at", "valid_from", "valid_to")
RAW = tuple((name, f"{name}_raw") for name in FIELDS)  # the names in the metadata of texts that needed an assumption to read
FORMS_KEPT, FORMS_SHOWN = 100, 5
_YEARS = re.compile(r"%[YyGcxDF]")
_LAST_MONTH = 12
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
_FORM_CHARS = 40
_NINES = str.maketrans("012345678", "9" * 9)
_BRACKETS = re.compile(r"\([^)]*\)?")  # remarks, as on the zone
_PLAIN = re.compile(r"9999-99-99(?:[TA ]99:99(?::99)?(?:[.,]9+)?)?")  # ISO 8601 without a zone; its T is a letter
_SAMPLE = datetime(2024, 1, 31, 13, 30, tzinfo=UTC)  # formats are tried on it, those with a zone too


class Dates(NamedTuple):
    """How dates are written that nothing else tells: formats of `strptime`, and whether of two numbers the first is the day."""

    formats: tuple[str, ...] = ()
    day_first: bool | None = None

    @property
    def is_said(self) -> bool:
        """Whether anything is said at all."""
        return bool(self.formats) or self.day_first is not None

    @property
    def options(self) -> dict[str, Any]:
        """What is said, as JSON values that `of_options` reads back.

        >>> Dates.of_options(Dates(("%d.%m.%y",), day_first=False).options)
        Dates(formats=('%d.%m.%y',), day_first=False)
        """
        said = {"date_format": list(self.formats) or None, "day_first": self.day_first}
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def of_options(cls, options: Mapping[str, Any]) -> Self:
        """Return what options say; nothing, if they do not speak of dates."""
        return cls(tuple(options.get("date_format", ())), options.get("day_first"))

    def or_else(self, before: Dates) -> Dates:
        """Return what is said here, and where nothing is, what was said before."""
        return Dates(self.formats or before.formats, before.day_first if self.day_first is None else self.day_first)

    def read(self, value: object) -> object:
        """Return a value in a form that has one reading, if it is written as said; anything else as it is.

        >>> Dates(day_first=True).read("03/04/2024 9:05"), Dates(("%d.%m.%y",)).read("03.04.24").isoformat()
        ('2024-04-03 9:05', '2024-04-03T00:00:00')
        """
        if isinstance(value, bool) or not isinstance(value, str | int):
            return value
        try:
            text = value.strip(BLANKS) if isinstance(value, str) else str(value)
        except ValueError:  # an integer of more digits than Python writes
            return value
        for one in self.formats:
            with suppress(ValueError, OverflowError):
                return datetime.strptime(text, one)  # noqa: DTZ007 - without a zone it is UTC, as everywhere
        if self.day_first is None or not (match := DAY_OR_MONTH.fullmatch(text)) or len(match["year"]) != len("2024"):
            return value
        first, second = match["first"], match["second"]
        day, month = (first, second) if self.day_first else (second, first)
        return f"{match['year']}-{month:0>2}-{day:0>2}{match['rest'] or ''}" if 1 <= int(month) <= _LAST_MONTH else value

    def read_in(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy of the fields of a memory, with their times as they are said to be written, those of relations too."""
        if not self.is_said:
            return {**fields}
        read = self._times_in(fields)
        relations = read.get("relations")
        if isinstance(relations, list | tuple):
            read["relations"] = [self._times_in(one) if isinstance(one, dict) else one for one in relations]
        return read

    def _times_in(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.read(value) if name in FIELDS else value for name, value in fields.items()}


def format_fault(wanted: object) -> str | None:
    """Return why a text is no format of dates, None if it is one.

    >>> format_fault("%d.%m.%Y"), format_fault("%d.%m.")
    (None, 'has no year: give one with %Y')
    """
    if not isinstance(wanted, str) or "%" not in wanted:
        return "is no format of strptime, as in '%d.%m.%Y'"
    if not _YEARS.search(wanted):
        return "has no year: give one with %Y"
    try:
        datetime.strptime(_SAMPLE.strftime(wanted), wanted)  # noqa: DTZ007 - only whether it can be
    except (ValueError, re.error) as error:
        return f"is no format of strptime: {error}"
    return None


def form_of(text: str) -> str:
    """Return how a date is written: each number as nines, each word as an A.

    >>> form_of("25/12/2024, 9:05 am"), form_of("Februar 3"), form_of("3.4.24")
    ('99/99/9999, 99:99 A', 'A 99', '99.99.99')
    """
    return _form(text[:_FORM_CHARS].translate(_NINES))


@lru_cache(maxsize=1_000)
def _form(shape: str) -> str:
    """Return the form of a text whose digits are all nines, of which there are few in one file."""
    shown = _LETTERS.sub("A", _BRACKETS.sub("(A)", shape))
    return _DIGITS.sub(lambda match: "9" * max(len(match[0]), 2), shown)


def forms_read(record: Mapping[str, Any]) -> Iterator[str]:
    """Yield the forms of the times of a memory that were read by an assumption, as its reader kept them in the metadata.

    >>> [*forms_read({"created_at": "2024-04-03T00:00:00.000000Z", "metadata": {"created_at_raw": "03/04/2024"}})]
    ['99/99/9999']
    """
    metadata = record.get("metadata")
    if isinstance(metadata, dict):
        for name, raw in RAW:
            if isinstance(written := metadata.get(raw), str) and record.get(name) is not None:
                yield form_of(written)


def told_forms(forms: Mapping[str, int]) -> Counter[str]:
    """Return the forms that a report tells: all of them, the most frequent first, if one is more than ISO 8601 without a zone.

    >>> told_forms({"9999-99-99": 2, "99/99/9999": 1}), told_forms({form_of("2025-01-02T08:30:00"): 7})
    (Counter({'9999-99-99': 2, '99/99/9999': 1}), Counter())
    """
    return Counter(dict(Counter(forms).most_common())) if any(not _PLAIN.fullmatch(form) for form in forms) else Counter()


def forms_told(forms: Mapping[str, int]) -> str:
    """Return forms with their counts, for a line of text.

    >>> forms_told({"9999-99-99": 2, "99/99/9999": 1})
    '2 of 9999-99-99, 1 of 99/99/9999'
    """
    shown = Counter(forms).most_common(FORMS_SHOWN)
    more = f", and {len(forms) - FORMS_SHOWN} other forms" if len(forms) > FORMS_SHOWN else ""
    return ", ".join(f"{count:,} of {form}" for form, count in shown) + more


@dataclass(slots=True)
class RefusedDates:
    """Dates that could not be read, counted by form. Of those of two numbers and a year, how many have only one reading."""

    forms: Counter[str] = field(default_factory=Counter)
    either: int = 0
    by_day: int = 0
    by_month: int = 0

    def note(self, text: str) -> None:
        """Count a date, given as messages show it. A text without a number is none in any form."""
        bare = text.strip("'\"")
        if not _DIGITS.search(bare):
            return
        form = form_of(bare)
        self.forms[form if form in self.forms or len(self.forms) < FORMS_KEPT else "(others)"] += 1
        if (match := DAY_OR_MONTH.fullmatch(bare)) and len(match["year"]) == len("2024"):  # others no order reads
            self.either += 1
            self.by_day += int(match["first"]) > _LAST_MONTH
            self.by_month += int(match["second"]) > _LAST_MONTH

    @property
    def orders(self) -> list[str]:
        """The options that may tell the day from the month, where that is open: one, if the dates speak for it alone."""
        both = ["--day-first", "--month-first"]
        return both if bool(self.by_day) == bool(self.by_month) else both[:1] if self.by_day else both[1:]

    def told(self, again: str = "") -> str:
        """Return in one line which forms were refused, which options read them, and the command (`again`) that takes the option.

        >>> refused = RefusedDates()
        >>> for date in ("'03/04/2024'", "'25/12/2024'"):
        ...     refused.note(date)
        >>> refused.told()
        'dates refused: 2 of 99/99/9999: --day-first or --month-first says which it is (1 can only be --day-first)'
        """
        advice = []
        if self.either:
            only = [(self.by_day, "--day-first"), (self.by_month, "--month-first")]
            told = " and ".join(f"{count:,} can only be {option}" for count, option in only if count)
            advice.append("--day-first or --month-first says which it is" + (f" ({told})" if told else ""))
        if self.either < self.forms.total():
            advice.append("--date-format FORMAT, as in --date-format '%d.%m.%y', reads what has no other reading")
        option = self.orders[0] if self.either else "--date-format FORMAT"
        return f"dates refused: {forms_told(self.forms)}: {'; '.join(advice)}" + (f"; then {again} {option}" if again else "")
