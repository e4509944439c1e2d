"""Typos: which words a token that is no word may stand for.

Rule: a typo is one edit inside a token that is neither a word nor a name, or a swap of two of its letters, that makes it a common
word of four letters or more. Nearly any token of four letters is one edit away from some word. So if such a token is near several
words, only typical errors of typing count: a swap, a doubled letter, or a missing letter of a frequent word. A word with an ending
or a prefix ("goin", "rewatch") is a word. If one of several possible words decides what is meant, only the likeliest counts, or
none if there is no single likeliest. The lists say what is a word, and so no typo of another: `data/README.md`.
"""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from memproc.dedup.text import word_classes, words, written_forms
from memproc.dedup.text.memo import Memo

_SHORT = 4
_PREFIXES = ("re", "un")
_TYPO_SHAPE = re.compile(r"[a-z]{4,24}")


def words_near(token: str) -> tuple[str, ...]:
    """Return the common words of which a token that is no word may be a typo: with a letter inside it added, missing or changed, or
    two neighbouring letters swapped. If a cue is among several words, only the likeliest one, or nothing.

    Distance: optimal string alignment.

    >>> words_near("kithcen"), words_near("kitchen"), words_near("nevr"), words_near("usaully")
    (('kitchen',), (), (), ('usually',))
    """
    if not _TYPO_SHAPE.fullmatch(token) or words.is_known(token):
        return ()
    targets, common, cues = words.typo_targets(token[0]), words.common_words(), word_classes.cue_kinds()
    sharing: list[str] = []
    for end in words.ends(token):
        sharing += targets.get(end, ())
    near = {word for word, _, _ in extract(token, sharing, scorer=OSA.distance, score_cutoff=1, limit=None)} if sharing else set()
    # A swap at an end changes its first or last letter, the one inside a word of four letters both its ends.
    swapped = [token[1] + token[0] + token[2:], token[:-2] + token[-1] + token[-2]]
    if len(token) == _SHORT:
        swapped.append(token[0] + token[2] + token[1] + token[3])
    near.update([word for word in swapped if word in common or word in cues])
    if _is_derived(token):  # a word, unless it is a typical typo of a frequent one: "untill"
        near = {word for word in near & words.frequent_words() if is_typed(token, word)}
    if not near:
        return ()
    if len(token) <= _SHORT and len(near) > 1:
        return _meant_by_few_letters(token, near)
    return tuple(sorted(near)) if not any(map(_is_decisive, near)) else _likeliest(token, near)


def _meant_by_few_letters(token: str, near: set[str]) -> tuple[str, ...]:
    """Return those of several words that four letters may stand for: by a typical typo, or a missing letter of a frequent word."""
    frequent = words.frequent_words() & near
    typed = {word for word in near if is_typed(token, word)}
    likely = typed | {word for word in frequent if len(word) > len(token)}
    if not any(map(_is_decisive, likely)):
        return tuple(sorted(likely))
    meant = _likeliest(token, likely)
    return meant if typed.issuperset(meant) or frequent <= likely else ()


def _is_decisive(word: str) -> bool:
    """Tell whether a word decides what is meant, or stands for other words."""
    return word in word_classes.cue_kinds() or word in written_forms.full_forms()


def _likeliest(token: str, near: set[str]) -> tuple[str, ...]:
    """Return the likeliest of several words, or nothing if there is no single one. Typical errors of typing are likelier (two
    letters swapped, one doubled, one missing), and of these the frequent words.
    """
    typed = {word for word in near if is_typed(token, word) or len(word) > len(token)} or near
    likeliest = (typed & words.frequent_words()) or typed
    return tuple(likeliest) if len(likeliest) == 1 and likeliest.isdisjoint(written_forms.full_forms()) else ()


def is_typed(token: str, word: str) -> bool:
    """Tell whether a token is a typical error in typing a word: two letters swapped, or one doubled or undoubled."""
    return sorted(word) == sorted(token) or _undoubled(word) == _undoubled(token)


def _is_derived(token: str) -> bool:
    """Tell whether a token is a word with an ending or a prefix, which dictionaries leave out."""
    is_clipped = token.endswith("in") and words.is_known(f"{token}g")
    return is_clipped or (token.startswith(_PREFIXES) and token[2:] in words.common_words())


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word)


def is_odd(token: str) -> bool:
    """Tell whether a token is neither a word nor a name."""
    return token[:1].isalpha() and not words.is_known(token)


IS_ODD = Memo(is_odd)  # whether a token is neither a word nor a name
NEAR = Memo(words_near)
