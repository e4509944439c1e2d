"""Dates and times of day in one form: "1990-05-04", "may-04" without a year, "15:00"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from memproc.dedup.text import word_classes

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS, _MONTHS = 31, 12
_GOES_ON = "i|he|she|we|they|at|in|with|and|or|for|to|from|on|by|until|till|is|was|this|next|last|um|bei|mit|und|con|en|y|avec|et"
_BEHIND_DATE = rf"(?= [,.]|$| (?:{_GOES_ON})(?!\S))"  # "May 4 people come" holds no date
_HAS_DAY = re.compile(r"(?<!\S)\d{1,2}(?:st|nd|rd|th|er)?(?= [^\d]| ,)")
_ISO = re.compile(r"(?<!\S)(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?!\S)")
_NUMERIC_DATE = re.compile(r"(?<!\S)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\S)")
_WEEKDAY = r"\w*day|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|\w+tag|mittwoch|\w+di"
_BESIDE_WEEKDAY = re.compile(rf"(?<!\S)({_WEEKDAY}) , (?:de[nmr] )?([a-z]{{3}}-\d\d|\d{{4}}-\d)")
_BEFORE_MONTH, _BEHIND_MONTH = 7, 9  # tokens: a date with its weekday, and what tells that it is one
_HOURS, _MINUTES = 24, 60
NOON = 12
CLOCK = re.compile(r"(\d{1,2}):(\d\d)")
_HALF_DAY = re.compile(r"(?<!\S)(\d{1,2})(?:[:.](\d\d))? (a|p)(?: |\.)?m(?!\S)")
_O_CLOCK = re.compile(r"(?<!\S)(\d{1,2}) (?:o'clock|uhr)(?!\S)")
_POINTED = re.compile(r"(?<!\S)(at|until|till|um|ab|bis|las) (\d{1,2})\.(\d\d)(?!\S)(?! (?:am|pm|%|usd|eur|€))")
_FRENCH = re.compile(r"(?<!\S)(?:(\d{1,2}) ?h ?(\d\d)|(?:(?<=à )|(?<=las )|(?<=um ))(\d{1,2}) ?(?:h|heures))(?!\S)")
FRENCH_TIME = re.compile(r"\d{1,2}h\d{0,2}")
_NOONS = re.compile(r"(?<!\S)(?:12 )?(noon|midday|midnight|(?<=à )(?:midi|minuit))(?!\S)")
_PAST = re.compile(r"(?<!\S)(?:a )?(half|quarter) (past|to) (\w+)(?!\S)")
_HOURS_IN_WORDS = ("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")


def with_dates(text: str) -> str:
    """Return a text with its dates in one form. The patterns are tried where there is a month: they are slow."""
    tokens, has_day = text.split(" "), _HAS_DAY.search(text) is not None
    parts: list[str] = []
    done = 0
    for begun, end in _around(at for at, token in enumerate(tokens) if token in word_classes.months()):
        parts += tokens[done:begun]
        parts.append(_dated_part(" ".join(tokens[begun:end]), has_day=has_day))
        done = end
    return " ".join(parts + tokens[done:])


def _around(places: Iterable[int]) -> list[tuple[int, int]]:
    """Return the ranges of tokens around some places, as far as a date may reach; ranges that overlap are joined."""
    ranges: list[tuple[int, int]] = []
    for at in places:
        begun, end = max(at - _BEFORE_MONTH, 0), at + _BEHIND_MONTH
        if ranges and begun < ranges[-1][1]:
            begun = ranges.pop()[0]
        ranges.append((begun, end))
    return ranges


def _dated_part(text: str, *, has_day: bool) -> str:
    day_first, month_first = _month_patterns()
    if not has_day:
        text = _month_pattern().sub(lambda date: f"{date[2]}-{word_classes.months()[date[1]]:02d}", text)
    text = day_first.sub(lambda date: _date(date, date["year"], date["month"], date["day"]), text)
    text = month_first.sub(lambda date: _date(date, date["year"], date["month"], date["day"]), text)
    return _BESIDE_WEEKDAY.sub(r"\1 \2", text)


def _date(written: re.Match[str], year: str | None, month: str, day: str) -> str:
    number, months = int(day), word_classes.months()
    if not 0 < number <= _DAYS:
        return written[0]
    return f"{year}-{months[month]:02d}-{number:02d}" if year else f"{_NAMES[months[month] - 1]}-{number:02d}"


def with_numeric_dates(text: str, *, is_day_first: bool) -> str:
    """Return a text with its dates of digits in one form. `is_day_first` says that in "4/5/1990" the day comes first."""
    text = _ISO.sub(lambda date: f"{date[1]}-{int(date[2]):02d}-{int(date[3]):02d}", text)
    return _NUMERIC_DATE.sub(lambda date: _numeric(date, is_day_first=is_day_first), text)


def _numeric(written: re.Match[str], *, is_day_first: bool) -> str:
    """Return a date of digits in the one form, or with leading zeros if nobody can tell its day from its month."""
    first, mark, second, year = int(written[1]), written[2], int(written[3]), written[4]
    if mark == "." or is_day_first or first > _MONTHS:
        day, month = first, second
    elif second > _MONTHS:
        day, month = second, first
    else:
        return f"{first:02d}/{second:02d}/{year}"
    return f"{year}-{month:02d}-{day:02d}" if 0 < month <= _MONTHS and 0 < day <= _DAYS else written[0]


@cache
def _month_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    months = "|".join(sorted(word_classes.months(), key=len, reverse=True))
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?"
    year = rf"(?:(?:(?: ,| \.| of| de| del| de el)? (?P<year>\d{{4}}))(?!\S)|(?!\S){_BEHIND_DATE})"
    first = re.compile(rf"(?<!\S)(?:the )?{day}(?: \.| of| de)? (?P<month>{months})(?: \.(?= \d| de))?{year}")
    return first, re.compile(rf"(?<!\S)(?P<month>{months})(?: \.)? (?:the )?{day}(?! [ap]m){year}")


@cache
def _month_pattern() -> re.Pattern[str]:
    months = "|".join(sorted(word_classes.months(), key=len, reverse=True))
    return re.compile(rf"(?<!\S)({months})(?: \.| ,| of| de| del)? (\d{{4}})(?!\S)")


def clock_time(hours: int, minutes: int, otherwise: str) -> str:
    """Return a time of day such as "09:30", or `otherwise` if there is no such time."""
    return f"{hours:02d}:{minutes:02d}" if hours < _HOURS and minutes < _MINUTES else otherwise


def with_half_days(text: str) -> str:
    """Return a text with "15:00" for "3 pm"."""
    return _HALF_DAY.sub(_half_day, text)


def with_french_times(text: str) -> str:
    """Return a text with "15:30" for "15h30"."""
    return _FRENCH.sub(lambda at: clock_time(int(at[1] or at[3]), int(at[2] or 0), at[0]), text)


def with_full_hours(text: str) -> str:
    """Return a text with "03:00" for "3 o'clock" and "3 uhr"."""
    return _O_CLOCK.sub(lambda at: clock_time(int(at[1]), 0, at[0]), text)


def with_pointed_times(text: str) -> str:
    """Return a text with "at 15:30" for "at 15.30"."""
    return _POINTED.sub(lambda at: f"{at[1]} {clock_time(int(at[2]), int(at[3]), f'{at[2]}.{at[3]}')}", text)


def with_noons(text: str) -> str:
    """Return a text with "12:00" for "noon" and "00:00" for "midnight"."""
    return _NOONS.sub(lambda at: "00:00" if at[1] in ("midnight", "minuit") else "12:00", text)


def with_quarters(text: str) -> str:
    """Return a text with "03:15" for "quarter past three"."""
    return _PAST.sub(_past, text)


def _half_day(written: re.Match[str]) -> str:
    hours = int(written[1])
    if not 0 < hours <= NOON:
        return written[0]
    time = clock_time(hours % NOON + (NOON if written[3] == "p" else 0), int(written[2] or 0), written[0])
    return time + "am" * (written[3] == "a" and hours < NOON and time != written[0])  # "at 3 o'clock" may be in the afternoon


def _past(written: re.Match[str]) -> str:
    word = written[3]
    hours = _HOURS_IN_WORDS.index(word) if word in _HOURS_IN_WORDS else int(word) % NOON if word.isdecimal() else None
    if hours is None or (written[2] == "to" and written[1] == "half"):
        return written[0]
    minutes = 30 if written[1] == "half" else 15
    if written[2] == "to":
        hours, minutes = (hours - 1) % NOON, 45
    return clock_time(hours or NOON, minutes, written[0])
