"""A labelled corpus of memories with repeats and traps: what is written into which order, and what is true of it.

Facts
-----
- How texts are made is a `Way`: the ordinary and the recombining ones of templates, talk of what people said (`talk`).
- Of the records 25 % repeat an earlier one exactly, 24 % nearly, and 725 of 20,000 are traps; the rest
  is new. Talk has fewer repeats. Which record is which is shuffled; the first one is always new.
- A repeat derives from any earlier new record or trap, one near repeat in ten from another near repeat.
- Two new records never say the same: of two made from the same templates at least three facts differ.
- Two records of different entities never have the same normal form.
- (records, seed, texts) settle everything; the record at an index depends on all three.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Final

import orjson

from benchmarks.grammar import Draft, compose
from benchmarks.recombining import recombiner
from benchmarks.repeats import exact_repeat, near_repeat, normal_form
from benchmarks.traps import maybe_trap
from benchmarks.vocabulary import grow

TRAP_SHARE: Final = 725 / 20_000
NEAR_OF_NEAR_SHARE: Final = 0.1
DIFFERENT_FACTS: Final = 3


class Texts(StrEnum):
    """How new texts are made: each from sentences of its own, or half of it from shared ones, or as people said them."""

    ORDINARY = "ordinary"
    RECOMBINING = "recombining"
    TALK = "talk"


class MissingDataError(Exception):
    """Texts are made of data that is not at hand; the message says of which, and where it was looked for."""


class Kind(StrEnum):
    """What a record is to the records before it."""

    NEW = "new"
    EXACT = "exact"
    NEAR = "near"
    TRAP = "trap"


SHARES: Final = {Kind.EXACT: 0.25, Kind.NEAR: 0.24, Kind.TRAP: TRAP_SHARE}


@dataclass(frozen=True, slots=True)
class Label:
    """The truth about a record.

    `original` is the index of the earlier record it derives from, None for a new one. `entity` is the
    index of the first record that says the same: its own for a new record and for a trap.
    """

    kind: Kind
    original: int | None
    entity: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A record's text, its label, and its other fields: those of what it repeats."""

    content: str
    label: Label
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Way:
    """How the texts of a kind are made: new ones, a trap (None where a draft holds no fact to exchange), exact and near repeats.

    Exact repeats have the same `form`, near ones another. `shares` are those of the kinds that are not new.
    """

    compose: Callable[[random.Random], Draft]
    trap: Callable[[Draft, random.Random], str | None]
    exact: Callable[[str, random.Random], str]
    near: Callable[[str, random.Random], str]
    form: Callable[[str], str]
    shares: Mapping[Kind, float]


@dataclass(slots=True)
class _Written:
    """What has been written so far; lists of indexes are in ascending order."""

    way: Way
    entries: list[Entry] = field(default_factory=list)
    originals: list[int] = field(default_factory=list)
    near: list[int] = field(default_factory=list)
    drafts: dict[int, Draft] = field(default_factory=dict)
    new: list[int] = field(default_factory=list)
    facts: defaultdict[frozenset[str], list[tuple[str, ...]]] = field(default_factory=lambda: defaultdict(list))
    owners: dict[str, int] = field(default_factory=dict)

    def is_free(self, content: str, entity: int) -> bool:
        """Whether no other entity has a text of these words, whatever the punctuation."""
        return self.owners.get(_bare_form(content), entity) == entity

    def add(self, entry: Entry) -> None:
        """Append the entry."""
        index = len(self.entries)
        self.entries.append(entry)
        self.owners[_bare_form(entry.content)] = entry.label.entity
        if entry.label.entity == index:
            self.originals.append(index)
        elif entry.label.kind is Kind.NEAR:
            self.near.append(index)


def _bare_form(content: str) -> str:
    return normal_form(content).translate(_NO_PUNCTUATION)


_NO_PUNCTUATION: Final = str.maketrans("", "", ".,;:!?…")


def make_corpus(*, records: int, seed: int, texts: Texts = Texts.ORDINARY) -> tuple[Entry, ...]:
    """Give `records` entries in the order of the file.

    >>> [entry.label.kind.value for entry in make_corpus(records=4, seed=1)].count("exact")
    1
    """
    rng = random.Random(seed)
    written = _Written(_way(texts, records, seed, rng))
    for kind in plan(records, rng, written.way.shares):
        written.add(_MAKERS[kind](written, rng))
    return tuple(written.entries)


def plan(records: int, rng: random.Random, shares: Mapping[Kind, float]) -> tuple[Kind, ...]:
    """Give the kind of each record: the shares rounded down, shuffled, the first one new."""
    kinds = [kind for kind, share in shares.items() for _ in range(int(records * share))]
    kinds += [Kind.NEW] * (records - len(kinds) - 1)
    rng.shuffle(kinds)
    return (Kind.NEW, *kinds)[:records]


def write_corpus(*, records: int, seed: int, path: Path, texts: Texts = Texts.ORDINARY) -> Path:
    """Write the records to `path` as JSON lines, their labels beside it; give the path of the labels."""
    labels = path.with_suffix(".labels.jsonl")
    with path.open("wb") as record_file, labels.open("wb") as label_file:
        for number, entry in enumerate(make_corpus(records=records, seed=seed, texts=texts)):
            record = {"content": entry.content, **entry.fields, "metadata": {"n": number}}
            record_file.write(orjson.dumps(record) + b"\n")
            label_file.write(orjson.dumps(entry.label) + b"\n")
    return labels


def read_labels(path: Path) -> Iterator[Label]:
    """Give the labels of a file that `write_corpus` wrote, in the order of the records."""
    with path.open("rb") as lines:
        for line in lines:
            label = orjson.loads(line)
            yield Label(Kind(label["kind"]), label["original"], label["entity"])


def _way(texts: Texts, records: int, seed: int, rng: random.Random) -> Way:
    if texts is Texts.TALK:
        from benchmarks import talk  # noqa: PLC0415 - what `peers` imports counts as memory of each side

        return talk.way(rng)
    vocabulary = grow(records=records, seed=seed)
    composed = recombiner(vocabulary, rng) if texts is Texts.RECOMBINING else partial(compose, vocabulary)
    return Way(composed, partial(maybe_trap, vocabulary), exact_repeat, near_repeat, normal_form, SHARES)


def _new(written: _Written, rng: random.Random) -> Entry:
    index = len(written.entries)
    while True:
        draft = written.way.compose(rng)
        same_templates = written.facts[frozenset(draft.templates)]
        is_distinct = all(_are_distinct(draft.facts, facts) for facts in same_templates)
        if is_distinct and written.is_free(draft.text, index):
            break
    same_templates.append(draft.facts)
    written.drafts[index] = draft
    written.new.append(index)
    return Entry(draft.text, Label(Kind.NEW, None, index), draft.fields)


def _are_distinct(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether each has at least three facts that the other lacks."""
    return min(len(set(one) - set(other)), len(set(other) - set(one))) >= DIFFERENT_FACTS


def _trap(written: _Written, rng: random.Random) -> Entry:
    index = len(written.entries)
    while True:
        original = rng.choice(written.new)
        content = written.way.trap(written.drafts[original], rng)
        if content is not None and written.is_free(content, index):
            return Entry(content, Label(Kind.TRAP, original, index), written.entries[original].fields)


def _exact(written: _Written, rng: random.Random) -> Entry:
    original = rng.choice(written.originals)
    source = written.entries[original]
    return Entry(written.way.exact(source.content, rng), Label(Kind.EXACT, original, original), source.fields)


def _near(written: _Written, rng: random.Random) -> Entry:
    while True:
        is_second_hand = bool(written.near) and rng.random() < NEAR_OF_NEAR_SHARE
        original = rng.choice(written.near if is_second_hand else written.originals)
        source = written.entries[original]
        content = written.way.near(source.content, rng)
        is_changed = written.way.form(content) != written.way.form(source.content)
        if is_changed and written.is_free(content, source.label.entity):
            return Entry(content, Label(Kind.NEAR, original, source.label.entity), source.fields)


_MAKERS: Final[dict[Kind, Callable[[_Written, random.Random], Entry]]] = {
    Kind.NEW: _new,
    Kind.EXACT: _exact,
    Kind.NEAR: _near,
    Kind.TRAP: _trap,
}
