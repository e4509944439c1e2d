"""Whether the value by which a source is followed lies in the future. Pure.

Fact: one record that says it was changed in 2099, as a test row or a wrong clock leaves it, is the greatest of all. A later job
that began at its value would find nothing new until then.

Rules: a point in time is ahead if it is more than some minutes later than now, one without a zone by more than any zone can make of
it. Numbers, and digits alone, are times only where their name says so: they may count anything.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from memproc.times import parse_time

CLOCKS_DIFFER_SECONDS = 300.0
ZONES_DIFFER_SECONDS = 14 * 3_600.0
_OF_TIME = re.compile(r".*(?:(?:_at|At|modified|changed|created|stamp|since)(?![a-z])|time|date|zeit|datum).*", re.ASCII)
_ZONE = re.compile(r".*(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\s*", re.DOTALL | re.IGNORECASE)
_FOR_EVER = re.compile(r"\s*(?:9999-|\+?infinity\b)", re.IGNORECASE)  # what programs and PostgreSQL write for "never"
_FIRST_SECONDS = 1e8  # of 1973: what is later in a finer unit is meant in that
_DIGITS = re.compile(r"\s*\d+(?:\.\d*)?\s*", re.ASCII)


def is_ahead(name: str, value: Any, now: float) -> bool:
    """Return whether a value of a column or field is a time later than now, in seconds since 1970.

    >>> is_ahead("changed", "2099-01-01T00:00:00Z", 1_800_000_000), is_ahead("changed", "2027-01-15T08:01:00Z", 1_800_000_000)
    (True, False)
    >>> is_ahead("id", 4_102_444_800, 1_800_000_000), is_ahead("updated_at", 4_102_444_800, 1_800_000_000)
    (False, True)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str | date):
        return False
    if not isinstance(value, str | date) or (isinstance(value, str) and _DIGITS.fullmatch(value)):
        return _OF_TIME.fullmatch(name) is not None and _seconds(float(value)) > now + CLOCKS_DIFFER_SECONDS
    if _FOR_EVER.match(str(value)):
        return True
    try:
        moment = parse_time(value)
    except ValueError:
        return False
    slack = CLOCKS_DIFFER_SECONDS + (0.0 if _has_zone(value) else ZONES_DIFFER_SECONDS)
    return moment is not None and moment.timestamp() > now + slack


def _seconds(number: float) -> float:
    """Return a time in seconds that may be in milli-, micro- or nanoseconds: its magnitude tells."""
    for unit in (1e-9, 1e-6, 1e-3):
        if number * unit > _FIRST_SECONDS:
            return number * unit
    return number


def _has_zone(value: str | date) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return isinstance(value, str) and _ZONE.fullmatch(value) is not None
