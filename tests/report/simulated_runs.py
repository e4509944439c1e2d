"""Ingestions as they may go: the bytes and seconds of each batch, by kind of run.

Kinds in `TUNED` were looked at while the widths of the bounds were found; those in `HELD_BACK` were not.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate
from math import sin
from typing import NamedTuple

from memproc.report.time_left import Pace, SecondsLeft


class Batch(NamedTuple):
    """The bytes of a batch and the seconds it took."""

    bytes: float
    seconds: float


def _sizes(chance: random.Random) -> list[float]:
    """Return how large the batches are: growing at first, as real ones do."""
    count, settled = chance.randint(20, 400), chance.uniform(1e5, 4e6)
    first = chance.randint(1, 6)
    return [settled * min(1.0, 2.0 ** (number - first)) * chance.uniform(0.9, 1.1) for number in range(count)]


def _with_costs(chance: random.Random, cost: Callable[[float], float], noise: float) -> list[Batch]:
    """Return a run whose cost by byte is a function of the share read, with noise of its own in each batch."""
    sizes = _sizes(chance)
    whole, base, fixed = sum(sizes), chance.uniform(1e-8, 1e-6), chance.uniform(0.0, 0.02)
    ends = [*accumulate(sizes)]
    return [
        Batch(size, size * base * cost(end / whole) * chance.lognormvariate(0, noise) + fixed * sizes[-1] * base)
        for size, end in zip(sizes, ends, strict=True)
    ]


def steady(chance: random.Random) -> list[Batch]:
    """Pay the same for each byte."""
    return _with_costs(chance, lambda _: 1.0, chance.uniform(0.02, 0.15))


def slowing(chance: random.Random) -> list[Batch]:
    """Take the longer for a batch, the larger the store is: up to three times at the end."""
    rise, bend = chance.uniform(0.1, 2.0), chance.uniform(0.5, 1.5)
    return _with_costs(chance, lambda share: 1 + rise * share**bend, chance.uniform(0.02, 0.2))


def noisy(chance: random.Random) -> list[Batch]:
    """Differ by half and more from batch to batch."""
    return _with_costs(chance, lambda _: 1.0, chance.uniform(0.3, 0.8))


def bimodal(chance: random.Random) -> list[Batch]:
    """Work on a machine of two speeds, which stay for a while each."""
    slow, stays = chance.uniform(1.3, 2.5), chance.uniform(4, 25)
    is_slow = chance.random() < 0.5
    run = []
    for batch in steady(chance):
        is_slow ^= chance.random() < 1 / stays
        run.append(Batch(batch.bytes, batch.seconds * (slow if is_slow else 1.0)))
    return run


def stalling(chance: random.Random) -> list[Batch]:
    """Stand still now and then: for the time of two to ten batches."""
    often = chance.uniform(0.005, 0.03)
    run = steady(chance)
    usual = run[-1].seconds
    return [Batch(one.bytes, one.seconds + (chance.random() < often) * usual * chance.uniform(2, 10)) for one in run]


def two_files(chance: random.Random) -> list[Batch]:
    """Read a second file of denser records, or sparser ones; where it begins is anywhere."""
    at, factor = chance.uniform(0.1, 0.9), chance.choice((-1, 1)) * chance.uniform(0.05, 0.5)
    return _with_costs(chance, lambda share: 1 + (factor if share > at else 0.0), chance.uniform(0.02, 0.15))


def warming(chance: random.Random) -> list[Batch]:
    """Begin with dear batches: caches are cold, libraries are loaded."""
    extra, gone = chance.uniform(0.5, 3.0), chance.uniform(0.01, 0.08)
    return _with_costs(chance, lambda share: 1 + extra * 2.718 ** (-share / gone), chance.uniform(0.05, 0.2))


def many_files(chance: random.Random) -> list[Batch]:
    """Read dozens of files, each with a density of its own."""
    costs = [chance.lognormvariate(0, 0.35) for _ in range(chance.randint(8, 60))]
    return _with_costs(chance, lambda share: costs[min(int(share * len(costs)), len(costs) - 1)], chance.uniform(0.05, 0.2))


def merging(chance: random.Random) -> list[Batch]:
    """Merge segments of the index at times that lie ever farther apart, and take ever longer."""
    run = slowing(chance)
    due, factor = 4.0, chance.uniform(1.5, 2.5)
    for number, batch in enumerate(run):
        if number >= due:
            run[number] = Batch(batch.bytes, batch.seconds * (1 + 0.15 * due**0.8))
            due *= factor
    return run


def shared(chance: random.Random) -> list[Batch]:
    """Work on a machine whose other work comes and goes slowly."""
    run, load, swing = steady(chance), 0.0, chance.uniform(0.03, 0.1)
    told = []
    for batch in run:
        load = 0.95 * load + chance.gauss(0, swing)
        told.append(Batch(batch.bytes, batch.seconds * 2.718**load))
    return told


def cheaper(chance: random.Random) -> list[Batch]:
    """Meet more and more that is known already, which costs less."""
    fall = chance.uniform(0.1, 0.6)
    return _with_costs(chance, lambda share: 1 - fall * share, chance.uniform(0.05, 0.25))


def stopped_once(chance: random.Random) -> list[Batch]:
    """Pause once for long, of up to a tenth of the whole time, somewhere."""
    run = steady(chance)
    at, whole = chance.randrange(len(run)), sum(batch.seconds for batch in run)
    run[at] = Batch(run[at].bytes, run[at].seconds + whole * chance.uniform(0.02, 0.1))
    return run


def rhythmic(chance: random.Random) -> list[Batch]:
    """Share the machine with work that comes and goes at fixed times."""
    depth, turns, begun = chance.uniform(0.1, 0.5), chance.uniform(1, 12), chance.uniform(0, 6.3)
    return _with_costs(chance, lambda share: 1 + depth * sin(6.283 * turns * share + begun), chance.uniform(0.02, 0.2))


def every_so_often(chance: random.Random) -> list[Batch]:
    """Pay several times as much for each fifth batch or so: something is written out, or collected."""
    every, factor = chance.randint(3, 25), chance.uniform(2, 6)
    run = steady(chance)
    return [Batch(one.bytes, one.seconds * (1 if number % every else factor)) for number, one in enumerate(run)]


def in_jumps(chance: random.Random) -> list[Batch]:
    """Get dearer by a step each time something does not fit a cache any more."""
    ends = sorted(chance.random() for _ in range(chance.randint(1, 4)))
    rise = chance.uniform(0.05, 0.3)
    return _with_costs(chance, lambda share: (1 + rise) ** bisect_left(ends, share), chance.uniform(0.02, 0.2))


def waited_for(chance: random.Random) -> list[Batch]:
    """Wait now and then for another writer, which holds the lock."""
    run, often = slowing(chance), chance.uniform(0.02, 0.2)
    return [Batch(one.bytes, one.seconds * (1 + (chance.random() < often) * chance.expovariate(0.5))) for one in run]


def both(chance: random.Random) -> list[Batch]:
    """Slow down with the store, on a machine of two speeds."""
    one, other = bimodal(random.Random(chance.random())), slowing(random.Random(chance.random()))
    usual = other[0].seconds / other[0].bytes
    return [Batch(a.bytes, a.seconds * (b.seconds / b.bytes / usual)) for a, b in zip(one, other, strict=False)]


def ragged(chance: random.Random) -> list[Batch]:
    """Take, batch by batch, anything from a third to thrice the usual time, and half as much again at the end."""
    return _with_costs(chance, lambda share: 1 + 0.5 * share, 0.55)


def by_day_and_night(chance: random.Random) -> list[Batch]:
    """Run at one speed by day and at another one by night, of which there are one to four each."""
    turns, slow = chance.randint(1, 4), chance.uniform(1.1, 1.6)
    return _with_costs(chance, lambda share: slow if int(share * 2 * turns) % 2 else 1.0, chance.uniform(0.02, 0.2))


TUNED = (
    steady,
    slowing,
    noisy,
    bimodal,
    stalling,
    two_files,
    warming,
    many_files,
    merging,
    shared,
    cheaper,
    stopped_once,
    waited_for,
    both,
)
HELD_BACK = (rhythmic, every_so_often, in_jumps, ragged, by_day_and_night)


class Told(NamedTuple):
    """What was told at a moment of a run, and how long the rest took."""

    left: SecondsLeft
    truth: float

    @property
    def holds(self) -> bool:
        """Whether the end lay within the bounds."""
        return self.left.low <= self.truth <= self.left.high


def told_at(run: list[Batch], share: float) -> Told:
    """Return what is told after the batch with which so much of a run was read."""
    whole, end = sum(batch.bytes for batch in run), sum(batch.seconds for batch in run)
    pace, read, seconds = Pace(), 0.0, 0.0
    for batch in run:
        read, seconds = read + batch.bytes, seconds + batch.seconds
        pace.note(read, seconds)
        if read >= share * whole:
            break
    left = pace.left(whole - read)
    assert left is not None
    return Told(left, end - seconds)
