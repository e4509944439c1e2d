"""The evidence in two facts: what differs between them, and how grave the gravest difference is. Pure.

Facts: the similarity of two texts does not tell whether they say the same. "16" for "18" is one character, and a list in another
order is half of a text. What differs tells it, whether something else is in its place, and how long the text is.

Strategy: tokens that only one side has are paired where they may be one word (`one_word.py`). The kind of what is left comes from
its cue, or from the class of word that it is. Of all kinds the gravest counts: a negation beside a typo is still a negation.
`KINDS` gives their order; how much each weighs, the model learns from data.

Rules: an amount, a moment or a name counts against another one if each side has one; any other word counts against whatever the
other side has. A name that is given as such ("a cat called tigger") is no typo. What a text holds twice counts twice. If neither
text shows itself to be English, two spellings or endings may be two words ("drucken", "drücken"), and nothing tells which. A verb
in another tense is a different thing.

Left out: who does what to whom where common words say it ("the dog bites the man"). It shows only where all else is the same.
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
    "form",  # an ending, an article or an auxiliary, and their places
    "spelling",  # an accent, or two spellings neither of which is a known word
    "added",  # what only one side says, or another preposition
    "near word",  # two words or names, one of which may be a typo of the other
    "sense",  # what is telling in the writing, a tense, or an article or a mark that decides the meaning
    "order",  # the order of words
    "word",  # a word, or an amount on one side alone
    "name",  # a name, or a token that is no word
    "opposite",
    "amount",  # a number, unit or moment
    "negation",
)
"""The kinds of difference, the lightest first. Each kind is one because its share of pairs that say the same differs measurably."""
MOST_PAIRED = 16  # tokens left on each side: where there are more, two texts do not differ in spelling
_OF_SPELLING = frozenset(["writing", "form"])
_AMOUNTS = ("moment", "number", "code", "unit")
_LIGHT = ("function", "article")  # kinds of token


class Evidence(NamedTuple):
    """The place of the gravest difference in `KINDS`, how many more words differ, and how many of the words are near words."""

    gravity: int
    more: int
    near_words: int


def counted(tokens: Sequence[str]) -> frozenset[str]:
    """Return the tokens without marks; the second occurrence of a token has one space after it, the third two, and so on.

    >>> sorted(counted(["tea", ",", "tea"]))
    ['tea', 'tea ']
    """
    spoken = [*filterfalse(MARKS.__contains__, tokens)]
    distinct = frozenset(spoken)
    if len(distinct) == len(spoken):
        return distinct
    times: Counter[str] = Counter()
    numbered = []
    for token in spoken:
        numbered.append(token + " " * times[token])
        times[token] += 1
    return frozenset(numbered)


def evidence(one: Gist, other: Gist, left: AbstractSet[str], right: AbstractSet[str]) -> Evidence:
    """Return the evidence in two gists; `left` and `right` are the `counted` tokens that only one of them has.

    >>> one, other = (Gist(("she", "likes", colour, "tea")) for colour in ("red", "green"))
    >>> KINDS[evidence(one, other, {"red"}, {"green"}).gravity]
    'word'
    """
    if not left and not right:
        return Evidence(KINDS.index(_kind_in_order(one.tokens, other.tokens)), 0, 0)
    called = {after for gist in (one, other) for before, after in pairwise(gist.tokens) if before in CALLING}
    kinds, mine, yours = without_other_forms(left, right, called)
    if (grave := _grave(mine, yours)) is not None:
        return Evidence(KINDS.index(grave), 0, 0)
    near_words, is_sure = 0, one.is_english or other.is_english
    if mine and yours and max(len(mine), len(yours)) <= MOST_PAIRED:
        spelled, near_words = without_other_spellings(mine, yours, called)
        kinds |= spelled
    if not is_sure and not _OF_SPELLING.isdisjoint(kinds):
        kinds.add("spelling")
    here, there = (Counter(map(TOKEN_KIND.__getitem__, side)) for side in (mine, yours))
    more = _of_words(here, there, kinds)
    if not ARTICLES.isdisjoint(map(str.rstrip, mine | yours)) and _introduced(one.tokens) != _introduced(other.tokens):
        kinds.add("sense")
    if are_moved(one.tokens, other.tokens):
        kinds |= {"form", *reattached(one.tokens, other.tokens)}
    return Evidence(max(map(KINDS.index, kinds), default=0), more, near_words)


def _kind_in_order(one: Sequence[str], other: Sequence[str]) -> str:
    """Return the kind of difference between two gists of the same tokens. Equal gists differ only in how the texts are written."""
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
    """Return the kind of a difference that is grave whatever else differs, None without one."""
    here, there = ({*map(TOKEN_KIND.__getitem__, side)} for side in (left, right))
    if "negation" in here or "negation" in there:
        return "negation"
    if not here.isdisjoint(there & {*_AMOUNTS}):
        return "amount"
    families = [{opposites().get(token.rstrip()) for token in side} - {None} for side in (left, right)]
    return None if families[0].isdisjoint(families[1]) else "opposite"


def _of_words(here: Counter[str], there: Counter[str], kinds: set[str]) -> int:
    """Add the kinds of difference in the tokens left on either side, counted by kind; return how many more words differ."""
    if any(here[kind] and there[kind] for kind in NAMES):
        kinds.add("name")
    mine, yours = (sum(count for kind, count in side.items() if kind not in _LIGHT) for side in (here, there))
    has_other = (mine and (yours or there["function"])) or (yours and here["function"])
    if has_other or any(here[kind] != there[kind] for kind in ("number", "code", "unit")):
        kinds.add("word")
    if mine != yours or (here["function"] and there["function"]):
        kinds.add("added")
    if any(side[kind] for side in (here, there) for kind in _LIGHT):
        kinds.add("form")
    return max(max(mine, yours) - 1, 0)


def _introduced(tokens: Sequence[str]) -> list[str]:
    """Return the articles after words that introduce something, such as "has" and "is", where an article changes the meaning."""
    introducing = word_classes.word_classes()["introducing"]
    return [after for before, after in pairwise(tokens) if after in ARTICLES and before in introducing]
