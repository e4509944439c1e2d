"""How sure it is that two facts that differ say the same: features of the pair, and a small model of them.

Facts: similarity alone cannot tell: "PostgreSQL 16" and "18" are .92 alike, two spellings of a person's record .4. What tells
is in what they differ: a number or a negation says no, a shared long number or model code says yes. And what kind of text it is:
two titles of one product differ in numbers, two memories of one thing do not.

Strategy: logistic regression (Berkson 1944) over bounded features, each there twice where a text is no sentence. The
coefficients are data, `data/confidence.json`, fitted by `python -m benchmarks fit` to the data sets named there; a store can
be given its own. Sums are exact (`math.fsum`) and rounded to six digits, so that a confidence is the same on every machine.

Left out: how rare a word is. That would depend on what else is in the store, and so on the order of things.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import filterfalse
from math import exp, fsum, log
from typing import NamedTuple

import orjson
from rapidfuzz import fuzz

from memproc.dedup.cues import CUE
from memproc.dedup.gist import Gist, gist_of
from memproc.dedup.memo import Memo
from memproc.dedup.signatures import shingles
from memproc.dedup.slips import IS_ODD
from memproc.dedup.tokens import MARKS

DIGITS = 6
NEVER_SURE = 1e-6
LEAST_ALIKE, LEAST_ALIKE_SENTENCES = 65, 80  # of 100
SENTENCES_CHARS = 60  # of shorter sentences one word more is a lot
LONG_CHARS = 4_000  # beyond, edits are too dear to count: their number grows with the square of the length
CUE_KINDS = ("negation", "month", "weekday", "time", "quantifier", "pole", "unit")
_OF_ANY_TEXT = (
    "jaccard",  # of the shingle sets
    "ratio",  # normalised indel similarity of the texts
    "token sort ratio",  # the same with the tokens in order
    "token set ratio",  # the same of what each has more than the common tokens, at best
    "words in common",  # the Jaccard similarity of the sets of tokens that are letters only
    "numbers in common",  # the same of tokens with a digit
    "jaccard and numbers",  # the product of the first and this
    "numbers differ",  # 0 or 1
    "number conflicts",  # how many stand against another, of 5
    "shared numbers",  # how many, of 5
    "share of numbers",  # those of either among the tokens of both
    "long number shared",  # 0 or 1: five digits or more
    "codes shared",  # tokens of letters and digits, four characters or more: how many, of 3
    "code conflicts",  # how many stand against another, of 3
    *(f"{kind} differs" for kind in CUE_KINDS),  # 0 or 1
    "known words conflict",  # words or names that stand against other words or names: how many, of 3
    "known words added",  # words or names on one side only: how many, of 5
    "edited share",  # differing tokens among all of both
    "substituted share",  # those that stand against another, among the tokens of the longer
    "differing tokens",  # how many, of 20
    "log tokens",  # natural logarithm of the length of the longer
)
_NO_SENTENCE = "no sentence"  # 0 or 1: neither text shows itself to be English, as of titles, names and lines of machines
FEATURES = (*_OF_ANY_TEXT, _NO_SENTENCE, *(f"{name}, {_NO_SENTENCE}" for name in _OF_ANY_TEXT))  # the last: products
_NONE: frozenset[str] = frozenset()
_NOUGHT = (0.0,) * (1 + len(_OF_ANY_TEXT))
_LONG_NUMBER_DIGITS = 5
_CODE_CHARS = 4

Features = tuple[float, ...]


class Side(NamedTuple):
    """One of two facts, taken apart. Sets hold each token once; `cues` has one set for each of `CUE_KINDS`."""

    text: str
    gist: Gist
    sorted_tokens: str
    shingles: AbstractSet[str]
    tokens: AbstractSet[str]
    words: AbstractSet[str]
    known: AbstractSet[str]
    numbers: AbstractSet[str]
    codes: AbstractSet[str]
    cues: tuple[AbstractSet[str], ...]


def side_of(text: str) -> Side:
    """Take a canonical text apart."""
    gist = gist_of(text)
    spoken = [*filterfalse(MARKS.__contains__, gist.tokens)]
    tokens = set(spoken)
    cues: dict[str, set[str]] = {}
    for kind, meant in filter(None, map(_CUES.__getitem__, tokens)):
        cues.setdefault(kind, set()).add(meant)
    words = set(filter(str.isalpha, tokens))
    numbers = cues.get("number", _NONE)
    return Side(
        text,
        gist,
        " ".join(sorted(spoken)),
        shingles(text),
        tokens,
        words,
        set(filterfalse(IS_ODD.__getitem__, words)),
        numbers,
        {number for number in numbers if _is_code(number)},
        tuple([cues.get(kind, _NONE) for kind in CUE_KINDS]),
    )


def features_of(one: Side, other: Side) -> Features:
    """Return the values of `FEATURES` for a pair; symmetric, each within 0..1 but for "log tokens"."""
    found = _features_of_any_text(one, other)
    return (*found, *_NOUGHT) if one.gist.is_english and other.gist.is_english else (*found, 1.0, *found)


def _features_of_any_text(one: Side, other: Side) -> Features:
    jaccard = likeness(one, other)
    numbers = _jaccard(one.numbers, other.numbers)
    shared = one.numbers & other.numbers
    codes = len(one.codes & other.codes)
    tokens = len(one.tokens & other.tokens)
    more, less = len(one.tokens) - tokens, len(other.tokens) - tokens
    known, other_known = len(one.known - other.tokens), len(other.known - one.tokens)
    longer = max(len(one.tokens), len(other.tokens), 1)
    return (
        jaccard,
        *_ratios(one, other, jaccard),
        _jaccard(one.words, other.words),
        numbers,
        jaccard * numbers,
        float(one.numbers != other.numbers),
        min(len(one.numbers) - len(shared), len(other.numbers) - len(shared), 5) / 5,
        min(len(shared), 5) / 5,
        (len(one.numbers) + len(other.numbers) - len(shared)) / (2 * longer),
        float(any(map(_is_long, shared))),
        min(codes, 3) / 3,
        min(len(one.codes) - codes, len(other.codes) - codes, 3) / 3,
        *(float(left != right) for left, right in zip(one.cues, other.cues, strict=True)),
        min(known, other_known, 3) / 3,
        min(abs(known - other_known), 5) / 5,
        (more + less) / (2 * longer),
        min(more, less) / longer,
        min(more + less, 20) / 20,
        log(longer),
    )


def _ratios(one: Side, other: Side, jaccard: float) -> tuple[float, float, float]:
    """Return the three ratios of a pair; of long texts, what the shingles that they share say instead."""
    if is_long(one.text, other.text):
        return (jaccard,) * 3
    return (
        fuzz.ratio(one.text, other.text) / 100,
        fuzz.ratio(one.sorted_tokens, other.sorted_tokens) / 100,
        fuzz.token_set_ratio(one.sorted_tokens, other.sorted_tokens) / 100,
    )


def in_order(text: str) -> str:
    """Return the words of a canonical text, sorted: what `may_be_alike` compares. Of a long one, each word once."""
    found = text.split(" ")
    return " ".join(sorted(found if len(text) <= LONG_CHARS else set(found)))


def may_be_alike(one: str, other: str, is_sentence: Callable[[], bool]) -> bool:
    """Tell of two texts, each as `in_order` gives it, before they are taken apart, whether that is worth it: of pairs below this
    bound hardly one in a hundred is likely to the model, on any of the data it was fitted to; of sentences none. Whether the first
    is one is asked where that matters.
    """
    if is_long(one, other):
        return 100 * _jaccard({*one.split(" ")}, {*other.split(" ")}) >= LEAST_ALIKE
    alike = fuzz.ratio(one, other, score_cutoff=LEAST_ALIKE)
    return alike >= LEAST_ALIKE_SENTENCES or (alike > 0 and (len(one) < SENTENCES_CHARS or not is_sentence()))


def may_be_alike_in_length(chars: int, other_chars: int) -> bool:
    """Tell of two canonical texts by their lengths whether `may_be_alike` may say yes: where one has little more than half the
    characters of the other, too many edits are left.
    """
    return max(chars, other_chars) > LONG_CHARS or 200 * min(chars, other_chars) >= LEAST_ALIKE * (chars + other_chars)


def is_long(one: str, other: str) -> bool:
    """Tell whether two texts are too long to count the edits between them."""
    return len(one) + len(other) > 2 * LONG_CHARS


def likeness(one: Side, other: Side) -> float:
    """Return the Jaccard similarity of the shingle sets, 0..1 (Broder 1997)."""
    return _jaccard(one.shingles, other.shingles)


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model: `weights` in the order of `FEATURES`; `data` names what it was fitted to."""

    intercept: float
    weights: tuple[float, ...]
    data: tuple[str, ...] = ()

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability, six digits, that a pair with these features says the same: above 0 and below 1."""
        logit = fsum((self.intercept, *(weight * value for weight, value in zip(self.weights, features, strict=True))))
        probability = 1 / (1 + exp(-logit)) if logit > 0 else exp(logit) / (1 + exp(logit))
        return min(max(round(probability, DIGITS), NEVER_SURE), 1 - NEVER_SURE)

    def to_json(self) -> bytes:
        """Return the model as JSON, each weight beside the name of its feature."""
        weights = dict(zip(FEATURES, self.weights, strict=True))
        value = {"intercept": self.intercept, "weights": weights, "data": self.data}
        return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"


def model_from(text: bytes | str) -> Model:
    """Return the model of a JSON text. Raises KeyError where it lacks a feature."""
    value = orjson.loads(text)
    return Model(value["intercept"], tuple(value["weights"][name] for name in FEATURES), tuple(value["data"]))


@lru_cache(maxsize=8)
def model_of(text: str) -> Model:
    """Return the model of a policy: that of a JSON text, or the shipped one where the text is empty."""
    return model_from(text) if text else shipped_model()


@cache
def shipped_model() -> Model:
    """Return the model that comes with memproc."""
    return model_from((files(__package__) / "data" / "confidence.json").read_bytes())


def _jaccard(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    shared = len(one & other)
    both = len(one) + len(other) - shared
    return shared / both if both else 1.0


def _is_code(token: str) -> bool:
    return len(token) >= _CODE_CHARS and any(map(str.isalpha, token))


def _is_long(number: str) -> bool:
    return sum(map(str.isdigit, number)) >= _LONG_NUMBER_DIGITS


def _kind_and_meaning(token: str) -> tuple[str, str] | None:
    """Return the kind of cue that a token is and what it means; None where it is none."""
    kind, _, meant = CUE[token].partition(":")
    kind = "number" if any(map(str.isdigit, token)) else kind
    return (kind, meant or token) if kind else None


_CUES = Memo(_kind_and_meaning)
