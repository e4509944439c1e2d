"""The gist of a fact: its tokens without the differences that do not change what is remembered.

Facts: similarity alone destroys memories ("PostgreSQL 16" / "18" is .92 similar), and it is not transitive: a chain of
similar texts joins what differs. Equality is transitive. More than half of real near repeats differ only by fillers,
contractions, punctuation or one slip.

Strategy: two facts merge when their gists are equal, so candidates for a merge are found by one key, completely and in
linear time, and no list of dangerous differences can be too short: what is not named benign here keeps texts apart.

Rules: sentence punctuation is dropped; contractions are written out; number words become digits; fillers are dropped,
unless they follow a negation ("not just"); a slip is one edit inside a token that is neither word nor name, or a swap of two
of its letters, that makes it a common word. A text that is not English keeps all its tokens.

Left out: synonyms, word order, inflection, spelling of other languages: such pairs are for review.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from memproc.dedup import words

# A conservative prior for "this difference is benign", by kind: products of these give the confidence of a merge.
TRUST = {"article": 0.999, "filler": 0.98, "contraction": 0.995, "number word": 0.99, "slip": 0.95}

SHORTEST_TOKENS = 2  # a gist of one word says too little to merge by
MOST_SLIPS = 3  # a text with more odd tokens than this is no text with a slip
MOST_MENDS = 8

_SPECIAL = re.compile(r"[0-9/\\@_]|\.\w")
_ASCII_SYMBOLS = str.maketrans(dict.fromkeys(".,;:!\"()[]{}-", " ") | {symbol: f" {symbol} " for symbol in "?$%&*+<=>^|~#"})
_TOKEN = re.compile(r"[^\W\d_]+(?:'+[^\W\d_]+)*|[^\w\s.,;:!'\"()\[\]{}…\-]")
_EDGE_PUNCTUATION = ".,;:!()[]{}\"'…"
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+")
_CLAUSE_END = re.compile(r"[.,;:!?…]+(?=\s|$)")
_SLIP_SHAPE = re.compile(r"[a-z]{4,24}")
_LETTER_LABELS = frozenset("vitamin hepatitis plan type group grade section class gate level team option item row".split())
_ENGLISH_SHARE = 0.6


class Gist(NamedTuple):
    """`tokens` is what is compared; `dropped` names each benign difference to the text; `mends` are the gists that this
    one would have if one odd token were a slip."""

    tokens: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    mends: tuple[tuple[str, ...], ...] = ()

    @property
    def confidence(self) -> float:
        """The probability, 0..1, that the text says what its gist says."""
        product = 1.0
        for kind in self.dropped:
            product *= TRUST[kind]
        return product


def tokenize(text: str) -> list[str]:
    """Return the tokens of a canonical text: words, numbers and identifiers whole, symbols and emoji one by one.

    >>> tokenize("i've paid $5, (really!) to a@b.com 😀")
    ["i've", 'paid', '$5', 'really', 'to', 'a@b.com', '😀']
    """
    if _SPECIAL.search(text) is None:
        return _words_and_symbols(text)
    tokens: list[str] = []
    for chunk in text.split(" "):
        if chunk.isalpha():
            tokens.append(chunk)
        elif _SPECIAL.search(chunk) is None:
            tokens += _words_and_symbols(chunk)
        elif token := chunk.strip(_EDGE_PUNCTUATION):
            tokens.append(token.replace(",", "") if _THOUSANDS.fullmatch(token) else token)
    return tokens


def _words_and_symbols(text: str) -> list[str]:
    if not text.isascii():
        return _TOKEN.findall(text)
    tokens = text.translate(_ASCII_SYMBOLS).split()
    return [bare for token in tokens if (bare := token.strip("'"))] if "'" in text else tokens


def gist_of(text: str) -> Gist:
    """Return the gist of a canonical text.

    >>> gist_of("well, i don't really like the tea!").tokens
    ('i', 'do', 'not', 'really', 'like', 'tea')
    >>> gist_of("she actually likes two teas").tokens == gist_of("she likes 2 teas.").tokens
    True
    """
    tokens = tokenize(text)
    odd = _odd_tokens(tokens)
    if odd is None:
        return Gist(tuple(tokens))
    full, written_out = _write_out(tokens)
    kept, dropped = _without_fillers(full, text)
    return Gist(tuple(kept), (*written_out, *dropped), _mends(kept, odd))


def cues_of(tokens: Iterable[str]) -> tuple[str, ...]:
    """Return the sorted cues among the tokens of a gist: numbers, dates, negation, quantifiers, poles, units.

    A slip that can stand for nothing but a cue is that cue.

    >>> cues_of(gist_of("i don't take 5mg on monday").tokens)
    ('negation:not', 'number:5mg', 'pole:on', 'weekday:monday')
    """
    kinds = words.cue_kinds()
    cues = []
    for token in tokens:
        meant = near[0] if token not in kinds and len(near := words_near(token)) == 1 else token
        if meant in kinds:
            cues.append(f"{kinds[meant]}:{meant}")
        elif any(map(str.isdigit, token)):
            cues.append(f"number:{token}")
    return tuple(sorted(cues))


def _odd_tokens(tokens: Sequence[str]) -> list[str] | None:
    """Return the tokens that are neither words nor names, or None where the text is not English."""
    distinct = set(tokens)
    odd = [token for token in distinct - words.known_words() - words.full_forms().keys() if token[0].isalpha()]
    foreign = distinct & words.foreign_words()
    is_other_script = not all(map(str.isascii, odd)) and len(odd) > (1 - _ENGLISH_SHARE) * len(distinct)
    return None if is_other_script or len(foreign) > 1 or len(foreign) * 4 > len(distinct) else odd


def _write_out(tokens: list[str]) -> tuple[list[str], list[str]]:
    """Return the tokens with contractions and number words written out, and the kinds of what was."""
    full_forms = words.full_forms()
    if full_forms.keys().isdisjoint(tokens):
        return tokens, []
    full: list[str] = []
    for token in tokens:
        full += full_forms.get(token, (token,))
    found = [full_forms[token] for token in tokens if token in full_forms]
    return full, ["contraction" if form[0].isalpha() else "number word" for form in found]


def _without_fillers(tokens: list[str], text: str) -> tuple[list[str], list[str]]:
    """Return the tokens that are no fillers, and the kinds of those that are."""
    fillers, negations = words.fillers(), words.negations()
    kept: list[str] = []
    dropped: list[str] = []
    skip = 0
    for at, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        rest, place = fillers.get(token, ((), None))
        if place is None or (rest and tuple(tokens[at + 1 : at + 1 + len(rest)]) != rest):
            kept.append(token)
            continue
        before = kept[-1] if kept else ""
        if place == "article":
            is_filler = tokens[at + 1 : at + 2] != [] and tokens[at + 1][0].isalpha() and before not in _LETTER_LABELS
        else:
            is_filler = before not in negations and (place == "anywhere" or token in _clauses(text)[place])
        if is_filler:
            dropped.append("article" if place == "article" else "filler")
            skip = len(rest)
        else:
            kept.append(token)
    return kept, dropped


def _clauses(text: str) -> dict[str, frozenset[str]]:
    """Return the words that begin a clause ("start") or are one ("opener"), and stand in no other place in the text."""
    clauses = [tokenize(clause.strip()) for clause in _CLAUSE_END.split(text)]
    inside = frozenset(token for clause in clauses for token in clause[1:])
    starts = frozenset(clause[0] for clause in clauses if clause) - inside
    openers = starts - {clause[0] for clause in clauses if len(clause) > 1}
    return {"start": starts, "opener": openers}


def _mends(tokens: Sequence[str], odd: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    slips = {token: found for token in odd if (found := words_near(token))}
    if not 0 < len(slips) <= MOST_SLIPS:
        return ()
    mends = [
        (*tokens[:at], word, *tokens[at + 1 :]) for at, token in enumerate(tokens) if token in slips for word in slips[token]
    ]
    return tuple(sorted(mends)) if len(mends) <= MOST_MENDS else ()


@lru_cache(maxsize=100_000)
def words_near(token: str) -> tuple[str, ...]:
    """Return the common words that are one slip away from a token that is no word: a letter inside it more, less or other,
    or two neighbours swapped. Where a cue is among several, nothing is sure, and nothing is returned.

    Distance: optimal string alignment.

    >>> words_near("kithcen"), words_near("kitchen"), words_near("nevr"), words_near("usaully")
    (('kitchen',), (), (), ('usually',))
    """
    if not _SLIP_SHAPE.fullmatch(token) or token in words.known_words():
        return ()
    shapes, found = words.slip_targets(), set()
    for length in (len(token) - 1, len(token), len(token) + 1):
        targets = shapes.get((token[0], token[-1], length), ())
        found.update(word for word, _, _ in process.extract(token, targets, scorer=OSA.distance, score_cutoff=1, limit=None))
    swapped = {token[1] + token[0] + token[2:], token[:-2] + token[-1] + token[-2]}
    found |= {word for word in swapped if word in shapes.get((word[0], word[-1], len(word)), ())}
    is_sure = found.isdisjoint(words.full_forms()) and (len(found) == 1 or found.isdisjoint(words.cue_kinds()))
    return tuple(sorted(found)) if is_sure else ()
