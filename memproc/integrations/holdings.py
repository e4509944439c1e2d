"""What a store holds, counted now and then for metrics that are asked for often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock
from time import monotonic

from memproc.report.metrics import HOLDINGS, Metric
from memproc.store.store import Store

EVERY_SECONDS = 60.0  # counting reads the whole store


def held_by(
    store: Store, every_seconds: float, clock: Callable[[], float] = monotonic
) -> Callable[[], Iterator[tuple[Metric, int]]]:
    """Return a function that yields the metrics of a store, counted again when the last count is so many seconds old."""
    lock, counted, counted_at = Lock(), dict[str, int](), float("-inf")

    def held() -> Iterator[tuple[Metric, int]]:
        nonlocal counted, counted_at
        with lock:
            if clock() - counted_at >= every_seconds:
                counted, counted_at = dict(store.stats()), clock()
            now = counted
        yield from ((metric, now[name]) for name, metric in HOLDINGS.items())

    return held
