"""Dates, times of day and amounts in one form each, as people write them in many.

Facts: "May 4th, 1990", "4 May 1990", "04.05.1990" and "1990-05-04" are one day, "3 pm" and "15:00" one time, "$20" and "20 dollars"
one amount. "4/5/1990" is two days, of which nobody can tell which: it stays as it is, but for its noughts.

Strategy: the tokens of a text, joined by spaces, are searched for what may be written otherwise. A rule is asked only where one of
its words, or a digit, is there. What is made is a token of a shape that cues know: "1990-05-04", "--05-04", "15:00", "20 usd".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files

DATE, TIME, AMOUNT, WORD = "date", "time", "amount", "abbreviation"

_DAYS, _MONTHS, _HOURS, _MINUTES = 31, 12, 24, 60
_NOON = 12
_CENTURY_DIGITS = 4
_HALVES = ("half", "quarter")
_TIMES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
_SYMBOLS = {"$": "usd", "€": "eur", "£": "gbp", "¥": "jpy", "%": "%"}
_BEHIND_DATE = r"(?= [,.]|$| (?:at|in|with|and|or|for|to|from|on|by|until|till|is|was|this|next|last|um|bei|mit|und|con|en|y|avec|et|at)(?!\S))"
_HAS_DAY = re.compile(r"(?<!\S)\d{1,2}(?:st|nd|rd|th|er)?(?= [^\d]| ,)")
_ISO = re.compile(r"(?<!\S)(\d{4})[/.](\d{1,2})[/.](\d{1,2})(?!\S)")
_NUMERIC_DATE = re.compile(r"(?<!\S)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\S)")
_CLOCK = re.compile(r"(?<!\S)(\d{1,2}):(\d\d)(?: (?:uhr|h))?(?!\S)")
_HALF_DAY = re.compile(r"(?<!\S)(\d{1,2})(?::(\d\d))? (a|p)(?: |\.)?m(?!\S)")
_O_CLOCK = re.compile(r"(?<!\S)(\d{1,2}) (?:o'clock|uhr)(?!\S)")
_POINTED = re.compile(r"(?<!\S)(at|around|by|until|till|from|um|ab|bis) (\d{1,2})\.(\d\d)(?!\S)(?! (?:am|pm|%|usd|eur|€))")
_FRENCH = re.compile(r"(?<!\S)(\d{1,2}) ?h ?(\d\d)(?!\S)")
_NOONS = re.compile(r"(?<!\S)(?:12 )?(noon|midday|midnight)(?!\S)")
_PAST = re.compile(r"(?<!\S)(half|quarter) (past|to) (\w+)(?!\S)")
_HOURS_IN_WORDS = ("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_BEFORE_AMOUNT = re.compile(r"(?<!\S)([$€£¥]) ?(\d[\d,]*(?:\.\d+)?)(?: ?(k|m|thousand|million|bn|billion))?(?!\S)")
_BEHIND_AMOUNT = re.compile(r"(?<!\S)(\d[\d,]*(?:\.\d+)?)(?: ?(k|m|thousand|million|bn|billion))? ?([$€£¥])(?!\S)")
_SQUARE = re.compile(r"(?<!\S)(\d[\d,.]*) (?:m \^ 2|square met(?:re|er)s|sq m)(?!\S)")
_CELSIUS = re.compile(r"(?<!\S)(-?\d[\d.,]*) ?(?:° ?c|degrees celsius|degrees c|celsius|grad)(?!\S)", re.IGNORECASE)
_PER_CENT = re.compile(r"(?<!\S)(\d[\d.,]*) (?:per cent|por ciento|pour cent)(?!\S)")
_HALF_AN_HOUR = re.compile(r"(?<!\S)half an hour(?!\S)")
_WEEKDAY = r"\w*day|lunes|martes|miércoles|jueves|viernes|sábado|domingo|\w+tag|mittwoch|\w+di"
_BESIDE_WEEKDAY = re.compile(rf"(?<!\S)({_WEEKDAY}) , (--\d|\d{{4}}-\d)")
_EACH_DAY = re.compile(r"(?<!\S)(?:every|each) (mon|tues|wednes|thurs|fri|satur|sun)day(?!\S)")
_DOZEN = re.compile(r"(?<!\S)(?:a|one) dozen(?!\S)")
_TWO_WORDS = re.compile(r"(?<=[^\W\d_]{2} )&(?= [^\W\d_]{2})")
_STREET = re.compile(r"(?<=[^\W\d_]{3} )st(?= ,| \d|$)")
_USA = re.compile(r"(?<!\S)usa(?!\S)")
_GERMAN_STREET = re.compile(r"(?<=[^\W\d_]{3})str(?: \.)?(?=$| )")

Rule = Callable[[str], str]


def in_one_form(tokens: Sequence[str], *, is_day_first: bool) -> tuple[list[str], list[str]]:
    """Return the tokens of a text with dates, times and amounts in one form, and the kind of each change. `is_day_first`: of
    "4/5/1990" the day stands first, as in the languages that are not English.

    >>> in_one_form("born on may 4th , 1990".split(), is_day_first=False)
    (['born', 'on', '1990-05-04'], ['date'])
    >>> in_one_form("meets at 3 pm , pays $ 20".split(), is_day_first=False)
    (['meets', 'at', '15:00', ',', 'pays', '20', 'usd'], ['time', 'amount'])
    """
    joined = " ".join(tokens)
    has_digit = any(map(str.isdigit, joined))
    found = {kind for token in tokens if (kind := _triggers().get(token) or (WORD if token.endswith("str") else ""))}
    if not has_digit and not found:
        return [*tokens], []
    kinds = []
    for kind, needs_digit, rule in _RULES:
        if (has_digit if needs_digit else kind in found) and (changed := rule(joined)) != joined:
            kinds.append(kind)
            joined = changed
    if has_digit:
        joined = _ISO.sub(lambda date: f"{date[1]}-{int(date[2]):02d}-{int(date[3]):02d}", joined)
        if (changed := _NUMERIC_DATE.sub(lambda date: _numeric(date, is_day_first=is_day_first), joined)) != joined:
            kinds.append(DATE)
            joined = changed
        if DATE in found and (changed := _BESIDE_WEEKDAY.sub(r"\1 \2", _dated(joined))) != joined:
            kinds.append(DATE)
            joined = changed
        if (changed := _measured(joined)) != joined:
            kinds.append(AMOUNT)
            joined = changed
    return (joined.split(), kinds) if kinds else ([*tokens], [])


def _dated(text: str) -> str:
    day_first, month_first = _month_patterns()
    text = _month_pattern().sub(lambda found: f"{found[2]}-{_months()[found[1]]:02d}", text) if not _HAS_DAY.search(text) else text
    text = day_first.sub(lambda date: _date(date, date["year"], date["month"], date["day"]), text)
    return month_first.sub(lambda date: _date(date, date["year"], date["month"], date["day"]), text)


def _date(written: re.Match[str], year: str | None, month: str, day: str) -> str:
    number = int(day)
    if not 0 < number <= _DAYS:
        return written[0]
    return f"{year or '-'}-{_months()[month]:02d}-{number:02d}"


def _numeric(written: re.Match[str], *, is_day_first: bool) -> str:
    """Return a date of numbers in the one form, or with its noughts where nobody can tell its day from its month."""
    first, mark, second, year = int(written[1]), written[2], int(written[3]), written[4]
    if mark == "." or is_day_first or first > _MONTHS:
        day, month = first, second
    elif second > _MONTHS:
        day, month = second, first
    else:
        return f"{first:02d}/{second:02d}/{year}"
    return f"{year}-{month:02d}-{day:02d}" if 0 < month <= _MONTHS and 0 < day <= _DAYS else written[0]


def _clock(hours: int, minutes: int, otherwise: str) -> str:
    return f"{hours:02d}:{minutes:02d}" if hours < _HOURS and minutes < _MINUTES else otherwise


def _half_day(written: re.Match[str]) -> str:
    hours = int(written[1])
    if not 0 < hours <= _NOON:
        return written[0]
    return _clock(hours % _NOON + (_NOON if written[3] == "p" else 0), int(written[2] or 0), written[0])


def _past(written: re.Match[str]) -> str:
    word = written[3]
    hours = _HOURS_IN_WORDS.index(word) if word in _HOURS_IN_WORDS else int(word) % _NOON if word.isdecimal() else None
    if hours is None or (written[2] == "to" and written[1] == "half"):
        return written[0]
    minutes = 30 if written[1] == "half" else 15
    if written[2] == "to":
        hours, minutes = (hours - 1) % _NOON, 45
    return _clock(hours or _NOON, minutes, written[0])


def _amount(number: str, times: str | None, unit: str) -> str:
    plain = number.replace(",", "")
    value = float(plain) * _TIMES.get(times or "", 1)
    return f"{int(value) if value == int(value) else plain} {unit}"


def _measured(text: str) -> str:
    """Return a text with each unit behind a number in its one form."""
    return _unit_pattern().sub(lambda found: f"{found[1]} {_units()[found[2].lower()]}", text)


_RULES: tuple[tuple[str, bool, Rule], ...] = (
    (TIME, True, lambda text: _HALF_DAY.sub(_half_day, text)),
    (TIME, True, lambda text: _CLOCK.sub(lambda at: _clock(int(at[1]), int(at[2]), at[0]), text)),
    (TIME, True, lambda text: _O_CLOCK.sub(lambda at: _clock(int(at[1]), 0, at[0]), text)),
    (TIME, True, lambda text: _POINTED.sub(lambda at: f"{at[1]} {_clock(int(at[2]), int(at[3]), f'{at[2]}.{at[3]}')}", text)),
    (TIME, True, lambda text: _FRENCH.sub(lambda at: _clock(int(at[1]), int(at[2]), at[0]), text)),
    (TIME, False, lambda text: _NOONS.sub(lambda at: "00:00" if at[1] == "midnight" else "12:00", text)),
    (TIME, False, lambda text: _PAST.sub(_past, text)),
    (AMOUNT, True, lambda text: _BEFORE_AMOUNT.sub(lambda paid: _amount(paid[2], paid[3], _SYMBOLS[paid[1]]), text)),
    (AMOUNT, True, lambda text: _BEHIND_AMOUNT.sub(lambda paid: _amount(paid[1], paid[2], _SYMBOLS[paid[3]]), text)),
    (AMOUNT, True, lambda text: _SQUARE.sub(r"\1 sqm", text)),
    (AMOUNT, True, lambda text: _CELSIUS.sub(r"\1 °c", text)),
    (AMOUNT, True, lambda text: _PER_CENT.sub(r"\1 %", text)),
    (AMOUNT, False, lambda text: _DOZEN.sub("12", _HALF_AN_HOUR.sub("30 min", text))),
    (
        WORD,
        False,
        lambda text: _TWO_WORDS.sub(
            "and", _EACH_DAY.sub(r"on \1days", _GERMAN_STREET.sub("strasse", _STREET.sub("street", _USA.sub("us", text))))
        ),
    ),
)


@cache
def _triggers() -> Mapping[str, str]:
    """Return by token the kind of rule that is worth asking where it is there."""
    found = dict.fromkeys(_months(), DATE) | dict.fromkeys(("noon", "midday", "midnight", "past", "to"), TIME)
    found |= dict.fromkeys(("half", "dozen"), AMOUNT)
    return found | dict.fromkeys(("&", "st", "usa", "sundays", "every"), WORD)


@cache
def _months() -> Mapping[str, int]:
    return {name: int(number) for number, names in _lines("months.txt") for name in names.split()}


@cache
def _units() -> Mapping[str, str]:
    return {word: unit for unit, listed in _lines("units.txt") for word in listed.split()}


@cache
def _month_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    months = "|".join(sorted(_months(), key=len, reverse=True))
    day = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er)?"
    year = rf"(?:(?:(?: ,| \.| of| de| del)? (?P<year>\d{{4}}))(?!\S)|(?!\S){_BEHIND_DATE})"
    first = re.compile(rf"(?<!\S)(?:the )?{day}(?: \.| of| de)? (?P<month>{months})(?: \.(?= \d))?{year}")
    return first, re.compile(rf"(?<!\S)(?P<month>{months})(?: \.)? (?:the )?{day}(?! [ap]m){year}")


@cache
def _month_pattern() -> re.Pattern[str]:
    months = "|".join(sorted(_months(), key=len, reverse=True))
    return re.compile(rf"(?<!\S)({months})(?: \.| ,| of| de| del)? (\d{{4}})(?!\S)")


@cache
def _unit_pattern() -> re.Pattern[str]:
    units = "|".join(sorted((re.escape(word) for word, unit in _units().items()), key=len, reverse=True))
    return re.compile(rf"(?<!\S)(-?\d[\d.,]*) ({units})(?!\S)", re.IGNORECASE)


def _lines(name: str) -> list[list[str]]:
    text = (files(__package__) / "data" / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
