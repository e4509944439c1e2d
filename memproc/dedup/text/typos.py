"""Slips: which words a token that is none may stand for.

Rule: a typo is one edit inside a token that is neither word nor name, or a swap of two of its letters, that makes it a common
word of four letters or more. Where a token of four letters is near several, only what fingers do is one, as nearly anything is
one edit from some short word: a swap, a doubled letter, or a letter too few of a frequent word. A word with an ending or a prefix
("goin", "rewatch") is a word. Where a word that decides what is meant is among several, the likeliest alone is what it may stand
for, and nothing where that is not one. What is a word and no typo of another is told by the lists: `data/README.md`.
"""

from __future__ import annotations

import re

from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

from memproc.dedup.text import word_classes, words, written_forms
from memproc.dedup.text.memo import Memo

_SHORT = 4
_PREFIXES = ("re", "un")
_SLIP_SHAPE = re.compile(r"[a-z]{4,24}")


def words_near(token: str) -> tuple[str, ...]:
    """Return the common words that are one typo away from a token that is no word: a letter inside it more, less or other,
    or two neighbours swapped. Where a cue is among several, only the one that is likeliest, or nothing.

    Distance: optimal string alignment.

    >>> words_near("kithcen"), words_near("kitchen"), words_near("nevr"), words_near("usaully")
    (('kitchen',), (), (), ('usually',))
    """
    return NEAR[token]


def _words_near(token: str) -> tuple[str, ...]:
    if not _SLIP_SHAPE.fullmatch(token) or words.is_known(token):
        return ()
    targets, common, cues = words.typo_targets(token[0]), words.common_words(), word_classes.cue_kinds()
    sharing: list[str] = []
    for end in words.ends(token):
        sharing += targets.get(end, ())
    found = {word for word, _, _ in extract(token, sharing, scorer=OSA.distance, score_cutoff=1, limit=None)} if sharing else set()
    # A swap at an end changes its first or last letter, the one inside a word of four letters both its ends.
    swapped = [token[1] + token[0] + token[2:], token[:-2] + token[-1] + token[-2]]
    if len(token) == _SHORT:
        swapped.append(token[0] + token[2] + token[1] + token[3])
    found.update([word for word in swapped if word in common or word in cues])
    if _is_derived(token):  # a word, unless fingers make it of a frequent one: "untill"
        found = {word for word in found & words.frequent_words() if is_typed(token, word)}
    if not found:
        return ()
    if len(token) <= _SHORT and len(found) > 1:
        return _meant_by_few_letters(token, found)
    return tuple(sorted(found)) if not any(map(_is_decisive, found)) else _likeliest(token, found)


def _meant_by_few_letters(token: str, found: set[str]) -> tuple[str, ...]:
    """Return those of several words that four letters may stand for: typical typos, or a letter too few of a frequent word."""
    frequent = words.frequent_words() & found
    typed = {word for word in found if is_typed(token, word)}
    likely = typed | {word for word in frequent if len(word) > len(token)}
    if not any(map(_is_decisive, likely)):
        return tuple(sorted(likely))
    meant = _likeliest(token, likely)
    return meant if typed.issuperset(meant) or frequent <= likely else ()


def _is_decisive(word: str) -> bool:
    """Tell whether a word decides what is meant, or stands for others."""
    return word in word_classes.cue_kinds() or word in written_forms.full_forms()


def _likeliest(token: str, found: set[str]) -> tuple[str, ...]:
    """Return the one of several words that is likeliest meant, or nothing: of which two letters are swapped, one is doubled or
    one is left out, as fingers do; and of these the most frequent.
    """
    typed = {word for word in found if is_typed(token, word) or len(word) > len(token)} or found
    likeliest = (typed & words.frequent_words()) or typed
    return tuple(likeliest) if len(likeliest) == 1 and likeliest.isdisjoint(written_forms.full_forms()) else ()


def is_typed(token: str, word: str) -> bool:
    """Tell whether a token is what fingers make of a word: two letters swapped, or one doubled or undoubled."""
    return sorted(word) == sorted(token) or _undoubled(word) == _undoubled(token)


def _is_derived(token: str) -> bool:
    """Tell whether a token is a word with an ending or a prefix that dictionaries leave out."""
    is_clipped = token.endswith("in") and words.is_known(f"{token}g")
    return is_clipped or (token.startswith(_PREFIXES) and token[2:] in words.common_words())


def _undoubled(word: str) -> str:
    return re.sub(r"(.)\1", r"\1", word)


def is_odd(token: str) -> bool:
    """Tell whether a token is neither a word nor a name."""
    return token[:1].isalpha() and not words.is_known(token)


IS_ODD = Memo(is_odd)  # whether a token is neither a word nor a name
NEAR = Memo(_words_near)
