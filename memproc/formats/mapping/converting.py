"""What a mapping makes of a value: repaired, read as another type, translated, brought to a scale.

Rule: what cannot be converted stays as it is. Validation judges it, with all other faults of its record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from html import unescape
from typing import Any

from memproc.dates import Dates
from memproc.formats.cells import list_of, object_of, tags_of
from memproc.times import to_text
from memproc.values import shown

_NUMBER = re.compile(r"([+-]?\d{1,15}(?:[.,]\d{1,15})?)(?: ?(%))?", re.ASCII)
_TRUE = frozenset(("true", "yes", "y", "t", "on", "1", "1.0"))
_FALSE = frozenset(("false", "no", "n", "f", "off", "0", "0.0"))
_MOJIBAKE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u02c6\u02dc\u2013-\u2122]")
_NO_WORD = "\0"
_ROUNDED_TO = 6  # digits of a value that is brought to a scale


def word_of(value: object) -> str:
    """Return a value as it is compared with the words of a table.

    >>> word_of(" Happy "), word_of(3.0), word_of(True)
    ('happy', '3', 'true')
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return shown(str(value)).casefold()
    except ValueError:  # an integer of more digits than Python writes: no table has it
        return _NO_WORD


def to_text_value(value: object) -> object:
    """Return a number, or true or false, as text."""
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return str(value) if isinstance(value, int | float) else value
    except ValueError:  # an integer of more digits than Python writes
        return value


def to_number(value: object) -> object:
    """Return the number that a text says; a share in percent becomes one of 0 to 1.

    >>> to_number("0,5"), to_number(" 70 %"), to_number("7"), to_number("much")
    (0.5, 0.7, 7, 'much')
    """
    if isinstance(value, bool):
        return int(value)
    match = _NUMBER.fullmatch(shown(value)) if isinstance(value, str) else None
    if match is None:
        return value
    number = float(match[1].replace(",", "."))
    number = round(number / 100, _ROUNDED_TO) if match[2] else number
    return int(number) if number.is_integer() and not match[2] else number


def to_boolean(value: object) -> object:
    """Return the truth value that a word or a number says.

    >>> to_boolean("Yes"), to_boolean(0), to_boolean("maybe")
    (True, False, 'maybe')
    """
    word = word_of(value)
    return True if word in _TRUE else False if word in _FALSE else value


def to_json(value: object) -> object:
    """Return the object or list that a text holds as JSON."""
    return list_of(value) if isinstance(value, str) and value.lstrip().startswith("[") else object_of(value)


def to_emotion(value: object) -> object:
    """Return an emotional context: a word is its label."""
    given = object_of(value)
    return given if isinstance(given, dict) else {"label": to_text_value(given), "source": "import"}


KINDS: Mapping[str, Callable[[Any], object]] = {
    "text": to_text_value,
    "number": to_number,
    "boolean": to_boolean,
    "json": to_json,
    "list": tags_of,
    "emotion": to_emotion,
    "time": to_text_value,
}


def to_time(value: object, dates: Dates) -> object:
    """Return a time that is written as `dates` say, as text in ISO 8601; one without a zone is taken as UTC.

    >>> to_time("24.12.2023", Dates(("%d.%m.%Y",))), to_time("3/4/2024", Dates(day_first=True))
    ('2023-12-24T00:00:00.000000Z', '2024-04-03')
    """
    read = dates.read(value) if dates.is_said else value
    if not isinstance(read, datetime):
        return read
    try:
        return to_text(read if read.tzinfo is not None else read.replace(tzinfo=UTC))
    except OverflowError:  # in UTC it is before the year 1 or after 9999
        return read.isoformat()


def to_scale(value: object, scale: tuple[float, float], *, is_pole: bool) -> object:
    """Return a number of a scale as one of 0 to 1, or of -1 to 1 (`is_pole`).

    >>> to_scale(4, (1, 5), is_pole=False), to_scale(1, (1, 9), is_pole=True)
    (0.75, -1.0)
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        return value
    low, high = scale
    try:
        share = (value - low) / (high - low)
    except OverflowError:  # an integer larger than any float
        return value
    return round(share * 2 - 1 if is_pole else share, _ROUNDED_TO)


def parts_of_text(text: str, marks: str) -> list[str]:
    """Return the parts of a text between any of some characters, without those that show nothing.

    >>> parts_of_text("tea; home,", ";,")
    ['tea', 'home']
    """
    parts = re.split(f"[{re.escape(marks)}]", text)
    return [part for one in parts if (part := shown(one))]


def without_html(text: str) -> str:
    """Return a text with the characters that HTML entities stand for.

    >>> without_html("Ann &amp; Bob&#39;s tea")
    "Ann & Bob's tea"
    """
    return unescape(text) if "&" in text else text


def without_mojibake(text: str) -> str:
    """Return a text whose UTF-8 was once read as Windows-1252 as it was meant; any other text unchanged.

    >>> without_mojibake("CafÃ© con leche"), without_mojibake("Café")
    ('Café con leche', 'Café')
    """
    if not _MOJIBAKE.search(text):
        return text
    for encoding in ("cp1252", "latin-1"):
        with suppress(UnicodeError):
            return text.encode(encoding).decode()
    return text


REPAIRS: Mapping[str, Callable[[str], str]] = {"html": without_html, "mojibake": without_mojibake}
