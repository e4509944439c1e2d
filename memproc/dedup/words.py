"""The word lists, each read once from its data file when first needed. Where they come from: `data/README.md`."""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

Place = Literal["anywhere", "adverb", "hedge", "start", "opener", "article"]


@cache
def common_words() -> frozenset[str]:
    """Return the English words that a slip may stand for."""
    return frozenset(_zipped("common.txt.gz"))


@cache
def known_words() -> frozenset[str]:
    """Return all English words, short forms and names, the common words among them."""
    return common_words().union(_zipped("known.txt.gz"), full_forms())


@cache
def slip_targets() -> Mapping[tuple[str, str, int], tuple[str, ...]]:
    """Return the words that a slip may stand for, cues among them, by (first letter, last letter, length)."""
    shapes: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for word in common_words() | cue_kinds().keys():
        shapes[word[0], word[-1], len(word)].append(word)
    return {shape: tuple(words) for shape, words in shapes.items()}


@cache
def fillers() -> Mapping[str, tuple[tuple[str, ...], Place]]:
    """Return, by its first token, the tokens that follow in a filler and where it can be dropped."""
    found = {}
    for phrase, place, _ in _lines("fillers.txt"):
        first, *rest = phrase.split()
        found[first] = (tuple(rest), place)
    return found  # type: ignore[return-value]


@cache
def full_forms() -> Mapping[str, tuple[str, ...]]:
    """Return what contractions and number words stand for, as tokens."""
    return {short: tuple(full.split()) for name in ("contractions.txt", "numbers.txt") for short, full in _lines(name)}


@cache
def cue_kinds() -> Mapping[str, str]:
    """Return the kind of cue of each word whose presence decides."""
    return {word: kind for kind, words in _lines("cues.txt") for word in words.split()}


@cache
def negations() -> frozenset[str]:
    """Return the words that negate what follows."""
    return frozenset(word for word, kind in cue_kinds().items() if kind == "negation")


@cache
def foreign_words() -> frozenset[str]:
    """Return frequent words of other languages in Latin script."""
    return frozenset(word for _, words in _lines("foreign.txt") for word in words.split())


@cache
def english_words() -> frozenset[str]:
    """Return the words and short forms that show a text to be English."""
    lines = [word for line in _lines("english.txt") for word in line[0].split()]
    return frozenset((*lines, *(short for short, _ in _lines("contractions.txt"))))


def _zipped(name: str) -> list[str]:
    return gzip.decompress((files(__package__) / "data" / name).read_bytes()).decode().split()


def _lines(name: str) -> Iterator[list[str]]:
    text = (files(__package__) / "data" / name).read_text("utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
