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
    """A relation and a facet of it: values of one facet replace none of another, except with `EVERY_FACET`."""

    name: str
    facet: str


EVERY_FACET = "*"
STATE = "state"  # a facet that holds or does not hold, whatever its value


class Phrases(NamedTuple):
    """Phrases as stems: the relations that each may state, and the lengths of the phrases that begin with two stems, the longest
    first.
    """

    sorts: Mapping[Stems, tuple[Sort, ...]]
    lengths: Mapping[Stems, tuple[int, ...]]


class RelationList(NamedTuple):
    """The list as tables.

    `phrases` holds the phrases by their use, `sorts` the relations by use and stems, and `words` the words by use. `verbs` are the
    first stems of all phrases, and `uses` the uses of the phrases that begin with each. `behind_be` holds states that occur without
    their verb ("married to Leo"). `shapes` are patterns for the owner and the value in a text without spaces.
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
    """Return the list, read once."""
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
