"""How long the rest of a job takes, as bounds. Pure.

Facts: what a batch costs by byte changes while a job goes on. A store that grows makes each batch dearer; records are dense in one
file and sparse in another; a machine works at two speeds as others use it, and now and then everything stands still. A single
number hides all of that.

Strategy: the history is a few dozen steps. Three simple forecasts of the mean cost of the rest are made from it: that of all steps,
that of the newest quarter, and a straight line through the steps, drawn on. The bounds lie around all three, wider by how much
parts of the history differ from each other, by how little of it there is, and below for a pause that does not come again.

Rules: the widths are constants, found with simulated runs (`tests/report/simulated_runs.py`). Of runs of kinds that were not used
for that, at least 95 of 100 end within the bounds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations, pairwise
from math import log1p
from statistics import fmean, median
from typing import NamedTuple

STEPS_KEPT = 64
PARTS = 12  # of the history that are compared with each other
FEWEST_FOR_TREND = 6
NARROWEST, PER_SPREAD, PER_FEW, UNSEEN = 0.09, 1.1, 0.8, 0.2
PAUSE = 0.04  # of the time so far: what one more pause may take
LOWEST, HIGHEST = 0.3, 0.4  # how much of the way from the second to the outermost forecast a bound begins at
BELOW = 0.7  # of the width: a job takes longer than it seems more often than it takes less
DEAREST_TREND, CHEAPEST_TREND = 2.5, 0.4  # of the usual cost: no line is drawn on further


@dataclass(frozen=True, slots=True)
class SecondsLeft:
    """How long the rest of a job takes: at least `low` and at most `high` seconds, in 95 of 100 cases."""

    low: float
    high: float

    @property
    def middle(self) -> float:
        """One number, where there is place for one only.

        >>> SecondsLeft(40.0, 90.0).middle
        60.0
        """
        return float((self.low * self.high) ** 0.5)

    def after(self, seconds: float) -> SecondsLeft:
        """Return what is left after some more seconds without news. What stands still for long may do so for as long again.

        >>> SecondsLeft(40.0, 90.0).after(30), SecondsLeft(40.0, 90.0).after(600)
        (SecondsLeft(low=10.0, high=60.0), SecondsLeft(low=0.0, high=600))
        """
        return SecondsLeft(max(0.0, self.low - seconds), max(seconds, self.high - seconds) if self.high else 0.0)


class Step(NamedTuple):
    """Where a job was: bytes read by this run, and seconds since it began."""

    bytes: float
    seconds: float


@dataclass(slots=True)
class Pace:
    """The steps of a run, thinned evenly so that few are kept."""

    steps: list[Step] = field(default_factory=lambda: [Step(0.0, 0.0)])
    newest: Step = field(default_factory=lambda: Step(0.0, 0.0))
    _every: int = 1
    _seen: int = 0

    def note(self, read: float, seconds: float) -> None:
        """Note one more batch: bytes and seconds since the run began. What read no byte counts to the next one."""
        if read <= self.newest.bytes or seconds <= self.newest.seconds:
            self.newest = Step(self.newest.bytes, max(seconds, self.newest.seconds))
            return
        self.newest = Step(read, seconds)
        self._seen += 1
        if self._seen % self._every == 0:
            self.steps.append(self.newest)
        if len(self.steps) > STEPS_KEPT:
            self.steps, self._every = self.steps[::2], self._every * 2

    def left(self, rest: float) -> SecondsLeft | None:
        """Return how long so many more bytes take; None as long as nothing was read."""
        is_kept = self.steps[-1].bytes >= self.newest.bytes
        return seconds_left([*self.steps[: -1 if is_kept else None], self.newest], rest)


def seconds_left(steps: Sequence[Step], rest: float) -> SecondsLeft | None:
    """Return how long `rest` more bytes take after the steps, the first of which is where the run began; None without a step.

    >>> steady = [Step(100.0 * n, 1.0 * n) for n in range(9)]
    >>> left = seconds_left(steady, 800)
    >>> left.low < 8 < left.high, seconds_left(steady, 0), seconds_left(steady[:1], 800)
    (True, SecondsLeft(low=0.0, high=0.0), None)
    """
    read, seconds = steps[-1].bytes - steps[0].bytes, steps[-1].seconds - steps[0].seconds
    if read <= 0 or seconds <= 0:
        return None
    if rest <= 0:
        return SecondsLeft(0.0, 0.0)
    parts = _parts(steps)
    costs = [part.seconds / part.bytes for part in parts]
    quarter = max(1, len(costs) // 4)
    whole, newest, calm = seconds / read, fmean(costs[-quarter:]), fmean(sorted(costs)[: len(costs) - quarter + 1])
    forecasts = sorted([whole, newest, calm, _drawn_on(parts, costs, rest)])
    ahead = rest / read
    noise = _spread(costs) * (1 + 1 / max(ahead, 0.03)) ** 0.5  # of the mean of what was, and of that of what is left
    width = NARROWEST + PER_SPREAD * noise + PER_FEW / len(steps) ** 0.75 + UNSEEN * log1p(ahead)
    low = _between(forecasts[0], forecasts[1], LOWEST) / (1 + BELOW * width)
    high = _between(forecasts[-1], forecasts[-2], HIGHEST) * (1 + width)
    return SecondsLeft(low * rest, high * rest + PAUSE * seconds)


def _between(outermost: float, next_one: float, way: float) -> float:
    return float(outermost**way * next_one ** (1 - way))


def _parts(steps: Sequence[Step]) -> list[Step]:
    """Return the bytes and seconds of some parts of the history, each of about as many bytes."""
    first, last = steps[0], steps[-1]
    count = min(PARTS, len(steps) - 1)
    read = [step.bytes for step in steps]
    ends = {bisect_left(read, first.bytes + (last.bytes - first.bytes) * number / count) for number in range(1, count)}
    cuts = [steps[at] for at in sorted({0, *ends, len(steps) - 1})]
    return [Step(two.bytes - one.bytes, two.seconds - one.seconds) for one, two in pairwise(cuts)]


def _spread(costs: Sequence[float]) -> float:
    """Return how much the mean of the parts may be off, as a share of it, by how neighbours differ."""
    if len(costs) == 1:
        return 0.5
    mean = fmean(costs)
    variance = fmean([(cost - mean) ** 2 for cost in costs])
    return min(2.0, float((variance / len(costs)) ** 0.5 / mean))


def _drawn_on(parts: Sequence[Step], costs: Sequence[float], rest: float) -> float:
    """Return the mean cost of the rest by a line through the costs, within reason: the slope is the median of those between any two
    parts (Theil 1950, Sen 1968), which a single pause does not bend.
    """
    if len(parts) < FEWEST_FOR_TREND:
        return costs[-1]
    ends = [*accumulate(part.bytes for part in parts)]
    middles = [end - part.bytes / 2 for end, part in zip(ends, parts, strict=True)]
    places = [*zip(middles, costs, strict=True)]
    slope = median((two[1] - one[1]) / (two[0] - one[0]) for one, two in combinations(places, 2))
    level = median(cost - slope * at for at, cost in places)
    drawn, usual = level + slope * (ends[-1] + rest / 2), median(costs)
    return min(max(drawn, CHEAPEST_TREND * usual), DEAREST_TREND * usual)
