"""The gist of a fact: its tokens without the differences that do not change what is remembered.

Facts: similarity alone destroys memories ("PostgreSQL 16" / "18" is .92 similar), and it is not transitive: a chain of
similar texts joins what differs. Equality is transitive. More than half of real near repeats differ only by fillers,
contractions, punctuation or one slip.

Strategy: two facts merge when their gists are equal, so candidates for a merge are found by one key, completely and in
linear time, and no list of dangerous differences can be too short: what is not named benign here keeps texts apart.

Rules: sentence punctuation is dropped, and the case of short codes ("B12", "b12"; canonical text keeps it); contractions are
written out; number words become digits; words of two spellings get one; fillers are dropped, unless they follow a negation
("not just"); a slip is one edit inside a token that is neither word nor name, or a swap of two of its letters, that makes it a
common word. A text that does not show itself to be English keeps all its tokens.

Left out: synonyms, word order, inflection, spelling of other languages: such pairs are for review.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import compress
from typing import NamedTuple

from memproc.dedup import words
from memproc.dedup.slips import IS_ODD, words_near
from memproc.dedup.tokens import size_of, tokenize

SHORTEST_TOKENS = 2  # words: a gist of one says too little to merge by
MOST_SLIPS = 5  # a text with more odd tokens than this is no text with a slip
NEGATED_TOKENS = 5  # how far a negation reaches: "can not see clearly" is not "can not see"
MOST_MENDS = 16

_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")
_LETTER_LABELS = frozenset(
    [
        "vitamin",
        "vitamins",
        "hepatitis",
        "plan",
        "plans",
        "type",
        "types",
        "group",
        "groups",
        "grade",
        "grades",
        "section",
        "class",
        "gate",
        "level",
        "team",
        "option",
        "item",
        "row",
    ]
)
_JOINING = ("and", "or")
_NEED_ARTICLE = (*_JOINING, "little", "few", "bit", "lot", "couple")  # "a little hope" is not "little hope"
_AFTER_AN = ("a", "e", "i", "o", "u", "h")
_FREE = ("anywhere", "adverb", "hedge")
_DETERMINERS = (
    "a",
    "the",
    "that",
    "this",
    "these",
    "what",
    "which",
    "some",
    "any",
    "every",
    "each",
    "one",
    "same",
    "another",
    "of",
)
_BEING = ("is", "are", "am", "was", "were", "be", "been", "being")
_DO_NOT_PRECEDE = {"adverb": _BEING, "hedge": _DETERMINERS}
_ENGLISH_SHARE = 0.6
_FOREIGN_ENDINGS = ("ado", "ido", "ando", "iendo", "ción", "lich", "keit")  # of odd tokens
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
        return len(self.tokens) >= SHORTEST_TOKENS or sum(map(size_of, self.tokens)) >= SHORTEST_TOKENS


def gist_of(text: str) -> Gist:
    """Return the gist of a canonical text.

    >>> gist_of("well, i don't really like the tea!").tokens
    ('i', 'do', 'not', 'really', 'like', 'tea')
    >>> gist_of("she actually likes two teas").tokens == gist_of("she likes 2 teas.").tokens
    True
    """
    return _kept_gist(text) if len(text) <= _LONGEST_KEPT_CHARS else _gist(text)


def _gist(text: str) -> Gist:
    tokens = tokenize(text)
    distinct = set(tokens)
    odd = [*compress(distinct, map(IS_ODD.__getitem__, distinct))]
    if "no." in distinct:
        tokens = _without_points(tokens)
    if not _is_english(distinct, odd):
        return Gist(tuple(tokens))
    if any("," in token for token in distinct):
        tokens = [token.replace(",", "") if "," in token and _THOUSANDS.fullmatch(token) else token for token in tokens]
    written_out: list[str] = []
    if not words.written_out().keys().isdisjoint(distinct) or "'d" in text:
        tokens, written_out = _write_out(tokens)
    kept, dropped = _without_fillers(tokens, text)
    return Gist(tuple(kept), (*written_out, *dropped), _mends(kept, odd), is_english=True)


_kept_gist = lru_cache(maxsize=_TEXTS_KEPT)(_gist)


def _is_english(distinct: set[str], odd: Sequence[str]) -> bool:
    is_other_script = len(odd) > (1 - _ENGLISH_SHARE) * len(distinct) and not all(map(str.isascii, odd))
    foreign = len(words.foreign_words() & distinct) + sum(word.endswith(_FOREIGN_ENDINGS) for word in odd)
    return not is_other_script and len(words.english_words() & distinct) > foreign


def _without_points(tokens: list[str]) -> list[str]:
    """Return the tokens with "no." as the word it is, but before a number, as in "no. 5"."""
    behind = [*tokens[1:], ""]
    return ["no" if (word, after[:1].isdigit()) == ("no.", False) else word for word, after in zip(tokens, behind, strict=True)]


def _write_out(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Return the tokens with contractions and number words written out, in one spelling, and the kinds of what was not."""
    written_out, spellings = words.written_out(), words.spellings()
    full: list[str] = []
    kinds: list[str] = []
    for at, token in enumerate(tokens):
        form = written_out.get(token) or (_with_would(tokens, at) if token.endswith("'d") else None)
        full += form or (token,)
        if form:
            kinds.append("spelling" if token in spellings else "contraction" if form[0].isalpha() else "number word")
    return full, kinds


def _with_would(tokens: Sequence[str], at: int) -> tuple[str, ...] | None:
    """Return what a token with "'d" stands for where that is "would" and not "had"."""
    verb = next((token for token in tokens[at + 1 : at + 3] if token not in words.fillers()), "")
    return (tokens[at].removesuffix("'d"), "would") if verb in words.verbs_after_would() else None


def _without_fillers(tokens: list[str], text: str) -> tuple[list[str], list[str]]:
    """Return the tokens that are no fillers, and the kinds of those that are."""
    fillers, negations = words.fillers(), words.negations()
    gone: list[int] = []
    dropped: list[str] = []
    for at in [at for at, token in enumerate(tokens) if token in fillers]:
        rest, place = fillers[tokens[at]]
        if place == "article":
            if _is_article(tokens, at):
                dropped.append("article")
                gone.append(at)
            continue
        if rest and tuple(tokens[at + 1 : at + 1 + len(rest)]) != rest:
            continue
        is_negated = not negations.isdisjoint(tokens[max(at - NEGATED_TOKENS, 0) : at])
        is_kept = at > 0 and tokens[at - 1] in _DO_NOT_PRECEDE.get(place, ())
        if not is_negated and not is_kept and (place in _FREE or _stands_only(place, tokens[at], tokens, text)):
            dropped.append("filler")
            gone += range(at, at + 1 + len(rest))
    kept = tokens.copy()
    for at in sorted(set(gone), reverse=True):
        del kept[at]
    return kept, dropped


def _is_article(tokens: Sequence[str], at: int) -> bool:
    """Tell an article from a letter: "has a dog" from "vitamin a", "d and a daily", "plan a and b"."""
    before, after = tokens[at - 1] if at else "", tokens[at + 1] if at + 1 < len(tokens) else ""
    listed = tokens[at - 2] if before in _JOINING and at > 1 else before
    is_one = tokens[at] != "an" or after.startswith(_AFTER_AN)  # "An Li" is a name
    is_letter = before in _LETTER_LABELS or (len(listed) == 1 and listed != "i")
    return after[:1].isalpha() and after not in _NEED_ARTICLE and is_one and not is_letter


def _stands_only(place: str, word: str, tokens: list[str], text: str) -> bool:
    """Tell whether every place where a word stands in the text is the start of a clause, or a clause by itself ("opener")."""
    return len(_clause_pattern(place, word).findall(text)) == tokens.count(word)


@cache
def _clause_pattern(place: str, word: str) -> re.Pattern[str]:
    end = r"(?=[.,;:!?…])" if place == "opener" else r"(?![\w'\-])"
    found = re.escape(word)  # put first, so that the search skips to it
    return re.compile(rf"{found}(?:(?<=^{found})|(?<=[.,;:!?…] {found})){end}")


def _mends(tokens: Sequence[str], odd: Sequence[str]) -> tuple[Mend, ...]:
    spelled = words.spellings()
    slips = {token: sorted({spelled.get(word, word) for word in found}) for token in odd if (found := words_near(token))}
    if not 0 < len(slips) <= MOST_SLIPS:
        return ()
    places = [(at, word) for at, token in enumerate(tokens) if token in slips for word in slips[token]]
    if len(places) > MOST_MENDS:  # asked first: a mend holds the whole text, and a text may hold a slip a thousand times
        return ()
    return tuple(sorted(Mend(tokens[at], (*tokens[:at], word, *tokens[at + 1 :])) for at, word in places))
