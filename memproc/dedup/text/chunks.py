"""A text taken apart, chunk by chunk: its canonical text, its tokens and its shape.

Facts: a chunk is a run of characters between white space. Its result does not depend on its neighbours, and texts repeat the same
chunks over and over, so it is computed once. The questions that rules ask of all tokens of a text are asked a hundred times as
often.

Strategy: the *shape* of a text has one letter for each token: its class, if some rule of the gist looks for that class. A rule
searches the shape, a short string, and looks at tokens only where it finds something.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from sys import intern
from typing import NamedTuple

from memproc.dedup.text import word_classes, written_forms
from memproc.dedup.text.amounts import ALWAYS, BESIDE, BESIDE_NUMBERS, CONVERTIBLE, MEASURE, NUMBER, makes_numbers
from memproc.dedup.text.canonical import canonical_chunk
from memproc.dedup.text.core import MODULUS, core_of
from memproc.dedup.text.days import may_be_of_a_day
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.phones import MAY_BE_PART
from memproc.dedup.text.telling import sign_of
from memproc.dedup.text.tokens import MARKS, tokens_of
from memproc.dedup.text.typos import NEAR, is_odd

PLAIN = "_"  # no rule looks for it
ODD = "o"  # neither word nor name
OF_A_DAY = "d"  # a hint
ODD_CAPITAL = "O"  # a hint: with a capital, which only at the beginning of a text is no name's
WRITTEN_OUT, ODD_WRITTEN_OUT = "w", "W"  # may stand for other tokens
THOUSANDS = "k"  # a number with commas in it
ARTICLE = "a"
AND = "&"  # also the first word of a sentence that says nothing
FILLER = "f"  # the first word of one

_BESIDE = frozenset([BESIDE_NUMBERS, CONVERTIBLE, MAY_BE_PART])
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")


# Its canonical text, tokens, shape and sign, its core, and hints of how that is found: plain, as it is unpacked for each chunk.
_Chunk = tuple[str, tuple[str, ...], str, str, int, str]


class Apart(NamedTuple):
    """A text taken apart. `shape` has one letter for each of `tokens`; a mark stands for itself. `signs` say for each chunk what
    may be telling in it, and `is_odd` whether one of the tokens may be a typo.
    """

    text: str
    tokens: list[str]
    shape: str
    signs: tuple[str, ...]
    is_odd: bool


class Skimmed(NamedTuple):
    """What is needed of every text: its canonical text, the core of its tokens, whether that is the core of its gist, whether one
    of the tokens may be a typo, and whether the text may speak of the day on which it was said.
    """

    text: str
    core: int
    is_core_of_gist: bool
    is_odd: bool
    may_be_of_a_day: bool


def skimmed(text: str) -> Skimmed:
    """Return what is needed of every text.

    >>> skimmed("He likes tea").core == skimmed("Well, he really likes the tea!").core
    True
    """
    found = [*map(_CHUNKS.__getitem__, text.split())]
    each = [chunk[5] for chunk in found]
    hints = "".join(each)
    makes_numbers = ALWAYS in hints or (NUMBER in hints and not _BESIDE.isdisjoint(hints) and _makes_numbers(found))
    core = sum([chunk[4] for chunk in found]) % MODULUS
    return Skimmed(_joined([chunk[0] for chunk in found], text), core, not makes_numbers, _may_be_odd(each), OF_A_DAY in hints)


def _makes_numbers(chunks: Sequence[_Chunk]) -> bool:
    """Tell, by the tokens beside the numbers of a text, whether a rule may change the numbers."""
    hints = [chunk[5] for chunk in chunks if chunk[1]]
    for at in [at for at, hint in enumerate(hints) if NUMBER in hint]:
        beside = "".join(hints[max(at - BESIDE, 0) : at + BESIDE + 1])
        if BESIDE_NUMBERS in beside or (CONVERTIBLE in beside and MEASURE in beside) or beside.count(MAY_BE_PART) > 1:
            return True
    return False


def _may_be_odd(hints: Sequence[str]) -> bool:
    """Tell by the hints of its chunks whether one of the tokens of a text may be a typo."""
    return ODD in "".join(hints) or (len(hints) > 0 and ODD_CAPITAL in hints[0])


def taken_apart(text: str) -> Apart:
    """Return the canonical text of a text, its tokens and its shape.

    >>> taken_apart("He PAYS 1,000")
    Apart(text='he pays 1,000', tokens=['he', 'pays', '1,000'], shape='__k', signs=('', '', ''), is_odd=False)
    """
    texts, tokens, shapes, signs, _, hints = zip(_NONE, *map(_CHUNKS.__getitem__, text.split()), strict=True)
    return Apart(_joined(texts[1:], text), [*chain.from_iterable(tokens)], "".join(shapes), signs[1:], _may_be_odd(hints[1:]))


def _joined(chunks: Sequence[str], text: str) -> str:
    """Return the canonical text of a text, given those of its chunks; one of these may be only an invisible character."""
    joined = " ".join(chunks)
    return joined if text.isascii() else " ".join(joined.split())


def odd_in_writing(text: str) -> tuple[frozenset[str], str]:
    """Return the odd tokens that a text holds in small letters, and the first token of its first chunk, in any case.

    >>> odd_in_writing("Kithcen and Bathrom and gardne")
    (frozenset({'gardne'}), 'kithcen')
    """
    chunks = text.split()
    found = frozenset([token for chunk in chunks for token in _odd_of(*_CHUNKS[chunk][1:3]) if token in chunk])
    return found, next(iter(_odd_of(*_CHUNKS[chunks[0]][1:3])), "") if chunks else ""


def _odd_of(tokens: Sequence[str], shape: str) -> list[str]:
    if ODD not in shape and ODD_WRITTEN_OUT not in shape:
        return []
    return [token for token, letter in zip(tokens, shape, strict=True) if letter in (ODD, ODD_WRITTEN_OUT)]


def ends_inside(text: str) -> bool:
    """Tell whether a sentence ends before the end of a text, apart from the number or mark of an item at its beginning.

    >>> ends_inside("He went. She stayed."), ends_inside("1. Dr. Who went to the U.S. again.")
    (True, False)
    """
    first, *rest = text.split()[:-1] or [""]
    inside = [first, *rest] if any(map(str.isalpha, first)) else rest
    return any(_CHUNKS[chunk][1][-1:] in ((".",), ("?",)) for chunk in inside)


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
    if "'d" in token or token.endswith("'s"):
        return ODD_WRITTEN_OUT if is_odd(token) else WRITTEN_OUT
    return ODD if is_odd(token) else PLAIN


@cache
def _letters() -> Mapping[str, str]:
    """Return the letter of each token that is in a list."""
    forms = {word: ODD_WRITTEN_OUT if is_odd(word) else WRITTEN_OUT for word in written_forms.written_out()}
    first = {word: ARTICLE if place == "article" else FILLER for word, (_, place) in word_classes.fillers().items()}
    return {**forms, **first, "and": AND, **{mark: mark for mark in MARKS}}


def _chunk_of(written: str) -> _Chunk:
    text = intern(canonical_chunk(written))  # equal texts are kept once
    tokens = tuple(map(intern, chain.from_iterable(map(tokens_of, text.split()))))
    shape = "".join(map(letter_of, tokens))
    odd = _odd_of(tokens, shape)
    hints = "".join(map(makes_numbers, tokens)) + ODD * any(token in written and NEAR[token] for token in odd)
    if odd and not written.islower():
        hints += ODD_CAPITAL
    sign = sign_of(written)
    hints += OF_A_DAY * may_be_of_a_day(sign)
    return text, tokens, intern(shape), sign, core_of(tokens), intern(hints)


_CHUNKS = Memo(_chunk_of)
_NONE: _Chunk = "", (), "", "", 0, ""
LETTERS = Memo(letter_of)
