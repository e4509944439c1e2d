"""Classes of words: what can be dropped, what decides about a text, and what decides about the words beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from memproc.dedup.text.word_lists import lines, words_in

Place = Literal["anywhere", "comment", "start", "opener", "said", "sound", "clause", "so", "late", "have", "article"]


@cache
def fillers() -> Mapping[str, tuple[tuple[str, ...], Place]]:
    """Return each filler by its first token: the tokens that follow, and where it can be dropped."""
    places_by_first = {}
    for phrase, place, _ in lines("fillers.txt"):
        first, *rest = phrase.split()
        places_by_first[first] = (tuple(rest), place)
    return places_by_first  # type: ignore[return-value]


@cache
def past_forms() -> frozenset[str]:
    """Return the past forms of irregular verbs."""
    present = ("ing", "am", "is", "are", "be", "has")
    families = (line.split() for (line,) in lines("forms.txt"))
    return frozenset(
        form
        for first, *forms in families
        for form in forms
        if form not in (first + "s", first + "es") and not form.endswith(present)
    )


@cache
def verbs_after_would() -> frozenset[str]:
    """Return the words before which "'d" can only be "would"."""
    return frozenset(words_in("would.txt"))


@cache
def cue_kinds() -> Mapping[str, str]:
    """Return the kind of each cue: of each word whose presence decides what is meant."""
    return {word: kind for kind, words in lines("cues.txt") for word in words.split()}


@cache
def units() -> frozenset[str]:
    """Return the words for units, and "am" and "pm"."""
    return frozenset(word for word, kind in cue_kinds().items() if kind == "unit") | {"am", "pm"}


@cache
def letter_labels() -> frozenset[str]:
    """Return the nouns after which a single letter is a name: "vitamin A"."""
    return frozenset(words_in("letters.txt"))


@cache
def word_classes() -> Mapping[str, frozenset[str]]:
    """Return the classes of words that decide whether the words beside them can be dropped."""
    return {name: frozenset(listed.split()) for name, listed in lines("classes.txt")}


@cache
def bare_nouns() -> frozenset[str]:
    """Return the nouns that mean something else without an article: "in the hospital"."""
    return frozenset(words_in("bare.txt"))


@cache
def months() -> Mapping[str, int]:
    """Return the number of each month by its names, long and short, in several languages."""
    return {name: int(number) for number, names in lines("months.txt") for name in names.split()}


@cache
def negations() -> frozenset[str]:
    """Return the words that negate what follows."""
    return frozenset(word for word, kind in cue_kinds().items() if kind == "negation")


@cache
def deciding_words() -> frozenset[str]:
    """Return the words that can be dropped, and those that decide whether the words beside them can be."""
    of_fillers = {word for first, (rest, _) in fillers().items() for word in (first, *rest)}
    return frozenset(of_fillers).union(*word_classes().values(), bare_nouns(), letter_labels(), negations())
