"""How fast a job went, folded from the rows of its batches in one pass. Pure.

Facts: a store may have a batch for each record, as `add` writes them, so neither the batches nor their times are kept. A histogram
whose buckets grow by 2 % gives each quantile within 1 %.

Rules: a batch without `measured` counts with the seconds of its row alone. What followed the last batch of a job is in no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from memproc.report.bottleneck import MEANS, bottleneck_of
from memproc.report.figures import Latency, Pace, Span, StageTime
from memproc.report.measured import NOTHING_PASSED, Stage
from memproc.report.quantiles import Quantiles

MOST_SPANS = 120


class BatchRow(NamedTuple):
    """What a batch says of itself: `measured` is JSON, or None."""

    number: int
    records: int
    seconds: float
    measured: str | None


class _Spans:
    """The timeline: batches in a row, joined two by two whenever there are too many."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._each = 1  # batches of a span

    def note(self, span: Span) -> None:
        if self._spans and self._spans[-1].batches < self._each:
            self._spans[-1] = _joined(self._spans[-1], span)
        else:
            self._spans.append(span)
        if len(self._spans) > MOST_SPANS:
            pairs = [self._spans[at : at + 2] for at in range(0, len(self._spans), 2)]
            self._spans, self._each = [_joined(*pair) if len(pair) > 1 else pair[0] for pair in pairs], self._each * 2

    def all(self) -> tuple[Span, ...]:
        return tuple(replace(span, seconds=round(span.seconds, 6), longest=round(span.longest, 6)) for span in self._spans)


def _joined(one: Span, other: Span) -> Span:
    return replace(
        one,
        batches=one.batches + other.batches,
        records=one.records + other.records,
        seconds=one.seconds + other.seconds,
        longest=max(one.longest, other.longest),
        rss_mb=_most(one.rss_mb, other.rss_mb),
        size=_most(one.size, other.size),
    )


def _most(one: Any, other: Any) -> Any:
    return max((known for known in (one, other) if known is not None), default=None)


def pace_of(batches: Iterable[BatchRow], durability: str) -> Pace:
    """Return how fast batches went, given in order, and where their time was spent."""
    stages, times, spans = Counter(NOTHING_PASSED), Quantiles(), _Spans()
    count = measured = records = workers = 0
    seconds = 0.0
    read_bytes: int | None = None
    peak: float | None = None
    for batch in batches:
        kept = _kept(batch.measured)
        passed = _passed(kept, batch.seconds)
        took = sum(passed.values()) if kept else batch.seconds
        stages.update(passed)
        times.note(batch.seconds)
        rss_mb, size = kept.get("rss_mb"), kept.get("size")
        spans.note(Span(batch.number, 1, records, batch.records, took, batch.seconds, rss_mb, size))
        count, measured, records, seconds = count + 1, measured + bool(kept), records + batch.records, seconds + took
        peak, workers = _most(peak, rss_mb), max(workers, kept.get("workers", 0))
        if kept.get("bytes") is not None:
            read_bytes = (read_bytes or 0) + kept["bytes"]
    told = _stage_times(stages) if measured else ()
    half, p95, p99 = (round(times.at(share), 6) for share in (0.5, 0.95, 0.99))
    latency = Latency(half, p95, p99, round(times.greatest, 6))
    rate = round(records / seconds, 1) if seconds > 0 else 0.0
    bottleneck = bottleneck_of(told, workers, durability)
    of_all = (count, measured, round(seconds, 3), rate, read_bytes, peak, workers)
    return Pace(*of_all, latency, spans.all(), told, bottleneck)


def _kept(measured: str | None) -> dict[str, Any]:
    try:
        found = orjson.loads(measured) if measured else {}
        _passed(found, 0.0)
    except (ValueError, TypeError, AttributeError):  # changed by hand: nothing seals it
        return {}
    return found if isinstance(found, dict) else {}


def _passed(kept: dict[str, Any], seconds: float) -> dict[Stage, float]:
    """Return the seconds of each stage of a batch; its reviews are what its row took after it was written."""
    if not kept:
        return {}
    passed = {stage: float(kept["stages"].get(stage.value, 0.0)) for stage in Stage} if "stages" in kept else {}
    passed[Stage.REVIEWS] = max(0.0, seconds - float(kept.get("landing", seconds)))
    return passed


def _stage_times(stages: Counter[Stage]) -> tuple[StageTime, ...]:
    whole = sum(stages.values()) or 1.0
    return tuple(StageTime(stage.value, round(stages[stage], 4), round(stages[stage] / whole, 4), MEANS[stage]) for stage in Stage)
