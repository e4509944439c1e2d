"""Quantiles of times, of which none is kept. Pure."""

from __future__ import annotations

from collections import Counter
from math import floor, log

GROWTH = 1.02
LEAST_SECONDS = 1e-7


class Quantiles:
    """Quantiles of any number of positive numbers, within 1 %.

    >>> times = Quantiles()
    >>> for millisecond in range(1, 1_001):
    ...     times.note(millisecond / 1_000)
    >>> abs(times.at(0.5) - 0.5) < 0.01, times.greatest
    (True, 1.0)
    """

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self.greatest = 0.0

    def note(self, number: float) -> None:
        """Note one more number."""
        self._counts[floor(log(max(number, LEAST_SECONDS)) / log(GROWTH))] += 1
        self.greatest = max(self.greatest, number)

    def at(self, share: float) -> float:
        """Return the number that this share of all is at most; 0 if there are none."""
        left = share * self._counts.total()
        for bucket, count in sorted(self._counts.items()):
            left -= count
            if left <= 0:
                return float(min(GROWTH ** (bucket + 0.5), self.greatest))
        return self.greatest
