"""Reasons: why two texts are one memory, or may be, in words for a person. They are made from both records when they are read.

Facts: a store keeps only the *kinds* of difference of each reason, or a fixed phrase ("same content"). Neither contains text, so
nothing of a forgotten record remains. If one of the two records was forgotten, only the kinds can be shown.

Rule: a reason says what the first text says compared with the other.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from memproc.dedup.compare.differences import Difference
from memproc.dedup.compare.telling_apart import SAME, has_the_same_words, quoted, told_apart
from memproc.dedup.gist.gist import read
from memproc.dedup.text.exact import exact_of
from memproc.records import Plain

TELLING = "telling"  # the kind of texts that differ only in what is telling in their writing
BETWEEN = ", "
"""Separates the kinds that a store keeps."""

_MARKUP = re.compile(r"<[^<>]*>|(?<!\w)[*_`~#>|]+|[*_`~#>|]+(?!\w)")
_DRESS = "dress"
_KINDS: Mapping[str, str] = {
    # benign: see data/benign.txt
    "case": "capital letters",
    "form": "how letters and marks look",
    "punctuation": "punctuation",
    "hyphen": "a hyphen",
    "case of a short code": "capital letters",
    "unit behind its number": "the space before a unit",
    "thousands": "the commas of a number",
    "article": "an article",
    "spelling": "the spelling of a word",
    "contraction": "a short form",
    "numeral": "a number in words",
    "filler": "words that add nothing",
    "typo": "a typing error",
    _DRESS: "what is set around the text",
    "date": "how a date is written",
    "time": "how a time is written",
    "amount": "how an amount is written",
    "abbreviation": "an abbreviation",
    "time in front": "where it is told when it is",
    # cues: see data/cues.txt and the shapes of `cues`
    "another date": "a date",
    "another time": "a time",
    "number": "a number",
    "month": "a month",
    "weekday": "a day of the week",
    "negation": "whether it is denied",
    "quantifier": "how much or how often",
    "pole": "a word that has an opposite",
    "unit": "a unit",
    "e-mail": "an e-mail address",
    "handle": "a user name",
    "address": "a web address",
    "path": "the place of a file",
    "version": "a version",
    "range": "a range",
    "identifier": "a code",
    "currency": "a currency",
    "percent": "a percentage",
    # all else
    "words": "words",
    "order of a list": "the order of a list",
    "order of words": "the order of words",
    "accent": "accents",
    TELLING: "the way of writing, which may mean another thing",
}


def kinds_of(differences: Sequence[Difference]) -> str:
    """Return what a store keeps of some differences: their kinds, each once.

    >>> kinds_of((Difference("number and unit", "5 mg", "6 g"), Difference("number", "1", "2"))), kinds_of(())
    ('number, unit', 'same words')
    """
    return BETWEEN.join(dict.fromkeys(kind for found in differences for kind in found.kind.split(" and "))) or SAME


def reason_told(kept: str, one: Plain | None = None, other: Plain | None = None) -> str:
    """Return a reason in words, given what a store keeps of it, and the two records, None for one that is forgotten or withheld.

    >>> (
    ...     reason_told("number", {"content": "Has 2 cats"}, {"content": "Has 3 cats"}),
    ...     reason_told("number"),
    ...     reason_told("same content"),
    ... )
    ('2 instead of 3', 'differs in a number', 'same content')
    """
    kinds = kept.split(BETWEEN)
    if not _KINDS.keys() >= {*kinds}:
        return kept
    if one is None or other is None:
        return f"differs in {_listed([_KINDS[kind] for kind in kinds])}"
    left, right = exact_of(one), exact_of(other)
    if kinds == [TELLING]:
        marks, others = read(left).telling.marks, read(right).telling.marks
        return f"may mean another thing: {_telling_in(marks, others)}" if marks != others else told_apart(left, right)
    if _DRESS in kinds:
        left, right = _MARKUP.sub("", left), _MARKUP.sub("", right)
        if has_the_same_words(left, right):
            return f"the same but for {_KINDS[_DRESS]}"
    return told_apart(left, right)


def _telling_in(one: Collection[str], other: Collection[str]) -> str:
    """Return what separates two texts of the same words, given what is telling in the writing of each."""
    left, right = [mark for mark in one if mark not in other], [mark for mark in other if mark not in one]
    if left and right:
        return f"{quoted(' '.join(left))} instead of {quoted(' '.join(right))}"
    return _listed([_told_of_mark(mark) for mark in left or right or (*one, *other)])


def _told_of_mark(mark: str) -> str:
    if mark.startswith('"'):
        return f"quotes around {quoted(mark[1:-1])}"
    return f"capital in {quoted(mark)}" if mark != mark.lower() else f"sign in {quoted(mark)}"


def _listed(things: Sequence[str]) -> str:
    """Return a list in words, each item once.

    >>> _listed(["a", "b", "a", "c"])
    'a, b and c'
    """
    *first, last = dict.fromkeys(things)
    return f"{', '.join(first)} and {last}" if first else last
