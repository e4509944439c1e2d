"""Tokens of two facts that may be one word: with another ending, another accent, a typo, or a space between its two parts."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from memproc.dedup.compare.token_kinds import FORM, SHORTEST_CHARS, TOKEN_KIND, written_units
from memproc.dedup.text import word_classes
from memproc.dedup.text.letters import without_accents
from memproc.dedup.text.tokens import size_of
from memproc.dedup.text.typos import IS_ODD

LEAST_ALIKE = 0.65  # normalised OSA similarity of a word and its typo: two edits in six letters
LEAST_ALIKE_ODD = 0.6  # the same if one is no word: two edits in five letters
_SHORTEST_COMPOUND = 6
_SHORTEST_PAST = 4
NAMES = ("name", "odd", "person")
_SPELLED = ("odd", "name", "word", "function", "symbol", "article", "quantifier", "pole", "negation", "unit")
_NEAR = ("word", "pole", "odd", "name", "function", "quantifier", "moment")
Tokens = Iterable[str]


def without_other_forms(
    left: AbstractSet[str], right: AbstractSet[str], called: AbstractSet[str]
) -> tuple[set[str], set[str], set[str]]:
    """Take out the tokens that are one word in two forms. Return the kinds of difference, and what is left of either side. `called`
    holds the names that are given as such, which have no other form.
    """
    mine, yours, kinds = {*left}, {*right}, set()
    forms = {FORM[token]: token for token in sorted(left - called, reverse=True)} if right else {}
    for token in sorted(right - called) if left else ():
        same = forms.pop(FORM[token], None)
        if same is not None:
            mine.remove(same)
            yours.remove(token)
            kinds.add(_kind_of_form(same.rstrip(), token.rstrip()))
    return kinds, mine, yours


def _kind_of_form(one: str, other: str) -> str:
    if _is_past(one) is not _is_past(other) and not (one.endswith("ing") or other.endswith("ing")):
        return "sense"
    if without_accents(one) == without_accents(other):
        return "spelling"
    return "writing" if IS_ODD[one] != IS_ODD[other] else "form"


def _is_past(word: str) -> bool:
    """Tell whether a word of English is a past form of a verb: "lived", "was", "gone"."""
    return word in word_classes.past_forms() or (len(word) > _SHORTEST_PAST and word.endswith("ed"))


def without_other_spellings(left: set[str], right: set[str], called: AbstractSet[str]) -> tuple[set[str], int]:
    """Take out, in place, the words that may be one word in two spellings. Return the kinds of difference, and how many are near
    words, which may also be two words.
    """
    kinds: set[str] = set()
    sides = ((left, right), (right, left))
    for side, others in sides:
        kinds.update(*(_as_unit(unit, side, others) for unit in sorted(side & written_units().keys())))
    for side, others in sides:
        odd = [token for token in side if TOKEN_KIND[token] == "odd" and len(token) >= SHORTEST_CHARS and token not in called]
        kinds.update(*(_as_typo(token, side, others) for token in sorted(odd)))
    near = [_as_near_word(token, left, right) for token in sorted(left) if _may_be_near(token)]
    for side, others in sides:
        kinds.update(*(_as_compound(token, side, others) for token in sorted(side)))
    return kinds | {"near word"} if any(near) else kinds, sum(near)


def _as_unit(unit: str, side: set[str], others: set[str]) -> set[str]:
    """Take out a unit and a typo of its word, since units are compared by their symbols: "h" and "hors"."""
    token = next((other for other in sorted(others) if TOKEN_KIND[other] in NAMES and _nearest(other, written_units()[unit])), None)
    if token is None:
        return set()
    side.remove(unit)
    others.remove(token)
    return {"writing"}


def _as_typo(token: str, side: set[str], others: set[str]) -> set[str]:
    near = _nearest(token, (word for word in others if _may_be(token, word)), LEAST_ALIKE_ODD)
    if near is None:
        return set()
    side.remove(token)
    others.remove(near)
    return {"spelling" if TOKEN_KIND[near] == "odd" else "writing"}


def _as_near_word(token: str, side: set[str], others: set[str]) -> bool:
    near = _nearest(token, filter(_may_be_near, others))
    if near is None:
        return False
    side.remove(token)
    others.remove(near)
    return True


def _may_be_near(token: str) -> bool:
    return TOKEN_KIND[token] in _NEAR and len(token) >= SHORTEST_CHARS


def _as_compound(token: str, side: set[str], others: set[str]) -> set[str]:
    parts = _parts_of(token, others)
    if not parts:
        return set()
    side.remove(token)
    others.difference_update(parts)
    return {"writing"}


def _may_be(odd: str, word: str) -> bool:
    """Tell whether an odd token may stand for a word: with the same first letter, unless it is a run of Chinese or Japanese."""
    return TOKEN_KIND[word] in _SPELLED and (word[0] == odd[0] or size_of(odd) > 1)


def _nearest(token: str, others: Tokens, least: float = LEAST_ALIKE) -> str | None:
    nearest = extractOne(token, sorted(others), scorer=OSA.normalized_similarity, score_cutoff=least)
    return None if nearest is None else str(nearest[0])


def _parts_of(token: str, others: AbstractSet[str]) -> tuple[str, ...]:
    """Return the two words of a compound if the other side has both: "low" and "carb" for "lowcarb" and "low-carb"."""
    if len(token) >= _SHORTEST_COMPOUND:
        for first in sorted(others):
            rest = token.removeprefix(first).lstrip("-")
            if len(first) > 1 and rest != token and rest in others:
                return first, rest
    return ()
