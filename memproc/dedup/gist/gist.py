"""The gist of a fact: its tokens without the differences that do not change what is remembered.

Facts: similarity alone destroys memories ("PostgreSQL 16" and "PostgreSQL 18" are .92 similar), and it is not transitive: a chain
of similar texts joins what differs. Equality is transitive. More than half of real near repeats differ only by fillers,
contractions, punctuation or one typo.

Strategy: two facts merge when their gists are equal. So candidates for a merge are found by one key, completely and in linear time.
And no list of dangerous differences can be incomplete: what is not named benign here keeps texts apart.

Rules: marks at the ends, and commas beside words that join nothing, are dropped (`commas.py`), as is the case of short codes
("B12", "b12"), which canonical text keeps. Contractions are written out, number words become digits, and words with two spellings
get one (`written_out.py`). Fillers are dropped where they mean nothing (`idle.py`). A typo is one edit inside a token that is
neither a word nor a name, or a swap of two of its letters, that makes it a common word (`typo_links.py`). A text that does not show
itself to be English (`english.py`) keeps all its tokens, and all marks between them.

Left out: synonyms, word order, inflection, and the spelling of other languages. Such pairs are for review.
"""

from __future__ import annotations

from itertools import filterfalse, islice
from math import prod
from typing import NamedTuple

from memproc.dedup.gist.commas import places_of, without_outer_marks
from memproc.dedup.gist.english import is_english
from memproc.dedup.gist.idle import SHORTEST_TOKENS, without_idle
from memproc.dedup.gist.other_languages import in_one_form_elsewhere
from memproc.dedup.gist.typo_links import TypoLink, odd_in, typo_links_of, typos_in
from memproc.dedup.gist.written_out import HAS_WRITTEN_OUT, write_out
from memproc.dedup.text import benign, words
from memproc.dedup.text.amounts import as_in_english, in_one_form
from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.chunks import LETTERS, THOUSANDS, Apart, skimmed, taken_apart
from memproc.dedup.text.core import core_of, with_other
from memproc.dedup.text.dress import undressed
from memproc.dedup.text.letters import compared
from memproc.dedup.text.memo import Memo
from memproc.dedup.text.numbers import in_digits
from memproc.dedup.text.telling import NOTHING, Telling, telling, tells_a_secret
from memproc.dedup.text.tokens import MARKS, size_of

_TEXTS_KEPT = 6_000  # the latest ones: records that come into a store are compared when their batch is complete
_LONGEST_KEPT_CHARS = 500  # the gist of a long text may take a megabyte


class Gist(NamedTuple):
    """`tokens` are compared; `dropped` names each benign difference between them and the text. `is_english` tells whether the text
    shows itself to be English, which names, titles and codes do not. `odd` holds the tokens of an English text that are neither
    words nor names; if there are any, `whole` holds its tokens including the idle ones.
    """

    tokens: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    is_english: bool = False
    odd: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()

    @property
    def typo_links(self) -> tuple[TypoLink, ...]:
        """Its typo links, if none of its odd tokens is a name."""
        return typo_links_of(self.whole, self.tokens, self.odd, None) if self.odd else ()

    @property
    def confidence(self) -> float:
        """The probability, 0..1, that the text says what its gist says."""
        return prod(map(benign.trust().__getitem__, self.dropped), start=1.0)

    @property
    def is_long_enough(self) -> bool:
        """Whether it says enough to merge by."""
        spoken = [*islice(filterfalse(MARKS.__contains__, self.tokens), SHORTEST_TOKENS)]
        return len(spoken) >= SHORTEST_TOKENS or sum(map(size_of, spoken)) >= SHORTEST_TOKENS


def gist_of(text: str) -> Gist:
    """Return the gist of a text.

    >>> gist_of("Well, I don't really like the tea!").tokens
    ('i', 'do', 'not', 'really', 'like', 'tea')
    >>> gist_of("she actually likes two teas").tokens == gist_of("She likes 2 teas.").tokens
    True
    """
    return _GISTS[text]


class Reading(NamedTuple):
    """An exact text with its canonical text, its gist, what is telling in the way it is written, and its typo links."""

    text: str
    gist: Gist
    telling: Telling
    typo_links: tuple[TypoLink, ...]


class Skim(NamedTuple):
    """What is first computed of an exact text: its canonical text, the core of its gist, the cores that it would have if one of its
    tokens were a typo, and whether it may speak of the day on which it was said.
    """

    text: str
    core: int
    typo_links: tuple[int, ...]
    may_be_of_a_day: bool


def skim(text: str) -> Skim:
    """Return the `Skim` of an exact text; its gist is made only if the core cannot be computed without it.

    >>> skim("She really likes tea!").core == skim("she likes the tea").core
    True
    """
    bare = bare_of(text)
    written, core, is_core_of_gist, is_odd, may_be_of_a_day = skimmed(bare)
    if bare is not text:
        written, may_be_of_a_day = canonical(text), True
    if not is_core_of_gist:
        core = core_of(read(text).gist.tokens)
    typo_links = {with_other(core, token, word) for token, meant in typos_in(bare).items() for word in meant} if is_odd else ()
    return Skim(written, core, tuple(sorted(typo_links)), may_be_of_a_day)


def bare_of(text: str) -> str:
    """Return an exact text without its dress; unchanged if it has none, or holds a secret, which counts as it is written."""
    bare = undressed(text)
    return text if bare is not text and tells_a_secret(text) else bare


def read(text: str) -> Reading:
    """Return the `Reading` of an exact text."""
    bare = bare_of(text)
    apart = taken_apart(bare)
    written = apart.text if bare is text else canonical(text)
    gist = (_GISTS.get(written) or _GISTS.before.get(written)) if bare is text else _gist(apart, is_dressed=True)
    if gist is None:
        gist = _gist(apart, is_dressed=False)
        _GISTS.keep(written, gist)
    telling_of_text = telling(bare, apart.signs, is_english=gist.is_english) if any(apart.signs) else NOTHING
    typo_links = typo_links_of(gist.whole, gist.tokens, gist.odd, bare) if apart.is_odd and gist.odd else ()
    return Reading(written, gist, telling_of_text, typo_links)


def plain_tokens(text: str) -> tuple[str, ...]:
    """Return the tokens of a text without the marks at its ends. Texts whose gist says too little merge by these tokens.

    >>> plain_tokens("Vegetarian.")
    ('vegetarian',)
    """
    apart = taken_apart(undressed(text))
    return tuple(without_outer_marks(apart.tokens, apart.shape)[0])


def _gist(apart: Apart, *, is_dressed: bool) -> Gist:
    """Return the gist of a text that was taken apart without its dress; `is_dressed` tells whether it had one."""
    tokens, shape = without_outer_marks(apart.tokens, apart.shape)
    dress: tuple[str, ...] = ("dress",) if is_dressed else ()
    if (counted := in_digits(tokens)) is not None:
        tokens, shape, dress = counted, "".join(map(LETTERS.__getitem__, counted)), (*dress, "numeral")
    odd = odd_in(tokens, shape)
    if not is_english(tokens, odd, is_ascii=apart.text.isascii()):
        is_foreign = not words.foreign_words().isdisjoint(tokens)
        kept = [*filter(None, map(compared, tokens))]
        dress += ("form",) * (kept != tokens)
        kept, kinds = in_one_form_elsewhere(kept)
        kept, numbers = as_in_english(kept)
        kept, forms = in_one_form(kept, is_day_first=is_foreign)
        return Gist(tuple(kept), (*dress, *kinds, *numbers, *forms))
    for at in places_of(THOUSANDS, shape):
        tokens[at] = tokens[at].replace(",", "")
    written_out: list[str] = []
    if HAS_WRITTEN_OUT.search(shape):
        tokens, shape, written_out = write_out(tokens, shape)
    tokens, forms = in_one_form(tokens, is_day_first=False)
    if not apart.text.isascii() or "@" in apart.text or "://" in apart.text or "www." in apart.text:
        plain = [*filter(None, map(compared, tokens))]
        forms += ["form"] * (plain != tokens)
        tokens = plain
    if forms:
        shape = "".join(map(LETTERS.__getitem__, tokens))
    kept, dropped = without_idle(tokens, shape)
    return Gist(tuple(kept), (*dress, *forms, *written_out, *dropped), True, tuple(sorted(odd)), tuple(tokens) if odd else ())


def shows_english(text: str) -> bool:
    """Tell whether a canonical text shows itself to be English. In most cases the gist is not needed for that.

    >>> shows_english("she likes the tea"), shows_english("sie mag den tee")
    (True, False)
    """
    tokens = text.split()
    is_plain = text.isascii() and words.foreign_words().isdisjoint(tokens) and not words.english_words().isdisjoint(tokens)
    return is_plain or gist_of(text).is_english


def _gist_of(text: str) -> Gist:
    bare = bare_of(text)
    return _gist(taken_apart(bare), is_dressed=bare is not text)


_GISTS = Memo(_gist_of, most=_TEXTS_KEPT, longest_chars=_LONGEST_KEPT_CHARS)
