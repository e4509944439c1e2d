"""Forms in which words are written: contractions, numbers, second spellings, typical typos and abbreviations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from memproc.dedup.text.word_classes import word_classes
from memproc.dedup.text.word_lists import lines


@cache
def full_forms() -> Mapping[str, tuple[str, ...]]:
    """Return the tokens that each contraction and number word stands for."""
    return {
        **{short: tuple(full.split()) for short, full in lines("contractions.txt")},
        **{word: (form,) for word, form in numbers().items()},
    }


@cache
def numbers() -> Mapping[str, str]:
    """Return the digits of each number word, also of those joined by a hyphen: "twenty-one", "twenty-first"."""
    listed = dict(lines("numbers.txt"))
    tens = {word: form[0] for word, form in listed.items() if form.endswith("0") and len(form) == len("20") and form != "10"}
    ones = {word: form for word, form in listed.items() if form[0] != "0" and len(form.rstrip("stndrh")) == 1}
    return listed | {f"{ten}-{one}": digit + form for ten, digit in tens.items() for one, form in ones.items()}


@cache
def spellings() -> Mapping[str, str]:
    """Return the spelling in which a word with two spellings is compared, by its British spelling or the one with a hyphen."""
    return {one: compared for one, compared, _ in lines("spelling.txt")}


@cache
def typos() -> Mapping[str, str]:
    """Return the word that each typical typo of a very frequent word stands for."""
    return {typo: word for typo, word, *_ in lines("typos.txt")}


@cache
def abbreviations() -> Mapping[str, str]:
    """Return what each abbreviation with one reading stands for, including those of chats."""
    return {**chats(), **{short: word for short, word, *_ in lines("short.txt")}}


@cache
def chats() -> Mapping[str, str]:
    """Return what each abbreviation of chats stands for."""
    return {short: word for short, word, *_ in lines("chat.txt")}


@cache
def of_haste() -> frozenset[str]:
    """Return typical typos and abbreviations of chats: what is written in haste. With a capital they are names."""
    return frozenset([*typos(), *chats()])


class Phrase(NamedTuple):
    """Tokens of a language other than English, the form in which they are compared, and the kind of the difference."""

    tokens: tuple[str, ...]
    form: tuple[str, ...]
    kind: str


@cache
def elsewhere() -> tuple[Phrase, ...]:
    """Return the words and phrases of other languages that are compared in another form."""
    listed = [(written.removesuffix("."), form, kind) for kind, form, some in lines("elsewhere.txt") for written in some.split()]
    return tuple(Phrase(tuple(written.split("_")), tuple(form.split("_")), kind) for written, form, kind in listed)


@cache
def pointed() -> frozenset[str]:
    """Return the abbreviations of other languages after which a full stop ends no sentence."""
    listed = [written for _, _, some in lines("elsewhere.txt") for written in some.split() if written.endswith(".")]
    return frozenset(written.removesuffix(".").rpartition("_")[2] for written in listed)


@cache
def written_out() -> Mapping[str, tuple[str, ...]]:
    """Return the tokens in which contractions, number words, second spellings, typical typos and abbreviations are compared."""
    one_word = {**spellings(), **typos(), **abbreviations()}
    return {**full_forms(), **{one: tuple(compared.split()) for one, compared in one_word.items()}}


@cache
def places() -> Mapping[str, Sequence[tuple[str, frozenset[str]]]]:
    """Return, for short forms that stand for their full form only in some places, which words must be "before" or "behind" them."""
    places_of: dict[str, list[tuple[str, frozenset[str]]]] = defaultdict(list)
    for short, _, *conditions in (row for name in ("short.txt", "chat.txt") for row in lines(name)):
        for side, name in map(str.split, conditions):
            places_of[short].append((side, word_classes()[name]))
    return places_of
