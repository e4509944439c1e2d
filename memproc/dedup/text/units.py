"""Units and measures in one form: "20 °c", "500 g", "30 min"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache, partial

from memproc.dedup.text import word_lists
from memproc.dedup.text.letters import compared

_SQUARE = re.compile(r"(?<!\S)(\d[\d,.]*) (?:m \^ 2|m2|square met(?:re|er)s|sq m)(?!\S)", re.ASCII)
_CELSIUS = re.compile(r"(?<!\S)(-?\d[\d.,]*) ?(?:° ?c|degrees celsius|degrees c|celsius|grad)(?!\S)", re.IGNORECASE)
_FAHRENHEIT = re.compile(r"(?<!\S)(-?\d[\d.,]*) ?(?:° ?f|degrees fahrenheit|degrees f|fahrenheit)(?!\S)", re.IGNORECASE)
_PER_CENT = re.compile(r"(?<!\S)(\d[\d.,]*) (?:per cent|por ciento|pour cent)(?!\S)")
_HALF_AN_HOUR = re.compile(r"(?<!\S)half an hour(?!\S)")
_TALLNESS = re.compile(r"(?<!\S)(\d) ft (\d{1,2}) in(?:ch)?(?!\S)", re.ASCII)
_WEIGHT = re.compile(r"(?<!\S)(weighs?|weighed|weighing) (\d[\d.]*) pounds?(?!\S)", re.ASCII)
_SPENT = re.compile(r"(?<!\S)(spen[dt]s?|costs?|pa[iy][ds]?) (\d[\d.]*) pounds(?! of)(?!\S)", re.ASCII)
_SIZES = (
    {"kg": 10**9, "g": 10**6, "mg": 10**3, "mcg": 1},
    {"km": 10**6, "m": 10**3, "cm": 10, "mm": 1},
    {"l": 10**3, "ml": 1},
    {"h": 60, "min": 1},
)  # the largest first
FAMILY = {unit: sizes for sizes in _SIZES for unit in sizes}
_LONGEST_MINUTES = 120  # longer times are written in hours, with a half or without: "7.5 hours", "8 hours"
CONVERTIBLE_NUMBER = re.compile(r"\d{1,5}\.\d{1,2}|\d{1,5}00|60|120")  # three digits after a point may be thousands


def unit_of(word: str) -> str:
    """Return the form in which a word is compared after a number.

    >>> unit_of("months"), unit_of("cats")
    ('month', 'cats')
    """
    return units().get(word, word)


def whole_amount(number: str, unit: str) -> tuple[str, str]:
    """Return an amount in the largest unit in which it is a whole number; unchanged if there is none.

    >>> whole_amount("0.5", "kg"), whole_amount("1000", "mg"), whole_amount("1.5", "h"), whole_amount("7.5", "h")
    (('500', 'g'), ('1', 'g'), ('90', 'min'), ('7.5', 'h'))
    """
    sizes = FAMILY[unit]
    value = Fraction(number) * sizes[unit]
    if "min" in sizes and value > _LONGEST_MINUTES:
        return number, unit
    return next(((str(value / size), other) for other, size in sizes.items() if value % size == 0), (number, unit))


# Functions of a text:
with_celsius = partial(_CELSIUS.sub, r"\1 °c")  # "20 °c" for "20 degrees celsius"
with_fahrenheit = partial(_FAHRENHEIT.sub, r"\1 °f")  # "70 °f" for "70 degrees fahrenheit"
with_half_hours = partial(_HALF_AN_HOUR.sub, "30 min")  # "30 min" for "half an hour"


def with_feet_and_pounds(text: str) -> str:
    """Return a text with "6 ft 2 inch" for "6 ft 2 in", and with pounds as "lb" after "weighs" and as "gbp" after "costs"."""
    return _SPENT.sub(r"\1 \2 gbp", _WEIGHT.sub(r"\1 \2 lb", _TALLNESS.sub(r"\1 ft \2 inch", text)))


def with_squares_and_per_cents(text: str) -> str:
    """Return a text with "50 sqm" for "50 square metres", and "5 %" for "5 per cent"."""
    return _PER_CENT.sub(r"\1 %", _SQUARE.sub(r"\1 sqm", text))


@cache
def units() -> Mapping[str, str]:
    """Return the form in which each word for a unit is compared after a number."""
    return {form: unit for unit, some in word_lists.lines("units.txt") for word in some.split() for form in (word, compared(word))}
