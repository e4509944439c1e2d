"""Dates in one form: "1990-05-04", and "may-04" without a year."""

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
