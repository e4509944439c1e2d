"""Differences: a difference of two texts, and those in writing alone: case, punctuation, or the form of a mark."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from memproc.dedup.text.canonical import canonical

_NO_LETTERS = re.compile(r"[\W_]+")
_MARK = re.compile(r"[^\w\s]|_")


class Difference(NamedTuple):
    """A kind of difference, and the words of one text and those in their place in the other (either may be empty)."""

    kind: str
    one: str
    other: str


def in_writing(one: str, other: str) -> tuple[str, ...]:
    """Return the kinds of difference in writing between two exact texts of the same words.

    >>> in_writing("She likes tea.", "she likes tea"), in_writing("“tea”", '"tea"'), in_writing("tea", "tea")
    (('case', 'punctuation'), ('form',), ())
    """
    if one == other:
        return ()
    if one.lower() == other.lower():
        return ("case",)
    kinds = []
    left, right = _lettered(one), _lettered(other)
    if left != right and left.lower() == right.lower():
        kinds.append("case")
    if _marks(canonical(one)) != _marks(canonical(other)):
        kinds.append("punctuation")
    return tuple(kinds) or ("form",)


def are_of_one_spelling(one: str, other: str) -> bool:
    """Tell whether two texts have the same letters and digits, regardless of case.

    >>> are_of_one_spelling("Takes 5mg!", "takes 5 mg"), are_of_one_spelling("3 pm", "15:00")
    (True, False)
    """
    return _lettered(one).lower() == _lettered(other).lower()


def _lettered(text: str) -> str:
    return _NO_LETTERS.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text))


def _marks(text: str) -> list[str]:
    return _MARK.findall(text)
