"""Texts of the recombining kind: half of each is one of a few sentences that many others have too.

Facts
-----
- 4,000 sentences are composed once; each new text is one of them and one sentence of its own.
- No sentence holds a number, so that texts are not kept apart by their numbers before they are compared.
- At a million records a sentence is shared by a hundred new texts and their repeats. That is what an index of near
  duplicates suffers from: candidates that are alike by half.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache
from typing import Final

from benchmarks.grammar import LENGTH, Draft, Piece, topics, written_out
from benchmarks.vocabulary import Vocabulary

SHARED_SENTENCES: Final = 4_000
_NUMBERS: Final = r"\{(count|price|year|clock|date|product)\}|\d"  # slots that are filled with digits, and digits


def recombiner(vocabulary: Vocabulary, rng: random.Random) -> Callable[[random.Random], Draft]:
    """Compose the shared sentences; give what composes a draft of one of them and one of its own."""
    shared = tuple(_sentence(vocabulary, rng) for _ in range(SHARED_SENTENCES))
    return lambda own: _joined(own.choice(shared), _sentence(vocabulary, own))


@cache
def _numberless() -> tuple[str, ...]:
    """Give the templates that ask for no number."""
    return tuple(template for topic in topics() for template in topic if not re.search(_NUMBERS, template))


def _sentence(vocabulary: Vocabulary, rng: random.Random) -> Draft:
    while True:
        draft = written_out((rng.choice(_numberless()),), vocabulary, rng)
        if len(draft.text) in LENGTH:
            return draft


def _joined(one: Draft, other: Draft) -> Draft:
    end = one.pieces[-1].text.rstrip(".!") + ". "
    return Draft((*one.pieces[:-1], Piece(end), *other.pieces), one.templates + other.templates)
