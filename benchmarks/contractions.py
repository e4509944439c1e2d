"""English contractions as a table, and the two ways to apply it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

# Only pairs whose short form has one reading here: "I'd" and "she's" are never made of "I had", "she has".
CONTRACTIONS: Final = (
    ("do not", "don't"),
    ("does not", "doesn't"),
    ("did not", "didn't"),
    ("is not", "isn't"),
    ("are not", "aren't"),
    ("was not", "wasn't"),
    ("were not", "weren't"),
    ("has not", "hasn't"),
    ("have not", "haven't"),
    ("will not", "won't"),
    ("would not", "wouldn't"),
    ("should not", "shouldn't"),
    ("could not", "couldn't"),
    ("cannot", "can't"),
    ("i am", "i'm"),
    ("i would", "i'd"),
    ("i have had", "i've had"),
    ("it is", "it's"),
    ("that is", "that's"),
    ("he is", "he's"),
    ("she is", "she's"),
    ("they are", "they're"),
)
_SHORT: Final[Mapping[str, str]] = dict(CONTRACTIONS)
_LONG: Final[Mapping[str, str]] = {short: long for long, short in CONTRACTIONS}


def _pattern(forms: Mapping[str, str]) -> re.Pattern[str]:
    longest_first = sorted(forms, key=len, reverse=True)
    return re.compile(rf"\b({'|'.join(longest_first)})\b", re.IGNORECASE)


_LONG_FORM: Final = _pattern(_SHORT)
_SHORT_FORM: Final = _pattern(_LONG)


def contracted(text: str) -> str:
    """Give the text with every contraction made.

    >>> contracted("It is late and I do not care")
    "It's late and I don't care"
    """
    return _LONG_FORM.sub(lambda match: cased_like(match[0], _SHORT[match[0].lower()]), text)


def one_switched(text: str) -> tuple[str, ...]:
    """Give every text that has exactly one contraction more or less than the given one."""
    switched = [_replaced(text, match, _SHORT) for match in _LONG_FORM.finditer(text)]
    switched += [_replaced(text, match, _LONG) for match in _SHORT_FORM.finditer(text)]
    return tuple(switched)


def cased_like(old: str, new: str) -> str:
    """Give `new` with a capital where `old` has one."""
    return new[0].upper() + new[1:] if old[0].isupper() else new


def _replaced(text: str, match: re.Match[str], forms: Mapping[str, str]) -> str:
    return text[: match.start()] + cased_like(match[0], forms[match[0].lower()]) + text[match.end() :]
