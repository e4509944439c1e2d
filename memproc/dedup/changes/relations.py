"""Relations: what a fact says of whom, where one value replaces another as time moves on.

Facts: "lives in Berlin" and "lives in Paris" are one before and one after a change; "has a dog" and "has a cat", or "likes jazz"
and "likes rock", are both true at once. No likeness tells that: it is known of the relation. One has one home, one employer,
one favourite colour. And what is over is told by verbs of its own: "works at Siemens", "left Siemens".

Strategy: the relations, and the phrases that tell them, are a list (`relation_list.py`). A text is read from its front, in the
order of the list (`turns.py`): of whom it speaks, a phrase, and a value, each word by its stem. What is not in the list is no
relation. Of what may end, or is over, the last word of the value is a topic, by which both are found.

Rules: what is planned or wished is no relation. Where a relation has several facets, as the employer and the role of a job, facts
of other facets do not replace one another, but for those that are told of all ("retired"). A value that another holds whole is
more detail; of a role it is another one ("senior engineer").

Left out: subordinate clauses, second objects, and who "she" is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import NamedTuple

from memproc.dedup.changes.phrases import (
    is_all,
    is_moment,
    moment_at,
    phrase_at,
    phrases_at,
    topic_of,
    value_at,
    with_particle,
    without_amount,
)
from memproc.dedup.changes.relation_list import EVERY_FACET, NOT, STATE, STEM, Sort, Stems, relation_list
from memproc.dedup.changes.turns import CHANGES, ENDS, SIGNS, STARTS, exchanged, turned, without_french_negation
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.tokens import MARKS
from memproc.dedup.text.words import common_words

LOOKED_AT = 16  # tokens from the front
LONGEST_SUBJECT = 4
LONGEST_WORD = 40  # characters of a text without spaces
REPORT_TOKENS = 5
SHORTEST_LEFT = 2
SHORT = 9  # tokens of a text of which any verb may tell what lasts
ROLE = Sort("job", "role")
_ENDINGS = frozenset(["gone", "end", "begin"])
WHEN, DEATH = Sort("event", "when"), Sort("event", EVERY_FACET)
_SAID_FIRST = "event of "  # also of an attribute: "the deadline was moved to"
_PERSON_OF = {"his": "he", "her": "she", "their": "they", "our": "we", "its": "it"}
_OWNERS = frozenset(["my", "user's", "client's", "customer's", "mi", "mein", "meine", "mon", "ma"])
_STOP = frozenset(["stop", "quit", "ceas"])
_START = frozenset(["start", "begin", "began", "resum", "keep", "continu"])
_DONE = frozenset(["be", "left", "quit", "sold", "gave", "given", "got", "lost", "stopped", "had"])  # behind "has"
_WILL = frozenset(["will", "would", "might", "may", "should", "could", "can"])
_SAYS_NOTHING = frozenset(["be", "become", "have", "get", "in", "diet", "to", "from"])  # in a value that holds its phrase
_REPORTS = frozenset("mentioned said says stated states reported noted shared told explained confirmed revealed mentions".split())  # noqa: SIM905 - shorter so
_WISH = frozenset(["want", "plan", "hop", "wish", "need", "intend", "dream", "try", "decid", "expect", "about"])
_OF = frozenset(["for", "of"])
_BESIDE = _OF | {"to", "with"}  # within what is spoken of: "the trip to Japan"
_ALONE = frozenset([EVERY_FACET, STATE, "status", "dwelling"])  # facets that a phrase may tell alone
_NUMBERS = frozenset(["weight", "income", "waking", "sleeping"])  # of which the value holds a number
_SUPPORT = "support"  # of a club; of a person more is said
_OF_NOW = frozenset(["support", "attend", "learn", "study"])  # verbs that tell of an event when it is past
_OF_NAMES = frozenset(["support", "attend"])  # verbs of many senses: in this one a name is behind them
_ENDS_TOO = frozenset(["graduat"])  # verbs behind which stands what has ended
_NOT_THERE = re.compile("不|没|ない|ません")  # in a text without spaces
_OF_MANY = frozenset(["are", "were"])
_NAMED = frozenset(["call", "nam"])
_LIVING = frozenset(["dog", "cat", "pet", "parrot", "hamster", "rabbit", "horse", "goldfish", "puppy", "kitten", "bird", "turtle"])
_PLURAL = frozenset(["", "they", "we"])
_ASIDE = frozenset(["used", "has", "have", "had", "does", "do", "did"])


class Relation(NamedTuple):
    """What a fact says. `about` is the relation and of whom it is told, empty where it is none of the list; `facet` is what within
    it; `value` the stems of what it says. `topic` is what may be over and of whom that is told, empty where nothing of the kind is.
    `is_over` tells whether it says that it is so no more, `by` the verb that says so, or that may be over.
    """

    about: str
    facet: str
    value: frozenset[str]
    topic: str
    is_over: bool
    by: str


class _Subject(NamedTuple):
    """Of whom a fact speaks, empty for who speaks it, and of what that is theirs."""

    owner: str
    nouns: Stems

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.owner, *self.nouns)))


def relation_of(tokens: Sequence[str]) -> Relation | None:
    """Return the relation that a fact tells, given the tokens of its gist; None where it tells none.

    >>> relation_of("user lives in berlin".split()).about, relation_of("user moved to paris".split()).about
    ('home of ', 'home of ')
    >>> relation_of("she left siemens".split()).topic
    'she siemen'
    >>> relation_of("she likes jazz".split()).about
    ''
    """
    front = _without_report(tokens[:LOOKED_AT])
    if SIGNS.isdisjoint(front):
        return _relation_in(front, len(tokens), is_signed=False)
    front = without_french_negation(front)
    if (both := exchanged(front)) is not None:
        new, old = (_relation_in(side, len(side), is_signed=True) for side in both)
        if (new is not None and new.about) or both[1]:
            return new if new is not None and new.about else old
    return _relation_in(front, len(tokens), is_signed=True)


def _relation_in(front: Sequence[str], size: int, *, is_signed: bool) -> Relation | None:
    """Return the relation that the front of a fact of so many tokens tells; one that is signed may stand in another order."""
    lists = relation_list().words
    idle = lists["idle"]
    words = [token for token in front if token not in idle]
    if words and (is_signed or STARTS[words[0]] or ENDS[words[-1]] or CHANGES[words[:2][-1]]):
        words = [*turned(words)]
    if len(words) < 2 and not (words and len(front) > 1 and _MAY_BEGIN[words[0]]):  # noqa: PLR2004 - of whom, and what
        return _of_one_word("".join(front))
    is_over = not NOT.isdisjoint(front) and _is_negated(front)
    owner, begun, is_verb_next = _owner(words)
    last = begun if is_verb_next else begun + LONGEST_SUBJECT
    cut = lists["cut"]
    for at in range(begun, min(last + 1, len(words))):
        word = words[at]
        if _MAY_BEGIN[word] and (is_verb_next or not _is_noun(words, begun, at)):
            if at > begun and words[at - 1] == "to":
                break
            found, is_read = _told(words, at, _owned(owner, words[begun:at]), is_over=is_over)
            if found is not None or is_read:
                return found
        if word in cut and word not in _BESIDE:
            break
    return _of_any_verb(words, begun, owner, is_over=is_over) if is_verb_next and size <= SHORT else None


def _of_one_word(text: str) -> Relation | None:
    """Return what a fact tells that has no spaces between its words."""
    for shape, sort in () if text.isascii() or len(text) > LONGEST_WORD else relation_list().shapes:
        if (found := shape.search(text)) is not None:
            owner, value = found.groups()
            return _relation(sort, _Subject(owner, ()), (value,), "", is_over=_NOT_THERE.search(text) is not None)
    return None


def _may_begin(word: str) -> bool:
    """Tell whether a word may be a verb that something is told by, or a mark in its place."""
    is_aside = word in MARKS or word in _ASIDE or word in _WILL or word == "going"
    return is_aside or STEM[word] in relation_list().verbs or STEM[word] in _WISH


_MAY_BEGIN = Memo(_may_begin)


def _is_negated(tokens: Sequence[str]) -> bool:
    """Tell whether a negation is in the first clause."""
    cut = relation_list().words["cut"] - NOT
    clause = takewhile(lambda token: token not in MARKS and token not in cut, tokens[1:])
    return tokens[0] in NOT or not NOT.isdisjoint(clause)


def _is_noun(words: Sequence[str], begun: int, at: int) -> bool:
    """Tell whether a word that may be a verb is none: "her favorite drink is", "release date, "."""
    lists, then = relation_list().words, words[at + 1 : at + 2]
    if words[at] in MARKS or STEM[words[at]] == "be" or not then:
        return False
    is_before_copula = then[0] in MARKS or STEM[then[0]] == "be"
    return is_before_copula and at > begun and (STEM[words[at]] in lists["attribute"] or STEM[words[begun]] in lists["any"])


def _without_report(tokens: Sequence[str]) -> Sequence[str]:
    """Return the tokens without who says it: "user mentioned that he lives in rome"."""
    if _REPORTS.isdisjoint(tokens[1:REPORT_TOKENS]):
        return tokens
    if "that" in tokens[1:REPORT_TOKENS]:
        return tokens[tokens.index("that") + 1 :]
    for at, token in enumerate(tokens[1:REPORT_TOKENS], 2):  # a gist leaves "that" out before a clause
        if token in _REPORTS and at + 1 < len(tokens) and tokens[at] in relation_list().words["person"]:
            return tokens[at:]
    return tokens


def _owner(words: Sequence[str]) -> tuple[str, int, bool]:
    """Return of whom a fact speaks, where the rest begins, and whether that is the verb."""
    lists, first = relation_list().words, words[0]
    if first in lists["self"]:
        return "", 1, first not in _OWNERS
    if first in lists["person"]:
        return first, 1, True
    if first in lists["own"]:
        return _PERSON_OF.get(first, first), 1, False
    return "", 0, False


def _owned(owner: str, nouns: Sequence[str]) -> _Subject:
    """Return of whom and of what a fact speaks: "anna's phone"."""
    if not nouns:
        return _Subject(owner, ())
    for at, noun in enumerate(nouns):
        if noun.endswith(("'s", "s'")):
            whose = " ".join(filter(None, (owner, *nouns[:at], noun.removesuffix("'s").removesuffix("'"))))
            return _Subject(whose, tuple([STEM[word] for word in nouns[at + 1 :]]))
    return _Subject(owner, tuple([STEM[word] for word in nouns]))


def _told(words: Sequence[str], at: int, subject: _Subject, *, is_over: bool) -> tuple[Relation | None, bool]:
    """Return what the verb that begins at a place tells, and whether none behind it need be asked."""
    if words[at] in MARKS:
        return _of_attribute(words, at, subject, is_over=is_over), True
    verb, is_past = _past_auxiliaries(words, at)
    is_over = is_over or is_past
    if _is_to_come(words, verb):
        return None, True
    uses = relation_list().uses.get(STEM[words[verb]], ())
    state = _of_phrase(words, verb, subject, is_over=is_over) if "phrase" in uses else None
    if state is not None and (state.about.startswith(_SAID_FIRST) or state.facet == "way"):
        return state, True
    found = (
        (_of_attribute(words, verb, subject, is_over=is_over) if subject.nouns and "copula" in uses else None)
        or (_of_held(words, verb, subject, is_over=is_over) if "holder" in uses else None)
        or (_of_phrase(words, verb - 1, subject, is_over=is_over) if verb > at and STEM[words[verb - 1]] == "be" else None)
        or state
        or (_of_what_ends(words, verb, subject, is_over=is_over) if not _ENDINGS.isdisjoint(uses) else None)
    )
    if found is None and is_past:
        found = _topical(words, verb + 1, subject, STEM[words[verb]], is_over=True)
    return found, verb > at


def _is_to_come(words: Sequence[str], at: int) -> bool:
    """Tell whether what is planned or wished is told: "wants to move to Paris"; but not "goes to college"."""
    if words[at] in _WILL:
        return True
    is_wish = STEM[words[at]] in _WISH or (words[at] == "going" and (at == 0 or STEM[words[at - 1]] == "be"))
    return is_wish and words[at + 1 : at + 2] == ["to"]


def _past_auxiliaries(words: Sequence[str], at: int) -> tuple[int, bool]:
    """Return where the verb is, and whether what stands before it tells that it is over."""
    is_past = False
    while at + 1 < len(words):
        word, then = words[at], words[at + 1]
        stem, is_doing = STEM[word], then.endswith("ing")
        if word == "used" and then == "to" and at + 2 < len(words):
            is_past, at = True, at + 2
        elif stem in _STOP and is_doing:
            is_past, at = True, at + 1
        elif stem == "give" and then == "up" and at + 2 < len(words) and words[at + 2].endswith("ing"):
            is_past, at = True, at + 2
        elif (
            (stem in _START and is_doing)
            or (word in ("does", "did", "do") and STEM[then] in relation_list().verbs)
            or (stem == "have" and (then.endswith("ed") or then in _DONE or STEM[then] == "be"))
            or (stem == "be" and is_doing and then not in ("being", "going"))
        ):
            at += 1
        else:
            break
    return at, is_past


def _of_attribute(words: Sequence[str], at: int, subject: _Subject, *, is_over: bool) -> Relation | None:
    """Return what a copula says of an attribute: "her phone is", "favorite color, "."""
    owner, nouns = subject
    found = (at + 1, ("be",)) if words[at] in MARKS else phrase_at("copula", words, at)
    if not nouns or found is None or words[at] in _OF_MANY:
        return None
    behind, copula = found[:2]
    is_named = copula[-1] in _NAMED
    if not is_named and not _is_attribute(nouns):
        return None
    if words[at] in MARKS and is_moment(words, behind):
        return _relation(WHEN, subject, moment_at(words, behind), "be", is_over=is_over)
    behind += words[behind : behind + 1] == ["to"]  # "her goal is to run"
    value = value_at(words, behind)
    attributes = relation_list().words["attribute"]
    if not value:
        return None
    if is_named and nouns[-1] not in attributes - _LIVING:
        return _relation(Sort("name", ""), subject, value, "be call", is_over=is_over, topic=nouns[-1])
    bare = nouns
    if len(nouns) > 1 and nouns[0] in relation_list().words["any"]:
        bare = ("favorite", *nouns[1:]) if nouns[0] == "favorit" else nouns[1:]
    sort = relation_list().sorts["alias"].get(bare) or Sort(f"the {' '.join(bare)}", "one")
    return _relation(sort, _Subject(owner, ()), value, "be", is_over=is_over)


def _is_attribute(nouns: Stems) -> bool:
    """Tell whether nouns name what a person or a thing has one of: "phone", "favorite color", "deadline for report"."""
    lists = relation_list().words
    of = next((at for at, noun in enumerate(nouns) if noun in _OF), len(nouns))
    return (nouns[0] in lists["any"] and len(nouns) > 1) or (of > 0 and nouns[of - 1] in lists["attribute"])


def _of_phrase(words: Sequence[str], at: int, subject: _Subject, *, is_over: bool) -> Relation | None:
    """Return what a phrase of the list tells."""
    for behind, stems, sorts in phrases_at("phrase", words, at):
        is_when = WHEN in sorts and is_moment(words, behind)
        for sort in sorts:
            value = moment_at(words, behind) if is_when else value_at(words, behind)
            if (sort == WHEN) is not is_when or (sort.name == WHEN.name and not is_when and not is_all(words, behind)):
                continue
            says_alone = sort.facet in _ALONE
            if (not value and not says_alone) or not _fits(sort, words[at], value, words[behind:]):
                continue
            said = tuple([word for word in (*stems, *value) if word not in _SAYS_NOTHING]) if says_alone else value
            return _relation(
                sort,
                subject,
                said,
                stems[0],
                is_over=is_over,
                topic="" if is_when else topic_of(said if sort.facet == "dwelling" else value),
            )
    return None


def _fits(sort: Sort, verb: str, value: Stems, left: Sequence[str]) -> bool:
    """Tell whether a value may be one of a relation, as a verb tells it, behind which these words are left."""
    stem = STEM[verb]
    if stem in _OF_NOW and verb.endswith("ed"):
        return False
    if stem == _SUPPORT and len(left) > SHORTEST_LEFT:
        return False
    if stem in _ENDS_TOO:
        return not value and left[:1] != ["from"]
    if sort.name in _NUMBERS:
        return any(any(map(str.isdigit, word)) for word in value)
    return stem not in _OF_NAMES or not common_words().issuperset(value)


def _of_held(words: Sequence[str], at: int, subject: _Subject, *, is_over: bool) -> Relation | None:
    """Return what is told of a value that is of a kind of which one is held at a time: "is in sales team", "uses firefox"."""
    lists = relation_list()
    if STEM[words[at]] == "be" and (value := value_at(words, at + 1)) and not lists.words["role"].isdisjoint((value[0], value[-1])):
        at_whom = next((place for place in range(at + 2, len(words)) if words[place] in ("at", "for")), len(words))
        return _relation(ROLE, subject, (*value, *value_at(words, at_whom + 1)), "be", is_over=is_over, topic=value[-1])
    for behind, stems, (of, *_) in phrases_at("holder", words, at):
        value = value_at(words, behind)
        if not value or (stems[0] == "be" and is_moment(words, behind)):
            continue
        sort = lists.sorts["head"].get(value[-1:]) if len(value) > 1 else None
        if sort is None and of.name != "heads":
            sort = next((sort for one in value if (sort := lists.sorts["kind"].get((one,)))), None)
        if sort is None and len(value) == 2 and value[1][0].isdigit() and value[0].isalpha():  # noqa: PLR2004 - "node 20"
            sort = Sort(f"version of {value[0]}", "one")
        if sort is not None:
            return _relation(sort, subject, value, stems[0], is_over=is_over, topic=value[-1])
    return None


def _of_what_ends(words: Sequence[str], at: int, subject: _Subject, *, is_over: bool) -> Relation | None:
    """Return what is told of what may be over, or is."""
    if subject.nouns and phrase_at("gone", words, at):
        noun = next((noun for noun in subject.nouns if noun in _LIVING), subject.nouns[-1])
        return _relation(DEATH, subject, (), "", is_over=True)._replace(topic=f"{subject.owner} {noun}")
    joined = with_particle(words, at)
    for use in ("end", "begin"):
        if (found := phrase_at(use, joined, at)) is not None:
            told = _topical(joined, found[0], subject, "", is_over=is_over or use == "end", verb=found[1][0])
            if told is not None:
                return told
    return None


def _of_any_verb(words: Sequence[str], at: int, owner: str, *, is_over: bool) -> Relation | None:
    """Return what a short text tells by a verb that is in no list, if it tells it of now: "collects stamps"."""
    verb = words[at]
    is_now = (verb.endswith("s") or owner in _PLURAL) and STEM[verb] not in ("be", "have") and not verb.endswith("ed")
    return _topical(words, at + 1, _Subject(owner, ()), STEM[words[at]], is_over=is_over) if is_now else None


def _topical(words: Sequence[str], behind: int, subject: _Subject, by: str, *, is_over: bool, verb: str = "") -> Relation | None:
    value = without_amount(value_at(words, behind))
    if not value:
        value, by = tuple(filter(None, (by or verb,))), ""
    return _relation(None, subject, value, by, is_over=is_over, topic=topic_of(value)) if value else None


def _relation(sort: Sort | None, subject: _Subject, value: Stems, by: str, *, is_over: bool, topic: str = "") -> Relation:
    about, facet = (f"{sort.name} of {subject.name}", sort.facet) if sort else ("", "")
    return Relation(about, facet, frozenset(value), f"{subject.name} {topic}" if topic else "", is_over, by)
