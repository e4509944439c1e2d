"""Phrases: where a phrase of the list of relations is among the words of a fact, and the value that follows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from memproc.dedup.changes.relation_list import STEM, Sort, Stems, relation_list
from memproc.dedup.text.cues import CUE
from memproc.dedup.text.tokens import MARKS

LONGEST_PHRASE = 6
LONGEST_VALUE = 6
_MOMENTS = ("date:", "time:", "month:", "weekday:")
_PARTED = frozenset(["give", "shave", "break", "split", "drop"])
_PARTICLES = frozenset(["away", "off", "out"])
_PLACES = frozenset(["in", "at", "of", "about"])
_RATES = frozenset(["day", "week", "month", "night"])
_TIMES = frozenset(["once", "twice", "times"])
_LENGTHS = frozenset(["min", "minut", "h", "hour", "mil", "lap", "step"])
_REASONS = frozenset(["for", "after", "because", "since", "due"])
_OFTEN = frozenset(["daily", "weekly", "monthly"])  # before a noun they say what kind it is


def phrase_at(use: str, words: Sequence[str], at: int) -> tuple[int, Stems, tuple[Sort, ...]] | None:
    """Return the longest phrase at a place, as `phrases_at` gives it."""
    return next(phrases_at(use, words, at), None)


def phrases_at(use: str, words: Sequence[str], at: int) -> Iterator[tuple[int, Stems, tuple[Sort, ...]]]:
    """Give the phrases at a place, the longest first, as the place after the phrase, its stems, and the relations that it may
    state. Possessives do not count: "quit his job".
    """
    listed = relation_list()
    sorts, lengths = listed.phrases[use]
    first, own = STEM[words[at]], listed.words["whose"]
    second = words[at + 1] if at + 1 < len(words) else ""
    if second in own:
        second = words[at + 2] if at + 2 < len(words) else ""
    possible = lengths.get((first, STEM[second])) or lengths.get((first,))
    if possible is None:
        return
    places = [place for place, word in enumerate(words[at : at + LONGEST_PHRASE + 1], at) if word not in own]
    there = tuple([STEM[words[place]] for place in places])
    for length in possible:
        found = sorts.get(there[:length])
        if found is not None and length <= len(there):
            yield places[length - 1] + 1, there[:length], found


def with_particle(words: Sequence[str], at: int) -> Sequence[str]:
    """Return the words with the particle of a verb next to it: "gave away his parrot"."""
    for place in range(at + 2, min(at + 5, len(words)) if STEM[words[at]] in _PARTED else 0):
        if words[place] in _PARTICLES:
            return [*words[: at + 1], words[place], *words[at + 1 : place], *words[place + 1 :]]
    return words


def value_at(words: Sequence[str], behind: int) -> Stems:
    """Return the value that begins after a phrase, as stems: up to a mark, a joining word or a place."""
    lists = relation_list().words
    value: list[str] = []
    for word in words[behind : behind + LONGEST_VALUE]:
        if word in MARKS or (word in lists["cut"] and (value or word not in _OFTEN)) or _ends_amount(word, value):
            break
        if word in _PLACES:
            if value and word != "of":
                break
        elif word not in lists["whose"]:
            value.append(STEM[word])
    return tuple(value)


def _ends_amount(word: str, value: list[str]) -> bool:
    """Tell whether a word says how often: "10 cigarettes a day". In "the gym 4 times" the number is taken out of the value too."""
    if word in _TIMES:
        value[1:] = [stem for stem in value[1:] if not stem.isdigit()]
        return True
    return word in _RATES and bool(value)


def without_amount(value: Stems) -> Stems:
    """Return a value without how far or how long: "20 minutes"."""
    if not value or not value[0].isdigit():
        return value
    return value[2:] if len(value) == 1 or value[1] in _LENGTHS or CUE[value[1]].startswith("unit:") else value


def topic_of(value: Stems) -> str:
    """Return the word of a value by which what may end is matched: the last one, but "Netflix" in "the Netflix subscription"."""
    kept = [word for word in value if word not in relation_list().words["tail"]] or value
    return kept[-1] if kept else ""


def is_moment(words: Sequence[str], behind: int) -> bool:
    """Tell whether a day or a time follows a phrase."""
    cut = relation_list().words["cut"]
    return any(CUE[word].startswith(_MOMENTS) and word not in cut for word in words[behind : behind + 3])


def moment_at(words: Sequence[str], behind: int) -> Stems:
    """Return the words of a day or a time."""
    return tuple(
        [word for word in words[behind : behind + LONGEST_VALUE] if word not in MARKS and word not in _PLACES and word != "on"]
    )


def is_all(words: Sequence[str], at: int) -> bool:
    """Tell whether nothing more is stated from a place on, except why or for how long."""
    return at >= len(words) or words[at] in MARKS or words[at] in _REASONS
