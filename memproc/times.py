"""Points in time, in the forms that exports and tables use.

Facts: exports hold epoch numbers in seconds, milli-, micro- or nanoseconds; ISO 8601 with `Z`, an offset or neither;
`2023/05/20 (Sat) 02:21`; `1:56 pm on 8 May, 2023`; `May 19, 2026 10:00 AM`; `Tue, 21 Oct 2025 11:48:45 GMT` as mails have;
`2025-10-21 11:48:45 +0000 UTC` as Go prints; dates as bare digits (`20240131`, `202401311530`). "No time" is written as 0, or
as the first (Go's zero date, .NET's MinValue) or last representable day, each also as an epoch number. Tables hold bare years, day
numbers of spreadsheets and prices.

Rules: the result is an aware UTC datetime, or None for the ways to write "no time". A number is an epoch only if it falls between
1980 and 2100, which it does in one unit at most, and a date only if its digits form one. Any other number is a fault that says what
it may have been: a wrong date is worse than none. A time without a zone is taken as UTC (`is_assumed` is true for it, so that a
reader can keep the original text). What cannot be parsed raises ValueError and is never replaced by "now". Nothing here depends on
the machine's clock, zone or locale.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone

import orjson

from memproc.spelled import month_named, usual
from memproc.values import BLANKS, settled

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
_TEXT_CHARS = len("1970-01-01T00:00:00.000000")

UNITS_PER_SECOND = (1, 1_000, 1_000_000, 1_000_000_000)
FIRST_EPOCH, LAST_EPOCH = 315_532_800, 4_102_444_800  # in seconds: 1980-01-01 and 2100-01-01
_DAY_SECONDS = 86_400
# Seconds from 1970 to the first moment of year 1 and to the last of year 9999, which systems write for "no time", in any zone.
_YEAR_ONE_SECONDS, _YEAR_9999_SECONDS = -62_135_596_800, 253_402_300_800
_FIRST_YEAR, _LAST_YEAR = 1900, 2999  # of dates in bare digits; other years are more likely something else
_NONE = re.compile(r"(?:0000-00-00|0001-?01-?01|9999-?12-?31)(?:[T ][\d:.,+\-Z ]*(?:UTC)?)?|(?:00010101|99991231)\d{4}(?:\d\d)?")
_OUTER_YEARS = (date.min.year, date.max.year)
_SLASHED = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?: \(\w{2,9}\))?(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")
_SPOKEN = re.compile(r"(?:(\d{1,2}):(\d{2}) ?([ap])m on )?(\d{1,2}) ([a-z]{3,9}),? (\d{4})")
_WRITTEN = re.compile(
    r"""(?:(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)
        |(?:[a-z]{3,9},?\ )?(?P<day_first>\d{1,2})\ (?P<name_second>[a-z]{3,9}),?\ (?P<year_third>\d{4})
        |(?:[a-z]{3,9},?\ )?(?P<name_first>[a-z]{3,9})\.?\ (?P<day_second>\d{1,2}),?\ (?P<year_last>\d{4}))
    (?:(?:,?\ |,?\ at\ |t)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.(?P<fraction>\d{1,9}))?)?
        (?:\ ?(?P<half>[ap])\.?m\.?)?
        (?:\ ?(?:[a-z]{1,5})?(?P<offset>[+-]\d\d:?\d\d)(?:\ [a-z]{3,5})?|\ ?(?:utc|gmt|z))?(?:\ \([\w\ ]+\))?)?""",
    re.ASCII | re.VERBOSE,
)
DAY_OR_MONTH = re.compile(
    r"(?P<first>\d{1,2})(?P<mark>[/.-]) ?(?P<second>\d{1,2})(?P=mark) ?(?P<year>\d{4}|\d\d)(?P<rest>(?:,? |T)\d.{0,40})?", re.ASCII
)  # two numbers before a year: nothing tells which is the day
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,12})?", re.ASCII)
_DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?", re.ASCII)
_ISO = "give ISO 8601 such as 2024-01-31"
_TOO_LONG_TO_SHOW = 10**30
_LONGEST_CHARS = 100  # of a date in words
_MAY_BE: tuple[tuple[float, float, bool, str], ...] = (
    (1, 31, False, f"may be a day, or a day and a month, or no time at all: {_ISO}"),
    (1_000, 2_999, True, f"may be a year: {_ISO}"),
    (190_001, 299_912, True, f"may be a year and a month: {_ISO}"),
    (10_000, 80_000, False, f"may be the day number of a spreadsheet: have it written as a date, or {_ISO}"),
)


class NotATimeError(ValueError):
    """The value is no time. `parts` is the message as three texts: before the excerpt of the value, the excerpt (None if the
    message has none), and after it. `has_two_readings`: the day and the month could change places.
    """

    def __init__(self, before: str, value: str | None = None, after: str = "", *, has_two_readings: bool = False) -> None:
        """Join the parts to the message."""
        super().__init__(f"{before}{value or ''}{after}")
        self.parts, self.has_two_readings = (before, value, after), has_two_readings


def parts_of(error: Exception) -> tuple[str, str | None, str]:
    """Return the message of an error that `parse_time` raised in the three parts of `NotATimeError`."""
    return error.parts if isinstance(error, NotATimeError) else (str(error), None, "")


def parse_time(value: object) -> datetime | None:
    """Return `value` as an aware UTC datetime, or None if it means "no time".

    Accepts datetimes and dates (also of NumPy and pandas), epoch numbers (int, float or digits; the magnitude decides the unit),
    dates as bare digits and the text forms above. Raises ValueError for anything else, and for a time outside the years 1 to 9999.

    >>> parse_time("1:56 pm on 8 May, 2023").isoformat()
    '2023-05-08T13:56:00+00:00'
    >>> parse_time(1692633600000) == parse_time(1692633600.0) == parse_time("2023-08-21T16:00:00Z")
    True
    >>> parse_time(20240131) == parse_time("2024-01-31")
    True
    """
    kind = type(value)
    if kind is str:
        return _parse_text(value.strip(BLANKS))  # type: ignore[attr-defined]
    if kind is datetime:
        return _in_utc(value)  # type: ignore[arg-type]
    if kind is int or kind is float:
        return _parse_number(value)  # type: ignore[arg-type]
    if kind is date:
        return _in_utc(datetime(value.year, value.month, value.day, tzinfo=UTC))  # type: ignore[attr-defined]
    plain = settled(value)
    if plain is None and value is not None:
        return None
    if type(plain) is kind or isinstance(plain, bool):
        raise NotATimeError("not a date: give ISO 8601 text or an epoch number")
    return parse_time(plain)


def says_none(value: object) -> bool:
    """Return whether a value means "no time", as None does. A value that cannot be parsed does not.

    >>> says_none(0), says_none("0001-01-01T00:00:00Z"), says_none("soon")
    (True, True, False)
    """
    try:
        return value is None or parse_time(value) is None
    except ValueError:
        return False


def is_assumed(text: str) -> bool:
    """Return whether parsing a time needs an assumption: a unit, a special form, or UTC for a missing zone."""
    try:
        return datetime.fromisoformat(text.strip()).tzinfo is None
    except ValueError:
        return True


def to_text(moment: datetime) -> str:
    """Return a fixed-width text that sorts like the times; a time without a zone is taken as UTC.

    >>> to_text(EPOCH)
    '1970-01-01T00:00:00.000000Z'
    """
    if moment.tzinfo is UTC and type(moment) is datetime:  # most are, and orjson takes half the time of `isoformat`
        text = orjson.dumps(moment, option=orjson.OPT_UTC_Z).decode()[1:-1]
        return text if len(text) > _TEXT_CHARS else f"{text[:-1]}.000000Z"
    if moment.utcoffset():
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[:_TEXT_CHARS] + "Z"


def to_micros(text: str) -> int:
    """Return the microseconds since 1970 of a text made by `to_text`.

    >>> to_micros("1970-01-01T00:00:01.000000Z")
    1000000
    """
    return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def from_micros(micros: int) -> str:
    """Return the text of microseconds since 1970; the inverse of `to_micros`."""
    return to_text(EPOCH + micros * MICROSECOND)


def _parse_text(text: str) -> datetime | None:
    if "-" not in text[1:5] and _NUMBER.fullmatch(text):
        return _parse_number(float(text) if "." in text else int(text), text)
    with suppress(ValueError):
        return _in_utc(datetime.fromisoformat(text))
    if _NONE.fullmatch(text):
        return None
    unread = NotATimeError("not a date: ", ascii(text[:40]), has_two_readings=DAY_OR_MONTH.fullmatch(text) is not None)
    if unread.has_two_readings:
        raise unread
    try:
        if match := _SLASHED.fullmatch(text):
            return _in_utc(_of_parts(match))
        if match := _SPOKEN.fullmatch(text.lower()):
            return _parse_spoken(match)
        if len(text) <= _LONGEST_CHARS and (match := _WRITTEN.fullmatch(usual(text))):
            return _parse_written(match)
    except NotATimeError:
        raise
    except ValueError:  # a day that the month does not have
        raise unread from None
    raise unread


def _of_parts(match: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def _parse_spoken(match: re.Match[str]) -> datetime:
    """Return the time of a match of `_SPOKEN`, whose hours are those of a 12-hour clock."""
    hour, minute, half, day, name, year = match.groups()
    hours = 0 if hour is None else _hour_of(hour, half)
    return datetime(int(year), _month_of(name), int(day), hours, int(minute or 0), tzinfo=UTC)


def _parse_written(match: re.Match[str]) -> datetime | None:
    """Return the time of a match of `_WRITTEN`."""
    part = match.groupdict()
    year = part["year"] or part["year_third"] or part["year_last"]
    day = part["day"] or part["day_first"] or part["day_second"]
    month = int(part["month"]) if part["month"] else _month_of(part["name_second"] or part["name_first"])
    hour = _hour_of(part["hour"], part["half"]) if part["half"] else int(part["hour"] or 0)
    micros = int((part["fraction"] or "0").ljust(6, "0")[:6])
    offset = part["offset"] or "+0000"
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
    zone = timezone(-ahead if offset[0] == "-" else ahead)
    moment = datetime(int(year), month, int(day), hour, int(part["minute"] or 0), int(part["second"] or 0), micros, zone)
    return _in_utc(moment)


def _month_of(name: str) -> int:
    if (number := month_named(name)) is None:
        raise NotATimeError("not a month: ", repr(name))
    return number


def _hour_of(hour: str, half: str) -> int:
    """Return an hour of a 12-hour clock as one of 24."""
    if not 1 <= int(hour) <= 12:  # noqa: PLR2004 - a 12-hour clock
        raise NotATimeError("not an hour of a clock of twelve: ", hour)
    return int(hour) % 12 + (12 if half == "p" else 0)


def _parse_number(number: float, text: str = "") -> datetime | None:
    """Return the time that a number means. `text` is what it was parsed from, if it came as text."""
    if number == 0 or number != number:  # noqa: PLR0124 - NaN is what differs from itself
        return None
    if number in (float("inf"), float("-inf")):
        raise NotATimeError("not a date: the number is not finite")
    for units in UNITS_PER_SECOND:
        if FIRST_EPOCH * units <= number <= LAST_EPOCH * units:
            micros = number * 1_000_000 // units if isinstance(number, int) else round(number * 1_000_000 / units)
            return EPOCH + timedelta(microseconds=int(micros))
        if any(abs(number - end * units) <= _DAY_SECONDS * units for end in (_YEAR_ONE_SECONDS, _YEAR_9999_SECONDS)):
            return None
    whole = isinstance(number, int) or number.is_integer()
    digits = (text.partition(".")[0] or f"{int(number)}") if whole else ""
    if _NONE.fullmatch(digits):
        return None
    match = _DIGITS.fullmatch(digits)
    if match and _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
        with suppress(ValueError):
            return _of_parts(match)
    may_be = _may_be(number, whole=whole)
    if not text and abs(number) >= _TOO_LONG_TO_SHOW:
        raise NotATimeError(f"not a date: the number {may_be}")
    raise NotATimeError("not a date: ", (text or f"{number}")[:40], f" {may_be}")


def _may_be(number: float, *, whole: bool) -> str:
    """Return what a number that is no time may have been, and how to correct it."""
    for least, most, needs_whole, told in _MAY_BE:
        if least <= number <= most and (whole or not needs_whole):
            return told
    return f"is neither an epoch number between 1980 and 2100 nor a date in digits: {_ISO}"


def _in_utc(moment: datetime) -> datetime | None:
    """Return a moment in UTC; None for the first and the last representable day, which mean "no time"."""
    if moment.year in _OUTER_YEARS and moment.date() in (date.min, date.max):
        return None
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise NotATimeError("not a date: outside the years 1 to 9999 in UTC") from error
