"""Fitting the model of confidence that memproc ships: ``python -m benchmarks fit``.

Memories weigh most, as they are what is compared. Of SIGMOD X1 every second pair is used, so that the others can be
measured; of FEBRL the sets 1, 2 and 4, so that 3 can. The corpora have seeds that `peers` is not run with.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.labelled import Labelled, candidates, corpus, febrl, negations, prepared, sigmod_x1, templates, traps
from memproc.dedup.confidence import Model, features_of, side_of
from memproc.dedup.fitting import columns, fit

if TYPE_CHECKING:
    from memproc.dedup.confidence import Features

TARGET: Final = Path(__file__).parents[1] / "memproc" / "dedup" / "data" / "confidence.json"
CORPUS_RECORDS: Final = 8_000
CORPUS_SEEDS: Final = (101, 102)
FEBRL_SETS: Final = (1, 2, 4)
CORPUS_WEIGHT: Final = 1.0
FEBRL_WEIGHT: Final = 0.1
X1_WEIGHT: Final = 2.0
OPPOSED_WEIGHT: Final = 0.3
TEMPLATE_RECORDS: Final = 600
TEMPLATE_WEIGHT: Final = 0.3


def fit_shipped() -> Model:
    """Fit the model to all named data. Raises FileNotFoundError where some of it is not at hand."""
    x1 = sigmod_x1()
    if x1 is None:
        message = "SIGMOD X1 is not here: name the folder of the data in MEMPROC_DATA"
        raise FileNotFoundError(message)
    sets = [
        *((corpus(CORPUS_RECORDS, seed), CORPUS_WEIGHT) for seed in CORPUS_SEEDS),
        *((febrl(number), FEBRL_WEIGHT) for number in FEBRL_SETS),
        (templates(TEMPLATE_RECORDS, CORPUS_SEEDS[0]), TEMPLATE_WEIGHT),
    ]
    features: list[Features] = []
    same: list[bool] = []
    weights: list[float] = []
    parts = [(labelled.name, weight, *pairs_of(labelled)) for labelled, weight in sets]
    found, truth = pairs_of(x1)
    parts.append((f"{x1.name}, every second pair", X1_WEIGHT, found[::2], truth[::2]))
    for name, opposed in (("CANNOT", negations()), ("traps", [(one, other) for _, one, other in traps()])):
        found = [features_of(side_of(prepared(one).text), side_of(prepared(other).text)) for one, other in opposed[::2]]
        parts.append((f"{name}, every second pair", OPPOSED_WEIGHT, found, [False] * len(found)))
    for _, weight, found, truth in parts:
        features += found
        same += truth
        weights += [weight / len(found)] * len(found)
    scale = len(features) / sum(weights)
    return fit(columns(features), np.array(same), np.array(weights) * scale, [name for name, *_ in parts])


def pairs_of(labelled: Labelled, recall: str = "standard") -> tuple[list[Features], list[bool]]:
    """Give the features of each candidate pair that is no merge, and whether it says the same."""
    facts = [prepared(text) for text in labelled.texts]
    sides = [side_of(fact.text) for fact in facts]
    found = list(candidates(facts, recall))
    truth = [labelled.clusters[one] == labelled.clusters[other] for one, other in found]
    return [features_of(sides[one], sides[other]) for one, other in found], truth
