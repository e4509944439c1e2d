"""What is idle in an English text: fillers and articles in the places where they can be dropped, and commas that mean nothing.

Facts: nearly every filler has a meaning in some places: "well water", "his kind of music", "spoke clearly", "hates that song". An
article has one if it is a letter ("the A train", "influenza A in May"), if it changes a quantity ("a few") or singles something out
("the only child"), and after a preposition ("in the hospital", "out of the question").

Rules: `fillers.txt` says what can be dropped in which place. A few words after a negation only articles are dropped: "not really"
is not "not". Before a negation "just" is dropped: in "just does not eat meat" it does not mean "only". "The" is dropped, except
after words that introduce something ("is", "has", "bought"); there "a" is dropped, unless the noun means something else without it
("has a company"). So "a boss" never becomes "the boss".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from memproc.dedup.gist.commas import places_of, without_idle_commas, without_outer_marks
from memproc.dedup.gist.moments import told_behind
from memproc.dedup.text import word_classes
from memproc.dedup.text.chunks import AND, ARTICLE, FILLER
from memproc.dedup.text.tokens import MARKS
from memproc.dedup.text.word_classes import Place

SHORTEST_TOKENS = 2  # a gist of a single word says too little to merge by
NEGATED_TOKENS = 5  # how far a negation reaches: "can not see for sure" is not "can not see"

_MAY_BE_DROPPED = re.compile(f"[{ARTICLE}{FILLER}{AND}]")
_CLASS = word_classes.word_classes()
_SUBJECTS, _PERSONS, _BEING, _PREPOSITIONS = _CLASS["subject"], _CLASS["person"], _CLASS["being"], _CLASS["preposition"]
_NO_NOUN = _PREPOSITIONS | _CLASS["joining"] | _BEING | _CLASS["phrase"]
_AFTER_SO = _SUBJECTS | _CLASS["determiner"] | _PREPOSITIONS | {*MARKS}  # not "so many"
_STARTS_A_CLAUSE = _PERSONS | _CLASS["clause"]  # after "that": not "said that music"
_NO_LIST_GOES_ON = _CLASS["apart"] | _PERSONS  # with one of these behind "and"
_TELLING = ("tell", "tells", "told")
_HAD = ("a", "an", "to", "no", "some", "my", "his", "her")
_DEFINITE = "the"
_AFTER_AN = ("a", "e", "i", "o", "u", "h")


def without_idle(tokens: list[str], shape: str) -> tuple[list[str], list[str]]:
    """Return the tokens without fillers, idle articles and idle commas, and the kinds of what was dropped, except commas. In a list
    "and" becomes a comma: "tea, milk, and bread", "tea, milk and bread" and "tea, milk, bread" are one, but not "tea, milk bread".
    """
    kept, shape, dropped = _without_fillers(tokens, shape)
    joining = places_of(AND, shape)
    if joining:
        letters = [*shape]
        for at in joining:
            if at + 1 == len(kept) or kept[at + 1] not in _NO_LIST_GOES_ON:
                kept[at] = letters[at] = ","
        shape = "".join(letters)
    if joining or "filler" in dropped:  # two marks may have met
        kept, shape = without_outer_marks(kept, shape)
    kept = without_idle_commas(kept, shape)
    behind = told_behind(kept)
    return (kept, dropped) if behind is None else (behind, [*dropped, "time in front"])


def _without_fillers(tokens: list[str], shape: str) -> tuple[list[str], str, list[str]]:
    """Return the tokens of an English text without fillers and idle articles, their shape, and the kinds of those.

    >>> _without_fillers("well , she really drinks the tea in a hospital".split(), "f,_f_a__a_")
    (['she', 'drinks', 'tea', 'in', 'a', 'hospital'], '____a_', ['filler', 'filler', 'article'])
    """
    fillers = word_classes.fillers()
    kept: list[str] = []
    kept_shape = ""
    kinds: list[str] = []
    done = 0  # tokens before this place are decided; those between two fillers are kept as they are
    for found in _MAY_BE_DROPPED.finditer(shape):
        at = found.start()
        if at < done:
            continue
        kept += tokens[done:at]
        kept_shape += shape[done:at]
        done = at
        rest, place = fillers[tokens[at]]
        if not _can_be_dropped(place, tokens, at, rest, kept):
            continue
        done = end = at + 1 + len(rest)
        if place != "article":
            kinds.append("filler")
            done += not kept and end < len(tokens) and tokens[end] in MARKS  # the mark after an opener is dropped with it
        else:
            kinds.append("article")
    return kept + tokens[done:], kept_shape + shape[done:], kinds


def _can_be_dropped(place: Place, tokens: Sequence[str], at: int, rest: Sequence[str], kept: Sequence[str]) -> bool:
    end = at + 1 + len(rest)
    before, after = tokens[at - 1] if at else ".", tokens[end] if end < len(tokens) else "."
    if place == "article":
        return _is_article(tokens, at, kept[-1] if kept else before, after)  # "said that the tea", "was kind of a present"
    is_whole = not rest or tuple(tokens[at + 1 : end]) == rest
    if not is_whole or not word_classes.negations().isdisjoint(tokens[max(at - NEGATED_TOKENS, 0) : at]):
        return False
    if place == "clause" and before in _CLASS["object"] and kept[-2:-1] and kept[-2] in _TELLING:
        return after in _STARTS_A_CLAUSE
    if place == "late" and tokens[end + 1 : end + 2] == ["not"]:
        after = "not"  # "just does not eat meat" is not "eats only"
    return _STANDS_IN_PLACE[place](kept[-1] if kept else ".", after)


def _is_article(tokens: Sequence[str], at: int, before: str, after: str) -> bool:
    """Tell an article from a letter: "has a dog" from "vitamin a", "d and a daily", "plan a and b", "influenza a in May"."""
    listed = tokens[at - 2] if before in _CLASS["joining"] and at > 1 else before
    is_one = tokens[at] != "an" or after.startswith(_AFTER_AN)  # "An Li" is a name
    is_label = listed in word_classes.letter_labels() or (len(listed) == 1 and listed not in ("i", *MARKS))
    is_letter = before in _CLASS["determiner"] or (is_label and tokens[at] != _DEFINITE)
    is_before_a_noun = after[:1].isalpha() and after not in _CLASS["amount"] and after not in _NO_NOUN
    return is_before_a_noun and is_one and not is_letter and _is_idle(tokens[at], before, after)


def _is_idle(article: str, before: str, after: str) -> bool:
    """Tell whether a noun means the same without its article. At most one of "a" and "the" is idle in each place, because a known
    thing is not a new one: "the" is not idle after words that introduce something.
    """
    if article == _DEFINITE:
        is_bare = before in _PREPOSITIONS and after in word_classes.bare_nouns()
        return before not in _CLASS["introducing"] and not is_bare and after not in _CLASS["sense"]
    return before in _CLASS["introducing"] and after not in _CLASS["mass"]


def _starts_a_sentence(before: str, _: str = "") -> bool:
    return before in (".", "?")


_STANDS_IN_PLACE: dict[Place, Callable[[str, str], bool]] = {
    "anywhere": lambda _before, _after: True,
    "comment": lambda before, _after: before in MARKS or before in _SUBJECTS,
    "start": _starts_a_sentence,
    "opener": lambda before, after: _starts_a_sentence(before) and after in MARKS,
    "said": lambda before, after: _starts_a_sentence(before) and (after in MARKS or after in _PERSONS),
    "sound": lambda before, after: before in MARKS and after in MARKS,
    "clause": lambda before, after: before in _CLASS["saying"] and after in _STARTS_A_CLAUSE,
    "so": lambda before, after: (before == "," or _starts_a_sentence(before)) and after in _AFTER_SO,
    "have": lambda before, after: before in ("has", "have") and (after in _HAD or after[:1].isdigit()),
    "late": lambda before, after: before in _SUBJECTS and after not in _CLASS["limited"],
}
