"""Metrics, by the packages of Prometheus and OpenTelemetry themselves."""

from __future__ import annotations

import json
import re

import pytest

import memproc
from memproc.integrations.holdings import held_by
from memproc.report.metrics import HOLDINGS, METRICS, measured

pytest.importorskip("opentelemetry.sdk")
prometheus = pytest.importorskip("prometheus_client")
from opentelemetry.sdk.metrics import MeterProvider  # noqa: E402 - it is an extra
from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: E402

from memproc.integrations.opentelemetry import observe_store, otel_metrics  # noqa: E402
from memproc.integrations.prometheus import StoreMetrics, prometheus_metrics  # noqa: E402

SETTINGS = memproc.Settings(batch_size=10, redact=True)
SECRET = "Mnemosyne"


@pytest.fixture
def path(tmp_path):
    """Give a file of forty records, two of them bad, whose texts and names must be in no metric."""
    path = tmp_path / f"{SECRET}.jsonl"
    records = [{"content": "" if n in (7, 8) else f"{SECRET} has {n} hens", "namespace": SECRET} for n in range(40)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_prometheus_counts_what_the_reports_tell(tmp_path, path):
    """Over several jobs; as text that a server takes, without a word of the records."""
    registry = prometheus.CollectorRegistry()
    count = prometheus_metrics(registry)
    reports = [memproc.ingest(path, tmp_path / "m.db", settings=SETTINGS, on_event=count) for _ in range(2)]
    for outcome in ("stored", "duplicate", "merged", "quarantined"):
        told = registry.get_sample_value("memproc_records_total", {"outcome": outcome})
        assert told == sum(getattr(report, outcome) for report in reports)
    assert registry.get_sample_value("memproc_batch_seconds_count") == sum(report.batches for report in reports) == 8
    assert registry.get_sample_value("memproc_jobs_ended_total", {"status": "done"}) == 2
    assert registry.get_sample_value("memproc_faults_total", {"category": "validation", "code": "string_too_short"}) == 4
    assert registry.get_sample_value("memproc_read_bytes_total") > 0
    with memproc.open(tmp_path / "m.db") as store:
        registry.register(StoreMetrics(store, labels={"store": "m"}))
        text = prometheus.generate_latest(registry).decode()
        stats = store.stats()
    assert f'memproc_memories{{store="m"}} {float(stats["memories"])}' in text.splitlines()
    assert f'memproc_open_quarantine{{store="m"}} {float(stats["quarantine"])}' in text.splitlines()
    assert SECRET not in text
    with pytest.raises(ValueError, match="Duplicated"):
        prometheus_metrics(registry)


def test_opentelemetry_counts_the_same(tmp_path, path):
    """By a meter of its own SDK."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    meter = provider.get_meter("test")
    report = memproc.ingest(path, tmp_path / "m.db", settings=SETTINGS, on_event=otel_metrics(meter))
    with memproc.open(tmp_path / "m.db") as store:
        observe_store(store, meter, labels={"store": "m"})
        data = json.loads(reader.get_metrics_data().to_json())
        memories = store.count()
    provider.shutdown()
    [scope] = data["resource_metrics"][0]["scope_metrics"]
    points = {metric["name"]: metric["data"]["data_points"] for metric in scope["metrics"]}
    assert {point["attributes"]["outcome"]: point["value"] for point in points["memproc.records"]} == {
        name: getattr(report, name) for name in ("stored", "duplicate", "merged", "quarantined")
    }
    assert points["memproc.batch"][0]["count"] == report.batches
    assert points["memproc.memories"][0]["value"] == memories
    assert SECRET not in json.dumps(data)


def test_names_are_as_they_should_be():
    """Counters end in `_total`, units stand in the name, and each metric is told of."""
    for metric in (*METRICS, *HOLDINGS.values()):
        assert re.fullmatch(r"memproc(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter")
        assert metric.unit in metric.name
        assert metric.about.endswith(".")
        assert bool(metric.bounds) == (metric.kind == "histogram")


def test_each_metric_is_measured_by_some_event(tmp_path):
    """But for what only happens when something fails."""
    seen = set()
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"content": ""}\n{"content": "Has a hen"}\n')
    memproc.ingest(bad, tmp_path / "m.db", on_event=lambda event: seen.update(one.metric.name for one in measured(event)))
    assert {metric.name for metric in METRICS} - seen == {"memproc_retries_total", "memproc_broken_sources_total"}


def test_a_store_is_counted_now_and_then(tmp_path):
    """However often it is asked for."""
    now = 0.0
    with memproc.open(tmp_path / "m.db") as store:
        held = held_by(store, 60, lambda: now)
        assert dict(held())[HOLDINGS["memories"]] == 0
        store.add({"content": "Has a hen"})
        assert dict(held())[HOLDINGS["memories"]] == 0
        now = 60.0
        assert dict(held())[HOLDINGS["memories"]] == 1
