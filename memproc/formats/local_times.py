"""Times as Google prints them in the language of an account: `5. nov. 2025, 01:34:47 CEST`, `Nov 5, 2025, 1:34:47 AM PST`.

Rules: the name of a month is known by its first letters in the languages of `spelled`, and one that is another month in another
language is not. Where the month is a number, dots mean that the day stands first, and a year in front that it stands last; between
slashes only the latter is read. A zone that has one meaning gives the offset; for any other the time is without one.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta, timezone

from memproc.spelled import month_cuts

_BY_NAME = {**month_cuts(), "marr": 11}  # the latter of Finnish, which would be taken for March
_HOURS = {
    **dict.fromkeys(("utc", "gmt", "z", "wet"), 0),
    **dict.fromkeys(("cet", "mez", "west", "wat"), 1),
    **dict.fromkeys(("cest", "mesz", "eet", "sast"), 2),
    **dict.fromkeys(("eest", "msk", "trt"), 3),
    **dict.fromkeys(("jst", "kst"), 9),
    **dict.fromkeys(("brt", "adt"), -3),
    **dict.fromkeys(("edt", "clt"), -4),
    **dict.fromkeys(("est", "cdt"), -5),
    "mdt": -6,
    **dict.fromkeys(("mst", "pdt"), -7),
    **dict.fromkeys(("pst", "akdt"), -8),
    "aest": 10,
    "aedt": 11,
    "nzst": 12,
    "nzdt": 13,
}
_LONGEST_CHARS = 60
_CLOCK = re.compile(r"(?<!\d)(\d{1,2}):(\d\d):(\d\d)(?: ?([ap])\.? ?m\b\.?)?", re.IGNORECASE)
_BY_WORD = re.compile(r"(\d{1,2})\.?(?: de)? ([^\W\d_]{3,12})\.?,?(?: de)? (\d{4})|([^\W\d_]{3,12})\.? (\d{1,2}), (\d{4})")
_BY_NUMBER = re.compile(r"(\d{4})(?:[-/.年] ?)(\d{1,2})(?:[-/.月] ?)(\d{1,2})(?!\d)|(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})")
_OFFSET = re.compile(r"(?:GMT|UTC)([+-])(\d{1,2})(?::?(\d\d))?")
_ZONE = re.compile(r"[A-Za-z]{1,5}$")
_HALF_DAY = 12


def local_time(text: str) -> str | None:
    """Return a time as ISO 8601, without an offset where its zone tells none; None if the text is no such time as a whole.

    >>> local_time("5. nov. 2025, 01:34:47 CEST"), local_time("Nov 5, 2025, 1:34:47 PM IST"), local_time("at 1:34:47")
    ('2025-11-05T01:34:47+02:00', '2025-11-05T13:34:47', None)
    """
    plain = " ".join(text.split())
    clock = _CLOCK.search(plain) if len(plain) <= _LONGEST_CHARS else None
    date = None if clock is None else _date_in(plain)
    if clock is None or date is None:
        return None
    (year, month, day), found = date
    zone = _zone_in(rest := _without(plain, clock.span(), found).strip(" ,."))
    if rest and zone is None and not _ZONE.fullmatch(rest):
        return None
    hour, half = int(clock[1]), (clock[4] or "").lower()
    hour = hour if not half else hour % _HALF_DAY + (_HALF_DAY if half == "p" else 0)
    try:
        return datetime(year, month, day, hour, int(clock[2]), int(clock[3]), tzinfo=zone).isoformat()
    except ValueError:
        return None


def _date_in(text: str) -> tuple[tuple[int, int, int], tuple[int, int]] | None:
    """Return year, month and day, and where they stand."""
    if found := _BY_WORD.search(text):
        day, name, year = (found[1], found[2], found[3]) if found[1] else (found[5], found[4], found[6])
        month = _month_of(name)
        return None if month is None else ((int(year), month, int(day)), found.span())
    if found := _BY_NUMBER.search(text):
        year, month_text, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        return (int(year), int(month_text), int(day)), found.span()
    return None


def _month_of(name: str) -> int | None:
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    return next((_BY_NAME[plain[:length]] for length in (4, 3) if plain[:length] in _BY_NAME), None)


def _without(text: str, *spans: tuple[int, int]) -> str:
    for begin, end in sorted(spans, reverse=True):
        text = text[:begin] + " " + text[end:]
    return " ".join(text.replace("日", " ").split())


def _zone_in(rest: str) -> timezone | None:
    if found := _OFFSET.fullmatch(rest):
        offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        return timezone(-offset if found[1] == "-" else offset) if offset < timedelta(days=1) else None
    hours = _HOURS.get(rest.lower())
    return None if hours is None else timezone(timedelta(hours=hours))
