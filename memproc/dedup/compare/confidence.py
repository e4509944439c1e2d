"""The confidence that two different facts say the same: features of the pair, and a small model.

Facts: similarity does not tell. Two titles of one product differ in half of their words, "PostgreSQL 16" and "18" in one character.
The gravest difference tells, and how much of the text it is; for records, such as titles and persons, the numbers they share.

Strategy: logistic regression (Berkson 1944) over few bounded features. The kinds of difference are coded as steps: each step down
to a graver kind has a weight of its own, none above 0, so that confidence falls with gravity, as in isotonic regression (Barlow
and others 1972), and a difference can only lower it. A long number that both share can only raise it. The weights are data,
`data/confidence.json`, fitted by `python -m benchmarks fit` to the data sets named there; a store can be given its own. Sums are
exact (`math.fsum`) and rounded to six digits, so that a confidence is the same on every machine.

Left out: how rare a word is. That would depend on what else is in the store, and so on the order of ingestion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, lru_cache
from math import exp, fsum, log2
from operator import mul
from typing import NamedTuple

import orjson
from rapidfuzz import fuzz

from memproc.dedup.compare.evidence import KINDS, counted, evidence
from memproc.dedup.compare.token_kinds import TOKEN_KIND
from memproc.dedup.gist.gist import Gist, gist_of
from memproc.dedup.minhash.minhash import shingles
from memproc.dedup.text import word_classes, word_lists
from memproc.dedup.text.tokens import size_of

DIGITS = 6
NEVER_SURE = 1e-6
LEAST_ALIKE, LEAST_ALIKE_SENTENCES = 65, 80  # of 100
SENTENCES_CHARS = 60  # of shorter sentences one word more is a lot
LONG_CHARS = 4_000  # beyond, edits are too dear to count: their number grows with the square of the length
STEPS = tuple(f"{kind} or graver" for kind in KINDS[1:])  # 0 or 1: the gravest difference is that, or graver
FEATURES = (
    *STEPS,
    "more words",  # that differ, beside the gravest difference: how many, of 3, on a logarithmic scale
    "short",  # how much of the text differs: 0 is one place of 32 tokens, 1 all of it; from a word on 0
    "short, in doubt",  # the same, where the gravest is a near word, the sense or the order
    "not English",  # 0 or 1: neither text shows itself to be, so that nothing was measured on its like
    "record",  # 0 or 1: a title, a person, a line of a machine. It has no steps, but these three:
    "codes differ",  # 0 or 1: a model, or a number of four digits, stands against another
    "numbers differ",  # how many, of 3, on a logarithmic scale
    "long numbers shared",  # of five digits or more: how many, of 2, on a logarithmic scale
)
RAISING = frozenset(["long numbers shared"])  # a weight of 0 or more; any other has 0 or less
FREE = frozenset(["record"])  # but for this, which is no difference
_DOUBTFUL = frozenset(KINDS.index(kind) for kind in ("near word", "sense", "order"))
_WORD = KINDS.index("word")
_LONG_TOKENS = 32
_LONG_NUMBER_DIGITS = 5
_RECORD_TOKENS = 8
_BEING = word_classes.word_classes()["being"]  # "is", "was": titles, persons and lines of machines do without, and without "we"
_DENSE, _MOST_OF_IT = 0.2, 0.5  # of the tokens are numbers: in a record that holds words of English, and in a short one
_NO_STEPS = (0.0,) * len(STEPS)

Features = tuple[float, ...]


class Side(NamedTuple):
    """One of two facts, taken apart. `tokens` are those of its gist as `counted` returns them, and `codes` those that identify one
    of many. `words` is the number of words, or of characters in Chinese and Japanese. `is_record` tells whether it is a title, a
    person or a line of a machine, and no sentence.
    """

    text: str
    gist: Gist
    tokens: frozenset[str]
    codes: frozenset[str]
    words: int
    is_record: bool


def side_of(text: str) -> Side:
    """Take a canonical text apart."""
    gist = gist_of(text)
    tokens = counted(gist.tokens)
    codes = frozenset([token for token in tokens if TOKEN_KIND[token] == "code"])
    size = len(tokens) if text.isascii() else sum(map(size_of, tokens))
    return Side(text, gist, tokens, codes, size, bool(codes) and _is_record(gist, tokens))


def _is_record(gist: Gist, tokens: AbstractSet[str]) -> bool:
    """Tell whether a text with a code is a record: it consists mostly of numbers, or is long and clearly no sentence."""
    numbers = sum([any(map(str.isdigit, token)) for token in tokens]) / len(tokens)
    if numbers > _MOST_OF_IT or len(tokens) < _RECORD_TOKENS:
        return numbers > _MOST_OF_IT
    return not gist.is_english or (
        numbers >= _DENSE and _BEING.isdisjoint(tokens) and "person" not in map(TOKEN_KIND.__getitem__, tokens)
    )


def features_of(one: Side, other: Side) -> Features:
    """Return the values of `FEATURES` for a pair; symmetric, each within 0..1."""
    left, right = one.tokens - other.tokens, other.tokens - one.tokens
    are_records = one.is_record and other.is_record and one.gist.tokens != other.gist.tokens
    if are_records and word_classes.negations().isdisjoint(left | right):
        return _features_of_records(one, other, left, right)
    gravity, more, near_words = evidence(one.gist, other.gist, left, right)
    places = near_words or 1 if gravity in _DOUBTFUL else max(len(left), len(right), 1)
    short = 0.0 if gravity >= _WORD else _share(places, max(one.words, other.words))
    return (
        *[float(gravity > step) for step in range(len(STEPS))],
        _logarithmic(more, 3),
        short,
        short if gravity in _DOUBTFUL else 0.0,
        float(not (one.gist.is_english or other.gist.is_english)),
        *(0.0,) * 4,
    )


def _features_of_records(one: Side, other: Side, left: AbstractSet[str], right: AbstractSet[str]) -> Features:
    conflicts = min(len(one.codes & left), len(other.codes & right))
    differ = max(sum(TOKEN_KIND[token] in ("number", "code", "moment") for token in side) for side in (left, right))
    shared = sum(map(_is_long, one.codes & other.codes))
    return (*_NO_STEPS, *(0.0,) * 4, 1.0, float(conflicts > 0), _logarithmic(differ, 3), _logarithmic(shared, 2))


def _share(places: int, tokens: int) -> float:
    """Return how much of a text differs, 0..1: `log2(32 p / n) / 5`, for p places of n tokens, of 32 at most."""
    return min(max(log2(_LONG_TOKENS * places / max(min(tokens, _LONG_TOKENS), 1)) / log2(_LONG_TOKENS), 0.0), 1.0)


def _logarithmic(count: int, most: int) -> float:
    """Return a count on a logarithmic scale, 0..1."""
    return log2(1 + min(count, most)) / log2(1 + most)


def in_order(text: str) -> str:
    """Return the words of a canonical text, sorted: what `may_be_alike` compares. Of a long one, each word once."""
    found = text.split(" ")
    return " ".join(sorted(found if len(text) <= LONG_CHARS else set(found)))


def may_be_alike(one: str, other: str, is_sentence: Callable[[], bool]) -> bool:
    """Tell whether it is worth taking two texts apart, each given as `in_order` returns it. In all the data to which the model was
    fitted, hardly one in a hundred pairs below this bound is likely, and no pair of sentences. `is_sentence` is called if it
    matters whether the first is one.
    """
    if is_long(one, other):
        return 100 * _jaccard({*one.split(" ")}, {*other.split(" ")}) >= LEAST_ALIKE
    alike = fuzz.ratio(one, other, score_cutoff=LEAST_ALIKE)
    return alike >= LEAST_ALIKE_SENTENCES or (alike > 0 and (len(one) < SENTENCES_CHARS or not is_sentence()))


def may_be_alike_in_length(chars: int, other_chars: int) -> bool:
    """Tell by the lengths of two canonical texts whether `may_be_alike` can be true. If one has little more than half the
    characters of the other, it cannot.
    """
    return max(chars, other_chars) > LONG_CHARS or 200 * min(chars, other_chars) >= LEAST_ALIKE * (chars + other_chars)


def is_long(one: str, other: str) -> bool:
    """Tell whether two texts are too long to count the edits between them."""
    return len(one) + len(other) > 2 * LONG_CHARS


def likeness(one: Side, other: Side) -> float:
    """Return the Jaccard similarity of the shingle sets, 0..1 (Broder 1997)."""
    return _jaccard(_shingles_of(one.text), _shingles_of(other.text))


_shingles_of = lru_cache(maxsize=500)(shingles)


@dataclass(frozen=True, slots=True)
class Model:
    """A logistic model: `weights` in the order of `FEATURES`; `data` names what it was fitted to."""

    intercept: float
    weights: tuple[float, ...]
    data: tuple[str, ...] = ()

    def probability(self, features: Sequence[float]) -> float:
        """Return the probability, six digits, that a pair with these features says the same: above 0 and below 1."""
        logit = fsum((self.intercept, *map(mul, self.weights, features)))
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
    return model_from(word_lists.data("confidence.json").read_bytes())


def _jaccard(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    shared = len(one & other)
    both = len(one) + len(other) - shared
    return shared / both if both else 1.0


def _is_long(number: str) -> bool:
    return sum(map(str.isdigit, number)) >= _LONG_NUMBER_DIGITS
