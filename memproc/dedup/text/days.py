"""Facts of a day: what "ill today" and "lost her job last month" mean depends on the day on which they were said.

A word such as "yesterday" suffices. A unit of time, a weekday or an ordinal makes a fact of a day only beside certain words: "last
week", "met on Friday", "until the 9th".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from memproc.dedup.text import word_lists
from memproc.dedup.text.capitals import EDGE

DAY, UNIT, WEEKDAY, ORDINAL = "d", "u", "w", "o"  # signs: of a day by itself, and of a day beside certain words
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
_HABITS = frozenset(["every", "each", "most", "some", "jeden", "cada", "chaque", "todos", "usually", "always", "often"])
_COUNTED = re.compile(
    r"(?:^| )(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|\d+|(?:a )?few|(?:a )?couple of|several"
    r"|ein(?:er|em|en)?|zwei|drei|un|una|une|dos|deux|trois|tres)$"
)
_AGED = re.compile(r"[\w-]+-(?:year|month|week|day)s?-olds?|\d{1,2}y/?o")
_MONTH_OR_FLOOR = re.compile(
    r"\b(?:floor|of|january|february|march|april|may|june|july|august|september|october|november|december)\b"
)
_BESIDE_CHUNKS = 8
_SHORTEST_PAST = 3


def sign_of_a_day(chunk: str, lower: str) -> str:
    """Return the sign of a chunk that may make a fact one of a day, else "". `lower` is it in small letters, without marks."""
    days = _days()
    if lower in days["word"] or _AGED.fullmatch(lower) or (not chunk.isascii() and _day_parts().search(chunk)):
        return DAY
    if lower in days["unit"]:
        return UNIT
    return WEEKDAY if lower in days["weekday"] else ORDINAL if _ORDINAL.fullmatch(lower) else ""


def may_be_of_a_day(sign: str) -> bool:
    """Tell whether a chunk with this sign may make a fact one of a day."""
    return any(letter in sign for letter in (DAY, UNIT, WEEKDAY, ORDINAL))


def speaks_of_a_day(chunks: Sequence[str], signs: Sequence[str], present: str) -> bool:
    """Tell whether a text is of the day on which it was said, given its chunks, their signs, and all these signs as one string."""
    if DAY in present:
        return True
    if UNIT not in present and WEEKDAY not in present and ORDINAL not in present:
        return False
    said = [chunk.strip(EDGE).lower() for chunk in chunks]
    checks = {UNIT: _is_unit_from_the_day, WEEKDAY: _is_one_weekday, ORDINAL: _is_day_without_month}
    return any(checks[letter](said, at) for at, sign in enumerate(signs) for letter in sign if letter in checks)


def _is_unit_from_the_day(said: Sequence[str], at: int) -> bool:
    """Tell whether a unit of time is counted from the day: "last week", "3 days ago", "in two weeks", "six months old"."""
    days, before, behind = _days(), " ".join(said[max(at - 3, 0) : at]), said[at + 1] if at + 1 < len(said) else ""
    if (at and said[at - 1] in days["before"]) or not {behind, " ".join(said[at + 1 : at + 3])}.isdisjoint(days["behind"]):
        return True
    counted = _COUNTED.search(before)
    if counted is None:
        return before.endswith(" the") and said[at] in ("weekend", "holidays") and said[at - 2] in days["over"]
    if said[at].startswith(("minute", "hour", "hora", "heure", "stunde")):  # how long it took
        return False
    return behind in days["left"] or before[: counted.start()].split(" ")[-1] in days["in"] or before.startswith("il y a ")


def _is_one_weekday(said: Sequence[str], at: int) -> bool:
    """Tell whether a weekday is one day and not every one: "next Friday", "back on Friday", "will call on Friday"."""
    days, before = _days(), said[max(at - _BESIDE_CHUNKS, 0) : at]
    if not _HABITS.isdisjoint(before):
        return False
    is_away = len(before) > 1 and before[-1] in ("on", "until", "till") and before[-2] in days["away"]
    is_past = any(word in days["past"] or (len(word) > _SHORTEST_PAST and word.endswith("ed")) for word in said[: min(3, at)])
    beside = {*before, *map(" ".join, pairwise(before))}
    is_said = bool(before) and before[-1] in days["before"]
    return is_said or is_away or is_past or not beside.isdisjoint(days["future"])


def _is_day_without_month(said: Sequence[str], at: int) -> bool:
    """Tell whether an ordinal is a day of a month that is not named: "until the 9th"."""
    beside = " ".join([*said[max(at - 2, 0) : at], *said[at + 1 : at + 3]])
    return at > 0 and said[at - 1] == "the" and _MONTH_OR_FLOOR.search(beside) is None and at + 1 == len(said)


@cache
def _days() -> Mapping[str, frozenset[str]]:
    return {kind: frozenset(word.replace("-", " ") for word in listed.split()) for kind, listed in word_lists.lines("days.txt")}


@cache
def _day_parts() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_days()["part"])))
