"""Short words and phrases of English in one form: "every", "per", "&", "st"."""

from __future__ import annotations

import re

_DENIED = re.compile(r"(?<!\S)(?:not|never|no|cannot|hardly|almost|nearly|\w+n't|miss\w*)(?!\S)")
_EACH_DAY = re.compile(r"(?<!\S)(?:every|each) (mon|tues|wednes|thurs|fri|satur|sun)day(?!\S)")
_PARTS = "day|morning|afternoon|evening|night|week|weekend|month|year|spring|summer|autumn|fall|winter"
_EACH = re.compile(rf"(?<!\S)each (?=(?:{_PARTS})(?!\S))")
_TWO_WORDS = re.compile(r"(?<=[^\W\d_]{2} )&(?= (?:[^\W\d_]{2}|a (?!&)))")
_PER = re.compile(
    r"(?:(?:(?<=\d )|(?<=(?:usd|eur|gbp) )|(?<=(?:imes|wice|once|ours) ))per|(?<=(?:usd|eur|gbp)) an?) "
    r"(hr|hour|h|day|night|week|wk|month|mo|year|yr|person)(?!\S)"
)
_ONE_OF = {"hr": "hour", "h": "hour", "wk": "week", "mo": "month", "yr": "year"}
_STREET = re.compile(r"(?<=[^\W\d_]{3} )st(?= ,| \d|$)")
_USA = re.compile(r"(?<=the )usa(?!\S)")  # "she loves usa" is not "she loves us"
_GERMAN_STREET = re.compile(r"(?<=[^\W\d_]{3})str(?: \.)?(?=$| )")


def with_rates(text: str) -> str:
    """Return a text with "20 usd a month" for "20 usd per mo"."""
    return _PER.sub(_for_one, text)


def with_short_words(text: str) -> str:
    """Return a text with "and" for "&", "every" for "each", "on mondays" for "every monday", and "us" for "usa"."""
    return _TWO_WORDS.sub("and", _EACH.sub("every ", _on_days(_USA.sub("us", text))))


def with_streets(text: str) -> str:
    """Return a text with "street" for "st" and "strasse" for "str"."""
    return _GERMAN_STREET.sub("strasse", _STREET.sub("street", text))


def _on_days(text: str) -> str:
    """Return a text with "on mondays" for "every monday", unless a negation or the like says that it is not every one."""
    return text if _DENIED.search(text) else _EACH_DAY.sub(r"on \1days", text)


def _for_one(written: re.Match[str]) -> str:
    return f"{' ' * written[0].startswith(' ')}a {_ONE_OF.get(written[1], written[1])}"
