"""What the verb of a fact states: a phrase of the list of relations, or that something ends or begins."""

from __future__ import annotations

from collections.abc import Sequence

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
from memproc.dedup.changes.relation import DEATH, ROLE, WHEN, Clause, Relation, Subject, relation
from memproc.dedup.changes.relation_list import EVERY_FACET, STATE, STEM, Sort, Stems, relation_list
from memproc.dedup.text.tokens import MARKS
from memproc.dedup.text.words import common_words

SHORTEST_LEFT = 2
_ENDINGS = frozenset(["gone", "end", "begin"])
_SAID_FIRST = "event of "  # also said of an attribute: "the deadline was moved to"
_STOP = frozenset(["stop", "quit", "ceas"])
_START = frozenset(["start", "begin", "began", "resum", "keep", "continu"])
_DONE = frozenset(["be", "left", "quit", "sold", "gave", "given", "got", "lost", "stopped", "had"])  # after "has"
WILL = frozenset(["will", "would", "might", "may", "should", "could", "can"])
_SAYS_NOTHING = frozenset(["be", "become", "have", "get", "in", "diet", "to", "from"])  # in a value that holds its phrase
WISH = frozenset(["want", "plan", "hop", "wish", "need", "intend", "dream", "try", "decid", "expect", "about"])
OF = frozenset(["for", "of"])
_ALONE = frozenset([EVERY_FACET, STATE, "status", "dwelling"])  # facets that a phrase may state without a value
_NUMBERS = frozenset(["weight", "income", "waking", "sleeping"])  # relations whose value holds a number
_SUPPORT = "support"  # a club; of a person, more words follow
_OF_NOW = frozenset(["support", "attend", "learn", "study"])  # verbs that in the past tense state an event
_OF_NAMES = frozenset(["support", "attend"])  # verbs with many senses: in this one a name follows
_ENDS_TOO = frozenset(["graduat"])  # verbs followed by what has ended
_OF_MANY = frozenset(["are", "were"])
_NAMED = frozenset(["call", "nam"])
_LIVING = frozenset(["dog", "cat", "pet", "parrot", "hamster", "rabbit", "horse", "goldfish", "puppy", "kitten", "bird", "turtle"])
_PLURAL = frozenset(["", "they", "we"])


def told_by_verb(clause: Clause, at: int) -> tuple[Relation | None, bool]:
    """Return what the verb at a place states, and whether the places after it need not be tried. `clause.subject` is what stands
    before the verb.
    """
    words = clause.words
    if words[at] in MARKS:
        return _of_attribute(clause, at), True
    verb, is_past = _past_auxiliaries(words, at)
    if is_past:
        clause = clause._replace(is_over=True)
    if _is_to_come(words, verb):
        return None, True
    uses = relation_list().uses.get(STEM[words[verb]], ())
    state = _of_phrase(clause, verb) if "phrase" in uses else None
    if state is not None and (state.about.startswith(_SAID_FIRST) or state.facet == "way"):
        return state, True
    stated = (
        (_of_attribute(clause, verb) if clause.subject.nouns and "copula" in uses else None)
        or (_of_held(clause, verb) if "holder" in uses else None)
        or (_of_phrase(clause, verb - 1) if verb > at and STEM[words[verb - 1]] == "be" else None)
        or state
        or (_of_what_ends(clause, verb) if not _ENDINGS.isdisjoint(uses) else None)
    )
    if stated is None and is_past:
        stated = _topical(clause, verb + 1, STEM[words[verb]])
    return stated, verb > at


def _is_to_come(words: Sequence[str], at: int) -> bool:
    """Tell whether a plan or a wish is stated: "wants to move to Paris", but not "goes to college"."""
    if words[at] in WILL:
        return True
    is_wish = STEM[words[at]] in WISH or (words[at] == "going" and (at == 0 or STEM[words[at - 1]] == "be"))
    return is_wish and words[at + 1 : at + 2] == ["to"]


def _past_auxiliaries(words: Sequence[str], at: int) -> tuple[int, bool]:
    """Return the place of the main verb, and whether the words before it say that it is over."""
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


def _of_attribute(clause: Clause, at: int) -> Relation | None:
    """Return what a copula states of an attribute: "her phone is", "favorite color, "."""
    words, (owner, nouns) = clause.words, clause.subject
    phrase = (at + 1, ("be",)) if words[at] in MARKS else phrase_at("copula", words, at)
    if not nouns or phrase is None or words[at] in _OF_MANY:
        return None
    behind, copula = phrase[:2]
    is_named = copula[-1] in _NAMED
    if not is_named and not _is_attribute(nouns):
        return None
    if words[at] in MARKS and is_moment(words, behind):
        return relation(clause, WHEN, moment_at(words, behind), "be")
    behind += words[behind : behind + 1] == ["to"]  # "her goal is to run"
    value = value_at(words, behind)
    attributes = relation_list().words["attribute"]
    if not value:
        return None
    if is_named and nouns[-1] not in attributes - _LIVING:
        return relation(clause, Sort("name", ""), value, "be call", nouns[-1])
    bare = nouns
    if len(nouns) > 1 and nouns[0] in relation_list().words["any"]:
        bare = ("favorite", *nouns[1:]) if nouns[0] == "favorit" else nouns[1:]
    sort = relation_list().sorts["alias"].get(bare) or Sort(f"the {' '.join(bare)}", "one")
    return relation(clause._replace(subject=Subject(owner, ())), sort, value, "be")


def _is_attribute(nouns: Stems) -> bool:
    """Tell whether nouns name something of which a person or a thing has one: "phone", "favorite color", "deadline for report"."""
    lists = relation_list().words
    of = next((at for at, noun in enumerate(nouns) if noun in OF), len(nouns))
    return (nouns[0] in lists["any"] and len(nouns) > 1) or (of > 0 and nouns[of - 1] in lists["attribute"])


def _of_phrase(clause: Clause, at: int) -> Relation | None:
    """Return what a phrase of the list states."""
    words = clause.words
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
            topic = "" if is_when else topic_of(said if sort.facet == "dwelling" else value)
            return relation(clause, sort, said, stems[0], topic)
    return None


def _fits(sort: Sort, verb: str, value: Stems, left: Sequence[str]) -> bool:
    """Tell whether a value fits a relation, given the verb that states it and the words after that."""
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


def _of_held(clause: Clause, at: int) -> Relation | None:
    """Return what is stated of a value of a kind of which one is held at a time: "is in sales team", "uses firefox"."""
    lists, words = relation_list(), clause.words
    if STEM[words[at]] == "be" and (value := value_at(words, at + 1)) and not lists.words["role"].isdisjoint((value[0], value[-1])):
        at_whom = next((place for place in range(at + 2, len(words)) if words[place] in ("at", "for")), len(words))
        return relation(clause, ROLE, (*value, *value_at(words, at_whom + 1)), "be", value[-1])
    for behind, stems, (of, *_) in phrases_at("holder", words, at):
        value = value_at(words, behind)
        if not value or (stems[0] == "be" and is_moment(words, behind)):
            continue
        sort = lists.sorts["head"].get(value[-1:]) if len(value) > 1 else None
        if sort is None and of.name != "heads":
            sort = next((sort for stem in value if (sort := lists.sorts["kind"].get((stem,)))), None)
        if sort is None and len(value) == 2 and value[1][0].isdigit() and value[0].isalpha():  # noqa: PLR2004 - "node 20"
            sort = Sort(f"version of {value[0]}", "one")
        if sort is not None:
            return relation(clause, sort, value, stems[0], value[-1])
    return None


def _of_what_ends(clause: Clause, at: int) -> Relation | None:
    """Return what is stated of something that is over, or may end."""
    words, subject = clause.words, clause.subject
    if subject.nouns and phrase_at("gone", words, at):
        noun = next((noun for noun in subject.nouns if noun in _LIVING), subject.nouns[-1])
        return relation(clause._replace(is_over=True), DEATH, (), "")._replace(topic=f"{subject.owner} {noun}")
    clause = clause._replace(words=with_particle(words, at))
    for use in ("end", "begin"):
        if (phrase := phrase_at(use, clause.words, at)) is not None:
            ending = clause._replace(is_over=True) if use == "end" else clause
            stated = _topical(ending, phrase[0], "", verb=phrase[1][0])
            if stated is not None:
                return stated
    return None


def told_by_any_verb(clause: Clause, at: int) -> Relation | None:
    """Return what a short text states by a verb that is in no list, if it is in the present tense: "collects stamps"."""
    verb = clause.words[at]
    is_now = (
        (verb.endswith("s") or clause.subject.owner in _PLURAL) and STEM[verb] not in ("be", "have") and not verb.endswith("ed")
    )
    return _topical(clause, at + 1, STEM[verb]) if is_now else None


def _topical(clause: Clause, behind: int, by: str, verb: str = "") -> Relation | None:
    """Return what is stated of a topic that may end; `verb` stands for the value if there is none."""
    value = without_amount(value_at(clause.words, behind))
    if not value:
        value, by = tuple(filter(None, (by or verb,))), ""
    return relation(clause, None, value, by, topic_of(value)) if value else None
