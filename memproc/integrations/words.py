"""Search by words, for shapes that expect a search by meaning.

Facts: there is no model here. What is compared are words, in canonical form: case, accents of quotes and dashes mean nothing.
"""

from __future__ import annotations

import re

from memproc.dedup.text.canonical import canonical

_WORD = re.compile(r"\w+")


def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, each once.

    >>> sorted(words_of("Green TEA, green"))
    ['green', 'tea']
    """
    return frozenset(_WORD.findall(canonical(text).casefold()))


def share_found(words: frozenset[str], text: str) -> float:
    """Return which share of some words a text has, 0..1; 0 if there are no words.

    >>> share_found(words_of("green tea"), "Prefers tea")
    0.5
    """
    return len(words & words_of(text)) / len(words) if words else 0.0
