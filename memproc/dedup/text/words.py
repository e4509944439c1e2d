"""Words of English, names, and words of other languages. Each list is read once, when it is first needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

from memproc.dedup.text.word_classes import cue_kinds
from memproc.dedup.text.word_lists import lines, words_in, words_in_zip
from memproc.dedup.text.written_forms import abbreviations, full_forms, of_haste, typos

_LONG = 6
_INITIALS = 2  # letters: "u" and "bc" are words elsewhere


@cache
def common_words() -> frozenset[str]:
    """Return the English words that a typo may stand for, including those for languages and nationalities."""
    return frozenset([*words_in_zip("common.txt.gz"), *words_in("proper.txt")])


@cache
def frequent_words() -> frozenset[str]:
    """Return the most frequent of the common words, some three thousand."""
    return frozenset(words_in_zip("frequent.txt.gz"))


@cache
def other_words() -> frozenset[str]:
    """Return all other English words, short forms and names."""
    names = [name for file in ("brands.txt", "pinyin.txt", "written.txt") for name in words_in(file)]
    return frozenset(
        [*words_in_zip("known.txt.gz"), *words_in_zip("usage.txt.gz"), *full_forms(), *typos(), *abbreviations(), *names]
    )


def is_known(token: str) -> bool:
    """Tell whether a token is an English word, a short form or a name."""
    return token in common_words() or token in other_words()


@cache
def names_too() -> frozenset[str]:
    """Return the English words that are also names of persons, places or products: "bill", "turkey", "windows"."""
    return frozenset(words_in_zip("named.txt.gz"))


@cache
def german_names_too() -> frozenset[str]:
    """Return the German words that are another word with a capital."""
    return frozenset(words_in("german.txt"))


@cache
def acronyms() -> frozenset[str]:
    """Return the words that mean something else in capitals."""
    return frozenset(words_in("acronyms.txt"))


@cache
def neighbours() -> frozenset[str]:
    """Return the common words that are also words of another language in Latin script."""
    return frozenset(words_in_zip("neighbours.txt.gz"))


@cache
def typo_targets(initial: str) -> Mapping[str, Sequence[str]]:
    """Return the words with this first letter that a typo may stand for, including cues, by each of their `ends`."""
    by_end: dict[str, list[str]] = defaultdict(list)
    for word in _by_initial()[initial]:
        for key in ends(word):
            by_end[key].append(word)
    return by_end


@cache
def _by_initial() -> Mapping[str, Sequence[str]]:
    by_initial: dict[str, list[str]] = defaultdict(list)
    for word in common_words().union(cue_kinds()):
        by_initial[word[0]].append(word)
    return by_initial


def ends(word: str) -> tuple[str, ...]:
    """Return keys of a word of four letters or more, such that two words share a key if one edit inside the word separates them.

    An edit leaves one end of a word unchanged: two letters, or three in words of more than six letters.

    >>> ends("cart"), ends("kitchen"), ends("kithcen")
    (('cat', 'crt'), ('kitn', 'khen'), ('kitn', 'kcen'))
    """
    if len(word) > _LONG:
        return word[:3] + word[-1], word[0] + word[-3:]
    two = word[:2] + word[-1], word[0] + word[-2:]
    return two if len(word) < _LONG else (*two, word[:3] + word[-1], word[0] + word[-3:])


@cache
def accented() -> frozenset[str]:
    """Return words of other languages, without their accents, that are not other words without them."""
    return frozenset(words_in_zip("accents.txt.gz"))


@cache
def foreign_words() -> frozenset[str]:
    """Return frequent words of other languages in Latin script."""
    return frozenset(word for _, words in lines("foreign.txt") for word in words.split())


@cache
def english_words() -> frozenset[str]:
    """Return the words and short forms that show a text to be English."""
    short = [*(word for word, _ in lines("contractions.txt")), *(word for word in of_haste() if len(word) > _INITIALS)]
    return frozenset((*words_in("english.txt"), *(word for word in short if word not in foreign_words())))
