"""Points in time, as the world writes them.

Facts: exports hold epoch numbers in seconds, milli-, micro- or nanoseconds; ISO 8601 with `Z`, an offset or neither;
`2023/05/20 (Sat) 02:21`; `1:56 pm on 8 May, 2023`; and Go's zero date or 0 for "none".

Rules: the result is an aware UTC datetime, or None for the ways to say "none". A time without a zone is taken as UTC
(`is_assumed` tells so that a reader can keep the text as it was given). What cannot be read raises ValueError: it is
never replaced by "now". Nothing here depends on the machine's clock, zone or locale.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_LARGEST_SECONDS = 20_000_000_000  # year 2603: a larger number counts milli-, micro- or nanoseconds
_UNITS_PER_SECOND = (1, 1_000, 1_000_000, 1_000_000_000)
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"
)  # fmt: skip
_LONGEST_ISO_DIGITS = 8  # 20230508 is a date; more digits are an epoch number
_ZERO_DATE = "0001-01-01T00:00:00"  # Go's zero time, as in {"updated_at": "0001-01-01T00:00:00Z"}
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?: \(\w{2,9}\))?(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_SPOKEN = re.compile(r"(?:(\d{1,2}):(\d{2}) ?([ap])m on )?(\d{1,2}) ([a-z]{3,9}),? (\d{4})")
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,12})?")


def parse_time(value: object) -> datetime | None:
    """Return `value` as an aware UTC datetime, or None where it says "no time".

    Takes datetimes, epoch numbers (int, float or digits; the unit is told by the magnitude) and the text forms above.
    Raises ValueError for anything else, and for a time outside the years 1 to 9999.

    >>> parse_time("1:56 pm on 8 May, 2023").isoformat()
    '2023-05-08T13:56:00+00:00'
    >>> parse_time(1692633600000) == parse_time(1692633600.0) == parse_time("2023-08-21T16:00:00Z")
    True
    """
    if isinstance(value, str):
        return _parse_text(value.strip())
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _parse_epoch(value)
    raise ValueError("not a date: give ISO 8601 text or an epoch number")


def is_assumed(text: str) -> bool:
    """Tell whether reading a time takes more than is written there: a unit, a form of its own, or UTC for no zone."""
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is None
    except ValueError:
        return True


def to_text(moment: datetime) -> str:
    """Return a fixed-width text that sorts as the times do.

    >>> to_text(EPOCH)
    '1970-01-01T00:00:00.000000Z'
    """
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def to_micros(text: str) -> int:
    """Return the microseconds since 1970 of a text made by `to_text`.

    >>> to_micros("1970-01-01T00:00:01.000000Z")
    1000000
    """
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def from_micros(micros: int) -> str:
    """Undo `to_micros`."""
    return to_text(EPOCH + micros * MICROSECOND)


def _parse_text(text: str) -> datetime | None:
    if text.startswith(_ZERO_DATE):
        return None
    if _NUMBER.fullmatch(text) and (len(text) > _LONGEST_ISO_DIGITS or float(text) == 0):
        return _parse_epoch(float(text) if "." in text else int(text))
    try:
        return _in_utc(datetime.fromisoformat(text))
    except ValueError:
        pass
    if match := _SLASHED.fullmatch(text):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    if match := _SPOKEN.fullmatch(text.lower()):
        return _parse_spoken(*match.groups())
    raise ValueError(f"not a date: {text[:40]!a}")


def _parse_spoken(hour: str | None, minute: str | None, half: str | None, day: str, month: str, year: str) -> datetime:
    found = [at for at, name in enumerate(_MONTHS, 1) if name.startswith(month) or name[:4] == month]
    if len(found) != 1:
        raise ValueError(f"not a month: {month!r}")
    if hour is not None and not 1 <= int(hour) <= 12:  # noqa: PLR2004 - a clock of twelve hours
        raise ValueError(f"not an hour of a clock of twelve: {hour}")
    hours = 0 if hour is None else int(hour) % 12 + (12 if half == "p" else 0)
    return datetime(int(year), found[0], int(day), hours, int(minute or 0), tzinfo=UTC)


def _parse_epoch(number: float) -> datetime | None:
    if number == 0:
        return None
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN is what differs from itself
        raise ValueError("not a date: the number is not finite")
    for units in _UNITS_PER_SECOND:
        if abs(number) < _LARGEST_SECONDS * units:
            micros = number * 1_000_000 // units if isinstance(number, int) else round(number * 1_000_000 / units)
            return EPOCH + timedelta(microseconds=int(micros))
    raise ValueError("not a date: the number is too large for an epoch in any unit")


def _in_utc(moment: datetime) -> datetime | None:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("not a date: outside the years 1 to 9999 in UTC") from error
