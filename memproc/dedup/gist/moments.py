"""Words of time at the front of a text, moved to its end: "on Mondays she swims" becomes "she swims on Mondays".

Facts: at the front they refer to all that follows, at the end to what is next to them: "yesterday she said he left" is not "she
said he left yesterday", and "at night only I work" is not "only I work at night".

Rules: they are moved if the text is one clause with one verb of a list, without words whose meaning depends on the place of the
words of time, and without a past form or another acting person after that verb ("was happy Tom called"). With a single time ("in
2019", "on Monday") the text may hold nothing else that has a time of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from memproc.dedup.text import word_classes, word_lists, words

MOST_TOKENS = 14
_MOST_OF_MOMENT = 7
_COMMA = ","


def told_behind(tokens: list[str]) -> list[str] | None:
    """Return the tokens of a text with the words of time at its front moved to its end; None if they stay.

    >>> told_behind("on mondays she swims".split()), told_behind("on mondays only she swims".split())
    (['she', 'swims', 'on', 'mondays'], None)
    """
    if len(tokens) > MOST_TOKENS or tokens[:1] == [] or tokens[0] not in _told()["first"]:
        return None
    found = _moments().match(" ".join(tokens[:_MOST_OF_MOMENT]) + " ")
    if found is None:
        return None
    end = len(found[0].split())
    is_parted = tokens[end : end + 1] == [_COMMA]
    rest = tokens[end + is_parted :]
    if not is_parted and rest[:1] and _may_go_on(rest[0]):
        return None
    return rest + tokens[:end] if _is_one_clause(rest, is_habit=found["habit"] is not None) else None


def is_told_behind(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether, of two lists of the same tokens, one has its words of time at the front and the other at the end, or a word
    such as "sometimes" in another place. A person may read these differently. False if something negates or limits.

    >>> is_told_behind("in may i decided to quit".split(), "i decided to quit in may".split())
    True
    """
    told = _told()
    found = _moments().match(" ".join(one[:_MOST_OF_MOMENT]) + " ")
    end = len(found[0].split()) if found else int(one[0] in told["often"]) if one else 0
    if not end or not told["limit"].isdisjoint(one):
        return False
    front, rest, plain = one[:end], [*filter(_COMMA.__ne__, one[end:])], [*filter(_COMMA.__ne__, other)]
    return [*rest, *front] == plain or (end == 1 and rest == [*filter(front[0].__ne__, plain)])


def _may_go_on(word: str) -> bool:
    """Tell whether words of time may belong to the word after them: "after school activities", but not "after school she"."""
    classes = word_classes.word_classes()
    is_subject = word in classes["person"] or word in classes["owner"] or word == "user"
    return not is_subject and word in words.common_words() and word not in words.names_too()


def _is_one_clause(tokens: Sequence[str], *, is_habit: bool) -> bool:
    """Tell whether tokens are a subject, a verb, and words whose meaning does not depend on the place of the words of time."""
    told, classes = _told(), word_classes.word_classes()
    at = 2 if tokens[:1] and tokens[0] in classes["owner"] else 1  # the place of the verb
    if len(tokens) <= at or tokens[at] not in told["verb"]:
        return False
    subject, behind = {*tokens[:at]} - classes["person"] - {"it"}, tokens[at + 1 :]
    if not all(map(str.isalpha, subject)) or not subject.isdisjoint(told["verb"] | told["never"]):
        return False
    while behind[:1] and behind[0] in told["verb"]:  # "has lived in"
        behind = behind[1:]
    if behind[:1] == ["to"] and tokens[at] in told["motion"]:
        behind = behind[1:]
    if any(word in word_classes.past_forms() or word.endswith("ed") for word in behind) or _has_other_subject(behind):
        return False
    return told["never"].isdisjoint(behind) and (is_habit or told["once"].isdisjoint(behind[behind[:1] == ["in"] :]))


def _has_other_subject(tokens: Sequence[str]) -> bool:
    """Tell whether a person is named who may do something: "was happy tom called", but not "met tom in rome"."""
    kin, common, verbs = _told()["kin"], words.common_words(), _verbs_of_others()
    return any(after in verbs and word.isalpha() and (word in kin or word not in common) for word, after in pairwise(tokens))


@cache
def _verbs_of_others() -> frozenset[str]:
    """Return the words that may be the verb of a person named before them."""
    classes = word_classes.word_classes()
    third = {word + "s" for word in words.common_words()}
    return (_told()["verb"] | third) - classes["preposition"] - classes["joining"]


@cache
def _told() -> Mapping[str, frozenset[str]]:
    return {kind: frozenset(listed.split()) for kind, listed in word_lists.lines("moments.txt")}


@cache
def _moments() -> re.Pattern[str]:
    """Return the pattern of words of time, of a habit or of a single time, at the beginning of joined tokens."""
    day, part, season, span, meal = ("|".join(sorted(_told()[kind])) for kind in ("day", "part", "season", "span", "meal"))
    date, year = r"(?:\d{4}-\d\d(?:-\d\d)?|[a-z]{3}-\d\d)", r"(?:19|20)\d\d"
    habits = (
        rf"on (?:\w+days|weekends)(?: , \w+days)?(?: (?:{part}))?",
        rf"(?:every|each) (?:other )?(?:{day}|{part}|{season}|{span})",
        rf"in (?:the )?(?:{part}|spring|summers?|autumn|fall|winters?)",
        r"at (?:night|noon|midnight|dawn|weekends|\d\d:\d\d)",
        rf"(?:once|twice|\d{{1,2}} times) (?:a|every|each) (?:{span})",
        rf"(?:before|after|during) (?:the )?(?:{meal}|{span}|{season})",
    )
    times = (
        rf"on (?:(?:{day})(?: (?:{part}))?|{date})",
        rf"in (?:{year}|{season}|{date})",
        rf"(?:last|next|this) (?:{day}|{part}|{season}|{span})",
        rf"(?:yesterday|tomorrow)(?: (?:{part}))?|today|tonight",
        rf"since (?:{year}|{season})",
    )
    return re.compile(rf"(?:(?P<habit>{'|'.join(habits)})|{'|'.join(times)})(?= )", re.ASCII)
