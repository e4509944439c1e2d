"""Whether two texts with the same id have nothing in common, so that the id may not identify a memory.

Rules: they share no word of four letters or more, and few letters in the same order. A text that was completely reworded looks the
same, so this is advice and changes nothing. It finds 96 % of 1,225 pairs of unrelated memories.
"""

from __future__ import annotations

from rapidfuzz import fuzz

from memproc.dedup.text.canonical import canonical

LOOKED_AT_CHARS = 1_000
SHORTEST_WORD = 4
LEAST_RATIO = 50  # of 100; half of what has nothing in common is below 37


def have_nothing_in_common(one: str, other: str) -> bool:
    """Tell whether the beginnings of two texts share neither a word nor much of their letters.

    >>> have_nothing_in_common("Likes tea", "Meeting at noon with the board")
    True
    >>> have_nothing_in_common("Likes tea", "Likes coffee"), have_nothing_in_common("Is 30", "Is 31")
    (False, False)
    """
    one, other = canonical(one[:LOOKED_AT_CHARS]), canonical(other[:LOOKED_AT_CHARS])
    return _words(one).isdisjoint(_words(other)) and fuzz.ratio(one, other) < LEAST_RATIO


def _words(text: str) -> set[str]:
    return {word for part in text.split() if len(word := part.strip(".,:;!?'\"()")) >= SHORTEST_WORD}
