"""Arguments of calls: numbers that may be given, and what is said of others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import SupportsIndex

from memproc.errors import UsageError
from memproc.times import parse_time, to_text

LARGEST_NUMBER = 2**63 - 1  # of a database column
WRITTEN = "2026-05-01T18:30:00Z"


def whole_number(name: str, value: object, *, least: int = 1) -> int:
    """Return the argument `name` as a whole number of at least `least`. Raises UsageError on anything else.

    >>> whole_number("limit", 10)
    10
    """
    number = value.__index__() if isinstance(value, SupportsIndex) and not isinstance(value, bool) else None
    if number is None or not least <= number <= LARGEST_NUMBER:
        raise UsageError(f"{name}={value!r}: give a whole number from {least} on")
    return number


def maybe_number(name: str, value: object) -> int | None:
    """Return a whole number that a call was given, None if none was. Raises UsageError on anything else."""
    return None if value is None else whole_number(name, value)


def whole_numbers(given: int | Iterable[int]) -> set[int]:
    """Return the numbers that a call was given, one or several. Raises UsageError on anything else."""
    several = given if isinstance(given, Iterable) and not isinstance(given, str | bytes) else [given]
    return {whole_number("numbers", number) for number in several}


def share_of(name: str, value: object) -> float:
    """Return the argument `name` as a number between 0 and 1. Raises UsageError on anything else.

    >>> share_of("at_least", 1)
    1.0
    """
    if not (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1):
        raise UsageError(f"{name}={value!r}: give a number between 0 and 1")
    return float(value)


def limit_of(value: object) -> int | None:
    """Return the limit of a listing, None for all. Raises UsageError on anything but a whole number of at least 1."""
    return None if value is None else whole_number("limit", value)


def moment_of(name: str, given: object) -> str | None:
    """Return a time that a call was given, as fixed-width text. Raises UsageError on what is none."""
    try:
        moment = parse_time(given) if given is not None else None
    except ValueError as error:
        raise UsageError(f"{name}={given!r}: {error}: give one as in {WRITTEN}") from error
    return to_text(moment) if moment else None
