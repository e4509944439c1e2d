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
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import filterfalse, pairwise
from typing import NamedTuple

from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from memproc.dedup.changes.frame import opposites
from memproc.dedup.compare.token_kinds import ARTICLES, FORM, SHORTEST_CHARS, TOKEN_KIND, written_units
from memproc.dedup.gist.gist import Gist
from memproc.dedup.gist.moments import is_told_behind
from memproc.dedup.gist.typo_links import CALLING
from memproc.dedup.text import word_classes
from memproc.dedup.text.letters import without_accents
from memproc.dedup.text.tokens import MARKS, size_of
from memproc.dedup.text.typos import IS_ODD

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
LEAST_ALIKE = 0.65  # normalised OSA similarity of two words of which one may be a typo of the other: two edits in six letters
LEAST_ALIKE_ODD = 0.6  # the same where one is no word: two edits in five
MOST_PAIRED = 16  # of each side: where more is left, two texts do not differ in spelling
_SHORTEST_COMPOUND = 6
_SHORTEST_PAST = 4
_OF_SPELLING = frozenset(["writing", "form"])
_JOINING = frozenset([",", "and", "or", "und", "oder", "y", "e", "o", "et", "ou"])
_AMOUNTS = ("moment", "number", "code", "unit")
_NAMES = ("name", "odd", "person")
_KIND_IF_REATTACHED = {
    "negation": "negation",
    "number": "amount",
    "code": "amount",
    "pole": "opposite",
    "name": "name",
    "odd": "name",
}
_LIGHT = ("function", "article")  # kinds of token
_SPELLED = ("odd", "name", "word", "function", "symbol", "article", "quantifier", "pole", "negation", "unit")
_NEAR = ("word", "pole", "odd", "name", "function", "quantifier", "moment")

Tokens = Iterable[str]


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
    found, mine, yours = _one_word_each(left, right, called)
    if (grave := _grave(mine, yours)) is not None:
        return Evidence(KINDS.index(grave), 0, 0)
    near_words, is_sure = 0, one.is_english or other.is_english
    if mine and yours and max(len(mine), len(yours)) <= MOST_PAIRED:
        spelled, near_words = _spelled_alike(mine, yours, called)
        found |= spelled
    if not is_sure and not _OF_SPELLING.isdisjoint(found):
        found.add("spelling")
    here, there = (Counter(map(TOKEN_KIND.__getitem__, side)) for side in (mine, yours))
    more = _of_words(here, there, found)
    if not ARTICLES.isdisjoint(map(str.rstrip, mine | yours)) and _introduced(one.tokens) != _introduced(other.tokens):
        found.add("sense")
    if _are_moved(one.tokens, other.tokens):
        found |= {"form", *_reattached(one.tokens, other.tokens)}
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
    return max(("order", *_reattached(one, other)), key=KINDS.index)


def _reattached(one: Sequence[str], other: Sequence[str]) -> set[str]:
    """Return the kinds of what belongs to something else in the other of two gists: numbers that stand in another order, a negation
    in front of another word, and a name or the like that is beside no word in both. What moves with its words, as "with Ann" does,
    is no such.
    """
    here, there = map(_neighbours, (one, other))
    shared = here.keys() & there.keys()
    numbers = [
        [token for token in tokens if token in shared and TOKEN_KIND[token] in ("number", "code")] for tokens in (one, other)
    ]
    found = {"amount"} if numbers[0] != numbers[1] else set[str]()
    for token in shared:
        kind = TOKEN_KIND[token]
        both = here[token] & there[token]
        is_attached = any(is_behind or kind != "negation" for is_behind, _ in both)
        if kind in _KIND_IF_REATTACHED and not is_attached:
            found.add(_KIND_IF_REATTACHED[kind])
    return found


def _neighbours(tokens: Sequence[str]) -> dict[str, set[tuple[bool, str]]]:
    """Return by token the words beside it, each with whether it is the one behind; empty where there is none."""
    found: dict[str, set[tuple[bool, str]]] = {}
    spoken = ["", *filterfalse(MARKS.__contains__, tokens), ""]
    for before, token, after in zip(spoken, spoken[1:], spoken[2:], strict=False):
        found.setdefault(token, set()).update(((False, before), (True, after)))
    return found


def are_one_list(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two lists of tokens hold one list in two orders, and else the same.

    >>> are_one_list("likes jazz and blues".split(), "likes blues and jazz".split())
    True
    >>> are_one_list("aime le jazz et le rock".split(), "aime le rock et le jazz".split())
    True
    >>> are_one_list("ann owes ben".split(), "ben owes ann".split())
    False
    """
    if len(one) != len(other):
        return False
    differing = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    if not differing:
        return False
    for start in (differing[0], max(differing[0] - 1, 0)):  # the items of "le jazz et le rock" share a word, and so do others
        for end in (differing[-1] + 1, differing[-1] + 2):
            here, there = one[start:end], other[start:end]
            if not _JOINING.isdisjoint(here) and _items(here) == _items(there):
                return True
    return False


def _items(tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the items of a list, sorted."""
    items: list[tuple[str, ...]] = [()]
    for token in tokens:
        if token in _JOINING:
            items.append(())
        else:
            items[-1] += (token,)
    return sorted(filter(None, items))


def _one_word_each(
    left: AbstractSet[str], right: AbstractSet[str], called: AbstractSet[str]
) -> tuple[set[str], set[str], set[str]]:
    """Pair the tokens that are one word in another form; return the kinds of difference, and what is left of either side."""
    mine, yours, found = {*left}, {*right}, set()
    forms = {FORM[token]: token for token in sorted(left - called, reverse=True)} if right else {}
    for token in sorted(right - called) if left else ():
        same = forms.pop(FORM[token], None)
        if same is not None:
            mine.remove(same)
            yours.remove(token)
            found.add(_kind_of_form(same.rstrip(), token.rstrip()))
    return found, mine, yours


def _kind_of_form(one: str, other: str) -> str:
    if _is_past(one) is not _is_past(other) and not (one.endswith("ing") or other.endswith("ing")):
        return "sense"
    if without_accents(one) == without_accents(other):
        return "spelling"
    return "writing" if IS_ODD[one] != IS_ODD[other] else "form"


def _is_past(word: str) -> bool:
    """Tell whether a word of English is a verb of the past, or one of what is over: "lived", "was", "gone"."""
    return word in word_classes.past_forms() or (len(word) > _SHORTEST_PAST and word.endswith("ed"))


def _grave(left: AbstractSet[str], right: AbstractSet[str]) -> str | None:
    """Return the kind of what is grave whatever else differs, if there is such."""
    here, there = ({*map(TOKEN_KIND.__getitem__, side)} for side in (left, right))
    if "negation" in here or "negation" in there:
        return "negation"
    if not here.isdisjoint(there & {*_AMOUNTS}):
        return "amount"
    families = [{opposites().get(token.rstrip()) for token in side} - {None} for side in (left, right)]
    return None if families[0].isdisjoint(families[1]) else "opposite"


def _spelled_alike(left: set[str], right: set[str], called: AbstractSet[str]) -> tuple[set[str], int]:
    """Take the words out of both sides that may be one word spelled in two ways; return the kinds of difference, and how many of
    them are two words.
    """
    found: set[str] = set()
    sides = ((left, right), (right, left))
    for own, others in sides:
        found.update(*(_as_unit(unit, own, others) for unit in sorted(own & written_units().keys())))
    for own, others in sides:
        odd = [token for token in own if TOKEN_KIND[token] == "odd" and len(token) >= SHORTEST_CHARS and token not in called]
        found.update(*(_as_typo(token, own, others) for token in sorted(odd)))
    near = [_as_near_word(token, left, right) for token in sorted(left) if _may_be_near(token)]
    for own, others in sides:
        found.update(*(_as_compound(token, own, others) for token in sorted(own)))
    return found | {"near word"} if any(near) else found, sum(near)


def _as_unit(unit: str, own: set[str], others: set[str]) -> set[str]:
    """Pair a unit, which is compared by its sign, with a typo of its word: "h" and "hors"."""
    token = next(
        (other for other in sorted(others) if TOKEN_KIND[other] in _NAMES and _nearest(other, written_units()[unit])), None
    )
    if token is None:
        return set()
    own.remove(unit)
    others.remove(token)
    return {"writing"}


def _as_typo(token: str, own: set[str], others: set[str]) -> set[str]:
    near = _nearest(token, (word for word in others if _may_be(token, word)), LEAST_ALIKE_ODD)
    if near is None:
        return set()
    own.remove(token)
    others.remove(near)
    return {"spelling" if TOKEN_KIND[near] == "odd" else "writing"}


def _as_near_word(token: str, own: set[str], others: set[str]) -> bool:
    near = _nearest(token, filter(_may_be_near, others))
    if near is None:
        return False
    own.remove(token)
    others.remove(near)
    return True


def _may_be_near(token: str) -> bool:
    return TOKEN_KIND[token] in _NEAR and len(token) >= SHORTEST_CHARS


def _as_compound(token: str, own: set[str], others: set[str]) -> set[str]:
    parts = _parts_of(token, others)
    if not parts:
        return set()
    own.remove(token)
    others.difference_update(parts)
    return {"writing"}


def _may_be(odd: str, word: str) -> bool:
    """Tell whether an odd token may stand for a word: nobody mistakes its first letter; a run of Chinese or Japanese has none."""
    return TOKEN_KIND[word] in _SPELLED and (word[0] == odd[0] or size_of(odd) > 1)


def _nearest(token: str, others: Tokens, least: float = LEAST_ALIKE) -> str | None:
    found = extractOne(token, sorted(others), scorer=OSA.normalized_similarity, score_cutoff=least)
    return None if found is None else str(found[0])


def _parts_of(token: str, others: AbstractSet[str]) -> tuple[str, ...]:
    """Return the two words of a compound, where the other side has both: "lowcarb" and "low-carb" of "low carb"."""
    if len(token) >= _SHORTEST_COMPOUND:
        for first in sorted(others):
            rest = token.removeprefix(first).lstrip("-")
            if len(first) > 1 and rest != token and rest in others:
                return first, rest
    return ()


def _of_words(here: Counter[str], there: Counter[str], found: set[str]) -> int:
    """Add the kinds of difference in what is left of either side, counted by kind of token; return how many more there are."""
    if any(here[kind] and there[kind] for kind in _NAMES):
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


def _are_moved(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether the tokens that two gists share stand in another order."""
    shared = frozenset(one).intersection(other).difference(MARKS)
    here, there = ([*dict.fromkeys(filter(shared.__contains__, tokens))] for tokens in (one, other))
    return here != there
