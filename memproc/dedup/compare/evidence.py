"""What differs between two facts, and how grave the gravest of it is. Pure.

Facts: how alike two texts are does not tell whether they say the same: "16" for "18" is one character, a list in another order is
half of a text. What tells is what differs, whether something else stands in its place, and in how long a text.

Strategy: tokens that only one side has are paired where they may be one word: with another ending, another accent, a typo, the
space between two. What is left is of a kind by its cue, or by what sort of word it is. Of all kinds the gravest counts: a negation
is none the less one beside a typo. `KINDS` puts them in order; how grave each is, data tells the model.

Rules: an amount, a moment or a name stands against another where each side has one; any other word against whatever the other side
has. A word that is called so ("a cat called tigger") is no typo. What a text holds twice counts twice. Where neither text shows
itself to be English, two spellings or endings may be two words ("drucken", "drücken"), and nothing tells which. A verb in another
tense is another thing.

Left out: who does what to whom where common words tell it ("the dog bites the man"), which shows only where all else is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from itertools import filterfalse, pairwise
from typing import NamedTuple

from memproc.dedup.changes.frame import opposites
from memproc.dedup.compare.one_word import NAMES, without_other_forms, without_other_spellings
from memproc.dedup.compare.order import are_moved, are_one_list, reattached
from memproc.dedup.compare.token_kinds import ARTICLES, TOKEN_KIND
from memproc.dedup.gist.gist import Gist
from memproc.dedup.gist.moments import is_told_behind
from memproc.dedup.gist.typo_links import CALLING
from memproc.dedup.text import word_classes
from memproc.dedup.text.tokens import MARKS

KINDS = (
    "writing",  # a typo, the order of a list, the space in a compound
    "form",  # an ending, an article, an auxiliary, and where they stand
    "spelling",  # an accent, or two spellings of which neither is a known word
    "added",  # what one side alone says, or another preposition
    "near word",  # two words or names one of which may be a typo of the other
    "sense",  # what is telling in the writing, a tense, or an article or a mark on which the sense hangs
    "order",  # the order of words
    "word",  # a word, or an amount on one side alone
    "name",  # a name, or a token that is no word
    "opposite",
    "amount",  # a number, unit or moment
    "negation",
)
"""The kinds of difference, the lightest first: those that can be told from one another by the shares that say the same."""
MOST_PAIRED = 16  # of each side: where more is left, two texts do not differ in spelling
_OF_SPELLING = frozenset(["writing", "form"])
_AMOUNTS = ("moment", "number", "code", "unit")
_LIGHT = ("function", "article")  # kinds of token


class Evidence(NamedTuple):
    """The place of the gravest difference in `KINDS`, how many more there are of words, and how many words are near ones."""

    gravity: int
    more: int
    near_words: int


def counted(tokens: Sequence[str]) -> frozenset[str]:
    """Return the tokens but for marks; what is there a second time has a space behind it, and so on.

    >>> sorted(counted(["tea", ",", "tea"]))
    ['tea', 'tea ']
    """
    spoken = [*filterfalse(MARKS.__contains__, tokens)]
    found = frozenset(spoken)
    if len(found) == len(spoken):
        return found
    times: Counter[str] = Counter()
    numbered = []
    for token in spoken:
        numbered.append(token + " " * times[token])
        times[token] += 1
    return frozenset(numbered)


def evidence(one: Gist, other: Gist, left: AbstractSet[str], right: AbstractSet[str]) -> Evidence:
    """Return what tells whether two gists say the same; `left` and `right` are the `counted` tokens that one of them alone has.

    >>> one, other = (Gist(("she", "likes", colour, "tea")) for colour in ("red", "green"))
    >>> KINDS[evidence(one, other, {"red"}, {"green"}).gravity]
    'word'
    """
    if not left and not right:
        return Evidence(KINDS.index(_kind_in_order(one.tokens, other.tokens)), 0, 0)
    called = {after for gist in (one, other) for before, after in pairwise(gist.tokens) if before in CALLING}
    found, mine, yours = without_other_forms(left, right, called)
    if (grave := _grave(mine, yours)) is not None:
        return Evidence(KINDS.index(grave), 0, 0)
    near_words, is_sure = 0, one.is_english or other.is_english
    if mine and yours and max(len(mine), len(yours)) <= MOST_PAIRED:
        spelled, near_words = without_other_spellings(mine, yours, called)
        found |= spelled
    if not is_sure and not _OF_SPELLING.isdisjoint(found):
        found.add("spelling")
    here, there = (Counter(map(TOKEN_KIND.__getitem__, side)) for side in (mine, yours))
    more = _of_words(here, there, found)
    if not ARTICLES.isdisjoint(map(str.rstrip, mine | yours)) and _introduced(one.tokens) != _introduced(other.tokens):
        found.add("sense")
    if are_moved(one.tokens, other.tokens):
        found |= {"form", *reattached(one.tokens, other.tokens)}
    return Evidence(max(map(KINDS.index, found), default=0), more, near_words)


def _kind_in_order(one: Sequence[str], other: Sequence[str]) -> str:
    """Return the kind of difference between two gists of the same tokens; equal ones are told apart by how they are written."""
    if one == other:
        return "sense"
    if [*filterfalse(MARKS.__contains__, one)] == [*filterfalse(MARKS.__contains__, other)]:
        is_negated = any(TOKEN_KIND[token] == "negation" for token in one)
        return "sense" if is_negated or one.count(".") != other.count(".") else "form"  # "No. Meat is fine", "No meat is fine"
    if are_one_list(one, other):
        return "writing"
    if is_told_behind(one, other) or is_told_behind(other, one):
        return "form"
    return max(("order", *reattached(one, other)), key=KINDS.index)


def _grave(left: AbstractSet[str], right: AbstractSet[str]) -> str | None:
    """Return the kind of what is grave whatever else differs, if there is such."""
    here, there = ({*map(TOKEN_KIND.__getitem__, side)} for side in (left, right))
    if "negation" in here or "negation" in there:
        return "negation"
    if not here.isdisjoint(there & {*_AMOUNTS}):
        return "amount"
    families = [{opposites().get(token.rstrip()) for token in side} - {None} for side in (left, right)]
    return None if families[0].isdisjoint(families[1]) else "opposite"


def _of_words(here: Counter[str], there: Counter[str], found: set[str]) -> int:
    """Add the kinds of difference in what is left of either side, counted by kind of token; return how many more there are."""
    if any(here[kind] and there[kind] for kind in NAMES):
        found.add("name")
    mine, yours = (sum(count for kind, count in side.items() if kind not in _LIGHT) for side in (here, there))
    has_other = (mine and (yours or there["function"])) or (yours and here["function"])
    if has_other or any(here[kind] != there[kind] for kind in ("number", "code", "unit")):
        found.add("word")
    if mine != yours or (here["function"] and there["function"]):
        found.add("added")
    if any(side[kind] for side in (here, there) for kind in _LIGHT):
        found.add("form")
    return max(max(mine, yours) - 1, 0)


def _introduced(tokens: Sequence[str]) -> list[str]:
    """Return the articles behind words that bring something up, such as "has" and "is": there "a" is not "the", nor nothing."""
    introducing = word_classes.word_classes()["introducing"]
    return [after for before, after in pairwise(tokens) if after in ARTICLES and before in introducing]
