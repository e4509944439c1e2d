"""Times of day in one form: "15:00"."""

from __future__ import annotations

import re

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
