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
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain, compress
from typing import NamedTuple

from rapidfuzz.distance import OSA

from memproc.dedup import words
from memproc.dedup.memo import Memo

# A conservative prior for "this difference is benign", by kind: products of these give the confidence of a merge.
TRUST = {"article": 0.999, "filler": 0.99, "contraction": 0.995, "spelling": 0.999, "number word": 0.99, "slip": 0.95}

SHORTEST_TOKENS = 2  # a gist of one word says too little to merge by
MOST_SLIPS = 5  # a text with more odd tokens than this is no text with a slip
NEGATED_TOKENS = 5  # how far a negation reaches: "can not see clearly" is not "can not see"
MOST_MENDS = 16

_BETWEEN = str.maketrans(dict.fromkeys(';!"()[]{}…', " ") | {symbol: f" {symbol} " for symbol in "?$%&*+<=>^|~#"})
_EDGE = ".,:'-"
_WHOLE = re.compile(r"[0-9/\\@_]|\.\w")
_WORD_OR_SYMBOL = re.compile(r"[^\W\d_]+(?:'+[^\W\d_]+)*|[^\w\s.,:'\-]")
_SHORT_CODE = re.compile(r"(?:[A-Z]{1,3}|[a-z]{1,3})\d{1,4}")  # "B12", "a4": a model, a room, a vitamin
_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+")
_SLIP_SHAPE = re.compile(r"[a-z]{4,24}")
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
        product = 1.0
        for kind in self.dropped:
            product *= TRUST[kind]
        return product


def tokenize(text: str) -> list[str]:
    """Return the tokens of a canonical text: words, numbers and identifiers whole, symbols and emoji one by one.

    >>> tokenize("i've paid $1,500.50 (really!) at 10:25 to a@b.com - well-known 😀")
    ["i've", 'paid', '$', '1,500.50', 'really', 'at', '10:25', 'to', 'a@b.com', 'well', 'known', '😀']
    """
    return [*chain.from_iterable(map(_TOKENS.__getitem__, text.split()))]


def _tokens_of_chunk(chunk: str) -> tuple[str, ...]:
    if chunk.isalpha():
        return (chunk,)
    return tuple(token for part in chunk.translate(_BETWEEN).split() for token in _tokens_of(part))


def _tokens_of(chunk: str) -> list[str]:
    """Return the tokens of a chunk without the symbols that stand for themselves."""
    bare = chunk.strip(_EDGE)
    if "-" in bare:
        bare = words.spellings().get(bare, bare)
    if bare.isalpha():
        if (len(bare) == 1 and chunk.endswith("-")) or chunk == "no.":
            return [chunk]  # a mark, "B-"; a number, "no. 5"
        return [bare]
    if not bare.isascii() and any(unicodedata.category(character).startswith("M") for character in bare):
        return _by_category(bare)
    if _WHOLE.search(bare) is None:
        return _WORD_OR_SYMBOL.findall(bare)
    if bare[0].isdigit():
        lead = chunk[: chunk.index(bare)]
        point = "." if lead.endswith(".") else ""
        sign = "-" if lead.removesuffix(".").endswith("-") else ""
        bare = f"{sign}{point}{bare}"
    if _SHORT_CODE.fullmatch(bare):
        return [bare.lower()]
    return [bare.replace(",", "") if _THOUSANDS.fullmatch(bare) else bare]


def _by_category(chunk: str) -> list[str]:
    """Return the words and symbols of a chunk in a script that writes vowels as marks, which belong to their letter."""
    tokens: list[str] = []
    is_open = False
    for character in chunk:
        is_letter = unicodedata.category(character)[0] in "LMN" or character in "\u200c\u200d"
        if is_letter and is_open:
            tokens[-1] += character
        elif is_letter or character not in _EDGE:
            tokens.append(character)
        is_open = is_letter
    return tokens


_TOKENS = Memo(_tokens_of_chunk)


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
    if not _is_english(distinct, odd):
        return Gist(tuple(tokens))
    written_out: list[str] = []
    if not words.written_out().keys().isdisjoint(distinct) or "'d" in text:
        tokens, written_out = _write_out(tokens)
    kept, dropped = _without_fillers(tokens, text)
    return Gist(tuple(kept), (*written_out, *dropped), _mends(kept, odd), is_english=True)


_kept_gist = lru_cache(maxsize=_TEXTS_KEPT)(_gist)


def cues_of(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the sorted cues among the tokens of a gist: numbers, dates, negation, quantifiers, poles, units.

    A slip that can stand for nothing but a cue is that cue.

    >>> cues_of(gist_of("i don't take 5mg on monday").tokens)
    ('negation:not', 'number:5mg', 'pole:on', 'weekday:monday')
    """
    return tuple(sorted(filter(None, map(cue_of, tokens))))


def cue_of(token: str) -> str:
    """Return the cue that a token is, its kind and what it means, or an empty text.

    >>> cue_of("never"), cue_of("16"), cue_of("tea")
    ('negation:never', 'number:16', '')
    """
    kinds = words.cue_kinds()
    meant = near[0] if token not in kinds and len(near := words_near(token)) == 1 else token
    if meant in kinds:
        return f"{kinds[meant]}:{meant}"
    return f"number:{token}" if any(map(str.isdigit, token)) else ""


def _is_odd(token: str) -> bool:
    """Tell whether a token is neither a word nor a name."""
    return token[0].isalpha() and token not in words.known_words()


IS_ODD = Memo(_is_odd)  # whether a token is neither a word nor a name


def _is_english(distinct: set[str], odd: Sequence[str]) -> bool:
    foreign = len(words.foreign_words() & distinct)
    is_other_script = len(odd) > (1 - _ENGLISH_SHARE) * len(distinct) and not all(map(str.isascii, odd))
    is_other = is_other_script or foreign > 1 or foreign * 4 > len(distinct)
    return not is_other and not words.english_words().isdisjoint(distinct)


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
    return (
        after[:1].isalpha() and after not in _NEED_ARTICLE and before not in _LETTER_LABELS and (len(listed) != 1 or listed == "i")
    )


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
    mends = [
        Mend(token, (*tokens[:at], word, *tokens[at + 1 :]))
        for at, token in enumerate(tokens)
        if token in slips
        for word in slips[token]
    ]
    return tuple(sorted(mends)) if len(mends) <= MOST_MENDS else ()


def words_near(token: str) -> tuple[str, ...]:
    """Return the common words that are one slip away from a token that is no word: a letter inside it more, less or other,
    or two neighbours swapped. Where a cue is among several, nothing is sure, and nothing is returned.

    Distance: optimal string alignment.

    >>> words_near("kithcen"), words_near("kitchen"), words_near("nevr"), words_near("usaully")
    (('kitchen',), (), (), ('usually',))
    """
    return _NEAR[token]


def _words_near(token: str) -> tuple[str, ...]:
    if not _SLIP_SHAPE.fullmatch(token) or token in words.known_words():
        return ()
    targets = words.slip_targets(token[0])
    near = {word for end in words.ends(token) for word in targets.get(end, ()) if abs(len(word) - len(token)) <= 1}
    found = {word for word in near if OSA.distance(token, word, score_cutoff=1) == 1}
    # A swap at an end changes its first or last letter, the one inside a word of four letters both its ends.
    swapped = {token[:at] + token[at + 1] + token[at] + token[at + 2 :] for at in (0, 1, len(token) - 2)}
    found |= (swapped & words.common_words()) | (swapped & words.cue_kinds().keys())
    if not found:
        return ()
    is_sure = found.isdisjoint(words.full_forms()) and (len(found) == 1 or found.isdisjoint(words.cue_kinds()))
    return tuple(sorted(found)) if is_sure else ()


_NEAR = Memo(_words_near)
