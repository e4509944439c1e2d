"""Whether a figure is as those of earlier jobs were. Pure.

The statistic is the modified z-score of B. Iglewicz and D. Hoaglin, "How to Detect and Handle Outliers" (ASQC 1993), as the
NIST/SEMATECH e-Handbook of Statistical Methods gives it in section 1.3.5.17: 0.6745 (x - median) / MAD, where MAD is the median of
the absolute differences from the median. They call values with more than 3.5 outliers. Median and MAD bear it that half of the
earlier jobs are odd.

Rules: a MAD of 0, as of jobs that are all alike, makes any difference infinitely odd; so a difference below a share of the median
is none, and of a share (0 to 1) one below so many points.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from statistics import median

FEWEST_JOBS = 3
_NORMAL = 0.6745  # the third quartile of the standard normal distribution: MAD is that of its standard deviation


def modified_z(value: float, earlier: Sequence[float]) -> float:
    """Return how far a value is from the median of earlier ones, 0 or more; infinite where these are alike and it is not.

    >>> modified_z(10, [8, 9, 10, 11, 12]), round(modified_z(20, [8, 9, 10, 11, 12]), 2), modified_z(1, [0, 0, 0])
    (0.0, 6.75, inf)
    """
    middle = median(earlier)
    spread = median(abs(one - middle) for one in earlier)
    away = abs(value - middle)
    return 0.0 if not away else _NORMAL * away / spread if spread else inf


def is_negligible(value: float, earlier: Sequence[float], share: float, *, is_share: bool) -> bool:
    """Tell whether a difference from the median is less than a share of it, or of shares than so many points.

    >>> is_negligible(104, [100, 100, 100], 0.05, is_share=False), is_negligible(0.04, [0, 0, 0], 0.05, is_share=True)
    (True, True)
    """
    middle = median(earlier)
    return abs(value - middle) <= (share if is_share else share * abs(middle))
