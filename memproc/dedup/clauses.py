"""Marks between clauses: which of them say nothing, so that a text without them says the same.

Facts: a mark may part what its absence joins: "No. Meat is fine" and "No meat is fine", "milk, chocolate" and "milk chocolate",
"Anna, Maria" and "Anna Maria". Which words could be one name or compound nobody can list.

Rules: marks at the ends of a text say nothing, and of several in a row the strongest counts. In English a comma says nothing
before or behind a word that is part of no name and no compound ("and", "because", "in", "she"); but it does where anything in
its sentence before it negates: "he can't, in May" is not "he can't in May". All other marks stay tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

from memproc.dedup import words
from memproc.dedup.tokens import MARKS


def without_outer_marks(tokens: Sequence[str]) -> list[str]:
    """Return the tokens with one mark at most between two others, and none at the ends.

    >>> without_outer_marks([",", "tea", ",", ".", "milk", "."])
    ['tea', '.', 'milk']
    """
    kept: list[str] = []
    for token in tokens:
        if token not in MARKS:
            kept.append(token)
        elif kept and kept[-1] in MARKS:
            kept[-1] = max(kept[-1], token)
        elif kept:
            kept.append(token)
    return kept[:-1] if kept and kept[-1] in MARKS else kept


def without_idle_commas(tokens: Sequence[str]) -> list[str]:
    """Return the tokens of an English text without the commas that say nothing.

    >>> without_idle_commas("milk , chocolate , and nuts , because she likes them".split())
    ['milk', ',', 'chocolate', 'and', 'nuts', 'because', 'she', 'likes', 'them']
    """
    negations, apart, persons = words.negations(), words.word_classes()["apart"], words.word_classes()["person"]
    kept: list[str] = []
    is_negated = False
    for before, word, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        is_idle = word == "," and not is_negated and (after in apart or before in persons)
        if not is_idle:
            kept.append(word)
        is_negated = word != "." and (is_negated or word in negations)
    return kept
