"""The list of relations, `data/relations.txt`, as tables by stem."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import chain, product
from typing import NamedTuple

from memproc.dedup.changes.frame import stem
from memproc.dedup.text.letters import compared
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.word_lists import lines
from memproc.dedup.text.written_forms import spellings

STEM = Memo(lambda word: stem(spellings().get(word, word).removesuffix("-abo")))
_OF_PHRASES = ("phrase", "holder", "copula", "end", "begin", "gone")
_OF_SORTS = ("head", "kind", "alias")
NOT = frozenset(["not", "never", "no", "longer", "nicht", "kein", "keine", "keinen", "ne", "plus", "pas", "jamais"])
_ARTICLES = frozenset(["a", "an", "the"])

Stems = tuple[str, ...]


class Sort(NamedTuple):
    """A relation, and what within it: what is true of one facet replaces nothing in another, but for `EVERY_FACET`."""

    name: str
    facet: str


EVERY_FACET = "*"
STATE = "state"  # a facet of what is so or is not, whatever else is said of it


class Phrases(NamedTuple):
    """Phrases as stems, each with the relations that it may tell, and by their first two stems how long those are that begin
    with them, the longest first.
    """

    sorts: Mapping[Stems, tuple[Sort, ...]]
    lengths: Mapping[Stems, tuple[int, ...]]


class RelationList(NamedTuple):
    """`phrases` gives phrases by what they are there for; `sorts` for what it is there and a word or words as stems a relation;
    `words` the words that are there for something. `verbs` are the first stems of all phrases,
    `uses` what the phrases that begin with each are there for; `behind_be` the states that stand without their verb,
    "married to Leo". `shapes` find of whom and what a text without spaces tells.
    """

    phrases: Mapping[str, Phrases]
    sorts: Mapping[str, Mapping[Stems, Sort]]
    words: Mapping[str, AbstractSet[str]]
    verbs: AbstractSet[str]
    uses: Mapping[str, AbstractSet[str]]
    behind_be: AbstractSet[str]
    shapes: Sequence[tuple[re.Pattern[str], Sort]]


@cache
def relation_list() -> RelationList:
    """Return the list."""
    sorts_of: dict[str, dict[Stems, list[Sort]]] = {name: defaultdict(list) for name in (*_OF_PHRASES, *_OF_SORTS)}
    words: dict[str, set[str]] = defaultdict(set)
    shapes = []
    for use, sort, phrases in _lines():
        for phrase in phrases:
            if use == "shape":
                shapes.append((re.compile(phrase), sort))
            elif use in sorts_of:
                words["state"] |= {phrase.split()[1]} if phrase.startswith("be ") else set()
                sorts_of[use][stems_of(phrase)].append(sort)
            else:
                words[use] |= {phrase} if use not in ("attribute", "role", "any", "tail") else {STEM[phrase]}
    words["idle"] = words["drop"] | NOT
    words["whose"] = words["own"] | {"my"}
    tables = {use: _by_first(sorts_of[use]) for use in _OF_PHRASES}
    sorts = {use: {stems: found[0] for stems, found in sorts_of[use].items()} for use in _OF_SORTS}
    firsts_of = {use: {stems[0] for stems in table.sorts} for use, table in tables.items()}
    verbs = set().union(*firsts_of.values())
    uses = {verb: frozenset(use for use, firsts in firsts_of.items() if verb in firsts) for verb in verbs}
    return RelationList(tables, sorts, words, verbs, uses, words["state"] - (words["cut"] - {"on"}) - words["place"], shapes)


def stems_of(phrase: str) -> Stems:
    """Return the words of a phrase as stems, without articles."""
    return tuple([STEM[word] for word in phrase.split() if word not in _ARTICLES])


def _lines() -> Iterator[tuple[str, Sort, list[str]]]:
    for use, sort, phrases in lines("relations.txt"):
        name, _, facet = sort.partition("/")
        each = (product(*(compared(word).split("/") for word in phrase.split())) for phrase in phrases.split(" | "))
        told = [*map(" ".join, chain.from_iterable(each))]
        yield use, Sort(name, facet), [*told, *(phrase.replace("-", " ") for phrase in told if "-" in phrase)]


def _by_first(sorts_of: Mapping[Stems, Sequence[Sort]]) -> Phrases:
    lengths: dict[Stems, set[int]] = defaultdict(set)
    for stems in sorts_of:
        lengths[stems[:2]] |= {len(stems), *([1] if stems[:1] in sorts_of else [])}
    sorts = {stems: tuple(found) for stems, found in sorts_of.items()}
    return Phrases(sorts, {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()})
