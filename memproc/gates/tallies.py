"""What rules measure of accepted records, one record after another, in bounded memory. Pure.

Rules: a field is named by its path: `subject`, `metadata.team`, `emotion.label`. Of a list each element counts. A record without a
field is out of no range and matches every pattern: that it is missing is a measure of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Protocol

from pydantic_core import SchemaError, SchemaValidator, core_schema

from memproc.gates.rule import Rule
from memproc.records import Plain
from memproc.report.distinct import DistinctCount
from memproc.times import to_micros

DAY_MICROS = 86_400 * 10**6
MOST_PATTERNS = 1_000


class Tally(Protocol):
    """What is known of a measure so far."""

    def note(self, record: Plain) -> None:
        """Take one more record into account."""

    def value(self, now: str) -> float | None:
        """Return the measure, None where nothing is known."""


class _Counting:
    """The number of records of which something is so."""

    def __init__(self, is_so: Callable[[Plain], bool]) -> None:
        self._is_so, self._count = is_so, 0

    def note(self, record: Plain) -> None:
        self._count += self._is_so(record)

    def value(self, _now: str) -> float | None:
        return self._count


class _Distinct:
    """The number of different values of a field."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path, self._seen = path, DistinctCount()

    def note(self, record: Plain) -> None:
        for value in values_at(record, self._path):
            self._seen.note(value if isinstance(value, str) else repr(value))

    def value(self, _now: str) -> float | None:
        return self._seen.count


class _MeanLength:
    """The mean number of characters."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path, self._characters, self._count = path, 0, 0

    def note(self, record: Plain) -> None:
        for value in values_at(record, self._path):
            self._characters += len(value) if isinstance(value, str) else 0
            self._count += 1

    def value(self, _now: str) -> float | None:
        return self._characters / self._count if self._count else None


class _Age:
    """The days since the newest date."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path, self._newest = path, ""

    def note(self, record: Plain) -> None:
        self._newest = max(self._newest, *(one for one in values_at(record, self._path) if isinstance(one, str)), "")

    def value(self, now: str) -> float | None:
        try:
            return (to_micros(now) - to_micros(self._newest)) / DAY_MICROS if self._newest else None
        except ValueError:  # a field of an own class that is no date
            return None


def tally_of(rule: Rule) -> Tally:
    """Return what measures a rule that is about a field, with nothing known yet."""
    path = tuple(rule.field.split("."))
    return _TALLIES[rule.measure](rule, path)


@lru_cache(maxsize=MOST_PATTERNS)
def matcher(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a whole text matches a pattern. Raises ValueError on what is none.

    >>> matcher("[a-z]+-[0-9]+")("ab-12"), matcher("[a-z]+")("ab12")
    (True, False)
    """
    try:
        for text in (pattern, rf"\A(?:{pattern})\z"):  # the first alone, so that no bracket of it closes the one around it
            validator = SchemaValidator(core_schema.str_schema(pattern=text, regex_engine="rust-regex"))
    except SchemaError as error:
        raise ValueError(str(error).strip().rpartition("error: ")[2]) from None
    return validator.isinstance_python


def values_at(record: Mapping[str, Any], path: Sequence[str]) -> Iterator[Any]:
    """Yield the values that a record has at a path.

    >>> [*values_at({"tags": ["a", "b"], "metadata": {"team": "x"}}, ("metadata", "team"))]
    ['x']
    """
    found: Any = record
    for at, name in enumerate(path):
        if not isinstance(found, Mapping):
            return
        rest = ".".join(path[at:])
        if rest in found:  # a name with dots in it
            found = found[rest]
            break
        found = found.get(name)
    if isinstance(found, list | tuple):
        yield from found
    elif found is not None and found != {}:
        yield found


def _is_outside(value: Any, rule: Rule) -> bool:
    """Tell whether a value is not between the ends of a rule; one of another kind than these is outside."""
    end = rule.low if rule.low is not None else rule.high
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(end, str) != isinstance(value, str) or not (is_number or isinstance(value, str)):
        return True
    return (rule.low is not None and value < rule.low) or (rule.high is not None and value > rule.high)


def _text_of(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else {True: "true", False: "false"}.get(value, str(value))
        if isinstance(value, bool)
        else str(value)
    )


def _missing(_rule: Rule, path: Sequence[str]) -> Tally:
    return _Counting(lambda record: next(values_at(record, path), None) is None)


def _out_of_range(rule: Rule, path: Sequence[str]) -> Tally:
    return _Counting(lambda record: any(_is_outside(value, rule) for value in values_at(record, path)))


def _not_allowed(rule: Rule, path: Sequence[str]) -> Tally:
    allowed = frozenset(rule.values)
    return _Counting(lambda record: any(_text_of(value) not in allowed for value in values_at(record, path)))


def _not_matching(rule: Rule, path: Sequence[str]) -> Tally:
    matches = matcher(rule.pattern)
    return _Counting(lambda record: not all(matches(_text_of(value)) for value in values_at(record, path)))


_TALLIES: Mapping[str, Callable[[Rule, Sequence[str]], Tally]] = {
    "missing": _missing,
    "out_of_range": _out_of_range,
    "not_allowed": _not_allowed,
    "not_matching": _not_matching,
    "distinct": lambda _rule, path: _Distinct(path),
    "mean_length": lambda _rule, path: _MeanLength(path),
    "age": lambda _rule, path: _Age(path),
}
