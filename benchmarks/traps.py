"""Changing one fact of a memory: what looks like a repeat and is none.

Facts
-----
- A trap differs from its original by one number, date, name, negation or antonym.
- The other name has at least two letters that the first one lacks, so that nobody takes it for a typo.
- Some traps differ in case or end punctuation as well.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Final

from benchmarks.grammar import POLARITY, Draft, Piece
from benchmarks.repeats import recased, reended
from benchmarks.vocabulary import Vocabulary, draw

# Each trap chooses one of these groups first, so that the names, which are many, do not crowd out the rest.
GROUPS: Final = (
    frozenset({"count", "price", "year", "clock"}),
    frozenset({"date", "weekday", "month"}),
    frozenset({"person", "town", "street", "venue", "product", "nickname"}),
    frozenset({POLARITY}),
)
NAMES: Final = GROUPS[2]
CLEAR_LETTERS: Final = 2
DISGUISED_SHARE: Final = 0.25
SAME_GIVEN_SHARE: Final = 0.5  # of the exchanged people, keep their given name


def maybe_trap(vocabulary: Vocabulary, draft: Draft, rng: random.Random) -> str | None:
    """Give the text with one fact exchanged, or None if it holds no fact to exchange."""
    groups = [places for group in GROUPS if (places := _places(draft, group))]
    if not groups:
        return None
    at = rng.choice(rng.choice(groups))
    pieces = list(draft.pieces)
    pieces[at] = _exchanged(pieces[at], vocabulary, rng)
    return _disguised(Draft(tuple(pieces), draft.templates).text, rng)


def is_clear(old: str, new: str) -> bool:
    """Tell whether `old` has at least two letters that `new` lacks, each counted as often as it occurs.

    >>> is_clear("Jonas", "Jonsa"), is_clear("Jonas", "Elena")
    (False, True)
    """
    return (Counter(old.lower()) - Counter(new.lower())).total() >= CLEAR_LETTERS


def _places(draft: Draft, group: frozenset[str]) -> list[int]:
    return [at for at, piece in enumerate(draft.pieces) if piece.role in group]


def _exchanged(piece: Piece, vocabulary: Vocabulary, rng: random.Random) -> Piece:
    if piece.role == POLARITY:
        return Piece(piece.opposite, POLARITY, piece.text)
    while True:
        value = _other(piece, vocabulary, rng)
        if is_clear(piece.text, value) if piece.role in NAMES else piece.text != value:
            return Piece(value, piece.role)


def _other(piece: Piece, vocabulary: Vocabulary, rng: random.Random) -> str:
    value = draw(vocabulary, piece.role, rng)
    if piece.role == "person" and rng.random() < SAME_GIVEN_SHARE:
        return f"{piece.text.split()[0]} {value.split()[1]}"
    return value


def _disguised(text: str, rng: random.Random) -> str:
    if rng.random() >= DISGUISED_SHARE:
        return text
    return rng.choice((recased, reended))(text, rng)
