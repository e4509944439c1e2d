"""Phrases: where one of the list of relations stands among the words of a fact, and what value is behind it."""

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
_OFTEN = frozenset(["daily", "weekly", "monthly"])  # before a noun they say of what kind it is


def phrase_at(use: str, words: Sequence[str], at: int) -> tuple[int, Stems, tuple[Sort, ...]] | None:
    """Return the longest phrase that stands at a place, as `phrases_at` gives it."""
    return next(phrases_at(use, words, at), None)


def phrases_at(use: str, words: Sequence[str], at: int) -> Iterator[tuple[int, Stems, tuple[Sort, ...]]]:
    """Give the phrases that stand at a place, the longest first, each with where what is behind it begins. Whose a thing is does
    not count: "quit his job".
    """
    sorts, lengths = relation_list().phrases[use]
    possible = lengths.get(STEM[words[at]])
    if possible is None:
        return
    own = relation_list().words["whose"]
    places = [place for place, word in enumerate(words[at : at + LONGEST_PHRASE + 1], at) if word not in own]
    there = tuple([STEM[words[place]] for place in places])
    for length in possible:
        found = sorts.get(there[:length])
        if found is not None and length <= len(there):
            yield places[length - 1] + 1, there[:length], found


def with_particle(words: Sequence[str], at: int) -> Sequence[str]:
    """Return the words with what belongs to a verb beside it: "gave away his parrot"."""
    for place in range(at + 2, min(at + 5, len(words)) if STEM[words[at]] in _PARTED else 0):
        if words[place] in _PARTICLES:
            return [*words[: at + 1], words[place], *words[at + 1 : place], *words[place + 1 :]]
    return words


def value_at(words: Sequence[str], behind: int) -> Stems:
    """Return the value that begins behind a phrase, as stems: up to a mark, a joining word or a place."""
    lists = relation_list().words
    found: list[str] = []
    for word in words[behind : behind + LONGEST_VALUE]:
        if word in MARKS or (word in lists["cut"] and (found or word not in _OFTEN)):
            break
        if word in _PLACES:
            if found and word != "of":
                break
        elif word not in lists["whose"]:
            found.append(STEM[word])
    return tuple(found)


def is_moment(words: Sequence[str], behind: int) -> bool:
    """Tell whether a day or a time is what stands behind a phrase."""
    cut = relation_list().words["cut"]
    return any(CUE[word].startswith(_MOMENTS) and word not in cut for word in words[behind : behind + 3])


def moment_at(words: Sequence[str], behind: int) -> Stems:
    """Return the words of a day or a time."""
    return tuple(
        [word for word in words[behind : behind + LONGEST_VALUE] if word not in MARKS and word not in _PLACES and word != "on"]
    )


def is_end(words: Sequence[str], at: int) -> bool:
    """Tell whether nothing stands at a place, or a mark."""
    return at >= len(words) or words[at] in MARKS
