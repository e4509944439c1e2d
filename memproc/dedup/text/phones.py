"""Telephone numbers in one layout: "+1 (555) 010-2030", "1-555-010-2030" and "555.010.2030".

Facts: how the digits are grouped means nothing, but "+44 20" is not "20", and "555-010-2030" is not that number in another country.

Rules: a telephone number has a plus, "00" or "0" at the front and as many digits as such numbers have, or three, three and four
digits. Three and four digits are one only if a word such as "call" is in the text, since "100-2000" may be a range.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from memproc.dedup.text import word_classes

MAY_BE_PART = "p"
_PART = re.compile(r"\+|(?!(?:19|20)\d\d$)\d{3,6}|\d{1,3}[-./]\d{3,}", re.ASCII)
_ALL = re.compile(
    r"(?:1[-.])?\d{3}[-.]\d{3}[-.]\d{4}|\d{3}[-.]\d{4}|\d{7,15}|00\d{2,13}|0\d{1,4}[-/]\d{3,8}(?:-\d{3,8})?|\d{1,3}(?:-\d{2,5}){3,4}",
    re.ASCII,
)
_BEFORE = r"(?<!\S)(?:, )?"
_NO_YEAR = r"(?!(?:19|20)\d\d(?!\d))"
_ABROAD = re.compile(rf"{_BEFORE}(?:\+ |00)(\d{{1,15}}(?:(?: , \d{{1,5}} , |[-./ ])\d{{1,8}}){{0,6}})(?!\S)", re.ASCII)
_IN_AMERICA = re.compile(rf"{_BEFORE}(1[ .-]|1 , (?=\d+ ,))?(?:(?<=, )\d{{3}} , |\d{{3}}[-. /])\d{{3}}[ .-]\d{{4}}(?!\S)", re.ASCII)
_IN_TOWN = re.compile(rf"{_BEFORE}\d{{3}}(?:[.-]| {_NO_YEAR})\d{{4}}(?!\S)", re.ASCII)
_AT_HOME = re.compile(
    rf"{_BEFORE}(?:(?<=, )0\d{{1,4}} , |0\d{{1,4}}[-/ ]){_NO_YEAR}\d{{3,8}}(?:[ -]{_NO_YEAR}\d{{3,8}})?(?!\S)", re.ASCII
)
_FEWEST_DIGITS, _MOST_DIGITS = 9, 15


def part_of(token: str) -> str:
    """Return a sign if a token may be part of a telephone number, two signs if it may be all of it, else ""."""
    return MAY_BE_PART * (2 if _ALL.fullmatch(token) else 1 if _PART.fullmatch(token) else 0)


def in_one_layout(text: str, tokens: Sequence[str]) -> str:
    """Return joined tokens with their telephone numbers as digits alone.

    >>> in_one_layout("call + 1 , 555 , 010-2030 or 555-010-2030", ()), in_one_layout("from 020 7946 0958", ())
    ('call +15550102030 or 5550102030', 'from 02079460958')
    """
    text = _AT_HOME.sub(_digits_of, _IN_AMERICA.sub(_digits_of, _ABROAD.sub(_digits_of, text)))
    return (
        text
        if word_classes.word_classes()["calling"].isdisjoint(tokens)
        else _IN_TOWN.sub(lambda found: _digits_in(found[0]), text)
    )


def _digits_of(found: re.Match[str]) -> str:
    number = found[0].removeprefix(", ")
    is_abroad = number.startswith(("+", "00"))
    digits = _digits_in(number.replace(" , 0 , ", " ")).removeprefix("00") if is_abroad else _digits_in(number)
    return "+" * is_abroad + digits if _FEWEST_DIGITS <= len(digits) <= _MOST_DIGITS else found[0]


def _digits_in(text: str) -> str:
    return re.sub(r"\D", "", text)
