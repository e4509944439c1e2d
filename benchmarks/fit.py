"""Fitting the model of confidence that memproc ships, and judging it: ``python -m benchmarks fit``.

Half of the pairs of each data set, by a hash of their texts, is kept back: it is what the model is judged by. Of FEBRL the sets
1, 2 and 4 are fitted to, so that 3 is wholly new. The corpora have seeds that `peers` is not run with. What people said of
sentences weighs as much as what they said of records. Pairs that were made, of which each differs in one way, and those that were
made to be different weigh less; the weights were chosen by the half that is fitted to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from benchmarks.labelled import Labelled, candidates, corpus, febrl, merging, prepared, sigmod_x1, templates
from benchmarks.said import FITTED, KEPT_BACK, SAID, are_merged, half_of
from benchmarks.tables import NOTHING, markdown
from memproc.config import Settings
from memproc.dedup.compare.confidence import FEATURES, Features, Model, features_of, shipped_model, side_of
from memproc.dedup.compare.fitting import calibration_error, columns, fit

TARGET: Final = Path(__file__).parents[1] / "memproc" / "dedup" / "data" / "confidence.json"
CORPUS_RECORDS: Final = 8_000
CORPUS_SEEDS: Final = (101, 102)
FEBRL_SETS: Final = (1, 2, 4)
TEMPLATE_RECORDS: Final = 600
WEIGHTS: Final = {
    "everyday": 1.2,
    "SICK": 1.0,
    "STS": 1.0,
    "CANNOT": 0.3,
    "traps": 0.05,
    "corpus": 0.1,
    "FEBRL": 0.3,
    "machine": 0.3,
    "SIGMOD": 2.0,
}
"""By the first word of the name of a data set: what all of its pairs weigh together. What was made by rules, or to catch a fault,
is not what people have, and weighs little.
"""
GIVEN: Final = {"not English": -1.1}
"""A conservative prior, no measurement: of texts in other languages there are too few pairs."""
SURE: Final = (0.9, 0.97)


class Pairs(NamedTuple):
    """Pairs of a data set that memproc does not merge: their features, whether they say the same, and the half that each is in."""

    name: str
    features: list[Features]
    same: list[bool]
    halves: list[int]

    def of(self, half: int) -> Iterator[tuple[Features, bool]]:
        """Give the features of the pairs of one half, and whether they say the same."""
        rows = zip(self.features, self.same, self.halves, strict=True)
        return ((features, same) for features, same, own in rows if own == half)


class Judged(NamedTuple):
    """How the model does on pairs that it was not fitted to. `waiting` are those from `review_at` on; errors are expected
    calibration errors; of those that are surest, how many there are and which share of them is the same, None of none.
    """

    name: str
    pairs: int
    error: float
    waiting: int
    error_waiting: float
    surest: tuple[tuple[int, float | None], ...]


def fit_shipped() -> tuple[Model, list[Judged]]:
    """Fit the model to the half of all data that is not kept back, and judge it by the other.

    Raises FileNotFoundError where some data are not at hand.
    """
    found = [*data_sets()]
    weights: list[float] = []
    fitted: list[tuple[Features, bool]] = []
    for pairs in found:
        own = [*pairs.of(FITTED)]
        fitted += own
        weights += [WEIGHTS[pairs.name.split()[0]] / len(own)] * len(own)
    scale = len(fitted) / sum(weights)
    names = [f"{pairs.name}, half" for pairs in found]
    features, same = columns([pair[0] for pair in fitted]), np.array([pair[1] for pair in fitted])
    model = with_given(fit(features, same, np.array(weights) * scale, names))
    return model, [judged(pairs.name, model, pairs.of(KEPT_BACK)) for pairs in found]


def with_given(model: Model) -> Model:
    """Return a model with the weights that are no measurement."""
    weights = [GIVEN.get(name, weight) for name, weight in zip(FEATURES, model.weights, strict=True)]
    noted = [f"{name}: a conservative prior, no measurement" for name in GIVEN]
    return replace(model, weights=tuple(weights), data=(*model.data, *noted))


def judged(name: str, model: Model, pairs: Iterable[tuple[Features, bool]]) -> Judged:
    """Judge a model by pairs that it was not fitted to."""
    found = [(model.probability(features), same) for features, same in pairs]
    waiting = [pair for pair in found if pair[0] >= Settings().review_at]
    surest = tuple(_share_same([same for confidence, same in found if confidence >= least]) for least in SURE)
    return Judged(name, len(found), _error(found), len(waiting), _error(waiting), surest)


def text_table(rows: Sequence[Judged]) -> str:
    """Return what was judged as a table of Markdown."""
    names = (
        "data, the half kept back",
        "pairs",
        "ECE",
        "waiting",
        "ECE of these",
        *(f"from {least:g}: the same" for least in SURE),
    )
    return markdown(names, map(_cells, rows))


def data_sets() -> Iterator[Pairs]:
    """Give the pairs of all data that the model is fitted to."""
    x1 = sigmod_x1()
    if x1 is None:
        message = "SIGMOD X1 is not here: name the folder of the data in MEMPROC_DATA"
        raise FileNotFoundError(message)
    yield from map(said_pairs, SAID)
    made = (corpus(CORPUS_RECORDS, seed) for seed in CORPUS_SEEDS)
    for labelled in chain(made, map(febrl, FEBRL_SETS), (templates(TEMPLATE_RECORDS, CORPUS_SEEDS[0]), x1)):
        yield labelled_pairs(labelled)


def said_pairs(name: str) -> Pairs:
    """Give the pairs of texts that people judged, but for those that are no clear case."""
    found = Pairs(name, [], [], [])
    for one, other, is_same in SAID[name]():
        left, right = prepared(one), prepared(other)
        if is_same is not None and not are_merged(merging(left), merging(right)):
            found.features.append(features_of(side_of(left.text), side_of(right.text)))
            found.same.append(is_same)
            found.halves.append(half_of(one, other))
    return found


def labelled_pairs(labelled: Labelled) -> Pairs:
    """Give the candidate pairs of labelled texts."""
    features, same, halves = pairs_of(labelled)
    return Pairs(labelled.name, features, same, halves)


def pairs_of(labelled: Labelled, recall: str = "standard") -> tuple[list[Features], list[bool], list[int]]:
    """Give the features of each candidate pair that is no merge, whether it says the same, and the half that it is in."""
    facts = [prepared(text) for text in labelled.texts]
    sides = [side_of(fact.text) for fact in facts]
    merges = [merging(fact) for fact in facts]
    found = [(one, other) for one, other in candidates(facts, recall) if not are_merged(merges[one], merges[other])]
    return (
        [features_of(sides[one], sides[other]) for one, other in found],
        [labelled.clusters[one] == labelled.clusters[other] for one, other in found],
        [half_of(labelled.texts[one], labelled.texts[other]) for one, other in found],
    )


def judge_shipped(names: Iterable[str] = SAID) -> list[Judged]:
    """Judge the shipped model by the pairs that people judged and that it was not fitted to."""
    return [judged(name, shipped_model(), said_pairs(name).of(KEPT_BACK)) for name in names]


def _cells(row: Judged) -> list[str]:
    surest = [NOTHING if share is None else f"{share:.0%} of {count:,}" for count, share in row.surest]
    return [row.name, f"{row.pairs:,}", f"{row.error:.3f}", f"{row.waiting:,}", f"{row.error_waiting:.3f}", *surest]


def _share_same(same: Sequence[bool]) -> tuple[int, float | None]:
    return len(same), sum(same) / len(same) if same else None


def _error(found: Sequence[tuple[float, bool]]) -> float:
    return calibration_error([confidence for confidence, _ in found], [same for _, same in found])
