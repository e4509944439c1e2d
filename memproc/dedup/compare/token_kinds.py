"""The kind that a token is of, and the form in which it is one word with another: what is told of a token by itself. Pure.

Rules: a cue is of its kind, whatever it is written like. A number that says which one of many is a code. Other words are told by
the lists: those that hold a sentence together, those for persons, common ones; a name is known, and what no list has is odd.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from memproc.dedup.changes.frame import stem
from memproc.dedup.text import word_classes, word_lists, words
from memproc.dedup.text.cues import CUE
from memproc.dedup.text.letters import without_accents
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.typos import IS_ODD, NEAR
from memproc.dedup.text.units import unit_of, units

ARTICLES = frozenset(["a", "an", "the"])
SHORTEST_CHARS = 3  # letters of a word that may be a typo of another
_CODE_CHARS = 4
_FUNCTION_CLASSES = ("being", "preposition", "joining", "determiner", "phrase", "subordinating", "clause", "apart")
_MOMENTS = ("date", "month", "weekday", "time")
_WORDS_TOO = ("negation", "quantifier", "pole", "number")  # kinds of cue
_UNITS = ("unit", "currency", "percent")


def is_code(token: str) -> bool:
    """Tell whether a token with a digit says which one of many: four digits or more, or letters among the digits.

    >>> [*map(is_code, ["T540p", "2324", "16", "i5"])]
    [True, True, False, False]
    """
    return len(token) >= _CODE_CHARS and (sum(map(str.isdigit, token)) >= _CODE_CHARS or any(map(str.isalpha, token)))


@cache
def written_units() -> Mapping[str, Sequence[str]]:
    """Return the words for each unit, which is compared by its sign."""
    found: dict[str, list[str]] = defaultdict(list)
    for word, unit in units().items():
        if len(word) >= SHORTEST_CHARS:
            found[unit].append(word)
    return found


@cache
def _listed(kind: str) -> frozenset[str]:
    return frozenset(dict(word_lists.lines("kinds.txt"))[kind].split())


@cache
def _function_words() -> frozenset[str]:
    """Return the words of English that hold a sentence together."""
    classes = word_classes.word_classes()
    listed = {word for name in _FUNCTION_CLASSES for word in classes[name]} | {*word_classes.fillers()}
    return frozenset(listed - words.foreign_words()) | classes["being"] | classes["preposition"] | _listed("auxiliary")


def _kind_of_token(token: str) -> str:
    """Return the kind that a token is of, whichever time it is there."""
    token = token.rstrip()
    cue = CUE[token].partition(":")[0]
    if cue in _MOMENTS:
        return "moment"
    if any(map(str.isdigit, token)):
        return "code" if is_code(token) else "number"
    if cue in _UNITS:
        return "unit"
    if token in _listed("negation"):
        return "negation"
    if cue:
        return cue if cue in _WORDS_TOO else "code"  # an address, a handle, a path
    return _kind_of_word(token)


def _kind_of_word(token: str) -> str:
    if token in ARTICLES:
        return "article"
    if token in _listed("person"):
        return "person"
    if token in _function_words():
        return "function"
    if not token[:1].isalpha():
        return "symbol"
    return "word" if token in words.common_words() else "odd" if IS_ODD[token] else "name"


def _form_of(token: str) -> str:
    """Return what a token is compared by: what it means as a cue, or what it is a typo of, without accents and ending."""
    token = token.rstrip()
    near = NEAR[token]
    if len(near) == 1:
        token = unit_of(near[0])
    return stem(without_accents(CUE[token].partition(":")[2] or token))


TOKEN_KIND = Memo(_kind_of_token)
FORM = Memo(_form_of)
