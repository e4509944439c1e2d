"""A text taken apart, chunk by chunk: its canonical text, its tokens and its shape.

Facts: a chunk is what stands between white space. What becomes of it does not depend on its neighbours, and texts say the same
chunks over and over, so it is found out once. What rules ask of tokens, of all of a text, is asked a hundred times as often.

Strategy: the *shape* of a text has one letter for each token, that of the class which some rule of the gist looks for. A rule
searches the shape, a short text, and looks at tokens only where it shows something.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import chain
from sys import intern
from typing import NamedTuple

from memproc.dedup import words
from memproc.dedup.canonical import canonical_chunk
from memproc.dedup.memo import Memo
from memproc.dedup.slips import is_odd
from memproc.dedup.telling import sign_of
from memproc.dedup.tokens import MARKS, tokens_of

PLAIN = "_"  # no rule looks for it
ODD = "o"  # neither word nor name
WRITTEN_OUT, ODD_WRITTEN_OUT = "w", "W"  # may stand for other tokens
THOUSANDS = "k"  # a number with commas in it
ARTICLE = "a"
AND = "&"  # also the first word of a sentence that says nothing
FILLER = "f"  # the first word of one

_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")


_Chunk = tuple[
    str, tuple[str, ...], str, str
]  # its canonical text, tokens, shape and sign: plain, as it is unpacked for each chunk


class Apart(NamedTuple):
    """A text taken apart: `shape` has one letter for each of `tokens`, a mark standing for itself; `signs` tell for each chunk what
    may be telling in it.
    """

    text: str
    tokens: list[str]
    shape: str
    signs: tuple[str, ...]


def taken_apart(text: str) -> Apart:
    """Return the canonical text of a text, its tokens and its shape.

    >>> taken_apart("He PAYS 1,000")
    Apart(text='he pays 1,000', tokens=['he', 'pays', '1,000'], shape='__k', signs=('', '', ''))
    """
    texts, tokens, shapes, signs = zip(_NONE, *map(_CHUNKS.__getitem__, text.split()), strict=True)
    joined = " ".join(texts[1:])
    canonical = joined if text.isascii() else " ".join(joined.split())  # a chunk may be nothing but an invisible character
    return Apart(canonical, [*chain.from_iterable(tokens)], "".join(shapes), signs[1:])


def tokenize(text: str) -> list[str]:
    """Return the tokens of a text.

    >>> tokenize("I've paid $1,500.50 at 10:25 - really! - to a@b.com, well-known 😀")
    ["i've", 'paid', '$', '1,500.50', 'at', '10:25', ',', 'really', '.', ',', 'to', 'a@b.com', ',', 'well', 'known', '😀']
    """
    return taken_apart(text).tokens


def letter_of(token: str) -> str:
    """Return the letter of a token in a shape.

    >>> "".join(map(letter_of, ["the", "tea", ",", "and", "really", "can't", "xyzzy"]))
    'a_,&fwo'
    """
    found = _letters().get(token)
    if found is not None:
        return found
    if "," in token and _THOUSANDS.fullmatch(token):
        return THOUSANDS
    if "'d" in token:
        return ODD_WRITTEN_OUT if is_odd(token) else WRITTEN_OUT
    return ODD if is_odd(token) else PLAIN


@cache
def _letters() -> Mapping[str, str]:
    """Return the letter of each token that is in a list."""
    forms = {word: ODD_WRITTEN_OUT if is_odd(word) else WRITTEN_OUT for word in words.written_out()}
    first = {word: ARTICLE if place == "article" else FILLER for word, (_, place) in words.fillers().items()}
    return {**forms, **first, "and": AND, **{mark: mark for mark in MARKS}}


def _chunk_of(written: str) -> _Chunk:
    text = intern(canonical_chunk(written))  # what is equal is kept once
    tokens = tuple(map(intern, chain.from_iterable(map(tokens_of, text.split()))))
    return text, tokens, intern("".join(map(letter_of, tokens))), sign_of(written)


_CHUNKS = Memo(_chunk_of)
_NONE: _Chunk = "", (), "", ""
LETTERS = Memo(letter_of)
