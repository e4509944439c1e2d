"""Commas and other marks that mean nothing, so that a text without them says the same.

Facts: a mark may separate what its absence joins: "No. Meat is fine" and "No meat is fine", "milk, chocolate" and "milk chocolate",
"Anna, Maria" and "Anna Maria". Nobody can list which words may form a name or a compound.

Rules: marks at the ends of a text mean nothing, and of several in a row the strongest counts. In English a comma means nothing
before a word that is part of no name and no compound ("and", "because", "in"), or after "she". But it does if there is a negation
before it in its sentence: "he can't, in May" is not "he can't in May". Before a subject it means nothing only after a subordinate
clause or a short adverbial ("in May, she moved"): "he reads the books, she writes" is not "he reads the books she writes". All
other marks stay tokens.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import pairwise

from memproc.dedup.text import word_classes, words
from memproc.dedup.text.tokens import MARKS

ADVERBIAL_TOKENS = 4  # at most: with more, a whole clause may stand between it and the comma
_MARKS = "".join(MARKS)
_MARKS_IN_A_ROW = re.compile(rf"[{_MARKS}]{{2,}}")


def without_outer_marks(tokens: list[str], shape: str) -> tuple[list[str], str]:
    """Return the tokens with at most one mark between two others and none at the ends, and their shape.

    >>> without_outer_marks([",", "tea", ",", ".", "milk", "."], ",_,._.")
    (['tea', '.', 'milk'], '_._')
    """
    end = len(shape.rstrip(_MARKS))
    start = end - len(shape[:end].lstrip(_MARKS))
    tokens, shape = tokens[start:end], shape[start:end]
    kept: list[str] = []
    kept_shape: list[str] = []
    done = 0
    for row in _MARKS_IN_A_ROW.finditer(shape):
        strongest = max(row[0])
        kept += (*tokens[done : row.start()], strongest)
        kept_shape += (shape[done : row.start()], strongest)
        done = row.end()
    return (kept + tokens[done:], "".join((*kept_shape, shape[done:]))) if done else (tokens, shape)


def without_idle_commas(tokens: list[str], shape: str) -> list[str]:
    """Return the tokens of an English text without the commas that mean nothing.

    >>> without_idle_commas("milk , chocolate , and nuts , because she likes them".split(), "_,_,&_,____")
    ['milk', ',', 'chocolate', 'and', 'nuts', 'because', 'she', 'likes', 'them']
    """
    apart, persons = word_classes.word_classes()["apart"], word_classes.word_classes()["person"]
    ends, commas = places_of(".", shape), places_of(",", shape)
    idle = {
        at
        for at in commas
        if tokens[at + 1] in apart
        or tokens[at + 1 :] == ["too"]
        or tokens[at - 1] in persons
        or _opens_a_clause(tokens, _begun(ends, at), at)
    }
    idle |= {*_around_a_name(tokens, commas)}
    if not idle:
        return tokens
    if not word_classes.negations().isdisjoint(tokens):
        negated = [at for at, token in enumerate(tokens) if token in word_classes.negations()]
        idle = {at for at in idle if not _is_between(negated, _begun(ends, at), at)}
    return [token for at, token in enumerate(tokens) if at not in idle]


def places_of(letter: str, shape: str) -> list[int]:
    """Return the places of a letter in a shape.

    >>> places_of(",", "_,_,_")
    [1, 3]
    """
    places = []
    at = shape.find(letter)
    while at >= 0:
        places.append(at)
        at = shape.find(letter, at + 1)
    return places


def _around_a_name(tokens: list[str], commas: list[int]) -> list[int]:
    """Return the places of the two commas around a name in apposition: "her dog, Rex, is ten"; not those of a list."""
    found: list[int] = []
    for at, behind in pairwise(commas):
        name, after = tokens[at + 1], tokens[behind + 1]
        is_name = (
            behind == at + 2 and name.isalpha() and name not in words.common_words() and name not in word_classes.deciding_words()
        )
        if is_name and after in word_classes.word_classes()["being"] and tokens[at - 1].isalpha():
            found += (at, behind)
    return found


def _opens_a_clause(tokens: list[str], begun: int, at: int) -> bool:
    """Tell whether the comma at a place separates a subordinate clause, or a short adverbial, from a subject; `begun` is the place
    where its sentence begins.
    """
    classes = word_classes.word_classes()
    if tokens[at + 1] not in classes["person"]:
        return False
    is_short = at - begun <= ADVERBIAL_TOKENS and classes["person"].isdisjoint(tokens[begun:at])
    return tokens[begun] in classes["subordinating"] or (is_short and tokens[begun] in classes["adverbial"])


def _begun(ends: list[int], at: int) -> int:
    """Return the place where the sentence around a place begins; `ends` are the places of the marks that end sentences."""
    before = bisect_left(ends, at)
    return ends[before - 1] + 1 if before else 0


def _is_between(places: list[int], begun: int, at: int) -> bool:
    """Tell whether one of the places is before a place and in its sentence."""
    before = bisect_left(places, at)
    return before > 0 and places[before - 1] >= begun
