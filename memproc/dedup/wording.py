"""In what words two facts with one gist differ: for the reason of a merge, which a person should understand.

Facts: equal gists leave only benign differences. Of these a gist counts the kinds; which words they are, the texts tell. Where the
tokens are the same, the writing differs: case, punctuation, or the look of a mark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from rapidfuzz.distance import Indel, Prefix

from memproc.dedup import words
from memproc.dedup.canonical import canonical
from memproc.dedup.chunks import tokenize
from memproc.dedup.tokens import MARKS

LONGEST_CHARS = 2_000  # beyond that the kinds are named, and no words
_ARTICLES = ("a", "an", "the")
_NO_LETTERS = re.compile(r"[\W_]+")
_MARK = re.compile(r"[^\w\s]|_")


class Difference(NamedTuple):
    """What stands in one text and, instead of it, in the other (either may be empty), and its kind."""

    kind: str
    one: str
    other: str


def wording(one: str, other: str, kinds: Sequence[str]) -> tuple[Difference, ...]:
    """Return the differences of two texts with one gist, exact or canonical; `kinds` are the benign ones that their gists count.

    None where the texts are equal, or too long to be compared.

    >>> wording("she really likes tea", "she likes the tea", ["filler", "article"])
    (Difference(kind='filler', one='really', other=''), Difference(kind='article', one='', other='the'))
    >>> wording("she likes tea, milk", "she likes tea milk", [])
    (Difference(kind='punctuation', one='tea,', other='tea'),)
    """
    if one == other or max(len(one), len(other)) > LONGEST_CHARS:
        return ()
    begun = one.rfind(" ", 0, Prefix.similarity(one, other)) + 1  # the words that both begin with need not be told apart
    one, other = one[begun:], other[begun:]
    only = {*kinds}.pop() if len({*kinds}) == 1 else ""
    edits = _edits(_words(one), _words(other))
    if edits:
        return tuple([Difference(only or _kind(left, right), " ".join(left), " ".join(right)) for left, right in edits])
    return tuple([_written(" ".join(left), " ".join(right)) for left, right in _edits(one.split(), other.split())])


def in_writing(one: str, other: str) -> tuple[str, ...]:
    """Return the kinds in which two exact texts of the same words differ, which are of writing.

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
    """Tell whether two texts have the same letters and digits, large or small.

    >>> are_of_one_spelling("Takes 5mg!", "takes 5 mg"), are_of_one_spelling("3 pm", "15:00")
    (True, False)
    """
    return _lettered(one).lower() == _lettered(other).lower()


def _lettered(text: str) -> str:
    return _NO_LETTERS.sub("", text if text.isascii() else unicodedata.normalize("NFKC", text))


def _marks(text: str) -> list[str]:
    return _MARK.findall(text)


def _words(text: str) -> list[str]:
    return [token for token in tokenize(text) if token not in MARKS]


def _edits(one: Sequence[str], other: Sequence[str]) -> list[tuple[Sequence[str], Sequence[str]]]:
    """Return what stands in one sequence and in its place in the other, neighbouring edits as one."""
    kept = [edit for edit in Indel.opcodes(one, other) if edit.tag == "equal"]
    starts = [(0, 0), *((edit.src_end, edit.dest_end) for edit in kept)]
    ends = [*((edit.src_start, edit.dest_start) for edit in kept), (len(one), len(other))]
    gaps = [(one[a:c], other[b:d]) for (a, b), (c, d) in zip(starts, ends, strict=True)]
    return [(left, right) for left, right in gaps if left or right]


def _kind(one: Sequence[str], other: Sequence[str]) -> str:
    """Return the kinds of an edit: what stands beside a short form is what that stands for, else it is a filler."""
    if _letters(one) == _letters(other):
        return _written(" ".join(one), " ".join(other)).kind
    tokens = [*one, *other]
    found = {kind for token in tokens if (kind := _short_form(token))}
    if not found and any(token not in _ARTICLES for token in tokens):
        found.add("filler")
    if any(token in _ARTICLES for token in tokens):
        found.add("article")
    return " and ".join(sorted(found))


def _short_form(token: str) -> str:
    if token in words.typos():
        return "slip"
    if token in words.abbreviations():
        return "abbreviation"
    if token in words.spellings():
        return "spelling"
    form = words.full_forms().get(token)
    if form is None:
        return "contraction" if "'" in token else ""
    return "contraction" if form[0].isalpha() else "numeral"


def _written(one: str, other: str) -> Difference:
    """Return how two chunks with the same tokens are written otherwise."""
    if one.lower() == other.lower():
        return Difference("case", one, other)
    return Difference("punctuation" if _marks(one) != _marks(other) else "form", one, other)


def _letters(tokens: Sequence[str]) -> str:
    return "".join(filter(str.isalnum, "".join(tokens))).lower()
