"""The frame of a fact: what is left of it without what changes in the course of time.

Facts: "She has 2 cats" and "She has 3 cats" share their frame, as do "eats meat" and "does not eat meat". Short texts that differ
in one word share too few shingles to be found by them. Two facts of one frame may be before and after a change; the words that were
taken out tell whether they are.

Strategy: numbers, dates, times, addresses, negations, quantifiers and words that have an opposite are taken out, and the rest is
brought to its stem, since what is negated has another form. The stemmer is small: frames say where to look and merge nothing.

Rules for a change: it is of one family (an amount, a moment, an address, a state), or of two edits at most. An amount, a moment or
an address stood there before; one that is added is more detail, and no change.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

from rapidfuzz.distance import Levenshtein

from memproc.dedup.gist.gist import Gist, gist_of
from memproc.dedup.text import word_lists
from memproc.dedup.text.cues import CUE
from memproc.dedup.text.memo import Memo

LONGEST_CHARS = 500  # a longer text has no frame: it holds too much beside what changed
FEWEST_TOKENS = 2
MOST_EDITS = 2
_AUXILIARY = frozenset(["do", "does", "did"])
_OF_THE_MOMENT = frozenset(
    ["now", "again", "currently", "recently", "already", "still", "times", "week", "month", "year"]
)  # when it is told says its date
_PLACES = frozenset(["on", "in", "up", "at"])  # also before a day or a time
_FAMILIES = {
    **dict.fromkeys(("number", "version", "range", "percent", "unit"), "amount"),
    **dict.fromkeys(("date", "time", "month", "weekday"), "moment"),
    **dict.fromkeys(("e-mail", "handle", "address"), "address"),
    "negation": "negation",
    "quantifier": "quantifier",
}
_STANDS_ALONE = frozenset(["negation", "quantifier"])
_MOMENTS_BESIDE = ("month", "time")  # "12 may", "3 pm"
_IES = re.compile(r"(?<=\w\w)ies$")
_ENDING = re.compile(r"(?<=\w\w\w)(?:ing|ed|es|(?<!s)s)$")
_DOUBLED = re.compile(r"(?<=\w)([bdfgmnprt])\1$")
_LAST_E = re.compile(r"(?<=\w\w\w)e$")

Tokens = Sequence[str]


def frame_of(text: str, gist: Gist | None = None) -> str:
    """Return the frame of a canonical text, empty if it has none. It is quicker if the gist is given.

    >>> frame_of("she does not eat meat on weekdays"), frame_of("she eats meat")
    ('she eat meat', 'she eat meat')
    """
    if len(text) > LONGEST_CHARS:
        return ""
    kept = [*filter(None, map(FRAMED.__getitem__, (gist or gist_of(text)).tokens))]
    return " ".join(kept) if len(kept) >= FEWEST_TOKENS else ""


def is_change(one: Tokens, other: Tokens) -> bool:
    """Tell whether two gists with the same frame differ by a change of what was true before.

    >>> is_change("she has 2 cats".split(), "she has 3 cats".split()), is_change("she swims".split(), "she swims on monday".split())
    (True, False)
    """
    left, right = _by_family(one), _by_family(other)
    differing = {name for name in left.keys() | right.keys() if left.get(name) != right.get(name)}
    if left.get("negation") and right.get("negation"):
        differing.discard("negation")  # "never" for "not"
    if "moment" in differing:
        differing -= {_family_of(word) for word in _PLACES}
    is_negated = "negation" in differing
    if not differing or any(not _is_replaced(name, left, right, is_negated=is_negated) for name in differing):
        return False
    kinds = {"state" if name.startswith("pole") or name in _STANDS_ALONE else name for name in differing}
    edits = [edit for edit in Levenshtein.opcodes(one, other) if edit.tag != "equal"]
    return len(kinds) == 1 or len(edits) <= MOST_EDITS


def _is_replaced(name: str, left: Mapping[str, Counter[str]], right: Mapping[str, Counter[str]], *, is_negated: bool) -> bool:
    """Tell whether both sides hold something of this family, if the family requires that."""
    may_stand_alone = name in _STANDS_ALONE or (is_negated and name.startswith("pole"))
    return may_stand_alone or (name in left and name in right)


def _by_family(tokens: Tokens) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    kinds = ["", *(CUE[token].partition(":")[0] for token in tokens), ""]
    for at, token in enumerate(tokens, 1):
        name = _family_of(token)
        if name == "amount" and not {kinds[at - 1], kinds[at + 1]}.isdisjoint(_MOMENTS_BESIDE):
            name = "moment"
        if name:
            found.setdefault(name, Counter())[_meaning(token)] += 1
    return found


def _meaning(token: str) -> str:
    """Return the meaning of a token within its family: the same for "like" and "likes"."""
    return stem(token) if token in opposites() else token


def _family_of(token: str) -> str:
    if token in opposites():
        return opposites()[token]
    return _FAMILIES.get(CUE[token].partition(":")[0], "")


@cache
def opposites() -> Mapping[str, str]:
    """Return the family of each word that has an opposite."""
    return {word: f"pole {at}" for at, family in enumerate(_families_in("opposites.txt")) for word in family}


def _framed(token: str) -> str:
    """Return the form of a token in a frame, empty if it is taken out."""
    if token in _AUXILIARY or token in _OF_THE_MOMENT or _family_of(token):
        return ""
    return stem(token)


@cache
def _forms() -> Mapping[str, str]:
    return {word: forms[0] for forms in _families_in("forms.txt") for word in forms}


def _families_in(name: str) -> list[list[str]]:
    return [line.split() for (line,) in word_lists.lines(name)]


def stem(word: str) -> str:
    """Return a word without its ending, by a few rules.

    >>> [*map(stem, ["smokes", "smoking", "smoke", "cats", "running", "has", "tries"])]
    ['smok', 'smok', 'smok', 'cat', 'run', 'have', 'try']
    """
    if word in _forms():
        return _forms()[word]
    if not word.isalpha():
        return word
    bare = _ENDING.sub("", _IES.sub("y", word))
    return _LAST_E.sub("", bare if bare == word else _DOUBLED.sub(r"\1", bare))


FRAMED = Memo(_framed)
