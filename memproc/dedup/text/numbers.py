"""Numbers of several words in digits: "a hundred and twenty", "twenty five", "two and a half", "half a dozen".

Facts: "100", "a hundred" and "one hundred" are one number. But "one and two hundred" is two, "twenty five pound notes" may be a
hundred pounds, and "the twenty first graders" are twenty.

Rules: words in a row are one number if they can be nothing else: not after "and", "or" or "to" that follow a number, and not tens
and ones before a singular noun ("twenty five minute breaks"). Only words are joined, never digits ("20 5").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from itertools import chain, pairwise

from memproc.dedup.text import written_forms

_SCALES = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_ORDERED = "floor|century|birthday|anniversary|street|avenue|place|week|day|year|of"  # of which one is the twenty-second
_SINGLE = "pound|dollar|cent|euro|minute|hour|day|week|month|year|mile|inch|foot|pack|star|point|grade|graders?|class|time|cousins?"
_MANY = "hour|day|week|month|year|mile|kilometer|kilometre"
_COUNTED = re.compile(r"(\d{1,4}|[a-z]+(?:-[a-z]+)??)-([a-z]{3,})(-olds?)?")
_NO_THINGS = ("odd", "plus", "something", "some", "ish")
_BEFORE_CHARS = 24
_MOST_DIGITS = 9


def in_digits(tokens: Sequence[str]) -> list[str] | None:
    """Return tokens with their numbers of several words in digits; None if there are none.

    >>> in_digits("ran two and a half miles".split()), in_digits("has two hundred and one cats".split())
    (['ran', '2.5', 'miles'], ['has', '201', 'cats'])
    """
    apart = [
        *chain.from_iterable(
            parts_of(token) if "-" in token and not _counts(before) else (token,) for before, token in pairwise(("", *tokens))
        )
    ]
    if len(apart) == len(tokens) and long_numbers().isdisjoint(tokens):
        return None
    text = " ".join(apart)
    changed = _phrases().sub(_one_number, text)
    changed = _halved().sub(r"1.5 \1s", changed)
    return changed.split() if changed != text or len(apart) > len(tokens) else None


def parts_of(token: str) -> tuple[str, ...]:
    """Return the parts of a compound that begins with a number, "12-year-old", "two-bedroom"; any other token as one part.

    >>> parts_of("12-year-old"), parts_of("two-bedroom"), parts_of("well-known"), parts_of("forty-odd")
    (('12', 'year', 'old'), ('two', 'bedroom'), ('well-known',), ('forty-odd',))
    """
    found = _COUNTED.fullmatch(token.lower())
    if found is None or not _counts(found[1]) or found[2] in _NO_THINGS or _counts(found[2]):
        return (token,)
    return found[1], found[2], *filter(None, [(found[3] or "").lstrip("-")])


def _counts(word: str) -> bool:
    return word.isdecimal() or written_forms.numbers().get(word, "").isdecimal() or word in _SCALES


@cache
def long_numbers() -> frozenset[str]:
    """Return words one of which is in every number of several words."""
    tens = [word for word, form in written_forms.numbers().items() if form.isdecimal() and "-" not in word and int(form) >= 20]  # noqa: PLR2004
    return frozenset([*_SCALES, *tens, "half"])


def _one_number(found: re.Match[str]) -> str:
    *_, one, other = ["", "", *found.string[max(found.start() - _BEFORE_CHARS, 0) : found.start()].split()]
    if other in ("and", "or", "to") and (one.isdecimal() or one in written_forms.numbers() or one in _SCALES):
        return found[0]
    said = found[0].split()
    if (other, said[0]) == ("no", "one"):  # nobody
        return found[0]
    if said[-1] in written_forms.numbers() and not written_forms.numbers()[said[-1]].isdecimal():
        return written_forms.numbers()["-".join(said)]
    if said[0] == "half":
        return "6"
    is_halved = said[-3:] == ["and", "a", "half"]
    total = part = Fraction(0)
    for word in said[:-3] if is_halved else said:
        if word in _SCALES:
            part = (part or Fraction(1)) * _SCALES[word]
            if _SCALES[word] >= 10**3:
                total, part = total + part, Fraction(0)
        elif word != "and":
            part += 1 if word == "a" else Fraction(written_forms.numbers().get(word, word).replace(",", ""))
    total += part + Fraction(is_halved, 2)
    return f"{float(total):.3f}".rstrip("0").rstrip(".") if total.denominator > 1 else str(total)


@cache
def _phrases() -> re.Pattern[str]:
    numbers = {word: int(form) for word, form in written_forms.numbers().items() if form.isdecimal()}
    ordinals = [word for word, form in written_forms.numbers().items() if len(form) == len("1st") and "-" not in word]
    ones = "|".join(word for word, value in numbers.items() if 0 < value < 10)  # noqa: PLR2004
    tens = "|".join(word for word, value in numbers.items() if value >= 20 and "-" not in word)  # noqa: PLR2004
    small = rf"(?:(?:{tens}) (?:{ones})|{'|'.join(sorted((word for word in numbers if numbers[word]), key=len, reverse=True))})"
    digits = rf"\d{{1,{_MOST_DIGITS}}}(?:\.\d{{1,3}})?"
    hundreds = rf"(?:a|{small}|{digits}) hundred(?:(?: and)? {small})?"
    thousands = rf"(?:{hundreds}|a|{small}|{digits}) (?:thousand|million|billion)(?:(?: and)? (?:{hundreds}|{small}))?"
    dozens = rf"(?:half a|half|a|{small}|{digits}) dozen"
    others = "|".join(word for word in ordinals if word not in ("first", "second"))  # "a twenty second video"
    ordinal = rf"{others}|(?:first|second)(?= (?:{_ORDERED})(?!\S))"
    compounds = rf"(?:{tens}) (?:{ones}|{ordinal})(?! (?:{_SINGLE})(?!\S))"
    return re.compile(rf"(?<!\S)(?:{thousands}|{hundreds}|{dozens}|(?:{small}|{digits}) and a half|{compounds})(?!\S)", re.ASCII)


@cache
def _halved() -> re.Pattern[str]:
    return re.compile(rf"(?<!\S)(?:an?|one) ({_MANY}) and a half(?!\S)")
