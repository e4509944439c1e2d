"""Numbers and hours of other languages, written as in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from memproc.dedup.text.times_of_day import NOON

DATE, TIME, AMOUNT, WORD, FORM = "date", "time", "amount", "abbreviation", "form"  # kinds of change
_AFTERNOON, _NIGHT, _MORNING = "de la tarde|de l'apr[eè]s[- ]midi", "de la noche|du soir", "de la manana|du matin"
_THOUSANDS = re.compile(r"(?<!\S)\d{1,3}(?:[ .]\d{3})+(?=(?:,\d\d)? (?:€|eur|euros?)(?!\S))")
_ELSEWHERE: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (TIME, re.compile(r"(?<!\S)(\d{1,2})(?: h| heures?)? (?:y media|et demie)(?!\S)"), r"\1:30"),
    (TIME, re.compile(r"(?<=um )halb (\d{1,2})(?!\S)"), lambda at: f"{(int(at[1]) - 1) or NOON}:30"),
    (TIME, re.compile(r"(?<!\S)(\d{1,2})\.(\d\d) (?=(?:uhr|h)(?!\S))"), r"\1:\2 "),
    (TIME, re.compile(rf"(?<!\S)(\d{{1,2}}(?::\d\d)?)(?: h| heures?)? (?:{_AFTERNOON})(?!\S)"), r"\1 pm"),
    (TIME, re.compile(rf"(?<!\S)((?:[6-9]|1[01])(?::\d\d)?)(?: h| heures?)? (?:{_NIGHT})(?!\S)"), r"\1 pm"),
    (TIME, re.compile(rf"(?<!\S)((?!12)\d{{1,2}}(?::\d\d)?)(?: h| heures?)? (?:{_MORNING})(?!\S)"), r"\1 am"),
    (DATE, re.compile(r"(?<!\S)1 \^ o (?=de )"), "1 "),
    (WORD, re.compile(r"(?<!\S)n (?:\. )?(?:\^ o|°)(?= \d)"), "n"),
    (AMOUNT, re.compile(r"(?<!\S)(\d+) ?(€|m)(\d\d)(?!\S)"), r"\1.\3 \2"),
    (AMOUNT, _THOUSANDS, lambda number: number[0].replace(" ", "").replace(".", "")),
    (AMOUNT, re.compile(r"(?<!\S)(-?\d+),(\d{1,2})(?= [^\W\d]| [€%°])"), r"\1.\2"),
)


def as_in_english(tokens: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the tokens of a text in another language, with numbers and hours as in English, and the kind of each change.

    >>> as_in_english("a las 3 y media de la tarde , 1 500,50 euros".split())
    (['a', 'las', '3:30', 'pm', ',', '1500.50', 'euros'], ['time', 'time', 'amount', 'amount'])
    """
    if not any(token[0].isdigit() for token in tokens):
        return [*tokens], []
    joined, kinds = " ".join(tokens), []
    for kind, pattern, form in _ELSEWHERE:
        if (changed := pattern.sub(form, joined)) != joined:
            kinds.append(kind)
            joined = changed
    return joined.split(), kinds
