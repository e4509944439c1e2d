"""The gist of a fact: its tokens without the differences that do not change what is remembered.

Facts: similarity alone destroys memories ("PostgreSQL 16" / "18" is .92 similar), and it is not transitive: a chain of
similar texts joins what differs. Equality is transitive. More than half of real near repeats differ only by fillers,
contractions, punctuation or one slip.

Strategy: two facts merge when their gists are equal, so candidates for a merge are found by one key, completely and in
linear time, and no list of dangerous differences can be too short: what is not named benign here keeps texts apart.

Rules: marks at the ends and commas beside words that join nothing are dropped (`clauses.py`), and the case of short codes
("B12", "b12"; canonical text keeps it); contractions are written out; number words become digits; words of two spellings get
one; fillers are dropped where they say nothing (`fillers.py`); a slip is one edit inside a token that is neither word nor name,
or a swap of two of its letters, that makes it a common word (`slips.py`). A text that does not show itself to be English keeps
all its tokens, and all marks between them.

Left out: synonyms, word order, inflection, spelling of other languages: such pairs are for review.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import compress, filterfalse, islice
from typing import NamedTuple

from memproc.dedup import words
from memproc.dedup.clauses import without_idle_commas, without_outer_marks
from memproc.dedup.fillers import without_fillers
from memproc.dedup.slips import IS_ODD, words_near
from memproc.dedup.tokens import MARKS, size_of, tokenize

SHORTEST_TOKENS = 2  # words: a gist of one says too little to merge by
MOST_SLIPS = 5  # a text with more odd tokens than this is no text with a slip
MOST_MENDS = 16

_MAY_HOLD_THOUSANDS = re.compile(r",\d{3}")
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")
_BEHIND_HAS = (["been"], ["had"], ["got"])
_ALSO_NAMES = ("grey", "gray")
_ENGLISH_SHARE = 0.6
_FOREIGN_ENDINGS = ("ado", "ido", "ando", "iendo", "ción", "lich", "keit")  # of odd tokens
_JOINING = "and"
_TEXTS_KEPT = 10_000  # of late: a text that repeats does so soon, and a repeat is compared with what it repeats
_LONGEST_KEPT_CHARS = 500  # the gist of a long text may take a megabyte


class Mend(NamedTuple):
    """An odd token of a gist, and the tokens that the gist would have if that were a slip."""

    odd: str
    tokens: tuple[str, ...]


class Gist(NamedTuple):
    """`tokens` is what is compared; `dropped` names each benign difference to the text; `mends` is what it may stand for;
    `is_english` tells whether the text shows itself to be English, which names, titles and codes do not.
    """

    tokens: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    mends: tuple[Mend, ...] = ()
    is_english: bool = False

    @property
    def confidence(self) -> float:
        """The probability, 0..1, that the text says what its gist says."""
        trust, product = words.trust(), 1.0
        for kind in self.dropped:
            product *= trust[kind]
        return product

    @property
    def is_long_enough(self) -> bool:
        """Whether it says enough to merge by."""
        spoken = [*islice(filterfalse(MARKS.__contains__, self.tokens), SHORTEST_TOKENS)]
        return len(spoken) >= SHORTEST_TOKENS or sum(map(size_of, spoken)) >= SHORTEST_TOKENS


def gist_of(text: str) -> Gist:
    """Return the gist of a canonical text.

    >>> gist_of("well, i don't really like the tea!").tokens
    ('i', 'do', 'not', 'really', 'like', 'tea')
    >>> gist_of("she actually likes two teas").tokens == gist_of("she likes 2 teas.").tokens
    True
    """
    return _kept_gist(text) if len(text) <= _LONGEST_KEPT_CHARS else _gist(text)


def _gist(text: str) -> Gist:
    tokens = without_outer_marks(tokenize(text))
    distinct = set(tokens)
    odd = [*compress(distinct, map(IS_ODD.__getitem__, distinct))]
    if not _is_english(distinct, odd):
        return Gist(tuple(tokens))
    if _MAY_HOLD_THOUSANDS.search(text):
        tokens = [token.replace(",", "") if "," in token and _THOUSANDS.fullmatch(token) else token for token in tokens]
    written_out: list[str] = []
    if not words.written_out().keys().isdisjoint(distinct) or "'d" in text:
        tokens, written_out = _write_out(tokens)
    kept, dropped = _without_idle(tokens)
    return Gist(tuple(kept), (*written_out, *dropped), _mends(kept, odd), is_english=True)


_kept_gist = lru_cache(maxsize=_TEXTS_KEPT)(_gist)


def _is_english(distinct: set[str], odd: Sequence[str]) -> bool:
    is_other_script = len(odd) > (1 - _ENGLISH_SHARE) * len(distinct) and not all(map(str.isascii, odd))
    foreign = len(words.foreign_words() & distinct) + sum(word.endswith(_FOREIGN_ENDINGS) for word in odd)
    return not is_other_script and len(words.english_words() & distinct) > foreign


def _write_out(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Return the tokens with contractions and number words written out, in one spelling, and the kinds of what was not."""
    written_out, spellings = words.written_out(), words.spellings()
    full: list[str] = []
    kinds: list[str] = []
    done = 0
    for at in [at for at, token in enumerate(tokens) if token in written_out or "'d" in token]:
        form = _full_form(written_out.get(tokens[at], ()), tokens, at)
        if form:
            kinds.append("spelling" if tokens[at] in spellings else "contraction" if form[0].isalpha() else "number word")
            full += (*tokens[done:at], *form)
            done = at + 1
    return full + tokens[done:], kinds


def _full_form(form: tuple[str, ...], tokens: Sequence[str], at: int) -> tuple[str, ...]:
    """Return what a token stands for where it stands: "he's been" for "has", "no one" for nobody, "Mr Grey" for a person."""
    token = tokens[at]
    if token.endswith("'d") and not form:
        verb = next((token for token in tokens[at + 1 : at + 3] if token not in words.fillers()), "")
        return (token.removesuffix("'d"), "would") if verb in words.verbs_after_would() else ()
    if token.endswith("'s") and form[-1:] == ("is",) and tokens[at + 1 : at + 2] in _BEHIND_HAS:
        return (*form[:-1], "has")
    before = tokens[at - 1] if at else ""
    is_nobody = (before, token) == ("no", "one")
    is_name = token in _ALSO_NAMES and not _can_precede_a_colour(before)
    return () if is_nobody or is_name else form


def _can_precede_a_colour(word: str) -> bool:
    return not word or word in MARKS or word in words.english_words() or word in words.common_words() or word in words.fillers()


def _mends(tokens: Sequence[str], odd: Sequence[str]) -> tuple[Mend, ...]:
    spelled = words.spellings()
    slips = {token: sorted({spelled.get(word, word) for word in found}) for token in odd if (found := words_near(token))}
    if not 0 < len(slips) <= MOST_SLIPS:
        return ()
    places = [(at, word) for at, token in enumerate(tokens) if token in slips for word in slips[token]]
    if len(places) > MOST_MENDS:  # asked first: a mend holds the whole text, and a text may hold a slip a thousand times
        return ()
    return tuple(sorted(Mend(tokens[at], _mended(tokens, at, word)) for at, word in places))


def _mended(tokens: Sequence[str], at: int, word: str) -> tuple[str, ...]:
    """Return the tokens with a word in place of a slip; it may be one that can be dropped, "definately"."""
    mended = [*tokens[:at], word, *tokens[at + 1 :]]
    return tuple(_without_idle(mended)[0] if word in words.words_of_fillers() else mended)


def _without_idle(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Return the tokens without fillers, idle articles and idle commas, and the kinds of the first two; "and" says what a comma
    says: "tea, milk, and bread", "tea, milk and bread" and "tea, milk, bread" are one, and none of them is "tea, milk bread".
    """
    kept, dropped = without_fillers(tokens)
    joined = _JOINING in kept
    if joined:
        apart = words.word_classes()["apart"]  # before these a comma says nothing, and "and" something
        behind = [*kept[1:], ""]
        kept = ["," if word == _JOINING and after not in apart else word for word, after in zip(kept, behind, strict=True)]
    if joined or "filler" in dropped:  # two marks may have met
        kept = without_outer_marks(kept)
    return without_idle_commas(kept), dropped
