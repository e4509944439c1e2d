"""Relations: what a fact states of whom, where one value replaces another in the course of time.

Facts: "lives in Berlin" and "lives in Paris" are true one after the other; "has a dog" and "has a cat", or "likes jazz" and "likes
rock", are both true at once. Similarity does not tell these cases apart, but the relation does: people have one home, one
employer, one favourite colour. And verbs of their own say that something is over: "works at Siemens", "left Siemens".

Strategy: the relations, and the phrases that state them, are a list (`relation_list.py`). A text is brought to the order of the
list (`turns.py`) and read from its front: the subject, a phrase, and a value, each word by its stem. What is not in the list is no
relation. For what may end, or is over, the last word of the value is the topic, by which the two are matched.

Rules: a plan or a wish is no relation. If a relation has several facets, such as the employer and the role of a job, facts of
different facets do not replace one another, except those that are about every facet ("retired"). A value that contains another one
adds detail; a role that does so is another role ("senior engineer").

Left out: subordinate clauses, second objects, and who "she" is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from memproc.dedup.changes.relation import Clause, Relation, Subject, relation
from memproc.dedup.changes.relation_list import NOT, STEM, relation_list
from memproc.dedup.changes.told_by_verb import OF, WILL, WISH, told_by_any_verb, told_by_verb
from memproc.dedup.changes.turns import CHANGES, ENDS, SIGNS, STARTS, exchanged, turned, without_french_negation
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.tokens import MARKS

LOOKED_AT = 16  # tokens from the front
LONGEST_SUBJECT = 4
LONGEST_WORD = 40  # characters of a text without spaces
REPORT_TOKENS = 5
SHORT = 9  # tokens of a text in which any verb may state what lasts
_PERSON_OF = {"his": "he", "her": "she", "their": "they", "our": "we", "its": "it"}
_OWNERS = frozenset(["my", "user's", "client's", "customer's", "mi", "mein", "meine", "mon", "ma"])
_REPORTS = frozenset("mentioned said says stated states reported noted shared told explained confirmed revealed mentions".split())  # noqa: SIM905 - shorter so
_BESIDE = OF | {"to", "with"}  # within a subject: "the trip to Japan"
_NOT_THERE = re.compile("不|没|ない|ません")  # in a text without spaces
_ASIDE = frozenset(["used", "has", "have", "had", "does", "do", "did"])


def relation_of(tokens: Sequence[str]) -> Relation | None:
    """Return the relation that a fact states, given the tokens of its gist; None if it states none.

    >>> relation_of("user lives in berlin".split()).about, relation_of("user moved to paris".split()).about
    ('home of ', 'home of ')
    >>> relation_of("she left siemens".split()).topic
    'she siemen'
    >>> relation_of("she likes jazz".split()).about
    ''
    """
    front = _without_report(tokens[:LOOKED_AT])
    if SIGNS.isdisjoint(front):
        return _relation_in(front, len(tokens), may_be_turned=False)
    front = without_french_negation(front)
    if (both := exchanged(front)) is not None:
        new, old = (_relation_in(side, len(side), may_be_turned=True) for side in both)
        if (new is not None and new.about) or both[1]:
            return new if new is not None and new.about else old
    return _relation_in(front, len(tokens), may_be_turned=True)


def _relation_in(front: Sequence[str], size: int, *, may_be_turned: bool) -> Relation | None:
    """Return the relation that the front of a fact of `size` tokens states; `may_be_turned` says that it has a sign of a turn."""
    lists = relation_list().words
    idle = lists["idle"]
    words = [token for token in front if token not in idle]
    if words and (may_be_turned or STARTS[words[0]] or ENDS[words[-1]] or CHANGES[words[:2][-1]]):
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
            stated, is_read = told_by_verb(Clause(words, _owned(owner, words[begun:at]), is_over), at)
            if stated is not None or is_read:
                return stated
        if word in cut and word not in _BESIDE:
            break
    return told_by_any_verb(Clause(words, Subject(owner, ()), is_over), begun) if is_verb_next and size <= SHORT else None


def _of_one_word(text: str) -> Relation | None:
    """Return what a fact states that has no spaces between its words."""
    for shape, sort in () if text.isascii() or len(text) > LONGEST_WORD else relation_list().shapes:
        if (match := shape.search(text)) is not None:
            owner, value = match.groups()
            return relation(Clause((), Subject(owner, ()), _NOT_THERE.search(text) is not None), sort, (value,), "")
    return None


def _may_begin(word: str) -> bool:
    """Tell whether a word may be a verb that states something, or a mark in its place."""
    is_aside = word in MARKS or word in _ASIDE or word in WILL or word == "going"
    return is_aside or STEM[word] in relation_list().verbs or STEM[word] in WISH


_MAY_BEGIN = Memo(_may_begin)


def _is_negated(tokens: Sequence[str]) -> bool:
    """Tell whether a negation is in the first clause."""
    cut = relation_list().words["cut"] - NOT
    clause = takewhile(lambda token: token not in MARKS and token not in cut, tokens[1:])
    return tokens[0] in NOT or not NOT.isdisjoint(clause)


def _is_noun(words: Sequence[str], begun: int, at: int) -> bool:
    """Tell whether a word that may be a verb is a noun: "her favorite drink is", "release date, "."""
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
    for at, token in enumerate(tokens[1:REPORT_TOKENS], 2):  # a gist drops "that" before a clause
        if token in _REPORTS and at + 1 < len(tokens) and tokens[at] in relation_list().words["person"]:
            return tokens[at:]
    return tokens


def _owner(words: Sequence[str]) -> tuple[str, int, bool]:
    """Return of whom a fact speaks, the place where the rest begins, and whether the rest begins with the verb."""
    lists, first = relation_list().words, words[0]
    if first in lists["self"]:
        return "", 1, first not in _OWNERS
    if first in lists["person"]:
        return first, 1, True
    if first in lists["own"]:
        return _PERSON_OF.get(first, first), 1, False
    return "", 0, False


def _owned(owner: str, nouns: Sequence[str]) -> Subject:
    """Return the subject of a fact, such as "anna's phone"."""
    if not nouns:
        return Subject(owner, ())
    for at, noun in enumerate(nouns):
        if noun.endswith(("'s", "s'")):
            whose = " ".join(filter(None, (owner, *nouns[:at], noun.removesuffix("'s").removesuffix("'"))))
            return Subject(whose, tuple([STEM[word] for word in nouns[at + 1 :]]))
    return Subject(owner, tuple([STEM[word] for word in nouns]))
