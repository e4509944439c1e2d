"""Spans of time as people write them. Pure."""

from __future__ import annotations

import re

from memproc.errors import UsageError

_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,3})?) ?(s|m|h|d)", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds_of(given: object, name: str) -> float:
    """Return how many seconds a span has. Raises UsageError on anything else.

    >>> seconds_of("15m", "every"), seconds_of("1.5 h", "--overlap")
    (900.0, 5400.0)
    """
    found = _SPAN.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        raise UsageError(f"{name} {given!r}: give a number with s, m, h or d, as in 15m")
    return float(found[1]) * _SECONDS[found[2]]
