"""Fitting a model of confidence to labelled pairs, and judging one: pure, and the same numbers on every run.

Logistic regression by iteratively reweighted least squares (Hastie, Tibshirani, Friedman, "The Elements of Statistical
Learning", 4.4.1) with a ridge on standardised features, each weight within the sign that its feature may have. Expected calibration
error after Naeini, Cooper, Hauskrecht (2015).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memproc.dedup.compare.confidence import DIGITS, FEATURES, FREE, RAISING, Model

RIDGE = 5.0
MOST_STEPS = 100
LARGEST_LOGIT = 500.0
CLOSE_ENOUGH = 1e-9
BINS = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bin:
    """A row of a reliability table: how many pairs had a confidence from `low` to `high`, its mean, and how many are the same."""

    low: float
    high: float
    pairs: int
    mean_confidence: float
    share_same: float


def fit(features: Floats, same: NDArray[np.bool_], weights: Floats, data: Sequence[str], *, prior: Model | None = None) -> Model:
    """Fit a model to pairs: `features` of shape (pairs, len(FEATURES)), `same` and `weights` of shape (pairs,).

    What the pairs do not tell is as in `prior`, or says nothing. No weight has the other sign than its feature may have.

    Raises ValueError where the pairs are all the same or all different.
    """
    if same.all() or not same.any():
        raise ValueError("give pairs that are the same and pairs that are not")
    mean = np.average(features, axis=0, weights=weights)
    spread = np.sqrt(np.average((features - mean) ** 2, axis=0, weights=weights))
    varies = spread > CLOSE_ENOUGH
    spread = np.where(varies, spread, 1.0)
    design = np.column_stack([np.ones(len(features)), (features - mean) / spread * varies])
    expected = np.zeros(features.shape[1]) if prior is None else np.array(prior.weights)
    found = _newton(design, same, weights, np.array([0.0, *(expected * spread)]))
    slopes = found[1:] / spread
    intercept = found[0] - slopes @ mean
    return Model(round(float(intercept), DIGITS), tuple(round(float(slope), DIGITS) + 0.0 for slope in slopes), tuple(data))


def _newton(design: Floats, same: NDArray[np.bool_], weights: Floats, prior: Floats) -> Floats:
    """Return the coefficients, the intercept first, that make the likelihood greatest, less what departing from `prior` costs,
    within their bounds: Newton's method on those that are free, projected on the bounds (Bertsekas 1982).
    """
    ridge = np.full(design.shape[1], RIDGE)
    ridge[0] = 0.0
    least = np.array([-np.inf, *(0.0 if name in RAISING else -np.inf for name in FEATURES)])
    most = np.array([np.inf, *(np.inf if name in RAISING or name in FREE else 0.0 for name in FEATURES)])

    def loss(coefficients: Floats) -> float:
        logits = design @ coefficients
        return float(weights @ (np.logaddexp(0, logits) - same * logits) + (ridge @ (coefficients - prior) ** 2) / 2)

    found = np.clip(prior, least, most)
    for _ in range(MOST_STEPS):
        expected = 1 / (1 + np.exp(-np.clip(design @ found, -LARGEST_LOGIT, LARGEST_LOGIT)))
        gradient = design.T @ (weights * (same - expected)) - ridge * (found - prior)
        curvature = (design * (weights * expected * (1 - expected))[:, None]).T @ design + np.diag(ridge + CLOSE_ENOUGH)
        is_free = ~(((found <= least) & (gradient < 0)) | ((found >= most) & (gradient > 0)))
        step = np.zeros(len(found))
        step[is_free] = np.linalg.solve(curvature[np.ix_(is_free, is_free)], gradient[is_free])
        there = np.clip(found + step, least, most)
        while loss(there) > loss(found) and np.abs(step).max() > CLOSE_ENOUGH:
            step /= 2
            there = np.clip(found + step, least, most)
        moved = np.abs(there - found).max()
        found = there
        if moved < CLOSE_ENOUGH:
            break
    return found


def reliability(confidences: Sequence[float], same: Sequence[bool]) -> list[Bin]:
    """Return the reliability table of confidences in ten bins of equal width, those that are empty left out."""
    given, truth = np.array(confidences, np.float64), np.array(same, np.bool_)
    places = np.minimum((given * BINS).astype(np.intp), BINS - 1)
    return [
        Bin(at / BINS, (at + 1) / BINS, int(chosen.sum()), float(given[chosen].mean()), float(truth[chosen].mean()))
        for at in range(BINS)
        if (chosen := places == at).any()
    ]


def calibration_error(confidences: Sequence[float], same: Sequence[bool]) -> float:
    """Return the expected calibration error, 0..1: by how much confidence and truth differ in a bin, on average over the pairs."""
    table = reliability(confidences, same)
    total = sum(found.pairs for found in table)
    return sum(found.pairs * abs(found.mean_confidence - found.share_same) for found in table) / total if total else 0.0


def recall_at_precision(confidences: Sequence[float], same: Sequence[bool], precision: float) -> float:
    """Return the largest recall, 0..1, of a threshold at which at least this share of what passes is the same."""
    ranked = sorted(zip(confidences, same, strict=True), key=lambda pair: -pair[0])
    right, best, total = 0, 0, sum(same)
    for at, (confidence, is_same) in enumerate(ranked, 1):
        right += is_same
        is_last_of_its_confidence = at == len(ranked) or ranked[at][0] != confidence
        if is_last_of_its_confidence and right >= precision * at:
            best = right
    return best / total if total else 0.0


def columns(pairs: Sequence[Sequence[float]]) -> Floats:
    """Return the features of pairs as an array of shape (pairs, len(FEATURES))."""
    return np.array(pairs, np.float64).reshape(len(pairs), len(FEATURES))
