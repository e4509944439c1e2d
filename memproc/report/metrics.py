"""What is measured of ingestions, whatever it is shown by: the metrics, and what an event adds to which of them.

Facts: a counter only rises, a histogram counts values by size, a gauge is what was told last. Names are those of Prometheus: a base
unit (seconds, bytes), `_total` for counters (https://prometheus.io/docs/practices/naming/).

Rules: labels are from closed sets, never what records hold: no namespace, source, file name or message becomes a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from memproc.report.events import BatchLanded, BatchSizeChanged, Event, JobEnded, JobStarted, RecordsQuarantined, SourceEnded
from memproc.telling import Retrying

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # upper bounds; batches aim at about a second
OUTCOMES = ("stored", "duplicate", "merged", "quarantined")
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its name, what it is, how it is counted, the names of its labels, and of a histogram the upper bounds."""

    name: str
    about: str
    kind: Literal["counter", "gauge", "histogram"] = "counter"
    unit: Literal["", "seconds", "bytes"] = ""
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A value for a metric: what a counter rises by, what a histogram counts, what a gauge is."""

    metric: Metric
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


RECORDS = Metric("memproc_records_total", "Records of committed batches, by outcome.", labels=("outcome",))
FAULTS = Metric(
    "memproc_faults_total", "Quarantined records, by category and code of their first fault.", labels=("category", "code")
)
REVIEWS = Metric("memproc_review_pairs_total", "Pairs found for review.")
BYTES = Metric("memproc_read_bytes_total", "Bytes of the records of committed batches.", unit="bytes")
BATCHES = Metric("memproc_batch_seconds", "Seconds that writing a batch took.", kind="histogram", unit="seconds", bounds=SECONDS)
BATCH_SIZE = Metric("memproc_batch_size", "Records that the next batch may have.", kind="gauge")
HELD = Metric("memproc_held_bytes", "Memory that an ingestion held in its last batch.", kind="gauge", unit="bytes")
RETRIES = Metric("memproc_retries_total", "What failed for a reason that may pass, and was tried again.")
BROKEN = Metric("memproc_broken_sources_total", "Sources that could not be read to their end.")
STARTED = Metric("memproc_jobs_started_total", "Ingestions that began to read.")
ENDED = Metric("memproc_jobs_ended_total", "Ingestions that are over, by how they ended.", labels=("status",))
METRICS = (RECORDS, FAULTS, REVIEWS, BYTES, BATCHES, BATCH_SIZE, HELD, RETRIES, BROKEN, STARTED, ENDED)

# What a store holds, as `Store.stats` counts it.
MEMORIES = Metric("memproc_memories", "Memories of the store.", kind="gauge")
WAITING = Metric("memproc_open_reviews", "Pairs that wait for review.", kind="gauge")
REJECTED = Metric("memproc_open_quarantine", "Rejected records that wait.", kind="gauge")
HOLDINGS: Mapping[str, Metric] = {"memories": MEMORIES, "open_reviews": WAITING, "quarantine": REJECTED}


def measured(event: Event) -> Iterator[Measure]:
    """Yield what an event adds to the metrics."""
    match event:
        case JobStarted():
            yield Measure(STARTED, 1)
        case BatchLanded():
            for outcome in OUTCOMES:
                yield Measure(RECORDS, getattr(event, outcome), {"outcome": outcome})
            yield Measure(REVIEWS, event.review)
            yield Measure(BYTES, event.bytes)
            yield Measure(BATCHES, event.seconds)
            yield Measure(BATCH_SIZE, event.progress.batch_size)
            yield Measure(HELD, event.progress.rss_mb * MEBIBYTE)
        case RecordsQuarantined():
            yield Measure(FAULTS, event.records, {"category": event.category, "code": event.code})
        case BatchSizeChanged():
            yield Measure(BATCH_SIZE, event.now)
        case Retrying():
            yield Measure(RETRIES, 1)
        case SourceEnded(failure=str()):
            yield Measure(BROKEN, 1)
        case JobEnded():
            yield Measure(ENDED, 1, {"status": event.report.status})
        case _:
            pass
