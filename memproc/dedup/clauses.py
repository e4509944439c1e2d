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

_COMMA = frozenset(",")


def without_outer_marks(tokens: Sequence[str]) -> list[str]:
    """Return the tokens with one mark at most between two others, and none at the ends.

    >>> without_outer_marks([",", "tea", ",", ".", "milk", "."])
    ['tea', '.', 'milk']
    """
    kept: list[str] = []
    done = 0
    for at in [at for at, token in enumerate(tokens) if token in MARKS]:
        kept += tokens[done:at]
        done = at + 1
        if kept and kept[-1] in MARKS:
            kept[-1] = max(kept[-1], tokens[at])
        elif kept:
            kept.append(tokens[at])
    kept += tokens[done:]
    return kept[:-1] if kept and kept[-1] in MARKS else kept


def without_idle_commas(tokens: list[str]) -> list[str]:
    """Return the tokens of an English text without the commas that say nothing.

    >>> without_idle_commas("milk , chocolate , and nuts , because she likes them".split())
    ['milk', ',', 'chocolate', 'and', 'nuts', 'because', 'she', 'likes', 'them']
    """
    if "," not in tokens:
        return tokens
    apart, persons = words.word_classes()["apart"], words.word_classes()["person"]
    commas = [at for at, token in enumerate(tokens) if token in _COMMA]
    idle = [at for at in commas if tokens[at + 1] in apart or tokens[at - 1] in persons]
    if not words.negations().isdisjoint(tokens):
        idle = [at for at in idle if not _is_negated(tokens, at)]
    kept = tokens.copy()
    for at in reversed(idle):
        del kept[at]
    return kept


def _is_negated(tokens: list[str], at: int) -> bool:
    """Tell whether anything in the sentence before a place negates."""
    before = tokens[:at]
    start = len(before) - before[::-1].index(".") if "." in before else 0
    return not words.negations().isdisjoint(before[start:])
