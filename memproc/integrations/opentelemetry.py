"""Metrics of ingestions and stores for OpenTelemetry: `memproc.ingest(..., on_event=otel_metrics())`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation, get_meter

from memproc import __version__
from memproc.integrations.holdings import EVERY_SECONDS, held_by
from memproc.report.events import Event
from memproc.report.metrics import HOLDINGS, METRICS, Metric, measured
from memproc.store.store import Store

UNITS = {"seconds": "s", "bytes": "By", "": "1"}  # https://ucum.org


def otel_metrics(meter: Meter | None = None) -> Callable[[Event], None]:
    """Return a callback for `on_event` that counts by a meter; without one by the `memproc` meter of the global provider.

    The metrics are those of `memproc.report.metrics`, named with points, as in `memproc.records`. No attribute holds what a record
    says.
    """
    given = meter or get_meter("memproc", __version__)
    made = {metric.name: _made(metric, given) for metric in METRICS}

    def count(event: Event) -> None:
        for one in measured(event):
            into = made[one.metric.name]
            if one.metric.kind == "counter":
                into.add(one.value, one.labels)
            elif one.metric.kind == "histogram":
                into.record(one.value, one.labels)
            else:
                into.set(one.value, one.labels)

    return count


def observe_store(
    store: Store, meter: Meter | None = None, *, every_seconds: float = EVERY_SECONDS, labels: Mapping[str, str] | None = None
) -> None:
    """Let a meter observe what a store holds: memories, open reviews, records in quarantine.

    Counting reads the whole store, so a count is kept for `every_seconds`. `labels` tell several stores apart.
    """
    given, held = meter or get_meter("memproc", __version__), held_by(store, every_seconds)

    def told(wanted: Metric, options: CallbackOptions) -> Iterable[Observation]:  # noqa: ARG001 - called with them
        return [Observation(value, labels or {}) for metric, value in held() if metric is wanted]

    for metric in HOLDINGS.values():
        given.create_observable_gauge(_name(metric), [partial(told, metric)], UNITS[metric.unit], metric.about)


def _made(metric: Metric, meter: Meter) -> Any:
    if metric.kind == "histogram":
        return meter.create_histogram(
            _name(metric), UNITS[metric.unit], metric.about, explicit_bucket_boundaries_advisory=metric.bounds
        )
    make = meter.create_counter if metric.kind == "counter" else meter.create_gauge
    return make(_name(metric), UNITS[metric.unit], metric.about)


def _name(metric: Metric) -> str:
    """Return the name of a metric as OpenTelemetry has them: with points, without its unit.

    >>> from memproc.report.metrics import BATCHES, RECORDS
    >>> _name(RECORDS), _name(BATCHES)
    ('memproc.records', 'memproc.batch')
    """
    bare = metric.name.removesuffix("_total").removesuffix(f"_{metric.unit}" if metric.unit else "")
    return bare.replace("_", ".", 1)
