"""How sure merges and open pairs are, folded into a histogram and into what would merge at which threshold. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from memproc.report.figures import ConfidenceBin, ThresholdCount

BINS = 20
THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.97, 0.99)


class Sureness:
    """Confidences of merges by likeness and of open pairs, counted.

    >>> sure = Sureness()
    >>> sure.note_merges([0.97, 1.0])
    >>> sure.note_reviews([0.55])
    >>> [(one.low, one.merges, one.reviews) for one in sure.histogram() if one.merges or one.reviews]
    [(0.55, 0, 1), (0.95, 2, 0)]
    >>> [(one.confidence, one.merges, one.reviews) for one in sure.thresholds()][-2:]
    [(0.97, 2, 0), (0.99, 1, 0)]
    """

    def __init__(self) -> None:
        self._bins: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        self._at_least: tuple[Counter[float], Counter[float]] = (Counter(), Counter())

    def note_merges(self, confidences: Iterable[float]) -> None:
        """Count merges."""
        self._note(0, confidences)

    def note_reviews(self, confidences: Iterable[float]) -> None:
        """Count open pairs."""
        self._note(1, confidences)

    def _note(self, which: int, confidences: Iterable[float]) -> None:
        for confidence in confidences:
            self._bins[which][min(BINS - 1, max(0, int(confidence * BINS + 1e-9)))] += 1
            self._at_least[which].update(threshold for threshold in THRESHOLDS if confidence >= threshold)

    def histogram(self) -> tuple[ConfidenceBin, ...]:
        """Return the counts by confidence, in steps of 0.05."""
        merges, reviews = self._bins
        return tuple(ConfidenceBin(at / BINS, (at + 1) / BINS, merges[at], reviews[at]) for at in range(BINS))

    def thresholds(self) -> tuple[ThresholdCount, ...]:
        """Return how many merges and open pairs have at least each threshold."""
        merges, reviews = self._at_least
        return tuple(ThresholdCount(one, merges[one], reviews[one]) for one in THRESHOLDS)
