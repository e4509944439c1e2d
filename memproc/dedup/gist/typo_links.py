"""Typo links: the gists that a text would have if one of its odd tokens were a typo of a common word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, starmap
from typing import NamedTuple

from memproc.dedup.gist.commas import without_outer_marks
from memproc.dedup.gist.english import is_english
from memproc.dedup.gist.idle import without_idle
from memproc.dedup.text import word_classes, written_forms
from memproc.dedup.text.chunks import ODD, ODD_WRITTEN_OUT, letter_of, odd_in_writing, taken_apart
from memproc.dedup.text.typos import is_typed, words_near
from memproc.dedup.text.units import unit_of

MOST_TYPOS = 5  # a text with more odd tokens than this is no text with a typo
MOST_TYPO_LINKS = 16
_ODD = re.compile(f"[{ODD}{ODD_WRITTEN_OUT}]")
CALLING = ("called", "named", "nicknamed", "name")  # what follows one of these is a name, however odd


class TypoLink(NamedTuple):
    """An odd token of a gist, and the tokens that the gist would have if that were a typo."""

    odd: str
    tokens: tuple[str, ...]


def odd_in(tokens: Sequence[str], shape: str) -> set[str]:
    """Return the tokens that are neither words nor names, by the shape of the text."""
    return {tokens[letter.start()] for letter in _ODD.finditer(shape)}


def typo_links_of(tokens: Sequence[str], kept: Sequence[str], odd: Sequence[str], bare: str | None) -> tuple[TypoLink, ...]:
    """Return the typo links of a text; `kept` are its tokens without the idle ones, and `bare` is as in `_typos`."""
    typos = _typos(tokens, odd, bare)
    places = [(at, word) for at, token in enumerate(kept) if token in typos for word in typos[token]]
    if (
        len(places) > MOST_TYPO_LINKS
    ):  # checked first: each link holds the whole text, and a text may repeat a typo a thousand times
        return ()
    stood = [at for at, token in enumerate(tokens) if token in typos for _ in typos[token]]  # none of them is idle
    meant = [(at, unit_of(word) if at and kept[at - 1][-1].isdigit() else word) for at, word in places]
    typo_links = [(kept[at], _with_word(tokens, kept, was, at, word)) for was, (at, word) in zip(stood, meant, strict=True)]
    return tuple(sorted(starmap(TypoLink, typo_links)))


def typos_in(bare: str) -> Mapping[str, Sequence[str]]:
    """Return, by token, the words that typos in a text without its dress may stand for; nothing if the text is not English."""
    apart = taken_apart(bare)
    tokens, shape = without_outer_marks(apart.tokens, apart.shape)
    odd = odd_in(tokens, shape)
    return _typos(tokens, sorted(odd), bare) if odd and is_english(tokens, odd, is_ascii=apart.text.isascii()) else {}


def _typos(tokens: Sequence[str], odd: Iterable[str], bare: str | None) -> Mapping[str, Sequence[str]]:
    """Return, by token, the words that the odd tokens of a text may stand for; nothing if there are too many of them.

    A token that is nowhere written in small letters is a name, unless it begins the text and is a typical typo. `bare` is the text
    as it was written, without its dress, or None if only its canonical text is known.
    """
    spelled = written_forms.spellings()
    small, first = odd_in_writing(bare) if bare is not None else (frozenset[str](), "")
    names = {token for before, token in pairwise(tokens) if before in CALLING}
    typos: dict[str, Sequence[str]] = {}
    for token in odd:
        is_written_so = bare is None or token in small
        near = words_near(token) if token not in names and (is_written_so or token == first) else ()
        if near and (is_written_so or any(is_typed(token, word) for word in near)):
            typos[token] = sorted({spelled.get(word, word) for word in near})
    return typos if len(typos) <= MOST_TYPOS else {}


def _with_word(tokens: Sequence[str], kept: Sequence[str], was: int, at: int, word: str) -> tuple[str, ...]:
    """Return the kept tokens with a word in place of a typo: of the token at `was` in `tokens`, and at `at` in `kept`.

    The word may be one that can be dropped ("definately"), or that decides whether others can be ("he moved, becaus he likes it").
    """
    if word not in word_classes.deciding_words():
        return (*kept[:at], word, *kept[at + 1 :])
    corrected = [*tokens[:was], word, *tokens[was + 1 :]]
    return tuple(without_idle(corrected, "".join(map(letter_of, corrected)))[0])
