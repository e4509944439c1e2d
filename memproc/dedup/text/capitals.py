"""Capitals that make a name of a word: "Bill" is not a bill, and "US" is not "us".

A capital inside a sentence counts if the word is also a name. No capital counts in a text that is all in capitals, that has a
capital at each word, or that has capitals at several words that are no names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from memproc.dedup.text import words, written_forms

CAPITAL = "c"
EDGE = "\"'“”„‘’«»‹›()[]{}<>*_.,;:!?…¡¿"
ENDS = (".", "!", "?", "…", ":", "。")
_BULLET = re.compile(r"\W+|\d{1,2}[.)]|[a-zA-Z][.)]")
_FEWEST_TITLED = 4
_MOST_IDLE = 3  # from so many capitals inside a text at words that are no names, no capital counts
_I = re.compile("I(?:['’]\\w+)?")
_BEHIND_MONTH = frozenset(
    ["in", "of", "by", "until", "till", "since", "last", "next", "this", "early", "mid", "late", "from", "to", "on"]
)
_LAST_LATIN = "\u024f"
_STATES, _STATES_TOO = "US", ("US", "USA")
_MONTHS_TOO = frozenset(["may", "march"])


def core_of_chunk(chunk: str) -> str:
    """Return a chunk without the marks around it and without "'s", an acronym without its points."""
    core = chunk.strip(EDGE).removesuffix("'s").removesuffix("’s")
    bare = core.replace(".", "")
    return _STATES if bare in _STATES_TOO else bare if bare.isupper() else core


def is_name_too(core: str) -> bool:
    """Tell whether a word with a capital may be a name."""
    word = core_of_chunk(core)
    if word.isupper():
        return word.lower() in words.acronyms() if len(word) > 1 else word not in "IA"
    lower = word.lower()
    return lower in words.names_too() or lower in words.german_names_too() or lower in written_forms.of_haste()


def tells_by_capitals(text: str, chunks: Sequence[str]) -> bool:
    """Tell whether capitals count in a text: not if it is all in capitals, or if they stand at each word or at any word."""
    if text.upper() == text:
        return False
    spoken = [core for chunk in chunks if (core := chunk.strip(EDGE)) and core[0].isalpha()]
    if len(spoken) >= _FEWEST_TITLED and all(word[0].isupper() for word in spoken):
        return False
    inside = [chunk.strip(EDGE) for before, chunk in pairwise(chunks) if not before.endswith(ENDS)]
    capitals = [word.lower() for word in inside if word[:1].isupper() and not _I.fullmatch(word)]
    return sum(map(_is_no_name, capitals)) < _MOST_IDLE


def _is_no_name(word: str) -> bool:
    return word not in words.names_too() and (word in words.common_words() or word in words.english_words())


def names_by_capital(chunks: Sequence[str], signs: Sequence[str], *, is_english: bool) -> list[str]:
    """Return the words that are names by their capital, each with the article before it; an acronym is one in any place."""
    is_foreign = None  # computed when first needed
    names = []
    for at in [at for at, sign in enumerate(signs) if CAPITAL in sign]:
        is_acronym = _is_acronym(chunks[at])
        before = next(filter(_is_no_bullet, reversed(chunks[:at])), "") if not is_acronym else ""
        if not is_acronym and not _is_inside(before, chunks, at):
            continue
        if is_foreign is None:
            is_foreign = _is_foreign(chunks)
        if is_acronym or _is_own(before, chunks, at, is_english, is_foreign):
            has_article = at and chunks[at - 1].lower() == "the" and not is_acronym
            names.append(f"the {core_of_chunk(chunks[at])}" if has_article else core_of_chunk(chunks[at]))
    return names


def _is_no_bullet(chunk: str) -> bool:
    return _BULLET.fullmatch(chunk) is None


def _is_foreign(chunks: Sequence[str]) -> bool:
    """Tell whether a text is in another script, or holds frequent words of another language."""
    if not all(map(str.isascii, chunks)) and any(chunk[0] > _LAST_LATIN and chunk[0].isalpha() for chunk in chunks):
        return True
    return not words.foreign_words().isdisjoint(map(str.lower, chunks))


def _is_acronym(chunk: str) -> bool:
    core = core_of_chunk(chunk)
    return len(core) > 1 and core.isupper() and core.lower() in words.acronyms()


def _is_inside(before: str, chunks: Sequence[str], at: int) -> bool:
    """Tell whether a chunk with a capital is inside a sentence, and no part of a longer name ("Gaprex Lane"), which nobody takes
    for a word. `before` is the chunk before it, but for bullets.
    """
    if not before or before.endswith(ENDS):
        return False
    return not (at > 1 and before[0].isupper() and not before.isupper() and not chunks[at - 2].endswith(ENDS))


def _is_own(before: str, chunks: Sequence[str], at: int, is_english: bool, is_foreign: bool) -> bool:  # noqa: FBT001 - of one caller
    """Tell whether a chunk inside a sentence is a name by its capital, in the language of the text."""
    word = core_of_chunk(chunks[at]).lower()
    if len(word) == 1:
        return before[-1].isdigit()  # a unit: "10 M" is not "10 m"
    if word in _MONTHS_TOO and not is_foreign:
        beside = chunks[at + 1] if at + 1 < len(chunks) else ""
        return before.lower() not in _BEHIND_MONTH and not before[-1:].isdigit() and not beside[:1].isdigit()
    is_name = not is_foreign and (word in words.names_too() or word in words.acronyms() or word in written_forms.of_haste())
    return is_name or (not is_english and word in words.german_names_too())
