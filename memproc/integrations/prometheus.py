"""Metrics of ingestions and stores for Prometheus: `memproc.ingest(..., on_event=prometheus_metrics())`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from memproc.integrations.holdings import EVERY_SECONDS, held_by
from memproc.report.events import Event
from memproc.report.metrics import METRICS, measured
from memproc.report.metrics import Metric as Wanted
from memproc.store.store import Store


def prometheus_metrics(registry: CollectorRegistry = REGISTRY) -> Callable[[Event], None]:
    """Return a callback for `on_event` that counts into a registry. Make one for a registry, and give it to every ingestion.

    The metrics are listed in `memproc.report.metrics`. No label holds what a record says. Raises ValueError if the registry has
    them already.
    """
    made = {metric.name: _made(metric, registry) for metric in METRICS}

    def count(event: Event) -> None:
        for one in measured(event):
            into = made[one.metric.name]
            into = into.labels(**one.labels) if one.metric.labels else into
            if one.metric.kind == "counter":
                into.inc(one.value)
            elif one.metric.kind == "histogram":
                into.observe(one.value)
            else:
                into.set(one.value)

    return count


class StoreMetrics(Collector):
    """What a store holds: memories, open reviews, records in quarantine. `registry.register(StoreMetrics(store))`.

    Counting reads the whole store, so a count is kept for `every_seconds`. `labels` tell several stores apart.
    """

    def __init__(self, store: Store, *, every_seconds: float = EVERY_SECONDS, labels: Mapping[str, str] | None = None) -> None:
        """Know the store; it is counted when the registry is asked."""
        self._held, self._labels = held_by(store, every_seconds), dict(labels or {})

    def describe(self) -> Iterator[Metric]:
        """Yield nothing, so that a registry counts no store when this is registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Yield a gauge for each thing that is counted."""
        for metric, value in self._held():
            family = GaugeMetricFamily(metric.name, metric.about, labels=list(self._labels))
            family.add_metric(list(self._labels.values()), value)
            yield family


def _made(metric: Wanted, registry: CollectorRegistry) -> Any:
    if metric.kind == "histogram":
        return Histogram(metric.name, metric.about, metric.labels, registry=registry, buckets=metric.bounds)
    return (Counter if metric.kind == "counter" else Gauge)(metric.name, metric.about, metric.labels, registry=registry)
